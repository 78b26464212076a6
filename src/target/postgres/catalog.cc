// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/catalog.h"

#include <charconv>

#include "base/text.h"
#include "engine/postgres/quote.h"

namespace weft::postgres {
namespace {

const std::string kTableSql =
    "SELECT c.oid, c.relkind, EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = c.oid AND f.contype = 'f' AND "
    "f.conrelid <> c.oid), row_security_active(c.oid), has_table_privilege(c.oid, 'SELECT'), "
    "has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE'), "
    "has_table_privilege(c.oid, 'TRUNCATE'), current_user, current_setting('session_replication_role') = 'replica' "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = "
    "c.relnamespace WHERE "
    "n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

const std::string kColumnsSql =
    "WITH RECURSIVE base AS (SELECT a.attnum, a.atttypid AS oid, a.atttypmod AS typmod FROM pg_attribute a WHERE "
    "a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped UNION ALL SELECT b.attnum, t.typbasetype, "
    "CASE WHEN b.typmod >= 0 THEN b.typmod ELSE t.typtypmod END FROM base b JOIN pg_type t ON t.oid = b.oid WHERE "
    "t.typtype = 'd') SELECT a.attnum, a.attname, b.oid, b.typmod, t.typtype, t.typname, format_type(a.atttypid, "
    "a.atttypmod), a.attnotnull, a.atthasdef, a.attgenerated <> '', a.attidentity <> '', a.attidentity = 'a', "
    "t.typarray, (SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' FROM pg_opclass k JOIN "
    "pg_amop m ON m.amopfamily = k.opcfamily AND m.amoplefttype = k.opcintype AND m.amoprighttype = k.opcintype AND "
    "m.amopstrategy = 3 JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE "
    "k.opcintype = b.oid AND k.opcdefault AND k.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree') LIMIT 1) "
    "FROM pg_attribute a JOIN base b ON b.attnum = a.attnum JOIN pg_type t ON t.oid = b.oid WHERE a.attrelid = $1::oid "
    "AND "
    "t.typtype <> 'd' ORDER BY a.attnum";

const std::string kIndexesSql =
    "SELECT c.relname, i.indisprimary, i.indisvalid, i.indimmediate, i.indpred IS NOT NULL, i.indexprs IS NOT NULL, "
    "EXISTS "
    "(SELECT FROM unnest(i.indcollation::oid[]) AS u (oid) JOIN pg_collation k ON k.oid = u.oid WHERE NOT "
    "k.collisdeterministic), i.indisexclusion, array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ' ') FROM "
    "pg_index i "
    "JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::oid AND i.indislive AND (i.indisunique OR "
    "i.indisexclusion) ORDER BY i.indisprimary DESC, i.indexrelid";

const std::string kForeignKeysSql =
    "SELECT f.oid, f.conname, u.own, n.nspname, c.relname, a.attname, f.condeferrable, "
    "CASE WHEN p.acts THEN f.confdeltype ELSE 'a' END, CASE WHEN p.acts THEN f.confupdtype ELSE 'a' END "
    "FROM pg_constraint f CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = f.oid AND "
    "t.tgrelid = f.confrelid AND position(t.tgenabled::text in $2) > 0) AS acts) AS p CROSS JOIN "
    "LATERAL "
    "unnest(f.conkey, f.confkey) WITH ORDINALITY AS u (own, parent, place) JOIN pg_class c ON c.oid = f.confrelid JOIN "
    "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = u.parent "
    "WHERE "
    "f.conrelid = $1::oid AND f.contype = 'f' AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = f.oid AND "
    "t.tgrelid = f.conrelid AND position(t.tgenabled::text in $2) > 0) ORDER BY f.oid, u.place";

const std::string kTriggersSql =
    "SELECT DISTINCT t.tgname FROM pg_trigger t WHERE (t.tgrelid = $1::oid OR t.tgrelid IN (SELECT relid FROM "
    "pg_partition_tree($1::oid::regclass))) AND NOT t.tgisinternal AND position(t.tgenabled::text in $2) > 0 ORDER BY "
    "1";

std::vector<int> numbers_in(std::string_view list) {
  std::vector<int> out;
  const char* at = list.data();
  const char* end = at + list.size();
  while (at != end) {
    int number = 0;
    at = std::from_chars(at, end, number).ptr;
    out.push_back(number);
    while (at != end && *at == ' ') ++at;
  }
  return out;
}

char first_char(std::string_view text) {
  return text.empty() ? ' ' : text[0];
}

KeyAction action_of(std::string_view letter) {
  return letter == "c" ? KeyAction::kCascade : letter == "n" ? KeyAction::kSetNull : KeyAction::kNone;
}

Status read_columns(Connection& connection, const std::string& id, CatalogTable& table) {
  TRY_ASSIGN(const Answer found, connection.query(kColumnsSql, {id}));
  for (size_t i = 0; i < found.rows(); ++i) {
    CatalogColumn c;
    c.number = static_cast<int>(found.number(i, 0));
    c.name = found.text(i, 1);
    c.type.oid = static_cast<uint32_t>(found.number(i, 2));
    c.type.typmod = static_cast<int32_t>(found.number(i, 3));
    c.type.kind = first_char(found.text(i, 4));
    c.type.name = found.text(i, 5);
    c.type.printed = found.text(i, 6);
    c.not_null = found.truth(i, 7);
    c.has_default = found.truth(i, 8);
    c.generated = found.truth(i, 9);
    c.identity = found.truth(i, 10);
    c.identity_always = found.truth(i, 11);
    c.type.array_oid = static_cast<uint32_t>(found.number(i, 12));
    c.type.equals = found.text(i, 13);
    table.columns.push_back(std::move(c));
  }
  return ok();
}

Status read_indexes(Connection& connection, const std::string& id, CatalogTable& table) {
  TRY_ASSIGN(const Answer found, connection.query(kIndexesSql, {id}));
  for (size_t i = 0; i < found.rows(); ++i) {
    CatalogIndex index;
    index.name = found.text(i, 0);
    index.primary = found.truth(i, 1);
    index.valid = found.truth(i, 2);
    index.immediate = found.truth(i, 3);
    index.partial = found.truth(i, 4);
    index.expressions = found.truth(i, 5);
    index.folding = found.truth(i, 6);
    index.exclusion = found.truth(i, 7);
    index.columns = numbers_in(found.text(i, 8));
    table.unique_indexes.push_back(std::move(index));
  }
  return ok();
}

Status read_foreign_keys(Connection& connection,
                         const std::string& id,
                         const std::string& enabled,
                         CatalogTable& table) {
  TRY_ASSIGN(const Answer found, connection.query(kForeignKeysSql, {id, enabled}));
  std::string_view last;
  for (size_t i = 0; i < found.rows(); ++i) {
    if (found.text(i, 0) != last) {
      CatalogForeignKey key;
      key.name = found.text(i, 1);
      key.parent = {std::string(found.text(i, 3)), std::string(found.text(i, 4))};
      key.deferrable = found.truth(i, 6);
      key.on_delete = action_of(found.text(i, 7));
      key.on_update = action_of(found.text(i, 8));
      table.foreign_keys.push_back(std::move(key));
      last = found.text(i, 0);
    }
    table.foreign_keys.back().columns.push_back(static_cast<int>(found.number(i, 2)));
    table.foreign_keys.back().parent_columns.emplace_back(found.text(i, 5));
  }
  return ok();
}

}  // namespace

Result<std::optional<CatalogTable>> read_table(Connection& connection, const TableName& name, bool replica) {
  TRY_ASSIGN(const Answer found, connection.query(kTableSql, {name.schema, name.table}));
  if (found.rows() == 0) return std::optional<CatalogTable>();
  CatalogTable table;
  table.name = name;
  const std::string id(found.text(0, 0));
  table.kind = first_char(found.text(0, 1));
  table.referenced = found.truth(0, 2);
  table.row_security = found.truth(0, 3);
  table.may_select = found.truth(0, 4);
  table.may_insert = found.truth(0, 5);
  table.may_update = found.truth(0, 6);
  table.may_delete = found.truth(0, 7);
  table.may_truncate = found.truth(0, 8);
  table.role = found.text(0, 9);
  const std::string enabled = replica || found.truth(0, 10) ? "AR" : "AO";  // values of tgenabled that fire
  TRY(read_columns(connection, id, table));
  TRY(read_indexes(connection, id, table));
  TRY(read_foreign_keys(connection, id, enabled, table));
  TRY_ASSIGN(const Answer triggers, connection.query(kTriggersSql, {id, enabled}));
  for (size_t i = 0; i < triggers.rows(); ++i) table.triggers.emplace_back(triggers.text(i, 0));
  return std::optional<CatalogTable>(std::move(table));
}

Result<std::string> default_schema(const Connection& connection) {
  if (!connection.default_schema().empty()) return connection.default_schema();
  return Error(Blame::kConfig,
               cat("search_path at ",
                   connection.where(),
                   " names no existing schema: create one, or set "
                   "search_path for weft's role"));
}

TableName name_at_target(const TableSchema& source, const std::string& schema, bool keep_schema) {
  const bool named = source.taken && source.taken->names_schema;
  return keep_schema || named ? source.name : TableName{schema, source.name.table};
}

}  // namespace weft::postgres
