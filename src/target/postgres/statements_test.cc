// SPDX-License-Identifier: Apache-2.0
// The SQL of every operation as golden text: test/golden/postgres/*.sql. WEFT_REWRITE=1 writes them anew.
#include "target/postgres/statements.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "target/postgres/ddl.h"
#include "target/postgres/objects.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

CatalogColumn target_column(int number, std::string name, uint32_t type, std::string printed) {
  CatalogColumn c;
  c.number = number;
  c.name = std::move(name);
  c.type.oid = type;
  c.type.printed = std::move(printed);
  return c;
}

Column source_column(std::string name, Kind kind) {
  Column c;
  c.name = std::move(name);
  c.kind = kind;
  c.int_bits = 64;
  return c;
}

// Quoted names, an enum that needs a cast, json without equality, a key of two columns.
struct Fixture {
  Fixture() {
    target.name = {"public", "Order \"items\""};
    target.may_select = target.may_insert = target.may_update = target.may_delete = target.may_truncate = true;
    target.columns = {target_column(1, "order_id", oid::kInt8, "bigint"),
                      target_column(2, "line", oid::kInt4, "integer"),
                      target_column(3, "State", 99999, "public.state"),
                      target_column(4, "doc", oid::kJson, "json"),
                      target_column(5, "note", oid::kText, "text")};
    target.columns[0].not_null = target.columns[1].not_null = true;
    target.columns[2].type.kind = 'e';
    CatalogIndex primary;
    primary.primary = true;
    primary.columns = {2, 1};
    target.unique_indexes = {primary};
    source.name = {"shop", "Order \"items\""};
    source.columns = {source_column("order_id", Kind::kInt),
                      source_column("line", Kind::kInt),
                      source_column("state", Kind::kText),
                      source_column("doc", Kind::kJson),
                      source_column("note", Kind::kText)};
    source.columns[1].int_bits = 32;
    source.key = {0, 1};
  }

  TablePlan plan() const {
    std::vector<Finding> findings;
    TablePlan out = match_table(target, std::make_shared<const TableSchema>(source), findings);
    const Status good = errors_of(findings);
    EXPECT_TRUE(good) << (good ? "" : good.error().message());
    return out;
  }

  CatalogTable target;
  TableSchema source;
};

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = cat("test/golden/postgres/", name, ".sql");
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
  const auto add = [&](std::string_view title, const std::string& sql, const std::vector<uint32_t>& types) {
    out += cat("-- ", title, types.empty() ? "" : "; types");
    for (const uint32_t t : types) out += cat(" ", t);
    out += cat("\n", sql, ";\n\n");
  };
  const auto add_rows = [&](std::string_view title, BatchOp op, std::vector<uint16_t> columns, Rows rows) {
    const RowStatement s = row_statement(plan, op, columns, rows);
    add(title, s.sql, s.types);
  };
  for (const Rows rows : {Rows::kOne, Rows::kMany}) {
    const std::string_view how = rows == Rows::kOne ? "one row" : "arrays";
    add_rows(cat("insert, ", how), BatchOp::kInsert, {0, 1, 2, 3, 4}, rows);
    if (plan.keyless() && rows == Rows::kMany) continue;
    add_rows(cat("upsert, ", how), BatchOp::kUpsert, {0, 1, 2, 3, 4}, rows);
    if (!plan.keyless()) add_rows(cat("mend, ", how), BatchOp::kMend, {0, 1, 2, 3, 4}, rows);
    if (!plan.keyless()) add_rows(cat("upsert of nothing but the key, ", how), BatchOp::kUpsert, {0, 1}, rows);
    add_rows(cat("update of one column, ", how), BatchOp::kUpdate, {2}, rows);
    add_rows(cat("update that moves the key, ", how), BatchOp::kUpdate, {1, 4}, rows);
    add_rows(cat("delete, ", how), BatchOp::kDelete, {}, rows);
  }
  add("copy", copy_statement(plan, {0, 1, 2, 3, 4}), {});
  add("truncate", truncate_statement(plan), {});
  return out;
}

TEST(PostgresStatements, AreTheGoldenOnesForATableWithAKey) {
  expect_golden("keyed", all_statements(Fixture().plan()));
}

TEST(PostgresStatements, AreTheGoldenOnesForATableWithoutAKey) {
  Fixture f;
  f.source.key.clear();
  expect_golden("keyless", all_statements(f.plan()));
}

TEST(PostgresStatements, DeleteByOneKeyColumnUsesAny) {
  Fixture f;
  f.source.key = {0};
  f.target.unique_indexes[0].columns = {1};
  EXPECT_EQ(row_statement(f.plan(), BatchOp::kDelete, {}, Rows::kMany).sql,
            "DELETE FROM \"public\".\"Order \"\"items\"\"\" AS t WHERE t.\"order_id\" OPERATOR(pg_catalog.=) ANY ($1)");
}

