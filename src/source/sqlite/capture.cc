// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/capture.h"

#include <algorithm>
#include <set>

#include "base/rng.h"
#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "model/schema_text.h"
#include "source/sqlite/capture_sql.h"
#include "source/sqlite/shape.h"

namespace weft::sqlite {
namespace {

std::string random_hex() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  uint64_t number = random_seed();
  for (int i = 0; i < 16; ++i, number >>= 4) out.push_back(kDigits[number & 15]);
  return out;
}

bool is_ours(const CatalogTrigger& trigger) {
  return trigger.name.starts_with("_weft_capture_");
}

Status read_tables(Connection& db, Capture& capture) {
  TRY_ASSIGN(Statement * s, db.statement("SELECT shape, name, schema, state FROM _weft_capture_table ORDER BY shape"));
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    CapturedTable table;
    table.shape = s->integer(0);
    Result<TableSchema> schema = decode_schema(s->bytes(2));
    if (!schema) return std::move(schema).error().with(cat("_weft_capture_table, shape ", table.shape));
    table.schema = std::make_shared<const TableSchema>(*std::move(schema));
    table.active = s->bytes(3) == "active";
    capture.tables[table.shape] = std::move(table);
  }
  s->reset();
  return ok();
}

// Plans one mending.
class Planner {
 public:
  Planner(Connection& db, const Capture& capture, const TableFilter& filter, const NewNames& names, NewTables taken)
      : db_(db), capture_(capture), filter_(filter), names_(names), taken_(taken) {
    for (const auto& [shape, table] : capture.tables) next_shape_ = std::max(next_shape_, shape + 1);
  }

  Result<Mending> run() {
    TRY_ASSIGN(tables_, matching_tables(db_, filter_));
    if (taken_ == NewTables::kLeft) {
      std::erase_if(tables_, [&](const CatalogTable& table) {
        return shape_of(table) == nullptr && capture_.active(table.name) == nullptr;
      });
    }
    std::string refused;
    for (const CatalogTable& table : tables_) {
      const std::string why = refusal(table);
      if (!why.empty()) refused += cat(refused.empty() ? "" : "\n", why);
    }
    if (!refused.empty()) return Error(Blame::kConfig, refused);
    make_room();
    TRY(note_drops());
    for (const CatalogTable& table : tables_) TRY(judge(table));
    if (!mending_.gap.empty()) begin_anew();
    return std::move(mending_);
  }

 private:
  void say(std::string statement) { mending_.statements.push_back(std::move(statement)); }

  void make_room() {
    size_t width = 1;
    for (const CatalogTable& table : tables_) width = std::max(width, kept_columns(table).size());
    if (!capture_.there) {
      for (std::string& sql : create_tables_sql(names_.database, names_.capture, width)) say(std::move(sql));
    } else if (width > capture_.width) {
      for (std::string& sql : widen_sql(capture_.width, width)) say(std::move(sql));
    }
  }

  // The triggers went with their table. Tables that this filter does not name are someone else's.
  Status note_drops() {
    for (const auto& [shape, table] : capture_.tables) {
      if (!table.active) continue;
      const std::string& name = table.schema->name.table;
      TRY_ASSIGN(const auto triggers,
                 db_.value(cat("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ",
                               quote_literal(trigger_prefix(shape) + "*"))));
      if (triggers.value_or("0") != "0") continue;  // it is there, maybe by another name
      TRY_ASSIGN(const auto now, read_table(db_, name));
      if (now) continue;
      mending_.reasons.push_back(cat("table ", name, " is gone"));
      say(cat("INSERT INTO _weft_capture_change(shape,op,at) VALUES(",
              shape,
              ",",
              static_cast<int64_t>(kLoggedDrop),
              ",CAST((julianday('now')-2440587.5)*86400000 AS INTEGER))"));
      deactivate(shape);
    }
    return ok();
  }

  void deactivate(int64_t shape) {
    say(cat("UPDATE _weft_capture_table SET state='old' WHERE shape=", shape));
    gone_.insert(shape);
  }

  // The shape whose triggers the table has: names go with a table that is renamed.
  const CapturedTable* shape_of(const CatalogTable& table) const {
    for (const auto& [shape, captured] : capture_.tables) {
      const std::string prefix = trigger_prefix(shape);
      const bool has = std::ranges::any_of(table.triggers, [&](const auto& t) { return t.name.starts_with(prefix); });
      if (has && captured.active) return &captured;
    }
    return nullptr;
  }

