// SPDX-License-Identifier: Apache-2.0
// The questions to PostgreSQL's catalogue, one per kind of thing for all tables. $1 and $2 are the schema and the name of one
// table, or both NULL for all. Data; private to catalogue.cc.
#pragma once

#include <string>

#include "base/text.h"

namespace weft::postgres {

// What is captured: permanent tables, since unlogged and temporary ones are not in the log, and partitions only through their
// root. Neither the system's schemas nor weft's own.
inline constexpr std::string_view kCapturedTables =
    "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
    "AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', '_weft') "
    "AND ($1::text IS NULL OR n.nspname = $1) AND ($2::text IS NULL OR c.relname = $2)";

// oid, schema, name, replica identity, partitioned
[[nodiscard]] inline std::string tables_sql() {
  return cat("SELECT c.oid, n.nspname, c.relname, c.relreplident, c.relkind = 'p' FROM ",
             kCapturedTables,
             " ORDER BY n.nspname, c.relname");
}

// table, attnum, name, base type, its modifier, printed type, type to cast to, enum, not null, generated, identity, has a default,
// what rows that are older than the column hold in it (pg_attribute.attmissingval: a default that is no constant has none),
// the type itself, the server's own function that sends its values (of a domain its base's; an extension's type may have one too).
// A domain's modifier is that of the innermost domain (lsyscache.c, getBaseTypeAndTypmod). Identity is also a default that
// takes the next number of a sequence which the column owns (serial).
[[nodiscard]] inline std::string columns_sql() {
  return cat(
      "WITH RECURSIVE domain(oid, base, typmod) AS ("
      "SELECT oid, typbasetype, typtypmod FROM pg_type WHERE typtype = 'd' UNION ALL "
      "SELECT d.oid, t.typbasetype, t.typtypmod FROM domain d JOIN pg_type t ON t.oid = d.base WHERE t.typtype = 'd'), "
      "typed AS (SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated, "
      "a.attidentity, a.atthasdef, a.atthasmissing, a.attndims, a.attmissingval, coalesce(d.base, a.atttypid) AS base, "
      "CASE WHEN d.base IS NULL THEN a.atttypmod ELSE d.typmod END AS typmod "
      "FROM pg_attribute a LEFT JOIN (domain d JOIN pg_type innermost ON innermost.oid = d.base "
      "AND innermost.typtype <> 'd') ON d.oid = a.atttypid "
      "WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (SELECT c.oid FROM ",
      kCapturedTables,
      ")) "
      "SELECT a.attrelid, a.attnum, a.attname, a.base, a.typmod, format_type(a.atttypid, a.atttypmod), "
      "format_type(a.base, -1), t.typtype = 'e', a.attnotnull, a.attgenerated = 's', a.attidentity <> '' OR "
      "EXISTS (SELECT FROM pg_depend owned JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum "
      "JOIN pg_depend used ON used.classid = 'pg_attrdef'::regclass AND used.objid = ad.oid "
      "AND used.refclassid = 'pg_class'::regclass AND used.refobjid = owned.objid "
      "WHERE owned.classid = 'pg_class'::regclass AND owned.refclassid = 'pg_class'::regclass "
      "AND owned.refobjid = a.attrelid AND owned.refobjsubid = a.attnum AND owned.deptype = 'a'), "
      "a.atthasdef, CASE WHEN a.atthasmissing AND a.attndims = 0 THEN (a.attmissingval::text::text[])[1] END, "
      "a.atttypid, s.prosrc FROM typed a JOIN pg_type t ON t.oid = a.base LEFT JOIN (pg_proc s JOIN pg_language l ON "
      "l.oid = s.prolang AND l.lanname = 'internal') ON s.oid = t.typsend ORDER BY a.attrelid, a.attnum");
}

// type, label; $1: an array of the types
inline constexpr std::string_view kLabelsSql =
    "SELECT enumtypid, enumlabel FROM pg_enum WHERE enumtypid = ANY ($1::oid[]) ORDER BY enumtypid, enumsortorder";

// table, columns, key columns among them, primary, replica identity, immediate, fit for a key. Unique indexes over plain
// columns and all rows, in the order in which a key is looked for. Fit is one over NOT NULL columns whose equality is that of
// the columns: rows are told apart by `=` and put in order by ORDER BY, so an index that tells more rows apart (another
// collation where one of the two is not deterministic, an operator class of its own) is no key.
[[nodiscard]] inline std::string indexes_sql() {
  return cat(
      "SELECT i.indrelid, i.indkey, i.indnkeyatts, i.indisprimary, i.indisreplident, i.indimmediate, NOT EXISTS ("
      "SELECT FROM generate_series(0, i.indnkeyatts - 1) AS k(n) "
      "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n] "
      "JOIN pg_opclass o ON o.oid = i.indclass[k.n] "
      "WHERE NOT a.attnotnull OR (NOT o.opcdefault AND o.opcname NOT IN ('text_pattern_ops', 'varchar_pattern_ops', "
      "'bpchar_pattern_ops')) OR (i.indcollation[k.n] <> a.attcollation AND EXISTS (SELECT FROM pg_collation l "
      "WHERE l.oid IN (i.indcollation[k.n], a.attcollation) AND NOT l.collisdeterministic))) "
      "FROM pg_index i WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
      "AND i.indrelid IN (SELECT c.oid FROM ",
      kCapturedTables,
      ") ORDER BY i.indrelid, i.indisprimary DESC, i.indisreplident DESC, i.indexrelid");
}

// table, name, parent's schema, parent, attnum, parent's column; a row per column. Not what a partitioned table's constraint
// has made of itself for partitions.
[[nodiscard]] inline std::string foreign_keys_sql() {
  return cat(
      "SELECT k.conrelid, k.conname, pn.nspname, p.relname, u.child, pa.attname FROM pg_constraint k "
      "JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace "
      "CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(child, parent, place) "
      "JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.parent "
      "WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid IN (SELECT c.oid FROM ",
      kCapturedTables,
      ") ORDER BY k.conrelid, k.conname, u.place");
}

// The versions of the catalogue's rows that describe a table's columns and keys: DDL makes new ones. Labels count of all types
// that a column, or a domain, may be made of.
inline constexpr std::string_view kShapeMarkSql =
    "SELECT concat_ws(';', c.oid, c.xmin, "
    "(SELECT string_agg(concat_ws(' ', a.attnum, a.xmin, t.xmin), ',' ORDER BY a.attnum) FROM pg_attribute a "
    "LEFT JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0), "
    "(SELECT string_agg(concat_ws(' ', i.indexrelid, i.xmin), ',' ORDER BY i.indexrelid) FROM pg_index i "
    "WHERE i.indrelid = c.oid), "
    "(SELECT string_agg(concat_ws(' ', e.oid, e.xmin), ',' ORDER BY e.oid) FROM pg_enum e WHERE e.enumtypid IN "
    "(SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = c.oid UNION ALL SELECT typbasetype FROM pg_type "
    "WHERE typtype = 'd'))) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";

}  // namespace weft::postgres
