// SPDX-License-Identifier: Apache-2.0
// The stream's session is used by the thread that reads and by the keeper, which answers the server while nobody reads (hard
// case 21): under `stream_mutex_`, never while waiting.
#include "source/postgres/postgres_source.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/pgoutput/stream.h"
#include "engine/postgres/connection.h"
#include "engine/postgres/quote.h"
#include "model/table_filter.h"
#include "source/postgres/captured.h"
#include "source/postgres/check.h"
#include "source/postgres/delivered.h"
#include "source/postgres/slot.h"
#include "source/postgres/table_reader.h"

namespace weft::postgres {
namespace {

using pgoutput::Frame;
using pgoutput::Keepalive;
using pgoutput::OutputStream;
using pgoutput::WalData;

constexpr Duration kSlice = std::chrono::milliseconds(50);     // a stop request is seen at least this often
constexpr Duration kReportEvery = std::chrono::seconds(1);     // what is flushed, at least
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

  ~PostgresSource() override { stop_keeper(); }

  Result<SourceInfo> connect() override;

  std::vector<Finding> check() override { return check_source(address_, filter_, options_.slot); }

  Result<std::vector<std::string>> set_up(bool dry_run) override;
  Result<std::vector<std::string>> tear_down(bool dry_run) override;
  Result<std::vector<SchemaRef>> tables() override;

  void use_schemas(const std::vector<SchemaRef>& schemas) override { schemas_ = schemas; }

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
  Status make_ready();
  Status run(const std::vector<std::string>& statements);
  Status start(const PgPosition& from);
  Result<bool> feed_available();
  Status feed(std::string_view bytes);
  std::optional<Batch> take();
  std::optional<Batch> place_moved();
  Batch empty_batch(uint64_t lsn);
  Status report(bool ask);
  void start_keeper();
  void stop_keeper();

  PostgresSourceOptions options_;
  Address address_;
  TableFilter filter_;
  std::unique_ptr<Connection> control_;
  SystemIdentity identity_;
  std::string slot_;
  bool made_ = false;
  std::vector<SchemaRef> schemas_;
  std::shared_ptr<Delivered> delivered_ = std::make_shared<Delivered>();

  std::unique_ptr<Captured> captured_;
  std::unique_ptr<OutputStream> stream_;
  Status broken_;
  uint64_t position_ = 0;  // behind what was handed on
  uint64_t heard_ = 0;     // the server has sent everything that committed before
  Duration ask_after_ = kAskFirst;
  SteadyTime silent_since_{};
  std::atomic<uint64_t> flushed_ = 0;
  std::atomic<uint64_t> stood_ = 0;  // position_, for backlog_bytes()
  std::atomic<uint64_t> log_end_ = 0;

