// SPDX-License-Identifier: Apache-2.0
// What is found before anything moves, with a source and a target that only answer.
#include "cmd/preflight.h"

#include <map>

#include <gtest/gtest.h>

namespace weft {
namespace {

constexpr auto kWarning = Finding::Level::kWarning;
constexpr auto kError = Finding::Level::kError;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return now_; }

  [[nodiscard]] int64_t wall_us() const override { return 0; }

  void sleep(Duration d, std::stop_token) override { now_ = now_ + d; }

 private:
  SteadyTime now_;
};

Error not_here() {
  return Error(Blame::kBug, "not asked for here");
}

class FakeSource final : public Source {
 public:
  explicit FakeSource(std::vector<std::string> tables) {
    for (const std::string& name : tables) {
      auto schema = std::make_shared<TableSchema>();
      schema->name = {"shop", name};
      tables_.push_back(schema);
    }
  }

  Result<SourceInfo> connect() override {
    if (++attempts_ <= refusals_) return Error(Blame::kTransient, "connection refused");
    if (denied_) return Error(Blame::kConfig, "access denied");
    return SourceInfo{"mysql:x:shop", "MariaDB 10.11"};
  }

  std::vector<Finding> check() override { return {{kWarning, "gtid_strict_mode is OFF", ""}}; }

  Result<std::vector<SchemaRef>> tables() override { return tables_; }

  void use_schemas(const std::vector<SchemaRef>&) override {}

  Result<Position> head() override { return not_here(); }

  Status open(const Position&) override { return not_here(); }

  Result<std::optional<Batch>> next(Duration, std::stop_token) override { return not_here(); }

  Status acknowledge(const Position&) override { return not_here(); }

  bool includes(const Position&, const Batch&, const Transaction&) const override { return false; }

  bool includes(const Position&, const Position&) const override { return false; }

  Result<std::unique_ptr<TableReader>> table_reader() override { return not_here(); }

  int attempts_ = 0;
  int refusals_ = 0;
  bool denied_ = false;

 private:
  std::vector<SchemaRef> tables_;
};

class FakeTarget final : public Target {
 public:
  Result<Opened> open(const OpenRequest&) override { return not_here(); }

  Status start(const Progress&, const std::vector<TableStateRow>&, const std::vector<SchemaRef>&) override {
    return not_here();
  }

  Status keep_lease() override { return not_here(); }

  Result<TargetTableRef> table(const SchemaRef&, bool) override { return not_here(); }

  Result<std::string> create_table_sql(const TableSchema& source) override {
    return "CREATE TABLE " + source.name.table;
  }

  Status create_table(const TableSchema&) override { return not_here(); }

  Result<bool> exists(const TableSchema& source) override {
    if (down_) return Error(Blame::kTransient, "no route to host");
    return there_.contains(source.name.table);
  }

  Result<bool> has_rows(const TargetTable&) override { return not_here(); }

  Status analyze(const TargetTable&) override { return not_here(); }

  Result<std::unique_ptr<TargetSession>> session() override { return not_here(); }

  Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef& /*table*/) override { return not_here(); }

  Result<uint64_t> flushed() override { return not_here(); }

  std::vector<Finding> check(const std::vector<SchemaRef>& tables) override {
    std::vector<Finding> findings;
    for (const SchemaRef& table : tables) {
      if (!there_.contains(table->name.table))
        findings.push_back({kError, "table " + table->name.table + " is missing", ""});
    }
    return findings;
  }

  void close() override {}

  std::map<std::string, bool> there_;
  bool down_ = false;
};

class PreflightTest : public testing::Test {
 protected:
  Preflight look(const PreflightOptions& options = {}) { return preflight(source_, target_, clock_, options, {}); }

  FakeClock clock_;
  FakeSource source_{{"orders", "items"}};
  FakeTarget target_;
};

TEST_F(PreflightTest, FindingsOfBothSidesAreCollected) {
  target_.there_ = {{"orders", true}};
  const Preflight found = look();
  EXPECT_EQ(found.info.identity, "mysql:x:shop");
  ASSERT_EQ(found.source.size(), 1u);
  ASSERT_EQ(found.target.size(), 1u);
  EXPECT_EQ(found.target[0].what, "table items is missing");
  EXPECT_EQ(found.missing, (std::vector<TableName>{{"shop", "items"}}));
  EXPECT_EQ(found.errors(), 1u);
}

TEST_F(PreflightTest, MissingTablesAreNoTroubleWhereTheyMayBeCreated) {
  target_.there_ = {{"orders", true}};
  const Preflight found = look({.create_tables = true});
  EXPECT_EQ(found.errors(), 0u);
  ASSERT_EQ(found.target.size(), 1u);
  EXPECT_EQ(found.target[0].what, "table items will be created");
  EXPECT_EQ(found.target[0].mend, "CREATE TABLE items");
}

TEST_F(PreflightTest, AServerThatComesLateIsWaitedFor) {
  target_.there_ = {{"orders", true}, {"items", true}};
  source_.refusals_ = 20;
  EXPECT_EQ(look().errors(), 0u);
  EXPECT_EQ(source_.attempts_, 21);
}

TEST_F(PreflightTest, AServerThatDoesNotComeIsGivenUp) {
  source_.refusals_ = 1000;
  target_.down_ = true;
  const Preflight found = look();
  EXPECT_EQ(found.errors(), 2u);
  EXPECT_EQ(found.source[0].what, "connection refused");
  EXPECT_EQ(found.target[0].what, "no route to host");
  EXPECT_EQ(source_.attempts_, 41);  // 10 s, every 250 ms
}

TEST_F(PreflightTest, WrongCredentialsAreNotTriedAgain) {
  source_.denied_ = true;
  EXPECT_EQ(look().source[0].what, "access denied");
  EXPECT_EQ(source_.attempts_, 1);
}

TEST_F(PreflightTest, NoTableAtAllIsAnError) {
  FakeSource empty({});
  const Preflight found = preflight(empty, target_, clock_, {}, {});
  EXPECT_EQ(found.errors(), 1u);
  EXPECT_EQ(found.source.back().what, "no table is there to be replicated");
}

}  // namespace
}  // namespace weft
