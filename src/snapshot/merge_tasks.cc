// SPDX-License-Identifier: Apache-2.0
// The readers' side of Merge: what is to be read next, and what they bring.
#include <algorithm>
#include <iterator>

#include "snapshot/merge.h"

namespace weft {
namespace {

constexpr size_t kKeysAtOnce = 1000;
constexpr size_t kPiecesWaiting = 2;  // pieces of one view that may wait for the dispatcher

}  // namespace

bool Merge::parents_done(const State& s, const Table& t) {
  return std::all_of(t.parents.begin(), t.parents.end(), [&](const TableName& name) {
    const auto found = s.by_name.find(name);
    if (found == s.by_name.end() || &s.tables[found->second] == &t) return true;
    const Table& parent = s.tables[found->second];
    return parent.state >= TableState::kStreaming || (to_be_swept(parent) && caught_up(parent));
  });
}

// What a row of before hangs on goes after it.
bool Merge::children_swept(const State& s, const Table& t) {
  return std::all_of(s.tables.begin(), s.tables.end(), [&](const Table& child) {
    const bool hangs = std::find(child.parents.begin(), child.parents.end(), t.schema->name) != child.parents.end();
    return &child == &t || !hangs || child.state >= TableState::kStreaming;
  });
}

std::optional<CopyTask> Merge::key_task(State& s) {
  for (size_t i = 0; i < s.tables.size(); ++i) {
    Table& t = s.tables[i];
    if (t.copied.holes().empty() || t.holes_busy) continue;
    CopyTask task;
    task.table = i;
    task.schema = t.schema;
    task.reread = t.copied.holes();
    if (task.reread.size() > kKeysAtOnce) task.reread.resize(kKeysAtOnce);
    t.holes_busy = true;
    return task;
  }
  return std::nullopt;
}

std::optional<CopyTask> Merge::kept_task(State& s) {
  for (size_t i = 0; i < s.tables.size(); ++i) {
    Table& t = s.tables[i];
    if (t.kept.empty() || t.kept_busy || !parents_done(s, t)) continue;
    const size_t count = std::min(kKeysAtOnce, t.kept.size());
    CopyTask task;
    task.table = i;
    task.schema = t.schema;
    task.kept = true;
    task.reread.assign(std::make_move_iterator(t.kept.end() - static_cast<ptrdiff_t>(count)),
                       std::make_move_iterator(t.kept.end()));
    t.kept.resize(t.kept.size() - count);
    t.kept_busy = true;
    return task;
  }
  return std::nullopt;
}

std::optional<CopyTask> Merge::range_task(State& s) {
  for (size_t i = 0; i < s.tables.size(); ++i) {
    Table& t = s.tables[i];
    if (t.state >= TableState::kCatchingUp || !parents_done(s, t)) continue;
    for (size_t r = 0; r < t.range_busy.size(); ++r) {
      if (t.range_busy[r] != 0 || t.range_read[r] != 0) continue;
      CopyTask task;
      task.table = i;
      task.range = r;
      task.schema = t.schema;
      task.whole = t.whole;
      task.plan_ranges = !t.planned || t.rows_estimated == 0;
      const CopyRange& range = t.copied.ranges()[r];
      task.keys.after = t.read_upto[r] ? t.read_upto[r] : range.after;
      task.keys.upto = range.upto;
      t.range_busy[r] = 1;
      return task;
    }
  }
  return std::nullopt;
}

std::optional<CopyTask> Merge::sweep_task(State& s) {
  for (size_t i = 0; i < s.tables.size(); ++i) {
    Table& t = s.tables[i];
    if (!to_be_swept(t) || t.sweep_busy || !caught_up(t) || !children_swept(s, t)) continue;
    CopyTask task;
    task.table = i;
    task.schema = t.schema;
    task.sweep = true;
    t.sweep_busy = true;
    return task;
  }
  return std::nullopt;
}

void Merge::nothing_to_sweep(CopyTask& task) {
  state_.with([&](State& s) {
    std::erase_if(s.views, [&](const View& v) { return task.view != 0 && v.id == task.view; });
    task.reread.clear();
    task.view = 0;
  });
}

void Merge::swept(const CopyTask& task) {
  state_.change([&](State& s) {
    s.tables[task.table].sweep_busy = false;
    s.tables[task.table].swept = true;
  });
}

size_t Merge::bytes_waiting(const State& s) {
  size_t bytes = 0;
  for (const View& view : s.views) {
    for (const Chunk& chunk : view.chunks) bytes += chunk.bytes;
  }
  return bytes;
}

std::optional<CopyTask> Merge::next_task(bool stream_is_near) {
  return state_.with([&](State& s) -> std::optional<CopyTask> {
    if (auto task = key_task(s)) return task;
    // Chunks that wait for a far stream only take memory: one is enough then.
    if (!stream_is_near && !s.views.empty()) return std::nullopt;
    if (bytes_waiting(s) >= options_.waiting_bytes) return std::nullopt;
    if (auto task = kept_task(s)) return task;
    if (auto task = range_task(s)) return task;
    return sweep_task(s);
  });
}

void Merge::planned(CopyTask& task, const std::vector<OwnedRow>& borders, uint64_t rows_estimated, bool whole) {
  state_.with([&](State& s) {
    Table& t = s.tables[task.table];
    t.rows_estimated = std::max<uint64_t>(rows_estimated, 1);
    task.plan_ranges = false;
    if (t.planned) return;
    t.planned = true;
    t.whole = whole;
    task.whole = whole;
    const Earlier earlier = t.copied.earlier();
    t.copied = whole ? RangeSet() : RangeSet(borders);
    t.copied.set_earlier(earlier);
    const size_t ranges = t.copied.ranges().size();
    t.range_busy.assign(ranges, 0);
    t.range_read.assign(ranges, 0);
    t.read_upto.assign(ranges, std::nullopt);
    t.range_busy[0] = 1;
    task.keys.after = t.copied.ranges()[0].after;
    task.keys.upto = t.copied.ranges()[0].upto;
  });
}

bool Merge::announce(CopyTask& task, std::shared_ptr<const ReadPoint> point) {
  return state_.with([&](State& s) {
    const bool stale = s.mid_transaction || !point->contains(s.admitted);
    if (stale && options_.check_stale_chunk) {
      ++s.stale_in_a_row;
      return false;
    }
    s.stale_in_a_row = 0;
    Table& t = s.tables[task.table];
    if (t.state == TableState::kPending) t.state = TableState::kSnapshotting;
    task.view = s.next_view++;
    View view;
    view.id = task.view;
    view.task = task;
    view.point = std::move(point);
    s.views.push_back(std::move(view));
    return true;
  });
}

bool Merge::may_deliver(const CopyTask& task) const {
  return state_.with([&](const State& s) {
    for (const View& v : s.views) {
      if (v.id == task.view) return v.chunks.size() < kPiecesWaiting;
    }
    return true;
  });
}

void Merge::deliver(const CopyTask& task, Chunk chunk) {
  state_.change([&](State& s) {
    Table& t = s.tables[task.table];
    for (View& v : s.views) {
      if (v.id != task.view) continue;
      v.done = !task.whole || chunk.end;
      if (task.sweep) {
        v.task.reread = task.reread;
      } else if (task.reread.empty() && !task.whole) {
        if (!chunk.rows.empty()) t.read_upto[task.range] = key_of(*t.schema, chunk.rows.back());
        t.range_read[task.range] = chunk.end ? 1 : 0;
        t.range_busy[task.range] = 0;
      } else if (task.whole && chunk.end) {
        t.range_read[task.range] = 1;
      }
      v.chunks.push_back(std::move(chunk));
    }
  });
}

void Merge::give_up(const CopyTask& task) {
  state_.with([&](State& s) {
    Table& t = s.tables[task.table];
    std::erase_if(s.views, [&](const View& v) { return task.view != 0 && v.id == task.view; });
    if (task.sweep) {
      t.sweep_busy = false;
    } else if (task.kept) {
      t.kept.insert(t.kept.end(), task.reread.begin(), task.reread.end());
      t.kept_busy = false;
    } else if (!task.reread.empty()) {
      t.holes_busy = false;
    } else {
      t.range_busy[task.range] = 0;
    }
  });
}

}  // namespace weft
