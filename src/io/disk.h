// SPDX-License-Identifier: Apache-2.0
// Disk: the files that must survive a crash, behind an interface, so that a simulator can lose what was not synced.
//
//   TRY_ASSIGN(auto file, real_disk().open(path, OpenMode::kCreate));
//   TRY(file->write(0, bytes)); TRY(file->sync()); TRY(disk.sync_directory(directory));   // now it survives
//
// Files are 0600 in directories of 0700. A full disk is kTransient with code kDiskFull; anything else that fails is kConfig;
// both name the path. Any thread may use a Disk; a DiskFile may be read, written and synced by different threads at once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weft {

inline constexpr std::string_view kDiskFull = "disk-full";
inline constexpr std::string_view kLocked = "locked";  // a living process holds the lock

class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // Bytes read; fewer than asked for only at the end of the file.
  [[nodiscard]] virtual Result<size_t> read(uint64_t offset, char* into, size_t bytes) const = 0;
  [[nodiscard]] virtual Status write(uint64_t offset, std::string_view bytes) = 0;
  [[nodiscard]] virtual Status sync() = 0;
  [[nodiscard]] virtual Status truncate(uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<uint64_t> size() const = 0;
};

enum class OpenMode : uint8_t {
  kRead,
  kWrite,   // and read
  kCreate,  // a new, empty file; one of that name is replaced
};

class Disk {
 public:
  virtual ~Disk() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) = 0;
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;
  [[nodiscard]] virtual Status make_directory(const std::string& path) = 0;                       // and missing parents
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  // After it, files made in the directory, and removed from it, stay so.
  [[nodiscard]] virtual Status sync_directory(const std::string& path) = 0;
  // Held until the last reference is gone or the process has ended. Error code kLocked when another one holds it.
  [[nodiscard]] virtual Result<std::shared_ptr<void>> lock(const std::string& path) = 0;
};

// The machine's disk; one object for the process.
[[nodiscard]] Disk& real_disk();

}  // namespace weft
