// SPDX-License-Identifier: Apache-2.0
// The events that begin transactions: GTIDs of both servers, and what ends an XA transaction's first phase. Pure; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/gtid.h"

namespace weft::mysql_binlog {

// The name of an XA transaction, as bytes: format id, length of the global part, both parts.
struct Xid {
  uint32_t format = 1;
  std::string global;
  std::string branch;

  auto operator<=>(const Xid&) const = default;
  // X'6774',X'62',1 as both servers print it
  [[nodiscard]] std::string text() const;
};

// MariaDB's Gtid event (162).
struct MariaGtidEvent {
  static constexpr uint8_t kStandalone = 1;  // no COMMIT follows: the next event is the whole transaction
  static constexpr uint8_t kGroupCommitId = 2;
  static constexpr uint8_t kDdl = 32;
  static constexpr uint8_t kPreparedXa = 64;
  static constexpr uint8_t kCompletedXa = 128;
  static constexpr uint8_t kStartAlter = 2;  // in flags_extra
  static constexpr uint8_t kCommitAlter = 4;
  static constexpr uint8_t kRollbackAlter = 8;

  Gtid gtid;
  uint8_t flags = 0;
  uint8_t flags_extra = 0;
  Xid xid;  // with kPreparedXa and kCompletedXa
};

[[nodiscard]] Result<MariaGtidEvent> parse_maria_gtid(const EventHeader& header, std::string_view body);
// MariaDB's Gtid_list event (163), at the head of a file: the last transaction of each domain before it.
[[nodiscard]] Result<GtidState> parse_gtid_list(std::string_view body);

// MySQL's Gtid (33), Anonymous_gtid (34) and Gtid_tagged (42) events.
struct MySqlGtidEvent {
  std::array<uint8_t, 16> uuid{};
  std::string_view tag;
  uint64_t number = 0;    // 0: anonymous
  int64_t commit_us = 0;  // at the server we read from; 0: not told
};

[[nodiscard]] Result<MySqlGtidEvent> parse_mysql_gtid(EventType type, std::string_view body);

// XA_PREPARE (38): ends the rows of an XA transaction. `one_phase` means that it is a commit.
struct XaPrepareEvent {
  bool one_phase = false;
  Xid xid;
};

[[nodiscard]] Result<XaPrepareEvent> parse_xa_prepare(std::string_view body);

}  // namespace weft::mysql_binlog
