// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace weft::demo {

namespace {

// FNV-1a over the cells, each with its length before it, so that no two rows run into the same bytes.
uint64_t row_hash(const support::Row& row) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const auto& cell : row) {
    mix(cell ? 1 : 0);
    if (!cell) continue;
    for (size_t length = cell->size(), i = 0; i < 4; ++i, length >>= 8) mix(length & 0xff);
    for (const char c : *cell) mix(static_cast<unsigned char>(c));
  }
  return hash;
}

std::vector<uint64_t> sorted_hashes(const support::Rows& rows) {
  std::vector<uint64_t> hashes;
  hashes.reserve(rows.size());
  for (const auto& row : rows) hashes.push_back(row_hash(row));
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

size_t run_length(const std::vector<uint64_t>& hashes, size_t at) {
  const auto begin = hashes.begin() + static_cast<std::ptrdiff_t>(at);
  return static_cast<size_t>(std::upper_bound(begin, hashes.end(), *begin) - begin);
}

}  // namespace

Difference compare_table(support::MysqlConnection& source,
                         support::PostgresConnection& target,
                         const ShopTable& table) {
  const std::string sql = fmt::format("SELECT {} FROM {}", table.columns, table.name);
  const auto ours = sorted_hashes(source.query(sql));
  const auto theirs = sorted_hashes(target.query(sql));
  Difference found{.rows = ours.size()};
  size_t a = 0;
  size_t b = 0;
  while (a < ours.size() || b < theirs.size()) {
    if (b == theirs.size() || (a < ours.size() && ours[a] < theirs[b])) {
      const size_t run = run_length(ours, a);
      found.lost += run;
      a += run;
    } else if (a == ours.size() || theirs[b] < ours[a]) {
      const size_t run = run_length(theirs, b);
      found.strange += run;
      b += run;
    } else {
      const size_t wanted = run_length(ours, a);
      const size_t there = run_length(theirs, b);
      found.lost += wanted > there ? wanted - there : 0;
      found.doubled += there > wanted ? there - wanted : 0;
      a += wanted;
      b += there;
    }
  }
  return found;
}

}  // namespace weft::demo
