// SPDX-License-Identifier: Apache-2.0
// Bad input from the side of the source (docs/bad-input.md): addresses, TLS, grants, settings, logs that are gone or damaged.
#include <filesystem>
#include <fstream>

#include "live/bad_input_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class BadInputSource : public BadInputTest {
 protected:
  // Takes weft's sessions away, so that it has to connect again.
  void end_sessions() {
    auto session = rig_->source_session();
    for (const auto& row : session.query("SELECT id FROM information_schema.processlist WHERE user = 'weft'"))
      session.exec(cat("KILL ", *row[0]));
  }

  // The file of the log that holds what is written now, and where it ends.
  std::filesystem::path log_file() { return rig_->source->data_dir() / *log_status()[0]; }

  std::streamoff log_end() { return std::stoll(*log_status()[1]); }

  support::Row log_status() {
    const bool renamed = rig_->source->value("SELECT VERSION()").starts_with("9.");
    return rig_->source->query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS").at(0);
  }

  // A server that does not check what it sends: bytes that its disk turned arrive with the checksum of what they were.
  void expect_corrupt_event_is_an_end() {
    ASSERT_EQ(run({"--until", "now"}).code, 0);
    const std::streamoff before = log_end();
    source("INSERT INTO shop.t VALUES (3, 'as it was written')");
    alter_log(before, "as it was", "as it is ");
    expect_end(run({"--until", "now"}), 3, {"checksum", "binary log"});
    EXPECT_EQ(rows(), "1,one|2,two");
    alter_log(before, "as it is ", "as it was");
    expect_goes_on();
  }

  // Exchanges bytes of the log behind `begin`: the last place of `what` becomes `with` (before it stands the statement's text).
  void alter_log(std::streamoff begin, const std::string& what, const std::string& with) {
    std::fstream file(log_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(begin);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const size_t at = bytes.rfind(what);
    ASSERT_NE(at, std::string::npos);
    file.clear();
    file.seekp(begin + static_cast<std::streamoff>(at));
    file << with;
  }

  // Sets the type of the event at `offset`.
  void set_event_type(std::streamoff offset, char type) {
    std::fstream file(log_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset + 4);
    file.put(type);
  }
};

TEST_F(BadInputSource, HostNameThatNobodyKnowsIsExit3) {
  expect_end(run_from("mysql://weft:secret@no-such-host.invalid:3306/shop"), 3, {"source: ", "no-such-host.invalid"});
  expect_goes_on();
}

TEST_F(BadInputSource, TlsThatTheServerDoesNotSpeakIsExit3AtOnce) {
  expect_end(run_from(rig_->from() + "?tls=require"), 3, {"source: ", "TLS", "tls=off"});
  expect_goes_on();
}

TEST_F(BadInputSource, CertificateThatNobodyVouchesForIsExit3AtOnce) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({}, Engine::kMySql);
  if (!std::filesystem::exists(rig_->source->data_dir() / "server-cert.pem")) GTEST_SKIP() << "no certificate";
  expect_end(run_from(rig_->from() + "?tls=verify"), 3, {"source: ", "ertificate", "ca="});
  const WeftResult trusted = run_from(rig_->from() + "?tls=require");
  EXPECT_EQ(trusted.code, 0) << trusted.out;
  expect_equal();
}

TEST_F(BadInputSource, StatementFormatIsExit3WithTheSetting) {
  begin({.extra = {"--binlog-format=STATEMENT"}});
  expect_end(run({"--until", "now"}), 3, {"binlog_format is STATEMENT", "SET GLOBAL binlog_format = 'ROW'"});
  source("SET GLOBAL binlog_format = 'ROW'");
  expect_goes_on();
}

