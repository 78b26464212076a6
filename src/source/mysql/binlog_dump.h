// SPDX-License-Identifier: Apache-2.0
// BinlogDump: a server's binary log as a stream of event packets, over a session of its own.
//
//   TRY_ASSIGN(auto dump, BinlogDump::open(server, identity, position));     // error code kPositionLost if it can't
//   TRY_ASSIGN(auto event, dump->poll());                                    // nullopt: nothing there now
//   if (!event) TRY(dump->wait(100ms));
//
// The server never gives up on us while nobody reads: its write timeout is a year. It sends a heartbeat each second when
// there is nothing else; half a minute of listening without one is Blame::kTransient. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "engine/mysql/packets.h"
#include "source/mysql/server.h"

namespace weft::mysql {

// How we show up at the server: the same for all dumps of one source, so that a new one ends an old one that the network
// keeps half open.
struct ReplicaIdentity {
  uint32_t server_id = 0;
  std::string uuid;

  // A random id above 2^31 that no replica of the server uses.
  [[nodiscard]] static ReplicaIdentity draw(Connection& session);
};

class BinlogDump {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BinlogDump>> open(const Server& server,
                                                                const ReplicaIdentity& identity,
                                                                const mysql_binlog::MySqlPosition& from);

  // The next event with its header, inside slab(), if it is there.
  [[nodiscard]] Result<std::optional<std::string_view>> poll();
  // Waits until poll() may give something, or the timeout.
  [[nodiscard]] Status wait(Duration timeout);

  [[nodiscard]] const SlabRef& slab() const { return packets_.slab(); }

 private:
  explicit BinlogDump(Connection session);
  [[nodiscard]] Status prepare(const ReplicaIdentity& identity, const mysql_binlog::MySqlPosition& from);
  [[nodiscard]] Status start(const ReplicaIdentity& identity, const mysql_binlog::MySqlPosition& from);
  [[nodiscard]] Status expect_first_event();
  [[nodiscard]] Result<std::optional<std::string_view>> event_of(std::string_view packet) const;

  Connection session_;
  PacketReader packets_;
  std::optional<std::string_view> first_;  // came with open(), not given out yet
  Duration silence_{};                     // waited since the last packet
};

// Payloads of the two dump commands.
[[nodiscard]] std::string encode_dump(uint32_t server_id, std::string_view file, uint32_t offset);
[[nodiscard]] std::string encode_dump_gtid(uint32_t server_id,
                                           std::string_view file,
                                           uint64_t offset,
                                           std::string_view set);

}  // namespace weft::mysql
