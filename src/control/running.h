// SPDX-License-Identifier: Apache-2.0
// The state directory, and the pipelines that run on this machine: each has a small file there, locked while its process
// lives, so that `weft status NAME` finds it. A file that nobody holds is left over from a dead process: it is ignored, and goes
// when its pipeline is started again.
//
//   <state>/run/<name>.<pid>.json    {"name":"shop","pid":4711,"http":"127.0.0.1:8420","token_file":"","from":"...","to":"...",
//                                     "config":"..."}
//
// Addresses in it are redacted. A directory that others can write is refused on both sides: who could put a file there could
// have our requests, and the token with them, sent elsewhere. One thread uses a RunFile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/secrets.h"
#include "io/file.h"

namespace weft {

struct RunningPipeline {
  std::string name;
  int64_t pid = 0;
  std::string http;        // "127.0.0.1:8420", or "off"
  std::string token_file;  // path; empty: none is needed
  std::string from;        // addresses without secrets
  std::string to;
  std::string config;  // what print_config() says of it: a pipeline file whose secrets are references
  uint32_t owner = 0;  // of the file, and so of the process; not in the text

  bool operator==(const RunningPipeline&) const = default;
};

// `configured`, else $XDG_STATE_HOME/weft, ~/.local/state/weft, or /var/lib/weft.
[[nodiscard]] std::string state_directory(const std::string& configured, const Environment& environment);

// Tells others of this process; the file goes with the object, or is ignored after a crash.
class RunFile {
 public:
  [[nodiscard]] static Result<RunFile> create(const std::string& state, const RunningPipeline& pipeline);

 private:
  explicit RunFile(LockFile lock) : lock_(std::move(lock)) {}

  LockFile lock_;
};

[[nodiscard]] Result<std::vector<RunningPipeline>> running_pipelines(const std::string& state);

}  // namespace weft
