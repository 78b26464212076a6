// SPDX-License-Identifier: Apache-2.0
// Two sides with a pipeline file between them whose `transform` each test writes: tables customers and orders at the source, of
// which half the orders have an amount above zero.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "live/side.h"
#include "live/weft_process.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace weft::live {

class TransformTest : public ::testing::TestWithParam<SideKind> {
 protected:
  void SetUp() override {
    if (auto why = Side::unavailable(GetParam())) GTEST_SKIP() << *why;
    source_ = Side::make(GetParam());
    target_ = Side::make(GetParam() == SideKind::kSqlite ? SideKind::kSqlite : SideKind::kPostgres);
    source_->exec("CREATE TABLE customers (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40), ssn VARCHAR(20))");
    source_->exec(
        "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, cust BIGINT, amount BIGINT, note VARCHAR(200))");
    source_->exec("INSERT INTO customers VALUES (1, 'ann', '123'), (2, 'bob', '456')");
    for (int id = 1; id <= 50; ++id) {
      source_->exec(cat("INSERT INTO orders VALUES (", id, ", 1, ", id - 25, ", 'n", id, "')"));
    }
  }

  [[nodiscard]] std::string file(const std::string& steps, const std::string& more = "") const {
    const std::string path = (dir_.path() / "shop.yaml").string();
    std::ofstream(path) << "name: shaped\nfrom: {url: '" << source_->url() << "'}\nto: {url: '" << target_->url()
                        << "', create_tables: true" << more << "}\ntransform:\n"
                        << steps;
    return path;
  }

  [[nodiscard]] WeftResult weft(std::vector<std::string> arguments) const {
    return run_weft(std::move(arguments),
                    support::deadline_in(std::chrono::seconds(60)),
                    {cat("XDG_STATE_HOME=", dir_.path().string())});
  }

  [[nodiscard]] WeftResult run_until_now(const std::string& path) const {
    return weft({"run", path, "--until", "now"});
  }

  void expect_at_target(const std::string& sql, const std::string& rows) const { EXPECT_EQ(target_->text(sql), rows); }

  support::TempDir dir_;
  std::unique_ptr<Side> source_;
  std::unique_ptr<Side> target_;
};

inline constexpr SideKind kTransformed[] = {
    SideKind::kSqlite, SideKind::kPostgres, SideKind::kMariaDb, SideKind::kMySql};

}  // namespace weft::live
