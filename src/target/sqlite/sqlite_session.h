// SPDX-License-Identifier: Apache-2.0
// SqliteSession: the one lane to an SQLite target, on a connection of its own. Made by SqliteTarget::session().
// One thread at a time; shares TargetShared with the Target.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "target/bookkeeping/origin.h"
#include "target/sqlite/sqlite_port.h"
#include "target/sqlite/writer.h"
#include "target/target.h"

namespace weft::sqlite {

// What one open() of a target shares with its session.
struct TargetShared {
  std::string pipeline;
  Guarded<std::map<uint64_t, std::shared_ptr<const TablePlan>>> plans;  // by TargetTable::handle
  Guarded<uint64_t> committed;                                          // newest version
};

class SqliteSession final : public TargetSession {
 public:
  SqliteSession(std::shared_ptr<TargetShared> shared, std::unique_ptr<Connection> connection);
  ~SqliteSession() override;

  [[nodiscard]] Result<PrepareReport> prepare(const Group& group) override;
  [[nodiscard]] Status commit(const Progress& from, const Progress& to) override;
  void rollback() override;

  void say_origin(std::string chain) override { origin_.say(std::move(chain)); }

  void keep_keys(std::string keys) override { keys_ = std::move(keys); }

  [[nodiscard]] Status undo() override;
  [[nodiscard]] Result<std::vector<HeldKey>> held(const std::string& table,
                                                  const std::vector<std::string>& keys) override;
  [[nodiscard]] Result<std::vector<DeadLetter>> letters(const std::string& table, size_t limit) override;
  [[nodiscard]] Result<bool> take_letter(uint64_t id) override;
  [[nodiscard]] Status commit_beside() override;

 private:
  [[nodiscard]] Status begin(const Group* group);
  [[nodiscard]] Status run(const Group& group);
  [[nodiscard]] Status write_books(const Progress& from, const Progress& to);
  [[nodiscard]] Result<const TablePlan*> plan(const TargetTable& table);

  std::shared_ptr<TargetShared> shared_;
  std::unique_ptr<Connection> connection_;
  SqlitePort port_;
  Writer writer_;
  bookkeeping::OriginRow origin_;
  std::vector<uint64_t> affected_;
  std::map<uint64_t, std::shared_ptr<const TablePlan>> plans_;
  // Written with the commit.
  std::vector<TableStateRow> states_;
  std::vector<SchemaRef> schemas_;
  std::optional<std::string> keys_;
  bool open_ = false;
  bool tried_ = false;    // a savepoint is set
  bool told_ = false;     // the open transaction has said where its rows come from
  bool relaxed_ = false;  // foreign keys are switched off
};

}  // namespace weft::sqlite
