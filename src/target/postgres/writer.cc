// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/writer.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft::postgres {
namespace {

constexpr size_t kCopyFrom = 32;          // rows from which COPY is worth its round trips
constexpr size_t kArraysFrom = 4;         // rows from which one statement with arrays beats one each
constexpr size_t kJoinsFrom = 16;         // the same where arrays are joined to the table, which is planned each time
constexpr size_t kPieceRows = 2000;       // rows of one statement
constexpr size_t kPieceBytes = 1u << 20;  // and their bytes
constexpr size_t kCopyFlushBytes = 64u << 10;
constexpr size_t kBufferKeepBytes = 4u << 20;
constexpr size_t kShapesLimit = 1000;

size_t bytes_of(Row row) {
  size_t bytes = 0;
  for (const Value& v : row) bytes += 4 + (v.has_view() ? v.view().size() : 8);
  return bytes;
}

// The row number in "COPY orders, line 3, column qty", counted from 1; 0 if there is none.
size_t line_in(std::string_view context) {
  constexpr std::string_view kLine = ", line ";
  const size_t at = context.find(kLine);
  if (at == std::string_view::npos) return 0;
  size_t line = 0;
  std::from_chars(context.data() + at + kLine.size(), context.data() + context.size(), line);
  return line;
}

}  // namespace

std::string describe_row(const TablePlan& plan, const TableBatch::Item& item) {
  const Row row = item.before.empty() ? item.after : item.before;
  if (plan.keyless()) return describe(row).substr(0, 400);
  return describe(key_of(*plan.table.source, row).row());
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
                   plan.columns[ordinal].type.printed,
                   " at the target: value ",
                   describe(value),
                   " ",
                   to_string(misfit)),
               "22000")
      .about(plan.table.source->name.text());
}

void Writer::start(std::vector<std::string> begin) {
  begin_ = std::move(begin);
  places_.clear();
  affected_.clear();
  buffer_.shrink_to(kBufferKeepBytes);
  if (shapes_.size() > kShapesLimit) shapes_.clear();
}

Status Writer::send_begin() {
  for (const std::string& sql : begin_) TRY(pipeline_.send(sql, kNoPlace));
  begin_.clear();
  return ok();
}

Status Writer::finish() {
  const Status done = pipeline_.finish([this](uint64_t tag, const Answer& answer) {
    if (tag != kNoPlace) affected_[places_[tag].number] += answer.affected();
  });
  if (done || pipeline_.failed_tag() == kNoPlace || pipeline_.failed_tag() >= places_.size()) return done;
  return explain(done.error(), places_[pipeline_.failed_tag()]);
}

Status Writer::write(const TablePlan& plan, const TableBatch& batch) {
  affected_.push_back(0);
  if (batch.op == BatchOp::kTruncate) return truncate(plan, batch);
  if (batch.rows.empty()) return ok();
  written_.clear();
  for (const uint16_t o : batch.columns) {
    if (plan.columns[o].written) written_.push_back(o);
  }
  const bool fresh = batch.op == BatchOp::kCopy || (batch.op == BatchOp::kInsert && batch.rows.size() >= kCopyFrom);
  if (fresh && plan.copy) return copy(plan, batch);
  return rows_by_statement(plan, batch);
}

Status Writer::truncate(const TablePlan& plan, const TableBatch& batch) {
  TRY(send_begin());
  places_.push_back({&plan, &batch, affected_.size() - 1, 0, 0});
  return pipeline_.send(truncate_statement(plan), places_.size() - 1);
}

Status Writer::copy(const TablePlan& plan, const TableBatch& batch) {
  TRY(finish());
  std::string sql;
  for (const std::string& before : begin_) sql += before + ";";
  begin_.clear();
  const Place place{&plan, &batch, affected_.size() - 1, 0, batch.rows.size()};
  if (Status begun = connection_.copy_begin(sql + copy_statement(plan, written_)); !begun) {
    return explain(std::move(begun).error(), place);
  }
  if (Status sent = copy_rows(plan, batch); !sent) {
    if (!connection_.broken()) TRY(connection_.copy_fail("a row does not fit"));
    return sent;
  }
  auto copied = connection_.copy_end();
  if (!copied) return explain(std::move(copied).error(), place);
  affected_.back() = *copied;
  return ok();
}

Status Writer::copy_rows(const TablePlan& plan, const TableBatch& batch) {
  buffer_.clear();
  begin_copy(buffer_);
  for (const TableBatch::Item& item : batch.rows) {
    begin_copy_row(buffer_, written_.size());
    for (const uint16_t o : written_) {
      const Misfit bad = append_value(buffer_, plan.columns[o].type, item.after[o]);
      if (bad != Misfit::kNone) return misfit_error(plan, item, o, item.after[o], bad);
    }
    if (buffer_.size() < kCopyFlushBytes) continue;
    TRY(connection_.copy_data(buffer_.view()));
    buffer_.clear();
  }
  end_copy(buffer_);
  return connection_.copy_data(buffer_.view());
}

