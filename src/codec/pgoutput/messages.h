// SPDX-License-Identifier: Apache-2.0
// Messages of PostgreSQL's logical replication, protocol version 1, as pgoutput writes them, and the frames that carry them
// (manual, "Streaming Replication Protocol" and "Logical Replication Message Formats"). Views of the bytes given. Pure; any thread.
//
//   TRY_ASSIGN(const Frame frame, parse_frame(copy_data));
//   if (const auto* data = std::get_if<WalData>(&frame)) TRY_ASSIGN(const Message message, parse_message(data->payload));
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace weft::pgoutput {

struct WalData {
  uint64_t start = 0;
  uint64_t end = 0;  // of the server's log then
  std::string_view payload;
};

struct Keepalive {
  uint64_t end = 0;    // the server has sent everything that committed before
  bool reply = false;  // the server wants to be told now that we live
};

using Frame = std::variant<WalData, Keepalive>;
[[nodiscard]] Result<Frame> parse_frame(std::string_view bytes);

// What we answer: up to where everything is on the target's disk. `reply`: ask for a keepalive at once.
[[nodiscard]] std::string standby_status(uint64_t flushed, int64_t now_us, bool reply);

// One column of a row as it was sent.
struct Field {
  enum class What : uint8_t {
    kNull,
    kUnchanged,  // a value stored out of line (TOAST) that the update did not touch
    kText,
    kBinary,  // asked for with the option `binary`, of types that have such a form
  };
  What what = What::kNull;
  std::string_view bytes;
};

using Tuple = std::vector<Field>;

struct Begin {
  uint64_t final_lsn = 0;  // of the commit record
  int64_t commit_us = 0;   // microseconds since 1970 UTC
  uint32_t xid = 0;
};

struct Commit {
  uint64_t end_lsn = 0;  // behind the commit record
};

struct RelationColumn {
  bool key = false;  // part of the replica identity
  std::string_view name;
  uint32_t type = 0;
  int32_t modifier = -1;

  bool operator==(const RelationColumn&) const = default;
};

struct Relation {
  uint32_t id = 0;
  std::string_view schema;
  std::string_view table;
  char identity = 'd';  // pg_class.relreplident
  std::vector<RelationColumn> columns;
};

// What an update or delete says of the row before.
enum class Old : uint8_t {
  kNone,  // nothing: its key is that of the new row
  kKey,   // the replica identity's columns; the others are sent as null
  kFull,
};

struct RowMessage {
  enum class Op : uint8_t { kInsert, kUpdate, kDelete };
  Op op = Op::kInsert;
  uint32_t relation = 0;
  Old old = Old::kNone;
};

struct TruncateMessage {
  std::vector<uint32_t> relations;
};

// What pg_logical_emit_message() wrote, asked for with the option `messages`.
struct LogicalMessage {
  bool transactional = false;
  std::string_view prefix;
  std::string_view content;
};

// Origins and types: nothing that changes rows.
struct Other {
  char type = 0;
};

using Message = std::variant<Begin, Commit, Relation, RowMessage, TruncateMessage, LogicalMessage, Other>;

// `before` and `after` are filled for a RowMessage; kept by the caller so that rows cost no allocation.
[[nodiscard]] Result<Message> parse_message(std::string_view bytes, Tuple& before, Tuple& after);

}  // namespace weft::pgoutput
