// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/schemas.h"

#include "base/text.h"
#include "model/schema_text.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {
namespace {

Result<std::vector<Record>> read_definitions(SqlPort& port, const std::string& name) {
  return port.rows(
      "SELECT table_schema, table_name, definition FROM _weft_schema_version WHERE pipeline = ? ORDER BY "
      "table_schema, table_name, version",
      std::vector<Parameter>{name});
}

Result<SchemaRef> schema_in(const Record& record) {
  TRY_ASSIGN(TableSchema schema, decode_schema(text_of(record, 2)));
  return SchemaRef(std::make_shared<const TableSchema>(std::move(schema)));
}

}  // namespace

Status write_schemas(SqlPort& port, const std::string& name, const std::vector<SchemaRef>& schemas) {
  if (schemas.empty()) return ok();
  const std::string sql = cat(
      "INSERT INTO _weft_schema_version (pipeline, table_schema, table_name, version, definition, created_at) VALUES "
      "(?, ?, ?, ?, ?, ",
      now_text(port.dialect()),
      ")",
      on_duplicate(port.dialect(), "pipeline, table_schema, table_name, version", {"definition"}));
  for (const SchemaRef& schema : schemas) {
    const std::string definition = encode_schema(*schema);
    TRY(port.run(
        sql,
        std::vector<Parameter>{name, schema->name.schema, schema->name.table, number(schema->version), definition}));
  }
  return ok();
}

Result<std::vector<SchemaRef>> read_schemas(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records, read_definitions(port, name));
  std::vector<SchemaRef> schemas;
  for (size_t i = 0; i < records.size(); ++i) {
    const bool latest = i + 1 == records.size() || text_of(records[i], 0) != text_of(records[i + 1], 0) ||
                        text_of(records[i], 1) != text_of(records[i + 1], 1);
    if (!latest) continue;
    TRY_ASSIGN(SchemaRef schema, schema_in(records[i]));
    schemas.push_back(std::move(schema));
  }
  return schemas;
}

Result<std::vector<SchemaRef>> read_schema_history(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records, read_definitions(port, name));
  std::vector<SchemaRef> schemas;
  for (const Record& record : records) {
    TRY_ASSIGN(SchemaRef schema, schema_in(record));
    schemas.push_back(std::move(schema));
  }
  return schemas;
}

Status prune_schemas(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto latest,
             port.rows("SELECT table_schema, table_name, MAX(version) FROM _weft_schema_version WHERE pipeline = ? AND "
                       "NOT EXISTS (SELECT 1 FROM _weft_dead_letter WHERE pipeline = ?) AND NOT EXISTS (SELECT 1 FROM "
                       "_weft_prepared WHERE pipeline = ?) GROUP BY table_schema, table_name HAVING COUNT(*) > 1",
                       std::vector<Parameter>{name, name, name}));
  for (const Record& record : latest) {
    TRY(port.run(
        "DELETE FROM _weft_schema_version WHERE pipeline = ? AND table_schema = ? AND table_name = ? AND version "
        "< ?",
        std::vector<Parameter>{name, text_of(record, 0), text_of(record, 1), number_of(record, 2)}));
  }
  return ok();
}

}  // namespace weft::bookkeeping
