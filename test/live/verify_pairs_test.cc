// SPDX-License-Identifier: Apache-2.0
// weft verify between any two engines: equal rows are equal whatever keeps them, and each kind of difference is found, named and mended.
#include <gtest/gtest.h>

#include "base/text.h"
#include "live/side.h"
#include "live/weft_process.h"
#include "support/wait.h"

namespace weft::live {
namespace {

class VerifyPairsTest : public ::testing::TestWithParam<SidePair> {
 protected:
  void SetUp() override {
    for (const SideKind kind : {std::get<0>(GetParam()), std::get<1>(GetParam())}) {
      if (auto why = Side::unavailable(kind)) GTEST_SKIP() << *why;
    }
    source_ = Side::make(std::get<0>(GetParam()));
    target_ = Side::make(std::get<1>(GetParam()));
    source_->exec(
        "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, word VARCHAR(40), n BIGINT, price DECIMAL(12,2), ratio "
        "DOUBLE PRECISION, day DATE)");
    source_->exec("CREATE TABLE words (word VARCHAR(40) NOT NULL PRIMARY KEY, n BIGINT)");
    const auto session = source_->session();
    for (int id = 1; id <= 300; ++id) {
      session->exec(cat(
          "INSERT INTO things VALUES (", id, ", 'w", id, "', ", id * 7, ", ", id, ".25, ", id, ".5, '2024-05-06')"));
      session->exec(cat("INSERT INTO words VALUES ('key ", id, "', ", id, ")"));
    }
    source_->exec("INSERT INTO things VALUES (1000, NULL, NULL, NULL, NULL, NULL)");
    source_->exec("INSERT INTO words VALUES ('', -1)");
  }

  WeftResult weft(std::vector<std::string> words) const {
    for (const char* end : {"--from", "--to"}) {
      words.emplace_back(end);
      words.push_back(end == std::string("--from") ? source_->url() : target_->url());
    }
    words.insert(words.end(), {"--name", "pair"});
    return run_weft(words, support::deadline_in(std::chrono::seconds(60)));
  }

  std::unique_ptr<Side> source_;
  std::unique_ptr<Side> target_;
};

TEST_P(VerifyPairsTest, EqualSidesAreEqualAndEveryKindOfDifferenceIsNamedAndMended) {
  const WeftResult copied = weft({"run", "--create-tables", "--until", "now"});
  ASSERT_EQ(copied.code, 0) << copied.out;
  const WeftResult equal = weft({"verify"});
  ASSERT_EQ(equal.code, 0) << equal.out;
  target_->exec("UPDATE things SET price = 0.01 WHERE id = 7");
  target_->exec("DELETE FROM things WHERE id = 8");
  target_->exec("INSERT INTO words VALUES ('surplus', 1)");
  const WeftResult differs = weft({"verify"});
  EXPECT_EQ(differs.code, 4) << differs.out;
  for (const char* word : {"{\"id\": 7}: price is 7.25 at the source, 0.01 at the target",
                           "{\"id\": 8}: missing at the target",
                           "{\"word\": \"surplus\"}: only at the target"}) {
    EXPECT_NE(differs.out.find(word), std::string::npos) << word << " in\n" << differs.out;
  }
  const WeftResult mended = weft({"verify", "--repair"});
  EXPECT_EQ(mended.code, 0) << mended.out;
  EXPECT_EQ(weft({"verify"}).code, 0);
  EXPECT_EQ(target_->text("SELECT COUNT(*) FROM things"), "301");
  EXPECT_EQ(target_->text("SELECT COUNT(*) FROM words"), "301");
}

INSTANTIATE_TEST_SUITE_P(All,
                         VerifyPairsTest,
                         ::testing::ValuesIn(pairs_of({std::begin(kAllSides), std::end(kAllSides)},
                                                      {{SideKind::kSqlite, SideKind::kSqlite},
                                                       {SideKind::kSqlite, SideKind::kMySql},
                                                       {SideKind::kMySql, SideKind::kMariaDb},
                                                       {SideKind::kPostgres, SideKind::kMariaDb},
                                                       {SideKind::kMariaDb, SideKind::kSqlite},
                                                       {SideKind::kSqlite, SideKind::kPostgres}})),
                         [](const auto& of) {
                           return side_name(std::get<0>(of.param)) + "To" + side_name(std::get<1>(of.param));
                         });

}  // namespace
}  // namespace weft::live
