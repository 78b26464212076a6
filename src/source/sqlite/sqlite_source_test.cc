// SPDX-License-Identifier: Apache-2.0
// Claims about the source beyond the contract of all sources: what it makes, what it does when the application alters tables,
// how it keeps the log small and large transactions in pieces, and that values keep their classes.
#include <algorithm>

#include <gtest/gtest.h>

#include "source/sqlite/cuts.h"
#include "source/sqlite/position.h"
#include "support/sqlite_source_fixture.h"

namespace weft::sqlite {
namespace {

class SqliteSourceTest : public SourceFixture {
 protected:
  std::string one(const std::string& sql) {
    const auto value = db_->value(sql);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    return value && *value ? **value : "";
  }

  // The error that next() gives within a second.
  Error broken() {
    for (int i = 0; i < 100; ++i) {
      auto batch = source_->next(std::chrono::milliseconds(10), {});
      if (!batch) return batch.error();
    }
    ADD_FAILURE() << "it goes on";
    return {Blame::kBug, ""};
  }

  static std::vector<std::string> told(const std::vector<Batch>& batches) {
    std::vector<std::string> lines;
    for (const Batch& batch : batches) {
      for (const Transaction& tx : batch.transactions()) {
        for (const Change& change : tx.changes) {
          if (const auto* row = std::get_if<RowChange>(&change)) {
            lines.push_back(cat(to_string(row->op),
                                " ",
                                row->schema->name.table,
                                " ",
                                row->before.empty() ? "" : describe(row->before),
                                row->after.empty() ? "" : describe(row->after)));
          } else if (const auto* ddl = std::get_if<SchemaChange>(&change)) {
            lines.push_back(cat(ddl->drops ? "drop " : "alter ", ddl->table, " +", ddl->added.size()));
          }
        }
      }
    }
    return lines;
  }
};

TEST(SqlitePositions, AreTextAndBack) {
  const auto position = SqlitePosition::parse("0123456789abcdef:4711");
  ASSERT_TRUE(position) << position.error().message();
  EXPECT_EQ(position->text(), "0123456789abcdef:4711");
  for (const char* wrong : {"",
                            "4711",
                            "0123456789abcdef",
                            "0123456789abcde:1",
                            "0123456789ABCDEF:1",
                            "0123456789abcdef:-1",
                            "0123456789abcdef:1x",
                            "1:0/16B3748"}) {
    EXPECT_FALSE(SqlitePosition::parse(wrong)) << wrong;
  }
}

TEST(SqlitePositions, AJournalKeepsThemAndRefusesDamage) {
  SqlitePositionLog log("0123456789abcdef");
  for (const int64_t id : {3, 900, 901, 1 << 30}) log.add(id);
  std::string saved;
  ASSERT_TRUE(log.save(1, 3, saved));
  const auto loaded = SqlitePositionLog::load(saved, 3);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ((*loaded)->text(0), "0123456789abcdef:900");
  EXPECT_EQ((*loaded)->text(2), cat("0123456789abcdef:", 1 << 30));
  for (size_t cut = 0; cut < saved.size(); ++cut) EXPECT_FALSE(SqlitePositionLog::load(saved.substr(0, cut), 3)) << cut;
  EXPECT_FALSE(SqlitePositionLog::load(saved + "x", 3));
}

TEST(Cuts, AViewEndsATransactionOrIsToOpenAgain) {
  Cuts cuts;
  EXPECT_TRUE(cuts.enter(5));
  EXPECT_EQ(cuts.claim(0, 9), (std::vector<int64_t>{5, 9}));
  EXPECT_TRUE(cuts.enter(5)) << "the stream ends a transaction there";
  EXPECT_FALSE(cuts.enter(7)) << "it goes on over that";
  EXPECT_TRUE(cuts.enter(9));
  EXPECT_TRUE(cuts.enter(12));
  EXPECT_EQ(cuts.claim(9, 20), (std::vector<int64_t>{12, 20}));
  EXPECT_FALSE(cuts.enter(7)) << "far behind the stream";
}

TEST_F(SqliteSourceTest, AMissingFileIsTheUsersToMend) {
  auto made = make_sqlite_source({.url = cat("sqlite://", dir_, "/none.db")});
  ASSERT_TRUE(made);
  const auto info = (*made)->connect();
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().blame(), Blame::kConfig);
  EXPECT_NE(info.error().message().find("there is no database"), std::string::npos) << info.error().message();
}

TEST_F(SqliteSourceTest, SetUpIsPrintedThenMadeThenNotNeeded) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  source_ = make_source();
  const auto dry = source_->set_up(true);
  ASSERT_TRUE(dry) << dry.error().message();
  EXPECT_EQ(one("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_weft%' ESCAPE '\\'"), "0") << "only printed";
  const auto made = source_->set_up(false);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->size(), dry->size());
  const auto again = source_->set_up(false);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->empty());
  const auto gone = source_->tear_down(false);
  ASSERT_TRUE(gone) << gone.error().message();
  EXPECT_EQ(one("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_weft%' ESCAPE '\\'"), "0");
}

