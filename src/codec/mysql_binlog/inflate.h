// SPDX-License-Identifier: Apache-2.0
// zlib and zstd behind plain functions: MariaDB's compressed events and columns, MySQL's compressed transactions. Nothing
// is unpacked beyond what its head declares, nor beyond kEventBytesLimit. One owner, one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/slab.h"

namespace weft::mysql_binlog {

// Unpacks a zlib stream (`raw`: without zlib's head and checksum) of exactly `size` bytes into the arena.
[[nodiscard]] std::optional<std::string_view> inflate_exactly(std::string_view packed,
                                                              size_t size,
                                                              bool raw,
                                                              Arena& arena);

// MariaDB's compressed part of an event: a byte 0x80 | n, the unpacked size in n bytes big-endian, a zlib stream.
[[nodiscard]] std::optional<std::string_view> inflate_event_part(std::string_view packed, Arena& arena);

// MariaDB's COMPRESSED columns: empty; or a byte 0 and the bytes as they are; or a byte 0x80 (zlib) | 0x08 (no head) | n,
// the unpacked size in n bytes big-endian, a zlib stream.
[[nodiscard]] std::optional<std::string_view> inflate_column(std::string_view packed, Arena& arena);

// Reads a zstd stream piece by piece.
class ZstdReader {
 public:
  explicit ZstdReader(std::string_view packed);
  ~ZstdReader();
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;

  // Fills `to`; false if the stream is malformed or ends before.
  [[nodiscard]] bool read(std::span<std::byte> to);
  // Whether there is a further byte to read.
  [[nodiscard]] bool has_more();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::mysql_binlog
