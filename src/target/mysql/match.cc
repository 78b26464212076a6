// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/match.h"

#include <algorithm>

#include "base/text.h"
#include "engine/mysql/catalogue.h"
#include "engine/mysql/quote.h"
#include "target/mysql/ddl.h"
#include "target/mysql/narrow.h"

namespace weft::mysql {
namespace {

bool same_set(std::vector<size_t> a, std::vector<size_t> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// The state of one match: what of the target each source column became.
class Matcher {
 public:
  Matcher(const CatalogTable& target,
          const SchemaRef& source,
          const ServerFacts& facts,
          std::vector<Finding>& findings,
          const MatchOptions& options)
      : target_(target), source_(*source), facts_(facts), findings_(findings), options_(options) {
    plan_.table.source = source;
    plan_.table.name = target.name;
    plan_.table.triggers = target.triggers;
    plan_.name = quote_name(target.name);
    plan_.key = source->key;
    plan_.mariadb = facts.flavor == Flavor::kMariaDb;
  }

  TablePlan run() {
    if (target_.view) {
      error("is a view; weft writes to tables only", "name a table, or exclude it");
      return std::move(plan_);
    }
    if (!has_read_views(target_.engine)) {
      error(cat("is kept by the engine ", target_.engine, ", which has no transactions"),
            cat("ALTER TABLE ", plan_.name, " ENGINE=InnoDB"));
    }
    for (const Column& c : source_.columns) match_column(c);
    find_unfilled();
    read_unique_keys();
    read_foreign_keys();
    find_arbiter();
    find_triggers();
    return std::move(plan_);
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  void add(Finding::Level level, std::string_view what, std::string mend) {
    findings_.push_back({level, cat("table ", target_.name.text(), " ", what), std::move(mend), source_.name.text()});
  }

  void error(std::string_view what, std::string mend) { add(Finding::Level::kError, what, std::move(mend)); }

  void warn(std::string_view what, std::string mend) { add(Finding::Level::kWarning, what, std::move(mend)); }

  void match_column(const Column& c) {
    PlannedColumn planned;
    TargetColumn shown;
    const CatalogColumn* at = find_column(target_, c.name);
    places_.push_back(at != nullptr ? static_cast<size_t>(at - target_.columns.data()) : kNone);
    const auto ordinal = static_cast<uint16_t>(plan_.columns.size());
    const bool in_key = std::find(source_.key.begin(), source_.key.end(), ordinal) != source_.key.end();
    if (at == nullptr && options_.leave_out && !in_key) {
      warn(cat("has no column \"", c.name, "\": the source's values are not written"), {});
      planned.written = false;
      shown = {c.name, {}, true, true, false, true};
    } else if (at == nullptr) {
      error(cat("has no column \"", c.name, "\""),
            cat("ALTER TABLE ", plan_.name, " ADD COLUMN ", quote_identifier(c.name), " ", target_type(c, facts_)));
    } else {
      planned.quoted = quote_identifier(at->name);
      planned.storage = at->storage;
      planned.not_null = at->not_null;
      planned.written = !at->generated;
      planned.on_update = at->on_update;
      planned.padded = c.fixed_length;
      planned.exact = equal_by_bytes(at->storage, c);
      shown = {at->name, at->storage.printed, !at->not_null, at->generated, false, false};
      judge_column(c, *at);
    }
    plan_.columns.push_back(std::move(planned));
    plan_.table.columns.push_back(std::move(shown));
  }

  void judge_column(const Column& c, const CatalogColumn& at) {
    const std::string place = cat("column \"", at.name, "\" of type ", at.storage.printed);
    if (at.generated) {
      if (!c.generated) warn(cat("computes ", place, " itself: the source's values are not written"), {});
      return;
    }
    if (!can_hold(at.storage, c)) {
      error(cat("has ", place, ", which can't hold ", c.source_type.empty() ? to_string(c.kind) : c.source_type),
            cat("ALTER TABLE ", plan_.name, " MODIFY ", quote_identifier(at.name), " ", target_type(c, facts_)));
      return;
    }
    const std::string why = narrower(at.storage, c);
    if (!why.empty()) warn(cat("has ", place, " for the source's ", c.source_type, ": ", why), {});
    if (at.not_null && c.nullable) warn(cat("has ", place, " NOT NULL, but the source allows NULL"), {});
  }

  // Target columns that nothing fills.
  void find_unfilled() {
    for (size_t i = 0; i < target_.columns.size(); ++i) {
      const CatalogColumn& c = target_.columns[i];
      if (std::find(places_.begin(), places_.end(), i) != places_.end()) continue;
      if (!c.not_null || c.has_default || c.generated || c.auto_increment) continue;
      error(cat("has the column \"", c.name, "\" NOT NULL without a default, and the source has no such column"),
            cat("ALTER TABLE ", plan_.name, " ALTER COLUMN ", quote_identifier(c.name), " SET DEFAULT ..., or make it NULL"));
    }
  }

  // Source ordinals of target columns; false when one has none.
  bool ordinals(const std::vector<size_t>& columns, std::vector<uint16_t>& out) const {
    for (const size_t place : columns) {
      const auto at = std::find(places_.begin(), places_.end(), place);
      if (at == places_.end()) return false;
      out.push_back(static_cast<uint16_t>(at - places_.begin()));
    }
    return true;
  }

  void read_unique_keys() {
    TargetTable& table = plan_.table;
    plan_.guarded = target_.unique_indexes.size() > 1;
    for (const CatalogIndex& index : target_.unique_indexes) {
      std::vector<uint16_t> key;
      if (index.partial || !ordinals(index.columns, key)) {
        table.coarse_keys = true;
        continue;
      }
      for (const uint16_t o : key) {
        if (!plan_.columns[o].exact) table.coarse_keys = true;
        if (index.primary) table.columns[o].key = true;
      }
      table.unique_keys.push_back(std::move(key));
    }
    for (const uint16_t o : source_.key) {
      if (plan_.columns[o].exact) continue;
      table.coarse_keys = true;
      plan_.guarded = true;
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

  // Every lookup needs a unique index on just the source's key.
  void find_arbiter() {
    if (source_.keyless()) {
      warn("has no key at the source: rows are found by all their values, one at a time", {});
      return;
    }
    std::vector<size_t> wanted;
    std::string names;
    bool nullable = false;
    for (const uint16_t o : source_.key) {
      if (places_[o] == kNone) return;  // said already
      wanted.push_back(places_[o]);
      nullable = nullable || !target_.columns[places_[o]].not_null;
      names += cat(names.empty() ? "" : ", ", plan_.columns[o].quoted);
    }
    const bool found = std::any_of(target_.unique_indexes.begin(), target_.unique_indexes.end(), [&](const CatalogIndex& i) {
      return !i.partial && same_set(i.columns, wanted);
    });
    if (!found) {
      error(cat("has no unique index on just (", names, "), the source's key (over prefixes they don't count)"),
            cat("CREATE UNIQUE INDEX weft_key ON ", plan_.name, " (", names, ")"));
    } else if (nullable) {
      error(cat("allows NULL in (", names, "), the source's key"), "make the columns NOT NULL");
    }
  }

  // They can't be switched off for some sessions only.
  void find_triggers() {
    for (const std::string& trigger : target_.triggers) {
      const std::string what = cat("trigger ", trigger, " fires on replicated rows");
      const std::string mend = cat("DROP TRIGGER ", quote_identifier(target_.name.schema), ".", quote_identifier(trigger));
      if (options_.triggers) {
        warn(what, mend);
      } else {
        error(cat(what, ", and this kind of server can't switch triggers off"), cat(mend, ", or leave triggers on"));
      }
    }
  }

  const CatalogTable& target_;
  const TableSchema& source_;
  const ServerFacts& facts_;
  std::vector<Finding>& findings_;
  MatchOptions options_;
  TablePlan plan_;
  std::vector<size_t> places_;  // of each source column in target_.columns
};

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

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
                      const ServerFacts& facts,
                      std::vector<Finding>& findings,
                      const MatchOptions& options) {
  return Matcher(target, source, facts, findings, options).run();
}

Status errors_of(const std::vector<Finding>& findings) {
  std::string text;
  std::string table;
  for (const Finding& f : findings) {
    if (f.level != Finding::Level::kError) continue;
    table = text.empty() || table == f.table ? f.table : std::string();
    text += cat(text.empty() ? "" : "; ", f.what, f.mend.empty() ? "" : ": ", f.mend);
  }
  if (text.empty()) return ok();
  return Error(Blame::kConfig, std::move(text)).about(std::move(table));
}

}  // namespace weft::mysql
