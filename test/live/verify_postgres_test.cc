// SPDX-License-Identifier: Apache-2.0
// weft verify between PostgreSQL and PostgreSQL: every type and kind of key, beside writers, at scale, interrupted, and as a
// user who may only read.
#include "live/postgres_pair_fixture.h"
#include "live/postgres_samples.h"
#include "live/transfers.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class VerifyPostgres : public PostgresPairFixture {
 protected:
  std::vector<std::string> arguments(std::vector<std::string> more) {
    more.insert(more.begin(), {"verify", "--from", pair_->from(), "--to", pair_->to()});
    return more;
  }

  std::vector<std::string> environment() { return {"XDG_STATE_HOME=" + (pair_->dir.path() / "state").string()}; }

  WeftResult verify(std::vector<std::string> more = {}) {
    return run_weft(arguments(std::move(more)), deadline_in(120s), environment());
  }

  // A table of so many rows, the same on both sides without a pipeline.
  void make_large(int rows) {
    both("CREATE TABLE large (id bigint PRIMARY KEY, v text, n numeric(10,2), at timestamptz)");
    both(
        cat("INSERT INTO large SELECT g, 'row ' || g, g / 3.0, timestamptz '2024-01-01 00:00:00+00' + g * interval '1 "
            "s' FROM generate_series(1, ",
            rows,
            ") g"));
  }
};

TEST_F(VerifyPostgres, EveryTypeAndKeyIsEqualAfterTheSnapshotAndTheStream) {
  both(kKeys);
  both(kTypes);
  source(kKeyRows);
  source(kTypeRows);
  WeftProcess weft = streaming();
  const WeftResult copied = verify();
  EXPECT_EQ(copied.code, 0) << copied.out;
  source(kKeyChanges);
  source(kTypeChanges);
  const WeftResult streamed = verify();
  EXPECT_EQ(streamed.code, 0) << streamed.out;
}

TEST_F(VerifyPostgres, ADifferenceInAnyTypeIsNamedByItsColumn) {
  both(kTypes);
  source(kTypeRows);
  ASSERT_EQ(run_until_now().code, 0);
  target("CREATE TABLE types_were AS SELECT * FROM types WHERE id = 1");
  const std::vector<std::pair<std::string, std::string>> changes = {{"i2", "i2 + 1"},
                                                                    {"i8", "i8 - 1"},
                                                                    {"n", "n + 0.0000000001"},
                                                                    {"f4", "f4 + 1"},
                                                                    {"f8", "f8 * 2"},
                                                                    {"b", "NOT b"},
                                                                    {"v", "v || ' '"},
                                                                    {"c", "'xy'"},
                                                                    {"t", "upper(t)"},
                                                                    {"ts", "ts + interval '1 us'"},
                                                                    {"tz", "tz + interval '1 us'"},
                                                                    {"d", "d + 1"},
                                                                    {"tm", "tm + interval '1 us'"},
                                                                    {"by", "by || '\\x00'"},
                                                                    {"j", "'[1]'"},
                                                                    {"jb", "'{\"b\": 1.51}'"},
                                                                    {"u", "gen_random_uuid()"},
                                                                    {"ta", "ta || '{z}'"},
                                                                    {"ip", "ip + 1"},
                                                                    {"iv", "iv + interval '1 s'"},
                                                                    {"m", "'sad'"},
                                                                    {"bt", "~bt"},
                                                                    {"dm", "NULL"}};
  for (const auto& [column, value] : changes) {
    target(cat("UPDATE types SET ", column, " = ", value, " WHERE id = 1"));
    const WeftResult result = verify({"--table", "types"});
    EXPECT_EQ(result.code, 4) << column << ": " << result.out;
    EXPECT_TRUE(says(result, cat("public.types {\"id\": 1}: ", column, " is "))) << result.out;
    EXPECT_TRUE(says(result, "different: 1 row of ")) << result.out;
    target("DELETE FROM types WHERE id = 1; INSERT INTO types SELECT * FROM types_were");
  }
  EXPECT_EQ(verify({"--table", "types"}).code, 0);
}

TEST_F(VerifyPostgres, DifferencesUnderEveryKindOfKeyAreNamed) {
  both(kKeys);
  source(kKeyRows);
  ASSERT_EQ(run_until_now().code, 0);
  target(
      "UPDATE ints SET v = 'x' WHERE id = -300; DELETE FROM texts WHERE w = 'ANT '; INSERT INTO texts VALUES ('aNT', "
      "1);"
      "UPDATE composites SET v = 0 WHERE b = 'b14'; DELETE FROM uuids WHERE v = '7';"
      "DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE x = 1); INSERT INTO bag VALUES (2, NULL), (2, "
      "NULL);"
      "UPDATE coded SET v = 'w' WHERE id = 9");
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 4) << result.out;
  for (const char* line :
       {"public.ints {\"id\": -300}: v is \"v-100\" at the source, \"x\" at the target\n",
        "public.texts {\"w\": \"ANT \"}: missing at the target\n",
        "public.texts {\"w\": \"aNT\"}: only at the target\n",
        "public.composites {\"b\": \"b14\", \"a\": 0}: v is 4.67 at the source, 0.00 at the target\n",
        "public.uuids {\"id\": \"0x8f14e45fceea167a5a36dedd4bea2543\"}: missing at the target\n",
        "public.bag {\"x\": 1, \"y\": \"a\"}: missing at the target\n",
        "public.bag {\"x\": 2, \"y\": null}: only at the target (2 times)\n",
        "public.coded {\"code\": \"code9\"}: v is \"v\" at the source, \"w\" at the target\n",
        "different: 9 rows of "}) {
    EXPECT_TRUE(says(result, line)) << line << "\n" << result.out;
  }
}

