// SPDX-License-Identifier: Apache-2.0
// Row: the Values of one row in the column order of one TableSchema; owns nothing. Key helpers over it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema.h"
#include "model/value.h"

namespace weft {

using Row = std::span<const Value>;

// An owned copy of some values (a key, usually): the bytes live in `bytes`.
class OwnedRow {
 public:
  OwnedRow() = default;
  explicit OwnedRow(Row row);

  OwnedRow(const OwnedRow& other) : OwnedRow(other.row()) {}

  OwnedRow& operator=(const OwnedRow& other) {
    *this = OwnedRow(other);
    return *this;
  }

  OwnedRow(OwnedRow&&) noexcept = default;
  OwnedRow& operator=(OwnedRow&&) noexcept = default;

  [[nodiscard]] Row row() const { return values_; }

 private:
  std::vector<Value> values_;
  std::unique_ptr<char[]> bytes_;
};

// The key values of a row, in key order.
[[nodiscard]] OwnedRow key_of(const TableSchema& schema, Row row);
// Whether all key values are known (none is kUnchanged).
[[nodiscard]] bool has_key(const TableSchema& schema, Row row);
// Order of two keys whose columns are all comparable(): <0, 0, >0.
[[nodiscard]] int compare_keys(Row a, Row b);
[[nodiscard]] bool same_values(Row a, Row b);
[[nodiscard]] uint64_t hash_values(Row row);

// A key as text for `_weft.table_state` and back: exact for every kind. Format: docs/formats/keys.md.
[[nodiscard]] std::string encode_key(Row key);
[[nodiscard]] Result<OwnedRow> decode_key(std::string_view text);

// "(1, 'x')", for messages.
[[nodiscard]] std::string describe(Row row);

}  // namespace weft
