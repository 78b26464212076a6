// SPDX-License-Identifier: Apache-2.0
// Value: one column value, a 16-byte trivially copyable view into its batch's slabs. Closed kinds; never a double for a
// decimal, never a lossy temporal. kUnchanged (the source did not send it) differs from kNull.
//
//   Value v = Value::text(arena.copy("x"));
//   switch (v.kind()) { case Kind::kText: use(v.view()); ... }
//
// Whoever holds a Value keeps the slabs of its batch alive. Any thread may read.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weft {

// Written to table states at targets: never renumber.
enum class Kind : uint8_t {
  kNull = 0,
  kUnchanged = 1,
  kBool = 2,
  kInt = 3,         // int64
  kUint = 4,        // uint64
  kFloat = 5,       // IEEE single
  kDouble = 6,      // IEEE double
  kDecimal = 7,     // exact decimal text: -?digits[.digits]; PostgreSQL also has NaN, Infinity and -Infinity
  kText = 8,        // valid UTF-8
  kBytes = 9,       // uninterpreted bytes (binary, blob, geometry as EWKB)
  kBit = 10,        // uint64 of scale() bits
  kDate = 11,       // packed Civil; zero and partial dates are kept
  kDateTime = 12,   // packed Civil without a zone; scale() fraction digits
  kTimestamp = 13,  // int64 microseconds since 1970-01-01 UTC; kZeroTimestamp is MySQL's zero
  kTime = 14,       // int64 microseconds, signed duration
  kJson = 15,       // JSON text, UTF-8
  kUuid = 16,       // 16 bytes
};

[[nodiscard]] std::string_view to_string(Kind kind);

// MySQL's TIMESTAMP '0000-00-00 00:00:00', which no instant is.
inline constexpr int64_t kZeroTimestamp = INT64_MIN;

// A calendar date and time as written, without a zone; month and day may be 0 (MySQL's zero and partial dates).
struct Civil {
  uint32_t year = 0;  // 0..9999
  uint32_t month = 0;
  uint32_t day = 0;
  uint32_t hour = 0;
  uint32_t minute = 0;
  uint32_t second = 0;
  uint32_t micros = 0;

  // Order of packed values is the order of time.
  [[nodiscard]] constexpr uint64_t pack() const {
    return (uint64_t{year} << 46) | (uint64_t{month} << 42) | (uint64_t{day} << 37) | (uint64_t{hour} << 32) |
           (uint64_t{minute} << 26) | (uint64_t{second} << 20) | micros;
  }

  [[nodiscard]] static constexpr Civil unpack(uint64_t p) {
    const auto field = [p](int shift, uint64_t mask) { return static_cast<uint32_t>((p >> shift) & mask); };
    return {field(46, 0xffff),
            field(42, 0xf),
            field(37, 0x1f),
            field(32, 0x1f),
            field(26, 0x3f),
            field(20, 0x3f),
            field(0, 0xfffff)};
  }

  // True for a date that a calendar has (year 1..9999, month and day real).
  [[nodiscard]] bool valid_date() const;
  // Days since 1970-01-01. REQUIRES: valid_date().
  [[nodiscard]] int64_t days_since_epoch() const;
  // Microseconds since 1970-01-01 00:00:00. REQUIRES: valid_date().
  [[nodiscard]] int64_t micros_since_epoch() const;
  // The civil time of an instant in UTC.
  [[nodiscard]] static Civil from_micros(int64_t total);
};

class Value {
 public:
  constexpr Value() = default;  // kNull

  [[nodiscard]] static constexpr Value null() { return {}; }

  [[nodiscard]] static constexpr Value unchanged() { return number(Kind::kUnchanged, 0); }

  [[nodiscard]] static constexpr Value boolean(bool b) { return number(Kind::kBool, b ? 1 : 0); }

  [[nodiscard]] static constexpr Value int64(int64_t i) { return number(Kind::kInt, i); }

  [[nodiscard]] static constexpr Value uint64(uint64_t u) { return number(Kind::kUint, static_cast<int64_t>(u)); }

  [[nodiscard]] static Value float32(float f) {
    const double wide = f;
    return float64(wide, Kind::kFloat);
  }

