// SPDX-License-Identifier: Apache-2.0
// Small files and directories: read whole, write whole and atomically, hold a lock. Files are 0600, directories 0700, whatever
// the umask: what weft writes may hold rows and addresses that are nobody else's business.
//
//   TRY_ASSIGN(const std::string text, read_file(path));
//   TRY(write_file(path, text));                  // a reader sees the old text or the new one, also after a crash
//   TRY_ASSIGN(LockFile lock, LockFile::create(path));
//
// Errors are kConfig and name the path and the reason. Any thread; one thread at a time uses a LockFile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weft {

[[nodiscard]] Result<std::string> read_file(const std::string& path, size_t bytes_max = 16u << 20);
[[nodiscard]] Status write_file(const std::string& path, std::string_view text);
// Makes it and its missing parents. One that is there has to pass check_private_directory.
[[nodiscard]] Status make_private_directory(const std::string& path);
// Code "not-private": others can write there, or it belongs to another user (root may use anyone's). A missing one passes.
[[nodiscard]] Status check_private_directory(const std::string& path);
[[nodiscard]] Result<std::vector<std::string>> list_directory(const std::string& path);  // names, sorted; missing: none

inline constexpr std::string_view kNotPrivate = "not-private";

// Who a file belongs to and who else gets at it.
struct FileRights {
  uint32_t owner = 0;
  bool all_read = false;
  bool all_write = false;
};

[[nodiscard]] Result<FileRights> file_rights(const std::string& path);

// A file that is locked as long as its holder lives, however that ends. Removed when the holder lets go in order.
class LockFile {
 public:
  // Makes the file or takes a left-over one. Fails with code "locked" when a living process holds it.
  [[nodiscard]] static Result<LockFile> create(const std::string& path);
  // Whether a living process holds the file; false when there is none.
  [[nodiscard]] static bool held(const std::string& path);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

  // Replaces the content. Readers may see half of it: they parse, and try again.
  [[nodiscard]] Status write(std::string_view text);

 private:
  LockFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  void release();

  std::string path_;
  int fd_ = -1;
};

}  // namespace weft
