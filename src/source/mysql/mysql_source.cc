// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/mysql_source.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/mysql/catalogue.h"
#include "source/mysql/source_impl.h"

namespace weft::mysql {
namespace {

using mysql_binlog::BinlogStream;
using mysql_binlog::MySqlPosition;
using mysql_binlog::MySqlPositionLog;

constexpr Duration kSlice = std::chrono::milliseconds(50);  // a stop request is seen at least this often
constexpr Duration kLookElsewhereFirst = std::chrono::seconds(2);
constexpr Duration kLookElsewhereMax = std::chrono::seconds(60);
constexpr Duration kBacklogAge = std::chrono::seconds(1);

MySqlPosition::Form form_of(bool mariadb, const MySqlPosition& position) {
  if (position.form == MySqlPosition::Form::kFile) return position.form;
  return mariadb ? MySqlPosition::Form::kMariaDbGtid : MySqlPosition::Form::kMySqlGtid;
}

// Bytes of log behind `place`, out of SHOW BINARY LOGS.
uint64_t bytes_behind(const Rows& logs, const mysql_binlog::FilePlace& place) {
  uint64_t bytes = 0;
  const uint64_t current = mysql_binlog::file_number(place.file);
  for (size_t i = 0; i < logs.rows.size(); ++i) {
    const uint64_t file = mysql_binlog::file_number(logs.text(i, 0));
    uint64_t size = 0;
    const std::string text = logs.text(i, 1);
    std::from_chars(text.data(), text.data() + text.size(), size);
    if (file > current) bytes += size;
    if (file == current && size > place.offset) bytes += size - place.offset;
  }
  return bytes;
}

// What check() found at the start may come later, by ALTER TABLE.
Status refuse_versioned(const CatalogueTable& table) {
  if (!table.system_versioned) return ok();
  return Error(Blame::kConfig, cat(refused_versioning(table.schema->name), "; ", kMendVersioning))
      .about(table.schema->name.text());
}

}  // namespace

std::string refused_versioning(const TableName& table) {
  return cat("table ", table.text(), " is system-versioned: its log does not tell current rows from history");
}

Result<std::unique_ptr<Source>> make_mysql_source(SourceOptions options) {
  return std::unique_ptr<Source>(std::make_unique<MySqlSource>(std::move(options)));
}

MySqlSource::MySqlSource(SourceOptions options)
    : options_(std::move(options)), filter_(options_.tables, options_.exclude) {
  filter_.limit_to(options_.server.database);
}

Result<SourceInfo> MySqlSource::connect() {
  dump_.reset();
  stream_.reset();
  control_.reset();
  schemas_.clear();
  TRY_ASSIGN(server_, Server::find(options_.server));
  look_elsewhere_every_ = kLookElsewhereFirst;
  look_elsewhere_at_ = real_clock().now() + look_elsewhere_every_;
  TRY(reconnect());
  filter_.ignore_case(server_->facts().lower_case_names);
  if (replica_.server_id == 0 && !options_.only_reads) replica_ = ReplicaIdentity::draw(*control_);
  const ServerFacts& facts = server_->facts();
  TRY_ASSIGN(native_keys_, native_foreign_keys(*control_));
  share_->hides_key_actions = !options_.only_reads && hides_key_actions(*control_, native_keys_);
  share_->only_reads = options_.only_reads;
  SourceInfo info{
      cat("mysql:", facts.identity, ":", options_.server.database), facts.version_text, options_.server.several()};
  info.hides_key_actions = share_->hides_key_actions;
  info.own_json_form = !server_->mariadb();
  return info;
}

Status MySqlSource::reconnect() {
  CHECK_MSG(server_.has_value(), "connect() comes first");
  control_.reset();
  TRY_ASSIGN(control_, server_->open({}));
  return ok();
}

std::vector<Finding> MySqlSource::check() {
  return check_server(options_.server, filter_);
}

Result<std::vector<SchemaRef>> MySqlSource::tables() {
  TRY_ASSIGN(const std::vector<CatalogueTable> found, load_tables(*control_, filter_));
  schemas_.clear();
  for (const CatalogueTable& table : found) {
    if (!options_.only_reads) TRY(refuse_versioned(table));
    schemas_.push_back(table.schema);
    if (!has_read_views(table.engine)) cannot_roll_back_.insert(table.schema->name);
  }
  return schemas_;
}

void MySqlSource::use_schemas(const std::vector<SchemaRef>& schemas) {
  schemas_ = schemas;
}

Result<SchemaRef> MySqlSource::ask_shape(const TableName& table) {
  Result<std::vector<CatalogueTable>> found = load_table(*control_, table);
  if (!found) {
    TRY(reconnect());  // the session may have idled away
    found = load_table(*control_, table);
  }
  if (!found) return std::move(found).error();
  if (found->empty()) return SchemaRef();
  TRY(refuse_versioned(found->front()));
  if (!has_read_views(found->front().engine)) cannot_roll_back_.insert(table);
  return found->front().schema;
}

Result<Position> MySqlSource::head() {
  TRY_ASSIGN(const MySqlPosition head, head_of(*control_));
  return Position(head.text());
}

// After a failover the place in a stored position is another server's. GTIDs resume all the same, but read views that are
// known by place must not be compared with it.
Status MySqlSource::trust_places(const MySqlPosition& from) {
  share_->gtids = from.form != MySqlPosition::Form::kFile;
  share_->places_trusted = true;
  if (from.form != MySqlPosition::Form::kMariaDbGtid) return ok();
  share_->places_trusted = false;
  if (!from.place.known()) return ok();
  TRY_ASSIGN(const auto state, state_at(*control_, from.place));
  share_->places_trusted = state.has_value() && *state == from.state;
  return ok();
}

Status MySqlSource::open(const Position& after) {
  CHECK_MSG(control_.has_value(), "connect() comes before open()");
  dump_.reset();
  stream_.reset();
  broken_ = ok();
  TRY_ASSIGN(position_, stored_position(after, server_->flavor()));
  position_.form = form_of(server_->mariadb(), position_);
  if (options_.server.several() && position_.form == MySqlPosition::Form::kFile) {
    return Error(Blame::kConfig,
                 cat("several hosts need GTIDs, and gtid_mode is not ON at ",
                     control_->address(),
                     ": a place in its files means nothing at another server; name one host, or set gtid_mode = ON"));
  }
  TRY(check_position(*control_, position_, options_.server.several() ? Hosts::kSeveral : Hosts::kOne));
  TRY(trust_places(position_));
  const bool place_is_ours =
      position_.form == MySqlPosition::Form::kFile || (server_->mariadb() && share_->places_trusted);
  if (!place_is_ours) position_.place = {};  // the stream tells it soon
  TRY_ASSIGN(const auto metadata, control_->variable("binlog_row_metadata"));
  captured_ = std::make_unique<Captured>(filter_, [this](const TableName& table) { return ask_shape(table); });
  captured_->cannot_roll_back(&cannot_roll_back_);
  captured_->names_in_events(metadata.value_or("") == "FULL");
  if (schemas_.empty()) TRY(tables());
  captured_->use(schemas_);
  TRY_ASSIGN(dump_, BinlogDump::open(*server_, replica_, position_));
  mysql_binlog::StreamOptions options;
  options.flavor = server_->flavor();
  options.start = position_;
  options.fragment_bytes = options_.fragment_bytes;
  options.native_foreign_keys = native_keys_;
  stream_ = std::make_unique<BinlogStream>(options, *captured_);
  return ok();
}

Result<std::optional<Batch>> MySqlSource::next(Duration timeout, std::stop_token stop) {
  if (!stream_) return Error(Blame::kBug, "next() before open()");
  if (!broken_) return broken_.error();
  if (broken_ = leave_replica(); !broken_) return broken_.error();
  const SteadyTime deadline = real_clock().now() + timeout;
  for (;;) {
    Result<bool> full = feed_available();
    if (stream_->ready()) {
      if (!full) broken_ = std::move(full).error();
      return take();
    }
    if (!full) {
      broken_ = full.error();
      return std::move(full).error();
    }
    if (std::optional<Batch> moved = place_moved()) return moved;
    const Duration left = deadline - real_clock().now();
    if (left <= Duration(0) || stop.stop_requested()) return std::optional<Batch>();
    if (Status waited = dump_->wait(std::min(left, kSlice)); !waited) {
      broken_ = waited;
      return std::move(waited).error();
    }
  }
}

// A replica serves while the one that is written to is away, and may be behind it by any amount when that is back: its own
// lag is nothing that its log tells. One that was promoted meanwhile stays; so does one that has shown what the other never had.
Status MySqlSource::leave_replica() {
  if (!server_->facts().read_only || !options_.server.several()) return ok();
  if (real_clock().now() < look_elsewhere_at_) return ok();
  std::optional<Connection> other = server_->writable_elsewhere();
  look_elsewhere_every_ = std::min(look_elsewhere_every_ * 2, kLookElsewhereMax);
  look_elsewhere_at_ = real_clock().now() + look_elsewhere_every_;
  if (!other) return ok();
  const std::string here = cat(control_->address(), ", which is only read");
  if (const Status has_it = check_position(*other, position_, Hosts::kSeveral); !has_it) {
    log_warning(cat(other->address(), " can be written to, but staying with ", here, ": ", has_it.error().message()));
    return ok();
  }
  return Error(Blame::kTransient, cat(other->address(), " can be written to: going over to it from ", here));
}

// Feeds what is there without waiting; true if a batch is full before that is all.
Result<bool> MySqlSource::feed_available() {
  for (;;) {
    TRY_ASSIGN(const auto event, dump_->poll());
    if (!event) return false;
    TRY(stream_->feed(*event, dump_->slab()));
    if (stream_->pending_bytes() >= options_.batch_bytes && stream_->ready()) return true;
  }
}

Result<std::optional<Batch>> MySqlSource::take() {
  Batch batch = stream_->take();
  if (batch.empty()) return std::optional<Batch>();
  const auto* log = dynamic_cast<const MySqlPositionLog*>(batch.positions());
  if (log != nullptr && log->size() > 0) {
    position_ = log->position(static_cast<uint32_t>(log->size() - 1));
    backlog_.with([&](Backlog& b) { b.place = position_.place; });
  }
  return std::optional(std::move(batch));
}

// The log may go on without transactions: files begin, heartbeats tell how far an idle server's log has been read. Read
// views that are known by place wait for that, so it is told as an empty transaction.
std::optional<Batch> MySqlSource::place_moved() {
  const mysql_binlog::FilePlace place = stream_->place();
  if (!place.known() || stream_->in_transaction()) return std::nullopt;
  if (position_.place.known() && mysql_binlog::at_or_after(position_.place, place)) return std::nullopt;
  const MySqlPosition base = position_;
  position_.place = place;
  backlog_.with([&](Backlog& b) { b.place = place; });
  mysql_binlog::PositionEntry entry;
  entry.offset = place.offset;
  auto files = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{place.file});
  auto sources = std::make_shared<const std::vector<mysql_binlog::SourceId>>();
  Arena arena(256);
  BatchBuilder builder(arena);
  builder.begin(0);
  builder.end(0);
  return builder.finish(std::make_shared<MySqlPositionLog>(
      server_->flavor(), base, std::move(sources), std::move(files), std::vector<mysql_binlog::PositionEntry>{entry}));
}

