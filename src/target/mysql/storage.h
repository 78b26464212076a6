// SPDX-License-Identifier: Apache-2.0
// Storage: what a column of a MySQL or MariaDB target keeps, so that weft itself may judge a value before it is sent. Strict mode
// does not: digits behind the point and fractions of seconds are rounded with a note at most, spaces are cut, a number in
// quotes picks an ENUM's label, and bytes are padded. docs/types/mysql.md, "As a target", is its table. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mysql/column_type.h"
#include "engine/mysql/connection.h"
#include "model/schema.h"

namespace weft::mysql {

enum class Form : uint8_t {
  kRefused,  // a type that we do not know
  kInteger,
  kBit,
  kYear,
  kDecimal,
  kFloat,
  kDouble,
  kChar,
  kVarchar,
  kText,
  kEnum,
  kSet,
  kBinary,
  kVarbinary,
  kBlob,
  kGeometry,
  kDate,
  kDateTime,
  kTimestamp,
  kTime,
  kJson,  // MySQL's own; MariaDB's is a kText
  kUuid,
  kInet,
};

struct Storage {
  Form form = Form::kRefused;
  std::string printed = {};    // "decimal(10,2) unsigned"
  std::string charset = {};    // of text
  std::string collation = {};
  std::vector<std::string> labels = {};
  uint32_t limit = 0;          // characters (CHAR, VARCHAR), bits (integers, BIT), bytes (the rest); 0: none
  uint8_t precision = 0;       // digits in all (decimal)
  uint8_t scale = 0;           // digits behind the point, of the second
  bool is_unsigned = false;
  bool rounded = false;        // FLOAT(M,D): the server rounds to `scale` digits
  int64_t last_second = INT32_MAX;  // of TIMESTAMP
};

// The columns of information_schema.COLUMNS that it is read from.
[[nodiscard]] Storage storage_of(const ColumnEntry& entry, std::string_view collation, const ServerFacts& facts);

// Whether a column's values may go there at all; each is judged by append_value().
[[nodiscard]] bool can_hold(const Storage& storage, const Column& source);
// Whether two values of the source are equal in an index there only if their bytes are.
[[nodiscard]] bool equal_by_bytes(const Storage& storage, const Column& source);
// Text whose collation tells 'a' from 'A' and, if `spaces`, from 'a '.
[[nodiscard]] bool is_binary_collation(std::string_view collation, bool spaces);
[[nodiscard]] bool is_text(Form form);

}  // namespace weft::mysql
