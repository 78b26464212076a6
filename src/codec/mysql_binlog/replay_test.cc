// SPDX-License-Identifier: Apache-2.0
// Recorded logs, replayed: the tables that come out are those that the server's SELECT printed.
#include <gtest/gtest.h>

#include "codec/mysql_binlog/recorded.h"

namespace weft::mysql_binlog {
namespace {

class Replay : public testing::TestWithParam<const char*> {};

MySqlPosition start_of(const std::string& name) {
  MySqlPosition start;
  start.form =
      flavor_of(name) == Flavor::kMariaDb ? MySqlPosition::Form::kMariaDbGtid : MySqlPosition::Form::kMySqlGtid;
  if (name == "mysql_anonymous") start = MySqlPosition::at_file("binlog.000001", 4);
  return start;
}

void expect_rows(const std::string& name, const StreamOptions& options, size_t take_every) {
  const RecordedLog log = RecordedLog::open(name);
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  BinlogStream stream(options, catalogue);
  Replica replica;
  std::vector<Batch> batches;
  size_t fed = 0;
  for (const std::string_view event : log.events) {
    const Status status = stream.feed(event, log.slab);
    ASSERT_TRUE(status) << status.error().message();
    if (++fed % take_every == 0) batches.push_back(stream.take());
  }
  batches.push_back(stream.take());
  for (const Batch& batch : batches) replica.apply(batch);
  for (const std::string& failure : replica.failures) ADD_FAILURE() << failure;
  EXPECT_FALSE(stream.in_transaction());
  EXPECT_FALSE(stream.ready());
  for (const auto& [table, rows] : expected_rows(name)) {
    EXPECT_EQ(replica.lines(**catalogue.lookup("weft_rec", table)), rows) << name << "." << table;
  }
}

TEST_P(Replay, GivesTheRowsThatSelectPrints) {
  const std::string name = GetParam();
  expect_rows(name, {.flavor = flavor_of(name), .start = start_of(name)}, 1000000);
}

TEST_P(Replay, BatchesMayBeTakenAfterEveryEvent) {
  const std::string name = GetParam();
  expect_rows(name, {.flavor = flavor_of(name), .start = start_of(name)}, 1);
}

TEST_P(Replay, TransactionsMayBeCutIntoFragmentsOfOneRow) {
  const std::string name = GetParam();
  expect_rows(name, {.flavor = flavor_of(name), .start = start_of(name), .fragment_bytes = 0}, 3);
}

class ReplayByNames : public testing::TestWithParam<const char*> {};

TEST_P(ReplayByNames, NeedsNoCatalogueWhereTheLogHasColumnNames) {
  const std::string name = GetParam();
  const RecordedLog log = RecordedLog::open(name);
  RecordedCatalogue known = RecordedCatalogue::open(name);
  RecordedCatalogue blind = RecordedCatalogue::open(name);
  blind.tell_shapes = false;
  BinlogStream stream({.flavor = flavor_of(name), .start = start_of(name)}, blind);
  for (const std::string_view event : log.events) {
    const Status status = stream.feed(event, log.slab);
    ASSERT_TRUE(status) << status.error().message();
  }
  const Batch batch = stream.take();
  Replica replica;
  replica.apply(batch);
  for (const auto& [table, rows] : expected_rows(name)) {
    EXPECT_EQ(replica.lines(**known.lookup("weft_rec", table)), rows) << name << "." << table;
  }
  for (const Transaction& tx : batch.transactions()) {
    for (const Change& change : tx.changes) {
      const auto* row = std::get_if<RowChange>(&change);
      if (row != nullptr) {
        EXPECT_EQ(row->schema->key.at(0), 0) << row->schema->name.text();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Recorded,
    ReplayByNames,
    testing::Values("mariadb_charsets", "mysql_charsets", "mysql_types_full", "mysql_payload", "mysql_json"),
    [](const auto& test) { return std::string(test.param); });

class Resume : public testing::TestWithParam<const char*> {};

// The log from a position on; its head comes first, as a server sends it.
std::vector<std::string_view> events_from(const RecordedLog& log, uint64_t offset) {
  std::vector<std::string_view> events = {log.events[0]};
  uint64_t at = 4;
  for (const std::string_view event : log.events) {
    if (at >= offset && &event != &log.events[0]) events.push_back(event);
    at += event.size();
  }
  return events;
}

TEST_P(Resume, EveryPrintedPositionIsAPlaceToGoOnFrom) {
  const std::string name = GetParam();
  const RecordedLog log = RecordedLog::open(name);
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  const StreamOptions options{.flavor = flavor_of(name), .start = MySqlPosition::at_file("log.000001", 4)};
  BinlogStream whole(options, catalogue);
  for (const std::string_view event : log.events) ASSERT_TRUE(whole.feed(event, log.slab));
  const Batch all = whole.take();
  for (const Transaction& tx : all.transactions()) {
    StreamOptions later = options;
    later.start = *MySqlPosition::parse(all.position(tx).text(), options.flavor);
    BinlogStream rest(later, catalogue);
    const FilePlace& from = later.start.place;  // behind the last event stands the next file
    const auto events = events_from(log, file_number(from.file) == 1 ? from.offset : UINT64_MAX);
    for (const std::string_view event : events) {
      const Status status = rest.feed(event, log.slab);
      ASSERT_TRUE(status) << later.start.text() << ": " << status.error().message();
    }
    const Batch batch = rest.take();
    Replica replica;
    for (const Transaction& before : all.transactions()) {
      replica.apply(before);
      if (&before == &tx) break;
    }
    replica.apply(batch);
    for (const auto& [table, rows] : expected_rows(name)) {
      EXPECT_EQ(replica.lines(**catalogue.lookup("weft_rec", table)), rows) << name << " from " << later.start.text();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded,
                         Resume,
                         testing::Values("maria_types_full",
                                         "mariadb_images",
                                         "maria_myisam",
                                         "mysql_images",
                                         "mysql_types_full",
                                         "mysql_payload"),
                         [](const auto& test) { return std::string(test.param); });

INSTANTIATE_TEST_SUITE_P(Recorded,
                         Replay,
                         testing::Values("mariadb_charsets",
                                         "mysql_charsets",
                                         "maria_types_full",
                                         "maria_types_nolog",
                                         "maria_odd",
                                         "maria_compressed",
                                         "maria_myisam",
                                         "mariadb_images",
                                         "mariadb_transactions",
                                         "mysql_types_full",
                                         "mysql_types_minimal",
                                         "mysql_images",
                                         "mysql_transactions",
                                         "mysql_anonymous",
                                         "mysql_payload",
                                         "mysql_json"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace weft::mysql_binlog
