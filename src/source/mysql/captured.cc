// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/captured.h"

namespace weft::mysql {

void Captured::use(const std::vector<SchemaRef>& schemas) {
  for (const SchemaRef& schema : schemas) known_[schema->name] = schema;
}

Result<SchemaRef> Captured::lookup(std::string_view database, std::string_view table) {
  if (!filter_.matches(database, table)) return SchemaRef();
  const TableName name{std::string(database), std::string(table)};
  SchemaRef& known = known_[name];
  if (known || !names_in_events_) return known;
  TRY_ASSIGN(known, ask_(name));
  return known;
}

bool Captured::captured(std::string_view database, std::string_view table) {
  return table.empty() ? filter_.matches_database(database) : filter_.matches(database, table);
}

std::vector<std::string> Captured::tables_of(std::string_view database) {
  std::vector<std::string> tables;
  for (const auto& [name, schema] : known_) {
    if (schema != nullptr && name.schema == database && filter_.matches(name.schema, name.table)) {
      tables.push_back(name.table);
    }
  }
  return tables;
}

void Captured::schema_changed(std::string_view database, std::string_view table) {
  for (auto& [name, schema] : known_) {
    if (name.schema == database && (table.empty() || name.table == table)) schema = nullptr;
  }
}

}  // namespace weft::mysql
