// SPDX-License-Identifier: Apache-2.0
// The SQL of every operation as golden text: test/golden/mysql/*.sql. WEFT_REWRITE=1 writes them anew.
#include "target/mysql/statements.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "target/mysql/ddl.h"
#include "target/mysql/samples.h"
#include "target/refusals.h"

namespace weft::mysql {
namespace {

// A quoted name, a collation that folds case, JSON, a time that changes by itself, a key of two columns.
struct Fixture {
  Fixture() {
    target.name = {"shop", "Order `items`"};
    target.engine = "InnoDB";
    target.columns = {samples::column("order_id", samples::storage("bigint"), true),
                      samples::column("word", samples::storage("varchar(20)", "", "utf8mb4_general_ci"), true),
                      samples::column("State", samples::storage("enum('new','old')")),
                      samples::column("price", samples::storage("double")),
                      samples::column("note", samples::storage("text", "65535")),
                      samples::column("changed", samples::storage("timestamp"))};
    target.columns[5].on_update = true;
    target.unique_indexes = {{"PRIMARY", true, false, {0, 1}}};
    source.name = {"shop", "Order `items`"};
    source.columns = {samples::source_column("order_id", Kind::kInt),
                      samples::source_column("word", Kind::kText),
                      samples::source_column("state", Kind::kText),
                      samples::source_column("price", Kind::kDouble),
                      samples::source_column("note", Kind::kText),
                      samples::source_column("changed", Kind::kTimestamp)};
    source.key = {0, 1};
  }

  TablePlan plan(Flavor flavor) const {
    std::vector<Finding> findings;
    TablePlan out = match_table(target, std::make_shared<const TableSchema>(source), samples::facts(flavor), findings);
    const Status good = errors_of(findings);
    EXPECT_TRUE(good) << (good ? "" : good.error().message());
    return out;
  }

  CatalogTable target;
  TableSchema source;
};

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = cat("test/golden/mysql/", name, ".sql");
  if (std::getenv("WEFT_REWRITE") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::stringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, golden.str()) << path << " differs; WEFT_REWRITE=1 writes it anew";
}

std::string all_statements(const TablePlan& plan) {
  std::string out;
  const auto add = [&](std::string_view title, const RowStatement& s) {
    out += cat("-- ", title, "; parameters");
    for (const ParamColumn& p : s.params) out += cat(" ", p.ordinal, p.before ? " before" : "");
    out += cat("\n", s.sql, ";\n\n");
  };
  const std::vector<uint16_t> all = {0, 1, 2, 3, 4, 5};
  add("insert", row_statement(plan, BatchOp::kInsert, all, 1));
  add("insert of two rows", row_statement(plan, BatchOp::kInsert, all, 2));
  add("upsert", row_statement(plan, BatchOp::kUpsert, all, 1));
  add("upsert of two rows", row_statement(plan, BatchOp::kUpsert, all, 2));
  if (!plan.keyless()) add("upsert of nothing but the key", row_statement(plan, BatchOp::kUpsert, {0, 1}, 1));
  add("update of one column", row_statement(plan, BatchOp::kUpdate, {2}, 1));
  add("update that moves the key", row_statement(plan, BatchOp::kUpdate, {1, 4}, 1));
  add("delete", row_statement(plan, BatchOp::kDelete, {}, 1));
  if (plan.keyless()) return out;
  add("rivals", row_statement(plan, BatchOp::kDeleteRivals, {4}, 1));
  add("the same row", same_row_statement(plan, all));
  return out;
}

TEST(MySqlStatements, KeyedTables) {
  expect_golden("keyed_mariadb", all_statements(Fixture().plan(Flavor::kMariaDb)));
  expect_golden("keyed_mysql", all_statements(Fixture().plan(Flavor::kMySql)));
}

TEST(MySqlStatements, TablesWithoutAKey) {
  Fixture f;
  f.source.key.clear();
  f.target.unique_indexes.clear();
  expect_golden("keyless", all_statements(f.plan(Flavor::kMariaDb)));
}

TEST(MySqlStatements, OnlyAKeyOfOneColumnThatIsEqualByBytesGoesInAList) {
  Fixture f;
  EXPECT_FALSE(takes_rows(f.plan(Flavor::kMySql), BatchOp::kDelete));
  f.source.key = {0};
  f.target.unique_indexes = {{"PRIMARY", true, false, {0}}};
  const TablePlan plan = f.plan(Flavor::kMySql);
  EXPECT_TRUE(takes_rows(plan, BatchOp::kDelete));
  EXPECT_EQ(row_statement(plan, BatchOp::kDelete, {}, 3).sql,
            "DELETE FROM `shop`.`Order ``items``` WHERE `order_id` IN (?, ?, ?)");
}

TEST(MySqlStatements, CreatedTablesCompareByBytes) {
  TableSchema source;
  source.name = {"public", "words"};
  source.columns = {samples::source_column("word", Kind::kText), samples::source_column("at", Kind::kTimestamp)};
  source.columns[0].nullable = false;
  source.key = {0};
  const auto mariadb = create_table_statement(source, {"shop", "words"}, samples::facts(Flavor::kMariaDb));
  const auto mysql = create_table_statement(source, {"shop", "words"}, samples::facts(Flavor::kMySql));
  ASSERT_TRUE(mariadb && mysql);
  expect_golden("create_table", cat(*mariadb, ";\n\n", *mysql, ";\n"));
}

}  // namespace
}  // namespace weft::mysql
