// SPDX-License-Identifier: Apache-2.0
// long file: one short judge for each kind of column.
#include "target/mysql/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "engine/mysql/wire_values.h"
#include "target/mysql/json_numbers.h"

namespace weft::mysql {
namespace {

// enum_field_types, mysql_com.h.
constexpr uint16_t kTypeFloat = 4;
constexpr uint16_t kTypeDouble = 5;
constexpr uint16_t kTypeLongLong = 8;
constexpr uint16_t kTypeDate = 10;
constexpr uint16_t kTypeTime = 11;
constexpr uint16_t kTypeDateTime = 12;
constexpr uint16_t kTypeDecimal = 246;
constexpr uint16_t kTypeBlob = 252;
constexpr uint16_t kTypeText = 253;
constexpr uint16_t kUnsigned = 0x8000;

constexpr int64_t kTimeLimit = (int64_t{838} * 3600 + 59 * 60 + 59) * 1000000 + 999999;
constexpr uint32_t kEwkbSrid = 0x20000000;

void put_text(ByteWriter& out, std::string_view text) {
  put_length(out, text.size());
  out.bytes(text);
}

// The whole number that a value is, if it is one.
struct Whole {
  bool negative = false;
  uint64_t size = 0;
};

std::optional<Whole> whole_of(const Value& v) {
  switch (v.kind()) {
    case Kind::kInt: {
      const int64_t n = v.as_int();
      return Whole{n < 0, n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n)};
    }
    case Kind::kBool:
    case Kind::kUint:
    case Kind::kBit:
      return Whole{false, v.as_uint()};
    case Kind::kDecimal: {
      std::string_view text = v.view();
      Whole whole;
      whole.negative = text.starts_with('-');
      if (whole.negative) text.remove_prefix(1);
      const auto read = std::from_chars(text.data(), text.data() + text.size(), whole.size);
      std::string_view rest(read.ptr, static_cast<size_t>(text.data() + text.size() - read.ptr));
      if (read.ec != std::errc()) return std::nullopt;
      if (rest.starts_with('.')) rest.remove_prefix(1);
      if (rest.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
      return whole;
    }
    default:
      return std::nullopt;
  }
}

Misfit put_integer(ByteWriter& out, const Storage& storage, const Value& v) {
  const std::optional<Whole> whole = whole_of(v);
  if (!whole) return v.kind() == Kind::kDecimal ? Misfit::kDigits : Misfit::kKind;
  const uint32_t bits = storage.limit;
  const uint64_t unsigned_max = bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
  const uint64_t limit =
      storage.is_unsigned ? (whole->negative ? 0 : unsigned_max) : unsigned_max / 2 + (whole->negative ? 1 : 0);
  if (whole->size > limit) return Misfit::kRange;
  out.le(whole->negative ? 0 - whole->size : whole->size, 8);
  return Misfit::kNone;
}

Misfit put_bit(ByteWriter& out, const Storage& storage, const Value& v) {
  const std::optional<Whole> whole = whole_of(v);
  if (!whole) return Misfit::kKind;
  const bool fits = storage.limit >= 64 || whole->size >> storage.limit == 0;
  if (whole->negative || !fits) return Misfit::kRange;
  out.le(whole->size, 8);
  return Misfit::kNone;
}

Misfit put_year(ByteWriter& out, const Value& v) {
  const std::optional<Whole> whole = whole_of(v);
  if (!whole) return Misfit::kKind;
  // Small numbers would be read as years of this century.
  const bool fits = !whole->negative && (whole->size == 0 || (whole->size >= 1901 && whole->size <= 2155));
  if (!fits) return Misfit::kYear;
  out.le(whole->size, 8);
  return Misfit::kNone;
}

// Digits of a decimal text before and behind the point, without zeros that say nothing.
struct Digits {
  size_t before = 0;
  size_t behind = 0;
  size_t significant = 0;
  bool finite = true;
};

Digits digits_of(std::string_view text) {
  Digits digits;
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return {0, 0, 0, false};
  const size_t point = std::min(text.find('.'), text.size());
  std::string_view before = text.substr(0, point);
  std::string_view behind = point < text.size() ? text.substr(point + 1) : std::string_view();
  before.remove_prefix(std::min(before.find_first_not_of('0'), before.size()));
  behind = behind.substr(0, behind.find_last_not_of('0') + 1);
  digits.before = before.size();
  digits.behind = behind.size();
  digits.significant = before.empty() ? behind.size() - std::min(behind.find_first_not_of('0'), behind.size())
                                      : before.size() + behind.size();
  return digits;
}

// A double as the shortest decimal number that reads back as the same: what SQLite keeps of a decimal is one.
std::string number_text(const Value& v) {
  if (v.kind() == Kind::kDecimal) return std::string(v.view());
  if (v.kind() == Kind::kFloat || v.kind() == Kind::kDouble) {
    std::array<char, 400> text{};
    const char* const end =
        std::to_chars(text.data(), text.data() + text.size(), v.as_double(), std::chars_format::fixed).ptr;
    return {text.data(), static_cast<size_t>(end - text.data())};
  }
  return v.kind() == Kind::kInt ? cat(v.as_int()) : cat(v.as_uint());
}

Misfit put_decimal(ByteWriter& out, const Storage& storage, const Value& v) {
  const bool floating = v.kind() == Kind::kFloat || v.kind() == Kind::kDouble;
  if (v.kind() != Kind::kDecimal && !floating && !whole_of(v)) return Misfit::kKind;
  const std::string text = number_text(v);
  const Digits digits = digits_of(text);
  if (!digits.finite) return Misfit::kNotFinite;
  if (digits.behind > storage.scale) return Misfit::kDigits;
  if (digits.before > static_cast<size_t>(storage.precision - storage.scale)) return Misfit::kRange;
  const bool negative = text.starts_with('-') && digits.significant > 0;
  if (storage.is_unsigned && negative) return Misfit::kRange;
  put_text(out, text);
  return Misfit::kNone;
}

// The number as a float of this width; none if it is not that number.
std::optional<double> floating_of(const Value& v, bool single, Misfit& misfit) {
  misfit = Misfit::kDigits;
  double d = 0;
  if (v.kind() == Kind::kFloat || v.kind() == Kind::kDouble) {
    d = v.as_double();
  } else if (v.kind() == Kind::kDecimal) {
    const Digits digits = digits_of(v.view());
    if (!digits.finite) {
      misfit = Misfit::kNotFinite;
      return std::nullopt;
    }
    if (digits.significant > (single ? 6u : 15u)) return std::nullopt;
    std::from_chars(v.view().data(), v.view().data() + v.view().size(), d);
    if (single) return static_cast<double>(static_cast<float>(d));
    return d;
  } else if (const auto whole = whole_of(v)) {
    d = static_cast<double>(whole->size);
    if (whole->size > uint64_t{1} << (single ? 24 : 53)) return std::nullopt;
    if (whole->negative) d = -d;
  } else {
    misfit = Misfit::kKind;
    return std::nullopt;
  }
  if (!std::isfinite(d)) misfit = Misfit::kNotFinite;
  if (!std::isfinite(d) || (single && static_cast<double>(static_cast<float>(d)) != d)) return std::nullopt;
  return d;
}

Misfit put_floating(ByteWriter& out, const Storage& storage, const Value& v) {
  const bool single = storage.form == Form::kFloat;
  Misfit misfit = Misfit::kNone;
  const std::optional<double> d = floating_of(v, single, misfit);
  if (!d) return misfit;
  if (storage.is_unsigned && *d < 0) return Misfit::kRange;
  if (storage.rounded) {
    const double unit = std::pow(10.0, storage.scale);
    const double rounded = std::nearbyint(*d * unit) / unit;
    const bool same = single ? static_cast<float>(rounded) == static_cast<float>(*d) : rounded == *d;
    if (!same) return Misfit::kDigits;
  }
  if (single) {
    const auto f = static_cast<float>(*d);
    uint32_t raw = 0;
    std::memcpy(&raw, &f, sizeof raw);
    out.le(raw, 4);
    return Misfit::kNone;
  }
  uint64_t raw = 0;
  std::memcpy(&raw, &*d, sizeof raw);
  out.le(raw, 8);
  return Misfit::kNone;
}

// "01234567-89ab-cdef-0123-456789abcdef"
std::string uuid_text(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kDigits[static_cast<uint8_t>(bytes[i]) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(bytes[i]) & 15]);
  }
  return out;
}

