// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "verify/fakes.h"

namespace weft::verify {
namespace {

using namespace std::chrono_literals;

SchemaRef schema_of(const std::string& name, Kind key, bool keyless = false) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"s", name};
  Column id;
  id.name = "id";
  id.kind = key;
  id.int_bits = 64;
  Column v;
  v.name = "v";
  v.kind = Kind::kText;
  schema->columns = {id, v};
  if (!keyless) schema->key = {0};
  return schema;
}

OwnedRow word_row(const std::string& key, const std::string& v) {
  return OwnedRow(std::vector<Value>{Value::text(key), Value::text(v)});
}

class VerifierTest : public ::testing::Test {
 protected:
  void use(Kind key, bool keyless = false) {
    source_ = std::make_unique<FakeSide>(schema_of("t", key, keyless));
    target_side_ = std::make_unique<FakeSide>(schema_of("t", key, keyless));
    target_ = std::make_unique<FakeTarget>(TableName{"s", "t"});
  }

  // Rows 1..count on both sides.
  void fill(int64_t count) {
    use(Kind::kInt);
    for (int64_t i = 1; i <= count; ++i) {
      source_->rows.push_back(fake_row(i, cat("v", i)));
      target_side_->rows.push_back(fake_row(i, cat("v", i)));
    }
  }

  void running() {
    target_->known = true;
    target_->runs = true;
  }

  Report compared(int64_t count_of_ranges = 0) {
    (void)count_of_ranges;
    Verifier verifier({source_.get(),
                       target_.get(),
                       [&](const auto&) -> Result<std::unique_ptr<Source>> {
                         return std::unique_ptr<Source>(std::make_unique<Borrowed>(*target_side_));
                       }},
                      options_,
                      real_clock(),
                      {});
    const Status opened = verifier.open();
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
    if (!opened) return {};
    Result<Report> report = verifier.run();
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report ? *std::move(report) : Report();
  }

  // What was found, one line each.
  static std::string found(const Report& report) {
    std::string out;
    for (const Difference& d : report.tables.at(0).differences) out += line_of(report.tables[0], d) + "\n";
    return out;
  }

  // A reader that is handed out as if it were new each time.
  class Borrowed final : public Source {
   public:
    explicit Borrowed(FakeSide& side) : side_(side) {}

    Result<SourceInfo> connect() override { return side_.connect(); }

    std::vector<Finding> check() override { return {}; }

    Result<std::vector<SchemaRef>> tables() override { return side_.tables(); }

    void use_schemas(const std::vector<SchemaRef>&) override {}

    Result<Position> head() override { return side_.head(); }

    Status open(const Position&) override { return ok(); }

    Result<std::optional<Batch>> next(Duration, std::stop_token) override { return std::optional<Batch>(); }

    Status acknowledge(const Position&) override { return ok(); }

    bool includes(const Position&, const Batch&, const Transaction&) const override { return true; }

    bool includes(const Position& a, const Position& b) const override { return side_.includes(a, b); }

    Result<std::unique_ptr<TableReader>> table_reader() override { return side_.table_reader(); }

   private:
    FakeSide& side_;
  };

  VerifyOptions options_;
  std::unique_ptr<FakeSide> source_;
  std::unique_ptr<FakeSide> target_side_;
  std::unique_ptr<FakeTarget> target_;
};

TEST_F(VerifierTest, EqualTablesAreReadOnceAndCalledEqual) {
  fill(100);
  options_.compare.scan.range_rows = 10;
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.rows(), 100u);
  EXPECT_EQ(source_->rows_read, 100u);
  EXPECT_EQ(target_side_->rows_read, 100u);
}

