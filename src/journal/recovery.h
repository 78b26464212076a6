// SPDX-License-Identifier: Apache-2.0
// Recovery: what is in a journal's directory, and what of it still counts after a crash. The segments that count are the
// newest unbroken run of one journal; the last one is cut behind its last whole transaction. Bytes that were synced and are
// damaged are an error, bytes that were not synced are cut.
//
// One thread, before anything else uses the directory.
#pragma once

#include <string>
#include <vector>

#include "journal/walk.h"

namespace weft {

struct SegmentInfo {
  SegmentHead head;
  std::string path;
  uint64_t bytes = 0;              // that count
  std::vector<SchemaRef> schemas;  // known so far; complete for the last one
};

struct Recovered {
  std::vector<SegmentInfo> segments;  // in order; empty: there is no journal
  Sequence last;                      // the last whole transaction
  std::string end_text;               // the position behind it
  uint64_t number_max = 0;            // of any segment ever seen there
};

// What was found in one segment.
struct SegmentScan {
  uint64_t transactions = 0;
  uint64_t frames = 0;
  Sequence next;                   // of the transaction that would follow
  std::string end_text;            // the position behind the last whole one
  uint64_t whole_end = 0;          // offset behind the last whole transaction; 0: none ends here
  std::vector<SchemaRef> schemas;  // at whole_end
  std::optional<Error> damage;
  uint64_t damage_at = 0;
  bool torn = false;  // the damage was never synced
};

[[nodiscard]] Result<SegmentScan> scan_segment(std::shared_ptr<const DiskFile> file,
                                               const std::string& path,
                                               const SegmentHead& head,
                                               SchemaPool& pool);

// `mend`: cuts and removes what does not count; else only looks.
[[nodiscard]] Result<Recovered> recover_journal(Disk& disk, const std::string& directory, SchemaPool& pool);

}  // namespace weft