Status MySqlSource::acknowledge(const Position& position) {
  // The server keeps its log by time and size, not for us; the position is kept for messages.
  acknowledged_.with([text = position.text()](std::string& a) mutable { a = std::move(text); });
  return ok();
}

std::shared_ptr<const MySqlPosition> MySqlSource::parsed(const Position& position) const {
  if (position.log() != nullptr) {
    Result<MySqlPosition> known = stored_position(position, server_->flavor());
    return known ? std::make_shared<const MySqlPosition>(*std::move(known)) : nullptr;
  }
  const std::string text = position.text();
  auto cached = parsed_.with([&](const Parsed& p) { return p.text == text ? p.position : nullptr; });
  if (cached) return cached;
  Result<MySqlPosition> fresh = MySqlPosition::parse(text, server_->flavor());
  if (!fresh) return nullptr;
  auto shared = std::make_shared<const MySqlPosition>(*std::move(fresh));
  parsed_.with([&](Parsed& p) { p = {text, shared}; });
  return shared;
}

bool MySqlSource::includes(const Position& position, const Batch& batch, const Transaction& tx) const {
  const auto* log = dynamic_cast<const MySqlPositionLog*>(batch.positions());
  const auto known = parsed(position);
  return log != nullptr && known && mysql_binlog::position_includes(*known, *log, tx.position_index);
}