TEST_F(VerifierTest, DifferencesInEveryRangeAndBeyondBothEndsAreNamed) {
  fill(100);
  options_.compare.scan.range_rows = 10;
  source_->rows.erase(source_->rows.begin());        // 1 is extra, in front of all
  target_side_->rows.push_back(fake_row(101, "x"));  // extra, behind all
  target_side_->rows[49] = fake_row(50, "other");
  target_side_->rows.erase(target_side_->rows.begin() + 59);  // 60 is missing
  const Report report = compared();
  const std::string lines = found(report);
  EXPECT_EQ(report.differences(), 4u) << lines;
  EXPECT_NE(lines.find("s.t {\"id\": 1}: only at the target\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("s.t {\"id\": 101}: only at the target\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("s.t {\"id\": 60}: missing at the target\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("s.t {\"id\": 50}: v is \"v50\" at the source, \"other\" at the target\n"), std::string::npos);
}

TEST_F(VerifierTest, OnlyRangesThatDifferAreReadAgain) {
  fill(1000);
  options_.compare.scan.range_rows = 50;
  target_side_->rows[499] = fake_row(500, "other");
  EXPECT_EQ(compared().differences(), 1u);
  EXPECT_LT(target_side_->rows_read, 1000u + 2 * 50);
}

TEST_F(VerifierTest, TextKeysAreComparedWithoutComparingText) {
  use(Kind::kText);
  for (int i = 0; i < 300; ++i) source_->rows.push_back(word_row(cat("k", i), "v"));
  target_side_->rows = source_->rows;
  std::reverse(target_side_->rows.begin(), target_side_->rows.end());  // another collation
  target_side_->rows[7] = word_row("k292", "other");
  target_side_->rows.pop_back();  // k0
  target_side_->rows.push_back(word_row("K0", "v"));
  const Report report = compared();
  const std::string lines = found(report);
  EXPECT_EQ(report.differences(), 3u) << lines;
  EXPECT_NE(lines.find("{\"id\": \"k292\"}: v is \"v\" at the source"), std::string::npos) << lines;
  EXPECT_NE(lines.find("{\"id\": \"k0\"}: missing at the target"), std::string::npos) << lines;
  EXPECT_NE(lines.find("{\"id\": \"K0\"}: only at the target"), std::string::npos) << lines;
}

TEST_F(VerifierTest, RowsWithoutAKeyAreCounted) {
  use(Kind::kInt, true);
  source_->chunkable = target_side_->chunkable = false;
  for (int i = 0; i < 5; ++i) source_->rows.push_back(fake_row(1, "same"));
  for (int i = 0; i < 3; ++i) target_side_->rows.push_back(fake_row(1, "same"));
  source_->rows.push_back(fake_row(2, "x"));
  target_side_->rows.push_back(fake_row(2, "x"));
  const Report report = compared();
  EXPECT_EQ(report.tables[0].missing, 2u);
  EXPECT_EQ(found(report), "s.t {\"id\": 1, \"v\": \"same\"}: missing at the target (2 times)\n");
}

TEST_F(VerifierTest, ABrokenLineLosesNoRowAndCountsNoneTwice) {
  fill(100);
  options_.compare.scan.range_rows = 30;
  source_->faults = 2;
  target_side_->faults = 1;
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.tables[0].source_rows, 100u);
  EXPECT_EQ(report.tables[0].target_rows, 100u);
}

TEST_F(VerifierTest, ATableThatIsReadWholeBeginsAgainAfterABrokenLine) {
  use(Kind::kInt, true);
  source_->chunkable = target_side_->chunkable = false;
  for (int i = 0; i < 50; ++i) source_->rows.push_back(fake_row(i, "v"));
  target_side_->rows = source_->rows;
  source_->faults = 1;
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.tables[0].source_rows, 50u);
}

TEST_F(VerifierTest, AChangeThatIsOnItsWayIsNotADifference) {
  fill(20);
  running();
  source_->position = 5;
  source_->rows[9] = fake_row(10, "new");  // the target has not got it yet
  int peeks = 0;
  target_->on_peek = [&] {
    if (++peeks < 4) return;
    target_->position = 5;
    target_side_->rows[9] = fake_row(10, "new");
  };
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.in_flight(), 0u);
}

TEST_F(VerifierTest, ARowThatStaysDifferentBesideAPipelineIsADifference) {
  fill(20);
  running();
  target_side_->rows[9] = fake_row(10, "other");
  EXPECT_EQ(compared().differences(), 1u);
}

// Whatever the source has, the target has something else, and both change all the time.
TEST_F(VerifierTest, ARowThatNeverStandsStillIsInFlight) {
  fill(20);
  running();
  options_.compare.settle.in_flight = 1s;
  int64_t turn = 0;
  source_->before_keys = [&] {
    ++turn;
    source_->rows[9] = fake_row(10, cat("turn ", turn));
    target_side_->rows[9] = fake_row(10, cat("no turn ", turn));
    source_->position = turn + 10;
    target_->position = turn + 10;
  };
  target_side_->rows[9] = fake_row(10, "no turn 0");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u) << found(report);
  EXPECT_EQ(report.in_flight(), 1u);
}

// A counter: by the time that the target is asked it has a value between those that the source was asked for.
TEST_F(VerifierTest, ARowThatIsWrittenAllTheTimeAndArrivesIsEqual) {
  fill(20);
  running();
  options_.compare.settle.in_flight = 10s;
  int64_t turn = 0;
  source_->before_keys = [&] { source_->rows[9] = fake_row(10, cat("turn ", ++turn)); };
  target_side_->before_keys = [&] { target_side_->rows[9] = fake_row(10, cat("turn ", turn - 3)); };
  target_side_->rows[9] = fake_row(10, "before");
  // The wait takes a while: the target gets on only when it is asked how far it is.
  target_->on_peek = [&] { target_->position += target_->position <= source_->position ? 1 : 0; };
  source_->on_head = [&] { source_->position += 2; };
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u) << found(report);
  EXPECT_EQ(report.in_flight(), 0u);
}

