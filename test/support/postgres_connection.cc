// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_connection.h"

#include <memory>
#include <utility>

#include <libpq-fe.h>

namespace weft::support {

namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};

using Result = std::unique_ptr<PGresult, Clear>;

Rows fetched(const PGresult* result) {
  Rows rows;
  for (int i = 0; i < PQntuples(result); ++i) {
    Row& cells = rows.emplace_back();
    for (int j = 0; j < PQnfields(result); ++j) {
      if (PQgetisnull(result, i, j) != 0) {
        cells.emplace_back();
      } else {
        cells.emplace_back(std::string(PQgetvalue(result, i, j), static_cast<std::size_t>(PQgetlength(result, i, j))));
      }
    }
  }
  return rows;
}

}  // namespace

PostgresConnection::PostgresConnection(const std::string& conninfo) : handle_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(handle_) == CONNECTION_OK) {
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    return;
  }
  const SqlError error(std::string("cannot connect: ") + PQerrorMessage(handle_), "08001");
  PQfinish(handle_);
  throw error;
}

PostgresConnection::PostgresConnection(PostgresConnection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)) {}

PostgresConnection& PostgresConnection::operator=(PostgresConnection&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

PostgresConnection::~PostgresConnection() {
  if (handle_ != nullptr) PQfinish(handle_);
}

void PostgresConnection::exec(const std::string& sql) {
  [[maybe_unused]] const auto rows = query(sql);
}

Rows PostgresConnection::query(const std::string& sql) {
  const Result result(PQexec(handle_, sql.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK) return fetched(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return {};
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  throw SqlError(sql.substr(0, 200) + ": " + PQerrorMessage(handle_), state == nullptr ? "08006" : state);
}

}  // namespace weft::support
