// SPDX-License-Identifier: Apache-2.0
// SmallDisk: a file system of its own and of few bytes, so that "the disk is full" is what the system says.
//
//   SmallDisk disk(path, 16); if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
//   disk.leave_at_most(2); ... disk.grow(64);
//
// Owns the mount; what is on it goes with it. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/process.h"

namespace weft::live {

class SmallDisk {
 public:
  // Nothing is mounted where that is not permitted: mounted() is false.
  SmallDisk(std::string path, int mebibytes) : path_(std::move(path)) {
    mounted_ = mount(cat("size=", mebibytes, "m,mode=777"));
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  ~SmallDisk() {
    if (mounted_) {
      (void)support::run({"umount", "-l", path_}, support::deadline_in(std::chrono::seconds(20)));
    }
  }

  [[nodiscard]] bool mounted() const { return mounted_; }

  void grow(int mebibytes) { EXPECT_TRUE(mount(cat("remount,size=", mebibytes, "m"))); }

  // Makes it so small that no more than this, and a part of a mebibyte, is free.
  void leave_at_most(uintmax_t mebibytes) {
    const auto space = std::filesystem::space(path_);
    const uintmax_t used = (space.capacity - space.free) >> 20;
    if (space.free >> 20 <= mebibytes) return;
    EXPECT_TRUE(mount(cat("remount,size=", used + 1 + mebibytes, "m")));
  }

 private:
  [[nodiscard]] bool mount(const std::string& options) const {
    return support::run({"mount", "-t", "tmpfs", "-o", options, "tmpfs", path_},
                        support::deadline_in(std::chrono::seconds(20)))
               .code == 0;
  }

  std::string path_;
  bool mounted_ = false;
};

}  // namespace weft::live
