// SPDX-License-Identifier: Apache-2.0
// long file: one class, a short method for each of an interface's.
#include "target/sqlite/sqlite_target.h"

#include <utility>

#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "engine/sqlite/url.h"
#include "model/value_text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/objects.h"
#include "target/bookkeeping/opening.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/progress.h"
#include "target/bookkeeping/recent_keys.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"
#include "target/bookkeeping/teardown.h"
#include "target/refusals.h"
#include "target/sqlite/holder.h"
#include "target/sqlite/sqlite_session.h"

namespace weft::sqlite {
namespace {

constexpr Duration kPatience = std::chrono::seconds(60);
constexpr Duration kImpatience = std::chrono::milliseconds(20);

// A commit is on disk when it is answered: one flush of the log for a group of many transactions.
constexpr std::string_view kSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON";

class TableKeys final : public TargetKeys {
 public:
  TableKeys(std::unique_ptr<Connection> connection, std::shared_ptr<const TablePlan> plan)
      : connection_(std::move(connection)), plan_(std::move(plan)) {}

  Status open() {
    std::string columns;
    for (const uint16_t o : plan_->key) columns += cat(columns.empty() ? "" : ", ", plan_->columns[o].quoted);
    TRY_ASSIGN(select_, connection_->prepare(cat("SELECT ", columns, " FROM ", plan_->name)));
    return ok();
  }

  Result<std::vector<OwnedRow>> next(size_t limit) override {
    std::vector<OwnedRow> keys;
    while (!done_ && keys.size() < limit) {
      TRY_ASSIGN(const bool row, select_->step());
      done_ = !row;
      if (done_) break;
      std::vector<Value> values;
      std::vector<std::string> kept(plan_->key.size());
      for (size_t i = 0; i < plan_->key.size(); ++i) {
        TRY_ASSIGN(const Value value, value_at(static_cast<int>(i), kept[i]));
        values.push_back(value);
      }
      keys.emplace_back(values);
    }
    return keys;
  }

 private:
  Result<Value> value_at(int i, std::string& kept) const {
    const Column& column = plan_->table.source->columns[plan_->key[static_cast<size_t>(i)]];
    const Storage storage = select_->storage(i);
    kept = select_->text(i);
    if (storage == Storage::kNull) return Value::null();
    if (column.kind == Kind::kBytes && storage == Storage::kBlob) return Value::bytes(kept);
    if (column.kind == Kind::kBool && storage == Storage::kInteger) return Value::boolean(select_->integer(i) != 0);
    if (column.kind == Kind::kDouble && storage != Storage::kBlob) return Value::float64(select_->real(i));
    if (column.kind == Kind::kUuid && kept.size() == 36) return uuid(kept);
    if (column.kind == Kind::kTimestamp && kept.ends_with('Z')) kept.pop_back();
    if (storage != Storage::kBlob) {
      if (const auto value = value_of_text(column, kept)) return *value;
      if (column.kind == Kind::kText || storage == Storage::kText) return Value::text(kept);
    }
    return Error(Blame::kData,
                 cat("table ",
                     plan_->name,
                     ": a row's key column ",
                     quote_identifier(column.name),
                     " holds '",
                     kept.substr(0, 100),
                     "', which no row of the source can have; remove the row, then start again"));
  }

  static Value uuid(std::string& kept) {
    std::string bytes;
    int half = -1;
    for (const char c : kept) {
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) continue;
      if (half >= 0) bytes.push_back(static_cast<char>(half * 16 + digit));
      half = half >= 0 ? -1 : digit;
    }
    bytes.resize(16);
    kept = std::move(bytes);
    return Value::uuid(kept);
  }

