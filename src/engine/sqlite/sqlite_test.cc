// SPDX-License-Identifier: Apache-2.0
// Claims about connections, statements and the catalogue, on real database files.
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/sqlite/catalogue.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/quote.h"
#include "engine/sqlite/url.h"

namespace weft::sqlite {
namespace {

class SqliteTest : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> open(Mode mode = Mode::kCreate, Duration busy_wait = std::chrono::seconds(10)) {
    auto db = Connection::open({.path = path_, .mode = mode, .busy_wait = busy_wait});
    EXPECT_TRUE(db) << (db ? "" : db.error().message());
    return db ? std::move(db).value() : nullptr;
  }

  SqliteTest() {
    EXPECT_NE(mkdtemp(dir_.data()), nullptr);
    path_ = dir_ + "/a b.db";
  }

  ~SqliteTest() override { std::filesystem::remove_all(dir_); }

  std::string dir_ = (std::filesystem::temp_directory_path() / "weft-sqlite-XXXXXX").string();
  std::string path_;
};

TEST(SqliteUrl, BothFormsGiveThePathAndAnythingElseSaysWhatIsExpected) {
  EXPECT_EQ(*path_of_url("sqlite:///var/a%20b.db"), "/var/a b.db");
  EXPECT_EQ(*path_of_url("sqlite:rel/path.db"), "rel/path.db");
  for (const char* wrong : {"sqlite:",
                            "sqlite://host/path.db",
                            "sqlite:///",
                            "sqlite:a%2",
                            "sqlite:a%00b",
                            "sqlite:a.db?mode=ro",
                            "sqlite::memory:",
                            "mysql://h/d"}) {
    const auto path = path_of_url(wrong);
    ASSERT_FALSE(path) << wrong;
    EXPECT_EQ(path.error().blame(), Blame::kConfig);
    EXPECT_NE(path.error().message().find("sqlite:///absolute/path.db"), std::string::npos) << wrong;
  }
}

TEST_F(SqliteTest, AMissingFileIsMadeForItsOwnerAloneAndOnlyWhenAsked) {
  const auto missing = Connection::open({.path = path_, .mode = Mode::kReadWrite});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().blame(), Blame::kConfig);
  EXPECT_NE(missing.error().message().find("there is no database"), std::string::npos);
  ASSERT_TRUE(open());

  struct stat info {};

  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SqliteTest, ValuesComeBackWithTheirStorageClass) {
  const auto db = open();
  ASSERT_TRUE(db->execute("CREATE TABLE t (a, b, c, d, e)"));
  const std::string bytes("\0\xff", 2);
  auto insert = db->statement("INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  ASSERT_TRUE(insert);
  (*insert)->bind(1, INT64_MIN);
  (*insert)->bind(2, 0.1);
  (*insert)->bind_text(3, std::string_view("a\0b", 3));
  (*insert)->bind_blob(4, bytes);
  (*insert)->bind_null(5);
  ASSERT_TRUE((*insert)->run());
  EXPECT_EQ(db->changes(), 1);
  auto select = db->prepare("SELECT * FROM t");
  ASSERT_TRUE(select && *(*select)->step());
  EXPECT_EQ((*select)->integer(0), INT64_MIN);
  EXPECT_EQ((*select)->real(1), 0.1);
  EXPECT_EQ((*select)->bytes(2), std::string_view("a\0b", 3));
  EXPECT_EQ((*select)->storage(3), Storage::kBlob);
  EXPECT_EQ((*select)->bytes(3), bytes);
  EXPECT_TRUE((*select)->is_null(4));
  EXPECT_FALSE(*(*select)->step());
}

TEST_F(SqliteTest, ALockOfAnotherConnectionIsWaitedForAndThenNamed) {
  const auto holder = open();
  ASSERT_TRUE(holder->execute("CREATE TABLE t (a); BEGIN IMMEDIATE"));
  const auto db = open(Mode::kReadWrite, std::chrono::milliseconds(1));
  const Status begun = db->execute("BEGIN IMMEDIATE");
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), kBusy);
  EXPECT_EQ(begun.error().blame(), Blame::kTransient);
  ASSERT_TRUE(holder->execute("COMMIT"));
  EXPECT_TRUE(db->execute("BEGIN IMMEDIATE"));
}

TEST_F(SqliteTest, ABrokenConstraintIsAboutData) {
  const auto db = open();
  ASSERT_TRUE(db->execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE); INSERT INTO t VALUES (1, 1)"));
  const Status twice = db->execute("INSERT INTO t VALUES (2, 1)");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().blame(), Blame::kData);
  EXPECT_EQ(twice.error().code(), "SQLITE_CONSTRAINT_UNIQUE");
  EXPECT_NE(twice.error().message().find("t.b"), std::string::npos);
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsSaid) {
  FILE* file = std::fopen(path_.c_str(), "w");
  for (int i = 0; i < 100; ++i) std::fputs("not a database at all, but long enough\n", file);
  std::fclose(file);
  const auto db = Connection::open({.path = path_});
  ASSERT_FALSE(db);
  EXPECT_EQ(db.error().blame(), Blame::kConfig);
  EXPECT_EQ(db.error().code(), "SQLITE_NOTADB");
}

