// SPDX-License-Identifier: Apache-2.0
// The first look at a table: sums of rows of both sides, read at once by two threads, each over a session of its own. What has
// equal sums is equal; what has not is looked into row by row (drill.h).
//
//   ordered tables   the source is read in the order of its key and cut into ranges of some thousand rows; the target is asked
//                    for the same ranges
//   all others       both sides are read whole; rows fall into buckets by the digest of their key, or of the row without one
//
// A row's sum does not depend on when and in which order it was read. Starts and joins one thread.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "verify/digest.h"
#include "verify/side_reader.h"
#include "verify/table_pair.h"

namespace weft::verify {

// One session of each side.
struct Readers {
  SideReader* side[2] = {};

  [[nodiscard]] SideReader& of(Side s) const { return *side[static_cast<size_t>(s)]; }
};

struct RowDigests {
  Digest key;
  Digest row;
};

// Digests of rows of one side. Keeps a buffer: one per thread.
class RowDigester {
 public:
  RowDigester(const TablePair& pair, Side side) : pair_(pair), side_(side) {}

  [[nodiscard]] RowDigests operator()(Row row) {
    const size_t key = pair_.write_row(side_, row, bytes_);
    const Digest whole = digest_of(bytes_);
    return {key == bytes_.size() ? whole : digest_of(std::string_view(bytes_).substr(0, key)), whole};
  }

  // Of the last row.
  [[nodiscard]] size_t bytes() const { return bytes_.size(); }

 private:
  const TablePair& pair_;
  Side side_;
  std::string bytes_;
};

// Which part of the rows is looked at: chosen by hash, another part with another salt.
struct Sample {
  double percent = 100;
  uint64_t salt = 0;

  [[nodiscard]] bool all() const { return percent >= 100; }

  [[nodiscard]] bool takes(uint64_t hash) const;
};

struct ScanOptions {
  size_t range_rows = 32768;
  size_t range_bytes = 16u << 20;
  Duration segment = std::chrono::seconds(30);  // an ordered table is handed back after so long, to go on behind there
  Sample sample;
};

struct RangePair {
  KeyRange range[2];  // by Side
  Sum sum[2];
};

// A stretch of an ordered table.
struct Stretch {
  Sum sum[2];
  std::vector<RangePair> differing;
  std::optional<OwnedRow> upto;  // the source's key up to which the stretch goes; none: to the end
};

[[nodiscard]] Result<Stretch> scan_ranges(const TablePair& pair,
                                          const Readers& readers,
                                          const std::optional<OwnedRow>& after,
                                          const ScanOptions& options,
                                          Clock& clock,
                                          const std::stop_token& stop);

struct Buckets {
  std::vector<Sum> sums[2];  // by Side

  [[nodiscard]] size_t count() const { return sums[0].size(); }

  [[nodiscard]] size_t of(const Digest& key) const { return static_cast<size_t>(key.low % count()); }

  [[nodiscard]] Sum total(Side side) const;
};

[[nodiscard]] Result<Buckets> scan_buckets(const TablePair& pair,
                                           const Readers& readers,
                                           size_t buckets,
                                           const Sample& sample);

}  // namespace weft::verify
