// SPDX-License-Identifier: Apache-2.0
#include "transform/plans.h"

#include "base/check.h"

namespace weft::transform {
namespace {

constexpr size_t kShapesMax = 10000;  // kept; beyond that everything is compiled anew

}  // namespace

const TableSteps& Plans::of(const SchemaRef& source) {
  const auto found = known_.find(source.get());
  if (found != known_.end()) return found->second;
  if (known_.size() >= kShapesMax) known_.clear();
  return known_.emplace(source.get(), compile(*steps_, source, tables_)).first->second;
}

const TableSteps& Plans::of(const Batch& batch, const TableSchema* source) {
  const auto found = known_.find(source);
  if (found != known_.end()) return found->second;
  const SchemaRef owner = batch.schema(source);
  CHECK_MSG(owner != nullptr, "a change names a schema that its batch does not keep");
  return of(owner);
}

}  // namespace weft::transform
