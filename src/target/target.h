// SPDX-License-Identifier: Apache-2.0
// Target: where changes go. It keeps progress and effect in one database transaction (I4).
//
//   opened = target.open({...});             // takes the pipeline over: raises the epoch, gives back progress and table states
//   session = target.session();              // one per lane
//   session->prepare(group); session->commit();
//
// Every commit is a compare-and-set of the progress row: (epoch, version) of Group::from -> Group::to. A process that lost
// the epoch can't commit. One thread owns the Target, one thread owns each session at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/finding.h"
#include "model/row.h"
#include "model/transaction.h"
#include "target/dead_letter.h"

namespace weft {

// Error codes (Error::code) that policy looks at.
inline constexpr std::string_view kPipelineTaken =
    "pipeline-taken";                                         // kConfig: another process runs this pipeline (exit 5)
inline constexpr std::string_view kEpochLost = "epoch-lost";  // kConfig: another process took over
inline constexpr std::string_view kCommitUnknown = "commit-unknown";  // kTransient: the answer to COMMIT never came
inline constexpr std::string_view kProgressMoved = "progress-moved";  // kTransient: progress is not where we left it

inline constexpr Duration kKeptKeysFor = std::chrono::minutes(10);
inline constexpr size_t kKeptKeysLimit = 8u << 20;  // bytes

// One pipeline's progress row. version counts target transactions and is what the compare-and-set compares.
struct Progress {
  uint64_t epoch = 0;
  uint64_t version = 0;
  Sequence sequence;           // journal sequence of the last applied transaction
  Position position;           // the source's, after that transaction
  std::string journal_id;      // sequences mean nothing without it
  std::string source_id;       // SourceInfo::identity
  int64_t source_time_us = 0;  // commit time of the last applied transaction
};

// Persisted: never renumber.
enum class TableState : uint8_t {
  kPending = 0,
  kSnapshotting = 1,
  kCatchingUp = 2,
  kStreaming = 3,
  kPaused = 4,
  kParked = 5,
  kFailed = 6
};

[[nodiscard]] std::string_view to_string(TableState state);

// Changes of the table are passed over, until it is copied again.
[[nodiscard]] inline bool is_set_aside(TableState state) {
  return state > TableState::kStreaming;
}

// TableStateRow::reason when a person asks for something (weft pause, weft resume): the pipeline takes it up, at once if it
// runs. A row without a table's name speaks of the whole pipeline.
inline constexpr std::string_view kAskedToPause = "asked to pause";
inline constexpr std::string_view kAskedToResume = "asked to resume";

// One row of `_weft.table_state`: how far a table's copy is. `ranges` is the text form of the copied key ranges
// (snapshot/ranges.h); `rows` counts copied rows.
struct TableStateRow {
  TableName table;  // source name
  TableState state = TableState::kPending;
  std::string reason;
  std::string ranges;
  uint64_t rows = 0;
  std::string since;  // position text
};

// A target table matched with a source schema: for each source column the target's column ordinal.
struct TargetColumn {
  std::string name;
  std::string type;  // as the target prints it
  bool nullable = true;
  bool generated = false;  // computed by the target: never written
  bool key = false;
  bool missing = false;  // the target has no such column, and that is as it should be (--schema-changes ignore)
};

struct TargetTable {
  SchemaRef source;
  TableName name;                     // at the target
  std::vector<TargetColumn> columns;  // one per source column, same order
  std::vector<std::vector<uint16_t>>
      unique_keys;                       // source ordinals of every unique index of the target; primary key first
  bool coarse_keys = false;              // equality of some unique key is not that of bytes: the whole table is one key
  std::vector<ForeignKey> foreign_keys;  // active at the target; parent is a target name; columns are source ordinals
  std::vector<std::string> triggers;     // enabled user triggers
  uint64_t handle = 0;                   // the adapter's own, unique per matched table and schema version
};

using TargetTableRef = std::shared_ptr<const TargetTable>;

// A column that the target is to get, and what the rows that are there hold in it, as encode_key() writes one value.
struct ColumnToAdd {
  std::string name;
  std::string value;
};

// A foreign key of `child` whose actions the source carries out below its log (RowChange::hidden_actions).
struct ActingKey {
  TargetTableRef child;
  std::vector<uint16_t> columns;         // of the child
  std::vector<uint16_t> parent_columns;  // of the parent, in the same order
  KeyAction on_delete = KeyAction::kNone;
  KeyAction on_update = KeyAction::kNone;
  bool native_delete =
      false;  // the target has the same key with the same action, and acts unless foreign keys are relaxed
  bool native_update = false;
};

// By the parent's name at the target.
using ActingKeys = std::map<TableName, std::vector<ActingKey>>;

enum class BatchOp : uint8_t {
  kInsert,
  kUpsert,
  kUpdate,
  kDelete,
  kTruncate,
  kCopy,
  kDeleteRivals,
  kKeyActions,
  kMend
};

// Rows of one table that go by one statement shape, in order.
//   kInsert  rows[i].after, full images; a row that exists is an error (kData)
//   kUpsert  rows[i].after, full images
//   kMend    the same, but a row that holds the same bytes already is not written: nothing in the target acts because of it
//   kUpdate  rows[i].before holds the key (keyless: full image, one duplicate is changed), rows[i].after the new values of
//            `columns` (which may include key columns)
//   kDelete  rows[i].before holds the key (keyless: full image, one duplicate goes)
//   kCopy    rows[i].after into a range that is known to be empty
//   kDeleteRivals  rows of other keys that hold rows[i].after's values of `columns` (a unique key of the target) go
//   kKeyActions  the rows of `table` themselves stay: what `keys` say to the deletion of rows[i].before, or to its change into
//            rows[i].after where there is one, is done to their children, and to theirs
struct TableBatch {
  struct Item {
    Row before;
    Row after;
  };