  [[nodiscard]] static Value float64(double d, Kind kind = Kind::kDouble) {
    int64_t raw;
    std::memcpy(&raw, &d, sizeof raw);
    return number(kind, raw);
  }

  [[nodiscard]] static constexpr Value bits(uint64_t u, uint8_t width) {
    return number(Kind::kBit, static_cast<int64_t>(u), width);
  }

  [[nodiscard]] static constexpr Value date(Civil c) { return number(Kind::kDate, static_cast<int64_t>(c.pack())); }

  [[nodiscard]] static constexpr Value datetime(Civil c, uint8_t digits) {
    return number(Kind::kDateTime, static_cast<int64_t>(c.pack()), digits);
  }

  [[nodiscard]] static constexpr Value timestamp(int64_t micros, uint8_t digits) {
    return number(Kind::kTimestamp, micros, digits);
  }

  [[nodiscard]] static constexpr Value time(int64_t micros, uint8_t digits) {
    return number(Kind::kTime, micros, digits);
  }

  [[nodiscard]] static Value text(std::string_view t) { return view(Kind::kText, t); }

  [[nodiscard]] static Value bytes(std::string_view t) { return view(Kind::kBytes, t); }

  [[nodiscard]] static Value decimal(std::string_view t) { return view(Kind::kDecimal, t); }

  [[nodiscard]] static Value json(std::string_view t) { return view(Kind::kJson, t); }

  // REQUIRES: t.size() == 16.
  [[nodiscard]] static Value uuid(std::string_view t) { return view(Kind::kUuid, t); }

  [[nodiscard]] static Value view(Kind kind, std::string_view t) {
    Value v;
    v.kind_ = kind;
    v.size_ = static_cast<uint32_t>(t.size());
    v.data_ = t.data();
    return v;
  }

  // A non-view value from its parts, for decoding what encode_key wrote.
  [[nodiscard]] static constexpr Value raw(Kind kind, int64_t n, uint8_t scale) { return number(kind, n, scale); }

  [[nodiscard]] Kind kind() const { return kind_; }

  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }

  [[nodiscard]] bool is_unchanged() const { return kind_ == Kind::kUnchanged; }

  // Whether the value is a view of bytes (kDecimal, kText, kBytes, kJson, kUuid) and not a number.
  [[nodiscard]] bool has_view() const {
    return kind_ == Kind::kDecimal || kind_ == Kind::kText || kind_ == Kind::kBytes || kind_ == Kind::kJson ||
           kind_ == Kind::kUuid;
  }

  // REQUIRES: has_view().
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }

  // REQUIRES: not has_view(), for all four.
  [[nodiscard]] int64_t as_int() const { return number_; }

  [[nodiscard]] uint64_t as_uint() const { return static_cast<uint64_t>(number_); }

  [[nodiscard]] double as_double() const {
    double d;
    std::memcpy(&d, &number_, sizeof d);
    return d;
  }

  [[nodiscard]] Civil civil() const { return Civil::unpack(as_uint()); }

  // Fraction digits of a temporal, width of a kBit.
  [[nodiscard]] uint8_t scale() const { return scale_; }

  // Same kind and same bytes (scale aside). Doubles compare by bits, so NaN equals itself.
  [[nodiscard]] bool same(const Value& other) const {
    if (kind_ != other.kind_) return false;
    return has_view() ? view() == other.view() : number_ == other.number_;
  }

  // A hash that agrees with same().
  [[nodiscard]] uint64_t hash() const;

 private:
  static constexpr Value number(Kind kind, int64_t n, uint8_t scale = 0) {
    Value v;
    v.kind_ = kind;
    v.scale_ = scale;
    v.number_ = n;
    return v;
  }

  union {
    int64_t number_ = 0;
    const char* data_;
  };

  uint32_t size_ = 0;
  Kind kind_ = Kind::kNull;
  uint8_t scale_ = 0;
};

static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

// A readable form for messages, logs and traces; long values are cut to `limit` bytes. Not for data.
[[nodiscard]] std::string describe(const Value& value, size_t limit = 64);

}  // namespace weft
