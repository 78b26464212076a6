// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/sqlite_source.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/sqlite/url.h"
#include "source/sqlite/capture.h"
#include "source/sqlite/change_log.h"
#include "source/sqlite/check.h"
#include "source/sqlite/cuts.h"
#include "source/sqlite/position.h"
#include "source/sqlite/pruner.h"
#include "source/sqlite/shape.h"
#include "source/sqlite/table_reader.h"

namespace weft::sqlite {
namespace {

constexpr Duration kFirstPause = std::chrono::microseconds(500);  // between two looks for another commit
constexpr Duration kLongestPause = std::chrono::milliseconds(10);

constexpr std::string_view kStale = "stale-triggers";
constexpr std::string_view kMend = "; start again with --on-lost-position=resnapshot or repair";

class SqliteSource final : public Source {
 public:
  SqliteSource(SqliteSourceOptions options, std::string path)
      : options_(std::move(options)),
        path_(std::move(path)),
        filter_(options_.tables, options_.exclude),
        pruner_(path_, options_.reader, options_.stop) {
    filter_.take_any_schema();
    filter_.ignore_case(true);
  }

  Result<SourceInfo> connect() override;

  std::vector<Finding> check() override { return check_source(path_, filter_, options_.setup); }

  Result<std::vector<std::string>> set_up(bool dry_run) override;
  Result<std::vector<std::string>> tear_down(bool dry_run) override;
  Result<std::vector<SchemaRef>> tables() override;

  void use_schemas(const std::vector<SchemaRef>& schemas) override { schemas_ = schemas; }

  Status prepare() override;
  Result<Position> head() override;
  Status open(const Position& after) override;
  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override;
  Status acknowledge(const Position& position) override;
  bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override;
  bool includes(const Position& a, const Position& b) const override;

  Result<std::unique_ptr<TableReader>> table_reader() override {
    return open_table_reader(path_, options_.stop, options_.only_reads ? nullptr : cuts_);
  }

  Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view /*before*/,
                                                            std::string_view saved,
                                                            size_t count) const override {
    return SqlitePositionLog::load(saved, count);
  }

 private:
  Result<std::unique_ptr<Connection>> connection(Mode mode) const {
    return Connection::open({.path = path_, .mode = mode, .stop = options_.stop});
  }

  Status make_ready(NewTables taken);
  Result<bool> look();
  Status begin_reading();
  Status judge_catalogue();
  Result<std::optional<Batch>> read();
  void stop_reading();

  SqliteSourceOptions options_;
  std::string path_;
  TableFilter filter_;
  Pruner pruner_;
  NewNames names_ = random_names();
  std::vector<SchemaRef> schemas_;
  std::shared_ptr<Cuts> cuts_ = std::make_shared<Cuts>();

