// SPDX-License-Identifier: Apache-2.0
#include "apply/parking.h"

#include <algorithm>
#include <set>

#include "apply/change_rows.h"
#include "apply/copy.h"
#include "apply/plan.h"
#include "apply/shape.h"

namespace weft {
namespace {

using What = ApplyItem::What;

constexpr size_t kRunUnits = 256;
const Error kWaits(Blame::kData, "waits behind an earlier change of its row");

// Does `count` pieces of work in runs: they halve on an error until one piece stands alone, and grow again behind it.
// `end_of(from, limit)`: where a run may end at most.
template <class EndOf, class Attempt, class Alone>
Status in_runs(size_t count, EndOf&& end_of, Attempt&& attempt, Alone&& alone) {
  size_t run = kRunUnits;
  for (size_t from = 0; from < count;) {
    const size_t to = end_of(from, std::min(count, from + run));
    const Status done = attempt(from, to);
    if (!done && !is_of_the_row(done.error())) return done;
    if (!done && to - from > 1) {
      run = (to - from) / 2;
      continue;
    }
    if (!done) TRY(alone(from, done.error()));
    from = to;
    run = std::min(run * 2, kRunUnits);
  }
  return ok();
}

}  // namespace

bool is_of_the_row(const Error& error) {
  if (error.blame() == Blame::kData) return true;
  return error.blame() == Blame::kConflict && error.code().starts_with(kIntegrityClass);
}

Status Parking::run() {
  ticket_.letters.clear();
  ticket_.parked.clear();
  ticket_.missed = ticket_.key_actions = 0;
  Status done = begin();
  if (done) done = ticket_.copy_table ? run_copy() : run_items();
  if (done) done = finish();
  if (!done) session_.rollback();
  return done;
}

Status Parking::begin() {
  Group group;
  group.first = ticket_.first;
  group.last = false;
  group.relax_foreign_keys = ticket_.relax_foreign_keys;
  group.check_constraints_now = ticket_.check_now;
  group.dead_letters = ticket_.letter_steps;
  if (ticket_.copy_clear) {
    TableBatch clear;
    clear.table = ticket_.copy_table;
    clear.op = BatchOp::kTruncate;
    group.batches.push_back(std::move(clear));
  }
  TRY(session_.prepare(group));
  return ok();
}

Status Parking::finish() {
  const bool torn = applied_ > 0 || !ticket_.first || !ticket_.last;
  const auto unwritten = ticket_.letters.begin() + static_cast<ptrdiff_t>(written_);
  for (auto kept = unwritten; kept != ticket_.letters.end(); ++kept) kept->letter.torn = torn && !ticket_.copy_table;
  Group group;
  group.first = false;
  group.last = ticket_.last;
  group.relax_foreign_keys = ticket_.relax_foreign_keys;
  group.states = ticket_.states;
  group.schemas = ticket_.schemas;
  for (const Ticket::Prepared& prepared : ticket_.prepared) group.prepared.push_back(prepared.step);
  group.dead_letters.assign(unwritten, ticket_.letters.end());
  TRY(session_.prepare(group));
  return ok();
}

void Parking::find_units() {
  size_t begin = 0;
  for (size_t i = 0; i < ticket_.items.size(); ++i) {
    if (ticket_.items[i].leads) continue;
    units_.push_back({begin, i + 1});
    begin = i + 1;
  }
}

std::vector<std::string> Parking::keys_of(const ApplyItem& item) {
  const TableSchema& schema = *item.table->source;
  std::vector<std::string> keys;
  if (item.what == What::kTruncate || item.what == What::kKeyActions) return keys;
  if (schema.keyless()) {
    if (item.what != What::kInsert) keys.push_back(encode_key(item.before));
    return keys;
  }
  if (item.what != What::kInsert && has_key(schema, item.before)) keys.push_back(code_of(schema, item.before));
  if (item.what != What::kDelete && has_key(schema, item.after)) {
    std::string key = code_of(schema, item.after);
    if (keys.empty() || keys.front() != key) keys.push_back(std::move(key));
  }
  return keys;
}

Status Parking::learn_held() {
  std::map<std::string, std::set<std::string>> asked;
  for (const ApplyItem& item : ticket_.items) {
    for (std::string& key : keys_of(item)) asked[table_of(item)].insert(std::move(key));
  }
  for (const auto& [table, keys] : asked) {
    TRY_ASSIGN(const std::vector<HeldKey> held, session_.held(table, {keys.begin(), keys.end()}));
    for (const HeldKey& key : held) held_[table][key.key] = key.stuck;
  }
  return ok();
}

bool Parking::is_held(const Unit& unit) const {
  for (size_t i = unit.begin; i < unit.end; ++i) {
    const ApplyItem& item = ticket_.items[i];
    if (item.what == What::kTruncate) return true;
    const auto table = held_.find(table_of(item));
    if (table == held_.end()) continue;
    for (const std::string& key : keys_of(item)) {
      if (table->second.contains(key)) return true;
    }
  }
  return false;
}

Status Parking::run_items() {
  find_units();
  TRY(learn_held());
  // What is kept may be of the same row as a change behind it, so the runs end where something waits.
  const auto end_of = [this](size_t from, size_t limit) {
    size_t to = from + 1;
    while (to < limit && !is_held(units_[from]) && !is_held(units_[to])) ++to;
    return to;
  };
  return in_runs(
      units_.size(),
      end_of,
      [this](size_t from, size_t to) {
        return is_held(units_[from]) ? apply_behind(units_[from]) : try_units(from, to);
      },
      [this](size_t at, const Error& error) { return park(units_[at], error); });
}

Status Parking::run_copy() {
  const std::span<const Row> rows = ticket_.copy_rows;
  if (ticket_.copy_clear) step(DeadLetterStep::What::kForgetTable, ticket_.copy_table->source->name.text(), {});
  return in_runs(
      rows.size(),
      [](size_t, size_t limit) { return limit; },
      [&](size_t from, size_t to) {
        Group group;
        group.first = group.last = false;
        group.relax_foreign_keys = ticket_.relax_foreign_keys;
        group.on_trial = true;
        add_copy(ticket_, rows.subspan(from, to - from), group);
        const Result<PrepareReport> report = session_.prepare(group);
        return report ? ok() : Status(report.error());
      },
      [&](size_t at, const Error& error) {
        ApplyItem row;
        row.table = ticket_.copy_table;
        row.what = What::kInsert;
        row.after = rows[at];
        keep(row, false, error);
        return ok();
      });
}

// In one savepoint.
Status Parking::try_items(const std::vector<ApplyItem>& items) {
  Plan plan;
  plan_items(items, ApplyMode::kRows, plan);
  Group group;
  group.first = group.last = false;
  group.relax_foreign_keys = ticket_.relax_foreign_keys;
  group.on_trial = true;
  for (PlannedBatch& planned : plan.batches) group.batches.push_back(std::move(planned.batch));
  TRY_ASSIGN(const PrepareReport report, session_.prepare(group));
  for (size_t i = 0; i < plan.batches.size(); ++i) plan.batches[i].batch = std::move(group.batches[i]);
  if (count_affected_) {
    Result<RowCounts> counted = check_counts(plan, report, ApplyMode::kRows);
    if (!counted) {
      TRY(session_.undo());
      return std::move(counted).error();
    }
    ticket_.missed += counted->missed;
    ticket_.key_actions += counted->key_actions;
  }
  for (const ApplyItem& item : items) {
    const bool goes = item.what != What::kInsert && item.what != What::kTruncate;
    if (item.keys != nullptr && goes) TRY(settle_children(item));
  }
  return ok();
}

Status Parking::try_units(size_t from, size_t to) {
  const auto begin = ticket_.items.begin();
  const std::vector<ApplyItem> items(begin + static_cast<ptrdiff_t>(units_[from].begin),
                                     begin + static_cast<ptrdiff_t>(units_[to - 1].end));
  TRY(try_items(items));
  applied_ += to - from;
  return ok();
}

std::vector<ApplyItem> Parking::leading(const Unit& unit) const {
  std::vector<ApplyItem> items;
  for (size_t i = unit.begin; i + 1 < unit.end; ++i) items.push_back(ticket_.items[i]);
  return items;
}

// The unit is about a row of which letters wait.
Status Parking::apply_behind(const Unit& unit) {
  const ApplyItem& change = change_of(unit);
  const std::string table = table_of(change);
  if (change.what == What::kTruncate) {
    TRY(try_items({change}));
    step(DeadLetterStep::What::kForgetTable, table, {});
    held_.erase(table);
    ++applied_;
    return ok();
  }
  const Held& held = held_[table];
  for (const std::string& key : keys_of(change)) {
    const auto at = held.find(key);
    if (at != held.end() && at->second) return park(unit, kWaits);
  }
  const Status done = behind_row(unit, change);
  if (done || !is_of_the_row(done.error())) return done;
  const bool whole_row = !change.table->source->keyless() && !overriding(change, arena_).empty();
  TRY(park(unit, done.error()));
  // What it says of the row is all that counts: nothing in front of it need be replayed.
  const DeadLetter& last = ticket_.letters.back().letter;
  if (whole_row && last.new_key.empty()) {
    DeadLetterStep older;
    older.what = DeadLetterStep::What::kForgetKey;
    older.letter.table = last.table;
    older.letter.key = last.key;
    ticket_.letters.insert(ticket_.letters.end() - 1, std::move(older));
  }
  return ok();
}

Status Parking::behind_row(const Unit& unit, const ApplyItem& change) {
  std::vector<ApplyItem> items = leading(unit);
  if (change.table->source->keyless()) {  // the letter is the row that goes
    if (change.what == What::kUpdate) items.push_back(as_loose(change, What::kInsert, {}, row_after(change, arena_)));
  } else {
    const std::vector<ApplyItem> row = overriding(change, arena_);
    if (row.empty()) return kWaits;
    items.insert(items.end(), row.begin(), row.end());
  }
  TRY(try_items(items));
  for (size_t i = unit.begin; i < unit.end; ++i) {
    for (const std::string& key : keys_of(ticket_.items[i])) forget(change, key);
  }
  ++applied_;
  return ok();
}

Status Parking::park(const Unit& unit, const Error& error) {
  const ApplyItem& change = change_of(unit);
  if (change.what == What::kTruncate || change.what == What::kKeyActions) return error;
  // Beside rows that are ahead of the stream a missing parent may be nobody's fault: the ladder knows a way.
  const bool ahead = ticket_.ahead || (ticket_.acts_in_log && !ticket_.acts_there);
  if (!ticket_.may_park || (error.code() == kForeignKeyViolation && ahead && !ticket_.relax_foreign_keys)) return error;
  const TableSchema& schema = *change.table->source;
  count_parked(change);
  const std::vector<ApplyItem> before = leading(unit);
  const bool frees = std::ranges::any_of(before, [](const ApplyItem& item) { return item.what == What::kDelete; });
  const bool moves =
      change.what == What::kUpdate && (schema.keyless() || moves_key(schema, change.before, change.after));
  if (frees || (moves && full_image(*change.table, row_after(change, arena_)))) return park_move(unit, change, error);
  keep(change, !before.empty(), error);
  return ok();
}

// The row of the old key goes now, so that only the new one waits.
Status Parking::park_move(const Unit& unit, const ApplyItem& change, const Error& error) {
  const bool keyless = change.table->source->keyless();
  const bool acts = unit.end - unit.begin > 1;
  std::vector<ApplyItem> items = leading(unit);
  std::string old_key;
  if (change.what == What::kUpdate) {
    old_key = keyless ? encode_key(change.before) : code_of(*change.table->source, change.before);
    const Held& held = held_[table_of(change)];
    const auto letters = held.find(old_key);
    const bool waits = letters != held.end();
    if (waits && letters->second) {
      keep(change, acts, error);
      return ok();
    }
    ApplyItem gone = as_loose(change, What::kDelete, change.before, {});
    if (!waits) gone.expect = change.expect;
    if (!waits || !keyless) items.push_back(gone);  // without a key the letter is the row
  }
  const Status done = try_items(items);
  if (!done && !is_of_the_row(done.error())) return done;
  if (!done) {
    keep(change, acts, error);
    return ok();
  }
  for (const ApplyItem& item : leading(unit)) {
    for (const std::string& key : keys_of(item)) forget(change, key);
  }
  if (!old_key.empty()) forget(change, old_key);
  keep(as_loose(change, What::kInsert, {}, row_after(change, arena_)), false, error);
  ++applied_;
  return ok();
}

}  // namespace weft
