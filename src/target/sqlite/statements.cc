// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/statements.h"

#include <algorithm>

#include "base/text.h"

namespace weft::sqlite {
namespace {

// Puts statements together for one plan; parameters are taken in the order in which they are written.
class Builder {
 public:
  explicit Builder(const TablePlan& plan) : plan_(plan) {}

  // "a" IS ? AND "b" IS ?
  std::string list(const std::vector<uint16_t>& columns, std::string_view between, std::string_view test, bool before) {
    std::string out;
    for (const uint16_t o : columns) {
      out += cat(out.empty() ? "" : between, plan_.columns[o].quoted, test);
      out_.params.push_back({o, before});
    }
    return out;
  }

  // Found by an index, whatever its collation, and then by bytes: a key that only differs in case is another row's.
  std::string key(bool before) {
    std::string out;
    for (const uint16_t o : plan_.key) {
      const PlannedColumn& c = plan_.columns[o];
      out += cat(out.empty() ? "" : " AND ", c.quoted, " IS ?");
      out_.params.push_back({o, before});
      if (!c.folds) continue;
      out += cat(" AND ", c.quoted, " COLLATE BINARY IS ?");
      out_.params.push_back({o, before});
    }
    return out;
  }

  std::string names(const std::vector<uint16_t>& columns) const {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : ", ", plan_.columns[o].quoted);
    return out;
  }

  // The row before; one of several that are alike.
  std::string found() {
    if (!plan_.keyless()) return key(true);
    std::vector<uint16_t> all;
    for (uint16_t o = 0; o < plan_.columns.size(); ++o) {
      if (plan_.columns[o].written) all.push_back(o);
    }
    return cat("rowid = (SELECT rowid FROM ", plan_.name, " WHERE ", list(all, " AND ", " IS ?", true), " LIMIT 1)");
  }

  RowStatement finish(std::string sql) {
    out_.sql = std::move(sql);
    return std::move(out_);
  }

  std::string insert(const std::vector<uint16_t>& columns) {
    std::string marks;
    for (const uint16_t o : columns) {
      if (!marks.empty()) marks.append(", ");
      marks.push_back('?');
      out_.params.push_back({o, false});
    }
    return cat("INSERT INTO ", plan_.name, " (", names(columns), ") VALUES (", marks, ")");
  }

  // `only_different`: rows that hold the same in the same storage class are not written.
  std::string conflict(const std::vector<uint16_t>& columns, bool only_different) const {
    std::string set;
    std::string differs;
    std::string same;
    for (const uint16_t o : columns) {
      const std::string& name = plan_.columns[o].quoted;
      const std::string there = cat(plan_.name, ".", name);
      if (std::ranges::find(plan_.key, o) != plan_.key.end()) {
        same += cat(same.empty() ? "" : " AND ", there, " COLLATE BINARY IS excluded.", name);
        continue;
      }
      set += cat(set.empty() ? "" : ", ", name, " = excluded.", name);
      differs += cat(differs.empty() ? "" : " OR ",
                     there,
                     " COLLATE BINARY IS NOT excluded.",
                     name,
                     " OR typeof(",
                     there,
                     ") <> typeof(excluded.",
                     name,
                     ")");
    }
    if (set.empty()) {
      const std::string& first = plan_.columns[plan_.key[0]].quoted;
      set = cat(first, " = excluded.", first);
      differs.assign(1, '0');
    }
    const std::string on = cat(" ON CONFLICT (", names(plan_.key), ") DO UPDATE SET ", set, " WHERE ", same);
    return only_different ? cat(on, " AND (", differs, ")") : on;
  }

 private:
  const TablePlan& plan_;
  RowStatement out_;
};

}  // namespace

RowStatement row_statement(const TablePlan& plan, BatchOp op, const std::vector<uint16_t>& columns) {
  std::vector<uint16_t> written;
  for (const uint16_t o : columns) {
    if (plan.columns[o].written) written.push_back(o);
  }
  Builder b(plan);
  switch (op) {
    case BatchOp::kUpdate: {
      const std::string set = b.list(written, ", ", " = ?", false);
      return b.finish(cat("UPDATE ", plan.name, " SET ", set, " WHERE ", b.found()));
    }
    case BatchOp::kDelete:
      return b.finish(cat("DELETE FROM ", plan.name, " WHERE ", b.found()));
    case BatchOp::kDeleteRivals: {
      const std::string rivals = b.list(columns, " AND ", " = ?", false);
      return b.finish(cat("DELETE FROM ", plan.name, " WHERE ", rivals, " AND NOT (", b.key(false), ")"));
    }
    default:
      break;
  }
  std::string sql = b.insert(written);
  const bool over = op == BatchOp::kUpsert || op == BatchOp::kMend;
  if (over && !plan.keyless()) sql += b.conflict(written, op == BatchOp::kMend);
  return b.finish(std::move(sql));
}

}  // namespace weft::sqlite
