// SPDX-License-Identifier: Apache-2.0
#include "snapshot/copier.h"

#include <algorithm>
#include <utility>

namespace weft {
namespace {

constexpr Duration kStaleRetry = std::chrono::milliseconds(1);
constexpr Duration kSchemaRetry = std::chrono::milliseconds(100);
constexpr size_t kKeysAtOnce = 1000;

}  // namespace

Copier::Copier(std::unique_ptr<TableReader> reader, Merge& merge, Clock& clock, CopierOptions options)
    : reader_(std::move(reader)), merge_(merge), clock_(clock), options_(std::move(options)) {}

Result<bool> Copier::step(bool stream_is_near) {
  if (clock_.now() < not_before_) return false;
  if (!task_) {
    task_ = merge_.next_task(stream_is_near);
    if (!task_) return false;
    if (task_->plan_ranges) TRY(plan());
    return true;
  }
  if (task_->sweep && task_->reread.empty()) return more_keys();
  return view_open_ ? read() : open_view();
}

// The next keys of a sweep, or its end.
Result<bool> Copier::more_keys() {
  if (!keys_) {
    TRY_ASSIGN(keys_, options_.target_keys(task_->schema));
  }
  TRY_ASSIGN(task_->reread, keys_->next(kKeysAtOnce));
  if (!task_->reread.empty()) return true;
  keys_.reset();
  merge_.swept(*task_);
  task_.reset();
  return true;
}

// Of the keys asked for, those that the source has just so need nothing. The others go, and what the source takes for them
// (its collation is its own) comes.
Result<bool> Copier::sweep(Chunk chunk) {
  const TableSchema& schema = *task_->schema;
  const auto find = [](std::vector<OwnedRow>& keys, const OwnedRow& key) {
    return std::find_if(keys.begin(), keys.end(), [&](const OwnedRow& k) { return same_values(k.row(), key.row()); });
  };
  std::erase_if(chunk.rows, [&](const Row& row) {
    const auto found = find(task_->reread, key_of(schema, row));
    if (found == task_->reread.end()) return false;
    task_->reread.erase(found);
    return true;
  });
  reader_->end();
  view_open_ = false;
  if (task_->reread.empty()) {
    merge_.nothing_to_sweep(*task_);
    return true;
  }
  merge_.deliver(*task_, std::move(chunk));
  task_->reread.clear();
  task_->view = 0;
  return true;
}

Status Copier::plan() {
  const bool whole = !reader_->chunkable(*task_->schema);
  TRY_ASSIGN(const TableEstimate estimate, reader_->estimate(*task_->schema));
  std::vector<OwnedRow> borders;
  if (!whole) {
    TRY_ASSIGN(borders, reader_->split(*task_->schema, options_.parts));
  }
  merge_.planned(*task_, borders, estimate.rows, whole);
  return ok();
}

void Copier::drop() {
  reader_->end();
  merge_.give_up(*task_);
  task_.reset();
  keys_.reset();
  view_open_ = false;
}

Result<bool> Copier::open_view() {
  if (options_.at_point) options_.at_point("chunk_read.before");
  auto point = reader_->begin(task_->schema);
  if (!point) {
    if (point.error().code() != kSchemaChanged) return std::move(point).error();
    drop();
    not_before_ = clock_.now() + kSchemaRetry;
    return false;
  }
  if (!merge_.announce(*task_, *std::move(point))) {
    // The stream already delivered something that this view may not show yet: look again shortly.
    reader_->end();
    not_before_ = clock_.now() + kStaleRetry;
    return false;
  }
  view_open_ = true;
  return true;
}

Result<bool> Copier::read() {
  if (!merge_.may_deliver(*task_)) return false;
  auto chunk = task_->reread.empty() ? reader_->read(task_->keys, options_.limit) : reader_->read_keys(task_->reread);
  if (!chunk) {
    if (chunk.error().code() != kSchemaChanged) return std::move(chunk).error();
    drop();
    not_before_ = clock_.now() + kSchemaRetry;
    return false;
  }
  if (chunk->bytes > options_.row_limit.bytes()) {
    for (const Row& row : chunk->rows) TRY(options_.row_limit.check(*chunk->schema, {}, row));
  }
  if (task_->sweep) return sweep(*std::move(chunk));
  const bool last = !task_->whole || chunk->end || !task_->reread.empty();
  if (last) reader_->end();
  if (options_.at_point) options_.at_point("chunk_read.after");
  merge_.deliver(*task_, *std::move(chunk));
  if (last) {
    task_.reset();
    view_open_ = false;
  }
  return true;
}

}  // namespace weft
