// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/check.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/ddl.h"
#include "target/postgres/match.h"
#include "target/postgres/objects.h"
#include "target/postgres/replica_role.h"

namespace weft::postgres {
namespace {

using Level = Finding::Level;

constexpr int64_t kKeylessRowsLimit = 100000;  // above it, finding a row by all its values takes too long

class Checker {
 public:
  Checker(Connection& connection, const CheckOptions& options) : connection_(connection), options_(options) {}

  std::vector<Finding> run(const std::vector<SchemaRef>& tables) {
    Status done = server();
    if (done) done = role();
    if (done) done = objects();
    if (done) done = names(tables);
    for (size_t i = 0; done && i < tables.size(); ++i) done = table(tables[i]);
    for (size_t i = 0; done && replica_ && i < tables.size(); ++i) done = keys_that_keep_still(tables, i);
    if (!done) add(Level::kError, done.error().message(), {});
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string what, std::string mend) {
    findings_.push_back({level, std::move(what), std::move(mend), table_});
  }

  Status server() {
    TRY_ASSIGN(const Answer s,
               connection_.query(
                   "SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('is_superuser') "
                   "= 'on', current_setting('fsync') = 'off', current_setting('default_transaction_read_only') "
                   "= 'on', (SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'async' AND "
                   "application_name NOT LIKE 'weft%'), current_setting('full_page_writes') = 'off'",
                   {}));
    add(Level::kOk, cat("PostgreSQL ", s.text(0, 0), " at ", connection_.where()), {});
    if (s.truth(0, 1))
      add(Level::kError, "the server is a replica and takes no writes", "name the primary in the address");
    if (s.truth(0, 4))
      add(Level::kError,
          "transactions are read-only by default",
          "ALTER ROLE ... SET default_transaction_read_only = off");
    if (s.truth(0, 2)) {
      add(Level::kWarning,
          "weft connects as a superuser: triggers of table owners would run with all rights",
          "make a role of its own and grant it SELECT, INSERT, UPDATE, DELETE on the tables");
    }
    if (s.truth(0, 3) || s.truth(0, 6)) {
      add(Level::kWarning,
          "fsync or full_page_writes is off: a crash of this server may lose what weft has told the source to forget",
          "ALTER SYSTEM SET fsync = on");
    }
    if (s.number(0, 5) > 0) {
      add(Level::kWarning,
          cat("the server has ",
              s.number(0, 5),
              " asynchronous standbys: promoting one may lose what weft has "
              "told the source to forget"),
          "see on_lost_position, or make the standby synchronous");
    }
    return ok();
  }

  Status role() {
    replica_ = !options_.triggers;
    if (options_.triggers) {
      TRY_ASSIGN(replica_, runs_as_replica(connection_, false));
      return ok();
    }
    TRY_ASSIGN(const auto trouble, replica_role_trouble(connection_));
    if (trouble) findings_.push_back(*trouble);
    return ok();
  }

  Status objects() {
    TRY_ASSIGN(const std::string trouble, objects_trouble(connection_, options_.setup));
    if (!trouble.empty()) {
      TRY_ASSIGN(const Answer role, connection_.query("SELECT current_user", {}));
      add(Level::kError, trouble, objects_sql(std::string(role.text(0, 0))));
      return ok();
    }
    TRY_ASSIGN(const Objects found, find_objects(connection_));
    if (found != Objects::kPresent) return ok();
    if (const Status version = check_objects_version(connection_); !version)
      add(Level::kError, version.error().message(), {});
    return ok();
  }

  Status names(const std::vector<SchemaRef>& tables) {
    TRY_ASSIGN(schema_, default_schema(connection_));
    for (const SchemaRef& t : tables) names_.push_back(target_name(*t));
    return ok();
  }

  TableName target_name(const TableSchema& source) const {
    return name_at_target(source, schema_, options_.keep_schema);
  }

  Status table(const SchemaRef& source) {
    table_ = source->name.text();
    const TableName name = target_name(*source);
    TRY_ASSIGN(const auto found, read_table(connection_, name, replica_));
    if (!found) {
      const auto sql = create_table_statement(*source, name);
      add(Level::kError, cat("table ", name.text(), " is missing"), sql ? *sql : sql.error().message());
      return ok();
    }
    (void)match_table(*found, source, findings_, options_.leave_out_columns);
    foreign_keys(*found);
    if (replica_) unique_keys_that_keep_still(*found, *source);
    if (source->keyless()) TRY(keyless(name));
    return ok();
  }

  void foreign_keys(const CatalogTable& table) {
    for (const CatalogForeignKey& key : table.foreign_keys) {
      const std::string what = cat("table ", table.name.text(), ": foreign key ", key.name, " to ", key.parent.text());
      if (std::find(names_.begin(), names_.end(), key.parent) == names_.end()) {
        add(Level::kWarning, cat(what, " points outside of what is replicated: its rows must be there already"), {});
      }
      if (key.parent == table.name && !key.deferrable) {
        add(Level::kWarning,
            cat(what, " points to its own table and can't be deferred: rows that name a later one need a retry"),
            cat("ALTER TABLE ",
                quote_name(table.name),
                " ALTER CONSTRAINT ",
                quote_identifier(key.name),
                " DEFERRABLE"));
      }
    }
    graph_.push_back(table);
    if (const CatalogForeignKey* key = closes_cycle(table); key != nullptr) {
      add(Level::kWarning,
          cat("table ", table.name.text(), ": foreign key ", key->name, " is part of a cycle that can't be deferred"),
          cat("ALTER TABLE ",
              quote_name(table.name),
              " ALTER CONSTRAINT ",
              quote_identifier(key->name),
              " DEFERRABLE"));
    }
  }

