// SPDX-License-Identifier: Apache-2.0
// Random tables with random values go through both paths, snapshot and stream; then every cell is compared as both
// servers print it (canonical.h says how).
//   WEFT_CELLS=1000000   how many cells per source server (100000); WEFT_SEED=n repeats a run's choices
#include <cstdio>

#include "base/text.h"
#include "live/compare.h"
#include "live/rig.h"
#include "live/types_tables.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;

class TypesTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) {
      std::printf("skipped: %s\n", why->c_str());
      GTEST_SKIP() << *why;
    }
    rig_.emplace(GetParam());
    rig_->source->exec("CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop");
  }

  void make_tables(int cells, Rng& rng) {
    int so_far = 0;
    for (int number = 1; so_far < cells; ++number) {
      RandomTable table(cat("t", number), GetParam(), rng);
      try {
        rig_->source->exec(table.create_sql());
      } catch (const support::SqlError& error) {
        const bool too_wide = error.code() == "1118" || error.code() == "1074";
        ASSERT_TRUE(too_wide) << table.create_sql() << "\n" << error.what();
        continue;
      }
      so_far += static_cast<int>(table.width()) * rows_ * 9 / 10;  // a tenth is deleted on the way
      tables_.push_back(std::move(table));
    }
  }

  // One transaction per table: rows first..last of each.
  void insert(int first, int last, Rng& rng) {
    for (const RandomTable& table : tables_) {
      rig_->source->exec("BEGIN");
      for (int row = first; row <= last; ++row) attempt(table.insert_sql(row, rng));
      rig_->source->exec("COMMIT");
    }
  }

  void attempt(const std::string& sql) {
    try {
      rig_->source->exec(sql);
    } catch (const support::SqlError& error) {
      // What IGNORE cannot bend (a shape, a JSON path, a duplicate) is not a value.
      ++refused_;
      last_refusal_ = cat(error.what(), ": ", sql.substr(0, 300));
    }
  }

  // Before images in all three forms; a keyless table needs full ones.
  void change(const std::string& image, Rng& rng) {
    rig_->source->exec("SET SESSION binlog_row_image = " + image);
    // Without the document before it a partial update says too little, and stops weft.
    if (GetParam() == Engine::kMySql && image == "FULL" && rng.chance(1, 2)) {
      rig_->source->exec("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'");
    }
    for (const RandomTable& table : tables_) {
      if (table.keyless() && image != "FULL") continue;
      rig_->source->exec("BEGIN");
      for (int i = 0; i < rows_ / 4; ++i) {
        const int row = 1 + static_cast<int>(rng.below(static_cast<uint64_t>(rows_)));
        attempt(rng.chance(1, 12) ? table.delete_sql(row) : table.update_sql(row, rng));
      }
      rig_->source->exec("COMMIT");
    }
    rig_->source->exec("SET SESSION binlog_row_image = FULL");
    if (GetParam() == Engine::kMySql) rig_->source->exec("SET SESSION binlog_row_value_options = ''");
  }

  Comparison compared() {
    auto source = rig_->source_session();
    auto target = rig_->target_session();
    std::vector<std::string> names;
    for (const RandomTable& table : tables_) names.push_back(table.name());
    return compare_tables(source, target, "shop", names);
  }

  static constexpr int rows_ = 200;
  std::optional<Rig> rig_;
  std::vector<RandomTable> tables_;
  int refused_ = 0;
  std::string last_refusal_;
};

TEST_P(TypesTest, EveryCellIsTheSameAfterSnapshotAndStream) {
  Rng rng(test_seed());
  make_tables(number_from("WEFT_CELLS", 100000), rng);
  if (HasFailure()) return;
  insert(1, rows_ / 2, rng);
  WeftProcess weft(rig_->log(), rig_->run_arguments({"--create-tables"}));
  ASSERT_TRUE(weft.wait_consistent(deadline_in(300s))) << weft.log_tail();
  const Comparison copied = compared();
  EXPECT_EQ(copied.differences, 0u) << "after the snapshot: " << copied.text();
  insert(rows_ / 2 + 1, rows_, rng);
  for (const char* image : {"FULL", "MINIMAL", "NOBLOB", "FULL"}) change(image, rng);
  ASSERT_TRUE(weft.running()) << weft.log_tail();
  weft.kill(SIGTERM);
  const auto ended = weft.wait_exit(deadline_in(60s));
  ASSERT_TRUE(ended && ended->success()) << weft.log_tail();
  const WeftResult last = rig_->run({"--until", "now"});
  ASSERT_EQ(last.code, 0) << last.out;
  const Comparison result = compared();
  EXPECT_EQ(result.differences, 0u) << result.text();
  std::printf(
      "%s: %zu tables, %llu rows, %llu cells compared after the snapshot and %llu at the end; %d statements refused by "
      "the "
      "source\n",
      engine_name(GetParam()).c_str(),
      tables_.size(),
      static_cast<unsigned long long>(result.rows),
      static_cast<unsigned long long>(copied.cells),
      static_cast<unsigned long long>(result.cells),
      refused_);
  if (refused_ > 0) std::printf("  the last one: %s\n", last_refusal_.c_str());
}

INSTANTIATE_TEST_SUITE_P(Sources, TypesTest, ::testing::Values(Engine::kMariaDb, Engine::kMySql), [](const auto& of) {
  return engine_name(of.param);
});

}  // namespace
}  // namespace weft::live
