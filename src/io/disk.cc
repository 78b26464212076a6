// SPDX-License-Identifier: Apache-2.0
#include "io/disk.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"

namespace weft {
namespace {

Error disk_error(std::string_view doing, const std::string& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return Error(full ? Blame::kTransient : Blame::kConfig,
               cat(doing, " ", path, ": ", std::strerror(errno)),
               std::string(full ? kDiskFull : std::string_view()));
}

class RealFile final : public DiskFile {
 public:
  RealFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  ~RealFile() override { ::close(fd_); }

  Result<size_t> read(uint64_t offset, char* into, size_t bytes) const override {
    size_t done = 0;
    while (done < bytes) {
      const ssize_t n = ::pread(fd_, into + done, bytes - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return disk_error("reading", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status write(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return disk_error("writing", path_);
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return ok();
  }

  Status sync() override {
    if (::fdatasync(fd_) != 0) return disk_error("syncing", path_);
    return ok();
  }

  Status truncate(uint64_t bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return disk_error("cutting", path_);
    return ok();
  }

  Result<uint64_t> size() const override {
    struct stat found {};

    if (::fstat(fd_, &found) != 0) return disk_error("looking at", path_);
    return static_cast<uint64_t>(found.st_size);
  }

 private:
  std::string path_;
  int fd_;
};

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override {
    const int flags = mode == OpenMode::kRead    ? O_RDONLY
                      : mode == OpenMode::kWrite ? O_RDWR
                                                 : O_RDWR | O_CREAT | O_TRUNC;
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0) return disk_error(mode == OpenMode::kCreate ? "creating" : "opening", path);
    if (mode == OpenMode::kCreate)
      ::fchmod(fd, 0600);  // the umask may have taken too much, or an older file be open to all
    return std::unique_ptr<DiskFile>(std::make_unique<RealFile>(path, fd));
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return disk_error("removing", path);
    return ok();
  }

  Status make_directory(const std::string& path) override { return make_private_directory(path); }

  Result<std::vector<std::string>> list(const std::string& directory) override { return list_directory(directory); }

  Status sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return disk_error("opening", path);
    const bool synced = ::fsync(fd) == 0;
    const Error error = disk_error("syncing", path);
    ::close(fd);
    if (!synced) return error;
    return ok();
  }

  Result<std::shared_ptr<void>> lock(const std::string& path) override {
    TRY_ASSIGN(LockFile file, LockFile::create(path));
    return std::shared_ptr<void>(std::make_shared<LockFile>(std::move(file)));
  }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace weft
