// SPDX-License-Identifier: Apache-2.0
// One function per invariant; see DESIGN.md for their wording.
#include "sim/checks.h"

#include <algorithm>

#include "base/text.h"
#include "snapshot/merge.h"
#include "snapshot/ranges.h"

namespace weft::sim {
namespace {

constexpr int64_t kAccountSumPerAccount = 100;

IdSet ids_at(const Image& image) {
  return IdSet::parse(image.progress->position.text()).value_or(IdSet());
}

std::vector<ModelRow> source_rows(const SourceTable& table) {
  std::vector<ModelRow> rows;
  rows.reserve(table.size());
  for (const RowRef& row : table) rows.push_back(*row);
  return rows;
}

// A lost position: nothing of any table counts as copied, and the position is the source's head.
// The rows of which letters wait are as they were, on both sides of a comparison they are left out.
void leave_out_waiting(const Image& image, TableId table, std::vector<ModelRow>& want, std::vector<ModelRow>& have) {
  const auto take = [](std::vector<ModelRow>& rows, std::string_view code) {
    const Result<OwnedRow> row = decode_key(code);
    const auto at = row ? std::ranges::find(rows, to_model(row->row())) : rows.end();
    if (at != rows.end()) rows.erase(at);
  };
  for (const DeadLetter& letter : *image.letters) {
    if (letter.table != schema_of(table)->name.text()) continue;
    if (schema_of(table)->keyless()) {
      if (letter.op != Op::kDelete) take(want, letter.after);
      if (letter.op != Op::kInsert) take(have, letter.before);
      continue;
    }
    for (const std::string& code : {letter.key, letter.new_key}) {
      const Result<OwnedRow> key = code.empty() ? Result<OwnedRow>(Error(Blame::kBug, "")) : decode_key(code);
      if (!key) continue;
      const auto same = [&](const ModelRow& row) { return key_cells(table, row) == to_model(key->row()); };
      std::erase_if(want, same);
      std::erase_if(have, same);
    }
  }
}

bool begins_again(const Image& image) {
  return std::all_of(image.states->begin(), image.states->end(), [](const auto& state) {
    const auto ranges = RangeSet::parse(state.second.ranges);
    return state.second.state <= TableState::kSnapshotting && ranges && ranges->untouched();
  });
}

// The tables that are to be mended by kept keys are those of which it is known that they may differ.
bool is_mended_by_keys(const TableStateRow& state) {
  const auto ranges = RangeSet::parse(state.ranges);
  return ranges && ranges->earlier() == Earlier::kMended && state.state <= TableState::kSnapshotting &&
         (ranges->kept_since() || ranges->untouched());
}

// A table that was to be mended by kept keys, which are gone: all of it is compared.
bool is_compared_instead(const TableStateRow& was, const TableStateRow& is) {
  const auto before = RangeSet::parse(was.ranges);
  const auto after = RangeSet::parse(is.ranges);
  return before && before->kept_since() && after && !after->kept_since() && after->earlier() == Earlier::kMended;
}

// Whether a key lies in a copied part, in the order that the source itself has.
bool copied(const RangeSet& ranges, const ModelRow& key) {
  const bool hole = std::any_of(ranges.holes().begin(), ranges.holes().end(), [&](const OwnedRow& one) {
    return compare_at_source(key, to_model(one.row())) == 0;
  });
  if (hole) return false;
  return std::any_of(ranges.ranges().begin(), ranges.ranges().end(), [&](const CopyRange& range) {
    if (!range.done && !range.complete) return false;
    if (range.after && compare_at_source(key, to_model(range.after->row())) <= 0) return false;
    if (range.complete) return !range.upto || compare_at_source(key, to_model(range.upto->row())) <= 0;
    return compare_at_source(key, to_model(range.done->row())) <= 0;
  });
}

}  // namespace

TableState state_of(const Image& image, TableId table) {
  const auto at = image.states->find(schema_of(table)->name);
  return at == image.states->end() ? TableState::kPending : at->second.state;
}

std::string difference(std::vector<ModelRow> want, std::vector<ModelRow> have) {
  std::sort(want.begin(), want.end());
  std::sort(have.begin(), have.end());
  if (want == have) return {};
  std::vector<ModelRow> missing;
  std::vector<ModelRow> extra;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(missing));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(), std::back_inserter(extra));
  std::string text;
  for (const ModelRow& row : missing) text += cat(text.empty() ? "" : "; ", "lacks ", print(row));
  for (const ModelRow& row : extra) text += cat(text.empty() ? "" : "; ", "has ", print(row));
  return text;
}

void Checks::fail(std::string_view invariant, std::string text) {
  if (violation_) return;
  violation_ = cat(invariant, ": ", text);
  trace_.line("VIOLATION ", *violation_);
}

