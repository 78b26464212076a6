// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/captured.h"

#include <gtest/gtest.h>

namespace weft::postgres {
namespace {

using pgoutput::Form;

constexpr uint32_t kInt4 = 23;
constexpr uint32_t kListOid = 1007;
constexpr uint32_t kDomainOid = 20001;
constexpr uint32_t kOtherDomainOid = 20002;

// Table t (v), with `type` in the catalogue for v.
CatalogueTable table_of(const CatalogueTable::Type& type, Kind kind) {
  TableSchema schema;
  schema.name = {"public", "t"};
  Column& column = schema.columns.emplace_back();
  column.name = "v";
  column.kind = kind;
  CatalogueTable table;
  table.schema = std::make_shared<const TableSchema>(std::move(schema));
  table.types = {type};
  return table;
}

// The form of the column of a relation message that says `sent`, with the table in the catalogue; or without one.
Form form_of(uint32_t sent, const CatalogueTable& table, bool gone = false) {
  Captured captured([&](const TableName&) -> Result<std::vector<CatalogueTable>> {
    return gone ? std::vector<CatalogueTable>() : std::vector<CatalogueTable>{table};
  });
  captured.use({table.schema});
  pgoutput::Relation relation;
  relation.schema = "public";
  relation.table = "t";
  relation.columns = {{.key = true, .name = "v", .type = sent, .modifier = -1}};
  const auto found = captured.relation(relation);
  return found && found->forms.size() == 1 ? found->forms[0] : Form::kNone;
}

TEST(CapturedTest, TheFormOfATypeOfTheServersOwnIsKnownWhateverTheCatalogueSays) {
  const CatalogueTable text = table_of({.oid = 25, .form = Form::kText}, Kind::kText);
  EXPECT_EQ(form_of(25, text), Form::kText);
  EXPECT_EQ(form_of(kInt4, text), Form::kInt4);
  EXPECT_EQ(form_of(kInt4, text, true), Form::kInt4);
  EXPECT_EQ(form_of(kListOid, text), Form::kNone);
}

TEST(CapturedTest, TheFormOfADomainIsThatOfTheCatalogueWhileTheColumnIsStillOfIt) {
  const CatalogueTable now = table_of({.oid = kDomainOid, .form = Form::kText}, Kind::kText);
  EXPECT_EQ(form_of(kDomainOid, now), Form::kText);
  EXPECT_EQ(form_of(kOtherDomainOid, now), Form::kNone) << "altered since: bytes of another type";
  EXPECT_EQ(form_of(kDomainOid, now, true), Form::kNone) << "dropped since";
}

TEST(CapturedTest, AFormThatDoesNotGiveTheColumnsKindIsNone) {
  const CatalogueTable now = table_of({.oid = kInt4, .form = Form::kInt4}, Kind::kInt);
  EXPECT_EQ(form_of(25, now), Form::kNone) << "text that comes as text is read as what the column is now";
}

}  // namespace
}  // namespace weft::postgres
