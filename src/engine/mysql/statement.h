// SPDX-License-Identifier: Apache-2.0
// Statement: a prepared SELECT whose rows come by the binary protocol, as packets inside slabs, undecoded.
//
//   TRY_ASSIGN(Statement select, Statement::prepare(session, packets, "SELECT a, b FROM t WHERE a > ? LIMIT 10"));
//   TRY(select.execute(parameters));
//   for (;;) { TRY_ASSIGN(auto row, select.next()); if (!row) break; decode(*row, packets.slab()); }
//
// Uses its session's raw protocol: between execute() and the last row (or drain()) nothing else may use the session. The
// session and the reader outlive it. One thread. After a network error the session is dead.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mysql/connection.h"
#include "engine/mysql/packets.h"
#include "model/row.h"

namespace weft::mysql {

// A column of a result, as the server describes it.
struct ResultColumn {
  std::string name;
  uint8_t type = 0;  // enum_field_types
  uint16_t collation = 0;
  uint32_t length = 0;  // bytes at most
  uint16_t flags = 0;
  uint8_t decimals = 0;

  [[nodiscard]] bool is_unsigned() const { return (flags & 32) != 0; }

  bool operator==(const ResultColumn&) const = default;
};

class Statement {
 public:
  [[nodiscard]] static Result<Statement> prepare(Connection& session, PacketReader& packets, std::string sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Binds one value for each '?'. Ends a result that was not read to its end.
  [[nodiscard]] Status execute(Row parameters);
  // The next row's packet behind its leading zero byte; nullopt behind the last row.
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  // Reads the rest of the result and drops it.
  [[nodiscard]] Status drain();

  // Of the latest execute(), before it of prepare().
  [[nodiscard]] const std::vector<ResultColumn>& columns() const { return columns_; }

 private:
  Statement(Connection& session, PacketReader& packets, std::string sql)
      : session_(&session), packets_(&packets), sql_(std::move(sql)) {}

  [[nodiscard]] Result<std::string_view> packet();
  [[nodiscard]] Status read_prepare_answer();
  [[nodiscard]] Status read_columns(size_t count, std::vector<ResultColumn>* into);
  [[nodiscard]] Status read_execute_answer();
  [[nodiscard]] Error failed(std::string_view packet) const;
  [[nodiscard]] Error malformed() const;

  Connection* session_;
  PacketReader* packets_;
  std::string sql_;
  std::vector<ResultColumn> columns_;
  uint32_t id_ = 0;
  size_t parameters_ = 0;
  bool prepared_ = false;
  bool reading_ = false;
};

// The payload of COM_STMT_EXECUTE. Numbers, temporals and text are bound by their own types.
[[nodiscard]] std::string encode_execute(uint32_t statement, Row parameters);
// "\0\0\1..." of an error packet -> Error. REQUIRES: the packet begins with 0xff.
[[nodiscard]] Error error_of_packet(std::string_view packet, std::string_view doing, bool dump);
// Column definition packet.
[[nodiscard]] Result<ResultColumn> parse_result_column(std::string_view packet);

[[nodiscard]] constexpr bool is_error_packet(std::string_view packet) {
  return !packet.empty() && static_cast<uint8_t>(packet[0]) == 0xff;
}

[[nodiscard]] constexpr bool is_eof_packet(std::string_view packet) {
  return !packet.empty() && packet.size() < 9 && static_cast<uint8_t>(packet[0]) == 0xfe;
}

}  // namespace weft::mysql
