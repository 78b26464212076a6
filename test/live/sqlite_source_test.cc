// SPDX-License-Identifier: Apache-2.0
// SQLite to PostgreSQL with the real binary: copy and follow, killed again and again under load, and equal in the end.
//   WEFT_KILLS=n  how many kills (8)
#include "source/sqlite/sqlite_source.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "engine/sqlite/connection.h"
#include "live/weft_process.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;

constexpr const char* kTables =
    "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);"
    "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE, price REAL, picture BLOB);"
    "CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders(id) ON DELETE CASCADE ON UPDATE CASCADE, no "
    "INTEGER NOT "
    "NULL, what TEXT, PRIMARY KEY (order_id, no)) WITHOUT ROWID;"
    "CREATE TABLE notes (at TEXT, what TEXT);"
    "CREATE TABLE marks (id INTEGER PRIMARY KEY);";

class SqliteSourceLive : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto why = support::PostgresServer::unavailable()) GTEST_SKIP() << *why;
    target_.emplace(support::PostgresOptions{});
    target_->start();
    support::PostgresConnection(target_->connect("postgres")).exec("CREATE DATABASE shop");
    db_ = open();
    run(*db_, kTables);
    run(*db_,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO accounts SELECT i, "
        "100 FROM n");
    run(*db_,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO orders SELECT i, "
        "'c' || i, i / 7.0, randomblob(10) FROM n");
    run(*db_,
        "INSERT INTO lines SELECT id, 1, 'x' FROM orders WHERE id % 5 = 0; INSERT INTO notes VALUES('a', 'b'), ('a', "
        "'b'), (NULL, 'b')");
  }

  std::string path() const { return (dir_.path() / "app.db").string(); }

  std::unique_ptr<sqlite::Connection> open() {
    auto db = sqlite::Connection::open({.path = path(), .mode = sqlite::Mode::kCreate});
    EXPECT_TRUE(db) << (db ? "" : db.error().message());
    return std::move(db).value();
  }

  static void run(sqlite::Connection& db, const std::string& sql) {
    const Status done = db.execute(sql);
    EXPECT_TRUE(done) << sql << ": " << (done ? "" : done.error().message());
  }

  std::vector<std::string> arguments(std::vector<std::string> more = {}) {
    std::vector<std::string> all = {
        "run", "--from", cat("sqlite://", path()), "--to", target_->url("shop"), "--create-tables"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  WeftProcess start(std::vector<std::string> more = {}) {
    return {dir_.path() / "weft.log", arguments(std::move(more)), {}};
  }

  // One transaction of the application.
  static void work(sqlite::Connection& db, Rng& rng) {
    run(db, "BEGIN IMMEDIATE");
    const auto id = [&] { return 1 + rng.below(50000); };
    const uint64_t from = 1 + rng.below(200);
    const uint64_t to = 1 + rng.below(200);
    const uint64_t amount = rng.below(50);
    run(db, cat("UPDATE accounts SET balance = balance - ", amount, " WHERE id = ", from));
    run(db, cat("UPDATE accounts SET balance = balance + ", amount, " WHERE id = ", to));
    switch (rng.below(7)) {
      case 0:
        run(db, cat("DELETE FROM orders WHERE id = ", id()));
        break;
      case 1:
        run(db, cat("INSERT OR REPLACE INTO orders(id, code, price) VALUES(", id(), ", 'c", id(), "', 1.5)"));
        break;
      case 2:
        run(db,
            cat("INSERT INTO orders(code, price) VALUES('c",
                id(),
                "', 2) ON CONFLICT(code) DO UPDATE SET price = price + 1"));
        break;
      case 3:
        run(db, cat("INSERT OR IGNORE INTO lines SELECT id, ", rng.below(4), ", 'new' FROM orders WHERE id = ", id()));
        break;
      case 4:
        run(db, cat("INSERT INTO notes VALUES('", rng.below(3), "', 'n')"));
        break;
      case 5:
        run(db, "DELETE FROM notes WHERE rowid = (SELECT max(rowid) FROM notes)");
        break;
      default:
        run(db, cat("UPDATE OR REPLACE orders SET code = 'c", id(), "', picture = x'00ff' WHERE id = ", id()));
    }
    run(db, "COMMIT");
  }

  std::string at_target(const std::string& sql) { return support::text_of(target_->connect("shop").query(sql)); }

  std::string at_source(const std::string& sql) {
    const auto value = db_->value(sql);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    return value && *value ? **value : "";
  }

  // Both print every value in the same way, rows in the order of their bytes.
  void expect_same(const std::string& at_target_sql, const std::string& at_source_sql) {
    const std::string there = at_target(cat(
        "SELECT coalesce(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\"), '') FROM (", at_target_sql, ") AS rows(r)"));
    const std::string here = rows(cat("SELECT r FROM (", at_source_sql, ") ORDER BY r"));
    const auto [a, b] = std::ranges::mismatch(there, here);
    const auto near = [](const std::string& text, size_t at) {
      return text.substr(at - std::min<size_t>(at, 100), 200);
    };
    // Not EXPECT_EQ: of many lines that differ it makes a report that takes all memory.
    EXPECT_TRUE(there == here) << at_source_sql << "\ntarget: " << near(there, static_cast<size_t>(a - there.begin()))
                               << "\nsource: " << near(here, static_cast<size_t>(b - here.begin()));
  }

  void expect_equal() {
    expect_same(
        "SELECT id || ' ' || coalesce(code, '-') || ' ' || floor(price * 1000)::bigint || ' ' || "
        "coalesce(encode(picture, 'hex'), '-') FROM orders",
        "SELECT id || ' ' || coalesce(code, '-') || ' ' || CAST(price * 1000 AS INTEGER) || ' ' || "
        "CASE WHEN picture IS NULL THEN '-' ELSE lower(hex(picture)) END AS r FROM orders");
    expect_same("SELECT order_id || ' ' || no || ' ' || what FROM lines",
                "SELECT order_id || ' ' || no || ' ' || what AS r FROM lines");
    expect_same("SELECT id || ' ' || balance FROM accounts", "SELECT id || ' ' || balance AS r FROM accounts");
    expect_same("SELECT coalesce(at, '-') || ' ' || what FROM notes",
                "SELECT coalesce(at, '-') || ' ' || what AS r FROM notes");
  }

  std::string rows(const std::string& sql) {
    std::string out;
    const auto statement = db_->prepare(sql);
    EXPECT_TRUE(statement) << (statement ? "" : statement.error().message());
    if (!statement) return out;
    while (true) {
      const auto row = (*statement)->step();
      EXPECT_TRUE(row);
      if (!row || !*row) return out;
      if (!out.empty()) out += "\n";
      out += (*statement)->bytes(0);
    }
  }

  support::TempDir dir_;
  std::optional<support::PostgresServer> target_;
  std::unique_ptr<sqlite::Connection> db_;
};

TEST_F(SqliteSourceLive, KilledAgainAndAgainUnderLoadBothSidesAreEqualInTheEnd) {
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> made = 0;
  std::thread writer([&] {
    const auto db = open();
    run(*db, "PRAGMA foreign_keys=ON");
    Rng rng(7);
    while (!stop) {
      work(*db, rng);
      ++made;
      real_clock().sleep(1ms, {});
    }
  });
  const char* kills = std::getenv("WEFT_KILLS");
  Rng rng(3);
  std::optional<WeftProcess> weft;
  for (int i = kills != nullptr ? std::atoi(kills) : 8; i > 0; --i) {
    weft.emplace(start());
    // Some die in the copy, some in the stream.
    const auto limit = std::chrono::milliseconds(200 + rng.below(2500));
    (void)support::wait_until(deadline_in(limit), [&] { return !weft->running(); });
    ASSERT_TRUE(weft->running()) << weft->log_tail();
    weft->crash();
  }
  weft.emplace(start());
  EXPECT_TRUE(weft->wait_consistent(deadline_in(60s))) << weft->log_tail();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(at_target("SELECT sum(balance) FROM accounts"), "20000");
  stop = true;
  writer.join();
  run(*db_, "INSERT INTO marks VALUES(1)");
  EXPECT_TRUE(support::wait_until(deadline_in(60s), [&] { return at_target("SELECT count(*) FROM marks") == "1"; }))
      << weft->status() << weft->log_tail();
  expect_equal();
  std::printf("%llu transactions of the application\n", static_cast<unsigned long long>(made.load()));
  // What was acknowledged is removed: the log does not grow for ever.
  EXPECT_TRUE(support::wait_until(deadline_in(30s), [&] {
    run(*db_, "INSERT INTO marks VALUES(NULL)");
    return std::stoull(at_source("SELECT count(*) FROM _weft_capture_change")) < 100;
  }));
  weft->kill(SIGTERM);
  const auto ended = weft->wait_exit(deadline_in(20s));
  EXPECT_TRUE(ended && ended->code == 0) << weft->log_tail();
}

TEST_F(SqliteSourceLive, AValueThatItsColumnDoesNotFitIsABadRow) {
  run(*db_,
      "CREATE TABLE odd(id INTEGER PRIMARY KEY, n INTEGER, d DECIMAL(6,2)); INSERT INTO odd VALUES(1, 1, 1.25), (2, "
      "'abc', 1)");
  const std::vector<std::string> more = {"--table", "odd", "--until", "now", "--http", "off"};
  WeftProcess stops = start(more);
  const auto stopped = stops.wait_exit(deadline_in(60s));
  ASSERT_TRUE(stopped) << stops.log_tail();
  EXPECT_EQ(stopped->code, 3) << "nothing had moved" << stops.log_tail();
  EXPECT_NE(stops.output().find("abc"), std::string::npos) << stops.log_tail();
  std::vector<std::string> parking = more;
  parking.insert(parking.end(), {"--on-bad-row", "dead-letter"});
  WeftProcess parks = start(parking);
  const auto parked = parks.wait_exit(deadline_in(60s));
  ASSERT_TRUE(parked && parked->code == 0) << parks.log_tail();
  EXPECT_EQ(at_target("SELECT id, n, d FROM odd"), "1,1,1.25");
  EXPECT_EQ(at_target("SELECT count(*) FROM _weft.dead_letter"), "1");
}

TEST_F(SqliteSourceLive, AMissingFileIsExit3) {
  WeftProcess weft(dir_.path() / "weft.log",
                   {"run", "--from", cat("sqlite://", path(), ".none"), "--to", target_->url("shop"), "--http", "off"});
  const auto ended = weft.wait_exit(deadline_in(60s));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 3) << weft.log_tail();
  EXPECT_NE(weft.output().find("there is no database"), std::string::npos) << weft.log_tail();
}

