// SPDX-License-Identifier: Apache-2.0
// Connection: one session of a MySQL or MariaDB server, by libmariadb. Blocking, with a time limit on every wait. The
// session is utf8mb4, UTC, without an sql_mode that changes what SQL text means, and without time limits of the server's.
//
//   TRY_ASSIGN(Connection session, Connection::open(options, options.hosts[0], {}));
//   TRY_ASSIGN(Rows rows, session.query("SELECT a, b FROM t"));
//   session.facts().flavor == Flavor::kMariaDb
//
// Owns the connection and closes it. One thread at a time. After a kTransient error of the network the session is dead:
// open another one. Errors name the server and are classified by errors.h; none shows a secret.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/mysql/options.h"
#include "engine/mysql/packets.h"

struct st_mysql;

namespace weft::mysql {

class SocketFeed;

enum class Flavor : uint8_t { kMySql, kMariaDb };

// What a server is, asked once when a session opens.
struct ServerFacts {
  Flavor flavor = Flavor::kMySql;
  uint32_t version = 0;      // 101119 for 10.11.19, 90704 for 9.7.4
  std::string version_text;  // "MariaDB 10.11.19"
  // Stable across addresses and restarts. MySQL: server_uuid. MariaDB keeps no uuid with its data: server_uid (a hash of the
  // machine's network address and the port, from 10.5.26, 10.6.19, 10.11.9, 11.4.3 on), else server id, host name and port.
  std::string identity;
  uint32_t server_id = 0;
  bool lower_case_names = false;  // lower_case_table_names <> 0
  bool read_only = false;
  bool bulk_execute = false;  // MariaDB: COM_STMT_BULK_EXECUTE
};

// What a session asks of the protocol, for its whole life.
struct SessionFlags {
  bool found_rows = false;  // an UPDATE counts the rows that it finds, changed or not
  bool several_statements = false;  // one query may hold several, which end at the first that fails
};

struct Timeouts {
  Duration connect = std::chrono::seconds(5);
  Duration read = std::chrono::seconds(60);  // of one wait for the server's answer
  Duration write = std::chrono::seconds(60);
};

// A small text result; SQL NULL is nullopt.
struct Rows {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> rows;

  [[nodiscard]] bool empty() const { return rows.empty(); }

  // The cell, NULL as empty text. REQUIRES: in range.
  [[nodiscard]] std::string text(size_t row, size_t column) const { return rows[row][column].value_or(""); }

  // The cell of a named column in the first row; empty if there is none.
  [[nodiscard]] std::string named(std::string_view column) const;
};

class Connection {
 public:
  [[nodiscard]] static Result<Connection> open(const Options& options,
                                               const Host& host,
                                               const Timeouts& timeouts,
                                               const SessionFlags& flags = {});
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  [[nodiscard]] Result<Rows> query(std::string_view sql);
  [[nodiscard]] Status execute(std::string_view sql);
  // The first cell, nullopt for NULL or no row.
  [[nodiscard]] Result<std::optional<std::string>> value(std::string_view sql);
  // The global variable's value, nullopt if the server has none of this name.
  [[nodiscard]] Result<std::optional<std::string>> variable(std::string_view name);

  [[nodiscard]] const ServerFacts& facts() const { return facts_; }

  [[nodiscard]] bool mariadb() const { return facts_.flavor == Flavor::kMariaDb; }

  [[nodiscard]] const std::string& address() const { return address_; }  // "db1:3306", for messages

  [[nodiscard]] int fd() const;

  // Raw protocol, between queries only: sends a command (first byte and payload); its answer is read from feed() and by
  // nothing else, to its end, before the next query().
  [[nodiscard]] Status send_command(uint8_t command, std::string_view payload);
  [[nodiscard]] ByteFeed& feed();
  // The same for commands that are packets already, headers and all: several may go before the answer to the first is read.
  [[nodiscard]] Status send_packets(std::string_view packets);
  // Shuts the socket down, so that a wait in another place ends; the session is dead then.
  void abandon();

 private:
  struct ShutDown {
    int fd;
    void operator()() const;
  };

  using OnStop = std::stop_callback<ShutDown>;

  Connection();
  [[nodiscard]] Error last_error(std::string_view doing) const;
  [[nodiscard]] Status establish(const Options& options,
                                 const Host& host,
                                 const Timeouts& timeouts,
                                 const SessionFlags& flags);
  [[nodiscard]] Status prepare_session();
  [[nodiscard]] Status learn_facts();

  st_mysql* mysql_ = nullptr;
  std::unique_ptr<SocketFeed> feed_;
  std::unique_ptr<OnStop> on_stop_;
  ServerFacts facts_;
  std::string address_;
  Duration write_timeout_{};
  bool tls_ = false;
  bool local_ = false;
};

// "10.11.19-MariaDB-1:..." or "9.7.4-2" -> facts' flavor, version and version_text.
void parse_version(std::string_view text, ServerFacts& facts);

}  // namespace weft::mysql
