// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/match.h"

#include <algorithm>

#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "target/refusals.h"
#include "target/sqlite/values.h"

namespace weft::sqlite {
namespace {

// SQLite itself knows no two columns that differ in case alone. -1: none.
int find_column(const CatalogTable& target, std::string_view name) {
  for (size_t i = 0; i < target.columns.size(); ++i) {
    if (same_ignoring_case(name, target.columns[i].name)) return static_cast<int>(i);
  }
  return -1;
}

// The state of one match.
class Matcher {
 public:
  Matcher(const CatalogTable& target, const SchemaRef& source, std::vector<Finding>& findings, bool leave_out)
      : target_(target), source_(*source), findings_(findings), leave_out_(leave_out) {
    plan_.table.source = source;
    plan_.table.name = {"", target.name};
    plan_.name = quote_identifier(target.name);
    plan_.key = source->key;
    for (const CatalogTrigger& trigger : target.triggers) plan_.table.triggers.push_back(trigger.name);
  }

  TablePlan run() {
    if (target_.kind != "table") {
      error(cat("is a ", target_.kind, "; weft writes to tables only"), "name a table, or exclude it");
      return std::move(plan_);
    }
    for (const Column& c : source_.columns) match_column(c);
    find_unfilled();
    read_unique_keys();
    read_foreign_keys();
    find_arbiter();
    for (const std::string& trigger : plan_.table.triggers) {
      warn(cat("trigger ", trigger, " fires on replicated rows"), cat("DROP TRIGGER ", quote_identifier(trigger)));
    }
    return std::move(plan_);
  }

 private:
  void add(Finding::Level level, std::string_view what, std::string mend) {
    findings_.push_back({level, cat("table ", target_.name, " ", what), std::move(mend), source_.name.text()});
  }

  void error(std::string_view what, std::string mend) { add(Finding::Level::kError, what, std::move(mend)); }

  void warn(std::string_view what, std::string mend) { add(Finding::Level::kWarning, what, std::move(mend)); }

  [[nodiscard]] bool in_key(size_t ordinal) const {
    return std::ranges::find(source_.key, static_cast<uint16_t>(ordinal)) != source_.key.end();
  }

  void match_column(const Column& c) {
    PlannedColumn planned;
    TargetColumn shown;
    const int at = find_column(target_, c.name);
    places_.push_back(at);
    if (at < 0 && leave_out_ && !in_key(plan_.columns.size())) {
      warn(cat("has no column \"", c.name, "\": the source's values are not written"), {});
      planned.written = false;
      shown = {c.name, {}, true, true, false, true};
    } else if (at < 0) {
      error(cat("has no column \"", c.name, "\""),
            cat("ALTER TABLE ", plan_.name, " ADD COLUMN ", quote_identifier(c.name), " ", declared_type(c)));
    } else {
      const CatalogColumn& there = target_.columns[static_cast<size_t>(at)];
      planned.quoted = quote_identifier(there.name);
      planned.affinity = there.affinity;
      planned.written = !there.generated;
      shown = {there.name, there.type, !there.not_null, there.generated, false, false};
      judge_column(c, there);
    }
    plan_.columns.push_back(std::move(planned));
    plan_.table.columns.push_back(std::move(shown));
  }

  void judge_column(const Column& c, const CatalogColumn& there) {
    const std::string place = cat("column \"", there.name, "\" of type ", there.type.empty() ? "(none)" : there.type);
    if (there.generated) {
      if (!c.generated) warn(cat("computes ", place, " itself: the source's values are not written"), {});
      return;
    }
    const bool numbers = there.affinity != Affinity::kText && there.affinity != Affinity::kBlob;
    const bool long_decimal = c.kind == Kind::kDecimal && (c.precision == 0 || c.precision > 15);
    if (numbers && long_decimal) {
      warn(cat("has ", place, " for the source's ", c.source_type, ": values of more than 15 digits don't fit"), {});
    }
    if (numbers && (c.kind == Kind::kText || c.kind == Kind::kJson)) {
      warn(cat("has ", place, " for the source's ", c.source_type, ": texts that look like numbers don't fit"), {});
    }
    if (there.not_null && c.nullable) warn(cat("has ", place, " NOT NULL, but the source allows NULL"), {});
  }

