// SPDX-License-Identifier: Apache-2.0
// The tables of the simulated databases: an integer key with a second unique column, a text key that only the source can
// order (its collation knows no case), a composite key, no key at all, a parent with children, accounts whose sum never
// changes, a ledger of consecutive numbers and a counter that says how many there are. Immutable; any thread.
#pragma once

#include <array>
#include <optional>

#include "model/schema.h"
#include "sim/rows.h"

namespace weft::sim {

enum TableId : uint8_t {
  kItems,     // id, code (unique, nullable), name, note
  kWords,     // word (text key), n, note
  kPairs,     // a, b (composite key), v
  kBag,       // x, y: keyless, duplicates are usual
  kParents,   // id, name
  kChildren,  // id, parent_id -> parents, v
  kAccounts,  // id, balance: the sum is constant
  kLedger,    // no, what: 1, 2, 3 ... without a gap
  kCounter,   // id, n: n = number of ledger entries
  kTableCount
};

// A text that a poisoned target does not take (but in accounts and their ledger).
inline constexpr std::string_view kPoison = "bad";

[[nodiscard]] const SchemaRef& schema_of(TableId table);
// The same, with ON DELETE CASCADE of its foreign keys.
[[nodiscard]] const SchemaRef& acting_schema_of(TableId table);
[[nodiscard]] std::optional<TableId> table_named(const TableName& name);
[[nodiscard]] const std::string& name_of(TableId table);

// Every unique index: the primary key first (none for a keyless table).
[[nodiscard]] const std::vector<std::vector<uint16_t>>& unique_indexes(TableId table);

// The source's order of two keys of one table (or of two whole rows of the keyless one): text without regard to case.
[[nodiscard]] int compare_at_source(const ModelRow& a, const ModelRow& b);
// A row's key, or all of it for a keyless table.
[[nodiscard]] ModelRow key_cells(TableId table, const ModelRow& row);

// Rows in the source's key order. Copies share rows.
using SourceTable = std::vector<RowRef>;
using SourceTableRef = std::shared_ptr<const SourceTable>;

// What a whole source database holds at one moment. Cheap to copy.
struct State {
  std::array<SourceTableRef, kTableCount> tables;

  State();

  [[nodiscard]] const SourceTable& operator[](TableId table) const { return *tables[table]; }
};

// One changed row. `sent_before` and `sent_after` say which columns the log's images carry (bit i: column i).
enum class EditOp : uint8_t { kInsert, kUpdate, kDelete, kTruncate, kSchema };

struct RowEdit {
  TableId table = kItems;
  EditOp op = EditOp::kInsert;
  RowRef before;
  RowRef after;
  uint32_t sent_before = ~0u;
  uint32_t sent_after = ~0u;
  bool hidden = false;  // it is not in the log
};

// REQUIRES: the edit fits the state (its row is there, its key is free).
void apply_edit(State& state, const RowEdit& edit);
[[nodiscard]] RowRef find_by_key(const State& state, TableId table, const ModelRow& key);
[[nodiscard]] std::string print(const RowEdit& edit);

}  // namespace weft::sim
