// SPDX-License-Identifier: Apache-2.0
// SideReader: rows of one side, as they are committed: a long read goes on under a fresh view every few seconds, so that
// neither server has to keep old versions of rows, and goes on behind the last row after a lost connection.
//
//   SideReader reader(source, pacing, stop);
//   TRY(reader.scan(schema, range, [&](Row row) { ... }, [&] { ... forget what came so far }));
//   TRY_ASSIGN(const Chunk rows, reader.rows(schema, keys));
//
// A table without a key that can be read in ranges is read under one view; if that breaks, it begins again. One thread.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "source/source.h"

namespace weft::verify {

// How hard a reader works: 1 as fast as it can, 0.1 a tenth of the time. Several readers may share one.
struct Pacing {
  double share = 1;
  Duration view_age = std::chrono::seconds(10);  // a view is not kept for longer, where a read can go on under another
};

class SideReader {
 public:
  SideReader(Source& source, Clock& clock, Pacing pacing, std::stop_token stop)
      : source_(source), clock_(clock), pacing_(pacing), stop_(std::move(stop)) {}

  using OnRow = std::function<bool(Row row)>;  // false: no more are wanted

  // Every row of the range, in the order of the side's key where that can be read in ranges. `again` is called when rows that
  // were given come once more from the first one on.
  [[nodiscard]] Status scan(const SchemaRef& schema,
                            const KeyRange& range,
                            const OnRow& on_row,
                            const std::function<void()>& again);
  // The rows that have these keys, or keys that the server takes for equal.
  [[nodiscard]] Result<Chunk> rows(const SchemaRef& schema, std::span<const OwnedRow> keys);

  [[nodiscard]] Result<std::vector<OwnedRow>> split(const SchemaRef& schema, size_t parts);
  [[nodiscard]] Result<uint64_t> estimate(const SchemaRef& schema);

  // Whether a range of the table can be read in several views.
  [[nodiscard]] Result<bool> in_ranges(const SchemaRef& schema);
  // Ends the open view; the session is kept.
  void rest();

 private:
  [[nodiscard]] Status open();
  [[nodiscard]] Status scan_once(
      const SchemaRef& schema, KeyRange& left, bool in_ranges, const OnRow& on_row, bool& done, bool& given);
  [[nodiscard]] Status pause(const Error& error, int attempt);

  Source& source_;
  Clock& clock_;
  Pacing pacing_;
  std::stop_token stop_;
  std::unique_ptr<TableReader> reader_;
};

[[nodiscard]] Error stopped();

}  // namespace weft::verify
