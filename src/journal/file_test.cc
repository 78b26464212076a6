// SPDX-License-Identifier: Apache-2.0
#include "journal/file.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "journal/made_journal.h"

namespace weft {
namespace {

using made::Made;
using made::made_batch;
using made::MemoryDisk;

const JournalPlace kStart{"", Sequence(0), "0"};

class FileJournalTest : public ::testing::Test {
 protected:
  void open(JournalOptions options = {}, size_t memory_bytes = 0) {
    journal_.reset();
    auto opened = made::open_made(disk_, options, memory_bytes);
    ASSERT_TRUE(opened) << opened.error().message();
    journal_ = *std::move(opened);
  }

  void begin(JournalOptions options = {}, size_t memory_bytes = 0) {
    open(options, memory_bytes);
    ASSERT_TRUE(journal_->restart(kStart));
  }

  void append(Batch batch) {
    const auto appended = journal_->append(batch, Duration(0), {});
    ASSERT_TRUE(appended && *appended);
  }

  // The end's position, or "none".
  std::string resume(uint64_t sequence, const std::string& id = {}) {
    const auto end = journal_->resume({id.empty() ? journal_->id() : id, Sequence(sequence), cat(sequence)});
    EXPECT_TRUE(end) << end.error().message();
    return end && *end ? (*end)->text() : "none";
  }

  std::string rest() {
    const auto read = made::read_all(*journal_);
    EXPECT_TRUE(read) << read.error().message();
    return read ? *read : "error";
  }

  void sync() { ASSERT_TRUE(journal_->sync(Duration(0), {})); }

  std::string& only_file() { return *disk_.files.begin()->second; }