TEST_F(BadInputSource, GrantTakenAwayInMidStreamIsExit1WithTheGrant) {
  WeftProcess weft = streaming();
  source("REVOKE REPLICATION SLAVE ON *.* FROM weft@'%'; INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << "an open stream goes on";
  end_sessions();
  expect_end(weft, 1, {"REPLICATION SLAVE", "grant", "everything up to"});
  source("GRANT REPLICATION SLAVE ON *.* TO weft@'%'; INSERT INTO shop.t VALUES (4, 'four')");
  expect_goes_on();
}

TEST_F(BadInputSource, PasswordChangedInMidStreamIsExit1AndNotShown) {
  WeftProcess weft = streaming();
  source("SET PASSWORD FOR weft@'%' = PASSWORD('another'); INSERT INTO shop.t VALUES (3, 'three')");
  end_sessions();
  expect_end(weft, 1, {"denied", "check user, password"});
  source("SET PASSWORD FOR weft@'%' = PASSWORD('secret')");
  expect_goes_on();
}

TEST_F(BadInputSource, PurgedPositionIsExit3AndAResnapshotMends) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "INSERT INTO shop.t VALUES (3, 'lost'); FLUSH BINARY LOGS; INSERT INTO shop.t VALUES (4, 'kept'); FLUSH BINARY "
      "LOGS");
  source("PURGE BINARY LOGS TO '" + *rig_->source->query("SHOW BINARY LOGS").back()[0] + "'");
  expect_end(run({"--until", "now"}), 3, {"position", "--on-lost-position=resnapshot"});
  EXPECT_EQ(rows(), "1,one|2,two");
  expect_goes_on({"t"}, {"--on-lost-position", "resnapshot"});
}

TEST_F(BadInputSource, ResetLogIsAnEndAndNeverASkip) {
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)"));
  end_sessions();
  source("RESET MASTER; INSERT INTO shop.t VALUES (4, 'unseen')");
  expect_end(weft, 1, {"position", "--on-lost-position=resnapshot"});
  expect_end(run({"--until", "now"}), 3, {"position", "--on-lost-position=resnapshot"});
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  expect_goes_on({"t"}, {"--on-lost-position", "resnapshot"});
}

TEST_F(BadInputSource, ResetLogOfMySqlIsAnEndAndNeverASkip) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({}, Engine::kMySql);
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source("RESET BINARY LOGS AND GTIDS; INSERT INTO shop.t VALUES (4, 'unseen')");
  expect_end(run({"--until", "now"}), 3, {"position", "--on-lost-position=resnapshot"});
  EXPECT_EQ(rows(), "1,one|2,two");
  expect_goes_on({"t"}, {"--on-lost-position", "resnapshot"});
}

TEST_F(BadInputSource, ServerThatIsNotTheOneBeforeIsExit3) {
  ASSERT_EQ(run({"--until", "now", "--name", "shop"}).code, 0);
  const auto other = make_source(Engine::kMariaDb);
  other->start();
  other->exec(
      "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO shop.t VALUES (9, "
      "'other')");
  const WeftResult result =
      run_weft({"run", "--from", other->url("shop", "weft"), "--to", rig_->to(), "--name", "shop"}, deadline_in(60s));
  expect_end(result, 3, {"pipeline shop", "belongs to source", "--name"});
  expect_goes_on({"t"}, {"--name", "shop"});
}

TEST_F(BadInputSource, EventWhoseChecksumIsWrongIsAnEndBeforeItIsApplied) {
  begin({.extra = {"--binlog-checksum=CRC32", "--master-verify-checksum=OFF"}});
  expect_corrupt_event_is_an_end();
}

TEST_F(BadInputSource, EventOfMySqlWhoseChecksumIsWrongIsAnEndBeforeItIsApplied) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({.extra = {"--binlog-checksum=CRC32", "--source-verify-checksum=OFF"}}, Engine::kMySql);
  expect_corrupt_event_is_an_end();
}

// Nothing is passed over because it is not known: what it does to rows is not known either.
TEST_F(BadInputSource, EventOfAnUnknownTypeIsAnEndBeforeWhatFollows) {
  begin({.extra = {"--binlog-checksum=NONE"}});
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  const std::streamoff before = log_end();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  char type = 0;
  {
    std::ifstream file(log_file(), std::ios::binary);
    file.seekg(before + 4);
    file.get(type);
  }
  set_event_type(before, static_cast<char>(200));
  expect_end(run({"--until", "now"}), 3, {"event", "200"});
  EXPECT_EQ(rows(), "1,one|2,two");
  set_event_type(before, type);
  expect_goes_on();
}

}  // namespace
}  // namespace weft::live
