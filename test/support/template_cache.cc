// SPDX-License-Identifier: Apache-2.0
#include "support/template_cache.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_dir.h"

namespace weft::support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

fs::path cache_path() {
  const auto value = [](const char* name) -> std::string {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
  };
  if (const auto named = value("WEFT_CACHE"); !named.empty()) return fs::absolute(named);
  if (::geteuid() == 0) return "/var/tmp/weft-cache";
  if (const auto home = value("HOME"); !home.empty() && fs::is_directory(home)) return fs::path(home) / ".cache/weft";
  return "/var/tmp/weft-cache-" + std::to_string(::geteuid());
}

// Held until destruction; other processes wait.
class FileLock {
 public:
  explicit FileLock(const fs::path& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      throw std::runtime_error("cannot lock " + path.string() + ": " + std::strerror(errno));
    }
  }

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  ~FileLock() { ::close(fd_); }

 private:
  int fd_;
};

}  // namespace

fs::path cache_dir() {
  const fs::path dir = cache_path();
  fs::create_directories(dir);

  struct stat info {};

  // /var/tmp is everybody's: data and programs in there are used only if they are our own.
  if (::stat(dir.c_str(), &info) != 0 || info.st_uid != ::geteuid()) {
    throw std::runtime_error("cache directory " + dir.string() + " belongs to another user; set WEFT_CACHE");
  }
  if (::geteuid() == 0 && !traversable_by_all(dir)) {
    throw std::runtime_error("servers running as another user cannot reach " + dir.string() + "; set WEFT_CACHE");
  }
  return dir;
}

fs::path cached_template(const std::string& name,
                         std::optional<UserIds> user,
                         const std::function<void(const fs::path&)>& make) {
  const fs::path dir = cache_dir() / (name + "-uid" + std::to_string(user ? user->uid : ::geteuid()));
  const FileLock lock(dir.string() + ".lock");
  if (fs::exists(dir)) return dir;
  const fs::path partial = dir.string() + ".partial";
  fs::remove_all(partial);
  fs::create_directory(partial);
  fs::permissions(partial, fs::perms::owner_all);
  give_to(partial, user);
  make(partial);
  fs::rename(partial, dir);
  return dir;
}

void copy_tree(const fs::path& from, const fs::path& to) {
  run_or_throw({.argv = {"cp", "-a", "--reflink=auto", from.string() + "/.", to.string()}}, deadline_in(120s));
}

}  // namespace weft::support
