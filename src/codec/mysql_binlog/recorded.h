// SPDX-License-Identifier: Apache-2.0
// Logs recorded from real servers (fuzz/record_mysql_binlog.sh) for tests: the events of NAME.binlog, the catalogue of
// NAME.columns, and Replica, which applies what a stream gives to tables of text, to be compared with NAME.rows, the
// server's own SELECT.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/recorded_text.h"
#include "codec/mysql_binlog/stream.h"

namespace weft::mysql_binlog {

inline std::string corpus(const std::string& file) {
  std::ifstream in("fuzz/corpus/mysql_binlog/" + file, std::ios::binary);
  CHECK_MSG(in.good(), "tests run from the repository's root, where fuzz/corpus/mysql_binlog is");
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Flavor flavor_of(const std::string& name) {
  return name.starts_with("maria") ? Flavor::kMariaDb : Flavor::kMySql;
}

// A log (several files one behind the other) in a slab, cut into events by the lengths in their headers.
struct RecordedLog {
  SlabRef slab;
  std::vector<std::string_view> events;

  explicit RecordedLog(std::string_view bytes) : slab(std::make_shared<Slab>(bytes.size() + 1)) {
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(slab->data()));
    std::string_view rest(reinterpret_cast<const char*>(slab->data()), bytes.size());
    while (rest.size() >= kHeaderBytes) {
      if (rest.starts_with("\xfe"
                           "bin"))
        rest.remove_prefix(4);
      const size_t size = std::min<size_t>(read_header(rest).size, rest.size());
      events.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }

  [[nodiscard]] static RecordedLog open(const std::string& name) { return RecordedLog(corpus(name + ".binlog")); }
};

// The recorded catalogue: every table of the recording is captured.
class RecordedCatalogue final : public Catalogue {
 public:
  explicit RecordedCatalogue(const std::string& columns) {
    std::istringstream in(columns);
    std::map<std::string, std::shared_ptr<TableSchema>> tables;
    for (std::string line; std::getline(in, line);) {
      const std::vector<std::string> fields = split_fields(line);
      std::shared_ptr<TableSchema>& table = tables[fields[0]];
      if (table == nullptr) {
        table = std::make_shared<TableSchema>();
        table->name = {"weft_rec", fields[0]};
      }
      if (fields[6] == "PRI") table->key.push_back(static_cast<uint16_t>(table->columns.size()));
      table->columns.push_back(parse_column(fields));
    }
    for (auto& [name, table] : tables) tables_[name] = table;
  }

  [[nodiscard]] static RecordedCatalogue open(const std::string& name) {
    return RecordedCatalogue(corpus(name + ".columns"));
  }

  Result<SchemaRef> lookup(std::string_view database, std::string_view table) override {
    if (database != "weft_rec" || !tell_shapes) return SchemaRef();
    const auto found = tables_.find(std::string(table));
    return found == tables_.end() ? SchemaRef() : found->second;
  }

  bool captured(std::string_view database, std::string_view table) override {
    return database == "weft_rec" && !uncaptured.contains(std::string(table));
  }

  void schema_changed(std::string_view, std::string_view table) override { changed.emplace_back(table); }

  bool rolls_back(const TableName& name) override { return name.table != "my"; }

  bool tell_shapes = true;  // false: tables are captured, and known by the log alone
  std::map<std::string, bool> uncaptured;
  std::vector<std::string> changed;

 private:
  std::map<std::string, SchemaRef> tables_;
};

// What a stream did to tables, as text.
class Replica {
 public:
  using Cells = std::map<std::string, std::string>;  // column -> text

  void apply(const Batch& batch) {
    for (const Transaction& tx : batch.transactions()) apply(tx);
  }

  // What is prepared is kept as views of its batch.
  void apply(const Transaction& tx) {
    const TwoPhase* phase = tx.two_phase();
    if (phase != nullptr && phase->step == TwoPhase::Step::kPrepare) {
      std::vector<Change>& waiting = prepared_[std::string(phase->name)];
      waiting.insert(waiting.end(), tx.changes.begin(), tx.changes.end() - 1);
      return;
    }
    apply(tx.changes);
    if (phase == nullptr) return;
    const auto waiting = prepared_.extract(std::string(phase->name));
    if (waiting.empty()) {
      failures.push_back(cat("nothing is prepared as ", phase->name));
    } else if (phase->step != TwoPhase::Step::kRollback) {
      apply(waiting.mapped());
    }
  }

  void apply(std::span<const Change> changes) {
    for (const Change& change : changes) {
      if (const auto* row = std::get_if<RowChange>(&change)) apply(*row);
      if (const auto* empty = std::get_if<Truncate>(&change)) tables_[empty->schema->name.table].clear();
    }
  }

  void apply(const RowChange& change) {
    std::vector<Cells>& rows = tables_[change.schema->name.table];
    if (change.op == Op::kInsert) {
      rows.emplace_back();
      merge(*change.schema, change.after, rows.back());
      return;
    }
    const auto at = std::find_if(rows.begin(), rows.end(), [&](const Cells& cells) { return matches(change, cells); });
    if (at == rows.end()) {
      failures.push_back(
          cat(change.schema->name.text(), ": no row to ", to_string(change.op), ": ", describe(change.before)));
    } else if (change.op == Op::kDelete) {
      rows.erase(at);
    } else {
      merge(*change.schema, change.after, *at);
    }
  }

  std::vector<std::string> failures;  // changes that hit no row

  // The table's rows in the form of NAME.rows, with the columns of `schema`.
  [[nodiscard]] std::multiset<std::string> lines(const TableSchema& schema) const {
    std::multiset<std::string> out;
    const auto table = tables_.find(schema.name.table);
    if (table == tables_.end()) return out;
    for (const Cells& cells : table->second) {
      std::string line;
      for (const Column& column : schema.columns) {
        const auto cell = cells.find(column.name);
        line += (&column == &schema.columns.front() ? "" : "\t") + (cell == cells.end() ? "NULL" : cell->second);
      }
      out.insert(line);
    }
    return out;
  }

 private:
  static void merge(const TableSchema& schema, Row row, Cells& cells) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].is_unchanged()) cells[schema.columns[i].name] = cell_text(schema.columns[i], row[i]);
    }
  }

  static bool matches(const RowChange& change, const Cells& cells) {
    for (size_t i = 0; i < change.before.size(); ++i) {
      if (change.before[i].is_unchanged()) continue;
      const Column& column = change.schema->columns[i];
      const auto cell = cells.find(column.name);
      const std::string known = cell == cells.end() ? "NULL" : cell->second;
      if (known != cell_text(column, change.before[i])) return false;
    }
    return true;
  }

  std::map<std::string, std::vector<Cells>> tables_;
  std::map<std::string, std::vector<Change>> prepared_;
};

// NAME.rows: table -> lines.
inline std::map<std::string, std::multiset<std::string>> expected_rows(const std::string& name) {
  std::istringstream in(corpus(name + ".rows"));
  std::map<std::string, std::multiset<std::string>> tables;
  std::string table;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("table ")) {
      table = line.substr(6);
      tables[table];
    } else {
      tables[table].insert(line);
    }
  }
  return tables;
}

}  // namespace weft::mysql_binlog
