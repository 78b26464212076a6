// SPDX-License-Identifier: Apache-2.0
// TargetServer: the target database's server: tables with unique indexes and foreign keys enforced row by row, row locks of
// open transactions, a history of committed states (so that restarts and failovers can lose the newest), the pipeline's
// progress row with its compare-and-set, table states and schemas, a lease, and COMMITs that arrive late. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>

#include "sim/fake_clock.h"
#include "sim/faults.h"
#include "sim/tables.h"
#include "sim/trace.h"
#include "target/target.h"

namespace weft::sim {

// A row with the hidden identity that keyless tables need (ctid).
struct StoredRow {
  uint64_t id = 0;
  RowRef row;
};

using StoredTable = std::vector<StoredRow>;
using StoredTableRef = std::shared_ptr<const StoredTable>;

using TableStates = std::map<TableName, TableStateRow>;
using TableShapes = std::map<TableName, SchemaRef>;
using Letters = std::vector<DeadLetter>;                                 // oldest first
using PreparedPieces = std::map<std::string, std::vector<std::string>>;  // by the transaction's name

// What one transaction changed, as weft wrote it.
struct KeptKeys {
  uint64_t version = 0;  // 0: beside progress
  std::string position;
  std::string keys;
};

using Kept = std::vector<KeptKeys>;  // oldest first

// One committed state. Copies share everything.
struct Image {
  std::array<StoredTableRef, kTableCount> tables;
  std::optional<Progress> progress;
  uint64_t epoch = 0;
  std::shared_ptr<const TableStates> states;
  std::shared_ptr<const TableShapes> schemas;
  std::shared_ptr<const PreparedPieces> prepared;
  std::shared_ptr<const Letters> letters;
  std::shared_ptr<const Kept> kept;
  std::array<bool, kTableCount> exists{};

  Image();
};

struct TargetMode {
  bool synchronous = false;  // every commit is flushed at once
  bool foreign_keys = true;
  bool key_actions = false;      // which delete children with their parent
  bool second_unique = true;     // unique indexes beside the primary keys
  bool deferrable = false;       // foreign keys can be checked at commit
  bool collation_folds = false;  // its text keys know no case
  bool poisoned = false;         // rows with kPoison in them are refused
  bool compare_and_set = true;   // the guard of I4: taken out by tests only
  Duration lock_timeout = std::chrono::milliseconds(50);
};

// What happened to progress; the checkers listen.
struct TargetEvent {
  enum class Kind : uint8_t { kCommit, kBeside, kTakeover, kStart, kRewind };
  Kind kind = Kind::kCommit;
  bool late = false;  // the commit of a client that has gone
};

class TargetServer {
 public:
  using Listener = std::function<void(const TargetEvent&, const Image& before, const Image& after)>;
  using TxId = uint64_t;

  TargetServer(TargetMode mode, FakeClock& clock, Faults& faults, Trace& trace, uint64_t seed);

  void listen(Listener listener) { listener_ = std::move(listener); }

  [[nodiscard]] const TargetMode& mode() const { return mode_; }

  [[nodiscard]] const Image& newest() const { return history_.back(); }

  // The newest state that a crash can't take back.
  [[nodiscard]] const Image& flushed() const { return history_[flushed_]; }

  [[nodiscard]] uint64_t connection() const { return connection_; }

  [[nodiscard]] uint64_t commits() const { return commits_; }

  // Statements of a transaction. An error has rolled it back.
  [[nodiscard]] TxId begin();
  [[nodiscard]] Result<uint64_t> execute(TxId tx, const TableBatch& batch, bool wait_for_locks);
  void write_meta(TxId tx, const std::vector<TableStateRow>& states, const std::vector<SchemaRef>& schemas);
  void write_prepared(TxId tx, const std::vector<PreparedStepRef>& steps);
  void write_letters(TxId tx, const std::vector<DeadLetterStep>& steps);

  void keep_keys(TxId tx, std::string keys) { open(tx).keys = std::move(keys); }

  // The oldest of what was kept goes, for scripted histories.
  void forget_kept(size_t count) {
    auto kept = std::make_shared<Kept>(*history_.back().kept);
    kept->erase(kept->begin(), kept->begin() + static_cast<ptrdiff_t>(std::min(count, kept->size())));
    history_.back().kept = std::move(kept);
  }

  void drop_kept() { history_.back().kept = Image().kept; }

  void defer(TxId tx);

  // From here on an error of a statement takes back only what follows.
  void begin_trial(TxId tx);

  void end_trial(TxId tx) { open(tx).before_trial.reset(); }

  void undo(TxId tx);

  // As the transaction sees them; those that are found, or taken, are locked by it.
  [[nodiscard]] Result<std::vector<HeldKey>> held(TxId tx,
                                                  const std::string& table,
                                                  const std::vector<std::string>& keys);
  [[nodiscard]] std::vector<DeadLetter> letters(TxId tx, const std::string& table) const;
  [[nodiscard]] Result<bool> take_letter(TxId tx, uint64_t id);
  [[nodiscard]] Status commit_beside(TxId tx);
  void remove_letters(const std::vector<uint64_t>& ids);
  // A person asks for a table to be copied again.
  void ask_to_resume(const std::string& table);

  // The target takes every row from now on.
  void mend() { mode_.poisoned = false; }

  // No foreign keys for this transaction.
  void relax(TxId tx) { open(tx).relaxed = true; }

