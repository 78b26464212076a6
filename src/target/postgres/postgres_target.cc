// SPDX-License-Identifier: Apache-2.0
// long file: one class, a short method for each of an interface's.
#include "target/postgres/postgres_target.h"

#include <deque>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/check.h"
#include "target/postgres/connect.h"
#include "target/postgres/ddl.h"
#include "target/postgres/dead_letters.h"
#include "target/postgres/evolve.h"
#include "target/postgres/keys.h"
#include "target/postgres/lease.h"
#include "target/postgres/objects.h"
#include "target/postgres/postgres_session.h"
#include "target/postgres/progress.h"
#include "target/postgres/recent_keys.h"
#include "target/postgres/replica_role.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

constexpr Duration kControlTimeout = std::chrono::seconds(60);
constexpr int kCheckIntervalServer = 140000;  // first one with client_connection_check_interval
constexpr size_t kMarksLimit = 64;

// Plans: arrays are joined to tables by index whatever the statistics say, else a statement planned on an empty table scans
// it for ever. JIT would take the price tag of a disabled scan for a reason to compile.
constexpr std::string_view kApplySettings =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "
    "SET plan_cache_mode = force_generic_plan; SET default_transaction_isolation = 'read committed'; "
    "SET lock_timeout = '60s'";

class PostgresTarget final : public Target {
 public:
  PostgresTarget(PostgresTargetOptions options, Address address)
      : options_(std::move(options)),
        address_(std::move(address)),
        lease_({.length = options_.lease,
                .grace = options_.lease,
                .end_zombies = options_.end_zombies,
                .clock = options_.clock,
                .stop = options_.stop}) {}

  Result<std::string> identity() override;
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
  Result<std::vector<KeptVersion>> kept_versions() override;
  Result<std::vector<std::string>> kept_since(uint64_t version) override;
  Status drop_kept() override;
  Result<uint64_t> flushed() override;
  std::vector<Finding> check(const std::vector<SchemaRef>& tables) override;
  void close() override;

 private:
  struct FlushMark {
    uint64_t version;
    int64_t lsn;
  };

  Result<std::unique_ptr<Connection>> connect(std::string settings, Duration answer_timeout) const {
    return connect_target(options_, address_, std::move(settings), answer_timeout);
  }

  Result<bool> takes_messages();
  Status control();  // makes the control connection unless there is one
  Status run_as_holder(const std::vector<std::string>& statements);
  Status write_start(const Progress& initial,
                     const std::vector<TableStateRow>& tables,
                     const std::vector<SchemaRef>& schemas);
  Result<Opened> read_opened(Connection& connection, const std::string& pipeline, std::optional<Progress> progress);
  Result<TableName> target_name(const TableSchema& source);
  std::string session_settings() const;

  PostgresTargetOptions options_;
  Address address_;
  std::unique_ptr<Connection> control_;
  std::string schema_;  // first of the role's search_path, once known
  Lease lease_;
  std::shared_ptr<TargetShared> shared_;
  std::deque<FlushMark> marks_;  // versions that wait for their WAL to be flushed, ascending
  uint64_t flushed_ = 0;
  uint64_t handles_ = 0;
};

Status PostgresTarget::control() {
  if (control_ && !control_->broken()) return ok();
  if (control_ && shared_) {
    return Error(
        Blame::kTransient, "the control connection is lost: open the target again", std::string(kConnectionLost));
  }
  TRY_ASSIGN(control_, connect({}, kControlTimeout));
  return ok();
}

Result<TableName> PostgresTarget::target_name(const TableSchema& source) {
  if (options_.keep_schema) return source.name;
  if (schema_.empty()) {
    TRY(control());
    TRY_ASSIGN(schema_, default_schema(*control_));
  }
  return TableName{schema_, source.name.table};
}

Result<Opened> PostgresTarget::read_opened(Connection& connection,
                                           const std::string& pipeline,
                                           std::optional<Progress> progress) {
  Opened opened;
  opened.progress = std::move(progress);
  TRY_ASSIGN(opened.tables, read_states(connection, pipeline));
  TRY_ASSIGN(opened.schemas, read_schemas(connection, pipeline));
  TRY_ASSIGN(opened.prepared, read_prepared(connection, pipeline));
  TRY_ASSIGN(const auto letters, postgres::count_letters(connection, pipeline));
  for (const auto& [table, count] : letters) opened.held.push_back({table, {}, count});
  return opened;
}

// As the PostgreSQL source tells it. A server without control data (one that only speaks the protocol) is followed by no source.
Result<std::string> PostgresTarget::identity() {
  TRY(control());
  const auto found =
      control_->query("SELECT system_identifier, current_database() FROM pg_catalog.pg_control_system()", {});
  if (!found) {
    if (control_->broken()) return found.error();
    log_info(cat("who the target is can't be asked, so changes that came from it would be sent back to it: ",
                 found.error().message()));
    return std::string();
  }
  return cat("postgresql:", found->text(0, 0), ":", found->text(0, 1));
}

