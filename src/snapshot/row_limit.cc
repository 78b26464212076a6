// SPDX-License-Identifier: Apache-2.0
#include "snapshot/row_limit.h"

#include "base/text.h"

namespace weft {
namespace {

constexpr size_t kMiB = 1u << 20;

size_t bytes_of(Row row) {
  size_t bytes = 0;
  for (const Value& value : row) bytes += value.has_view() ? value.view().size() : sizeof(int64_t);
  return bytes;
}

std::string key_text(const TableSchema& schema, Row row) {
  if (schema.keyless() || row.empty() || !has_key(schema, row)) return "without a known key";
  return cat("key ", describe(key_of(schema, row).row()));
}

}  // namespace

Status RowLimit::check(const TableSchema& schema, Row before, Row after) const {
  const size_t size = bytes_of(before) + bytes_of(after);
  if (size <= bytes()) return ok();
  const bool by_before = !before.empty() && has_key(schema, before);
  return Error(Blame::kData,
               cat("table ",
                   schema.name.text(),
                   ", row ",
                   key_text(schema, by_before ? before : after),
                   ": its ",
                   size,
                   " bytes are more than a quarter of the memory budget of ",
                   memory_,
                   " bytes; give it at least --memory ",
                   (size * 4 + kMiB - 1) / kMiB,
                   "MiB, or leave the table out with --exclude"))
      .about(schema.name.text());
}

}  // namespace weft
