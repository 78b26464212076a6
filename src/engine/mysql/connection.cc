// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/connection.h"

#include <algorithm>
#include <charconv>
#include <sys/socket.h>
#include <utility>

#include <mysql.h>

#include "base/text.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/quote.h"
#include "engine/mysql/socket_feed.h"

namespace weft::mysql {
namespace {

// mysql_init() initialises the library on first use, which is not safe from two threads.
void initialise_library() {
  static const bool done = mysql_server_init(0, nullptr, nullptr) == 0;
  static_cast<void>(done);
}

unsigned seconds_of(Duration d) {
  return static_cast<unsigned>(std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(d).count()));
}

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

// What the URL's tls= means for this host. Returns whether the server's certificate must prove its name.
void set_tls(st_mysql* m, const Options& options, bool local) {
  if (options.tls == Tls::kOff) return;
  const bool verify = options.tls == Tls::kVerify || (options.tls == Tls::kDefault && !local);
  mysql_ssl_set(m, or_null(options.key), or_null(options.cert), or_null(options.ca), nullptr, nullptr);
  const my_bool flag = verify ? 1 : 0;
  mysql_optionsv(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &flag);
}

void set_options(st_mysql* m, const Options& options, const Timeouts& timeouts, bool local) {
  const unsigned connect = seconds_of(timeouts.connect);
  const unsigned read = seconds_of(timeouts.read);
  const unsigned write = seconds_of(timeouts.write);
  const unsigned protocol = options.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  const unsigned local_infile = 0;
  const unsigned long packet = 1ul << 30;
  mysql_optionsv(m, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_optionsv(m, MYSQL_OPT_READ_TIMEOUT, &read);
  mysql_optionsv(m, MYSQL_OPT_WRITE_TIMEOUT, &write);
  mysql_optionsv(m, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(m, MYSQL_OPT_LOCAL_INFILE, &local_infile);
  mysql_optionsv(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
  mysql_optionsv(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(m, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "weft");
  set_tls(m, options, local);
}

// https://mariadb.com/kb/en/com_stmt_bulk_execute/: a capability of MariaDB's own, in the upper half of 64 bits.
bool may_execute_in_bulk(st_mysql* m) {
  unsigned long lower = 0;
  unsigned long upper = 0;
  if (mariadb_get_infov(m, MARIADB_CONNECTION_SERVER_CAPABILITIES, &lower) != 0) return false;
  if (mariadb_get_infov(m, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &upper) != 0) return false;
  return (lower & CLIENT_MYSQL) == 0 && (upper & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

uint32_t to_number(const std::string& text) {
  uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// server_uid is base64 of a hash; only letters, digits, '-' and '_' belong in an identity.
std::string plain_id(std::string uid) {
  std::erase(uid, '=');
  std::replace(uid.begin(), uid.end(), '/', '_');
  std::replace(uid.begin(), uid.end(), '+', '-');
  return uid;
}

}  // namespace

std::string Rows::named(std::string_view column) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column && !rows.empty()) return text(0, i);
  }
  return {};
}

void parse_version(std::string_view text, ServerFacts& facts) {
  facts.flavor = text.find("MariaDB") != std::string_view::npos ? Flavor::kMariaDb : Flavor::kMySql;
  if (text.starts_with("5.5.5-")) text.remove_prefix(6);  // how MariaDB 10 and 11.0-11.2 greet old clients
  uint32_t parts[3] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint32_t& part : parts) {
    at = std::from_chars(at, end, part).ptr;
    if (at == end || *at != '.') break;
    ++at;
  }
  facts.version = parts[0] * 10000 + parts[1] * 100 + parts[2];
  const std::string_view name = facts.flavor == Flavor::kMariaDb ? "MariaDB " : "MySQL ";
  facts.version_text = cat(name, parts[0], ".", parts[1], ".", parts[2]);
}

Result<Connection> Connection::open(const Options& options,
                                    const Host& host,
                                    const Timeouts& timeouts,
                                    const SessionFlags& flags) {
  initialise_library();
  Connection session;
  TRY(session.establish(options, host, timeouts, flags));
  TRY(session.prepare_session());
  TRY(session.learn_facts());
  return session;
}

Connection::Connection() = default;

Connection::Connection(Connection&& other) noexcept
    : mysql_(std::exchange(other.mysql_, nullptr)),
      feed_(std::move(other.feed_)),
      on_stop_(std::move(other.on_stop_)),
      facts_(std::move(other.facts_)),
      address_(std::move(other.address_)),
      write_timeout_(other.write_timeout_),
      tls_(other.tls_),
      local_(other.local_) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(mysql_, other.mysql_);
  std::swap(feed_, other.feed_);
  std::swap(on_stop_, other.on_stop_);
  std::swap(facts_, other.facts_);
  std::swap(address_, other.address_);
  std::swap(write_timeout_, other.write_timeout_);
  std::swap(tls_, other.tls_);
  std::swap(local_, other.local_);
  return *this;
}

Connection::~Connection() {
  on_stop_.reset();  // before the descriptor can become another's
  if (mysql_ != nullptr) mysql_close(mysql_);
}

Status Connection::establish(const Options& options,
                             const Host& host,
                             const Timeouts& timeouts,
                             const SessionFlags& flags) {
  write_timeout_ = timeouts.write;
  address_ = options.socket.empty() ? host.text() : options.socket;
  if (options.stop.stop_requested()) return Error(Blame::kCancelled, cat("stopped before connecting to ", address_));
  local_ = !options.socket.empty() || host.loopback();
  mysql_ = mysql_init(nullptr);
  if (mysql_ == nullptr) return Error(Blame::kTransient, "out of memory opening a MySQL session");
  set_options(mysql_, options, timeouts, local_);
  const bool by_socket = !options.socket.empty();
  if (mysql_real_connect(mysql_,
                         by_socket ? nullptr : host.name.c_str(),
                         or_null(options.user),
                         options.password.c_str(),
                         or_null(options.database),
                         by_socket ? 0 : host.port,
                         or_null(options.socket),
                         CLIENT_REMEMBER_OPTIONS | (flags.found_rows ? CLIENT_FOUND_ROWS : 0ul) |
                             (flags.several_statements ? CLIENT_MULTI_STATEMENTS : 0ul)) == nullptr) {
    return last_error(cat("connecting to ", address_));
  }
  on_stop_ = std::make_unique<OnStop>(options.stop, ShutDown{fd()});
  tls_ = mysql_get_ssl_cipher(mysql_) != nullptr;
  const bool must =
      options.tls == Tls::kVerify || options.tls == Tls::kRequire || (options.tls == Tls::kDefault && !local_);
  if (must && !tls_) {
    return Error(Blame::kConfig,
                 cat("the server at ", address_, " offers no TLS; configure it there, or choose tls=off"));
  }
  auto feed = std::make_unique<SocketFeed>(mysql_);
  if (options.socket.empty()) feed->keep_alive();
  feed_ = std::move(feed);
  return ok();
}

Status Connection::prepare_session() {
  parse_version(mysql_get_server_info(mysql_), facts_);
  // Limits of the server's that are meant for applications would end long reads.
  TRY(
      execute("SET SESSION sql_mode='', time_zone='+00:00', wait_timeout=28800, net_write_timeout=600, "
              "net_read_timeout=600, sql_select_limit=18446744073709551615, sql_big_selects=1"));
  return execute(mariadb() ? "SET SESSION max_statement_time=0" : "SET SESSION max_execution_time=0");
}

Status Connection::learn_facts() {
  TRY_ASSIGN(const Rows rows,
             query("SELECT @@version, @@version_comment, @@server_id, @@lower_case_table_names, "
                   "@@read_only, @@hostname, @@port"));
  if (rows.empty()) return Error(Blame::kTransient, cat("the server at ", address_, " does not say what it is"));
  parse_version(cat(rows.text(0, 0), " ", rows.text(0, 1)), facts_);
  facts_.server_id = to_number(rows.text(0, 2));
  facts_.lower_case_names = rows.text(0, 3) != "0";
  facts_.bulk_execute = may_execute_in_bulk(mysql_);
  facts_.read_only = rows.text(0, 4) != "0" && rows.text(0, 4) != "OFF";
  TRY_ASSIGN(const auto id, variable(mariadb() ? "server_uid" : "server_uuid"));
  facts_.identity =
      id && !id->empty() ? plain_id(*id) : cat(rows.text(0, 2), "-", rows.text(0, 5), "-", rows.text(0, 6));
  return ok();
}

Error Connection::last_error(std::string_view doing) const {
  return server_error(mysql_errno(mysql_), mysql_sqlstate(mysql_), mysql_error(mysql_), doing);
}

Result<Rows> Connection::query(std::string_view sql) {
  const auto failed = [&] { return last_error(cat("'", sql.substr(0, 200), "' at ", address_)); };
  feed_->for_library();
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return failed();
  Rows out;
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(mysql_store_result(mysql_), &mysql_free_result);
  if (!result) {
    if (mysql_field_count(mysql_) != 0) return failed();
    return out;
  }
  const unsigned columns = mysql_num_fields(result.get());
  for (unsigned i = 0; i < columns; ++i) out.names.emplace_back(mysql_fetch_field_direct(result.get(), i)->name);
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* const lengths = mysql_fetch_lengths(result.get());
    auto& cells = out.rows.emplace_back(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (row[i] != nullptr) cells[i].emplace(row[i], lengths[i]);
    }
  }
  return out;
}

Status Connection::execute(std::string_view sql) {
  TRY(query(sql));
  return ok();
}

Result<std::optional<std::string>> Connection::value(std::string_view sql) {
  TRY_ASSIGN(Rows rows, query(sql));
  if (rows.rows.empty() || rows.rows[0].empty()) return std::optional<std::string>();
  return std::move(rows.rows[0][0]);
}

Result<std::optional<std::string>> Connection::variable(std::string_view name) {
  TRY_ASSIGN(Rows rows, query(cat("SHOW GLOBAL VARIABLES WHERE Variable_name = ", quote_literal(name))));
  if (rows.rows.empty()) return std::optional<std::string>();
  return rows.rows[0][1];
}

int Connection::fd() const {
  return static_cast<int>(mysql_get_socket(mysql_));
}

Status Connection::send_command(uint8_t command, std::string_view payload) {
  const auto number = static_cast<enum_server_command>(command);
  feed_->for_library();
  if (mysql_->methods->db_command(mysql_, number, payload.data(), payload.size(), 1, nullptr) != 0) {
    return last_error(cat("sending a command to ", address_));
  }
  return ok();
}

Status Connection::send_packets(std::string_view packets) {
  Status sent = feed_->send(packets, write_timeout_);
  return sent ? ok() : Status(sent.error().with(cat("sending to ", address_)));
}

ByteFeed& Connection::feed() {
  return *feed_;
}

void Connection::abandon() {
  ShutDown{fd()}();
}

void Connection::ShutDown::operator()() const {
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace weft::mysql
