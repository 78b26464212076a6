// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/stream.h"

#include <gtest/gtest.h>

#include "codec/mysql_binlog/made_events.h"

namespace weft::mysql_binlog {
namespace {

const MySqlPositionLog& log_of(const Batch& batch) {
  return static_cast<const MySqlPositionLog&>(*batch.positions());
}

std::vector<std::string> texts(const Batch& batch) {
  std::vector<std::string> out;
  for (const Transaction& tx : batch.transactions()) out.push_back(batch.position(tx).text());
  return out;
}

std::vector<std::string> one_row(uint64_t sequence, std::string_view table = "t") {
  return {made_maria_gtid(0, sequence),
          made_table_map(table == "t" ? 1 : 2, table),
          made_insert(static_cast<uint32_t>(sequence), 1, table == "t" ? 1 : 2),
          made_xid()};
}

class Stream : public testing::Test {
 protected:
  void start(StreamOptions options = {}) {
    feeder = std::make_unique<Feeder>(options, catalogue);
    ASSERT_EQ(feeder->feed_all({made_rotate("mysql-bin.000001", 4), made_format(options.flavor)}), "");
  }

  void given(const std::vector<std::string>& events) { ASSERT_EQ(feeder->feed_all(events), ""); }

  MadeCatalogue catalogue;
  std::unique_ptr<Feeder> feeder;
};

TEST_F(Stream, PositionsCarryTheGtidAndThePlaceBehindTheTransaction) {
  start();
  given(one_row(1));
  given(one_row(2));
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  EXPECT_EQ(log_of(batch).gtid_text(0), "0-7-1");
  EXPECT_EQ(texts(batch)[1], cat("0-7-2@", feeder->stream.place().text()));
  EXPECT_EQ(batch.transactions()[0].commit_us, 1700000000LL * 1000000);
}

TEST_F(Stream, hard_case_31_sizes_are_summed_where_the_log_gives_no_place) {
  start();
  const std::vector<std::string> events = one_row(1);
  uint64_t end = 120;
  for (const std::string& event : events) end += event.size();
  given(events);
  EXPECT_EQ(feeder->stream.place().offset, end);
}

TEST_F(Stream, ARunOfEmptyTransactionsIsOneWithTheLatestPosition) {
  start();
  for (uint64_t i = 1; i <= 3; ++i) given(one_row(i, "other"));
  given(one_row(4));
  for (uint64_t i = 5; i <= 6; ++i) given(one_row(i, "other"));
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 3u);
  EXPECT_TRUE(batch.transactions()[0].empty());
  EXPECT_EQ(texts(batch)[0].substr(0, 6), "0-7-3@");
  EXPECT_EQ(batch.transactions()[1].changes.size(), 1u);
  EXPECT_TRUE(batch.transactions()[2].empty());
  EXPECT_EQ(texts(batch)[2].substr(0, 6), "0-7-6@");
  EXPECT_FALSE(feeder->stream.ready());
}

TEST_F(Stream, AnOpenTransactionGoesOnOverTake) {
  start();
  given({made_maria_gtid(0, 1), made_table_map(), made_insert(1)});
  const Batch before = feeder->stream.take();
  EXPECT_TRUE(before.empty());
  EXPECT_TRUE(feeder->stream.in_transaction());
  given({made_insert(2), made_xid()});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  ASSERT_EQ(batch.transactions()[0].changes.size(), 2u);
  EXPECT_EQ(std::get<RowChange>(batch.transactions()[0].changes[0]).after[1].view(), "abc");
}

TEST_F(Stream, ATransactionAboveTheBudgetTravelsAsFragments) {
  start({.fragment_bytes = 1000});
  given({made_maria_gtid(0, 1), made_table_map(), made_insert(1, 15), made_insert(16, 15), made_xid()});
  const Batch batch = feeder->stream.take();
  ASSERT_GT(batch.transactions().size(), 2u);
  size_t rows = 0;
  for (const Transaction& tx : batch.transactions()) {
    EXPECT_EQ(tx.first, &tx == &batch.transactions().front());
    EXPECT_EQ(tx.last, &tx == &batch.transactions().back());
    EXPECT_EQ(batch.position(tx).text().starts_with("0-7-1"), tx.last) << "progress moves with the last fragment only";
    rows += tx.changes.size();
  }
  EXPECT_EQ(rows, 30u);
}

TEST_F(Stream, InFileFormTheHeadOfAFileMovesThePosition) {
  start({.start = MySqlPosition::at_file("mysql-bin.000001", 4)});
  Batch batch = feeder->stream.take();
  ASSERT_EQ(texts(batch), std::vector<std::string>{"file:mysql-bin.000001:120"});
  ByteWriter body;
  body.le(4, 8);
  body.bytes("mysql-bin.000002");
  given({made_event(EventType::kRotate, body.str(), 500)});
  batch = feeder->stream.take();
  EXPECT_EQ(texts(batch), std::vector<std::string>{"file:mysql-bin.000002:4"});
}

TEST_F(Stream, hard_case_16_a_statement_that_writes_rows_of_a_captured_table_stops_behind_what_came_before) {
  start();
  given(one_row(1));
  given({made_maria_gtid(0, 2, MariaGtidEvent::kStandalone), made_query("DELETE FROM other")});
  const std::string place = feeder->stream.place().text();
  ASSERT_EQ(feeder->feed_all({made_maria_gtid(0, 3)}), "");
  const Status refused = feeder->feed(made_query("UPDATE t SET v = 'x'"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_EQ(refused.error().code(), kStatementFormat);
  EXPECT_NE(refused.error().message().find("UPDATE t SET v = 'x'"), std::string::npos);
  EXPECT_NE(refused.error().message().find("mysql-bin.000001:"), std::string::npos);
  EXPECT_FALSE(feeder->feed(made_xid())) << "nothing goes on behind an error";
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  EXPECT_EQ(batch.transactions()[0].changes.size(), 1u);
  EXPECT_EQ(texts(batch)[1], cat("0-7-2@", place));
}

TEST_F(Stream, hard_case_16_load_data_into_a_captured_table_is_refused_and_elsewhere_passes) {
  const auto load = [](std::string_view sql) {
    const std::string query = made_query(sql).substr(kHeaderBytes);
    return made_event(EventType::kExecuteLoadQuery, query.substr(0, 13) + std::string(13, '\0') + query.substr(13));
  };
  start();
  given({made_maria_gtid(0, 1),
         made_event(EventType::kBeginLoadQuery, "file"),
         load("LOAD DATA INFILE 'x' INTO TABLE other"),
         made_xid()});
  EXPECT_NE(feeder->feed_all({made_maria_gtid(0, 2), load("LOAD DATA INFILE 'x' INTO TABLE `weft_rec`.`t`")}), "");
}

TEST_F(Stream, AnIncidentStops) {
  start();
  const Status refused = feeder->feed(made_event(EventType::kIncident, std::string_view("\1\0\4lost", 7)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kIncidentLogged);
}

TEST_F(Stream, UnknownEventsPassOnlyIfTheyMayBeIgnored) {
  start();
  given({made_event(static_cast<EventType>(43), "whatever", 0, kFlagIgnorable)});
  const Status refused = feeder->feed(made_event(static_cast<EventType>(99), "whatever"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kUnknownEvent);
  EXPECT_NE(refused.error().message().find("99"), std::string::npos);
}

TEST_F(Stream, hard_case_31_numbers_of_a_domain_must_grow) {
  start();
  given(one_row(5));
  const Status refused = feeder->feed(made_maria_gtid(0, 5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kGtidOrder);
  start();
  given(one_row(5));
  EXPECT_EQ(feeder->feed_all({made_maria_gtid(1, 1), made_xid()}), "") << "each domain counts by itself";
  start({.start = MySqlPosition::at_file("mysql-bin.000001", 4)});
  given(one_row(5));
  given(one_row(5));
}

TEST_F(Stream, RowsOfATableThatIsNotCapturedAreNotEvenDecoded) {
  start();
  given({made_maria_gtid(0, 1),
         made_table_map(2, "other"),
         made_event(EventType::kWriteRowsV1, std::string_view("\2\0\0\0\0\0\1\0nonsense", 16)),
         made_xid()});
}

TEST_F(Stream, TheWrongServerIsNamed) {
  feeder = std::make_unique<Feeder>(StreamOptions{.flavor = Flavor::kMySql}, catalogue);
  EXPECT_NE(feeder->feed_all({made_format(Flavor::kMariaDb)}).find("10.11.6-MariaDB"), std::string::npos);
}

TEST_F(Stream, AServerThatStartsAgainUndoesWhatItLeftOpen) {
  start();
  given({made_maria_gtid(0, 1), made_table_map(), made_insert(1), made_format(Flavor::kMariaDb, 12345)});
  given(one_row(2));
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_EQ(batch.transactions()[0].changes.size(), 1u);
}

TEST_F(Stream, AMissingShapeIsSaidInTheWordsThatMendIt) {
  start();
  auto shorter = std::make_shared<TableSchema>(*catalogue.shape);
  shorter->columns.pop_back();
  catalogue.shape = shorter;
  ASSERT_EQ(feeder->feed_all({made_maria_gtid(0, 1)}), "");
  const Status refused = feeder->feed(made_table_map());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kSchemaUnknown);
  EXPECT_NE(refused.error().message().find("needs binlog_row_metadata=FULL or a resnapshot"), std::string::npos);
}

const TwoPhase* mark_of(const Transaction& tx, TwoPhase::Step step) {
  const TwoPhase* phase = tx.two_phase();
  return phase != nullptr && phase->step == step ? phase : nullptr;
}

std::string made_xa_prepare(bool one_phase) {
  return made_event(EventType::kXaPrepare,
                    std::string(1, one_phase ? 1 : 0) + std::string("\1\0\0\0\1\0\0\0\0\0\0\0x", 13));
}

TEST_F(Stream, hard_case_14_rows_of_an_xa_transaction_come_with_its_prepare_and_its_name) {
  start();
  given({made_maria_gtid(0, 1, 4),
         made_query("XA START X'78',X'',1"),
         made_table_map(),
         made_insert(1),
         made_query("XA END X'78',X'',1"),
         made_xa_prepare(false)});
  given(one_row(2));
  given({made_maria_gtid(0, 3, MariaGtidEvent::kStandalone), made_query("XA COMMIT X'78',X'',1")});
  given({made_maria_gtid(0, 4, MariaGtidEvent::kStandalone), made_query("XA ROLLBACK 'y'")});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 4u);
  ASSERT_EQ(batch.transactions()[0].changes.size(), 2u);
  ASSERT_NE(mark_of(batch.transactions()[0], TwoPhase::Step::kPrepare), nullptr);
  EXPECT_EQ(std::get<RowChange>(batch.transactions()[0].changes[0]).after[0].as_int(), 1);
  EXPECT_EQ(batch.transactions()[1].two_phase(), nullptr);
  ASSERT_EQ(batch.transactions()[2].changes.size(), 1u);
  const TwoPhase* commit = mark_of(batch.transactions()[2], TwoPhase::Step::kCommit);
  ASSERT_NE(commit, nullptr);
  EXPECT_EQ(commit->name, "X'78',X'',1");
  EXPECT_EQ(commit->name, mark_of(batch.transactions()[0], TwoPhase::Step::kPrepare)->name);
  const TwoPhase* rollback = mark_of(batch.transactions()[3], TwoPhase::Step::kRollback);
  ASSERT_NE(rollback, nullptr);
  EXPECT_EQ(rollback->name, "X'79',X'',1");
}

TEST_F(Stream, hard_case_14_a_prepared_transaction_without_captured_rows_is_passed_on_too) {
  start();
  given({made_maria_gtid(0, 1, 4), made_query("XA START 'x'"), made_query("XA PREPARE 'x'")});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_NE(mark_of(batch.transactions()[0], TwoPhase::Step::kPrepare), nullptr);
}

TEST_F(Stream, hard_case_14_a_huge_prepared_transaction_travels_as_fragments_that_all_say_so) {
  start({.fragment_bytes = 1});
  given({made_maria_gtid(0, 1, 4),
         made_query("XA START 'x'"),
         made_table_map(),
         made_insert(1),
         made_insert(2),
         made_query("XA PREPARE 'x'")});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 3u);
  for (const Transaction& tx : batch.transactions()) {
    EXPECT_NE(mark_of(tx, TwoPhase::Step::kPrepare), nullptr);
    EXPECT_EQ(tx.first, &tx == &batch.transactions().front());
    EXPECT_EQ(tx.last, &tx == &batch.transactions().back());
  }
}

TEST_F(Stream, hard_case_14_one_phase_is_plain_and_said_at_the_end_of_a_huge_one) {
  const auto one_phase = [&](size_t fragment_bytes) {
    start({.fragment_bytes = fragment_bytes});
    given({made_maria_gtid(0, 1, 4),
           made_query("XA START X'78',X'',1"),
           made_table_map(),
           made_insert(1),
           made_xa_prepare(true)});
    return feeder->stream.take();
  };
  const Batch small = one_phase(1u << 20);
  ASSERT_EQ(small.transactions().size(), 1u);
  EXPECT_EQ(small.transactions()[0].changes.size(), 1u);
  EXPECT_EQ(small.transactions()[0].two_phase(), nullptr);
  const Batch huge = one_phase(1);
  ASSERT_EQ(huge.transactions().size(), 2u);
  EXPECT_NE(mark_of(huge.transactions()[0], TwoPhase::Step::kPrepare), nullptr);
  EXPECT_NE(mark_of(huge.transactions()[1], TwoPhase::Step::kOnePhase), nullptr);
  EXPECT_TRUE(huge.transactions()[1].last);
}

TEST_F(Stream, hard_case_16_rows_of_a_transaction_that_is_rolled_back_in_the_log_are_dropped) {
  start();
  given({made_maria_gtid(0, 1, 4), made_table_map(), made_insert(1), made_query("ROLLBACK")});
  given(one_row(2));
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  EXPECT_TRUE(batch.transactions()[0].empty());
  EXPECT_EQ(batch.transactions()[1].changes.size(), 1u);
}

TEST_F(Stream, hard_case_16_what_a_savepoint_undoes_is_undone_here_too) {
  start();
  given({made_maria_gtid(0, 1, 4),
         made_table_map(),
         made_insert(1),
         made_query("SAVEPOINT `a`"),
         made_insert(2),
         made_query("SAVEPOINT `b`"),
         made_insert(3),
         made_query("ROLLBACK TO `a`"),
         made_insert(4),
         made_xid()});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  std::vector<int64_t> ids;
  for (const Change& change : batch.transactions()[0].changes)
    ids.push_back(std::get<RowChange>(change).after[0].as_int());
  EXPECT_EQ(ids, (std::vector<int64_t>{1, 4}));
  start({.fragment_bytes = 1});
  ASSERT_EQ(
      feeder->feed_all(
          {made_maria_gtid(0, 1, 4), made_query("SAVEPOINT `a`"), made_table_map(), made_insert(1), made_insert(2)}),
      "");
  EXPECT_FALSE(feeder->feed(made_query("ROLLBACK TO `a`"))) << "what went out can't be called back";
}

// The statement's foreign_key_checks are in the flags of its rows.
TEST_F(Stream, hard_case_07_rows_say_whether_foreign_keys_acted_below_the_log) {
  std::string unchecked = made_insert(2);
  unchecked[kHeaderBytes + 6] = 3;
  const auto hidden = [&](const StreamOptions& options, std::string_view version) {
    start(options);
    std::string format = made_format(options.flavor);
    version.copy(format.data() + kHeaderBytes + 2, 50);
    format[kHeaderBytes + 2 + version.size()] = 0;
    given({format});
    if (options.flavor == Flavor::kMariaDb) {
      given({made_maria_gtid(0, 1), made_table_map(), made_insert(1), unchecked, made_xid()});
    } else {
      given({made_query("BEGIN"), made_table_map(), made_insert(1), unchecked, made_xid()});
    }
    const Batch batch = feeder->stream.take();
    std::string out;
    for (const Transaction& tx : batch.transactions()) {
      for (const Change& change : tx.changes) out += std::get<RowChange>(change).hidden_actions ? 'h' : '-';
    }
    return out;
  };
  StreamOptions mysql{.flavor = Flavor::kMySql, .start = MySqlPosition::at_file("bin.000001", 4)};
  EXPECT_EQ(hidden({}, "10.11.6-MariaDB-log"), "h-");
  EXPECT_EQ(hidden(mysql, "8.4.3"), "h-");
  EXPECT_EQ(hidden(mysql, "9.6.0"), "--") << "from 9.6 on they act above the storage engine, and are logged";
  mysql.native_foreign_keys = true;
  EXPECT_EQ(hidden(mysql, "9.6.0"), "h-");
}

TEST_F(Stream, APayloadMayBePlain) {
  ByteWriter gtid;
  gtid.le(0, 1);
  gtid.bytes(std::string(16, '\x11'));
  gtid.le(5, 8);
  std::string events;
  for (const std::string& event : {made_query("BEGIN"), made_table_map(), made_insert(1), made_xid()}) events += event;
  ByteWriter payload;
  payload.bytes(std::string_view("\2\3\xfc\xff\0", 5));  // compression: 255, none
  payload.bytes(std::string_view("\0", 1));
  payload.bytes(events);
  start({.flavor = Flavor::kMySql});
  given({made_event(EventType::kGtid, gtid.str()), made_event(EventType::kTransactionPayload, payload.str())});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_EQ(batch.transactions()[0].changes.size(), 1u);
  EXPECT_TRUE(texts(batch)[0].starts_with("11111111-1111-1111-1111-111111111111:5@")) << texts(batch)[0];
}

TEST_F(Stream, AnInsertOfDefaultsAloneIsARowOfUnchangedValues) {
  ByteWriter body;
  body.le(1, 6);
  body.le(1, 2);
  body.le(2, 1);
  body.le(0, 1);
  start();
  given({made_maria_gtid(0, 1), made_table_map(), made_event(EventType::kWriteRowsV1, body.str()), made_xid()});
  const Batch batch = feeder->stream.take();
  ASSERT_EQ(batch.transactions()[0].changes.size(), 1u);
  EXPECT_TRUE(std::get<RowChange>(batch.transactions()[0].changes[0]).after[0].is_unchanged());
}

}  // namespace
}  // namespace weft::mysql_binlog
