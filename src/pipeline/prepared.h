// SPDX-License-Identifier: Apache-2.0
// Prepared: the transactions in two phases that wait for their second one, as admission sees them: everything that is at the
// target (_weft.prepared), and what is on its way there. The latest ones are also kept here, so that a commit that follows
// soon needs nothing of the target. Format of a piece: docs/formats/prepared.md. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "model/transaction.h"
#include "target/target.h"

namespace weft {

// Error code (kConfig): a commit of what was prepared before the pipeline began.
inline constexpr std::string_view kPreparedUnknown = "prepared-unknown";

class Prepared {
 public:
  // `cache_bytes`: of changes that are kept here too.
  Prepared(Target& target, size_t cache_bytes) : target_(target), cache_bytes_(cache_bytes) {}

  // What the target keeps when a cycle begins.
  void know(const std::vector<PreparedName>& names);
  // The changes in front of the transaction's (or fragment's) mark wait from here on: the step that keeps them.
  [[nodiscard]] Result<PreparedStepRef> keep(const Transaction& tx, const std::string& position);
  // The step after which nothing waits under this name.
  [[nodiscard]] PreparedStepRef forget(std::string_view name);

  // Pieces that wait under this name; none: the name is not known.
  [[nodiscard]] std::optional<uint64_t> pieces(std::string_view name) const;
  // Whether they can be had only from the target, where they must be committed then.
  [[nodiscard]] bool at_target_only(std::string_view name) const;
  // The changes of one piece, as one transaction of a batch without positions.
  [[nodiscard]] Result<std::shared_ptr<const Batch>> read(std::string_view name, uint64_t piece);

 private:
  struct Waiting {
    uint64_t pieces = 0;
    std::vector<std::string> cached;  // all of them, or none
    size_t bytes = 0;                 // of these
  };

  Result<SchemaRef> schema(std::string_view text);
  void drop_cached(Waiting& waiting);

  Target& target_;
  size_t cache_bytes_;
  size_t cached_ = 0;
  std::map<std::string, Waiting, std::less<>> waiting_;
  std::unordered_map<std::string, SchemaRef> schemas_;  // by their text: a shape is one object however often it is read
};

}  // namespace weft
