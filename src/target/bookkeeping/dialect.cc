// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/dialect.h"

#include <charconv>

#include "base/text.h"

namespace weft::bookkeeping {
namespace {

constexpr int64_t kLastUs = 253402300799999999;  // 9999-12-31 23:59:59.999999

}  // namespace

// MySQL's sessions may be in any time zone: UTC_TIMESTAMP() is the same in all. SQLite counts milliseconds.
std::string_view now_us(Dialect dialect) {
  return dialect == Dialect::kMySql ? "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
                                    : "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000";
}

std::string_view now_text(Dialect dialect) {
  return dialect == Dialect::kMySql ? "UTC_TIMESTAMP(6)" : "strftime('%Y-%m-%d %H:%M:%f', 'now')";
}

std::string_view time_of_parameter(Dialect dialect) {
  return dialect == Dialect::kMySql ? "TIMESTAMPADD(MICROSECOND, ?, TIMESTAMP'1970-01-01 00:00:00')"
                                    : "strftime('%Y-%m-%d %H:%M:%f', ? / 1000000.0, 'unixepoch')";
}

Parameter time_parameter(int64_t us) {
  if (us <= 0 || us > kLastUs) return std::monostate();
  return us;
}

std::string_view begin_sql(Dialect dialect) {
  return dialect == Dialect::kMySql ? "START TRANSACTION" : "BEGIN IMMEDIATE";
}

std::string_view for_update(Dialect dialect) {
  return dialect == Dialect::kMySql ? " FOR UPDATE" : "";
}

std::string_view insert_missing(Dialect dialect) {
  return dialect == Dialect::kMySql ? "INSERT IGNORE INTO " : "INSERT OR IGNORE INTO ";
}

std::string on_duplicate(Dialect dialect, std::string_view key, const std::vector<std::string_view>& columns) {
  const bool mysql = dialect == Dialect::kMySql;
  std::string sql = mysql ? " ON DUPLICATE KEY UPDATE " : cat(" ON CONFLICT (", key, ") DO UPDATE SET ");
  for (size_t i = 0; i < columns.size(); ++i) {
    sql += cat(i == 0 ? "" : ", ", columns[i], mysql ? " = VALUES(" : " = excluded.", columns[i], mysql ? ")" : "");
  }
  return sql;
}

// Hexadecimal for MySQL: whether a backslash escapes there depends on the session.
std::string literal(Dialect dialect, std::string_view text) {
  std::string sql = dialect == Dialect::kMySql ? "_utf8mb4 X'" : "'";
  for (const char c : text) {
    if (dialect == Dialect::kMySql) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      sql.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
      sql.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
    } else {
      sql.push_back(c);
      if (c == '\'') sql.push_back(c);
    }
  }
  return sql + "'";
}

const std::string& text_of(const Record& record, size_t column) {
  static const std::string kEmpty;
  return column < record.size() && record[column] ? *record[column] : kEmpty;
}

int64_t number_of(const Record& record, size_t column) {
  const std::string& text = text_of(record, column);
  int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

Transaction::~Transaction() {
  if (open_) (void)port_.run("ROLLBACK", {});
}

Status Transaction::begin() {
  TRY(port_.run(begin_sql(port_.dialect()), {}));
  open_ = true;
  return ok();
}

ReadTransaction::~ReadTransaction() {
  if (open_) (void)port_.run("ROLLBACK", {});
}

Status ReadTransaction::begin() {
  const bool mysql = port_.dialect() == Dialect::kMySql;
  if (mysql) TRY(port_.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", {}));
  TRY(port_.run(mysql ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY" : "BEGIN", {}));
  open_ = true;
  return ok();
}

Status Transaction::commit() {
  TRY(port_.run("COMMIT", {}));
  open_ = false;
  return ok();
}

}  // namespace weft::bookkeeping