TEST_F(VerifierTest, WhatAStandingPipelineHasNotBroughtIsInFlight) {
  fill(20);
  running();
  options_.compare.settle.in_flight = 200ms;
  source_->position = 5;
  source_->rows[9] = fake_row(10, "new");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.in_flight(), 1u);
}

TEST_F(VerifierTest, WithoutAPipelineEveryRowThatDiffersIsADifference) {
  fill(20);
  source_->position = 5;
  source_->rows[9] = fake_row(10, "new");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 1u);
  EXPECT_FALSE(report.runs);
  target_->known = true;  // it has run, and does not
  const Report stopped = compared();
  EXPECT_EQ(stopped.differences(), 1u);
  EXPECT_TRUE(stopped.behind);
}

TEST_F(VerifierTest, ATableThatIsSetAsideIsNotWaitedFor) {
  fill(20);
  running();
  options_.compare.settle.in_flight = 60s;
  TableStateRow row;
  row.table = {"s", "t"};
  row.state = TableState::kPaused;
  row.reason = "by hand";
  target_->states = {row};
  source_->position = 5;
  source_->rows[9] = fake_row(10, "new");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 1u);
  EXPECT_EQ(report.tables[0].state, "paused: by hand");
}

TEST_F(VerifierTest, ATableThatIsStillCopiedIsNotCompared) {
  fill(20);
  running();
  options_.compare.settle.in_flight = 100ms;
  TableStateRow row;
  row.table = {"s", "t"};
  row.state = TableState::kSnapshotting;
  target_->states = {row};
  target_side_->rows.clear();
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_FALSE(report.all_compared());
}

TEST_F(VerifierTest, AColumnThatTheTargetComputesIsLeftOut) {
  fill(20);
  target_->generated = "v";
  target_side_->rows[9] = fake_row(10, "computed");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_EQ(report.tables[0].left_out, std::vector<std::string>{"v"});
}

TEST_F(VerifierTest, AllDifferencesAreCountedAndAFewAreShown) {
  fill(1000);
  options_.compare.scan.range_rows = 50;
  options_.compare.drill.rows = 120;  // smaller than what differs
  options_.compare.settle.shown = 3;
  for (OwnedRow& row : target_side_->rows) row = fake_row(row.row()[0].as_int(), "other");
  const Report report = compared();
  EXPECT_EQ(report.differences(), 1000u);
  EXPECT_EQ(report.tables[0].differences.size(), 3u);
}

TEST_F(VerifierTest, GoesOnBehindWhatWasSaved) {
  fill(1000);
  options_.compare.scan.range_rows = 100;
  options_.compare.scan.segment = 0s;  // saved after every range
  target_side_->rows[49] = fake_row(50, "other");
  std::vector<std::string> saved;
  options_.save = [&](const std::string& text) { saved.push_back(text); };
  EXPECT_EQ(compared().differences(), 1u);
  ASSERT_GT(saved.size(), 5u);
  // As if it had been killed after the fifth save: the rows before are not read again, what they had is not lost.
  target_side_->rows[49] = fake_row(50, "v50");
  target_side_->rows[899] = fake_row(900, "other");
  options_.load = [&] { return saved[4]; };
  source_->rows_read = 0;
  const Report report = compared();
  EXPECT_EQ(report.differences(), 2u) << found(report);
  EXPECT_EQ(report.tables[0].source_rows, 1000u);
  EXPECT_LT(source_->rows_read, 800u);
}

TEST_F(VerifierTest, WhatWasSavedOfAnotherShapeIsOfNoUse) {
  fill(100);
  std::string saved;
  options_.save = [&](const std::string& text) { saved = text; };
  (void)compared();
  options_.load = [&] { return saved; };
  source_->rows_read = 0;
  (void)compared();
  EXPECT_EQ(source_->rows_read, 0u) << "the same table is done";
  auto wider = std::make_shared<TableSchema>(*source_->schema);
  wider->columns[1].length = 10;
  source_->schema = wider;
  (void)compared();
  EXPECT_EQ(source_->rows_read, 100u);
}

TEST_F(VerifierTest, ASampleOfRangesIsReadAtTheTargetOnly) {
  fill(100000);
  source_->chunk_rows = target_side_->chunk_rows = 1000;
  options_.compare.scan.sample.percent = 10;
  const Report report = compared();
  EXPECT_EQ(report.differences(), 0u);
  EXPECT_GT(report.rows(), 2000u);
  EXPECT_LT(report.rows(), 25000u);
  EXPECT_EQ(target_side_->rows_read, report.rows());
}

}  // namespace
}  // namespace weft::verify