TEST_F(SqliteSourceTest, WithoutLeaveToSetUpItSaysWhatToDo) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  source_ = make_source({.url = {}, .setup = false});
  ASSERT_TRUE(source_->connect());
  const auto head = source_->head();
  ASSERT_FALSE(head);
  EXPECT_NE(head.error().message().find("weft setup"), std::string::npos) << head.error().message();
}

TEST_F(SqliteSourceTest, EveryStorageClassArrivesAsItIs) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, b BLOB, n NUMERIC, d DATETIME, x)");
  open_source();
  const std::string row = "'abc', 0.1, 'a' || char(0) || 'b', x'00ff', 123456789012345678, 1700000000, 2.0";
  run(cat("INSERT INTO t VALUES(1, ", row, ")"));
  run("INSERT INTO t VALUES(2, 9223372036854775807, -1e308, '', x'', 0.5, '2024-01-01', NULL)");
  const auto batches = read_all();
  ASSERT_EQ(batches.size(), 1u);
  const auto changes = batches[0].transactions()[0].changes;
  ASSERT_EQ(changes.size(), 2u);
  const std::vector<std::string> rows = rows_of("SELECT * FROM t ORDER BY id");
  EXPECT_EQ(encode_key(std::get<RowChange>(changes[0]).after), rows[0]);
  EXPECT_EQ(encode_key(std::get<RowChange>(changes[1]).after), rows[1]);
  const Row first = std::get<RowChange>(changes[0]).after;
  EXPECT_EQ(first[1].kind(), Kind::kText) << "a text in an INTEGER column";
  EXPECT_EQ(first[3].view(), std::string_view("a\0b", 3));
  EXPECT_EQ(first[7].kind(), Kind::kDouble);
}

TEST_F(SqliteSourceTest, AColumnThatIsAddedComesWithWhatWasPutIntoItMeanwhile) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'a'), (2, 'b')");
  open_source();
  run("ALTER TABLE t ADD COLUMN n INTEGER DEFAULT 7; UPDATE t SET n = 8 WHERE id = 2; INSERT INTO t VALUES(3, 'c', 7)");
  const auto batches = read_all();
  EXPECT_EQ(told(batches),
            (std::vector<std::string>{
                "update t (2, 'b')(2, 'b')", "insert t (3, 'c')", "alter t +1", "update t (2, 'b', 7)(2, 'b', 8)"}));
  run("UPDATE t SET n = 9 WHERE id = 1");
  EXPECT_EQ(told(read_all()), (std::vector<std::string>{"update t (1, 'a', 7)(1, 'a', 9)"}));
}

TEST_F(SqliteSourceTest, AnAddedColumnSaysWhatTheRowsThatAreThereHold) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  open_source();
  run("ALTER TABLE t ADD COLUMN a TEXT DEFAULT 'it''s'; ALTER TABLE t ADD COLUMN b INTEGER NOT NULL DEFAULT -7;"
      "ALTER TABLE t ADD COLUMN c; ALTER TABLE t ADD COLUMN d INTEGER DEFAULT '8'; INSERT INTO t(id) VALUES(1)");
  (void)read_all();
  run("INSERT INTO t(id) VALUES(2)");
  const auto batches = read_all();
  std::vector<std::string> added;
  for (const Batch& batch : batches) {
    for (const Change& change : batch.transactions()[0].changes) {
      const auto* ddl = std::get_if<SchemaChange>(&change);
      for (const AddedColumn& one : ddl != nullptr ? ddl->added : std::span<const AddedColumn>()) {
        added.push_back(cat(one.name, " ", static_cast<int>(one.kind), " ", one.text, one.not_null ? " not null" : ""));
      }
    }
  }
  EXPECT_EQ(added, (std::vector<std::string>{"a 1 ('it's')", "b 1 (-7) not null", "c 0 ", "d 2 "}));
}

