// SPDX-License-Identifier: Apache-2.0
// Claim: whatever an application does to its tables, the changes that the source delivers, carried out on a copy one by one,
// make the copy equal to the database, value by value and class by class; and each change finds the row that it speaks of.
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/rng.h"
#include "base/text.h"
#include "support/sqlite_source_fixture.h"

namespace weft::sqlite {
namespace {

constexpr const char* kTables = R"(
  PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;
  CREATE TABLE plain(id INTEGER PRIMARY KEY, a UNIQUE, b TEXT COLLATE NOCASE, c, UNIQUE(b, c));
  CREATE TABLE wide(x TEXT COLLATE NOCASE, y INT CHECK(typeof(y)='integer'), z UNIQUE, w, PRIMARY KEY(y, x)) WITHOUT ROWID;
  CREATE TABLE bag(a, b NUMERIC);
  CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES plain(id) ON DELETE CASCADE ON UPDATE CASCADE, u UNIQUE,
                     g TEXT GENERATED ALWAYS AS (u || '!') STORED UNIQUE);
  CREATE TABLE tree(id INTEGER PRIMARY KEY, up INT UNIQUE REFERENCES tree(id) ON DELETE SET NULL, u UNIQUE);
  CREATE TABLE part(id TEXT NOT NULL PRIMARY KEY, a, b);
  CREATE UNIQUE INDEX part_a ON part(a) WHERE b > 1;
  CREATE UNIQUE INDEX part_b ON part(b COLLATE NOCASE);
  CREATE TABLE strict_one(k INTEGER PRIMARY KEY, r REAL, t TEXT UNIQUE, v ANY UNIQUE) STRICT;
  CREATE TABLE noisy(id INTEGER PRIMARY KEY, u UNIQUE, n);
  CREATE TRIGGER noisy_after AFTER INSERT ON noisy BEGIN UPDATE noisy SET n = ifnull(n, 0) || '+' WHERE id = NEW.id; END;
  CREATE TRIGGER noisy_before BEFORE INSERT ON noisy WHEN NEW.n = 3 BEGIN DELETE FROM noisy WHERE u = NEW.u; END;
  CREATE TRIGGER noisy_gone AFTER DELETE ON noisy BEGIN INSERT INTO bag VALUES(OLD.u, 'gone'); END;
)";

struct Shape {
  const char* name;
  std::vector<const char*> columns;
  std::vector<const char*> targets;  // of ON CONFLICT
};

const std::vector<Shape> kShapes = {{"plain", {"id", "a", "b", "c"}, {"id", "a", "b, c"}},
                                    {"wide", {"x", "y", "z", "w"}, {"y, x", "z"}},
                                    {"bag", {"rowid", "a", "b"}, {}},
                                    {"child", {"id", "parent", "u"}, {"id", "u", "g"}},
                                    {"tree", {"id", "up", "u"}, {"id", "up", "u"}},
                                    {"part", {"id", "a", "b"}, {"id"}},
                                    {"strict_one", {"k", "r", "t", "v"}, {"k", "t", "v"}},
                                    {"noisy", {"id", "u", "n"}, {"id", "u"}}};

class Application {
 public:
  explicit Application(uint64_t seed) : rng_(seed) {}

  std::string statement() {
    const Shape& shape = kShapes[rng_.below(kShapes.size())];
    switch (rng_.below(20)) {
      case 0:
        return cat("DELETE FROM ", shape.name);
      case 1:
      case 2:
      case 3:
        return cat("DELETE FROM ", shape.name, condition(shape));
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
        return update(shape);
      default:
        return insert(shape);
    }
  }

  Rng& rng() { return rng_; }

 private:
  std::string value() {
    static constexpr const char* kValues[] = {"NULL",
                                              "0",
                                              "1",
                                              "2",
                                              "3",
                                              "4",
                                              "5",
                                              "'a'",
                                              "'A'",
                                              "'b'",
                                              "'3'",
                                              "1.5",
                                              "2.0",
                                              "x'61'",
                                              "''",
                                              "9223372036854775807",
                                              "1e300",
                                              "'äß'"};
    return kValues[rng_.below(rng_.chance(2, 3) ? 7 : std::size(kValues))];
  }

  std::string policy() {
    static constexpr const char* kPolicies[] = {
        "", " OR REPLACE", " OR REPLACE", " OR IGNORE", " OR FAIL", " OR ABORT"};
    return kPolicies[rng_.below(std::size(kPolicies))];
  }

  std::string condition(const Shape& shape) {
    return cat(" WHERE ", shape.columns[rng_.below(shape.columns.size())], rng_.chance(1, 3) ? " >= " : " = ", value());
  }

  std::string sets(const Shape& shape) {
    std::string out;
    for (const char* column : shape.columns) {
      if (!rng_.chance(1, 2)) continue;
      out += cat(out.empty() ? "" : ", ", column, " = ", rng_.chance(1, 4) ? cat(column, " + 1") : value());
    }
    return out.empty() ? cat(shape.columns.back(), " = ", value()) : out;
  }

  std::string update(const Shape& shape) {
    return cat("UPDATE",
               policy(),
               " ",
               shape.name,
               " SET ",
               sets(shape),
               rng_.chance(1, 5) ? std::string() : condition(shape));
  }

