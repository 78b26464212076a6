// SPDX-License-Identifier: Apache-2.0
#include "pipeline/table_states.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "snapshot/ranges.h"

namespace weft {
namespace {

void set_aside(TableStateRow& row, std::string reason, const Position& position) {
  row.state = TableState::kPaused;
  row.reason = std::move(reason);
  row.ranges.clear();
  row.since = position.text();
}

// Rows of a child may hang on rows of its parent that are passed over.
bool pause_children(Target& target, Opened& opened, OpenSides& sides, Group& group) {
  std::vector<std::pair<TableStateRow*, TargetTableRef>> tables;
  for (TableStateRow& row : opened.tables) {
    const SchemaRef schema = find_schema(sides.catalogue, row.table);
    Result<TargetTableRef> table = schema ? target.table(schema, true) : Error(Blame::kConfig, "it is gone");
    if (table) tables.emplace_back(&row, *std::move(table));
  }
  bool any = false;
  for (const auto& [child, matched] : tables) {
    for (const auto& [parent, parents_match] : tables) {
      if (child == parent || is_set_aside(child->state) || !is_set_aside(parent->state)) continue;
      const auto hangs = [&, at = parents_match->name](const ForeignKey& fk) { return fk.parent == at; };
      // Nor do keys of the source act without the parent's changes.
      const auto acts = [&name = parent->table](const ForeignKey& fk) { return fk.acts() && fk.parent == name; };
      const auto& at_source = matched->source->foreign_keys;
      if (std::none_of(matched->foreign_keys.begin(), matched->foreign_keys.end(), hangs) &&
          std::none_of(at_source.begin(), at_source.end(), acts)) {
        continue;
      }
      set_aside(*child, cat("its parent ", parent->table.text(), " is set aside"), sides.progress.position);
      group.states.push_back(*child);
      any = true;
    }
  }
  return any;
}

// As the source has it now; what it looked like meanwhile does not matter.
void resume(const PipelineOptions& options,
            Target& target,
            TableStateRow& row,
            Opened& opened,
            OpenSides& sides,
            Group& group) {
  const SchemaRef now = find_schema(sides.catalogue, row.table);
  Status fits;
  if (!now) {
    fits = Error(Blame::kConfig, "the source no longer has it");
  } else if (const auto table = target.table(now); !table) {
    fits = table.error();
  }
  if (!fits) {
    row.state = is_set_aside(row.state) ? row.state : TableState::kPaused;
    row.reason = cat("not resumed: ", fits.error().message());
    log_line(LogLevel::kWarning, cat("table ", row.table.text(), " ", row.reason), {{"table", row.table.text()}});
    return;
  }
  over_rows(*now, Earlier::kMended, row);
  const SchemaRef next = next_version(now, opened.schemas);
  std::erase_if(opened.schemas, [&](const SchemaRef& schema) { return schema->name == row.table; });
  opened.schemas.push_back(next);
  group.schemas.push_back(next);
  group.dead_letters.push_back(forget_letters(row.table, sides));
  if (options.say) options.say(cat("copying ", row.table.text(), " again, over the rows that are there"));
}

// A table of which too many changes could not be applied is no table with bad rows, but one that does not fit.
void park_tables(const PipelineOptions& options, Opened& opened, const OpenSides& sides, Group& group) {
  for (const HeldTable& held : sides.held) {
    if (held.letters <= options.letters_max) continue;
    for (TableStateRow& row : opened.tables) {
      if (row.table.text() != held.table || is_set_aside(row.state)) continue;
      set_aside(row,
                cat("more than ",
                    options.letters_max,
                    " of its changes could not be applied; mend the target, then weft resume this table"),
                sides.progress.position);
      row.state = TableState::kParked;
      log_line(LogLevel::kWarning, cat("table ", held.table, " is parked: ", row.reason), {{"table", held.table}});
      group.states.push_back(row);
    }
  }
}

}  // namespace

SchemaRef find_schema(const std::vector<SchemaRef>& schemas, const TableName& name) {
  const auto found = std::find_if(schemas.begin(), schemas.end(), [&](const SchemaRef& s) { return s->name == name; });
  return found == schemas.end() ? nullptr : *found;
}

SchemaRef next_version(const SchemaRef& now, const std::vector<SchemaRef>& persisted) {
  const SchemaRef then = find_schema(persisted, now->name);
  if (!then) return now;
  auto next = std::make_shared<TableSchema>(*now);
  next->version = then->version + 1;
  return next;
}

TableStateRow first_state(const SchemaRef& schema, bool snapshot) {
  TableStateRow row;
  row.table = schema->name;
  row.state = snapshot ? TableState::kPending : TableState::kStreaming;
  return row;
}

// The copy goes over rows that are there. Without a key none can be told from another: all go first.
void over_rows(const TableSchema& schema, Earlier earlier, TableStateRow& row) {
  RangeSet ranges;
  ranges.set_earlier(earlier);
  row.state = schema.keyless() ? TableState::kSnapshotting : TableState::kPending;
  row.ranges = schema.keyless() ? std::string() : ranges.text();
  row.rows = 0;
  row.since.clear();
  row.reason.clear();
}

DeadLetterStep forget_letters(const TableName& table, OpenSides& sides) {
  DeadLetterStep step;
  step.what = DeadLetterStep::What::kForgetTable;
  step.letter.table = table.text();
  std::erase_if(sides.held, [&](const HeldTable& held) { return held.table == step.letter.table; });
  return step;
}

// Progress moves to sides.progress with these states, before anything runs.
Status write_states(Target& target, Group group, OpenSides& sides) {
  group.to = sides.progress;
  group.to.version = group.from.version + 1;
  TRY_ASSIGN(const std::unique_ptr<TargetSession> session, target.session());
  TRY(session->prepare(group));
  TRY(session->commit(group.from, group.to));
  sides.progress = group.to;
  return ok();
}

// Rows that a view showed may be of transactions that were lost when another server took over; the stream will never take
// them back. What was copied of such a table is forgotten, and copied anew (hard case 6).
Status forget_views_of_others(Target& target, const SourceInfo& info, Opened& opened, OpenSides& sides) {
  Group group;
  for (TableStateRow& state : opened.tables) {
    if (!ahead_of_another(state, info.answering())) continue;
    log_line(
        LogLevel::kWarning,
        cat("copying ", state.table.text(), " anew: the server that showed its rows is not the one that answers now"),
        {{"table", state.table.text()}});
    const SchemaRef schema = find_schema(sides.catalogue, state.table);
    if (!schema) continue;
    over_rows(*schema, Earlier::kMended, state);
    group.states.push_back(state);
    group.dead_letters.push_back(forget_letters(state.table, sides));
  }
  if (group.states.empty()) return ok();
  group.from = sides.progress;
  return write_states(target, std::move(group), sides);
}

Status take_up_wishes(const PipelineOptions& options, Target& target, Opened& opened, OpenSides& sides) {
  const auto whole = std::find_if(
      opened.tables.begin(), opened.tables.end(), [](const TableStateRow& row) { return row.table.table.empty(); });
  if (whole != opened.tables.end()) {
    return Error(Blame::kTransient,
                 cat("pipeline ", sides.name, " was paused by hand; weft resume lets it go on"),
                 std::string(kPausedByHand));
  }
  Group group;
  group.from = sides.progress;
  for (TableStateRow& row : opened.tables) {
    if (row.reason == kAskedToPause) {
      set_aside(row, "paused by hand", sides.progress.position);
    } else if (row.reason == kAskedToResume) {
      resume(options, target, row, opened, sides, group);
    } else {
      continue;
    }
    group.states.push_back(row);
  }
  park_tables(options, opened, sides, group);
  const bool aside = std::any_of(
      opened.tables.begin(), opened.tables.end(), [](const TableStateRow& row) { return is_set_aside(row.state); });
  while (aside && pause_children(target, opened, sides, group)) continue;
  return group.states.empty() ? ok() : write_states(target, std::move(group), sides);
}

}  // namespace weft
