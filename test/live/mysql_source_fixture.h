// SPDX-License-Identifier: Apache-2.0
// What the live tests of the MySQL source share: a server of either kind with a database, sources on it, and the stream or a
// snapshot as lines of text.
//
//   TestSource source(*server);  source.open("");  EXPECT_EQ(source.drain(2), (Lines{"insert t (1)", "insert t (2)"}));
//
// One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/text.h"
#include "live/rig.h"
#include "source/mysql/mysql_source.h"

namespace weft::live {

using Lines = std::vector<std::string>;

// A value with its kind and all its bytes.
[[nodiscard]] inline std::string exact(const Value& v) {
  return v.is_null() ? "NULL"
                     : cat(to_string(v.kind()), ":", describe(v, 1u << 20), v.has_view() ? "" : cat("/", v.scale()));
}

[[nodiscard]] inline std::string exact(Row row) {
  std::string out = "(";
  for (const Value& v : row) out += (out.size() > 1 ? ", " : "") + exact(v);
  return out + ")";
}

[[nodiscard]] inline std::string line_of(const Change& change) {
  if (const auto* row = std::get_if<RowChange>(&change)) {
    std::string out = cat(to_string(row->op), " ", row->schema->name.table);
    if (!row->before.empty()) out += " " + describe(row->before);
    if (!row->after.empty()) out += (row->before.empty() ? " " : " -> ") + describe(row->after);
    return out;
  }
  if (const auto* ddl = std::get_if<SchemaChange>(&change)) return cat("ddl ", ddl->table, ": ", ddl->statement);
  return cat("truncate ", std::get<Truncate>(change).schema->name.table);
}

class TestSource {
 public:
  explicit TestSource(const std::string& url, std::vector<std::string> tables = {}) {
    auto options = mysql::parse_url(url);
    EXPECT_TRUE(options.has_value()) << (options ? "" : options.error().message());
    auto made = mysql::make_mysql_source({.server = *options, .tables = std::move(tables), .exclude = {}});
    source = *std::move(made);
  }

  explicit TestSource(const support::BinlogServer& server) : TestSource(server.url("shop", "weft")) {}

  void connect() {
    const auto info = source->connect();
    ASSERT_TRUE(info.has_value()) << (info ? "" : info.error().message());
    identity = info->identity;
  }

  [[nodiscard]] std::string head() {
    const auto position = source->head();
    EXPECT_TRUE(position.has_value()) << (position ? "" : position.error().message());
    return position ? position->text() : "";
  }

  void open(const std::string& position) {
    const Status opened = source->open(Position(position));
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
  }

  // connect() and open() at the head.
  void start() {
    connect();
    open(head());
  }

  // Changes as lines until there are `count`, or nothing came for three seconds. Positions behind each whole transaction
  // that had changes are added to `positions`, and the bytes stay alive in `batches`.
  Lines drain(size_t count, Duration quiet = std::chrono::seconds(3)) {
    Lines lines;
    SteadyTime deadline = real_clock().now() + quiet;
    while (lines.size() < count && real_clock().now() < deadline) {
      auto batch = source->next(std::chrono::milliseconds(200), {});
      if (!batch) {
        error = batch.error();
        lines.push_back("error " + error->message());
        return lines;
      }
      if (!*batch) continue;
      for (const Transaction& tx : (*batch)->transactions()) {
        for (const Change& change : tx.changes) lines.push_back(line_of(change));
        last = (*batch)->position(tx).text();
        if (tx.last && !tx.empty()) positions.push_back(last);
      }
      batches.push_back(*std::move(*batch));
      deadline = real_clock().now() + quiet;
    }
    return lines;
  }

  std::unique_ptr<Source> source;
  std::string identity;
  std::vector<Batch> batches;
  Lines positions;
  std::string last;
  std::optional<Error> error;
};

// A server of each kind, started, with the database `shop`.
class MysqlSource : public testing::TestWithParam<Engine> {
 protected:
  void serve(const SourceOptions& options = {}) {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    server = make_source(GetParam(), options);
    server->start();
    server->exec("CREATE DATABASE shop");
    server->exec("USE shop");
  }

  [[nodiscard]] bool mariadb() const { return GetParam() == Engine::kMariaDb; }

  // The whole table by a reader, in chunks of `rows`, as exact() lines.
  Lines copy(TestSource& source, const std::string& table, size_t rows) {
    Lines lines;
    auto reader = source.source->table_reader();
    EXPECT_TRUE(reader.has_value()) << (reader ? "" : reader.error().message());
    const SchemaRef schema = schema_of(source, table);
    EXPECT_NE(schema, nullptr);
    auto point = (*reader)->begin(schema);
    EXPECT_TRUE(point.has_value()) << (point ? "" : point.error().message());
    for (bool end = !point; !end;) {
      auto chunk = (*reader)->read({}, {.rows = rows, .bytes = 1u << 20});
      EXPECT_TRUE(chunk.has_value()) << (chunk ? "" : chunk.error().message());
      if (!chunk) break;
      for (const Row& row : chunk->rows) lines.push_back(exact(row));
      end = chunk->end;
    }
    (*reader)->end();
    return lines;
  }

  static SchemaRef schema_of(TestSource& source, const std::string& table) {
    const auto tables = source.source->tables();
    EXPECT_TRUE(tables.has_value()) << (tables ? "" : tables.error().message());
    if (!tables) return nullptr;
    for (const SchemaRef& schema : *tables) {
      if (schema->name.table == table) return schema;
    }
    return nullptr;
  }

  std::unique_ptr<support::BinlogServer> server;
};

[[nodiscard]] inline std::string engine_of(const testing::TestParamInfo<Engine>& info) {
  return info.param == Engine::kMariaDb ? "MariaDb" : "MySql";
}

}  // namespace weft::live
