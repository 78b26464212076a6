// SPDX-License-Identifier: Apache-2.0
// weft demo: the demonstration is a program of its own, weft_demo, that lies beside this one.
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "cmd/commands.h"

namespace weft {

// weft_demo reads its words itself; this is what help, man page and completion say.
CommandSpec demo_command() {
  CommandSpec command;
  command.name = "demo";
  command.usage = "weft demo [NAME] [--duration D] [--rate R]";
  command.example = "  weft demo --duration 20s --rate 1000\n";
  command.what =
      "Starts a private MariaDB and a private PostgreSQL, runs a shop in the first one, lets weft copy and follow it "
      "into "
      "the second one, kills weft with -9 while the shop is busy, and compares both sides row by row at the end. NAME "
      "is "
      "shop, the only one so far.";
  command.flags = {{"--duration", "D", "", "How long the shop is open: 20s (default), 1m."},
                   {"--rate", "R", "", "Its transactions per second (1000)."}};
  return command;
}

int demo_main(const Words& words) {
  std::array<char, PATH_MAX> self{};
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  std::string program(self.data(), length > 0 ? static_cast<size_t>(length) : 0);
  program.resize(program.find_last_of('/') == std::string::npos ? 0 : program.find_last_of('/') + 1);
  program += "weft_demo";
  std::vector<std::string> copies = words;
  std::vector<char*> arguments = {program.data()};
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  std::fprintf(
      stderr, "weft demo: %s: %s; the demonstration is built with ./dev demo\n", program.c_str(), std::strerror(errno));
  return kExitBeforeStart;
}

}  // namespace weft
