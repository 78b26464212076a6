// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/stream.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/pgoutput/text_values.h"
#include "model/origin.h"

namespace weft::pgoutput {
namespace {

Error corrupt(std::string_view what) {
  return Error(Blame::kConfig, cat("logical replication stream: ", what), "corrupt-stream");
}

bool refers_to(const TableSchema& table, const TableName& parent) {
  return std::any_of(
      table.foreign_keys.begin(), table.foreign_keys.end(), [&](const ForeignKey& fk) { return fk.parent == parent; });
}

// Changes of a shape are judged between transactions of the target; this one is in the middle of one that is open.
Error changed_inside(const Relation& relation) {
  const std::string name = cat(relation.schema, ".", relation.table);
  return Error(
             Blame::kConfig,
             cat("table ",
                 name,
                 " comes in another shape in the middle of a transaction of more than what travels in one piece; start "
                 "again with --on-lost-position=resnapshot or repair"),
             std::string(kNeedsCopy))
      .about(name);
}

}  // namespace

Status OutputStream::feed(std::string_view message) {
  TRY_ASSIGN(const Message parsed, parse_message(message, before_, after_));
  if (const auto* found = std::get_if<RowMessage>(&parsed)) return row(*found);
  if (const auto* found = std::get_if<Begin>(&parsed)) return begin(*found);
  if (const auto* found = std::get_if<Commit>(&parsed)) return commit(*found);
  if (const auto* found = std::get_if<Relation>(&parsed)) return relation(*found);
  if (const auto* found = std::get_if<TruncateMessage>(&parsed)) return truncate(*found);
  if (const auto* found = std::get_if<LogicalMessage>(&parsed)) tell_origin(*found);
  return ok();
}

Status OutputStream::begin(const Begin& begin) {
  if (open_) return corrupt("a transaction begins inside of another");
  open_ = true;
  cut_ = false;
  current_ = begin;
  mark_ = arena_.bytes();
  return ok();
}

// It stands in front of everything else, or says nothing.
void OutputStream::tell_origin(const LogicalMessage& message) {
  if (!open_ || cut_ || !message.transactional || message.prefix != kOriginMessage) return;
  if (!builder_.in_transaction()) add(Origin{arena_.copy(message.content)});
}

uint32_t OutputStream::note(EndOfTransaction end) {
  ends_.push_back(end);
  return static_cast<uint32_t>(ends_.size() - 1);
}

// A transaction of nothing that is captured is an empty one.
Status OutputStream::commit(const Commit& commit) {
  if (!open_) return corrupt("a commit outside of a transaction");
  if (!builder_.in_transaction()) builder_.begin(current_.commit_us, !cut_);
  builder_.end(note({commit.end_lsn, current_.xid}));
  open_ = false;
  return ok();
}

Status OutputStream::relation(const Relation& relation) {
  TRY_ASSIGN(Catalogue::Table known, catalogue_.relation(relation));
  Table table;
  table.known = std::move(known);
  table.identity = relation.identity;
  for (const RelationColumn& column : relation.columns) table.in_identity.push_back(column.key);
  if (table.known.schema && table.known.changed) {
    if (cut_) return changed_inside(relation);
    if (table.known.before) builder_.keep(table.known.before);
    SchemaChange change;
    change.schema = table.known.before.get();
    change.database = arena_.copy(relation.schema);
    change.table = arena_.copy(relation.table);
    change.statement = "ALTER TABLE (rows come in another shape)";
    const std::span<AddedColumn> added = arena_.array<AddedColumn>(table.known.added.size());
    for (size_t i = 0; i < added.size(); ++i) {
      const Catalogue::Added& column = table.known.added[i];
      added[i] = {arena_.copy(column.name), column.kind, arena_.copy(column.text), column.not_null};
    }
    change.added = added;
    change.renames = table.known.renames;
    add(change);
  }
  tables_[relation.id] = std::move(table);
  return ok();
}

void OutputStream::add(const Change& change) {
  if (!builder_.in_transaction()) builder_.begin(current_.commit_us, !cut_);
  builder_.add(change);
}

std::span<Value> OutputStream::values(const TableSchema& schema) {
  const std::span<Value> out = arena_.array<Value>(schema.columns.size());
  std::fill(out.begin(), out.end(), Value::unchanged());
  return out;
}

Status OutputStream::read(const Table& table, const Tuple& tuple, size_t i, std::span<Value> out) {
  const uint16_t ordinal = table.known.ordinals[i];
  const Field& field = tuple[i];
  if (field.what == Field::What::kNull) out[ordinal] = Value::null();
  const bool binary = field.what == Field::What::kBinary;
  if (!binary && field.what != Field::What::kText) return ok();
  const TableSchema& schema = *table.known.schema;
  const Column& column = schema.columns[ordinal];
  Result<Value> value =
      binary ? read_binary(column, table.known.forms[i], field.bytes, arena_) : read_text(column, field.bytes, arena_);
  if (!value) {
    return std::move(value)
        .error()
        .with(cat("table ", schema.name.text(), ", column ", column.name))
        .about(schema.name.text());
  }
  out[ordinal] = *value;
  return ok();
}

Result<Row> OutputStream::new_row(const Table& table, const Tuple& tuple) {
  if (tuple.size() != table.known.ordinals.size()) return corrupt("a row does not have its relation's columns");
  const std::span<Value> out = values(*table.known.schema);
  for (size_t i = 0; i < tuple.size(); ++i) TRY(read(table, tuple, i, out));
  return Row(out);
}

// Of a key image only the identity's columns are known; the others are sent as null.
Result<Row> OutputStream::old_row(const Table& table, const Tuple& tuple, Old old) {
  if (tuple.size() != table.known.ordinals.size()) return corrupt("a row before does not have its relation's columns");
  const std::span<Value> out = values(*table.known.schema);
  for (size_t i = 0; i < tuple.size(); ++i) {
    if (old == Old::kFull || table.in_identity[i]) TRY(read(table, tuple, i, out));
  }
  return Row(out);
}

// The key of the row before, and what the row before knows of the one after.
Status OutputStream::complete(const Table& table, RowChange& change, Old old) {
  if (change.op == Op::kInsert) return ok();
  const TableSchema& schema = *table.known.schema;
  if (change.op == Op::kUpdate && old != Old::kNone) {
    const std::span<Value> after = values(schema);
    for (size_t i = 0; i < after.size(); ++i) {
      after[i] = change.after[i].is_unchanged() ? change.before[i] : change.after[i];
    }
    change.after = Row(after);
  }
  if (change.op == Op::kUpdate && old == Old::kNone) {
    const std::span<Value> before = values(schema);
    for (const uint16_t o : schema.key) before[o] = change.after[o];
    change.before = Row(before);
  }
  const bool known =
      std::none_of(schema.key.begin(), schema.key.end(), [&](uint16_t o) { return change.before[o].is_unchanged(); });
  if (known && (!schema.keyless() || old == Old::kFull)) return ok();
  return Error(Blame::kConfig,
               cat("table ",
                   schema.name.text(),
                   ": a change does not say which row it is of; ALTER TABLE ",
                   schema.name.text(),
                   " REPLICA IDENTITY FULL, then start again with --on-lost-position=resnapshot"))
      .about(schema.name.text());
}

Status OutputStream::row(const RowMessage& message) {
  if (!open_) return corrupt("a row outside of a transaction");
  const auto found = tables_.find(message.relation);
  if (found == tables_.end()) return corrupt(cat("a row of relation ", message.relation, ", which was not described"));
  Table& table = found->second;
  if (!table.known.schema) return ok();
  RowChange change{table.known.schema.get(), Op::kInsert, {}, {}, false};
  change.op = message.op == RowMessage::Op::kInsert   ? Op::kInsert
              : message.op == RowMessage::Op::kUpdate ? Op::kUpdate
                                                      : Op::kDelete;
  if (message.old != Old::kNone) {
    TRY_ASSIGN(change.before, old_row(table, before_, message.old));
  }
  if (change.op != Op::kDelete) {
    TRY_ASSIGN(change.after, new_row(table, after_));
  }
  TRY(complete(table, change, message.old));
  if (table.kept_in != batch_) {
    builder_.keep(table.known.schema);
    table.kept_in = batch_;
  }
  add(change);
  if (arena_.bytes() - mark_ > fragment_bytes_) {
    // Behind everything before the transaction, and before its end.
    builder_.end(note({current_.final_lsn + 1, current_.xid}), false);
    cut_ = true;
    mark_ = arena_.bytes();
  }
  return ok();
}

Status OutputStream::truncate(const TruncateMessage& message) {
  if (!open_) return corrupt("a truncate outside of a transaction");
  std::vector<SchemaRef> left;
  for (const uint32_t id : message.relations) {
    const auto found = tables_.find(id);
    if (found == tables_.end()) return corrupt(cat("a truncate of relation ", id, ", which was not described"));
    if (found->second.known.schema) left.push_back(found->second.known.schema);
  }
  // Children before their parents, for they go one by one; within a circle in any order.
  while (!left.empty()) {
    auto next = std::find_if(left.begin(), left.end(), [&](const SchemaRef& table) {
      return std::none_of(left.begin(), left.end(), [&](const SchemaRef& other) {
        return other != table && refers_to(*other, table->name);
      });
    });
    if (next == left.end()) next = left.begin();
    builder_.keep(*next);
    add(Truncate{next->get()});
    left.erase(next);
  }
  return ok();
}

Batch OutputStream::take(std::shared_ptr<const PositionLog> positions) {
  ends_.clear();
  ++batch_;
  mark_ = 0;
  return builder_.finish(std::move(positions));
}

}  // namespace weft::pgoutput
