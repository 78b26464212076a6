// SPDX-License-Identifier: Apache-2.0
// How one column is written as the same text by both servers: a SELECT expression for each side and, where two servers
// spell one value in two ways, a function over the text. The sessions are UTC. By source type (information_schema):
//
//   type                       source expression                      target expression                     then
//   integers, decimal, year    CAST(c + 0 AS CHAR) (drops ZEROFILL)   c::text                               -
//   float, double              c + 0e0 (a cast loses a digit)         c::float8::text                       bits of float, double
//   char, text, enum, set      HEX(CONVERT(c USING utf8mb4))          upper(encode(convert_to(c, UTF8)))    -
//   binary, blob               HEX(c)                                 upper(encode(c, 'hex'))               -
//   bit(n)                     LPAD(BIN(c + 0), n, '0')               c::text                               -
//   date                       CAST(c AS CHAR)                        to_char(c, 'YYYY-MM-DD')              -
//   datetime(f)                DATE_FORMAT(c, ... %f)                 to_char(c, ... US)                    -
//   timestamp(f)               DATE_FORMAT(c, ... %f)                 to_char(c AT TIME ZONE 'UTC', ... US) -
//   time(f)                    CAST(c AS CHAR)                        microseconds of the interval          microseconds
//   json (MySQL)               CAST(c AS CHAR)                        c::text                               equal as jsonb
//   uuid                       CAST(c AS CHAR)                        c::text                               -
//   inet4, inet6               CAST(c AS CHAR)                        host(c)                               equal as inet
//   geometry                   HEX(c): SRID and WKB                   upper(encode(c, 'hex')): EWKB         SRID:WKB
//
// "equal as X": where the texts differ PostgreSQL is asked to print both as X. Pure; any thread.
#pragma once

#include <string>

namespace weft::live {

enum class Spelling { kText, kFloat, kDouble, kTime, kJson, kInet, kGeometry };

struct CanonicalColumn {
  std::string name;
  std::string source_type;  // as information_schema.COLUMNS.COLUMN_TYPE has it
  std::string source_sql;
  std::string target_sql;
  Spelling spelling = Spelling::kText;
};

// REQUIRES: data_type and column_type in lower case, as information_schema has them.
[[nodiscard]] CanonicalColumn canonical_column(const std::string& name,
                                               const std::string& data_type,
                                               const std::string& column_type);

// What stands in for a cell's text from either side.
[[nodiscard]] std::string canonical_source(Spelling spelling, const std::string& text);
[[nodiscard]] std::string canonical_target(Spelling spelling, const std::string& text);

}  // namespace weft::live
