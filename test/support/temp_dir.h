// SPDX-License-Identifier: Apache-2.0
// TempDir: a private directory under $TMPDIR (or /tmp), removed with all its contents at destruction.
//   TempDir dir; dir.path() / "log"; dir.make_dir("data", user);
// Owned by us with mode 0755, so that unprivileged server users can traverse it; what a server writes to lies in a
// directory made with make_dir(name, user). A $TMPDIR those users cannot reach, or too long for the Unix sockets in it
// (107 characters in all), is passed over for /tmp.
// With WEFT_KEEP_TMP=1 it stays, and its path is printed. One owner; any thread may read path().
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/process.h"

namespace weft::support {

class TempDir {
 public:
  TempDir();
  explicit TempDir(const std::filesystem::path& parent);
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Makes a sub-directory that `user` (nothing: we) owns, mode 0700.
  std::filesystem::path make_dir(const std::string& name, std::optional<UserIds> user = {}) const;

 private:
  std::filesystem::path path_;
};

// Gives a file or directory to `user`; does nothing without one.
void give_to(const std::filesystem::path& path, std::optional<UserIds> user);

// Whether every user can go through all directories down to `path`.
[[nodiscard]] bool traversable_by_all(const std::filesystem::path& path);

}  // namespace weft::support
