// SPDX-License-Identifier: Apache-2.0
// The bookkeeping over a real database: SQLite in memory, through the smallest port there can be. The MySQL dialect is run by the
// live tests of the MySQL target.
#include <memory>
#include <sqlite3.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/schema_text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/dialect.h"
#include "target/bookkeeping/lease.h"
#include "target/bookkeeping/memory_port.h"
#include "target/bookkeeping/objects.h"
#include "target/bookkeeping/opening.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/progress.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"
#include "target/bookkeeping/teardown.h"

namespace weft::bookkeeping {
namespace {

using namespace std::chrono_literals;

// A clock whose sleeps pass at once.
class FastClock final : public Clock {
 public:
  SteadyTime now() const override { return now_; }

  int64_t wall_us() const override { return 0; }

  void sleep(Duration d, std::stop_token) override { now_ = now_ + d; }

 private:
  SteadyTime now_;
};

class FakeProbe final : public HolderProbe {
 public:
  explicit FakeProbe(std::string name) : name_(std::move(name)) {}

  Result<std::string> session(const std::string&) override { return name_; }

  Result<Holder> look(const std::string&, const std::string& session) override {
    asked_about = session;
    return answer;
  }

  void end(const std::string&, const std::string& session) override { ended = session; }

  Holder answer = Holder::kUnknown;
  std::string asked_about;
  std::string ended;

 private:
  std::string name_;
};

class BookkeepingTest : public ::testing::Test {
 protected:
  BookkeepingTest() : name_(::testing::UnitTest::GetInstance()->current_test_info()->name()), port_(name_) {}

  void SetUp() override { ASSERT_TRUE(ensure_objects(port_, true, "here")); }

  Lease lease(HolderProbe* probe = nullptr) {
    return Lease({.length = 10s, .grace = 10s, .probe = probe, .clock = &clock_});
  }

  static OpenRequest request(Duration wait = 0ns) { return {.pipeline = "shop", .source_id = "source", .wait = wait}; }

  static Progress progress(uint64_t epoch, uint64_t version) {
    Progress p;
    p.epoch = epoch;
    p.version = version;
    p.sequence = Sequence(version * 10);
    p.position = Position(cat("0-1-", version));
    p.journal_id = "memory";
    p.source_id = "source";
    p.source_time_us = 1767225600123456;
    return p;
  }

  std::string cell(const std::string& sql) {
    const auto found = port_.rows(sql, {});
    if (!found) return found.error().message();
    return found->empty() ? "no row" : (*found)[0][0].value_or("NULL");
  }

  // The pipeline has begun, with its first progress.
  uint64_t begin(Lease& holder) {
    EXPECT_TRUE(holder.acquire(port_, request(), "here"));
    EXPECT_TRUE(write_start(port_, holder, "shop", progress(0, 1), {}, {}));
    return holder.epoch();
  }

  std::string name_;
  MemoryPort port_;
  FastClock clock_;
};

TEST_F(BookkeepingTest, objects_are_made_once_and_a_newer_version_is_refused) {
  EXPECT_EQ(*find_objects(port_), Objects::kPresent);
  EXPECT_TRUE(ensure_objects(port_, false, "here")) << "what is there needs no creation";
  ASSERT_TRUE(port_.run("DROP TABLE _weft_prepared", {}));
  EXPECT_EQ(*find_objects(port_), Objects::kPartial);
  const Status never = ensure_objects(port_, false, "here");
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().blame(), Blame::kConfig);
  EXPECT_NE(never.error().message().find("weft setup --dry-run"), std::string::npos);
  EXPECT_TRUE(ensure_objects(port_, true, "here"));
  EXPECT_EQ(*find_objects(port_), Objects::kPresent);
  ASSERT_TRUE(port_.run("UPDATE _weft_version SET version = 99", {}));
  const Status newer = ensure_objects(port_, true, "here");
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message().find("use a newer weft"), std::string::npos);
}

TEST_F(BookkeepingTest, both_dialects_say_all_of_their_words) {
  for (const Dialect dialect : {Dialect::kMySql, Dialect::kSqlite}) {
    for (const std::string& sql : creation_statements(dialect)) EXPECT_EQ(sql.find('{'), std::string::npos) << sql;
  }
  EXPECT_EQ(literal(Dialect::kMySql, "a'\\"), "_utf8mb4 X'61275C'");
  EXPECT_EQ(literal(Dialect::kSqlite, "a'b"), "'a''b'");
}

