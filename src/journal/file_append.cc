// SPDX-License-Identifier: Apache-2.0
// The side of a FileJournal that writes, syncs and drops.
#include <algorithm>
#include <variant>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "journal/file.h"
#include "model/schema_text.h"

namespace weft {
namespace {

bool changes_schema(const Transaction& tx) {
  return std::any_of(
      tx.changes.begin(), tx.changes.end(), [](const Change& c) { return std::holds_alternative<SchemaChange>(c); });
}

std::string path_in(const std::string& directory, uint64_t number) {
  return cat(directory, "/", segment_name(number));
}

}  // namespace

// Transactions from `from` on that go into one frame.
size_t FileJournal::slice_at(const Batch& batch, size_t from) const {
  const auto transactions = batch.transactions();
  size_t count = 1;
  if (transactions[from].fragment() || changes_schema(transactions[from])) return count;
  const uint32_t index = transactions[from].position_index;
  for (; from + count < transactions.size() && count < (1u << 20); ++count) {
    const Transaction& next = transactions[from + count];
    if (next.fragment() || changes_schema(next) || next.position_index != index + count) break;
  }
  return count;
}

uint32_t FileJournal::number_of(const Batch& batch, const TableSchema* schema) {
  const auto known = writer_.numbers.find(schema);
  if (known != writer_.numbers.end()) return known->second;
  const SchemaRef owner = batch.schema(schema);
  const std::string text = encode_schema(*schema);
  const Result<SchemaRef> pooled = pool_.get(text, owner);
  const uint32_t number = writer_.schemas++;
  const size_t at = writer_.buffer.size();
  writer_.buffer.resize(at + FrameHead::kBytes);
  ByteWriter w(std::move(writer_.buffer));
  w.varint(number);
  w.bytes(text);
  writer_.buffer = std::move(w.str());
  FrameHead head;
  head.kind = FrameKind::kSchema;
  head.sequence = writer_.next;
  close_frame(writer_.buffer, at, head);
  writer_.numbers.emplace(schema, number);
  writer_.pinned.push_back(owner);
  writer_.fresh_schemas.push_back(pooled ? *pooled : owner);
  return number;
}

// Encodes `count` transactions from writer_.done on into the buffer.
Status FileJournal::add_slice(const Batch& batch, size_t count) {
  const auto slice = batch.transactions().subspan(writer_.done, count);
  // Schemas stand in front of the frame that needs them.
  for (const Transaction& tx : slice) {
    for (const Change& change : tx.changes) {
      const TableSchema* schema = schema_of(change);
      if (schema != nullptr) (void)number_of(batch, schema);
    }
  }
  const Transaction& last = slice.back();
  const std::string end = last.last ? batch.position(last).text() : writer_.whole.position;
  std::string& out = writer_.buffer;
  const size_t at = out.size();
  out.resize(at + FrameHead::kBytes);
  const auto number = [&](const TableSchema* schema) { return number_of(batch, schema); };
  if (!encode_slice(batch, {writer_.done, count, end}, number, out)) {
    return Error(Blame::kConfig, "changes of this source can't be kept in a journal file; use --journal memory");
  }
  FrameHead head;
  head.kind = FrameKind::kTransactions;
  head.flags = static_cast<uint8_t>((slice.front().first ? 0 : FrameHead::kContinues) |
                                    (last.last ? 0 : FrameHead::kUnfinished));
  head.count = last.last ? static_cast<uint32_t>(count) : 0;
  head.sequence = writer_.next;
  head.durable = state_.with([&](const State& s) {
    const bool here = s.durable.segment == writer_.number;
    return here ? static_cast<uint32_t>(std::min<uint64_t>(s.durable.offset, UINT32_MAX)) : 0u;
  });
  close_frame(out, at, head);
  if (count == 1 && changes_schema(last)) writer_.walls.emplace_back(writer_.next, writer_.whole.position);
  writer_.next = Sequence(writer_.next.value() + head.count);
  writer_.open = !last.last;
  if (last.last) writer_.whole = {Sequence(writer_.next.value() - 1), end};
  return ok();
}

Status FileJournal::begin_segment(SegmentHead head) {
  SegmentInfo info;
  info.path = path_in(options_.directory, head.number);
  TRY_ASSIGN(std::shared_ptr<DiskFile> file, disk_.open(info.path, OpenMode::kCreate));
  const std::string bytes = encode_head(head);
  Status made = file->write(0, bytes);
  if (made) made = file->sync();
  if (made) made = disk_.sync_directory(options_.directory);
  if (!made) {
    file.reset();
    (void)disk_.remove(info.path);
    return made;
  }
  head.frames_at = info.bytes = bytes.size();
  writer_.file = file;
  writer_.number = number_max_ = head.number;
  writer_.offset = info.bytes;
  writer_.numbers.clear();
  writer_.pinned.clear();
  writer_.schemas = 0;
  info.head = std::move(head);
  state_.change([&](State& s) {
    s.segments.push_back(std::move(info));
    s.file = std::move(file);
    s.durable = {writer_.number, writer_.offset};
    s.safe = s.whole;
  });
  return ok();
}

// REQUIRES: the buffer is written out. What is in the old segment is synced before the next one exists, so that damage in any
// but the last segment is no crash's doing.
Status FileJournal::rotate(bool schema_change) {
  if (writer_.file) TRY(writer_.file->sync());
  SegmentHead head;
  head.id = id_;
  head.number = number_max_ + 1;
  head.first = writer_.next;
  head.continues = writer_.open;
  head.schema_change = schema_change;
  head.pipeline = owner_.pipeline;
  head.source_id = owner_.source_id;
  head.captured = owner_.captured;
  head.before = writer_.whole.position;
  return begin_segment(std::move(head));
}

// Writes what is encoded. If that fails it stays in the buffer and is tried again.
Status FileJournal::put_buffer() {
  if (writer_.buffer.empty()) return ok();
  TRY(writer_.file->write(writer_.offset, writer_.buffer));
  writer_.offset += writer_.buffer.size();
  writer_.buffer.clear();
  return ok();
}

// Lets the reader and sync() see what is written; the reader is spared the disk while it is near and there is room.
void FileJournal::publish(std::optional<Fresh> fresh) {
  const Spot end{writer_.number, writer_.offset};
  state_.change([&](State& s) {
    if (s.written == end) return;
    SegmentInfo& segment = s.segments.back();
    const uint64_t bytes = writer_.offset - segment.bytes;
    segment.bytes = writer_.offset;
    for (SchemaRef& schema : writer_.fresh_schemas) segment.schemas.push_back(std::move(schema));
    for (auto& wall : writer_.walls) s.walls.push_back(std::move(wall));
    s.unread += bytes;
    const bool near = s.fresh.empty() ? s.cursor == s.written : s.fresh.back().end == s.written;
    const bool fits = fresh && (s.fresh.empty() || s.fresh_bytes + fresh->bytes <= owner_.memory_bytes);
    if (near && fits) {
      fresh->begin = s.written;
      fresh->end = end;
      fresh->end_text = writer_.whole.position;
      fresh->disk_bytes = bytes;
      s.fresh_bytes += fresh->bytes;
      s.fresh.push_back(*std::move(fresh));
    }
    s.written = end;
    s.whole = writer_.whole;
    s.open = writer_.open;
    s.waiting.clear();
  });
  writer_.fresh_schemas.clear();
  writer_.walls.clear();
}

bool FileJournal::wait_for_room(Duration wait, const std::stop_token& stop) {
  const auto bytes = [](const State& s) {
    uint64_t sum = 0;
    for (const SegmentInfo& segment : s.segments) sum += segment.bytes;
    return sum;
  };
  // Inside a transaction there is always room: only its end lets the target apply it. So has a journal without a purpose.
  const auto room = [&](const State& s) {
    return s.open || bytes(s) < options_.max_bytes || (s.applied && *s.applied >= s.whole.sequence);
  };
  if (state_.wait_for(Duration(0), stop, room)) return true;
  Result<bool> trimmed = trim(options_.max_bytes - options_.segment_bytes);
  (void)trimmed;  // a file that can't be removed shows in the bytes
  if (state_.wait_for(wait, stop, room)) return true;
  state_.with([&](State& s) {
    s.waiting = cat("the journal holds ", bytes(s), " bytes, its limit, and waits for the target");
  });
  return false;
}

// The disk is full: what was written of the batch so far counts, the rest comes again.
Result<bool> FileJournal::no_room(const Error& error) {
  if (error.code() != kDiskFull) return error;
  const bool news = state_.change([&](State& s) {
    const bool first = s.waiting.empty();
    s.waiting = cat(error.message(), "; make room there: the source waits, nothing is lost");
    return first;
  });
  if (news) log_warning(cat("journal: ", error.message(), "; the source waits until there is room"));
  (void)writer_.file->truncate(writer_.offset);
  TRY(trim(0));
  return false;
}

// Encodes the rest of the batch. True if part of it is written and published already.
Result<bool> FileJournal::append_slices(const Batch& batch) {
  const auto transactions = batch.transactions();
  bool split = writer_.done > 0;
  TRY(put_buffer());
  if (split) publish({});
  while (writer_.done < transactions.size()) {
    const Transaction& tx = transactions[writer_.done];
    const bool wall = changes_schema(tx) && tx.first;
    if (wall || writer_.offset + writer_.buffer.size() >= options_.segment_bytes) {
      split = split || writer_.done > 0;
      TRY(put_buffer());
      publish({});
      TRY(rotate(wall));
    }
    const size_t count = slice_at(batch, writer_.done);
    TRY(add_slice(batch, count));
    writer_.done += count;
  }
  TRY(put_buffer());
  return split;
}

Result<bool> FileJournal::append(Batch& batch, Duration wait, std::stop_token stop) {
  if (!wait_for_room(wait, stop)) return false;
  const Sequence first = writer_.done == 0 ? writer_.next : Sequence();
  const Result<bool> split = append_slices(batch);
  if (!split) return no_room(split.error());
  writer_.done = 0;
  std::optional<Fresh> fresh;
  if (!*split) {
    fresh.emplace();
    fresh->bytes = batch.bytes();
    fresh->entry = {std::make_shared<const Batch>(std::move(batch)), first};
  }
  publish(std::move(fresh));
  batch = Batch();
  return true;
}

Result<bool> FileJournal::sync(Duration wait, std::stop_token stop) {
  const auto dirty = [](const State& s) { return s.durable < s.written; };
  const bool todo = state_.wait_for(wait, std::move(stop), dirty);
  if (todo) {
    std::shared_ptr<DiskFile> file;
    Spot written;
    Mark whole;
    state_.with([&](const State& s) {
      file = s.file;
      written = s.written;
      whole = s.whole;
    });
    if (owner_.at_point) owner_.at_point("sync.before");
    Status synced = file->sync();
    if (!synced) {
      state_.with([](State& s) { s.broken = true; });
      return std::move(synced).error().with("what was not yet synced is read again from the source");
    }
    if (owner_.at_point) owner_.at_point("sync.after");
    state_.with([&](State& s) {
      if (s.durable >= written) return;
      s.durable = written;
      s.safe = std::move(whole);
    });
  }
  TRY_ASSIGN(const bool trimmed, trim(options_.keep_bytes));
  return todo || trimmed;
}

Result<bool> FileJournal::trim(uint64_t keep) {
  std::vector<std::string> paths;
  state_.change([&](State& s) {
    uint64_t sum = 0;
    for (const SegmentInfo& segment : s.segments) sum += segment.bytes;
    while (s.segments.size() > 1 && s.applied && sum - s.segments.front().bytes >= keep) {
      const SegmentHead& second = s.segments[1].head;
      const uint64_t needed = second.continues ? second.first.value() : second.first.value() - 1;
      if (s.applied->value() < needed || s.cursor.segment < s.segments.front().head.number) break;
      sum -= s.segments.front().bytes;
      paths.push_back(std::move(s.segments.front().path));
      s.segments.pop_front();
    }
  });
  for (const std::string& path : paths) TRY(disk_.remove(path));
  return !paths.empty();
}

}  // namespace weft
