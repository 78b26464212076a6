// SPDX-License-Identifier: Apache-2.0
// Claims about a target database file beyond the contract of every target: foreign-key actions, trials and letters, origins, kept
// keys, repairs, and what a killed holder leaves.
#include "target/sqlite/sqlite_target.h"

#include <cstdlib>
#include <deque>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/sqlite/connection.h"
#include "model/origin.h"

namespace weft::sqlite {
namespace {

constexpr const char* kTables =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id) ON DELETE CASCADE);"
    "CREATE TABLE tags (id INTEGER PRIMARY KEY, child INTEGER);"
    "CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER UNIQUE) WITHOUT ROWID";

class SqliteTargetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(dir_.data()), nullptr);
    auto db = Connection::open({.path = dir_ + "/t.db", .mode = Mode::kCreate});
    ASSERT_TRUE(db) << db.error().message();
    db_ = std::move(db).value();
    run(kTables);
    begin();
  }

  void TearDown() override {
    session_.reset();
    target_.reset();
    db_.reset();
    std::filesystem::remove_all(dir_);
  }

  void begin() {
    auto made = make_sqlite_target({.url = cat("sqlite://", dir_, "/t.db")});
    ASSERT_TRUE(made);
    target_ = std::move(made).value();
    OpenRequest request;
    request.pipeline = "shop";
    request.source_id = "mysql:a:shop";
    auto opened = target_->open(request);
    ASSERT_TRUE(opened) << opened.error().message();
    progress_.epoch = opened->epoch;
    if (opened->progress) {
      progress_ = *opened->progress;
    } else {
      progress_.version = 1;
      progress_.source_id = request.source_id;
      ASSERT_TRUE(target_->start(progress_, {}, {}));
    }
    auto session = target_->session();
    ASSERT_TRUE(session);
    session_ = std::move(session).value();
  }

  void run(const std::string& sql) {
    const Status done = db_->execute(sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message();
  }

  std::string shown(const std::string& sql) {
    std::string out;
    auto select = db_->prepare(sql);
    EXPECT_TRUE(select) << (select ? "" : select.error().message());
    while (*(*select)->step()) {
      out += out.empty() ? "" : "|";
      for (int i = 0; i < (*select)->columns(); ++i)
        out += cat(i == 0 ? "" : ",", (*select)->is_null(i) ? "NULL" : (*select)->text(i));
    }
    return out;
  }

  TargetTableRef table(const std::string& name, std::vector<std::string> columns, Kind key = Kind::kInt) {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"shop", name};
    for (std::string& column : columns) {
      Column c;
      c.name = std::move(column);
      c.kind = schema->columns.empty() ? key : c.name == "name" ? Kind::kText : Kind::kInt;
      c.int_bits = 64;
      schema->columns.push_back(std::move(c));
    }
    schema->key = {0};
    auto matched = target_->table(schema);
    EXPECT_TRUE(matched) << (matched ? "" : matched.error().message());
    return matched ? *matched : nullptr;
  }

  Row row(std::vector<Value> values) {
    rows_.push_back(std::move(values));
    return rows_.back();
  }

  static TableBatch batch(const TargetTableRef& table, BatchOp op, std::vector<TableBatch::Item> items) {
    TableBatch b;
    b.table = table;
    b.op = op;
    for (uint16_t o = 0; o < table->columns.size() && op != BatchOp::kDelete; ++o) b.columns.push_back(o);
    b.rows = std::move(items);
    return b;
  }

  Result<PrepareReport> prepare(std::vector<TableBatch> batches,
                                bool first = true,
                                bool last = true,
                                bool trial = false) {
    Group group;
    group.batches = std::move(batches);
    group.first = first;
    group.last = last;
    group.on_trial = trial;
    return session_->prepare(group);
  }

  void commit() {
    Progress to = progress_;
    ++to.version;
    to.position = Position(cat("p", to.version));
    const Status done = session_->commit(progress_, to);
    ASSERT_TRUE(done) << done.error().message();
    progress_ = to;
  }

  void write(std::vector<TableBatch> batches) {
    const auto done = prepare(std::move(batches));
    ASSERT_TRUE(done) << done.error().message();
    commit();
  }

  std::string dir_ = (std::filesystem::temp_directory_path() / "weft-target-XXXXXX").string();
  std::unique_ptr<Connection> db_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<TargetSession> session_;
  Progress progress_;
  std::deque<std::vector<Value>> rows_;
};

Value number(int64_t n) {
  return Value::int64(n);
}

