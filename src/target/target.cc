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

namespace {

Error no_letters() {
  return Error(Blame::kConfig, "this kind of target keeps no dead letters");
}

}  // namespace

Status TargetSession::undo() {
  return no_letters();
}

Result<std::vector<HeldKey>> TargetSession::held(const std::string&, const std::vector<std::string>&) {
  return std::vector<HeldKey>();
}

Result<std::vector<DeadLetter>> TargetSession::letters(const std::string&, size_t) {
  return std::vector<DeadLetter>();
}

Result<bool> TargetSession::take_letter(uint64_t) {
  return no_letters();
}

Status TargetSession::commit_beside() {
  return no_letters();
}

Result<std::vector<SchemaRef>> Target::visit(const std::string&) {
  return no_letters();
}

Result<std::vector<DeadLetter>> Target::dead_letters(const std::string&, uint64_t, size_t) {
  return no_letters();
}

Result<uint64_t> Target::discard(const std::string&, const std::vector<uint64_t>&) {
  return no_letters();
}

Result<std::optional<Opened>> Target::peek(const std::string& pipeline) {
  return Error(Blame::kConfig,
               "progress of pipeline " + pipeline + " can be read only while it runs: this target has no peek");
}

}  // namespace weft
