// SPDX-License-Identifier: Apache-2.0
// SimTarget and SimSession: the Target and TargetSession of the simulated world. One SimTarget per simulated process; a
// session whose process dies or whose connection breaks leaves its transaction to the server. One thread.
#pragma once

#include "sim/process.h"
#include "sim/target_server.h"

namespace weft::sim {

struct TargetWires {
  TargetServer& server;
  Faults& faults;
  ProcessLife& life;
  Trace& trace;
  uint64_t holder = 0;  // who this process is
};

class SimTarget final : public Target {
 public:
  explicit SimTarget(TargetWires wires) : w_(wires) {}

  Result<Opened> open(const OpenRequest& request) override;
  Result<std::optional<Opened>> peek(const std::string& pipeline) override;
  Status start(const Progress& initial,
               const std::vector<TableStateRow>& tables,
               const std::vector<SchemaRef>& schemas) override;
  Status keep_lease() override;
  using Target::table;
  Result<TargetTableRef> table(const SchemaRef& source, bool leave_out) override;
  Result<std::string> create_table_sql(const TableSchema& source) override;
  Status create_table(const TableSchema& source) override;
  Result<bool> exists(const TableSchema& source) override;
  Result<bool> has_rows(const TargetTable& table) override;
  Status analyze(const TargetTable& table) override;
  Result<std::string> prepared(const std::string& name, uint64_t piece) override;
  Result<std::unique_ptr<TargetSession>> session() override;
  Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef& table) override;
  Result<uint64_t> flushed() override;
  Result<std::vector<SchemaRef>> visit(const std::string& pipeline) override;
  Result<std::vector<DeadLetter>> dead_letters(const std::string& pipeline, uint64_t after_id, size_t limit) override;
  Result<uint64_t> discard(const std::string& pipeline, const std::vector<uint64_t>& ids) override;
  Result<std::map<std::string, uint64_t>> count_letters() override;
  Result<bool> asked() override;
  Result<std::vector<KeptVersion>> kept_versions() override;
  Result<std::vector<std::string>> kept_since(uint64_t version) override;
  Status drop_kept() override;

  std::vector<Finding> check(const std::vector<SchemaRef>&) override { return {}; }

  void close() override;

 private:
  [[nodiscard]] Status alive() const;

  TargetWires w_;
  uint64_t connection_ = 0;
  uint64_t epoch_ = 0;
  uint64_t next_handle_ = 1;
};

class SimSession final : public TargetSession {
 public:
  SimSession(TargetWires wires, uint64_t connection) : w_(wires), connection_(connection) {}

  ~SimSession() override;

  Result<PrepareReport> prepare(const Group& group) override;
  Status commit(const Progress& from, const Progress& to) override;
  void rollback() override;
  Status undo() override;
  void keep_keys(std::string keys) override;
  Result<std::vector<HeldKey>> held(const std::string& table, const std::vector<std::string>& keys) override;
  Result<std::vector<DeadLetter>> letters(const std::string& table, size_t limit) override;
  Result<bool> take_letter(uint64_t id) override;
  Status commit_beside() override;

 private:
  [[nodiscard]] Status alive() const;
  Error broken(std::string_view what);
  void open();

  TargetWires w_;
  uint64_t connection_;
  std::optional<TargetServer::TxId> tx_;
  bool complete_ = false;  // a group with last == true was prepared
};

}  // namespace weft::sim