TEST_F(BookkeepingTest, progress_comes_back_as_it_was_written) {
  Lease holder = lease();
  const uint64_t epoch = begin(holder);
  const Progress to = progress(epoch, 2);
  EXPECT_TRUE(*advance(port_, "shop", progress(epoch, 1), to));
  const auto now = read_progress(port_, "shop");
  ASSERT_TRUE(now && now->has_value());
  EXPECT_EQ((*now)->version, 2u);
  EXPECT_EQ((*now)->epoch, epoch);
  EXPECT_EQ((*now)->sequence.value(), 20u);
  EXPECT_EQ((*now)->position.text(), "0-1-2");
  EXPECT_EQ((*now)->journal_id, "memory");
  EXPECT_EQ((*now)->source_id, "source");
  EXPECT_EQ((*now)->source_time_us, to.source_time_us);
  EXPECT_EQ(cell("SELECT source_time FROM _weft_progress"), "2026-01-01 00:00:00.123");
}

TEST_F(BookkeepingTest, times_that_no_calendar_has_stop_nothing) {
  Lease holder = lease();
  const uint64_t epoch = begin(holder);
  uint64_t version = 1;
  for (const int64_t us : {int64_t{0}, INT64_MIN, INT64_MAX}) {
    Progress to = progress(epoch, version + 1);
    to.source_time_us = us;
    EXPECT_TRUE(*advance(port_, "shop", progress(epoch, version), to));
    EXPECT_EQ((*read_progress(port_, "shop"))->source_time_us, us);
    EXPECT_EQ(cell("SELECT source_time FROM _weft_progress"), "NULL");
    ++version;
  }
}

TEST_F(BookkeepingTest, progress_moves_only_from_where_it_is) {
  Lease holder = lease();
  const uint64_t epoch = begin(holder);
  EXPECT_FALSE(*advance(port_, "shop", progress(epoch, 2), progress(epoch, 3)));
  EXPECT_EQ(explain_moved(port_, "shop", progress(epoch, 2)).code(), kProgressMoved);
  EXPECT_FALSE(*advance(port_, "shop", progress(epoch + 1, 1), progress(epoch + 1, 2)));
  EXPECT_TRUE(*advance(port_, "shop", progress(epoch, 1), progress(epoch, 2)));
  EXPECT_FALSE(*advance(port_, "shop", progress(epoch, 1), progress(epoch, 2))) << "the same commit twice";
}

TEST_F(BookkeepingTest, hard_case_04_a_late_commit_of_the_former_holder_finds_no_progress) {
  Lease first = lease();
  const uint64_t epoch = begin(first);
  ASSERT_TRUE(port_.run("UPDATE _weft_lease SET expires_us = 0", {}));
  Lease second = lease();
  const auto taken = second.acquire(port_, request(), "here");
  ASSERT_TRUE(taken && taken->has_value());
  EXPECT_EQ(second.epoch(), epoch + 1);
  EXPECT_EQ((*taken)->version, 2u) << "a takeover is a version of its own";
  EXPECT_FALSE(*advance(port_, "shop", progress(epoch, 1), progress(epoch, 2)));
  EXPECT_FALSE(*advance(port_, "shop", progress(epoch, 2), progress(epoch, 3)));
  EXPECT_EQ(explain_moved(port_, "shop", progress(epoch, 1)).code(), kEpochLost);
  EXPECT_EQ(first.renew(port_).error().code(), kEpochLost);
  EXPECT_TRUE(second.renew(port_));
}

TEST_F(BookkeepingTest, a_held_pipeline_is_refused_after_the_wait_and_given_back_at_release) {
  Lease first = lease();
  begin(first);
  Lease second = lease();
  const SteadyTime before = clock_.now();
  const auto refused = second.acquire(port_, request(3s), "here");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kPipelineTaken);
  EXPECT_GE(clock_.now() - before, 3s);
  EXPECT_TRUE(first.renew(port_)) << "the waiting one has taken nothing";
  first.release(port_);
  EXPECT_TRUE(second.acquire(port_, request(), "here"));
  EXPECT_EQ(second.epoch(), 2u);
}

TEST_F(BookkeepingTest, what_the_engine_knows_of_the_holder_counts_for_more_than_its_lease) {
  FakeProbe probe("session one");
  Lease first = lease(&probe);
  begin(first);
  FakeProbe other("session two");
  Lease second = lease(&other);
  EXPECT_FALSE(second.acquire(port_, request(), "here"));
  EXPECT_EQ(other.asked_about, "session one");
  // Its lease has run out, but it is there: it has its grace, and then no more.
  other.answer = HolderProbe::Holder::kThere;
  ASSERT_TRUE(port_.run(cat("UPDATE _weft_lease SET expires_us = ", now_us(Dialect::kSqlite), " - 5000000"), {}));
  EXPECT_FALSE(second.acquire(port_, request(), "here"));
  other.answer = HolderProbe::Holder::kGone;
  EXPECT_TRUE(first.renew(port_));
  EXPECT_TRUE(second.acquire(port_, request(), "here")) << "gone, whatever its lease says";
  EXPECT_EQ(other.ended, "session one");
}

