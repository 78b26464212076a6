// SPDX-License-Identifier: Apache-2.0
// long file: one class, a short method for each of an interface's.
#include "target/mysql/mysql_target.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/mysql/quote.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/objects.h"
#include "target/bookkeeping/opening.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/recent_keys.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"
#include "target/bookkeeping/teardown.h"
#include "target/mysql/check.h"
#include "target/mysql/connect.h"
#include "target/mysql/ddl.h"
#include "target/mysql/durability.h"
#include "target/mysql/evolve.h"
#include "target/mysql/holder.h"
#include "target/mysql/mysql_session.h"
#include "target/mysql/table_keys.h"
#include "target/mysql/target_errors.h"
#include "target/refusals.h"

namespace weft::mysql {
namespace {

// The session for weft's own tables, with what speaks through it.
struct Control {
  explicit Control(Connection connection)
      : session(std::move(connection)), queue(session, {}), port(queue), impatient(queue, true) {}

  Connection session;
  CommandQueue queue;
  MySqlPort port;
  MySqlPort impatient;  // for the lease: who waits for a lock must not be in the holder's way
};

class MySqlTarget final : public Target {
 public:
  explicit MySqlTarget(MySqlTargetOptions options)
      : options_(std::move(options)),
        where_(redacted(options_.server)),
        probe_(options_.end_zombies),
        lease_({.length = options_.lease,
                .grace = options_.lease,
                .probe = &probe_,
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
  Status control();
  Result<Opened> take_over(const OpenRequest& request);

  // Does it with the control session, which is opened anew after it was lost.
  template <class Work>
  auto with_control(Work&& work) -> decltype(work(std::declval<Control&>())) {
    if (Status there = control(); !there) return std::move(there).error();
    auto done = work(*control_);
    if (!done && done.error().blame() != Blame::kData && !(control_ && alive())) drop_control();
    return done;
  }

  bool alive() { return !control_->queue.broken() && control_->session.value("SELECT 1").has_value(); }

  void drop_control() {
    probe_.use(nullptr);
    control_.reset();
  }

  TableName name_at_target(const TableSchema& source) const {
    return mysql::name_at_target(source, options_.server.database);
  }

  std::shared_ptr<const TablePlan> plan_of(const TargetTable& table) const;

  MySqlTargetOptions options_;
  std::string where_;
  std::unique_ptr<Control> control_;
  SessionProbe probe_;
  bookkeeping::Lease lease_;
  Durability durability_;
  std::shared_ptr<TargetShared> shared_;
  uint64_t handles_ = 0;
  uint64_t lanes_ = 0;
};

Status MySqlTarget::control() {
  if (control_) return ok();
  TRY_ASSIGN(Connection session, open_control(options_.server));
  control_ = std::make_unique<Control>(std::move(session));
  probe_.use(&control_->session);
  // Its lock went with the session that was lost.
  if (lease_.epoch() != 0 && shared_) (void)probe_.session(shared_->pipeline);
  return ok();
}

Result<std::string> MySqlTarget::identity() {
  return with_control([&](Control& c) -> Result<std::string> {
    return cat("mysql:", c.session.facts().identity, ":", options_.server.database);
  });
}

Result<Opened> MySqlTarget::open(const OpenRequest& request) {
  drop_control();
  shared_.reset();
  durability_ = {};
  return with_control([&](Control&) { return take_over(request); });
}

Result<Opened> MySqlTarget::take_over(const OpenRequest& request) {
  MySqlPort& port = control_->port;
  TRY(bookkeeping::ensure_objects(port, request.may_create, where_));
  TRY_ASSIGN(auto progress, lease_.acquire(control_->impatient, request, where_));
  const uint64_t version = progress ? progress->version : 0;
  TRY_ASSIGN(Opened opened, bookkeeping::read_opened(port, request.pipeline, std::move(progress), lease_.epoch()));
  if (opened.held.empty() && opened.prepared.empty()) TRY(bookkeeping::prune_schemas(port, request.pipeline));
  shared_ = std::make_shared<TargetShared>();
  shared_->pipeline = request.pipeline;
  shared_->committed.with([&](uint64_t& v) { v = version; });
  lanes_ = 0;
  return opened;
}

Result<std::optional<Opened>> MySqlTarget::peek(const std::string& pipeline) {
  return with_control([&](Control& c) -> Result<std::optional<Opened>> {
    TRY_ASSIGN(auto opened, bookkeeping::peek(c.port, pipeline, where_));
    if (!opened) return opened;
    const std::string lock = quote_literal(session_lock(pipeline, options_.server.database, 0));
    TRY_ASSIGN(const auto holder, c.session.value(cat("SELECT IS_USED_LOCK(", lock, ")")));
    opened->runs = holder.has_value();
    return opened;
  });
}

Status MySqlTarget::start(const Progress& initial,
                          const std::vector<TableStateRow>& tables,
                          const std::vector<SchemaRef>& schemas) {
  if (!shared_) return Error(Blame::kBug, "start() of a target that is not open");
  return with_control([&](Control& c) -> Status {
    TRY(bookkeeping::write_start(c.port, lease_, shared_->pipeline, initial, tables, schemas));
    shared_->committed.with([&](uint64_t& version) { version = initial.version; });
    return ok();
  });
}

Status MySqlTarget::keep_lease() {
  return with_control([&](Control& c) { return lease_.renew(c.port); });
}

Status MySqlTarget::ask(const std::string& pipeline, const std::vector<std::string>& tables, std::string_view what) {
  return with_control([&](Control& c) { return bookkeeping::write_wish(c.port, pipeline, tables, what); });
}

Result<bool> MySqlTarget::asked() {
  if (!shared_) return Error(Blame::kBug, "asked() of a target that is not open");
  return with_control([&](Control& c) { return bookkeeping::read_wishes(c.port, shared_->pipeline); });
}

Result<std::vector<SchemaRef>> MySqlTarget::visit(const std::string& pipeline) {
  drop_control();
  shared_.reset();
  return with_control([&](Control& c) -> Result<std::vector<SchemaRef>> {
    TRY_ASSIGN(auto versions, bookkeeping::visit(c.port, pipeline, where_));
    shared_ = std::make_shared<TargetShared>();
    shared_->pipeline = pipeline;
    return versions;
  });
}

Result<std::vector<DeadLetter>> MySqlTarget::dead_letters(const std::string& pipeline,
                                                          uint64_t after_id,
                                                          size_t limit) {
  if (!shared_) TRY(visit(pipeline));
  return with_control([&](Control& c) { return bookkeeping::read_letters(c.port, pipeline, {}, after_id, limit); });
}

Result<uint64_t> MySqlTarget::discard(const std::string& pipeline, const std::vector<uint64_t>& ids) {
  if (!shared_) TRY(visit(pipeline));
  return with_control([&](Control& c) { return bookkeeping::remove_letters(c.port, pipeline, ids); });
}

Result<std::map<std::string, uint64_t>> MySqlTarget::count_letters() {
  return with_control([&](Control& c) { return bookkeeping::count_letters(c.port, shared_->pipeline); });
}

Result<std::vector<KeptVersion>> MySqlTarget::kept_versions() {
  return with_control([&](Control& c) { return bookkeeping::read_kept_versions(c.port, shared_->pipeline); });
}

Result<std::vector<std::string>> MySqlTarget::kept_since(uint64_t version) {
  return with_control([&](Control& c) { return bookkeeping::read_kept_since(c.port, shared_->pipeline, version); });
}

Status MySqlTarget::drop_kept() {
  return with_control([&](Control& c) { return bookkeeping::drop_kept(c.port, shared_->pipeline); });
}

Result<TargetTableRef> MySqlTarget::table(const SchemaRef& source, bool leave_out) {
  return with_control([&](Control& c) -> Result<TargetTableRef> {
    const TableName name = name_at_target(*source);
    TRY_ASSIGN(const auto found, read_table(c.session, name));
    if (!found) {
      return Error(Blame::kConfig,
                   cat("table ", name.text(), " is missing at the target: create it, or run with --create-tables"))
          .about(source->name.text());
    }
    std::vector<Finding> findings;
    auto plan = std::make_shared<TablePlan>(
        match_table(*found,
                    source,
                    c.session.facts(),
                    findings,
                    {.leave_out = leave_out || options_.leave_out_columns, .triggers = options_.triggers}));
    TRY(errors_of(findings));
    plan->table.handle = ++handles_;
    if (shared_) shared_->plans.with([&](auto& plans) { plans.emplace(plan->table.handle, plan); });
    return TargetTableRef(plan, &plan->table);
  });
}

Result<std::string> MySqlTarget::create_table_sql(const TableSchema& source) {
  return with_control(
      [&](Control& c) { return create_table_statement(source, name_at_target(source), c.session.facts()); });
}

Status MySqlTarget::create_table(const TableSchema& source) {
  return with_control([&](Control& c) -> Status {
    TRY_ASSIGN(const std::string sql, create_table_statement(source, name_at_target(source), c.session.facts()));
    if (Status created = c.session.execute(sql); !created) {
      return created.error().with(cat("creating table ", source.name.table)).about(source.name.text());
    }
    return ok();
  });
}

// Each statement commits by itself, and what it has done is not said again: after a crash the rest follows.
Result<std::vector<std::string>> MySqlTarget::evolve(const TableSchema& source,
                                                     const std::vector<ColumnToAdd>& columns) {
  if (!shared_) return Error(Blame::kBug, "evolve() of a target that is not open");
  return with_control([&](Control& c) -> Result<std::vector<std::string>> {
    TRY_ASSIGN(const auto found, read_table(c.session, name_at_target(source)));
    if (!found || found->view) return std::vector<std::string>();
    TRY_ASSIGN(const Rows definition, c.session.query(cat("SHOW CREATE TABLE ", quote_name(found->name))));
    TRY_ASSIGN(
        std::vector<std::string> statements,
        evolve_statements(*found, definition.empty() ? "" : definition.text(0, 1), c.session.facts(), source, columns));
    if (statements.empty()) return statements;
    TRY(lease_.renew(c.port));
    for (const std::string& sql : statements) {
      if (Status done = c.session.execute(sql); !done) return target_error(done.error(), true);
    }
    return statements;
  });
}

Result<bool> MySqlTarget::exists(const TableSchema& source) {
  return with_control([&](Control& c) -> Result<bool> {
    TRY_ASSIGN(const auto found, read_table(c.session, name_at_target(source)));
    return found.has_value();
  });
}

Result<bool> MySqlTarget::has_rows(const TargetTable& table) {
  return with_control([&](Control& c) -> Result<bool> {
    TRY_ASSIGN(const auto any, c.session.value(cat("SELECT 1 FROM ", quote_name(table.name), " LIMIT 1")));
    return any.has_value();
  });
}

// Not logged: a replica of the target looks for itself.
Status MySqlTarget::analyze(const TargetTable& table) {
  return with_control(
      [&](Control& c) { return c.session.execute(cat("ANALYZE NO_WRITE_TO_BINLOG TABLE ", quote_name(table.name))); });
}

Result<std::string> MySqlTarget::prepared(const std::string& name, uint64_t piece) {
  return with_control(
      [&](Control& c) { return bookkeeping::read_prepared_piece(c.port, shared_->pipeline, name, piece); });
}

Result<std::unique_ptr<TargetSession>> MySqlTarget::session() {
  if (!shared_) return Error(Blame::kBug, "session() of a target that is not open");
  TRY_ASSIGN(Connection connection, open_writer(options_.server));
  TRY_ASSIGN(const size_t limit, packet_limit(connection));
  const uint64_t lane = ++lanes_;
  // Sessions that only visit beside a process hold none of its locks.
  if (lease_.epoch() != 0 && lane < kSessionLocks) {
    const std::string lock =
        quote_literal(session_lock(shared_->pipeline, options_.server.database, static_cast<size_t>(lane)));
    TRY(connection.value(cat("SELECT GET_LOCK(", lock, ", 0)")));
  }
  return std::unique_ptr<TargetSession>(std::make_unique<MySqlSession>(shared_, std::move(connection), limit, lane));
}

std::shared_ptr<const TablePlan> MySqlTarget::plan_of(const TargetTable& table) const {
  return shared_->plans.with([&](auto& plans) {
    const auto at = plans.find(table.handle);
    return at == plans.end() ? nullptr : at->second;
  });
}

Result<std::unique_ptr<TargetKeys>> MySqlTarget::keys(const TargetTableRef& table) {
  auto plan = plan_of(*table);
  if (!plan) return Error(Blame::kBug, cat("table ", table->name.text(), " was not matched by this target"));
  TRY_ASSIGN(Connection connection, open_any(options_.server, {}));
  return read_keys(std::move(connection), std::move(plan));
}

Result<uint64_t> MySqlTarget::flushed() {
  const uint64_t committed = shared_->committed.with([](const uint64_t& version) { return version; });
  return with_control([&](Control& c) { return durability_.flushed(c.session, committed); });
}

std::vector<Finding> MySqlTarget::check(const std::vector<SchemaRef>& tables) {
  Result<Connection> session = open_any(options_.server, {.found_rows = true});
  if (!session) return {{Finding::Level::kError, session.error().message(), {}, {}}};
  return check_target(*session,
                      tables,
                      {.database = options_.server.database,
                       .setup = options_.setup,
                       .match = {.leave_out = options_.leave_out_columns, .triggers = options_.triggers}});
}

void MySqlTarget::close() {
  if (control_ && !control_->queue.broken()) lease_.release(control_->port);
  drop_control();
  shared_.reset();
}

// The statements of a teardown, carried out by who holds the pipeline. DDL commits by itself; each may run again.
Result<std::vector<std::string>> run_teardown(Control& control,
                                              const MySqlTeardown& request,
                                              const std::string& where) {
  TRY_ASSIGN(const auto statements,
             bookkeeping::teardown_statements(
                 control.port, {.pipeline = request.pipeline, .cutover = request.cutover}, where));
  if (request.dry_run) return statements;
  for (const std::string& sql : statements) TRY(control.session.execute(sql));
  return statements;
}

Status needs_database(const Options& server) {
  if (!server.database.empty()) return ok();
  return Error(Blame::kConfig,
               cat("the address of a target names a database: ", redacted(server), " should end with /DATABASE"));
}

}  // namespace

Result<std::unique_ptr<Target>> make_mysql_target(MySqlTargetOptions options) {
  TRY(needs_database(options.server));
  options.server.stop = options.stop;
  return std::unique_ptr<Target>(std::make_unique<MySqlTarget>(std::move(options)));
}

std::string mysql_setup_sql() {
  return bookkeeping::objects_sql(bookkeeping::Dialect::kMySql);
}

Status mysql_setup(const MySqlTargetOptions& options) {
  TRY(needs_database(options.server));
  TRY_ASSIGN(Connection session, open_control(options.server));
  Control control(std::move(session));
  return bookkeeping::ensure_objects(control.port, true, redacted(options.server));
}

Result<std::vector<std::string>> mysql_teardown(const MySqlTargetOptions& options, const MySqlTeardown& request) {
  TRY(needs_database(options.server));
  const std::string where = redacted(options.server);
  TRY_ASSIGN(Connection session, open_control(options.server));
  Control control(std::move(session));
  TRY_ASSIGN(const auto found, bookkeeping::find_objects(control.port));
  if (found == bookkeeping::Objects::kMissing) return std::vector<std::string>();
  SessionProbe probe(options.end_zombies);
  probe.use(&control.session);
  bookkeeping::Lease lease(
      {.length = options.lease, .grace = options.lease, .probe = &probe, .clock = options.clock, .stop = options.stop});
  if (!request.dry_run) {
    TRY(lease.acquire(control.impatient,
                      {.pipeline = request.pipeline, .source_id = {}, .wait = request.wait, .any_source = true},
                      where));
  }
  auto statements = run_teardown(control, request, where);
  lease.release(control.port);
  return statements;
}

}  // namespace weft::mysql
