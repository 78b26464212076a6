// SPDX-License-Identifier: Apache-2.0
// Layouts: Gtid_log_event of MariaDB (log_event.h); Gtid_event and XA_prepare_event of MySQL (control_events.h), and for
// tagged GTIDs its serialization library (libs/mysql/serialization/readme.md).
#include "codec/mysql_binlog/gtid_event.h"

#include <algorithm>

#include "base/text.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

std::string hex_literal(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "X'";
  for (const char c : bytes) {
    out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return out + "'";
}

// Seven bytes of microseconds, whose highest bit says that the time at the first server follows.
constexpr uint64_t kTimeMask = (uint64_t{1} << 55) - 1;
constexpr uint8_t kLogicalTime = 2;

Result<MySqlGtidEvent> parse_tagged(std::string_view body) {
  constexpr uint64_t kFlags = 0;
  constexpr uint64_t kUuid = 1;
  constexpr uint64_t kNumber = 2;
  constexpr uint64_t kTag = 3;
  constexpr uint64_t kLastCommitted = 4;
  constexpr uint64_t kSequence = 5;
  constexpr uint64_t kImmediateTime = 6;
  constexpr uint64_t kLastField = 11;
  ByteReader in(body);
  const uint64_t version = read_varint(in);
  (void)read_varint(in);  // size of the message
  const uint64_t last_required = read_varint(in);
  MySqlGtidEvent event;
  // Fields come in the order of their ids; those behind the commit time are of no use here.
  for (uint64_t field = 0; in.ok() && !in.empty() && field < kImmediateTime;) {
    field = read_varint(in);
    switch (field) {
      case kFlags:
        (void)read_varint(in);
        break;
      case kUuid:  // an array of fixed size, each byte a number of its own
        for (uint8_t& byte : event.uuid) byte = static_cast<uint8_t>(read_varint(in));
        break;
      case kNumber:
        event.number = static_cast<uint64_t>(read_signed_varint(in));
        break;
      case kTag:
        event.tag = in.take(read_varint(in));
        break;
      case kLastCommitted:
      case kSequence:
        (void)read_varint(in);
        break;
      case kImmediateTime:
        event.commit_us = static_cast<int64_t>(read_varint(in));
        break;
      default:
        break;
    }
  }
  const bool sane = event.number > 0 && event.number < INT64_MAX && (event.tag.empty() || is_tag(event.tag));
  if (!in.ok() || version != 1 || last_required > kLastField || !sane) return corrupt("tagged GTID event");
  return event;
}

}  // namespace

std::string Xid::text() const {
  return cat(hex_literal(global), ",", hex_literal(branch), ",", format);
}

Result<MariaGtidEvent> parse_maria_gtid(const EventHeader& header, std::string_view body) {
  ByteReader in(body);
  MariaGtidEvent event;
  event.gtid.sequence = in.u64();
  event.gtid.domain = in.u32();
  event.gtid.server = header.server;
  event.flags = in.u8();
  if ((event.flags & MariaGtidEvent::kGroupCommitId) != 0) in.skip(8);
  if ((event.flags & (MariaGtidEvent::kPreparedXa | MariaGtidEvent::kCompletedXa)) != 0) {
    event.xid.format = in.u32();
    const size_t global = in.u8();
    const size_t branch = in.u8();
    event.xid.global = in.take(global);
    event.xid.branch = in.take(branch);
  }
  if (!in.ok()) return corrupt("GTID event");
  if (in.empty()) return event;
  event.flags_extra = in.u8();
  return event;
}

Result<GtidState> parse_gtid_list(std::string_view body) {
  constexpr uint32_t kCountMask = 0x0fffffff;  // the highest four bits are flags
  ByteReader in(body);
  const uint32_t count = in.u32() & kCountMask;
  GtidState state;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    Gtid gtid;
    gtid.domain = in.u32();
    gtid.server = in.u32();
    gtid.sequence = in.u64();
    // A domain has an entry per server; the one with the highest number is its last.
    if (!state.includes(gtid)) state.add(gtid);
  }
  if (!in.ok()) return corrupt("GTID list event");
  return state;
}

Result<MySqlGtidEvent> parse_mysql_gtid(EventType type, std::string_view body) {
  if (type == EventType::kGtidTagged) return parse_tagged(body);
  ByteReader in(body);
  MySqlGtidEvent event;
  in.skip(1);  // flags
  const std::string_view uuid = in.take(event.uuid.size());
  std::copy(uuid.begin(), uuid.end(), event.uuid.begin());
  event.number = in.u64();
  if (!in.ok()) return corrupt("GTID event");
  if (type == EventType::kAnonymousGtid) event.number = 0;
  if (type == EventType::kGtid && (event.number == 0 || event.number >= INT64_MAX)) return corrupt("GTID event");
  // MySQL 5.7 and later: logical timestamps, and since 8.0 the commit time.
  if (in.left() >= 17 + 7 && in.u8() == kLogicalTime) {
    in.skip(16);
    event.commit_us = static_cast<int64_t>(in.le(7) & kTimeMask);
  }
  return event;
}

Result<XaPrepareEvent> parse_xa_prepare(std::string_view body) {
  ByteReader in(body);
  XaPrepareEvent event;
  event.one_phase = in.u8() != 0;
  event.xid.format = in.u32();
  const uint32_t global = in.u32();
  const uint32_t branch = in.u32();
  event.xid.global = in.take(global);
  event.xid.branch = in.take(branch);
  if (!in.ok() || global > 64 || branch > 64) return corrupt("XA prepare event");
  return event;
}

}  // namespace weft::mysql_binlog
