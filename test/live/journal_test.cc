// SPDX-License-Identifier: Apache-2.0
// The journal on disk with real servers.
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class JournalTest : public RunFixture {
 protected:
  [[nodiscard]] std::filesystem::path directory() const { return rig_->dir.path() / "journal"; }

  std::vector<std::string> on_disk(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--journal", cat("file:", directory().string())});
    return more;
  }

  void insert(int from, int to) {
    for (int id = from; id <= to; ++id) source(cat("INSERT INTO shop.t VALUES (", id, ", 'x')"));
  }

  bool arrives(int id) { return rig_->becomes("SELECT max(id) FROM t", cat(id), deadline_in(30s)); }

  void stop(WeftProcess& weft) {
    weft.kill(SIGTERM);
    const auto ended = weft.wait_exit(deadline_in(30s));
    ASSERT_TRUE(ended && ended->code == 0) << weft.log_tail();
  }
};

TEST_F(JournalTest, hard_case_05_a_target_that_went_back_is_served_from_the_journal) {
  {
    WeftProcess weft = streaming(on_disk());
    insert(3, 5);
    ASSERT_TRUE(arrives(5)) << weft.log_tail();
    const std::string version = rig_->at_target("SELECT max(version) FROM _weft.progress_log");
    insert(6, 9);
    ASSERT_TRUE(arrives(9)) << weft.log_tail();
    stop(weft);
    // As if a replica without the last commits had been promoted.
    target(cat("DELETE FROM _weft.progress_log WHERE version > ", version, "; DELETE FROM t WHERE id > 5"));
  }
  purge();
  const auto memory = run({"--until", "now"});
  EXPECT_EQ(memory.code, 3) << memory.out;
  const auto file = run(on_disk({"--until", "now"}));
  EXPECT_EQ(file.code, 0) << file.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,x|4,x|5,x|6,x|7,x|8,x|9,x");
}

TEST_F(JournalTest, ATargetThatWasDownIsServedWhenItComesBack) {
  WeftProcess weft = streaming(on_disk());
  rig_->target.stop();
  insert(3, 6);
  ASSERT_TRUE(support::wait_until(deadline_in(30s), [&] { return weft.running(); }));
  rig_->target.start();
  EXPECT_TRUE(arrives(6)) << weft.log_tail();
  stop(weft);
}

TEST_F(JournalTest, FilesAreForTheOwnerOnlyAndCanBeInspected) {
  WeftProcess weft = streaming(on_disk());
  insert(3, 5);
  ASSERT_TRUE(arrives(5)) << weft.log_tail();
  EXPECT_TRUE(has(weft.status(), "\"journal\":{\"kind\":\"file\"")) << weft.status();
  const auto second = run(on_disk({"--until", "now"}));
  EXPECT_EQ(second.code, 5) << second.out;
  stop(weft);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(directory()).permissions(), perms::owner_all);
  const auto segment = directory() / "000000000001.journal";
  EXPECT_EQ(std::filesystem::status(segment).permissions(), perms::owner_read | perms::owner_write);
  const auto seen = run_weft({"journal", "inspect", directory().string()}, deadline_in(30s));
  EXPECT_EQ(seen.code, 0) << seen.out;
  EXPECT_TRUE(has(seen.out, "000000000001.journal") && has(seen.out, "sequences 1-")) << seen.out;
  const auto json = run_weft({"journal", "inspect", directory().string(), "--json"}, deadline_in(30s));
  EXPECT_TRUE(has(json.out, "\"first_sequence\":1")) << json.out;
}

TEST_F(JournalTest, DamageIsNamedAndALostDirectoryIsReadAgainFromTheSource) {
  WeftProcess weft = streaming(on_disk());
  insert(3, 5);
  ASSERT_TRUE(arrives(5));
  insert(6, 8);
  ASSERT_TRUE(arrives(8));
  weft.crash();
  {
    std::fstream file(directory() / "000000000001.journal", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40);
    file.put('\x7f');
  }
  const auto damaged = run(on_disk({"--until", "now"}));
  EXPECT_EQ(damaged.code, 3) << damaged.out;
  EXPECT_TRUE(has(damaged.out, "000000000001.journal is damaged at offset 20")) << damaged.out;
  EXPECT_EQ(run_weft({"journal", "inspect", directory().string()}, deadline_in(30s)).code, 3);
  std::filesystem::rename(directory(), directory().string() + ".away");
  insert(9, 9);
  const auto anew = run(on_disk({"--until", "now"}));
  EXPECT_EQ(anew.code, 0) << anew.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,x|4,x|5,x|6,x|7,x|8,x|9,x");
}

}  // namespace
}  // namespace weft::live
