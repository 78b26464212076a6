// SPDX-License-Identifier: Apache-2.0
// Source: where changes come from. An adapter is a connection plus a codec behind this interface.
//
//   info = source.connect();  tables = source.tables();
//   source.open(position);                  // the first transaction delivered is the one after `position`
//   loop: poll = source.next(timeout, stop) // a Batch, or none when nothing came within the timeout
//   source.acknowledge(position);           // the target has flushed everything up to here: the source may forget it
//
// One thread calls connect, tables, head, open and next; acknowledge may come from another thread. The source keeps its
// connection alive by itself while nobody calls next (I6: the far side never waits for our backpressure).
// Positions are compared only here (includes, ReadPoint): a Position is not visibility, see ReadPoint.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/finding.h"
#include "model/transaction.h"

namespace weft {

// Error codes (Error::code) that policy looks at; all with Blame::kConfig.
inline constexpr std::string_view kPositionLost = "position-lost";    // purged, or the source never had it
inline constexpr std::string_view kUnreachable = "unreachable";       // could not connect at all
inline constexpr std::string_view kNeedsCopy = "needs-copy";          // what the stream lacks only a new copy has
inline constexpr std::string_view kSchemaChanged = "schema-changed";  // DDL inside a chunk: re-read (kTransient)

// What a server is. `identity` is stable across addresses and restarts: server uuid (or id) and database.
struct SourceInfo {
  std::string identity;  // "mysql:3f2a...:shop"
  std::string version;   // "MariaDB 10.11.6"
  // The address names several servers, of which any may answer: that one is the right one is proven by its having the
  // position (Source::open), not by its identity.
  bool any_of_several = false;
  // The one server that answers now, if another may take its place under the same identity. A server that took over may
  // lack what this one has shown.
  std::string server = {};
  // What foreign keys say to a change is carried out below the log (RowChange::hidden_actions).
  bool hides_key_actions = false;
  // Its type json keeps values in a form of its own, whatever text was written (MySQL); else it keeps the text.
  bool own_json_form = false;

  [[nodiscard]] const std::string& answering() const { return server.empty() ? identity : server; }
};

// Whether a chunk's rows contain the effect of a transaction.
enum class Covers : uint8_t { kYes, kNo, kMaybe };

// The place in the log of a read view, as exactly as the engine can tell it. Exact points never answer kMaybe.
// Immutable; any thread.
class ReadPoint {
 public:
  virtual ~ReadPoint() = default;
  [[nodiscard]] virtual Covers covers(const Batch& batch, const Transaction& tx) const = 0;
  // Everything included in `position` is surely visible in the view. If not, what was already delivered may be missing from
  // the chunk, and the view must be opened again.
  [[nodiscard]] virtual bool contains(const Position& position) const = 0;
  // A stream that stands at `position` has delivered everything that is surely visible in the view.
  [[nodiscard]] virtual bool reached_by(const Position& position) const = 0;
  // A stream that stands at `position` has delivered everything that may be visible in the view: the window is closed.
  [[nodiscard]] virtual bool passed_by(const Position& position) const = 0;
  [[nodiscard]] virtual bool exact() const = 0;
  [[nodiscard]] virtual std::string text() const = 0;
};

// Rows of one piece of a table in key order (keyless: in any order), with the slabs that own their bytes.
struct Chunk {
  SchemaRef schema;
  std::vector<Row> rows;
  std::vector<SlabRef> slabs;
  size_t bytes = 0;
  bool end = false;  // the range holds no further rows under this view
};

// (after, upto]: key bounds, either may be open.
struct KeyRange {
  std::optional<OwnedRow> after;
  std::optional<OwnedRow> upto;
};

struct ChunkLimit {
  size_t rows = 20000;
  size_t bytes = 2u << 20;
};

struct TableEstimate {
  uint64_t rows = 0;
  uint64_t bytes = 0;
};

// Reads rows that are there already, beside the stream, without writing to the source. One thread owns a reader; it has a
// connection of its own, pinned to the same server as the stream. Fails with code kSchemaChanged when the table no longer
// has the shape of `schema`.
class TableReader {
 public:
  virtual ~TableReader() = default;
  [[nodiscard]] virtual Result<TableEstimate> estimate(const TableSchema& schema) = 0;
  // Up to parts-1 keys that cut the table into ranges of about equal size; empty when it is not worth it.
  [[nodiscard]] virtual Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) = 0;
  // Whether the table can be read in key ranges; if not it is read whole under one exact view.
  [[nodiscard]] virtual bool chunkable(const TableSchema& schema) const = 0;
  // Opens a read view for this table; closes an open one. REQUIRES nothing; keyless tables always get an exact point.
  [[nodiscard]] virtual Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) = 0;
  // Starts reading a range under the open view, then continues it: the first call after begin() fixes the range, further
  // calls give the next rows of it until Chunk::end.
  [[nodiscard]] virtual Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) = 0;
  // The rows of these keys (those that exist) under the open view.
  [[nodiscard]] virtual Result<Chunk> read_keys(std::span<const OwnedRow> keys) = 0;
  virtual void end() = 0;
};

