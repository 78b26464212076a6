// SPDX-License-Identifier: Apache-2.0
// Merge: where copied chunks and the stream meet, so that neither loses to the other (hard cases 1, 2, 3, 17, 18, 22).
//
// The rules, in the words of ReadPoint:
//   1. A view may be used only if everything already admitted from the stream is surely visible in it (announce()).
//   2. While a view is open the stream is admitted only as long as the view surely covers it (admit()).
//   3. A chunk is put in at the first place where the stream stands at or beyond what its view surely covers: then the target
//      equals the source at one position, projected onto the copied ranges, where views are exact (chunk()).
//   4. Where they are not, what the view may cover is applied over the chunk tolerantly, until the stream has passed it.
//   5. Changes outside the copied ranges are passed over only where weft can tell (comparable keys, or nothing copied yet):
//      the chunk to come has them, by rule 1. Elsewhere they are applied tolerantly.
//   6. A partial change whose row can't be built here opens a hole: its key is not there and its changes are passed over, as
//      outside the copied ranges, until the key has been read under a view of its own (open_hole()).
//   7. A table that is mended by kept keys is copied but for those: their changes are passed over until their rows have been
//      compared, parents first; what the source lacks of them goes in the end, children first.
//
// Readers' threads call next_task, announce, deliver; the dispatcher's thread calls the rest. One lock, never held over I/O.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/guarded.h"
#include "snapshot/ranges.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

// TableStateRow::since while a table is being copied: rows of it may be ahead of the position in progress, as far as a view
// of `server` has shown them. Another server may never have had them.
[[nodiscard]] std::string ahead_of(std::string_view server);
// Rows of the table are ahead, and not as a view of `server` has shown them.
[[nodiscard]] bool ahead_of_another(const TableStateRow& state, std::string_view server);

struct MergeOptions {
  size_t waiting_bytes = 8u << 20;   // chunks read and not yet taken: no further range is handed out above this
  bool check_stale_chunk = true;     // rule 1; the switches are taken out by the simulator only
  bool gate_at_read_point = true;    // rules 2 and 3
  bool hold_back_uncopied = true;    // rule 5
  bool key_sets_for_text = true;     // rule 5: only comparable keys are compared
  bool reread_missed_keys = true;    // rule 6
  bool replay_maybe_changes = true;  // rule 4
};

// What a reader is to read next.
struct CopyTask {
  size_t table = 0;
  size_t range = 0;
  SchemaRef schema;
  bool whole = false;        // read to the end under one view
  bool plan_ranges = false;  // first task of a table: cut it into ranges and estimate its rows
  KeyRange keys;
  std::vector<OwnedRow> reread;  // a key task: read these keys only
  bool kept = false;             // they are kept keys of a table that is mended by them: their rows are compared
  bool sweep = false;            // every key that the target holds is to be looked for at the source
  uint64_t view = 0;             // set by announce()
};

// A chunk whose turn has come. The dispatcher makes a ticket of it and then calls admitted_chunk().
struct ReadyChunk {
  uint64_t view = 0;
  size_t table = 0;
  Chunk chunk;
  BatchOp op = BatchOp::kCopy;
  std::vector<OwnedRow> holes;  // a chunk of single keys: these rows are deleted first
  bool sweep = false;           // ... for the source does not have them
  bool replace = false;         // rows of other keys that hold its unique values give way
  bool clear_first = false;     // an earlier run left rows of an unfinished whole copy
  TableStateRow state;          // to be written with it
};

// Which rows of a change concern the target.
struct Presence {
  bool before = true;  // the row of the old key is within what is copied
  bool after = true;   // the row of the new key is
};

// What becomes of one change of the stream.
struct Verdict {
  enum class Fate : uint8_t { kDrop, kExact, kLoose, kHole };
  Fate fate = Fate::kExact;
  Op op = Op::kInsert;       // the change as it concerns the target
  bool also_delete = false;  // delete the row of the old key first
  bool among_old = false;    // the table holds rows of before the copy, which may hold this row's unique values
};

class Merge {
 public:
  explicit Merge(MergeOptions options) : options_(options) {}

  // Before anything starts. `server`: which one shows the views (SourceInfo::answering).
  void read_from(std::string_view server);
  // `state`: the persisted one, if there is one. `kept`: the keys by which the table is mended (RangeSet::kept_since).
  Status add_table(const SchemaRef& schema,
                   const TableStateRow& state,
                   std::vector<TableName> parents,
                   std::vector<OwnedRow> kept = {});
  // A table of which an earlier run said that its rows may be ahead of the stream; null if there is none.
  [[nodiscard]] SchemaRef ahead() const;
  // Everything that a view opened now may show may already be in what earlier runs copied of such tables.
  void reopen_window(std::shared_ptr<const ReadPoint> now);

