// SPDX-License-Identifier: Apache-2.0
// PostgresSession: one lane's connection to a PostgreSQL target. A group is one round trip to prepare (plus two per COPY)
// and one to commit: the compare-and-set of progress and COMMIT travel together.
// Made by PostgresTarget::session(). Once its connection is lost every call fails with kTransient: ask for a new one.
// One thread at a time; shares TargetShared with the Target and the other lanes.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "target/postgres/writer.h"
#include "target/target.h"

namespace weft::postgres {

// What one open() of a target shares with its sessions.
struct TargetShared {
  std::string pipeline;
  bool messages = false;  // the server takes logical messages, and weft's role may write them
  bool replica = false;   // sessions run with session_replication_role = replica, and stay so
  Guarded<std::unordered_map<uint64_t, std::shared_ptr<const TablePlan>>> plans;  // by TargetTable::handle
  Guarded<uint64_t> committed;  // newest version whose COMMIT was answered
};

class PostgresSession final : public TargetSession {
 public:
  PostgresSession(std::shared_ptr<TargetShared> shared, std::unique_ptr<Connection> connection);
  ~PostgresSession() override;

  [[nodiscard]] Result<PrepareReport> prepare(const Group& group) override;
  [[nodiscard]] Status commit(const Progress& from, const Progress& to) override;
  void rollback() override;

  void say_origin(std::string chain) override;

  void keep_keys(std::string keys) override { keys_ = std::move(keys); }

  [[nodiscard]] Status undo() override;
  [[nodiscard]] Result<std::vector<HeldKey>> held(const std::string& table,
                                                  const std::vector<std::string>& keys) override;
  [[nodiscard]] Result<std::vector<DeadLetter>> letters(const std::string& table, size_t limit) override;
  [[nodiscard]] Result<bool> take_letter(uint64_t id) override;
  [[nodiscard]] Status commit_beside() override;

 private:
  Status run(const Group& group);
  bool tells(const Group& group) const;
  Status run_prepared(const Group& group);
  Status begin_trial();
  Status end_queued();
  Status run_key_actions(const TableBatch& batch);
  Status switch_role(std::string_view role);
  std::vector<std::string> begin_statements(const Group& group) const;
  Result<const TablePlan*> plan(const TargetTable& table);
  Error classify(Error error, bool waited) const;

  std::shared_ptr<TargetShared> shared_;
  std::unique_ptr<Connection> connection_;
  Pipeline pipeline_;
  Writer writer_;
  std::unordered_map<uint64_t, std::shared_ptr<const TablePlan>> plans_;
  // Written with the commit: it is in journal order, so lanes that copy ranges of one table don't wait for its state's row.
  std::vector<TableStateRow> states_;
  std::vector<SchemaRef> schemas_;
  std::vector<PreparedStepRef> prepared_;
  std::string origin_;               // the statement that tells it; empty: none does
  bool told_ = false;                // by the open transaction
  std::optional<std::string> keys_;  // to be kept
  bool open_ = false;                // a transaction is open, or will be with the next statement
  bool tried_ = false;               // a savepoint is set
  bool relaxed_ = false;             // without foreign keys
  bool waiting_ = true;              // its lock timeout is the patient one
};

}  // namespace weft::postgres
