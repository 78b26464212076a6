// SPDX-License-Identifier: Apache-2.0
// Random transactions of the simulated applications.
#include "sim/workload.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {

RowRef Workload::any_row(const Draft& draft, TableId table) {
  const SourceTable& rows = draft.state()[table];
  return rows.empty() ? nullptr : rows[rng_.below(rows.size())];
}

Cell Workload::word() {
  static constexpr std::array<std::string_view, 6> kStems = {"ant", "bee", "Cat", "dog", "Eel", "fox"};
  std::string text(kStems[rng_.below(kStems.size())]);
  if (rng_.chance(1, 3)) text += cat(rng_.below(3));
  if (rng_.chance(1, 4)) text = fold(text);
  return Cell::word(std::move(text));
}

Cell Workload::code() {
  return rng_.chance(1, 5) ? Cell::null() : Cell::integer(100 + number(options_.keys * 2));
}

std::string Workload::note() {
  if (options_.poison && rng_.chance(1, 12)) return std::string(kPoison);
  return cat("note ", ++notes_);
}

bool Workload::change_items(Draft& draft) {
  const RowRef row = any_row(draft, kItems);
  const uint64_t what = row ? rng_.below(8) : 0;
  if (what < 2) {
    return draft.insert(
        kItems, {Cell::integer(number(options_.keys)), code(), Cell::word(note()), Cell::word(note())}, partial());
  }
  if (what == 2) return draft.remove(kItems, row, partial());
  ModelRow after = *row;
  if (what == 3) after[0] = Cell::integer(number(options_.keys));
  if (what == 4 || rng_.chance(1, 6)) after[1] = code();
  if (what >= 5 || rng_.chance(1, 4)) after[2] = Cell::word(note());
  if (rng_.chance(1, 6)) after[3] = Cell::word(note());
  return draft.update(kItems, row, std::move(after), partial());
}

bool Workload::change_words(Draft& draft) {
  const RowRef row = any_row(draft, kWords);
  const uint64_t what = row ? rng_.below(8) : 0;
  if (what < 3) return draft.insert(kWords, {word(), Cell::integer(number(100)), Cell::word(note())});
  if (what == 3) return draft.remove(kWords, row, partial());
  ModelRow after = *row;
  if (what == 4) after[0] = word();
  if (what == 5) after[0] = Cell::word(fold(after[0].text));  // the same key to the source
  if (what > 5) after[1] = Cell::integer(number(100));
  if (rng_.chance(1, 5)) after[2] = Cell::word(note());
  return draft.update(kWords, row, std::move(after), partial());
}

bool Workload::change_pairs(Draft& draft) {
  const RowRef row = any_row(draft, kPairs);
  const uint64_t what = row ? rng_.below(6) : 0;
  if (what < 2) return draft.insert(kPairs, {Cell::integer(number(4)), Cell::integer(number(5)), Cell::word(note())});
  if (what == 2) return draft.remove(kPairs, row, partial());
  ModelRow after = *row;
  if (what == 3) after[1] = Cell::integer(number(5));
  if (what > 3 || rng_.chance(1, 2)) after[2] = Cell::word(note());
  return draft.update(kPairs, row, std::move(after), partial());
}

bool Workload::change_bag(Draft& draft) {
  if (!options_.keyless) return false;
  const RowRef row = any_row(draft, kBag);
  const uint64_t what = row ? rng_.below(5) : 0;
  const auto fresh = [this] { return ModelRow{Cell::integer(number(3)), Cell::word(rng_.chance(1, 2) ? "p" : "q")}; };
  if (what < 3) return draft.insert(kBag, fresh());
  if (what == 3) return draft.remove(kBag, row, partial());
  return draft.update(kBag, row, fresh(), partial());
}

bool Workload::change_family(Draft& draft) {
  const RowRef parent = any_row(draft, kParents);
  const RowRef child = any_row(draft, kChildren);
  const auto id = [this] { return Cell::integer(number(options_.keys)); };
  switch (rng_.below(7)) {
    case 0:
    case 1:
      return draft.insert(kParents, {id(), Cell::word(note())});
    case 2:
      return parent && draft.remove(kParents, parent, partial());
    case 3:
      return child && draft.remove(kChildren, child, partial());
    case 4:
      return child && parent &&
             draft.update(kChildren, child, {(*child)[0], (*parent)[0], Cell::word(note())}, partial());
    case 5: {  // a parent and its first child together
      const Cell family = id();
      return draft.insert(kParents, {family, Cell::word(note())}) &&
             draft.insert(kChildren, {id(), family, Cell::word(note())});
    }
    default:
      return parent && draft.insert(kChildren, {id(), (*parent)[0], Cell::word(note())});
  }
}

