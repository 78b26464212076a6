// SPDX-License-Identifier: Apache-2.0
#include "verify/settle.h"

#include <algorithm>
#include <iterator>

#include "model/row_json.h"

namespace weft::verify {
namespace {

constexpr size_t kAtOnce = 5000;  // suspects that wait for the target together
constexpr size_t kKeysPerQuestion = 250;
constexpr size_t kWatchedClosely = 20;  // so few rows are looked at all the time
constexpr size_t kSeenBetween = 20000;
constexpr Duration kBetweenRounds = std::chrono::milliseconds(50);

size_t index(Side side) {
  return static_cast<size_t>(side);
}

}  // namespace

Status Settler::look(Side side, std::vector<Case*>& cases, Image Case::*image) {
  if (cases.empty()) return ok();
  for (Case* one : cases) one->*image = {};
  return pair_.by_key ? look_by_key(side, cases, image) : look_by_reading(side, cases, image);
}

Status Settler::look_by_key(Side side, std::vector<Case*>& cases, Image Case::*image) {
  std::unordered_map<Digest, Case*, DigestHash> wanted;
  for (Case* one : cases) wanted.emplace(one->digest, one);
  std::string cells;
  RowDigester digest(pair_, side);
  for (size_t from = 0; from < cases.size(); from += kKeysPerQuestion) {
    std::vector<OwnedRow> keys;
    for (size_t i = from; i < std::min(cases.size(), from + kKeysPerQuestion); ++i) {
      const Suspect& suspect = cases[i]->suspect;
      keys.push_back(suspect.key[index(side)] ? *suspect.key[index(side)]
                                              : pair_.key_for(side, *suspect.key[index(other(side))]));
    }
    TRY_ASSIGN(const Chunk chunk, readers_.of(side).rows(pair_.schema[index(side)], keys));
    for (const Row& row : chunk.rows) {
      const RowDigests digests = digest(row);
      // A server that does not tell letters of different case apart gives rows of other keys, too.
      const auto found = wanted.find(digests.key);
      if (found == wanted.end()) continue;
      Image& seen = found->second->*image;
      seen.rows = 1;
      seen.row = digests.row;
      seen.cells.clear();
      for (const ColumnPair& column : pair_.columns) {
        cells.clear();
        append_canonical(column.form, row[column.ordinal[index(side)]], cells);
        seen.cells.push_back(digest_of(cells));
      }
    }
  }
  return ok();
}

Status Settler::look_by_reading(Side side, std::vector<Case*>& cases, Image Case::*image) {
  std::unordered_map<Digest, Case*, DigestHash> wanted;
  for (Case* one : cases) wanted.emplace(one->digest, one);
  RowDigester digest(pair_, side);
  std::string cells;
  const auto on_row = [&](Row row) {
    const RowDigests digests = digest(row);
    const auto found = wanted.find(digests.key);
    if (found == wanted.end()) return true;
    Image& seen = found->second->*image;
    ++seen.rows;
    seen.row = digests.row;
    if (!pair_.keyless() && seen.cells.empty()) {
      for (const ColumnPair& column : pair_.columns) {
        cells.clear();
        append_canonical(column.form, row[column.ordinal[index(side)]], cells);
        seen.cells.push_back(digest_of(cells));
      }
    }
    return true;
  };
  return readers_.of(side).scan(pair_.schema[index(side)], {}, on_row, [&] {
    for (Case* one : cases) one->*image = {};
  });
}

Status Settler::settle(Suspects suspects) {
  std::vector<Case> cases;
  while (!suspects.empty()) {
    auto node = suspects.extract(suspects.begin());
    Case one;
    one.digest = node.key();
    one.suspect = std::move(node.mapped());
    cases.push_back(std::move(one));
    if (cases.size() < kAtOnce && !suspects.empty()) continue;
    TRY(settle_some(std::move(cases)));
    cases.clear();
  }
  return ok();
}

bool Settler::agrees(Case& one) {
  if (one.source == one.target || one.source_after == one.target) return true;
  if (one.between.contains(one.target.row)) return true;
  const bool steady = one.source == one.source_after;
  const bool as_before = one.source == one.last[0] && one.target == one.last[1];
  one.steady = steady ? (as_before ? one.steady + 1 : 1) : 0;
  one.last[0] = one.source_after;
  one.last[1] = one.target;
  return false;
}

Result<bool> Settler::wait(std::vector<Case*>& open, int round, SteadyTime deadline) {
  for (Case* one : open) one->between.clear();
  std::function<Status()> meanwhile;
  if (round > 1 && pair_.by_key && open.size() <= kWatchedClosely) {
    // A row that is written all the time stands at the target as it was at some moment of this wait.
    meanwhile = [&]() -> Status {
      TRY(look(Side::kSource, open, &Case::source_after));
      for (Case* one : open) {
        if (one->between.size() < kSeenBetween) one->between.insert(one->source_after.row);
      }
      return ok();
    };
  }
  return watch_.reaches(watch_.head(), deadline, meanwhile);
}

Status Settler::settle_some(std::vector<Case> cases) {
  const SteadyTime deadline = clock_.now() + options_.in_flight;
  std::vector<Case> different;
  for (int round = 1; !cases.empty(); ++round) {
    std::vector<Case*> open;
    for (Case& one : cases) open.push_back(&one);
    const Position before = moves_ ? watch_.head() : Position();
    TRY(look(Side::kSource, open, &Case::source));
    bool reached = false;
    if (moves_) {
      TRY_ASSIGN(reached, wait(open, round, deadline));
      if (!watch_.runs()) moves_ = false;
    }
    TRY(look(Side::kTarget, open, &Case::target));
    std::erase_if(open, [](const Case* one) { return one->source == one->target; });
    TRY(look(Side::kSource, open, &Case::source_after));
    const bool quiet = moves_ && !open.empty() && watch_.same(before, watch_.head());
    const int needed = !moves_ ? 1 : quiet ? options_.quiet_rounds : options_.rounds;
    std::vector<Case> left;
    for (Case& one : cases) {
      if (agrees(one)) continue;
      const bool decided = !moves_ || (reached && one.steady >= needed);
      (decided ? different : left).push_back(std::move(one));
    }
    cases = std::move(left);
    if (cases.empty()) break;
    if (!reached || clock_.now() >= deadline) {
      report_.in_flight += cases.size();
      break;
    }
    clock_.sleep(kBetweenRounds, {});
  }
  return tell(different);
}

What Settler::what_of(const Case& one) const {
  if (pair_.keyless()) return one.source_after.rows > one.target.rows ? What::kMissing : What::kExtra;
  if (one.target.rows == 0) return What::kMissing;
  return one.source_after.rows == 0 ? What::kExtra : What::kDifferent;
}

Status Settler::tell(std::vector<Case>& different) {
  std::map<Digest, Difference> shown;
  std::vector<Case*> to_show;
  for (Case& one : different) {
    const What what = what_of(one);
    const auto surplus = static_cast<uint64_t>(std::abs(one.source_after.rows - one.target.rows));
    const uint64_t times = pair_.keyless() ? surplus : 1;
    (what == What::kMissing ? report_.missing : what == What::kExtra ? report_.extra : report_.different) += times;
    if (report_.differences.size() + to_show.size() >= options_.shown) continue;
    Difference& difference = shown[one.digest];
    difference.what = what;
    difference.times = times;
    for (size_t i = 0; i < pair_.columns.size() && what == What::kDifferent; ++i) {
      if (one.source_after.cells[i] == one.target.cells[i]) continue;
      difference.cells.push_back({pair_.columns[i].name, "null", "null"});
    }
    to_show.push_back(&one);
  }
  TRY(tell_values(shown, to_show));
  for (const Case* one : to_show) {
    report_.differences.push_back(shown[one->digest]);
    if (on_difference_) on_difference_(report_.differences.back());
  }
  return ok();
}

// Reads the rows once more for their words.
Status Settler::tell_values(std::map<Digest, Difference>& shown, std::vector<Case*> cases) {
  if (cases.empty()) return ok();
  for (const Side side : {Side::kTarget, Side::kSource}) {
    const TableSchema& schema = *pair_.schema[index(side)];
    RowDigester digest(pair_, side);
    const auto on_row = [&](Row row) {
      const auto found = shown.find(digest(row).key);
      if (found == shown.end()) return true;
      Difference& difference = found->second;
      // The source's words for the key go over the target's.
      difference.key = pair_.keyless() ? row_json(schema, row) : key_json(schema, row);
      for (Cell& cell : difference.cells) {
        const auto column =
            std::ranges::find_if(pair_.columns, [&](const ColumnPair& pair) { return pair.name == cell.column; });
        (side == Side::kSource ? cell.source : cell.target) = value_json(row[column->ordinal[index(side)]]);
      }
      return true;
    };
    if (!pair_.by_key) {
      TRY(readers_.of(side).scan(pair_.schema[index(side)], {}, on_row, [] {}));
      continue;
    }
    for (size_t from = 0; from < cases.size(); from += 10) {
      std::vector<OwnedRow> keys;
      for (size_t i = from; i < std::min(cases.size(), from + 10); ++i) {
        const Suspect& suspect = cases[i]->suspect;
        keys.push_back(suspect.key[index(side)] ? *suspect.key[index(side)]
                                                : pair_.key_for(side, *suspect.key[index(other(side))]));
      }
      TRY_ASSIGN(const Chunk chunk, readers_.of(side).rows(pair_.schema[index(side)], keys));
      for (const Row& row : chunk.rows) (void)on_row(row);
    }
  }
  return ok();
}

}  // namespace weft::verify
