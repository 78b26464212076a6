// SPDX-License-Identifier: Apache-2.0
// Statements of the simulated target: row by row, with the server's own errors.
#include "sim/target_rows.h"

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {
namespace {

// Kinds of locks of one table: 0..7 unique indexes, 8 the key as foreign keys hold it, 9 hidden row ids, 10 the table.
constexpr uint64_t kKeyShare = 8;
constexpr uint64_t kRowId = 9;
constexpr uint64_t kWholeTable = 10;

uint64_t lock_name(TableId table, uint64_t kind, const ModelRow& key) {
  return hash_cells(key, uint64_t{table} * 32 + kind);
}

bool has_null(const ModelRow& key) {
  return std::any_of(key.begin(), key.end(), [](const Cell& c) { return c.kind == Kind::kNull; });
}

Error data_error(TableId table, std::string_view what, const ModelRow& row, std::string code) {
  return Error(Blame::kData, cat("table shop.", name_of(table), ": ", what, " ", print(row)), std::move(code));
}

}  // namespace

Status TargetServer::blocked(TableId table) const {
  if (wait_for_locks_) clock_.advance(mode_.lock_timeout);
  return Error(Blame::kConflict, cat("a row of ", name_of(table), " is locked by another session"), "55P03");
}

Status TargetServer::lock(OpenTx& tx, uint64_t what, bool exclusive) {
  Lock& one = locks_[what];
  const bool others_share = std::any_of(one.sharers.begin(), one.sharers.end(), [&](TxId id) { return id != tx.id; });
  if ((one.owner != 0 && one.owner != tx.id) || (exclusive && others_share)) return Error(Blame::kConflict, "locked");
  if (exclusive) {
    one.owner = tx.id;
  } else if (std::find(one.sharers.begin(), one.sharers.end(), tx.id) == one.sharers.end()) {
    one.sharers.push_back(tx.id);
  }
  return ok();
}

Status TargetServer::lock_table(OpenTx& tx, TableId table, bool exclusive) {
  if (!lock(tx, lock_name(table, kWholeTable, {}), exclusive)) return blocked(table);
  tx.touched[table] = true;
  return ok();
}

ModelRow TargetServer::keyed(const ModelRow& row, const std::vector<uint16_t>& columns) const {
  ModelRow key = pick(row, columns);
  if (mode_.collation_folds) {
    for (Cell& cell : key) cell.text = fold(cell.text);
  }
  return key;
}

// Locks a row's unique values. `key_goes`: no child may take hold of the key meanwhile.
Status TargetServer::lock_row(OpenTx& tx, TableId table, const ModelRow& row, bool key_goes) {
  uint64_t kind = 0;
  for (const auto& columns : indexes_of(mode_, table)) {
    const ModelRow key = keyed(row, columns);
    if (!has_null(key) && !lock(tx, lock_name(table, kind, key), true)) return blocked(table);
    ++kind;
  }
  if (key_goes && table == kParents && !lock(tx, lock_name(table, kKeyShare, {row[0]}), true)) return blocked(table);
  return ok();
}

std::optional<StoredRow> TargetServer::find(
    const OpenTx& tx, TableId table, const std::vector<uint16_t>& columns, const ModelRow& key, uint64_t except) const {
  std::optional<StoredRow> found;
  each_row(tx, table, [&](const StoredRow& stored) {
    if (stored.id == except || keyed(*stored.row, columns) != key) return false;
    found = stored;
    return true;
  });
  return found;
}

Status TargetServer::check_unique(const OpenTx& tx, TableId table, const ModelRow& row, uint64_t except) const {
  for (const auto& columns : indexes_of(mode_, table)) {
    const ModelRow key = keyed(row, columns);
    if (!has_null(key) && find(tx, table, columns, key, except))
      return data_error(table, "duplicate key", row, "23505");
  }
  return ok();
}

Status TargetServer::check_references(const OpenTx& tx, TableId table, const ModelRow& row) const {
  if (!enforces(tx) || tx.deferred || table != kChildren || row[1].kind == Kind::kNull) return ok();
  if (find(tx, kParents, {0}, {row[1]}, 0)) return ok();
  return Error(Blame::kConflict, cat("table shop.children: no parent for ", print(row)), "23503");
}

Status TargetServer::check_all_references(const OpenTx& tx) const {
  if (!enforces(tx) || !tx.deferred || !(tx.touched[kChildren] || tx.touched[kParents])) return ok();
  Status fit;
  each_row(tx, kChildren, [&](const StoredRow& child) {
    const Cell& parent = (*child.row)[1];
    if (parent.kind == Kind::kNull || find(tx, kParents, {0}, {parent}, 0)) return false;
    fit = Error(Blame::kConflict, cat("table shop.children: no parent for ", print(*child.row)), "23503");
    return true;
  });
  return fit;
}

Status TargetServer::put(OpenTx& tx, TableId table, const std::optional<StoredRow>& before, ModelRow after) {
  const TableSchema& schema = *schema_of(table);
  for (size_t c = 0; c < after.size(); ++c) {
    if (after[c].kind == Kind::kUnchanged)
      return Error(Blame::kBug, cat("an unknown value was written to ", name_of(table)));
    if (after[c].kind == Kind::kNull && !schema.columns[c].nullable)
      return data_error(table, "null in", after, "23502");
  }
  const bool taken = table == kAccounts || table == kLedger || table == kCounter;
  const bool bad = std::any_of(after.begin(), after.end(), [](const Cell& c) { return c.text == kPoison; });
  if (mode_.poisoned && bad && !taken) return data_error(table, "check constraint violated by", after, "23514");
  const bool key_changes = before && !schema.keyless() && pick(*before->row, schema.key) != pick(after, schema.key);
  if (before && schema.keyless() &&
      !lock(tx, lock_name(table, kRowId, {Cell::integer(static_cast<int64_t>(before->id))}), true)) {
    return blocked(table);
  }
  if (before) TRY(lock_row(tx, table, *before->row, key_changes));
  TRY(lock_row(tx, table, after, false));
  TRY(check_unique(tx, table, after, before ? before->id : 0));
  if (enforces(tx) && table == kChildren && after[1].kind != Kind::kNull &&
      !lock(tx, lock_name(kParents, kKeyShare, {after[1]}), false)) {
    return blocked(kParents);
  }
  TRY(check_references(tx, table, after));
  if (key_changes) TRY(erase(tx, table, *before));
  tx.overlay[table][before ? before->id : next_row_++] = share(std::move(after));
  return ok();
}

Status TargetServer::erase(OpenTx& tx, TableId table, const StoredRow& row) {
  if (schema_of(table)->keyless() &&
      !lock(tx, lock_name(table, kRowId, {Cell::integer(static_cast<int64_t>(row.id))}), true)) {
    return blocked(table);
  }
  TRY(lock_row(tx, table, *row.row, true));
  if (enforces(tx) && mode_.key_actions && table == kParents) {
    uint64_t unseen = 0;
    TRY(erase_children(tx, *row.row, unseen));
  }
  if (enforces(tx) && !tx.deferred && table == kParents && find(tx, kChildren, {1}, {(*row.row)[0]}, 0)) {
    return Error(Blame::kConflict, cat("table shop.parents: ", print(*row.row), " still has children"), "23503");
  }
  tx.overlay[table][row.id] = nullptr;
  return ok();
}

Status TargetServer::erase_children(OpenTx& tx, const ModelRow& parent, uint64_t& affected) {
  TRY(lock_table(tx, kChildren, false));
  while (const auto child = find(tx, kChildren, {1}, {parent[0]}, 0)) {
    TRY(erase(tx, kChildren, *child));
    ++affected;
  }
  return ok();
}

Status TargetServer::truncate(OpenTx& tx, TableId table, uint64_t& affected) {
  if (enforces(tx) && table == kParents) {
    return Error(Blame::kData, "cannot truncate a table referenced in a foreign key constraint", "0A000");
  }
  TRY(lock_table(tx, table, true));
  each_row(tx, table, [&](const StoredRow&) { return ++affected, false; });
  tx.overlay[table].clear();
  tx.exclusive[table] = true;
  return ok();
}

Status TargetServer::execute_row(
    OpenTx& tx, TableId table, const TableBatch& batch, const TableBatch::Item& item, uint64_t& affected) {
  if (batch.op == BatchOp::kKeyActions) {
    const ActingKey& key = batch.keys->at(batch.table->name).front();
    const bool native = key.native_delete && enforces(tx);
    return native || !item.after.empty() ? ok() : erase_children(tx, to_model(item.before), affected);
  }
  const TableSchema& schema = *schema_of(table);
  std::vector<uint16_t> by = schema.key;
  for (uint16_t c = 0; schema.keyless() && c < schema.columns.size(); ++c) by.push_back(c);
  const bool fresh = batch.op == BatchOp::kInsert || batch.op == BatchOp::kCopy;
  const bool upsert = batch.op == BatchOp::kUpsert || batch.op == BatchOp::kMend;
  if (upsert && schema.keyless()) return Error(Blame::kBug, "an upsert into a table without a key");
  if (batch.op == BatchOp::kDeleteRivals) {
    const ModelRow row = to_model(item.after);
    const ModelRow wanted = keyed(row, batch.columns);
    const auto own = find(tx, table, by, keyed(row, by), 0);
    const auto rival = has_null(wanted) ? std::nullopt : find(tx, table, batch.columns, wanted, own ? own->id : 0);
    if (rival) ++affected;
    return rival ? erase(tx, table, *rival) : ok();
  }
  const bool by_before = batch.op == BatchOp::kUpdate || batch.op == BatchOp::kDelete;
  const ModelRow address = to_model(by_before ? item.before : item.after);
  if (address.size() != schema.columns.size()) return Error(Blame::kBug, cat("a row of ", address.size(), " columns"));
  const ModelRow key = keyed(address, by);
  if (by_before && std::any_of(key.begin(), key.end(), [](const Cell& c) { return c.kind == Kind::kUnchanged; })) {
    return Error(Blame::kBug, cat("a row of ", name_of(table), " is addressed by an unknown key"));
  }
  if (upsert && !lock(tx, lock_name(table, 0, key), true)) return blocked(table);
  const std::optional<StoredRow> there = fresh ? std::nullopt : find(tx, table, by, key, 0);
  if (by_before && !there) return ok();
  if (batch.op == BatchOp::kMend && there && *there->row == to_model(item.after)) return ok();
  ++affected;
  if (batch.op == BatchOp::kDelete) return erase(tx, table, *there);
  const ModelRow values = to_model(item.after);
  ModelRow after = there ? *there->row : values;
  for (const uint16_t c : batch.columns) after[c] = values[c];
  return put(tx, table, there, std::move(after));
}

void TargetServer::trace_batch(TxId id, TableId table, const TableBatch& batch) {
  if (!trace_.on()) return;
  static constexpr std::array<std::string_view, 9> kOps = {
      "insert", "upsert", "update", "delete", "truncate", "copy", "delete rivals", "key actions of", "mend"};
  const std::string_view op = kOps[static_cast<size_t>(batch.op)];
  if (batch.rows.empty()) trace_.line("    tx ", id, " ", op, " ", name_of(table));
  for (const TableBatch::Item& item : batch.rows) {
    trace_.line("    tx ",
                id,
                " ",
                op,
                " ",
                name_of(table),
                item.before.empty() ? "" : " ",
                item.before.empty() ? "" : print(to_model(item.before)),
                item.after.empty() ? "" : " > ",
                item.after.empty() ? "" : print(to_model(item.after)));
  }
}

Result<uint64_t> TargetServer::execute(TxId id, const TableBatch& batch, bool wait_for_locks) {
  OpenTx& tx = open(id);
  wait_for_locks_ = wait_for_locks;
  const auto table = table_named(batch.table->name);
  CHECK_MSG(table.has_value(), "a batch for a table that does not exist");
  trace_batch(id, *table, batch);
  uint64_t affected = 0;
  Status done;
  if (batch.op == BatchOp::kTruncate) {
    done = truncate(tx, *table, affected);
  } else {
    done = lock_table(tx, *table, false);
    for (size_t i = 0; done && i < batch.rows.size(); ++i)
      done = execute_row(tx, *table, batch, batch.rows[i], affected);
  }
  if (!done) {
    trace_.line("target: tx ", id, " fails: ", done.error().message());
    if (tx.before_trial) {
      undo(id);
    } else {
      rollback(id);
    }
    return std::move(done).error();
  }
  return affected;
}

}  // namespace weft::sim
