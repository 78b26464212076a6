// SPDX-License-Identifier: Apache-2.0
#include "control/transform_config.h"

#include <utility>

#include "base/text.h"
#include "control/config_yaml.h"

namespace weft {
namespace {

using namespace transform;

std::vector<std::string> texts_under(const ConfigNode& node, std::string_view key) {
  const ConfigNode* list = node.find(key);
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const ConfigNode& item : list->items) texts.push_back(item.text);
  return texts;
}

Renames read_renames(const ConfigNode& node, Problems& problems) {
  Renames renames;
  for (const ConfigEntry& entry : node.entries) {
    const std::string& to = entry.value.text;
    if (to.starts_with('.') || to.ends_with('.')) {
      problems.add(entry.place, cat("rename of ", entry.key, " is '", to, "', expected a name, or SCHEMA.TABLE"));
    }
    renames.push_back({entry.key, to});
  }
  return renames;
}

ColumnChoices read_columns(const ConfigNode& node) {
  ColumnChoices choices;
  for (const ConfigEntry& entry : node.entries) {
    choices.push_back({entry.key, texts_under(entry.value, "keep"), texts_under(entry.value, "drop")});
  }
  return choices;
}

Filters read_filters(const ConfigNode& node, Problems& problems) {
  Filters filters;
  for (const ConfigEntry& entry : node.entries) {
    Result<Expression> condition = Expression::parse(entry.value.text);
    if (!condition) {
      problems.add(entry.place, cat("filter of ", entry.key, ": ", condition.error().message()));
      continue;
    }
    filters.push_back({entry.key, *std::move(condition)});
  }
  return filters;
}

Step read_step(const ConfigEntry& entry, Problems& problems) {
  if (entry.key == "filter") return read_filters(entry.value, problems);
  if (entry.key == "rename") return read_renames(entry.value, problems);
  return read_columns(entry.value);
}

std::string mapping(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out;
  for (const auto& [key, value] : entries) out += cat(out.empty() ? "{" : ", ", yaml_text(key), ": ", value);
  return out + "}";
}

std::string print(const Renames& renames) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const Rename& entry : renames) entries.emplace_back(entry.from, yaml_text(entry.to));
  return cat("{rename: ", mapping(entries), "}");
}

std::string print(const ColumnChoices& choices) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const ColumnChoice& entry : choices) {
    const bool keeps = !entry.keep.empty();
    entries.emplace_back(entry.table, mapping({{keeps ? "keep" : "drop", yaml_list(keeps ? entry.keep : entry.drop)}}));
  }
  return cat("{columns: ", mapping(entries), "}");
}

std::string print(const Filters& filters) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const Filter& entry : filters) entries.emplace_back(entry.table, yaml_text(entry.condition.text()));
  return cat("{filter: ", mapping(entries), "}");
}

}  // namespace

transform::Steps read_transform(const ConfigNode& node, Problems& problems) {
  Steps steps;
  for (const ConfigNode& item : node.items) {
    for (const ConfigEntry& entry : item.entries) steps.push_back(read_step(entry, problems));
  }
  return steps;
}

std::string print_transform(const transform::Steps& steps) {
  std::string out;
  for (const Step& step : steps) {
    out += cat(out.empty() ? "[" : ", ", std::visit([](const auto& entries) { return print(entries); }, step));
  }
  return out.empty() ? out : out + "]";
}

}  // namespace weft
