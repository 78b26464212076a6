// SPDX-License-Identifier: Apache-2.0
// Inspection: what is in a journal's directory, for people: nothing is changed and no lock is taken. A running process may
// be writing there: then the end may look torn.
#pragma once

#include <string>
#include <vector>

#include "io/disk.h"
#include "journal/segment.h"

namespace weft {

struct SegmentReport {
  std::string path;
  std::optional<SegmentHead> head;  // none: it can't be read
  uint64_t bytes = 0;
  uint64_t transactions = 0;
  uint64_t frames = 0;
  uint64_t last_sequence = 0;  // of the last whole transaction; one before the first: it has none
  std::string position;        // behind it
  std::string damage;          // empty: none
  uint64_t damage_at = 0;
  bool torn = false;  // what is damaged was never synced: the next start cuts it
};

[[nodiscard]] Result<std::vector<SegmentReport>> inspect_journal(Disk& disk, const std::string& directory);

}  // namespace weft