  mutable std::mutex stream_mutex_;
  std::unique_ptr<Connection> walsender_;  // under stream_mutex_ once the keeper runs
  SteadyTime reported_at_{};               // the same
  std::condition_variable_any keeper_wakes_;
  std::jthread keeper_;
};

Result<std::unique_ptr<Connection>> PostgresSource::session(bool replication) const {
  return Connection::open({.address = &address_,
                           .stop = options_.stop,
                           .settings = replication ? std::string(kStreamSettings) : std::string(),
                           .replication = replication});
}

Result<SourceInfo> PostgresSource::connect() {
  stop_keeper();
  stream_.reset();
  walsender_.reset();
  control_.reset();
  schemas_.clear();
  auto opened = session(false);
  if (!opened && opened.error().code() == kNotReached) {
    return Error(opened.error().blame(), opened.error().message(), std::string(kUnreachable));
  }
  TRY_ASSIGN(control_, std::move(opened));
  TRY_ASSIGN(walsender_, session(true));
  TRY_ASSIGN(identity_, identify(*walsender_));
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
  const std::string refused = without_identity(found);
  if (!refused.empty()) return Error(Blame::kConfig, refused);
  std::vector<SchemaRef> schemas;
  for (const CatalogueTable& table : found) schemas.push_back(table.schema);
  return schemas;
}

// A table without a replica identity must not be published: the source itself would refuse its updates from then on.
Status PostgresSource::make_ready() {
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
  TRY_ASSIGN(const auto statements, missing_statements(*control_, slot_, found));
  return run(statements);
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
  TRY_ASSIGN(auto statements, missing_statements(*control_, slot_, found));
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
  if (!made_) TRY(make_ready());
  made_ = true;
  TRY_ASSIGN(const Answer now, control_->query("SELECT pg_catalog.pg_current_wal_insert_lsn()", {}));
  TRY_ASSIGN(const uint64_t lsn, parse_lsn(now.text(0, 0)));
  return Position(PgPosition{identity_.timeline, end_of_record(lsn)}.text());
}

Status PostgresSource::open(const Position& after) {
  CHECK_MSG(control_ != nullptr, "connect() comes before open()");
  stop_keeper();
  stream_.reset();
  broken_ = ok();
  TRY_ASSIGN(const PgPosition from, position_of(after));
  if (!walsender_) {
    TRY_ASSIGN(walsender_, session(true));
  }
  TRY(check_timeline(*walsender_, identity_, from));
  TRY_ASSIGN(const auto slot, find_slot(*control_, slot_));
  const std::string mend = "; start again with --on-lost-position=resnapshot or repair";
  const auto lost = [&](const std::string& why) {
    return Error(Blame::kConfig, cat(why, mend), std::string(kPositionLost));
  };
  if (!slot) return lost(cat("there is no replication slot ", slot_, " at ", control_->where()));
  if (slot->lost)
    return lost(cat("the server has removed the log that slot ", slot_, " needs (max_slot_wal_keep_size)"));
  if (slot->confirmed > from.lsn) {
    return lost(cat("slot ", slot_, " begins at ", lsn_text(slot->confirmed), ", behind our position ", from.text()));
  }
  TRY_ASSIGN(const Answer now, control_->query("SELECT pg_catalog.pg_current_wal_insert_lsn()", {}));
  TRY_ASSIGN(const uint64_t end, parse_lsn(now.text(0, 0)));
  if (from.lsn > end) {
    return lost(cat("our position ", from.text(), " is ahead of the server's log, which ends at ", lsn_text(end)));
  }
  if (schemas_.empty()) {
    TRY_ASSIGN(schemas_, tables());
  }
  captured_ = std::make_unique<Captured>([this](const TableName& table) { return ask(table); });
  captured_->use(schemas_);
  stream_ = std::make_unique<OutputStream>(options_.fragment_bytes, *captured_);
  delivered_->clear();
  return start(from);
}

Status PostgresSource::start(const PgPosition& from) {
  position_ = heard_ = from.lsn;
  flushed_ = 0;
  stood_ = log_end_ = from.lsn;
  ask_after_ = kAskFirst;
  silent_since_ = reported_at_ = real_clock().now();
  TRY(walsender_->stream_begin(cat("START_REPLICATION SLOT ",
                                   quote_identifier(slot_),
                                   " LOGICAL ",
                                   lsn_text(from.lsn),
                                   " (proto_version '1', publication_names ",
                                   quote_literal(quote_identifier(slot_)),
                                   ")")));
  start_keeper();
  return ok();
}

Status PostgresSource::feed(std::string_view bytes) {
  TRY_ASSIGN(const Frame frame, pgoutput::parse_frame(bytes));
  if (const auto* data = std::get_if<WalData>(&frame)) {
    log_end_.store(std::max(log_end_.load(std::memory_order_relaxed), data->end), std::memory_order_relaxed);
    return stream_->feed(data->payload);
  }
  const auto& keepalive = std::get<Keepalive>(frame);
  heard_ = std::max(heard_, keepalive.end);
  log_end_.store(std::max(log_end_.load(std::memory_order_relaxed), keepalive.end), std::memory_order_relaxed);
  return keepalive.reply ? report(false) : ok();
}

// Feeds what is there without waiting; true if a batch is full before that is all.
Result<bool> PostgresSource::feed_available() {
  const std::lock_guard lock(stream_mutex_);
  for (;;) {
    TRY_ASSIGN(const auto message, walsender_->stream_poll());
    if (!message) return false;
    silent_since_ = real_clock().now();
    TRY(feed(*message));
    if (stream_->pending_bytes() >= options_.batch_bytes && stream_->ready()) return true;
  }
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
  if (stream_->in_transaction() || heard_ <= position_) return std::nullopt;
  position_ = heard_;
  stood_ = position_;
  return empty_batch(position_);
}

Result<std::optional<Batch>> PostgresSource::next(Duration timeout, std::stop_token stop) {
  if (!stream_) return Error(Blame::kBug, "next() before open()");
  if (!broken_) return broken_.error();
  const SteadyTime deadline = real_clock().now() + timeout;
  for (;;) {
    Result<bool> full = feed_available();
    if (!full) broken_ = full.error();
    if (stream_->ready()) return take();
    if (!full) return std::move(full).error();
    if (std::optional<Batch> moved = place_moved()) return moved;
    const SteadyTime now = real_clock().now();
    if (now >= deadline || stop.stop_requested()) return std::optional<Batch>();
    if (!stream_->in_transaction() && now - silent_since_ >= ask_after_) {
      const std::lock_guard lock(stream_mutex_);
      if (broken_ = report(true); !broken_) return broken_.error();
      silent_since_ = now;
      ask_after_ = std::min(ask_after_ * 2, kAskMax);
    }
    Result<bool> waited = walsender_->stream_wait(std::min({deadline - now, kSlice, ask_after_}));
    if (!waited) {
      broken_ = waited.error();
      return std::move(waited).error();
    }
  }
}

// REQUIRES: stream_mutex_ is held.
Status PostgresSource::report(bool ask) {
  reported_at_ = real_clock().now();
  return walsender_->copy_data(pgoutput::standby_status(flushed_.load(), real_clock().wall_us(), ask));
}

void PostgresSource::start_keeper() {
  keeper_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(stream_mutex_);
    while (!stop.stop_requested()) {
      keeper_wakes_.wait_for(lock, stop, std::chrono::nanoseconds(kReportEvery), [] { return false; });
      if (stop.stop_requested() || real_clock().now() - reported_at_ < kReportEvery) continue;
      // An error is the reader's to find.
      if (!report(false)) return;
    }
  });
}

void PostgresSource::stop_keeper() {
  if (!keeper_.joinable()) return;
  keeper_.request_stop();
  keeper_.join();
  walsender_.reset();
}

Status PostgresSource::acknowledge(const Position& position) {
  TRY_ASSIGN(const PgPosition flushed, position_of(position));
  uint64_t before = flushed_.load();
  while (flushed.lsn > before && !flushed_.compare_exchange_weak(before, flushed.lsn)) continue;
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
      delivered_);
}

std::optional<uint64_t> PostgresSource::backlog_bytes() const {
  const uint64_t end = log_end_.load();
  const uint64_t stood = stood_.load();
  return end > stood ? end - stood : 0;
}

}  // namespace

Result<std::unique_ptr<Source>> make_postgres_source(PostgresSourceOptions options) {
  TRY_ASSIGN(Address address, Address::parse(options.url));
  return std::unique_ptr<Source>(std::make_unique<PostgresSource>(std::move(options), std::move(address)));
}

}  // namespace weft::postgres
