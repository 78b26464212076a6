// SPDX-License-Identifier: Apache-2.0
// COPY of a Connection, both ways.
#include <libpq-fe.h>

#include "base/text.h"
#include "engine/postgres/connection.h"

namespace weft::postgres {

Status Connection::copy_begin(const std::string& sql) {
  if (broken() || PQsendQuery(conn_.get(), sql.c_str()) == 0) return lost();
  TRY(flush());
  for (;;) {
    TRY_ASSIGN(pg_result * result, next_result());
    if (result == nullptr) return Error(Blame::kBug, "a COPY statement did not start a COPY: " + sql);
    const Answer answer(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN) return ok();
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) continue;  // statements before the COPY
    Error error = server_error(result);
    TRY(finish());
    return error;
  }
}

Status Connection::copy_data(std::string_view bytes) {
  for (;;) {
    const int queued = PQputCopyData(conn_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (queued < 0) return lost();
    TRY(flush());
    if (queued > 0) return ok();
  }
}

Result<uint64_t> Connection::copy_end() {
  if (PQputCopyEnd(conn_.get(), nullptr) != 1) return lost();
  TRY(flush());
  TRY_ASSIGN(const Answer answer, finish());
  return answer.affected();
}

Status Connection::copy_fail(const std::string& reason) {
  if (PQputCopyEnd(conn_.get(), reason.c_str()) != 1) return lost();
  TRY(flush());
  const auto answer = finish();
  if (!answer && broken()) return answer.error();
  return ok();
}

Status Connection::copy_out_begin(const std::string& sql) {
  if (broken() || PQsendQuery(conn_.get(), sql.c_str()) == 0) return lost();
  TRY(flush());
  TRY_ASSIGN(pg_result * result, next_result());
  if (result == nullptr) return Error(Blame::kBug, "a COPY statement did not start a COPY: " + sql);
  const Answer answer(result);
  if (PQresultStatus(result) == PGRES_COPY_OUT) return ok();
  Error error = server_error(result);
  TRY(finish());
  return error;
}

Result<std::optional<std::string_view>> Connection::copy_out_next() {
  std::optional<SteadyTime> deadline;
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(conn_.get(), &data, 1);
    message_.reset(data);
    if (size > 0) return std::optional(std::string_view(data, static_cast<size_t>(size)));
    if (size < 0) {
      TRY(finish());
      return std::optional<std::string_view>();
    }
    // Most rows are there already, and need no clock.
    if (!deadline) deadline = clock_->now() + answer_timeout_;
    TRY(wait(false, *deadline, answer_timeout_ > Duration(0)));
    if (PQconsumeInput(conn_.get()) == 0) return lost();
  }
}

}  // namespace weft::postgres
