// SPDX-License-Identifier: Apache-2.0
#include "target/target.h"

#include "base/text.h"

namespace weft {

std::string_view to_string(TableState state) {
  switch (state) {
    case TableState::kPending:
      return "pending";
    case TableState::kSnapshotting:
      return "snapshotting";
    case TableState::kCatchingUp:
      return "catching-up";
    case TableState::kStreaming:
      return "streaming";
    case TableState::kPaused:
      return "paused";
    case TableState::kParked:
      return "parked";
    case TableState::kFailed:
      return "failed";
  }
  return "unknown";
}

Result<std::vector<std::string>> Target::evolve(const TableSchema& source, const std::vector<ColumnToAdd>& columns) {
  (void)columns;
  return Error(Blame::kConfig, cat("table ", source.name.text(), ": this kind of target can't be changed by weft"));
}

Status Target::ask(const std::string& pipeline, const std::vector<std::string>& tables, std::string_view what) {
  (void)tables;
  return Error(Blame::kConfig,
               cat("pipeline ", pipeline, " can't be ", what, ": this kind of target keeps no table states"));
}

Result<std::string> Target::prepared(const std::string& name, uint64_t piece) {
  // Whoever took the pipeline over may have committed it: opening again tells.
  return Error(Blame::kTransient, cat("piece ", piece, " of the prepared transaction ", name, " is not at the target"));
}

Result<std::optional<Opened>> Target::peek(const std::string& pipeline) {
  return Error(Blame::kConfig,
               "progress of pipeline " + pipeline + " can be read only while it runs: this target has no peek");
}

}  // namespace weft
