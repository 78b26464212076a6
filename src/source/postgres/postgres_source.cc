// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/postgres_source.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/pgoutput/stream.h"
#include "engine/postgres/connection.h"
#include "model/table_filter.h"
#include "source/postgres/captured.h"
#include "source/postgres/check.h"
#include "source/postgres/delivered.h"
#include "source/postgres/read_view.h"
#include "source/postgres/slot.h"
#include "source/postgres/table_reader.h"
#include "source/postgres/wal_stream.h"

namespace weft::postgres {
namespace {

using pgoutput::OutputStream;

static_assert(pgoutput::kNeedsCopy == kNeedsCopy);

constexpr Duration kSlice = std::chrono::milliseconds(50);     // a stop request is seen at least this often
constexpr Duration kAskFirst = std::chrono::milliseconds(20);  // after silence: how far has the server read?
constexpr Duration kAskMax = std::chrono::seconds(1);
// The server gives a silent client up after this; we speak every second.
constexpr std::string_view kStreamSettings = "SET wal_sender_timeout = '60s'";

class PostgresSource final : public Source {
 public:
  PostgresSource(PostgresSourceOptions options, Address address)
      : options_(std::move(options)), address_(std::move(address)), filter_(options_.tables, options_.exclude) {
    filter_.take_any_schema();
  }

  Result<SourceInfo> connect() override;

  std::vector<Finding> check() override { return check_source(address_, filter_, options_.slot); }

  Result<std::vector<std::string>> set_up(bool dry_run) override;
  Result<std::vector<std::string>> tear_down(bool dry_run) override;
  Result<std::vector<SchemaRef>> tables() override;

  void use_schemas(const std::vector<SchemaRef>& schemas) override { schemas_ = schemas; }

  Result<std::string> lacks_old_values(const TableSchema& table) override;
  Status prepare() override;
  Result<Position> head() override;
  Status open(const Position& after) override;
  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override;
  Status acknowledge(const Position& position) override;
  bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override;
  bool includes(const Position& a, const Position& b) const override;
  Result<std::unique_ptr<TableReader>> table_reader() override;

  Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view before,
                                                            std::string_view saved,
                                                            size_t count) const override {
    return PgPositionLog::load(before, saved, count);
  }

  std::optional<uint64_t> backlog_bytes() const override;

 private:
  Result<std::unique_ptr<Connection>> session(bool replication) const;
  Result<std::vector<CatalogueTable>> captured_tables();
  Result<std::vector<CatalogueTable>> ask(const TableName& table);
  Status make_ready(Slots with_slot);
  Status run(const std::vector<std::string>& statements);
  Status start(const PgPosition& from);
  Status open_walsender();
  void drop_stream();
  Result<bool> feed_available();
  std::optional<Batch> take();
  std::optional<Batch> place_moved();
  Batch empty_batch(uint64_t lsn);

  PostgresSourceOptions options_;
  Address address_;
  TableFilter filter_;
  std::unique_ptr<Connection> control_;
  SystemIdentity identity_;
  ServerState server_;
  std::string slot_;
  bool ready_ = false;
  std::vector<SchemaRef> schemas_;
  std::optional<bool> known_in_binary_;  // the values of all captured tables, when the catalogue was read last
  bool needs_text_ = false;  // a value came that only its text tells: the stream is opened for text from then on
  std::shared_ptr<Delivered> delivered_ = std::make_shared<Delivered>();