TEST_F(BookkeepingTest, a_lease_takes_its_own_pipeline_again) {
  Lease holder = lease();
  const uint64_t epoch = begin(holder);
  EXPECT_TRUE(holder.acquire(port_, request(), "here"));
  EXPECT_EQ(holder.epoch(), epoch + 1);
}

TEST_F(BookkeepingTest, another_source_is_refused_unless_any_may_be) {
  Lease holder = lease();
  begin(holder);
  holder.release(port_);
  OpenRequest other = request();
  other.source_id = "another";
  const auto refused = holder.acquire(port_, other, "here");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("belongs to source source, this one is another"), std::string::npos);
  other.any_source = true;
  EXPECT_TRUE(holder.acquire(port_, other, "here"));
}

TEST_F(BookkeepingTest, a_start_is_for_the_holder_and_only_once) {
  Lease holder = lease();
  begin(holder);
  EXPECT_EQ(write_start(port_, holder, "shop", progress(0, 1), {}, {}).error().code(), kProgressMoved);
  ASSERT_TRUE(port_.run("UPDATE _weft_lease SET epoch = 9", {}));
  EXPECT_EQ(write_start(port_, holder, "shop", progress(0, 1), {}, {}).error().code(), kEpochLost);
}

TEST_F(BookkeepingTest, table_states_are_replaced_by_name) {
  const TableStateRow one{{"app", "b"}, TableState::kSnapshotting, "why", "-;-;3:0:5;0", 7, ""};
  const TableStateRow two{{"app", "a"}, TableState::kStreaming, "", "", 9, "0-1-5"};
  ASSERT_TRUE(write_states(port_, "shop", {one, two}));
  TableStateRow changed = one;
  changed.state = TableState::kCatchingUp;
  changed.rows = 8;
  ASSERT_TRUE(write_states(port_, "shop", {changed}));
  const auto states = read_states(port_, "shop");
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), 2u);
  EXPECT_EQ((*states)[0].table.table, "a");
  EXPECT_EQ((*states)[0].since, "0-1-5");
  EXPECT_EQ((*states)[1].state, TableState::kCatchingUp);
  EXPECT_EQ((*states)[1].ranges, one.ranges);
  EXPECT_EQ((*states)[1].rows, 8u);
  EXPECT_TRUE(read_states(port_, "other")->empty());
}

TEST_F(BookkeepingTest, wishes_are_for_tables_by_either_name_or_for_the_pipeline) {
  ASSERT_TRUE(write_states(port_, "shop", {{{"app", "t"}, TableState::kStreaming, "", "", 0, ""}}));
  EXPECT_FALSE(*read_wishes(port_, "shop"));
  EXPECT_TRUE(write_wish(port_, "shop", {"t"}, kAskedToPause));
  EXPECT_TRUE(*read_wishes(port_, "shop"));
  EXPECT_TRUE(write_wish(port_, "shop", {"app.t"}, kAskedToResume));
  EXPECT_EQ((*read_states(port_, "shop"))[0].reason, kAskedToResume);
  const Status unknown = write_wish(port_, "shop", {"t", "u"}, kAskedToPause);
  ASSERT_FALSE(unknown);
  EXPECT_EQ((*read_states(port_, "shop"))[0].reason, kAskedToResume) << "all of the wish or nothing";
  EXPECT_TRUE(write_wish(port_, "shop", {}, kAskedToPause));
  EXPECT_TRUE(write_wish(port_, "shop", {}, kAskedToPause));
  EXPECT_EQ(read_states(port_, "shop")->size(), 2u);
  EXPECT_TRUE(write_wish(port_, "shop", {}, kAskedToResume));
  EXPECT_EQ(read_states(port_, "shop")->size(), 1u);
}

SchemaRef schema(const std::string& table, uint32_t version) {
  TableSchema s;
  s.name = {"app", table};
  s.version = version;
  s.columns.resize(version);
  for (size_t i = 0; i < s.columns.size(); ++i) s.columns[i].name = cat("c", i);
  return std::make_shared<const TableSchema>(std::move(s));
}

TEST_F(BookkeepingTest, the_latest_shape_of_each_table_is_read_and_the_others_go_when_nothing_asks_for_them) {
  ASSERT_TRUE(write_schemas(port_, "shop", {schema("a", 1), schema("a", 10), schema("a", 9), schema("b", 2)}));
  const auto latest = read_schemas(port_, "shop");
  ASSERT_TRUE(latest);
  ASSERT_EQ(latest->size(), 2u);
  EXPECT_EQ((*latest)[0]->version, 10u);
  EXPECT_EQ(encode_schema(*(*latest)[0]), encode_schema(*schema("a", 10)));
  EXPECT_EQ(read_schema_history(port_, "shop")->size(), 4u);
  PreparedStep kept{"x", false, 0, "p", "bytes"};
  ASSERT_TRUE(write_prepared(port_, "shop", {std::make_shared<PreparedStep>(kept)}));
  ASSERT_TRUE(prune_schemas(port_, "shop"));
  EXPECT_EQ(read_schema_history(port_, "shop")->size(), 4u) << "a prepared transaction may be of any shape";
  kept.forget = true;
  ASSERT_TRUE(write_prepared(port_, "shop", {std::make_shared<PreparedStep>(kept)}));
  ASSERT_TRUE(prune_schemas(port_, "shop"));
  EXPECT_EQ(read_schema_history(port_, "shop")->size(), 2u);
}

