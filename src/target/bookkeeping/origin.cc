// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/origin.h"

#include "base/rng.h"
#include "base/text.h"
#include "model/value.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {

OriginRow::OriginRow(Dialect dialect, std::string_view pipeline, uint64_t lane)
    : sql_(cat("INSERT INTO _weft_origin (lane, chain) VALUES (?, ?)", on_duplicate(dialect, "lane", {"chain"}))),
      // Of the pipeline's name, so that lanes of others have other rows; not negative.
      lane_(static_cast<int64_t>((Value::text(pipeline).hash() >> 9 << 8) + (lane & 255))),
      count_(random_seed()) {}

std::span<const Parameter> OriginRow::next() {
  row_ = cat(++count_, "\n", chain_);
  parameters_ = {Parameter(lane_), Parameter(std::string_view(row_))};
  return parameters_;
}

}  // namespace weft::bookkeeping
