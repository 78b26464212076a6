// SPDX-License-Identifier: Apache-2.0
// Cell and ModelRow: owned values and rows of the model databases, apart from the engine's own Value, so that a bug there
// can't hide in the model. Plain values; rows are shared and never changed once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/slab.h"
#include "model/row.h"
#include "model/value.h"

namespace weft::sim {

struct Cell {
  Kind kind = Kind::kNull;
  int64_t number = 0;
  std::string text;

  auto operator<=>(const Cell&) const = default;

  [[nodiscard]] static Cell null() { return {}; }

  [[nodiscard]] static Cell unchanged() { return {Kind::kUnchanged, 0, {}}; }

  [[nodiscard]] static Cell integer(int64_t n) { return {Kind::kInt, n, {}}; }

  [[nodiscard]] static Cell word(std::string t) { return {Kind::kText, 0, std::move(t)}; }
};

using ModelRow = std::vector<Cell>;
using RowRef = std::shared_ptr<const ModelRow>;

[[nodiscard]] inline RowRef share(ModelRow row) {
  return std::make_shared<const ModelRow>(std::move(row));
}

[[nodiscard]] Value to_value(const Cell& cell, Arena& arena);
[[nodiscard]] Cell to_cell(const Value& value);
[[nodiscard]] ModelRow to_model(Row row);
[[nodiscard]] Row to_row(const ModelRow& row, Arena& arena);

[[nodiscard]] ModelRow pick(const ModelRow& row, const std::vector<uint16_t>& columns);
[[nodiscard]] uint64_t hash_cells(const ModelRow& cells, uint64_t seed);
// The text with its ASCII letters in lower case.
[[nodiscard]] std::string fold(const std::string& text);
// "(1, 'x', null)", for traces.
[[nodiscard]] std::string print(const ModelRow& row);

}  // namespace weft::sim
