// SPDX-License-Identifier: Apache-2.0
// Bad input from the journal on disk (docs/bad-input.md): full, cut, written by a newer version, another pipeline's.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/crc32c.h"
#include "live/bad_input_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class BadInputJournal : public BadInputTest {
 protected:
  [[nodiscard]] fs::path directory() const { return rig_->dir.path() / "journal"; }

  // The newest one.
  [[nodiscard]] fs::path segment() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(directory())) {
      if (entry.path().extension() == ".journal") newest = std::max(newest, entry.path());
    }
    return newest;
  }

  [[nodiscard]] std::vector<std::string> on_disk(const std::string& options = "") const {
    return {"--journal", cat("file:", directory().string(), options)};
  }

  // Rows of a megabyte each, while nothing can be applied.
  void fill(int count) {
    for (int id = 1; id <= count; ++id)
      source(cat("INSERT INTO shop.big VALUES (", id, ", REPEAT('", id % 10, "', 1000000))"));
  }

  void make_big() {
    source("CREATE TABLE shop.big (id INT PRIMARY KEY, b MEDIUMTEXT)");
    target("CREATE TABLE big (id integer PRIMARY KEY, b text)");
  }
};

TEST_F(BadInputJournal, FullJournalMakesTheSourceWaitWithItsReason) {
  make_big();
  WeftProcess weft = streaming(on_disk("?max=64MiB&keep=1MiB"));
  auto blocker = rig_->target_session();
  blocker.exec("BEGIN; LOCK TABLE big");
  fill(100);
  expect_waits(weft, "its limit, and waits for the target");
  blocker.exec("COMMIT");
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM big", "100", deadline_in(120s))) << weft.log_tail();
  expect_equal({"t", "big"});
}

TEST_F(BadInputJournal, FullDiskMakesTheSourceWaitWithItsReason) {
  fs::create_directory(directory());
  fs::permissions(directory(), fs::perms::owner_all);
  SmallDisk disk(directory(), 16);
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  fs::permissions(directory(), fs::perms::owner_all);
  make_big();
  {
    WeftProcess weft = streaming(on_disk());
    auto blocker = rig_->target_session();
    blocker.exec("BEGIN; LOCK TABLE big");
    fill(30);
    expect_waits(weft, "No space left on device; make room there");
    blocker.exec("COMMIT");
    disk.grow(64);
    EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM big", "30", deadline_in(120s))) << weft.log_tail();
    expect_equal({"t", "big"});
  }
}

// What a crash of the machine leaves: the end of the file never reached the disk.
TEST_F(BadInputJournal, TruncatedJournalGoesOnFromWhatIsWholeAtAnyLength) {
  {
    WeftProcess weft = streaming(on_disk());
    for (int id = 3; id <= 9; ++id) source(cat("INSERT INTO shop.t VALUES (", id, ", 'x')"));
    ASSERT_TRUE(rig_->becomes("SELECT max(id) FROM t", "9", deadline_in(30s))) << weft.log_tail();
    weft.crash();
  }
  for (const uintmax_t left_in_percent : {98, 60, 10, 0}) {
    fs::resize_file(segment(), fs::file_size(segment()) * left_in_percent / 100);
    source(cat("INSERT INTO shop.t VALUES (", 100 + left_in_percent, ", 'later')"));
    expect_goes_on({"t"}, on_disk());
  }
}

TEST_F(BadInputJournal, JournalOfANewerWeftIsExit3AndLeftAlone) {
  auto options = on_disk();
  options.insert(options.end(), {"--until", "now"});
  ASSERT_EQ(run(options).code, 0);
  std::string bytes;
  {
    std::ifstream file(segment(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const std::string ours = bytes;
  bytes[8] = 9;   // version
  bytes[12] = 9;  // and the oldest one that can read it
  const uint32_t crc = crc32c(std::string_view(bytes).substr(0, 16));
  for (int i = 0; i < 4; ++i) bytes[16 + static_cast<size_t>(i)] = static_cast<char>(crc >> (8 * i));
  std::ofstream(segment(), std::ios::binary) << bytes;
  source("INSERT INTO shop.t VALUES (3, 'three')");
  expect_end(run(options), 3, {"000000000001.journal", "format 9", "a newer one"});
  EXPECT_EQ(fs::file_size(segment()), bytes.size());
  std::ofstream(segment(), std::ios::binary) << ours;
  expect_goes_on({"t"}, on_disk());
}

TEST_F(BadInputJournal, JournalOfAnotherPipelineIsExit3AndLeftAlone) {
  auto first = on_disk();
  first.insert(first.end(), {"--name", "one"});
  expect_goes_on({"t"}, first);
  const uintmax_t before = fs::file_size(segment());
  auto second = on_disk();
  second.insert(second.end(), {"--name", "two", "--snapshot", "no", "--until", "now"});
  expect_end(run(second), 3, {"pipeline one", directory().c_str()});
  EXPECT_EQ(fs::file_size(segment()), before);
  source("INSERT INTO shop.t VALUES (3, 'three')");
  expect_goes_on({"t"}, first);
}

}  // namespace
}  // namespace weft::live
