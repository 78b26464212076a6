// SPDX-License-Identifier: Apache-2.0
// Journal: assigns our own dense Sequence, holds batches in that order, and hands them to the one reader.
//
//   memory  for a source that is itself a replayable log with one target: nothing is acknowledged before the target has it,
//           so losing the memory loses nothing.
//   file    segments in a directory: what the source sent is on disk before the source hears of it, a target that went back
//           is served from there, and a source is read on while the target is slow.
//
//   end = journal->resume(place);         // where progress says that the target stands; the position to open the source at
//   if (!end) journal->restart(place);    // it has nothing for that place: it begins anew there
//   journal->append(batch, 50ms, stop)    // false: no room until the timeout, what is left of the batch is to come again
//   journal->read(50ms, stop)             // nullopt: empty until the timeout
//
// One thread appends, one reads (and calls applied and durable), one syncs. Keeps I1, I2 and I5.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/queue.h"
#include "base/result.h"
#include "journal/slice.h"
#include "model/transaction.h"

namespace weft {

class Disk;

// Error code (kTransient): another process holds the journal's directory.
inline constexpr std::string_view kJournalTaken = "journal-taken";

// A batch in journal order: its transactions have sequences first, first+1, ... (fragments of one share one).
struct JournalEntry {
  std::shared_ptr<const Batch> batch;
  Sequence first;
};

// Where a target stands, as its progress says.
struct JournalPlace {
  std::string journal_id;
  Sequence sequence;
  std::string position;
};

// For people and metrics.
struct JournalStatus {
  std::string kind = "memory";
  std::string directory;
  uint64_t bytes = 0;  // on disk
  uint64_t segments = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t durable_sequence = 0;
  uint64_t unread_bytes = 0;  // on disk, not yet read by the target's side
  std::string waiting;        // why nothing is taken in: full, or the disk is
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Sequences mean something only together with this id.
  [[nodiscard]] virtual const std::string& id() const = 0;
  // Puts the reader behind `place`; the position behind the last transaction, where the source is to go on. None: it does not
  // have all that follows `place`.
  [[nodiscard]] virtual Result<std::optional<Position>> resume(const JournalPlace& place) = 0;
  // Forgets everything and begins anew behind `place`.
  [[nodiscard]] virtual Status restart(const JournalPlace& place) = 0;
  [[nodiscard]] virtual Result<bool> append(Batch& batch, Duration wait, std::stop_token stop) = 0;
  [[nodiscard]] virtual Result<std::optional<JournalEntry>> read(Duration wait, std::stop_token stop) = 0;
  // The number of the last whole transaction that was appended. The appending thread's.
  [[nodiscard]] virtual Sequence last() const = 0;
  [[nodiscard]] virtual size_t bytes() const = 0;  // in memory
  [[nodiscard]] virtual bool empty() const = 0;

  // Whether it survives this process: then sync() is to be called all the time, and durable() says what may be acknowledged.
  [[nodiscard]] virtual bool keeps() const { return false; }

  // Makes durable what has been appended, with one fsync for all of it, and drops what is no longer needed; true if there was
  // something to do.
  [[nodiscard]] virtual Result<bool> sync(Duration /*wait*/, std::stop_token /*stop*/) { return false; }

  // The position up to which the source may forget. None: it is not known yet.
  [[nodiscard]] virtual std::optional<Position> durable() const { return std::nullopt; }

  // The slowest target has flushed everything up to `sequence`.
  virtual void applied(Sequence /*sequence*/) {}

  // What waits for the reader.
  [[nodiscard]] virtual uint64_t backlog() const { return bytes(); }

  [[nodiscard]] virtual JournalStatus status() const { return {}; }
};

struct JournalOptions {
  std::string directory = {};               // empty: memory
  uint64_t keep_bytes = 256u << 20;         // applied changes that are kept for a target that goes back
  uint64_t max_bytes = uint64_t{16} << 30;  // of all; above it the source waits for the target
  uint64_t segment_bytes = 64u << 20;
  Disk* disk = nullptr;  // none: the machine's
};

// What a journal belongs to and needs of it.
struct JournalOwner {
  std::string pipeline;
  std::string source_id;
  std::string captured;  // what tells this set of captured tables from another
  size_t memory_bytes = 0;
  bool ack_only_synced = true;  // taken out by the simulator only
  PositionLoader load;
  std::function<void(std::string_view)> at_point;
  bool any_source = false;  // a journal of another source_id is not refused: its positions prove what is ours
};

// Opens or makes a journal. Code kJournalTaken when another process holds the directory; kConfig when it belongs to another
// pipeline, is damaged, or is of a newer weft.
[[nodiscard]] Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options, JournalOwner owner);

class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(size_t bytes_limit);

  const std::string& id() const override { return id_; }

  Result<std::optional<Position>> resume(const JournalPlace& /*place*/) override { return std::optional<Position>(); }

  // Numbers go on after those of `place`.
  Status restart(const JournalPlace& place) override;
  Result<bool> append(Batch& batch, Duration wait, std::stop_token stop) override;
  Result<std::optional<JournalEntry>> read(Duration wait, std::stop_token stop) override;

  Sequence last() const override { return Sequence(next_.value() - 1); }

  size_t bytes() const override { return queue_.bytes(); }

  bool empty() const override { return queue_.empty(); }

 private:
  std::string id_ = "memory";
  Sequence next_;
  Queue<JournalEntry> queue_;
};

}  // namespace weft
