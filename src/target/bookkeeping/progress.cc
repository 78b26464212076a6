// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/progress.h"

#include "base/text.h"
#include "target/bookkeeping/dialect.h"
#include "target/refusals.h"

namespace weft::bookkeeping {
namespace {

// The only stream; the column is room for pipelines of several.
constexpr std::string_view kOfPipeline = " WHERE pipeline = ? AND stream = ''";

std::string advance_sql(Dialect dialect) {
  return cat(
      "UPDATE _weft_progress SET version = ?, sequence = ?, position = ?, journal_id = ?, source_id = ?, "
      "source_time_us = ?, "
      "source_time = ",
      time_of_parameter(dialect),
      ", applied_at = ",
      now_text(dialect),
      kOfPipeline,
      " AND epoch = ? AND version = ?");
}

std::string insert_sql(Dialect dialect) {
  return cat(
      "INSERT INTO _weft_progress (pipeline, stream, version, epoch, sequence, position, journal_id, source_id, "
      "source_time_us, source_time, applied_at) VALUES (?, '', ?, ?, ?, ?, ?, ?, ?, ",
      time_of_parameter(dialect),
      ", ",
      now_text(dialect),
      ")");
}

}  // namespace

Statement advance_statement(
    Dialect dialect, const std::string& name, const Progress& from, const Progress& to, const std::string& position) {
  static const std::string kMySql = advance_sql(Dialect::kMySql);
  static const std::string kSqlite = advance_sql(Dialect::kSqlite);
  return {dialect == Dialect::kMySql ? kMySql : kSqlite,
          {number(to.version),
           number(to.sequence.value()),
           position,
           to.journal_id,
           to.source_id,
           to.source_time_us,
           time_parameter(to.source_time_us),
           name,
           number(from.epoch),
           number(from.version)}};
}

Result<bool> advance(SqlPort& port, const std::string& name, const Progress& from, const Progress& to) {
  const std::string position = to.position.text();
  const Statement statement = advance_statement(port.dialect(), name, from, to, position);
  TRY_ASSIGN(const uint64_t found, port.run(statement.sql, statement.parameters));
  return found == 1;
}

Error explain_moved(SqlPort& port, const std::string& name, const Progress& from) {
  const auto now = read_progress(port, name);
  if (!now) return now.error().with("reading progress after a refused commit");
  return progress_moved(name, from, *now);
}

Result<std::optional<Progress>> read_progress(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records,
             port.rows(cat("SELECT version, epoch, sequence, position, journal_id, source_id, source_time_us FROM "
                           "_weft_progress",
                           kOfPipeline),
                       std::vector<Parameter>{name}));
  if (records.empty()) return std::optional<Progress>();
  const Record& record = records[0];
  Progress progress;
  progress.version = static_cast<uint64_t>(number_of(record, 0));
  progress.epoch = static_cast<uint64_t>(number_of(record, 1));
  progress.sequence = Sequence(static_cast<uint64_t>(number_of(record, 2)));
  progress.position = Position(text_of(record, 3));
  progress.journal_id = text_of(record, 4);
  progress.source_id = text_of(record, 5);
  progress.source_time_us = number_of(record, 6);
  return std::optional<Progress>(std::move(progress));
}

// The row is locked by the UPDATE: what is read behind it is what the former holder left for good.
Result<std::optional<Progress>> take_over_progress(SqlPort& port, const std::string& name, uint64_t epoch) {
  TRY_ASSIGN(const uint64_t found,
             port.run(cat("UPDATE _weft_progress SET epoch = ?, version = version + 1", kOfPipeline),
                      std::vector<Parameter>{number(epoch), name}));
  if (found == 0) return std::optional<Progress>();
  return read_progress(port, name);
}

Status insert_progress(SqlPort& port, const std::string& name, const Progress& first) {
  const std::string position = first.position.text();
  TRY(port.run(insert_sql(port.dialect()),
               std::vector<Parameter>{name,
                                      number(first.version),
                                      number(first.epoch),
                                      number(first.sequence.value()),
                                      position,
                                      first.journal_id,
                                      first.source_id,
                                      first.source_time_us,
                                      time_parameter(first.source_time_us)}));
  return ok();
}

}  // namespace weft::bookkeeping
