// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace weft::support {

namespace fs = std::filesystem;

namespace {

// Leaves room for "/weft-XXXXXX/run/.s.PGSQL.65535.lock" in a socket's 107 characters.
constexpr std::size_t kParentBytesLimit = 64;

fs::path default_parent() {
  const char* named = std::getenv("TMPDIR");
  if (named == nullptr || *named == '\0') return "/tmp";
  const fs::path parent = fs::absolute(named);
  if (::geteuid() == 0 && !traversable_by_all(parent)) return "/tmp";
  return parent.native().size() > kParentBytesLimit ? "/tmp" : parent;
}

bool keep_asked() {
  const char* keep = std::getenv("WEFT_KEEP_TMP");
  return keep != nullptr && std::strcmp(keep, "1") == 0;
}

}  // namespace

TempDir::TempDir() : TempDir(default_parent()) {}

TempDir::TempDir(const fs::path& parent) {
  std::string name = (parent / "weft-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr || ::chmod(name.c_str(), 0755) != 0) {
    throw std::runtime_error("cannot make a directory in " + parent.string() + ": " + std::strerror(errno));
  }
  path_ = name;
}

TempDir::~TempDir() {
  if (keep_asked()) {
    std::fprintf(stderr, "kept: %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TempDir::make_dir(const std::string& name, std::optional<UserIds> user) const {
  const fs::path dir = path_ / name;
  if (::mkdir(dir.c_str(), 0700) != 0) {
    throw std::runtime_error("cannot make " + dir.string() + ": " + std::strerror(errno));
  }
  give_to(dir, user);
  return dir;
}

void give_to(const fs::path& path, std::optional<UserIds> user) {
  if (user && ::chown(path.c_str(), user->uid, user->gid) != 0) {
    throw std::runtime_error("cannot chown " + path.string() + ": " + std::strerror(errno));
  }
}

bool traversable_by_all(const fs::path& path) {
  std::error_code error;
  for (fs::path dir = fs::canonical(path, error); !error; dir = dir.parent_path()) {
    const auto permissions = fs::status(dir, error).permissions();
    if (error || (permissions & fs::perms::others_exec) == fs::perms::none) return false;
    if (dir == dir.root_path()) return true;
  }
  return false;
}

}  // namespace weft::support
