// SPDX-License-Identifier: Apache-2.0
// The contract suites on the real adapters: what the simulator assumes of every source and target, real servers keep.
#include <algorithm>
#include <array>

#include "contract/source_contract.h"
#include "contract/target_contract.h"
#include "live/contract_postgres_source.h"
#include "live/rig.h"
#include "source/mysql/mysql_source.h"
#include "target/mysql/mysql_target.h"
#include "target/postgres/postgres_target.h"

namespace weft::contract {
namespace {

using namespace std::chrono_literals;
using live::Engine;
using sim::Cell;
using sim::ModelRow;
using sim::TableId;

constexpr TableId kCaptured[] = {sim::kItems, sim::kWords, sim::kBag};
constexpr TableId kWritten[] = {sim::kItems, sim::kBag, sim::kParents, sim::kChildren};

// One server of each kind for all tests of this program; every harness has a database of its own there.
class Servers : public ::testing::Environment {
 public:
  void TearDown() override {
    postgres_.reset();
    for (auto& source : sources_) source.reset();
  }

  support::PostgresServer& postgres() {
    if (!postgres_) {
      postgres_.emplace();
      postgres_->start();
    }
    return *postgres_;
  }

  support::BinlogServer& source(Engine engine) {
    auto& one = sources_[engine == Engine::kMySql ? 1 : 0];
    if (!one) {
      one = live::make_source(engine);
      one->start();
      // For tables without a key, where a snapshot does not name its position.
      if (engine == Engine::kMySql) one->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
    }
    return *one;
  }

  std::string new_database() { return "contract" + std::to_string(++databases_); }

 private:
  std::optional<support::PostgresServer> postgres_;
  std::array<std::unique_ptr<support::BinlogServer>, 2> sources_;
  int databases_ = 0;
};

auto* const kServers = static_cast<Servers*>(::testing::AddGlobalTestEnvironment(new Servers));

Servers& servers() {
  return *kServers;
}

// A SQL statement that both engines understand.
std::string create_table(TableId table) {
  const TableSchema& schema = *sim::schema_of(table);
  std::string sql = "CREATE TABLE " + schema.name.table + " (";
  for (const Column& c : schema.columns)
    sql += c.name + " " + c.source_type + (c.nullable ? "" : " NOT NULL") + (&c == &schema.columns.back() ? "" : ", ");
  const auto names = [&](const std::vector<uint16_t>& columns) {
    std::string out;
    for (const uint16_t c : columns) out += (out.empty() ? "" : ", ") + schema.columns[c].name;
    return "(" + out + ")";
  };
  if (!schema.keyless()) sql += ", PRIMARY KEY " + names(schema.key);
  for (const auto& unique : schema.unique_keys) sql += ", UNIQUE " + names(unique);
  for (const ForeignKey& key : schema.foreign_keys)
    sql +=
        ", FOREIGN KEY " + names(key.columns) + " REFERENCES " + key.parent.table + " (" + key.parent_columns[0] + ")";
  return sql + ")";
}

std::string literal(const Cell& cell) {
  if (cell.kind == Kind::kNull) return "NULL";
  return cell.kind == Kind::kInt ? std::to_string(cell.number) : "'" + cell.text + "'";
}

class PostgresHarness final : public TargetHarness {
 public:
  explicit PostgresHarness(bool durable) : durable_(durable), database_(servers().new_database()) {
    servers().postgres().exec("CREATE DATABASE " + database_);
    sql_.emplace(servers().postgres().connect(database_));
    for (const TableId table : kWritten) sql_->exec(create_table(table));
  }

  // Sessions of a process that was taken over are left alone: what fences it is the epoch.
  std::unique_ptr<Target> process() override {
    auto made = postgres::make_postgres_target({.url = servers().postgres().url(database_),
                                                .durable_commits = durable_,
                                                .end_zombies = false,
                                                .lease = 500ms});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *std::move(made) : nullptr;
  }

