// SPDX-License-Identifier: Apache-2.0
#include "model/row_json.h"

#include <cmath>

#include "base/json_text.h"
#include "base/text.h"

namespace weft {
namespace {

std::string two_digits(uint32_t n) {
  return cat(n < 10 ? "0" : "", n);
}

// "-838:59:59.5"
std::string time_text(int64_t micros) {
  const bool negative = micros < 0;
  const uint64_t all = negative ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const uint64_t seconds = all / 1000000;
  std::string out = cat(negative ? "-" : "",
                        two_digits(static_cast<uint32_t>(seconds / 3600)),
                        ":",
                        two_digits(static_cast<uint32_t>(seconds / 60 % 60)),
                        ":",
                        two_digits(static_cast<uint32_t>(seconds % 60)));
  if (all % 1000000 != 0) out += cat(".", std::to_string(1000000 + all % 1000000).substr(1));
  return out;
}

void add(std::string& out, const TableSchema& schema, Row row, size_t column) {
  if (row[column].is_unchanged()) return;
  out += cat(out.size() == 1 ? "" : ", ", json_quoted(schema.columns[column].name), ": ", value_json(row[column]));
}

}  // namespace

std::string value_json(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      return "null";
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kBit:
    case Kind::kDecimal:
      return describe(value);
    case Kind::kFloat:
    case Kind::kDouble:
      return std::isfinite(value.as_double()) ? describe(value) : json_quoted(describe(value));
    case Kind::kTime:
      return json_quoted(time_text(value.as_int()));
    case Kind::kText:
    case Kind::kJson: {
      if (value.view().size() <= kShownBytes) return json_quoted(value.view());
      return json_quoted(cat(value.view().substr(0, kShownBytes), "... (", value.view().size(), " bytes)"));
    }
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kTimestamp:
    case Kind::kBytes:
    case Kind::kUuid:
      return json_quoted(describe(value, kShownBytes));
  }
  return "null";
}

std::string row_json(const TableSchema& schema, Row row) {
  if (row.empty()) return {};
  std::string out = "{";
  for (size_t c = 0; c < row.size() && c < schema.columns.size(); ++c) add(out, schema, row, c);
  return out + "}";
}

std::string key_json(const TableSchema& schema, Row row) {
  if (row.empty() || schema.keyless()) return {};
  std::string out = "{";
  for (const uint16_t c : schema.key) add(out, schema, row, c);
  return out + "}";
}

}  // namespace weft