  // Deferrable ones are checked by triggers. What is unique at the source is so here.
  void unique_keys_that_keep_still(const CatalogTable& table, const TableSchema& source) {
    const auto same = [&](const CatalogIndex& index, const std::vector<uint16_t>& key) {
      if (key.size() != index.columns.size() || index.partial || index.expressions || index.exclusion) return false;
      return std::all_of(key.begin(), key.end(), [&](uint16_t o) {
        const CatalogColumn* column = find_column(table, source.columns[o].name);
        return column != nullptr &&
               std::find(index.columns.begin(), index.columns.end(), column->number) != index.columns.end();
      });
    };
    for (const CatalogIndex& index : table.unique_indexes) {
      const auto at_source = [&](const std::vector<uint16_t>& key) { return same(index, key); };
      if (index.immediate || at_source(source.key)) continue;
      if (std::any_of(source.unique_keys.begin(), source.unique_keys.end(), at_source)) continue;
      add(Level::kWarning,
          cat("table ",
              table.name.text(),
              ": constraint ",
              index.name,
              " is deferrable and the target's alone: with session_replication_role=replica it is not checked"),
          "make it one that is not deferrable, or leave triggers on");
    }
  }

  // Keys from this table or to it that only the target has.
  Status keys_that_keep_still(const std::vector<SchemaRef>& tables, size_t at) {
    TRY_ASSIGN(const std::vector<IdleKey> keys, idle_keys(connection_, names_[at]));
    for (const IdleKey& key : keys) {
      if (!told_.insert(key.id).second) continue;
      const TableSchema* child = source_of(tables, key.child);
      const TableSchema* parent = source_of(tables, key.parent);
      if (child != nullptr && parent != nullptr && has_key(*child, *parent, key)) continue;
      table_ = tables[at]->name.text();
      add(Level::kWarning,
          cat("table ",
              key.child.text(),
              ": foreign key ",
              key.name,
              " to ",
              key.parent.text(),
              key.actions.empty() ? "" : cat(" (", key.actions, ")"),
              " is the target's alone: with session_replication_role=replica it is not checked",
              key.actions.empty() ? "" : ", nor does it act"),
          child != nullptr && parent != nullptr ? "give the source the same key, drop this one, or leave triggers on"
                                                : "drop it, or leave triggers on");
    }
    return ok();
  }

  const TableSchema* source_of(const std::vector<SchemaRef>& tables, const TableName& at_target) const {
    const auto found = std::find(names_.begin(), names_.end(), at_target);
    return found == names_.end() ? nullptr : tables[static_cast<size_t>(found - names_.begin())].get();
  }

  // A foreign key of `table` whose parent reaches `table` again through tables seen so far, all not deferrable.
  const CatalogForeignKey* closes_cycle(const CatalogTable& table) const {
    for (const CatalogForeignKey& key : table.foreign_keys) {
      if (key.deferrable || key.parent == table.name) continue;
      std::vector<TableName> reached{key.parent};
      for (size_t i = 0; i < reached.size(); ++i) {
        for (const TableName& next : fixed_parents(reached[i])) {
          if (next == table.name) return &key;
          if (std::find(reached.begin(), reached.end(), next) == reached.end()) reached.push_back(next);
        }
      }
    }
    return nullptr;
  }

  std::vector<TableName> fixed_parents(const TableName& name) const {
    std::vector<TableName> parents;
    for (const CatalogTable& t : graph_) {
      if (t.name != name) continue;
      for (const CatalogForeignKey& key : t.foreign_keys) {
        if (!key.deferrable) parents.push_back(key.parent);
      }
    }
    return parents;
  }

  Status keyless(const TableName& name) {
    TRY_ASSIGN(const Answer size,
               connection_.query("SELECT reltuples::bigint, EXISTS (SELECT FROM pg_index i JOIN pg_attribute "
                                 "a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = "
                                 "c.oid AND a.attnotnull AND i.indpred IS NULL) FROM pg_class c WHERE c.oid = "
                                 "to_regclass($1)",
                                 {quote_name(name)}));
    if (size.rows() == 1 && size.number(0, 0) > kKeylessRowsLimit && !size.truth(0, 1)) {
      add(Level::kError,
          cat("table ",
              name.text(),
              " has no key, about ",
              size.number(0, 0),
              " rows, and no index that starts with "
              "a NOT NULL column: each change would read all of it"),
          cat("CREATE INDEX ON ", quote_name(name), " (a selective NOT NULL column), or give the source table a key"));
    }
    return ok();
  }

  Connection& connection_;
  std::string table_;  // the source's name of the one that is looked at
  const CheckOptions& options_;
  bool replica_ = false;  // sessions run with session_replication_role = replica
  std::string schema_;
  std::vector<TableName> names_;
  std::set<std::string> told_;  // foreign keys
  std::vector<CatalogTable> graph_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_target(Connection& connection,
                                  const std::vector<SchemaRef>& tables,
                                  const CheckOptions& options) {
  return Checker(connection, options).run(tables);
}

}  // namespace weft::postgres
