// SPDX-License-Identifier: Apache-2.0
// What a benchmark says: one line per figure on stdout, and what it is doing on stderr.
//   report({.name = "apply", .what = "one-row transactions", .weft = 110e3, .native = 54e3, .unit = "tx/s", .goal = ">= 2"});
// Plain functions; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::bench {

struct Line {
  std::string name;  // the case
  std::string what;
  double weft = 0;  // NaN: not measured
  double native = 0;
  std::string unit;
  std::string goal;      // "ratio >= 2", "weft <= 0.5"
  uint64_t rss_kib = 0;  // peak of the weft process
};

// "CASE what: weft X unit, native Y unit, ratio R (goal G) RSS M MiB"; "not measured" stands for a figure that is NaN.
void report(const Line& line);

// Progress for the person who waits.
void note(const std::string& text);

// REQUIRES: not empty.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace weft::bench
