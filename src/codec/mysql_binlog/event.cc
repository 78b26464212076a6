// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/event.h"

#include <array>
#include <charconv>

#include "base/crc32.h"
#include "base/text.h"
#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {
namespace {

constexpr size_t kVersionBytes = 50;
constexpr size_t kFlagsOffset = 17;

// Whether a server of this version ends its format description with a checksum algorithm: MySQL since 5.6.1, MariaDB
// since 5.3.0. "5.5.5-10.11.6-MariaDB" counts as 10.11.6.
bool knows_checksums(std::string_view version) {
  const bool maria = version.find("MariaDB") != std::string_view::npos;
  if (maria && version.starts_with("5.5.5-")) version.remove_prefix(6);
  std::array<uint32_t, 3> numbers{};
  for (uint32_t& number : numbers) {
    const auto [at, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc()) break;
    version.remove_prefix(static_cast<size_t>(at - version.data()));
    if (!version.starts_with('.')) break;
    version.remove_prefix(1);
  }
  return numbers >= (maria ? std::array<uint32_t, 3>{5, 3, 0} : std::array<uint32_t, 3>{5, 6, 1});
}

}  // namespace

Error corrupt(std::string_view what) {
  return Error(Blame::kConfig, cat("malformed ", what), std::string(kCorruptEvent));
}

bool checksum_matches(std::string_view event, EventType type, uint16_t flags) {
  if (event.size() < kHeaderBytes + kChecksumBytes) return false;
  const std::string_view covered = event.substr(0, event.size() - kChecksumBytes);
  const uint32_t stored = ByteReader(event.substr(covered.size())).u32();
  if (type != EventType::kFormatDescription || (flags & kFlagInUse) == 0) return crc32(covered) == stored;
  // The in-use flag is set and cleared in the file without touching the checksum, which is made with it cleared.
  const auto cleared = static_cast<char>(static_cast<uint8_t>(covered[kFlagsOffset]) & ~uint32_t{kFlagInUse});
  uint32_t crc = crc32(covered.substr(0, kFlagsOffset));
  crc = crc32(std::string_view(&cleared, 1), crc);
  return crc32(covered.substr(kFlagsOffset + 1), crc) == stored;
}

Result<FormatDescription> parse_format_description(std::string_view event, bool verify) {
  if (event.size() < kHeaderBytes) return corrupt("format description event");
  const EventHeader header = read_header(event);
  ByteReader in(event);
  in.skip(kHeaderBytes);
  FormatDescription format;
  const uint16_t binlog_version = in.u16();
  const std::string_view version = in.take(kVersionBytes);
  format.server_version = version.substr(0, version.find('\0'));
  format.created = in.u32();
  const uint8_t header_bytes = in.u8();
  std::string_view lengths = in.rest();
  if (!in.ok() || binlog_version != 4 || header_bytes != kHeaderBytes) return corrupt("format description event");
  if (knows_checksums(format.server_version)) {
    if (lengths.size() < kChecksumBytes + 1) return corrupt("format description event");
    lengths.remove_suffix(kChecksumBytes);  // always there, even if the events that follow have none
    const auto algorithm = static_cast<uint8_t>(lengths.back());
    lengths.remove_suffix(1);
    if (algorithm > 1) {
      return Error(Blame::kConfig,
                   cat("checksum algorithm ", algorithm, " of the binary log is not known"),
                   std::string(kUnknownEvent));
    }
    format.checksum = static_cast<Checksum>(algorithm);
    if (verify && format.checksum == Checksum::kCrc32 && !checksum_matches(event, header.type, header.flags)) {
      return Error(
          Blame::kConfig, "checksum of the format description event does not match", std::string(kCorruptEvent));
    }
  }
  format.post_header_lengths = lengths;
  return format;
}

}  // namespace weft::mysql_binlog
