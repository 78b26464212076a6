// SPDX-License-Identifier: Apache-2.0
#include "live/side.h"

#include <cstdlib>
#include <sqlite3.h>
#include <utility>

#include "base/text.h"
#include "live/rig.h"
#include "support/mariadb_server.h"
#include "support/mysql_server.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::live {
namespace {

class BinlogSession final : public SideSession {
 public:
  explicit BinlogSession(support::MysqlConnection connection) : connection_(std::move(connection)) {}

  void exec(const std::string& sql) override { connection_.exec(sql); }

  support::Rows query(const std::string& sql) override { return connection_.query(sql); }

 private:
  support::MysqlConnection connection_;
};

class BinlogSide final : public Side {
 public:
  explicit BinlogSide(Engine engine) : server_(make_source(engine)) {
    server_->start();
    server_->exec("CREATE DATABASE shop CHARACTER SET utf8mb4; GRANT ALL ON shop.* TO weft@'%'");
    if (engine == Engine::kMySql) server_->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
  }

  std::string url() const override { return server_->url("shop", "weft"); }

  std::unique_ptr<SideSession> session() const override {
    return std::make_unique<BinlogSession>(server_->connect("shop"));
  }

  void crash() override { server_->crash(); }

  void start() override { server_->start(); }

 private:
  std::unique_ptr<support::BinlogServer> server_;
};

class PostgresSession final : public SideSession {
 public:
  explicit PostgresSession(support::PostgresConnection connection) : connection_(std::move(connection)) {}

  void exec(const std::string& sql) override { connection_.exec(sql); }

  support::Rows query(const std::string& sql) override { return connection_.query(sql); }

 private:
  support::PostgresConnection connection_;
};

class PostgresSide final : public Side {
 public:
  PostgresSide() : server_(support::PostgresOptions{.wal_level = "logical"}) {
    server_.start();
    server_.exec("CREATE DATABASE shop");
  }

  std::string url() const override { return server_.url("shop"); }

  std::unique_ptr<SideSession> session() const override {
    return std::make_unique<PostgresSession>(server_.connect("shop"));
  }

  void crash() override { server_.crash(); }

  void start() override { server_.start(); }

 private:
  support::PostgresServer server_;
};

class SqliteSession final : public SideSession {
 public:
  explicit SqliteSession(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) throw support::SqlError(sqlite3_errmsg(db_), "open");
    sqlite3_busy_timeout(db_, 60000);
    exec("PRAGMA foreign_keys = ON");
  }

  ~SqliteSession() override { sqlite3_close(db_); }

  void exec(const std::string& sql) override { (void)query(sql); }

  support::Rows query(const std::string& sql) override {
    support::Rows rows;
    char* wrong = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), &SqliteSession::take, &rows, &wrong) != SQLITE_OK) {
      const std::string message = wrong == nullptr ? "out of memory" : wrong;
      sqlite3_free(wrong);
      throw support::SqlError(message, std::to_string(sqlite3_extended_errcode(db_)));
    }
    return rows;
  }

 private:
  static int take(void* into, int columns, char** values, char** /*names*/) {
    support::Row row;
    for (int i = 0; i < columns; ++i) {
      row.push_back(values[i] == nullptr ? std::nullopt : std::optional<std::string>(values[i]));
    }
    static_cast<support::Rows*>(into)->push_back(std::move(row));
    return 0;
  }

  sqlite3* db_ = nullptr;
};

class SqliteSide final : public Side {
 public:
  SqliteSide() : path_((dir_.path() / "shop.db").string()) { exec("PRAGMA journal_mode = WAL"); }

  std::string url() const override { return cat("sqlite://", path_); }

  std::unique_ptr<SideSession> session() const override { return std::make_unique<SqliteSession>(path_); }

  void crash() override {}

  void start() override {}

 private:
  support::TempDir dir_;
  std::string path_;
};

}  // namespace

std::string side_name(SideKind kind) {
  switch (kind) {
    case SideKind::kMariaDb:
      return "MariaDb";
    case SideKind::kMySql:
      return "MySql";
    case SideKind::kPostgres:
      return "Postgres";
    case SideKind::kSqlite:
      return "Sqlite";
  }
  return {};
}

void PrintTo(SideKind kind, std::ostream* out) {
  *out << side_name(kind);
}

std::optional<std::string> Side::unavailable(SideKind kind) {
  switch (kind) {
    case SideKind::kMariaDb:
      return support::MariaDbServer::unavailable();
    case SideKind::kMySql:
      return support::MySqlServer::unavailable();
    case SideKind::kPostgres:
      return support::PostgresServer::unavailable();
    case SideKind::kSqlite:
      break;
  }
  return std::nullopt;
}

std::unique_ptr<Side> Side::make(SideKind kind) {
  switch (kind) {
    case SideKind::kMariaDb:
      return std::make_unique<BinlogSide>(Engine::kMariaDb);
    case SideKind::kMySql:
      return std::make_unique<BinlogSide>(Engine::kMySql);
    case SideKind::kPostgres:
      return std::make_unique<PostgresSide>();
    case SideKind::kSqlite:
      break;
  }
  return std::make_unique<SqliteSide>();
}

std::vector<SidePair> pairs_of(const std::vector<SideKind>& sides, const std::vector<SidePair>& some) {
  if (std::getenv("WEFT_PAIRS") == nullptr) return some;
  std::vector<SidePair> all;
  for (const SideKind a : sides) {
    for (const SideKind b : sides) all.emplace_back(a, b);
  }
  return all;
}

}  // namespace weft::live