bool is_uuid_text(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

size_t characters_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool too_long(const Storage& storage, std::string_view text) {
  if (storage.limit == 0) return false;
  if (storage.form == Form::kText) {
    // A limit in bytes of the column's own character set, which is the server's to count if it is another.
    return storage.charset == "utf8mb4" && text.size() > storage.limit;
  }
  return text.size() > storage.limit && characters_of(text) > storage.limit;
}

Misfit put_characters(ByteWriter& out, const Storage& storage, const Value& v, bool padded) {
  std::string made;
  std::string_view text;
  if (v.kind() == Kind::kText || v.kind() == Kind::kJson) {
    text = v.view();
  } else if (v.kind() == Kind::kUuid) {
    made = uuid_text(v.view());
    text = made;
  } else if (v.kind() == Kind::kInt || v.kind() == Kind::kUint || v.kind() == Kind::kDecimal) {
    made = number_text(v);
    text = made;
  } else {
    return Misfit::kKind;
  }
  if (storage.form == Form::kChar && text.ends_with(' ')) {
    if (!padded) return Misfit::kSpaces;
    text = text.substr(0, text.find_last_not_of(' ') + 1);
  }
  if (too_long(storage, text)) return Misfit::kTooLong;
  // Its length alone tells nothing where the server counts: it would cut spaces off without a word.
  if (storage.form == Form::kText && storage.charset != "utf8mb4" && text.ends_with(' ') &&
      text.size() > storage.limit / 4)
    return Misfit::kTooLong;
  put_text(out, text);
  return Misfit::kNone;
}

Misfit put_label(ByteWriter& out, const Storage& storage, const Value& v) {
  if (v.kind() != Kind::kText) return Misfit::kKind;
  const auto& labels = storage.labels;
  if (storage.form == Form::kEnum) {
    if (std::find(labels.begin(), labels.end(), v.view()) == labels.end()) return Misfit::kLabel;
  } else {
    auto at = labels.begin();
    std::string_view rest = v.view();
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      at = std::find(at, labels.end(), rest.substr(0, comma));
      if (at == labels.end() || comma + 1 == rest.size()) return Misfit::kLabel;
      ++at;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  put_text(out, v.view());
  return Misfit::kNone;
}

Misfit put_bytes(ByteWriter& out, const Storage& storage, const Value& v) {
  if (!v.has_view() || v.kind() == Kind::kDecimal) return Misfit::kKind;
  const std::string_view bytes = v.view();
  if (storage.limit > 0 && bytes.size() > storage.limit) return Misfit::kTooLong;
  if (storage.form == Form::kBinary && bytes.size() < storage.limit) return Misfit::kPadding;
  put_text(out, bytes);
  return Misfit::kNone;
}

// Well-known binary, extended (EWKB) where it names a reference system -> 4 bytes of SRID and plain WKB, which is what servers
// keep: https://dev.mysql.com/doc/refman/8.4/en/gis-data-formats.html
Misfit put_geometry(ByteWriter& out, const Value& v) {
  if (v.kind() != Kind::kBytes) return Misfit::kKind;
  ByteReader in(v.view());
  const uint8_t order = in.u8();
  const uint32_t type = in.u32();
  if (!in.ok() || order != 1) return Misfit::kGeometry;
  const uint32_t srid = (type & kEwkbSrid) != 0 ? in.u32() : 0;
  if (!in.ok()) return Misfit::kGeometry;
  put_length(out, 4 + 5 + in.left());
  out.le(srid, 4);
  out.le(order, 1);
  out.le(type & ~kEwkbSrid, 4);
  out.bytes(in.rest());
  return Misfit::kNone;
}

bool fits_fraction(int64_t micros, uint8_t digits) {
  int64_t unit = 1;
  for (uint8_t i = digits; i < 6; ++i) unit *= 10;
  return micros % unit == 0;
}

// A value of any kind of date as a calendar's.
std::optional<Civil> civil_of(const Value& v) {
  if (v.kind() == Kind::kDate || v.kind() == Kind::kDateTime) return v.civil();
  if (v.kind() != Kind::kTimestamp) return std::nullopt;
  return v.as_int() == kZeroTimestamp ? Civil() : Civil::from_micros(v.as_int());
}

Misfit put_date(ByteWriter& out, const Storage& storage, const Value& v) {
  const std::optional<Civil> c = civil_of(v);
  if (!c) return Misfit::kDate;
  if (c->year > 9999 || c->month > 12 || c->day > 31) return Misfit::kDate;
  if (storage.form == Form::kDate) {
    if (c->hour != 0 || c->minute != 0 || c->second != 0 || c->micros != 0) return Misfit::kFraction;
    put_civil(out, *c, true);
    return Misfit::kNone;
  }
  if (!fits_fraction(c->micros, storage.scale)) return Misfit::kFraction;
  if (storage.form == Form::kTimestamp && c->pack() != 0) {
    if (!c->valid_date()) return Misfit::kTimestamp;
    const int64_t micros = c->micros_since_epoch();
    if (micros < 1000000 || micros / 1000000 > storage.last_second) return Misfit::kTimestamp;
  }
  put_civil(out, *c, false);
  return Misfit::kNone;
}

Misfit put_duration(ByteWriter& out, const Storage& storage, const Value& v) {
  if (v.kind() != Kind::kTime) return Misfit::kTime;
  const int64_t micros = v.as_int();
  if (micros > kTimeLimit || micros < -kTimeLimit) return Misfit::kTime;
  if (!fits_fraction(micros, storage.scale)) return Misfit::kFraction;
  put_time(out, micros);
  return Misfit::kNone;
}

Misfit put_uuid(ByteWriter& out, const Value& v) {
  if (v.kind() == Kind::kUuid || (v.kind() == Kind::kBytes && v.view().size() == 16)) {
    put_text(out, uuid_text(v.view()));
    return Misfit::kNone;
  }
  if (v.kind() != Kind::kText || !is_uuid_text(v.view())) return Misfit::kUuid;
  put_text(out, v.view());
  return Misfit::kNone;
}

Misfit put_json(ByteWriter& out, const Value& v) {
  if (v.kind() != Kind::kJson && v.kind() != Kind::kText) return Misfit::kKind;
  if (!json_numbers_fit(v.view())) return Misfit::kJson;
  put_text(out, v.view());
  return Misfit::kNone;
}

}  // namespace

std::string_view to_string(Misfit misfit) {
  switch (misfit) {
    case Misfit::kNone:
      return "fits";
    case Misfit::kNull:
      return "may not be there, the column is NOT NULL";
    case Misfit::kKind:
      return "is of a kind that the column can't hold";
    case Misfit::kRange:
      return "is out of the column's range";
    case Misfit::kDigits:
      return "has more digits than the column keeps";
    case Misfit::kFraction:
      return "has a finer time than the column keeps";
    case Misfit::kNotFinite:
      return "is not finite: MySQL has no such number";
    case Misfit::kTooLong:
      return "is longer than the column";
    case Misfit::kSpaces:
      return "ends with spaces, which CHAR does not keep";
    case Misfit::kPadding:
      return "is shorter than the column, which would be filled up with zero bytes";
    case Misfit::kLabel:
      return "is none of the column's labels";
    case Misfit::kDate:
      return "is a date that MySQL does not have";
    case Misfit::kTimestamp:
      return "is outside of what TIMESTAMP holds";
    case Misfit::kYear:
      return "is neither 0 nor between 1901 and 2155";
    case Misfit::kTime:
      return "is beyond 838 hours";
    case Misfit::kJson:
      return "has a number that MySQL's JSON would round";
    case Misfit::kGeometry:
      return "is no geometry";
    case Misfit::kUuid:
      return "is no UUID";
  }
  return "does not fit";
}

uint16_t wire_type(const Storage& storage) {
  switch (storage.form) {
    case Form::kInteger:
      return storage.is_unsigned ? kTypeLongLong | kUnsigned : kTypeLongLong;
    case Form::kBit:
    case Form::kYear:
      return kTypeLongLong | kUnsigned;
    case Form::kDecimal:
      return kTypeDecimal;
    case Form::kFloat:
      return kTypeFloat;
    case Form::kDouble:
      return kTypeDouble;
    case Form::kBinary:
    case Form::kVarbinary:
    case Form::kBlob:
    case Form::kGeometry:
      return kTypeBlob;
    case Form::kDate:
      return kTypeDate;
    case Form::kDateTime:
    case Form::kTimestamp:
      return kTypeDateTime;
    case Form::kTime:
      return kTypeTime;
    default:
      return kTypeText;
  }
}

Misfit append_value(ByteWriter& out, const Storage& storage, const Value& value, bool padded) {
  switch (storage.form) {
    case Form::kRefused:
      return Misfit::kKind;
    case Form::kInteger:
      return put_integer(out, storage, value);
    case Form::kBit:
      return put_bit(out, storage, value);
    case Form::kYear:
      return put_year(out, value);
    case Form::kDecimal:
      return put_decimal(out, storage, value);
    case Form::kFloat:
    case Form::kDouble:
      return put_floating(out, storage, value);
    case Form::kChar:
    case Form::kVarchar:
    case Form::kText:
      return put_characters(out, storage, value, padded);
    case Form::kEnum:
    case Form::kSet:
      return put_label(out, storage, value);
    case Form::kBinary:
    case Form::kVarbinary:
    case Form::kBlob:
      return put_bytes(out, storage, value);
    case Form::kGeometry:
      return put_geometry(out, value);
    case Form::kDate:
    case Form::kDateTime:
    case Form::kTimestamp:
      return put_date(out, storage, value);
    case Form::kTime:
      return put_duration(out, storage, value);
    case Form::kJson:
      return put_json(out, value);
    case Form::kUuid:
      return put_uuid(out, value);
    case Form::kInet:
      if (value.kind() != Kind::kText) return Misfit::kKind;
      put_text(out, value.view());
      return Misfit::kNone;
  }
  return Misfit::kKind;
}

}  // namespace weft::mysql