TEST_F(SqliteSourceLive, AColumnThatIsAddedEvolvesTheTarget) {
  WeftProcess weft = start({"--schema-changes", "evolve"});
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  run(*db_, "ALTER TABLE accounts ADD COLUMN owner TEXT DEFAULT 'nobody'");
  run(*db_, "UPDATE accounts SET owner = 'me' WHERE id = 7");
  ASSERT_TRUE(support::wait_until(deadline_in(30s), [&] {
    return at_target(
               "SELECT count(*) FROM information_schema.columns WHERE table_name = 'accounts' AND column_name = "
               "'owner'") == "1";
  })) << weft.log_tail();
  EXPECT_TRUE(support::wait_until(
      deadline_in(10s),
      [&] { return at_target("SELECT owner FROM accounts WHERE id IN (7, 8) ORDER BY id") == "me|nobody"; }))
      << at_target("SELECT id, owner FROM accounts WHERE id IN (7, 8) ORDER BY id") << weft.log_tail();
}

TEST_F(SqliteSourceLive, LatencyIsSomeMilliseconds) {
  WeftProcess weft = start();
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  auto session = target_->connect("shop");
  std::vector<double> times;
  for (int i = 1; i <= 50; ++i) {
    const SteadyTime begin = real_clock().now();
    run(*db_, cat("INSERT INTO marks VALUES(", i, ")"));
    const std::string sql = cat("SELECT count(*) FROM marks WHERE id = ", i);
    ASSERT_TRUE(support::wait_until(deadline_in(10s), [&] { return support::text_of(session.query(sql)) == "1"; }));
    times.push_back(static_cast<double>((real_clock().now() - begin).count()) / 1e6);
  }
  std::sort(times.begin(), times.end());
  std::printf("latency from commit to target: median %.1f ms, worst %.1f ms\n", times[25], times.back());
  EXPECT_LT(times[25], 200);
}

