// SPDX-License-Identifier: Apache-2.0
#include "weft_process.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "support/server_log.h"

namespace weft::demo {

using namespace std::chrono_literals;

WeftProcess::WeftProcess(std::filesystem::path program, std::vector<std::string> arguments, std::filesystem::path log)
    : program_(std::move(program)), arguments_(std::move(arguments)), log_(std::move(log)) {}

void WeftProcess::start() {
  std::vector<std::string> argv = {program_.string()};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  process_.emplace(support::ProcessOptions{.argv = std::move(argv), .output_file = log_.string()});
}

void WeftProcess::kill_hard() {
  if (!running()) throw std::runtime_error("weft ended by itself:\n" + last_words());
  process_->kill(SIGKILL);
  if (!process_->wait(support::deadline_in(10s))) throw std::runtime_error("weft survives SIGKILL");
  process_.reset();
}

support::ExitStatus WeftProcess::stop() {
  if (!process_) return {};
  const auto status = process_->terminate(support::deadline_in(30s));
  process_.reset();
  return status;
}

uint64_t WeftProcess::peak_kib() const {
  if (!process_) return 0;
  std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

std::string WeftProcess::last_words() const {
  return support::log_tail(log_);
}

std::filesystem::path beside_us(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace weft::demo
