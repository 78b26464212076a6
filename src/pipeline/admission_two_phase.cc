// SPDX-License-Identifier: Apache-2.0
// Transactions in two phases (XA). What PREPARE brings is kept at the target, in the transaction that passes it; COMMIT takes
// it from there into the order of the stream, as of its own position; ROLLBACK drops it. A restart in between loses nothing.
#include "base/text.h"
#include "pipeline/admission.h"
#include "pipeline/cycle.h"

namespace weft {
namespace {

// Tells a transaction from others of its name, however often it is read.
std::string sight(const Transaction& tx, const TwoPhase& phase) {
  return cat(phase.name, " ", tx.commit_us);
}

}  // namespace

// Whether next_ is to be treated as one; a huge one that is known to end in one phase is plain.
bool Admission::two_phase() const {
  const TwoPhase* phase = next_->two_phase();
  return phase != nullptr && !(next_->fragment() && options_.memory->one_phase.contains(sight(*next_, *phase)));
}

void Admission::add_step(PreparedStepRef step) {
  Ticket& ticket = open_ticket();
  ticket.prepared.push_back({ticket.bounds.size(), std::move(step)});
}

Result<Admission::Fit> Admission::take_two_phase(const Transaction& tx, const TwoPhase& phase, bool quiet) {
  switch (phase.step) {
    case TwoPhase::Step::kCommit:
      return commit_prepared(tx, phase.name, quiet);
    case TwoPhase::Step::kPrepare: {
      TRY_ASSIGN(PreparedStepRef step, prepared_.keep(tx, batch_->position(tx).text()));
      if (options_.guards.keep_prepared) add_step(std::move(step));
      break;
    }
    case TwoPhase::Step::kRollback:
      if (prepared_.pieces(phase.name)) add_step(prepared_.forget(phase.name));
      break;
    case TwoPhase::Step::kOnePhase:
      options_.memory->one_phase.insert(sight(tx, phase));
      return Error(Blame::kTransient,
                   cat("the huge transaction ", phase.name, " is committed in one phase, which only its end tells"),
                   std::string(kLookAgain));
  }
  close(tx);
  advance();
  return Fit::kTaken;
}

Result<Admission::Fit> Admission::commit_prepared(const Transaction& tx, std::string_view name, bool quiet) {
  const std::optional<uint64_t> pieces = prepared_.pieces(name);
  if (!pieces) {
    return Error(
        Blame::kConfig,
        cat("the transaction at position ",
            batch_->position(tx).text(),
            " commits ",
            name,
            ", which was prepared before this pipeline began: its rows are not known; make a new snapshot when "
            "XA RECOVER lists nothing at the source"),
        std::string(kPreparedUnknown));
  }
  const bool in_pieces = *pieces > 1;
  const bool must_be_alone = in_pieces || prepared_.at_target_only(name);
  if (piece_ == 0 && must_be_alone && (ticket_ || !quiet)) return Fit::kWait;
  TRY(release(name, piece_));
  if (piece_ + 1 < *pieces) {
    close_fragment(piece_ == 0, false);
    ++piece_;
    return Fit::kTaken;
  }
  add_step(prepared_.forget(name));
  close(tx);
  if (in_pieces) {
    ticket_->bounds.clear();
    close_fragment(false, true);
  }
  piece_ = 0;
  advance();
  return Fit::kTaken;
}

// The changes of a piece, judged as of next_.
Status Admission::release(std::string_view name, uint64_t piece) {
  TRY_ASSIGN(released_, prepared_.read(name, piece));
  Status taken;
  for (const Transaction& kept : released_->transactions()) {
    for (const Change& change : kept.changes) {
      if (taken) taken = add_change(change);
    }
  }
  Ticket& ticket = open_ticket();
  ticket.bytes += released_->bytes();
  ticket.keep.push_back(std::move(released_));
  released_.reset();
  return taken;
}

}  // namespace weft