bool MySqlSource::includes(const Position& a, const Position& b) const {
  const auto first = parsed(a);
  const auto second = parsed(b);
  return first && second && first->contains(*second);
}

Result<std::unique_ptr<TableReader>> MySqlSource::table_reader() {
  CHECK_MSG(server_.has_value(), "connect() comes before table_reader()");
  TRY_ASSIGN(std::unique_ptr<MySqlTableReader> reader, MySqlTableReader::open(*server_, share_));
  return std::unique_ptr<TableReader>(std::move(reader));
}

// Sizes of the log files from the stream's place on; asked over a session of its own at most once a second.
std::optional<uint64_t> MySqlSource::backlog_bytes() const {
  if (!server_) return std::nullopt;
  const SteadyTime now = real_clock().now();
  std::shared_ptr<Connection> session;
  mysql_binlog::FilePlace place;
  std::optional<uint64_t> known;
  const bool ask = backlog_.with([&](Backlog& b) {
    known = b.bytes;
    if (b.asking || !b.place.known() || (b.asked.ns != 0 && now - b.asked < kBacklogAge)) return false;
    b.asking = true;
    place = b.place;
    session = std::move(b.session);
    return true;
  });
  if (!ask) return known;
  std::optional<uint64_t> bytes;
  if (!session) {
    if (Result<Connection> opened = server_->open({})) session = std::make_shared<Connection>(*std::move(opened));
  }
  if (session) {
    if (const Result<Rows> logs = session->query("SHOW BINARY LOGS")) {
      bytes = bytes_behind(*logs, place);
    } else {
      session.reset();
    }
  }
  backlog_.with([&](Backlog& b) {
    b.asking = false;
    b.asked = now;
    b.bytes = bytes;
    b.session = std::move(session);
  });
  return bytes;
}

}  // namespace weft::mysql
