// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/evolve.h"

#include <gtest/gtest.h>

#include "model/row.h"
#include "target/mysql/samples.h"

namespace weft::mysql {
namespace {

using samples::storage;

constexpr const char* kDefinition =
    "CREATE TABLE `t` (\n"
    "  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n"
    "  `qty` int(10) unsigned NOT NULL DEFAULT 7 COMMENT 'how many, NOT weight',\n"
    "  `state` enum('a','b),c') CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'a',\n"
    "  `name` varchar(10)\n"
    ") ENGINE=InnoDB";

struct Tables {
  Tables() {
    target.name = {"shop", "t"};
    target.columns = {samples::column("id", storage("bigint"), true),
                      samples::column("qty", storage("int unsigned"), true),
                      samples::column("state", storage("enum('a','b),c')")),
                      samples::column("name", storage("varchar(10)"))};
    target.unique_indexes = {{"PRIMARY", true, false, {0}}};
    source.name = {"shop", "t"};
    source.columns = {samples::source_column("id", Kind::kInt),
                      samples::source_column("qty", Kind::kUint),
                      samples::source_column("state", Kind::kText),
                      samples::source_column("name", Kind::kText)};
    source.columns[0].nullable = source.columns[1].nullable = false;
    source.columns[1].int_bits = 32;
    source.columns[2].labels = {"a", "b),c"};
    source.columns[2].source_type = "enum('a','b),c')";
    source.columns[2].charset = "latin1";
    source.columns[3].length = 10;
    source.columns[3].source_type = "varchar(10)";
    source.columns[3].charset = "utf8mb4";
    source.key = {0};
  }

  std::vector<std::string> statements(const std::vector<ColumnToAdd>& columns = {}) const {
    auto made = evolve_statements(target, kDefinition, samples::facts(Flavor::kMariaDb), source, columns);
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *made : std::vector<std::string>();
  }

  CatalogTable target;
  TableSchema source;
};

TEST(MySqlEvolve, ATableThatFitsIsLeftAlone) {
  EXPECT_EQ(Tables().statements(), std::vector<std::string>());
}

TEST(MySqlEvolve, WidenedColumnsKeepWhatElseIsSaidOfThem) {
  Tables t;
  t.source.columns[1].int_bits = 64;
  t.source.columns[3].length = 20;
  t.source.columns[3].source_type = "varchar(20)";
  EXPECT_EQ(t.statements(),
            (std::vector<std::string>{
                "ALTER TABLE `shop`.`t` MODIFY COLUMN `qty` bigint unsigned NOT NULL DEFAULT 7 COMMENT 'how many, NOT "
                "weight'",
                "ALTER TABLE `shop`.`t` MODIFY COLUMN `name` varchar(20)"}));
}

TEST(MySqlEvolve, LabelsAreAppended) {
  Tables t;
  t.source.columns[2].labels.emplace_back("d");
  t.source.columns[2].source_type = "enum('a','b),c','d')";
  EXPECT_EQ(t.statements(),
            std::vector<std::string>{"ALTER TABLE `shop`.`t` MODIFY COLUMN `state` enum('a','b),c','d') CHARACTER SET "
                                     "latin1 COLLATE latin1_bin DEFAULT 'a'"});
}

TEST(MySqlEvolve, NullsAreAllowedWhereTheSourceAllowsThem) {
  Tables t;
  t.source.columns[1].nullable = true;
  EXPECT_EQ(t.statements(),
            std::vector<std::string>{"ALTER TABLE `shop`.`t` MODIFY COLUMN `qty` int unsigned NULL DEFAULT 7 COMMENT "
                                     "'how many, NOT weight'"});
}

TEST(MySqlEvolve, NewColumnsHoldWhatTheSourcesRowsHold) {
  Tables t;
  t.source.columns.push_back(samples::source_column("weight", Kind::kInt));
  t.source.columns.back().nullable = false;
  const Value seven[] = {Value::int64(7)};
  EXPECT_EQ(t.statements({{"weight", encode_key(Row(seven))}}),
            (std::vector<std::string>{"ALTER TABLE `shop`.`t` ADD COLUMN `weight` bigint NOT NULL DEFAULT 7",
                                      "ALTER TABLE `shop`.`t` ALTER COLUMN `weight` DROP DEFAULT"}));
  const auto unknown =
      evolve_statements(t.target, kDefinition, samples::facts(Flavor::kMariaDb), t.source, {{"weight", ""}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().blame(), Blame::kConfig);
}

TEST(MySqlEvolve, OnlyWhatLosesNothingIsWider) {
  EXPECT_TRUE(widens(storage("int"), storage("bigint")));
  EXPECT_FALSE(widens(storage("int"), storage("bigint unsigned")));
  EXPECT_TRUE(widens(storage("int unsigned"), storage("bigint")));
  EXPECT_FALSE(widens(storage("varchar(20)"), storage("varchar(10)")));
  EXPECT_TRUE(widens(storage("varchar(20)"), storage("text", "65535")));
  EXPECT_FALSE(widens(storage("varchar(200)"), storage("tinytext", "255")));
  EXPECT_FALSE(widens(storage("decimal(10,2)"), storage("decimal(10,3)")));
  EXPECT_FALSE(widens(storage("enum('a','b')"), storage("enum('b','a','c')")));
}

}  // namespace
}  // namespace weft::mysql
