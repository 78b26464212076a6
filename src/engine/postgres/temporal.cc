// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/temporal.h"

namespace weft::postgres {
namespace {

constexpr int64_t kEpochDays = 10957;  // 1970-01-01 to 2000-01-01
constexpr int64_t kDayMicros = 86400LL * 1000000;
constexpr int64_t kEpochMicros = kEpochDays * kDayMicros;
// What a timestamp holds, counted from 2000: 4713-01-01 BC to the end of 294276.
constexpr int64_t kTimestampMin = -211813488000000000LL;
constexpr int64_t kTimestampEnd = 9223371331200000000LL;

// Whether the column's fraction digits keep all of `micros`.
bool keeps_fraction(const ColumnType& type, int64_t micros) {
  static constexpr int64_t kSteps[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
  if (type.scale < 0 || type.scale >= 6) return true;
  return micros % kSteps[type.scale] == 0;
}

Misfit put_date(WireBuffer& out, const Value& value) {
  const Civil c = value.civil();
  if (!c.valid_date()) return Misfit::kDate;
  if (value.kind() == Kind::kDateTime && (c.hour | c.minute | c.second | c.micros) != 0) return Misfit::kFraction;
  out.put32(4);
  out.put32(static_cast<uint32_t>(c.days_since_epoch() - kEpochDays));
  return Misfit::kNone;
}

Misfit put_timestamp(WireBuffer& out, const ColumnType& type, const Value& value) {
  int64_t micros = value.as_int();  // since 1970
  if (value.kind() == Kind::kTimestamp) {
    if (micros == kZeroTimestamp) return Misfit::kDate;
    if (micros < kTimestampMin + kEpochMicros) return Misfit::kRange;
  } else {
    const Civil c = value.civil();
    if (!c.valid_date()) return Misfit::kDate;
    micros = c.micros_since_epoch();
  }
  micros -= kEpochMicros;
  if (micros >= kTimestampEnd) return Misfit::kRange;
  if (!keeps_fraction(type, micros)) return Misfit::kFraction;
  out.put32(8);
  out.put64(static_cast<uint64_t>(micros));
  return Misfit::kNone;
}

// What only PostgreSQL has comes as text: before and after all time (DATEVAL_NOBEGIN and the like, datatype/timestamp.h).
Misfit put_infinity(WireBuffer& out, const ColumnType& type, std::string_view text) {
  const bool minus = text == "-infinity";
  if (!minus && text != "infinity") return Misfit::kRange;
  const bool date = type.form == Form::kDate;
  out.put32(date ? 4 : 8);
  if (date) out.put32(minus ? 0x80000000u : 0x7fffffffu);
  if (!date) out.put64(minus ? uint64_t{1} << 63 : (uint64_t{1} << 63) - 1);
  return Misfit::kNone;
}

}  // namespace

Misfit append_temporal(WireBuffer& out, const ColumnType& type, const Value& value) {
  const Kind kind = value.kind();
  const bool civil = kind == Kind::kDate || kind == Kind::kDateTime;
  const bool dated = type.form == Form::kDate || type.form == Form::kTimestamp || type.form == Form::kTimestamptz;
  if (dated && kind == Kind::kText) return put_infinity(out, type, value.view());
  if (type.form == Form::kDate) return civil ? put_date(out, value) : Misfit::kKind;
  if (type.form == Form::kTimestamp || type.form == Form::kTimestamptz) {
    return civil || kind == Kind::kTimestamp ? put_timestamp(out, type, value) : Misfit::kKind;
  }
  if (kind != Kind::kTime) return Misfit::kKind;
  const int64_t micros = value.as_int();
  if (!keeps_fraction(type, micros)) return Misfit::kFraction;
  if (type.form == Form::kTime) {
    if (micros < 0 || micros > kDayMicros) return Misfit::kRange;
    out.put32(8);
    out.put64(static_cast<uint64_t>(micros));
    return Misfit::kNone;
  }
  out.put32(16);
  out.put64(static_cast<uint64_t>(micros));
  out.put32(0);  // days
  out.put32(0);  // months
  return Misfit::kNone;
}

}  // namespace weft::postgres