TEST_F(VerifyPostgres, BesideWritersNothingIsCalledDifferent) {
  Transfers transfers(*pair_, 7);
  WeftProcess weft = streaming();
  transfers.start();
  ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] { return transfers.committed() > 500; }));
  for (int i = 0; i < 3; ++i) {
    const WeftResult result = verify();
    EXPECT_EQ(result.code, 0) << result.out << weft.log_tail();
  }
  target("INSERT INTO t VALUES (1000, 'planted')");
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(says(result, "public.t {\"id\": 1000}: only at the target")) << result.out;
  EXPECT_TRUE(says(result, "different: 1 row of ")) << result.out;
  transfers.stop();
  EXPECT_EQ(transfers.trouble(), "");
}

// The pipeline is there and does not get on: what it has not brought is neither equal nor a difference.
TEST_F(VerifyPostgres, WhatAStandingPipelineHasNotBroughtIsInFlight) {
  WeftProcess weft = streaming();
  auto holder = pair_->target_session();
  holder.exec("BEGIN; LOCK TABLE t IN SHARE MODE");
  source("INSERT INTO t VALUES (3, 'three')");
  const WeftResult result = verify({"--wait", "3"});
  EXPECT_EQ(result.code, 1) << result.out;
  EXPECT_TRUE(says(result, "public.t: 3 rows, 1 still in flight\n")) << result.out;
  EXPECT_TRUE(says(result, "not decided: 1 row still in flight")) << result.out;
  holder.exec("ROLLBACK");
  const WeftResult later = verify();
  EXPECT_EQ(later.code, 0) << later.out << weft.log_tail();
}

TEST_F(VerifyPostgres, AUserWhoMayOnlyReadCanCompareWhatNoPipelineBrought) {
  begin({.source = {.wal_level = "replica"}});
  target("INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  source("CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
  const WeftResult result = run_weft(
      {"verify", "--from", pair_->source.url("shop", "reader"), "--to", pair_->to()}, deadline_in(60s), environment());
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(says(result, "public.t: 2 rows, equal")) << result.out;
}

TEST_F(VerifyPostgres, AMillionRowsAreComparedInBoundedMemory) {
  make_large(1000000);
  target("UPDATE large SET v = 'x' WHERE id % 100000 = 0; DELETE FROM large WHERE id = 500001");
  WeftProcess weft(pair_->dir.path() / "verify.log", arguments({}), environment());
  size_t peak = 0;
  ASSERT_TRUE(support::wait_until(deadline_in(120s), [&] {
    peak = std::max(peak, weft.peak_kib());
    return !weft.running();
  }));
  EXPECT_TRUE(weft.output().find("10 different") != std::string::npos) << weft.output();
  EXPECT_TRUE(weft.output().find("1 missing at the target") != std::string::npos) << weft.output();
  EXPECT_LT(peak, 96u << 10) << "KiB";
}

TEST_F(VerifyPostgres, ManyDifferencesAreCountedAndAFewAreShown) {
  make_large(30000);
  target("UPDATE large SET v = v || '!'");
  const WeftResult result = verify({"--table", "large"});
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(says(result, "public.large: 30000 rows, 30000 different\n")) << result.out;
  EXPECT_TRUE(says(result, "... and 29950 more\n")) << result.out;
}

TEST_F(VerifyPostgres, ASampleReadsAPart) {
  make_large(400000);
  source("ANALYZE large");
  target("DELETE FROM large WHERE id % 2 = 0");
  const WeftResult result = verify({"--table", "large", "--sample", "5", "--json"});
  EXPECT_EQ(result.code, 4) << result.out;
  const uint64_t rows = std::stoull(json_field(result.out, "source_rows"));
  EXPECT_GT(rows, 4000u);
  EXPECT_LT(rows, 60000u);
  EXPECT_NEAR(static_cast<double>(std::stoull(json_field(result.out, "missing"))), static_cast<double>(rows) / 2, 100);
}

// Killed when the first table is done and differs: the next run takes that over and compares only what is left.
TEST_F(VerifyPostgres, AnInterruptedRunIsGoneOnWith) {
  both("CREATE TABLE a_first (id int PRIMARY KEY, v text); INSERT INTO a_first VALUES (1, 'x')");
  target("UPDATE a_first SET v = 'y'");
  make_large(1500000);
  {
    WeftProcess weft(pair_->dir.path() / "verify.log", arguments({}), environment());
    ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] {
      return weft.output().find("public.a_first: 1 row, 1 different") != std::string::npos;
    }));
    weft.crash();
    ASSERT_EQ(weft.output().find("public.large"), std::string::npos) << "it was too fast to be interrupted";
  }
  target("UPDATE a_first SET v = 'x'");
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(says(result, "going on where an interrupted run stood")) << result.out;
  EXPECT_TRUE(says(result, "public.a_first: 1 row, 1 different (compared before the interruption)")) << result.out;
  EXPECT_TRUE(says(result, "public.large: 1500000 rows, equal")) << result.out;
  const WeftResult fresh = verify({"--fresh", "--table", "a_first", "--table", "t"});
  EXPECT_FALSE(says(fresh, "interrupted")) << fresh.out;
}

}  // namespace
}  // namespace weft::live
