// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/statements.h"

#include <algorithm>

#include "base/text.h"

namespace weft::mysql {
namespace {

class Builder {
 public:
  explicit Builder(const TablePlan& plan) : plan_(plan) {}

  std::string value(uint16_t ordinal, bool before) {
    out_.params.push_back({ordinal, before});
    return "?";
  }

  [[nodiscard]] std::string names(const std::vector<uint16_t>& columns) const {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : ", ", plan_.columns[o].quoted);
    return out;
  }

  // (?, ?), (?, ?)
  std::string rows(const std::vector<uint16_t>& columns, size_t count) {
    std::string row;
    for (const uint16_t o : columns) row += cat(row.empty() ? "(" : ", ", value(o, false));
    row += row.empty() ? "()" : ")";
    std::string out = row;
    for (size_t i = 1; i < count; ++i) out += cat(", ", row);
    return out;
  }

  // What an index finds, and where that may be another row, its bytes.
  std::string key_equals(bool before) {
    std::string out;
    for (const uint16_t o : plan_.key) {
      out += out.empty() ? "" : " AND ";
      out += cat(plan_.columns[o].quoted, " = ", value(o, before));
      if (!plan_.columns[o].exact) out += cat(" AND ", same_bytes(o, before));
    }
    return out;
  }

  std::string equalities(const std::vector<uint16_t>& columns) {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : " AND ", plan_.columns[o].quoted, " = ", value(o, false));
    return out;
  }

  // Equal, NULL to NULL, as the column keeps it.
  std::string same_value(uint16_t o, bool before) {
    return same_bytes(o, before);
  }

  std::string row_equals(const std::vector<uint16_t>& columns, bool before) {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : " AND ", same_value(o, before));
    return out;
  }

  [[nodiscard]] std::vector<uint16_t> written() const {
    std::vector<uint16_t> out;
    for (uint16_t o = 0; o < plan_.columns.size(); ++o) {
      if (plan_.columns[o].written) out.push_back(o);
    }
    return out;
  }

  RowStatement finish(std::string sql) {
    out_.sql = std::move(sql);
    return std::move(out_);
  }

 private:
  std::string same_bytes(uint16_t o, bool before) {
    const PlannedColumn& c = plan_.columns[o];
    const std::string ours = c.quoted;
    switch (c.storage.form) {
      case Form::kChar:
      case Form::kVarchar:
      case Form::kText:
      case Form::kEnum:
      case Form::kSet:
        return cat("CAST(CONVERT(", ours, " USING utf8mb4) AS BINARY) <=> CAST(", value(o, before), " AS BINARY)");
      case Form::kFloat:
      case Form::kDouble:
        // 0 and -0 are equal, but are printed differently.
        return cat("CONCAT(", ours, " * 1e0) <=> CONCAT(", value(o, before), " * 1e0)");
      case Form::kJson:
        return cat("CAST(CAST(", ours, " AS CHAR) AS BINARY) <=> CAST(CAST(CAST(", value(o, before),
                   " AS JSON) AS CHAR) AS BINARY)");
      case Form::kGeometry:
        return cat("CAST(", ours, " AS BINARY) <=> CAST(", value(o, before), " AS BINARY)");
      default:
        return cat(ours, " <=> ", value(o, before));
    }
  }

  const TablePlan& plan_;
  RowStatement out_;
};

// `c` = `c` for each column that would take the time of the change, although the source says what it is.
std::string kept_times(const TablePlan& plan, const std::vector<uint16_t>& columns) {
  std::string out;
  for (uint16_t o = 0; o < plan.columns.size(); ++o) {
    const PlannedColumn& c = plan.columns[o];
    if (!c.on_update || !c.written || std::find(columns.begin(), columns.end(), o) != columns.end()) continue;
    out += cat(", ", c.quoted, " = ", c.quoted);
  }
  return out;
}

std::string insert_sql(const TablePlan& plan, const std::vector<uint16_t>& columns, size_t rows, Builder& b) {
  return cat("INSERT INTO ", plan.name, " (", b.names(columns), ") VALUES ", b.rows(columns, rows));
}

// MySQL 8.0.20 has deprecated VALUES(), MariaDB knows nothing else.
std::string new_value(const TablePlan& plan, uint16_t o) {
  const std::string& name = plan.columns[o].quoted;
  return plan.mariadb ? cat("VALUES(", name, ")") : cat("weft_new.", name);
}