TEST_F(SqliteTargetTest, hard_case_07_KeyActionsGoAsDeepAsTheyLeadAndBeforeTheRowThatSetsThemOff) {
  run("INSERT INTO parents VALUES (1, 'a'), (2, 'b'); INSERT INTO children VALUES (10, 1), (11, 2), (12, 1);"
      "INSERT INTO tags VALUES (100, 10), (101, 11), (102, 12), (103, 10)");
  const TargetTableRef parents = table("parents", {"id", "name"});
  const TargetTableRef children = table("children", {"id", "parent"});
  const TargetTableRef tags = table("tags", {"id", "child"});
  ActingKeys keys;
  keys[parents->name].push_back({children, {1}, {0}, KeyAction::kCascade, KeyAction::kCascade, true, true});
  keys[children->name].push_back({tags, {1}, {0}, KeyAction::kSetNull, KeyAction::kNone});
  TableBatch acts = batch(parents, BatchOp::kKeyActions, {{row({number(1), Value::text("a")}), {}}});
  acts.keys = &keys;
  const auto done = prepare({acts, batch(parents, BatchOp::kDelete, {{row({number(1), Value::unchanged()}), {}}})});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->affected, (std::vector<uint64_t>{5, 1})) << "two children, three tags";
  commit();
  EXPECT_EQ(shown("SELECT * FROM children"), "11,2");
  EXPECT_EQ(shown("SELECT * FROM tags ORDER BY id"), "100,NULL|101,11|102,NULL|103,NULL");
  // A key that changes takes its children with it; they refer to nobody for a moment.
  TableBatch moves =
      batch(parents, BatchOp::kKeyActions, {{row({number(2), Value::text("b")}), row({number(7), Value::text("b")})}});
  moves.keys = &keys;
  write(
      {moves,
       batch(parents, BatchOp::kUpdate, {{row({number(2), Value::unchanged()}), row({number(7), Value::text("b")})}})});
  EXPECT_EQ(shown("SELECT * FROM children"), "11,7");
}

TEST_F(SqliteTargetTest, ATrialThatFailsTakesBackItselfAndNothingElse) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  const auto insert = [&](int64_t id) {
    return batch(parents, BatchOp::kInsert, {{{}, row({number(id), Value::text("x")})}});
  };
  ASSERT_TRUE(prepare({insert(1)}, true, false, true));
  ASSERT_FALSE(prepare({insert(2), insert(1)}, false, false, true));
  ASSERT_TRUE(prepare({insert(3)}, false, false, true));
  ASSERT_TRUE(session_->undo());
  ASSERT_TRUE(prepare({insert(4)}, false, true));
  commit();
  EXPECT_EQ(shown("SELECT id FROM parents ORDER BY id"), "1|4");
}

TEST_F(SqliteTargetTest, hard_case_19_ATransactionTellsItsOriginOnceHoweverItBegan) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  const auto insert = [&](int64_t id) {
    return batch(parents, BatchOp::kInsert, {{{}, row({number(id), Value::text("x")})}});
  };
  const auto chain = [&] { return shown("SELECT chain FROM _weft_origin"); };
  session_->say_origin("mysql:a:shop");
  write({});
  EXPECT_EQ(chain(), "") << "it changed nothing";
  ASSERT_TRUE(session_->held("shop.parents", {"x"}));
  ASSERT_TRUE(prepare({insert(1)}, false, false, true));
  ASSERT_FALSE(prepare({insert(1)}, false, false, true));
  ASSERT_TRUE(prepare({insert(2)}, false, true));
  commit();
  const std::string first = chain();
  EXPECT_EQ(chain_of_row(first), "mysql:a:shop") << "a trial that was taken back does not take it along";
  write({insert(3)});
  EXPECT_NE(chain(), first) << "each transaction writes it anew";
}

TEST_F(SqliteTargetTest, ARepairWritesOnlyTheRowsThatDiffer) {
  run("INSERT INTO words VALUES ('a', 1), ('b', 2); CREATE TABLE log (word);"
      "CREATE TRIGGER seen AFTER UPDATE ON words BEGIN INSERT INTO log VALUES (new.word); END");
  const TargetTableRef words = table("words", {"word", "n"}, Kind::kText);
  write({batch(words,
               BatchOp::kMend,
               {{{}, row({Value::text("a"), number(1)})},
                {{}, row({Value::text("b"), number(3)})},
                {{}, row({Value::text("c"), Value::null()})}})});
  EXPECT_EQ(shown("SELECT * FROM words"), "a,1|b,3|c,NULL");
  EXPECT_EQ(shown("SELECT * FROM log"), "b");
}

