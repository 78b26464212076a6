// SPDX-License-Identifier: Apache-2.0
// FileJournal: a journal in a directory of segments (segment.h; format: docs/formats/journal.md).
//
//   append   encodes and writes at once; keeps the batch in memory too while the reader is near and there is room
//   read     from memory what is fresh, from disk what is not
//   sync     one fsync for all that was written while the one before ran; then drops segments that nobody needs
//
// What the target has not flushed is never dropped; what it has is kept up to keep_bytes, for a target that goes back. A
// schema change begins a segment, and nothing from an unapplied one on is acknowledged or read again by a later process:
// how rows behind it are to be decoded depends on what the target made of it, so the source sends them anew.
//
// Append, sync and read may run on three threads; whatever they share is in State. Keeps I1, I2 and I5.
#pragma once

#include <deque>
#include <unordered_map>

#include "io/disk.h"
#include "journal/journal.h"
#include "journal/recovery.h"

namespace weft {

class FileJournal final : public Journal {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, JournalOwner owner);
  ~FileJournal() override;

  const std::string& id() const override { return id_; }

  Result<std::optional<Position>> resume(const JournalPlace& place) override;
  Status restart(const JournalPlace& place) override;
  Result<bool> append(Batch& batch, Duration wait, std::stop_token stop) override;
  Result<std::optional<JournalEntry>> read(Duration wait, std::stop_token stop) override;

  Sequence last() const override { return Sequence(writer_.next.value() - 1); }

  size_t bytes() const override;
  bool empty() const override;

  bool keeps() const override { return true; }

  Result<bool> sync(Duration wait, std::stop_token stop) override;
  std::optional<Position> durable() const override;
  void applied(Sequence sequence) override;
  uint64_t backlog() const override;
  JournalStatus status() const override;

 private:
  // A place in the segments.
  struct Spot {
    uint64_t segment = 0;
    uint64_t offset = 0;

    auto operator<=>(const Spot&) const = default;
  };

  // The end of a whole transaction.
  struct Mark {
    Sequence sequence;
    std::string position;
  };

  struct Fresh {
    JournalEntry entry;
    size_t bytes = 0;
    Spot begin;
    Spot end;
    std::string end_text;
    uint64_t disk_bytes = 0;
  };

  struct State {
    std::deque<SegmentInfo> segments;
    Spot written;  // the end of what the reader may read
    Spot durable;
    Spot cursor;        // where the reader is
    Mark whole;         // the last whole transaction that is written
    Mark safe;          // ... and synced
    bool open = false;  // the end is inside a transaction
    std::deque<Fresh> fresh;
    size_t fresh_bytes = 0;
    uint64_t unread = 0;  // bytes of frames between cursor and written
    std::optional<Sequence> applied;
    std::deque<std::pair<Sequence, std::string>> walls;  // unapplied schema changes, and the position before each
    std::string waiting;
    bool broken = false;             // an fsync has failed: what was not synced before it is not to be trusted
    std::shared_ptr<DiskFile> file;  // the last segment
  };

  FileJournal(const JournalOptions& options, JournalOwner owner, std::shared_ptr<void> lock);

  // resume and restart
  Result<std::optional<Spot>> find(const JournalPlace& place, State& s);
  Status cut_from(size_t segment, State& s);
  Status drop_all(State& s);

  // append
  bool wait_for_room(Duration wait, const std::stop_token& stop);
  Result<bool> append_slices(const Batch& batch);
  size_t slice_at(const Batch& batch, size_t from) const;
  Status add_slice(const Batch& batch, size_t count);
  uint32_t number_of(const Batch& batch, const TableSchema* schema);
  Status rotate(bool schema_change);
  Status begin_segment(SegmentHead head);
  Status reopen_last();
  Status put_buffer();
  void publish(std::optional<Fresh> fresh);
  Result<bool> no_room(const Error& error);

  // read
  Result<std::optional<JournalEntry>> read_disk();
  Status open_walk(const SegmentInfo& segment);

  // drops applied segments from the beginning until at most `keep` bytes are left
  Result<bool> trim(uint64_t keep);

  JournalOptions options_;
  JournalOwner owner_;
  Disk& disk_;
  std::shared_ptr<void> lock_;  // of the directory
  SchemaPool pool_;
  std::string id_;
  Sequence base_;            // the journal began behind it: what is before is in the target alone
  uint64_t number_max_ = 0;  // of a segment
  Guarded<State> state_;

  // The appending thread's.
  struct Writer {
    std::shared_ptr<DiskFile> file;
    uint64_t number = 0;
    uint64_t offset = 0;  // where `buffer` goes
    std::string buffer;
    std::unordered_map<const TableSchema*, uint32_t> numbers;  // of the segment
    std::vector<SchemaRef> pinned;                             // so that no other schema gets the same address
    std::vector<SchemaRef> fresh_schemas;                      // in `buffer`
    uint32_t schemas = 0;
    Sequence next;
    Mark whole;
    bool open = false;
    std::deque<std::pair<Sequence, std::string>> walls;  // in `buffer`
    size_t done = 0;                                     // transactions of the batch at hand that are written
  } writer_;

  // The reading thread's.
  std::string before_;  // position at the cursor
  size_t skip_ = 0;     // whole transactions of the next frame that the target has
  std::unique_ptr<SegmentWalk> walk_;
  uint64_t walk_segment_ = 0;
  Arena arena_;
};

}  // namespace weft
