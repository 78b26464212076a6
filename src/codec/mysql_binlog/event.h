// SPDX-License-Identifier: Apache-2.0
// The frame of an event: its 19-byte header, its type, its checksum; and the format description, which says how the frames
// of a log file are made. Views of the caller's bytes; pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace weft::mysql_binlog {

enum class EventType : uint8_t {
  kStartV3 = 1,
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntvar = 5,
  kLoad = 6,
  kSlave = 7,
  kCreateFile = 8,
  kAppendBlock = 9,
  kExecLoad = 10,
  kDeleteFile = 11,
  kNewLoad = 12,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kPreGaWriteRows = 20,
  kPreGaUpdateRows = 21,
  kPreGaDeleteRows = 22,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kGtidTagged = 42,
  // MariaDB
  kAnnotateRows = 160,
  kBinlogCheckpoint = 161,
  kMariaGtid = 162,
  kMariaGtidList = 163,
  kStartEncryption = 164,
  kQueryCompressed = 165,
  kWriteRowsCompressedV1 = 166,
  kUpdateRowsCompressedV1 = 167,
  kDeleteRowsCompressedV1 = 168,
  kWriteRowsCompressed = 169,
  kUpdateRowsCompressed = 170,
  kDeleteRowsCompressed = 171,
};

inline constexpr size_t kHeaderBytes = 19;
inline constexpr size_t kChecksumBytes = 4;
// No server writes a larger event; nor is anything decompressed beyond it.
inline constexpr size_t kEventBytesLimit = 1u << 30;

inline constexpr uint16_t kFlagInUse = 0x1;        // format description: the file was not closed
inline constexpr uint16_t kFlagArtificial = 0x20;  // made for the reader, not in the file
inline constexpr uint16_t kFlagIgnorable = 0x80;

struct EventHeader {
  uint32_t timestamp = 0;  // seconds since 1970 UTC
  EventType type{};
  uint32_t server = 0;
  uint32_t size = 0;  // with header and checksum
  uint32_t end = 0;   // low 32 bits of the offset behind the event; 0: not told
  uint16_t flags = 0;
};

// REQUIRES: event.size() >= kHeaderBytes.
[[nodiscard]] inline EventHeader read_header(std::string_view event) {
  ByteReader in(event);
  EventHeader header;
  header.timestamp = in.u32();
  header.type = static_cast<EventType>(in.u8());
  header.server = in.u32();
  header.size = in.u32();
  header.end = in.u32();
  header.flags = in.u16();
  return header;
}

enum class Checksum : uint8_t { kNone = 0, kCrc32 = 1 };

// Whether the last four bytes of an event are the CRC-32 of those before.
[[nodiscard]] bool checksum_matches(std::string_view event, EventType type, uint16_t flags);

struct FormatDescription {
  std::string server_version;
  uint32_t created = 0;  // nonzero: the first file after a server start
  Checksum checksum = Checksum::kNone;
  std::string post_header_lengths;  // a byte per event type, from type 1

  // Bytes of the fixed part of an event type's body, or `otherwise` if the format does not say.
  [[nodiscard]] size_t post_header(EventType type, size_t otherwise) const {
    const auto index = static_cast<size_t>(type) - 1;
    if (index >= post_header_lengths.size() || post_header_lengths[index] == 0) return otherwise;
    return static_cast<uint8_t>(post_header_lengths[index]);
  }
};

// `event` is the whole event. Its own checksum, if any, is verified when `verify` says so.
[[nodiscard]] Result<FormatDescription> parse_format_description(std::string_view event, bool verify);

// An error for bytes that no server writes.
[[nodiscard]] Error corrupt(std::string_view what);

}  // namespace weft::mysql_binlog
