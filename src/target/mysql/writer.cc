// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/writer.h"

#include <algorithm>

#include "base/text.h"
#include "target/target.h"

namespace weft::mysql {
namespace {

constexpr size_t kPieceRows = 1000;           // of one array
constexpr size_t kPieceBytes = 512u << 10;    // and their bytes
constexpr size_t kParametersLimit = 65535;    // of one statement
constexpr size_t kSteps[] = {128, 16, 4, 1};  // rows of one statement: few shapes, so that few are prepared
constexpr size_t kShapesLimit = 500;
constexpr size_t kPayloadKeepBytes = 2u << 20;

size_t bytes_of(Row row) {
  size_t bytes = 0;
  for (const Value& v : row) bytes += 10 + (v.has_view() ? v.view().size() : 2);
  return bytes;
}

Error misfit_error(
    const TablePlan& plan, const TableBatch::Item& item, uint16_t ordinal, const Value& value, Misfit misfit) {
  const Column& source = plan.table.source->columns[ordinal];
  return Error(Blame::kData,
               cat("table ",
                   plan.table.source->name.text(),
                   ", row ",
                   describe_row(plan, item),
                   ": column \"",
                   source.name,
                   "\" of type ",
                   plan.columns[ordinal].storage.printed,
                   " at the target: value ",
                   describe(value),
                   " ",
                   to_string(misfit)),
               std::string(misfit == Misfit::kNull ? kNotNullViolation : "22000"))
      .about(plan.table.source->name.text());
}

}  // namespace

std::string describe_row(const TablePlan& plan, const TableBatch::Item& item) {
  const Row row = item.before.empty() ? item.after : item.before;
  if (plan.keyless()) return describe(row).substr(0, 400);
  return describe(key_of(*plan.table.source, row).row());
}

void Writer::start() {
  places_.clear();
  affected_.clear();
  payload_.shrink_to(kPayloadKeepBytes);
  if (shapes_.size() > kShapesLimit) shapes_.clear();
}

Status Writer::finish() {
  Status done = queue_.finish([this](uint64_t tag, const CommandQueue::Answer& answer) {
    if (tag == kNoPlace) return;
    const Place& place = places_[tag];
    // An upsert counts a row that was there twice.
    const bool upserts = place.batch->op == BatchOp::kUpsert || place.batch->op == BatchOp::kMend;
    affected_[place.number] += upserts ? place.count : answer.affected;
  });
  if (done || queue_.failed_tag() >= places_.size()) return done;
  return explain(done.error(), places_[queue_.failed_tag()]);
}

Status Writer::write(const TablePlan& plan, const TableBatch& batch) {
  affected_.push_back(0);
  if (batch.op == BatchOp::kTruncate) {
    places_.push_back({&plan, &batch, affected_.size() - 1, 0, 0});
    queue_.query(truncate_statement(plan), places_.size() - 1);
    return ok();
  }
  written_.clear();
  for (const uint16_t o : batch.columns) {
    if (plan.columns[o].written || batch.op == BatchOp::kDeleteRivals) written_.push_back(o);
  }
  if (batch.rows.empty()) return ok();
  // A row that holds the same already sets no trigger off; without one the server itself leaves it alone.
  if (batch.op == BatchOp::kMend && !plan.table.triggers.empty() && !plan.keyless()) return mend(plan, batch);
  return write_rows(plan, batch);
}

Status Writer::write_rows(const TablePlan& plan, const TableBatch& batch) {
  if (queue_.session().facts().bulk_execute && batch.rows.size() > 1) return in_bulk(plan, batch);
  return in_statements(plan, batch);
}

// How many rows fit into one statement, one at least.
size_t Writer::rows_for_now(const TableBatch& batch, size_t first, size_t most) const {
  const size_t end = std::min(batch.rows.size(), first + most);
  const size_t limit = std::min(kPieceBytes, packet_limit_ / 2);
  size_t bytes = 0;
  size_t at = first;
  while (at < end) {
    bytes += bytes_of(batch.rows[at].before) + bytes_of(batch.rows[at].after);
    if (at > first && bytes > limit) break;
    ++at;
  }
  return at - first;
}

Status Writer::in_bulk(const TablePlan& plan, const TableBatch& batch) {
  for (size_t first = 0; first < batch.rows.size();) {
    const size_t count = rows_for_now(batch, first, kPieceRows);
    const Shape& one = shape(plan, batch.op, 1);
    if (one.types.empty()) return in_statements(plan, batch);
    payload_.begin_bulk(one.types);
    for (size_t i = first; i < first + count; ++i) TRY(put_row(plan, one, batch.rows[i]));
    TRY(send(one, {&plan, &batch, affected_.size() - 1, first, count}, true));
    first += count;
  }
  return ok();
}

Status Writer::in_statements(const TablePlan& plan, const TableBatch& batch) {
  const bool several = takes_rows(plan, batch.op);
  const size_t width = std::max<size_t>(1, batch.op == BatchOp::kDelete ? 1 : written_.size());
  for (size_t first = 0; first < batch.rows.size();) {
    const size_t most = several ? rows_for_now(batch, first, std::min(kSteps[0], kParametersLimit / width)) : 1;
    const size_t count = *std::ranges::find_if(kSteps, [&](size_t step) { return step <= most; });
    const Shape& some = shape(plan, batch.op, count);
    payload_.begin(some.types, count);
    for (size_t i = first; i < first + count; ++i) TRY(put_row(plan, some, batch.rows[i]));
    TRY(send(some, {&plan, &batch, affected_.size() - 1, first, count}, false));
    first += count;
  }
  return ok();
}

// Which rows hold the same is asked first, all at once: an answer counts the rows that were found.
Status Writer::mend(const TablePlan& plan, const TableBatch& batch) {
  TRY(finish());
  std::vector<bool> same(batch.rows.size());
  const Shape& look = same_row_shape(plan);
  TRY_ASSIGN(const uint32_t statement, queue_.prepare(look.statement.sql));
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    payload_.begin(look.types, 1);
    TRY(put_row(plan, look, batch.rows[i]));
    queue_.execute(statement, payload_.bytes(), i);
  }
  TRY(queue_.finish([&](uint64_t tag, const CommandQueue::Answer& answer) { same[tag] = answer.affected > 0; }));
  const Shape& one = shape(plan, batch.op, 1);
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    if (same[i]) {
      ++affected_.back();
      continue;
    }
    payload_.begin(one.types, 1);
    TRY(put_row(plan, one, batch.rows[i]));
    TRY(send(one, {&plan, &batch, affected_.size() - 1, i, 1}, false));
  }
  return ok();
}