class Source {
 public:
  virtual ~Source() = default;
  [[nodiscard]] virtual Result<SourceInfo> connect() = 0;

  // What the source itself needs for being followed (a slot, a publication, triggers), made where it is missing; and removed.
  // Gives the statements; with `dry_run` they are not run. Needs no connect().
  [[nodiscard]] virtual Result<std::vector<std::string>> set_up(bool /*dry_run*/) { return std::vector<std::string>(); }

  [[nodiscard]] virtual Result<std::vector<std::string>> tear_down(bool /*dry_run*/) {
    return std::vector<std::string>();
  }

  // Everything that would stop or surprise; changes nothing. Needs no connect().
  [[nodiscard]] virtual std::vector<Finding> check() = 0;
  // The captured tables as the catalogue has them now. REQUIRES: connect().
  [[nodiscard]] virtual Result<std::vector<SchemaRef>> tables() = 0;
  // Schema versions that were current at the position to be opened (persisted at the target), used to decode rows whose
  // events carry no column names. Call before open().
  virtual void use_schemas(const std::vector<SchemaRef>& schemas) = 0;

  // Makes what the source has to keep for a stream that begins at a head() asked for from now on, as far as it may (a slot
  // keeps log from when it is made, so none is made for a position that is lost). REQUIRES: connect().
  [[nodiscard]] virtual Status prepare() { return ok(); }

  // The position of everything that is committed now. REQUIRES: connect().
  [[nodiscard]] virtual Result<Position> head() = 0;
  // Error code kPositionLost when the log no longer reaches back to `after`, or `after` is ahead of this server.
  [[nodiscard]] virtual Status open(const Position& after) = 0;
  // Waits up to `timeout` for changes. Each Batch holds whole transactions or fragments of one; a transaction that touches
  // no captured table comes as an empty one, for its position.
  [[nodiscard]] virtual Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) = 0;
  [[nodiscard]] virtual Status acknowledge(const Position& position) = 0;
  // Whether `position` includes the transaction.
  [[nodiscard]] virtual bool includes(const Position& position, const Batch& batch, const Transaction& tx) const = 0;
  // Whether position `a` includes everything that `b` includes.
  [[nodiscard]] virtual bool includes(const Position& a, const Position& b) const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<TableReader>> table_reader() = 0;

  // What PositionLog::save() wrote of `count` entries, as a log again. `before`: text of the position before its first entry.
  // Pure; any thread.
  [[nodiscard]] virtual Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view /*before*/,
                                                                                  std::string_view /*saved*/,
                                                                                  size_t /*count*/) const {
    return Error(Blame::kConfig, "positions of this source can't be kept in a journal file; use --journal memory");
  }

  // Bytes of log between the stream's place and the source's head, if known.
  [[nodiscard]] virtual std::optional<uint64_t> backlog_bytes() const { return std::nullopt; }
};

}  // namespace weft
