// SPDX-License-Identifier: Apache-2.0
#include "engine/sqlite/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/text.h"

namespace weft::sqlite {
namespace {

constexpr size_t kStatementsLimit = 300;
constexpr int kOldestVersion = 3037000;  // pragma_table_list, STRICT

// The file is made here, so that its mode is ours and not the umask's.
Status make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(Blame::kConfig, cat("can't make the database ", path, ": ", std::strerror(errno)), "SQLITE_CANTOPEN");
  }
  ::close(fd);
  return ok();
}

}  // namespace

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::bind(int parameter, int64_t value) {
  wrong_ = std::max(wrong_, sqlite3_bind_int64(statement_, parameter, value));
}

void Statement::bind(int parameter, double value) {
  wrong_ = std::max(wrong_, sqlite3_bind_double(statement_, parameter, value));
}

void Statement::bind_text(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();  // a null pointer would be NULL
  wrong_ = std::max(wrong_, sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  wrong_ = std::max(wrong_, sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_STATIC));
}

void Statement::bind_null(int parameter) {
  wrong_ = std::max(wrong_, sqlite3_bind_null(statement_, parameter));
}

Result<bool> Statement::step() {
  if (wrong_ != 0) {
    const int code = std::exchange(wrong_, 0);
    reset();
    const Blame blame = code == SQLITE_TOOBIG ? Blame::kData : Blame::kBug;
    return Error(blame, cat("binding a parameter: ", sqlite3_errstr(code)), name_of_code(code));
  }
  connection_.busy_since_ = {};
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = connection_.last_error({});
  reset();
  return error;
}

Status Statement::run() {
  while (true) {
    TRY_ASSIGN(const bool row, step());
    if (row) continue;
    reset();
    return ok();
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int Statement::columns() const {
  return sqlite3_column_count(statement_);
}

std::string_view Statement::name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view() : name;
}

Storage Statement::storage(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Storage::kInteger;
    case SQLITE_FLOAT:
      return Storage::kReal;
    case SQLITE_TEXT:
      return Storage::kText;
    case SQLITE_BLOB:
      return Storage::kBlob;
    default:
      return Storage::kNull;
  }
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::bytes(int column) const {
  // sqlite3_column_blob() would give a text in the encoding of the file, which may be UTF-16.
  const bool text = sqlite3_column_type(statement_, column) == SQLITE_TEXT;
  const void* data = text ? sqlite3_column_text(statement_, column) : sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<size_t>(size));
}

Result<std::unique_ptr<Connection>> Connection::open(Options options) {
  std::unique_ptr<Connection> db(new Connection(std::move(options)));
  const Options& o = db->options_;
  if (o.mode == Mode::kCreate && ::access(o.path.c_str(), F_OK) != 0) TRY(make_file(o.path));
  const int flags = (o.mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(o.path.c_str(), &db->handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    if (db->handle_ == nullptr) return Error(Blame::kTransient, "out of memory", name_of_code(code));
    const bool missing = ::access(o.path.c_str(), F_OK) != 0;
    if (missing) return Error(Blame::kConfig, cat("there is no database ", o.path), name_of_code(code));
    return db->last_error("opening it");
  }
  sqlite3_busy_handler(db->handle_, &Connection::on_busy, db.get());
  // What a database brings with it must not run code of its own (sqlite.org/security.html), nor quoted names be texts.
  sqlite3_db_config(db->handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db->handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  // The file is looked at only now.
  TRY(db->execute("PRAGMA schema_version"));
  return db;
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

// Called by SQLite while another connection holds a lock; 0: give up.
int Connection::on_busy(void* self, int count) {
  auto& db = *static_cast<Connection*>(self);
  const SteadyTime now = real_clock().now();
  if (count == 0) db.busy_since_ = now;
  if (db.options_.stop.stop_requested() || now - db.busy_since_ >= db.options_.busy_wait) return 0;
  const auto wait = std::chrono::microseconds(std::min(20000, 200 << std::min(count, 7)));
  real_clock().sleep(wait, db.options_.stop);
  return 1;
}

Status Connection::execute(std::string_view sql) {
  while (true) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &prepared, &rest) != SQLITE_OK) {
      return last_error({});
    }
    if (prepared == nullptr) return ok();  // a comment, or nothing more
    Statement statement(*this, prepared);
    TRY(statement.run());
    sql.remove_prefix(static_cast<size_t>(rest - sql.data()));
  }
}

Result<std::unique_ptr<Statement>> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(
      handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return last_error({});
  if (prepared == nullptr) return Error(Blame::kBug, "an empty statement");
  return std::make_unique<Statement>(*this, prepared);
}

Result<Statement*> Connection::statement(std::string_view sql) {
  const std::string key(sql);
  if (const auto found = statements_.find(key); found != statements_.end()) {
    found->second->reset();
    return found->second.get();
  }
  // Which ones are in use is not known: all but those go, and few are made often.
  if (statements_.size() >= kStatementsLimit && !in_transaction()) statements_.clear();
  TRY_ASSIGN(std::unique_ptr<Statement> made, prepare(sql));
  return statements_.emplace(key, std::move(made)).first->second.get();
}

Result<std::optional<std::string>> Connection::value(std::string_view sql) {
  TRY_ASSIGN(const auto statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement->step());
  if (!row || statement->is_null(0)) return std::optional<std::string>();
  return std::optional<std::string>(statement->text(0));
}

int64_t Connection::changes() const {
  return sqlite3_changes(handle_);
}

int64_t Connection::last_rowid() const {
  return sqlite3_last_insert_rowid(handle_);
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

Error Connection::last_error(std::string_view doing) const {
  const int code = sqlite3_extended_errcode(handle_);
  const bool cancelled = (code & 0xff) == SQLITE_BUSY && options_.stop.stop_requested();
  const std::string_view hint = hint_of(code);
  return Error(cancelled ? Blame::kCancelled : blame_of(code),
               cat(options_.path,
                   ": ",
                   doing,
                   doing.empty() ? "" : ": ",
                   sqlite3_errmsg(handle_),
                   hint.empty() ? "" : "; ",
                   hint),
               (code & 0xff) == SQLITE_BUSY ? std::string(kBusy) : name_of_code(code));
}

std::string library_version() {
  return sqlite3_libversion();
}

bool library_is_recent() {
  return sqlite3_libversion_number() >= kOldestVersion;
}

}  // namespace weft::sqlite
