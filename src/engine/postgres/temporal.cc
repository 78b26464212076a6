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

}  // namespace

Misfit append_temporal(WireBuffer& out, const ColumnType& type, const Value& value) {
  const Kind kind = value.kind();
  const bool civil = kind == Kind::kDate || kind == Kind::kDateTime;
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
