// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers of the journal: a disk in memory, positions that are numbers, batches of one table, and the words of
// a reader that has seen them.
//
//   MemoryDisk disk; auto journal = open_made(disk); (void)journal->restart({"", Sequence(0), "0"});
//   append(*journal, made_batch(1, 3)); EXPECT_EQ(read_all(*journal), "1:(1, 'row 1') ...");
//
// One thread.
#pragma once

#include <charconv>
#include <cstring>
#include <map>

#include "base/bytes.h"
#include "base/text.h"
#include "io/disk.h"
#include "journal/file.h"

namespace weft::made {

class MemoryDisk final : public Disk {
 public:
  std::map<std::string, std::shared_ptr<std::string>> files;
  uint64_t room = UINT64_MAX;  // bytes that may still be written
  uint64_t syncs = 0;

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::kCreate) files[path] = std::make_shared<std::string>();
    if (!files.contains(path)) return Error(Blame::kConfig, cat("opening ", path, ": no such file"));
    return std::unique_ptr<DiskFile>(std::make_unique<File>(*this, files[path]));
  }

  Status remove(const std::string& path) override {
    files.erase(path);
    return ok();
  }

  Status make_directory(const std::string& /*path*/) override { return ok(); }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, content] : files) names.push_back(path.substr(directory.size() + 1));
    return names;
  }

  Status sync_directory(const std::string& /*path*/) override { return ok(); }

  Result<std::shared_ptr<void>> lock(const std::string& path) override {
    if (!lock_.expired()) return Error(Blame::kConfig, path + " is held", std::string(kLocked));
    auto held = std::make_shared<int>(0);
    lock_ = held;
    return std::shared_ptr<void>(held);
  }

  // The same files, their content copied.
  [[nodiscard]] MemoryDisk copy() const {
    MemoryDisk other;
    for (const auto& [path, content] : files) other.files[path] = std::make_shared<std::string>(*content);
    return other;
  }

 private:
  class File final : public DiskFile {
   public:
    File(MemoryDisk& disk, std::shared_ptr<std::string> content) : disk_(disk), content_(std::move(content)) {}

    Result<size_t> read(uint64_t offset, char* into, size_t bytes) const override {
      if (offset >= content_->size()) return size_t{0};
      const size_t n = std::min<size_t>(bytes, content_->size() - offset);
      std::memcpy(into, content_->data() + offset, n);
      return n;
    }

    Status write(uint64_t offset, std::string_view bytes) override {
      if (bytes.size() > disk_.room) {
        return Error(Blame::kTransient, "writing: No space left on device", std::string(kDiskFull));
      }
      disk_.room -= bytes.size();
      if (content_->size() < offset + bytes.size()) content_->resize(offset + bytes.size());
      content_->replace(offset, bytes.size(), bytes);
      return ok();
    }

    Status sync() override {
      ++disk_.syncs;
      return ok();
    }

    Status truncate(uint64_t bytes) override {
      content_->resize(bytes);
      return ok();
    }

    Result<uint64_t> size() const override { return static_cast<uint64_t>(content_->size()); }

   private:
    MemoryDisk& disk_;
    std::shared_ptr<std::string> content_;
  };

  std::weak_ptr<void> lock_;
};

// Positions are the numbers of the last whole transaction.
class Numbers final : public PositionLog {
 public:
  explicit Numbers(std::vector<uint64_t> numbers) : numbers_(std::move(numbers)) {}

  std::string text(uint32_t index) const override { return cat(numbers_[index]); }

  bool save(uint32_t first, uint32_t count, std::string& out) const override {
    ByteWriter w(std::move(out));
    for (uint32_t i = first; i < first + count; ++i) w.varint(numbers_[i]);
    out = std::move(w.str());
    return true;
  }

 private:
  std::vector<uint64_t> numbers_;
};

inline Result<std::shared_ptr<const PositionLog>> load_numbers(std::string_view, std::string_view saved, size_t count) {
  ByteReader in(saved);
  std::vector<uint64_t> numbers;
  while (in.ok() && !in.empty()) numbers.push_back(in.varint());
  if (!in.ok() || numbers.size() != count) return Error(Blame::kConfig, "saved positions are damaged");
  return std::shared_ptr<const PositionLog>(std::make_shared<Numbers>(std::move(numbers)));
}

inline SchemaRef made_schema(const std::string& table = "t") {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", table};
  Column id;
  id.name = "id";
  id.kind = Kind::kInt;
  Column v;
  v.name = "v";
  schema->columns = {id, v};
  schema->key = {0};
  return schema;
}

struct Made {
  bool first = true;  // of a fragment
  bool last = true;
  bool schema_change = false;
};

// Transactions first..first+count-1, a row each; or one fragment, or one schema change.
inline Batch made_batch(uint64_t first, uint64_t count, Made made = {}, const SchemaRef& schema = made_schema()) {
  Arena arena(4096);
  BatchBuilder builder(arena);
  builder.keep(schema);
  std::vector<uint64_t> numbers;
  for (uint64_t n = first; n < first + count; ++n) {
    builder.begin(static_cast<int64_t>(n) * 1000, made.first);
    if (made.schema_change) {
      builder.add(SchemaChange{schema.get(), "shop", "t", arena.copy("ALTER TABLE t")});
    } else {
      const std::span<Value> row = arena.array<Value>(2);
      row[0] = Value::int64(static_cast<int64_t>(n));
      row[1] = Value::text(arena.copy(cat("row ", n)));
      builder.add(RowChange{schema.get(), Op::kInsert, {}, row});
    }
    numbers.push_back(made.last ? n : n - 1);
    builder.end(static_cast<uint32_t>(n - first), made.last);
  }
  return builder.finish(std::make_shared<Numbers>(std::move(numbers)));
}

inline Result<std::unique_ptr<Journal>> open_made(Disk& disk, JournalOptions options = {}, size_t memory_bytes = 0) {
  options.directory = "/j";
  options.disk = &disk;
  return open_journal(options, {"pipe", "src", "tables", memory_bytes, true, load_numbers, {}});
}

// "sequence:row" of what there is to read, blanks between; a fragment that is not the last has a "+".
inline Result<std::string> read_all(Journal& journal) {
  std::string out;
  while (true) {
    TRY_ASSIGN(const std::optional<JournalEntry> entry, journal.read(Duration(0), {}));
    if (!entry) return out;
    uint64_t sequence = entry->first.value();
    for (const Transaction& tx : entry->batch->transactions()) {
      out += cat(out.empty() ? "" : " ", sequence, tx.last ? ":" : "+:");
      for (const Change& change : tx.changes) {
        const auto* row = std::get_if<RowChange>(&change);
        const bool text = row != nullptr && row->after.size() > 1 && row->after[1].has_view();
        out += row == nullptr ? "ddl" : text ? row->after[1].view() : "?";
      }
      if (tx.last) ++sequence;
    }
  }
}

}  // namespace weft::made