  // Target columns that nothing fills.
  void find_unfilled() {
    for (size_t i = 0; i < target_.columns.size(); ++i) {
      const CatalogColumn& c = target_.columns[i];
      if (std::ranges::find(places_, static_cast<int>(i)) != places_.end()) continue;
      if (!c.not_null || c.default_value || c.generated || static_cast<int>(i) == target_.rowid_column) continue;
      error(cat("has the column \"", c.name, "\" NOT NULL without a default, and the source has no such column"),
            "give it a default, or make the table anew without it");
    }
  }

  // Source ordinals of target columns; false when one has none.
  bool ordinals(const std::vector<int>& columns, std::vector<uint16_t>& out) const {
    for (const int place : columns) {
      const auto at = std::ranges::find(places_, place);
      if (place < 0 || at == places_.end()) return false;
      out.push_back(static_cast<uint16_t>(at - places_.begin()));
    }
    return true;
  }

  void add_unique(const std::vector<int>& columns, bool primary) {
    std::vector<uint16_t> key;
    if (!ordinals(columns, key)) {
      plan_.table.coarse_keys = true;
      return;
    }
    for (const uint16_t o : key) {
      // Equal numbers may differ in bytes: 1 and 1.0, 0.5 and a decimal 0.50.
      const Kind kind = source_.columns[o].kind;
      const bool plain = kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kText || kind == Kind::kBytes ||
                         kind == Kind::kUuid || kind == Kind::kDate || kind == Kind::kBool;
      if (!plain) plan_.table.coarse_keys = true;
      if (primary) plan_.table.columns[o].key = true;
    }
    plan_.table.unique_keys.push_back(std::move(key));
  }

  void read_unique_keys() {
    if (target_.rowid_column >= 0) add_unique({target_.rowid_column}, true);
    for (const CatalogIndex& index : target_.unique_indexes) {
      const bool folds = std::ranges::any_of(index.collations, [](const std::string& c) { return c != "BINARY"; });
      if (index.partial || index.expressions) {
        plan_.table.coarse_keys = true;
        continue;
      }
      if (folds) plan_.table.coarse_keys = true;
      for (size_t i = 0; i < plan_.columns.size(); ++i) {
        const bool indexed = std::ranges::find(index.columns, places_[i]) != index.columns.end();
        plan_.columns[i].folds = plan_.columns[i].folds || (folds && indexed);
      }
      add_unique(index.columns, index.primary);
    }
  }

  void read_foreign_keys() {
    for (const CatalogForeignKey& f : target_.foreign_keys) {
      ForeignKey key;
      key.name = cat("foreign key ", f.id);
      key.parent = {"", f.parent};
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
      if (places_[o] < 0) return;  // said already
      wanted.push_back(places_[o]);
      names += cat(names.empty() ? "" : ", ", plan_.columns[o].quoted);
    }
    std::ranges::sort(wanted);
    if (wanted == std::vector<int>{target_.rowid_column}) return;
    for (const CatalogIndex& index : target_.unique_indexes) {
      std::vector<int> columns = index.columns;
      std::ranges::sort(columns);
      if (!index.partial && !index.expressions && columns == wanted) return;
    }
    error(cat("has no unique index on just (", names, "), the source's key"),
          cat("CREATE UNIQUE INDEX ", quote_identifier(target_.name + "_key"), " ON ", plan_.name, " (", names, ")"));
  }

