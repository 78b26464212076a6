// SPDX-License-Identifier: Apache-2.0
// The place of a read view in PostgreSQL's log, by transaction ids. See hard case 1: a position is not visibility. A
// transaction shows in a view if its id does (pg_current_snapshot), and the stream tells each transaction's id, so covers()
// never has to answer kMaybe. Two things it is not:
//
// - The order of the log is not the order of becoming visible: a transaction that waits for a synchronous standby (or just
//   was not quick enough) is in the log before others that show already. So behind the first transaction that the view
//   lacks there may be ones that it has, up to `high`.
// - What a stream has delivered may not show yet. `unseen` are the transactions that ran when the view opened and do not
//   show in it; Delivered knows which of them the stream has handed on, also after the view opened.
//
// Immutable; what Delivered knows grows. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/postgres/delivered.h"
#include "source/postgres/position.h"
#include "source/source.h"

namespace weft::postgres {

// pg_snapshot: "xmin:xmax:xip,xip". Ids are 64 bits, with the epoch.
class XidSnapshot {
 public:
  XidSnapshot() = default;

  [[nodiscard]] static Result<XidSnapshot> parse(std::string_view text);

  // Whether a transaction that committed shows. The stream's ids have 32 bits: the whole one is that nearest to xmax, which
  // is right for every id that can be alive (they span less than 2^31).
  [[nodiscard]] bool shows(uint32_t xid) const;

  [[nodiscard]] uint64_t whole_id(uint32_t xid) const {
    return xmax_ + static_cast<uint64_t>(int64_t{static_cast<int32_t>(xid - static_cast<uint32_t>(xmax_))});
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  uint64_t xmin_ = 0;              // older ones all show
  uint64_t xmax_ = 0;              // this one and later ones do not
  std::vector<uint64_t> running_;  // ascending
  std::string text_;
};

// The end of the last record before a place where the next one would be put: at the start of a page the server counts the
// page's header in, and no stream ever stands behind that header. REQUIRES: sizes are powers of two, or 0 (not known).
[[nodiscard]] uint64_t end_of_record(uint64_t insert_lsn, uint64_t page_bytes, uint64_t segment_bytes);

class PgReadPoint final : public ReadPoint {
 public:
  struct Facts {
    uint32_t timeline = 0;
    uint64_t low = 0;   // end of the log before the view opened
    uint64_t high = 0;  // and after
    XidSnapshot snapshot = {};
    std::vector<uint32_t> unseen = {};  // ran between `low` and the view's opening, and do not show
    bool in_log_order = false;          // for its table: what the view shows is all in the log before what it does not
  };

  PgReadPoint(Facts facts, std::shared_ptr<const Delivered> delivered)
      : facts_(std::move(facts)), delivered_(std::move(delivered)) {}

  // By the transaction's id; an entry without one is a place, which the view has if `low` does.
  [[nodiscard]] Covers covers(const Batch& batch, const Transaction& tx) const override;
  // Positions of an earlier timeline count by their place: the stream could only be opened there if this server's history
  // goes through it. Those of a later one say nothing here: false, for all three.
  [[nodiscard]] bool contains(const Position& position) const override;
  [[nodiscard]] bool reached_by(const Position& position) const override;

  [[nodiscard]] bool passed_by(const Position& position) const override { return reached_by(position); }

  // A chunk is put in front of the first transaction that its view lacks. What comes behind that and shows all the same has
  // to be known as such, for which a merge keeps the window of a point open that is not exact.
  [[nodiscard]] bool exact() const override { return facts_.in_log_order; }

  // "1:0/16B3748 up to 0/16B3900, transactions 740:745:741"
  [[nodiscard]] std::string text() const override;

 private:
  Facts facts_;
  std::shared_ptr<const Delivered> delivered_;
};

}  // namespace weft::postgres
