// SPDX-License-Identifier: Apache-2.0
// Claims about ranges and about where chunks meet the stream, against a source whose log is a row of numbers.
#include "snapshot/merge.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "snapshot/judge.h"

namespace weft {
namespace {

OwnedRow key(int64_t id) {
  const std::vector<Value> values = {Value::int64(id)};
  return OwnedRow(values);
}

TEST(RangeSet, TextFormComesBackTheSame) {
  RangeSet set(std::vector<OwnedRow>{key(10), key(20)});
  set.open_hole(key(3).row());
  set.open_hole(key(4).row());
  set.at(0).complete = true;
  set.at(1).done = key(15);
  const auto back = RangeSet::parse(set.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), set.text());
  EXPECT_TRUE(back->contains(key(10).row()));
  EXPECT_TRUE(back->contains(key(15).row()));
  EXPECT_FALSE(back->contains(key(16).row()));
  EXPECT_FALSE(back->contains(key(21).row()));
}

TEST(RangeSet, KeysThatTheTargetKeptAndHolesComeBackToo) {
  RangeSet set;
  set.mend_kept_since(4711);
  set.open_hole(key(3).row());
  const auto back = RangeSet::parse(set.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), set.text());
  EXPECT_EQ(back->kept_since(), 4711u);
  EXPECT_EQ(back->earlier(), Earlier::kMended);
  EXPECT_TRUE(back->ranges_complete());
  EXPECT_EQ(back->holes().size(), 1u);
  EXPECT_FALSE(RangeSet::parse("~#").has_value());
}

// The log is transactions 1, 2, 3 ...; a position is "n"; a view shows everything up to `shown` and perhaps up to `maybe`.
int64_t number(const Position& p) {
  return p.empty() ? 0 : std::stoll(p.text());
}

class NumberLog final : public PositionLog {
 public:
  explicit NumberLog(int64_t base) : base_(base) {}

  std::string text(uint32_t index) const override { return cat(base_ + index); }

 private:
  int64_t base_;
};

class View final : public ReadPoint {
 public:
  View(int64_t shown, int64_t maybe) : shown_(shown), maybe_(maybe) {}

  Covers covers(const Batch& batch, const Transaction& tx) const override {
    const int64_t n = number(batch.position(tx));
    return n <= shown_ ? Covers::kYes : n <= maybe_ ? Covers::kMaybe : Covers::kNo;
  }

  bool contains(const Position& p) const override { return number(p) <= shown_; }

  bool reached_by(const Position& p) const override { return number(p) >= shown_; }

  bool passed_by(const Position& p) const override { return number(p) >= maybe_; }

  bool exact() const override { return shown_ == maybe_; }

  std::string text() const override { return cat(shown_); }

 private:
  int64_t shown_;
  int64_t maybe_;
};

class MergeTest : public ::testing::Test {
 protected:
  MergeTest() {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"s", "t"};
    Column id;
    id.name = "id";
    id.kind = Kind::kInt;
    Column a = id;
    a.name = "a";
    schema->columns = {id, a};
    schema->key = {0};
    schema_ = schema;
    TableStateRow row;
    row.table = schema->name;
    EXPECT_TRUE(merge_.add_table(schema_, row, {}));
    merge_.start_at(Position("0"));
  }

  // One transaction with one change; its number is its position.
  const Batch& tx(int64_t n, RowChange change = {}) {
    BatchBuilder builder(arena_);
    builder.begin(1);
    if (change.schema != nullptr) builder.add(change);
    builder.end(0);
    batches_.push_back(std::make_unique<Batch>(builder.finish(std::make_shared<NumberLog>(n))));
    return *batches_.back();
  }

  RowChange update(int64_t from, int64_t to, Value a) {
    const auto before = arena_.array<Value>(2);
    before[0] = Value::int64(from);
    before[1] = Value::unchanged();
    const auto after = arena_.array<Value>(2);
    after[0] = Value::int64(to);
    after[1] = a;
    return {schema_.get(), Op::kUpdate, before, after};
  }

  bool admit(int64_t n) {
    const Batch& batch = tx(n);
    return merge_.admit(batch, batch.transactions()[0]);
  }

  CopyTask begin_task() {
    auto task = merge_.next_task(true);
    EXPECT_TRUE(task.has_value());
    if (task->plan_ranges) merge_.planned(*task, {}, 100, false);
    return *task;
  }

  Chunk chunk_to(int64_t last, bool end) {
    Chunk chunk;
    chunk.schema = schema_;
    const auto row = arena_.array<Value>(2);
    row[0] = Value::int64(last);
    chunk.rows.push_back(row);
    chunk.end = end;
    return chunk;
  }

  // Copies up to `last` at position `at` and puts it in.
  void copy(int64_t last, int64_t at, bool end) {
    CopyTask task = begin_task();
    ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(at, at)));
    merge_.deliver(task, chunk_to(last, end));
    const auto ready = merge_.chunk(nullptr, nullptr);
    ASSERT_TRUE(ready.has_value());
    merge_.admitted_chunk(*ready);
    merge_.committed(schema_->name);
  }

  Verdict judge(int64_t n, const RowChange& change) {
    const Batch& batch = tx(n, change);
    return merge_.judge(batch, batch.transactions()[0], change);
  }

  Arena arena_{4096};
  SchemaRef schema_;
  Merge merge_{MergeOptions{}};
  std::vector<std::unique_ptr<Batch>> batches_;
};

