// SPDX-License-Identifier: Apache-2.0
// TableFilter: which tables --table and --exclude mean. A pattern without a dot is held against the table's name, one with a
// dot against database and table; '*' stands for any characters, '?' for one.
//
//   TableFilter filter({"orders", "app.line_*"}, {"*_old"});
//   filter.matches("app", "line_7")
//
// Tables of weft's own (_weft_...) and of the server's own databases never match. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft {

class TableFilter {
 public:
  TableFilter() = default;

  TableFilter(std::vector<std::string> tables, std::vector<std::string> exclude)
      : tables_(std::move(tables)), exclude_(std::move(exclude)) {}

  // Only this database's tables match; empty: any database's.
  void limit_to(std::string database) { database_ = std::move(database); }

  [[nodiscard]] const std::string& database() const { return database_; }

  // Every schema is a user's: those that are the server's own have been left out already (PostgreSQL).
  void take_any_schema() { any_schema_ = true; }

  // Names differ by more than their case (lower_case_table_names = 0), or not.
  void ignore_case(bool ignore) { ignore_case_ = ignore; }

  [[nodiscard]] bool matches(std::string_view database, std::string_view table) const;
  // Whether some table of the database might match.
  [[nodiscard]] bool matches_database(std::string_view database) const;

  // Patterns of --table that none of these names matches, for a message.
  [[nodiscard]] const std::vector<std::string>& tables() const { return tables_; }

  [[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view database, std::string_view table) const;

 private:
  std::vector<std::string> tables_;
  std::vector<std::string> exclude_;
  std::string database_;
  bool ignore_case_ = false;
  bool any_schema_ = false;
};

// Whether `text` is what `pattern` with '*' and '?' describes.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case);
// mysql, information_schema, performance_schema, sys.
[[nodiscard]] bool system_database(std::string_view name);

}  // namespace weft
