// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/check.h"

#include <algorithm>

#include "base/text.h"
#include "engine/sqlite/catalogue.h"
#include "source/sqlite/capture.h"
#include "source/sqlite/shape.h"

namespace weft::sqlite {
namespace {

class Checker {
 public:
  Checker(Connection& db, const TableFilter& filter, bool setup) : db_(db), filter_(filter), setup_(setup) {}

  std::vector<Finding> run() {
    if (const Status asked = ask(); !asked) add(Finding::Level::kError, asked.error().message(), "");
    return std::move(findings_);
  }

 private:
  void add(Finding::Level level, std::string what, std::string mend, std::string table = {}) {
    findings_.push_back({level, std::move(what), std::move(mend), std::move(table)});
  }

  Status ask() {
    TRY(check_journal());
    TRY_ASSIGN(const auto tables, matching_tables(db_, filter_));
    if (tables.empty()) add(Finding::Level::kError, "no table matches", "see --table and --exclude");
    bool good = !tables.empty();
    for (const CatalogTable& table : tables) good = check_table(table) && good;
    return good ? check_capture() : ok();
  }

  Status check_journal() {
    TRY_ASSIGN(const auto mode, db_.value("PRAGMA journal_mode"));
    const bool wal = mode == "wal";
    add(wal ? Finding::Level::kOk : Finding::Level::kWarning,
        cat("journal_mode is ", mode.value_or("")),
        wal ? ""
            : "PRAGMA journal_mode=WAL, so that weft's reads and the application's writes do not wait for each other");
    return ok();
  }

  bool check_table(const CatalogTable& table) {
    const std::string refused = refusal(table);
    if (!refused.empty()) {
      add(Finding::Level::kError, refused, "", table.name);
      return false;
    }
    const TableSchema schema = schema_of(table);
    if (schema.keyless()) {
      add(Finding::Level::kWarning,
          cat("table ", table.name, " has no key: rows are told by all their values"),
          "give it a primary key, or a unique index over NOT NULL columns",
          table.name);
    }
    for (const uint16_t o : schema.key) {
      if (!schema.columns[o].nullable) continue;
      add(Finding::Level::kWarning,
          cat("table ",
              table.name,
              " allows NULL in its key, column ",
              schema.columns[o].name,
              "; a row that has it stops weft"),
          "declare the column NOT NULL",
          table.name);
    }
    if (schema.columns.size() < table.columns.size()) {
      add(Finding::Level::kWarning,
          cat("table ", table.name, " has generated columns, which are not copied"),
          "let the target compute them too",
          table.name);
    }
    return true;
  }

  Status check_capture() {
    TRY_ASSIGN(const Capture capture, read_capture(db_));
    TRY_ASSIGN(const Mending needed, plan_mending(db_, capture, filter_, random_names(), NewTables::kTaken));
    if (needed.statements.empty()) {
      add(Finding::Level::kOk, "every table has the triggers that note its changes", "");
      return ok();
    }
    // A run mends it by itself, where it may.
    for (const std::string& reason : needed.reasons) {
      add(setup_ ? Finding::Level::kOk : Finding::Level::kError, reason, "weft setup");
    }
    if (!needed.gap.empty()) {
      add(Finding::Level::kWarning, needed.gap, "start again with --on-lost-position=resnapshot or repair");
    }
    return ok();
  }

  Connection& db_;
  const TableFilter& filter_;
  bool setup_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_source(const std::string& path, const TableFilter& filter, bool setup) {
  auto db = Connection::open({.path = path, .mode = Mode::kReadOnly});
  if (!db) return {{Finding::Level::kError, db.error().message(), ""}};
  return Checker(**db, filter, setup).run();
}

}  // namespace weft::sqlite