  MemoryDisk disk_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(FileJournalTest, WhatIsReadBackFromDiskIsWhatWasAppended) {
  begin();
  append(made_batch(1, 3));
  append(made_batch(4, 1));
  EXPECT_EQ(rest(), "1:row 1 2:row 2 3:row 3 4:row 4");
  EXPECT_EQ(rest(), "");
}

TEST_F(FileJournalTest, TheFreshIsReadFromMemoryTheRestFromDisk) {
  begin({}, made_batch(1, 1).bytes() + 1);
  for (uint64_t n = 1; n <= 6; ++n) append(made_batch(n, 1));
  EXPECT_GT(journal_->bytes(), 0u);
  EXPECT_EQ(rest(), "1:row 1 2:row 2 3:row 3 4:row 4 5:row 5 6:row 6");
  append(made_batch(7, 1));
  EXPECT_EQ(rest(), "7:row 7");
}

TEST_F(FileJournalTest, AnotherProcessGoesOnBehindAnyTransaction) {
  begin({.segment_bytes = 300});
  append(made_batch(1, 3));
  append(made_batch(4, 3));
  append(made_batch(7, 1));
  const char* const left[] = {"1:row 1 2:row 2 3:row 3 4:row 4 5:row 5 6:row 6 7:row 7",
                              "2:row 2 3:row 3 4:row 4 5:row 5 6:row 6 7:row 7",
                              "3:row 3 4:row 4 5:row 5 6:row 6 7:row 7",
                              "4:row 4 5:row 5 6:row 6 7:row 7",
                              "5:row 5 6:row 6 7:row 7",
                              "6:row 6 7:row 7",
                              "7:row 7",
                              ""};
  for (uint64_t n = 0; n <= 7; ++n) {
    open({.segment_bytes = 300});
    EXPECT_EQ(resume(n), "7");
    EXPECT_EQ(rest(), left[n]) << n;
  }
  append(made_batch(8, 1));
  EXPECT_EQ(rest(), "8:row 8");
}

// Hard case 10: the sequence alone says nothing.
TEST_F(FileJournalTest, AnotherJournalOrAnotherPositionIsNotGoneOnFrom) {
  begin();
  append(made_batch(1, 3));
  open();
  EXPECT_EQ(resume(2, "0123"), "none");
  open();
  const auto end = journal_->resume({journal_->id(), Sequence(2), "1-other"});
  EXPECT_TRUE(end && !*end);
  open();
  EXPECT_EQ(resume(4), "none") << "the target is ahead of a journal that has lost its end";
  open();
  EXPECT_EQ(resume(0, "memory"), "3") << "but where it begins it may be gone on from, whatever the number was before";
}

TEST_F(FileJournalTest, AnUnfinishedTransactionIsCutOverAllItsSegments) {
  begin({.segment_bytes = 200});
  append(made_batch(1, 1));
  append(made_batch(2, 1, {.last = false}));
  for (int i = 0; i < 5; ++i) append(made_batch(2, 1, {.first = false, .last = false}));
  EXPECT_GT(disk_.files.size(), 3u);
  open({.segment_bytes = 200});
  EXPECT_EQ(resume(0), "1");
  EXPECT_EQ(rest(), "1:row 1");
  append(made_batch(2, 1));
  EXPECT_EQ(rest(), "2:row 2");
}

TEST_F(FileJournalTest, AFinishedHugeTransactionIsReadFromItsFirstFragment) {
  begin({.segment_bytes = 200});
  append(made_batch(1, 1, {.last = false}));
  append(made_batch(1, 1, {.first = false, .last = false}));
  append(made_batch(1, 1, {.first = false}));
  append(made_batch(2, 1));
  open({.segment_bytes = 200});
  EXPECT_EQ(resume(0), "2");
  EXPECT_EQ(rest(), "1+:row 1 1+:row 1 1:row 1 2:row 2");
  open({.segment_bytes = 200});
  EXPECT_EQ(resume(1), "2");
  EXPECT_EQ(rest(), "2:row 2");
}

TEST_F(FileJournalTest, FromAnUnappliedSchemaChangeOnTheSourceIsAskedAgain) {
  begin();
  append(made_batch(1, 2));
  append(made_batch(3, 1, {.schema_change = true}));
  append(made_batch(4, 1));
  sync();
  journal_->applied(Sequence(0));
  EXPECT_EQ(journal_->durable()->text(), "2");
  journal_->applied(Sequence(3));
  EXPECT_EQ(journal_->durable()->text(), "4");
  open();
  EXPECT_EQ(resume(3), "4") << "an applied one is behind us";
  EXPECT_EQ(rest(), "4:row 4");
  open();
  EXPECT_EQ(resume(1), "2");
  EXPECT_EQ(rest(), "2:row 2");
}

TEST_F(FileJournalTest, OnlyWhatIsSyncedIsDurable) {
  begin();
  append(made_batch(1, 2));
  EXPECT_FALSE(journal_->durable()) << "what it began behind may not be flushed at the target";
  journal_->applied(Sequence(0));
  EXPECT_EQ(journal_->durable()->text(), "0");
  const uint64_t syncs = disk_.syncs;
  append(made_batch(3, 2));
  sync();
  EXPECT_EQ(disk_.syncs, syncs + 1) << "one for both batches";
  EXPECT_EQ(journal_->durable()->text(), "4");
}

TEST_F(FileJournalTest, WhatTheTargetHasIsDroppedUpToWhatIsKept) {
  begin({.keep_bytes = 0, .segment_bytes = 200});
  for (uint64_t n = 1; n <= 9; ++n) append(made_batch(n, 1));
  const size_t before = disk_.files.size();
  sync();
  EXPECT_EQ(disk_.files.size(), before) << "nothing is applied";
  EXPECT_EQ(rest(), "1:row 1 2:row 2 3:row 3 4:row 4 5:row 5 6:row 6 7:row 7 8:row 8 9:row 9");
  journal_->applied(Sequence(5));
  sync();
  EXPECT_LT(disk_.files.size(), before);
  open({.segment_bytes = 200});
  EXPECT_EQ(resume(5), "9");
  EXPECT_EQ(rest(), "6:row 6 7:row 7 8:row 8 9:row 9");
  EXPECT_EQ(resume(1), "none");
}

TEST_F(FileJournalTest, AFullJournalMakesTheSourceWaitUntilTheTargetHasApplied) {
  begin({.keep_bytes = 0, .max_bytes = 1600, .segment_bytes = 200});
  uint64_t n = 1;
  for (; n < 100; ++n) {
    Batch batch = made_batch(n, 1);
    const auto appended = journal_->append(batch, Duration(0), {});
    ASSERT_TRUE(appended);
    if (!*appended) break;
  }
  ASSERT_LT(n, 30u);
  EXPECT_NE(journal_->status().waiting, "");
  journal_->applied(Sequence(n - 1));
  append(made_batch(n, 1));
}

TEST_F(FileJournalTest, AFullDiskMakesTheSourceWaitAndLosesNothing) {
  begin({.segment_bytes = 300});
  append(made_batch(1, 1));
  for (uint64_t room = 0; room < 400; room += 7) {
    disk_.room = room;
    Batch batch = made_batch(2, 4);
    const auto appended = journal_->append(batch, Duration(0), {});
    ASSERT_TRUE(appended);
    if (!*appended) {
      EXPECT_NE(journal_->status().waiting.find("No space left"), std::string::npos);
      disk_.room = UINT64_MAX;
      append(std::move(batch));
    }
    disk_.room = UINT64_MAX;
    EXPECT_EQ(rest(), "1:row 1 2:row 2 3:row 3 4:row 4 5:row 5") << room;
    begin({.segment_bytes = 300});
    append(made_batch(1, 1));
  }
}

TEST_F(FileJournalTest, ADirectoryIsHeldByOneProcess) {
  begin();
  const auto second = made::open_made(disk_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), kJournalTaken);
}

TEST_F(FileJournalTest, AJournalOfAnotherPipelineIsLeftAlone) {
  begin();
  journal_.reset();
  JournalOptions options{.directory = "/j", .disk = &disk_};
  const auto other = open_journal(options, {"another", "src", "tables", 0, true, made::load_numbers, {}});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message().find("belongs to pipeline pipe"), std::string::npos) << other.error().message();
}

TEST_F(FileJournalTest, AJournalOfAnotherSourceIsLeftAloneUnlessItIsOneOfSeveral) {
  begin();
  append(made_batch(1, 2));
  sync();
  const std::string id = journal_->id();
  journal_.reset();
  JournalOptions options{.directory = "/j", .disk = &disk_};
  JournalOwner owner{"pipe", "replica", "tables", 0, true, made::load_numbers, {}};
  const auto refused = open_journal(options, owner);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("belongs to source src"), std::string::npos) << refused.error().message();
  owner.any_source = true;
  auto opened = open_journal(options, owner);
  ASSERT_TRUE(opened) << opened.error().message();
  journal_ = *std::move(opened);
  EXPECT_EQ(resume(1, id), "2");
  EXPECT_EQ(rest(), "2:row 2");
}

