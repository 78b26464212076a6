// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/statements.h"

#include <algorithm>

#include "base/text.h"

namespace weft::postgres {
namespace {

// Builds one statement; parameters are numbered as they are added.
class Builder {
 public:
  Builder(const TablePlan& plan, Rows rows) : plan_(plan), rows_(rows) {}

  // The SQL of a column's value: $3, or u.c3 where rows come from unnest.
  std::string value(uint16_t ordinal, bool before) {
    const ColumnType& type = plan_.columns[ordinal].type;
    out_.params.push_back({ordinal, before});
    out_.types.push_back(rows_ == Rows::kMany ? type.transport_array : type.transport);
    std::string sql = cat(rows_ == Rows::kMany ? "u.c" : "$", out_.params.size());
    return type.cast ? cat(sql, "::", type.printed) : sql;
  }

  // ROWS FROM (unnest($1), unnest($2)) AS u (c1, c2); unnest($1, $2) can't be qualified. REQUIRES: all values have been added.
  std::string rows() {
    out_.replan = joins_;
    std::string params;
    std::string names;
    for (size_t i = 1; i <= out_.params.size(); ++i) {
      params += cat(i == 1 ? "" : ", ", "pg_catalog.unnest($", i, ")");
      names += cat(i == 1 ? "c" : ", c", i);
    }
    return cat("ROWS FROM (", params, ") AS u (", names, ")");
  }

  std::string names(const std::vector<uint16_t>& columns) const {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : ", ", plan_.columns[o].quoted);
    return out;
  }

  std::string key_equals() {
    joins_ = many();
    std::string out;
    for (const uint16_t o : plan_.key) {
      out += cat(
          out.empty() ? "" : " AND ", "t.", plan_.columns[o].quoted, " ", plan_.columns[o].equals, " ", value(o, true));
    }
    return out;
  }

  // A full row by its values; types without equality compare as text. No IS NOT DISTINCT FROM: its operator can't be named.
  std::string row_equals() {
    std::string out;
    for (uint16_t o = 0; o < plan_.columns.size(); ++o) {
      const PlannedColumn& c = plan_.columns[o];
      if (!c.written) continue;
      const bool as_text = !c.type.binary() || c.type.form == Form::kJson || c.type.transport == oid::kXml;
      const std::string cast = as_text ? "::pg_catalog.text" : "";
      const std::string ours = cat("t.", c.quoted, cast);
      const std::string wanted = value(o, true) + cast;
      const std::string equal = cat(ours, " ", as_text ? "OPERATOR(pg_catalog.=)" : c.equals, " ", wanted);
      out += out.empty() ? "" : " AND ";
      out += c.not_null ? equal : cat("(", equal, " OR ", ours, " IS NULL AND ", wanted, " IS NULL)");
    }
    return out;
  }

  // Rows of another key that hold the values of `columns`.
  std::string rivals(const std::vector<uint16_t>& columns) {
    joins_ = many();
    const std::string same = equalities(columns);
    return cat(same, " AND NOT (", equalities(plan_.key), ")");
  }

  std::string assignments(const std::vector<uint16_t>& columns) {
    std::string out;
    for (const uint16_t o : columns) {
      out += cat(out.empty() ? "" : ", ", plan_.columns[o].quoted, " = ", value(o, false));
    }
    return out;
  }

  RowStatement finish(std::string sql) {
    out_.sql = std::move(sql);
    return std::move(out_);
  }

  [[nodiscard]] bool many() const { return rows_ == Rows::kMany; }

 private:
  // t.a = $1 AND t.b = $2, by the values after the change.
  std::string equalities(const std::vector<uint16_t>& columns) {
    std::string out;
    for (const uint16_t o : columns) {
      const PlannedColumn& c = plan_.columns[o];
      out += cat(out.empty() ? "" : " AND ", "t.", c.quoted, " ", c.equals, " ", value(o, false));
    }
    return out;
  }

