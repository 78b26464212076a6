// SPDX-License-Identifier: Apache-2.0
// long file: one fixture, a claim for each of a target's promises.
// Claims about MariaDB and MySQL as a target beyond the contract of every target: unique values and keys that only look the same,
// repairs, foreign-key actions, trials and letters, origins, what a holder leaves, and what is on disk.
#include "target/mysql/mysql_target.h"

#include <array>
#include <deque>

#include <gtest/gtest.h>

#include "base/text.h"
#include "live/rig.h"
#include "model/origin.h"
#include "support/wait.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;
using support::wait_until;

constexpr const char* kTables =
    "CREATE TABLE parents (id BIGINT PRIMARY KEY, name VARCHAR(40));"
    "CREATE TABLE children (id BIGINT PRIMARY KEY, parent BIGINT, FOREIGN KEY (parent) REFERENCES parents (id) ON "
    "DELETE "
    "CASCADE ON UPDATE CASCADE);"
    "CREATE TABLE tags (id BIGINT PRIMARY KEY, child BIGINT);"
    "CREATE TABLE words (word VARCHAR(40) COLLATE utf8mb4_bin PRIMARY KEY, n BIGINT UNIQUE);"
    "CREATE TABLE coded (id BIGINT PRIMARY KEY, code BIGINT UNIQUE);"
    "CREATE TABLE folded (word VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, n BIGINT)";

// One server of each kind for all tests of this program.
class Servers : public ::testing::Environment {
 public:
  void TearDown() override {
    for (auto& server : servers_) server.reset();
  }

  support::BinlogServer& of(Engine engine) {
    auto& server = servers_[engine == Engine::kMySql ? 1 : 0];
    if (!server) {
      server = make_source(engine);
      server->start();
    }
    return *server;
  }

  std::string new_database() { return cat("target", ++databases_); }

 private:
  std::array<std::unique_ptr<support::BinlogServer>, 2> servers_;
  int databases_ = 0;
};

auto* const kServers = static_cast<Servers*>(::testing::AddGlobalTestEnvironment(new Servers));

class MySqlTargetTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    server_ = &kServers->of(GetParam());
    database_ = kServers->new_database();
    server_->exec(cat("CREATE DATABASE ",
                      database_,
                      " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; GRANT ALL ON ",
                      database_,
                      ".* TO weft@'%'"));
    sql_.emplace(server_->connect(database_));
    sql_->exec(kTables);
    target_ = make();
    begin(*target_);
  }

  std::unique_ptr<Target> make() {
    auto made =
        mysql::make_mysql_target({.server = *mysql::parse_url(server_->url(database_, "weft")), .lease = 500ms});
    EXPECT_TRUE(made);
    return std::move(made).value();
  }

  static OpenRequest request() {
    OpenRequest request;
    request.pipeline = "shop";
    request.source_id = "postgresql:a:shop";
    return request;
  }

  void begin(Target& target) {
    auto opened = target.open(request());
    ASSERT_TRUE(opened) << opened.error().message();
    progress_.epoch = opened->epoch;
    if (opened->progress) {
      progress_ = *opened->progress;
    } else {
      progress_.version = 1;
      progress_.source_id = request().source_id;
      ASSERT_TRUE(target.start(progress_, {}, {}));
    }
    auto session = target.session();
    ASSERT_TRUE(session) << session.error().message();
    session_ = std::move(session).value();
  }

  std::string shown(const std::string& sql) { return support::text_of(sql_->query(sql)); }

  TargetTableRef table(const std::string& name, std::vector<std::string> columns, Kind key = Kind::kInt) {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"shop", name};
    for (std::string& column : columns) {
      Column c;
      c.name = std::move(column);
      c.kind = schema->columns.empty() ? key : c.name == "name" ? Kind::kText : Kind::kInt;
      c.int_bits = 64;
      c.nullable = !schema->columns.empty();
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

  support::BinlogServer* server_ = nullptr;
  std::string database_;
  std::optional<support::MysqlConnection> sql_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<TargetSession> session_;
  Progress progress_;
  std::deque<std::vector<Value>> rows_;
};

Value number(int64_t n) {
  return Value::int64(n);
}

TEST_P(MySqlTargetTest, hard_case_15_AnUpsertThatMeetsAnotherUniqueKeyIsAnErrorAndTakesNoRowAway) {
  sql_->exec("INSERT INTO words VALUES ('a', 1), ('b', 2)");
  const TargetTableRef words = table("words", {"word", "n"}, Kind::kText);
  for (const bool several : {false, true}) {
    std::vector<TableBatch::Item> items = {{{}, row({Value::text("c"), number(1)})}};
    for (int64_t i = 0; several && i < 20; ++i) items.push_back({{}, row({Value::text(cat("n", i)), number(100 + i)})});
    const auto upsert = prepare({batch(words, BatchOp::kUpsert, std::move(items))});
    ASSERT_FALSE(upsert);
    EXPECT_EQ(upsert.error().blame(), Blame::kData) << upsert.error().message();
    EXPECT_EQ(upsert.error().code(), kUniqueViolation) << upsert.error().message();
    EXPECT_EQ(shown("SELECT * FROM words ORDER BY word"), "a,1|b,2");
  }
  sql_->exec("INSERT INTO coded VALUES (1, 10)");
  const TargetTableRef coded = table("coded", {"id", "code"});
  EXPECT_FALSE(coded->coarse_keys);
  const auto by_number = prepare({batch(coded, BatchOp::kUpsert, {{{}, row({number(2), number(10)})}})});
  ASSERT_FALSE(by_number);
  EXPECT_EQ(by_number.error().code(), kUniqueViolation) << by_number.error().message();
  EXPECT_EQ(shown("SELECT * FROM coded"), "1,10");
  TableBatch rivals = batch(words, BatchOp::kDeleteRivals, {{{}, row({Value::text("c"), number(1)})}});
  rivals.columns = {1};
  write({rivals, batch(words, BatchOp::kUpsert, {{{}, row({Value::text("c"), number(1)})}})});
  EXPECT_EQ(shown("SELECT * FROM words ORDER BY word"), "b,2|c,1");
}

TEST_P(MySqlTargetTest, AKeyThatACollationTakesForAnotherIsABadRowAndNoOverwrite) {
  sql_->exec("INSERT INTO folded VALUES ('a', 1)");
  const TargetTableRef folded = table("folded", {"word", "n"}, Kind::kText);
  EXPECT_TRUE(folded->coarse_keys);
  const auto upsert = prepare({batch(folded, BatchOp::kUpsert, {{{}, row({Value::text("A"), number(2)})}})});
  ASSERT_FALSE(upsert);
  EXPECT_EQ(upsert.error().code(), kUniqueViolation) << upsert.error().message();
  EXPECT_NE(upsert.error().message().find("taken for the same"), std::string::npos) << upsert.error().message();
  // Nor does a change or a deletion of the other find it.
  TableBatch update =
      batch(folded, BatchOp::kUpdate, {{row({Value::text("A"), number(1)}), row({Value::text("A"), number(5)})}});
  update.columns = {1};
  const auto done =
      prepare({update, batch(folded, BatchOp::kDelete, {{row({Value::text("A"), Value::unchanged()}), {}}})});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->affected, (std::vector<uint64_t>{0, 0}));
  session_->rollback();
  EXPECT_EQ(shown("SELECT * FROM folded"), "a,1");
}

TEST_P(MySqlTargetTest, WhatTheServerWouldChangeIsRefusedBeforeItIsSent) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  const auto too_long =
      prepare({batch(parents, BatchOp::kInsert, {{{}, row({number(1), Value::text(std::string(41, 'x'))})}})});
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().blame(), Blame::kData);
  for (const char* words : {"shop.parents", "row (1)", "\"name\"", "varchar(40)", "longer than the column"}) {
    EXPECT_NE(too_long.error().message().find(words), std::string::npos) << words << ": " << too_long.error().message();
  }
  const auto null = prepare({batch(parents, BatchOp::kInsert, {{{}, row({Value::null(), Value::text("x")})}})});
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().code(), kNotNullViolation);
  write({batch(parents, BatchOp::kInsert, {{{}, row({number(0), Value::text("zero is a key")})}})});
  EXPECT_EQ(shown("SELECT * FROM parents"), "0,zero is a key");
}

