// SPDX-License-Identifier: Apache-2.0
#include "support/process_tree.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace weft::support {

namespace {

struct Stat {
  char state;
  pid_t parent;
  std::string start_time;
};

// /proc/PID/stat after the program's name, which is in parentheses and may hold anything: state, parent, then
// the start time as the 20th field from there.
std::optional<Stat> stat_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  Stat stat{};
  fields >> stat.state >> stat.parent;
  for (int i = 0; i < 18; ++i) fields >> stat.start_time;
  if (!fields) return std::nullopt;
  return stat;
}

bool alive(const ProcessMark& mark) {
  const auto stat = stat_of(mark.pid);
  return stat && stat->state != 'Z' && stat->state != 'X' && stat->start_time == mark.start_time;
}

}  // namespace

std::vector<ProcessMark> children_of(pid_t parent) {
  std::vector<ProcessMark> children;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const pid_t pid = std::atoi(entry->path().filename().c_str());
    if (pid <= 0) continue;
    if (const auto stat = stat_of(pid); stat && stat->parent == parent) children.push_back({pid, stat->start_time});
  }
  return children;
}

bool none_alive(const std::vector<ProcessMark>& marks) {
  return std::ranges::none_of(marks, alive);
}

void kill_all(const std::vector<ProcessMark>& marks, int signal) {
  for (const auto& mark : marks) {
    if (alive(mark)) ::kill(mark.pid, signal);
  }
}

}  // namespace weft::support