TEST_F(MergeTest, HardCase01AViewThatMayLackWhatWasAdmittedIsRefused) {
  ASSERT_TRUE(admit(5));
  CopyTask task = begin_task();
  EXPECT_FALSE(merge_.announce(task, std::make_shared<View>(4, 4))) << "5 is in the log but not visible in the view";
  EXPECT_TRUE(merge_.announce(task, std::make_shared<View>(5, 5)));
}

TEST_F(MergeTest, TheStreamWaitsForAViewThatDoesNotCoverItsNextTransaction) {
  CopyTask task = begin_task();
  ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(2, 2)));
  EXPECT_TRUE(admit(1));
  EXPECT_TRUE(admit(2));
  EXPECT_FALSE(admit(3));
  EXPECT_FALSE(merge_.chunk(nullptr, nullptr).has_value()) << "no chunk was delivered yet";
  merge_.deliver(task, chunk_to(10, false));
  const Batch& next = tx(3);
  const auto ready = merge_.chunk(&next, &next.transactions()[0]);
  ASSERT_TRUE(ready.has_value());
  merge_.admitted_chunk(*ready);
  EXPECT_TRUE(admit(3));
}

TEST_F(MergeTest, NoFurtherRangeIsHandedOutWhileTooMuchWaits) {
  CopyTask task = begin_task();
  ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(2, 2)));
  Chunk chunk = chunk_to(10, false);
  chunk.bytes = MergeOptions{}.waiting_bytes;
  merge_.deliver(task, std::move(chunk));
  EXPECT_FALSE(merge_.next_task(true).has_value());
  ASSERT_TRUE(admit(1));
  ASSERT_TRUE(admit(2));
  const auto ready = merge_.chunk(nullptr, nullptr);
  ASSERT_TRUE(ready.has_value());
  merge_.admitted_chunk(*ready);
  EXPECT_TRUE(merge_.next_task(true).has_value());
}

TEST_F(MergeTest, AChunkWaitsUntilTheStreamHasReachedItsView) {
  CopyTask task = begin_task();
  ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(2, 2)));
  merge_.deliver(task, chunk_to(10, false));
  ASSERT_TRUE(admit(1));
  EXPECT_FALSE(merge_.chunk(nullptr, nullptr).has_value());
  ASSERT_TRUE(admit(2));
  EXPECT_TRUE(merge_.chunk(nullptr, nullptr).has_value());
}

TEST_F(MergeTest, ChangesBeyondTheCopiedRangeArePassedOverAndInsideAreExact) {
  copy(10, 0, false);
  EXPECT_EQ(judge(1, update(11, 11, Value::int64(1))).fate, Verdict::Fate::kDrop);
  EXPECT_EQ(judge(1, update(10, 10, Value::int64(1))).fate, Verdict::Fate::kExact);
  const Verdict out = judge(1, update(10, 11, Value::int64(1)));
  EXPECT_EQ(out.op, Op::kDelete);
  const Verdict in = judge(1, update(11, 9, Value::int64(1)));
  EXPECT_EQ(in.op, Op::kInsert);
}

TEST_F(MergeTest, HardCase03APartialKeyChangeIntoTheCopiedRangeIsReadAgainByItsKey) {
  copy(10, 0, false);
  const RowChange moved = update(15, 5, Value::unchanged());
  const Batch& batch = tx(7, moved);
  ASSERT_TRUE(merge_.admit(batch, batch.transactions()[0]));
  ASSERT_EQ(merge_.judge(batch, batch.transactions()[0], moved).fate, Verdict::Fate::kHole);
  const auto persisted = RangeSet::parse(merge_.open_hole(moved).ranges);
  ASSERT_TRUE(persisted.has_value());
  EXPECT_EQ(persisted->holes().size(), 1u) << "a restart must know that the row is not there";
  EXPECT_EQ(judge(8, update(5, 5, Value::int64(1))).fate, Verdict::Fate::kDrop) << "the read to come has it";
  auto task = merge_.next_task(true);
  ASSERT_TRUE(task.has_value());
  ASSERT_EQ(task->reread.size(), 1u);
  EXPECT_FALSE(merge_.announce(*task, std::make_shared<View>(6, 6))) << "a view before the change can't show the row";
  ASSERT_TRUE(merge_.announce(*task, std::make_shared<View>(8, 8)));
  merge_.deliver(*task, chunk_to(5, true));
  EXPECT_FALSE(merge_.chunk(nullptr, nullptr).has_value()) << "its place is after 8";
  ASSERT_TRUE(admit(8));
  const auto ready = merge_.chunk(nullptr, nullptr);
  ASSERT_TRUE(ready.has_value());
  ASSERT_EQ(ready->holes.size(), 1u);
  merge_.admitted_chunk(*ready);
  EXPECT_EQ(judge(9, update(5, 5, Value::int64(1))).fate, Verdict::Fate::kExact);
}

