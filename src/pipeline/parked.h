// SPDX-License-Identifier: Apache-2.0
// ParkedKeys: the rows of which dead letters wait at the target, as hashes, so that tickets about such rows are told from all
// others. It may name rows of which none waits any more (somebody replayed them): whoever applies the ticket asks the target.
// One thread, the apply actor's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "apply/ticket.h"

namespace weft {

class ParkedKeys {
 public:
  // What waits when a cycle begins.
  [[nodiscard]] Status know(const std::vector<HeldTable>& held);
  // What a committed ticket did to the letters.
  [[nodiscard]] Status add(const std::vector<DeadLetterStep>& steps);
  // The target's count of now; tables without letters are let go.
  void settle(const std::map<std::string, uint64_t>& counts);

  [[nodiscard]] bool empty() const { return tables_.empty(); }

  // Grows whenever more rows wait: a ticket that was looked at in this one need not be again.
  [[nodiscard]] uint64_t generation() const { return generation_; }

  // Whether the ticket changes a row of which letters wait, or its foreign-key actions may reach one.
  [[nodiscard]] bool touches(const Ticket& ticket) const;

  // By table.
  [[nodiscard]] const std::map<std::string, uint64_t>& letters() const { return letters_; }

 private:
  using Keys = std::unordered_set<uint64_t>;  // hash_values() of keys, or of whole rows without one

  [[nodiscard]] const Keys* of(const TargetTable& table) const;
  [[nodiscard]] bool touches_item(const ApplyItem& item, const Keys& keys) const;
  [[nodiscard]] bool reaches(const ApplyItem& actions) const;
  Status add_key(const std::string& table, const std::string& key);

  std::map<std::string, Keys> tables_;
  std::map<std::string, uint64_t> letters_;
  uint64_t generation_ = 0;
};

}  // namespace weft