  TargetTableRef table;
  BatchOp op = BatchOp::kInsert;
  std::vector<uint16_t> columns;  // source ordinals written; empty for kDelete and kTruncate
  std::vector<Item> rows;
  const ActingKeys* keys = nullptr;  // kKeyActions; the caller's
  bool keep_children = false;        // kUpdate, kDelete: the target's own keys must not act on these rows
};

// One step of keeping the changes of transactions in two phases at the target until they are committed. Written with progress.
struct PreparedStep {
  std::string name;  // of the transaction, as its source tells it
  bool forget = false;
  // !forget: a piece of its changes, put in place of what was kept as that piece.
  uint64_t piece = 0;
  std::string position;  // of the source, behind the transaction
  std::string changes;
};

using PreparedStepRef = std::shared_ptr<const PreparedStep>;

// A transaction that is kept.
struct PreparedName {
  std::string name;
  uint64_t pieces = 0;
};

// Everything that one target transaction does. An open group (last == false) keeps the transaction open for its
// continuation: fragments of one huge source transaction.
struct Group {
  std::vector<TableBatch> batches;           // in order of execution
  std::vector<TableStateRow> states;         // written with it
  std::vector<SchemaRef> schemas;            // schema versions that became current, persisted with it
  std::vector<PreparedStepRef> prepared;     // in order
  std::vector<DeadLetterStep> dead_letters;  // in order
  Progress from;
  Progress to;
  bool first = true;
  bool last = true;
  bool defer_constraints = false;  // ask for deferred checking where constraints are deferrable
  // Foreign keys lead in a circle and part of their tables is not copied yet: the engine's switch for replicated rows is
  // used (PostgreSQL: session_replication_role), so that no order of rows has to satisfy them. kConfig if not permitted.
  bool relax_foreign_keys = false;
  bool wait_for_locks = true;  // false: give up on a lock held by another lane (kConflict)
  // An error takes back only this group, and the transaction stays open (a savepoint). REQUIRES: last == false.
  bool on_trial = false;
  bool check_constraints_now = false;  // from here on, those too that would be checked at commit
};

// Rows that each batch of the group touched, in order.
struct PrepareReport {
  std::vector<uint64_t> affected;  // of kKeyActions: rows of children
};

class TargetSession {
 public:
  virtual ~TargetSession() = default;
  // Begins a transaction (unless one stays open) and executes the group without committing. On error the transaction is
  // rolled back.
  [[nodiscard]] virtual Result<PrepareReport> prepare(const Group& group) = 0;
  // Compare-and-set of progress, then COMMIT. REQUIRES: prepare() of a group with last == true succeeded.
  [[nodiscard]] virtual Status commit(const Progress& from, const Progress& to) = 0;
  virtual void rollback() = 0;