TEST(PostgresStatements, OverrideAnIdentityThatIsAlwaysGenerated) {
  Fixture f;
  f.target.columns[0].identity = f.target.columns[0].identity_always = true;
  EXPECT_NE(row_statement(f.plan(), BatchOp::kInsert, {0}, Rows::kOne).sql.find("OVERRIDING SYSTEM VALUE"),
            std::string::npos);
}

TEST(PostgresStatements, DeleteWhereTruncateIsForbidden) {
  Fixture f;
  f.target.referenced = true;
  EXPECT_EQ(truncate_statement(f.plan()), "DELETE FROM \"public\".\"Order \"\"items\"\"\"");
}

Column typed(std::string name, Kind kind, std::string source_type) {
  Column c = source_column(std::move(name), kind);
  c.source_type = std::move(source_type);
  c.int_bits = 0;
  return c;
}

TableSchema every_type() {
  TableSchema s;
  s.name = {"shop", "types"};
  for (const uint8_t bits : std::initializer_list<uint8_t>{8, 16, 24, 32, 64}) {
    Column signed_column = typed(cat("i", bits), Kind::kInt, "int");
    signed_column.int_bits = bits;
    Column unsigned_column = typed(cat("u", bits), Kind::kUint, "int unsigned");
    unsigned_column.int_bits = bits;
    s.columns.push_back(signed_column);
    s.columns.push_back(unsigned_column);
  }
  Column year = typed("y", Kind::kUint, "year(4)");
  year.int_bits = 16;
  Column decimal = typed("d", Kind::kDecimal, "decimal(10,2)");
  decimal.precision = 10;
  decimal.scale = 2;
  Column name = typed("name", Kind::kText, "varchar(80)");
  name.length = 80;
  Column blob_text = typed("body", Kind::kText, "text");
  blob_text.length = 65535;
  Column label = typed("label", Kind::kText, "enum('a','b')");
  label.labels = {"a", "b"};
  label.length = 1;
  Column bit = typed("b", Kind::kBit, "bit(5)");
  bit.length = 5;
  Column at = typed("at", Kind::kTimestamp, "timestamp(3)");
  at.scale = 3;
  at.nullable = false;
  for (const Column& c : {year,
                          decimal,
                          name,
                          blob_text,
                          label,
                          bit,
                          at,
                          typed("f", Kind::kFloat, "float"),
                          typed("g", Kind::kDouble, "double"),
                          typed("x", Kind::kBytes, "blob"),
                          typed("day", Kind::kDate, "date"),
                          typed("moment", Kind::kDateTime, "datetime"),
                          typed("span", Kind::kTime, "time"),
                          typed("doc", Kind::kJson, "json"),
                          typed("id", Kind::kUuid, "uuid"),
                          typed("ip", Kind::kText, "inet6"),
                          typed("flag", Kind::kBool, "boolean")}) {
    s.columns.push_back(c);
  }
  s.columns[0].nullable = false;
  s.key = {0};
  s.unique_keys = {{1, 2}};
  return s;
}

TEST(PostgresDdl, MapsEveryType) {
  const auto sql = create_table_statement(every_type(), {"public", "types"});
  ASSERT_TRUE(sql);
  expect_golden("create_table", *sql + ";\n");
}

TEST(PostgresDdl, TypesOfItsOwnBecomeTheSameAgain) {
  const auto made = [](Kind kind, std::string source_type) {
    Column c;
    c.kind = kind;
    c.source_type = std::move(source_type);
    return target_type(c);
  };
  for (const char* text : {"inet",
                           "interval",
                           "interval(3)",
                           "integer[]",
                           "numeric(10,2)[]",
                           "character(5)",
                           "xml",
                           "tsvector",
                           "time(3) with time zone",
                           "timestamp(3) with time zone[]",
                           "character varying(9)[]",
                           "text[]",
                           "bit varying(70)",
                           "money"}) {
    EXPECT_EQ(made(Kind::kText, text), text);
  }
  EXPECT_EQ(made(Kind::kJson, "jsonb"), "jsonb");
  EXPECT_EQ(made(Kind::kTime, "time(3) without time zone"), "time(3) without time zone");
  // MySQL's, and types that only the source has.
  EXPECT_EQ(made(Kind::kTime, "time(3)"), "interval(0)");
  EXPECT_EQ(made(Kind::kJson, "json"), "json");
  EXPECT_EQ(made(Kind::kText, "longtext"), "text");
  EXPECT_EQ(made(Kind::kText, "mood"), "text");
}

TEST(PostgresDdl, RefusesNamesThatTheServerWouldCut) {
  TableSchema s = every_type();
  s.columns[3].name = std::string(64, 'n');
  const auto sql = create_table_statement(s, {"public", "types"});
  ASSERT_FALSE(sql);
  EXPECT_EQ(sql.error().blame(), Blame::kConfig);
}

TEST(PostgresDdl, TheObjectsAreTheGoldenOnes) {
  expect_golden("objects", objects_sql("weft"));
}

}  // namespace
}  // namespace weft::postgres
