// SPDX-License-Identifier: Apache-2.0
// weft journal inspect: what a journal's directory holds, and where its first damage is.
#include <cstdio>

#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "journal/inspect.h"

namespace weft {
namespace {

const SegmentReport* first_damage(const std::vector<SegmentReport>& reports) {
  for (const SegmentReport& report : reports) {
    if (!report.damage.empty() && !report.torn) return &report;
  }
  return nullptr;
}

std::string json_of(const SegmentReport& r) {
  std::string out = cat("{\"path\":", json_quoted(r.path), ",\"bytes\":", r.bytes);
  if (r.head) {
    out += cat(",\"journal_id\":", json_quoted(r.head->id), ",\"number\":", r.head->number);
    out += cat(",\"version\":", r.head->version, ",\"pipeline\":", json_quoted(r.head->pipeline));
    out += cat(",\"source\":", json_quoted(r.head->source_id), ",\"first_sequence\":", r.head->first.value());
    out += cat(",\"last_sequence\":", r.last_sequence, ",\"transactions\":", r.transactions, ",\"frames\":", r.frames);
    out += cat(",\"before\":", json_quoted(r.head->before), ",\"position\":", json_quoted(r.position));
    out += cat(",\"schema_change\":", r.head->schema_change ? "true" : "false");
  }
  if (!r.damage.empty()) {
    out += cat(",\"damage\":{\"offset\":", r.damage_at, ",\"torn\":", r.torn ? "true" : "false");
    out += cat(",\"what\":", json_quoted(r.damage), "}");
  }
  return out + "}";
}

void print_json(const std::string& directory, const std::vector<SegmentReport>& reports) {
  std::string segments;
  uint64_t bytes = 0;
  for (const SegmentReport& report : reports) {
    segments += cat(segments.empty() ? "" : ",", json_of(report));
    bytes += report.bytes;
  }
  std::printf("{\"directory\":%s,\"bytes\":%llu,\"segments\":[%s]}\n",
              json_quoted(directory).c_str(),
              static_cast<unsigned long long>(bytes),
              segments.c_str());
}

void print_text(const std::vector<SegmentReport>& reports) {
  std::string id;
  for (const SegmentReport& r : reports) {
    if (r.head && r.head->id != id) {
      id = r.head->id;
      const SegmentHead& h = *r.head;
      std::printf("journal %s of pipeline %s, source %s\n", id.c_str(), h.pipeline.c_str(), h.source_id.c_str());
      std::printf("begins behind %s\n", h.before.c_str());
    }
    std::string line = cat("  ", r.path.substr(r.path.rfind('/') + 1), "  ", r.bytes, " bytes");
    if (r.head && r.transactions == 0) line += "  no whole transaction";
    if (r.head && r.transactions > 0) {
      line += cat("  sequences ", r.head->first.value(), "-", r.last_sequence, "  up to ", r.position);
    }
    if (r.head && r.head->schema_change) line += "  (begins with a schema change)";
    std::printf("%s\n", line.c_str());
    if (r.torn)
      std::printf("    torn at offset %llu: the next start cuts it\n", static_cast<unsigned long long>(r.damage_at));
  }
}

}  // namespace

CommandSpec journal_command() {
  CommandSpec command;
  command.name = "journal";
  command.usage = "weft journal inspect DIR [--json]";
  command.example = "  weft journal inspect /var/lib/weft/shop\n";
  command.what =
      "Lists the segments of a file journal with their sequences, positions and sizes, and the first damage if there "
      "is "
      "one (exit code 3). Reads all of it, changes nothing, and may run beside the pipeline.";
  command.flags = {{"--json", "", "", "One JSON object."}};
  command.words_max = 2;
  return command;
}

int journal_main(const Words& words) {
  const Parsed parsed = parse_or_help(journal_command(), words);
  if (parsed.code) return *parsed.code;
  const Arguments& arguments = parsed.arguments;
  if (arguments.words.size() != 2 || arguments.words[0] != "inspect") {
    return usage_error(Error(Blame::kConfig, "weft journal: expected inspect DIR; see weft journal --help"));
  }
  configure_log({.level = LogLevel::kWarning});
  std::string directory = arguments.words[1];
  if (directory.starts_with("file:")) directory.erase(0, 5);
  const Result<std::vector<SegmentReport>> reports = inspect_journal(real_disk(), directory);
  if (!reports || reports->empty()) {
    std::fprintf(stderr,
                 "weft journal: %s\n",
                 reports ? cat("no journal in ", directory).c_str() : reports.error().message().c_str());
    return kExitBeforeStart;
  }
  const SegmentReport* damage = first_damage(*reports);
  if (arguments.has("--json")) {
    print_json(directory, *reports);
  } else {
    print_text(*reports);
    if (damage != nullptr) std::fprintf(stderr, "weft journal: %s\n", damage->damage.c_str());
  }
  return damage == nullptr ? kExitDone : kExitBeforeStart;
}

}  // namespace weft