  std::unique_ptr<Connection> connection_;
  std::shared_ptr<const TablePlan> plan_;
  std::unique_ptr<Statement> select_;
  bool done_ = false;
};

class SqliteTarget final : public Target {
 public:
  SqliteTarget(SqliteTargetOptions options, std::string path)
      : options_(std::move(options)),
        path_(std::move(path)),
        lease_({.length = options_.lease,
                .grace = options_.lease,
                .probe = &probe_,
                .clock = options_.clock,
                .stop = options_.stop}) {}

  size_t lanes_max() const override { return 1; }

  Result<Opened> open(const OpenRequest& request) override;
  Result<std::optional<Opened>> peek(const std::string& pipeline) override;
  Status start(const Progress& initial,
               const std::vector<TableStateRow>& tables,
               const std::vector<SchemaRef>& schemas) override;
  Status keep_lease() override;
  Status ask(const std::string& pipeline, const std::vector<std::string>& tables, std::string_view what) override;
  Result<bool> asked() override;
  Result<std::vector<SchemaRef>> visit(const std::string& pipeline) override;
  Result<std::vector<DeadLetter>> dead_letters(const std::string& pipeline, uint64_t after_id, size_t limit) override;
  Result<uint64_t> discard(const std::string& pipeline, const std::vector<uint64_t>& ids) override;
  Result<std::map<std::string, uint64_t>> count_letters() override;
  Result<std::vector<KeptVersion>> kept_versions() override;
  Result<std::vector<std::string>> kept_since(uint64_t version) override;
  Status drop_kept() override;
  using Target::table;
  Result<TargetTableRef> table(const SchemaRef& source, bool leave_out) override;
  Result<std::string> create_table_sql(const TableSchema& source) override;
  Status create_table(const TableSchema& source) override;
  Result<std::vector<std::string>> evolve(const TableSchema& source, const std::vector<ColumnToAdd>& columns) override;
  Result<bool> exists(const TableSchema& source) override;
  Result<bool> has_rows(const TargetTable& table) override;
  Status analyze(const TargetTable& table) override;
  Result<std::string> prepared(const std::string& name, uint64_t piece) override;
  Result<std::unique_ptr<TargetSession>> session() override;
  Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef& table) override;
  Result<uint64_t> flushed() override;
  std::vector<Finding> check(const std::vector<SchemaRef>& tables) override;
  void close() override;

 private:
  Result<std::unique_ptr<Connection>> connect(Mode mode, Duration patience) const;
  Status control();
  Result<bool> file_is_there() const;

  SqlitePort port() { return SqlitePort(*control_); }

  SqliteTargetOptions options_;
  std::string path_;
  ProcessProbe probe_;
  bookkeeping::Lease lease_;
  std::unique_ptr<Connection> control_;
  std::shared_ptr<TargetShared> shared_;
  uint64_t handles_ = 0;
};

Result<std::unique_ptr<Connection>> SqliteTarget::connect(Mode mode, Duration patience) const {
  TRY_ASSIGN(auto connection,
             Connection::open({.path = path_, .mode = mode, .busy_wait = patience, .stop = options_.stop}));
  if (mode != Mode::kReadOnly) {
    if (Status set = connection->execute(kSettings); !set) return std::move(set).error();
  }
  return connection;
}

Status SqliteTarget::control() {
  if (control_) return ok();
  TRY_ASSIGN(control_, connect(Mode::kCreate, kPatience));
  return ok();
}

Result<bool> SqliteTarget::file_is_there() const {
  const auto opened = Connection::open({.path = path_, .mode = Mode::kReadOnly});
  if (opened) return true;
  if (opened.error().message().starts_with("there is no database")) return false;
  return opened.error();
}

Result<Opened> SqliteTarget::open(const OpenRequest& request) {
  control_.reset();
  shared_.reset();
  TRY(control());
  SqlitePort books = port();
  TRY(bookkeeping::ensure_objects(books, request.may_create, path_));
  TRY_ASSIGN(auto progress, lease_.acquire(books, request, path_));
  const uint64_t version = progress ? progress->version : 0;
  TRY_ASSIGN(Opened opened, bookkeeping::read_opened(books, request.pipeline, std::move(progress), lease_.epoch()));
  if (opened.held.empty() && opened.prepared.empty()) TRY(bookkeeping::prune_schemas(books, request.pipeline));
  shared_ = std::make_shared<TargetShared>();
  shared_->pipeline = request.pipeline;
  shared_->committed.with([&](uint64_t& v) { v = version; });
  return opened;
}

