// SPDX-License-Identifier: Apache-2.0
#include "control/config.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "control/config_yaml.h"
#include "control/journal_config.h"
#include "control/schema.h"
#include "control/transform_config.h"
#include "io/http.h"

namespace weft {
namespace {

constexpr size_t kMemoryMin = 8u << 20;

struct Reading {
  const ConfigNode& node;
  const Environment& environment;
  Problems& problems;
};

// One key: its path, how its value gets into a PipelineConfig, and how it is printed back.
struct Binding {
  std::string_view path;
  void (*read)(PipelineConfig&, const Reading&);
  std::string (*print)(const PipelineConfig&);
};

std::vector<std::string> texts_of(const ConfigNode& node) {
  std::vector<std::string> texts;
  for (const ConfigNode& item : node.items) texts.push_back(item.text);
  return texts;
}

void read_url(SecretUrl& url, std::string_view placeholder, const Reading& r) {
  url = resolve_url(r.node.text, placeholder, r.environment, r.node.place, r.problems);
}

void read_memory(PipelineConfig& config, const Reading& r) {
  if (!parse_size(r.node.text, config.memory_bytes) || config.memory_bytes < kMemoryMin) {
    r.problems.add(r.node.place, cat("memory is '", r.node.text, "', expected a size such as 64MiB, at least 8MiB"));
  }
}

void read_http(PipelineConfig& config, const Reading& r) {
  config.http = r.node.text;
  if (config.http == "off") return;
  const Result<HttpAddress> address = parse_http_address(config.http);
  if (!address)
    r.problems.add(r.node.place, cat("http is '", config.http, "', expected off, or IP:PORT such as 127.0.0.1:8420"));
}

const char* snapshot_word(SnapshotMode mode) {
  return mode == SnapshotMode::kYes ? "yes" : mode == SnapshotMode::kNo ? "no" : "only";
}

const char* until_word(Until until) {
  return until == Until::kForever ? "forever" : until == Until::kNow ? "now" : "consistent";
}

// In the order of the printed file; keys of one mapping stand together.
constexpr Binding kBindings[] = {
    {"name",
     [](PipelineConfig& c, const Reading& r) { c.name = r.node.text; },
     [](const PipelineConfig& c) { return c.name.empty() ? std::string() : yaml_text(c.name); }},
    {"from.url",
     [](PipelineConfig& c, const Reading& r) { read_url(c.from.url, "FROM_PASSWORD", r); },
     [](const PipelineConfig& c) { return yaml_text(c.from.url.written); }},
    {"from.tables",
     [](PipelineConfig& c, const Reading& r) { c.from.tables = texts_of(r.node); },
     [](const PipelineConfig& c) { return c.from.tables.empty() ? std::string() : yaml_list(c.from.tables); }},
    {"from.exclude",
     [](PipelineConfig& c, const Reading& r) { c.from.exclude = texts_of(r.node); },
     [](const PipelineConfig& c) { return yaml_list(c.from.exclude); }},
    {"from.snapshot",
     [](PipelineConfig& c, const Reading& r) {
       c.from.snapshot = r.node.text == "no"     ? SnapshotMode::kNo
                         : r.node.text == "only" ? SnapshotMode::kOnly
                                                 : SnapshotMode::kYes;
     },
     [](const PipelineConfig& c) { return std::string(snapshot_word(c.from.snapshot)); }},
    {"from.on_lost_position",
     [](PipelineConfig& c, const Reading& r) { c.from.on_lost_position = r.node.text; },
     [](const PipelineConfig& c) { return c.from.on_lost_position; }},
    {"to.url",
     [](PipelineConfig& c, const Reading& r) { read_url(c.to.url, "TO_PASSWORD", r); },
     [](const PipelineConfig& c) { return yaml_text(c.to.url.written); }},
    {"to.create_tables",
     [](PipelineConfig& c, const Reading& r) { c.to.create_tables = r.node.text == "true"; },
     [](const PipelineConfig& c) { return std::string(c.to.create_tables ? "true" : "false"); }},
    {"to.existing",
     [](PipelineConfig& c, const Reading& r) { c.to.existing = r.node.text; },
     [](const PipelineConfig& c) { return c.to.existing; }},
    {"to.schema_changes",
     [](PipelineConfig& c, const Reading& r) { c.to.schema_changes = r.node.text; },
     [](const PipelineConfig& c) { return c.to.schema_changes; }},
    {"to.on_bad_row",
     [](PipelineConfig& c, const Reading& r) { c.to.on_bad_row = r.node.text; },
     [](const PipelineConfig& c) { return c.to.on_bad_row; }},
    {"to.triggers",
     [](PipelineConfig& c, const Reading& r) { c.to.triggers = r.node.text == "on"; },
     [](const PipelineConfig& c) { return std::string(c.to.triggers ? "on" : "off"); }},
    {"to.consistency",
     [](PipelineConfig& c, const Reading& r) { c.to.consistency = r.node.text; },
     [](const PipelineConfig& c) { return c.to.consistency; }},
    {"to.lanes",
     [](PipelineConfig& c, const Reading& r) {
       c.to.lanes = 0;
       std::from_chars(r.node.text.data(), r.node.text.data() + r.node.text.size(), c.to.lanes);
     },
     [](const PipelineConfig& c) { return c.to.lanes == 0 ? std::string("auto") : std::to_string(c.to.lanes); }},
    {"transform",
     [](PipelineConfig& c, const Reading& r) { c.transform = read_transform(r.node, r.problems); },
     [](const PipelineConfig& c) { return print_transform(c.transform); }},
    {"until",
     [](PipelineConfig& c, const Reading& r) {
       c.until = r.node.text == "now"          ? Until::kNow
                 : r.node.text == "consistent" ? Until::kConsistent
                                               : Until::kForever;
     },
     [](const PipelineConfig& c) { return std::string(until_word(c.until)); }},
    {"setup",
     [](PipelineConfig& c, const Reading& r) { c.setup = r.node.text == "auto"; },
     [](const PipelineConfig& c) { return std::string(c.setup ? "auto" : "never"); }},
    {"journal",
     [](PipelineConfig& c, const Reading& r) {
       c.journal = r.node.text;
       const Result<JournalOptions> journal = parse_journal(c.journal);
       if (!journal) r.problems.add(r.node.place, cat("journal is ", journal.error().message()));
     },
     [](const PipelineConfig& c) { return yaml_text(c.journal); }},
    {"origins",
     [](PipelineConfig& c, const Reading& r) { c.origins = r.node.text; },
     [](const PipelineConfig& c) { return c.origins; }},
    {"memory", read_memory, [](const PipelineConfig& c) { return print_size(c.memory_bytes); }},
    {"http", read_http, [](const PipelineConfig& c) { return yaml_text(c.http); }},
    {"http_token_file",
     [](PipelineConfig& c, const Reading& r) { c.http_token_file = r.node.text; },
     [](const PipelineConfig& c) { return c.http_token_file.empty() ? std::string() : yaml_text(c.http_token_file); }},
    {"state",
     [](PipelineConfig& c, const Reading& r) { c.state = r.node.text; },
     [](const PipelineConfig& c) { return c.state.empty() ? std::string() : yaml_text(c.state); }},
};

ConfigNode flag_node(const FlagValue& flag) {
  ConfigNode node;
  node.place = {flag.flag, 0};
  node.kind = flag.list ? ConfigNode::Kind::kSequence : ConfigNode::Kind::kScalar;
  node.untyped = true;
  if (!flag.list) node.text = flag.values.empty() ? "" : flag.values.back();
  for (const std::string& value : flag.values) {
    if (!flag.list) break;
    ConfigNode item;
    item.kind = ConfigNode::Kind::kScalar;
    item.place = node.place;
    item.untyped = true;
    item.text = value;
    node.items.push_back(std::move(item));
  }
  return node;
}

// Replaces ${NAME} in every text but addresses, which have rules of their own.
void expand_texts(ConfigNode& node, const Environment& environment, Problems& problems) {
  if (node.kind == ConfigNode::Kind::kScalar && node.text.find("${") != std::string::npos) {
    node.text = expand(node.text, environment, node.place, problems);
    node.untyped = !node.quoted;
  }
  for (ConfigNode& item : node.items) expand_texts(item, environment, problems);
  for (ConfigEntry& entry : node.entries) {
    if (entry.key != "url") expand_texts(entry.value, environment, problems);
  }
}

// What keys say together.
void check_together(const PipelineConfig& config, const ConfigNode& root, Problems& problems) {
  if (config.from.snapshot == SnapshotMode::kOnly && config.until != Until::kForever) {
    problems.add(root.find("until")->place,
                 cat("until ",
                     until_word(config.until),
                     " with snapshot only, expected one of both: "
                     "a snapshot alone ends by itself"));
  }
  if (config.http == "off") return;
  const Result<HttpAddress> address = parse_http_address(config.http);
  if (address && !address->loopback() && config.http_token_file.empty()) {
    problems.add(root.find("http")->place,
                 cat("http is '",
                     config.http,
                     "', which others can reach, expected --http-token-file "
                     "(http_token_file) beside it, or a loopback address"));
  }
}

}  // namespace

Result<PipelineConfig> load_config(const ConfigInput& input, const Environment& environment) {
  Problems problems;
  std::optional<ConfigNode> root;
  if (input.file.empty()) {
    root.emplace();
    root->place = {"command line", 0};
    root->kind = ConfigNode::Kind::kMapping;
  } else {
    root = read_yaml(input.file, input.text, problems);
  }
  if (!root) return Error(Blame::kConfig, problems.text());
  for (const FlagValue& flag : input.flags) root->set(flag.path, flag_node(flag));
  expand_texts(*root, environment, problems);
  check_schema(pipeline_schema(), *root, problems);
  // What follows needs values of the right kind; addresses may report more even so.
  const bool sound = problems.empty();
  PipelineConfig config;
  for (const Binding& binding : kBindings) {
    const ConfigNode* node = root->find(binding.path);
    const bool url = binding.path.ends_with(".url") && node != nullptr && node->kind == ConfigNode::Kind::kScalar;
    if (node != nullptr && (sound || url)) binding.read(config, {*node, environment, problems});
  }
  if (sound) check_together(config, *root, problems);
  if (!problems.empty()) return Error(Blame::kConfig, problems.text());
  return config;
}

std::string print_config(const PipelineConfig& config) {
  std::string out;
  std::string_view section;
  for (const Binding& binding : kBindings) {
    const std::string value = binding.print(config);
    const size_t dot = binding.path.find('.');
    const std::string_view of = dot == std::string_view::npos ? std::string_view() : binding.path.substr(0, dot);
    if (of != section && !of.empty()) out += cat(of, ":\n");
    section = of;
    if (value.empty()) continue;
    out +=
        of.empty() ? cat(binding.path, ": ", value, "\n") : cat("  ", binding.path.substr(dot + 1), ": ", value, "\n");
  }
  return out;
}

bool parse_size(const std::string& text, size_t& bytes) {
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || !(number >= 0)) return false;
  std::string unit;
  for (const char* c = end.ptr; c != text.data() + text.size(); ++c) {
    if (*c != ' ') unit += *c >= 'A' && *c <= 'Z' ? static_cast<char>(*c + 32) : *c;
  }
  // 64MB are millions; 64MiB, and 64M as in most servers' settings, are powers of two.
  double factor = 0;
  for (const auto& [word, bytes_each] : {std::pair<std::string_view, double>{"", 1},
                                         {"b", 1},
                                         {"k", 1024},
                                         {"kib", 1024},
                                         {"ki", 1024},
                                         {"kb", 1e3},
                                         {"m", 1048576},
                                         {"mib", 1048576},
                                         {"mi", 1048576},
                                         {"mb", 1e6},
                                         {"g", 1073741824},
                                         {"gib", 1073741824},
                                         {"gi", 1073741824},
                                         {"gb", 1e9}}) {
    if (unit == word) factor = bytes_each;
  }
  if (factor == 0 || number * factor > 1e15) return false;
  bytes = static_cast<size_t>(number * factor);
  return true;
}

std::string print_size(size_t bytes) {
  for (const auto& [power, unit] : {std::pair<unsigned, const char*>{30, "GiB"}, {20, "MiB"}, {10, "KiB"}}) {
    if (bytes != 0 && bytes % (size_t{1} << power) == 0) return cat(bytes >> power, unit);
  }
  return std::to_string(bytes);
}

std::vector<std::string> config_paths() {
  std::vector<std::string> paths;
  for (const Binding& binding : kBindings) paths.emplace_back(binding.path);
  return paths;
}

}  // namespace weft
