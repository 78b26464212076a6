// SPDX-License-Identifier: Apache-2.0
// Conversions between the model's rows and the engine's.
#include "sim/rows.h"

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {

Value to_value(const Cell& cell, Arena& arena) {
  switch (cell.kind) {
    case Kind::kNull:
      return Value::null();
    case Kind::kUnchanged:
      return Value::unchanged();
    case Kind::kInt:
      return Value::int64(cell.number);
    default:
      return Value::text(arena.copy(cell.text));
  }
}

Cell to_cell(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return Cell::null();
    case Kind::kUnchanged:
      return Cell::unchanged();
    case Kind::kInt:
      return Cell::integer(value.as_int());
    case Kind::kText:
      return Cell::word(std::string(value.view()));
    default:
      CHECK_MSG(false, cat("a value of kind ", to_string(value.kind()), " that the world never made"));
  }
}

ModelRow to_model(Row row) {
  ModelRow cells;
  cells.reserve(row.size());
  for (const Value& v : row) cells.push_back(to_cell(v));
  return cells;
}

Row to_row(const ModelRow& row, Arena& arena) {
  const std::span<Value> values = arena.array<Value>(row.size());
  for (size_t i = 0; i < row.size(); ++i) values[i] = to_value(row[i], arena);
  return values;
}

ModelRow pick(const ModelRow& row, const std::vector<uint16_t>& columns) {
  ModelRow cells;
  cells.reserve(columns.size());
  for (const uint16_t c : columns) cells.push_back(row[c]);
  return cells;
}

uint64_t hash_cells(const ModelRow& cells, uint64_t seed) {
  uint64_t h = seed ^ 0x9e3779b97f4a7c15ULL;
  const auto mix = [&h](uint64_t x) {
    h = (h ^ x) * 0x9fb21c651e98df25ULL;
    h ^= h >> 31;
  };
  for (const Cell& c : cells) {
    mix(static_cast<uint64_t>(c.kind));
    mix(static_cast<uint64_t>(c.number));
    for (const char letter : c.text) mix(static_cast<uint8_t>(letter));
  }
  return h;
}

std::string fold(const std::string& text) {
  std::string folded = text;
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

std::string print(const ModelRow& row) {
  std::string out = "(";
  for (const Cell& c : row) {
    if (out.size() > 1) out += ", ";
    switch (c.kind) {
      case Kind::kNull:
        out += "null";
        break;
      case Kind::kUnchanged:
        out += "~";
        break;
      case Kind::kInt:
        out += cat(c.number);
        break;
      default:
        out += cat("'", c.text, "'");
    }
  }
  return out + ")";
}

}  // namespace weft::sim
