// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/holder.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "base/text.h"

namespace weft::sqlite {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The boot and the namespace of process numbers, without which a number says nothing.
std::string place() {
  char space[64] = "";
  const ssize_t size = ::readlink("/proc/self/ns/pid", space, sizeof space - 1);
  std::string boot = read_all("/proc/sys/kernel/random/boot_id");
  while (boot.ends_with('\n')) boot.pop_back();
  return cat(boot, " ", std::string_view(space, size < 0 ? 0 : static_cast<size_t>(size)));
}

// Field 22 of /proc/PID/stat (proc(5)): clock ticks from the boot to the process's start. Empty: there is no such process.
std::string start_of(int64_t pid) {
  const std::string stat = read_all(cat("/proc/", pid, "/stat"));
  size_t at = stat.rfind(')');  // the name before it may hold anything
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return {};
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

}  // namespace

Result<std::string> ProcessProbe::session(const std::string& /*pipeline*/) {
  return cat(::getpid(), " ", start_of(::getpid()), " ", place());
}

Result<ProcessProbe::Holder> ProcessProbe::look(const std::string& /*pipeline*/, const std::string& session) {
  int64_t pid = 0;
  const auto [end, error] = std::from_chars(session.data(), session.data() + session.size(), pid);
  const std::string_view rest(end, static_cast<size_t>(session.data() + session.size() - end));
  if (error != std::errc() || !rest.ends_with(cat(" ", place()))) return Holder::kUnknown;
  return session == cat(pid, " ", start_of(pid), " ", place()) ? Holder::kThere : Holder::kGone;
}

}  // namespace weft::sqlite