  const TablePlan& plan_;
  Rows rows_;
  bool joins_ = false;  // rows of the table are looked up by key
  RowStatement out_;
};

std::string insert_sql(const TablePlan& plan, const std::vector<uint16_t>& columns, Builder& b) {
  std::string values;
  for (const uint16_t o : columns) values += cat(values.empty() ? "" : ", ", b.value(o, false));
  const std::string into = cat(
      "INSERT INTO ", plan.name, " (", b.names(columns), ")", plan.override_identity ? " OVERRIDING SYSTEM VALUE" : "");
  return b.many() ? cat(into, " SELECT ", values, " FROM ", b.rows()) : cat(into, " VALUES (", values, ")");
}

// `only_different`: rows whose bytes are the same already are not written. By records, for types without equality too.
std::string conflict_sql(const TablePlan& plan,
                         const std::vector<uint16_t>& columns,
                         bool only_different,
                         const Builder& b) {
  std::string set;
  std::string there;
  std::string wanted;
  for (const uint16_t o : columns) {
    if (std::find(plan.key.begin(), plan.key.end(), o) != plan.key.end()) continue;
    const std::string& name = plan.columns[o].quoted;
    const std::string_view comma = set.empty() ? "" : ", ";
    there += cat(comma, plan.name, ".", name);
    wanted += cat(comma, "EXCLUDED.", name);
    set += cat(comma, name, " = EXCLUDED.", name);
  }
  const std::string on = cat(" ON CONFLICT (", b.names(plan.key), ") DO ");
  if (set.empty()) return cat(on, "NOTHING");
  const std::string update = cat(on, "UPDATE SET ", set);
  if (!only_different) return update;
  const auto record = [](std::string_view columns_of) { return cat("ROW(", columns_of, ")::pg_catalog.record"); };
  return cat(update, " WHERE ", record(there), " OPERATOR(pg_catalog.*<>) ", record(wanted));
}

// One duplicate of a row, whichever partition holds it.
std::string one_duplicate(const TablePlan& plan, Builder& b) {
  return cat("(SELECT t.tableoid AS o, t.ctid AS c FROM ", plan.name, " AS t WHERE ", b.row_equals(), " LIMIT 1) AS d");
}

std::string update_sql(const TablePlan& plan, const std::vector<uint16_t>& columns, Builder& b) {
  const std::string update = cat("UPDATE ", plan.name, " AS t SET ");
  if (plan.keyless()) {
    const std::string from = one_duplicate(plan, b);
    return cat(update, b.assignments(columns), " FROM ", from, " WHERE t.ctid = d.c AND t.tableoid = d.o");
  }
  const std::string where = b.key_equals();
  const std::string set = b.assignments(columns);
  if (b.many()) return cat(update, set, " FROM ", b.rows(), " WHERE ", where);
  return cat(update, set, " WHERE ", where);
}

std::string delete_sql(const TablePlan& plan, Builder& b) {
  const std::string from = cat("DELETE FROM ", plan.name, " AS t");
  if (plan.keyless()) return cat(from, " USING ", one_duplicate(plan, b), " WHERE t.ctid = d.c AND t.tableoid = d.o");
  const std::string where = b.key_equals();
  if (!b.many()) return cat(from, " WHERE ", where);
  const PlannedColumn& first = plan.columns[plan.key[0]];
  if (plan.key.size() == 1 && !first.type.cast)
    return cat(from, " WHERE t.", first.quoted, " ", first.equals, " ANY ($1)");
  return cat(from, " USING ", b.rows(), " WHERE ", where);
}

std::string delete_rivals_sql(const TablePlan& plan, const std::vector<uint16_t>& columns, Builder& b) {
  const std::string where = b.rivals(columns);
  const std::string from = cat("DELETE FROM ", plan.name, " AS t");
  return b.many() ? cat(from, " USING ", b.rows(), " WHERE ", where) : cat(from, " WHERE ", where);
}

}  // namespace

RowStatement row_statement(const TablePlan& plan, BatchOp op, const std::vector<uint16_t>& columns, Rows rows) {
  Builder b(plan, rows);
  switch (op) {
    case BatchOp::kUpsert:
    case BatchOp::kMend: {
      const std::string insert = insert_sql(plan, columns, b);
      return b.finish(plan.keyless() ? insert : insert + conflict_sql(plan, columns, op == BatchOp::kMend, b));
    }
    case BatchOp::kUpdate:
      return b.finish(update_sql(plan, columns, b));
    case BatchOp::kDelete:
      return b.finish(delete_sql(plan, b));
    case BatchOp::kDeleteRivals:
      return b.finish(delete_rivals_sql(plan, columns, b));
    case BatchOp::kInsert:
    case BatchOp::kCopy:
    case BatchOp::kTruncate:
    case BatchOp::kKeyActions:
      break;
  }
  return b.finish(insert_sql(plan, columns, b));
}

std::string copy_statement(const TablePlan& plan, const std::vector<uint16_t>& columns) {
  std::string names;
  for (const uint16_t o : columns) names += cat(names.empty() ? "" : ", ", plan.columns[o].quoted);
  return cat("COPY ", plan.name, " (", names, ") FROM STDIN (FORMAT binary)");
}

std::string truncate_statement(const TablePlan& plan) {
  return cat(plan.truncate ? "TRUNCATE " : "DELETE FROM ", plan.name);
}

}  // namespace weft::postgres
