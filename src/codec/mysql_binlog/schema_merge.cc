// SPDX-License-Identifier: Apache-2.0
// merge_schema: a TableMap and the catalogue's shape become the shape that rows are decoded into.
#include <algorithm>

#include "base/slab.h"
#include "base/text.h"
#include "codec/mysql_binlog/charset.h"
#include "codec/mysql_binlog/column_fit.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {
namespace {

constexpr std::string_view kMend = "needs binlog_row_metadata=FULL or a resnapshot";

Error unknown_schema(const TableMap& map, std::string_view why) {
  return Error(Blame::kConfig,
               cat("rows of ", map.database, ".", map.table, " can't be decoded: ", why, "; ", kMend),
               std::string(kSchemaUnknown));
}

bool same_column(const Column& a, const Column& b) {
  return a.name == b.name && a.source_type == b.source_type && a.kind == b.kind && a.length == b.length &&
         a.precision == b.precision && a.scale == b.scale && a.int_bits == b.int_bits &&
         a.fixed_length == b.fixed_length && a.nullable == b.nullable && a.generated == b.generated &&
         a.identity == b.identity && a.labels == b.labels && a.charset == b.charset &&
         a.default_value == b.default_value;
}

// Labels travel in the column's character set; Column holds UTF-8.
Result<std::vector<std::string>> utf8_labels(const WireColumn& wire) {
  std::vector<std::string> labels = wire.labels;
  const std::string_view charset = charset_of_collation(wire.collation);
  TRY_ASSIGN(Transcoder to_utf8, Transcoder::open(charset));
  if (to_utf8.is_view()) return labels;
  Arena arena(4096);
  for (std::string& label : labels) label = to_utf8(label, arena);
  return labels;
}

Result<SchemaRef> by_position(const TableMap& map, const SchemaRef& catalogue) {
  if (catalogue == nullptr)
    return unknown_schema(map, "the event has no column names and the table's shape is not known");
  if (catalogue->columns.size() != map.columns.size()) {
    return unknown_schema(
        map, cat("the event has ", map.columns.size(), " columns, the known shape has ", catalogue->columns.size()));
  }
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const Column& column = catalogue->columns[i];
    if (!fits(map.columns[i], map.has_signedness, column)) {
      return unknown_schema(map,
                            cat("column ",
                                i + 1,
                                " is ",
                                describe_wire(map.columns[i]),
                                " in the event, ",
                                column.name,
                                " ",
                                column.source_type,
                                " in the known shape"));
    }
  }
  return catalogue;
}

// The catalogue's column if the event's fits it, with what the event knows better; else the event's alone.
Result<Column> named_column(const TableMap& map, const WireColumn& wire, const TableSchema* catalogue) {
  const int known = catalogue == nullptr ? -1 : catalogue->find(wire.name);
  const bool usable = known >= 0 && fits(wire, map.has_signedness, catalogue->columns[static_cast<size_t>(known)]);
  Column column = usable ? catalogue->columns[static_cast<size_t>(known)] : column_from(wire);
  if (!usable && needs_catalogue(wire)) {
    return unknown_schema(map,
                          cat("column ",
                              wire.name,
                              " is ",
                              describe_wire(wire),
                              " in a format whose fraction digits only the catalogue tells"));
  }
  if (!wire.labels.empty()) {
    TRY_ASSIGN(column.labels, utf8_labels(wire));
    if (!usable) column.source_type = describe_labels(wire, column.labels);
  }
  return column;
}

std::vector<uint16_t> named_ordinals(const TableSchema& schema,
                                     const TableSchema& from,
                                     const std::vector<uint16_t>& ordinals) {
  std::vector<uint16_t> out;
  for (const uint16_t ordinal : ordinals) {
    const int at = schema.find(from.columns[ordinal].name);
    if (at < 0) return {};
    out.push_back(static_cast<uint16_t>(at));
  }
  return out;
}

// Keys: the catalogue's if all their columns are there, else what the event says.
void take_keys(const TableMap& map,
               const std::vector<int>& ordinal_of,
               const TableSchema* catalogue,
               TableSchema& schema) {
  if (catalogue != nullptr) {
    schema.key = named_ordinals(schema, *catalogue, catalogue->key);
    for (const auto& unique : catalogue->unique_keys) {
      std::vector<uint16_t> ordinals = named_ordinals(schema, *catalogue, unique);
      if (!ordinals.empty()) schema.unique_keys.push_back(std::move(ordinals));
    }
    for (const ForeignKey& foreign : catalogue->foreign_keys) {
      ForeignKey moved = foreign;
      moved.columns = named_ordinals(schema, *catalogue, foreign.columns);
      if (!moved.columns.empty()) schema.foreign_keys.push_back(std::move(moved));
    }
  }
  if (!schema.key.empty() || !map.has_key) return;
  for (const uint16_t wire : map.key) {
    if (ordinal_of[wire] >= 0) schema.key.push_back(static_cast<uint16_t>(ordinal_of[wire]));
  }
}

Result<SchemaRef> by_name(const TableMap& map, const SchemaRef& catalogue) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {map.database, map.table};
  if (catalogue != nullptr) schema->version = catalogue->version;
  std::vector<int> ordinal_of(map.columns.size(), -1);
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const WireColumn& wire = map.columns[i];
    if (is_hidden(map, wire)) continue;
    TRY_ASSIGN(Column column, named_column(map, wire, catalogue.get()));
    column.name = wire.name;
    ordinal_of[i] = static_cast<int>(schema->columns.size());
    schema->columns.push_back(std::move(column));
  }
  take_keys(map, ordinal_of, catalogue.get(), *schema);
  const bool same = catalogue != nullptr && schema->key == catalogue->key &&
                    std::equal(schema->columns.begin(),
                               schema->columns.end(),
                               catalogue->columns.begin(),
                               catalogue->columns.end(),
                               same_column);
  if (same) return catalogue;
  return SchemaRef(std::move(schema));
}

}  // namespace

Result<SchemaRef> merge_schema(const TableMap& map, const SchemaRef& catalogue) {
  return map.has_names ? by_name(map, catalogue) : by_position(map, catalogue);
}

}  // namespace weft::mysql_binlog
