// SPDX-License-Identifier: Apache-2.0
// IdSet: a set of transaction ids as ranges, and its text "sim:1-17,21-23": the world's position format. Ids are never used
// twice, also not after a failover, so inclusion of sets is all there is to compare. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::sim {

class IdSet {
 public:
  void add(uint64_t id);
  [[nodiscard]] bool contains(uint64_t id) const;
  [[nodiscard]] bool includes(const IdSet& other) const;
  [[nodiscard]] uint64_t count() const;

  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  [[nodiscard]] const std::vector<std::pair<uint64_t, uint64_t>>& ranges() const { return ranges_; }

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<IdSet> parse(std::string_view text);

  bool operator==(const IdSet&) const = default;

 private:
  std::vector<std::pair<uint64_t, uint64_t>> ranges_;  // closed, ascending, never touching
};

}  // namespace weft::sim
