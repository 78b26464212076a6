// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_disk.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/text.h"

namespace weft::sim {

class SimFile final : public DiskFile {
 public:
  SimFile(SimDisk& disk, const ProcessLife& life, std::string path, std::shared_ptr<SimInode> inode)
      : disk_(disk), life_(life), path_(std::move(path)), inode_(std::move(inode)) {}

  Result<size_t> read(uint64_t offset, char* into, size_t bytes) const override {
    if (offset >= inode_->now.size()) return size_t{0};
    const size_t n = std::min(bytes, inode_->now.size() - static_cast<size_t>(offset));
    std::memcpy(into, inode_->now.data() + offset, n);
    return n;
  }

  Status write(uint64_t offset, std::string_view bytes) override {
    if (life_.dead) return dead();
    const bool full = disk_.strikes(disk_.full_);
    if (full) bytes = bytes.substr(0, disk_.rng_.below(bytes.size() + 1));
    std::string& now = inode_->now;
    if (now.size() < offset + bytes.size()) now.resize(static_cast<size_t>(offset) + bytes.size());
    std::copy(bytes.begin(), bytes.end(), now.begin() + static_cast<ptrdiff_t>(offset));
    if (!full) return ok();
    ++disk_.fulls;
    return Error(Blame::kTransient, cat("writing ", path_, ": No space left on device"), std::string(kDiskFull));
  }

  // A failed sync leaves what is written readable and lets a later one succeed without it, as systems do.
  Status sync() override {
    if (life_.dead) return dead();
    ++disk_.syncs;
    if (disk_.strikes(disk_.sync_fails_)) {
      ++disk_.failed_syncs;
      return Error(Blame::kTransient, cat("syncing ", path_, ": Input/output error"));
    }
    inode_->synced = inode_->now;
    return ok();
  }

  Status truncate(uint64_t bytes) override {
    if (life_.dead) return dead();
    inode_->now.resize(static_cast<size_t>(bytes));
    return ok();
  }

  Result<uint64_t> size() const override { return static_cast<uint64_t>(inode_->now.size()); }

 private:
  static Error dead() { return Error(Blame::kTransient, "this process is dead"); }

  SimDisk& disk_;
  const ProcessLife& life_;
  std::string path_;
  std::shared_ptr<SimInode> inode_;
};

namespace {

constexpr size_t kBlock = 64;

// What a power loss makes of a file: any part of what was written since the last sync.
std::string torn(const SimInode& file, Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return file.synced;
    case 1:
      return file.now;
    case 2: {
      if (file.now.size() <= file.synced.size()) return file.synced;
      return file.now.substr(0, file.synced.size() + rng.below(file.now.size() - file.synced.size() + 1));
    }
    default:
      break;
  }
  std::string out = file.now;
  for (size_t at = 0; at < out.size(); at += kBlock) {
    if (!rng.chance(1, 3)) continue;
    for (size_t i = at; i < std::min(at + kBlock, out.size()); ++i) {
      out[i] = i < file.synced.size() ? file.synced[i] : '\0';
    }
  }
  return out;
}

std::map<std::string, std::shared_ptr<SimInode>> cloned(const std::map<std::string, std::shared_ptr<SimInode>>& files) {
  std::map<std::string, std::shared_ptr<SimInode>> out;
  for (const auto& [path, inode] : files) out[path] = std::make_shared<SimInode>(*inode);
  return out;
}

}  // namespace

SimDisk SimDisk::synced() const {
  SimDisk left(1);
  left.now_ = cloned(synced_);
  for (auto& [path, inode] : left.now_) inode->now = inode->synced;
  left.synced_ = left.now_;
  return left;
}

SimDisk SimDisk::copy() const {
  SimDisk other(1);
  other.now_ = cloned(now_);
  other.synced_ = other.now_;
  return other;
}

void SimDisk::lose_power() {
  ++power_losses;
  std::set<std::string> paths;
  for (const auto& [path, inode] : now_) paths.insert(path);
  for (const auto& [path, inode] : synced_) paths.insert(path);
  std::map<std::string, std::shared_ptr<SimInode>> left;
  for (const std::string& path : paths) {
    const auto now = now_.find(path);
    const auto safe = synced_.find(path);
    const bool same = now != now_.end() && safe != synced_.end() && now->second == safe->second;
    const bool newer = same || rng_.chance(1, 2);
    const auto& from = newer ? now_ : synced_;
    if (const auto it = from.find(path); it != from.end()) left[path] = it->second;
  }
  for (auto& [path, inode] : left) inode->now = inode->synced = torn(*inode, rng_);
  now_ = synced_ = std::move(left);
}

Result<std::unique_ptr<DiskFile>> SimMount::open(const std::string& path, OpenMode mode) {
  if (life_.dead) return Error(Blame::kTransient, "this process is dead");
  if (mode == OpenMode::kCreate) disk_.now_[path] = std::make_shared<SimInode>();
  const auto found = disk_.now_.find(path);
  if (found == disk_.now_.end()) return Error(Blame::kConfig, cat("opening ", path, ": no such file"));
  return std::unique_ptr<DiskFile>(std::make_unique<SimFile>(disk_, life_, path, found->second));
}

Status SimMount::remove(const std::string& path) {
  if (life_.dead) return Error(Blame::kTransient, "this process is dead");
  disk_.now_.erase(path);
  return ok();
}

Result<std::vector<std::string>> SimMount::list(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& [path, inode] : disk_.now_) {
    if (path.starts_with(directory + "/")) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Status SimMount::sync_directory(const std::string& /*path*/) {
  if (life_.dead) return Error(Blame::kTransient, "this process is dead");
  disk_.synced_ = disk_.now_;
  return ok();
}

Result<std::shared_ptr<void>> SimMount::lock(const std::string& path) {
  if (life_.dead) return Error(Blame::kTransient, "this process is dead");
  if (!disk_.locks_[path].expired()) return Error(Blame::kConfig, path + " is held", std::string(kLocked));
  auto held = std::make_shared<int>(0);
  disk_.locks_[path] = held;
  return std::shared_ptr<void>(held);
}

}  // namespace weft::sim
