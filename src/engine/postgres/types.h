// SPDX-License-Identifier: Apache-2.0
// ColumnType: what a target column can hold and how a value travels to it, from the catalogue's description of its type.
// Immutable values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/value.h"

namespace weft::postgres {

// Type oids that never change (pg_type.dat).
namespace oid {
inline constexpr uint32_t kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23,
                          kText = 25, kOid = 26, kJson = 114, kXml = 142, kCidr = 650, kFloat4 = 700, kFloat8 = 701,
                          kUnknown = 705, kInet = 869, kBpchar = 1042, kVarchar = 1043, kDate = 1082, kTime = 1083,
                          kTimestamp = 1114, kTimestamptz = 1184, kInterval = 1186, kBit = 1560, kVarbit = 1562,
                          kNumeric = 1700, kUuid = 2950, kJsonb = 3802, kTextArray = 1009;
}  // namespace oid

// The binary form of a value on the wire.
enum class Form : uint8_t {
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kNumeric,
  kFloat4,
  kFloat8,
  kText,  // text, varchar, enums, citext: their binary form is the text
  kBpchar,
  kBytea,
  kBit,
  kVarbit,
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kInterval,
  kJson,
  kJsonb,
  kUuid,
  kInet,
  kAsText,  // anything else: its text, cast to the type by the server
};

// A row of pg_type, domains resolved to their base.
struct CatalogType {
  uint32_t oid = 0;
  uint32_t array_oid = 0;
  int32_t typmod = -1;
  char kind = 'b';          // typtype
  std::string name;         // typname
  std::string printed;      // format_type(), with the modifier
  std::string equals = {};  // the equality operator of the type's own ordering, qualified; empty: that of pg_catalog
};

struct ColumnType {
  Form form = Form::kAsText;
  uint32_t transport = oid::kText;  // the type a parameter is declared as
  uint32_t transport_array = oid::kTextArray;
  bool cast = true;             // needs "::printed" in SQL
  int32_t limit = -1;           // characters (varchar, bpchar) or bits; -1: none
  int32_t precision = -1;       // numeric: digits
  int32_t scale = -1;           // numeric: digits after the point; temporals: fraction digits; -1: as many as there are
  bool scaled = false;          // scale is meant (a numeric's may be negative)
  bool refused = false;         // a type whose modifier bends values, such as interval day
  bool hex = false;             // kAsText: bytes go as bare hex (geometry)
  bool exact_equality = false;  // equal only if the bytes are
  std::string printed;

  // Whether COPY BINARY and binary parameters carry it.
  [[nodiscard]] bool binary() const { return form != Form::kAsText; }
};

[[nodiscard]] ColumnType column_type(const CatalogType& type);

// Whether some values of a kind can be held; which of them is append_value()'s to say.
[[nodiscard]] bool can_hold(const ColumnType& type, Kind kind);

}  // namespace weft::postgres
