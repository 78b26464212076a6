// SPDX-License-Identifier: Apache-2.0
// Screen: a terminal whose last lines are a block that is redrawn in place, with ordinary lines scrolling above it.
//
//   Screen screen(STDERR_FILENO);
//   screen.draw({"orders  61 %", "items  12 %"});
//   screen.print(STDERR_FILENO, "created table orders");   // above the block
//   screen.clear();                                       // takes the block away
//
// On what is no terminal nothing is drawn, and lines are printed as they are. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"

namespace weft {

class Screen {
 public:
  explicit Screen(int fd);

  void draw(const std::vector<std::string>& lines);
  void print(int fd, std::string_view line);
  void clear();

  [[nodiscard]] bool terminal() const { return terminal_; }

 private:
  [[nodiscard]] std::string erase(const std::vector<std::string>& block) const;

  int fd_;
  bool terminal_;
  Guarded<std::vector<std::string>> block_;
};

// Columns that a text takes: wide characters take two, escape sequences none.
[[nodiscard]] size_t display_width(std::string_view text);

// The text in at most `width` columns, cut with an ellipsis where it is longer.
[[nodiscard]] std::string fitted(std::string_view text, size_t width);

// Without control characters and broken UTF-8: names come from databases.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace weft
