// SPDX-License-Identifier: Apache-2.0
#include "verify/side_reader.h"

#include <algorithm>

#include "base/text.h"

namespace weft::verify {
namespace {

constexpr int kAttempts = 5;
constexpr Duration kFirstPause = std::chrono::milliseconds(200);
constexpr ChunkLimit kChunk{.rows = 10000, .bytes = 1u << 20};

}  // namespace

Error stopped() {
  return Error(Blame::kCancelled, "stopped");
}

Status SideReader::open() {
  if (reader_) return ok();
  TRY_ASSIGN(reader_, source_.table_reader());
  return ok();
}

Result<bool> SideReader::in_ranges(const SchemaRef& schema) {
  TRY(open());
  return reader_->chunkable(*schema);
}

Result<std::vector<OwnedRow>> SideReader::split(const SchemaRef& schema, size_t parts) {
  TRY(open());
  return reader_->split(*schema, parts);
}

Result<uint64_t> SideReader::estimate(const SchemaRef& schema) {
  TRY(open());
  TRY_ASSIGN(const TableEstimate estimate, reader_->estimate(*schema));
  return estimate.rows;
}

void SideReader::rest() {
  if (reader_) reader_->end();
}

// What time mends is tried again; a table that was altered is the caller's to hear of.
Status SideReader::pause(const Error& error, int attempt) {
  // A reader finds a way of its own first: another session, another form of the rows.
  if (attempt > 1) reader_.reset();
  const bool again = error.blame() == Blame::kTransient && error.code() != kSchemaChanged && attempt < kAttempts;
  if (!again) return error;
  clock_.sleep(kFirstPause * (1 << attempt), stop_);
  return stop_.stop_requested() ? Status(stopped()) : ok();
}

Status SideReader::scan_once(
    const SchemaRef& schema, KeyRange& left, bool in_ranges, const OnRow& on_row, bool& done, bool& given) {
  TRY(open());
  TRY(reader_->begin(schema));
  const SteadyTime opened = clock_.now();
  SteadyTime mark = opened;
  for (;;) {
    if (stop_.stop_requested()) return stopped();
    TRY_ASSIGN(const Chunk chunk, reader_->read(left, kChunk));
    for (const Row& row : chunk.rows) {
      given = true;
      if (!on_row(row)) {
        done = true;
        break;
      }
    }
    done = done || chunk.end;
    if (in_ranges && !chunk.rows.empty()) left.after = key_of(*schema, chunk.rows.back());
    if (done) break;
    const SteadyTime now = clock_.now();
    if (pacing_.share < 1) {
      clock_.sleep(Duration(static_cast<int64_t>(static_cast<double>((now - mark).count()) * (1 / pacing_.share - 1))),
                   stop_);
    }
    mark = clock_.now();
    if (in_ranges && mark - opened > pacing_.view_age) break;
  }
  reader_->end();
  return ok();
}

Status SideReader::scan(const SchemaRef& schema,
                        const KeyRange& range,
                        const OnRow& on_row,
                        const std::function<void()>& again) {
  KeyRange left = range;
  bool done = false;
  for (int attempt = 0; !done;) {
    Result<bool> ranges = in_ranges(schema);
    bool given = false;
    Status read = ranges ? scan_once(schema, left, *ranges, on_row, done, given) : Status(std::move(ranges).error());
    if (read) continue;
    if (given) attempt = 0;
    TRY(pause(read.error(), attempt));
    ++attempt;
    // With ranges it goes on behind the last chunk, of which all rows were given; rows of one are given without an error between.
    if (given && (!ranges || !*ranges)) again();
  }
  return ok();
}

Result<Chunk> SideReader::rows(const SchemaRef& schema, std::span<const OwnedRow> keys) {
  for (int attempt = 0;; ++attempt) {
    Status opened = open();
    if (opened) {
      const auto point = reader_->begin(schema);
      opened = point ? ok() : Status(point.error());
    }
    Result<Chunk> chunk = opened ? reader_->read_keys(keys) : Result<Chunk>(opened.error());
    if (chunk) {
      reader_->end();
      return chunk;
    }
    TRY(pause(chunk.error(), attempt));
  }
}

}  // namespace weft::verify
