// SPDX-License-Identifier: Apache-2.0
// Two pipelines between the same two databases, for any pair of engines, and a chain of three: changes arrive once, and none
// goes round (hard case 19).
#include <gtest/gtest.h>

#include "base/text.h"
#include "live/side.h"
#include "live/weft_process.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;
using support::wait_until;

constexpr const char* kTable = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(40))";
constexpr const char* kRows = "SELECT id, v FROM t ORDER BY id";

class TwoWayTest : public ::testing::TestWithParam<SidePair> {
 protected:
  void SetUp() override {
    for (const SideKind kind : {std::get<0>(GetParam()), std::get<1>(GetParam())}) {
      if (auto why = Side::unavailable(kind)) GTEST_SKIP() << *why;
    }
    a_ = Side::make(std::get<0>(GetParam()));
    b_ = Side::make(std::get<1>(GetParam()));
    for (const Side* side : {a_.get(), b_.get()}) side->exec(kTable);
  }

  std::unique_ptr<WeftProcess> follow(const std::string& name,
                                      const Side& from,
                                      const Side& to,
                                      std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "--from", from.url(), "--to", to.url(), "--name", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto weft = std::make_unique<WeftProcess>(dir_.path() / (name + ".log"), arguments);
    EXPECT_TRUE(weft->wait_consistent(deadline_in(60s))) << name << ": " << weft->log_tail();
    return weft;
  }

  static bool becomes(const Side& side, const std::string& rows) {
    return wait_until(deadline_in(60s), [&] { return side.text(kRows) == rows; });
  }

  // Changes that the pipeline has applied, of every kind.
  static uint64_t applied(WeftProcess& weft) {
    const std::string status = weft.status();
    uint64_t sum = 0;
    for (const char* kind : {"insert", "update", "delete"}) sum += std::stoull("0" + json_field(status, kind));
    return sum;
  }

  support::TempDir dir_;
  std::unique_ptr<Side> a_;
  std::unique_ptr<Side> b_;
};

TEST_P(TwoWayTest, hard_case_19_changes_arrive_once_and_none_goes_round) {
  a_->exec("INSERT INTO t VALUES (1, 'a'), (2, 'a')");
  const auto there = follow("there", *a_, *b_);
  const auto back = follow("back", *b_, *a_, {"--snapshot", "no"});
  for (int i = 0; i < 10; ++i) {
    a_->exec(cat("INSERT INTO t VALUES (", 100 + i, ", 'of a')"));
    b_->exec(cat("INSERT INTO t VALUES (", 200 + i, ", 'of b')"));
  }
  a_->exec("UPDATE t SET v = 'a again' WHERE id = 1; DELETE FROM t WHERE id = 2");
  b_->exec("UPDATE t SET v = 'b again' WHERE id = 205; DELETE FROM t WHERE id = 206");
  std::string rows = "1,a again";
  for (int i = 0; i < 10; ++i) rows += cat("|", 100 + i, ",of a");
  for (int i = 0; i < 10; ++i) {
    if (i != 6) rows += cat("|", 200 + i, i == 5 ? ",b again" : ",of b");
  }
  EXPECT_TRUE(becomes(*a_, rows)) << a_->text(kRows) << "\n" << back->log_tail();
  EXPECT_TRUE(becomes(*b_, rows)) << b_->text(kRows) << "\n" << there->log_tail();
  // A last change each way: everything before it has passed then.
  a_->exec("INSERT INTO t VALUES (900, 'end')");
  b_->exec("INSERT INTO t VALUES (901, 'end')");
  rows += "|900,end|901,end";
  EXPECT_TRUE(becomes(*a_, rows) && becomes(*b_, rows));
  EXPECT_TRUE(wait_until(deadline_in(20s), [&] { return applied(*there) == 13 && applied(*back) == 13; }))
      << "there " << applied(*there) << ", back " << applied(*back);
}