  // Whether all of its triggers are there as they should be, behind every one of the application's: of two triggers the one
  // that was made later fires first, and a change has to be logged before what other triggers make of it.
  static bool in_order(const CatalogTable& table, int64_t shape) {
    int64_t newest = 0;
    for (const CatalogTrigger& t : table.triggers) {
      if (!is_ours(t)) newest = std::max(newest, t.made);
    }
    return std::ranges::all_of(triggers_sql(table, shape), [&](const NamedSql& wanted) {
      const auto there = std::ranges::find(table.triggers, wanted.name, &CatalogTrigger::name);
      return there != table.triggers.end() && there->sql == wanted.sql && there->made > newest;
    });
  }

  Status judge(const CatalogTable& table) {
    const CapturedTable* captured = shape_of(table);
    const TableSchema now = schema_of(table);
    if (captured == nullptr) {
      const CapturedTable* before = capture_.active(table.name);
      if (before != nullptr) {
        mending_.gap = cat("table ", table.name, " was without the triggers that note its changes");
        deactivate(before->shape);
      }
      mending_.reasons.push_back(cat("table ", table.name, " has no triggers of weft's"));
      make(table, now);
      return ok();
    }
    if (captured->schema->name != now.name) {
      mending_.gap = cat("table ", captured->schema->name.table, " was renamed to ", table.name);
    }
    const bool whole =
        std::ranges::count_if(table.triggers, is_ours) == static_cast<long>(triggers_sql(table, 0).size());
    if (!whole) mending_.gap = cat("table ", table.name, " was without some of the triggers that note its changes");
    if (same_shape(*captured->schema, now) && captured->schema->name == now.name && in_order(table, captured->shape)) {
      return ok();
    }
    TRY(judge_order(table, captured->shape));
    mending_.reasons.push_back(cat("the triggers of table ", table.name, " are not those that it needs now"));
    for (const CatalogTrigger& t : table.triggers) {
      if (is_ours(t)) say(cat("DROP TRIGGER ", quote_identifier(t.name)));
    }
    deactivate(captured->shape);
    const int64_t shape = make(table, now);
    std::vector<int> added;
    for (const int i : kept_columns(table)) {
      if (captured->schema->find(table.columns[static_cast<size_t>(i)].name) < 0) added.push_back(i);
    }
    // What the application has put into it before the triggers knew of it.
    std::string rows = log_added_sql(table, shape, added);
    if (!rows.empty()) say(std::move(rows));
    return ok();
  }

  // A trigger of the application's that fired before ours, and changes the table itself, had its change logged in front of the
  // one that it comes from.
  Status judge_order(const CatalogTable& table, int64_t shape) {
    int64_t ours = 0;
    for (const CatalogTrigger& t : table.triggers) {
      if (is_ours(t)) ours = std::max(ours, t.made);
    }
    const auto changes_it = [&](const CatalogTrigger& t) {
      const size_t first = t.sql.find(table.name);
      return !is_ours(t) && t.made > ours && first != std::string::npos &&
             t.sql.find(table.name, first + table.name.size()) != std::string::npos;
    };
    const auto found = std::ranges::find_if(table.triggers, changes_it);
    if (found == table.triggers.end()) return ok();
    TRY_ASSIGN(const auto logged,
               db_.value(cat("SELECT 1 FROM _weft_capture_change WHERE shape=",
                             shape,
                             " AND id>(SELECT coalesce(min(acknowledged),0) FROM _weft_capture_reader) LIMIT 1")));
    if (logged) {
      mending_.gap =
          cat("trigger ", found->name, " of table ", table.name, " changed rows before weft's had noted why");
    }
    return ok();
  }

  int64_t make(const CatalogTable& table, const TableSchema& schema) {
    const int64_t shape = next_shape_++;
    TableSchema versioned = schema;
    versioned.version = static_cast<uint32_t>(shape);
    say(cat("INSERT INTO _weft_capture_table(shape,name,schema,state) VALUES(",
            shape,
            ",",
            quote_literal(table.name),
            ",",
            quote_literal(encode_schema(versioned)),
            ",'active')"));
    for (NamedSql& trigger : triggers_sql(table, shape)) say(std::move(trigger.sql));
    return shape;
  }

  void begin_anew() { say(cat("UPDATE _weft_capture SET capture=", quote_literal(names_.capture))); }

  Connection& db_;
  const Capture& capture_;
  const TableFilter& filter_;
  const NewNames& names_;
  NewTables taken_;
  std::vector<CatalogTable> tables_;
  std::set<int64_t> gone_;
  int64_t next_shape_ = 1;
  Mending mending_;
};

}  // namespace

const CapturedTable* Capture::active(std::string_view name) const {
  for (const auto& [shape, table] : tables) {
    if (table.active && table.schema->name.table == name) return &table;
  }
  return nullptr;
}