// A row that is met because of another unique index, or whose key has other bytes, is not the one that is meant: its key becomes
// NULL, which no key may be, and so nothing happens (hard case 9).
std::string guard_sql(const TablePlan& plan) {
  std::string same;
  for (const uint16_t o : plan.key) {
    const PlannedColumn& c = plan.columns[o];
    const bool text = is_text(c.storage.form) || c.storage.form == Form::kEnum || c.storage.form == Form::kSet;
    const auto bytes = [&](const std::string& of) { return text ? cat("CAST(", of, " AS BINARY)") : of; };
    same += cat(same.empty() ? "" : " AND ", bytes(cat(plan.name, ".", c.quoted)), " <=> ", bytes(new_value(plan, o)));
  }
  const std::string key = cat(plan.name, ".", plan.columns[plan.key[0]].quoted);
  return cat(key, " = IF(", same, ", ", key, ", NULL)");
}

std::string conflict_sql(const TablePlan& plan, const std::vector<uint16_t>& columns) {
  std::string set = plan.guarded ? guard_sql(plan) : std::string();
  for (const uint16_t o : columns) {
    if (std::find(plan.key.begin(), plan.key.end(), o) != plan.key.end()) continue;
    set += cat(set.empty() ? "" : ", ", plan.name, ".", plan.columns[o].quoted, " = ", new_value(plan, o));
  }
  if (set.empty()) {
    const std::string key = cat(plan.name, ".", plan.columns[plan.key[0]].quoted);
    set = cat(key, " = ", key);
  }
  return cat(plan.mariadb ? "" : " AS weft_new", " ON DUPLICATE KEY UPDATE ", set, kept_times(plan, columns));
}

std::string update_sql(const TablePlan& plan, const std::vector<uint16_t>& columns, Builder& b) {
  std::string set;
  for (const uint16_t o : columns) set += cat(set.empty() ? "" : ", ", plan.columns[o].quoted, " = ", b.value(o, false));
  set += kept_times(plan, columns);
  const std::string where = plan.keyless() ? b.row_equals(b.written(), true) : b.key_equals(true);
  return cat("UPDATE ", plan.name, " SET ", set, " WHERE ", where, plan.keyless() ? " LIMIT 1" : "");
}

std::string delete_sql(const TablePlan& plan, size_t rows, Builder& b) {
  const std::string from = cat("DELETE FROM ", plan.name, " WHERE ");
  if (plan.keyless()) return cat(from, b.row_equals(b.written(), true), " LIMIT 1");
  if (rows == 1) return from + b.key_equals(true);
  std::string list = b.value(plan.key[0], true);
  for (size_t i = 1; i < rows; ++i) list += ", ?";
  return cat(from, plan.columns[plan.key[0]].quoted, " IN (", list, ")");
}

}  // namespace

RowStatement row_statement(const TablePlan& plan, BatchOp op, const std::vector<uint16_t>& columns, size_t rows) {
  Builder b(plan);
  switch (op) {
    case BatchOp::kUpsert:
    case BatchOp::kMend: {
      const std::string insert = insert_sql(plan, columns, rows, b);
      return b.finish(plan.keyless() ? insert : insert + conflict_sql(plan, columns));
    }
    case BatchOp::kUpdate:
      return b.finish(update_sql(plan, columns, b));
    case BatchOp::kDelete:
      return b.finish(delete_sql(plan, rows, b));
    case BatchOp::kDeleteRivals: {
      const std::string rivals = b.equalities(columns);
      return b.finish(cat("DELETE FROM ", plan.name, " WHERE ", rivals, " AND NOT (", b.key_equals(false), ")"));
    }
    case BatchOp::kInsert:
    case BatchOp::kCopy:
    case BatchOp::kTruncate:
    case BatchOp::kKeyActions:
      break;
  }
  return b.finish(insert_sql(plan, columns, rows, b));
}

bool takes_rows(const TablePlan& plan, BatchOp op) {
  if (op == BatchOp::kDelete) return plan.key.size() == 1 && plan.columns[plan.key[0]].exact;
  return op == BatchOp::kInsert || op == BatchOp::kCopy || op == BatchOp::kUpsert || op == BatchOp::kMend;
}

std::string truncate_statement(const TablePlan& plan) {
  return cat("DELETE FROM ", plan.name);
}

RowStatement same_row_statement(const TablePlan& plan, const std::vector<uint16_t>& columns) {
  Builder b(plan);
  const std::string key = b.key_equals(false);
  return b.finish(cat("SELECT COUNT(*) FROM ", plan.name, " WHERE ", key, " AND ", b.row_equals(columns, false), " FOR UPDATE"));
}

RowStatement holder_statement(const TablePlan& plan, const std::vector<uint16_t>& unique_key) {
  Builder b(plan);
  const std::string names = b.names(plan.key);
  return b.finish(cat("SELECT ", names, " FROM ", plan.name, " WHERE ", b.equalities(unique_key), " LIMIT 1"));
}

}  // namespace weft::mysql
