// SPDX-License-Identifier: Apache-2.0
// A vocabulary for tests of the PostgreSQL target against a real server: a database per test, rows from literals, groups.
//
//   auto target = open_target(); auto t = match(table("orders", {int_column("id"), text_column("note")}, {0}));
//   auto s = session(*target); commit(*s, group({batch(t, BatchOp::kInsert, {row(1, "x")})}));
#pragma once

#include <deque>

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/postgres_server.h"
#include "target/postgres/postgres_target.h"

namespace weft::postgres {

using support::PostgresConnection;
using support::PostgresServer;
using support::Rows;

inline Column make_column(std::string name, Kind kind, std::string type) {
  Column c;
  c.name = std::move(name);
  c.kind = kind;
  c.source_type = std::move(type);
  c.int_bits = kind == Kind::kInt ? 64 : 0;
  return c;
}

inline Column int_column(std::string name) {
  return make_column(std::move(name), Kind::kInt, "bigint");
}

inline Column text_column(std::string name) {
  return make_column(std::move(name), Kind::kText, "text");
}

inline SchemaRef table(std::string name, std::vector<Column> columns, std::vector<uint16_t> key) {
  auto s = std::make_shared<TableSchema>();
  s->name = {"shop", std::move(name)};
  s->columns = std::move(columns);
  s->key = std::move(key);
  return s;
}

class PostgresTargetTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::unavailable()) return;
    server_ = new PostgresServer({.settings = {"autovacuum = off", "max_connections = 60"}});
    server_->start();
  }

  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << *PostgresServer::unavailable();
    database_ = cat("db", ++databases_);
    server_->exec("CREATE DATABASE " + database_);
    sql_.emplace(server_->connect(database_));
  }

  std::unique_ptr<Target> make_target(PostgresTargetOptions options = {}) {
    if (options.url.empty()) options.url = server_->url(database_);
    auto made = make_postgres_target(options);
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
  }

  // Opened, with a first progress row of version 1 where there was none.
  std::unique_ptr<Target> open_target(PostgresTargetOptions options = {}) {
    auto target = make_target(std::move(options));
    const auto opened = target->open({.pipeline = "shop", .source_id = "mysql:1"});
    EXPECT_TRUE(opened) << opened.error().message();
    if (!opened) return target;
    if (opened->progress) {
      at_ = *opened->progress;
    } else {
      at_.epoch = opened->epoch;
      at_.version = 1;
      at_.position = Position("0-1-1");
      at_.journal_id = "j";
      at_.source_id = "mysql:1";
      const Status started = target->start(at_, {}, {});
      EXPECT_TRUE(started) << started.error().message();
    }
    return target;
  }

  TargetTableRef match(Target& target, const SchemaRef& schema) {
    auto matched = target.table(schema);
    EXPECT_TRUE(matched) << matched.error().message();
    return matched ? *matched : nullptr;
  }

  std::unique_ptr<TargetSession> session(Target& target) {
    auto made = target.session();
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
  }

  // A row whose values live as long as the test.
  template <class... T>
  Row row(const T&... values) {
    rows_.push_back({value(values)...});
    return rows_.back();
  }

  static TableBatch batch(const TargetTableRef& table, BatchOp op, const std::vector<TableBatch::Item>& items) {
    TableBatch b;
    b.table = table;
    b.op = op;
    b.rows = items;
    if (op != BatchOp::kDelete && op != BatchOp::kTruncate) {
      for (uint16_t i = 0; i < table->columns.size(); ++i) b.columns.push_back(i);
    }
    return b;
  }

  // Rows for inserts and upserts.
  TableBatch after_batch(const TargetTableRef& table, BatchOp op, const std::vector<Row>& rows) {
    std::vector<TableBatch::Item> items;
    for (const Row& r : rows) items.push_back({{}, r});
    return batch(table, op, items);
  }

  Group group(std::vector<TableBatch> batches) {
    Group g;
    g.batches = std::move(batches);
    g.from = at_;
    g.to = next();
    return g;
  }

  [[nodiscard]] Progress next() const {
    Progress to = at_;
    to.version = at_.version + 1;
    to.sequence = at_.sequence.next();
    to.position = Position(cat("0-1-", to.version));
    return to;
  }

  // Prepares and commits; gives back what was touched.
  std::vector<uint64_t> apply(TargetSession& s, const Group& g) {
    auto report = s.prepare(g);
    EXPECT_TRUE(report) << report.error().message();
    if (!report) return {};
    const Status done = s.commit(g.from, g.to);
    EXPECT_TRUE(done) << done.error().message();
    if (done) at_ = g.to;
    return report->affected;
  }

  std::string value_of(const std::string& sql) { return support::single_value(sql_->query(sql)); }

  // All rows of a query as one text: "1,x;2,(null)".
  std::string rows_of(const std::string& sql) {
    std::string out;
    for (const auto& r : sql_->query(sql)) {
      if (!out.empty()) out += ";";
      for (size_t i = 0; i < r.size(); ++i) out += cat(i == 0 ? "" : ",", r[i] ? *r[i] : "(null)");
    }
    return out;
  }

  static Value value(int i) { return Value::int64(i); }

  static Value value(int64_t i) { return Value::int64(i); }

  static Value value(const Value& v) { return v; }

  Value value(const char* t) { return value(std::string(t)); }

  Value value(const std::string& t) {
    texts_.push_back(t);
    return Value::text(texts_.back());
  }

  static Value value(std::nullptr_t) { return Value::null(); }

  static inline PostgresServer* server_ = nullptr;
  static inline int databases_ = 0;
  std::string database_;
  std::optional<PostgresConnection> sql_;
  Progress at_;  // where the last commit left progress
  std::deque<std::vector<Value>> rows_;
  std::deque<std::string> texts_;
};

// A pipeline over one table t (id, note), for tests of who may commit.
class PostgresProgress : public PostgresTargetTest {
 protected:
  void SetUp() override {
    PostgresTargetTest::SetUp();
    if (IsSkipped()) return;
    sql_->exec("CREATE TABLE t (id bigint PRIMARY KEY, note text)");
  }

  TargetTableRef match_t(Target& target) {
    return match(target, table("t", {int_column("id"), text_column("note")}, {0}));
  }

  Group insert(const TargetTableRef& t, int id) { return group({after_batch(t, BatchOp::kInsert, {row(id, "x")})}); }

  // Ends the session that holds the pipeline, as a network that is cut off does; returns when it is gone.
  void cut_control() {
    EXPECT_EQ(value_of("SELECT bool_and(pg_terminate_backend(backend_pid, 20000)) FROM _weft.lease"), "t");
  }

  Result<Opened> open(Target& target, Duration wait = {}) {
    return target.open({.pipeline = "shop", .source_id = "mysql:1", .wait = wait});
  }
};

}  // namespace weft::postgres
