// SPDX-License-Identifier: Apache-2.0
// Opening: from two adapters to a pipeline that knows where to go on. The target's progress decides; nothing is remembered
// here. One thread; called once per cycle, before any stage runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "pipeline/pipeline.h"
#include "snapshot/merge.h"

namespace weft {

struct OpenSides {
  std::string name;
  std::string source_id;
  std::string target_id;               // empty: not known, or not asked for
  Progress progress;                   // committed; epoch is ours
  Position head;                       // of the source, read before its tables
  Position catalogue_at;               // behind what the catalogue shows
  std::vector<SchemaRef> schemas;      // to begin with: persisted versions, else the catalogue's
  std::vector<TargetTableRef> tables;  // matched with `schemas`, in their order
  std::vector<SchemaRef> catalogue;    // as the catalogue has them now
  std::vector<SchemaRef> persisted;    // as the target knows them; without columns where the shape is not known
  std::vector<TableName> set_aside;    // their changes are passed over
  std::vector<PreparedName> prepared;  // transactions that wait at the target for their second phase
  std::vector<HeldTable> held;         // tables with dead letters
  std::map<TableName, std::vector<OwnedRow>> kept;  // keys of tables that are mended by them (pipeline/kept_keys.h)
  bool keep_keys = false;                           // what transactions change is kept at the target, for a repair
  bool circular = false;             // foreign keys lead in a circle among tables that are still being copied
  bool fresh = false;                // the pipeline ran for the first time
  std::unique_ptr<Journal> journal;  // its reader stands behind progress, the source behind its end
};

// Part of the memory budget that waits in the journal; the rest is for groups and chunks in flight.
[[nodiscard]] size_t journal_limit(const PipelineOptions& options);

// Opens both sides and the journal between them, creates missing target tables if asked, writes the first progress, and fills `merge`.
[[nodiscard]] Result<OpenSides> open_sides(const PipelineOptions& options,
                                           Source& source,
                                           Target& target,
                                           Merge& merge);

}  // namespace weft
