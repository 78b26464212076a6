// SPDX-License-Identifier: Apache-2.0
#include "verify/key_value.h"

#include "model/value_text.h"
#include "verify/text_forms.h"

namespace weft::verify {
namespace {

bool is_civil(Kind kind) {
  return kind == Kind::kDate || kind == Kind::kDateTime || kind == Kind::kTimestamp;
}

}  // namespace

Value as_value_of(const Column& column, const Value& value, Arena& arena) {
  if (value.is_null() || value.kind() == column.kind) return value;
  switch (column.kind) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kBool: {
      if (value.kind() == Kind::kInt || value.kind() == Kind::kUint || value.kind() == Kind::kBool ||
          value.kind() == Kind::kBit)
        return Value::raw(column.kind, value.as_int(), 0);
      if (!value.has_view()) return value;
      const auto number = value_of_text(column, value.view().substr(0, value.view().find('.')));
      return number.value_or(value);
    }
    case Kind::kDecimal:
      return value.has_view() ? Value::decimal(value.view()) : Value::decimal(arena.copy(describe(value)));
    case Kind::kDateTime:
      if (value.kind() == Kind::kDate) return Value::datetime(value.civil(), column.scale);
      if (value.kind() == Kind::kTimestamp && value.as_int() != kZeroTimestamp)
        return Value::datetime(Civil::from_micros(value.as_int()), column.scale);
      break;
    case Kind::kTimestamp:
      if (is_civil(value.kind()) && value.civil().valid_date())
        return Value::timestamp(value.civil().micros_since_epoch(), column.scale);
      break;
    case Kind::kDate:
      if (value.kind() == Kind::kDateTime) return Value::date(value.civil());
      break;
    case Kind::kTime:
      if (value.kind() == Kind::kText) {
        if (const auto micros = interval_micros(value.view())) return Value::time(*micros, column.scale);
      }
      break;
    case Kind::kText:
      if (value.kind() == Kind::kBytes || value.kind() == Kind::kJson) return Value::text(value.view());
      // As SQLite's target keeps what it has no type for.
      if (const std::string text = text_form(value); !text.empty()) return Value::text(arena.copy(text));
      break;
    case Kind::kUuid:
    case Kind::kBytes: {
      if (value.kind() == Kind::kUuid) return Value::bytes(value.view());
      if (column.kind == Kind::kBytes && value.has_view()) return Value::bytes(value.view());
      const auto bytes = value.has_view() ? bytes_of_hex(value.view()) : std::nullopt;
      if (value.kind() == Kind::kBytes && value.view().size() == 16) return Value::uuid(value.view());
      if (bytes && bytes->size() == 16) return Value::uuid(arena.copy(*bytes));
      break;
    }
    default:
      break;
  }
  if (value.kind() == Kind::kText && is_civil(column.kind)) {
    if (const auto civil = civil_of(value.view())) return as_value_of(column, *civil, arena);
  }
  return value;
}

bool same_order(const Column& source, const Column& target) {
  if (!source.comparable()) return false;
  switch (source.kind) {
    case Kind::kInt:
    case Kind::kUint:
      return target.kind == Kind::kInt || target.kind == Kind::kUint || target.kind == Kind::kDecimal;
    case Kind::kBytes:
      return target.kind == Kind::kBytes && target.comparable();
    case Kind::kTime:
      return target.kind == Kind::kTime || target.source_type.starts_with("interval");
    default:
      return is_civil(target.kind);
  }
}

}  // namespace weft::verify
