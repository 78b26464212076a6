// SPDX-License-Identifier: Apache-2.0
// TRANSACTION_PAYLOAD: the events of a whole transaction, packed. Layout: Transaction_payload_event of MySQL
// (control_events.h): fields (type, length, value) up to type 0, then the payload. The events in it have no checksums, and
// their ends mean nothing.
#include <array>
#include <optional>

#include "base/text.h"
#include "codec/mysql_binlog/inflate.h"
#include "codec/mysql_binlog/stream_impl.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

enum Field : uint64_t { kEnd = 0, kPayloadSize = 1, kCompression = 2, kUnpackedSize = 3 };

constexpr uint64_t kZstd = 0;
constexpr uint64_t kPlain = 255;

struct PayloadHead {
  uint64_t compression = kPlain;
  std::optional<uint64_t> unpacked_size;
};

bool read_head(ByteReader& in, PayloadHead& head) {
  while (in.ok()) {
    const uint64_t field = read_length(in);
    if (field == kEnd) return in.ok();
    ByteReader value(in.take(read_length(in)));
    if (field == kCompression) head.compression = read_length(value);
    if (field == kUnpackedSize) head.unpacked_size = read_length(value);
    if (!value.ok()) return false;
  }
  return false;
}

}  // namespace

Status BinlogStream::Impl::payload(std::string_view body) {
  if (in_payload_) return corrupt("transaction payload event inside of another");
  ByteReader in(body);
  PayloadHead head;
  if (!read_head(in, head)) return corrupt("transaction payload event");
  if (head.compression == kZstd && (!head.unpacked_size || *head.unpacked_size > kEventBytesLimit)) {
    return corrupt("transaction payload event: size");
  }
  in_payload_ = true;
  const SlabRef* const outer = slab_;
  Status status = head.compression == kPlain ? plain_payload(in.rest())
                  : head.compression == kZstd
                      ? zstd_payload(in.rest(), *head.unpacked_size)
                      : Status(Error(Blame::kConfig,
                                     cat("compression ", head.compression, " of a transaction is not known"),
                                     std::string(kUnknownEvent)));
  slab_ = outer;
  in_payload_ = false;
  return status;
}

Status BinlogStream::Impl::plain_payload(std::string_view events) {
  ByteReader in(events);
  while (!in.empty()) {
    ByteReader head = in;
    const std::string_view header = head.take(kHeaderBytes);
    if (!head.ok()) return corrupt("event in a transaction payload");
    const std::string_view event = in.take(read_header(header).size);
    if (!in.ok()) return corrupt("event in a transaction payload");
    TRY(payload_event(event));
  }
  return ok();
}

// Event by event, so that only what is needed stays in memory.
Status BinlogStream::Impl::zstd_payload(std::string_view packed, uint64_t unpacked_size) {
  ZstdReader reader(packed);
  slab_ = nullptr;
  uint64_t left = unpacked_size;
  while (reader.has_more()) {
    std::array<std::byte, kHeaderBytes> head;
    if (left < head.size() || !reader.read(head)) return corrupt("transaction payload event");
    const EventHeader header = read_header({reinterpret_cast<const char*>(head.data()), head.size()});
    if (header.size < kHeaderBytes || header.size > left) return corrupt("event in a transaction payload");
    left -= header.size;
    const std::span<std::byte> room(arena_.allocate(header.size), header.size);
    std::copy(head.begin(), head.end(), room.begin());
    if (!reader.read(room.subspan(kHeaderBytes))) return corrupt("transaction payload event");
    TRY(payload_event({reinterpret_cast<const char*>(room.data()), room.size()}));
  }
  if (left != 0) return corrupt("transaction payload event: it unpacks to less than it says");
  return ok();
}

Status BinlogStream::Impl::payload_event(std::string_view event) {
  const EventHeader header = read_header(event);
  if (header.size < kHeaderBytes || header.type == EventType::kFormatDescription || header.type == EventType::kRotate) {
    return corrupt("event in a transaction payload");
  }
  return dispatch(header, event.substr(kHeaderBytes));
}

}  // namespace weft::mysql_binlog
