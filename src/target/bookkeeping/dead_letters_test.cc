// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/dead_letters.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/schema_text.h"
#include "target/bookkeeping/memory_port.h"
#include "target/bookkeeping/objects.h"

namespace weft::bookkeeping {
namespace {

class LettersTest : public ::testing::Test {
 protected:
  LettersTest() : port_(::testing::UnitTest::GetInstance()->current_test_info()->name()) {}

  void SetUp() override { ASSERT_TRUE(ensure_objects(port_, true, "here")); }

  std::string cell(const std::string& sql) {
    const auto found = port_.rows(sql, {});
    if (!found) return found.error().message();
    return found->empty() ? "no row" : (*found)[0][0].value_or("NULL");
  }

  MemoryPort port_;
};

DeadLetterStep parked(const std::string& key, const std::string& after, Op op = Op::kInsert) {
  DeadLetterStep step;
  step.letter.table = "app.t";
  step.letter.op = op;
  step.letter.key = key;
  step.letter.shape = "weft 1\ncolumn\ta\tx\n";
  step.letter.after = after;
  step.letter.key_text = "{\"id\":1}";
  step.letter.position = "0-1-2";
  step.letter.source_time_us = 1767225600123456;
  step.letter.error = "does not fit";
  step.letter.error_class = "22003";
  return step;
}

DeadLetterStep to(DeadLetterStep::What what, const std::string& key) {
  DeadLetterStep step;
  step.what = what;
  step.letter.table = "app.t";
  step.letter.key = key;
  return step;
}

TEST_F(LettersTest, a_letter_comes_back_as_it_was_parked) {
  DeadLetterStep step = parked("3:0:1", "3:0:1,4:0:2", Op::kUpdate);
  step.letter.new_key = "3:0:2";
  step.letter.before = "3:0:1";
  step.letter.torn = true;
  ASSERT_TRUE(write_letters(port_, "shop", {step}));
  const auto letters = read_letters(port_, "shop", "", 0, SIZE_MAX);
  ASSERT_TRUE(letters) << letters.error().message();
  ASSERT_EQ(letters->size(), 1u);
  const DeadLetter& letter = (*letters)[0];
  EXPECT_EQ(letter.op, Op::kUpdate);
  EXPECT_EQ(letter.key, "3:0:1");
  EXPECT_EQ(letter.new_key, "3:0:2");
  EXPECT_EQ(letter.shape, step.letter.shape);
  EXPECT_EQ(letter.before, "3:0:1");
  EXPECT_EQ(letter.after, "3:0:1,4:0:2");
  EXPECT_EQ(letter.key_text, "{\"id\":1}");
  EXPECT_EQ(letter.before_text, "");
  EXPECT_EQ(letter.position, "0-1-2");
  EXPECT_EQ(letter.source_time_us, 1767225600123456);
  EXPECT_EQ(letter.error, "does not fit");
  EXPECT_EQ(letter.error_class, "22003");
  EXPECT_TRUE(letter.torn);
  EXPECT_FALSE(letter.stale);
  EXPECT_GT(letter.parked_us, 1700000000000000);
  EXPECT_EQ(cell("SELECT `before` FROM _weft_dead_letter"), "NULL") << "for people there is none";
  EXPECT_TRUE(read_letters(port_, "shop", "app.t", letter.id, 10)->empty());
  EXPECT_TRUE(read_letters(port_, "shop", "app.u", 0, 10)->empty());
}

TEST_F(LettersTest, keys_are_held_by_either_end_of_a_move_and_stuck_then) {
  DeadLetterStep moved = parked("k1", "x", Op::kUpdate);
  moved.letter.new_key = "k2";
  ASSERT_TRUE(write_letters(port_, "shop", {parked("k0", "x"), moved}));
  std::vector<std::string> keys;
  for (int i = 0; i < 250; ++i) keys.push_back(cat("k", i));
  const auto held = read_held_keys(port_, "shop", "app.t", keys);
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 3u);
  EXPECT_FALSE((*held)[0].stuck);
  EXPECT_TRUE((*held)[1].stuck);
  EXPECT_TRUE((*held)[2].stuck);
  EXPECT_TRUE(read_held_keys(port_, "shop", "app.u", keys)->empty());
  const auto tables = read_held_tables(port_, "shop");
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 1u);
  EXPECT_EQ((*tables)[0].letters, 2u);
  EXPECT_EQ((*tables)[0].keys.size(), 3u);
}

