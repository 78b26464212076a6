// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/check.h"

#include <utility>

#include "base/text.h"
#include "engine/postgres/connection.h"
#include "engine/postgres/quote.h"
#include "source/postgres/captured.h"
#include "source/postgres/slot.h"

namespace weft::postgres {
namespace {

class Checker {
 public:
  Checker(Connection& session, const TableFilter& filter, std::string slot)
      : session_(session), filter_(filter), slot_(std::move(slot)) {}

  std::vector<Finding> run() {
    const Status asked = ask();
    if (!asked) add(Finding::Level::kError, asked.error().message(), "");
    return std::move(findings_);
  }

 private:
  void add(Finding::Level level, std::string what, std::string mend, std::string table = {}) {
    findings_.push_back({level, std::move(what), std::move(mend), std::move(table)});
  }

  Result<std::string> setting(const std::string& name) {
    TRY_ASSIGN(const Answer answer, session_.query("SELECT pg_catalog.current_setting($1)", {name}));
    return std::string(answer.text(0, 0));
  }

  Status ask() {
    if (session_.server_version() < 130000) {
      add(Finding::Level::kError, "the server is older than PostgreSQL 13", "upgrade it");
      return ok();
    }
    TRY(check_level());
    TRY(check_role());
    TRY(check_slot());
    TRY(check_standbys());
    return check_tables();
  }

  Status check_level() {
    TRY_ASSIGN(const std::string level, setting("wal_level"));
    const bool logical = level == "logical";
    add(logical ? Finding::Level::kOk : Finding::Level::kError,
        cat("wal_level is ", level),
        logical ? "" : "ALTER SYSTEM SET wal_level = 'logical', then restart the server");
    return ok();
  }

  Status check_role() {
    TRY_ASSIGN(const Answer role,
               session_.query("SELECT rolname, rolreplication OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = "
                              "current_user",
                              {}));
    if (role.rows() == 1 && role.truth(0, 1)) {
      add(Finding::Level::kOk, cat("role ", role.text(0, 0), " may replicate"), "");
    } else {
      const std::string name = role.rows() == 1 ? std::string(role.text(0, 0)) : "weft";
      add(Finding::Level::kError,
          cat("role ", name, " may not replicate"),
          cat("ALTER ROLE ", quote_identifier(name), " REPLICATION"));
    }
    return ok();
  }

  Status check_slot() {
    TRY_ASSIGN(const auto slot, find_slot(session_, slot_));
    // By policy a run mends it.
    if (slot && slot->lost) {
      add(Finding::Level::kWarning,
          cat("replication slot ", slot_, " has lost its log"),
          "start again with --on-lost-position=resnapshot or repair");
    }
    if (slot) return ok();
    TRY_ASSIGN(const std::string most, setting("max_replication_slots"));
    TRY_ASSIGN(const Answer used,
               session_.query("SELECT count(*) < $1::int FROM pg_catalog.pg_replication_slots", {most}));
    if (used.truth(0, 0)) return ok();
    add(Finding::Level::kError,
        cat("all ", most, " replication slots are in use (max_replication_slots)"),
        "ALTER SYSTEM SET max_replication_slots to more, then restart the server");
    return ok();
  }

  // A walsender of ours would count as the synchronous standby, and commits wait for what we confirm (hard case 29).
  Status check_standbys() {
    TRY_ASSIGN(const std::string names, setting("synchronous_standby_names"));
    if (names.find('*') == std::string::npos) return ok();
    add(Finding::Level::kWarning,
        cat("synchronous_standby_names is '", names, "': commits at the source may wait for weft"),
        "name the standbys in synchronous_standby_names instead of *");
    return ok();
  }

  Status check_tables() {
    TRY_ASSIGN(std::vector<CatalogueTable> all, load_tables(session_));
    size_t captured = 0;
    for (CatalogueTable& one : all) {
      const TableName name = one.schema->name;
      if (!filter_.matches(name.schema, name.table)) continue;
      ++captured;
      const bool computed = followed(one).schema->columns.size() < one.schema->columns.size();
      if (computed) {
        add(Finding::Level::kWarning,
            cat("table ", name.text(), " has generated columns, which the log does not carry"),
            "let the target compute them too",
            name.text());
      }
      const std::string refused = without_identity({followed(std::move(one))});
      if (!refused.empty()) add(Finding::Level::kError, refused, "", name.text());
    }
    if (captured == 0) add(Finding::Level::kError, "no table matches", "see --table and --exclude");
    return ok();
  }

  Connection& session_;
  const TableFilter& filter_;
  std::string slot_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_source(const Address& address, const TableFilter& filter, const std::string& slot) {
  auto session = Connection::open({.address = &address});
  if (!session) return {{Finding::Level::kError, session.error().message(), ""}};
  std::string name = slot;
  if (name.empty()) {
    const auto database = (*session)->query("SELECT pg_catalog.current_database()", {});
    if (!database) return {{Finding::Level::kError, database.error().message(), ""}};
    name = slot_name(database->text(0, 0));
  }
  return Checker(**session, filter, std::move(name)).run();
}

}  // namespace weft::postgres
