// SPDX-License-Identifier: Apache-2.0
#include "model/table_filter.h"

#include <algorithm>

namespace weft {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(char a, char b, bool ignore_case) {
  return a == b || (ignore_case && lower(a) == lower(b));
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the latest '*' and how far it has been stretched
  size_t stretched = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      stretched = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || same(pattern[p], text[t], ignore_case))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++stretched;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool system_database(std::string_view name) {
  for (const std::string_view own : {"mysql", "information_schema", "performance_schema", "sys"}) {
    if (glob_matches(own, name, true)) return true;
  }
  return false;
}

bool TableFilter::pattern_matches(std::string_view pattern, std::string_view database, std::string_view table) const {
  if (glob_matches(pattern, table, ignore_case_)) return true;
  const size_t dot = pattern.find('.');
  return dot != std::string_view::npos && glob_matches(pattern.substr(0, dot), database, ignore_case_) &&
         glob_matches(pattern.substr(dot + 1), table, ignore_case_);
}

bool TableFilter::matches_database(std::string_view database) const {
  if (!any_schema_ && system_database(database)) return false;
  return database_.empty() || glob_matches(database_, database, ignore_case_) || database_ == database;
}

bool TableFilter::matches(std::string_view database, std::string_view table) const {
  if (!matches_database(database) || table.starts_with("_weft_")) return false;
  const auto hit = [&](const std::string& pattern) { return pattern_matches(pattern, database, table); };
  if (std::any_of(exclude_.begin(), exclude_.end(), hit)) return false;
  return tables_.empty() || std::any_of(tables_.begin(), tables_.end(), hit);
}

}  // namespace weft