bool Workload::swap_codes(Draft& draft) {
  const RowRef a = any_row(draft, kItems);
  const RowRef b = any_row(draft, kItems);
  if (!a || a == b || (*a)[1].kind == Kind::kNull || (*b)[1].kind == Kind::kNull) return false;
  ModelRow parked = *a;
  parked[1] = Cell::null();
  ModelRow b_after = *b;
  b_after[1] = (*a)[1];
  ModelRow a_after = *a;
  a_after[1] = (*b)[1];
  const bool small = partial();
  if (!draft.update(kItems, a, parked, small)) return false;
  if (!draft.update(kItems, b, std::move(b_after), small)) return false;
  return draft.update(kItems, find_by_key(draft.state(), kItems, {(*a)[0]}), std::move(a_after), small);
}

bool Workload::transfer(Draft& draft) {
  const RowRef from = any_row(draft, kAccounts);
  const RowRef to = any_row(draft, kAccounts);
  if (!from || from == to) return false;
  const int64_t amount = 1 + number(20);
  const bool small = partial();
  return draft.update(kAccounts, from, {(*from)[0], Cell::integer((*from)[1].number - amount)}, small) &&
         draft.update(kAccounts, to, {(*to)[0], Cell::integer((*to)[1].number + amount)}, small);
}

bool Workload::append_ledger(Draft& draft) {
  const RowRef counter = any_row(draft, kCounter);
  if (!counter) return false;
  const int64_t next = (*counter)[1].number + 1;
  return draft.insert(kLedger, {Cell::integer(next), Cell::word(note())}) &&
         draft.update(kCounter, counter, {(*counter)[0], Cell::integer(next)}, partial());
}

bool Workload::step(Draft& draft) {
  switch (rng_.below(13)) {
    case 0:
    case 1:
    case 2:
      return change_items(draft);
    case 3:
    case 4:
      return change_words(draft);
    case 5:
      return change_pairs(draft);
    case 6:
    case 7:
      return change_bag(draft);
    case 8:
    case 9:
      return change_family(draft);
    case 10:
      return swap_codes(draft);
    case 11:
      return transfer(draft);
    default:
      return append_ledger(draft);
  }
}

// A transfer must be whole, so a step that fails in its middle rolls back to where it began.
bool Workload::fill(Draft& draft, size_t edits) {
  for (size_t tries = 0; tries < edits * 4 && draft.size() < edits; ++tries) {
    Draft before = draft;
    if (!step(draft)) draft = before;
  }
  return draft.size() > 0;
}

// Prepares a transaction, or gives one that is prepared its end.
bool Workload::write_two_phase() {
  const auto& waiting = server_.prepared();
  if (waiting.size() < 3 && (waiting.empty() || rng_.chance(1, 2))) {
    Draft draft(server_);
    const bool huge = options_.huge && rng_.chance(1, 4);
    const size_t fragment = huge ? 1 + rng_.below(6) : 0;
    if (rng_.chance(1, 8)) return draft.prepare(), true;
    return fill(draft, huge ? 12 + rng_.below(12) : 1 + rng_.below(3)) && (draft.prepare(fragment), true);
  }
  const std::string name = std::next(waiting.begin(), static_cast<ptrdiff_t>(rng_.below(waiting.size())))->first;
  return server_.finish(name, rng_.chance(3, 4)), true;
}

bool Workload::write(bool followed) {
  if (options_.two_phase && followed && rng_.chance(1, 4)) return write_two_phase();
  Draft draft(server_);
  const uint64_t what = rng_.below(40);
  if (what == 0) return draft.commit(), true;  // touches no captured table
  if (what == 3 && options_.truncates) {
    return draft.alter(static_cast<TableId>(rng_.below(kTableCount))) && (draft.commit(), true);
  }
  if (what == 1 && options_.truncates) {
    static constexpr std::array<TableId, 4> kTables = {kItems, kWords, kPairs, kChildren};
    return draft.truncate(kTables[rng_.below(kTables.size())]) && (draft.commit(), true);
  }
  if (what == 2 && options_.huge) {
    return fill(draft, 12 + rng_.below(30)) && (draft.commit(1 + rng_.below(6)), true);
  }
  const size_t edits = what < 25 ? 1 : 1 + rng_.below(5);
  return fill(draft, edits) && (draft.commit(), true);
}

void Workload::load(size_t rows) {
  Draft draft(server_);
  for (int64_t i = 1; i <= options_.accounts; ++i)
    CHECK(draft.insert(kAccounts, {Cell::integer(i), Cell::integer(100)}));
  CHECK(draft.insert(kCounter, {Cell::integer(1), Cell::integer(0)}));
  for (size_t i = 0; i < rows; ++i) {
    Draft before = draft;
    if (!step(draft)) draft = before;
  }
  (void)draft.commit();
  server_.settle();
}

}  // namespace weft::sim
