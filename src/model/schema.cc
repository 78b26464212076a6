// SPDX-License-Identifier: Apache-2.0
#include "model/schema.h"

#include <algorithm>

namespace weft {

bool TableSchema::key_comparable() const {
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](uint16_t i) { return columns[i].comparable(); });
}

int TableSchema::find(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return static_cast<int>(i);
  }
  return -1;
}

bool same_shape(const TableSchema& a, const TableSchema& b) {
  const auto same_column = [](const Column& x, const Column& y) {
    return x.name == y.name && x.kind == y.kind && x.length == y.length && x.precision == y.precision &&
           x.scale == y.scale && x.int_bits == y.int_bits && x.nullable == y.nullable && x.labels == y.labels &&
           x.generated == y.generated;
  };
  return a.key == b.key &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same_column);
}

}  // namespace weft
