// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/sqlite_port.h"

namespace weft::sqlite {
namespace {

using bookkeeping::Parameter;
using bookkeeping::Record;

Result<Statement*> bound(Connection& connection, std::string_view sql, std::span<const Parameter> parameters) {
  TRY_ASSIGN(Statement * statement, connection.statement(sql));
  int at = 0;
  for (const Parameter& parameter : parameters) {
    ++at;
    if (const auto* number = std::get_if<int64_t>(&parameter)) {
      statement->bind(at, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
      statement->bind_text(at, *text);
    } else {
      statement->bind_null(at);
    }
  }
  return statement;
}

}  // namespace

Result<uint64_t> SqlitePort::run(std::string_view sql, std::span<const Parameter> parameters) {
  TRY_ASSIGN(Statement * statement, bound(connection_, sql, parameters));
  TRY(statement->run());
  return static_cast<uint64_t>(connection_.changes());
}

Result<std::vector<Record>> SqlitePort::rows(std::string_view sql, std::span<const Parameter> parameters) {
  TRY_ASSIGN(Statement * statement, bound(connection_, sql, parameters));
  std::vector<Record> records;
  while (true) {
    TRY_ASSIGN(const bool row, statement->step());
    if (!row) break;
    Record record;
    for (int i = 0; i < statement->columns(); ++i) {
      record.push_back(statement->is_null(i) ? std::nullopt : std::optional<std::string>(statement->bytes(i)));
    }
    records.push_back(std::move(record));
  }
  statement->reset();
  return records;
}

}  // namespace weft::sqlite
