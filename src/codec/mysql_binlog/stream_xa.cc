// SPDX-License-Identifier: Apache-2.0
// XA transactions: their rows are in the log at PREPARE, their fate comes later, maybe hours. Both are passed on, each with
// its place in the log and the transaction's name (TwoPhase): nothing is held here.
#include "codec/mysql_binlog/stream_impl.h"

namespace weft::mysql_binlog {

Status BinlogStream::Impl::xa_prepare(std::string_view body) {
  TRY_ASSIGN(const XaPrepareEvent event, parse_xa_prepare(body));
  if (!event.one_phase) return prepare(event.xid);
  // What was cut off before was said to be prepared: the log tells only here that it is not.
  if (tx_.cut) mark(TwoPhase::Step::kOnePhase, event.xid);
  tx_.xa = false;
  close_transaction();
  return ok();
}

Status BinlogStream::Impl::prepare(const Xid& xid) {
  if (!tx_.open || (tx_.cut && xid != tx_.xid)) return corrupt("XA PREPARE outside of its XA transaction");
  mark(TwoPhase::Step::kPrepare, xid);
  close_transaction();
  return ok();
}

// A commit, or a rollback: of what was prepared, or of the very transaction that is open.
void BinlogStream::Impl::complete(TwoPhase::Step step, const Xid& xid) {
  if (step == TwoPhase::Step::kRollback && builder_.in_transaction()) (void)builder_.abandon();
  mark(step, xid);
  close_transaction();
}

void BinlogStream::Impl::mark(TwoPhase::Step step, const Xid& xid) {
  add(TwoPhase{step, arena_.copy(xid.text())}, 0);
}

}  // namespace weft::mysql_binlog
