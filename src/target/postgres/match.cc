// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/match.h"

#include <algorithm>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/ddl.h"
#include "target/postgres/narrow.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

bool same_set(std::vector<int> a, std::vector<int> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// The state of one match: what of the target each source column became.
class Matcher {
 public:
  Matcher(const CatalogTable& target, const SchemaRef& source, std::vector<Finding>& findings, bool leave_out)
      : target_(target), source_(*source), findings_(findings), leave_out_(leave_out) {
    plan_.table.source = source;
    plan_.table.name = target.name;
    plan_.table.triggers = target.triggers;
    plan_.name = quote_name(target.name);
    plan_.key = source->key;
    plan_.truncate = target.may_truncate && !target.referenced;
    plan_.copy = !target.row_security;
  }

  TablePlan run() {
    if (target_.kind != 'r' && target_.kind != 'p') {
      error("is a view or a foreign table; weft writes to tables only", "name a table, or exclude it");
      return std::move(plan_);
    }
    for (const Column& c : source_.columns) match_column(c);
    find_unfilled();
    read_unique_keys();
    read_foreign_keys();
    find_arbiter();
    find_privileges();
    for (const std::string& trigger : target_.triggers) {
      warn(cat("trigger ", trigger, " fires on replicated rows"),
           cat("ALTER TABLE ", plan_.name, " DISABLE TRIGGER ", quote_identifier(trigger)));
    }
    return std::move(plan_);
  }

 private:
  void add(Finding::Level level, std::string_view what, std::string mend) {
    findings_.push_back({level, cat("table ", target_.name.text(), " ", what), std::move(mend), source_.name.text()});
  }

  void error(std::string_view what, std::string mend) { add(Finding::Level::kError, what, std::move(mend)); }

  void warn(std::string_view what, std::string mend) { add(Finding::Level::kWarning, what, std::move(mend)); }

  // A type of PostgreSQL's own that the source has under the same name: what that prints of it is read here as it was. MySQL's
  // types of the same names (date, json ...) have kinds of their own.
  static bool same_type(const Column& c, const CatalogColumn& at) {
    const bool own =
        c.kind == Kind::kText || c.kind == Kind::kBool || c.kind == Kind::kTime || c.kind == Kind::kDecimal;
    return own && c.source_type == at.type.printed;
  }

  static ColumnType as_text(const ColumnType& type) {
    ColumnType out;
    out.printed = type.printed;
    return out;
  }

  void match_column(const Column& c) {
    PlannedColumn planned;
    TargetColumn shown;
    const CatalogColumn* at = find_column(target_, c.name);
    numbers_.push_back(at != nullptr ? at->number : 0);
    const auto ordinal = static_cast<uint16_t>(plan_.columns.size());
    const bool in_key = std::find(source_.key.begin(), source_.key.end(), ordinal) != source_.key.end();
    if (at == nullptr && leave_out_ && !in_key) {
      warn(cat("has no column \"", c.name, "\": the source's values are not written"), {});
      planned.written = false;
      shown = {c.name, {}, true, true, false, true};
    } else if (at == nullptr) {
      error(cat("has no column \"", c.name, "\""),
            cat("ALTER TABLE ", plan_.name, " ADD COLUMN ", quote_identifier(c.name), " ", target_type(c)));
    } else {
      planned.quoted = quote_identifier(at->name);
      planned.type = column_type(at->type);
      if (c.kind == Kind::kText && same_type(c, *at) && !can_hold(planned.type, c.kind))
        planned.type = as_text(planned.type);
      if (!at->type.equals.empty()) planned.equals = at->type.equals;
      planned.not_null = at->not_null;
      planned.written = !at->generated;
      planned.identity_always = at->identity_always;
      shown = {at->name, at->type.printed, !at->not_null, at->generated, false, false};
      judge_column(c, *at, planned);
      plan_.copy = plan_.copy && (planned.type.binary() || !planned.written);
      plan_.override_identity = plan_.override_identity || (at->identity_always && planned.written);
    }
    plan_.columns.push_back(std::move(planned));
    plan_.table.columns.push_back(std::move(shown));
  }

  void judge_column(const Column& c, const CatalogColumn& at, const PlannedColumn& planned) {
    const std::string place = cat("column \"", at.name, "\" of type ", at.type.printed);
    if (at.generated) {
      if (!c.generated) warn(cat("computes ", place, " itself: the source's values are not written"), {});
      return;
    }
    if (!can_hold(planned.type, c.kind)) {
      error(cat("has ", place, ", which can't hold ", c.source_type.empty() ? to_string(c.kind) : c.source_type),
            cat("ALTER TABLE ", plan_.name, " ALTER COLUMN ", planned.quoted, " TYPE ", target_type(c)));
      return;
    }
    const std::string why = same_type(c, at) ? std::string() : narrower(planned.type, c);
    if (!why.empty()) warn(cat("has ", place, " for the source's ", c.source_type, ": ", why), {});
    if (at.not_null && c.nullable) warn(cat("has ", place, " NOT NULL, but the source allows NULL"), {});
    const auto ordinal = static_cast<uint16_t>(plan_.columns.size());
    const bool in_key = std::find(source_.key.begin(), source_.key.end(), ordinal) != source_.key.end();
    if (at.identity_always && !in_key) {
      error(cat("has ", place, " GENERATED ALWAYS AS IDENTITY, which can't be updated"),
            cat("ALTER TABLE ", plan_.name, " ALTER COLUMN ", planned.quoted, " SET GENERATED BY DEFAULT"));
    }
  }

  // Target columns that nothing fills.
  void find_unfilled() {
    for (const CatalogColumn& c : target_.columns) {
      if (std::find(numbers_.begin(), numbers_.end(), c.number) != numbers_.end()) continue;
      if (!c.not_null || c.has_default || c.generated || c.identity) continue;
      error(cat("has the column \"", c.name, "\" NOT NULL without a default, and the source has no such column"),
            cat("ALTER TABLE ",
                plan_.name,
                " ALTER COLUMN ",
                quote_identifier(c.name),
                " SET DEFAULT ..., or DROP NOT NULL"));
    }
  }

  // Source ordinals of target columns; false when one has none.
  bool ordinals(const std::vector<int>& columns, std::vector<uint16_t>& out) const {
    for (const int number : columns) {
      const auto at = std::find(numbers_.begin(), numbers_.end(), number);
      if (number == 0 || at == numbers_.end()) return false;
      out.push_back(static_cast<uint16_t>(at - numbers_.begin()));
    }
    return true;
  }

  bool equal_by_bytes(uint16_t ordinal) const {
    const Column& c = source_.columns[ordinal];
    const ColumnType& type = plan_.columns[ordinal].type;
    if (type.exact_equality) return true;
    const bool whole = c.kind == Kind::kInt || c.kind == Kind::kUint || (c.kind == Kind::kDecimal && c.precision > 0);
    if (type.form == Form::kNumeric) return whole;
    return type.form == Form::kInterval && c.kind == Kind::kTime;
  }

  void read_unique_keys() {
    TargetTable& table = plan_.table;
    for (const CatalogIndex& index : target_.unique_indexes) {
      std::vector<uint16_t> key;
      const bool plain = !index.partial && !index.expressions && !index.folding && !index.exclusion;
      if (!plain || !ordinals(index.columns, key)) {
        table.coarse_keys = true;
        continue;
      }
      for (const uint16_t o : key) {
        if (!equal_by_bytes(o)) table.coarse_keys = true;
        if (index.primary) table.columns[o].key = true;
      }
      table.unique_keys.push_back(std::move(key));
    }
    for (const uint16_t o : source_.key) {
      if (o < plan_.columns.size() && !equal_by_bytes(o)) table.coarse_keys = true;
    }
  }

  void read_foreign_keys() {
    for (const CatalogForeignKey& f : target_.foreign_keys) {
      ForeignKey key;
      key.name = f.name;
      key.parent = f.parent;
      key.parent_columns = f.parent_columns;
      key.on_delete = f.on_delete;
      key.on_update = f.on_update;
      if (ordinals(f.columns, key.columns)) plan_.table.foreign_keys.push_back(std::move(key));
    }
  }

  // ON CONFLICT and every lookup need a unique index on just the source's key.
  void find_arbiter() {
    if (source_.keyless()) {
      warn("has no key at the source: rows are found by all their values, one at a time", {});
      return;
    }
    std::vector<int> wanted;
    std::string names;
    for (const uint16_t o : source_.key) {
      wanted.push_back(numbers_[o]);
      names += cat(names.empty() ? "" : ", ", plan_.columns[o].quoted);
    }
    for (const CatalogIndex& index : target_.unique_indexes) {
      const bool usable = index.valid && index.immediate && !index.partial && !index.expressions && !index.exclusion;
      if (usable && same_set(index.columns, wanted)) return;
    }
    if (std::find(wanted.begin(), wanted.end(), 0) != wanted.end()) return;  // said already
    error(cat("has no unique index on just (", names, "), the source's key (deferrable ones don't count)"),
          cat("CREATE UNIQUE INDEX ON ", plan_.name, " (", names, ")"));
  }

  void find_privileges() {
    std::string missing;
    const auto need = [&](bool have, std::string_view what) {
      if (!have) missing += cat(missing.empty() ? "" : ", ", what);
    };
    need(target_.may_select, "SELECT");
    need(target_.may_insert, "INSERT");
    need(target_.may_update, "UPDATE");
    need(target_.may_delete, "DELETE");
    if (!missing.empty()) {
      error(cat("does not give role ", target_.role, " ", missing),
            cat("GRANT ", missing, " ON ", plan_.name, " TO ", quote_identifier(target_.role)));
    }
  }

  const CatalogTable& target_;
  const TableSchema& source_;
  std::vector<Finding>& findings_;
  bool leave_out_;
  TablePlan plan_;
  std::vector<int> numbers_;  // attnum of each source column, 0 if none
};

}  // namespace

const CatalogColumn* find_column(const CatalogTable& target, std::string_view name) {
  const CatalogColumn* found = nullptr;
  size_t matches = 0;
  for (const CatalogColumn& c : target.columns) {
    if (c.name == name) return &c;
    if (!same_ignoring_case(c.name, name)) continue;
    found = &c;
    ++matches;
  }
  return matches == 1 ? found : nullptr;
}

TablePlan match_table(const CatalogTable& target,
                      const SchemaRef& source,
                      std::vector<Finding>& findings,
                      bool leave_out) {
  return Matcher(target, source, findings, leave_out).run();
}

}  // namespace weft::postgres
