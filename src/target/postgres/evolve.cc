// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/evolve.h"

#include <algorithm>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "engine/postgres/text_form.h"
#include "target/postgres/ddl.h"
#include "target/postgres/match.h"
#include "target/postgres/narrow.h"

namespace weft::postgres {
namespace {

int int_bits(Form form) {
  return form == Form::kInt2 ? 16 : form == Form::kInt4 ? 32 : form == Form::kInt8 ? 64 : 0;
}

// Digits before the point that an integer of so many bits needs.
int int_digits(int bits) {
  return bits == 16 ? 5 : bits == 32 ? 10 : 19;
}

Result<std::string> literal(const std::string& encoded, const std::string& type) {
  TRY_ASSIGN(const OwnedRow row, decode_key(encoded));
  if (row.row().size() != 1) return Error(Blame::kBug, "not one value");
  if (row.row()[0].is_null()) return std::string();
  WireBuffer text;
  append_text_form(text, row.row()[0]);
  return cat(quote_literal(text.view()), "::", type);
}

// What target_type() says, as a ColumnType, for the types whose widening is known.
ColumnType wanted_type(const Column& c) {
  ColumnType type;
  type.printed = target_type(c);
  const std::string_view name = type.printed;
  if (name == "smallint") type.form = Form::kInt2;
  if (name == "integer") type.form = Form::kInt4;
  if (name == "bigint") type.form = Form::kInt8;
  if (name == "double precision") type.form = Form::kFloat8;
  if (name == "text") type.form = Form::kText;
  if (name.starts_with("varchar(")) {
    type.form = Form::kText;
    type.limit = static_cast<int32_t>(c.length);
  }
  if (name.starts_with("numeric")) {
    type.form = Form::kNumeric;
    type.scaled = name != "numeric";
    type.precision = c.kind == Kind::kDecimal ? c.precision : 20;
    type.scale = c.kind == Kind::kDecimal ? c.scale : 0;
  }
  if (name.starts_with("timestamp(")) type.form = Form::kTimestamp;
  if (name.starts_with("timestamptz(")) type.form = Form::kTimestamptz;
  if (name.starts_with("interval(")) type.form = Form::kInterval;
  if (c.kind == Kind::kDateTime || c.kind == Kind::kTimestamp || c.kind == Kind::kTime) type.scale = c.scale;
  return type;
}

bool in_primary_key(const CatalogTable& target, int number) {
  return std::any_of(target.unique_indexes.begin(), target.unique_indexes.end(), [&](const CatalogIndex& index) {
    return index.primary && std::find(index.columns.begin(), index.columns.end(), number) != index.columns.end();
  });
}

}  // namespace

bool widens(const ColumnType& from, const ColumnType& to) {
  if (const int bits = int_bits(from.form); bits != 0) {
    if (to.form == Form::kNumeric) return !to.scaled || to.precision - to.scale >= int_digits(bits);
    return int_bits(to.form) > bits;
  }
  if (from.form != to.form) return from.form == Form::kFloat4 && to.form == Form::kFloat8;
  switch (from.form) {
    case Form::kNumeric:
      if (!to.scaled) return from.scaled;
      return from.scaled && to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    case Form::kText:
      return from.limit >= 0 && (to.limit < 0 || to.limit > from.limit);
    case Form::kTimestamp:
    case Form::kTimestamptz:
    case Form::kInterval:
      return from.scale >= 0 && to.scale > from.scale;
    default:
      return false;
  }
}

Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                   const TableSchema& source,
                                                   const std::vector<ColumnToAdd>& columns) {
  std::vector<std::string> statements;
  const std::string alter = cat("ALTER TABLE ", quote_name(target.name), " ");
  for (const ColumnToAdd& add : columns) {
    const int at = source.find(add.name);
    if (at < 0 || find_column(target, add.name) != nullptr) continue;
    const Column& c = source.columns[static_cast<size_t>(at)];
    const std::string name = quote_identifier(c.name);
    const std::string type = target_type(c);
    if (add.value.empty()) {
      return Error(
          Blame::kConfig,
          cat("what the rows of ",
              target.name.text(),
              " hold in the new column \"",
              c.name,
              "\" is not known from the statement; add the column to the target with the values that the source "
              "has there, then start again: ",
              alter,
              "ADD COLUMN ",
              name,
              " ",
              type));
    }
    TRY_ASSIGN(const std::string value, literal(add.value, type));
    const bool filled = !value.empty();
    statements.push_back(cat(alter,
                             "ADD COLUMN ",
                             name,
                             " ",
                             type,
                             filled ? cat(" DEFAULT ", value) : "",
                             !c.nullable && filled ? " NOT NULL" : ""));
    // The rows that are there keep the value; new ones bring theirs.
    if (filled) statements.push_back(cat(alter, "ALTER COLUMN ", name, " DROP DEFAULT"));
  }
  for (const Column& c : source.columns) {
    const CatalogColumn* at = find_column(target, c.name);
    if (at == nullptr || at->generated) continue;
    const ColumnType from = column_type(at->type);
    const ColumnType to = wanted_type(c);
    const bool too_narrow = !can_hold(from, c.kind) || !narrower(from, c).empty();
    const std::string name = quote_identifier(at->name);
    if (too_narrow && widens(from, to)) {
      statements.push_back(cat(alter, "ALTER COLUMN ", name, " TYPE ", to.printed));
    }
    if (at->not_null && c.nullable && !in_primary_key(target, at->number)) {
      statements.push_back(cat(alter, "ALTER COLUMN ", name, " DROP NOT NULL"));
    }
  }
  return statements;
}

}  // namespace weft::postgres