void Checks::on_target(const TargetEvent& event, const Image& before, const Image& after) {
  if (violation_ || !after.progress) return;
  if (event.kind == TargetEvent::Kind::kCommit) {
    i2_positions_grow_in_log_order(before, after);
    i4_only_the_epoch_holder_commits(before, after);
    i11_table_states_go_forward(before, after);
  }
  if (watcher_) watcher_(after);
  i4_sums_hold(after);
  i4_effect_is_that_of_the_position(after);
}

void Checks::on_acknowledge(const IdSet& position) {
  i1_acknowledged_is_flushed(position);
}

// I1: what the source may forget can't be taken back by a crash of the target, or is kept by the journal.
void Checks::i1_acknowledged_is_flushed(const IdSet& position) {
  const Image& safe = target_.flushed();
  const bool flushed = safe.progress && ids_at(safe).includes(position);
  if (!flushed && !(safe.progress && kept_ && kept_(ids_at(safe), position))) {
    fail("I1",
         cat("acknowledged ",
             position.text(),
             ", but flushed is ",
             safe.progress ? safe.progress->position.text() : "nothing"));
  }
}

// I2, I3: progress moves forward along one history of the source, one sequence per transaction.
void Checks::i2_positions_grow_in_log_order(const Image& before, const Image& after) {
  const IdSet was = ids_at(before);
  const IdSet is = ids_at(after);
  begun_again_ = begun_again_ || begins_again(after);
  if (begins_again(after)) return;
  // Another server took over, which lacks what progress had: it goes back to what both have.
  if (source_.lost(was) && !source_.lost(is) && was.includes(is)) return;
  if (!is.includes(was)) fail("I2", cat("progress went from ", was.text(), " to ", is.text()));
  const uint64_t sequences = after.progress->sequence.value() - before.progress->sequence.value();
  if (sequences != is.count() - was.count()) {
    fail("I2", cat("from ", was.text(), " to ", is.text(), " are ", sequences, " sequences"));
  }
}

// I4: a commit is that of the holder of the epoch, one version after the last.
void Checks::i4_only_the_epoch_holder_commits(const Image& before, const Image& after) {
  if (after.progress->epoch != before.epoch) {
    fail("I4", cat("epoch ", after.progress->epoch, " committed while epoch ", before.epoch, " holds the pipeline"));
  }
  if (after.progress->version != before.progress->version + 1) {
    fail("I4", cat("version ", after.progress->version, " follows ", before.progress->version));
  }
}

// I4: each transaction's effect exactly once: a streaming table equals the source at the position in progress.
void Checks::i4_effect_is_that_of_the_position(const Image& after) {
  const IdSet position = ids_at(after);
  const std::optional<State> truth = source_.state_at(position);
  if (!truth) return fail("I2", cat("position ", position.text(), " is of no one history of the source"));
  for (size_t t = 0; t < kTableCount && !violation_; ++t) {
    const auto table = static_cast<TableId>(t);
    if (!source_.captures(table)) continue;
    const std::pair<StoredTableRef, SourceTableRef> compared{after.tables[t], truth->tables[t]};
    const TableState state = state_of(after, table);
    if (state < TableState::kStreaming) {
      if (source_.mode().kind == SourceKind::kMariaDb)
        i4_copied_ranges_are_of_the_position(after, table, *truth->tables[t]);
      continue;
    }
    if (compared == equal_[t] && after.letters->empty()) continue;
    std::vector<ModelRow> want = source_rows(*truth->tables[t]);
    std::vector<ModelRow> have = sorted_rows(after, table);
    leave_out_waiting(after, table, want, have);
    const std::string text = difference(std::move(want), std::move(have));
    if (!text.empty()) fail("I4", cat("table ", name_of(table), " at ", position.text(), " ", text));
    if (after.letters->empty()) equal_[t] = compared;
  }
}

// I4 during the snapshot, where views are exact: the target is the source at one position, projected onto what is copied.
void Checks::i4_copied_ranges_are_of_the_position(const Image& after, TableId table, const SourceTable& truth) {
  const auto state = after.states->find(schema_of(table)->name);
  if (state == after.states->end() || state->second.ranges.empty() || schema_of(table)->keyless()) return;
  const auto ranges = RangeSet::parse(state->second.ranges);
  if (!ranges) return fail("I11", cat("ranges of ", name_of(table), " can't be read: ", state->second.ranges));
  if (ranges->earlier() != Earlier::kNone) return;  // rows of before are among them until they are swept
  const auto keep_copied = [&](std::vector<ModelRow> rows) {
    std::erase_if(rows, [&](const ModelRow& row) { return !copied(*ranges, key_cells(table, row)); });
    return rows;
  };
  std::vector<ModelRow> want = keep_copied(source_rows(truth));
  std::vector<ModelRow> have = keep_copied(sorted_rows(after, table));
  leave_out_waiting(after, table, want, have);
  const std::string text = difference(std::move(want), std::move(have));
  if (!text.empty())
    fail("I4", cat("copied ranges of ", name_of(table), " at ", after.progress->position.text(), " ", text));
}

