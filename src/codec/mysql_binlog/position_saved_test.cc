// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "codec/mysql_binlog/position.h"

namespace weft::mysql_binlog {
namespace {

// A log of both files and, for MySQL, two sources; the third entry is a fragment, the fourth has no number.
std::shared_ptr<const MySqlPositionLog> made_log(Flavor flavor, const std::string& before) {
  SourceId a;
  a.uuid.fill(0x3e);
  SourceId b = a;
  b.tag = "blue";
  auto sources = std::make_shared<const std::vector<SourceId>>(std::vector<SourceId>{a, b});
  auto files = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"bin.000001", "bin.000002"});
  const std::vector<PositionEntry> entries = {{8, 500, 0, 3, 0, false},
                                              {2, 900, 1, 4, 0, false},
                                              {9, 950, 0, 3, 0, true},
                                              {0, 120, 0, 0, 1, false},
                                              {9, 400, 0, 3, 1, false},
                                              {UINT64_MAX, 40, 1, UINT32_MAX, 1, false}};
  return std::make_shared<const MySqlPositionLog>(
      flavor, *MySqlPosition::parse(before, flavor), sources, files, entries);
}

TEST(SavedPositions, ComeBackAsTheyWereWhicheverPartIsSaved) {
  for (const Flavor flavor : {Flavor::kMariaDb, Flavor::kMySql}) {
    const auto log =
        made_log(flavor, flavor == Flavor::kMariaDb ? "0-3-7" : "3e3e3e3e-3e3e-3e3e-3e3e-3e3e3e3e3e3e:1-7");
    const auto size = static_cast<uint32_t>(log->size());
    for (uint32_t first = 0; first < size; ++first) {
      for (uint32_t count = 1; first + count <= size; ++count) {
        std::string saved;
        ASSERT_TRUE(log->save(first, count, saved));
        const std::string before = first == 0 ? log->base().text() : log->text(first - 1);
        const auto again = MySqlPositionLog::load(before, saved);
        ASSERT_TRUE(again) << again.error().message();
        ASSERT_EQ((*again)->size(), count);
        for (uint32_t i = 0; i < count; ++i) {
          EXPECT_EQ((*again)->gtid_text(i), log->gtid_text(first + i));
          EXPECT_EQ((*again)->place(i), log->place(first + i));
          EXPECT_EQ((*again)->entry(i).open, log->entry(first + i).open);
          EXPECT_EQ((*again)->text(i), log->text(first + i)) << first << "+" << i;
        }
      }
    }
  }
}

TEST(SavedPositions, CutAnywhereTheyAreRefused) {
  const auto log = made_log(Flavor::kMySql, "");
  std::string saved;
  ASSERT_TRUE(log->save(0, static_cast<uint32_t>(log->size()), saved));
  for (size_t bytes = 0; bytes < saved.size(); ++bytes) {
    EXPECT_FALSE(MySqlPositionLog::load("", std::string_view(saved).substr(0, bytes))) << bytes;
  }
}

}  // namespace
}  // namespace weft::mysql_binlog
