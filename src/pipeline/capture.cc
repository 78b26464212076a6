// SPDX-License-Identifier: Apache-2.0
#include "pipeline/capture.h"

#include <algorithm>

namespace weft {

Result<bool> Capture::step(Duration wait, const std::stop_token& stop) {
  if (!pending_) {
    TRY_ASSIGN(pending_, source_.next(wait, stop));
    if (!pending_ || pending_->empty()) {
      pending_.reset();
      return false;
    }
    if (at_point_) at_point_("append.before");
  }
  const auto transactions = pending_->transactions();
  const auto first = std::ranges::find_if(transactions, [](const Transaction& tx) { return !tx.empty(); });
  const bool any = first != transactions.end();
  const int64_t commit_us = any ? first->commit_us : 0;
  const bool whole = transactions.empty() || transactions.back().last;
  TRY_ASSIGN(const bool appended, journal_.append(*pending_, wait, stop));
  if (!appended) return false;
  if (any) board_.captured(whole ? journal_.last() : journal_.last().next(), commit_us);
  pending_.reset();
  if (at_point_) at_point_("append.after");
  ring(bell_);
  return true;
}

}  // namespace weft