// A kill leaves transactions between commit and acknowledgement; they must not come back as somebody's own.
TEST_P(TwoWayTest, hard_case_19_a_killed_process_sends_nothing_round_either) {
  a_->exec("INSERT INTO t VALUES (1, 'x'), (2, 'x')");
  (void)follow("there", *a_, *b_);
  (void)follow("back", *b_, *a_, {"--snapshot", "no"});
  for (int round = 0; round < 5; ++round) {
    const auto there = follow("there", *a_, *b_);
    const auto back = follow("back", *b_, *a_, {"--snapshot", "no"});
    for (int i = 0; i < 20; ++i) {
      a_->exec(cat("UPDATE t SET v = 'a", round * 100 + i, "' WHERE id = 1"));
      b_->exec(cat("UPDATE t SET v = 'b", round * 100 + i, "' WHERE id = 2"));
    }
    (round % 2 == 0 ? there : back)->kill(SIGKILL);
  }
  const auto there = follow("there", *a_, *b_);
  const auto back = follow("back", *b_, *a_, {"--snapshot", "no"});
  EXPECT_TRUE(becomes(*a_, "1,a419|2,b419")) << a_->text(kRows);
  EXPECT_TRUE(becomes(*b_, "1,a419|2,b419")) << b_->text(kRows);
}

// A -> B -> C passes everything on, and C -> A takes nothing of A's back.
TEST_P(TwoWayTest, hard_case_19_a_chain_passes_on_what_came_from_elsewhere_and_a_ring_ends) {
  auto c = Side::make(std::get<0>(GetParam()));
  c->exec(kTable);
  const auto first = follow("first", *a_, *b_);
  const auto second = follow("second", *b_, *c);
  const auto third = follow("third", *c, *a_, {"--snapshot", "no"});
  a_->exec("INSERT INTO t VALUES (1, 'a')");
  b_->exec("INSERT INTO t VALUES (2, 'b')");
  c->exec("INSERT INTO t VALUES (3, 'c')");
  for (const Side* side : {a_.get(), b_.get(), c.get()})
    EXPECT_TRUE(becomes(*side, "1,a|2,b|3,c")) << side->text(kRows);
  EXPECT_TRUE(wait_until(deadline_in(20s),
                         [&] { return applied(*first) == 2 && applied(*second) == 2 && applied(*third) == 2; }))
      << applied(*first) << " " << applied(*second) << " " << applied(*third);
}

// What waits is replayed beside the pipeline, and what goes in beside it goes row by row: neither is an application's change.
TEST_P(TwoWayTest, hard_case_19_dead_letters_and_their_replay_send_nothing_round) {
  b_->exec("ALTER TABLE t ADD CONSTRAINT no_bad CHECK (v <> 'bad')");
  auto c = Side::make(std::get<0>(GetParam()));
  c->exec(kTable);
  c->exec("ALTER TABLE t ADD CONSTRAINT no_bad CHECK (v <> 'bad')");
  const std::vector<std::string> parking = {"--on-bad-row", "dead-letter"};
  const auto first = follow("first", *a_, *b_, parking);
  const auto back = follow("back", *b_, *a_, {"--snapshot", "no"});
  const auto second = follow("second", *b_, *c, parking);
  const auto third = follow("third", *c, *a_, {"--snapshot", "no"});
  a_->exec(
      "BEGIN; INSERT INTO t VALUES (1, 'good'); INSERT INTO t VALUES (2, 'bad'); INSERT INTO t VALUES (3, 'good'); "
      "COMMIT");
  EXPECT_TRUE(becomes(*b_, "1,good|3,good") && becomes(*c, "1,good|3,good")) << b_->text(kRows) << first->log_tail();
  b_->exec("ALTER TABLE t DROP CONSTRAINT no_bad");
  const auto replayed =
      run_weft({"dead-letters", "replay", "--from", a_->url(), "--to", b_->url(), "--name", "first"}, deadline_in(60s));
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_TRUE(becomes(*b_, "1,good|2,bad|3,good")) << b_->text(kRows);
  // It passed on to C, where it waits in turn, and everything behind it as well.
  a_->exec("INSERT INTO t VALUES (4, 'good')");
  EXPECT_TRUE(becomes(*c, "1,good|3,good|4,good")) << c->text(kRows) << second->log_tail();
  c->exec("INSERT INTO t VALUES (5, 'of c')");
  EXPECT_TRUE(becomes(*a_, "1,good|2,bad|3,good|4,good|5,of c")) << a_->text(kRows) << third->log_tail();
  EXPECT_TRUE(wait_until(deadline_in(20s), [&] { return applied(*third) == 1; }))
      << applied(*third) << third->log_tail();
  // What C's application wrote goes round by way of A and comes to B; nothing that was A's or B's comes back from there.
  EXPECT_TRUE(becomes(*b_, "1,good|2,bad|3,good|4,good|5,of c")) << b_->text(kRows);
  EXPECT_EQ(applied(*back), 0u) << back->log_tail();
}

