// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/wire_values.h"

namespace weft::mysql {

void put_length(ByteWriter& out, size_t length) {
  if (length < 251) return out.le(length, 1);
  const size_t bytes = length < 1u << 16 ? 2 : (length < 1u << 24 ? 3 : 8);
  out.le(bytes == 2 ? 0xfc : (bytes == 3 ? 0xfd : 0xfe), 1);
  out.le(length, bytes);
}

uint64_t take_length(ByteReader& in) {
  const uint8_t first = in.u8();
  if (first < 251) return first;
  if (first == 0xfc) return in.u16();
  if (first == 0xfd) return in.le(3);
  if (first == 0xfe) return in.u64();
  in.fail();
  return 0;
}

void put_civil(ByteWriter& out, const Civil& c, bool date_only) {
  const bool no_time = date_only || (c.hour == 0 && c.minute == 0 && c.second == 0 && c.micros == 0);
  out.le(no_time ? 4 : (c.micros == 0 ? 7 : 11), 1);
  out.le(c.year, 2);
  out.le(c.month, 1);
  out.le(c.day, 1);
  if (no_time) return;
  out.le(c.hour, 1);
  out.le(c.minute, 1);
  out.le(c.second, 1);
  if (c.micros != 0) out.le(c.micros, 4);
}

void put_time(ByteWriter& out, int64_t micros) {
  const uint64_t total = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const uint64_t seconds = total / 1000000;
  const uint64_t fraction = total % 1000000;
  out.le(fraction == 0 ? 8 : 12, 1);
  out.le(micros < 0 ? 1 : 0, 1);
  out.le(seconds / 86400, 4);
  out.le(seconds / 3600 % 24, 1);
  out.le(seconds / 60 % 60, 1);
  out.le(seconds % 60, 1);
  if (fraction != 0) out.le(fraction, 4);
}

}  // namespace weft::mysql