TEST_P(MySqlTargetTest, ARowThatIsLargerThanTheServerTakesIsABadRow) {
  sql_->exec("CREATE TABLE pages (id BIGINT PRIMARY KEY, name LONGTEXT)");
  const std::string before = shown("SELECT @@global.max_allowed_packet");
  sql_->exec("SET GLOBAL max_allowed_packet = 1048576");
  auto session = target_->session();
  sql_->exec(cat("SET GLOBAL max_allowed_packet = ", before));
  ASSERT_TRUE(session);
  session_ = std::move(session).value();
  const TargetTableRef pages = table("pages", {"id", "name"});
  const std::string half(700000, 'x');
  const std::string large(1100000, 'x');
  write({batch(pages,
               BatchOp::kInsert,
               {{{}, row({number(1), Value::text(half)})}, {{}, row({number(2), Value::text(half)})}})});
  const auto refused = prepare({batch(pages, BatchOp::kInsert, {{{}, row({number(3), Value::text(large)})}})});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kData);
  EXPECT_NE(refused.error().message().find("max_allowed_packet"), std::string::npos) << refused.error().message();
  EXPECT_EQ(shown("SELECT id, LENGTH(name) FROM pages ORDER BY id"), "1,700000|2,700000");
}

TEST_P(MySqlTargetTest, ARepairWritesOnlyTheRowsThatDiffer) {
  sql_->exec("INSERT INTO words VALUES ('a', 1), ('b', 2); CREATE TABLE log (word VARCHAR(40))");
  sql_->exec("CREATE TRIGGER seen AFTER UPDATE ON words FOR EACH ROW INSERT INTO log VALUES (new.word)");
  const TargetTableRef words = table("words", {"word", "n"}, Kind::kText);
  write({batch(words,
               BatchOp::kMend,
               {{{}, row({Value::text("a"), number(1)})},
                {{}, row({Value::text("b"), number(3)})},
                {{}, row({Value::text("c"), Value::null()})}})});
  EXPECT_EQ(shown("SELECT * FROM words ORDER BY word"), "a,1|b,3|c,NULL");
  EXPECT_EQ(shown("SELECT * FROM log"), "b");
}

