// SPDX-License-Identifier: Apache-2.0
// Claims about the optional metadata of table map events.
#include "codec/mysql_binlog/table_map_metadata.h"

#include <gtest/gtest.h>

namespace weft::mysql_binlog {
namespace {

constexpr uint16_t kBinary = 63;
constexpr uint16_t kUtf8mb4 = 45;

TableMap map_of(std::initializer_list<WireType> types) {
  TableMap map;
  for (const WireType type : types) map.columns.emplace_back().type = type;
  return map;
}

// DEFAULT_CHARSET: binary, but for the third column of those that have a collation.
constexpr std::string_view kThirdIsUtf8("\x02\x03\x3f\x02\x2d", 5);

TEST(TableMapMetadataTest, GeometryIsAmongTheColumnsWithACollationAtMariaDb) {
  TableMap map = map_of({WireType::kString, WireType::kGeometry, WireType::kBlob});
  ASSERT_TRUE(parse_optional_metadata(kThirdIsUtf8, Flavor::kMariaDb, map));
  EXPECT_EQ(map.columns[0].collation, kBinary);
  EXPECT_EQ(map.columns[2].collation, kUtf8mb4);
}

TEST(TableMapMetadataTest, GeometryIsNotAmongThemAtMySql) {
  TableMap map = map_of({WireType::kString, WireType::kGeometry, WireType::kBlob, WireType::kVarchar});
  ASSERT_TRUE(parse_optional_metadata(kThirdIsUtf8, Flavor::kMySql, map));
  EXPECT_EQ(map.columns[2].collation, kBinary);
  EXPECT_EQ(map.columns[3].collation, kUtf8mb4);
}

}  // namespace
}  // namespace weft::mysql_binlog
