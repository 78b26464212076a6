// SPDX-License-Identifier: Apache-2.0
// MySqlSource: the class behind make_mysql_source(); apart from it so that its parts may lie in several files.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "codec/mysql_binlog/stream.h"
#include "model/table_filter.h"
#include "source/mysql/binlog_dump.h"
#include "source/mysql/captured.h"
#include "source/mysql/mysql_source.h"
#include "source/mysql/server.h"
#include "source/mysql/table_reader.h"

namespace weft::mysql {

class MySqlSource final : public Source {
 public:
  explicit MySqlSource(SourceOptions options);

  [[nodiscard]] Result<SourceInfo> connect() override;
  [[nodiscard]] std::vector<Finding> check() override;
  [[nodiscard]] Result<std::vector<SchemaRef>> tables() override;
  void use_schemas(const std::vector<SchemaRef>& schemas) override;
  [[nodiscard]] Result<std::string> lacks_old_values(const TableSchema& table) override;
  [[nodiscard]] Result<Position> head() override;
  [[nodiscard]] Status open(const Position& after) override;
  [[nodiscard]] Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override;
  [[nodiscard]] Status acknowledge(const Position& position) override;
  [[nodiscard]] bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override;
  [[nodiscard]] bool includes(const Position& a, const Position& b) const override;

  [[nodiscard]] Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view before,
                                                                          std::string_view saved,
                                                                          size_t count) const override {
    TRY_ASSIGN(const auto log, mysql_binlog::MySqlPositionLog::load(before, saved));
    if (log->size() != count) return Error(Blame::kConfig, "saved positions are damaged");
    return std::shared_ptr<const PositionLog>(log);
  }

  [[nodiscard]] Result<std::unique_ptr<TableReader>> table_reader() override;
  [[nodiscard]] std::optional<uint64_t> backlog_bytes() const override;

 private:
  // What other threads ask for, and when.
  struct Backlog {
    mysql_binlog::FilePlace place;  // of the stream
    SteadyTime asked;
    bool asking = false;
    std::optional<uint64_t> bytes;
    std::shared_ptr<Connection> session;
  };

  // A position's text as it was parsed last: the same few are asked about again and again.
  struct Parsed {
    std::string text;
    std::shared_ptr<const mysql_binlog::MySqlPosition> position;
  };

  [[nodiscard]] Status reconnect();
  [[nodiscard]] Status leave_replica();
  [[nodiscard]] Result<SchemaRef> ask_shape(const TableName& table);
  [[nodiscard]] Status trust_places(const mysql_binlog::MySqlPosition& from);
  [[nodiscard]] Result<std::optional<Batch>> take();
  [[nodiscard]] Result<bool> feed_available();
  [[nodiscard]] std::optional<Batch> place_moved();
  [[nodiscard]] std::shared_ptr<const mysql_binlog::MySqlPosition> parsed(const Position& position) const;

  SourceOptions options_;
  TableFilter filter_;
  std::optional<Server> server_;
  std::optional<Connection> control_;
  ReplicaIdentity replica_;
  bool native_keys_ = false;  // MySQL 9.6 and later: foreign keys are left to the storage engine
  std::shared_ptr<ReaderShare> share_ = std::make_shared<ReaderShare>();
  std::vector<SchemaRef> schemas_;  // for the next open()
  std::set<TableName> cannot_roll_back_;

  std::unique_ptr<Captured> captured_;
  std::unique_ptr<BinlogDump> dump_;
  std::unique_ptr<mysql_binlog::BinlogStream> stream_;
  // While a read-only server is read for want of another.
  SteadyTime look_elsewhere_at_{};
  Duration look_elsewhere_every_{};
  Status broken_;                         // the stream's error, told after what came before it
  mysql_binlog::MySqlPosition position_;  // behind what was handed on
  Guarded<std::string> acknowledged_;
  mutable Guarded<Backlog> backlog_;
  mutable Guarded<Parsed> parsed_;
};

enum class Hosts { kOne, kSeveral };

// Whether the server's log holds everything behind `from`, and the server has all that is in it. Errors have code
// kPositionLost and name both sides; but of several hosts a read-only one that lacks a part of it is a replica that is behind
// (kTransient): it catches up, or the one that is written to comes back, or it is promoted and then judged.
[[nodiscard]] Status check_position(Connection& session, const mysql_binlog::MySqlPosition& from, Hosts hosts);

// Why a system-versioned table can't be a source: MariaDB logs a DELETE of one as an update of a hidden column, and an
// UPDATE with an insert of the history row, so that its current rows can't be told from its log.
[[nodiscard]] std::string refused_versioning(const TableName& table);

inline constexpr std::string_view kMendVersioning =
    "leave it out with --exclude, or ALTER TABLE ... DROP SYSTEM VERSIONING";

// Everything that would stop or surprise a run from this server.
[[nodiscard]] std::vector<Finding> check_server(const Options& options, const TableFilter& filter);

}  // namespace weft::mysql
