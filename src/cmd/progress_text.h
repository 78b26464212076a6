// SPDX-License-Identifier: Apache-2.0
// What progress looks like: a PipelineStatus and rates as lines for a terminal, or as one line for a log. Pure, so that
// tests can look at it. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/terminal.h"
#include "pipeline/status.h"

namespace weft {

// How fast counters grow, smoothed over a few seconds.
class RateMeter {
 public:
  void feed(const PipelineStatus& status, SteadyTime now);

  [[nodiscard]] double copied(const std::string& table) const;   // rows per second
  [[nodiscard]] double changed(const std::string& table) const;  // changes per second
  [[nodiscard]] double copied() const;
  [[nodiscard]] double changed() const;

 private:
  struct Rate {
    double per_second = 0;
    uint64_t last = 0;
    SteadyTime at;
    bool known = false;
  };

  static void add(Rate& rate, uint64_t value, SteadyTime now);

  std::map<std::string, Rate> copied_;
  std::map<std::string, Rate> changed_;
};

struct ProgressStyle {
  TerminalSize size;
  bool unicode = true;
  bool color = true;
};

// At most size.rows - 2 lines, the most interesting tables first and the others as a count.
[[nodiscard]] std::vector<std::string> progress_lines(const PipelineStatus& status,
                                                      const RateMeter& rates,
                                                      int64_t now_us,
                                                      const ProgressStyle& style);

// "snapshotting: 1,234 of 2,000 rows (61 %), 45.1k rows/s, about 0:17 left, 3 of 10 tables copied"
[[nodiscard]] std::string progress_line(const PipelineStatus& status, const RateMeter& rates);

[[nodiscard]] std::string grouped(uint64_t number);     // 1,234,567
[[nodiscard]] std::string short_number(double number);  // 45.1k
[[nodiscard]] std::string clock_text(double seconds);   // 0:17, 1:02:03
[[nodiscard]] std::string lag_text(double seconds);     // 0.2 s, 3:05

struct CopyTotals {
  uint64_t done = 0;
  uint64_t estimated = 0;  // not less than done
  size_t tables = 0;
  size_t copied = 0;  // tables
  uint64_t changes = 0;
  uint64_t dead_letters = 0;
};

[[nodiscard]] CopyTotals totals_of(const PipelineStatus& status);

}  // namespace weft
