// SPDX-License-Identifier: Apache-2.0
// Admission: takes transactions out of the journal in order, decides what each change means for the target (while tables
// are being copied), and forms tickets. One thread. Keeps I2 and I8: whatever it takes out is in a ticket, passed over by a
// Merge rule, or an error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "apply/ticket.h"
#include "journal/journal.h"
#include "pipeline/key_actions.h"
#include "pipeline/pipeline.h"
#include "pipeline/prepared.h"
#include "pipeline/schema_rules.h"
#include "snapshot/merge.h"

namespace weft {

// Decides what a schema change of the stream means (the shape before it as far as it is known), or that it stops there.
using SchemaJudge =
    std::function<Result<SchemaRuling>(const Batch&, const Transaction&, const SchemaChange&, const SchemaRef&)>;

class Admission {
 public:
  Admission(const PipelineOptions& options, Journal& journal, Merge& merge, Target& target, SchemaJudge judge);

  // What was admitted last: where the next commit moves progress to.
  [[nodiscard]] const Progress& admitted() const { return admitted_; }

  void start_at(const Progress& progress);

  // The versions of tables' shapes that the target knows.
  void know(std::vector<SchemaRef> persisted) { known_ = std::move(persisted); }

  // Changes of these tables are passed over, and counted.
  void set_aside(const std::vector<TableName>& tables) { aside_.insert(tables.begin(), tables.end()); }

  // Who the target is: what came through it is not sent back to it.
  void know_target(std::string identity) { target_id_ = std::move(identity); }

  // The transactions in two phases that the target keeps.
  void know_prepared(const std::vector<PreparedName>& names) { prepared_.know(names); }

  // The tables as they were matched when both sides were opened: the foreign keys among them, and where a TRUNCATE goes of a
  // table whose shape is not known.
  Status learn_tables(const std::vector<TargetTableRef>& tables);

  // A table changed its shape: nothing behind that is taken in. When what came before is committed the cycle has to end,
  // so that the next one sees both sides as they are.
  [[nodiscard]] bool held() const { return held_; }

  // While tables are copied, write without foreign-key checks (they lead in a circle).
  void relax_foreign_keys() { relax_ = true; }

  // Takes in as much as there is and fits. An open ticket grows until take().
  // True if anything moved. `quiet`: nothing is in flight (some steps need that).
  [[nodiscard]] Result<bool> step(bool quiet);
  // The ticket formed so far; null if there is nothing to write. A chunk's or fragment's ticket is complete by itself.
  [[nodiscard]] std::shared_ptr<Ticket> take();
  // Whether a ticket waits to be taken: complete (no more fits) or, when `any`, with whatever it holds.
  [[nodiscard]] bool ready(bool any) const;

  // Positions passed over without effect (empty transactions) since the last ticket.
  [[nodiscard]] bool progress_pending() const { return progress_pending_; }

  // An empty ticket that only moves progress, and table states that became current.
  [[nodiscard]] std::shared_ptr<Ticket> progress_ticket(std::vector<TableStateRow> states);

  // Bytes held in the open ticket and the current entry.
  [[nodiscard]] size_t bytes() const { return ticket_ ? ticket_->bytes : 0; }

  // Whether a transaction waits that could not be admitted yet.
  [[nodiscard]] bool holding() const { return next_ != nullptr || !journal_.empty(); }

  // The matched target table for a schema; asks the target once.
  [[nodiscard]] Result<TargetTableRef> target_table(const SchemaRef& schema);

 private:
  enum class Fit : uint8_t { kTaken, kWait, kFull };

  struct Matched {
    SchemaRef schema;  // which must live as long as its address stands for it
    TargetTableRef table;
  };

  Status fetch();
  Result<bool> take_chunk();
  void add_keys(ReadyChunk ready, const TargetTableRef& table);
  void open_hole(const RowChange& change, const TargetTableRef& table);
  Row key_row(const TableSchema& schema, Row key);
  void put_state(const TableStateRow& state);
  Result<Fit> take_transaction(bool quiet);
  // admission_two_phase.cc
  [[nodiscard]] bool two_phase() const;
  Result<Fit> take_two_phase(const Transaction& tx, const TwoPhase& phase, bool quiet);
  Result<Fit> commit_prepared(const Transaction& tx, std::string_view name, bool quiet);
  Status release(std::string_view name, uint64_t piece);
  void add_step(PreparedStepRef step);
  Result<Fit> take_schema_change(const SchemaChange& change, bool quiet);
  void keep_shape(const SchemaRef& schema);
  void keep_version(const SchemaRef& schema);
  Result<bool> add_key_actions(const RowChange& change, const TargetTableRef& table, bool leads);
  void note_keys(const TargetTable& table, size_t first);
  Status refuse_large_rows(const Transaction& tx) const;
  Status add_change(const Change& change);
  Status add_row(const RowChange& change);
  Result<Row> with_defaults(const RowChange& change, const TargetTable& table);
  void add_item(const ApplyItem& item);
  Result<TargetTableRef> table_of(const TableSchema* schema);
  Result<TargetTableRef> table_to_truncate(const TableSchema* schema);
  Ticket& open_ticket();
  void close(const Transaction& tx);
  void close_fragment(bool first, bool last);
  void advance();
  void count(const TableName& table, Op op);
  void count(const TableName& table, uint64_t TableCounts::*what);
  [[nodiscard]] bool is_aside(const TableSchema* schema);
  [[nodiscard]] bool is_foreign(std::string_view chain) const;
  void pass_over(const Transaction& tx);

  const PipelineOptions& options_;
  Journal& journal_;
  Merge& merge_;
  Target& target_;
  SchemaJudge judge_;
  Progress admitted_;
  bool progress_pending_ = false;

  std::shared_ptr<const Batch> batch_;  // the entry being taken in
  Sequence sequence_;                   // of next_
  size_t index_ = 0;
  const Transaction* next_ = nullptr;
  std::string target_id_;
  std::string origin_;          // the chain of next_, from its first fragment to its last
  bool next_admitted_ = false;  // the merge let it pass; its keys may still be missing
  KeyActions actions_;
  Prepared prepared_;
  uint64_t piece_ = 0;                     // of what next_ commits: those before it are taken in
  std::shared_ptr<const Batch> released_;  // what next_ commits

  std::shared_ptr<Ticket> ticket_;
  bool full_ = false;
  bool copying_ = true;
  bool relax_ = false;
  bool held_ = false;
  std::set<TableName> aside_;
  std::unordered_map<const TableSchema*, Matched> tables_;
  std::vector<SchemaRef> known_;        // latest persisted version per table
  std::vector<TargetTableRef> opened_;  // as they were matched then
};

}  // namespace weft