TEST_F(SqliteTargetTest, hard_case_15_AnUpsertThatMeetsAnotherUniqueKeyIsAnErrorAndTakesNoRowAway) {
  run("INSERT INTO words VALUES ('a', 1), ('b', 2)");
  const TargetTableRef words = table("words", {"word", "n"}, Kind::kText);
  const auto upsert = prepare({batch(words, BatchOp::kUpsert, {{{}, row({Value::text("c"), number(1)})}})});
  ASSERT_FALSE(upsert);
  EXPECT_EQ(upsert.error().blame(), Blame::kData);
  EXPECT_EQ(shown("SELECT * FROM words"), "a,1|b,2");
  TableBatch rivals = batch(words, BatchOp::kDeleteRivals, {{{}, row({Value::text("c"), number(1)})}});
  rivals.columns = {1};
  write({rivals, batch(words, BatchOp::kUpsert, {{{}, row({Value::text("c"), number(1)})}})});
  EXPECT_EQ(shown("SELECT * FROM words"), "b,2|c,1");
}

TEST_F(SqliteTargetTest, hard_case_06_KeysAreKeptWithTheirVersionAndGoWithARollback) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  session_->keep_keys("first");
  write({});
  ASSERT_TRUE(prepare({batch(parents, BatchOp::kInsert, {{{}, row({number(1), Value::text("x")})}})}));
  session_->keep_keys("rolled back");
  session_->rollback();
  write({});
  const auto kept = target_->kept_versions();
  ASSERT_TRUE(kept && kept->size() == 1u);
  EXPECT_EQ(kept->front().position.text(), "p2");
  EXPECT_EQ(*target_->kept_since(0), std::vector<std::string>{"first"});
}

TEST_F(SqliteTargetTest, LettersAreKeptInTheTransactionThatPassesThemAndTakenBesideIt) {
  DeadLetterStep step;
  step.letter.table = "shop.parents";
  step.letter.key = "3:1:0";
  step.letter.error = "no";
  Group group;
  group.dead_letters.push_back(step);
  ASSERT_TRUE(session_->prepare(group));
  session_->rollback();
  EXPECT_TRUE(target_->count_letters()->empty());
  ASSERT_TRUE(session_->prepare(group));
  commit();
  const auto held = session_->held("shop.parents", {"3:1:0", "3:2:0"});
  ASSERT_TRUE(held && held->size() == 1u);
  session_->rollback();
  auto letters = session_->letters("shop.parents", 10);
  ASSERT_TRUE(letters && letters->size() == 1u);
  EXPECT_TRUE(*session_->take_letter(letters->front().id));
  EXPECT_FALSE(*session_->take_letter(letters->front().id));
  ASSERT_TRUE(session_->commit_beside());
  EXPECT_TRUE(target_->count_letters()->empty());
}

TEST_F(SqliteTargetTest, AWriterThatMayNotWaitGivesWayToAnother) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  run("BEGIN IMMEDIATE");
  Group group;
  group.batches.push_back(batch(parents, BatchOp::kInsert, {{{}, row({number(1), Value::text("x")})}}));
  group.wait_for_locks = false;
  const auto refused = session_->prepare(group);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConflict);
  EXPECT_TRUE(target_->keep_lease()) << "nor does the lease wait for it";
  run("COMMIT");
  ASSERT_TRUE(session_->prepare(group));
}

// Of a process that is gone nobody waits for the lease to run out.
TEST_F(SqliteTargetTest, AHolderWhoseProcessIsGoneIsNotWaitedFor) {
  run("UPDATE _weft_lease SET session = replace(session, substr(session, 1, instr(session, ' ') - 1), '999999999')");
  OpenRequest request;
  request.pipeline = "shop";
  request.source_id = "mysql:a:shop";
  auto next = make_sqlite_target({.url = cat("sqlite://", dir_, "/t.db")});
  ASSERT_TRUE(next);
  const auto opened = (*next)->open(request);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_GT(opened->epoch, progress_.epoch);
}

TEST_F(SqliteTargetTest, BadFilesAreNamed) {
  const auto error_of = [](const std::string& url) {
    auto made = make_sqlite_target({.url = url});
    if (!made) return made.error();
    OpenRequest request;
    request.pipeline = "shop";
    auto opened = (*made)->open(request);
    return opened ? Error(Blame::kBug, "it was opened") : opened.error();
  };
  const Error nowhere = error_of(cat("sqlite://", dir_, "/no/such/t.db"));
  EXPECT_EQ(nowhere.blame(), Blame::kConfig) << nowhere.message();
  EXPECT_NE(nowhere.message().find("/no/such/t.db"), std::string::npos) << nowhere.message();
  FILE* file = std::fopen((dir_ + "/text").c_str(), "w");
  for (int i = 0; i < 100; ++i) std::fputs("not a database at all, but long enough\n", file);
  std::fclose(file);
  const Error text = error_of(cat("sqlite://", dir_, "/text"));
  EXPECT_EQ(text.blame(), Blame::kConfig);
  EXPECT_NE(text.message().find("no SQLite database"), std::string::npos) << text.message();
}

}  // namespace
}  // namespace weft::sqlite
