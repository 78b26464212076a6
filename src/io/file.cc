// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/text.h"

namespace weft {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Error file_error(std::string_view doing, const std::string& path) {
  return Error(Blame::kConfig, cat(doing, " ", path, ": ", std::strerror(errno)));
}

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("writing", path);
    text.remove_prefix(static_cast<size_t>(n));
  }
  return ok();
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return file_error("reading", path);
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("reading", path);
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > bytes_max) {
      return Error(Blame::kConfig, cat("reading ", path, ": larger than ", bytes_max, " bytes"));
    }
  }
}

Status write_file(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";  // mkostemp makes it 0600
  const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return file_error("creating", temporary);
  ::fchmod(fd.get(), 0600);  // the umask may have taken too much
  Status written = write_all(fd.get(), text, temporary);
  if (written && ::fsync(fd.get()) != 0) written = file_error("syncing", temporary);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = file_error("writing", path);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  const Descriptor directory(::open(parent_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return ok();
}

Status make_private_directory(const std::string& path) {
  struct stat found {};

  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return check_private_directory(path);
    errno = ENOTDIR;
    return file_error("creating directory", path);
  }
  const std::string parent = parent_of(path);
  if (::stat(parent.c_str(), &found) != 0) TRY(make_private_directory(parent));
  if (::mkdir(path.c_str(), 0700) == 0) {
    ::chmod(path.c_str(), 0700);  // the umask may have taken too much
    return ok();
  }
  if (errno != EEXIST) return file_error("creating directory", path);
  return check_private_directory(path);
}

Status check_private_directory(const std::string& path) {
  struct stat found {};

  if (::stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return ok();
    return file_error("reading directory", path);
  }
  const auto refused = [&](std::string_view why, std::string_view mend) {
    return Error(Blame::kConfig, cat("directory ", path, " ", why, ": ", mend), std::string(kNotPrivate));
  };
  if (::geteuid() != 0 && found.st_uid != ::geteuid()) {
    return refused(cat("belongs to user ", found.st_uid), "name a directory of your own");
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refused("can be written by others", cat("chmod 700 ", path));
  return ok();
}

Result<FileRights> file_rights(const std::string& path) {
  struct stat found {};

  if (::stat(path.c_str(), &found) != 0) return file_error("reading", path);
  return FileRights{found.st_uid, (found.st_mode & S_IROTH) != 0, (found.st_mode & S_IWOTH) != 0};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    if (errno == ENOENT) return names;
    return file_error("reading directory", path);
  }
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(directory);
  std::ranges::sort(names);
  return names;
}

Result<LockFile> LockFile::create(const std::string& path) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return file_error("creating", path);
    ::fchmod(fd, 0600);
    LockFile lock(path, fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      lock.fd_ = -1;
      ::close(fd);
      return Error(Blame::kConfig, path + " is held by another process", "locked");
    }

    // Its last holder may have removed the file between our open and our lock.
    struct stat ours {};

    struct stat there {};

    if (::fstat(fd, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino) return lock;
    ::close(std::exchange(lock.fd_, -1));
  }
  return Error(Blame::kConfig, path + ": another process keeps removing it");
}

bool LockFile::held(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return false;
  return ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

LockFile::LockFile(LockFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

LockFile::~LockFile() {
  release();
}

void LockFile::release() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(std::exchange(fd_, -1));
}

Status LockFile::write(std::string_view text) {
  if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return file_error("writing", path_);
  return write_all(fd_, text, path_);
}

}  // namespace weft
