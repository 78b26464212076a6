// SPDX-License-Identifier: Apache-2.0
// The third look: is a suspect a difference, or a change that is on its way? Beside a running pipeline
//
//   S := the row at the source;  wait until the target has all that the source had then
//   T := the row at the target;  S' := the row at the source again
//   T is S or S', or what the source had in between (few rows are looked at all the time) -> equal
//   S is S', and that for some rounds     -> a difference
//   else again, until the deadline        -> still in flight
//
// Nothing that changes all the time is called different because of that, and nothing that stays different is overlooked. Where
// no pipeline runs one round decides. Rows are asked for by their keys; where that can't be, by reading the table. One thread.
#pragma once

#include <map>
#include <unordered_set>
#include <vector>

#include "verify/drill.h"
#include "verify/report.h"
#include "verify/watch.h"

namespace weft::verify {

struct SettleOptions {
  Duration in_flight = std::chrono::seconds(60);  // how long changes are waited for
  size_t shown = 50;                              // differences of a table that are told in full
  // A row that differs for so many rounds while neither side of it changes is different; if nothing at all was committed at the
  // source meanwhile, the second number is enough.
  int rounds = 4;
  int quiet_rounds = 2;
};

// Gets each difference as it is found; only the first `shown` of a table have all their words.
using OnDifference = std::function<void(const Difference& difference)>;

class Settler {
 public:
  Settler(const TablePair& pair,
          const Readers& readers,
          Watch& watch,
          bool moves,
          const SettleOptions& options,
          Clock& clock,
          TableReport& report,
          OnDifference on_difference)
      : pair_(pair),
        readers_(readers),
        watch_(watch),
        moves_(moves),
        options_(options),
        clock_(clock),
        report_(report),
        on_difference_(std::move(on_difference)) {}

  // Judges all of them. `moves`: a running pipeline brings this table's changes.
  [[nodiscard]] Status settle(Suspects suspects);

 private:
  // A row as it is on one side.
  struct Image {
    int64_t rows = 0;
    Digest row;
    std::vector<Digest> cells;

    bool operator==(const Image& other) const { return rows == other.rows && row == other.row; }
  };

  struct Case {
    Digest digest;
    Suspect suspect;
    Image source;
    Image target;
    Image source_after;
    std::unordered_set<Digest, DigestHash> between;  // what else the source had in this round; nothing: Digest()
    int steady = 0;
    Image last[2];  // of the round before
  };

  [[nodiscard]] Status settle_some(std::vector<Case> cases);
  [[nodiscard]] Status look(Side side, std::vector<Case*>& cases, Image Case::*image);
  // Waits for the target to have what the source has now.
  [[nodiscard]] Result<bool> wait(std::vector<Case*>& open, int round, SteadyTime deadline);
  [[nodiscard]] Status look_by_key(Side side, std::vector<Case*>& cases, Image Case::*image);
  [[nodiscard]] Status look_by_reading(Side side, std::vector<Case*>& cases, Image Case::*image);
  // Whether the sides agree after all; else the case counts how long it has been as it is.
  [[nodiscard]] static bool agrees(Case& one);
  [[nodiscard]] Status tell(std::vector<Case>& different);
  [[nodiscard]] Status tell_values(std::map<Digest, Difference>& shown, std::vector<Case*> cases);
  [[nodiscard]] What what_of(const Case& one) const;

  const TablePair& pair_;
  const Readers& readers_;
  Watch& watch_;
  bool moves_;
  SettleOptions options_;
  Clock& clock_;
  TableReport& report_;
  OnDifference on_difference_;
};

}  // namespace weft::verify
