// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/disk.h"

namespace weft {
namespace {

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/weft-file-XXXXXX";
    ASSERT_NE(::mkdtemp(path), nullptr);
    directory_ = path;
  }

  void TearDown() override {
    const auto names = list_directory(directory_);
    for (const std::string& name : *names) ::unlink((directory_ + "/" + name).c_str());
    ::rmdir(directory_.c_str());
  }

  std::string directory_;
};

mode_t mode_of(const std::string& path) {
  struct stat found {};

  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

TEST_F(FileTest, WhatIsWrittenIsReadAndPrivate) {
  const std::string path = directory_ + "/a";
  ASSERT_TRUE(write_file(path, "one"));
  ASSERT_TRUE(write_file(path, "two"));
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(list_directory(directory_)->size(), 1u) << "a temporary file was left";
}

TEST_F(FileTest, AMissingFileSaysWhichAndWhy) {
  EXPECT_EQ(read_file("/nowhere/at/all").error().message(), "reading /nowhere/at/all: No such file or directory");
  EXPECT_EQ(write_file("/nowhere/at/all", "x").error().blame(), Blame::kConfig);
  EXPECT_TRUE(list_directory("/nowhere/at/all")->empty());
}

TEST_F(FileTest, ALargeFileIsRefused) {
  ASSERT_TRUE(write_file(directory_ + "/a", std::string(100, 'x')));
  EXPECT_FALSE(read_file(directory_ + "/a", 99));
  EXPECT_TRUE(read_file(directory_ + "/a", 100));
}

TEST_F(FileTest, DirectoriesAreMadeWithTheirParentsAndPrivate) {
  const std::string deep = directory_ + "/x/y";
  ASSERT_TRUE(make_private_directory(deep));
  ASSERT_TRUE(make_private_directory(deep));
  EXPECT_EQ(mode_of(deep), 0700u);
  ::rmdir(deep.c_str());
  ::rmdir((directory_ + "/x").c_str());
}

// A umask says what a process takes away from others, and may take too much or nothing.
TEST_F(FileTest, hard_case_33_ModesDoNotDependOnTheUmask) {
  for (const mode_t umask : {0000, 0777}) {
    const mode_t before = ::umask(umask);
    const bool made = static_cast<bool>(make_private_directory(directory_ + "/x/y"));
    const bool written = static_cast<bool>(write_file(directory_ + "/a", "one"));
    const Result<LockFile> lock = LockFile::create(directory_ + "/lock");
    const bool opened = static_cast<bool>(real_disk().open(directory_ + "/segment", OpenMode::kCreate));
    ::umask(before);
    EXPECT_TRUE(made && written && lock && opened);
    EXPECT_EQ(mode_of(directory_ + "/x"), 0700u);
    EXPECT_EQ(mode_of(directory_ + "/x/y"), 0700u);
    EXPECT_EQ(mode_of(directory_ + "/a"), 0600u);
    EXPECT_EQ(mode_of(directory_ + "/lock"), 0600u);
    EXPECT_EQ(mode_of(directory_ + "/segment"), 0600u);
    ::chmod((directory_ + "/segment").c_str(), 0644);  // left by someone else: it is made anew
    ::rmdir((directory_ + "/x/y").c_str());
    ::rmdir((directory_ + "/x").c_str());
  }
}

TEST_F(FileTest, hard_case_33_ADirectoryThatOthersCanWriteIsRefused) {
  const std::string path = directory_ + "/x";
  EXPECT_TRUE(check_private_directory(path)) << "what is missing will be made";
  ASSERT_TRUE(make_private_directory(path));
  for (const mode_t mode : {0770, 0702, 0777}) {
    ::chmod(path.c_str(), mode);
    for (const Status& status : {make_private_directory(path), check_private_directory(path)}) {
      ASSERT_FALSE(status) << mode;
      EXPECT_EQ(status.error().code(), kNotPrivate);
      EXPECT_EQ(status.error().message(), cat("directory ", path, " can be written by others: chmod 700 ", path));
    }
  }
  ::chmod(path.c_str(), 0755);
  EXPECT_TRUE(make_private_directory(path));
  ::rmdir(path.c_str());
}

TEST_F(FileTest, hard_case_33_ALockFileIsNoLinkToElsewhere) {
  ASSERT_TRUE(write_file(directory_ + "/treasure", "gold"));
  ASSERT_EQ(::symlink((directory_ + "/treasure").c_str(), (directory_ + "/lock").c_str()), 0);
  EXPECT_FALSE(LockFile::create(directory_ + "/lock"));
  EXPECT_EQ(*read_file(directory_ + "/treasure"), "gold");
}

TEST_F(FileTest, ALockIsHeldUntilItsHolderGoes) {
  const std::string path = directory_ + "/lock";
  EXPECT_FALSE(LockFile::held(path));
  {
    Result<LockFile> lock = LockFile::create(path);
    ASSERT_TRUE(lock);
    ASSERT_TRUE(lock->write("a long text"));
    ASSERT_TRUE(lock->write("text"));
    EXPECT_EQ(*read_file(path), "text");
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_TRUE(LockFile::held(path));
    EXPECT_EQ(LockFile::create(path).error().code(), "locked");
  }
  EXPECT_FALSE(read_file(path)) << "the file stayed";
}

TEST_F(FileTest, ALeftOverLockFileIsTaken) {
  const std::string path = directory_ + "/lock";
  ASSERT_TRUE(write_file(path, "of a dead process"));
  EXPECT_FALSE(LockFile::held(path));
  EXPECT_TRUE(LockFile::create(path));
}

}  // namespace
}  // namespace weft
