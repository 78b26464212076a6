// SPDX-License-Identifier: Apache-2.0
// Ranges of transaction ids.
#include "sim/id_set.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft::sim {
namespace {

constexpr std::string_view kPrefix = "sim:";

std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return number;
}

}  // namespace

void IdSet::add(uint64_t id) {
  auto next = std::find_if(ranges_.begin(), ranges_.end(), [id](const auto& r) { return r.second + 1 >= id; });
  if (next == ranges_.end()) {
    ranges_.emplace_back(id, id);
    return;
  }
  if (next->first <= id && id <= next->second) return;
  if (next->second + 1 == id) {
    next->second = id;
    const auto after = next + 1;
    if (after != ranges_.end() && after->first == id + 1) {
      next->second = after->second;
      ranges_.erase(after);
    }
    return;
  }
  if (next->first == id + 1) {
    next->first = id;
    return;
  }
  ranges_.insert(next, {id, id});
}

bool IdSet::contains(uint64_t id) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [id](const auto& r) { return r.first <= id && id <= r.second; });
}

bool IdSet::includes(const IdSet& other) const {
  return std::all_of(other.ranges_.begin(), other.ranges_.end(), [this](const auto& theirs) {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& ours) {
      return ours.first <= theirs.first && theirs.second <= ours.second;
    });
  });
}

uint64_t IdSet::count() const {
  uint64_t n = 0;
  for (const auto& [first, last] : ranges_) n += last - first + 1;
  return n;
}

std::string IdSet::text() const {
  std::string out(kPrefix);
  for (const auto& [first, last] : ranges_) {
    if (out.size() > kPrefix.size()) out.push_back(',');
    out += first == last ? cat(first) : cat(first, "-", last);
  }
  return out;
}

std::optional<IdSet> IdSet::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  IdSet set;
  while (!text.empty()) {
    const auto first = take_number(text);
    if (!first) return std::nullopt;
    uint64_t last = *first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      const auto end = take_number(text);
      if (!end) return std::nullopt;
      last = *end;
    }
    set.ranges_.emplace_back(*first, last);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return set;
}

}  // namespace weft::sim
