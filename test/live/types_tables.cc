// SPDX-License-Identifier: Apache-2.0
#include "live/types_tables.h"

#include <array>

#include "base/text.h"

namespace weft::live {
namespace {

// Types of single-column keys; values are made from a number, so that they are unique.
constexpr std::array<const char*, 7> kKeyTypes = {"INT",
                                                  "BIGINT UNSIGNED",
                                                  "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                                                  "VARBINARY(30)",
                                                  "DATETIME(6)",
                                                  "DECIMAL(20,4)",
                                                  "CHAR(20) CHARACTER SET latin1"};

bool may_be_null_by_type(const std::string& definition) {
  return definition.starts_with("TIMESTAMP");
}

}  // namespace

RandomTable::RandomTable(std::string name, Engine engine, Rng& rng)
    : name_(std::move(name)), key_kind_(rng.chance(1, 8) ? -1 : static_cast<int>(rng.below(kKeyTypes.size()))) {
  const uint64_t width = 4 + rng.below(10);
  for (uint64_t i = 1; i <= width; ++i) columns_.push_back(random_column(cat("c", i), engine, rng));
  // A generated column that is stored, and one that is not.
  if (rng.chance(1, 4)) columns_.push_back({"g1", "BIGINT AS (rowno * 2) STORED", {}, true, false});
  if (rng.chance(1, 4)) columns_.push_back({"g2", "VARCHAR(30) AS (CONCAT('row ', rowno)) VIRTUAL", {}, true, false});
}

std::string RandomTable::create_sql() const {
  std::string sql = cat("CREATE TABLE `", name_, "` (rowno INT NOT NULL");
  if (!keyless()) sql += cat(", k ", kKeyTypes[static_cast<size_t>(key_kind_)], " NOT NULL");
  for (const RandomColumn& c : columns_) {
    sql += cat(", ",
               c.name,
               " ",
               c.definition,
               c.nullable || !c.value || may_be_null_by_type(c.definition) ? "" : " NOT NULL");
  }
  sql += ", KEY (rowno)";
  if (!keyless()) sql += ", PRIMARY KEY (k)";
  return sql + ")";
}

std::string RandomTable::key_value(int number) const {
  switch (key_kind_) {
    case 2:
      return cat("'", number % 2 == 0 ? "Ключ " : "key ", number, "'");
    case 3:
      return cat("UNHEX('00ff", number % 2 == 0 ? "20" : "", 100000 + number, "')");
    case 4:
      return cat("'2001-01-01' + INTERVAL ", number, " * 3607 MICROSECOND");
    case 5:
      return cat(number % 2 == 0 ? "-" : "", number, ".", number % 10000);
    case 6:
      return cat("'é", number, "'");
    default:
      return cat(number);
  }
}

std::string RandomTable::insert_sql(int rowno, Rng& rng) const {
  std::string names = "rowno";
  std::string values = cat(rowno);
  if (!keyless()) {
    names += ", k";
    values += ", " + key_value(rowno);
  }
  for (const RandomColumn& c : columns_) {
    if (!c.value) continue;
    if (c.nullable && rng.chance(1, 10)) continue;  // its default
    names += ", " + c.name;
    values += ", " + (c.nullable && rng.chance(1, 8) ? std::string("NULL") : c.value(rng));
  }
  return cat("INSERT IGNORE INTO `", name_, "` (", names, ") VALUES (", values, ")");
}

std::string RandomTable::update_sql(int rowno, Rng& rng) const {
  std::string sets;
  for (uint64_t left = 1 + rng.below(3); left > 0; --left) {
    const RandomColumn& c = columns_[rng.below(columns_.size())];
    if (!c.value) continue;
    std::string value = c.nullable && rng.chance(1, 6) ? std::string("NULL") : c.value(rng);
    if (c.changes_in_place && rng.chance(1, 2)) {
      value = cat("JSON_SET(COALESCE(", c.name, ", '{}'), '$.k1', ", rng.below(1000), ", '$.k2', 'x')");
    }
    sets += cat(sets.empty() ? "" : ", ", c.name, " = ", value);
  }
  constexpr int kFarAway = 1000000;
  if (!keyless() && rng.chance(1, 10)) sets += cat(sets.empty() ? "" : ", ", "k = ", key_value(rowno + kFarAway));
  if (sets.empty()) sets = "rowno = rowno";
  return cat("UPDATE IGNORE `", name_, "` SET ", sets, " WHERE rowno = ", rowno);
}

std::string RandomTable::delete_sql(int rowno) const {
  return cat("DELETE FROM `", name_, "` WHERE rowno = ", rowno);
}

}  // namespace weft::live
