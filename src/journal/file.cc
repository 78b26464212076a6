// SPDX-License-Identifier: Apache-2.0
#include "journal/file.h"

#include <algorithm>

#include "base/log.h"
#include "base/rng.h"
#include "base/text.h"

namespace weft {
namespace {

constexpr size_t kArenaSlab = 64u << 10;
constexpr uint64_t kSegmentsInMax = 8;  // a journal at its limit still drops its applied parts one by one

std::string random_id() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (int half = 0; half < 2; ++half) {
    Rng rng(random_seed());
    const uint64_t bits = rng.next();
    for (int i = 60; i >= 0; i -= 4) id.push_back(kDigits[bits >> i & 15]);
  }
  return id;
}

Error not_ours(const std::string& directory, const SegmentHead& head, const JournalOwner& owner) {
  const bool other_source = head.pipeline == owner.pipeline;
  return Error(Blame::kConfig,
               cat("journal ",
                   directory,
                   " belongs to ",
                   other_source ? "source " : "pipeline ",
                   other_source ? head.source_id : head.pipeline,
                   ", this is ",
                   other_source ? owner.source_id : owner.pipeline,
                   "; give each pipeline a directory of its own, or remove this one if nothing needs it"));
}

}  // namespace

Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options, JournalOwner owner) {
  if (!options.directory.empty()) return FileJournal::open(options, std::move(owner));
  return std::unique_ptr<Journal>(std::make_unique<MemoryJournal>(owner.memory_bytes));
}

FileJournal::FileJournal(const JournalOptions& options, JournalOwner owner, std::shared_ptr<void> lock)
    : options_(options),
      owner_(std::move(owner)),
      disk_(options.disk != nullptr ? *options.disk : real_disk()),
      lock_(std::move(lock)),
      arena_(kArenaSlab) {
  options_.segment_bytes = std::min(options_.segment_bytes, options_.max_bytes / kSegmentsInMax);
}

Result<std::unique_ptr<Journal>> FileJournal::open(const JournalOptions& options, JournalOwner owner) {
  Disk& disk = options.disk != nullptr ? *options.disk : real_disk();
  TRY(disk.make_directory(options.directory));
  Result<std::shared_ptr<void>> lock = disk.lock(options.directory + "/lock");
  if (!lock && lock.error().code() == kLocked) {
    return Error(Blame::kTransient,
                 cat("journal ", options.directory, " is held by another process; stop that one first"),
                 std::string(kJournalTaken));
  }
  TRY_ASSIGN(auto held, std::move(lock));
  std::unique_ptr<FileJournal> journal(new FileJournal(options, std::move(owner), std::move(held)));
  TRY_ASSIGN(Recovered found, recover_journal(disk, options.directory, journal->pool_));
  journal->number_max_ = found.segments.empty() ? found.number_max : found.segments.back().head.number;
  if (found.segments.empty()) return std::unique_ptr<Journal>(std::move(journal));
  const SegmentHead& head = found.segments.back().head;
  const bool our_source = head.source_id == journal->owner_.source_id || journal->owner_.any_source;
  if (head.pipeline != journal->owner_.pipeline || !our_source) {
    return not_ours(options.directory, head, journal->owner_);
  }
  journal->id_ = head.id;
  journal->state_.with([&](State& s) {
    s.segments.assign(std::make_move_iterator(found.segments.begin()), std::make_move_iterator(found.segments.end()));
    s.whole = {found.last, std::move(found.end_text)};
    s.written = {s.segments.back().head.number, s.segments.back().bytes};
  });
  return std::unique_ptr<Journal>(std::move(journal));
}

FileJournal::~FileJournal() {
  // After a failed fsync the system may say that all is well, without it: only what was synced before is kept.
  state_.with([](State& s) {
    if (s.broken && s.file) (void)s.file->truncate(s.durable.offset);
  });
}