// I4 as a reader of the target sees it, without a model: money is constant, the ledger has no gap and the counter its length.
void Checks::i4_sums_hold(const Image& after) {
  const auto streams = [&](TableId table) {
    return source_.captures(table) && state_of(after, table) == TableState::kStreaming;
  };
  if (streams(kAccounts)) {
    int64_t sum = 0;
    for (const StoredRow& account : *after.tables[kAccounts]) sum += (*account.row)[1].number;
    const auto accounts = static_cast<int64_t>(after.tables[kAccounts]->size());
    if (sum != accounts * kAccountSumPerAccount) fail("I4", cat(accounts, " accounts hold ", sum));
  }
  if (streams(kLedger) && streams(kCounter) && after.tables[kCounter]->size() == 1) {
    const int64_t entries = static_cast<int64_t>(after.tables[kLedger]->size());
    const int64_t counted = (*after.tables[kCounter]->front().row)[1].number;
    if (entries != counted) fail("I4", cat("the ledger has ", entries, " entries, the counter says ", counted));
  }
}

// I6: no step waits for anything. I9 and I10 hold at every moment; reading the board is dear, so not at every step.
void Checks::after_step(std::string_view actor, int64_t slept_ns, const StatusBoard& board) {
  if (slept_ns != 0) fail("I6", cat("a step of ", actor, " slept ", slept_ns, " ns"));
  if (++steps_ % 64 != 0) return;
  const PipelineStatus status = board.read();
  i9_memory_stays_in_budget(status);
  i10_nothing_is_missed(status);
}

// I5, I9: queues and buffers stay inside their budget; one item may always be in.
void Checks::i9_memory_stays_in_budget(const PipelineStatus& status) {
  constexpr uint64_t kOneItem = 8u << 10;
  if (status.memory_budget != 0 && status.memory_used > status.memory_budget + kOneItem) {
    fail("I9", cat(status.memory_used, " bytes of ", status.memory_budget));
  }
}

// I10: on a legal history no change misses its row.
void Checks::i10_nothing_is_missed(const PipelineStatus& status) {
  if (status.missed_rows != 0) fail("I10", cat(status.missed_rows, " changes found no row"));
}

// I11: no table goes back from what it had reached, but to be copied anew (then nothing of it counts as copied).
void Checks::i11_table_states_go_forward(const Image& before, const Image& after) {
  for (const auto& [name, was] : *before.states) {
    const auto is = after.states->find(name);
    if (is == after.states->end()) return fail("I11", cat("the state of ", name.text(), " is gone"));
    const bool anew = is->second.state <= TableState::kSnapshotting &&
                      (was.reason == kAskedToResume || is_compared_instead(was, is->second) ||
                       (source_.lost(ids_at(before)) && is_mended_by_keys(is->second)) ||
                       ahead_of_another(was, cat("server ", source_.failovers())) || begins_again(after));
    if (is->second.state < was.state && !anew) {
      fail("I11", cat(name.text(), " went from ", to_string(was.state), " to ", to_string(is->second.state)));
    }
  }
}

// I8: the target keeps what is prepared at the source, and nothing else.
void Checks::i8_what_is_prepared_is_kept() {
  std::string wanted;
  std::string kept;
  for (const auto& [name, tx] : source_.prepared()) wanted += " " + name;
  for (const auto& [name, pieces] : *target_.newest().prepared) kept += " " + name;
  for (const auto& [name, pieces] : *target_.newest().prepared) {
    if (!source_.prepared().contains(name)) fail("I8", cat("kept, and decided at the source: ", name));
  }
  if (begun_again_) return;
  if (wanted != kept) fail("I8", cat("prepared at the source:", wanted, "; kept at the target:", kept));
}

bool Checks::converged() const {
  const Image& image = target_.newest();
  if (!image.progress || !ids_at(image).includes(source_.all_ids())) return false;
  for (size_t t = 0; t < kTableCount; ++t) {
    if (source_.captures(static_cast<TableId>(t)) && state_of(image, static_cast<TableId>(t)) != TableState::kStreaming)
      return false;
  }
  return true;
}

void Checks::at_end(const PipelineStatus& status) {
  i9_memory_stays_in_budget(status);
  i10_nothing_is_missed(status);
  if (!converged()) return fail("liveness", "the target has not caught up");
  i8_what_is_prepared_is_kept();
  for (size_t t = 0; t < kTableCount; ++t) {
    const auto table = static_cast<TableId>(t);
    if (!source_.captures(table)) continue;
    std::vector<ModelRow> want = source_rows(source_.newest()[table]);
    std::vector<ModelRow> have = sorted_rows(target_.newest(), table);
    leave_out_waiting(target_.newest(), table, want, have);
    const std::string text = difference(std::move(want), std::move(have));
    if (!text.empty()) fail("I4", cat("in the end table ", name_of(table), " ", text));
  }
}

}  // namespace weft::sim