TEST_F(MergeTest, HardCase02AWindowIsAppliedOverTheChunkAndClosesWhenItIsPassed) {
  CopyTask task = begin_task();
  ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(1, 3)));
  merge_.deliver(task, chunk_to(10, true));
  ASSERT_TRUE(admit(1));
  const auto ready = merge_.chunk(nullptr, nullptr);
  ASSERT_TRUE(ready.has_value());
  merge_.admitted_chunk(*ready);
  EXPECT_EQ(judge(2, update(5, 5, Value::unchanged())).fate, Verdict::Fate::kLoose);
  EXPECT_TRUE(merge_.take_streaming(Position("1")).empty()) << "the chunk is not committed";
  merge_.committed(schema_->name);
  EXPECT_TRUE(merge_.take_streaming(Position("2")).empty()) << "3 may still be in the chunk";
  EXPECT_EQ(merge_.take_streaming(Position("3")).size(), 1u);
  EXPECT_FALSE(merge_.copying());
}

TEST_F(MergeTest, HardCase27NoChunkGoesBetweenTheFragmentsOfOneTransaction) {
  CopyTask task = begin_task();
  ASSERT_TRUE(merge_.announce(task, std::make_shared<View>(5, 5)));
  merge_.deliver(task, chunk_to(10, true));
  BatchBuilder builder(arena_);
  builder.begin(1);
  builder.end(0, false);
  const Batch batch = builder.finish(std::make_shared<NumberLog>(1));
  ASSERT_TRUE(merge_.admit(batch, batch.transactions()[0]));
  const Batch& later = tx(6);
  EXPECT_FALSE(merge_.chunk(&later, &later.transactions()[0]).has_value());
}

TEST_F(MergeTest, AfterARestartEverythingThatAViewMayShowIsTolerantWhereTheCopyWasAhead) {
  Merge again{MergeOptions{}};
  TableStateRow row;
  row.table = schema_->name;
  row.state = TableState::kSnapshotting;
  RangeSet ranges;
  ranges.at(0).done = key(10);
  row.ranges = ranges.text();
  row.since = ahead_of("a server");
  ASSERT_TRUE(again.add_table(schema_, row, {}));
  again.start_at(Position("3"));
  again.reopen_window(std::make_shared<View>(0, 6));
  const Batch& batch = tx(4);
  EXPECT_EQ(again.judge(batch, batch.transactions()[0], update(5, 5, Value::int64(1))).fate, Verdict::Fate::kLoose);
  const auto task = again.next_task(true);
  ASSERT_TRUE(task.has_value());
  EXPECT_TRUE(same_values(task->keys.after->row(), key(10).row())) << "what is copied stays copied";
}

TEST_F(MergeTest, HardCase06ATableIsMendedByTheKeysThatMayDifferAndByNothingElse) {
  Merge again{MergeOptions{}};
  RangeSet ranges;
  ranges.mend_kept_since(1);
  TableStateRow row;
  row.table = schema_->name;
  row.state = TableState::kSnapshotting;
  row.ranges = ranges.text();
  ASSERT_TRUE(again.add_table(schema_, row, {}, {key(5), key(6)}));
  again.start_at(Position("3"));
  const Batch& batch = tx(4);
  const auto fate = [&](int64_t id) {
    return again.judge(batch, batch.transactions()[0], update(id, id, Value::int64(1))).fate;
  };
  EXPECT_EQ(fate(5), Verdict::Fate::kDrop) << "the read to come has it";
  EXPECT_EQ(fate(7), Verdict::Fate::kLoose);
  auto task = again.next_task(true);
  ASSERT_TRUE(task && task->reread.size() == 2u);
  again.give_up(*task);
  task = again.next_task(true);
  ASSERT_TRUE(task && task->reread.size() == 2u) << "what could not be read is read again";
  ASSERT_TRUE(again.announce(*task, std::make_shared<View>(3, 3)));
  again.deliver(*task, chunk_to(5, true));
  const auto ready = again.chunk(nullptr, nullptr);
  ASSERT_TRUE(ready.has_value());
  EXPECT_EQ(ready->op, BatchOp::kMend);
  EXPECT_EQ(ready->state.state, TableState::kCatchingUp);
  again.admitted_chunk(*ready);
  again.committed(schema_->name);
  EXPECT_EQ(fate(5), Verdict::Fate::kLoose);
  EXPECT_TRUE(again.take_streaming(Position("3")).empty()) << "what the source lacks of the two is still there";
  const auto sweep = again.next_task(true);
  ASSERT_TRUE(sweep && sweep->sweep);
  again.swept(*sweep);
  EXPECT_EQ(again.take_streaming(Position("3")).size(), 1u);
}

}  // namespace
}  // namespace weft
