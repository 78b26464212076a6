// SPDX-License-Identifier: Apache-2.0
// SQLite keeps the contracts of every source and every target, on real database files. Of the source: What becomes visible between two of its reads
// it delivers as one transaction; the suite counts the application's, so the harness has the source read after each.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "base/text.h"
#include "contract/source_contract.h"
#include "contract/target_contract.h"
#include "engine/sqlite/connection.h"
#include "source/sqlite/sqlite_source.h"
#include "target/sqlite/sqlite_target.h"

namespace weft::contract {
namespace {

using sim::Cell;
using sim::ModelRow;

constexpr const char* kTables =
    "PRAGMA journal_mode=WAL;"
    "CREATE TABLE items (id INTEGER PRIMARY KEY, code INTEGER UNIQUE, name TEXT, note TEXT);"
    "CREATE TABLE words (word TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER, note TEXT);"
    "CREATE TABLE bag (x INTEGER, y TEXT)";

// Hands on what was read ahead, in its order.
class ReadAhead final : public Source {
 public:
  explicit ReadAhead(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  Result<SourceInfo> connect() override {
    ahead_.clear();
    open_ = false;
    return source_->connect();
  }

  std::vector<Finding> check() override { return source_->check(); }

  Result<std::vector<SchemaRef>> tables() override { return source_->tables(); }

  void use_schemas(const std::vector<SchemaRef>& schemas) override { source_->use_schemas(schemas); }

  Status prepare() override { return source_->prepare(); }

  Result<Position> head() override { return source_->head(); }

  Status open(const Position& after) override {
    ahead_.clear();
    const Status opened = source_->open(after);
    open_ = opened.has_value();
    return opened;
  }

  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override {
    if (ahead_.empty()) return source_->next(timeout, stop);
    std::optional<Batch> batch = std::move(ahead_.front());
    ahead_.pop_front();
    return batch;
  }

  Status acknowledge(const Position& position) override { return source_->acknowledge(position); }

  bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override {
    return source_->includes(position, batch, tx);
  }

  bool includes(const Position& a, const Position& b) const override { return source_->includes(a, b); }

  Result<std::unique_ptr<TableReader>> table_reader() override { return source_->table_reader(); }

  void read() {
    while (open_) {
      auto batch = source_->next(Duration(0), {});
      ASSERT_TRUE(batch) << batch.error().message();
      if (!batch->has_value()) return;
      ahead_.push_back(std::move(**batch));
    }
  }

 private:
  std::unique_ptr<Source> source_;
  std::deque<Batch> ahead_;
  bool open_ = false;
};

std::string literal(const Cell& cell) {
  if (cell.kind == Kind::kNull) return "NULL";
  return cell.kind == Kind::kInt ? std::to_string(cell.number) : cat("'", cell.text, "'");
}

// " WHERE ..." that hits one row, also where several are alike.
std::string where_one(const TableSchema& schema, const ModelRow& row) {
  std::string where;
  for (size_t c = 0; c < row.size(); ++c) {
    if (!schema.keyless() && std::find(schema.key.begin(), schema.key.end(), c) == schema.key.end()) continue;
    where += cat(where.empty() ? " WHERE " : " AND ", schema.columns[c].name, " IS ", literal(row[c]));
  }
  return cat(" WHERE rowid = (SELECT rowid FROM ", schema.name.table, where, " LIMIT 1)");
}

std::string text_of(const Statement& s) {
  const TableSchema& schema = *sim::schema_of(s.table);
  const std::string& table = schema.name.table;
  std::string values;
  for (size_t c = 0; c < s.after.size(); ++c) values += cat(c == 0 ? "" : ", ", literal(s.after[c]));
  if (s.before.empty()) return cat("INSERT INTO ", table, " VALUES (", values, ")");
  if (s.after.empty()) return cat("DELETE FROM ", table, where_one(schema, s.before));
  std::string sets;
  for (size_t c = 0; c < s.after.size(); ++c)
    sets += cat(c == 0 ? "" : ", ", schema.columns[c].name, " = ", literal(s.after[c]));
  return cat("UPDATE ", table, " SET ", sets, where_one(schema, s.before));
}

class FileHarness final : public SourceHarness {
 public:
  FileHarness() {
    EXPECT_NE(mkdtemp(dir_.data()), nullptr);
    auto db = sqlite::Connection::open({.path = dir_ + "/app.db", .mode = sqlite::Mode::kCreate});
    EXPECT_TRUE(db) << (db ? "" : db.error().message());
    db_ = std::move(db).value();
    run(kTables);
  }

  ~FileHarness() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Source> process() override {
    auto made = sqlite::make_sqlite_source({.url = cat("sqlite://", dir_, "/app.db")});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    auto source = std::make_unique<ReadAhead>(std::move(made).value());
    if (first_ == nullptr) first_ = source.get();
    return source;
  }

  void execute(const std::vector<Statement>& transaction) override {
    run("BEGIN");
    for (const Statement& s : transaction) run(text_of(s));
    run("COMMIT");
    if (first_ != nullptr) first_->read();
  }

