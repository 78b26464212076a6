// SPDX-License-Identifier: Apache-2.0
#include "support/mysql_connection.h"

#include <mutex>
#include <utility>

#include <mysql.h>

namespace weft::support {

namespace {

constexpr unsigned kTimeoutSeconds = 10;

[[noreturn]] void throw_error(MYSQL* handle, const std::string& doing) {
  throw SqlError(doing + ": " + mysql_error(handle), std::to_string(mysql_errno(handle)));
}

Rows fetched(MYSQL* handle, MYSQL_RES* result, const std::string& sql) {
  Rows rows;
  const unsigned columns = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    Row& cells = rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      if (row[i] == nullptr) {
        cells.emplace_back();
      } else {
        cells.emplace_back(std::string(row[i], lengths[i]));
      }
    }
  }
  mysql_free_result(result);
  if (mysql_errno(handle) != 0) throw_error(handle, sql.substr(0, 200));
  return rows;
}

}  // namespace

MysqlConnection::MysqlConnection(const MysqlEndpoint& endpoint) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
  handle_ = mysql_init(nullptr);
  mysql_options(handle_, MYSQL_OPT_CONNECT_TIMEOUT, &kTimeoutSeconds);
  mysql_options(handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const bool local = !endpoint.socket.empty();
  const MYSQL* connected = mysql_real_connect(handle_,
                                              local ? "localhost" : endpoint.host.c_str(),
                                              endpoint.user.c_str(),
                                              endpoint.password.c_str(),
                                              endpoint.database.empty() ? nullptr : endpoint.database.c_str(),
                                              endpoint.port,
                                              local ? endpoint.socket.c_str() : nullptr,
                                              CLIENT_MULTI_STATEMENTS);
  if (connected != nullptr) return;
  const SqlError error(std::string("cannot connect: ") + mysql_error(handle_), std::to_string(mysql_errno(handle_)));
  mysql_close(handle_);
  throw error;
}

MysqlConnection::MysqlConnection(MysqlConnection&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

MysqlConnection& MysqlConnection::operator=(MysqlConnection&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

MysqlConnection::~MysqlConnection() {
  if (handle_ != nullptr) mysql_close(handle_);
}

void MysqlConnection::exec(const std::string& sql) {
  [[maybe_unused]] const auto rows = query(sql);
}

Rows MysqlConnection::query(const std::string& sql) {
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) throw_error(handle_, sql.substr(0, 200));
  Rows last;
  for (;;) {
    if (MYSQL_RES* result = mysql_store_result(handle_)) {
      last = fetched(handle_, result, sql);
    } else if (mysql_field_count(handle_) != 0) {
      throw_error(handle_, sql.substr(0, 200));
    }
    const int more = mysql_next_result(handle_);
    if (more < 0) return last;
    if (more > 0) throw_error(handle_, sql.substr(0, 200));
  }
}

}  // namespace weft::support