// Where the transaction after `place` begins, if it is here and `place` is what it was; a spot at the end if none is yet.
Result<std::optional<FileJournal::Spot>> FileJournal::find(const JournalPlace& place, State& s) {
  const std::optional<Spot> nowhere;
  const Sequence wanted = place.sequence.next();
  const bool at_beginning = wanted == s.segments.front().head.first && !s.segments.front().head.continues;
  if (place.journal_id != id_ && !at_beginning) return nowhere;
  if (wanted < s.segments.front().head.first || place.sequence > s.whole.sequence) return nowhere;
  size_t i = s.segments.size();
  while (i > 0) {
    const SegmentHead& head = s.segments[--i].head;
    if (head.first < wanted || (head.first == wanted && !head.continues)) break;
    if (i == 0) return nowhere;
  }
  // Tables that are captured now and were not then are missing in it.
  const bool same_tables = std::all_of(s.segments.begin() + static_cast<ptrdiff_t>(i),
                                       s.segments.end(),
                                       [&](const auto& one) { return one.head.captured == owner_.captured; });
  if (!same_tables && place.sequence != s.whole.sequence) return nowhere;
  const SegmentInfo& segment = s.segments[i];
  TRY_ASSIGN(std::shared_ptr<const DiskFile> file, disk_.open(segment.path, OpenMode::kRead));
  SegmentWalk walk(std::move(file), segment.path, {segment.head.frames_at, segment.head.before, {}}, pool_);
  Spot spot{segment.head.number, segment.head.frames_at};
  skip_ = 0;
  while (true) {
    TRY_ASSIGN(const std::optional<Frame> frame, walk.next(segment.bytes));
    if (!frame) {
      before_ = walk.end_text();
      break;
    }
    const uint64_t last = frame->head.sequence.value() + std::max<uint32_t>(frame->head.count, 1);
    if (last <= wanted.value()) {
      spot.offset = frame->end();
      continue;
    }
    skip_ = wanted.value() - frame->head.sequence.value();
    const auto at = slice_position(frame->payload, walk.before(), skip_, owner_.load);
    if (!at) return damaged_at(segment.path, frame->offset, at.error().message());
    before_ = *at;
    break;
  }
  if (before_ != place.position) {
    log_warning(cat("journal ",
                    options_.directory,
                    " has position ",
                    before_,
                    " where the target is at ",
                    place.position,
                    ": it is not used"));
    return nowhere;
  }
  if (skip_ > 0) before_ = walk.before();
  return std::optional<Spot>(spot);
}

Result<std::optional<Position>> FileJournal::resume(const JournalPlace& place) {
  State found = state_.with([](State& s) {
    State copy;
    copy.segments = s.segments;
    copy.whole = s.whole;
    return copy;
  });
  const std::optional<Position> nothing;
  if (found.segments.empty()) return nothing;
  TRY_ASSIGN(const std::optional<Spot> spot, find(place, found));
  if (!spot) return nothing;
  // What is behind an unapplied schema change is asked from the source again.
  for (size_t i = 0; i < found.segments.size(); ++i) {
    const SegmentHead& head = found.segments[i].head;
    if (!head.schema_change || head.first <= place.sequence) continue;
    if (i == 0) return nothing;
    TRY(cut_from(i, found));
    break;
  }
  const Spot cursor = std::min(*spot, Spot{found.segments.back().head.number, found.segments.back().bytes});
  base_ = Sequence(found.segments.front().head.first.value() - 1);
  writer_.next = found.whole.sequence.next();
  writer_.whole = found.whole;
  TRY(reopen_last());
  if (found.segments.back().head.captured != owner_.captured) TRY(rotate(false));
  uint64_t unread = 0;
  for (const SegmentInfo& segment : found.segments) {
    if (segment.head.number == cursor.segment) unread += segment.bytes - std::min(segment.bytes, cursor.offset);
    if (segment.head.number > cursor.segment) unread += segment.bytes - segment.head.frames_at;
  }
  state_.with([&](State& s) {
    s.unread = unread;
    s.cursor = cursor;
  });
  return std::optional<Position>(Position(found.whole.position));
}

// Removes segments from `index` on; what is left ends before the first transaction of it.
Status FileJournal::cut_from(size_t index, State& s) {
  s.whole = {Sequence(s.segments[index].head.first.value() - 1), s.segments[index].head.before};
  while (s.segments.size() > index) {
    TRY(disk_.remove(s.segments.back().path));
    s.segments.pop_back();
  }
  TRY(disk_.sync_directory(options_.directory));
  number_max_ = s.segments.back().head.number;
  // Complete for the last segment: it goes on being written.
  SegmentInfo& last = s.segments.back();
  TRY_ASSIGN(std::shared_ptr<const DiskFile> file, disk_.open(last.path, OpenMode::kRead));
  TRY_ASSIGN(SegmentScan scan, scan_segment(std::move(file), last.path, last.head, pool_));
  if (scan.damage) return *scan.damage;
  last.schemas = std::move(scan.schemas);
  state_.with([&](State& shared) {
    shared.segments = s.segments;
    shared.whole = s.whole;
    shared.written = {last.head.number, last.bytes};
  });
  return ok();
}

