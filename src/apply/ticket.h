// SPDX-License-Identifier: Apache-2.0
// ApplyItem: one change on its way to one target table. Ticket: the work of one target transaction, with its place in the
// commit order, and everything that keeps its bytes alive. Built by one thread, then executed by one lane.
#pragma once

#include <memory>
#include <vector>

#include "model/transaction.h"
#include "target/target.h"

namespace weft {

// What the target must look like for the change to be right.
enum class Expect : uint8_t {
  kExact,  // an insert finds nothing, an update or delete finds its row: anything else is never silent (I10)
  kLoose,  // the row may already be ahead (rows copied under a read view that the stream has not passed yet)
};

struct ApplyItem {
  enum class What : uint8_t {
    kInsert,
    kUpdate,
    kDelete,
    kTruncate,
    kKeyActions,  // what foreign keys of other tables say to the deletion of `before`, or to its change into `after`
  };

  TargetTableRef table;
  What what = What::kInsert;
  Expect expect = Expect::kExact;
  Row before;  // update, delete: at least the key of the row to be changed
  Row after;   // insert: full; update: new values, kUnchanged where not known
  // kKeyActions: what acts. Else what may act because of it below the log, whoever carries it out. Kept by the ticket.
  const ActingKeys* keys = nullptr;
  bool keep_children = false;  // see TableBatch
  bool in_order = false;       // the target's own keys act on it: it must be seen there as it is, in its place
  bool among_old = false;      // row by row, rows of other keys that hold its unique values give way
  bool leads = false;          // part of the change of the item behind it: both are applied, or neither
};

// How a ticket's items become statements; each retry after a conflict is one step more careful.
enum class ApplyMode : uint8_t {
  kCoalesced,  // one net effect per key, by table
  kRuns,       // source order; neighbours of one shape share a statement
  kRows,       // source order, one row a statement
  kParking,  // source order; a change that the target can't take becomes a dead letter, and the others go on (parking.h)
};

struct TableCounts {
  TableName table;  // source name
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t passed_over = 0;  // of a table that is set aside
};

struct Ticket {
  // Where a source transaction ends among the items.
  struct Bound {
    size_t items = 0;
    const Batch* batch = nullptr;     // kept alive by `keep`
    const Transaction* tx = nullptr;  // of that batch
    Sequence sequence;
  };

  struct Prepared {
    size_t bound = 0;  // of the source transaction that it is part of
    PreparedStepRef step;
  };

  uint64_t number = 0;  // commit order, dense
  std::vector<ApplyItem> items;
  std::vector<Bound> bounds;  // one per source transaction that is whole in this ticket
  ApplyMode mode = ApplyMode::kCoalesced;

  // A piece of a copied table instead of items.
  TargetTableRef copy_table;
  BatchOp copy_op = BatchOp::kCopy;
  bool copy_clear = false;    // empty the table first: an earlier run left part of a copy that has to be whole
  bool copy_replace = false;  // rows of other keys that hold unique values of the copied ones give way
  std::vector<Row> copy_rows;
  // The items are rows that were read ahead of the stream, by their keys.
  bool copied_keys = false;

  std::vector<TableStateRow> states;
  std::vector<SchemaRef> schemas;
  std::vector<Prepared> prepared;
  std::vector<DeadLetterStep> letter_steps;  // in front of everything else
  Progress end;       // sequence, position and source time after this ticket; epoch and version are set at commit
  bool first = true;  // fragments of a huge transaction: only the last one commits
  bool last = true;
  bool relax_foreign_keys = false;  // see Group
  bool acts_there = false;          // keys of the target act on changes of it, as they did at the source
  bool acts_in_log = false;         // they must not: what keys did at the source is in the log, or they did nothing
  bool ahead = false;               // the target may hold rows that are ahead of it
  bool alone = false;               // nothing else may be in flight with it
  bool may_park = false;            // kParking: by policy; else a change that can't be applied is an error
  uint64_t letters_minded = 0;      // see ParkedKeys::generation
  bool check_now = false;           // kParking: deferred constraints are checked row by row
  std::string origin;               // the chain of what its rows had passed through before the source
  Position piece_of;                // of a fragment: where its transaction ends

  std::vector<uint64_t> writes;  // hashes of the keys it changes, see apply/keys.h
  std::vector<uint64_t> reads;   // hashes of the foreign-key parents it needs

  std::vector<std::shared_ptr<const void>> keep;  // what the rows view
  size_t bytes = 0;
  uint64_t transactions = 0;
  std::vector<TableCounts> counts;
  // Filled by the lane.
  uint64_t missed = 0;       // rows that deletes did not find
  uint64_t key_actions = 0;  // rows that foreign-key actions changed
  std::vector<DeadLetterStep> letters;
  std::vector<TableCounts> parked;  // of `counts`, what was not applied
};

}  // namespace weft
