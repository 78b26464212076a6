// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/objects.h"

#include <algorithm>

#include "base/text.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {
namespace {

constexpr std::string_view kNames[] = {"_weft_progress",
                                       "_weft_lease",
                                       "_weft_table_state",
                                       "_weft_schema_version",
                                       "_weft_prepared",
                                       "_weft_dead_letter",
                                       "_weft_recent_keys",
                                       "_weft_origin",
                                       "_weft_version"};

// The words that differ: {pipeline} {schema} {table} {name} are text that is part of a key, which InnoDB takes up to 3072 bytes
// of, four a character; {id} counts by itself; {index:a,b} is an index within the table where that is possible.
constexpr std::string_view kTables[] = {
    R"(CREATE TABLE IF NOT EXISTS _weft_progress (
  pipeline {pipeline} NOT NULL,
  stream {stream} NOT NULL DEFAULT '',
  version BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  position {text} NOT NULL,
  journal_id {text} NOT NULL,
  source_id {text} NOT NULL,
  source_time_us BIGINT NOT NULL,
  source_time {time},
  applied_at {time} NOT NULL,
  PRIMARY KEY (pipeline, stream)
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_lease (
  pipeline {pipeline} NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,
  holder {text} NOT NULL,
  session {text} NOT NULL,
  expires_us BIGINT NOT NULL,
  expires_at {time}
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_table_state (
  pipeline {pipeline} NOT NULL,
  table_schema {schema} NOT NULL,
  table_name {table} NOT NULL,
  state_code INTEGER NOT NULL,
  state {text} NOT NULL,
  reason {text} NOT NULL,
  ranges {long} NOT NULL,
  `rows` BIGINT NOT NULL,
  since {text} NOT NULL,
  changed_at {time} NOT NULL,
  PRIMARY KEY (pipeline, table_schema, table_name)
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_schema_version (
  pipeline {pipeline} NOT NULL,
  table_schema {schema} NOT NULL,
  table_name {table} NOT NULL,
  version BIGINT NOT NULL,
  definition {long} NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (pipeline, table_schema, table_name, version)
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_prepared (
  pipeline {pipeline} NOT NULL,
  name {name} NOT NULL,
  piece BIGINT NOT NULL,
  position {text} NOT NULL,
  changes {bytes} NOT NULL,
  prepared_at {time} NOT NULL,
  PRIMARY KEY (pipeline, name, piece)
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_dead_letter (
  id {id},
  pipeline {pipeline} NOT NULL,
  table_name {text} NOT NULL,
  op {text} NOT NULL,
  `key` {long},
  `before` {long},
  `after` {long},
  position {text} NOT NULL,
  source_time {time},
  error {text} NOT NULL,
  class {text} NOT NULL,
  torn INTEGER NOT NULL DEFAULT 0,
  stale INTEGER NOT NULL DEFAULT 0,
  parked_at {time} NOT NULL,
  parked_us BIGINT NOT NULL,
  source_time_us BIGINT NOT NULL,
  key_hash BIGINT NOT NULL,
  key_code {long} NOT NULL,
  new_key_hash BIGINT,
  new_key {long} NOT NULL,
  shape {long} NOT NULL,
  before_code {long} NOT NULL,
  after_code {long} NOT NULL{indexes}
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_recent_keys (
  id {id},
  pipeline {pipeline} NOT NULL,
  version BIGINT NOT NULL,
  position {text} NOT NULL,
  `keys` {bytes} NOT NULL,
  kept_us BIGINT NOT NULL
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_origin (
  lane BIGINT NOT NULL PRIMARY KEY,
  chain {bytes} NOT NULL
){engine})",
    R"(CREATE TABLE IF NOT EXISTS _weft_version (
  only_row INTEGER NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  created_at {time} NOT NULL
){engine})"};

struct Word {
  std::string_view mark;
  std::string_view mysql;
  std::string_view sqlite;
};

constexpr Word kWords[] = {
    {"{pipeline}", "VARCHAR(255)", "TEXT"},
    {"{stream}", "VARCHAR(64)", "TEXT"},
    {"{schema}", "VARCHAR(128)", "TEXT"},
    {"{table}", "VARCHAR(255)", "TEXT"},
    {"{name}", "VARCHAR(400)", "TEXT"},
    {"{text}", "MEDIUMTEXT", "TEXT"},
    {"{long}", "LONGTEXT", "TEXT"},
    {"{bytes}", "LONGBLOB", "BLOB"},
    {"{time}", "DATETIME(6)", "TEXT"},
    {"{id}", "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"},
    {"{indexes}", ",\n  KEY dead_letter_key (key_hash),\n  KEY dead_letter_new_key (new_key_hash)", ""},
    // Compared byte by byte: no two names are one because of case or accents.
    {"{engine}", " ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", ""},
};

constexpr std::string_view kSqliteIndexes[] = {
    "CREATE INDEX IF NOT EXISTS _weft_dead_letter_key ON _weft_dead_letter (key_hash)",
    "CREATE INDEX IF NOT EXISTS _weft_dead_letter_new_key ON _weft_dead_letter (new_key_hash)"};

std::string in_dialect(Dialect dialect, std::string_view text) {
  std::string sql(text);
  for (const Word& word : kWords) {
    for (size_t at = sql.find(word.mark); at != std::string::npos; at = sql.find(word.mark, at)) {
      sql.replace(at, word.mark.size(), dialect == Dialect::kMySql ? word.mysql : word.sqlite);
    }
  }
  return sql;
}

std::string_view find_sql(Dialect dialect) {
  return dialect == Dialect::kMySql
             ? "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
               "AND table_name LIKE '|_weft|_%' ESCAPE '|'"
             : "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '|_weft|_%' "
               "ESCAPE '|'";
}

Result<std::vector<std::string>> names_there(SqlPort& port) {
  TRY_ASSIGN(const auto records, port.rows(find_sql(port.dialect()), {}));
  std::vector<std::string> names;
  for (const Record& record : records) names.push_back(text_of(record, 0));
  return names;
}

Error needs_administrator(const Error& error, std::string_view where) {
  return Error(Blame::kConfig,
               cat("the tables _weft_..., where weft keeps its progress, are not complete at ",
                   where,
                   " and can't be made: ",
                   error.message(),
                   "; have an administrator run what `weft setup --dry-run` prints"),
               error.code());
}

Status create(SqlPort& port) {
  // SQLite takes it all back together; MySQL commits each statement, and each may run again.
  Transaction work(port);
  if (port.dialect() == Dialect::kSqlite) TRY(work.begin());
  for (const std::string& statement : creation_statements(port.dialect())) TRY(port.run(statement, {}));
  if (port.dialect() == Dialect::kSqlite) return work.commit();
  return ok();
}

}  // namespace

std::span<const std::string_view> object_names() {
  return kNames;
}

std::vector<std::string> creation_statements(Dialect dialect) {
  std::vector<std::string> statements;
  for (const std::string_view table : kTables) statements.push_back(in_dialect(dialect, table));
  if (dialect == Dialect::kSqlite)
    statements.insert(statements.end(), std::begin(kSqliteIndexes), std::end(kSqliteIndexes));
  statements.push_back(cat(insert_missing(dialect),
                           "_weft_version (only_row, version, created_at) VALUES (1, ",
                           kObjectsVersion,
                           ", ",
                           now_text(dialect),
                           ")"));
  return statements;
}

std::string objects_sql(Dialect dialect) {
  std::string sql;
  for (const std::string& statement : creation_statements(dialect)) sql += statement + ";\n";
  return sql;
}

Result<Objects> find_objects(SqlPort& port) {
  TRY_ASSIGN(const auto there, names_there(port));
  size_t found = 0;
  for (const std::string_view name : kNames) {
    if (std::find(there.begin(), there.end(), name) != there.end()) ++found;
  }
  if (found == std::size(kNames)) return Objects::kPresent;
  return found == 0 ? Objects::kMissing : Objects::kPartial;
}

Status check_objects_version(SqlPort& port, std::string_view where) {
  TRY_ASSIGN(const auto records, port.rows("SELECT MAX(version) FROM _weft_version", {}));
  if (records.empty() || !records[0].at(0)) {
    return Error(Blame::kConfig, cat("_weft_version at ", where, " has no row: insert the version of the objects"));
  }
  const int64_t version = number_of(records[0], 0);
  if (version <= kObjectsVersion) return ok();
  return Error(Blame::kConfig,
               cat("the _weft objects at ",
                   where,
                   " are of version ",
                   version,
                   ", this weft knows ",
                   kObjectsVersion,
                   ": use a newer weft"));
}

Status ensure_objects(SqlPort& port, bool may_create, std::string_view where) {
  TRY_ASSIGN(const auto there, names_there(port));
  if (std::find(there.begin(), there.end(), "_weft_version") != there.end()) {
    TRY_ASSIGN(const auto versions, port.rows("SELECT version FROM _weft_version", {}));
    if (!versions.empty()) TRY(check_objects_version(port, where));
  }
  TRY_ASSIGN(const Objects found, find_objects(port));
  if (found == Objects::kPresent) {
    TRY_ASSIGN(const auto versions, port.rows("SELECT version FROM _weft_version", {}));
    if (!versions.empty()) return ok();
  }
  if (!may_create) return needs_administrator(Error(Blame::kConfig, "with --setup never weft makes nothing"), where);
  if (Status created = create(port); !created) {
    if (created.error().blame() == Blame::kConfig) return needs_administrator(created.error(), where);
    return created.error().with("creating the tables _weft_...");
  }
  return check_objects_version(port, where);
}

}  // namespace weft::bookkeeping