// The last segment goes on being written.
Status FileJournal::reopen_last() {
  SegmentInfo last = state_.with([](State& s) { return s.segments.back(); });
  TRY_ASSIGN(std::shared_ptr<DiskFile> file, disk_.open(last.path, OpenMode::kWrite));
  TRY(file->sync());  // a process that was killed may have left it to the system
  writer_.file = file;
  writer_.number = last.head.number;
  writer_.offset = last.bytes;
  writer_.schemas = static_cast<uint32_t>(last.schemas.size());
  writer_.numbers.clear();
  writer_.pinned = last.schemas;
  for (uint32_t i = 0; i < writer_.schemas; ++i) writer_.numbers.emplace(last.schemas[i].get(), i);
  state_.with([&](State& s) {
    s.file = std::move(file);
    s.written = s.durable = {last.head.number, last.bytes};
    s.safe = s.whole;
  });
  return ok();
}

Status FileJournal::drop_all(State& s) {
  for (const SegmentInfo& segment : s.segments) TRY(disk_.remove(segment.path));
  s.segments.clear();
  return disk_.sync_directory(options_.directory);
}

Status FileJournal::restart(const JournalPlace& place) {
  State old = state_.with([](State& s) {
    State copy;
    copy.segments = s.segments;
    return copy;
  });
  if (!old.segments.empty()) {
    log_info(cat("journal ", options_.directory, " begins anew behind ", place.position));
  }
  TRY(drop_all(old));
  id_ = random_id();
  base_ = place.sequence;
  state_.with([&](State& s) {
    s.segments.clear();
    s.fresh.clear();
    s.fresh_bytes = 0;
    s.unread = 0;
    s.whole = {place.sequence, place.position};
  });
  writer_ = Writer();
  writer_.next = place.sequence.next();
  writer_.whole = {place.sequence, place.position};
  TRY(rotate(false));
  walk_.reset();
  skip_ = 0;
  before_ = place.position;
  state_.with([&](State& s) { s.written = s.cursor = {writer_.number, writer_.offset}; });
  return ok();
}

void FileJournal::applied(Sequence sequence) {
  state_.change([&](State& s) {
    s.applied = s.applied ? std::max(*s.applied, sequence) : sequence;
    while (!s.walls.empty() && s.walls.front().first <= sequence) s.walls.pop_front();
  });
}

// I1: synced here; and what was in the target alone when the journal began is flushed there.
std::optional<Position> FileJournal::durable() const {
  return state_.with([&](const State& s) -> std::optional<Position> {
    if (!s.applied || *s.applied < base_) return std::nullopt;
    const Mark& safe = owner_.ack_only_synced ? s.safe : s.whole;
    if (!s.walls.empty() && s.walls.front().first <= safe.sequence) return Position(s.walls.front().second);
    return Position(safe.position);
  });
}

size_t FileJournal::bytes() const {
  return state_.with([](const State& s) { return s.fresh_bytes; });
}

bool FileJournal::empty() const {
  return state_.with([](const State& s) { return s.unread == 0; });
}

uint64_t FileJournal::backlog() const {
  return state_.with([](const State& s) { return s.unread; });
}

JournalStatus FileJournal::status() const {
  return state_.with([&](const State& s) {
    JournalStatus status;
    status.kind = "file";
    status.directory = options_.directory;
    for (const SegmentInfo& segment : s.segments) status.bytes += segment.bytes;
    status.segments = s.segments.size();
    if (!s.segments.empty()) status.first_sequence = s.segments.front().head.first.value();
    status.last_sequence = s.whole.sequence.value();
    status.durable_sequence = s.safe.sequence.value();
    status.unread_bytes = s.unread;
    status.waiting = s.waiting;
    return status;
  });
}

}  // namespace weft