Result<std::optional<Opened>> SqliteTarget::peek(const std::string& pipeline) {
  TRY_ASSIGN(const bool there, file_is_there());
  if (!there) return std::optional<Opened>();
  TRY_ASSIGN(const auto connection, connect(Mode::kReadOnly, kPatience));
  SqlitePort books(*connection);
  TRY_ASSIGN(const auto found, bookkeeping::find_objects(books));
  if (found != bookkeeping::Objects::kPresent) return std::optional<Opened>();
  return bookkeeping::peek(books, pipeline, path_);
}

Status SqliteTarget::start(const Progress& initial,
                           const std::vector<TableStateRow>& tables,
                           const std::vector<SchemaRef>& schemas) {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "start() of a target that is not open");
  SqlitePort books = port();
  TRY(bookkeeping::write_start(books, lease_, shared_->pipeline, initial, tables, schemas));
  shared_->committed.with([&](uint64_t& version) { version = initial.version; });
  return ok();
}

// While our own session, or an application, writes, the row of the lease has to wait; nobody can take it over then either.
Status SqliteTarget::keep_lease() {
  TRY(control());
  TRY_ASSIGN(const auto impatient, connect(Mode::kReadWrite, kImpatience));
  SqlitePort books(*impatient);
  Status kept = lease_.renew(books);
  if (kept || kept.error().code() != kBusy) return kept;
  SqlitePort readable = port();
  return lease_.hold(readable);
}

Status SqliteTarget::ask(const std::string& pipeline, const std::vector<std::string>& tables, std::string_view what) {
  TRY_ASSIGN(const auto connection, connect(Mode::kReadWrite, kPatience));
  SqlitePort books(*connection);
  return bookkeeping::write_wish(books, pipeline, tables, what);
}

Result<bool> SqliteTarget::asked() {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "asked() of a target that is not open");
  SqlitePort books = port();
  return bookkeeping::read_wishes(books, shared_->pipeline);
}

Result<std::vector<SchemaRef>> SqliteTarget::visit(const std::string& pipeline) {
  control_.reset();
  shared_.reset();
  TRY_ASSIGN(control_, connect(Mode::kReadWrite, kPatience));
  SqlitePort books = port();
  TRY_ASSIGN(auto versions, bookkeeping::visit(books, pipeline, path_));
  shared_ = std::make_shared<TargetShared>();
  shared_->pipeline = pipeline;
  return versions;
}

Result<std::vector<DeadLetter>> SqliteTarget::dead_letters(const std::string& pipeline,
                                                           uint64_t after_id,
                                                           size_t limit) {
  if (!shared_) TRY(visit(pipeline));
  SqlitePort books = port();
  return bookkeeping::read_letters(books, pipeline, {}, after_id, limit);
}

Result<uint64_t> SqliteTarget::discard(const std::string& pipeline, const std::vector<uint64_t>& ids) {
  if (!shared_) TRY(visit(pipeline));
  SqlitePort books = port();
  return bookkeeping::remove_letters(books, pipeline, ids);
}

Result<std::map<std::string, uint64_t>> SqliteTarget::count_letters() {
  TRY(control());
  SqlitePort books = port();
  return bookkeeping::count_letters(books, shared_->pipeline);
}

Result<std::vector<KeptVersion>> SqliteTarget::kept_versions() {
  SqlitePort books = port();
  return bookkeeping::read_kept_versions(books, shared_->pipeline);
}

