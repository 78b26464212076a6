// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/capture_sql.h"

#include <algorithm>

#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "source/sqlite/shape.h"

namespace weft::sqlite {
namespace {

constexpr std::string_view kNow = "CAST((julianday('now')-2440587.5)*86400000 AS INTEGER)";

std::string cells(size_t from, size_t count, std::string_view before = {}) {
  std::string out;
  for (size_t i = from; i < from + count; ++i) out += cat(i == from ? "" : ",", before, "c", i);
  return out;
}

// Of one captured table: what its triggers are made of.
class Triggers {
 public:
  Triggers(const CatalogTable& table, int64_t shape)
      : table_(table),
        shape_(shape),
        kept_(kept_columns(table)),
        name_(quote_identifier(table.name)),
        own_(name_ + ".") {
    rowid_ = rowid_name(table);
    for (const CatalogIndex& index : table.unique_indexes) {
      if (index.primary && table.without_rowid) primary_ = &index;
    }
    nested_ = changed_from_inside();
  }

  std::vector<NamedSql> all() const {
    return {trigger("bi", "BEFORE INSERT", {}, before_insert()),
            trigger("ai", "AFTER INSERT", {}, after_insert()),
            trigger("bu", "BEFORE UPDATE", moves_a_key(), before_update()),
            trigger("au", "AFTER UPDATE", {}, after_update()),
            trigger("bd", "BEFORE DELETE", {}, before_delete()),
            trigger("ad", "AFTER DELETE", {}, log(kLoggedDelete, kept_.size(), values("OLD.")))};
  }

 private:
  // A trigger or an action of a foreign key may change this table while one of its rows is being written: what is pending is
  // then not this change's alone.
  bool changed_from_inside() const {
    const bool actions = std::ranges::any_of(table_.foreign_keys, [](const CatalogForeignKey& fk) {
      return fk.on_delete != KeyAction::kNone || fk.on_update != KeyAction::kNone || fk.sets_default;
    });
    const bool triggers = std::ranges::any_of(
        table_.triggers, [](const CatalogTrigger& t) { return !t.name.starts_with("_weft_capture_"); });
    return actions || triggers;
  }

  NamedSql trigger(std::string_view suffix,
                   std::string_view event,
                   const std::string& when,
                   const std::string& body) const {
    const std::string name = cat(trigger_prefix(shape_), suffix);
    return {name,
            cat("CREATE TRIGGER ",
                quote_identifier(name),
                " ",
                event,
                " ON ",
                name_,
                when.empty() ? "" : " WHEN ",
                when,
                " BEGIN ",
                body,
                "END")};
  }

  std::string column(int ordinal) const { return quote_identifier(table_.columns[static_cast<size_t>(ordinal)].name); }

  std::string values(std::string_view of) const {
    std::string out;
    for (const int i : kept_) out += cat(out.empty() ? "" : ",", of, column(i));
    return out;
  }

  // "a = NEW.a COLLATE NOCASE AND ..." for the columns of an index.
  std::string same_key(const CatalogIndex& index, std::string_view left, std::string_view right) const {
    std::string out;
    for (size_t i = 0; i < index.columns.size(); ++i) {
      const std::string name = column(index.columns[i]);
      out += cat(
          out.empty() ? "" : " AND ", left, name, "=", right, name, " COLLATE ", quote_identifier(index.collations[i]));
    }
    return out;
  }

  // Whether a row of the table (as `left`) has the identity of NEW, OLD or a pending one (as `right`).
  std::string same_row(std::string_view left, std::string_view right) const {
    if (primary_ == nullptr) return cat(left, rowid_, "=", right, rowid_);
    return cat("(", same_key(*primary_, left, right), ")");
  }

  // The same of a pending row. Its cells have no collation and no type, so the table's side is put on the left.
  std::string pending_is(std::string_view left) const {
    if (primary_ == nullptr) return cat(left, rowid_, "=_weft_capture_pending.rid");
    std::string out;
    for (size_t i = 0; i < primary_->columns.size(); ++i) {
      const auto cell = std::ranges::find(kept_, primary_->columns[i]) - kept_.begin();
      out += cat(out.empty() ? "(" : " AND ",
                 left,
                 column(primary_->columns[i]),
                 "=_weft_capture_pending.c",
                 static_cast<size_t>(cell),
                 " COLLATE ",
                 quote_identifier(primary_->collations[i]));
    }
    return out + ")";
  }

