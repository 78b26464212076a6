// SPDX-License-Identifier: Apache-2.0
// RowDecoder: row images of one table map into Values of one schema. Everything that can be known of a column is worked out
// once, into a plan; a row is then one loop over the plans.
//
//   TRY_ASSIGN(RowDecoder decoder, RowDecoder::build(map, schema));
//   Row row;  if (!decoder.read(in, present, arena, row)) return corrupt("row image");
//
// Values view the bytes read or the arena. One owner, one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/slab.h"
#include "codec/mysql_binlog/charset.h"
#include "codec/mysql_binlog/table_map.h"
#include "model/row.h"

namespace weft::mysql_binlog {

// Which columns an image holds.
class ColumnSet {
 public:
  ColumnSet() = default;
  // `bits` holds a bit per column, lowest bit of the first byte first. REQUIRES: (columns + 7) / 8 bytes.
  ColumnSet(std::string_view bits, size_t columns);

  [[nodiscard]] bool has(size_t column) const {
    return ((static_cast<uint8_t>(bits_[column / 8]) >> (column % 8)) & 1) != 0;
  }

  [[nodiscard]] size_t count() const { return count_; }

  [[nodiscard]] bool all() const { return count_ == columns_; }

 private:
  std::string_view bits_;
  size_t columns_ = 0;
  size_t count_ = 0;
};

class RowDecoder {
 public:
  // `schema` is what merge_schema made of `map`; it must outlive the decoder.
  [[nodiscard]] static Result<RowDecoder> build(const TableMap& map, const TableSchema& schema);

  // Reads one image. Columns that it does not hold are kUnchanged. False: malformed.
  [[nodiscard]] bool read(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row);
  // The images of a partial update: the before image, whose JSON is kept for the after image that follows it.
  [[nodiscard]] bool read_before(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row);
  [[nodiscard]] bool read_partial(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row);

  [[nodiscard]] size_t wire_columns() const { return plans_.size(); }

  // Partial updates that could not be applied.
  [[nodiscard]] uint64_t unresolved() const { return unresolved_; }

 private:
  // How a value is read.
  enum class Step : uint8_t {
    kInt8,
    kUint8,
    kInt16,
    kUint16,
    kInt24,
    kUint24,
    kInt32,
    kUint32,
    kInt64,
    kUint64,
    kBool,
    kYear,
    kFloat,
    kDouble,
    kDecimal,
    kBit,
    kDate,
    kTime,
    kDateTime,
    kTimestamp,
    kOldTime,
    kOldDateTime,
    kOldTimestamp,
    kEnum,
    kSet,
    kView,
    kText,
    kChar,
    kBinary,
    kCompressed,
    kJson,
    kGeometry,
    kUuid,
    kInet4,
    kInet6,
    kNull,
  };

  struct Plan {
    Step step = Step::kNull;
    Kind kind = Kind::kNull;
    uint8_t width = 0;  // length bytes of a string, bytes of a number
    uint8_t precision = 0;
    uint8_t scale = 0;     // fraction digits
    uint16_t ordinal = 0;  // in the schema; kHidden: in none
    uint16_t transcoder = 0;
    uint32_t size = 0;  // BINARY: bytes; BIT: bits
    const Column* column = nullptr;
  };

  static constexpr uint16_t kHidden = 0xffff;

  RowDecoder() = default;
  [[nodiscard]] Status plan(const WireColumn& wire, const Column& column, Plan& plan);
  [[nodiscard]] Status plan_temporal(const WireColumn& wire, const Column& column, Plan& plan);
  [[nodiscard]] Status plan_labels(const WireColumn& wire, const Column& column, Plan& plan);
  [[nodiscard]] Status plan_string(const WireColumn& wire, const Column& column, Plan& plan);
  [[nodiscard]] Status plan_text(const WireColumn& wire, const Column& column, Plan& plan);
  [[nodiscard]] Value value(const Plan& plan, ByteReader& in, Arena& arena);
  [[nodiscard]] Value special(const Plan& plan, ByteReader& in, Arena& arena);
  [[nodiscard]] Value json(std::string_view binary, ByteReader& in, Arena& arena);
  [[nodiscard]] Value labelled(const Plan& plan, ByteReader& in, Arena& arena);
  [[nodiscard]] Value patched(size_t column, std::string_view diffs, Arena& arena);
  [[nodiscard]] bool read_some(
      ByteReader& in, const ColumnSet& present, std::string_view nulls, Arena& arena, std::span<Value> row);

  std::vector<Plan> plans_;
  std::vector<Transcoder> transcoders_;
  size_t columns_ = 0;  // of the schema
  size_t json_columns_ = 0;
  std::string scratch_;
  std::vector<std::optional<std::string_view>> before_json_;  // per wire column, of the last before image
  uint64_t unresolved_ = 0;
};

}  // namespace weft::mysql_binlog
