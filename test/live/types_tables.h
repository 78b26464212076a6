// SPDX-License-Identifier: Apache-2.0
// RandomTable: a table of random columns of every type that the server has, and random rows for it as SQL. What the
// server makes of a value (INSERT IGNORE) is the truth; only values that PostgreSQL cannot hold at all (zero dates, NUL
// in text) are never drawn.
//
//   RandomTable table("t1", engine, rng); session.exec(table.create_sql()); session.exec(table.insert_sql(1, rng));
//
// Rows are addressed by `rowno`, which no key needs to contain. Pure values; one owner.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "live/rig.h"

namespace weft::live {

struct RandomColumn {
  std::string name;
  std::string definition;                  // type and attributes, without NULL or NOT NULL
  std::function<std::string(Rng&)> value;  // an SQL expression, never NULL; empty for a generated column
  bool nullable = true;
  bool changes_in_place = false;  // a JSON column of MySQL
};

// Any type but those of keys.
[[nodiscard]] RandomColumn random_column(std::string name, Engine engine, Rng& rng);

class RandomTable {
 public:
  RandomTable(std::string name, Engine engine, Rng& rng);

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] bool keyless() const { return key_kind_ < 0; }

  // Columns that are compared.
  [[nodiscard]] size_t width() const { return columns_.size() + 1 + (keyless() ? 0 : 1); }

  [[nodiscard]] std::string create_sql() const;
  [[nodiscard]] std::string insert_sql(int rowno, Rng& rng) const;
  // One to three columns, perhaps the key, perhaps a JSON value in place.
  [[nodiscard]] std::string update_sql(int rowno, Rng& rng) const;
  [[nodiscard]] std::string delete_sql(int rowno) const;

 private:
  [[nodiscard]] std::string key_value(int number) const;

  std::string name_;
  int key_kind_;
  std::vector<RandomColumn> columns_;
};

}  // namespace weft::live