TEST_F(SqliteTest, TheCatalogueTellsKeysTypesAndReferences) {
  const auto db = open();
  ASSERT_TRUE(db->execute(
      "CREATE TABLE parents (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE UNIQUE);"
      "CREATE TABLE \"Odd Name\" (b VARCHAR(10) NOT NULL DEFAULT 'x', a DECIMAL(10,2), \"c\"\"d\" BLOB, p INT "
      "REFERENCES "
      "parents ON DELETE CASCADE ON UPDATE SET NULL, g AS (a + 1) STORED, PRIMARY KEY (a, b)) WITHOUT ROWID;"
      "CREATE TABLE strict (n ANY, r REAL) STRICT; CREATE TABLE desc_key (id INTEGER PRIMARY KEY DESC, x);"
      "CREATE UNIQUE INDEX part ON strict (n) WHERE r > 0; CREATE UNIQUE INDEX expr ON strict (r + 1);"
      "CREATE TRIGGER tr AFTER INSERT ON strict BEGIN SELECT 1; END; CREATE VIEW v AS SELECT 1;"
      "CREATE TABLE _weft_progress (a)"));
  EXPECT_EQ(*table_names(*db), (std::vector<std::string>{"Odd Name", "desc_key", "parents", "strict"}));
  const auto parents = read_table(*db, "PARENTS");
  ASSERT_TRUE(parents && *parents);
  EXPECT_EQ((*parents)->rowid_column, 0);
  EXPECT_TRUE((*parents)->autoincrement);
  ASSERT_EQ((*parents)->unique_indexes.size(), 1u);
  EXPECT_EQ((*parents)->unique_indexes[0].collations[0], "NOCASE");
  const auto odd = read_table(*db, "Odd Name");
  ASSERT_TRUE(odd && *odd);
  EXPECT_TRUE((*odd)->without_rowid);
  EXPECT_EQ((*odd)->primary_key(), (std::vector<int>{1, 0}));
  EXPECT_EQ((*odd)->rowid_column, -1);
  EXPECT_EQ((*odd)->columns[0].default_value, "'x'");
  EXPECT_EQ((*odd)->columns[1].affinity, Affinity::kNumeric);
  EXPECT_EQ((*odd)->columns[2].name, "c\"d");
  EXPECT_TRUE((*odd)->columns[4].generated);
  ASSERT_EQ((*odd)->foreign_keys.size(), 1u);
  EXPECT_EQ((*odd)->foreign_keys[0].on_delete, KeyAction::kCascade);
  EXPECT_EQ((*odd)->foreign_keys[0].on_update, KeyAction::kSetNull);
  EXPECT_TRUE((*odd)->foreign_keys[0].parent_columns.empty());
  const auto strict = read_table(*db, "strict");
  ASSERT_TRUE(strict && *strict);
  EXPECT_TRUE((*strict)->strict);
  EXPECT_EQ((*strict)->triggers.size(), 1u);
  size_t partial = 0;
  size_t expressions = 0;
  for (const CatalogIndex& index : (*strict)->unique_indexes) {
    partial += index.partial ? 1 : 0;
    expressions += index.expressions ? 1 : 0;
  }
  EXPECT_EQ(partial, 1u);
  EXPECT_EQ(expressions, 1u);
  EXPECT_EQ((*read_table(*db, "desc_key"))->rowid_column, -1) << "INTEGER PRIMARY KEY DESC is no rowid";
  EXPECT_FALSE(read_table(*db, "nothing")->has_value());
}

TEST_F(SqliteTest, VersionsTellOfChangesOfOthers) {
  const auto db = open();
  ASSERT_TRUE(db->execute("CREATE TABLE t (a)"));
  const auto other = open(Mode::kReadWrite);
  const int64_t data = *data_version(*db);
  const int64_t schema = *schema_version(*db);
  ASSERT_TRUE(other->execute("INSERT INTO t VALUES (1)"));
  EXPECT_NE(*data_version(*db), data);
  EXPECT_EQ(*schema_version(*db), schema);
  ASSERT_TRUE(other->execute("ALTER TABLE t ADD COLUMN b"));
  EXPECT_NE(*schema_version(*db), schema);
}

TEST(SqliteQuote, MarksAreDoubled) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_blob(std::string_view("\x01\xff", 2)), "x'01ff'");
}

}  // namespace
}  // namespace weft::sqlite