  // Readers.
  [[nodiscard]] std::optional<CopyTask> next_task(bool stream_is_near);
  // What the first task of a table found out. `whole`: it can't be read in key ranges.
  void planned(CopyTask& task, const std::vector<OwnedRow>& borders, uint64_t rows_estimated, bool whole);
  [[nodiscard]] bool announce(CopyTask& task, std::shared_ptr<const ReadPoint> point);
  void deliver(const CopyTask& task, Chunk chunk);
  [[nodiscard]] bool may_deliver(const CopyTask& task) const;  // false: an earlier piece of the view still waits
  void give_up(const CopyTask& task);                          // the task could not be read: hand it out again
  // A sweep: the source has all these keys, and rows as the target has them; the task goes on with other keys.
  void nothing_to_sweep(CopyTask& task);
  void swept(const CopyTask& task);  // there are no further keys

  // Dispatcher.
  [[nodiscard]] bool copying() const;  // false once every table is streaming: the merge is out of the way
  void start_at(const Position& position);
  [[nodiscard]] bool admit(const Batch& batch, const Transaction& tx);
  [[nodiscard]] Verdict judge(const Batch& batch, const Transaction& tx, const RowChange& change);
  // After Fate::kHole, in whose ticket the rows of both keys are deleted: the state to be written with it.
  [[nodiscard]] TableStateRow open_hole(const RowChange& change);
  [[nodiscard]] std::optional<ReadyChunk> chunk(const Batch* next_batch, const Transaction* next);
  void admitted_chunk(const ReadyChunk& ready);
  // Whether the target may hold rows that are ahead of the stream.
  [[nodiscard]] bool ahead_now() const;
  // A copied chunk is committed: children of its table may start.
  void committed(const TableName& table);
  // Tables whose windows have closed since the last call: they stream from here on.
  [[nodiscard]] std::vector<TableStateRow> take_streaming(const Position& position);

  struct TableView {
    TableName name;
    TableState state;
    std::string reason;
    uint64_t rows_done;
    uint64_t rows_estimated;
  };

  [[nodiscard]] std::vector<TableView> tables() const;

 private:
  struct KeyHash {
    size_t operator()(const OwnedRow& key) const { return hash_values(key.row()); }
  };

  struct SameKey {
    bool operator()(const OwnedRow& a, const OwnedRow& b) const { return same_values(a.row(), b.row()); }
  };

  struct Table {
    SchemaRef schema;
    std::vector<TableName> parents;
    TableState state = TableState::kPending;
    std::string reason;
    RangeSet copied;                                 // as admitted
    std::vector<std::optional<OwnedRow>> read_upto;  // per range: last key that a reader has read
    std::vector<uint8_t> range_busy;
    std::vector<uint8_t> range_read;  // read to its end
    bool planned = false;             // ranges are fixed
    bool whole = false;
    bool by_key = true;  // weft may compare its keys
    uint64_t rows_done = 0;
    uint64_t rows_estimated = 0;
    uint64_t uncommitted = 0;  // chunks admitted and not yet committed
    bool clear_first = false;
    bool was_ahead = false;                                 // an earlier run left rows that may be ahead of the stream
    std::vector<std::shared_ptr<const ReadPoint>> windows;  // what the target may already have ahead of the stream
    bool holes_busy = false;                                // a reader reads them
    std::vector<OwnedRow> kept;                             // keys to be compared; from the back to the front
    std::unordered_set<OwnedRow, KeyHash, SameKey> unread;  // those of them that were not admitted yet
    bool kept_busy = false;
    bool sweep_busy = false;
    bool swept = false;  // what the source lacks is gone
  };

  struct View {
    uint64_t id = 0;
    CopyTask task;
    std::shared_ptr<const ReadPoint> point;
    std::deque<Chunk> chunks;
    bool done = false;  // its last chunk was delivered
  };

  struct State {
    std::vector<Table> tables;
    std::map<TableName, size_t> by_name;
    std::vector<View> views;
    std::string ahead = ahead_of({});  // TableStateRow::since of tables with open windows
    Position admitted;
    bool mid_transaction = false;  // between fragments of a huge transaction
    uint64_t next_view = 1;
    uint32_t stale_in_a_row = 0;  // views that went stale: after a few the stream waits for the next one
  };

  static bool parents_done(const State& s, const Table& t);
  static bool all_streaming(const State& s);

  static bool complete(const Table& t) { return t.planned && t.copied.complete() && t.unread.empty(); }

  // Rows of before may be there that the source lacks.
  static bool to_be_swept(const Table& t) { return replaces(t.copied.earlier()) && !t.swept; }

  static bool caught_up(const Table& t) {
    return t.state == TableState::kCatchingUp && t.uncommitted == 0 && t.windows.empty() && complete(t);
  }

  static void heed_holes(const Table& t, const RowChange& change, Presence& present);

  static size_t bytes_waiting(const State& s);
  static std::optional<CopyTask> key_task(State& s);
  static std::optional<CopyTask> kept_task(State& s);
  static std::optional<CopyTask> range_task(State& s);
  static std::optional<CopyTask> sweep_task(State& s);
  static bool children_swept(const State& s, const Table& t);
  static bool in_window(const Table& t, const Batch& batch, const Transaction& tx);
  static ReadyChunk take_chunk(State& s, View& view);
  static TableStateRow state_row(const State& s, const Table& t);

  MergeOptions options_;
  Guarded<State> state_;
};

}  // namespace weft
