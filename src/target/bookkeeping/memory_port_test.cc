// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/memory_port.h"

#include <memory>
#include <sqlite3.h>

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft::bookkeeping {
namespace {

void bind(sqlite3_stmt* statement, int at, const Parameter& parameter) {
  if (const auto* n = std::get_if<int64_t>(&parameter)) sqlite3_bind_int64(statement, at, *n);
  if (const auto* t = std::get_if<std::string_view>(&parameter)) {
    sqlite3_bind_text(
        statement, at, t->data() == nullptr ? "" : t->data(), static_cast<int>(t->size()), SQLITE_TRANSIENT);
  }
}

}  // namespace

MemoryPort::MemoryPort(const std::string& name) {
  const std::string uri = cat("file:", name, "?mode=memory&cache=shared");
  EXPECT_EQ(
      sqlite3_open_v2(uri.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, nullptr),
      SQLITE_OK);
}

MemoryPort::~MemoryPort() {
  sqlite3_close(database_);
}

Result<uint64_t> MemoryPort::run(std::string_view sql, std::span<const Parameter> parameters) {
  TRY(rows(sql, parameters));
  return static_cast<uint64_t>(sqlite3_changes(database_));
}

Result<std::vector<Record>> MemoryPort::rows(std::string_view sql, std::span<const Parameter> parameters) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
    return error(sql);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  for (size_t i = 0; i < parameters.size(); ++i) bind(raw, static_cast<int>(i + 1), parameters[i]);
  std::vector<Record> found;
  int code = sqlite3_step(raw);
  for (; code == SQLITE_ROW; code = sqlite3_step(raw)) {
    Record record;
    for (int column = 0; column < sqlite3_column_count(raw); ++column) {
      const void* text = sqlite3_column_blob(raw, column);
      const auto size = static_cast<size_t>(sqlite3_column_bytes(raw, column));
      const bool null = sqlite3_column_type(raw, column) == SQLITE_NULL;
      record.push_back(null ? std::nullopt : std::optional(std::string(static_cast<const char*>(text), size)));
    }
    found.push_back(std::move(record));
  }
  if (code != SQLITE_DONE) return error(sql);
  return found;
}

Error MemoryPort::error(std::string_view sql) const {
  const bool busy = sqlite3_errcode(database_) == SQLITE_BUSY || sqlite3_errcode(database_) == SQLITE_LOCKED;
  return Error(busy ? Blame::kConflict : Blame::kConfig, cat(sqlite3_errmsg(database_), ": ", sql));
}

}  // namespace weft::bookkeeping
