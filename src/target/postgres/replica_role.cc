// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/replica_role.h"

#include <algorithm>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/match.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kNoPrivilege = "42501";
constexpr int kParameterGrants = 150000;  // first server with GRANT SET ON PARAMETER

// Before PostgreSQL 15 a key between partitioned tables has triggers at the partitions alone.
const std::string kIdleKeysSql =
    "SELECT f.oid, f.conname, cn.nspname, cc.relname, pn.nspname, pc.relname, f.confdeltype, f.confupdtype, "
    "ca.attname, pa.attname FROM pg_constraint f JOIN pg_class cc ON cc.oid = f.conrelid JOIN pg_namespace cn ON "
    "cn.oid = cc.relnamespace JOIN pg_class pc ON pc.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = "
    "pc.relnamespace CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS u (own, parent, place) "
    "JOIN pg_attribute ca ON ca.attrelid = f.conrelid AND ca.attnum = u.own JOIN pg_attribute pa ON pa.attrelid = "
    "f.confrelid AND pa.attnum = u.parent WHERE f.contype = 'f' AND f.conparentid = 0 AND (f.conrelid = "
    "to_regclass($1) OR f.confrelid = to_regclass($1)) AND (EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint "
    "= f.oid AND t.tgenabled = 'O') OR NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = f.oid)) ORDER "
    "BY f.oid, u.place";

std::string_view words_of(std::string_view letter) {
  return letter == "c" ? "CASCADE" : letter == "n" ? "SET NULL" : letter == "d" ? "SET DEFAULT" : "";
}

std::string actions_of(std::string_view on_delete, std::string_view on_update) {
  const std::string_view deletes = words_of(on_delete);
  const std::string_view updates = words_of(on_update);
  return cat(deletes.empty() ? "" : "ON DELETE ",
             deletes,
             deletes.empty() || updates.empty() ? "" : " ",
             updates.empty() ? "" : "ON UPDATE ",
             updates);
}

}  // namespace

std::string replica_role_grant(int server_version, const std::string& role) {
  if (server_version >= kParameterGrants)
    return cat("GRANT SET ON PARAMETER session_replication_role TO ", quote_identifier(role));
  return cat("ALTER ROLE ", quote_identifier(role), " SUPERUSER (before PostgreSQL 15 nothing less permits it)");
}

Result<std::optional<Finding>> replica_role_trouble(Connection& connection) {
  // Tried, not looked up: hosted servers permit it in ways of their own. It ends with the statement.
  const auto tried = connection.execute("SELECT set_config('session_replication_role', 'replica', true)");
  if (tried) return std::optional<Finding>();
  if (tried.error().code() != kNoPrivilege) return tried.error();
  TRY_ASSIGN(const Answer role, connection.query("SELECT current_user", {}));
  const std::string name(role.text(0, 0));
  return std::optional(Finding{Finding::Level::kError,
                               cat("role ", name, " may not set session_replication_role, which triggers off needs"),
                               replica_role_grant(connection.server_version(), name)});
}

Result<bool> runs_as_replica(Connection& connection, bool asked) {
  if (asked) {
    TRY_ASSIGN(const auto trouble, replica_role_trouble(connection));
    if (trouble) return Error(Blame::kConfig, cat(trouble->what, ": ", trouble->mend));
    return true;
  }
  TRY_ASSIGN(const Answer own, connection.query("SELECT current_setting('session_replication_role') = 'replica'", {}));
  return own.truth(0, 0);
}

Result<std::vector<IdleKey>> idle_keys(Connection& connection, const TableName& table) {
  TRY_ASSIGN(const Answer found, connection.query(kIdleKeysSql, {quote_name(table)}));
  std::vector<IdleKey> keys;
  for (size_t i = 0; i < found.rows(); ++i) {
    if (keys.empty() || keys.back().id != found.text(i, 0)) {
      IdleKey key;
      key.id = found.text(i, 0);
      key.name = found.text(i, 1);
      key.child = {std::string(found.text(i, 2)), std::string(found.text(i, 3))};
      key.parent = {std::string(found.text(i, 4)), std::string(found.text(i, 5))};
      key.actions = actions_of(found.text(i, 6), found.text(i, 7));
      keys.push_back(std::move(key));
    }
    keys.back().columns.emplace_back(found.text(i, 8));
    keys.back().parent_columns.emplace_back(found.text(i, 9));
  }
  return keys;
}

bool has_key(const TableSchema& child, const TableSchema& parent, const IdleKey& key) {
  const auto same = [&](const ForeignKey& own) {
    if (own.parent != parent.name || own.columns.size() != key.columns.size()) return false;
    for (size_t i = 0; i < own.columns.size(); ++i) {
      const auto pairs = [&](size_t k) {
        return same_ignoring_case(child.columns[own.columns[i]].name, key.columns[k]) &&
               same_ignoring_case(own.parent_columns[i], key.parent_columns[k]);
      };
      bool any = false;
      for (size_t k = 0; k < key.columns.size(); ++k) any = any || pairs(k);
      if (!any) return false;
    }
    return true;
  };
  return std::any_of(child.foreign_keys.begin(), child.foreign_keys.end(), same);
}

}  // namespace weft::postgres
