// SPDX-License-Identifier: Apache-2.0
// The stream of the MySQL source: where it starts, goes on, stops and refuses to.
#include <thread>

#include "live/mysql_source_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTable = "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)";

class Streams : public MysqlSource {
 protected:
  void forget_all_logs() { server->exec(mariadb() ? "RESET MASTER" : "RESET BINARY LOGS AND GTIDS"); }

  // How many logs are left.
  size_t purge_all_but_the_last_log() {
    server->exec("FLUSH BINARY LOGS");
    const auto logs = server->query("SHOW BINARY LOGS");
    server->exec(cat("PURGE BINARY LOGS TO '", *logs.back()[0], "'"));
    return server->query("SHOW BINARY LOGS").size();
  }

  // Five transactions of different shapes.
  void five_transactions() {
    server->exec("INSERT INTO t VALUES (1,'a')");
    server->exec("BEGIN; INSERT INTO t VALUES (2,'b'); INSERT INTO t VALUES (3,'c'); COMMIT");
    server->exec("UPDATE t SET v='x' WHERE id=1");
    server->exec("FLUSH BINARY LOGS");
    server->exec("DELETE FROM t WHERE id=2");
    server->exec("INSERT INTO t VALUES (4,'d'),(5,'e')");
  }

  void resume_everywhere(const SourceOptions& options) {
    serve(options);
    if (IsSkipped()) return;
    server->exec(kTable);
    TestSource first(*server);
    first.start();
    const std::string beginning = first.last.empty() ? first.head() : first.last;
    five_transactions();
    const Lines all = first.drain(7);
    ASSERT_EQ(all,
              (Lines{"insert t (1, 'a')",
                     "insert t (2, 'b')",
                     "insert t (3, 'c')",
                     "update t (1, 'a') -> (1, 'x')",
                     "delete t (2, 'b')",
                     "insert t (4, 'd')",
                     "insert t (5, 'e')"}));
    ASSERT_EQ(first.positions.size(), 5u);
    const size_t changes_before[] = {1, 3, 4, 5, 7};
    for (size_t i = 0; i < 5; ++i) {
      TestSource again(*server);
      again.connect();
      EXPECT_EQ(again.identity, first.identity);
      again.open(first.positions[i]);
      const Lines rest(all.begin() + static_cast<ptrdiff_t>(changes_before[i]), all.end());
      EXPECT_EQ(again.drain(rest.size() + 1, i == 4 ? 1500ms : 700ms), rest) << first.positions[i];
      for (size_t j = 0; j < 5; ++j) {
        EXPECT_EQ(again.source->includes(Position(first.positions[i]), Position(first.positions[j])), j <= i);
      }
    }
  }

  void expect_lost(const std::string& position, const std::string& words) {
    TestSource source(*server);
    source.connect();
    const Status opened = source.source->open(Position(position));
    ASSERT_FALSE(opened.has_value()) << position;
    EXPECT_EQ(opened.error().code(), kPositionLost) << opened.error().message();
    EXPECT_EQ(opened.error().blame(), Blame::kConfig);
    EXPECT_NE(opened.error().message().find(words), std::string::npos) << opened.error().message();
  }
};

TEST_P(Streams, GoOnBehindEveryTransaction) {
  resume_everywhere({});
}

TEST_P(Streams, GoOnBehindEveryTransactionByFileWhereThereAreNoGtids) {
  if (mariadb()) GTEST_SKIP() << "MariaDB always has GTIDs";
  resume_everywhere({.extra = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}});
}

TEST_P(Streams, StartOnAFreshServerWithoutAnyTransaction) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  forget_all_logs();
  TestSource source(*server);
  source.connect();
  const std::string head = source.head();
  EXPECT_FALSE(head.empty());
  source.open(head);
  server->exec("INSERT INTO t VALUES (1,'a')");
  EXPECT_EQ(source.drain(1), Lines{"insert t (1, 'a')"});
  TestSource again(*server);
  again.connect();
  again.open(head);
  EXPECT_EQ(again.drain(1), Lines{"insert t (1, 'a')"});
}

TEST_P(Streams, HeadIncludesAllThatIsCommittedAndNothingElse) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  server->exec("INSERT INTO t VALUES (1,'a')");
  const std::string middle = source.head();
  server->exec("INSERT INTO t VALUES (2,'b')");
  ASSERT_EQ(source.drain(2).size(), 2u);
  EXPECT_TRUE(source.source->includes(Position(middle), Position(source.positions[0])));
  EXPECT_FALSE(source.source->includes(Position(middle), Position(source.positions[1])));
  EXPECT_TRUE(source.source->includes(Position(source.positions[1]), Position(middle)));
}

TEST_P(Streams, APurgedPositionIsNamed) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  std::string last;
  {
    TestSource source(*server);  // a server purges nothing that is being read
    source.start();
    server->exec("INSERT INTO t VALUES (1,'a')");
    ASSERT_EQ(source.drain(1).size(), 1u);
    last = source.positions[0];
  }
  server->exec("INSERT INTO t VALUES (2,'b')");
  ASSERT_TRUE(support::wait_until(support::deadline_in(10s), [&] { return purge_all_but_the_last_log() == 1; }));
  server->exec("INSERT INTO t VALUES (3,'c')");
  expect_lost(last, "--on-lost-position");
  expect_lost(cat("file:", last.substr(last.find('@') + 1)), "no longer has the log file");
}

