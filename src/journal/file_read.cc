// SPDX-License-Identifier: Apache-2.0
// The side of a FileJournal that reads.
#include <algorithm>

#include "journal/file.h"

namespace weft {

Status FileJournal::open_walk(const SegmentInfo& segment) {
  const Spot cursor = state_.with([](const State& s) { return s.cursor; });
  TRY_ASSIGN(std::shared_ptr<const DiskFile> file, disk_.open(segment.path, OpenMode::kRead));
  const bool inside = cursor.segment == segment.head.number && cursor.offset > segment.head.frames_at;
  SegmentWalk::From from{segment.head.frames_at, segment.head.before, {}};
  if (inside) from = {cursor.offset, before_, segment.schemas};
  // Schemas of a segment that another process wrote are known only from its beginning on.
  if (inside && segment.schemas.empty()) {
    from = {segment.head.frames_at, segment.head.before, {}};
    SegmentWalk walk(file, segment.path, from, pool_);
    while (walk.offset() < cursor.offset) TRY(walk.next(cursor.offset));
    from = {cursor.offset, walk.end_text(), walk.schemas()};
  }
  walk_ = std::make_unique<SegmentWalk>(std::move(file), segment.path, std::move(from), pool_);
  walk_segment_ = segment.head.number;
  return ok();
}

// The next frame. REQUIRES: there is one.
Result<std::optional<JournalEntry>> FileJournal::read_disk() {
  SegmentInfo segment;
  bool fits = false;
  Spot cursor;
  state_.with([&](const State& s) {
    cursor = s.cursor;
    // The segment of the cursor, or the next one that holds anything when that has been read.
    for (const SegmentInfo& one : s.segments) {
      const bool at = one.head.number == cursor.segment && cursor.offset < one.bytes;
      const bool after = one.head.number > cursor.segment && one.bytes > one.head.frames_at;
      if (!at && !after) continue;
      fits = walk_ && walk_segment_ == one.head.number;
      segment.head.number = one.head.number;
      segment.bytes = one.bytes;
      if (!fits) segment = one;
      return;
    }
  });
  if (segment.path.empty() && !fits) return Error(Blame::kBug, "the journal's reader is behind its end");
  if (!fits) TRY(open_walk(segment));
  const uint64_t begin = walk_segment_ == cursor.segment ? cursor.offset : segment.head.frames_at;
  TRY_ASSIGN(const std::optional<Frame> frame, walk_->next(segment.bytes));
  if (!frame) return damaged_at(walk_->path(), walk_->offset(), "a transaction is missing");
  SliceToRead slice{frame->payload, frame->slab, walk_->before(), skip_};
  slice.first = (frame->head.flags & FrameHead::kContinues) == 0;
  slice.last = (frame->head.flags & FrameHead::kUnfinished) == 0;
  Result<Batch> batch = decode_slice(slice, walk_->schemas(), owner_.load, arena_);
  if (!batch) return damaged_at(walk_->path(), frame->offset, batch.error().message());
  JournalEntry entry{std::make_shared<const Batch>(*std::move(batch)), Sequence(frame->head.sequence.value() + skip_)};
  skip_ = 0;
  before_ = walk_->end_text();
  state_.change([&](State& s) {
    s.cursor = {walk_segment_, frame->end()};
    s.unread -= std::min(s.unread, frame->end() - begin);
  });
  return std::optional<JournalEntry>(std::move(entry));
}

Result<std::optional<JournalEntry>> FileJournal::read(Duration wait, std::stop_token stop) {
  const auto any = [](const State& s) { return s.unread > 0; };
  if (!state_.wait_for(wait, std::move(stop), any)) return std::optional<JournalEntry>();
  std::optional<Fresh> fresh;
  state_.change([&](State& s) {
    if (s.fresh.empty() || s.fresh.front().begin != s.cursor) return;
    fresh = std::move(s.fresh.front());
    s.fresh.pop_front();
    s.fresh_bytes -= fresh->bytes;
    s.cursor = fresh->end;
    s.unread -= std::min(s.unread, fresh->disk_bytes);
  });
  if (!fresh) return read_disk();
  before_ = std::move(fresh->end_text);
  walk_.reset();
  return std::optional<JournalEntry>(std::move(fresh->entry));
}

}  // namespace weft
