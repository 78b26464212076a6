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

// "0.67 ms"
std::string measure_text(double value, const std::string& unit) {
  return std::isnan(value) ? "not measured" : figure(value) + " " + unit;
}

// Of weft to native.
std::string ratio_text(double weft, double native) {
  return std::isnan(weft) || std::isnan(native) ? "none" : fmt::format("{:.2f}", native == 0 ? 0 : weft / native);
}

}  // namespace

void report(const Line& line) {
  fmt::print("{} {}: weft {}, native {}, ratio {} (goal {}) RSS {:.0f} MiB\n",
             line.name,
             line.what,
             measure_text(line.weft, line.unit),
             measure_text(line.native, line.unit),
             ratio_text(line.weft, line.native),
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