  std::unique_ptr<Captured> captured_;
  std::unique_ptr<OutputStream> stream_;
  Status broken_;
  uint64_t position_ = 0;  // behind what was handed on
  bool started_ = false;
  Duration ask_after_ = kAskFirst;
  SteadyTime silent_since_{};
  std::atomic<uint64_t> stood_ = 0;                           // position_, for backlog_bytes()
  std::shared_ptr<WalStream> wal_;                            // made by connect()
  mutable Guarded<std::shared_ptr<WalStream>> acknowledges_;  // wal_, for other threads
};

Result<std::unique_ptr<Connection>> PostgresSource::session(bool replication) const {
  return Connection::open({.address = &address_,
                           .stop = options_.stop,
                           .settings = replication ? std::string(kStreamSettings) : std::string(),
                           .replication = replication});
}

Result<SourceInfo> PostgresSource::connect() {
  drop_stream();
  control_.reset();
  schemas_.clear();
  known_in_binary_.reset();
  auto opened = session(false);
  if (!opened && opened.error().code() == kNotReached) {
    return Error(opened.error().blame(), opened.error().message(), std::string(kUnreachable));
  }
  TRY_ASSIGN(control_, std::move(opened));
  TRY_ASSIGN(server_, server_state(*control_));
  if (options_.only_reads) {
    TRY_ASSIGN(identity_, identify_by_sql(*control_));
  } else {
    TRY(open_walsender());
    TRY_ASSIGN(identity_, identify(wal_->session()));
  }
  slot_ = options_.slot.empty() ? slot_name(identity_.database) : options_.slot;
  SourceInfo info{cat("postgresql:", identity_.system, ":", identity_.database),
                  cat("PostgreSQL ", control_->server_version() / 10000),
                  address_.hosts().size() > 1};
  return info;
}

Result<std::vector<CatalogueTable>> PostgresSource::captured_tables() {
  TRY_ASSIGN(std::vector<CatalogueTable> all, load_tables(*control_));
  std::vector<CatalogueTable> tables;
  for (CatalogueTable& table : all) {
    if (filter_.matches(table.schema->name.schema, table.schema->name.table))
      tables.push_back(followed(std::move(table)));
  }
  known_in_binary_ =
      std::all_of(tables.begin(), tables.end(), [](const CatalogueTable& t) { return t.readable_in_binary(); });
  return tables;
}

Result<std::vector<CatalogueTable>> PostgresSource::ask(const TableName& table) {
  auto found = load_table(*control_, table);
  if (!found) {
    TRY_ASSIGN(control_, session(false));  // the session may have idled away
    found = load_table(*control_, table);
  }
  if (!found) return found;
  for (CatalogueTable& one : *found) one = followed(std::move(one));
  return found;
}

Result<std::vector<SchemaRef>> PostgresSource::tables() {
  TRY_ASSIGN(const std::vector<CatalogueTable> found, captured_tables());
  const std::string refused = options_.only_reads ? std::string() : without_identity(found);
  if (!refused.empty()) return Error(Blame::kConfig, refused);
  std::vector<SchemaRef> schemas;
  for (const CatalogueTable& table : found) schemas.push_back(table.schema);
  return schemas;
}

Result<std::string> PostgresSource::lacks_old_values(const TableSchema& table) {
  return without_old_values(*control_, table.name);
}

// A table without a replica identity must not be published: the source itself would refuse its updates from then on.
Status PostgresSource::make_ready(Slots with_slot) {
  TRY_ASSIGN(const Answer level, control_->query("SELECT pg_catalog.current_setting('wal_level')", {}));
  if (level.text(0, 0) != "logical") {
    return Error(Blame::kConfig,
                 cat("wal_level is ",
                     level.text(0, 0),
                     " at ",
                     control_->where(),
                     ": ALTER SYSTEM SET wal_level = 'logical', then restart the server"));
  }
  TRY_ASSIGN(const std::vector<CatalogueTable> found, captured_tables());
  const std::string refused = without_identity(found);
  if (!refused.empty()) return Error(Blame::kConfig, refused);
  if (!options_.setup || found.empty()) return ok();
  TRY_ASSIGN(const auto statements, missing_statements(*control_, slot_, found, with_slot));
  return run(statements);
}

Status PostgresSource::prepare() {
  CHECK_MSG(control_ != nullptr, "connect() comes before prepare()");
  return make_ready(Slots::kMade);
}

Status PostgresSource::run(const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) TRY(control_->execute(statement));
  return ok();
}