Result<Capture> read_capture(Connection& db) {
  Capture capture;
  TRY_ASSIGN(const auto there, db.value("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_weft_capture'"));
  if (!there) return capture;
  TRY_ASSIGN(Statement * s, db.statement("SELECT format, database, capture, pruned FROM _weft_capture"));
  TRY_ASSIGN(const bool row, s->step());
  if (!row) return Error(Blame::kConfig, "table _weft_capture is empty; `weft teardown`, then `weft setup`");
  const int64_t format = s->integer(0);
  capture.there = true;
  capture.database = s->text(1);
  capture.capture = s->text(2);
  capture.pruned = s->integer(3);
  s->reset();
  if (format != kCaptureFormat) {
    return Error(Blame::kConfig,
                 cat("what notes the changes has format ", format, ", made by another version of weft"));
  }
  TRY(read_tables(db, capture));
  TRY_ASSIGN(const auto columns, db.value("SELECT count(*) FROM pragma_table_info('_weft_capture_pending')"));
  capture.width = static_cast<size_t>(std::stoul(columns.value_or("2")) - 2);
  return capture;
}

Result<int64_t> last_change(Connection& db) {
  TRY_ASSIGN(Statement * s, db.statement("SELECT max(id) FROM _weft_capture_change"));
  TRY_ASSIGN(const bool row, s->step());
  const int64_t last = row ? s->integer(0) : 0;
  s->reset();
  return last;
}

Result<std::vector<CatalogTable>> matching_tables(Connection& db, const TableFilter& filter) {
  TRY_ASSIGN(const std::vector<std::string> names, table_names(db));
  std::vector<CatalogTable> tables;
  for (const std::string& name : names) {
    if (!filter.matches("main", name)) continue;
    TRY_ASSIGN(auto table, read_table(db, name));
    if (table) tables.push_back(*std::move(table));
  }
  return tables;
}

NewNames random_names() {
  return {random_hex(), random_hex()};
}

Result<Mending> plan_mending(
    Connection& db, const Capture& capture, const TableFilter& filter, const NewNames& names, NewTables taken) {
  return Planner(db, capture, filter, names, taken).run();
}

Status run_together(Connection& db, const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) {
    Status done = db.execute(statement);
    if (!done) return std::move(done).error().with(statement.substr(0, 200));
  }
  return ok();
}

Result<Mending> mend(Connection& db, const TableFilter& filter, const NewNames& names, NewTables taken) {
  TRY(db.execute("BEGIN IMMEDIATE"));
  const auto in_transaction = [&]() -> Result<Mending> {
    TRY_ASSIGN(const Capture capture, read_capture(db));
    TRY_ASSIGN(Mending mending, plan_mending(db, capture, filter, names, taken));
    TRY(run_together(db, mending.statements));
    TRY(db.execute("COMMIT"));
    return mending;
  };
  Result<Mending> done = in_transaction();
  if (!done && db.in_transaction()) (void)db.execute("ROLLBACK");
  return done;
}

namespace {

Result<std::vector<std::string>> removing_statements(Connection& db, const std::string& reader) {
  std::vector<std::string> statements;
  TRY_ASSIGN(const Capture capture, read_capture(db));
  if (!capture.there) return statements;
  const std::string name = quote_literal(reader);
  TRY_ASSIGN(const auto others, db.value(cat("SELECT 1 FROM _weft_capture_reader WHERE name <> ", name)));
  if (others) {
    statements.push_back(cat("DELETE FROM _weft_capture_reader WHERE name=", name));
    return statements;
  }
  TRY_ASSIGN(Statement * s,
             db.statement("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_weft_capture_[0-9]*' "
                          "ORDER BY name"));
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    statements.push_back(cat("DROP TRIGGER ", quote_identifier(s->bytes(0))));
  }
  s->reset();
  for (std::string& sql : drop_tables_sql()) statements.push_back(std::move(sql));
  return statements;
}

}  // namespace

Result<std::vector<std::string>> remove_capture(Connection& db, const std::string& reader, bool dry_run) {
  if (dry_run) return removing_statements(db, reader);
  TRY(db.execute("BEGIN IMMEDIATE"));
  const auto in_transaction = [&]() -> Result<std::vector<std::string>> {
    TRY_ASSIGN(auto statements, removing_statements(db, reader));
    TRY(run_together(db, statements));
    TRY(db.execute("COMMIT"));
    return statements;
  };
  auto done = in_transaction();
  if (!done && db.in_transaction()) (void)db.execute("ROLLBACK");
  return done;
}

}  // namespace weft::sqlite