  [[nodiscard]] Status commit(TxId tx, const Progress& from, const Progress& to, bool late = false);
  void rollback(TxId tx);
  // The client has gone: rolled back now or when reap() comes by.
  void abandon(TxId tx);
  // A COMMIT that is still on its way.
  void send_commit(TxId tx, const Progress& from, const Progress& to);

  [[nodiscard]] bool has_late() const { return !late_.empty() || !abandoned_.empty(); }

  // Lets one late COMMIT or dead session arrive. False: there is none.
  bool deliver_late();

  // Administration, durable at once.
  [[nodiscard]] Result<Image> take_over(uint64_t holder, Duration wait);
  [[nodiscard]] Status start(uint64_t holder,
                             const Progress& initial,
                             const std::vector<TableStateRow>& states,
                             const std::vector<SchemaRef>& schemas);
  [[nodiscard]] Status renew(uint64_t holder, uint64_t epoch);
  void release(uint64_t holder);
  void create(TableId table);
  // Puts rows there without weft.
  void seed_row(TableId table, ModelRow row);

  // Overwrites the progress row behind everybody's back: for scripted histories.
  void tamper(const std::function<void(Progress&)>& change) { change(*history_.back().progress); }

  // A row vanishes at the hands of a stranger.
  void lose_row(TableId table, const ModelRow& key);

  void flush_some();
  void flush_all();
  void restart();
  void fail_over(size_t commits_behind);

 private:
  struct OpenTx {
    TxId id = 0;
    std::array<std::map<uint64_t, RowRef>, kTableCount> overlay;  // by row id; null: deleted
    std::vector<TableStateRow> states;
    std::vector<SchemaRef> schemas;
    std::vector<PreparedStepRef> prepared;
    std::vector<DeadLetterStep> letters;
    std::vector<uint64_t> taken;
    std::optional<std::string> keys;
    std::shared_ptr<const OpenTx> before_trial;
    bool deferred = false;
    bool relaxed = false;
    std::array<bool, kTableCount> touched{};
    std::array<bool, kTableCount> exclusive{};  // truncated
  };

  struct LateCommit {
    TxId tx = 0;
    Progress from;
    Progress to;
  };

  struct Lock {
    TxId owner = 0;
    std::vector<TxId> sharers;
  };

  [[nodiscard]] OpenTx& open(TxId tx);
  template <class F>
  void each_row(const OpenTx& tx, TableId table, F&& visit) const;
  [[nodiscard]] std::optional<StoredRow> find(const OpenTx& tx,
                                              TableId table,
                                              const std::vector<uint16_t>& columns,
                                              const ModelRow& key,
                                              uint64_t except) const;
  Status execute_row(
      OpenTx& tx, TableId table, const TableBatch& batch, const TableBatch::Item& item, uint64_t& affected);
  Status put(OpenTx& tx, TableId table, const std::optional<StoredRow>& before, ModelRow after);
  Status erase(OpenTx& tx, TableId table, const StoredRow& row);
  Status truncate(OpenTx& tx, TableId table, uint64_t& affected);
  Status erase_children(OpenTx& tx, const ModelRow& parent, uint64_t& affected);
  Status check_unique(const OpenTx& tx, TableId table, const ModelRow& row, uint64_t except) const;
  Status check_references(const OpenTx& tx, TableId table, const ModelRow& row) const;
  Status check_all_references(const OpenTx& tx) const;
  Status lock_row(OpenTx& tx, TableId table, const ModelRow& row, bool key_goes);
  Status lock(OpenTx& tx, uint64_t what, bool exclusive);
  Status lock_table(OpenTx& tx, TableId table, bool exclusive);

  [[nodiscard]] bool enforces(const OpenTx& tx) const { return mode_.foreign_keys && !tx.relaxed; }

  [[nodiscard]] ModelRow keyed(const ModelRow& row, const std::vector<uint16_t>& columns) const;
  [[nodiscard]] Status blocked(TableId table) const;
  void trace_batch(TxId id, TableId table, const TableBatch& batch);
  void forget(TxId tx);
  [[nodiscard]] Letters letters_after(const OpenTx& tx) const;
  [[nodiscard]] Status lock_letter(OpenTx& tx, uint64_t id);
  [[nodiscard]] Status finish(OpenTx& tx, Image& next);
  void remember_keys(const OpenTx& tx, const Progress* to, Image& next) const;
  void push(Image image, TargetEvent event);
  void rewind(size_t to, std::string_view why);

  TargetMode mode_;
  FakeClock& clock_;
  Faults& faults_;
  Trace& trace_;
  Rng rng_;
  size_t kept_limit_;
  Listener listener_;
  std::vector<Image> history_;
  size_t flushed_ = 0;
  std::map<TxId, OpenTx> open_;
  std::map<uint64_t, Lock> locks_;
  std::vector<LateCommit> late_;
  std::vector<TxId> abandoned_;
  bool wait_for_locks_ = true;
  uint64_t next_tx_ = 1;
  uint64_t next_row_ = 1;
  uint64_t next_letter_ = 1;
  uint64_t connection_ = 1;
  uint64_t commits_ = 0;
  uint64_t holder_ = 0;
  SteadyTime lease_until_;
};

// The unique indexes that a target has in this mode.
[[nodiscard]] std::span<const std::vector<uint16_t>> indexes_of(const TargetMode& mode, TableId table);

// The text of a committed table, rows sorted: for comparisons and messages.
[[nodiscard]] std::vector<ModelRow> sorted_rows(const Image& image, TableId table);

}  // namespace weft::sim