  void purge() override {
    run("DELETE FROM _weft_capture_change WHERE id < (SELECT max(id) FROM _weft_capture_change);"
        "UPDATE _weft_capture SET pruned = (SELECT max(id) FROM _weft_capture_change)");
  }

  Position future() override {
    const auto text = db_->value("SELECT capture || ':900000' FROM _weft_capture");
    EXPECT_TRUE(text && *text);
    return Position(text && *text ? **text : std::string());
  }

  bool joins_transactions() const override { return true; }

 private:
  void run(const std::string& sql) {
    const Status done = db_->execute(sql);
    EXPECT_TRUE(done) << sql << ": " << (done ? "" : done.error().message());
  }

  std::string dir_ = (std::filesystem::temp_directory_path() / "weft-contract-XXXXXX").string();
  std::unique_ptr<sqlite::Connection> db_;
  ReadAhead* first_ = nullptr;  // the one that the suite reads with, which it keeps as long as the harness
};

std::unique_ptr<SourceHarness> make_sqlite_source_harness() {
  return std::make_unique<FileHarness>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, SourceContract, ::testing::Values(&make_sqlite_source_harness));

std::string create_table(sim::TableId table) {
  const TableSchema& schema = *sim::schema_of(table);
  std::string sql = cat("CREATE TABLE ", schema.name.table, " (");
  const auto names = [&](const std::vector<uint16_t>& columns) {
    std::string out;
    for (const uint16_t c : columns) out += cat(out.empty() ? "" : ", ", schema.columns[c].name);
    return cat("(", out, ")");
  };
  for (const Column& c : schema.columns) {
    sql += cat(&c == &schema.columns.front() ? "" : ", ", c.name, c.kind == Kind::kInt ? " INTEGER" : " TEXT");
    if (!c.nullable) sql += " NOT NULL";
  }
  if (!schema.keyless()) sql += cat(", PRIMARY KEY ", names(schema.key));
  for (const auto& unique : schema.unique_keys) sql += cat(", UNIQUE ", names(unique));
  for (const ForeignKey& key : schema.foreign_keys) {
    sql +=
        cat(", FOREIGN KEY ", names(key.columns), " REFERENCES ", key.parent.table, " (", key.parent_columns[0], ")");
  }
  return sql + ")";
}

class TargetFile final : public TargetHarness {
 public:
  TargetFile() {
    EXPECT_NE(mkdtemp(dir_.data()), nullptr);
    auto db = sqlite::Connection::open({.path = dir_ + "/target.db", .mode = sqlite::Mode::kCreate});
    EXPECT_TRUE(db) << (db ? "" : db.error().message());
    db_ = std::move(db).value();
    EXPECT_TRUE(db_->execute("PRAGMA journal_mode=WAL"));
    for (const sim::TableId table : {sim::kItems, sim::kBag, sim::kParents, sim::kChildren})
      EXPECT_TRUE(db_->execute(create_table(table)));
  }

  ~TargetFile() override {
    db_.reset();
    std::filesystem::remove_all(dir_);
  }

  std::unique_ptr<Target> process() override {
    auto made = sqlite::make_sqlite_target(
        {.url = cat("sqlite://", dir_, "/target.db"), .lease = std::chrono::milliseconds(500)});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? std::move(made).value() : nullptr;
  }

  std::vector<ModelRow> rows(sim::TableId table) override {
    std::vector<ModelRow> all;
    auto select = db_->prepare(cat("SELECT * FROM ", sim::schema_of(table)->name.table));
    EXPECT_TRUE(select);
    while (*(*select)->step()) {
      ModelRow& row = all.emplace_back();
      for (int c = 0; c < (*select)->columns(); ++c) {
        const sqlite::Storage storage = (*select)->storage(c);
        row.push_back(storage == sqlite::Storage::kNull      ? Cell::null()
                      : storage == sqlite::Storage::kInteger ? Cell::integer((*select)->integer(c))
                                                             : Cell::word((*select)->text(c)));
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  // The holder's process is this one, and so there: it has as long again.
  void outlive_lease() override {
    const auto deadline = real_clock().now() + std::chrono::seconds(20);
    std::optional<std::string> over;
    while (!over && real_clock().now() < deadline) {
      over = *db_->value(
          "SELECT 1 FROM _weft_lease WHERE expires_us < CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * "
          "1000 - "
          "550000");
      if (!over) real_clock().sleep(std::chrono::milliseconds(20), {});
    }
    EXPECT_TRUE(over.has_value());
  }

  void reach_disk() override {}

 private:
  std::string dir_ = (std::filesystem::temp_directory_path() / "weft-contract-XXXXXX").string();
  std::unique_ptr<sqlite::Connection> db_;
};

std::unique_ptr<TargetHarness> make_sqlite_target_harness() {
  return std::make_unique<TargetFile>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, TargetContract, ::testing::Values(&make_sqlite_target_harness));

}  // namespace
}  // namespace weft::contract