  // Transactions that begin from here on say that their rows came this way (model/origin.h), for a source that follows the
  // target; those that change nothing need not.
  virtual void say_origin(std::string /*chain*/) {}

  // What the transaction changed (apply/touched_keys.h), for Target::kept_since(): written with its commit, under the version
  // that progress goes to. REQUIRES: called between prepare() and commit(), if at all.
  virtual void keep_keys(std::string /*keys*/) {}

  // For groups that go row by row beside dead letters. The transaction is open, or begins.
  // Takes the last group back. REQUIRES: it was on trial, and prepare() of it succeeded.
  [[nodiscard]] virtual Status undo();
  // Those of the keys under which letters of the table wait; they keep waiting until this transaction ends.
  [[nodiscard]] virtual Result<std::vector<HeldKey>> held(const std::string& table,
                                                          const std::vector<std::string>& keys);
  // The letters of a table, oldest first, up to `limit`.
  [[nodiscard]] virtual Result<std::vector<DeadLetter>> letters(const std::string& table, size_t limit);
  // Takes a letter out of the box; false: it is not there any more.
  [[nodiscard]] virtual Result<bool> take_letter(uint64_t id);
  // COMMIT that leaves progress where it is, for who only replays letters.
  [[nodiscard]] virtual Status commit_beside();
};

// Reads the keys of rows that a target table holds, each at least once, in any order. One thread; a connection of its own.
class TargetKeys {
 public:
  virtual ~TargetKeys() = default;
  // Up to `limit` more; empty at the end.
  [[nodiscard]] virtual Result<std::vector<OwnedRow>> next(size_t limit) = 0;
};

// A committed version of progress whose transaction was kept with the keys that it changed.
struct KeptVersion {
  uint64_t version = 0;
  Position position;  // of the source, behind it
};

struct OpenRequest {
  std::string pipeline;  // name, the key of progress
  std::string source_id;
  bool may_create = true;   // create missing `_weft` objects
  Duration wait{};          // how long to wait for another process to go
  bool any_source = false;  // progress of another source_id is not refused
};

struct Opened {
  std::optional<Progress> progress;  // none: this pipeline never ran here
  std::vector<TableStateRow> tables;
  std::vector<SchemaRef> schemas;  // latest persisted version per table
  std::vector<PreparedName> prepared;
  std::vector<HeldTable> held;  // tables with dead letters
  uint64_t epoch = 0;           // ours from now on
  bool runs = false;            // peek(): as far as the target can tell a process runs the pipeline now
};

class Target {
 public:
  virtual ~Target() = default;

  // Who it is, in the words of the source that would follow it (SourceInfo::identity). Empty: no source can.
  [[nodiscard]] virtual Result<std::string> identity() { return std::string(); }

  // How many sessions may write at once.
  [[nodiscard]] virtual size_t lanes_max() const { return SIZE_MAX; }

  // Takes the pipeline over. Error code kPipelineTaken when another process holds it.
  [[nodiscard]] virtual Result<Opened> open(const OpenRequest& request) = 0;
  // What open() would give back, without taking the pipeline over: changes nothing, waits for nobody. None: this pipeline
  // never ran here, or the `_weft` objects are missing. epoch is the holder's. `weft status` uses it when no process runs.
  [[nodiscard]] virtual Result<std::optional<Opened>> peek(const std::string& pipeline);
  // Writes the first progress row and table states. REQUIRES: open() gave none.
  [[nodiscard]] virtual Status start(const Progress& initial,
                                     const std::vector<TableStateRow>& tables,
                                     const std::vector<SchemaRef>& schemas) = 0;
  // Keeps the lease; called about once a second. Error code kEpochLost when another process took over.
  [[nodiscard]] virtual Status keep_lease() = 0;
  // Writes kAskedToPause or kAskedToResume into the states of these tables (source names; none: the whole pipeline's). Takes
  // nothing over; needs no open(). kConfig names a table that the pipeline does not have.
  [[nodiscard]] virtual Status ask(const std::string& pipeline,
                                   const std::vector<std::string>& tables,
                                   std::string_view what);

