// SPDX-License-Identifier: Apache-2.0
// Screen: what the demonstration shows while it runs. On a terminal a table that is redrawn in place, with events scrolling
// by above it; elsewhere plain lines, one per event and one per second.
//   Screen screen; screen.event("..."); screen.show(scene); screen.close();
// Writes to stdout. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lag_meter.h"

namespace weft::demo {

struct TableCount {
  std::string name;
  uint64_t source = 0;
  std::optional<uint64_t> target;  // nothing: not made yet
};

struct Scene {
  double elapsed_s = 0;
  double duration_s = 0;
  std::string source;  // "MariaDB 10.11.6"
  std::string target;
  std::vector<TableCount> tables;
  uint64_t committed = 0;  // transactions of the workload
  uint64_t applied = 0;
  LagReading lag;
  unsigned kills = 0;
  int pid = -1;
  uint64_t peak_kib = 0;
};

class Screen {
 public:
  Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  ~Screen() { close(); }

  void event(const std::string& text);
  void show(const Scene& scene);
  // Leaves the latest table on the screen and ends redrawing.
  void close();

  [[nodiscard]] std::string bold(const std::string& text) const;

 private:
  void erase();
  void draw();
  [[nodiscard]] std::vector<std::string> table_lines(const Scene& scene) const;
  void plain(const Scene& scene);

  bool terminal_;
  bool colour_;
  std::vector<std::string> lines_;  // the table as drawn last
  bool drawn_ = false;
  double plain_at_s_ = 0;
  SteadyTime rate_at_;
  uint64_t rate_from_ = 0;
  double rate_ = 0;
};

// 1234567 -> "1,234,567"
[[nodiscard]] std::string grouped(uint64_t number);
// 3.2 ms, 1.24 s
[[nodiscard]] std::string duration_text(double ms);

}  // namespace weft::demo