TEST_P(TwoWayTest, TransactionsOfDifferentOriginsAreNotWrittenAsOne) {
  auto c = Side::make(std::get<0>(GetParam()));
  c->exec(kTable);
  const auto first = follow("first", *a_, *b_);
  {
    // While nobody carries it on, changes of A and of B lie side by side in B's log.
    const auto second = follow("second", *b_, *c);
  }
  for (int i = 0; i < 20; ++i) {
    a_->exec(cat("INSERT INTO t VALUES (", 2 * i, ", 'a')"));
    b_->exec(cat("INSERT INTO t VALUES (", 2 * i + 1, ", 'b')"));
  }
  EXPECT_TRUE(wait_until(deadline_in(30s), [&] { return b_->text("SELECT count(*) FROM t") == "40"; }));
  const auto third = follow("third", *c, *a_, {"--snapshot", "no"});
  const auto second = follow("second", *b_, *c);
  EXPECT_TRUE(wait_until(deadline_in(30s), [&] { return a_->text("SELECT count(*) FROM t WHERE v = 'b'") == "20"; }))
      << a_->text("SELECT v, count(*) FROM t GROUP BY v ORDER BY v") << third->log_tail();
  c->exec("INSERT INTO t VALUES (100, 'c')");
  EXPECT_TRUE(wait_until(deadline_in(30s), [&] { return a_->text("SELECT count(*) FROM t") == "41"; }));
  EXPECT_TRUE(wait_until(deadline_in(20s), [&] { return applied(*third) == 21; })) << applied(*third);
}

TEST_P(TwoWayTest, OriginsLocalCarriesWhatApplicationsWroteThereAndAllCarriesEverything) {
  auto c = Side::make(std::get<0>(GetParam()));
  auto d = Side::make(std::get<0>(GetParam()));
  for (const Side* side : {c.get(), d.get()}) side->exec(kTable);
  const auto first = follow("first", *a_, *b_);
  const auto local = follow("local", *b_, *c, {"--origins", "local"});
  const auto all = follow("all", *b_, *d, {"--origins", "all"});
  a_->exec("INSERT INTO t VALUES (1, 'a')");
  EXPECT_TRUE(becomes(*d, "1,a"));
  b_->exec("INSERT INTO t VALUES (2, 'b')");
  EXPECT_TRUE(becomes(*c, "2,b")) << c->text(kRows);
  EXPECT_TRUE(becomes(*d, "1,a|2,b")) << d->text(kRows);
}

INSTANTIATE_TEST_SUITE_P(Pairs,
                         TwoWayTest,
                         ::testing::ValuesIn(pairs_of({SideKind::kMariaDb, SideKind::kMySql, SideKind::kPostgres},
                                                      {{SideKind::kPostgres, SideKind::kPostgres},
                                                       {SideKind::kMariaDb, SideKind::kPostgres},
                                                       {SideKind::kMySql, SideKind::kMariaDb}})),
                         [](const auto& of) {
                           return side_name(std::get<0>(of.param)) + "And" + side_name(std::get<1>(of.param));
                         });

}  // namespace
}  // namespace weft::live
