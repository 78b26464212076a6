// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/binlog_dump.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/text.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/quote.h"
#include "engine/mysql/statement.h"

namespace weft::mysql {
namespace {

using mysql_binlog::MySqlPosition;

constexpr uint8_t kComBinlogDump = 0x12;
constexpr uint8_t kComBinlogDumpGtid = 0x1e;
constexpr uint16_t kThroughGtid = 4;
constexpr Duration kFirstEvent = std::chrono::seconds(60);
constexpr Duration kSilenceMax = std::chrono::seconds(30);

// The event's own size stands behind the packet's zero byte and 9 bytes of its header.
size_t event_packet_bytes(std::string_view first) {
  uint32_t size = 0;
  if (first.size() < 14) return 0;
  std::memcpy(&size, first.data() + 10, sizeof size);
  return size_t{size} + 1;
}

std::string random_uuid(Rng& rng) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string uuid = "00000000-0000-4000-8000-000000000000";
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (uuid[i] == '0') uuid[i] = kHex[rng.below(16)];
  }
  return uuid;
}

}  // namespace

ReplicaIdentity ReplicaIdentity::draw(Connection& session) {
  Rng rng(random_seed());
  // Who may not look is told nothing; a clash is then as likely as two equal random numbers.
  const Result<Rows> replicas =
      session.query(!session.mariadb() && session.facts().version >= 80022 ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
  for (;;) {
    const auto id = static_cast<uint32_t>(0x80000000u | rng.below(0x7fffffff));
    const auto taken = [&](size_t row) { return replicas->text(row, 0) == cat(id); };
    bool clash = false;
    for (size_t i = 0; replicas && i < replicas->rows.size(); ++i) clash = clash || taken(i);
    if (!clash) return {id, random_uuid(rng)};
  }
}

std::string encode_dump(uint32_t server_id, std::string_view file, uint32_t offset) {
  ByteWriter out;
  out.le(offset, 4);
  out.le(0, 2);
  out.le(server_id, 4);
  out.bytes(file);
  return std::move(out.str());
}

std::string encode_dump_gtid(uint32_t server_id, std::string_view file, uint64_t offset, std::string_view set) {
  ByteWriter out;
  out.le(set.empty() ? 0 : kThroughGtid, 2);
  out.le(server_id, 4);
  out.le(file.size(), 4);
  out.bytes(file);
  out.le(offset, 8);
  out.le(set.size(), 4);
  out.bytes(set);
  return std::move(out.str());
}

BinlogDump::BinlogDump(Connection session)
    : session_(std::move(session)), packets_(session_.feed(), {.joined_bytes = &event_packet_bytes}) {}

Result<std::unique_ptr<BinlogDump>> BinlogDump::open(const Server& server,
                                                     const ReplicaIdentity& identity,
                                                     const MySqlPosition& from) {
  TRY_ASSIGN(Connection session, server.open({}));
  std::unique_ptr<BinlogDump> dump(new BinlogDump(std::move(session)));
  TRY(dump->prepare(identity, from));
  TRY(dump->start(identity, from));
  TRY(dump->expect_first_event());
  return dump;
}

Status BinlogDump::prepare(const ReplicaIdentity& identity, const MySqlPosition& from) {
  // As the log has them: they are the one proof that what the server's disk gave is what was committed, on any way to here.
  constexpr std::string_view checksum = "@@global.binlog_checksum";
  const std::string uuid = quote_literal(identity.uuid);
  TRY(session_.execute(cat("SET @master_binlog_checksum=",
                           checksum,
                           ", @source_binlog_checksum=",
                           checksum,
                           ", @master_heartbeat_period=1000000000, @source_heartbeat_period=1000000000, @slave_uuid=",
                           uuid,
                           ", @replica_uuid=",
                           uuid,
                           ", net_write_timeout=31536000, net_read_timeout=31536000")));
  if (!session_.mariadb()) return ok();
  TRY(session_.execute("SET @mariadb_slave_capability=4"));
  if (from.form != MySqlPosition::Form::kMariaDbGtid) return ok();
  return session_.execute(cat("SET @slave_connect_state=",
                              quote_literal(from.state.text()),
                              ", @slave_gtid_strict_mode=1, @slave_gtid_ignore_duplicates=0"));
}

Status BinlogDump::start(const ReplicaIdentity& identity, const MySqlPosition& from) {
  switch (from.form) {
    case MySqlPosition::Form::kMariaDbGtid:
      return session_.send_command(kComBinlogDump, encode_dump(identity.server_id, "", 4));
    case MySqlPosition::Form::kMySqlGtid:
      return session_.send_command(kComBinlogDumpGtid, encode_dump_gtid(identity.server_id, "", 4, from.set.encode()));
    case MySqlPosition::Form::kFile:
      break;
  }
  if (from.place.offset <= UINT32_MAX) {
    const auto offset = static_cast<uint32_t>(from.place.offset);
    return session_.send_command(kComBinlogDump, encode_dump(identity.server_id, from.place.file, offset));
  }
  if (session_.mariadb()) {
    return Error(Blame::kConfig,
                 cat("position ",
                     from.text(),
                     " is beyond 4 GiB in its file, which MariaDB can't be asked for; "
                     "start again with --on-lost-position=resnapshot"),
                 std::string(kPositionLostCode));
  }
  return session_.send_command(kComBinlogDumpGtid,
                               encode_dump_gtid(identity.server_id, from.place.file, from.place.offset, ""));
}

// A server that can't serve the position says so at once, instead of the first event.
Status BinlogDump::expect_first_event() {
  TRY_ASSIGN(const auto packet, packets_.next(kFirstEvent, {}));
  if (!packet) return Error(Blame::kTransient, cat(session_.address(), " sends no binary log"), "2013");
  TRY_ASSIGN(first_, event_of(*packet));
  return ok();
}

Result<std::optional<std::string_view>> BinlogDump::event_of(std::string_view packet) const {
  if (!packet.empty() && packet[0] == 0) return std::optional(packet.substr(1));
  const std::string doing = cat("streaming the binary log of ", session_.address());
  if (is_error_packet(packet)) return error_of_packet(packet, doing, true);
  if (is_eof_packet(packet)) return Error(Blame::kTransient, cat(doing, ": the server ended the stream"), "2013");
  return Error(Blame::kTransient, cat(doing, ": malformed packet"), "2027");
}

Result<std::optional<std::string_view>> BinlogDump::poll() {
  if (first_) return std::exchange(first_, std::nullopt);
  TRY_ASSIGN(const auto packet, packets_.poll());
  if (!packet) return packet;
  silence_ = Duration(0);
  return event_of(*packet);
}

Status BinlogDump::wait(Duration timeout) {
  const SteadyTime before = real_clock().now();
  TRY_ASSIGN(const bool ready, session_.feed().wait(timeout));
  if (ready) return ok();
  silence_ += real_clock().now() - before;
  if (silence_ < kSilenceMax) return ok();
  return Error(Blame::kTransient, cat("no heartbeat from ", session_.address(), " for 30 s"), "2013");
}

}  // namespace weft::mysql
