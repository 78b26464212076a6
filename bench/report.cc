// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

namespace weft::bench {

namespace {

// Three or four digits that mean something.
std::string figure(double value) {
  if (value == 0) return "0";
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, std::abs(value) >= 100 ? 0 : std::abs(value) >= 10 ? 1 : 2);
}

}  // namespace

void report(const Line& line) {
  const double ratio = line.native == 0 ? 0 : line.weft / line.native;
  fmt::print("{} {}: weft {} {}, native {} {}, ratio {:.2f} (goal {}) RSS {:.0f} MiB\n",
             line.name,
             line.what,
             figure(line.weft),
             line.unit,
             figure(line.native),
             line.unit,
             ratio,
             line.goal,
             static_cast<double>(line.rss_kib) / 1024);
  std::fflush(stdout);
}

void note(const std::string& text) {
  fmt::print(stderr, "bench: {}\n", text);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace weft::bench
