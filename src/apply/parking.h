// SPDX-License-Identifier: Apache-2.0
// Parking: the last step of the ladder where bad rows become dead letters (hard cases 9 and 24). It applies a ticket change by
// change inside one target transaction that stays open: what the target can't take is taken back alone (a savepoint) and kept
// as a letter in that same transaction; everything else is applied.
//
//   TRY(Parking(session, ticket, count_affected).run());     // then commit as ever; ticket.letters says what was kept
//
//   for each change, in source order:
//     under a key with letters: it waits behind them, unless it says what the whole row is: then it supersedes them
//     else: in runs that halve on an error, until the change that can't be applied stands alone and is kept
//
// A change that gives a row another key is kept as what is left to do: the old row goes, the new one waits under its key, so
// that one key is enough to find what waits. Changes that set off foreign-key actions go with them, or not at all.
// Views the session and the ticket; the lane's thread. REQUIRES: the ticket goes alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apply/counts.h"
#include "apply/ticket.h"
#include "base/slab.h"

namespace weft {

// Whether an error is one row's fault, as far as the row alone can tell.
[[nodiscard]] bool is_of_the_row(const Error& error);

class Parking {
 public:
  Parking(TargetSession& session, Ticket& ticket, bool count_affected)
      : session_(session), ticket_(ticket), count_affected_(count_affected) {}

  [[nodiscard]] Status run();

 private:
  // The items of one change: what leads it, then itself.
  struct Unit {
    size_t begin = 0;
    size_t end = 0;
  };

  using Held = std::map<std::string, bool>;  // key -> stuck

  Status begin();
  Status finish();
  Status run_items();
  Status run_copy();
  void find_units();
  Status learn_held();
  // The keys that an item is about, as letters have them.
  [[nodiscard]] static std::vector<std::string> keys_of(const ApplyItem& item);
  [[nodiscard]] bool is_held(const Unit& unit) const;
  Status try_items(const std::vector<ApplyItem>& items);
  Status try_units(size_t from, size_t to);
  Status apply_behind(const Unit& unit);
  Status behind_row(const Unit& unit, const ApplyItem& change);
  Status park(const Unit& unit, const Error& error);
  Status park_move(const Unit& unit, const ApplyItem& change, const Error& error);
  Status write_letters();
  Status settle_children(const ApplyItem& actions);
  Status settle_letter(const ActingKey& key, const ApplyItem& actions, const DeadLetter& letter);
  void count_parked(const ApplyItem& change);
  void forget(const ApplyItem& change, const std::string& key);
  void keep(const ApplyItem& change, bool acts, const Error& error);
  void step(DeadLetterStep::What what, const std::string& table, std::string key);
  [[nodiscard]] std::vector<ApplyItem> leading(const Unit& unit) const;

  [[nodiscard]] const ApplyItem& change_of(const Unit& unit) const { return ticket_.items[unit.end - 1]; }

  TargetSession& session_;
  Ticket& ticket_;
  bool count_affected_;
  std::vector<Unit> units_;
  std::map<std::string, Held> held_;  // by table
  Arena arena_{4096};
  uint64_t applied_ = 0;  // changes
  size_t written_ = 0;    // of ticket_.letters
};

}  // namespace weft