TEST_P(Streams, APositionAheadOfTheServerIsRefused) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  server->exec("INSERT INTO t VALUES (1,'a')");
  ASSERT_EQ(source.drain(1).size(), 1u);
  const std::string known = source.positions[0].substr(0, source.positions[0].find('@'));
  if (mariadb()) {
    expect_lost(cat(known, "0"), "has never held");
    expect_lost("0-424242-1", "0-424242-1");
  } else {
    expect_lost("00000000-1111-2222-3333-444444444444:1-7", "has never executed");
  }
}

TEST_P(Streams, AnEventOfMoreThanSixteenMebibytesArrivesWhole) {
  serve({.extra = {"--max-allowed-packet=128M"}});
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  auto writer = server->connect("shop");
  writer.exec("INSERT INTO t VALUES (1, REPEAT('x', 16777215 - 60)), (2, 'y')");
  writer.exec("INSERT INTO t VALUES (3, REPEAT('z', 40000000))");
  writer.exec("INSERT INTO t VALUES (4, 'w')");
  ASSERT_EQ(source.drain(4, 20s).size(), 4u);
  std::vector<size_t> sizes;
  for (const Batch& batch : source.batches) {
    for (const Transaction& tx : batch.transactions()) {
      for (const Change& change : tx.changes) sizes.push_back(std::get<RowChange>(change).after[1].view().size());
    }
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{16777155, 1, 40000000, 1}));
}

TEST_P(Streams, AServerThatHasToWaitForUsDoesNotGiveUp) {
  serve();
  if (IsSkipped()) return;
  server->exec("SET GLOBAL net_write_timeout = 1");
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  auto writer = server->connect("shop");
  for (int i = 0; i < 40; ++i) writer.exec(cat("INSERT INTO t VALUES (", i, ", REPEAT('x', 1000000))"));
  real_clock().sleep(6s, {});  // nobody calls next(): the server's writes block
  EXPECT_EQ(source.drain(40, 10s).size(), 40u);
  EXPECT_FALSE(source.error.has_value());
}

TEST_P(Streams, TwoSourcesDoNotDisturbEachOther) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource one(*server);
  TestSource two(*server);
  one.start();
  two.start();
  for (int i = 0; i < 3; ++i) {
    server->exec(cat("INSERT INTO t VALUES (", i, ",'a')"));
    EXPECT_EQ(one.drain(1).size(), 1u);
    EXPECT_EQ(two.drain(1).size(), 1u);
  }
  EXPECT_FALSE(one.error || two.error);
}

TEST_P(Streams, AServerThatDiesIsTransientAndTheStreamGoesOnAfterwards) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  server->exec("INSERT INTO shop.t VALUES (1,'a')");
  ASSERT_EQ(source.drain(1).size(), 1u);
  server->crash();
  source.drain(1);
  ASSERT_TRUE(source.error.has_value());
  EXPECT_EQ(source.error->blame(), Blame::kTransient) << source.error->message();
  const auto refused = source.source->connect();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), kUnreachable);
  server->start();
  server->exec("INSERT INTO shop.t VALUES (2,'b')");
  const std::string identity = source.identity;
  source.connect();
  EXPECT_EQ(source.identity, identity);
  source.open(source.positions.back());
  EXPECT_EQ(source.drain(1), Lines{"insert t (2, 'b')"});
}

TEST_P(Streams, DdlIsTheNextVersionOfTheShape) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  server->exec("INSERT INTO t VALUES (1,'a')");
  server->exec("ALTER TABLE t ADD COLUMN n INT DEFAULT 7 AFTER id");
  server->exec("INSERT INTO t VALUES (2,8,'b')");
  server->exec("CREATE TABLE other (id INT PRIMARY KEY)");
  server->exec("INSERT INTO other VALUES (1)");
  server->exec("TRUNCATE TABLE t");
  const Lines lines = source.drain(6);
  ASSERT_EQ(lines.size(), 6u) << testing::PrintToString(lines);
  EXPECT_EQ(lines[0], "insert t (1, 'a')");
  EXPECT_EQ(lines[1], "ddl t: ALTER TABLE t ADD COLUMN n INT DEFAULT 7 AFTER id");
  EXPECT_EQ(lines[2], "insert t (2, 8, 'b')");
  EXPECT_EQ(lines[4], "insert other (1)");
  EXPECT_EQ(lines[5], "truncate t");
}

TEST_P(Streams, OtherTablesAreOnlyPositions) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  server->exec("CREATE TABLE other (id INT PRIMARY KEY)");
  TestSource source(server->url("shop", "weft"), {"t"});
  source.start();
  server->exec("INSERT INTO other VALUES (1)");
  EXPECT_EQ(source.drain(1, 1500ms), Lines{});
  EXPECT_TRUE(source.source->includes(Position(source.last), Position(source.head())))
      << source.last << " " << source.head();
}

TEST_P(Streams, TheBacklogIsTheLogBehindTheStream) {
  serve();
  if (IsSkipped()) return;
  server->exec(kTable);
  TestSource source(*server);
  source.start();
  server->exec("INSERT INTO t VALUES (1,'a')");
  ASSERT_EQ(source.drain(2, 1500ms).size(), 1u);
  EXPECT_EQ(source.source->backlog_bytes(), std::optional<uint64_t>(0));
  server->exec("INSERT INTO t VALUES (2, REPEAT('x', 100000))");
  real_clock().sleep(1100ms, {});
  EXPECT_GT(source.source->backlog_bytes().value_or(0), 100000u);
}

INSTANTIATE_TEST_SUITE_P(Servers, Streams, testing::Values(Engine::kMariaDb, Engine::kMySql), engine_of);

}  // namespace
}  // namespace weft::live
