// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/narrow.h"

#include <algorithm>

#include "base/text.h"

namespace weft::mysql {
namespace {

// Bits of an integer source, without the sign; 0 if it is none.
int bits_of(const Column& c) {
  if (c.kind == Kind::kBool) return 1;
  if (c.kind == Kind::kInt) return (c.int_bits == 0 ? 64 : c.int_bits) - 1;
  if (c.kind == Kind::kUint) return c.int_bits == 0 ? 64 : c.int_bits;
  if (c.kind == Kind::kBit) return c.length == 0 ? 1 : static_cast<int>(c.length);
  return 0;
}

int decimal_digits(int bits) {
  return (bits * 1233 >> 12) + 1;
}

std::string narrower_number(const Storage& s, const Column& c) {
  const int bits = bits_of(c);
  const std::string larger = "larger values don't fit";
  switch (s.form) {
    case Form::kInteger: {
      if (c.kind == Kind::kDecimal) return "fractions and larger values don't fit";
      const int held = static_cast<int>(s.limit) - (s.is_unsigned ? 0 : 1);
      if (bits > held) return larger;
      return s.is_unsigned && c.kind == Kind::kInt ? "negative values don't fit" : std::string();
    }
    case Form::kBit:
      if (c.kind == Kind::kInt) return "negative values don't fit";
      return bits > static_cast<int>(s.limit) ? larger : std::string();
    case Form::kYear:
      return c.source_type.starts_with("year") ? std::string() : "only 0 and 1901 to 2155 fit";
    case Form::kDecimal:
      if (s.is_unsigned && !c.source_type.ends_with("unsigned") && c.kind != Kind::kUint) return "negative values don't fit";
      if (c.kind != Kind::kDecimal) return decimal_digits(bits) > s.precision - s.scale ? larger : std::string();
      if (c.precision == 0 || c.precision - c.scale > s.precision - s.scale || c.scale > s.scale)
        return "values with more digits don't fit";
      return {};
    case Form::kFloat:
    case Form::kDouble:
      if (c.kind == Kind::kDecimal) return "values with more digits don't fit";
      if (s.form == Form::kFloat && c.kind == Kind::kDouble) return "values that need double precision don't fit";
      if (s.rounded && c.source_type != s.printed) return "values with more digits don't fit";
      return bits > (s.form == Form::kFloat ? 24 : 53) ? larger : std::string();
    default:
      return {};
  }
}

std::string narrower_text(const Storage& s, const Column& c) {
  if (s.form == Form::kChar && !c.fixed_length && c.kind == Kind::kText) return "values that end with spaces don't fit";
  if (s.charset != "utf8mb4" && s.charset != c.charset)
    return cat("characters that ", s.charset, " lacks don't fit");
  const uint64_t characters = c.length == 0 ? UINT32_MAX : c.length;
  // TEXT types of a source say nothing of their length but by their name.
  if (c.source_type == s.printed || s.printed == "longtext") return {};
  const uint64_t held = s.form == Form::kText ? s.limit / 4 : s.limit;
  if (characters <= held) return {};
  return cat("values of more than ", s.limit, s.form == Form::kText ? " bytes" : " characters", " don't fit");
}

std::string narrower_bytes(const Storage& s, const Column& c) {
  if (s.form == Form::kBinary && !(c.fixed_length && c.length == s.limit)) return cat("only values of ", s.limit, " bytes fit");
  if (c.source_type == s.printed || s.printed == "longblob") return {};
  const uint64_t bytes = c.kind == Kind::kUuid ? 16 : c.length == 0 ? UINT32_MAX : c.length;
  return bytes > s.limit ? cat("values of more than ", s.limit, " bytes don't fit") : std::string();
}

std::string narrower_labels(const Storage& s, const Column& c) {
  const bool all = !c.labels.empty() && std::all_of(c.labels.begin(), c.labels.end(), [&](const std::string& label) {
    return std::find(s.labels.begin(), s.labels.end(), label) != s.labels.end();
  });
  return all ? std::string() : "only the column's labels fit";
}

std::string narrower_time(const Storage& s, const Column& c) {
  if (s.form == Form::kDate) return c.kind == Kind::kDate ? std::string() : "values with a time of day don't fit";
  if (c.kind != Kind::kDate && c.scale > s.scale) return "values with more fraction digits don't fit";
  if (s.form == Form::kTimestamp && !c.source_type.starts_with("timestamp(") && c.source_type != "timestamp")
    return s.last_second == INT32_MAX ? "only 1970 to 2038 fits" : "only 1970 to 2106 fits";
  return {};
}

}  // namespace

std::string narrower(const Storage& s, const Column& c) {
  switch (s.form) {
    case Form::kInteger:
    case Form::kBit:
    case Form::kYear:
    case Form::kDecimal:
    case Form::kFloat:
    case Form::kDouble:
      return narrower_number(s, c);
    case Form::kChar:
    case Form::kVarchar:
    case Form::kText:
      return narrower_text(s, c);
    case Form::kEnum:
    case Form::kSet:
      return narrower_labels(s, c);
    case Form::kBinary:
    case Form::kVarbinary:
    case Form::kBlob:
      return narrower_bytes(s, c);
    case Form::kDate:
    case Form::kDateTime:
    case Form::kTimestamp:
    case Form::kTime:
      return narrower_time(s, c);
    case Form::kJson:
      return c.source_type == "json" || c.source_type == "longtext" ? std::string() : "numbers that a double does not keep don't fit";
    default:
      return {};
  }
}

}  // namespace weft::mysql