TEST_F(FileJournalTest, AJournalOfANewerWeftIsRefused) {
  begin();
  journal_.reset();
  std::string& file = only_file();
  file[12] = static_cast<char>(kJournalVersion + 1);  // the minimum reader
  const uint32_t crc = crc32c(std::string_view(file).substr(0, 16));
  std::memcpy(file.data() + 16, &crc, 4);
  const auto opened = made::open_made(disk_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), kJournalNewer) << opened.error().message();
}

// After a crash a file may end anywhere: what is left is a beginning of what was written, and it goes on being written.
TEST_F(FileJournalTest, TruncatedAtEveryByteItHasABeginningOfWhatWasWritten) {
  begin();
  append(made_batch(1, 2));
  sync();
  append(made_batch(3, 1));
  append(made_batch(4, 2, {}, made::made_schema("u")));
  const std::string all = rest();
  journal_.reset();
  const std::string whole = only_file();
  size_t longest = 0;
  for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    only_file() = whole.substr(0, bytes);
    MemoryDisk disk = disk_.copy();
    auto opened = made::open_made(disk);
    ASSERT_TRUE(opened) << bytes << ": " << opened.error().message();
    const auto end = (*opened)->resume(kStart);
    ASSERT_TRUE(end) << bytes;
    const Status begun = *end ? ok() : (*opened)->restart(kStart);
    ASSERT_TRUE(begun) << bytes;
    const auto read = made::read_all(**opened);
    ASSERT_TRUE(read) << bytes << ": " << read.error().message();
    ASSERT_TRUE(all.starts_with(*read)) << bytes << ": " << *read;
    ASSERT_GE(read->size(), longest) << "a longer file has no less";
    longest = read->size();
    Batch next = made_batch(9, 1);
    ASSERT_TRUE(*(*opened)->append(next, Duration(0), {}));
    ASSERT_TRUE(made::read_all(**opened)->ends_with("row 9"));
  }
  EXPECT_EQ(longest, all.size());
}

TEST_F(FileJournalTest, AFlippedBitIsFoundAndNeverRead) {
  begin();
  append(made_batch(1, 2));
  sync();
  const size_t synced = only_file().size();  // as the frame behind it says; nothing says so of that one
  append(made_batch(3, 1));
  const std::string all = rest();
  journal_.reset();
  const std::string whole = only_file();
  size_t refused = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    only_file() = whole;
    only_file()[bit / 8] = static_cast<char>(only_file()[bit / 8] ^ (1 << bit % 8));
    MemoryDisk disk = disk_.copy();
    const auto opened = made::open_made(disk);
    if (!opened) {
      ++refused;
      ASSERT_TRUE(opened.error().code() == kJournalDamaged || opened.error().code() == kJournalNewer)
          << opened.error().message();
      ASSERT_NE(opened.error().message().find("000000000001.journal"), std::string::npos);
      continue;
    }
    ASSERT_GE(bit / 8, synced) << "damage to what was synced is no crash's doing";
    const auto end = (*opened)->resume(kStart);
    ASSERT_TRUE(end);
    const auto read = made::read_all(**opened);
    ASSERT_TRUE(read && all.starts_with(*read) && *read != all) << bit;
  }
  EXPECT_GT(refused, whole.size() * 4);
}

}  // namespace
}  // namespace weft