TEST_F(BookkeepingTest, prepared_pieces_are_kept_byte_by_byte) {
  const std::string bytes("\0\xff'\\\n", 5);
  const auto step = [&](uint64_t piece, const std::string& changes) {
    return std::make_shared<PreparedStep>(PreparedStep{"X'67',X'',1", false, piece, "pos", changes});
  };
  ASSERT_TRUE(write_prepared(port_, "shop", {step(0, bytes), step(1, "b"), step(1, "c")}));
  const auto names = read_prepared(port_, "shop");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1u);
  EXPECT_EQ((*names)[0].pieces, 2u);
  EXPECT_EQ(*read_prepared_piece(port_, "shop", "X'67',X'',1", 0), bytes);
  EXPECT_EQ(*read_prepared_piece(port_, "shop", "X'67',X'',1", 1), "c");
  EXPECT_EQ(read_prepared_piece(port_, "shop", "X'67',X'',1", 2).error().blame(), Blame::kTransient);
  EXPECT_EQ(cell("SELECT typeof(changes) FROM _weft_prepared"), "blob");
  ASSERT_TRUE(write_prepared(port_, "shop", {step(0, "anew")}));
  EXPECT_EQ((*read_prepared(port_, "shop"))[0].pieces, 1u) << "a name that is used again is kept anew";
}

DeadLetterStep letter() {
  DeadLetterStep step;
  step.letter.table = "app.t";
  step.letter.key = "3:0:1";
  return step;
}

TEST_F(BookkeepingTest, a_peek_sees_all_of_a_pipeline_and_takes_nothing) {
  EXPECT_FALSE(peek(port_, "shop", "here")->has_value());
  Lease holder = lease();
  const uint64_t epoch = begin(holder);
  ASSERT_TRUE(write_states(port_, "shop", {{{"app", "t"}, TableState::kStreaming, "", "", 0, ""}}));
  ASSERT_TRUE(write_letters(port_, "shop", {letter()}));
  const auto seen = peek(port_, "shop", "here");
  ASSERT_TRUE(seen && seen->has_value());
  EXPECT_EQ((*seen)->epoch, epoch);
  EXPECT_EQ((*seen)->tables.size(), 1u);
  EXPECT_EQ((*seen)->held.size(), 1u);
  EXPECT_TRUE(holder.renew(port_));
  EXPECT_TRUE(visit(port_, "shop", "here"));
  EXPECT_FALSE(visit(port_, "other", "here"));
}

TEST_F(BookkeepingTest, teardown_leaves_nothing_of_the_last_pipeline_and_does_not_lose_letters) {
  Lease holder = lease();
  begin(holder);
  ASSERT_TRUE(write_letters(port_, "shop", {letter()}));
  const auto refused = teardown_statements(port_, {"shop"}, "here");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("1 dead letters"), std::string::npos);
  ASSERT_TRUE(remove_letters(port_, "shop", {1}));
  ASSERT_TRUE(write_states(port_, "shop", {{{"app", "t"}, TableState::kSnapshotting, "", "", 0, ""}}));
  EXPECT_FALSE(teardown_statements(port_, {"shop", true}, "here")) << "the target does not hold all of it";
  const auto statements = teardown_statements(port_, {"shop"}, "here");
  ASSERT_TRUE(statements);
  for (const std::string& statement : *statements) ASSERT_TRUE(port_.run(statement, {})) << statement;
  EXPECT_EQ(*find_objects(port_), Objects::kMissing);
}

TEST_F(BookkeepingTest, teardown_keeps_the_tables_for_another_pipeline) {
  Lease holder = lease();
  begin(holder);
  Lease other = lease();
  ASSERT_TRUE(other.acquire(port_, {.pipeline = "other", .source_id = "s"}, "here"));
  const auto statements = teardown_statements(port_, {"shop"}, "here");
  ASSERT_TRUE(statements);
  for (const std::string& statement : *statements) ASSERT_TRUE(port_.run(statement, {})) << statement;
  EXPECT_EQ(*find_objects(port_), Objects::kPresent);
  EXPECT_FALSE(teardown_statements(port_, {"shop"}, "here")) << "it never ran here, and another did";
}

}  // namespace
}  // namespace weft::bookkeeping
