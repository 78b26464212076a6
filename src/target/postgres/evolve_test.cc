// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/evolve.h"

#include <gtest/gtest.h>

#include "model/row.h"

namespace weft::postgres {
namespace {

std::string one(Value value) {
  return encode_key(std::span<const Value>(&value, 1));
}

struct Fixture {
  Fixture() {
    target.name = {"public", "t"};
    add("id", oid::kInt4, "integer", Kind::kInt, 32);
    source.key = {0};
    CatalogIndex key;
    key.primary = true;
    key.columns = {1};
    target.unique_indexes.push_back(key);
  }

  Column& add(const std::string& name, uint32_t type, const std::string& printed, Kind kind, uint8_t bits = 0) {
    CatalogColumn c;
    c.number = static_cast<int>(target.columns.size()) + 1;
    c.name = name;
    c.type.oid = type;
    c.type.printed = printed;
    c.not_null = true;
    target.columns.push_back(c);
    Column s;
    s.name = name;
    s.kind = kind;
    s.int_bits = bits;
    s.nullable = false;
    source.columns.push_back(s);
    return source.columns.back();
  }

  std::string run(const std::vector<ColumnToAdd>& columns = {}) {
    const auto made = evolve_statements(target, source, columns);
    if (!made) return made.error().message();
    std::string out;
    for (const std::string& sql : *made) out += (out.empty() ? "" : "; ") + sql;
    return out;
  }

  CatalogTable target;
  TableSchema source;
};

const std::string kAlter = "ALTER TABLE \"public\".\"t\" ";

TEST(PostgresEvolve, WhatIsThereIsLeftAlone) {
  Fixture f;
  EXPECT_EQ(f.run({{"id", one(Value::null())}}), "");
}

TEST(PostgresEvolve, AddsAColumnWithTheValueOfItsRowsAndNoDefaultLeft) {
  Fixture f;
  Column c;
  c.name = "n";
  c.kind = Kind::kInt;
  c.int_bits = 32;
  c.nullable = false;
  f.source.columns.push_back(c);
  EXPECT_EQ(
      f.run({{"n", one(Value::int64(7))}}),
      kAlter + "ADD COLUMN \"n\" integer DEFAULT '7'::integer NOT NULL; " + kAlter + "ALTER COLUMN \"n\" DROP DEFAULT");
  EXPECT_EQ(f.run(), "") << "columns that no statement named have their turn later";
  EXPECT_NE(f.run({{"n", ""}}).find("not known from the statement"), std::string::npos);
  f.source.columns.back().nullable = true;
  EXPECT_EQ(f.run({{"n", one(Value::null())}}), kAlter + "ADD COLUMN \"n\" integer");
}

TEST(PostgresEvolve, WidensOnlyWhereNothingIsLost) {
  Fixture f;
  f.add("n", oid::kInt4, "integer", Kind::kInt, 64);
  EXPECT_EQ(f.run(), kAlter + "ALTER COLUMN \"n\" TYPE bigint");
  f.source.columns[1].kind = Kind::kText;
  EXPECT_EQ(f.run(), "") << "another kind is no widening";
  f.source.columns[1].kind = Kind::kInt;
  f.source.columns[1].int_bits = 16;
  EXPECT_EQ(f.run(), "") << "a narrower one changes nothing";
}

TEST(PostgresEvolve, DropsNotNullOutsideOfTheKey) {
  Fixture f;
  f.add("v", oid::kText, "text", Kind::kText);
  f.source.columns[0].nullable = f.source.columns[1].nullable = true;
  EXPECT_EQ(f.run(), kAlter + "ALTER COLUMN \"v\" DROP NOT NULL");
}

}  // namespace
}  // namespace weft::postgres
