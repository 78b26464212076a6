// SPDX-License-Identifier: Apache-2.0
// RangeSet: which key ranges of one table are copied, as it stands in `_weft.table_state.ranges` and decides which changes
// of the stream concern the target already. Ranges are (after, upto], copied up to and including `done`.
// Holes are single keys inside a copied part whose rows are not there: they could not be built from the stream and are read
// again by their key. Text form: docs/formats/table_state.md. A value; weft compares only keys that are comparable().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/row.h"

namespace weft {

struct CopyRange {
  std::optional<OwnedRow> after;
  std::optional<OwnedRow> upto;
  std::optional<OwnedRow> done;  // the last copied key; none: nothing copied yet
  bool complete = false;
};

// What becomes of rows that the target held before the copy began.
enum class Earlier : uint8_t {
  kNone,      // there are none
  kKept,      // the copy goes over them; what the source lacks stays
  kReplaced,  // the copy goes over them; then what the source lacks is removed
  kMended,    // the same, but rows that are equal already stay as they are
};

// What the source lacks is removed in the end.
[[nodiscard]] constexpr bool replaces(Earlier earlier) {
  return earlier == Earlier::kReplaced || earlier == Earlier::kMended;
}

class RangeSet {
 public:
  // The whole table as one range.
  RangeSet() : ranges_(1) {}

  // The table cut at `borders` (ascending).
  explicit RangeSet(const std::vector<OwnedRow>& borders);

  [[nodiscard]] static Result<RangeSet> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  // Every range is copied, and no hole is left.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool ranges_complete() const;
  [[nodiscard]] bool untouched() const;
  // Whether the key lies in a copied part. REQUIRES: all key columns comparable().
  [[nodiscard]] bool contains(Row key) const;

  [[nodiscard]] const std::vector<CopyRange>& ranges() const { return ranges_; }

  void open_hole(Row key);
  void fill_hole(Row key);
  [[nodiscard]] bool hole(Row key) const;

  [[nodiscard]] const std::vector<OwnedRow>& holes() const { return holes_; }

  [[nodiscard]] CopyRange& at(size_t i) { return ranges_[i]; }

  [[nodiscard]] Earlier earlier() const { return earlier_; }

  void set_earlier(Earlier earlier) { earlier_ = earlier; }

  // All rows are there, but for those of which the target has kept the keys since this version of its progress
  // (Target::kept_since): they are compared with the source.
  [[nodiscard]] const std::optional<uint64_t>& kept_since() const { return kept_since_; }

  void mend_kept_since(uint64_t version);

 private:
  std::vector<CopyRange> ranges_;
  std::vector<OwnedRow> holes_;
  Earlier earlier_ = Earlier::kNone;
  std::optional<uint64_t> kept_since_;
};

}  // namespace weft
