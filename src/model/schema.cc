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
  if (a.key != b.key) return false;
  if (!std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same_column)) return false;
  return (!a.taken && !b.taken) || same_shape(at_source(a), at_source(b));
}

const TableSchema& at_source(const TableSchema& schema) {
  return schema.taken ? *schema.taken->source : schema;
}

SchemaRef at_source(const SchemaRef& schema) {
  return schema && schema->taken ? schema->taken->source : schema;
}

SchemaRef unknown_shape(const TableSchema& schema) {
  auto unknown = std::make_shared<TableSchema>();
  unknown->name = schema.name;
  if (schema.taken) {
    auto taken = std::make_shared<StepsTaken>(*schema.taken);
    taken->source = unknown_shape(at_source(schema));
    taken->unfit.clear();
    unknown->taken = std::move(taken);
  }
  return unknown;
}

}  // namespace weft
