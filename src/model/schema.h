// SPDX-License-Identifier: Apache-2.0
// TableSchema: one immutable version of a table's shape at the source, shared by reference. DDL makes the next version.
// Any thread may read one.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/value.h"

namespace weft {

// schema is the database (MySQL) or the schema (PostgreSQL).
struct TableName {
  std::string schema;
  std::string table;

  auto operator<=>(const TableName&) const = default;

  [[nodiscard]] std::string text() const { return schema.empty() ? table : schema + "." + table; }
};

struct Column {
  std::string name;
  std::string source_type;    // as the source prints it: "decimal(10,2) unsigned"
  Kind kind = Kind::kText;    // of its non-null values
  uint32_t length = 0;        // characters (kText), bytes (kBytes), bits (kBit); 0: unlimited
  uint8_t precision = 0;      // kDecimal: digits in all
  uint8_t scale = 0;          // kDecimal: digits after the point; temporals: fraction digits
  uint8_t int_bits = 0;       // kInt, kUint: 8, 16, 24, 32 or 64
  bool fixed_length = false;  // CHAR(n), BINARY(n)
  bool nullable = true;
  bool generated = false;           // computed by the source; never written at a target that also computes it
  bool identity = false;            // AUTO_INCREMENT, IDENTITY
  std::vector<std::string> labels;  // ENUM and SET labels, in order
  std::string charset;              // source character set of text; empty if none
  // What an insert that does not name the column puts in, as encode_key() writes one value; empty: not known.
  std::string default_value;

  // Whether weft itself may compare two values of this column for order and equality as the source does (integers, bytes,
  // dates and times, uuid). Text never: collations belong to the servers.
  [[nodiscard]] bool comparable() const {
    switch (kind) {
      case Kind::kInt:
      case Kind::kUint:
      case Kind::kDate:
      case Kind::kDateTime:
      case Kind::kTimestamp:
      case Kind::kTime:
        return true;
      case Kind::kBytes:
        return !fixed_length;
      default:
        return false;
    }
  }
};

// What becomes of the rows that refer to a row whose key goes or changes.
enum class KeyAction : uint8_t {
  kUnknown,  // an old record does not say
  kNone,     // nothing: the change is refused while there are any
  kCascade,  // they go, or change, with it
  kSetNull,
};

struct ForeignKey {
  std::string name;
  std::vector<uint16_t> columns;  // ordinals in this table
  TableName parent;
  std::vector<std::string> parent_columns;
  KeyAction on_delete = KeyAction::kUnknown;
  KeyAction on_update = KeyAction::kUnknown;

  // Whether a change of the parent may change rows of this table.
  [[nodiscard]] bool acts() const { return on_delete > KeyAction::kNone || on_update > KeyAction::kNone; }

  bool operator==(const ForeignKey&) const = default;
};

struct TableSchema;
using SchemaRef = std::shared_ptr<const TableSchema>;

// What the steps of a pipeline (src/transform) made a shape of: rows are read at the source in that form, and go on in this one.
struct StepsTaken {
  SchemaRef source;           // without columns where that shape is not known
  std::string steps;          // what they are, to be compared with those of another run
  bool names_schema = false;  // the schema of the name was given by a step, and is meant at the target
  std::string unfit;          // why rows of this shape can't be taken through the steps; empty: they can
};

struct TableSchema {
  TableName name;
  uint32_t version = 1;
  std::vector<Column> columns;
  std::vector<uint16_t> key;  // ordinals of the primary key (or the first unique NOT NULL key); empty: keyless
  std::vector<std::vector<uint16_t>> unique_keys;  // further unique keys
  std::vector<ForeignKey> foreign_keys;
  std::shared_ptr<const StepsTaken> taken;  // null: no step had anything to do

  [[nodiscard]] bool keyless() const { return key.empty(); }

  // Whether every key column is comparable().
  [[nodiscard]] bool key_comparable() const;
  // The ordinal of a column by exact name, or -1.
  [[nodiscard]] int find(std::string_view column) const;

  // Why rows of this shape may not be applied; empty: they may.
  [[nodiscard]] std::string_view unfit() const { return taken ? std::string_view(taken->unfit) : std::string_view(); }
};

// Whether two versions have the same columns (name, type, nullability) in the same order and the same key, here and at the
// source.
[[nodiscard]] bool same_shape(const TableSchema& a, const TableSchema& b);

// The shape before any step, as the source has it.
[[nodiscard]] const TableSchema& at_source(const TableSchema& schema);
[[nodiscard]] SchemaRef at_source(const SchemaRef& schema);

// The same table with a shape that is not known.
[[nodiscard]] SchemaRef unknown_shape(const TableSchema& schema);

}  // namespace weft
