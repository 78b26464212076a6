// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/connection.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <poll.h>

#include <libpq-fe.h>

#include "base/text.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kSessionSettings =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; "
    "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET statement_timeout = 0; "
    "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0; "
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

// Ours first, so that nothing in a schema of the role's search_path can stand in for a function or operator that a statement
// of ours names. Evaluated from the inside: the role's own path is read, then replaced.
constexpr std::string_view kPinSearchPath =
    "SELECT was.schema, was.path, pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false) FROM (SELECT "
    "pg_catalog.current_schema() AS schema, pg_catalog.current_setting('search_path') AS path OFFSET 0) AS was";

constexpr Duration kSlice = std::chrono::milliseconds(100);  // how late a stop request may be noticed

void drop_notice(void*, const PGresult*) {}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

// The SQLSTATE in a verbose connection error, "FATAL:  28P01: password ...": libpq 15 hands it out in no other way.
std::string sqlstate_in(std::string_view text) {
  for (size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, 5);
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    if (code.size() == 5 && std::all_of(code.begin(), code.end(), is_code) && text.substr(at + 8, 1) == ":") {
      return std::string(code);
    }
  }
  return {};
}

Error connect_error(PGconn* conn, const std::string& where) {
  std::string_view text = trimmed(PQerrorMessage(conn));
  const std::string code = sqlstate_in(text);
  text = trimmed(text.substr(0, text.find("\nLOCATION:")));
  if (code.empty() && is_settings_trouble(text))
    return Error(Blame::kConfig, cat("can't connect to ", where, ": ", text, "; ", kSettingsHint));
  if (code.empty()) return Error(Blame::kTransient, cat("can't reach ", where, ": ", text), std::string(kNotReached));
  const std::string_view hint = hint_of(code);
  return Error(blame_of(code), cat(where, " refuses the connection: ", text, hint.empty() ? "" : "; ", hint), code);
}

}  // namespace

void Answer::Free::operator()(pg_result* result) const {
  PQclear(result);
}

size_t Answer::rows() const {
  return static_cast<size_t>(PQntuples(result_.get()));
}

size_t Answer::columns() const {
  return static_cast<size_t>(PQnfields(result_.get()));
}

bool Answer::is_null(size_t row, size_t column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view Answer::text(size_t row, size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  return {PQgetvalue(result_.get(), r, c), static_cast<size_t>(PQgetlength(result_.get(), r, c))};
}

int64_t Answer::number(size_t row, size_t column) const {
  int64_t value = 0;
  const std::string_view digits = text(row, column);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

uint64_t Answer::affected() const {
  uint64_t value = 0;
  const std::string_view digits = result_ ? PQcmdTuples(result_.get()) : "";
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string_view Answer::tag() const {
  return result_ ? PQcmdStatus(result_.get()) : "";
}

void Connection::Close::operator()(pg_conn* conn) const {
  PQfinish(conn);
}

void Connection::FreeMemory::operator()(char* memory) const {
  PQfreemem(memory);
}

Connection::Connection(pg_conn* conn, const ConnectOptions& options)
    : conn_(conn),
      clock_(options.clock != nullptr ? options.clock : &real_clock()),
      answer_timeout_(options.answer_timeout),
      stop_(options.stop),
      where_(options.address->text()) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const ConnectOptions& options) {
  std::optional<Error> first;
  for (const Keywords& host : options.address->hosts()) {
    auto opened = open_host(host, options);
    if (opened || opened.error().blame() == Blame::kCancelled) return opened;
    if (!first) first = std::move(opened).error();
  }
  return *std::move(first);
}

Result<std::unique_ptr<Connection>> Connection::open_host(const Keywords& words, const ConnectOptions& options) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  Duration timeout = options.connect_timeout;
  for (const auto& [key, value] : words) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
    int seconds = 0;
    if (key == "connect_timeout") std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (seconds > 0) timeout = std::chrono::seconds(seconds);
  }
  if (options.replication) {
    keys.push_back("replication");
    values.push_back("database");
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* conn = PQconnectStartParams(keys.data(), values.data(), 0);
  if (conn == nullptr) return Error(Blame::kTransient, "out of memory for a connection", std::string(kNotReached));
  std::unique_ptr<Connection> self(new Connection(conn, options));
  PQsetNoticeReceiver(conn, drop_notice, nullptr);
  TRY(self->handshake(timeout));
  if (PQsetnonblocking(conn, 1) != 0) return self->lost();
  TRY(self->pin_search_path());
  TRY(self->execute(std::string(kSessionSettings)));
  if (!options.settings.empty()) TRY(self->execute(options.settings));
  return self;
}

Status Connection::pin_search_path() {
  TRY_ASSIGN(const Answer was, execute(std::string(kPinSearchPath)));
  default_schema_ = was.text(0, 0);
  role_search_path_ = was.text(0, 1);
  return ok();
}

Status Connection::handshake(Duration timeout) {
  if (PQstatus(conn_.get()) == CONNECTION_BAD) return connect_error(conn_.get(), where_);
  PQsetErrorVerbosity(conn_.get(), PQERRORS_VERBOSE);
  const SteadyTime deadline = clock_->now() + timeout;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return connect_error(conn_.get(), where_);
    if (const Status waited = wait(state == PGRES_POLLING_WRITING, deadline, true); !waited) {
      if (waited.error().blame() == Blame::kCancelled) return waited;
      return Error(Blame::kTransient, cat("can't reach ", where_, ": no answer in time"), std::string(kNotReached));
    }
    state = PQconnectPoll(conn_.get());
  }
  PQsetErrorVerbosity(conn_.get(), PQERRORS_DEFAULT);
  return ok();
}

