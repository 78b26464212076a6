// SPDX-License-Identifier: Apache-2.0
// Workload: what applications do to the source, drawn from a seed: single rows, key changes, partial images, swaps of unique
// values, parents and children, transfers between accounts, the ledger with its counter, transactions that touch no captured
// table, huge ones that travel as fragments, truncates. One thread.
#pragma once

#include "sim/draft.h"

namespace weft::sim {

struct WorkloadOptions {
  bool partial_images = true;
  bool truncates = true;
  bool huge = true;
  bool keyless = true;
  bool two_phase = false;
  bool poison = false;  // now and then a row that a poisoned target refuses
  int64_t keys = 12;    // small: keys meet often
  int64_t accounts = 5;
};

class Workload {
 public:
  Workload(SourceServer& server, WorkloadOptions options, uint64_t seed)
      : server_(server), options_(options), rng_(seed) {}

  // Rows that are there before weft comes: one settled transaction, and the accounts.
  void load(size_t rows);
  // One transaction; false when what was drawn would have failed or waited at the source. `followed`: the pipeline will see
  // it in the stream, not in a copy alone.
  bool write(bool followed = true);

 private:
  bool change_items(Draft& draft);
  bool change_words(Draft& draft);
  bool change_pairs(Draft& draft);
  bool change_bag(Draft& draft);
  bool change_family(Draft& draft);
  bool swap_codes(Draft& draft);
  bool transfer(Draft& draft);
  bool append_ledger(Draft& draft);
  bool fill(Draft& draft, size_t edits);
  bool step(Draft& draft);
  bool write_two_phase();

  [[nodiscard]] RowRef any_row(const Draft& draft, TableId table);

  [[nodiscard]] bool partial() { return options_.partial_images && rng_.chance(1, 2); }

  [[nodiscard]] int64_t number(int64_t below) { return static_cast<int64_t>(rng_.below(static_cast<uint64_t>(below))); }

  [[nodiscard]] Cell word();
  [[nodiscard]] Cell code();
  [[nodiscard]] std::string note();

  SourceServer& server_;
  WorkloadOptions options_;
  Rng rng_;
  uint64_t notes_ = 0;
};

}  // namespace weft::sim