  std::string gone() const { return cat("NOT EXISTS(SELECT 1 FROM ", name_, " WHERE ", pending_is(own_), ")"); }

  std::string collides() const {
    std::string out = same_row(own_, "NEW.");
    for (const CatalogIndex& index : table_.unique_indexes) {
      if (&index == primary_) continue;
      out += cat(" OR (", same_key(index, own_, "NEW."), index.partial ? cat(" AND (", index.where, ")") : "", ")");
    }
    return out;
  }

  std::string forget(const std::string& which) const {
    return cat("DELETE FROM _weft_capture_pending WHERE _weft_capture_pending.shape=", shape_, which, "; ");
  }

  std::string remember(const std::string& also) const {
    return cat(
        nested_
            ? forget(cat(" AND EXISTS(SELECT 1 FROM ", name_, " WHERE ", pending_is(own_), " AND (", collides(), "))"))
            : forget({}),
        "INSERT INTO _weft_capture_pending(shape,rid,",
        cells(0, kept_.size()),
        ") SELECT ",
        shape_,
        ",",
        primary_ == nullptr ? cat(own_, rowid_) : "NULL",
        ",",
        values(own_),
        " FROM ",
        name_,
        " WHERE (",
        collides(),
        ")",
        also,
        "; ");
  }

  std::string log_pending(const std::string& which) const {
    return cat("INSERT INTO _weft_capture_change(shape,op,at,",
               cells(0, kept_.size()),
               ") SELECT _weft_capture_pending.shape,",
               static_cast<int64_t>(kLoggedDelete),
               ",",
               kNow,
               ",",
               cells(0, kept_.size(), "_weft_capture_pending."),
               " FROM _weft_capture_pending WHERE _weft_capture_pending.shape=",
               shape_,
               which,
               "; ");
  }

  std::string log(Logged op, size_t cells_count, const std::string& images) const {
    return cat("INSERT INTO _weft_capture_change(shape,op,at,",
               cells(0, cells_count),
               ") VALUES(",
               shape_,
               ",",
               static_cast<int64_t>(op),
               ",",
               kNow,
               ",",
               images,
               "); ");
  }

  std::string before_insert() const { return remember({}); }

  std::string after_insert() const {
    const std::string removed = cat(" AND (", pending_is("NEW."), " OR ", gone(), ")");
    return cat(log_pending(removed), forget(nested_ ? removed : ""), log(kLoggedInsert, kept_.size(), values("NEW.")));
  }

  // Only a column of a unique key that changes can make the row collide with another.
  std::string moves_a_key() const {
    std::string out;
    const auto add = [&](const std::string& name) {
      const std::string term = cat("NEW.", name, " COLLATE BINARY IS NOT OLD.", name);
      if (out.find(term) == std::string::npos) out += cat(out.empty() ? "" : " OR ", term);
    };
    if (primary_ == nullptr) add(rowid_);
    for (const CatalogIndex& index : table_.unique_indexes) {
      // Whether a partial index holds a row may hang on any column.
      if (index.partial) return {};
      for (const int c : index.columns) add(column(c));
    }
    return out;
  }

  // The same of a row that gets another key.
  std::string before_update() const {
    return cat(nested_ ? forget(cat(" AND ", pending_is("OLD."))) : "",
               remember(cat(" AND NOT ", same_row(own_, "OLD."))));
  }

  std::string after_update() const {
    const std::string own = pending_is("OLD.");
    const std::string removed = cat(" AND NOT ", own, " AND (", pending_is("NEW."), " OR ", gone(), ")");
    return cat(log_pending(removed),
               forget(nested_ ? cat(" AND (", own, " OR ", pending_is("NEW."), " OR ", gone(), ")") : ""),
               log(kLoggedUpdate, 2 * kept_.size(), cat(values("OLD."), ",", values("NEW."))));
  }

  // What is pending and gone was replaced: a row that is deleted, be it by a REPLACE with recursive_triggers on, is logged by
  // its own trigger. It must not be pending any more when actions of foreign keys run, which is before that.
  std::string before_delete() const { return forget(cat(" AND ", pending_is("OLD."))); }