TEST_F(SqliteSourceTest, WithoutLeaveToSetUpAnAlteredTableStopsTheStream) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  source_ = make_source();
  ASSERT_TRUE(source_->set_up(false));
  open_source({.url = {}, .setup = false});
  run("ALTER TABLE t ADD COLUMN n");
  const Error error = broken();
  EXPECT_EQ(error.blame(), Blame::kConfig);
  EXPECT_NE(error.message().find("weft setup"), std::string::npos) << error.message();
  ASSERT_TRUE(make_source()->set_up(false));
  run("INSERT INTO t VALUES(1, 2, 3)");
  EXPECT_EQ(told(read_all()), (std::vector<std::string>{"alter t +1", "insert t (1, 2, 3)"}));
}

TEST_F(SqliteSourceTest, ATableThatIsDroppedIsTold) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE TABLE u(id INTEGER PRIMARY KEY)");
  open_source();
  run("INSERT INTO t VALUES(1, 2); DROP TABLE t");
  EXPECT_EQ(told(read_all()), (std::vector<std::string>{"insert t (1, 2)", "drop t +0"}));
}

TEST_F(SqliteSourceTest, AGapInWhatTheTriggersNotedNeedsANewCopy) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  open_source();
  const std::string trigger = one("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%_ai'");
  run(cat("DROP TRIGGER \"", trigger, "\"; INSERT INTO t VALUES(1, 2)"));
  EXPECT_EQ(broken().code(), kNeedsCopy);
  // The next start makes the triggers anew, and what it had is lost.
  ASSERT_TRUE(source_->connect());
  ASSERT_TRUE(source_->head());
  const Status opened = source_->open(start_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), kPositionLost) << opened.error().message();
}

TEST_F(SqliteSourceTest, ATableThatIsMadeAgainNeedsANewCopy) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  open_source();
  run("CREATE TABLE t2(id INTEGER PRIMARY KEY, v TEXT); DROP TABLE t; ALTER TABLE t2 RENAME TO t; INSERT INTO t "
      "VALUES(1, 2)");
  EXPECT_EQ(broken().code(), kNeedsCopy);
}

TEST_F(SqliteSourceTest, ATriggerOfTheApplicationThatIsMadeLaterDoesNotLogInFrontOfItsCause) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  open_source();
  run("CREATE TRIGGER later AFTER INSERT ON t BEGIN UPDATE t SET v = 'stamped' WHERE id = NEW.id; END");
  EXPECT_TRUE(read_all().empty());
  run("INSERT INTO t VALUES(1, 2)");
  EXPECT_EQ(told(read_all()), (std::vector<std::string>{"insert t (1, 2)", "update t (1, 2)(1, 'stamped')"}));
}

TEST_F(SqliteSourceTest, ATriggerOfTheApplicationThatLoggedInFrontOfItsCauseNeedsANewCopy) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  open_source();
  run("CREATE TRIGGER later AFTER INSERT ON t BEGIN UPDATE t SET v = 'stamped' WHERE id = NEW.id; END");
  run("INSERT INTO t VALUES(1, 2)");
  EXPECT_EQ(broken().code(), kNeedsCopy);
}

TEST_F(SqliteSourceTest, ALargeTransactionComesInPiecesOfOne) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  open_source({.url = {}, .batch_bytes = 10000, .fragment_bytes = 50000});
  run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO t SELECT i, "
      "'abcdefgh' FROM n");
  size_t changes = 0;
  std::vector<std::pair<bool, bool>> pieces;
  for (const Batch& batch : read_all()) {
    EXPECT_LT(batch.bytes(), 400000u);
    for (const Transaction& tx : batch.transactions()) {
      changes += tx.changes.size();
      pieces.emplace_back(tx.first, tx.last);
    }
  }
  EXPECT_EQ(changes, 10000u);
  ASSERT_GT(pieces.size(), 5u);
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i], std::make_pair(i == 0, i + 1 == pieces.size())) << i;
  }
}

