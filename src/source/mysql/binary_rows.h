// SPDX-License-Identifier: Apache-2.0
// BinaryRows: rows of the binary protocol into Values, the same ones that the binlog codec gives for these rows. The plan of
// what to do with each column is made once per statement; text and bytes stay where they are, in the packet's slab.
//
//   TRY_ASSIGN(BinaryRows rows, BinaryRows::plan(schema, columns, statement.columns()));
//   TRY(rows.decode(packet, values, arena));     // values.size() == columns.size()
//
// Immutable after plan(); one thread. Built bytes (uuid, geometry) go into the arena.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slab.h"
#include "engine/mysql/statement.h"
#include "model/row.h"

namespace weft::mysql {

class BinaryRows {
 public:
  // `ordinals`: the schema's columns that the statement selects, in its order. Columns that are not of the schema's types
  // are Blame::kTransient with code kSchemaChanged.
  [[nodiscard]] static Result<BinaryRows> plan(const TableSchema& schema,
                                               std::span<const uint16_t> ordinals,
                                               const std::vector<ResultColumn>& columns);

  // `packet`: a row behind its leading zero byte. A malformed one is Blame::kTransient.
  [[nodiscard]] Status decode(std::string_view packet, std::span<Value> into, Arena& arena) const;

 private:
  enum class Step : uint8_t {
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kUint8,
    kUint16,
    kUint32,
    kUint64,
    kFloat,
    kDouble,
    kDecimal,
    kBit,
    kDate,
    kDateTime,
    kTimestamp,
    kTime,
    kView,  // bytes as they are, as `kind`
    kUuid,
    kGeometry,
  };

  struct Field {
    Step step;
    Kind kind;
    uint8_t scale;
  };

  [[nodiscard]] static bool plan_field(const Column& column, const ResultColumn& result, Field& field);
  [[nodiscard]] static Value read(const Field& field, ByteReader& in, Arena& arena);

  std::vector<Field> fields_;
};

}  // namespace weft::mysql
