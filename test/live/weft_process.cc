// SPDX-License-Identifier: Apache-2.0
#include "live/weft_process.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "io/http_client.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

size_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<size_t>(size);
}

support::ProcessOptions process_options(const std::filesystem::path& log,
                                        std::vector<std::string> arguments,
                                        std::vector<std::string> env) {
  arguments.insert(arguments.begin(), weft_binary());
  env.push_back("XDG_STATE_HOME=" + (log.parent_path() / "state").string());
  return {.argv = std::move(arguments), .env = std::move(env), .output_file = log.string()};
}

}  // namespace

std::string weft_binary() {
  const char* given = std::getenv("WEFT_BINARY");
  return given != nullptr && *given != '\0' ? given : WEFT_BINARY;
}

std::string json_field(const std::string& json, const std::string& key) {
  size_t at = json.find("\"" + key + "\"");
  if (at == std::string::npos) return "";
  at = json.find(':', at + key.size() + 2);
  if (at == std::string::npos) return "";
  at = json.find_first_not_of(" \n\t", at + 1);
  if (at == std::string::npos) return "";
  if (json[at] == '"') return json.substr(at + 1, json.find('"', at + 1) - at - 1);
  return json.substr(at, json.find_first_of(",}] \n", at) - at);
}

WeftProcess::WeftProcess(std::filesystem::path log, std::vector<std::string> arguments, std::vector<std::string> env)
    : log_(std::move(log)),
      begin_(size_of(log_)),
      process_(process_options(log_, std::move(arguments), std::move(env))) {}

std::string WeftProcess::output() const {
  std::ifstream file(log_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(begin_));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string WeftProcess::log_tail() const {
  const std::string all = output();
  constexpr size_t kShown = 3000;
  return log_.string() + ":\n" + (all.size() > kShown ? "..." + all.substr(all.size() - kShown) : all);
}

std::string WeftProcess::http_address() {
  if (!address_.empty()) return address_;
  const std::string text = output();
  const std::string prefix = "http://";
  const size_t at = text.find(prefix + "127.0.0.1:");
  if (at == std::string::npos) return "";
  const size_t end = text.find_first_not_of("0123456789.:", at + prefix.size());
  if (end == std::string::npos) return "";  // perhaps not all of it is written yet
  address_ = text.substr(at + prefix.size(), end - at - prefix.size());
  while (address_.ends_with('.') || address_.ends_with(':')) address_.pop_back();
  return address_;
}

std::optional<std::string> WeftProcess::get(const std::string& path, int* code) {
  const std::string text = http_address();
  if (text.empty()) return std::nullopt;
  HttpAddress address;
  address.host = text.substr(0, text.find(':'));
  address.port = static_cast<uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
  auto response = http_get(address, path, "", 2s);
  if (!response) return std::nullopt;
  if (code != nullptr) *code = static_cast<int>(response->status);
  return response->body;
}

bool WeftProcess::wait_for_state(const std::string& wanted, support::Deadline deadline) {
  bool reached = false;
  (void)support::wait_until(deadline, [&] {
    reached = state() == wanted;
    return reached || !running();
  });
  return reached;
}

bool WeftProcess::consistent() {
  const std::string json = status();
  const std::string since = json_field(json, "consistent_since");
  return json_field(json, "state") == "streaming" && !since.empty() && since != "null";
}

bool WeftProcess::wait_consistent(support::Deadline deadline) {
  bool reached = false;
  (void)support::wait_until(deadline, [&] {
    reached = consistent();
    return reached || !running();
  });
  return reached;
}

void WeftProcess::crash() {
  process_.kill(SIGKILL);
  if (!process_.wait(support::deadline_in(10s))) throw std::runtime_error("weft survives SIGKILL");
}

size_t WeftProcess::peak_kib() const {
  std::ifstream file("/proc/" + std::to_string(process_.pid()) + "/status");
  std::string word;
  while (file >> word) {
    if (word != "VmHWM:") continue;
    size_t kib = 0;
    file >> kib;
    return kib;
  }
  return 0;
}

size_t WeftProcess::descriptors() const {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(process_.pid()) + "/fd", error);
  return error ? 0 : static_cast<size_t>(std::distance(begin(all), end(all)));
}

WeftResult run_weft(std::vector<std::string> arguments, support::Deadline deadline, std::vector<std::string> env) {
  arguments.insert(arguments.begin(), weft_binary());
  auto result = support::run({.argv = std::move(arguments), .env = std::move(env)}, deadline);
  return {result.code, result.out + result.err};
}

}  // namespace weft::live