  std::unique_ptr<Connection> db_;  // reads
  std::unique_ptr<ChangeLog> log_;  // over db_: null before open()
  SqlitePosition position_;         // behind what was handed on, or is being
  bool looked_ = false;             // the log was read up to its end at data_version_
  int64_t data_version_ = 0;
  int64_t catalogue_version_ = -1;  // schema_version of the catalogue that the triggers fit
  Duration pause_ = kFirstPause;
};

Result<SourceInfo> SqliteSource::connect() {
  stop_reading();
  log_.reset();
  db_.reset();
  schemas_.clear();
  TRY_ASSIGN(db_, connection(Mode::kReadOnly));
  if (!library_is_recent()) {
    return Error(Blame::kConfig, cat("SQLite ", library_version(), " is too old for weft; 3.37 or later is needed"));
  }
  TRY_ASSIGN(const Capture capture, read_capture(*db_));
  // What prepare() is going to write.
  if (capture.there) names_.database = capture.database;
  return SourceInfo{.identity = cat("sqlite:", names_.database), .version = cat("SQLite ", library_version())};
}

Result<std::vector<SchemaRef>> SqliteSource::tables() {
  CHECK_MSG(db_ != nullptr, "connect() comes before tables()");
  TRY_ASSIGN(const auto found, matching_tables(*db_, filter_));
  std::vector<SchemaRef> schemas;
  for (const CatalogTable& table : found) schemas.push_back(std::make_shared<const TableSchema>(schema_of(table)));
  return schemas;
}

// What fits already takes no lock.
Status SqliteSource::make_ready(NewTables taken) {
  TRY_ASSIGN(const Capture capture, read_capture(*db_));
  TRY_ASSIGN(const Mending needed, plan_mending(*db_, capture, filter_, names_, taken));
  if (needed.statements.empty()) return ok();
  if (!options_.setup) {
    return Error(Blame::kConfig,
                 cat(needed.reasons.empty() ? cat("database ", path_, " is not set up") : needed.reasons.front(),
                     "; run `weft setup` with the same arguments"));
  }
  TRY_ASSIGN(const auto db, connection(Mode::kReadWrite));
  TRY_ASSIGN(const Mending done, mend(*db, filter_, names_, taken));
  for (const std::string& reason : done.reasons) log_info(cat(reason, ": made"));
  // Another process may have been quicker.
  TRY_ASSIGN(const Capture now, read_capture(*db));
  names_ = random_names();
  names_.database = now.database;
  return ok();
}

Status SqliteSource::prepare() {
  CHECK_MSG(db_ != nullptr, "connect() comes before prepare()");
  TRY(make_ready(NewTables::kTaken));
  TRY_ASSIGN(const auto db, connection(Mode::kReadWrite));
  TRY(db->execute("BEGIN IMMEDIATE"));
  TRY_ASSIGN(const int64_t last, last_change(*db));
  TRY(enter_reader(*db, options_.reader, last));
  return db->execute("COMMIT");
}

Result<std::vector<std::string>> SqliteSource::set_up(bool dry_run) {
  TRY(connect());
  if (dry_run) {
    TRY_ASSIGN(const Capture capture, read_capture(*db_));
    TRY_ASSIGN(Mending needed, plan_mending(*db_, capture, filter_, names_, NewTables::kTaken));
    return std::move(needed.statements);
  }
  TRY_ASSIGN(const auto db, connection(Mode::kReadWrite));
  TRY_ASSIGN(Mending done, mend(*db, filter_, names_, NewTables::kTaken));
  return std::move(done.statements);
}

Result<std::vector<std::string>> SqliteSource::tear_down(bool dry_run) {
  TRY(connect());
  TRY_ASSIGN(const auto db, connection(dry_run ? Mode::kReadOnly : Mode::kReadWrite));
  return remove_capture(*db, options_.reader, dry_run);
}

Result<Position> SqliteSource::head() {
  CHECK_MSG(db_ != nullptr, "connect() comes before head()");
  if (!log_ && !options_.only_reads) TRY(make_ready(NewTables::kTaken));
  TRY(db_->execute("BEGIN"));
  SqlitePosition now;
  const auto read = [&]() -> Status {
    TRY_ASSIGN(const Capture capture, read_capture(*db_));
    if (!capture.there) return ok();
    TRY_ASSIGN(now.id, last_change(*db_));
    now.capture = capture.capture;
    return ok();
  };
  const Status done = read();
  TRY(db_->execute("COMMIT"));
  if (!done) return done.error();
  return now.capture.empty() ? Position() : Position(now.text());
}

Status SqliteSource::open(const Position& after) {
  CHECK_MSG(db_ != nullptr, "connect() comes before open()");
  stop_reading();
  log_.reset();
  TRY_ASSIGN(const SqlitePosition from, position_of(after));
  const auto lost = [&](const std::string& why) {
    return Error(Blame::kConfig, cat(why, kMend), std::string(kPositionLost));
  };
  TRY_ASSIGN(const Capture capture, read_capture(*db_));
  if (!capture.there) return lost(cat("nothing notes the changes of database ", path_, " any more"));
  if (capture.capture != from.capture) {
    return lost(cat("database ",
                    path_,
                    " notes its changes anew since our position ",
                    from.text(),
                    " (now ",
                    capture.capture,
                    ")"));
  }
  TRY_ASSIGN(const int64_t last, last_change(*db_));
  if (from.id > last) {
    return lost(cat("our position ", from.text(), " is ahead of database ", path_, ", whose last change is ", last));
  }
  if (from.id < capture.pruned) {
    return lost(cat(
        "changes of database ", path_, " up to ", capture.pruned, " are removed, and our position is ", from.text()));
  }
  if (schemas_.empty()) {
    TRY_ASSIGN(schemas_, tables());
  }
  log_ = std::make_unique<ChangeLog>(*db_, ChangeLog::Limits{options_.batch_bytes, options_.fragment_bytes});
  log_->use_schemas(schemas_);
  cuts_->restart();
  position_ = from;
  looked_ = false;
  catalogue_version_ = -1;
  pause_ = kFirstPause;
  return ok();
}

void SqliteSource::stop_reading() {
  if (log_) log_->stop();
  if (db_ && db_->in_transaction()) (void)db_->execute("COMMIT");
}

// In the read transaction: whether the triggers are still those that the tables need.
Status SqliteSource::judge_catalogue() {
  TRY_ASSIGN(const int64_t version, schema_version(*db_));
  if (version == catalogue_version_) return ok();
  TRY_ASSIGN(const Capture capture, read_capture(*db_));
  TRY_ASSIGN(const Mending needed, plan_mending(*db_, capture, filter_, names_, NewTables::kLeft));
  if (!needed.gap.empty()) {
    return Error(Blame::kConfig, cat(needed.gap, ": changes may be missing", kMend), std::string(kNeedsCopy));
  }
  if (capture.capture != position_.capture) {
    return Error(Blame::kConfig, cat("database ", path_, " notes its changes anew", kMend), std::string(kNeedsCopy));
  }
  if (!needed.statements.empty()) {
    return Error(
        Blame::kConfig,
        cat(needed.reasons.empty() ? "the triggers are not those that the tables need" : needed.reasons.front(),
            "; run `weft setup` with the same arguments"),
        std::string(kStale));
  }
  log_->use_capture(capture, filter_);
  catalogue_version_ = version;
  return ok();
}

// Opens a read transaction over what is new, if anything is.
Status SqliteSource::begin_reading() {
  TRY_ASSIGN(const int64_t version, data_version(*db_));
  if (looked_ && version == data_version_) return ok();
  TRY(db_->execute("BEGIN"));
  TRY(judge_catalogue());
  TRY_ASSIGN(const int64_t last, last_change(*db_));
  if (last > position_.id) return log_->begin(position_.id, cuts_->claim(position_.id, last));
  looked_ = true;
  data_version_ = version;
  return db_->execute("COMMIT");
}

// True: look again at once.
Result<bool> SqliteSource::look() {
  Status begun = begin_reading();
  if (begun) return false;
  stop_reading();
  if (begun.error().code() != kStale || !options_.setup) return std::move(begun).error();
  TRY(make_ready(NewTables::kLeft));
  return true;
}

Result<std::optional<Batch>> SqliteSource::read() {
  Result<Batch> batch = log_->read();
  if (!batch) {
    stop_reading();
    return std::move(batch).error();
  }
  if (!log_->reading()) TRY(db_->execute("COMMIT"));
  for (const Transaction& tx : batch->transactions()) {
    if (!tx.last) continue;
    TRY_ASSIGN(position_, position_of(batch->position(tx)));
  }
  pause_ = kFirstPause;
  return std::optional<Batch>(*std::move(batch));
}

Result<std::optional<Batch>> SqliteSource::next(Duration timeout, std::stop_token stop) {
  if (!log_) return Error(Blame::kBug, "next() before open()");
  const SteadyTime deadline = real_clock().now() + timeout;
  while (true) {
    if (!log_->reading()) {
      TRY_ASSIGN(const bool again, look());
      if (again) continue;
    }
    if (log_->reading()) return read();
    const SteadyTime now = real_clock().now();
    if (now >= deadline || stop.stop_requested()) return std::optional<Batch>();
    real_clock().sleep(std::min(pause_, deadline - now), stop);
    pause_ = std::min(pause_ * 5 / 4, kLongestPause);
  }
}

Status SqliteSource::acknowledge(const Position& position) {
  TRY_ASSIGN(const SqlitePosition flushed, position_of(position));
  return pruner_.acknowledge(flushed.capture, flushed.id);
}

bool SqliteSource::includes(const Position& position, const Batch& batch, const Transaction& tx) const {
  const auto* log = dynamic_cast<const SqlitePositionLog*>(batch.positions());
  const Result<SqlitePosition> place = position_of(position);
  return log != nullptr && place && log->capture() == place->capture && log->id(tx.position_index) <= place->id;
}

bool SqliteSource::includes(const Position& a, const Position& b) const {
  const Result<SqlitePosition> first = position_of(a);
  const Result<SqlitePosition> second = position_of(b);
  return first && second && first->capture == second->capture && second->id <= first->id;
}

}  // namespace

Result<std::unique_ptr<Source>> make_sqlite_source(SqliteSourceOptions options) {
  TRY_ASSIGN(std::string path, path_of_url(options.url));
  return std::unique_ptr<Source>(std::make_unique<SqliteSource>(std::move(options), std::move(path)));
}

}  // namespace weft::sqlite