void Writer::measure(const TablePlan& plan, Shape& shape) {
  for (const ParamColumn& part : shape.statement.params) {
    shape.types.push_back(wire_type(plan.columns[part.ordinal].storage));
  }
}

const Writer::Shape& Writer::shape(const TablePlan& plan, BatchOp op, size_t rows) {
  key_.clear();
  const uint64_t id[] = {plan.table.handle, static_cast<uint64_t>(op), rows};
  key_.append(reinterpret_cast<const char*>(id), sizeof id);
  key_.append(reinterpret_cast<const char*>(written_.data()), written_.size() * sizeof(uint16_t));
  const auto [at, added] = shapes_.try_emplace(key_);
  if (added) {
    at->second.statement = row_statement(plan, op, written_, rows);
    measure(plan, at->second);
  }
  return at->second;
}

const Writer::Shape& Writer::same_row_shape(const TablePlan& plan) {
  key_.assign("same row ");
  const uint64_t handle = plan.table.handle;
  key_.append(reinterpret_cast<const char*>(&handle), sizeof handle);
  key_.append(reinterpret_cast<const char*>(written_.data()), written_.size() * sizeof(uint16_t));
  const auto [at, added] = shapes_.try_emplace(key_);
  if (added) {
    at->second.statement = same_row_statement(plan, written_);
    measure(plan, at->second);
  }
  return at->second;
}

Status Writer::put_row(const TablePlan& plan, const Shape& shape, const TableBatch::Item& item) {
  for (const ParamColumn& part : shape.statement.params) {
    const Value& value = (part.before ? item.before : item.after)[part.ordinal];
    const PlannedColumn& column = plan.columns[part.ordinal];
    if (value.is_null()) {
      if (column.not_null && !part.before) return misfit_error(plan, item, part.ordinal, value, Misfit::kNull);
      payload_.null();
      continue;
    }
    if (value.is_unchanged()) {
      return Error(Blame::kBug,
                   cat("table ", plan.table.source->name.text(), " column ", column.quoted, ": no value to write"));
    }
    const Misfit misfit = append_value(payload_.value(), column.storage, value, column.padded);
    if (misfit != Misfit::kNone) return misfit_error(plan, item, part.ordinal, value, misfit);
  }
  return ok();
}

Status Writer::send(const Shape& shape, const Place& place, bool bulk) {
  if (payload_.size() + 64 > packet_limit_) {
    return Error(Blame::kData,
                 cat("table ",
                     place.plan->table.source->name.text(),
                     ", row ",
                     describe_row(*place.plan, place.batch->rows[place.first]),
                     ": its ",
                     payload_.size(),
                     " bytes are more than the target takes at once; raise max_allowed_packet there, now ",
                     packet_limit_),
                 "1153")
        .about(place.plan->table.source->name.text());
  }
  const auto statement = queue_.prepare(shape.statement.sql);
  if (!statement) {
    // Of something that was queued before, or of the statement itself.
    TRY(finish());
    return explain(statement.error(), place);
  }
  places_.push_back(place);
  if (bulk) {
    queue_.execute_in_bulk(*statement, payload_.bytes(), places_.size() - 1);
  } else {
    queue_.execute(*statement, payload_.bytes(), places_.size() - 1);
  }
  return ok();
}

Error Writer::explain(const Error& error, const Place& place) const {
  if (queue_.broken()) return error;
  std::string where = cat("table ", place.plan->table.source->name.text());
  if (place.count == 1) where += cat(", row ", describe_row(*place.plan, place.batch->rows[place.first]));
  // What the statement does to a row that another unique index, or a key that only looks the same, has found.
  constexpr uint32_t kNull = 1048;
  const bool guarded = place.plan->guarded && queue_.failed_number() == kNull &&
                       (place.batch->op == BatchOp::kUpsert || place.batch->op == BatchOp::kMend);
  const std::string table = place.plan->table.source->name.text();
  if (!guarded) return error.with(where).about(table);
  where += ": another row of the target holds one of its unique values, or a key that is taken for the same";
  return Error(Blame::kData, cat(where, ": ", error.message()), std::string(kUniqueViolation)).about(table);
}

}  // namespace weft::mysql