Result<bool> PostgresTarget::takes_messages() {
  TRY_ASSIGN(
      const Answer found,
      control_->query("SELECT coalesce(has_function_privilege(to_regprocedure('pg_catalog.pg_logical_emit_message("
                      "boolean, text, text)'), 'EXECUTE'), false)",
                      {}));
  return found.truth(0, 0);
}

Result<Opened> PostgresTarget::open(const OpenRequest& request) {
  control_.reset();
  shared_.reset();
  marks_.clear();
  TRY_ASSIGN(control_, connect({}, kControlTimeout));
  TRY_ASSIGN(schema_, default_schema(*control_));
  TRY_ASSIGN(const bool replica, runs_as_replica(*control_, !options_.triggers));
  TRY(ensure_objects(*control_, request.may_create));
  TRY_ASSIGN(auto progress, lease_.acquire(*control_, request));
  flushed_ = progress ? progress->version : 0;  // the takeover flushed everything before it
  TRY_ASSIGN(Opened opened, read_opened(*control_, request.pipeline, std::move(progress)));
  opened.epoch = lease_.epoch();
  if (opened.held.empty() && opened.prepared.empty()) TRY(prune_schemas(*control_, request.pipeline));
  if (!opened.held.empty()) {
    TRY_ASSIGN(opened.held, read_held_tables(*control_, request.pipeline));
  }
  shared_ = std::make_shared<TargetShared>();
  shared_->pipeline = request.pipeline;
  shared_->replica = replica;
  TRY_ASSIGN(shared_->messages, takes_messages());
  shared_->committed.with([&](uint64_t& version) { version = flushed_; });
  return opened;
}

Result<std::optional<Opened>> PostgresTarget::peek(const std::string& pipeline) {
  TRY_ASSIGN(const auto connection, connect({}, kControlTimeout));
  TRY_ASSIGN(const Objects found, find_objects(*connection));
  if (found != Objects::kPresent) return std::optional<Opened>();
  TRY(check_objects_version(*connection));
  TRY(connection->execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  TRY_ASSIGN(auto progress, read_progress(*connection, pipeline));
  if (!progress) return std::optional<Opened>();
  TRY_ASSIGN(Opened opened, read_opened(*connection, pipeline, std::move(progress)));
  opened.epoch = opened.progress->epoch;
  TRY_ASSIGN(opened.runs, lease_held(*connection, pipeline));
  return std::optional<Opened>(std::move(opened));
}

Status PostgresTarget::write_start(const Progress& initial,
                                   const std::vector<TableStateRow>& tables,
                                   const std::vector<SchemaRef>& schemas) {
  const std::string& name = shared_->pipeline;
  TRY(control_->execute("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on"));
  TRY_ASSIGN(const Answer lease,
             control_->query("SELECT epoch FROM _weft.lease WHERE pipeline = $1 FOR UPDATE", {name}));
  if (lease.rows() == 0 || static_cast<uint64_t>(lease.number(0, 0)) != lease_.epoch()) {
    return Error(Blame::kConfig, cat("pipeline ", name, " was taken over by another process"), std::string(kEpochLost));
  }
  TRY_ASSIGN(const auto there, read_progress(*control_, name));
  if (there)
    return Error(Blame::kTransient, cat("pipeline ", name, " has progress already"), std::string(kProgressMoved));
  Progress first = initial;
  first.epoch = lease_.epoch();
  TRY(insert_progress(*control_, name, first));
  Pipeline pipeline(*control_);
  TRY(send_states(pipeline, name, tables, 0));
  TRY(send_schemas(pipeline, name, schemas, 0));
  TRY(pipeline.send("COMMIT", 0));
  TRY(pipeline.finish([](uint64_t, const Answer&) {}));
  return pipeline.trim();
}

Status PostgresTarget::start(const Progress& initial,
                             const std::vector<TableStateRow>& tables,
                             const std::vector<SchemaRef>& schemas) {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "start() of a target that is not open");
  if (Status written = write_start(initial, tables, schemas); !written) {
    if (!control_->broken()) TRY(control_->execute("ROLLBACK"));
    return written;
  }
  flushed_ = initial.version;
  shared_->committed.with([&](uint64_t& version) { version = initial.version; });
  return ok();
}

Status PostgresTarget::keep_lease() {
  TRY(control());
  return lease_.renew(*control_);
}

Status PostgresTarget::ask(const std::string& pipeline, const std::vector<std::string>& tables, std::string_view what) {
  TRY_ASSIGN(const auto connection, connect({}, kControlTimeout));
  return write_wish(*connection, pipeline, tables, what);
}

