// SPDX-License-Identifier: Apache-2.0
// weft version: what this binary is. WEFT_VERSION and WEFT_COMMIT come from cmake/generated.cmake.
#include <cstdio>

#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"

#ifndef WEFT_VERSION
#define WEFT_VERSION "0.0.0"
#endif
#ifndef WEFT_COMMIT
#define WEFT_COMMIT "unknown"
#endif

namespace weft {

std::string version_number() {
  return WEFT_VERSION;
}

std::string version_text() {
  return cat("weft ", WEFT_VERSION, " (", WEFT_COMMIT, ")");
}

CommandSpec version_command() {
  return {"version", "weft version", "  weft version\n", "Prints version, commit, and the engines built in.", {}, 0};
}

int version_main(const Words& words) {
  if (const Parsed parsed = parse_or_help(version_command(), words); parsed.code) return *parsed.code;
  std::printf(
      "%s\nsources: %s\ntargets: %s\n", version_text().c_str(), sources_built_in().c_str(), targets_built_in().c_str());
  return kExitDone;
}

}  // namespace weft