  const CatalogTable& target_;
  const TableSchema& source_;
  std::vector<Finding>& findings_;
  bool leave_out_;
  TablePlan plan_;
  std::vector<int> places_;  // the target's ordinal of each source column, -1 if none
};

std::string quoted_list(const TableSchema& source, const std::vector<uint16_t>& ordinals) {
  std::string out;
  for (const uint16_t o : ordinals) out += cat(out.empty() ? "" : ", ", quote_identifier(source.columns[o].name));
  return out;
}

// A value as SQL text; NULL for none.
Result<std::string> literal(const std::string& encoded) {
  TRY_ASSIGN(const OwnedRow row, decode_key(encoded));
  if (row.row().size() != 1) return Error(Blame::kBug, "not one value");
  const Value& value = row.row()[0];
  switch (value.kind()) {
    case Kind::kNull:
      return std::string("NULL");
    case Kind::kBool:
    case Kind::kInt:
      return cat(value.as_int());
    case Kind::kUint:
    case Kind::kBit:
      return cat(value.as_uint());
    case Kind::kFloat:
    case Kind::kDouble:
      return describe(value);
    case Kind::kBytes:
      return quote_blob(value.view());
    case Kind::kDecimal:
    case Kind::kText:
    case Kind::kJson:
      return quote_literal(value.view());
    default:
      return quote_literal(text_form(value));
  }
}

}  // namespace

TablePlan match_table(const CatalogTable& target,
                      const SchemaRef& source,
                      std::vector<Finding>& findings,
                      bool leave_out) {
  return Matcher(target, source, findings, leave_out).run();
}

std::string create_table_statement(const TableSchema& source) {
  std::string sql = cat("CREATE TABLE ", quote_identifier(source.name.table), " (");
  const bool rowid = source.key.size() == 1 && source.columns[source.key[0]].kind == Kind::kInt;
  for (size_t i = 0; i < source.columns.size(); ++i) {
    const Column& c = source.columns[i];
    const bool is_rowid = rowid && source.key[0] == i;
    sql += cat(i == 0 ? "\n  " : ",\n  ",
               quote_identifier(c.name),
               " ",
               is_rowid ? "INTEGER PRIMARY KEY" : declared_type(c),
               c.nullable ? "" : " NOT NULL");
  }
  if (!source.key.empty() && !rowid) sql += cat(",\n  PRIMARY KEY (", quoted_list(source, source.key), ")");
  for (const auto& key : source.unique_keys) sql += cat(",\n  UNIQUE (", quoted_list(source, key), ")");
  return sql + "\n)";
}

Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                   const TableSchema& source,
                                                   const std::vector<ColumnToAdd>& columns) {
  std::vector<std::string> statements;
  const std::string table = quote_identifier(target.name);
  for (const ColumnToAdd& add : columns) {
    const int at = source.find(add.name);
    if (at < 0 || find_column(target, add.name) >= 0) continue;
    const Column& c = source.columns[static_cast<size_t>(at)];
    const std::string name = quote_identifier(c.name);
    const std::string alter = cat("ALTER TABLE ", table, " ADD COLUMN ", name, " ", declared_type(c));
    if (add.value.empty()) {
      return Error(
          Blame::kConfig,
          cat("what the rows of ",
              target.name,
              " hold in the new column \"",
              c.name,
              "\" is not known from the statement; add the column to the target with the values that the source "
              "has there, then start again: ",
              alter));
    }
    TRY_ASSIGN(const std::string value, literal(add.value));
    statements.push_back(alter);
    if (value != "NULL") statements.push_back(cat("UPDATE ", table, " SET ", name, " = ", value));
  }
  for (const Column& c : source.columns) {
    const int at = find_column(target, c.name);
    if (at < 0) continue;
    const CatalogColumn& there = target.columns[static_cast<size_t>(at)];
    if (!there.not_null || !c.nullable || there.key_place > 0) continue;
    return Error(
        Blame::kConfig,
        cat("column \"",
            there.name,
            "\" of ",
            target.name,
            " is NOT NULL, the source's is not any more, and SQLite can't change that in place: make the table "
            "anew (sqlite.org/lang_altertable.html#otheralter), then start again"));
  }
  return statements;
}

}  // namespace weft::sqlite
