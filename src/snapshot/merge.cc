// SPDX-License-Identifier: Apache-2.0
// The dispatcher's side: what becomes of the stream's changes, and when a chunk's turn has come.
#include "snapshot/merge.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "snapshot/judge.h"

namespace weft {
namespace {

constexpr uint32_t kStaleBeforeHold = 2;
constexpr std::string_view kAhead = "ahead";

}  // namespace

std::string ahead_of(std::string_view server) {
  return cat(kAhead, " of ", server);
}

bool ahead_of_another(const TableStateRow& state, std::string_view server) {
  return state.state < TableState::kStreaming && state.since.starts_with(kAhead) && state.since != ahead_of(server);
}

void Merge::read_from(std::string_view server) {
  state_.with([&](State& s) { s.ahead = ahead_of(server); });
}

Status Merge::add_table(const SchemaRef& schema,
                        const TableStateRow& state,
                        std::vector<TableName> parents,
                        std::vector<OwnedRow> kept) {
  Table t;
  t.schema = schema;
  t.parents = std::move(parents);
  t.state = state.state;
  t.reason = state.reason;
  t.by_key = schema->key_comparable();
  t.rows_done = state.rows;
  t.was_ahead = state.since.starts_with(kAhead);
  TRY_ASSIGN(t.copied, RangeSet::parse(state.ranges));
  if (state.state >= TableState::kStreaming) {
    t.planned = true;
    t.copied = RangeSet();
    t.copied.at(0).complete = true;
  } else if (!t.copied.untouched()) {
    t.planned = true;
  } else if (state.state == TableState::kSnapshotting && t.copied.earlier() == Earlier::kNone) {
    t.clear_first = true;  // part of a whole copy
  }
  t.rows_estimated = kept.size();
  for (const OwnedRow& key : kept) t.unread.insert(key);
  t.kept = std::move(kept);
  const size_t ranges = t.copied.ranges().size();
  t.range_busy.assign(ranges, 0);
  for (const CopyRange& r : t.copied.ranges()) {
    t.read_upto.push_back(r.done);
    t.range_read.push_back(r.complete ? 1 : 0);
  }
  return state_.with([&](State& s) -> Status {
    s.by_name[schema->name] = s.tables.size();
    s.tables.push_back(std::move(t));
    return ok();
  });
}

SchemaRef Merge::ahead() const {
  return state_.with([](const State& s) -> SchemaRef {
    const auto found = std::find_if(s.tables.begin(), s.tables.end(), [](const Table& t) {
      return t.was_ahead && t.state != TableState::kStreaming && !t.copied.untouched();
    });
    return found == s.tables.end() ? nullptr : found->schema;
  });
}

bool Merge::ahead_now() const {
  return state_.with([](const State& s) {
    return std::any_of(s.tables.begin(), s.tables.end(), [](const Table& t) {
      return !t.windows.empty() || (t.state < TableState::kStreaming && t.copied.earlier() != Earlier::kNone);
    });
  });
}

void Merge::reopen_window(std::shared_ptr<const ReadPoint> now) {
  state_.with([&](State& s) {
    for (Table& t : s.tables) {
      if (t.was_ahead && t.state != TableState::kStreaming && !t.copied.untouched()) t.windows.push_back(now);
    }
  });
}

void Merge::start_at(const Position& position) {
  state_.with([&](State& s) { s.admitted = position; });
}

bool Merge::all_streaming(const State& s) {
  return std::all_of(
      s.tables.begin(), s.tables.end(), [](const Table& t) { return t.state >= TableState::kStreaming; });
}

bool Merge::copying() const {
  return state_.with([](const State& s) { return !all_streaming(s); });
}

bool Merge::admit(const Batch& batch, const Transaction& tx) {
  return state_.with([&](State& s) {
    if (s.stale_in_a_row > kStaleBeforeHold && !s.mid_transaction) return false;
    if (options_.gate_at_read_point) {
      for (const View& v : s.views) {
        if (v.point->covers(batch, tx) != Covers::kYes) return false;
      }
    }
    s.mid_transaction = !tx.last;
    if (tx.last) s.admitted = batch.position(tx);
    return true;
  });
}

bool Merge::in_window(const Table& t, const Batch& batch, const Transaction& tx) {
  return std::any_of(t.windows.begin(), t.windows.end(), [&](const std::shared_ptr<const ReadPoint>& w) {
    return w->covers(batch, tx) != Covers::kNo;
  });
}

Verdict Merge::judge(const Batch& batch, const Transaction& tx, const RowChange& change) {
  return state_.with([&](State& s) -> Verdict {
    const auto found = s.by_name.find(change.schema->name);
    if (found == s.by_name.end()) return {Verdict::Fate::kExact, change.op, false};
    const Table& t = s.tables[found->second];
    if (t.state >= TableState::kStreaming) return {Verdict::Fate::kExact, change.op, false};
    const bool all = t.planned && t.copied.ranges_complete();
    if (!all && (t.whole || t.copied.untouched())) return {Verdict::Fate::kDrop, change.op, false};
    const bool window = options_.replay_maybe_changes && in_window(t, batch, tx);
    const bool by_ranges = !all && options_.hold_back_uncopied;
    const bool unknown = by_ranges && !t.by_key && options_.key_sets_for_text;
    Presence present;
    if (by_ranges && !unknown) {
      if (!change.before.empty()) present.before = t.copied.contains(key_of(*t.schema, change.before).row());
      if (!change.after.empty()) present.after = t.copied.contains(key_after(change).row());
    }
    heed_holes(t, change, present);
    // Rows of before may be among the copied ones.
    const bool old_rows = t.copied.earlier() != Earlier::kNone;
    Verdict verdict = judge_change(change, present, window || unknown || old_rows);
    verdict.among_old = replaces(t.copied.earlier());
    if (verdict.fate != Verdict::Fate::kHole || options_.reread_missed_keys) return verdict;
    return {Verdict::Fate::kLoose, Op::kUpdate, false};
  });
}

void Merge::heed_holes(const Table& t, const RowChange& change, Presence& present) {
  if (t.copied.holes().empty() && t.unread.empty()) return;
  const auto absent = [&t](const OwnedRow& key) { return t.unread.contains(key) || t.copied.hole(key.row()); };
  if (!change.before.empty() && absent(key_of(*t.schema, change.before))) present.before = false;
  if (!change.after.empty() && absent(key_after(change))) present.after = false;
}

TableStateRow Merge::open_hole(const RowChange& change) {
  return state_.with([&](State& s) {
    Table& t = s.tables[s.by_name.at(change.schema->name)];
    t.copied.open_hole(key_after(change).row());
    return state_row(s, t);
  });
}

std::optional<ReadyChunk> Merge::chunk(const Batch* next_batch, const Transaction* next) {
  return state_.with([&](State& s) -> std::optional<ReadyChunk> {
    if (s.mid_transaction) return std::nullopt;
    for (View& v : s.views) {
      if (v.chunks.empty()) continue;
      const bool at_place =
          next != nullptr ? v.point->covers(*next_batch, *next) != Covers::kYes : v.point->reached_by(s.admitted);
      if (!at_place && options_.gate_at_read_point) continue;
      return take_chunk(s, v);
    }
    return std::nullopt;
  });
}

TableStateRow Merge::state_row(const State& s, const Table& t) {
  TableStateRow row;
  row.table = t.schema->name;
  row.state = t.state;
  row.ranges = t.copied.text();
  row.rows = t.rows_done;
  if (!t.windows.empty()) row.since = s.ahead;
  return row;
}

ReadyChunk Merge::take_chunk(State& s, View& view) {
  Table& t = s.tables[view.task.table];
  ReadyChunk ready;
  ready.view = view.id;
  ready.table = view.task.table;
  ready.chunk = std::move(view.chunks.front());
  view.chunks.pop_front();
  if (!view.point->exact()) t.windows.push_back(view.point);
  if (view.task.kept) {
    for (const OwnedRow& key : view.task.reread) t.unread.erase(key);
    t.kept_busy = false;
  } else if (!view.task.reread.empty()) {
    for (const OwnedRow& key : view.task.reread) t.copied.fill_hole(key.row());
    ready.holes = std::move(view.task.reread);
    ready.sweep = view.task.sweep;
    if (!ready.sweep) t.holes_busy = false;
    ready.state = state_row(s, t);
    return ready;
  }
  // A hole of a text key may lie beyond what was copied: its row is there from now on.
  if (!t.copied.holes().empty()) {
    for (const Row& row : ready.chunk.rows) t.copied.fill_hole(key_of(*t.schema, row).row());
  }
  ++t.uncommitted;
  t.rows_done += ready.chunk.rows.size();
  ready.clear_first = std::exchange(t.clear_first, false);
  // Rows of a range that weft can't tell apart from its neighbours may be there already.
  const bool empty = t.copied.earlier() == Earlier::kNone;
  ready.op = empty && (t.whole || t.by_key) ? BatchOp::kCopy : BatchOp::kUpsert;
  ready.replace = replaces(t.copied.earlier());
  if (t.copied.earlier() == Earlier::kMended) ready.op = BatchOp::kMend;
  CopyRange& range = t.copied.at(view.task.range);
  if (!view.task.kept && !t.whole && !ready.chunk.rows.empty()) range.done = key_of(*t.schema, ready.chunk.rows.back());
  if (ready.chunk.end) range.complete = true;
  if (t.copied.ranges_complete() && t.unread.empty()) t.state = TableState::kCatchingUp;
  ready.state = state_row(s, t);
  return ready;
}

void Merge::admitted_chunk(const ReadyChunk& ready) {
  state_.change([&](State& s) {
    const auto view = std::find_if(s.views.begin(), s.views.end(), [&](const View& v) { return v.id == ready.view; });
    if (view == s.views.end() || !view->done || !view->chunks.empty()) return;
    s.views.erase(view);
  });
}

void Merge::committed(const TableName& table) {
  state_.with([&](State& s) {
    Table& t = s.tables[s.by_name.at(table)];
    CHECK(t.uncommitted > 0);
    --t.uncommitted;
  });
}

std::vector<TableStateRow> Merge::take_streaming(const Position& position) {
  return state_.with([&](State& s) {
    std::vector<TableStateRow> rows;
    for (Table& t : s.tables) {
      std::erase_if(t.windows, [&](const auto& w) { return w->passed_by(position); });
      const bool read_and_waiting =
          std::any_of(s.views.begin(), s.views.end(), [&](const View& v) { return &s.tables[v.task.table] == &t; });
      if (!caught_up(t) || to_be_swept(t) || read_and_waiting) continue;
      t.state = TableState::kStreaming;
      t.copied = RangeSet();
      t.copied.at(0).complete = true;
      rows.push_back(state_row(s, t));
      rows.back().since = position.text();
    }
    return rows;
  });
}

std::vector<Merge::TableView> Merge::tables() const {
  return state_.with([](const State& s) {
    std::vector<TableView> views;
    for (const Table& t : s.tables) views.push_back({t.schema->name, t.state, t.reason, t.rows_done, t.rows_estimated});
    return views;
  });
}

}  // namespace weft
