// SPDX-License-Identifier: Apache-2.0
// Captured: the stream's catalogue: which tables are captured, and their shapes as far as they are known at the stream's place.
//
// Shapes come from use(): what was current at the position opened, or the catalogue as it is. Once a table's DDL has gone by
// in the stream the shape is asked for anew, if events carry column names (binlog_row_metadata=FULL, then a shape that is too
// new does no harm); else it is unknown, and the codec refuses the rows (hard case 13).
// One thread, the stream's.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "codec/mysql_binlog/stream.h"
#include "model/schema.h"
#include "model/table_filter.h"

namespace weft::mysql {

class Captured final : public mysql_binlog::Catalogue {
 public:
  // Asks the server for a table's shape as it is now; null if it is gone.
  using Ask = std::function<Result<SchemaRef>(const TableName&)>;

  Captured(TableFilter filter, Ask ask) : filter_(std::move(filter)), ask_(std::move(ask)) {}

  void use(const std::vector<SchemaRef>& schemas);

  // Tables whose engine can't roll back; the caller's.
  void cannot_roll_back(const std::set<TableName>* tables) { cannot_roll_back_ = tables; }

  [[nodiscard]] bool rolls_back(const TableName& name) override {
    return cannot_roll_back_ == nullptr || !cannot_roll_back_->contains(name);
  }

  void names_in_events(bool full) { names_in_events_ = full; }

  [[nodiscard]] Result<SchemaRef> lookup(std::string_view database, std::string_view table) override;
  [[nodiscard]] bool captured(std::string_view database, std::string_view table) override;
  [[nodiscard]] std::vector<std::string> tables_of(std::string_view database) override;
  void schema_changed(std::string_view database, std::string_view table) override;

 private:
  TableFilter filter_;
  Ask ask_;
  bool names_in_events_ = false;
  const std::set<TableName>* cannot_roll_back_ = nullptr;
  std::map<TableName, SchemaRef> known_;  // null: to be asked for
};

}  // namespace weft::mysql
