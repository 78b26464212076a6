// SPDX-License-Identifier: Apache-2.0
#include "pipeline/schema_rules.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "pipeline/cycle.h"

namespace weft {
namespace {

constexpr size_t kShownBytes = 200;

std::string encoded(Value value) {
  return encode_key(std::span<const Value>(&value, 1));
}

// NOT NULL without a default: what the server fills rows with that are there.
std::string zero_of(const Column& c) {
  switch (c.kind) {
    case Kind::kInt:
      return encoded(Value::int64(0));
    case Kind::kUint:
      return encoded(Value::uint64(0));
    case Kind::kFloat:
      return encoded(Value::float32(0));
    case Kind::kDouble:
      return encoded(Value::float64(0));
    case Kind::kDecimal:
      return encoded(Value::decimal("0"));
    case Kind::kText:
      return c.labels.empty() && !c.source_type.starts_with("inet") ? encoded(Value::text("")) : std::string();
    default:
      return {};
  }
}

// "(1.50)" and "1.5" are one number, "('a')" and "a" one text.
std::string plain(std::string_view text) {
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  if (text.size() > 1 && text.starts_with('\'') && text.ends_with('\'')) text = text.substr(1, text.size() - 2);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.find('.') != std::string_view::npos && text.find_first_not_of("-0123456789.") == std::string_view::npos) {
    text = text.substr(0, text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.remove_suffix(1);
  }
  return std::string(text);
}

bool same_column(const Column& a, const Column& b) {
  TableSchema x;
  TableSchema y;
  x.columns.push_back(a);
  y.columns.push_back(b);
  return same_shape(x, y);
}

// Whether at the source `now` is `before` with just these columns more.
bool is_sum(const TableSchema& before_steps, std::span<const AddedColumn> added, const TableSchema& now_steps) {
  const TableSchema& before = at_source(before_steps);
  const TableSchema& now = at_source(now_steps);
  if (before.key != now.key && !added.empty()) return false;
  size_t at = 0;
  for (const Column& c : now.columns) {
    if (std::any_of(added.begin(), added.end(), [&](const AddedColumn& a) { return a.source_name() == c.name; }))
      continue;
    if (at == before.columns.size() || !same_column(before.columns[at], c)) return false;
    ++at;
  }
  return at == before.columns.size();
}

}  // namespace

struct SchemaRules::Case {
  const Batch& batch;
  const Transaction& tx;
  const SchemaChange& change;
  const SchemaRef& before;
  TableName name;
  std::string what;
};

std::string value_of_existing_rows(const AddedColumn& added, const Column& now) {
  if (now.generated || now.identity || added.kind == AddedColumn::Default::kOther) return {};
  if (added.not_null == now.nullable) return {};  // it was changed since
  if (added.kind == AddedColumn::Default::kNone) return added.not_null ? zero_of(now) : encoded(Value::null());
  const Result<OwnedRow> value = decode_key(now.default_value);
  if (now.default_value.empty() || !value || value->row().size() != 1) return {};
  // The catalogue has the value of now; it is that of the statement only if it reads alike.
  return plain(describe(value->row())) == plain(added.text) ? now.default_value : std::string();
}

void SchemaRules::say(const TableName& table, const std::string& line) const {
  log_line(LogLevel::kWarning, line, {{"table", table.text()}});
}

Result<SchemaRuling> SchemaRules::judge(const Batch& batch,
                                        const Transaction& tx,
                                        const SchemaChange& change,
                                        const SchemaRef& before) {
  Case c{batch, tx, change, before, {std::string(change.database), std::string(change.table)}, {}};
  c.what = cat("table ", c.name.text(), ": the source's schema changed: ", change.statement.substr(0, kShownBytes));
  Result<SchemaRuling> ruling = judge_change(c);
  if (ruling) return ruling;
  if (options_.schema_changes != SchemaPolicy::kPauseTable || ruling.error().blame() != Blame::kConfig) {
    return ruling.error().about(c.name.text());
  }
  // The others go on.
  say(c.name, cat("pausing ", c.name.text(), ": ", ruling.error().message()));
  SchemaRuling pause;
  pause.states.push_back({c.name, TableState::kPaused, ruling.error().message(), {}, 0, batch.position(tx).text()});
  pause.changed = true;
  return pause;
}

Result<SchemaRuling> SchemaRules::judge_change(const Case& c) {
  if (c.change.drops && c.change.schema != nullptr) {
    TRY(judge_drop(c.batch, c.change));
    if (!c.change.creates) return SchemaRuling();
  }
  if (!source_.includes(sides_.head, c.batch, c.tx)) {
    return Error(Blame::kTransient, cat(c.what, " (reading the catalogue again)"), std::string(kLookAgain));
  }
  for (const SchemaRef& now : sides_.catalogue) {
    if (now->name == c.name) return judge_shape(c, now);
  }
  return judge_gone(c);
}

Result<SchemaRuling> SchemaRules::judge_gone(const Case& c) {
  if (c.change.schema == nullptr) return SchemaRuling();  // made and gone again, or not ours
  if (options_.schema_changes == SchemaPolicy::kIgnore) {
    say(c.name, cat(c.what, "; the table is gone from the source, the target keeps its rows"));
    return SchemaRuling();
  }
  return Error(Blame::kConfig,
               cat(c.what, "; the table is gone from the source: exclude it with --exclude, then start again"));
}

Result<SchemaRuling> SchemaRules::judge_shape(const Case& c, const SchemaRef& now) {
  if (!now->unfit().empty()) {
    return Error(Blame::kConfig,
                 cat(c.what, "; transform: ", now->unfit(), "; change the steps in the same way, then start again"));
  }
  const bool evolves = options_.schema_changes == SchemaPolicy::kEvolve;
  const bool same = c.change.schema != nullptr && same_shape(*c.change.schema, *now);
  const bool known = c.before != nullptr && same_shape(*c.before, *now) && c.before->foreign_keys == now->foreign_keys;
  TRY(create(c, now));
  bool widened = false;
  if (evolves) {
    TRY_ASSIGN(widened, widen(c, *now));
  }
  if (same && known && !widened) return SchemaRuling();
  const Result<TargetTableRef> table = match_(now);
  if (!table && !left_to_later(c, now)) {
    return Error(table.error()).with(cat(c.what, "; change the target in the same way, then start again"));
  }
  if (table && options_.schema_changes == SchemaPolicy::kIgnore) {
    std::string left_out;
    for (const TargetColumn& t : (*table)->columns) {
      if (t.missing) left_out += cat(left_out.empty() ? "" : ", ", t.name);
    }
    say(c.name,
        cat(c.what, "; ignored: ", left_out.empty() ? "every column is written" : cat("not written: ", left_out)));
  }
  SchemaRuling ruling;
  if (evolves) ruling.letters = widen_letters(c, *now);
  ruling.schemas.push_back(kept(c, now));
  ruling.changed = true;
  return ruling;
}

// Columns of statements that are still to come have their turn then.
bool SchemaRules::left_to_later(const Case& c, const SchemaRef& now) const {
  if (options_.schema_changes != SchemaPolicy::kEvolve || c.change.renames) return false;
  if (!c.change.added.empty()) return true;
  const bool last = source_.includes(c.batch.position(c.tx), sides_.catalogue_at);
  return !last && target_.table(now, true).has_value();
}

Status SchemaRules::create(const Case& c, const SchemaRef& now) {
  TRY_ASSIGN(const bool there, target_.exists(*now));
  const bool may = options_.create_tables || options_.schema_changes == SchemaPolicy::kEvolve;
  if (!there && may && (c.change.creates || c.change.schema == nullptr)) {
    TRY(target_.create_table(*now));
    if (options_.say) options_.say(cat("created table ", now->name.table, " at the target"));
  }
  return ok();
}

std::vector<ColumnToAdd> SchemaRules::added_columns(const Case& c, const TableSchema& now) const {
  std::vector<ColumnToAdd> columns;
  for (const AddedColumn& added : c.change.added) {
    const int at = now.find(added.name);
    if (at < 0 || c.change.renames) continue;
    const Column& column = now.columns[static_cast<size_t>(at)];
    columns.push_back({column.name, value_of_existing_rows(added, column)});
  }
  return columns;
}

// Rows that wait are rows of the source too: they have the new column, with the same value as all others.
std::vector<DeadLetterStep> SchemaRules::widen_letters(const Case& c, const TableSchema& now) const {
  std::vector<DeadLetterStep> steps;
  for (const ColumnToAdd& add : added_columns(c, now)) {
    const auto at = static_cast<size_t>(now.find(add.name));
    DeadLetterStep step;
    step.letter.table = c.name.text();
    // Without a key a row is told by all its values in their order: somewhere else than at the end that is lost.
    const bool lost = add.value.empty() || (now.keyless() && at + 1 < now.columns.size());
    step.what = lost ? DeadLetterStep::What::kStale : DeadLetterStep::What::kAddColumn;
    step.column = now.columns[at];
    step.value = add.value;
    if (now.keyless() && !lost) step.letter.key = "row";
    if (!step.column.generated) steps.push_back(std::move(step));
  }
  return steps;
}

// Whether anything had to be done.
Result<bool> SchemaRules::widen(const Case& c, const TableSchema& now) {
  Result<std::vector<std::string>> done = target_.evolve(now, added_columns(c, now));
  if (!done) return std::move(done).error().with(c.what);
  if (options_.at_point && !done->empty()) options_.at_point("schema.after");
  for (const std::string& sql : *done) {
    if (options_.say) options_.say(sql);
  }
  return !done->empty();
}

// The shape that the source has right behind the change: the catalogue's, if nothing else can have changed it since.
SchemaRef SchemaRules::kept(const Case& c, const SchemaRef& now) const {
  const bool proven = c.change.creates || (c.before != nullptr && is_sum(*c.before, c.change.added, *now)) ||
                      source_.includes(c.batch.position(c.tx), sides_.catalogue_at);
  if (proven || !options_.guards.shapes_proven) return now;
  return unknown_shape(*now);
}

// With a table its rows go. Where the target has none left that is no difference.
Status SchemaRules::judge_drop(const Batch& batch, const SchemaChange& change) {
  const SchemaRef schema = batch.schema(change.schema);
  TRY_ASSIGN(const bool there, target_.exists(*schema));
  if (!there) return ok();
  const std::string what =
      cat("table ", schema->name.text(), " was dropped at the source (", change.statement.substr(0, kShownBytes), ")");
  if (options_.schema_changes == SchemaPolicy::kIgnore) {
    say(schema->name, cat(what, "; ignored: the target keeps its rows"));
    return ok();
  }
  TRY_ASSIGN(const TargetTableRef table, match_(schema));
  TRY_ASSIGN(const bool rows, target_.has_rows(*table));
  if (!rows) return ok();
  return Error(Blame::kConfig,
               cat(what,
                   ", and the target still has its rows; empty or drop it there, or leave it out with --exclude, "
                   "then start again"));
}

}  // namespace weft
