// SPDX-License-Identifier: Apache-2.0
#include "live/contract_postgres_source.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "live/postgres_pair.h"
#include "source/postgres/postgres_source.h"
#include "support/postgres_server.h"

namespace weft::contract {
namespace {

using namespace std::chrono_literals;
using sim::Cell;
using sim::ModelRow;

class LogicalServer : public ::testing::Environment {
 public:
  void TearDown() override { server_.reset(); }

  support::PostgresServer& get() {
    if (!server_) {
      server_.emplace(support::PostgresOptions{.wal_level = "logical",
                                               .settings = {"max_replication_slots = 40", "max_wal_senders = 40"}});
      server_->start();
    }
    return *server_;
  }

  std::string new_database() { return cat("contract", ++databases_); }

 private:
  std::optional<support::PostgresServer> server_;
  int databases_ = 0;
};

auto* const kServer = static_cast<LogicalServer*>(::testing::AddGlobalTestEnvironment(new LogicalServer));

constexpr const char* kTables =
    "CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
    "CREATE TABLE items (id bigint PRIMARY KEY, code bigint UNIQUE, name varchar(200), note varchar(200));"
    "CREATE TABLE words (word varchar(200) COLLATE no_case PRIMARY KEY, n bigint, note varchar(200));"
    "CREATE TABLE bag (x bigint, y varchar(200)); ALTER TABLE bag REPLICA IDENTITY FULL";

std::string literal(const Cell& cell) {
  if (cell.kind == Kind::kNull) return "NULL";
  return cell.kind == Kind::kInt ? std::to_string(cell.number) : cat("'", cell.text, "'");
}

// " WHERE ..." that hits one row, also where several are alike.
std::string where_one(const TableSchema& schema, const ModelRow& row) {
  std::string where;
  for (size_t c = 0; c < row.size(); ++c) {
    if (!schema.keyless() && std::find(schema.key.begin(), schema.key.end(), c) == schema.key.end()) continue;
    where +=
        cat(where.empty() ? " WHERE " : " AND ", schema.columns[c].name, " IS NOT DISTINCT FROM ", literal(row[c]));
  }
  return cat(" WHERE ctid = (SELECT ctid FROM ", schema.name.table, where, " LIMIT 1)");
}

std::string text_of(const Statement& s) {
  const TableSchema& schema = *sim::schema_of(s.table);
  const std::string& table = schema.name.table;
  std::string values;
  for (size_t c = 0; c < s.after.size(); ++c) values += cat(c == 0 ? "" : ", ", literal(s.after[c]));
  if (s.before.empty()) return cat("INSERT INTO ", table, " VALUES (", values, ")");
  if (s.after.empty()) return cat("DELETE FROM ", table, where_one(schema, s.before));
  std::string sets;
  for (size_t c = 0; c < s.after.size(); ++c)
    sets += cat(c == 0 ? "" : ", ", schema.columns[c].name, " = ", literal(s.after[c]));
  return cat("UPDATE ", table, " SET ", sets, where_one(schema, s.before));
}

class SlotHarness final : public SourceHarness {
 public:
  SlotHarness() : server_(kServer->get()), database_(kServer->new_database()) {
    server_.exec("CREATE DATABASE " + database_);
    sql_.emplace(server_.connect(database_));
    sql_->exec(kTables);
  }

  // A slot that is left keeps the server's log.
  ~SlotHarness() override { EXPECT_TRUE(live::drop_slots(*sql_)); }

  std::unique_ptr<Source> process() override {
    auto made = postgres::make_postgres_source({.url = server_.url(database_)});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *std::move(made) : nullptr;
  }

  void execute(const std::vector<Statement>& transaction) override {
    sql_->exec("BEGIN");
    for (const Statement& s : transaction) sql_->exec(text_of(s));
    sql_->exec("COMMIT");
  }

  // What is logged from now on stays from the next connect() on, which makes the slot anew.
  void purge() override { EXPECT_TRUE(live::drop_slots(*sql_)); }

  Position future() override {
    return Position(support::single_value(sql_->query(
        "SELECT timeline_id || ':' || (pg_current_wal_lsn() + 1099511627776) FROM pg_control_checkpoint()")));
  }

 private:
  support::PostgresServer& server_;
  std::string database_;
  std::optional<support::PostgresConnection> sql_;
};

}  // namespace

std::unique_ptr<SourceHarness> make_postgres_source_harness() {
  if (support::PostgresServer::unavailable()) return nullptr;
  return std::make_unique<SlotHarness>();
}

}  // namespace weft::contract
