// SPDX-License-Identifier: Apache-2.0
// The variable-length integers that binary logs use: MySQL's serialization library (tagged GTIDs) and the length-encoded
// integers of the client protocol. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace weft::mysql_binlog {

// mysql::serialization: the trailing ones of the first byte count the bytes that follow; the value's low bits stand above
// them. Nine bytes hold all 64 bits.
inline uint64_t read_varint(ByteReader& in) {
  const uint8_t first = in.u8();
  const auto more = static_cast<size_t>(std::countr_one(first));
  if (more == 8) return in.le(8);
  const uint64_t low = uint64_t{first} >> (more + 1);
  return low | (in.le(more) << (7 - more));
}

// The same, signed: the lowest bit is the sign.
inline int64_t read_signed_varint(ByteReader& in) {
  const uint64_t raw = read_varint(in);
  return static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

// Length-encoded integer; 251 (NULL in rows of the text protocol) has no meaning here and fails the reader.
inline uint64_t read_length(ByteReader& in) {
  const uint8_t first = in.u8();
  switch (first) {
    case 251:
    case 255:
      in.fail();
      return 0;
    case 252:
      return in.le(2);
    case 253:
      return in.le(3);
    case 254:
      return in.le(8);
    default:
      return first;
  }
}

}  // namespace weft::mysql_binlog