  // Makes table() and session() work beside a process that may run the pipeline: nothing is taken over, and sessions end
  // their transactions with commit_beside(). Gives the shapes that its tables had, oldest first. kConfig: the pipeline never
  // ran here.
  [[nodiscard]] virtual Result<std::vector<SchemaRef>> visit(const std::string& pipeline);
  // The pipeline's dead letters behind this id, oldest first, up to `limit`. Needs no open().
  [[nodiscard]] virtual Result<std::vector<DeadLetter>> dead_letters(const std::string& pipeline,
                                                                     uint64_t after_id,
                                                                     size_t limit);
  // Removes them; gives their number. Needs no open().
  [[nodiscard]] virtual Result<uint64_t> discard(const std::string& pipeline, const std::vector<uint64_t>& ids);

  // How many letters wait, by table. REQUIRES: open().
  [[nodiscard]] virtual Result<std::map<std::string, uint64_t>> count_letters() {
    return std::map<std::string, uint64_t>();
  }

  // Whether someone has asked for something that was not taken up yet.
  [[nodiscard]] virtual Result<bool> asked() { return false; }

  // Matches a source table with the target's. kConfig errors name the missing table or column and the next step.
  // `leave_out`: columns that the target's table lacks are not written.
  [[nodiscard]] virtual Result<TargetTableRef> table(const SchemaRef& source, bool leave_out) = 0;

  [[nodiscard]] Result<TargetTableRef> table(const SchemaRef& source) { return table(source, false); }

  // The SQL that creates a table for a source schema, and its execution.
  [[nodiscard]] virtual Result<std::string> create_table_sql(const TableSchema& source) = 0;
  [[nodiscard]] virtual Status create_table(const TableSchema& source) = 0;
  // Widens the table so that it takes rows of the source as it is now: adds these columns where they are missing, widens
  // types where nothing is lost, drops NOT NULL where the source allows NULL. What is there already is left alone, so it
  // may be called again. Gives back the statements that were run.
  [[nodiscard]] virtual Result<std::vector<std::string>> evolve(const TableSchema& source,
                                                                const std::vector<ColumnToAdd>& columns);
  [[nodiscard]] virtual Result<bool> exists(const TableSchema& source) = 0;
  [[nodiscard]] virtual Result<bool> has_rows(const TargetTable& table) = 0;
  // After a table's copy: statistics for the planner.
  [[nodiscard]] virtual Status analyze(const TargetTable& table) = 0;
  // PreparedStep::changes of a piece that is committed. kConfig if it is not there.
  [[nodiscard]] virtual Result<std::string> prepared(const std::string& name, uint64_t piece);
  [[nodiscard]] virtual Result<std::unique_ptr<TargetSession>> session() = 0;
  // The keys of the rows that are there now. Any thread. REQUIRES: a table with a key.
  [[nodiscard]] virtual Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef& table) = 0;

  // Versions that keep_keys() was used for, ascending and without a gap: older ones go after ten minutes, or when all together
  // take more than kKeptKeysLimit. REQUIRES: open().
  [[nodiscard]] virtual Result<std::vector<KeptVersion>> kept_versions() { return std::vector<KeptVersion>(); }

  // What was kept of the versions above this one, and of rows that were changed beside progress meanwhile.
  [[nodiscard]] virtual Result<std::vector<std::string>> kept_since(uint64_t /*version*/) {
    return std::vector<std::string>();
  }

  // From here on versions may be missing: what was kept of earlier ones is of no use. REQUIRES: open().
  [[nodiscard]] virtual Status drop_kept() { return ok(); }

  // The newest progress version that a crash of the target can't take back.
  [[nodiscard]] virtual Result<uint64_t> flushed() = 0;
  // Everything that would stop or surprise; changes nothing. Needs no open().
  [[nodiscard]] virtual std::vector<Finding> check(const std::vector<SchemaRef>& tables) = 0;
  // Gives the pipeline back at a clean stop.
  virtual void close() = 0;
};

}  // namespace weft