  const CatalogTable& table_;
  int64_t shape_;
  std::vector<int> kept_;
  std::string name_;
  std::string own_;  // its name before a column
  std::string rowid_;
  const CatalogIndex* primary_ = nullptr;  // of a table without rowids
  bool nested_ = false;
};

}  // namespace

std::vector<std::string> create_tables_sql(std::string_view database, std::string_view capture, size_t width) {
  return {
      "CREATE TABLE _weft_capture(one INTEGER PRIMARY KEY CHECK(one=1),format INTEGER NOT NULL,database TEXT NOT NULL,"
      "capture TEXT NOT NULL,pruned INTEGER NOT NULL)",
      "CREATE TABLE _weft_capture_table(shape INTEGER PRIMARY KEY,name TEXT NOT NULL,schema TEXT NOT NULL,"
      "state TEXT NOT NULL)",
      "CREATE TABLE _weft_capture_reader(name TEXT PRIMARY KEY,acknowledged INTEGER NOT NULL)",
      cat("CREATE TABLE _weft_capture_change(id INTEGER PRIMARY KEY,shape INTEGER NOT NULL,op INTEGER NOT NULL,"
          "at INTEGER NOT NULL,",
          cells(0, 2 * width),
          ")"),
      cat("CREATE TABLE _weft_capture_pending(shape INTEGER NOT NULL,rid INTEGER,", cells(0, width), ")"),
      cat("INSERT INTO _weft_capture VALUES(1,",
          kCaptureFormat,
          ",",
          quote_literal(database),
          ",",
          quote_literal(capture),
          ",0)"),
      cat("INSERT INTO _weft_capture_change(id,shape,op,at) VALUES(1,0,",
          static_cast<int64_t>(kLoggedStart),
          ",",
          kNow,
          ")"),
  };
}

std::vector<std::string> widen_sql(size_t from, size_t to) {
  std::vector<std::string> out;
  for (size_t i = 2 * from; i < 2 * to; ++i) out.push_back(cat("ALTER TABLE _weft_capture_change ADD COLUMN c", i));
  for (size_t i = from; i < to; ++i) out.push_back(cat("ALTER TABLE _weft_capture_pending ADD COLUMN c", i));
  return out;
}

std::vector<std::string> drop_tables_sql() {
  return {"DROP TABLE IF EXISTS _weft_capture_change",
          "DROP TABLE IF EXISTS _weft_capture_pending",
          "DROP TABLE IF EXISTS _weft_capture_table",
          "DROP TABLE IF EXISTS _weft_capture_reader",
          "DROP TABLE IF EXISTS _weft_capture"};
}

std::string trigger_prefix(int64_t shape) {
  return cat("_weft_capture_", shape, "_");
}

std::vector<NamedSql> triggers_sql(const CatalogTable& table, int64_t shape) {
  return Triggers(table, shape).all();
}

std::string log_added_sql(const CatalogTable& table, int64_t shape, const std::vector<int>& added) {
  std::string where;
  std::string before;
  std::string values;
  const std::vector<int> kept = kept_columns(table);
  for (const int i : kept) {
    const CatalogColumn& c = table.columns[static_cast<size_t>(i)];
    const std::string name = quote_identifier(c.name);
    const std::string fallback = cat("(", c.default_value.value_or("NULL"), ")");
    const bool is_new = std::ranges::find(added, i) != added.end();
    if (is_new) where += cat(where.empty() ? "" : " OR ", name, " IS NOT ", fallback);
    before += cat(before.empty() ? "" : ",", is_new ? fallback : name);
    values += cat(values.empty() ? "" : ",", name);
  }
  if (where.empty()) return {};
  return cat("INSERT INTO _weft_capture_change(shape,op,at,",
             cells(0, 2 * kept.size()),
             ") SELECT ",
             shape,
             ",",
             static_cast<int64_t>(kLoggedUpdate),
             ",",
             kNow,
             ",",
             before,
             ",",
             values,
             " FROM ",
             quote_identifier(table.name),
             " WHERE ",
             where);
}

}  // namespace weft::sqlite
