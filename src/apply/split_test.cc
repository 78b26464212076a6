// SPDX-License-Identifier: Apache-2.0
// Claims about cutting a ticket into its source transactions.
#include "apply/split.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft {
namespace {

// Positions "p0", "p1", ...
class Numbered final : public PositionLog {
 public:
  std::string text(uint32_t index) const override { return cat("p", index); }
};

class SplitTest : public ::testing::Test {
 protected:
  SplitTest() {
    BatchBuilder builder(arena_);
    for (uint32_t i = 0; i < 3; ++i) {
      builder.begin(1000 + i);
      builder.end(i);
    }
    batch_ = builder.finish(std::make_shared<Numbered>());
    ticket_.number = 7;
    ticket_.items.resize(6);
    const size_t ends[] = {1, 1, 6};
    for (uint32_t i = 0; i < 3; ++i) {
      ticket_.bounds.push_back({ends[i], &batch_, &batch_.transactions()[i], Sequence(20 + i)});
    }
    ticket_.end.sequence = Sequence(22);
    ticket_.end.position = Position("the end");
    ticket_.states.resize(1);
    ticket_.schemas.resize(1);
    ticket_.origin = "mysql:a:shop";
  }

  Arena arena_{4096};
  Batch batch_;
  Ticket ticket_;
};

TEST_F(SplitTest, EachTransactionBecomesACarefulTicketWithItsOwnEnd) {
  const auto parts = split_by_transaction(ticket_);
  ASSERT_EQ(parts.size(), 3u);
  const size_t items[] = {1, 0, 5};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(parts[i]->number, 7 + i);
    EXPECT_EQ(parts[i]->items.size(), items[i]);
    EXPECT_EQ(parts[i]->mode, ApplyMode::kRows);
    EXPECT_TRUE(parts[i]->alone);
    EXPECT_EQ(parts[i]->origin, "mysql:a:shop") << "each is a target transaction of its own, and has to tell it";
    EXPECT_EQ(parts[i]->bounds.size(), 1u);
    EXPECT_EQ(parts[i]->end.sequence, Sequence(20 + i));
  }
  EXPECT_EQ(parts[0]->end.position.text(), "p0");
  EXPECT_EQ(parts[0]->end.source_time_us, 1000);
}

TEST_F(SplitTest, SchemasGoWithTheFirstAndStatesWithTheLastWhichEndsWhereTheTicketDid) {
  const auto parts = split_by_transaction(ticket_);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0]->schemas.size(), 1u);
  EXPECT_TRUE(parts[0]->states.empty());
  EXPECT_EQ(parts[2]->states.size(), 1u);
  EXPECT_EQ(parts[2]->end.position.text(), "the end");
}

TEST_F(SplitTest, WhatIsOneTransactionOrLessStaysWhole) {
  Ticket fragment = ticket_;
  fragment.last = false;
  EXPECT_TRUE(split_by_transaction(fragment).empty());
  Ticket single = ticket_;
  single.bounds.resize(1);
  EXPECT_TRUE(split_by_transaction(single).empty());
}

}  // namespace
}  // namespace weft
