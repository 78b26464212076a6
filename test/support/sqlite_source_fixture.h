// SPDX-License-Identifier: Apache-2.0
// For tests: an application's database in a directory of its own, and a source that follows it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/slab.h"
#include "base/text.h"
#include "engine/sqlite/connection.h"
#include "model/row.h"
#include "source/sqlite/row_values.h"
#include "source/sqlite/sqlite_source.h"

namespace weft::sqlite {

class SourceFixture : public ::testing::Test {
 protected:
  SourceFixture() {
    EXPECT_NE(mkdtemp(dir_.data()), nullptr);
    path_ = dir_ + "/app.db";
    auto db = Connection::open({.path = path_, .mode = Mode::kCreate});
    EXPECT_TRUE(db) << (db ? "" : db.error().message());
    db_ = std::move(db).value();
    EXPECT_TRUE(db_->execute("PRAGMA journal_mode=WAL"));
  }

  ~SourceFixture() override { std::filesystem::remove_all(dir_); }

  void run(const std::string& sql) {
    const Status done = db_->execute(sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message();
  }

  // The rows of a query, each as encode_key() writes it: values with their classes.
  std::vector<std::string> rows_of(const std::string& sql) {
    std::vector<std::string> rows;
    const auto statement = db_->prepare(sql);
    EXPECT_TRUE(statement) << (statement ? "" : statement.error().message());
    if (!statement) return rows;
    while (true) {
      const auto row = (*statement)->step();
      EXPECT_TRUE(row) << (row ? "" : row.error().message());
      if (!row || !*row) return rows;
      Arena arena(4096);
      std::vector<Value> values;
      for (int c = 0; c < (*statement)->columns(); ++c) values.push_back(value_at(**statement, c, arena));
      rows.push_back(encode_key(values));
    }
  }

  std::unique_ptr<Source> make_source(SqliteSourceOptions options = {}) {
    options.url = cat("sqlite://", path_);
    auto made = make_sqlite_source(std::move(options));
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? std::move(made).value() : nullptr;
  }

  // Made, set up, and open at its head.
  void open_source(SqliteSourceOptions options = {}) {
    source_ = make_source(std::move(options));
    const auto info = source_->connect();
    ASSERT_TRUE(info) << info.error().message();
    const Status prepared = source_->prepare();
    ASSERT_TRUE(prepared) << prepared.error().message();
    const auto head = source_->head();
    ASSERT_TRUE(head) << head.error().message();
    start_ = *head;
    auto tables = source_->tables();
    ASSERT_TRUE(tables) << tables.error().message();
    schemas_ = *std::move(tables);
    source_->use_schemas(schemas_);
    const Status opened = source_->open(start_);
    ASSERT_TRUE(opened) << opened.error().message();
  }

  // All that is there now, in batches.
  std::vector<Batch> read_all() {
    std::vector<Batch> batches;
    while (true) {
      auto batch = source_->next(Duration(0), {});
      EXPECT_TRUE(batch) << (batch ? "" : batch.error().message());
      if (!batch || !batch->has_value()) return batches;
      batches.push_back(std::move(**batch));
    }
  }

  std::string dir_ = (std::filesystem::temp_directory_path() / "weft-sqlite-source-XXXXXX").string();
  std::string path_;
  std::unique_ptr<Connection> db_;  // the application's
  std::unique_ptr<Source> source_;
  Position start_;
  std::vector<SchemaRef> schemas_;
};

}  // namespace weft::sqlite
