// SPDX-License-Identifier: Apache-2.0
#include "pipeline/kept_keys.h"

#include <algorithm>

#include "apply/touched_keys.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/table_states.h"

namespace weft {
namespace {

// The newest version whose position the source has, with the source open there; none has it: null. What it has of one it has of
// all before.
Result<const KeptVersion*> open_at_newest(Source& source, const std::vector<KeptVersion>& kept) {
  size_t had = 0;  // so many from the front are tried and had
  size_t end = kept.size();
  bool open = false;
  while (had < end) {
    const size_t middle = had + (end - had) / 2;
    const Status opened = source.open(kept[middle].position);
    if (!opened && opened.error().code() != kPositionLost) return opened.error();
    open = opened.has_value();
    (open ? had : end) = open ? middle + 1 : middle;
  }
  if (had == 0) return static_cast<const KeptVersion*>(nullptr);
  if (!open) TRY(source.open(kept[had - 1].position));
  return &kept[had - 1];
}

Result<TouchedKeys> touched_since(Target& target, uint64_t version) {
  TRY_ASSIGN(const std::vector<std::string> texts, target.kept_since(version));
  TouchedKeys touched;
  for (const std::string& text : texts) TRY(touched.add_text(text));
  return touched;
}

bool has_letters(const OpenSides& sides, const TableName& table) {
  return std::ranges::any_of(sides.held, [&](const HeldTable& held) { return held.table == table.text(); });
}

}  // namespace

Result<bool> mend_by_kept_keys(
    const PipelineOptions& options, Source& source, Target& target, Opened& opened, OpenSides& sides) {
  // Copies under way were read from the server that is gone, and of prepared transactions it is not known which are.
  const bool settled =
      std::ranges::all_of(opened.tables, [](const TableStateRow& row) { return row.state >= TableState::kStreaming; });
  if (!settled || !sides.prepared.empty()) return false;
  TRY_ASSIGN(const std::vector<KeptVersion> kept, target.kept_versions());
  TRY_ASSIGN(const KeptVersion* from, open_at_newest(source, kept));
  if (from == nullptr) return false;
  TRY_ASSIGN(const TouchedKeys touched, touched_since(target, from->version));
  if (touched.shapes()) return false;
  Group group;
  group.from = sides.progress;
  size_t keys = 0;
  for (TableStateRow& row : opened.tables) {
    const auto at = touched.tables().find(row.table);
    const SchemaRef schema = find_schema(sides.schemas, row.table);
    if (at == touched.tables().end() || !schema || is_set_aside(row.state)) continue;
    over_rows(*schema, Earlier::kMended, row);
    if (at->second.whole || has_letters(sides, row.table)) {
      group.dead_letters.push_back(forget_letters(row.table, sides));
    } else {
      RangeSet ranges;
      ranges.mend_kept_since(from->version);
      row.state = TableState::kSnapshotting;
      row.ranges = ranges.text();
      keys += at->second.codes.size();
    }
    group.states.push_back(row);
  }
  sides.progress.position = from->position;
  TRY(write_states(target, std::move(group), sides));
  if (options.say) {
    options.say(cat("the source lacks what came behind ",
                    from->position.text(),
                    ": going on from there, and comparing the rows that had changed since (",
                    keys,
                    " by their keys)"));
  }
  TRY(sides.journal->restart({sides.progress.journal_id, sides.progress.sequence, sides.progress.position.text()}));
  return true;
}

Status read_kept_keys(Target& target, std::vector<TableStateRow>& states, OpenSides& sides) {
  for (TableStateRow& row : states) {
    if (is_set_aside(row.state) || row.state == TableState::kStreaming) continue;
    TRY_ASSIGN(const RangeSet ranges, RangeSet::parse(row.ranges));
    const SchemaRef schema = find_schema(sides.schemas, row.table);
    if (!ranges.kept_since() || !schema) continue;
    TRY_ASSIGN(const std::vector<KeptVersion> kept, target.kept_versions());
    TRY_ASSIGN(const TouchedKeys touched, touched_since(target, *ranges.kept_since()));
    const auto at = touched.tables().find(row.table);
    const bool reaches = !kept.empty() && kept.front().version <= *ranges.kept_since();
    if (!reaches || at == touched.tables().end() || at->second.whole || touched.shapes()) {
      log_info(cat("the keys by which ", row.table.text(), " was to be mended are gone: all of it is compared"));
      over_rows(*schema, Earlier::kMended, row);
      continue;
    }
    std::vector<OwnedRow>& keys = sides.kept[row.table];
    for (const std::string& code : at->second.codes) {
      TRY_ASSIGN(OwnedRow key, decode_key(code));
      keys.push_back(std::move(key));
    }
  }
  return ok();
}

}  // namespace weft
