// SPDX-License-Identifier: Apache-2.0
// Columns and tables for the tests of this folder, as a server's catalogue would give them.
#pragma once

#include <string>
#include <utility>

#include "target/mysql/catalog.h"

namespace weft::mysql::samples {

inline ServerFacts facts(Flavor flavor) {
  ServerFacts f;
  f.flavor = flavor;
  f.version = flavor == Flavor::kMariaDb ? 101119 : 90704;
  return f;
}

// "decimal(10,2) unsigned" -> the entry of information_schema for it; `octets` for types that have no number in brackets.
inline Storage storage(const std::string& type,
                       const std::string& octets = "",
                       const std::string& collation = "utf8mb4_bin") {
  ColumnEntry entry;
  entry.column_type = type;
  entry.data_type = type.substr(0, type.find_first_of("( "));
  const size_t open = type.find('(');
  if (open != std::string::npos && entry.data_type != "enum" && entry.data_type != "set") {
    const std::string inside = type.substr(open + 1, type.find(')') - open - 1);
    const size_t comma = inside.find(',');
    entry.characters = entry.precision = entry.fraction = entry.octets = inside.substr(0, comma);
    if (comma != std::string::npos) entry.scale = inside.substr(comma + 1);
  }
  if (!octets.empty()) entry.octets = octets;
  const bool text = type.find("char") != std::string::npos || type.find("text") != std::string::npos;
  if (text) entry.charset = collation.substr(0, collation.find('_'));
  return storage_of(entry, text ? collation : std::string(), facts(Flavor::kMariaDb));
}

inline CatalogColumn column(std::string name, Storage storage, bool not_null = false) {
  CatalogColumn c;
  c.name = std::move(name);
  c.storage = std::move(storage);
  c.not_null = not_null;
  return c;
}

inline Column source_column(std::string name, Kind kind) {
  Column c;
  c.name = std::move(name);
  c.kind = kind;
  c.int_bits = 64;
  return c;
}

}  // namespace weft::mysql::samples
