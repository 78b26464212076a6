// SPDX-License-Identifier: Apache-2.0
// MySqlSession: one lane's connection to a MySQL or MariaDB target. Statements of a group are on their way together; the
// compare-and-set of progress is answered before COMMIT is sent.
// Made by MySqlTarget::session(). Once its connection is lost every call fails with kTransient: ask for a new one.
// One thread at a time; shares TargetShared with the Target and the other lanes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "target/bookkeeping/origin.h"
#include "target/mysql/mysql_port.h"
#include "target/mysql/writer.h"
#include "target/target.h"

namespace weft::mysql {

// What one open() of a target shares with its sessions.
struct TargetShared {
  std::string pipeline;
  Guarded<std::unordered_map<uint64_t, std::shared_ptr<const TablePlan>>> plans;  // by TargetTable::handle
  Guarded<uint64_t> committed;  // newest version whose COMMIT was answered
};

class MySqlSession final : public TargetSession {
 public:
  // `lane`: its number within this process. REQUIRES: the connection is one of open_writer()'s.
  MySqlSession(std::shared_ptr<TargetShared> shared, Connection connection, size_t packet_limit, uint64_t lane);
  ~MySqlSession() override;

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
  [[nodiscard]] Status begin(bool wait_for_locks);
  [[nodiscard]] Status run(const Group& group);
  [[nodiscard]] Status run_batch(const TableBatch& batch);
  [[nodiscard]] Status run_key_actions(const TableBatch& batch);
  void relax(bool on);
  [[nodiscard]] Result<bool> write_books(const Progress& from, const Progress& to);
  [[nodiscard]] Status send_commit();
  [[nodiscard]] Result<const TablePlan*> plan(const TargetTable& table);

  std::shared_ptr<TargetShared> shared_;
  Connection connection_;
  CommandQueue queue_;
  MySqlPort port_;
  Writer writer_;
  bookkeeping::OriginRow origin_;
  std::unordered_map<uint64_t, std::shared_ptr<const TablePlan>> plans_;
  // Written with the commit: it is in journal order, so lanes that copy ranges of one table don't wait for its state's row.
  std::vector<TableStateRow> states_;
  std::vector<SchemaRef> schemas_;
  std::optional<std::string> keys_;  // to be kept
  bool open_ = false;                // a transaction is open, or will be with the next statement
  bool tried_ = false;               // a savepoint is set
  bool told_ = false;                // the open transaction has said where its rows come from
  bool relaxed_ = false;             // foreign keys are switched off
  bool relax_all_ = false;           // in the whole transaction
  bool waiting_ = true;              // its patience with locks is the long one
};

}  // namespace weft::mysql
