// SPDX-License-Identifier: Apache-2.0
#include "journal/recovery.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace weft {
namespace {

std::string path_of(const std::string& directory, uint64_t number) {
  return cat(directory, "/", segment_name(number));
}

// Removes a segment that does not count.
Status drop(Disk& disk, const std::string& directory, uint64_t number, std::string_view why) {
  log_info(cat("journal ", directory, ": ", segment_name(number), " is dropped: ", why));
  return disk.remove(path_of(directory, number));
}

// Reads the heads of the newest unbroken run; removes what is older than a break, and a last one that was never begun.
Result<std::vector<SegmentInfo>> read_heads(Disk& disk, const std::string& directory, std::vector<uint64_t> numbers) {
  std::vector<SegmentInfo> run;
  bool newest = true;
  while (!numbers.empty()) {
    const uint64_t number = numbers.back();
    if (!run.empty() && run.back().head.number != number + 1) break;
    SegmentInfo info;
    info.path = path_of(directory, number);
    TRY_ASSIGN(const auto file, disk.open(info.path, OpenMode::kRead));
    Result<SegmentHead> head = read_head(*file, info.path);
    if (!head) {
      if (head.error().code() != kJournalDamaged || !newest) return std::move(head).error();
      TRY_ASSIGN(const bool synced, was_synced(*file, info.path, 0));
      if (synced) return std::move(head).error();
      TRY(drop(disk, directory, number, "it was not yet begun"));
      newest = false;
      numbers.pop_back();
      continue;
    }
    newest = false;
    info.head = *std::move(head);
    if (info.head.number != number)
      return damaged_at(info.path, 0, cat("it says that it is segment ", info.head.number));
    if (!run.empty() && run.back().head.id != info.head.id) break;
    TRY_ASSIGN(info.bytes, file->size());
    run.push_back(std::move(info));
    numbers.pop_back();
  }
  for (const uint64_t number : numbers) TRY(drop(disk, directory, number, "it is of an earlier journal"));
  std::reverse(run.begin(), run.end());
  return run;
}

Status cut(Disk& disk, SegmentInfo& segment, uint64_t end) {
  if (segment.bytes == end) return ok();
  TRY_ASSIGN(const auto file, disk.open(segment.path, OpenMode::kWrite));
  TRY(file->truncate(end));
  TRY(file->sync());
  segment.bytes = end;
  return ok();
}

}  // namespace

Result<SegmentScan> scan_segment(std::shared_ptr<const DiskFile> file,
                                 const std::string& path,
                                 const SegmentHead& head,
                                 SchemaPool& pool) {
  SegmentScan scan;
  scan.next = head.first;
  scan.end_text = head.before;
  if (!head.continues) scan.whole_end = head.frames_at;
  TRY_ASSIGN(const uint64_t size, file->size());
  SegmentWalk walk(file, path, {head.frames_at, head.before, {}}, pool);
  while (true) {
    const Result<std::optional<Frame>> frame = walk.next(size);
    if (!frame) {
      if (frame.error().code() != kJournalDamaged) return frame.error();
      scan.damage = frame.error();
      scan.damage_at = walk.offset();
      TRY_ASSIGN(const bool synced, was_synced(*file, path, walk.offset()));
      scan.torn = !synced;
      return scan;
    }
    if (!*frame) return scan;
    ++scan.frames;
    const FrameHead& at = (*frame)->head;
    if (at.sequence != scan.next) {
      scan.damage =
          damaged_at(path, (*frame)->offset, cat("sequence ", at.sequence.value(), " after ", scan.next.value()));
      scan.damage_at = (*frame)->offset;
      return scan;
    }
    scan.next = Sequence(scan.next.value() + at.count);
    scan.transactions += at.count;
    if ((at.flags & FrameHead::kUnfinished) != 0) continue;
    scan.whole_end = (*frame)->end();
    scan.end_text = walk.end_text();
    scan.schemas = walk.schemas();
  }
}

Result<Recovered> recover_journal(Disk& disk, const std::string& directory, SchemaPool& pool) {
  TRY_ASSIGN(const std::vector<std::string> names, disk.list(directory));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const uint64_t number = segment_number(name); number != 0) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  Recovered found;
  found.number_max = numbers.empty() ? 0 : numbers.back();
  TRY_ASSIGN(found.segments, read_heads(disk, directory, std::move(numbers)));
  while (!found.segments.empty()) {
    SegmentInfo& last = found.segments.back();
    TRY_ASSIGN(auto file, disk.open(last.path, OpenMode::kRead));
    TRY_ASSIGN(SegmentScan scan, scan_segment(std::move(file), last.path, last.head, pool));
    if (scan.damage && !scan.torn) return *scan.damage;
    if (scan.whole_end != 0) {
      const uint64_t torn = last.bytes - scan.whole_end;
      if (torn > 0)
        log_info(cat("journal ", directory, ": ", torn, " bytes behind the last whole transaction are cut"));
      TRY(cut(disk, last, scan.whole_end));
      last.schemas = std::move(scan.schemas);
      found.last = Sequence(scan.next.value() - 1);
      found.end_text = std::move(scan.end_text);
      break;
    }
    TRY(drop(disk, directory, last.head.number, "it holds a part of one transaction"));
    found.segments.pop_back();
  }
  TRY(disk.sync_directory(directory));
  return found;
}

}  // namespace weft