Result<std::vector<std::string>> SqliteTarget::kept_since(uint64_t version) {
  SqlitePort books = port();
  return bookkeeping::read_kept_since(books, shared_->pipeline, version);
}

Status SqliteTarget::drop_kept() {
  SqlitePort books = port();
  return bookkeeping::drop_kept(books, shared_->pipeline);
}

Result<TargetTableRef> SqliteTarget::table(const SchemaRef& source, bool leave_out) {
  TRY(control());
  TRY_ASSIGN(const auto found, read_table(*control_, source->name.table));
  if (!found) {
    return Error(
               Blame::kConfig,
               cat("table ", source->name.table, " is missing in ", path_, ": create it, or run with --create-tables"))
        .about(source->name.text());
  }
  std::vector<Finding> findings;
  auto plan =
      std::make_shared<TablePlan>(match_table(*found, source, findings, leave_out || options_.leave_out_columns));
  TRY(errors_of(findings));
  plan->table.handle = ++handles_;
  if (shared_) shared_->plans.with([&](auto& plans) { plans.emplace(plan->table.handle, plan); });
  return TargetTableRef(plan, &plan->table);
}

Result<std::string> SqliteTarget::create_table_sql(const TableSchema& source) {
  return create_table_statement(source);
}

Status SqliteTarget::create_table(const TableSchema& source) {
  TRY(control());
  if (Status created = control_->execute(create_table_statement(source)); !created) {
    return created.error().with(cat("creating table ", source.name.table)).about(source.name.text());
  }
  return ok();
}

// All of it or nothing: DDL is part of a transaction here.
Result<std::vector<std::string>> SqliteTarget::evolve(const TableSchema& source,
                                                      const std::vector<ColumnToAdd>& columns) {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "evolve() of a target that is not open");
  TRY_ASSIGN(const auto found, read_table(*control_, source.name.table));
  if (!found) return std::vector<std::string>();
  TRY_ASSIGN(std::vector<std::string> statements, evolve_statements(*found, source, columns));
  if (statements.empty()) return statements;
  TRY(control_->execute("BEGIN IMMEDIATE"));
  SqlitePort books = port();
  Status done = lease_.hold(books);
  for (const std::string& sql : statements) {
    if (done) done = control_->execute(sql);
  }
  if (done) done = control_->execute("COMMIT");
  if (done) return statements;
  if (control_->in_transaction()) TRY(control_->execute("ROLLBACK"));
  return std::move(done).error();
}

Result<bool> SqliteTarget::exists(const TableSchema& source) {
  TRY(control());
  TRY_ASSIGN(const auto found, read_table(*control_, source.name.table));
  return found.has_value();
}

Result<bool> SqliteTarget::has_rows(const TargetTable& table) {
  TRY(control());
  TRY_ASSIGN(const auto any, control_->value(cat("SELECT 1 FROM ", quote_identifier(table.name.table), " LIMIT 1")));
  return any.has_value();
}

Status SqliteTarget::analyze(const TargetTable& table) {
  TRY(control());
  return control_->execute(cat("ANALYZE ", quote_identifier(table.name.table)));
}

Result<std::string> SqliteTarget::prepared(const std::string& name, uint64_t piece) {
  TRY(control());
  SqlitePort books = port();
  return bookkeeping::read_prepared_piece(books, shared_->pipeline, name, piece);
}

Result<std::unique_ptr<TargetSession>> SqliteTarget::session() {
  if (!shared_) return Error(Blame::kBug, "session() of a target that is not open");
  TRY_ASSIGN(auto connection, connect(Mode::kReadWrite, kPatience));
  return std::unique_ptr<TargetSession>(std::make_unique<SqliteSession>(shared_, std::move(connection)));
}

