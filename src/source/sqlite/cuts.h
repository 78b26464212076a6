// SPDX-License-Identifier: Apache-2.0
// Cuts: where a stream must end a transaction, because a read view stands there.
//
// The stream reads what is visible as one transaction, which may be several of the application's. A view that opened between
// two of them shows a part of it; covers() could say neither yes nor no. So each view tells its place, and the stream ends a
// transaction there. A view may open while the stream has begun already to deliver past it: then the view opens again.
//
//   stream: cuts.claim(delivered, upto)   // in its read transaction: places inside (delivered, upto], `upto` last
//   view:   if (!cuts.enter(place)) open the view again
//
// Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "base/guarded.h"

namespace weft::sqlite {

class Cuts {
 public:
  [[nodiscard]] std::vector<int64_t> claim(int64_t delivered, int64_t upto) {
    return state_.with([&](State& state) {
      std::vector<int64_t> ends;
      const auto last = state.places.lower_bound(upto);
      for (auto at = state.places.upper_bound(delivered); at != last; ++at) ends.push_back(*at);
      ends.push_back(upto);
      // What was passed can't be asked for any more.
      state.places.erase(state.places.begin(), state.places.upper_bound(upto));
      state.claimed_from = delivered;
      state.claimed = ends;
      return ends;
    });
  }

  // False: the stream goes on over this place without ending a transaction there.
  [[nodiscard]] bool enter(int64_t place) {
    return state_.with([&](State& state) {
      const bool behind = !state.claimed.empty() && place < state.claimed.back();
      if (behind && place > state.claimed_from) {
        return std::binary_search(state.claimed.begin(), state.claimed.end(), place);
      }
      // What was delivered before ended somewhere, but where is not kept: such a view is too old to be of use.
      if (behind && place < state.claimed_from) return false;
      if (!behind) state.places.insert(place);
      return true;
    });
  }

  // A stream begins anew.
  void restart() {
    state_.with([](State& state) {
      state.claimed.clear();
      state.claimed_from = 0;
    });
  }

 private:
  struct State {
    std::set<int64_t> places;      // of views, ahead of the stream
    std::vector<int64_t> claimed;  // ends of transactions that the stream delivers
    int64_t claimed_from = 0;
  };

  Guarded<State> state_;
};

}  // namespace weft::sqlite