Result<bool> PostgresTarget::asked() {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "asked() of a target that is not open");
  return read_wishes(*control_, shared_->pipeline);
}

Result<std::vector<SchemaRef>> PostgresTarget::visit(const std::string& pipeline) {
  control_.reset();
  shared_.reset();
  TRY_ASSIGN(control_, connect({}, kControlTimeout));
  TRY_ASSIGN(schema_, default_schema(*control_));
  TRY_ASSIGN(const bool replica, runs_as_replica(*control_, !options_.triggers));
  TRY_ASSIGN(const Objects found, find_objects(*control_));
  std::optional<Progress> progress;
  if (found == Objects::kPresent) {
    TRY(check_objects_version(*control_));
    TRY_ASSIGN(progress, read_progress(*control_, pipeline));
  }
  if (!progress) {
    return Error(Blame::kConfig, cat("pipeline ", pipeline, " never ran into ", control_->where()));
  }
  shared_ = std::make_shared<TargetShared>();
  shared_->pipeline = pipeline;
  shared_->replica = replica;
  return read_schema_history(*control_, pipeline);
}

Result<std::vector<DeadLetter>> PostgresTarget::dead_letters(const std::string& pipeline,
                                                             uint64_t after_id,
                                                             size_t limit) {
  if (!shared_) TRY(visit(pipeline));
  return read_letters(*control_, pipeline, {}, after_id, limit);
}

Result<uint64_t> PostgresTarget::discard(const std::string& pipeline, const std::vector<uint64_t>& ids) {
  if (!shared_) TRY(visit(pipeline));
  return remove_letters(*control_, pipeline, ids);
}

Result<std::map<std::string, uint64_t>> PostgresTarget::count_letters() {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "count_letters() of a target that is not open");
  return postgres::count_letters(*control_, shared_->pipeline);
}

Result<std::vector<KeptVersion>> PostgresTarget::kept_versions() {
  TRY(control());
  return read_kept_versions(*control_, shared_->pipeline);
}

Result<std::vector<std::string>> PostgresTarget::kept_since(uint64_t version) {
  TRY(control());
  return read_kept_since(*control_, shared_->pipeline, version);
}

Status PostgresTarget::drop_kept() {
  TRY(control());
  return drop_recent_keys(*control_, shared_->pipeline);
}

Result<TargetTableRef> PostgresTarget::table(const SchemaRef& source, bool leave_out) {
  TRY(control());
  TRY_ASSIGN(const TableName name, target_name(*source));
  TRY_ASSIGN(const auto found, read_table(*control_, name, !options_.triggers));
  if (!found) {
    return Error(Blame::kConfig,
                 cat("table ",
                     name.text(),
                     " is missing at ",
                     control_->where(),
                     ": create it, or run with --create-tables"))
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

Result<std::string> PostgresTarget::create_table_sql(const TableSchema& source) {
  TRY_ASSIGN(const TableName name, target_name(source));
  return create_table_statement(source, name);
}

Status PostgresTarget::create_table(const TableSchema& source) {
  TRY_ASSIGN(const std::string sql, create_table_sql(source));
  TRY(control());
  if (const auto created = control_->execute(sql); !created) {
    return created.error().with(cat("creating table ", source.name.table)).about(source.name.text());
  }
  return ok();
}

// In one transaction, for the holder of the epoch only.
Status PostgresTarget::run_as_holder(const std::vector<std::string>& statements) {
  TRY(control_->execute("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '10s'"));
  TRY_ASSIGN(const Answer lease,
             control_->query("SELECT epoch FROM _weft.lease WHERE pipeline = $1 FOR UPDATE", {shared_->pipeline}));
  if (lease.rows() == 0 || static_cast<uint64_t>(lease.number(0, 0)) != lease_.epoch()) {
    return Error(Blame::kConfig,
                 cat("pipeline ", shared_->pipeline, " was taken over by another process"),
                 std::string(kEpochLost));
  }
  for (const std::string& sql : statements) {
    if (const auto done = control_->execute(sql); !done) return done.error().with(sql);
  }
  if (const auto done = control_->execute("COMMIT"); !done) return done.error();
  return ok();
}

Result<std::vector<std::string>> PostgresTarget::evolve(const TableSchema& source,
                                                        const std::vector<ColumnToAdd>& columns) {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "evolve() of a target that is not open");
  TRY_ASSIGN(const TableName name, target_name(source));
  TRY_ASSIGN(const auto found, read_table(*control_, name, !options_.triggers));
  if (!found) return std::vector<std::string>();
  TRY_ASSIGN(std::vector<std::string> statements, evolve_statements(*found, source, columns));
  if (statements.empty()) return statements;
  if (Status done = run_as_holder(statements); !done) {
    if (!control_->broken()) TRY(control_->execute("ROLLBACK"));
    // A lock that someone holds goes away.
    if (done.error().blame() == Blame::kConflict) return Error(Blame::kTransient, done.error().message());
    return std::move(done).error();
  }
  return statements;
}

Result<bool> PostgresTarget::exists(const TableSchema& source) {
  TRY_ASSIGN(const TableName name, target_name(source));
  TRY(control());
  TRY_ASSIGN(const Answer found, control_->query("SELECT to_regclass($1) IS NOT NULL", {quote_name(name)}));
  return found.truth(0, 0);
}

Result<bool> PostgresTarget::has_rows(const TargetTable& table) {
  TRY(control());
  TRY_ASSIGN(const Answer found, control_->query(cat("SELECT EXISTS (SELECT FROM ", quote_name(table.name), ")"), {}));
  return found.truth(0, 0);
}

Status PostgresTarget::analyze(const TargetTable& table) {
  TRY(control());
  control_->set_answer_timeout(std::chrono::hours(1));
  const auto done = control_->execute(cat("ANALYZE ", quote_name(table.name)));
  control_->set_answer_timeout(kControlTimeout);
  if (!done) return done.error().with(cat("analyzing ", table.name.text()));
  return ok();
}

std::string PostgresTarget::session_settings() const {
  std::string sql(kApplySettings);
  sql +=
      options_.durable_commits
          ? "; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
          : "; SET synchronous_commit = off";
  if (!options_.triggers) sql += "; SET session_replication_role = replica";
  if (control_->server_version() >= kCheckIntervalServer) sql += "; SET client_connection_check_interval = '5s'";
  sql += "; " + lane_mark_sql(shared_->pipeline);
  // Last: triggers find what their owners named without a schema; statements of ours name schemas and operators.
  const std::string& theirs = control_->role_search_path();
  const std::string path = cat("pg_catalog", theirs.empty() ? "" : ", ", theirs);
  return sql + cat("; SELECT pg_catalog.set_config('search_path', ", quote_literal(path), ", false)");
}

Result<std::string> PostgresTarget::prepared(const std::string& name, uint64_t piece) {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "prepared() of a target that is not open");
  return read_prepared_piece(*control_, shared_->pipeline, name, piece);
}