  std::string insert(const Shape& shape) {
    const bool upsert = !shape.targets.empty() && rng_.chance(1, 4);
    std::string sql = cat("INSERT", upsert ? "" : policy(), " INTO ", shape.name, "(");
    for (size_t i = 0; i < shape.columns.size(); ++i) sql += cat(i == 0 ? "" : ", ", shape.columns[i]);
    sql += ") VALUES ";
    const size_t rows = 1 + rng_.below(4);
    for (size_t r = 0; r < rows; ++r) {
      sql += r == 0 ? "(" : ", (";
      for (size_t i = 0; i < shape.columns.size(); ++i) sql += cat(i == 0 ? "" : ", ", value());
      sql += ")";
    }
    if (!upsert) return sql;
    sql += cat(" ON CONFLICT(", shape.targets[rng_.below(shape.targets.size())], ") DO ");
    return sql + (rng_.chance(1, 2) ? std::string("NOTHING") : cat("UPDATE SET ", sets(shape)));
  }

  Rng rng_;
};

class CaptureRandom : public SourceFixture, public ::testing::WithParamInterface<uint64_t> {
 protected:
  // Rows as text, all of a table.
  std::multiset<std::string> rows_there(const TableSchema& schema) {
    std::string columns;
    for (const Column& c : schema.columns) columns += cat(columns.empty() ? "" : ",", c.name);
    std::multiset<std::string> rows;
    for (const std::string& row : rows_of(cat("SELECT ", columns, " FROM ", schema.name.table))) rows.insert(row);
    return rows;
  }

  // By its key, as a target finds it: what REPLACE removes may have changed the rest of the row in the same statement. Without a
  // key by the whole of it.
  void take_out(const RowChange& change, std::multiset<std::string>& table) {
    std::string row = encode_key(change.before);
    if (!change.schema->keyless()) {
      const auto by_key = keys_.find(key_text(change, change.before));
      ASSERT_NE(by_key, keys_.end()) << "no row with the key: " << shown(change);
      row = by_key->second;
      keys_.erase(by_key);
    }
    const auto at = table.find(row);
    ASSERT_NE(at, table.end()) << "no such row: " << shown(change);
    table.erase(at);
  }

  void put_in(const RowChange& change, std::multiset<std::string>& table) {
    const std::string row = encode_key(change.after);
    table.insert(row);
    if (change.schema->keyless()) return;
    const bool free = keys_.emplace(key_text(change, change.after), row).second;
    ASSERT_TRUE(free) << "the key is there: " << shown(change);
  }

  static std::string shown(const RowChange& change) {
    return cat(to_string(change.op),
               " ",
               change.schema->name.table,
               " ",
               describe(change.before),
               " ",
               describe(change.after));
  }

  void carry_out(const Batch& batch) {
    for (const Transaction& tx : batch.transactions()) {
      for (const Change& change : tx.changes) {
        const auto* row = std::get_if<RowChange>(&change);
        ASSERT_NE(row, nullptr) << "a change of a shape, where nothing has changed it";
        std::multiset<std::string>& table = copy_[row->schema->name.table];
        told_ += shown(*row) + "\n";
        if (row->op != Op::kInsert) take_out(*row, table);
        if (row->op != Op::kDelete) put_in(*row, table);
        if (HasFatalFailure()) return;
      }
    }
  }

  void carry_out_all() {
    while (true) {
      auto batch = source_->next(Duration(0), {});
      ASSERT_TRUE(batch) << batch.error().message();
      if (!batch->has_value()) return;
      carry_out(**batch);
      if (HasFatalFailure()) return;
    }
  }

  void compare() {
    for (const SchemaRef& schema : schemas_) {
      ASSERT_EQ(copy_[schema->name.table], rows_there(*schema)) << "table " << schema->name.table;
    }
  }

  static std::string key_text(const RowChange& change, Row row) {
    return cat(change.schema->name.table, " ", encode_key(key_of(*change.schema, row).row()));
  }

  std::map<std::string, std::multiset<std::string>> copy_;
  std::map<std::string, std::string> keys_;  // the rows of those that have keys
  std::string told_;
};

TEST_P(CaptureRandom, HardCase15TheCopyEqualsTheDatabaseAfterAnyStatements) {
  run(kTables);
  open_source();
  Application application(GetParam());
  std::string history;
  for (int step = 0; step < 400; ++step) {
    Rng& rng = application.rng();
    if (rng.chance(1, 40)) run(rng.chance(1, 3) ? "PRAGMA recursive_triggers=ON" : "PRAGMA recursive_triggers=OFF");
    const bool transaction = rng.chance(1, 3);
    if (transaction) history += "BEGIN; ", run("BEGIN");
    for (size_t i = transaction ? 1 + rng.below(8) : 1; i > 0; --i) {
      const bool savepoint = transaction && rng.chance(1, 5);
      if (savepoint) history += "SAVEPOINT s; ", run("SAVEPOINT s");
      const std::string sql = application.statement();
      const bool done = db_->execute(sql).has_value();
      history += cat(sql, done ? "; " : " (refused); ");
      if (savepoint && rng.chance(1, 2)) history += "ROLLBACK TO s; ", run("ROLLBACK TO s");
      if (savepoint) history += "RELEASE s; ", run("RELEASE s");
    }
    if (transaction && db_->in_transaction()) {
      const char* end = rng.chance(1, 5) ? "ROLLBACK" : "COMMIT";
      history += cat(end, "; ");
      run(end);
    }
    history += "\n";
    if (!rng.chance(1, 2)) continue;
    carry_out_all();
    if (!HasFatalFailure()) compare();
    ASSERT_FALSE(HasFatalFailure()) << history << "delivered as\n" << told_;
    history.clear();
    told_.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CaptureRandom, ::testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace weft::sqlite