  std::vector<ModelRow> rows(TableId table) override {
    const TableSchema& schema = *sim::schema_of(table);
    std::vector<ModelRow> all;
    for (const support::Row& row : sql_->query("SELECT * FROM " + schema.name.table)) {
      ModelRow& model = all.emplace_back();
      for (size_t c = 0; c < row.size(); ++c) {
        const bool number = schema.columns[c].kind == Kind::kInt;
        model.push_back(!row[c] ? Cell::null() : number ? Cell::integer(std::stoll(*row[c])) : Cell::word(*row[c]));
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  // A holder whose session is still there has as long again.
  void outlive_lease() override {
    EXPECT_TRUE(shows("SELECT bool_and(expires_at < clock_timestamp() - interval '500 ms') FROM _weft.lease"));
  }

  void reach_disk() override { EXPECT_TRUE(shows("SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()")); }

 private:
  bool shows(const std::string& condition) {
    return support::wait_until(support::deadline_in(20s),
                               [&] { return support::single_value(sql_->query(condition)) == "t"; });
  }

  bool durable_;
  std::string database_;
  std::optional<support::PostgresConnection> sql_;
};

class MySqlHarness final : public TargetHarness {
 public:
  explicit MySqlHarness(Engine engine) : server_(servers().source(engine)), database_(servers().new_database()) {
    server_.exec("CREATE DATABASE " + database_ + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    server_.exec("GRANT ALL ON " + database_ + ".* TO weft@'%'");
    sql_.emplace(server_.connect(database_));
    for (const TableId table : kWritten) sql_->exec(create_table(table));
  }

  // Sessions of a process that was taken over are left alone: what fences it is the epoch.
  std::unique_ptr<Target> process() override {
    auto made = mysql::make_mysql_target(
        {.server = *mysql::parse_url(server_.url(database_, "weft")), .end_zombies = false, .lease = 500ms});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *std::move(made) : nullptr;
  }

  std::vector<ModelRow> rows(TableId table) override {
    const TableSchema& schema = *sim::schema_of(table);
    std::vector<ModelRow> all;
    for (const support::Row& row : sql_->query("SELECT * FROM " + schema.name.table)) {
      ModelRow& model = all.emplace_back();
      for (size_t c = 0; c < row.size(); ++c) {
        const bool number = schema.columns[c].kind == Kind::kInt;
        model.push_back(!row[c] ? Cell::null() : number ? Cell::integer(std::stoll(*row[c])) : Cell::word(*row[c]));
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  // A holder whose session is still there has as long again.
  void outlive_lease() override {
    EXPECT_TRUE(
        shows("SELECT MAX(expires_us) + 500000 < TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', "
              "UTC_TIMESTAMP(6)) FROM _weft_lease"));
  }

  void reach_disk() override {
    EXPECT_TRUE(support::wait_until(support::deadline_in(20s), [&] {
      const auto rows = sql_->query(
          "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current', "
          "'Innodb_lsn_flushed', 'Innodb_redo_log_current_lsn', "
          "'Innodb_redo_log_flushed_to_disk_lsn')");
      return rows.size() == 2 && rows[0][1] == rows[1][1];
    }));
  }

 private:
  bool shows(const std::string& condition) {
    return support::wait_until(support::deadline_in(20s),
                               [&] { return support::single_value(sql_->query(condition)) == "1"; });
  }

  support::BinlogServer& server_;
  std::string database_;
  std::optional<support::MysqlConnection> sql_;
};

class BinlogHarness final : public SourceHarness {
 public:
  explicit BinlogHarness(Engine engine)
      : engine_(engine), server_(servers().source(engine)), database_(servers().new_database()) {
    server_.exec("CREATE DATABASE " + database_ + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
    sql_.emplace(server_.connect(database_));
    for (const TableId table : kCaptured) sql_->exec(create_table(table));
  }

  std::unique_ptr<Source> process() override {
    auto url = mysql::parse_url(server_.url(database_, "weft"));
    auto made = mysql::make_mysql_source({.server = *url, .tables = {}, .exclude = {}});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *std::move(made) : nullptr;
  }

  void execute(const std::vector<Statement>& transaction) override {
    sql_->exec("BEGIN");
    for (const Statement& s : transaction) sql_->exec(text_of(s));
    sql_->exec("COMMIT");
  }

  // A server purges no log that is being read: a stream that ended may be there for a moment.
  void purge() override {
    EXPECT_TRUE(support::wait_until(support::deadline_in(20s), [&] {
      server_.exec("FLUSH BINARY LOGS");
      server_.exec("PURGE BINARY LOGS TO '" + *server_.query("SHOW BINARY LOGS").back()[0] + "'");
      return server_.query("SHOW BINARY LOGS").size() == 1;
    }));
  }

  Position future() override {
    if (engine_ == Engine::kMySql) return Position(server_.value("SELECT @@server_uuid") + ":1-900000000");
    const std::string now = server_.value("SELECT @@gtid_binlog_pos");
    return Position(now.substr(0, now.rfind('-')) + "-900000000");
  }

 private:
  static std::string text_of(const Statement& s) {
    const TableSchema& schema = *sim::schema_of(s.table);
    std::string values;
    for (size_t c = 0; c < s.after.size(); ++c) values += (c == 0 ? "" : ", ") + literal(s.after[c]);
    if (s.before.empty()) return "INSERT INTO " + schema.name.table + " VALUES (" + values + ")";
    std::string where;
    for (size_t c = 0; c < s.before.size(); ++c) {
      if (!schema.keyless() && std::find(schema.key.begin(), schema.key.end(), c) == schema.key.end()) continue;
      where += (where.empty() ? " WHERE " : " AND ") + schema.columns[c].name + " <=> " + literal(s.before[c]);
    }
    if (s.after.empty()) return "DELETE FROM " + schema.name.table + where + " LIMIT 1";
    std::string sets;
    for (size_t c = 0; c < s.after.size(); ++c)
      sets += (c == 0 ? "" : ", ") + schema.columns[c].name + " = " + literal(s.after[c]);
    return "UPDATE " + schema.name.table + " SET " + sets + where + " LIMIT 1";
  }

  Engine engine_;
  support::BinlogServer& server_;
  std::string database_;
  std::optional<support::MysqlConnection> sql_;
};

template <bool durable>
std::unique_ptr<TargetHarness> make_target() {
  if (support::PostgresServer::unavailable()) return nullptr;
  return std::make_unique<PostgresHarness>(durable);
}

template <Engine engine>
std::unique_ptr<TargetHarness> make_mysql_target() {
  if (live::missing(engine)) return nullptr;
  return std::make_unique<MySqlHarness>(engine);
}

template <Engine engine>
std::unique_ptr<SourceHarness> make_source() {
  if (live::missing(engine)) return nullptr;
  return std::make_unique<BinlogHarness>(engine);
}

INSTANTIATE_TEST_SUITE_P(PostgresRelaxed, TargetContract, ::testing::Values(&make_target<false>));
INSTANTIATE_TEST_SUITE_P(PostgresDurable, TargetContract, ::testing::Values(&make_target<true>));
INSTANTIATE_TEST_SUITE_P(MariaDb, TargetContract, ::testing::Values(&make_mysql_target<Engine::kMariaDb>));
INSTANTIATE_TEST_SUITE_P(MySql, TargetContract, ::testing::Values(&make_mysql_target<Engine::kMySql>));
INSTANTIATE_TEST_SUITE_P(MariaDb, SourceContract, ::testing::Values(&make_source<Engine::kMariaDb>));
INSTANTIATE_TEST_SUITE_P(MySql, SourceContract, ::testing::Values(&make_source<Engine::kMySql>));
INSTANTIATE_TEST_SUITE_P(Postgres, SourceContract, ::testing::Values(&make_postgres_source_harness));

}  // namespace
}  // namespace weft::contract