Result<std::unique_ptr<TargetSession>> PostgresTarget::session() {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "session() of a target that is not open");
  TRY_ASSIGN(auto connection, connect(session_settings(), {}));
  return std::unique_ptr<TargetSession>(std::make_unique<PostgresSession>(shared_, std::move(connection)));
}

Result<std::unique_ptr<TargetKeys>> PostgresTarget::keys(const TargetTableRef& table) {
  CHECK(shared_ != nullptr);
  auto plan = shared_->plans.with([&](auto& plans) { return plans.at(table->handle); });
  TRY_ASSIGN(auto connection, connect({}, kControlTimeout));
  return read_keys(std::move(connection), std::move(plan));
}

// What was committed before this question is in the WAL up to the insert position in its answer; it is safe once the flush
// position has passed that. So commits themselves need not ask for their place.
Result<uint64_t> PostgresTarget::flushed() {
  TRY(control());
  if (!shared_) return Error(Blame::kBug, "flushed() of a target that is not open");
  const uint64_t committed = shared_->committed.with([](uint64_t version) { return version; });
  if (options_.durable_commits) flushed_ = committed;
  if (committed == flushed_) return flushed_;
  TRY_ASSIGN(const Answer lsn,
             control_->query("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, "
                             "pg_current_wal_flush_lsn() - '0/0'::pg_lsn",
                             {}));
  if (marks_.empty() || marks_.back().version < committed) {
    if (marks_.size() == kMarksLimit) marks_.pop_back();
    marks_.push_back({committed, lsn.number(0, 0)});
  }
  while (!marks_.empty() && marks_.front().lsn <= lsn.number(0, 1)) {
    flushed_ = marks_.front().version;
    marks_.pop_front();
  }
  return flushed_;
}

std::vector<Finding> PostgresTarget::check(const std::vector<SchemaRef>& tables) {
  auto connection = connect({}, kControlTimeout);
  if (!connection) return {{Finding::Level::kError, connection.error().message(), {}}};
  return check_target(**connection,
                      tables,
                      {.triggers = options_.triggers,
                       .setup = options_.setup,
                       .keep_schema = options_.keep_schema,
                       .leave_out_columns = options_.leave_out_columns});
}

void PostgresTarget::close() {
  if (control_ && shared_) lease_.release(*control_);
  shared_.reset();
  control_.reset();
}

}  // namespace

Result<std::unique_ptr<Target>> make_postgres_target(PostgresTargetOptions options) {
  TRY_ASSIGN(Address address, Address::parse(options.url));
  options.url.clear();
  return std::unique_ptr<Target>(std::make_unique<PostgresTarget>(std::move(options), std::move(address)));
}

}  // namespace weft::postgres