Status Connection::wait(bool to_write, SteadyTime deadline, bool has_deadline) {
  for (;;) {
    if (stop_.stop_requested()) {
      abandoned_ = true;
      return Error(Blame::kCancelled, cat("stopped while waiting for ", where_));
    }
    Duration slice = kSlice;
    if (has_deadline) slice = std::clamp(deadline - clock_->now(), Duration(0), kSlice);
    pollfd socket{PQsocket(conn_.get()), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
    if (socket.fd < 0) return lost();
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(slice).count();
    const int ready = poll(&socket, 1, static_cast<int>(millis));
    if (ready > 0) return ok();
    if (ready < 0 && errno != EINTR) return lost();
    if (has_deadline && clock_->now() >= deadline) {
      abandoned_ = true;
      return Error(Blame::kTransient, cat(where_, " did not answer in time"), std::string(kConnectionLost));
    }
  }
}

Status Connection::flush() {
  const SteadyTime deadline = clock_->now() + answer_timeout_;
  for (;;) {
    const int left = PQflush(conn_.get());
    if (left == 0) return ok();
    if (left < 0) return lost();
    // Input is taken while we send: with both sides only sending, full buffers would stop them for ever.
    TRY(wait(true, deadline, answer_timeout_ > Duration(0)));
    if (PQconsumeInput(conn_.get()) == 0) return lost();
  }
}

Result<pg_result*> Connection::next_result() {
  const SteadyTime deadline = clock_->now() + answer_timeout_;
  while (PQisBusy(conn_.get()) != 0) {
    TRY(wait(false, deadline, answer_timeout_ > Duration(0)));
    if (PQconsumeInput(conn_.get()) == 0) return lost();
  }
  return PQgetResult(conn_.get());
}

Result<Answer> Connection::finish() {
  Answer last;
  std::optional<Error> failed;
  for (;;) {
    TRY_ASSIGN(pg_result * result, next_result());
    if (result == nullptr) break;
    Answer answer(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!failed) failed = server_error(result);
    }
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) break;
    last = std::move(answer);
  }
  if (failed) return *std::move(failed);
  if (broken()) return lost();
  return last;
}

Result<Answer> Connection::execute(const std::string& sql) {
  if (broken() || PQsendQuery(conn_.get(), sql.c_str()) == 0) return lost();
  TRY(flush());
  return finish();
}

Result<Answer> Connection::query(const std::string& sql, const TextParams& params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const auto& param : params) values.push_back(param ? param->c_str() : nullptr);
  const int count = static_cast<int>(params.size());
  if (broken() ||
      PQsendQueryParams(conn_.get(), sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0) == 0) {
    return lost();
  }
  TRY(flush());
  return finish();
}

Status Connection::stream_begin(const std::string& command) {
  if (broken() || PQsendQuery(conn_.get(), command.c_str()) == 0) return lost();
  TRY(flush());
  TRY_ASSIGN(pg_result * result, next_result());
  const Answer answer(result);
  if (PQresultStatus(result) == PGRES_COPY_BOTH) return ok();
  Error error = server_error(result);
  const auto rest = finish();
  if (!rest && broken()) return rest.error();
  return error;
}

Result<std::optional<std::string_view>> Connection::stream_poll() {
  bool received = false;
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(conn_.get(), &data, 1);
    message_.reset(data);
    if (size > 0) return std::optional(std::string_view(data, static_cast<size_t>(size)));
    if (size < 0) {
      const auto ended = finish();
      if (!ended) return ended.error();
      return Error(Blame::kTransient, cat(where_, " ended the stream"), std::string(kConnectionLost));
    }
    if (received) return std::optional<std::string_view>();
    if (PQconsumeInput(conn_.get()) == 0) return lost();
    received = true;
  }
}

Result<bool> Connection::stream_wait(Duration timeout) {
  const SteadyTime deadline = clock_->now() + timeout;
  for (;;) {
    if (stop_.stop_requested()) return false;
    const Duration left = deadline - clock_->now();
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(left, Duration(0), kSlice)).count();
    pollfd socket{PQsocket(conn_.get()), POLLIN, 0};
    if (socket.fd < 0) return lost();
    const int ready = poll(&socket, 1, static_cast<int>(millis));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return lost();
    if (left <= Duration(0)) return false;
  }
}

bool Connection::broken() const {
  return abandoned_ || PQstatus(conn_.get()) == CONNECTION_BAD;
}

bool Connection::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(conn_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

int Connection::server_version() const {
  return PQserverVersion(conn_.get());
}

int Connection::backend_pid() const {
  return PQbackendPID(conn_.get());
}

Error Connection::server_error(const pg_result* result) {
  ServerError e;
  e.sqlstate = field(result, PG_DIAG_SQLSTATE);
  e.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  e.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  e.hint = field(result, PG_DIAG_MESSAGE_HINT);
  e.context = field(result, PG_DIAG_CONTEXT);
  e.schema = field(result, PG_DIAG_SCHEMA_NAME);
  e.table = field(result, PG_DIAG_TABLE_NAME);
  e.column = field(result, PG_DIAG_COLUMN_NAME);
  e.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  last_error_ = e;
  if (e.sqlstate.empty()) return lost();  // libpq's own words: the connection broke
  return to_error(last_error_);
}

Error Connection::lost() {
  const std::string_view why = trimmed(PQerrorMessage(conn_.get()));
  abandoned_ = true;
  return Error(Blame::kTransient,
               cat("lost the connection to ", where_, why.empty() ? "" : ": ", why),
               std::string(kConnectionLost));
}

}  // namespace weft::postgres
