// SPDX-License-Identifier: Apache-2.0
// Shapes of the simulated tables and edits of their rows.
#include "sim/tables.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {
namespace {

Column column(std::string name, Kind kind, bool nullable = true) {
  Column c;
  c.name = std::move(name);
  c.kind = kind;
  c.source_type = kind == Kind::kInt ? "bigint" : "varchar(200)";
  c.int_bits = kind == Kind::kInt ? 64 : 0;
  c.length = kind == Kind::kText ? 200 : 0;
  c.nullable = nullable;
  const Value null{};
  if (nullable) c.default_value = encode_key({&null, 1});
  if (kind == Kind::kText) c.charset = "utf8mb4";
  return c;
}

SchemaRef table(std::string name, std::vector<Column> columns, std::vector<uint16_t> key) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", std::move(name)};
  schema->columns = std::move(columns);
  schema->key = std::move(key);
  if (schema->name.table == "items") schema->unique_keys = {{1}};
  if (schema->name.table == "children") {
    schema->foreign_keys = {{"children_parent", {1}, {"shop", "parents"}, {"id"}, KeyAction::kNone, KeyAction::kNone}};
  }
  return schema;
}

struct Catalogue {
  std::array<SchemaRef, kTableCount> schemas;
  std::array<std::vector<std::vector<uint16_t>>, kTableCount> indexes;

  Catalogue() {
    constexpr Kind kI = Kind::kInt;
    constexpr Kind kT = Kind::kText;
    schemas[kItems] =
        table("items", {column("id", kI, false), column("code", kI), column("name", kT), column("note", kT)}, {0});
    schemas[kWords] = table("words", {column("word", kT, false), column("n", kI), column("note", kT)}, {0});
    schemas[kPairs] = table("pairs", {column("a", kI, false), column("b", kI, false), column("v", kT)}, {0, 1});
    schemas[kBag] = table("bag", {column("x", kI), column("y", kT)}, {});
    schemas[kParents] = table("parents", {column("id", kI, false), column("name", kT)}, {0});
    schemas[kChildren] = table("children", {column("id", kI, false), column("parent_id", kI), column("v", kT)}, {0});
    schemas[kAccounts] = table("accounts", {column("id", kI, false), column("balance", kI, false)}, {0});
    schemas[kLedger] = table("ledger", {column("no", kI, false), column("what", kT)}, {0});
    schemas[kCounter] = table("counter", {column("id", kI, false), column("n", kI, false)}, {0});
    for (size_t t = 0; t < kTableCount; ++t) {
      if (!schemas[t]->keyless()) indexes[t].push_back(schemas[t]->key);
      for (const auto& unique : schemas[t]->unique_keys) indexes[t].push_back(unique);
    }
  }
};

const Catalogue& catalogue() {
  static const Catalogue one;
  return one;
}

int compare_cells(const Cell& a, const Cell& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  if (a.kind == Kind::kText) {
    const int order = fold(a.text).compare(fold(b.text));
    return order < 0 ? -1 : order > 0;
  }
  return a.number < b.number ? -1 : a.number > b.number;
}

SourceTable::iterator place_of(SourceTable& rows, TableId table, const ModelRow& key) {
  return std::lower_bound(rows.begin(), rows.end(), key, [table](const RowRef& row, const ModelRow& wanted) {
    return compare_at_source(key_cells(table, *row), wanted) < 0;
  });
}

// A row of a keyless table that has these very bytes, or the row with this key.
SourceTable::iterator row_at(SourceTable& rows, TableId table, const ModelRow& image) {
  if (schema_of(table)->keyless()) {
    return std::find_if(rows.begin(), rows.end(), [&](const RowRef& row) { return *row == image; });
  }
  const ModelRow key = key_cells(table, image);
  const auto at = place_of(rows, table, key);
  if (at != rows.end() && compare_at_source(key_cells(table, **at), key) == 0) return at;
  return rows.end();
}

}  // namespace

const SchemaRef& schema_of(TableId table) {
  return catalogue().schemas[table];
}

const SchemaRef& acting_schema_of(TableId table) {
  static const SchemaRef acting = [] {
    auto schema = std::make_shared<TableSchema>(*schema_of(kChildren));
    schema->foreign_keys[0].on_delete = KeyAction::kCascade;
    return schema;
  }();
  return table == kChildren ? acting : schema_of(table);
}

const std::string& name_of(TableId table) {
  return schema_of(table)->name.table;
}

std::optional<TableId> table_named(const TableName& name) {
  for (size_t t = 0; t < kTableCount; ++t) {
    if (schema_of(static_cast<TableId>(t))->name.table == name.table) return static_cast<TableId>(t);
  }
  return std::nullopt;
}

const std::vector<std::vector<uint16_t>>& unique_indexes(TableId table) {
  return catalogue().indexes[table];
}

int compare_at_source(const ModelRow& a, const ModelRow& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = compare_cells(a[i], b[i]); order != 0) return order;
  }
  return 0;
}

ModelRow key_cells(TableId table, const ModelRow& row) {
  const std::vector<uint16_t>& key = schema_of(table)->key;
  return key.empty() ? row : pick(row, key);
}

State::State() {
  static const SourceTableRef kNone = std::make_shared<const SourceTable>();
  tables.fill(kNone);
}

void apply_edit(State& state, const RowEdit& edit) {
  if (edit.op == EditOp::kSchema) return;
  SourceTable rows;
  if (edit.op != EditOp::kTruncate) rows = state[edit.table];
  if (edit.before) {
    const auto at = row_at(rows, edit.table, *edit.before);
    CHECK_MSG(at != rows.end(), cat("the model lacks the row of ", print(edit)));
    rows.erase(at);
  }
  if (edit.after) rows.insert(place_of(rows, edit.table, key_cells(edit.table, *edit.after)), edit.after);
  state.tables[edit.table] = std::make_shared<const SourceTable>(std::move(rows));
}

RowRef find_by_key(const State& state, TableId table, const ModelRow& key) {
  for (const RowRef& row : state[table]) {
    if (compare_at_source(key_cells(table, *row), key) == 0) return row;
  }
  return nullptr;
}

std::string print(const RowEdit& edit) {
  const auto image = [](const RowRef& row, uint32_t sent) {
    if (!row) return std::string();
    ModelRow cells = *row;
    for (size_t i = 0; i < cells.size(); ++i) {
      if ((sent >> i & 1) == 0) cells[i] = Cell::unchanged();
    }
    return " " + print(cells);
  };
  static constexpr std::array<std::string_view, 5> kNames = {"insert", "update", "delete", "truncate", "alter"};
  return cat(kNames[static_cast<size_t>(edit.op)],
             " ",
             name_of(edit.table),
             image(edit.before, edit.sent_before),
             edit.before && edit.after ? " ->" : "",
             image(edit.after, edit.sent_after),
             edit.hidden ? " (hidden)" : "");
}

}  // namespace weft::sim
