// SPDX-License-Identifier: Apache-2.0
#include "target/refusals.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

Progress at(uint64_t epoch, uint64_t version) {
  Progress p;
  p.epoch = epoch;
  p.version = version;
  p.source_id = "mysql:a:shop";
  return p;
}

TEST(Refusals, hard_case_04_ARaisedEpochIsForGoodAndAnotherVersionIsReadAgain) {
  EXPECT_EQ(progress_moved("shop", at(3, 7), at(4, 7)).code(), kEpochLost);
  EXPECT_EQ(progress_moved("shop", at(3, 7), at(4, 7)).blame(), Blame::kConfig);
  for (const std::optional<Progress>& now :
       {std::optional(at(3, 6)), std::optional(at(3, 8)), std::optional<Progress>()}) {
    const Error moved = progress_moved("shop", at(3, 7), now);
    EXPECT_EQ(moved.code(), kProgressMoved);
    EXPECT_EQ(moved.blame(), Blame::kTransient);
  }
}

TEST(Refusals, ProgressOfAnotherSourceIsRefusedUnlessAnyMayBe) {
  OpenRequest request;
  request.pipeline = "shop";
  request.source_id = "mysql:b:shop";
  const Status other = check_source(at(1, 1), request, "here");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message().find("belongs to source mysql:a:shop"), std::string::npos);
  request.any_source = true;
  EXPECT_TRUE(check_source(at(1, 1), request, "here"));
  request.any_source = false;
  request.source_id = "mysql:a:shop";
  EXPECT_TRUE(check_source(at(1, 1), request, "here"));
  EXPECT_TRUE(check_source(std::nullopt, request, "here"));
}

TEST(Refusals, ErrorsAreJoinedWithTheirMendingAndTheTableIsNamedWhereItIsOne) {
  const Finding warning{Finding::Level::kWarning, "trifle", {}, "a"};
  const Finding first{Finding::Level::kError, "a lacks x", "ADD x", "a"};
  const Finding second{Finding::Level::kError, "b is gone", {}, "b"};
  EXPECT_TRUE(errors_of({warning}));
  EXPECT_EQ(errors_of({warning, first}).error().table(), "a");
  const Status both = errors_of({first, second});
  EXPECT_EQ(both.error().message(), "a lacks x: ADD x; b is gone");
  EXPECT_EQ(both.error().table(), "");
}

TEST(Refusals, NamesAreComparedAsAsciiAndLettersSayTheirOperation) {
  EXPECT_TRUE(same_ignoring_case("Order_ID", "order_id"));
  EXPECT_FALSE(same_ignoring_case("order", "orders"));
  EXPECT_FALSE(same_ignoring_case("\xc3\x84", "\xc3\xa4")) << "other letters are their own";
  EXPECT_EQ(*letter_op("update", "box"), Op::kUpdate);
  EXPECT_NE(letter_op("upsert", "box").error().message().find("box holds an unknown operation 'upsert'"),
            std::string::npos);
}

}  // namespace
}  // namespace weft
