// SPDX-License-Identifier: Apache-2.0
// SimDisk: a disk that forgets. Files and directories have what was synced and what was only written; losing power leaves of
// the second any part. SimMount: the Disk of one process; after its death nothing reaches the disk any more.
//
//   SimDisk disk(seed);  SimMount mount(disk, life);
//   disk.lose_power();   // every process that used it must be dead
//
// One thread.
#pragma once

#include <map>

#include "base/rng.h"
#include "io/disk.h"
#include "sim/process.h"

namespace weft::sim {

struct SimInode {
  std::string now;
  std::string synced;
};

class SimDisk {
 public:
  explicit SimDisk(uint64_t seed) : rng_(seed) {}

  // What would be left at the worst: nothing but what was synced, of files and of directories.
  [[nodiscard]] SimDisk synced() const;
  // A disk of its own with the same content.
  [[nodiscard]] SimDisk copy() const;
  void lose_power();

  // Per million writes and syncs.
  void set_faults(uint32_t full, uint32_t sync_fails) {
    full_ = full;
    sync_fails_ = sync_fails;
  }

  [[nodiscard]] std::string& content(const std::string& path) { return now_.at(path)->now; }

  [[nodiscard]] const std::map<std::string, std::shared_ptr<SimInode>>& files() const { return now_; }

  uint64_t fulls = 0;
  uint64_t failed_syncs = 0;
  uint64_t power_losses = 0;
  uint64_t syncs = 0;

 private:
  friend class SimMount;
  friend class SimFile;

  [[nodiscard]] bool strikes(uint32_t rate) { return rate > 0 && rng_.below(1'000'000) < rate; }

  Rng rng_;
  std::map<std::string, std::shared_ptr<SimInode>> now_;
  std::map<std::string, std::shared_ptr<SimInode>> synced_;
  std::map<std::string, std::weak_ptr<void>> locks_;
  uint32_t full_ = 0;
  uint32_t sync_fails_ = 0;
};

class SimMount final : public Disk {
 public:
  SimMount(SimDisk& disk, const ProcessLife& life) : disk_(disk), life_(life) {}

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override;
  Status remove(const std::string& path) override;

  Status make_directory(const std::string& /*path*/) override { return ok(); }

  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status sync_directory(const std::string& path) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override;

 private:
  SimDisk& disk_;
  const ProcessLife& life_;
};

}  // namespace weft::sim
