// SPDX-License-Identifier: Apache-2.0
// Segment: one file of a journal. A preamble, then frames; a segment can be read alone. Format: docs/formats/journal.md.
//
//   TRY_ASSIGN(SegmentHead head, read_head(file, path));
//   FrameReader frames(file, path, head.frames_at);
//   while (auto frame = TRY(frames.next(limit))) ...          // limit: what is known to be written
//
// Errors are kConfig and name the file and the offset. A FrameReader has one owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/slab.h"
#include "io/disk.h"
#include "model/position.h"

namespace weft {

inline constexpr uint32_t kJournalVersion = 3;  // 2: transactions in two phases, 3: origins
inline constexpr uint32_t kJournalMinimumReader = 3;
inline constexpr std::string_view kJournalNewer = "journal-newer";      // written by a newer weft
inline constexpr std::string_view kJournalDamaged = "journal-damaged";  // bytes that were synced are not what they were

enum class FrameKind : uint8_t { kBegin = 1, kSchema = 2, kTransactions = 3 };

// What stands in front of a frame's payload: 24 bytes.
struct FrameHead {
  static constexpr size_t kBytes = 24;
  static constexpr uint8_t kContinues = 1;   // a fragment that is not the first
  static constexpr uint8_t kUnfinished = 2;  // a fragment that is not the last

  uint32_t crc = 0;      // CRC-32C of all that follows it
  uint32_t bytes = 0;    // of the payload
  uint32_t durable = 0;  // bytes of the segment that were synced when it was written
  Sequence sequence;     // of its first transaction
  FrameKind kind = FrameKind::kBegin;
  uint8_t flags = 0;
  uint32_t count = 0;  // whole transactions (those that end here)
};

struct Frame {
  FrameHead head;
  uint64_t offset = 0;  // of the frame in its file
  std::string_view payload;
  SlabRef slab;  // owns the payload

  [[nodiscard]] uint64_t end() const { return offset + FrameHead::kBytes + head.bytes; }
};

// The first frame of a segment, in words.
struct SegmentHead {
  uint32_t version = kJournalVersion;
  std::string id;              // of the journal: 32 hex digits
  uint64_t number = 0;         // of the segment, dense
  Sequence first;              // of its first transaction
  bool continues = false;      // it begins inside an unfinished transaction
  bool schema_change = false;  // it begins with one
  std::string pipeline;
  std::string source_id;
  std::string captured;  // see JournalOwner
  std::string before;    // position before its first transaction
  uint64_t frames_at = 0;
};

[[nodiscard]] std::string segment_name(uint64_t number);
// The number of a segment's file, 0 for another file.
[[nodiscard]] uint64_t segment_number(std::string_view name);

// The bytes with which a segment begins.
[[nodiscard]] std::string encode_head(const SegmentHead& head);
// kConfig, code kJournalNewer or kJournalDamaged.
[[nodiscard]] Result<SegmentHead> read_head(const DiskFile& file, const std::string& path);

// Appends a frame around a payload that already stands at the end of `out`, behind room for its head at `at`.
void close_frame(std::string& out, size_t at, FrameHead head);

// Reads frames in order through a window that frames share.
class FrameReader {
 public:
  // Views; they must outlive it.
  FrameReader(const DiskFile& file, const std::string& path, uint64_t offset)
      : file_(&file), path_(&path), offset_(offset) {}

  // The next frame of those that end at or before `limit`; none at `limit`. Code kJournalDamaged when it is not one.
  [[nodiscard]] Result<std::optional<Frame>> next(uint64_t limit);

  [[nodiscard]] uint64_t offset() const { return offset_; }

 private:
  // Bytes [offset_, offset_ + bytes) in the window; false when the file ends before.
  [[nodiscard]] Result<bool> load(size_t bytes, uint64_t limit);

  const DiskFile* file_;
  const std::string* path_;
  uint64_t offset_;
  SlabRef window_;
  uint64_t window_at_ = 0;
  size_t window_bytes_ = 0;
};

// Whether behind `from` there is a frame that says that bytes behind `from` were synced: then what is damaged at `from` was
// whole once, else it is what a crash has torn.
[[nodiscard]] Result<bool> was_synced(const DiskFile& file, const std::string& path, uint64_t from);

[[nodiscard]] Error damaged_at(const std::string& path, uint64_t offset, std::string_view what);

}  // namespace weft
