// SPDX-License-Identifier: Apache-2.0
// Trace: what happened in a simulated run, line by line, the same bytes for the same seed. Off unless asked for, so that
// many seeds run fast.
#pragma once

#include <string>

#include "base/text.h"

namespace weft::sim {

class Trace {
 public:
  explicit Trace(bool on = false) : on_(on) {}

  [[nodiscard]] bool on() const { return on_; }

  template <class... Args>
  void line(const Args&... args) {
    if (!on_) return;
    text_ += cat(args...);
    text_.push_back('\n');
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  bool on_;
  std::string text_;
};

}  // namespace weft::sim