Result<std::vector<std::string>> PostgresSource::set_up(bool dry_run) {
  TRY(connect());
  TRY_ASSIGN(const std::vector<CatalogueTable> found, captured_tables());
  const std::string refused = without_identity(found);
  if (!refused.empty()) return Error(Blame::kConfig, refused);
  TRY_ASSIGN(auto statements, missing_statements(*control_, slot_, found, Slots::kMade));
  if (!dry_run) TRY(run(statements));
  return statements;
}

Result<std::vector<std::string>> PostgresSource::tear_down(bool dry_run) {
  TRY(connect());
  TRY_ASSIGN(auto statements, removing_statements(*control_, slot_));
  if (!dry_run) TRY(run(statements));
  return statements;
}

Result<Position> PostgresSource::head() {
  CHECK_MSG(control_ != nullptr, "connect() comes before head()");
  if (!ready_ && !options_.only_reads) TRY(make_ready(Slots::kLeft));
  ready_ = true;
  if (control_->broken() && options_.only_reads) {
    TRY_ASSIGN(control_, session(false));
  }
  const std::string_view end_of_log = server_.in_recovery ? "pg_last_wal_replay_lsn" : "pg_current_wal_insert_lsn";
  TRY_ASSIGN(const Answer now, control_->query(cat("SELECT pg_catalog.", end_of_log, "()"), {}));
  TRY_ASSIGN(const uint64_t lsn, parse_lsn(now.text(0, 0)));
  const uint64_t end = end_of_record(lsn, server_.page_bytes, server_.segment_bytes);
  return Position(PgPosition{identity_.timeline, end}.text());
}

Status PostgresSource::open(const Position& after) {
  CHECK_MSG(control_ != nullptr, "connect() comes before open()");
  stream_.reset();
  broken_ = ok();
  TRY_ASSIGN(const PgPosition from, position_of(after));
  if (!wal_ || started_) TRY(open_walsender());
  TRY(check_timeline(wal_->session(), identity_, from));
  TRY(check_slot(*control_, slot_, from));
  if (schemas_.empty()) {
    TRY_ASSIGN(schemas_, tables());
  }
  captured_ = std::make_unique<Captured>([this](const TableName& table) { return ask(table); });
  captured_->use(schemas_);
  stream_ = std::make_unique<OutputStream>(options_.fragment_bytes, *captured_);
  delivered_->clear();
  if (!known_in_binary_) TRY(captured_tables());
  return start(from);
}

Status PostgresSource::start(const PgPosition& from) {
  position_ = from.lsn;
  stood_ = from.lsn;
  ask_after_ = kAskFirst;
  silent_since_ = real_clock().now();
  started_ = true;
  return wal_->start(slot_, from, *known_in_binary_ && !needs_text_ ? ValuesAs::kBinary : ValuesAs::kText);
}

Status PostgresSource::open_walsender() {
  drop_stream();
  TRY_ASSIGN(auto walsender, session(true));
  wal_ = std::make_shared<WalStream>(std::move(walsender));
  acknowledges_.with([&](std::shared_ptr<WalStream>& wal) { wal = wal_; });
  return ok();
}

void PostgresSource::drop_stream() {
  stream_.reset();
  acknowledges_.with([](std::shared_ptr<WalStream>& wal) { wal.reset(); });
  wal_.reset();
  started_ = false;
}

// Feeds what is there without waiting; true if a batch is full before that is all.
Result<bool> PostgresSource::feed_available() {
  bool any = false;
  Result<bool> full = wal_->poll([&](std::string_view payload) -> Result<bool> {
    any = true;
    TRY(stream_->feed(payload));
    return stream_->pending_bytes() >= options_.batch_bytes && stream_->ready();
  });
  if (any) silent_since_ = real_clock().now();
  return full;
}

std::optional<Batch> PostgresSource::take() {
  auto log = std::make_shared<PgPositionLog>(identity_.timeline);
  for (const pgoutput::EndOfTransaction& end : stream_->ends()) log->add({end.lsn, end.xid});
  const auto ends = stream_->ends();
  Batch batch = stream_->take(std::move(log));
  for (const Transaction& tx : batch.transactions()) {
    if (!tx.last) continue;
    const pgoutput::EndOfTransaction& end = ends[tx.position_index];
    delivered_->add(end.xid, end.lsn);
    position_ = end.lsn;
  }
  ask_after_ = kAskFirst;
  stood_ = position_;
  return batch;
}

