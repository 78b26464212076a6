// SPDX-License-Identifier: Apache-2.0
// Walk: one table's names on their way through the steps: what it and its columns are called after each of them, and which
// columns are left. Names only: no types, no rows. One thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema.h"
#include "transform/steps.h"

namespace weft::transform {

class Walk {
 public:
  struct Column {
    std::string name;      // as of now
    uint16_t ordinal = 0;  // at the source
    bool key = false;
  };

  // A condition, and what the columns were called where it stands.
  struct Condition {
    const Expression* expression = nullptr;
    std::vector<Column> columns;
  };

  // `complete`: these are all columns of the table, so that one which a step names and is not among them is a problem.
  Walk(TableName table, std::vector<Column> columns, bool complete, const std::set<TableName>& tables);

  // Through one step. Appends to `about` the numbers of its entries that are about this table. All entries of a step mean the
  // names that were there before it.
  void take(const Renames& entries, std::vector<size_t>& about);
  void take(const ColumnChoices& entries, std::vector<size_t>& about);
  void take(const Filters& entries, std::vector<size_t>& about);

  // Whether a reference of the steps means this table.
  [[nodiscard]] bool is(std::string_view reference) const;
  [[nodiscard]] const Column* find(std::string_view column) const;
  // "column x is not in shop.orders, nearest known word 'y'"
  void miss(std::string_view step, std::string_view column);

  void problem(std::string text) { problems_.push_back(std::move(text)); }

  void did(std::string text);

  [[nodiscard]] const TableName& name() const { return name_; }

  [[nodiscard]] bool names_schema() const { return names_schema_; }

  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }

  [[nodiscard]] const std::vector<Condition>& conditions() const { return conditions_; }

  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  // What the entries taken do to this table.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] std::string_view column_of(std::string_view reference) const;
  void rename_table(const std::string& to);
  void choose(const ColumnChoice& entry);

  TableName source_;
  TableName name_;
  bool names_schema_ = false;
  bool complete_;
  std::vector<Column> columns_;
  const std::set<TableName>& tables_;
  std::vector<Condition> conditions_;
  std::vector<std::string> problems_;
  std::string text_;
};

// A name as the text of the steps has it: in double quotes, those inside of it doubled.
[[nodiscard]] std::string quoted(std::string_view name);

}  // namespace weft::transform
