// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/pipeline.h"

#include <algorithm>

#include <libpq-fe.h>

#include "base/text.h"

namespace weft::postgres {

Statement* Pipeline::find(const std::string& key) {
  const auto at = statements_.find(key);
  return at == statements_.end() ? nullptr : &at->second;
}

Statement& Pipeline::add(const std::string& key, std::string sql, std::vector<uint32_t> types) {
  Statement& statement = statements_[key];
  statement.name = cat("weft_", ++names_);
  statement.sql = std::move(sql);
  statement.types = std::move(types);
  return statement;
}

Status Pipeline::fail(Error error) {
  queued_.clear();
  unflushed_ = 0;
  return error;
}

Status Pipeline::enter() {
  if (connection_.broken()) return fail(connection_.lost());
  if (PQpipelineStatus(connection_.conn_.get()) == PQ_PIPELINE_ON) return ok();
  if (PQenterPipelineMode(connection_.conn_.get()) != 1) return fail(connection_.lost());
  return ok();
}

Status Pipeline::queued(Statement* statement, uint64_t tag, bool preparing, size_t bytes) {
  queued_.push_back({statement, tag, preparing});
  unflushed_ += bytes;
  if (unflushed_ < kFlushBytes) return ok();
  unflushed_ = 0;
  if (Status flushed = connection_.flush(); !flushed) return fail(std::move(flushed).error());
  return ok();
}

Status Pipeline::prepare(Statement& statement, uint64_t tag) {
  const int sent = PQsendPrepare(connection_.conn_.get(),
                                 statement.name.c_str(),
                                 statement.sql.c_str(),
                                 static_cast<int>(statement.types.size()),
                                 statement.types.data());
  if (sent != 1) return fail(connection_.lost());
  statement.state = Statement::State::kSent;
  return queued(&statement, tag, true, statement.sql.size());
}

size_t Pipeline::lay_out(std::span<const Param> params) {
  values_.clear();
  sizes_.clear();
  size_t bytes = 64;
  for (const Param& param : params) {
    values_.push_back(param.data);
    sizes_.push_back(param.size);
    bytes += static_cast<size_t>(param.size) + 4;
  }
  formats_.resize(params.size(), 1);
  return bytes;
}

Status Pipeline::send(Statement& statement, std::span<const Param> params, uint64_t tag) {
  TRY(enter());
  if (statement.state == Statement::State::kNew) TRY(prepare(statement, tag));
  statement.used = ++sent_;
  const size_t bytes = lay_out(params);
  const int sent = PQsendQueryPrepared(connection_.conn_.get(),
                                       statement.name.c_str(),
                                       static_cast<int>(params.size()),
                                       values_.data(),
                                       sizes_.data(),
                                       formats_.data(),
                                       0);
  if (sent != 1) return fail(connection_.lost());
  return queued(&statement, tag, false, bytes);
}

Status Pipeline::send_once(const std::string& sql,
                           const std::vector<uint32_t>& types,
                           std::span<const Param> params,
                           uint64_t tag) {
  TRY(enter());
  const size_t bytes = lay_out(params) + sql.size();
  const int sent = PQsendQueryParams(connection_.conn_.get(),
                                     sql.c_str(),
                                     static_cast<int>(params.size()),
                                     types.data(),
                                     values_.data(),
                                     sizes_.data(),
                                     formats_.data(),
                                     0);
  if (sent != 1) return fail(connection_.lost());
  return queued(nullptr, tag, false, bytes);
}

Status Pipeline::send(const std::string& sql, uint64_t tag) {
  Statement* statement = find(sql);
  if (statement == nullptr) statement = &add(sql, sql, {});
  return send(*statement, {}, tag);
}

Status Pipeline::take(const Queued& item, const Visit& visit, std::optional<Error>& failed) {
  for (;;) {
    auto next = connection_.next_result();
    if (!next) return std::move(next).error();
    if (*next == nullptr) {
      if (connection_.broken()) return connection_.lost();
      return ok();
    }
    const Answer answer(*next);
    const ExecStatusType status = PQresultStatus(*next);
    if (status == PGRES_PIPELINE_ABORTED) {
      if (item.preparing) item.statement->state = Statement::State::kNew;
    } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      if (item.preparing) {
        item.statement->state = Statement::State::kReady;
      } else {
        visit(item.tag, answer);
      }
    } else {
      if (item.preparing) item.statement->state = Statement::State::kNew;
      Error error = connection_.server_error(*next);
      if (connection_.broken()) return error;
      if (!failed) failed_tag_ = item.tag;
      if (!failed) failed = std::move(error);
    }
  }
}

Status Pipeline::take_sync() {
  TRY_ASSIGN(pg_result * result, connection_.next_result());
  const Answer answer(result);
  if (result != nullptr && PQresultStatus(result) == PGRES_PIPELINE_SYNC) return ok();
  return connection_.lost();
}

Status Pipeline::finish(const Visit& visit) {
  if (queued_.empty()) return ok();
  unflushed_ = 0;
  if (PQpipelineSync(connection_.conn_.get()) != 1) return fail(connection_.lost());
  if (Status flushed = connection_.flush(); !flushed) return fail(std::move(flushed).error());
  std::optional<Error> failed;
  while (!queued_.empty()) {
    const Queued item = queued_.front();
    failed_tag_ = failed ? failed_tag_ : item.tag;
    if (Status taken = take(item, visit, failed); !taken) return fail(std::move(taken).error());
    queued_.pop_front();
  }
  TRY(take_sync());
  if (PQexitPipelineMode(connection_.conn_.get()) != 1) return connection_.lost();
  if (failed) {
    if (failed->code() == "26000") forget();
    return *std::move(failed);
  }
  return ok();
}

Status Pipeline::trim() {
  if (statements_.size() <= statement_limit_) return ok();
  std::vector<std::pair<uint64_t, std::string>> by_use;
  for (const auto& [key, statement] : statements_) by_use.emplace_back(statement.used, key);
  std::sort(by_use.begin(), by_use.end());
  by_use.resize(statements_.size() - statement_limit_ * 3 / 4);
  std::string sql;
  for (const auto& [used, key] : by_use) {
    const auto at = statements_.find(key);
    if (at->second.state == Statement::State::kReady) sql += cat("DEALLOCATE ", at->second.name, ";");
    statements_.erase(at);
  }
  if (!sql.empty()) TRY(connection_.execute(sql));
  return ok();
}

void Pipeline::forget() {
  statements_.clear();
}

}  // namespace weft::postgres
