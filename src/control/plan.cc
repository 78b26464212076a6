// SPDX-License-Identifier: Apache-2.0
#include "control/plan.h"

#include "control/journal_config.h"

namespace weft {

SchemaPolicy schema_policy(std::string_view word) {
  return word == "ignore"        ? SchemaPolicy::kIgnore
         : word == "evolve"      ? SchemaPolicy::kEvolve
         : word == "pause-table" ? SchemaPolicy::kPauseTable
                                 : SchemaPolicy::kFail;
}

PipelineOptions pipeline_options(const PipelineConfig& config) {
  PipelineOptions options;
  options.name = config.name;
  options.until = config.until;
  options.snapshot = config.from.snapshot;
  options.create_tables = config.to.create_tables;
  options.schema_changes = schema_policy(config.to.schema_changes);
  options.existing = config.to.existing == "upsert"    ? ExistingRows::kUpsert
                     : config.to.existing == "replace" ? ExistingRows::kReplace
                                                       : ExistingRows::kRefuse;
  options.on_lost_position = config.from.on_lost_position == "resnapshot" ? LostPosition::kResnapshot
                             : config.from.on_lost_position == "repair"   ? LostPosition::kRepair
                                                                          : LostPosition::kFail;
  if (config.to.on_bad_row == "dead-letter") options.on_bad_row = BadRow::kDeadLetter;
  options.origins = config.origins == "all"     ? Origins::kAll
                    : config.origins == "local" ? Origins::kLocal
                                                : Origins::kAuto;
  options.may_create_weft = config.setup;
  if (config.to.lanes != 0) options.lanes = config.to.lanes;
  options.memory_bytes = config.memory_bytes;
  Result<JournalOptions> journal = parse_journal(config.journal);  // load_config has refused what it does not take
  if (journal) options.journal = *std::move(journal);
  return options;
}

}  // namespace weft