TEST_F(LettersTest, letters_are_forgotten_by_key_one_by_one_and_by_table) {
  using What = DeadLetterStep::What;
  ASSERT_TRUE(write_letters(port_, "shop", {parked("a", "1"), parked("a", "2"), parked("b", "3"), parked("b", "4")}));
  ASSERT_TRUE(write_letters(port_, "shop", {to(What::kForgetOne, "a"), to(What::kForgetKey, "b")}));
  auto letters = read_letters(port_, "shop", "", 0, 10);
  ASSERT_EQ(letters->size(), 1u);
  EXPECT_EQ((*letters)[0].after, "2") << "the oldest of the key went";
  ASSERT_TRUE(write_letters(port_, "shop", {parked("c", "5"), to(What::kStale, "c")}));
  letters = read_letters(port_, "shop", "", 0, 10);
  EXPECT_FALSE((*letters)[0].stale);
  EXPECT_TRUE((*letters)[1].stale);
  ASSERT_TRUE(write_letters(port_, "shop", {to(What::kStale, "")}));
  EXPECT_TRUE((*read_letters(port_, "shop", "", 0, 10))[0].stale);
  ASSERT_TRUE(write_letters(port_, "shop", {to(What::kForgetTable, "")}));
  EXPECT_TRUE(count_letters(port_, "shop")->empty());
}

TEST_F(LettersTest, a_new_column_is_added_to_what_letters_say_of_their_rows) {
  using What = DeadLetterStep::What;
  DeadLetterStep partial = parked("k2", "3:0:1,1:0:0", Op::kUpdate);
  partial.letter.before = "3:0:1,3:0:7";
  ASSERT_TRUE(write_letters(port_, "shop", {parked("k1", "3:0:1,3:0:2"), partial}));
  DeadLetterStep step = to(What::kAddColumn, "");
  step.column.name = "new";
  step.value = "3:0:5";
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(write_letters(port_, "shop", {step}));
    const auto letters = read_letters(port_, "shop", "", 0, 10);
    ASSERT_TRUE(letters);
    EXPECT_EQ((*letters)[0].after, "3:0:1,3:0:2,3:0:5");
    EXPECT_EQ((*letters)[0].shape, partial.letter.shape + encode_column(step.column));
    EXPECT_EQ((*letters)[1].after, "3:0:1,1:0:0,1:0:0");
    EXPECT_EQ((*letters)[1].before, "3:0:1,3:0:7,1:0:0");
    EXPECT_EQ((*letters)[1].key, "k2");
  }
}

TEST_F(LettersTest, a_row_that_is_its_own_key_is_held_under_it_with_the_new_column) {
  ASSERT_TRUE(write_letters(port_, "shop", {parked("3:0:1", "3:0:1")}));
  DeadLetterStep step = to(DeadLetterStep::What::kAddColumn, "whole row");
  step.column.name = "new";
  step.value = "3:0:5";
  ASSERT_TRUE(write_letters(port_, "shop", {step}));
  EXPECT_TRUE(read_held_keys(port_, "shop", "app.t", {"3:0:1"})->empty());
  EXPECT_EQ(read_held_keys(port_, "shop", "app.t", {"3:0:1,3:0:5"})->size(), 1u);
}

TEST_F(LettersTest, letters_are_taken_by_id_and_only_of_their_pipeline) {
  ASSERT_TRUE(write_letters(port_, "shop", {parked("a", "1"), parked("b", "2")}));
  EXPECT_EQ(*remove_letters(port_, "other", {1, 2}), 0u);
  EXPECT_EQ(*remove_letters(port_, "shop", {1, 7}), 1u);
  EXPECT_EQ((*count_letters(port_, "shop"))["app.t"], 1u);
}

}  // namespace
}  // namespace weft::bookkeeping