Batch PostgresSource::empty_batch(uint64_t lsn) {
  auto log = std::make_shared<PgPositionLog>(identity_.timeline);
  log->add({lsn, 0});
  Arena arena(256);
  BatchBuilder builder(arena);
  builder.begin(0);
  builder.end(0);
  return builder.finish(std::move(log));
}

// The log goes on without transactions of ours: it must be confirmed all the same, or the server keeps it for ever.
std::optional<Batch> PostgresSource::place_moved() {
  if (stream_->in_transaction() || wal_->heard() <= position_) return std::nullopt;
  position_ = wal_->heard();
  stood_ = position_;
  return empty_batch(position_);
}

Result<std::optional<Batch>> PostgresSource::next(Duration timeout, std::stop_token stop) {
  if (!stream_) return Error(Blame::kBug, "next() before open()");
  if (!broken_) return broken_.error();
  const SteadyTime deadline = real_clock().now() + timeout;
  for (;;) {
    Result<bool> full = feed_available();
    if (!full) {
      broken_ = full.error();
      needs_text_ = needs_text_ || full.error().code() == pgoutput::kNeedsText;
    }
    if (stream_->ready()) return take();
    if (!full) return std::move(full).error();
    if (std::optional<Batch> moved = place_moved()) return moved;
    const SteadyTime now = real_clock().now();
    if (now >= deadline || stop.stop_requested()) return std::optional<Batch>();
    if (!stream_->in_transaction() && now - silent_since_ >= ask_after_) {
      if (broken_ = wal_->ask(); !broken_) return broken_.error();
      silent_since_ = now;
      ask_after_ = std::min(ask_after_ * 2, kAskMax);
    }
    Result<bool> waited = wal_->wait(std::min({deadline - now, kSlice, ask_after_}));
    if (!waited) {
      broken_ = waited.error();
      return std::move(waited).error();
    }
  }
}

Status PostgresSource::acknowledge(const Position& position) {
  TRY_ASSIGN(const PgPosition flushed, position_of(position));
  const auto wal = acknowledges_.with([](const std::shared_ptr<WalStream>& open) { return open; });
  if (wal) wal->flushed(flushed.lsn);
  return ok();
}

bool PostgresSource::includes(const Position& position, const Batch& batch, const Transaction& tx) const {
  const auto* log = dynamic_cast<const PgPositionLog*>(batch.positions());
  const Result<PgPosition> place = position_of(position);
  return log != nullptr && place && log->entry(tx.position_index).end <= place->lsn;
}

bool PostgresSource::includes(const Position& a, const Position& b) const {
  const Result<PgPosition> first = position_of(a);
  const Result<PgPosition> second = position_of(b);
  return first && second && second->lsn <= first->lsn;
}

Result<std::unique_ptr<TableReader>> PostgresSource::table_reader() {
  return open_table_reader(
      [address = address_, stop = options_.stop, identity = identity_]() -> Result<std::unique_ptr<Connection>> {
        return Connection::open({.address = &address, .stop = stop});
      },
      options_.only_reads ? nullptr : delivered_);
}

std::optional<uint64_t> PostgresSource::backlog_bytes() const {
  const auto wal = acknowledges_.with([](const std::shared_ptr<WalStream>& open) { return open; });
  const uint64_t end = wal ? wal->log_end() : 0;
  const uint64_t stood = stood_.load();
  return end > stood ? end - stood : 0;
}

}  // namespace

Result<std::unique_ptr<Source>> make_postgres_source(PostgresSourceOptions options) {
  TRY_ASSIGN(Address address, Address::parse(options.url));
  return std::unique_ptr<Source>(std::make_unique<PostgresSource>(std::move(options), std::move(address)));
}

}  // namespace weft::postgres
