// SPDX-License-Identifier: Apache-2.0
// Pipeline: one source and one target kept in step. It owns stages, threads and queues; it knows interfaces only.
//
//   Pipeline pipeline(options, source, target, real_clock(), board);
//   pipeline.start();                        // own threads
//   pipeline.request_stop();                 // any thread: drain within options.drain_deadline
//   Outcome outcome = pipeline.wait();       // blocks until it has ended
//
// Recovery is one path: whatever goes wrong with either side, the running cycle is torn down and the next one starts where
// the target's progress stands, exactly as after kill -9. Source and Target must outlive the Pipeline.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "journal/journal.h"
#include "pipeline/guards.h"
#include "pipeline/status.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

enum class Until : uint8_t { kForever, kNow, kConsistent };
enum class SnapshotMode : uint8_t { kYes, kNo, kOnly };

// What becomes of a change of a source table's shape.
enum class SchemaPolicy : uint8_t { kFail, kIgnore, kEvolve, kPauseTable };

// What becomes of rows that target tables hold before a first snapshot.
enum class ExistingRows : uint8_t { kRefuse, kUpsert, kReplace };
// What becomes of a change that the target can't take.
// Which changes are carried, by where they were made first (model/origin.h).
enum class Origins : uint8_t {
  kAuto,   // all but those that came through the target
  kAll,    // all of them
  kLocal,  // those that applications made at the source
};

enum class BadRow : uint8_t { kStop, kDeadLetter };
// What happens when the source no longer has the position to go on from.
enum class LostPosition : uint8_t {
  kFail,
  kResnapshot,  // every row is written again, and what the source no longer has is removed
  kRepair,      // the same result, but rows that are equal already are not written
};

// What one cycle tells the next. Only the thread that drives cycles, and the apply actor of the running one, touch it.
struct CycleMemory {
  bool one_by_one = false;             // a huge transaction failed when its rows shared statements: apply it row by row
  bool begin_again = false;            // the stream needs what only a new copy knows, and by policy may have it
  bool relax_foreign_keys = false;     // then it failed on a foreign key, beside rows that are ahead of it (see Group)
  bool parking = false;                // then it failed on a row: what can't be applied becomes a dead letter
  bool check_constraints_now = false;  // then it failed on what is checked at commit
  bool park_copies = false;            // copied rows failed on constraints again and again
  std::set<std::string> one_phase;     // huge transactions that looked like prepared ones up to their end
};

struct PipelineOptions {
  std::string name;  // key of progress; empty: derived from the source's identity
  Until until = Until::kForever;
  SnapshotMode snapshot = SnapshotMode::kYes;
  bool create_tables = false;
  SchemaPolicy schema_changes = SchemaPolicy::kFail;
  ExistingRows existing = ExistingRows::kRefuse;
  LostPosition on_lost_position = LostPosition::kFail;
  BadRow on_bad_row = BadRow::kStop;
  Origins origins = Origins::kAuto;
  uint64_t letters_max = 10000;  // of one table; with more of them it is set aside as a whole
  bool may_create_weft = true;   // --setup auto
  size_t lanes = 2;              // parallel target sessions
  size_t readers = 2;            // parallel table readers during the snapshot
  JournalOptions journal;
  size_t memory_bytes = 64u << 20;
  size_t group_rows = 4000;  // rows in one target transaction, at most (a source transaction stays whole)
  size_t group_bytes = 2u << 20;
  size_t chunk_rows = 20000;
  size_t chunk_bytes = 2u << 20;
  Duration takeover_wait = std::chrono::seconds(5);
  Duration drain_deadline = std::chrono::seconds(20);
  Duration backoff_first = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(10);
  Duration start_deadline = std::chrono::seconds(10);  // how long unreachable servers are waited for at the start
  std::function<void(const std::string&)> say;         // one line for the user: tables created, objects set up
  // Ends every wait for either side, for good; called once, when a stop was not done within drain_deadline.
  std::function<void()> abandon;
  // Called at named points of the path of a change (see crash_points.h); a test build kills the process there.
  std::function<void(std::string_view)> at_point;
  // Test only: see guards.h.
  Guards guards;
  std::shared_ptr<CycleMemory> memory = std::make_shared<CycleMemory>();
};

// Error code (kTransient): a stop was requested, but what was under way could not be applied within drain_deadline.
inline constexpr std::string_view kNotDrained = "not-drained";

// How a pipeline ended; `before_first_change` decides between exit codes 3 and 1.
struct Outcome {
  Status status;
  bool before_first_change = true;
  PipelineStatus final_status;
};

class Pipeline {
 public:
  Pipeline(PipelineOptions options, Source& source, Target& target, Clock& clock, StatusBoard& board);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void start();
  void request_stop();
  [[nodiscard]] Outcome wait();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft
