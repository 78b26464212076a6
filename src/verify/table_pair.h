// SPDX-License-Identifier: Apache-2.0
// TablePair: one table of the source beside its table at the target, as the readers of both sides have them: which column is
// held against which and how, what the rows are known by, and what may be asked of either side.
//
//   TRY_ASSIGN(const TablePair pair, pair_tables(source_schema, matched, target_schema, json));
//   pair.write_row(Side::kSource, row, bytes, key_size)     // canonical bytes, those of the key first
//
// Immutable once made; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/row.h"
#include "source/source.h"
#include "target/target.h"
#include "verify/canonical.h"

namespace weft::verify {

enum class Side : uint8_t { kSource = 0, kTarget = 1 };

[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::kSource ? Side::kTarget : Side::kSource;
}

struct ColumnPair {
  std::string name;          // at the source
  uint16_t ordinal[2] = {};  // by Side
  Form form;
};

struct TablePair {
  SchemaRef schema[2];              // by Side, each as its reader knows it
  std::vector<ColumnPair> columns;  // those of the key first, in the order of the source's key
  size_t key_columns = 0;           // 0: no key, a row is known by all its values
  // Ranges of the key are the same rows on both sides.
  bool ordered = false;
  // Both sides can be asked for rows by the key. Else a row is found by reading the table.
  bool by_key = false;
  std::vector<std::string> left_out;  // columns of the source that the target lacks or computes

  [[nodiscard]] bool keyless() const { return key_columns == 0; }

  [[nodiscard]] std::string name() const { return schema[0]->name.text(); }

  // Puts the canonical bytes of a row into `out` (cleared first); gives how many of them are the key's. Without a key: all.
  size_t write_row(Side side, Row row, std::string& out) const;
  // The values of the key in the order of the side's own key. REQUIRES: by_key or ordered.
  [[nodiscard]] OwnedRow own_key(Side side, Row row) const;
  // The same key as the other side holds it.
  [[nodiscard]] OwnedRow key_for(Side to, const OwnedRow& own_key_of_other) const;
};

// `matched` says which column of the target each column of the source is. kConfig where there is nothing to compare.
[[nodiscard]] Result<TablePair> pair_tables(const SchemaRef& source,
                                            const TargetTable& matched,
                                            const SchemaRef& target,
                                            JsonForms json);

}  // namespace weft::verify
