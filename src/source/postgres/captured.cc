// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/captured.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "codec/pgoutput/text_values.h"

namespace weft::postgres {
namespace {

// The numbers that columns have without those that `gone` names; nullopt if one of `ordinals` is among them.
std::optional<std::vector<uint16_t>> moved(const std::vector<uint16_t>& ordinals, const std::vector<int>& now) {
  std::vector<uint16_t> out;
  for (const uint16_t o : ordinals) {
    if (now[o] < 0) return std::nullopt;
    out.push_back(static_cast<uint16_t>(now[o]));
  }
  return out;
}

// `from` with its columns picked and ordered by `now` (new number of each, or -1), `columns` in their place.
TableSchema with_columns(const TableSchema& from, const std::vector<int>& now, std::vector<Column> columns) {
  TableSchema schema;
  schema.name = from.name;
  schema.version = from.version;
  schema.columns = std::move(columns);
  schema.key = moved(from.key, now).value_or(std::vector<uint16_t>());
  for (const std::vector<uint16_t>& unique : from.unique_keys) {
    if (auto there = moved(unique, now)) schema.unique_keys.push_back(*std::move(there));
  }
  for (ForeignKey fk : from.foreign_keys) {
    auto there = moved(fk.columns, now);
    if (!there) continue;
    fk.columns = *std::move(there);
    schema.foreign_keys.push_back(std::move(fk));
  }
  return schema;
}

bool same_type(const Column& a, const Column& b) {
  return a.kind == b.kind && a.length == b.length && a.precision == b.precision && a.scale == b.scale &&
         a.int_bits == b.int_bits && a.fixed_length == b.fixed_length;
}

// The column of the message: as the catalogue has it where it is of the type sent, else as the type says.
Column column_of_message(const pgoutput::RelationColumn& sent, const TableSchema* now, const TableSchema* known) {
  Column plain = pgoutput::column_of({sent.type, sent.modifier, ""});
  for (const TableSchema* schema : {now, known}) {
    const int at = schema == nullptr ? -1 : schema->find(sent.name);
    if (at < 0) continue;
    const Column& column = schema->columns[static_cast<size_t>(at)];
    // A domain's own oid says nothing of its base: the catalogue's word is taken for what comes as text.
    if (plain.kind == Kind::kText || same_type(plain, column)) return column;
  }
  plain.name = sent.name;
  return plain;
}

// How values of the message's column look in binary: what is no type of the server's own is looked up in the catalogue, which
// counts if its column is still of the type sent.
pgoutput::Form form_of_message(const pgoutput::RelationColumn& sent, const Column& column, const CatalogueTable* now) {
  pgoutput::Form form = pgoutput::form_of(sent.type);
  const int at = now == nullptr ? -1 : now->schema->find(sent.name);
  if (form == pgoutput::Form::kNone && at >= 0 && static_cast<size_t>(at) < now->types.size()) {
    const CatalogueTable::Type& type = now->types[static_cast<size_t>(at)];
    if (type.oid == sent.type) form = type.form;
  }
  return pgoutput::gives(form, column) ? form : pgoutput::Form::kNone;
}

}  // namespace

// Columns that came to the table, and what rows that were there hold in them: the default that was given with the column, if it
// is a constant. One that was given later looks like one that is not.
std::vector<pgoutput::Catalogue::Added> added_columns(const TableSchema& known,
                                                      const TableSchema& now,
                                                      const CatalogueTable* table) {
  std::vector<pgoutput::Catalogue::Added> out;
  for (const Column& column : now.columns) {
    if (known.find(column.name) >= 0) continue;
    pgoutput::Catalogue::Added added;
    added.name = column.name;
    added.not_null = !column.nullable;
    const int at = table == nullptr ? -1 : table->schema->find(column.name);
    const bool has =
        at >= 0 && static_cast<size_t>(at) < table->has_default.size() && table->has_default[static_cast<size_t>(at)];
    const auto value = decode_key(column.default_value);
    if (!column.default_value.empty() && value) {
      added.kind = AddedColumn::Default::kLiteral;
      added.text = describe(value->row());
    } else if (has || at < 0) {
      added.kind = AddedColumn::Default::kOther;
    }
    out.push_back(std::move(added));
  }
  return out;
}

CatalogueTable followed(CatalogueTable table) {
  const TableSchema& all = *table.schema;
  std::vector<int> now;
  std::vector<Column> columns;
  std::vector<std::string> casts;
  std::vector<bool> defaults;
  std::vector<CatalogueTable::Type> types;
  for (size_t i = 0; i < all.columns.size(); ++i) {
    const Column& column = all.columns[i];
    now.push_back(column.generated ? -1 : static_cast<int>(columns.size()));
    if (column.generated) continue;
    columns.push_back(column);
    if (i < table.cast_types.size()) casts.push_back(table.cast_types[i]);
    if (i < table.has_default.size()) defaults.push_back(table.has_default[i]);
    if (i < table.types.size()) types.push_back(table.types[i]);
  }
  table.has_default = std::move(defaults);
  table.cast_types = std::move(casts);
  table.types = std::move(types);
  TableSchema schema = with_columns(all, now, std::move(columns));
  table.identity_columns = moved(table.identity_columns, now).value_or(std::vector<uint16_t>());
  if (table.identity == 'f') {
    table.identity_columns.clear();
    for (uint16_t o = 0; o < schema.columns.size(); ++o) table.identity_columns.push_back(o);
  }
  if (table.identity == 'i' && !table.identity_columns.empty() && schema.key != table.identity_columns) {
    if (!schema.key.empty()) schema.unique_keys.push_back(schema.key);
    schema.key = table.identity_columns;
    std::erase(schema.unique_keys, schema.key);
  }
  table.schema = std::make_shared<const TableSchema>(std::move(schema));
  return table;
}

void Captured::use(const std::vector<SchemaRef>& schemas) {
  known_.clear();
  for (const SchemaRef& schema : schemas) known_[schema->name] = schema;
}

Result<pgoutput::Catalogue::Table> Captured::relation(const pgoutput::Relation& relation) {
  Table table;
  const TableName name{std::string(relation.schema), std::string(relation.table)};
  const auto found = known_.find(name);
  if (found == known_.end()) return table;
  SchemaRef& known = found->second;
  TRY_ASSIGN(const std::vector<CatalogueTable> now, ask_(name));
  const TableSchema* current = now.empty() ? nullptr : now.front().schema.get();
  std::vector<Column> columns;
  bool same = relation.columns.size() == known->columns.size();
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    columns.push_back(column_of_message(relation.columns[i], current, known.get()));
    table.forms.push_back(form_of_message(relation.columns[i], columns.back(), now.empty() ? nullptr : &now.front()));
    same = same && columns[i].name == known->columns[i].name && same_type(columns[i], known->columns[i]) &&
           columns[i].source_type == known->columns[i].source_type;
    table.ordinals.push_back(static_cast<uint16_t>(i));
  }
  if (!same) {
    const TableSchema& base = current != nullptr ? *current : *known;
    std::vector<int> where(base.columns.size(), -1);
    for (size_t i = 0; i < columns.size(); ++i) {
      const int at = base.find(columns[i].name);
      if (at >= 0) where[static_cast<size_t>(at)] = static_cast<int>(i);
    }
    TableSchema schema = with_columns(base, where, std::move(columns));
    schema.version = known->version + 1;
    table.before = known;
    table.changed = true;
    table.added = added_columns(*known, schema, now.empty() ? nullptr : &now.front());
    const auto gone = [&](const Column& column) { return schema.find(column.name) < 0; };
    table.renames = !table.added.empty() && std::any_of(known->columns.begin(), known->columns.end(), gone);
    known = std::make_shared<const TableSchema>(std::move(schema));
  }
  table.schema = known;
  return table;
}

}  // namespace weft::postgres