TEST_F(SqliteSourceTest, WhatEveryReaderHasIsRemovedAndNothingElse) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  auto other = make_source({.url = {}, .reader = "other"});
  ASSERT_TRUE(other->connect());
  ASSERT_TRUE(other->prepare());
  open_source();
  for (int i = 0; i < 5; ++i) run("INSERT INTO t DEFAULT VALUES");
  (void)read_all();
  const Position head = *source_->head();
  ASSERT_TRUE(source_->acknowledge(head));
  EXPECT_EQ(one("SELECT count(*) FROM _weft_capture_change WHERE op > 0"), "5") << "the other has not seen them";
  ASSERT_TRUE(other->acknowledge(head));
  EXPECT_EQ(one("SELECT count(*) FROM _weft_capture_change WHERE op > 0"), "1") << "the last stays, for its number";
  const Status opened = source_->open(head);
  EXPECT_TRUE(opened) << opened.error().message();
  ASSERT_TRUE(source_->connect());
  const Status lost = source_->open(start_);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), kPositionLost) << lost.error().message();
}

TEST_F(SqliteSourceTest, WhileTheApplicationHoldsTheLockAnAcknowledgementIsLeftToTheNext) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  open_source();
  for (int i = 0; i < 3; ++i) run("INSERT INTO t DEFAULT VALUES");
  (void)read_all();
  run("BEGIN IMMEDIATE");
  const Position head = *source_->head();
  EXPECT_TRUE(source_->acknowledge(head));
  run("COMMIT");
  EXPECT_EQ(one("SELECT count(*) FROM _weft_capture_change WHERE op > 0"), "3");
  EXPECT_TRUE(source_->acknowledge(head));
  EXPECT_EQ(one("SELECT count(*) FROM _weft_capture_change WHERE op > 0"), "1");
}

TEST_F(SqliteSourceTest, HardCase01AViewBetweenTwoTransactionsOfOneReadCutsThem) {
  run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  open_source();
  auto reader = source_->table_reader();
  ASSERT_TRUE(reader);
  run("INSERT INTO t VALUES(1)");
  const auto point = (*reader)->begin(schemas_[0]);
  ASSERT_TRUE(point) << point.error().message();
  run("INSERT INTO t VALUES(2)");
  const auto batches = read_all();
  ASSERT_EQ(batches.size(), 1u);
  const auto transactions = batches[0].transactions();
  ASSERT_EQ(transactions.size(), 2u);
  EXPECT_EQ((*point)->covers(batches[0], transactions[0]), Covers::kYes);
  EXPECT_EQ((*point)->covers(batches[0], transactions[1]), Covers::kNo);
}

TEST_F(SqliteSourceTest, ANullInAKeyIsRefusedByName) {
  run("CREATE TABLE t(id TEXT PRIMARY KEY, v)");
  open_source();
  run("INSERT INTO t VALUES(NULL, 2)");
  const Error error = broken();
  EXPECT_EQ(error.blame(), Blame::kConfig);
  EXPECT_EQ(error.table(), "t");
  EXPECT_NE(error.message().find("NULL in its key"), std::string::npos) << error.message();
}

TEST_F(SqliteSourceTest, ARowThatRefersToItselfAndMovesNeedsANewCopy) {
  run("PRAGMA foreign_keys=ON; CREATE TABLE t(id INTEGER PRIMARY KEY, up REFERENCES t(id) ON UPDATE CASCADE)");
  open_source();
  run("INSERT INTO t VALUES(1, 1); UPDATE t SET id = 7");
  EXPECT_EQ(broken().code(), kNeedsCopy);
}

TEST_F(SqliteSourceTest, CheckNamesWhatStopsAndWhatSurprises) {
  run("PRAGMA journal_mode=DELETE; CREATE TABLE bag(x); CREATE TABLE e(a TEXT); CREATE UNIQUE INDEX e_low ON "
      "e(lower(a)); CREATE VIEW v AS SELECT 1");
  const std::vector<Finding> findings = make_source()->check();
  const auto has = [&](Finding::Level level, std::string_view part) {
    return std::ranges::any_of(
        findings, [&](const Finding& f) { return f.level == level && f.what.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(has(Finding::Level::kWarning, "journal_mode is delete"));
  EXPECT_TRUE(has(Finding::Level::kWarning, "table bag has no key"));
  EXPECT_TRUE(has(Finding::Level::kError, "over an expression"));
}

}  // namespace
}  // namespace weft::sqlite
