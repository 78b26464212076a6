// SPDX-License-Identifier: Apache-2.0
// SchemaRules: what a change of a source table's shape means at the target, by policy (docs/schema-changes.md). Asked when
// everything before the change is committed, and answers for the whole of it: the change is passed, the target is widened,
// or the pipeline ends with an error that says what to do.
//
// The catalogue is read after the change, so it may show what later changes did. What is done here is therefore taken from
// the statement, and the shape that is kept with progress is the catalogue's only where nothing else can have come between
// (hard case 13); else the shape is kept as unknown, and rows must bring their columns' names.
// One thread, the apply actor's.
#pragma once

#include <functional>
#include <vector>

#include "pipeline/opening.h"

namespace weft {

struct SchemaRuling {
  std::vector<SchemaRef> schemas;       // current from here on; without columns where the shape is not known
  std::vector<TableStateRow> states;    // tables that are set aside from here on
  std::vector<DeadLetterStep> letters;  // what becomes of changes that wait
  bool changed = false;                 // both sides are to be looked at anew behind the change
};

class SchemaRules {
 public:
  // Matches a shape with the target.
  using Match = std::function<Result<TargetTableRef>(const SchemaRef&)>;

  SchemaRules(const PipelineOptions& options, Source& source, Target& target, const OpenSides& sides, Match match)
      : options_(options), source_(source), target_(target), sides_(sides), match_(std::move(match)) {}

  // `before`: the shape that was current, as far as it is known.
  [[nodiscard]] Result<SchemaRuling> judge(const Batch& batch,
                                           const Transaction& tx,
                                           const SchemaChange& change,
                                           const SchemaRef& before);

 private:
  struct Case;

  [[nodiscard]] Result<SchemaRuling> judge_change(const Case& c);
  [[nodiscard]] Status judge_drop(const Batch& batch, const SchemaChange& change);
  [[nodiscard]] Result<SchemaRuling> judge_gone(const Case& c);
  [[nodiscard]] Result<SchemaRuling> judge_shape(const Case& c, const SchemaRef& now);
  [[nodiscard]] bool left_to_later(const Case& c, const SchemaRef& now) const;
  [[nodiscard]] Status create(const Case& c, const SchemaRef& now);
  [[nodiscard]] std::vector<ColumnToAdd> added_columns(const Case& c, const TableSchema& now) const;
  [[nodiscard]] Result<bool> widen(const Case& c, const TableSchema& now);
  [[nodiscard]] std::vector<DeadLetterStep> widen_letters(const Case& c, const TableSchema& now) const;
  [[nodiscard]] SchemaRef kept(const Case& c, const SchemaRef& now) const;
  void say(const TableName& table, const std::string& line) const;

  const PipelineOptions& options_;
  Source& source_;
  Target& target_;
  const OpenSides& sides_;
  Match match_;
};

// What rows that were there when the statement ran hold in a column that it added; empty if it can't be known from the
// statement. `now` is the column as the catalogue has it.
[[nodiscard]] std::string value_of_existing_rows(const AddedColumn& added, const Column& now);

}  // namespace weft
