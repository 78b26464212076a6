// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/server_log.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double children_cpu() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Measured measure(const support::ProcessOptions& options, std::chrono::seconds limit) {
  Clock& clock = real_clock();
  Measured found;
  const double cpu_before = children_cpu();
  const SteadyTime began = clock.now();
  support::Process process(options);
  std::optional<support::ExitStatus> status;
  while (!status && clock.now() - began < limit) {
    found.peak_kib = std::max(found.peak_kib, memory_kib_of(process.pid(), "VmHWM"));
    status = process.wait(support::deadline_in(10ms));
  }
  found.seconds = static_cast<double>((clock.now() - began).count()) / 1e9;
  found.cpu_seconds = children_cpu() - cpu_before;
  if (!status) throw std::runtime_error(options.argv[0] + " did not end in time");
  if (!status->success()) {
    throw std::runtime_error(options.argv[0] + ": " + status->text() + "\n" + support::log_tail(options.output_file));
  }
  return found;
}

double cpu_seconds_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

uint64_t memory_kib_of(pid_t pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10);
  }
  return 0;
}

}  // namespace weft::bench
