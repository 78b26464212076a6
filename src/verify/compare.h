// SPDX-License-Identifier: Apache-2.0
// compare_table: one table from its first row to its last, by the three looks of scan.h, drill.h and settle.h. One thread calls
// it; a second one is started while both sides are read.
//
//   TableReport report; CompareProgress at;      // from the begin, or from what was saved
//   TRY(compare_table(pair, readers, watch, options, clock, stop, at, report, events));
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "verify/scan.h"
#include "verify/settle.h"

namespace weft::verify {

struct CompareOptions {
  ScanOptions scan;
  DrillLimits drill;
  SettleOptions settle;
  size_t bucket_rows = 5000;  // what a bucket is to hold at most, by the estimate
  size_t drills_max = 16;     // times that a table which is compared whole is read again for its differences
};

struct CompareEvents {
  OnDifference on_difference;
  // An ordered table was compared up to this key, and its report tells all of that.
  std::function<void(const OwnedRow& upto)> on_progress;
};

// `after`: everything up to this key has been compared already and is in the report. `moves`: see Settler.
[[nodiscard]] Status compare_table(const TablePair& pair,
                                   const Readers& readers,
                                   Watch& watch,
                                   bool moves,
                                   const CompareOptions& options,
                                   Clock& clock,
                                   const std::stop_token& stop,
                                   std::optional<OwnedRow> after,
                                   TableReport& report,
                                   const CompareEvents& events);

}  // namespace weft::verify
