// SPDX-License-Identifier: Apache-2.0
#include "pipeline/opening.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/kept_keys.h"
#include "pipeline/key_actions.h"
#include "pipeline/table_states.h"

namespace weft {
namespace {

// With `ignore` a column may be left out while following, but a first start says what is missing.
Status refuse_left_out(const TargetTable& table) {
  for (const TargetColumn& c : table.columns) {
    if (!c.missing) continue;
    return Error(Blame::kConfig,
                 cat("table ", table.name.text(), " has no column \"", c.name, "\": add it to the target"));
  }
  return ok();
}

// The tables are there, or are made. Gives the states to begin with.
Result<std::vector<TableStateRow>> prepare_tables(const PipelineOptions& options,
                                                  Target& target,
                                                  const std::vector<SchemaRef>& tables,
                                                  bool snapshot) {
  std::vector<TableStateRow> states;
  std::string missing;
  std::string occupied;
  for (const SchemaRef& schema : tables) {
    TRY_ASSIGN(const bool there, target.exists(*schema));
    if (!there && options.create_tables) {
      TRY(target.create_table(*schema));
      if (options.say) options.say(cat("created table ", schema->name.table, " at the target"));
    } else if (!there) {
      missing += cat(missing.empty() ? "" : ", ", schema->name.text());
      continue;
    }
    TRY_ASSIGN(const TargetTableRef table, target.table(schema));
    TRY(refuse_left_out(*table));
    states.push_back(first_state(schema, snapshot));
    if (!snapshot) continue;
    TRY_ASSIGN(const bool rows, target.has_rows(*table));
    if (!rows) continue;
    const bool takes =
        options.existing == ExistingRows::kReplace || (options.existing == ExistingRows::kUpsert && !schema->keyless());
    if (!takes) occupied += cat(occupied.empty() ? "" : ", ", table->name.text());
    const Earlier earlier = options.existing == ExistingRows::kReplace ? Earlier::kReplaced : Earlier::kKept;
    if (takes) over_rows(*schema, earlier, states.back());
  }
  if (!missing.empty()) {
    return Error(
        Blame::kConfig,
        cat("missing at the target: ", missing, "; create them there, or let weft do it with --create-tables"));
  }
  if (!occupied.empty()) {
    return Error(Blame::kConfig,
                 cat("the target already holds rows in ",
                     occupied,
                     "; empty them, or start with --snapshot no if they equal "
                     "the source, or choose with --existing upsert or replace (a table without a key: replace)"));
  }
  return states;
}

// Parents that must be copied first; within a circle nobody waits.
std::vector<TableName> parents_of(const TableSchema& schema,
                                  const TargetTable& table,
                                  const std::vector<TargetTableRef>& all) {
  std::vector<TableName> parents;
  for (const ForeignKey& fk : table.foreign_keys) {
    for (const TargetTableRef& other : all) {
      if (other->name == fk.parent && other->source->name != schema.name) parents.push_back(other->source->name);
    }
  }
  return parents;
}

// A target table has its source's name without the schema: rows of two must not become rows of one.
Status refuse_same_names(const std::vector<SchemaRef>& catalogue) {
  for (const SchemaRef& one : catalogue) {
    for (const SchemaRef& other : catalogue) {
      if (one->name.table != other->name.table || one->name <= other->name) continue;
      return Error(Blame::kConfig,
                   cat("tables ",
                       other->name.text(),
                       " and ",
                       one->name.text(),
                       " would both be ",
                       one->name.table,
                       " at the target: leave one out with --exclude, or follow it in a pipeline of its own"));
    }
  }
  return ok();
}

// The first table whose foreign keys lead back to itself: no order of copying satisfies them. Null if there is none.
const TargetTable* find_circle(const std::vector<TargetTableRef>& tables) {
  for (const TargetTableRef& start : tables) {
    std::vector<TableName> seen;
    std::vector<TableName> open{start->name};
    while (!open.empty()) {
      const TableName at = open.back();
      open.pop_back();
      for (const TargetTableRef& t : tables) {
        if (t->name != at) continue;
        for (const ForeignKey& fk : t->foreign_keys) {
          if (fk.parent == start->name) return start.get();
          if (std::find(seen.begin(), seen.end(), fk.parent) != seen.end()) continue;
          seen.push_back(fk.parent);
          open.push_back(fk.parent);
        }
      }
    }
  }
  return nullptr;
}

JournalPlace place_of(const Progress& progress) {
  return {progress.journal_id, progress.sequence, progress.position.text()};
}

// What tells one set of captured tables from another.
std::string fingerprint(const std::vector<SchemaRef>& tables) {
  std::vector<std::string> names;
  for (const SchemaRef& table : tables) names.push_back(table->name.text());
  std::ranges::sort(names);
  uint32_t crc = 0;
  for (const std::string& name : names) crc = crc32c(name + "\n", crc);
  return cat(crc);
}

Result<std::unique_ptr<Journal>> open_journal_of(const PipelineOptions& options,
                                                 const Source& source,
                                                 const SourceInfo& info,
                                                 const OpenSides& sides) {
  JournalOwner owner;
  owner.pipeline = sides.name;
  owner.source_id = info.identity;
  owner.captured = fingerprint(sides.catalogue);
  owner.memory_bytes = journal_limit(options);
  owner.load = [&source](std::string_view before, std::string_view saved, size_t count) {
    return source.load_positions(before, saved, count);
  };
  owner.ack_only_synced = options.guards.ack_only_synced;
  owner.at_point = options.at_point;
  owner.any_source = info.any_of_several;
  return open_journal(options.journal, std::move(owner));
}

// Puts the source behind what the journal has, if that follows progress; else behind progress (hard case 10: the source's
// position decides, not a number of ours).
Status open_stream(const PipelineOptions& options, Source& source, OpenSides& sides) {
  const JournalPlace place = place_of(sides.progress);
  if (!sides.fresh) {
    TRY_ASSIGN(const std::optional<Position> end, sides.journal->resume(place));
    if (end) {
      Status opened = source.open(*end);
      if (opened || opened.error().code() != kPositionLost) return opened;
      log_warning(cat("the source does not have the end of the journal, ",
                      end->text(),
                      ": going on from the target's position (",
                      opened.error().message(),
                      ")"));
    }
  }
  Status opened = source.open(sides.progress.position);
  if (!opened && opened.error().code() == kPositionLost && !options.guards.refuse_lost_position) {
    opened = source.open(sides.head);
  }
  TRY(std::move(opened));
  return sides.fresh ? ok() : sides.journal->restart(place);
}

// The first start: progress at the head, every table pending (or trusted).
Status begin_fresh(const PipelineOptions& options,
                   Target& target,
                   const SourceInfo& info,
                   uint64_t epoch,
                   std::vector<TableStateRow>& states,
                   OpenSides& sides) {
  const bool snapshot = options.snapshot != SnapshotMode::kNo;
  TRY_ASSIGN(states, prepare_tables(options, target, sides.catalogue, snapshot));
  sides.fresh = true;
  sides.persisted = sides.catalogue;
  sides.schemas = sides.catalogue;
  sides.progress.epoch = epoch;
  sides.progress.version = 1;
  sides.progress.position = Position(sides.head.text());
  sides.progress.source_id = info.identity;
  TRY(sides.journal->restart(place_of(sides.progress)));
  sides.progress.journal_id = sides.journal->id();
  return target.start(sides.progress, states, sides.catalogue);
}

// The head first: whatever the catalogue shows then is at least as new.
Status look_at_source(Source& source, OpenSides& sides) {
  TRY_ASSIGN(sides.head, source.head());
  TRY_ASSIGN(sides.catalogue, source.tables());
  TRY_ASSIGN(sides.catalogue_at, source.head());
  return refuse_same_names(sides.catalogue);
}

// The source can't go on from progress: every table is copied again over what is there, beside the stream from now on, and
// what the source no longer has is removed (hard case 11).
Status begin_again(const PipelineOptions& options, Source& source, Target& target, Opened& opened, OpenSides& sides) {
  const bool repair = options.on_lost_position == LostPosition::kRepair;
  TRY(source.prepare());
  TRY(look_at_source(source, sides));
  Group group;
  group.from = sides.progress;
  group.schemas = sides.catalogue;
  std::erase_if(opened.tables, [](const TableStateRow& row) { return !is_set_aside(row.state); });
  for (const SchemaRef& schema : sides.catalogue) {
    const auto of_it = [&](const TableStateRow& row) { return row.table == schema->name; };
    if (std::any_of(opened.tables.begin(), opened.tables.end(), of_it)) continue;
    TRY_ASSIGN(const TargetTableRef table, target.table(schema));
    TableStateRow row = first_state(schema, true);
    over_rows(*schema, repair ? Earlier::kMended : Earlier::kReplaced, row);
    group.states.push_back(row);
    group.dead_letters.push_back(forget_letters(schema->name, sides));
    opened.tables.push_back(std::move(row));
  }
  // What was prepared may have been decided in the gap; what still waits is not known by its rows any more.
  for (const PreparedName& prepared : sides.prepared) {
    PreparedStep forget;
    forget.name = prepared.name;
    forget.forget = true;
    group.prepared.push_back(std::make_shared<const PreparedStep>(std::move(forget)));
  }
  sides.prepared.clear();
  sides.schemas = sides.catalogue;
  sides.persisted = sides.catalogue;
  sides.progress.position = Position(sides.head.text());
  TRY(write_states(target, std::move(group), sides));
  source.use_schemas(sides.catalogue);
  TRY(source.open(sides.progress.position));
  if (options.say) {
    options.say(repair ? "comparing every table with the source, and writing what differs"
                       : "copying every table again, over the rows that are there");
  }
  return sides.journal->restart(place_of(sides.progress));
}

// Tables that came to the source since, or that are captured since: they are copied as at a first start.
Status create_new_tables(const PipelineOptions& options, Target& target, const OpenSides& sides) {
  if (!options.create_tables && options.schema_changes != SchemaPolicy::kEvolve) return ok();
  for (const SchemaRef& schema : sides.catalogue) {
    if (find_schema(sides.persisted, schema->name)) continue;
    TRY_ASSIGN(const bool there, target.exists(*schema));
    if (there) continue;
    TRY(target.create_table(*schema));
    if (options.say) options.say(cat("created table ", schema->name.table, " at the target"));
  }
  return ok();
}

// The target's table as it is known to begin with. The shape that was current where the stream goes on need not fit any
// more: the target may have been changed ahead of the stream, or the shape be unknown and its columns come with the stream.
Result<TargetTableRef> first_match(const PipelineOptions& options,
                                   Target& target,
                                   const SchemaRef& then,
                                   const SchemaRef& now) {
  Result<TargetTableRef> table = target.table(then);
  if (table || table.error().blame() != Blame::kConfig) return table;
  if (Result<TargetTableRef> ahead = target.table(now); ahead) return ahead;
  if (options.schema_changes == SchemaPolicy::kFail) return table;
  if (Result<TargetTableRef> part = target.table(now, true); part) return part;
  return table;
}

Status fill_merge(const PipelineOptions& options,
                  Target& target,
                  const std::vector<TableStateRow>& states,
                  bool hides_key_actions,
                  OpenSides& sides,
                  Merge& merge) {
  bool copying = false;
  std::vector<TableStateRow> rows;
  for (const SchemaRef& schema : sides.schemas) {
    TableStateRow row = first_state(schema, options.snapshot != SnapshotMode::kNo);
    for (const TableStateRow& known : states) {
      if (known.table == schema->name) row = known;
    }
    copying = copying || row.state < TableState::kStreaming;
    if (is_set_aside(row.state)) {
      auto unmatched = std::make_shared<TargetTable>();  // nothing of it is written
      unmatched->source = schema;
      sides.tables.push_back(std::move(unmatched));
      sides.set_aside.push_back(schema->name);
    } else {
      TRY_ASSIGN(TargetTableRef table,
                 first_match(options, target, schema, find_schema(sides.catalogue, schema->name)));
      sides.tables.push_back(std::move(table));
    }
    rows.push_back(std::move(row));
  }
  const std::vector<TargetTableRef>& tables = sides.tables;
  const TargetTable* circle = copying ? find_circle(tables) : nullptr;
  sides.circular = circle != nullptr;
  if (copying && hides_key_actions) TRY(refuse_acting_circles(sides.schemas));
  for (size_t i = 0; i < tables.size(); ++i) {
    std::vector<TableName> parents;
    if (!sides.circular) parents = parents_of(*sides.schemas[i], *tables[i], tables);
    if (hides_key_actions) {
      for (TableName& parent : acting_parents(*sides.schemas[i])) parents.push_back(std::move(parent));
    }
    const auto kept = sides.kept.find(sides.schemas[i]->name);
    TRY(merge.add_table(sides.schemas[i],
                        rows[i],
                        std::move(parents),
                        kept == sides.kept.end() ? std::vector<OwnedRow>() : kept->second));
  }
  if (circle != nullptr && options.say) {
    options.say(cat("foreign keys of ",
                    circle->name.text(),
                    " lead back to itself: until everything is copied rows are written with "
                    "session_replication_role=replica, and weft answers for foreign keys"));
  }
  return ok();
}

}  // namespace

size_t journal_limit(const PipelineOptions& options) {
  return options.guards.queue_limits ? options.memory_bytes / 4 : SIZE_MAX;
}

Result<OpenSides> open_sides(const PipelineOptions& options, Source& source, Target& target, Merge& merge) {
  OpenSides sides;
  TRY_ASSIGN(const SourceInfo info, source.connect());
  sides.name = options.name.empty() ? info.identity : options.name;
  TRY_ASSIGN(
      Opened opened,
      target.open({sides.name, info.identity, options.may_create_weft, options.takeover_wait, info.any_of_several}));
  sides.source_id = info.identity;
  if (options.origins == Origins::kAuto) {
    TRY_ASSIGN(sides.target_id, target.identity());
  }
  if (!opened.progress) TRY(source.prepare());
  TRY(look_at_source(source, sides));
  if (sides.catalogue.empty() && !opened.progress) {
    return Error(Blame::kConfig, cat("no table of ", info.identity, " matches; see --table and --exclude"));
  }
  TRY_ASSIGN(sides.journal, open_journal_of(options, source, info, sides));
  if (!opened.progress) {
    TRY(begin_fresh(options, target, info, opened.epoch, opened.tables, sides));
  } else {
    sides.progress = *opened.progress;
    sides.progress.epoch = opened.epoch;
    sides.held = opened.held;
    TRY(take_up_wishes(options, target, opened, sides));
    sides.persisted = opened.schemas;
    sides.prepared = opened.prepared;
    if (!sides.prepared.empty()) {
      log_info(cat(sides.prepared.size(), " prepared transactions of the source wait at the target for their commit"));
    }
    TRY(create_new_tables(options, target, sides));
    for (const SchemaRef& schema : sides.catalogue) {
      const SchemaRef persisted = find_schema(opened.schemas, schema->name);
      sides.schemas.push_back(persisted && !persisted->columns.empty() ? with_actions(persisted, schema) : schema);
    }
    // Tables that are gone now were there where the stream goes on.
    std::vector<SchemaRef> then = opened.schemas;
    for (const SchemaRef& schema : sides.schemas) {
      if (!find_schema(then, schema->name)) then.push_back(schema);
    }
    source.use_schemas(then);
    if (options.guards.recopy_after_failover) TRY(forget_views_of_others(target, info, opened, sides));
  }
  if (std::exchange(options.memory->begin_again, false) && !sides.fresh) {
    TRY(begin_again(options, source, target, opened, sides));
  } else if (Status stream = open_stream(options, source, sides); !stream) {
    const bool lost = stream.error().code() == kPositionLost;
    if (!lost || options.on_lost_position == LostPosition::kFail || sides.fresh) return std::move(stream).error();
    log_warning(stream.error().message());
    bool mended = false;
    if (options.on_lost_position == LostPosition::kRepair) {
      TRY_ASSIGN(mended, mend_by_kept_keys(options, source, target, opened, sides));
    }
    if (!mended) TRY(begin_again(options, source, target, opened, sides));
  }
  sides.keep_keys = options.on_lost_position == LostPosition::kRepair || info.any_of_several;
  TRY(read_kept_keys(target, opened.tables, sides));
  if (!sides.keep_keys) TRY(target.drop_kept());
  if (info.hides_key_actions) TRY(refuse_hidden_parents(sides.schemas));
  merge.read_from(info.answering());
  TRY(fill_merge(options, target, opened.tables, info.hides_key_actions, sides, merge));
  merge.start_at(sides.progress.position);
  return sides;
}

}  // namespace weft
