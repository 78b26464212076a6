// SPDX-License-Identifier: Apache-2.0
// CliTest: the real binary in a directory of its own, with a state directory there, and addresses that nobody answers.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/ports.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace weft {

using support::RunResult;

inline constexpr const char* kFrom = "mysql://app:hunter2@127.0.0.1:1/shop";
inline constexpr const char* kTo = "postgresql://app:hunter3@127.0.0.1:1/shop";

class CliTest : public testing::Test {
 protected:
  RunResult weft(std::vector<std::string> words, std::vector<std::string> env = {}) {
    words.insert(words.begin(), WEFT_BINARY);
    env.push_back("XDG_STATE_HOME=" + dir_.path().string());
    return support::run({.argv = std::move(words), .env = std::move(env), .working_dir = dir_.path().string()},
                        support::deadline_in(std::chrono::seconds(60)));
  }

  // `weft run` with both addresses and further words.
  RunResult run(std::vector<std::string> words) {
    words.insert(words.begin(), {"run", "--from", kFrom, "--to", kTo});
    return weft(std::move(words));
  }

  void write(const std::string& name, const std::string& text) { std::ofstream(dir_.path() / name) << text; }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(dir_.path() / name).rdbuf();
    return text.str();
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  support::TempDir dir_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace weft