Result<std::unique_ptr<TargetKeys>> SqliteTarget::keys(const TargetTableRef& table) {
  auto plan = shared_->plans.with([&](auto& plans) {
    const auto at = plans.find(table->handle);
    return at == plans.end() ? nullptr : at->second;
  });
  if (!plan) return Error(Blame::kBug, cat("table ", table->name.text(), " was not matched by this target"));
  TRY_ASSIGN(auto connection, connect(Mode::kReadOnly, kPatience));
  auto keys = std::make_unique<TableKeys>(std::move(connection), std::move(plan));
  TRY(keys->open());
  return std::unique_ptr<TargetKeys>(std::move(keys));
}

// synchronous = FULL: what is committed is on disk.
Result<uint64_t> SqliteTarget::flushed() {
  return shared_->committed.with([](const uint64_t& version) { return version; });
}

std::vector<Finding> SqliteTarget::check(const std::vector<SchemaRef>& tables) {
  std::vector<Finding> findings;
  const auto error = [&](const Error& e) { findings.push_back({Finding::Level::kError, e.message(), {}, {}}); };
  const auto there = file_is_there();
  if (!there) return error(there.error()), findings;
  if (!*there) return findings;  // it will be made
  const auto connection = connect(Mode::kReadOnly, kPatience);
  if (!connection) return error(connection.error()), findings;
  for (const SchemaRef& source : tables) {
    const auto found = read_table(**connection, source->name.table);
    if (!found) {
      error(found.error());
    } else if (!*found) {
      findings.push_back({Finding::Level::kError,
                          cat("table ", source->name.table, " is missing in ", path_),
                          create_table_statement(*source),
                          source->name.text()});
    } else {
      (void)match_table(**found, source, findings, options_.leave_out_columns);
    }
  }
  return findings;
}

void SqliteTarget::close() {
  if (control_) {
    SqlitePort books = port();
    lease_.release(books);
  }
  control_.reset();
  shared_.reset();
}

}  // namespace

Result<std::unique_ptr<Target>> make_sqlite_target(SqliteTargetOptions options) {
  TRY_ASSIGN(std::string path, path_of_url(options.url));
  return std::unique_ptr<Target>(std::make_unique<SqliteTarget>(std::move(options), std::move(path)));
}

std::string sqlite_setup_sql() {
  return bookkeeping::objects_sql(bookkeeping::Dialect::kSqlite);
}

Status sqlite_setup(const SqliteTargetOptions& options) {
  TRY_ASSIGN(const std::string path, path_of_url(options.url));
  TRY_ASSIGN(const auto connection, Connection::open({.path = path, .mode = Mode::kCreate, .stop = options.stop}));
  TRY(connection->execute(kSettings));
  SqlitePort books(*connection);
  return bookkeeping::ensure_objects(books, true, path);
}

Result<std::vector<std::string>> sqlite_teardown(const SqliteTargetOptions& options, const SqliteTeardown& request) {
  TRY_ASSIGN(const std::string path, path_of_url(options.url));
  TRY_ASSIGN(const auto connection, Connection::open({.path = path, .mode = Mode::kReadWrite, .stop = options.stop}));
  SqlitePort books(*connection);
  TRY_ASSIGN(const auto found, bookkeeping::find_objects(books));
  if (found == bookkeeping::Objects::kMissing) return std::vector<std::string>();
  ProcessProbe probe;
  bookkeeping::Lease lease({.probe = &probe, .stop = options.stop});
  if (!request.dry_run) {
    OpenRequest take;
    take.pipeline = request.pipeline;
    take.wait = request.wait;
    take.any_source = true;
    TRY(lease.acquire(books, take, path));
  }
  auto statements =
      bookkeeping::teardown_statements(books, {.pipeline = request.pipeline, .cutover = request.cutover}, path);
  if (!statements || request.dry_run) {
    lease.release(books);
    return statements;
  }
  TRY(connection->execute("BEGIN IMMEDIATE"));
  for (const std::string& sql : *statements) TRY(connection->execute(sql));
  TRY(connection->execute("COMMIT"));
  return statements;
}

}  // namespace weft::sqlite