TEST_P(MySqlTargetTest, hard_case_07_KeyActionsGoAsDeepAsTheyLead) {
  sql_->exec(
      "INSERT INTO parents VALUES (1, 'a'), (2, 'b'); INSERT INTO children VALUES (10, 1), (11, 2), (12, 1);"
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
  EXPECT_EQ(done->affected, (std::vector<uint64_t>{3, 1})) << "three tags; the children are the server's own affair";
  commit();
  EXPECT_EQ(shown("SELECT * FROM children"), "11,2");
  EXPECT_EQ(shown("SELECT * FROM tags ORDER BY id"), "100,NULL|101,11|102,NULL|103,NULL");
  TableBatch moves =
      batch(parents, BatchOp::kKeyActions, {{row({number(2), Value::text("b")}), row({number(7), Value::text("b")})}});
  moves.keys = &keys;
  write(
      {moves,
       batch(parents, BatchOp::kUpdate, {{row({number(2), Value::unchanged()}), row({number(7), Value::text("b")})}})});
  EXPECT_EQ(shown("SELECT * FROM children"), "11,7");
}

TEST_P(MySqlTargetTest, ForeignKeysAreSwitchedOffForWhatAsksForItAndForNothingElse) {
  sql_->exec("INSERT INTO parents VALUES (1, 'a'); INSERT INTO children VALUES (10, 1)");
  const TargetTableRef parents = table("parents", {"id", "name"});
  const TargetTableRef children = table("children", {"id", "parent"});
  TableBatch kept = batch(parents, BatchOp::kDelete, {{row({number(1), Value::unchanged()}), {}}});
  kept.keep_children = true;
  const auto orphan = [&](int64_t id) {
    return batch(children, BatchOp::kInsert, {{{}, row({number(id), number(5)})}});
  };
  const auto after = prepare({kept, orphan(11)});
  ASSERT_FALSE(after) << "the batch behind it is checked";
  EXPECT_EQ(after.error().blame(), Blame::kConflict);
  EXPECT_EQ(after.error().code(), kForeignKeyViolation);
  write({kept});
  EXPECT_EQ(shown("SELECT * FROM children"), "10,1");
  Group group;
  group.batches.push_back(orphan(12));
  group.relax_foreign_keys = true;
  ASSERT_TRUE(session_->prepare(group));
  commit();
  EXPECT_EQ(shown("SELECT * FROM children ORDER BY id"), "10,1|12,5");
  EXPECT_FALSE(prepare({orphan(13)})) << "the next transaction is checked again";
}

TEST_P(MySqlTargetTest, ATrialThatFailsTakesBackItselfAndNothingElse) {
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

TEST_P(MySqlTargetTest, hard_case_19_ATransactionTellsItsOriginOnceHoweverItBegan) {
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

TEST_P(MySqlTargetTest, LettersAreKeptInTheTransactionThatPassesThemAndTakenBesideIt) {
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
  ASSERT_TRUE(letters) << letters.error().message();
  ASSERT_EQ(letters->size(), 1u);
  EXPECT_TRUE(*session_->take_letter(letters->front().id));
  EXPECT_FALSE(*session_->take_letter(letters->front().id));
  ASSERT_TRUE(session_->commit_beside());
  EXPECT_TRUE(target_->count_letters()->empty());
}

TEST_P(MySqlTargetTest, AHolderThatLivesIsRespectedAndOneWhoseSessionIsGoneIsNotWaitedFor) {
  const auto other = make();
  const auto refused = other->open(request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kPipelineTaken) << refused.error().message();
  EXPECT_TRUE(target_->peek("shop").value()->runs);
  session_.reset();
  target_.reset();  // as kill -9 does: nothing is given back
  const auto opened = other->open(request());
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_GT(opened->epoch, progress_.epoch);
}

TEST_P(MySqlTargetTest, SessionsOfAProcessThatIsTakenOverAreEnded) {
  const TargetTableRef parents = table("parents", {"id", "name"});
  ASSERT_TRUE(prepare({batch(parents, BatchOp::kInsert, {{{}, row({number(1), Value::text("x")})}})}));
  sql_->exec("UPDATE _weft_lease SET expires_us = 0");
  const auto other = make();
  const auto opened = other->open(request());
  ASSERT_TRUE(opened) << opened.error().message();
  Progress to = progress_;
  ++to.version;
  EXPECT_FALSE(session_->commit(progress_, to));
  EXPECT_EQ(shown("SELECT COUNT(*) FROM parents"), "0");
  const Status lost = target_->keep_lease();
  ASSERT_FALSE(lost);
}

TEST_P(MySqlTargetTest, AChangeOfShapeKeepsWhatElseIsSaidOfAColumn) {
  sql_->exec("CREATE TABLE things (id BIGINT PRIMARY KEY, n INT NOT NULL DEFAULT 7 COMMENT 'seven')");
  sql_->exec("INSERT INTO things VALUES (1, 1)");
  TableSchema schema;
  schema.name = {"shop", "things"};
  for (const char* name : {"id", "n", "extra", "raw"}) {
    Column c;
    c.name = name;
    c.kind = name == std::string("extra") ? Kind::kText : name == std::string("raw") ? Kind::kBytes : Kind::kInt;
    c.int_bits = 64;
    schema.columns.push_back(c);
  }
  schema.key = {0};
  const Value five[] = {Value::text("it's")};
  const Value raw[] = {Value::bytes("it's\xff")};
  const auto done = target_->evolve(schema, {{"extra", encode_key(Row(five))}, {"raw", encode_key(Row(raw))}});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->size(), 5u);
  EXPECT_EQ(shown("SELECT id, n, extra, HEX(raw) FROM things"), "1,1,it's,69742773FF");
  EXPECT_EQ(
      shown(cat("SELECT DATA_TYPE, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE "
                "TABLE_SCHEMA = '",
                database_,
                "' AND TABLE_NAME = 'things' AND COLUMN_NAME = 'n'")),
      "bigint,7,YES,seven");
  EXPECT_TRUE(target_->evolve(schema, {})->empty()) << "nothing is left to do";
}

TEST_P(MySqlTargetTest, KeysComeBackAsTheSourceHasThem) {
  sql_->exec(
      "CREATE TABLE keyed (a BIGINT UNSIGNED, b VARCHAR(20), c DATETIME(3), d VARBINARY(8), e DECIMAL(20,3), PRIMARY "
      "KEY (a, b, c, d, e))");
  sql_->exec("INSERT INTO keyed VALUES (18446744073709551615, 'ä ', '2024-05-06 07:08:09.120', x'00ff', 1.5)");
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "keyed"};
  const Kind kinds[] = {Kind::kUint, Kind::kText, Kind::kDateTime, Kind::kBytes, Kind::kDecimal};
  for (uint16_t i = 0; i < 5; ++i) {
    Column c;
    c.name = std::string(1, static_cast<char>('a' + i));
    c.kind = kinds[i];
    c.int_bits = 64;
    c.scale = 3;
    c.precision = 20;
    schema->columns.push_back(c);
    schema->key.push_back(i);
  }
  const auto matched = target_->table(schema);
  ASSERT_TRUE(matched) << matched.error().message();
  auto keys = target_->keys(*matched);
  ASSERT_TRUE(keys) << keys.error().message();
  const auto found = (*keys)->next(10);
  ASSERT_TRUE(found && found->size() == 1u) << (found ? "" : found.error().message());
  EXPECT_EQ(
      describe(found->front().row()),
      describe(row({Value::uint64(UINT64_MAX),
                    Value::text("ä "),
                    Value::datetime(
                        {.year = 2024, .month = 5, .day = 6, .hour = 7, .minute = 8, .second = 9, .micros = 120000}, 3),
                    Value::bytes(std::string_view("\0\xff", 2)),
                    Value::decimal("1.500")})));
  EXPECT_TRUE((*keys)->next(10)->empty());
}

TEST_P(MySqlTargetTest, WithRelaxedCommitsOnlyWhatIsOnDiskCounts) {
  sql_->exec("SET GLOBAL innodb_flush_log_at_trx_commit = 2");
  const TargetTableRef parents = table("parents", {"id", "name"});
  write({batch(parents, BatchOp::kInsert, {{{}, row({number(1), Value::text("x")})}})});
  EXPECT_TRUE(wait_until(deadline_in(20s), [&] { return target_->flushed().value() == progress_.version; }));
  sql_->exec("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
}

TEST_P(MySqlTargetTest, CheckNamesWhatIsMissingWithTheStatementThatMendsIt) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "nowhere"};
  Column c;
  c.name = "id";
  c.kind = Kind::kInt;
  c.int_bits = 64;
  c.nullable = false;
  schema->columns.push_back(c);
  schema->key = {0};
  const auto findings = target_->check({schema});
  ASSERT_FALSE(findings.empty());
  const Finding& last = findings.back();
  EXPECT_NE(last.what.find("nowhere is missing"), std::string::npos) << last.what;
  EXPECT_NE(last.mend.find("CREATE TABLE"), std::string::npos) << last.mend;
}

INSTANTIATE_TEST_SUITE_P(Engines,
                         MySqlTargetTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

}  // namespace
}  // namespace weft::live
