// SPDX-License-Identifier: Apache-2.0
#include "live/compare.h"

#include <algorithm>

#include "base/text.h"

namespace weft::live {
namespace {

using support::Row;
using support::Rows;

constexpr size_t kShownDifferences = 12;
constexpr size_t kShownBytes = 120;

std::string shown(const std::optional<std::string>& cell) {
  if (!cell) return "NULL";
  if (cell->size() <= kShownBytes) return "'" + *cell + "'";
  return cat("'", cell->substr(0, kShownBytes), "...' (", cell->size(), " bytes)");
}

std::vector<std::string> key_of(support::MysqlConnection& source,
                                const std::string& database,
                                const std::string& table) {
  std::vector<std::string> names;
  for (const Row& row : source.query(cat("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '",
                                         database,
                                         "' AND TABLE_NAME = '",
                                         table,
                                         "' AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"))) {
    names.push_back(*row[0]);
  }
  return names;
}

// One table of both sides, keys first.
class TableComparison {
 public:
  TableComparison(support::MysqlConnection& source,
                  support::PostgresConnection& target,
                  const std::string& database,
                  const std::string& table,
                  Comparison& out)
      : source_(source), target_(target), database_(database), table_(table), out_(out) {
    columns_ = columns_of(source, database, table);
    const auto key = key_of(source, database, table);
    keys_ = key.size();
    for (size_t k = 0; k < keys_; ++k) {
      const auto at = std::find_if(columns_.begin(), columns_.end(), [&](const auto& c) { return c.name == key[k]; });
      std::rotate(columns_.begin() + static_cast<long>(k), at, at + 1);
    }
    if (keys_ == 0) keys_ = columns_.size();  // then a row is its own key
  }

  void run() {
    std::string from_source;
    std::string from_target;
    for (const CanonicalColumn& c : columns_) {
      from_source += cat(from_source.empty() ? "" : ", ", c.source_sql);
      from_target += cat(from_target.empty() ? "" : ", ", c.target_sql);
    }
    Rows ours = source_.query(cat("SELECT ", from_source, " FROM `", database_, "`.`", table_, "`"));
    Rows theirs = target_.query(cat("SELECT ", from_target, " FROM \"", table_, "\""));
    canonicalise(ours, canonical_source);
    canonicalise(theirs, canonical_target);
    out_.rows += ours.size();
    out_.cells += ours.size() * columns_.size();
    merge(ours, theirs);
  }

 private:
  void canonicalise(Rows& rows, std::string (*canonical)(Spelling, const std::string&)) const {
    for (Row& row : rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        if (row[i] && columns_[i].spelling != Spelling::kText) row[i] = canonical(columns_[i].spelling, *row[i]);
      }
    }
    std::sort(rows.begin(), rows.end(), [this](const Row& a, const Row& b) { return key_order(a, b) < 0; });
  }

  int key_order(const Row& a, const Row& b) const {
    for (size_t k = 0; k < keys_; ++k) {
      if (a[k] < b[k]) return -1;
      if (b[k] < a[k]) return 1;
    }
    return 0;
  }

  void merge(const Rows& ours, const Rows& theirs) {
    size_t i = 0;
    size_t j = 0;
    while (i < ours.size() || j < theirs.size()) {
      const int order = i == ours.size() ? 1 : j == theirs.size() ? -1 : key_order(ours[i], theirs[j]);
      if (order < 0) {
        lacks("target", ours[i++]);
      } else if (order > 0) {
        lacks("source", theirs[j++]);
      } else {
        compare_cells(ours[i++], theirs[j++]);
      }
    }
  }

  std::string key_text(const Row& row) const {
    std::string out;
    for (size_t k = 0; k < keys_; ++k) out += cat(k == 0 ? "" : ", ", columns_[k].name, "=", shown(row[k]));
    return out;
  }

  void lacks(const std::string& side, const Row& row) {
    std::string values;
    for (size_t i = keys_; i < row.size(); ++i) values += cat(" ", columns_[i].name, "=", shown(row[i]));
    differ(cat("the ", side, " lacks (", key_text(row), ")", values));
  }

  void compare_cells(const Row& ours, const Row& theirs) {
    for (size_t i = keys_; i < ours.size(); ++i) {
      if (ours[i] == theirs[i] || equal_at_target(columns_[i].spelling, ours[i], theirs[i])) continue;
      differ(cat("(",
                 key_text(ours),
                 ") column ",
                 columns_[i].name,
                 " ",
                 columns_[i].source_type,
                 ": source ",
                 shown(ours[i]),
                 ", target ",
                 shown(theirs[i])));
    }
  }

  bool equal_at_target(Spelling spelling, const std::optional<std::string>& a, const std::optional<std::string>& b) {
    if (!a || !b || (spelling != Spelling::kJson && spelling != Spelling::kInet)) return false;
    const std::string type = spelling == Spelling::kJson ? "::jsonb::text" : "::inet::text";
    const auto quoted = [](const std::string& text) {
      std::string out = "'";
      for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
      return out + "'";
    };
    return target_.query(cat("SELECT ", quoted(*a), type, " = ", quoted(*b), type))[0][0] == "t";
  }

  void differ(const std::string& words) {
    ++out_.differences;
    if (out_.first.size() < kShownDifferences) out_.first.push_back(cat("table ", table_, ": ", words));
  }

  support::MysqlConnection& source_;
  support::PostgresConnection& target_;
  std::string database_;
  std::string table_;
  Comparison& out_;
  std::vector<CanonicalColumn> columns_;
  size_t keys_ = 0;
};

}  // namespace

std::string Comparison::text() const {
  std::string out = cat(differences, " differences in ", rows, " rows, ", cells, " cells");
  for (const std::string& line : first) out += "\n  " + line;
  return out;
}

std::vector<CanonicalColumn> columns_of(support::MysqlConnection& source,
                                        const std::string& database,
                                        const std::string& table) {
  std::vector<CanonicalColumn> columns;
  for (const Row& row : source.query(cat("SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE FROM information_schema.COLUMNS "
                                         "WHERE TABLE_SCHEMA = '",
                                         database,
                                         "' AND TABLE_NAME = '",
                                         table,
                                         "' ORDER BY ORDINAL_POSITION"))) {
    columns.push_back(canonical_column(*row[0], *row[1], *row[2]));
  }
  return columns;
}

Comparison compare_tables(support::MysqlConnection& source,
                          support::PostgresConnection& target,
                          const std::string& database,
                          const std::vector<std::string>& tables) {
  source.exec("SET SESSION time_zone = '+00:00'");
  target.exec("SET timezone = 'UTC'; SET extra_float_digits = 1");
  Comparison out;
  for (const std::string& table : tables) TableComparison(source, target, database, table, out).run();
  return out;
}

}  // namespace weft::live