size_t Writer::piece(const TableBatch& batch, size_t first) const {
  const size_t end = std::min(batch.rows.size(), first + kPieceRows);
  size_t bytes = 0;
  size_t at = first;
  while (at < end && (at == first || bytes < kPieceBytes)) {
    bytes += bytes_of(batch.rows[at].before) + bytes_of(batch.rows[at].after);
    ++at;
  }
  return at - first;
}

Status Writer::rows_by_statement(const TablePlan& plan, const TableBatch& batch) {
  TRY(send_begin());
  const bool changes_found_rows = batch.op == BatchOp::kUpdate || batch.op == BatchOp::kDelete;
  const bool joins = batch.op == BatchOp::kUpdate || (batch.op == BatchOp::kDelete && plan.key.size() > 1);
  const size_t arrays_from = joins ? kJoinsFrom : kArraysFrom;
  if (batch.rows.size() < arrays_from || (plan.keyless() && changes_found_rows))
    return one_by_one(plan, batch, 0, batch.rows.size());
  for (size_t first = 0; first < batch.rows.size();) {
    const size_t count = piece(batch, first);
    TRY(many(plan, batch, first, count));
    first += count;
  }
  return ok();
}

const RowStatement& Writer::shape(const TablePlan& plan, const TableBatch& batch, Rows rows) {
  key_.clear();
  const uint64_t handle = plan.table.handle;
  key_.append(reinterpret_cast<const char*>(&handle), sizeof handle);
  key_.push_back(static_cast<char>(batch.op));
  key_.push_back(static_cast<char>(rows));
  key_.append(reinterpret_cast<const char*>(written_.data()), written_.size() * sizeof(uint16_t));
  const auto [at, added] = shapes_.try_emplace(key_);
  if (added) at->second = row_statement(plan, batch.op, written_, rows);
  return at->second;
}

Status Writer::send(const RowStatement& shape, const Place& place) {
  params_.clear();
  for (const auto& [at, size] : marks_) {
    params_.push_back(size == SIZE_MAX ? Param{} : Param{buffer_.data() + at, static_cast<int>(size)});
  }
  const uint64_t tag = places_.size();
  places_.push_back(place);
  if (shape.replan) return pipeline_.send_once(shape.sql, shape.types, params_, tag);
  Statement* found = pipeline_.find(key_);
  if (found == nullptr) found = &pipeline_.add(key_, shape.sql, shape.types);
  return pipeline_.send(*found, params_, tag);
}

Status Writer::one_by_one(const TablePlan& plan, const TableBatch& batch, size_t first, size_t count) {
  const RowStatement& statement = shape(plan, batch, Rows::kOne);
  for (size_t i = first; i < first + count; ++i) {
    const TableBatch::Item& item = batch.rows[i];
    buffer_.clear();
    marks_.clear();
    for (const ParamColumn& p : statement.params) {
      const Value& value = (p.before ? item.before : item.after)[p.ordinal];
      const size_t at = buffer_.size();
      const Misfit bad = append_value(buffer_, plan.columns[p.ordinal].type, value);
      if (bad != Misfit::kNone) return misfit_error(plan, item, p.ordinal, value, bad);
      // Without the length in front, which parameters carry apart.
      marks_.push_back(value.is_null() ? std::pair(at, SIZE_MAX) : std::pair(at + 4, buffer_.size() - at - 4));
    }
    TRY(send(statement, {&plan, &batch, affected_.size() - 1, i, 1}));
  }
  return ok();
}

Status Writer::many(const TablePlan& plan, const TableBatch& batch, size_t first, size_t count) {
  const RowStatement& statement = shape(plan, batch, Rows::kMany);
  buffer_.clear();
  marks_.clear();
  for (const ParamColumn& p : statement.params) {
    const ColumnType& type = plan.columns[p.ordinal].type;
    const size_t start = buffer_.size();
    begin_array(buffer_, type.transport, count);
    for (size_t i = first; i < first + count; ++i) {
      const TableBatch::Item& item = batch.rows[i];
      const Value& value = (p.before ? item.before : item.after)[p.ordinal];
      const Misfit bad = append_value(buffer_, type, value);
      if (bad != Misfit::kNone) return misfit_error(plan, item, p.ordinal, value, bad);
    }
    marks_.emplace_back(start, buffer_.size() - start);
  }
  return send(statement, {&plan, &batch, affected_.size() - 1, first, count});
}

Error Writer::explain(Error error, const Place& place) const {
  if (connection_.broken()) return error;
  std::string where = cat("table ", place.plan->table.source->name.text());
  const size_t line = line_in(connection_.last_error().context);
  if (line >= 1 && line <= place.count) {
    where += cat(", row ", describe_row(*place.plan, place.batch->rows[place.first + line - 1]));
  } else if (place.count == 1) {
    where += cat(", row ", describe_row(*place.plan, place.batch->rows[place.first]));
  }
  return error.with(where).about(place.plan->table.source->name.text());
}

}  // namespace weft::postgres
