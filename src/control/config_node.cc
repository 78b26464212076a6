// SPDX-License-Identifier: Apache-2.0
#include "control/config_node.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace weft {

const ConfigNode* ConfigNode::find(std::string_view path) const {
  const size_t dot = path.find('.');
  for (const ConfigEntry& entry : entries) {
    if (entry.key != path.substr(0, dot)) continue;
    return dot == std::string_view::npos ? &entry.value : entry.value.find(path.substr(dot + 1));
  }
  return nullptr;
}

void ConfigNode::set(std::string_view path, ConfigNode value) {
  if (kind == Kind::kNull) kind = Kind::kMapping;
  if (kind != Kind::kMapping) return;
  const size_t dot = path.find('.');
  const std::string_view key = path.substr(0, dot);
  auto entry = std::ranges::find(entries, key, &ConfigEntry::key);
  if (entry == entries.end()) {
    entries.push_back({std::string(key), value.place, {}});
    entry = entries.end() - 1;
    entry->value.place = value.place;
  }
  if (dot == std::string_view::npos) {
    entry->value = std::move(value);
  } else {
    entry->value.set(path.substr(dot + 1), std::move(value));
  }
}

void Problems::add(const ConfigPlace& place, std::string what) {
  list_.push_back({place, std::move(what)});
}

std::string Problems::text(size_t most) const {
  std::vector<Problem> sorted = list_;
  std::ranges::stable_sort(sorted, [](const Problem& a, const Problem& b) {
    if ((a.place.line == 0) != (b.place.line == 0)) return a.place.line != 0;
    return a.place.line < b.place.line;
  });
  std::string out;
  for (size_t i = 0; i < std::min(most, sorted.size()); ++i) {
    if (!out.empty()) out += '\n';
    out += cat(sorted[i].place.text(), ": ", sorted[i].what);
  }
  if (sorted.size() > most) out += cat("\n... and ", sorted.size() - most, " more");
  return out;
}

}  // namespace weft