double seconds_of(const std::function<void()>& work) {
  const SteadyTime begin = real_clock().now();
  work();
  return static_cast<double>((real_clock().now() - begin).count()) / 1e9;
}

// Prints what docs/sources/sqlite.md says; the claim is only that nothing is out of all proportion.
TEST(SqliteSourceCost, OfTheTriggersForTheWriterAndOfReadingTheLog) {
  support::TempDir dir;
  const std::string path = (dir.path() / "app.db").string();
  auto opened = sqlite::Connection::open({.path = path, .mode = sqlite::Mode::kCreate});
  ASSERT_TRUE(opened) << opened.error().message();
  sqlite::Connection& db = **opened;
  const auto run = [&](const std::string& sql) { ASSERT_TRUE(db.execute(sql)) << sql; };
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INTEGER, note TEXT)");
  // Prepared, as an application does it: else most of the time is spent on reading the triggers.
  const auto each = [&](const char* sql, int from) {
    auto statement = db.prepare(sql);
    ASSERT_TRUE(statement) << statement.error().message();
    for (int i = from; i < from + 20000; i += 10) {
      run("BEGIN");
      for (int64_t k = i; k < i + 10; ++k) {
        (*statement)->bind(1, k);
        ASSERT_TRUE((*statement)->run());
      }
      run("COMMIT");
    }
  };
  const auto insert = [&](int from) {
    each("INSERT INTO t VALUES(?1, 'code ' || ?1, ?1, 'a note of some length')", from);
  };
  const auto update = [&] { each("UPDATE t SET n = n + 1 WHERE id = ?", 0); };
  const double plain_insert = seconds_of([&] { insert(0); });
  const double plain_update = seconds_of(update);
  auto made = sqlite::make_sqlite_source({.url = cat("sqlite://", path)});
  ASSERT_TRUE(made);
  Source& source = **made;
  ASSERT_TRUE(source.connect());
  ASSERT_TRUE(source.prepare());
  const auto head = source.head();
  ASSERT_TRUE(head);
  ASSERT_TRUE(source.open(*head));
  const double noted_insert = seconds_of([&] { insert(20000); });
  const double noted_update = seconds_of(update);
  size_t changes = 0;
  const double reading = seconds_of([&] {
    while (changes < 40000) {
      auto batch = source.next(std::chrono::seconds(1), {});
      ASSERT_TRUE(batch && batch->has_value());
      for (const Transaction& tx : (*batch)->transactions()) changes += tx.changes.size();
    }
  });
  std::printf("insert %.1f us a row, noted %.1f us; update %.1f us, noted %.1f us; read %.0f changes/s\n",
              plain_insert * 50,
              noted_insert * 50,
              plain_update * 50,
              noted_update * 50,
              static_cast<double>(changes) / reading);
  EXPECT_LT(noted_insert, plain_insert * 20);
  EXPECT_GT(static_cast<double>(changes) / reading, 20000);
}

}  // namespace
}  // namespace weft::live
