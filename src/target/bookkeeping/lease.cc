// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/lease.h"

#include <unistd.h>

#include "base/text.h"
#include "target/bookkeeping/dialect.h"
#include "target/bookkeeping/progress.h"
#include "target/refusals.h"

namespace weft::bookkeeping {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(100);

std::string holder_name() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return cat("process ", getpid(), " on ", std::string_view(host));
}

int64_t micros(Duration d) {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

Error taken(const std::string& pipeline, const std::string& holder) {
  return Error(Blame::kConfig,
               cat("pipeline ", pipeline, " is run by ", holder, "; stop it first, or choose another --name"),
               std::string(kPipelineTaken));
}

}  // namespace

// A holder that is surely gone is in nobody's way; one that is surely there keeps its grace; of others the lease speaks.
Result<Lease::Holder> Lease::look(SqlPort& port, const std::string& pipeline, std::string_view lock) {
  Holder holder;
  holder.text = "another process";
  TRY_ASSIGN(const auto records,
             port.rows(cat("SELECT holder, session, epoch, expires_us - ",
                           now_us(port.dialect()),
                           " FROM _weft_lease WHERE pipeline = ?",
                           lock),
                       std::vector<Parameter>{pipeline}));
  if (records.empty()) return holder;
  const Record& record = records[0];
  const int64_t left = number_of(record, 3);
  holder.session = text_of(record, 1);
  holder.epoch = static_cast<uint64_t>(number_of(record, 2));
  const bool ours = pipeline == pipeline_ && epoch_ != 0 && holder.epoch == epoch_;
  if (holder.session.empty() || ours) return holder;  // given back, or our own from before the connection broke
  HolderProbe::Holder there = HolderProbe::Holder::kUnknown;
  if (options_.probe != nullptr) {
    TRY_ASSIGN(there, options_.probe->look(pipeline, holder.session));
  }
  const int64_t grace = there == HolderProbe::Holder::kThere ? micros(options_.grace) : 0;
  holder.in_the_way = there != HolderProbe::Holder::kGone && left + grace > 0;
  holder.text = cat(text_of(record, 0),
                    left > 0 ? ", lease for another " : ", lease expired ",
                    (left > 0 ? left : -left) / 1000000,
                    left > 0 ? " s" : " s ago");
  return holder;
}

Result<std::optional<Progress>> Lease::acquire(SqlPort& port, const OpenRequest& request, const std::string& where) {
  const SteadyTime deadline = clock().now() + request.wait;
  for (;;) {
    // Looked at without a lock first: who waits must not keep the holder from renewing.
    TRY_ASSIGN(Holder holder, look(port, request.pipeline, {}));
    if (!holder.in_the_way) {
      TRY_ASSIGN(const auto now, read_progress(port, request.pipeline));
      TRY(check_source(now, request, where));
      auto raised = raise(port, request.pipeline, holder);
      if (raised) return raised;
      if (raised.error().blame() == Blame::kConflict) {
        // Its last transaction is under way still.
        holder.text = "a session that does not end its transaction";
      } else if (raised.error().code() != kPipelineTaken) {
        return raised;
      }
    }
    if (clock().now() >= deadline) return taken(request.pipeline, holder.text);
    clock().sleep(kPoll, options_.stop);
    if (options_.stop.stop_requested())
      return Error(Blame::kCancelled, "stopped while waiting for the pipeline's holder");
  }
}

Result<std::optional<Progress>> Lease::raise(SqlPort& port, const std::string& pipeline, Holder& holder) {
  if (options_.probe != nullptr && !holder.session.empty()) options_.probe->end(pipeline, holder.session);
  std::string session = holder_name();
  if (options_.probe != nullptr) {
    TRY_ASSIGN(session, options_.probe->session(pipeline));
  }
  Transaction work(port);
  TRY(work.begin());
  TRY(port.run(cat(insert_missing(port.dialect()),
                   "_weft_lease (pipeline, epoch, holder, session, expires_us) VALUES (?, 0, '', '', 0)"),
               std::vector<Parameter>{pipeline}));
  // Once more, now that nobody else can take it: of two that wait for one holder only the first goes on.
  TRY_ASSIGN(holder, look(port, pipeline, for_update(port.dialect())));
  if (holder.in_the_way) return taken(pipeline, holder.text);
  TRY_ASSIGN(const auto now, read_progress(port, pipeline));
  const uint64_t epoch = std::max(holder.epoch, now ? now->epoch : 0) + 1;
  TRY(port.run(cat("UPDATE _weft_lease SET epoch = ?, holder = ?, session = ?, expires_us = ",
                   now_us(port.dialect()),
                   " + ?, expires_at = ",
                   now_text(port.dialect()),
                   " WHERE pipeline = ?"),
               std::vector<Parameter>{number(epoch), holder_name(), session, micros(options_.length), pipeline}));
  TRY_ASSIGN(auto progress, take_over_progress(port, pipeline, epoch));
  TRY(work.commit());
  pipeline_ = pipeline;
  epoch_ = epoch;
  return progress;
}

Error Lease::lost() const {
  return Error(Blame::kConfig,
               cat("pipeline ", pipeline_, " was taken over by another process; ours was epoch ", epoch_),
               std::string(kEpochLost));
}

Status Lease::renew(SqlPort& port) {
  TRY_ASSIGN(
      const uint64_t found,
      port.run(
          cat("UPDATE _weft_lease SET expires_us = ", now_us(port.dialect()), " + ? WHERE pipeline = ? AND epoch = ?"),
          std::vector<Parameter>{micros(options_.length), pipeline_, number(epoch_)}));
  if (found == 1) return ok();
  return lost();
}

void Lease::release(SqlPort& port) {
  if (epoch_ == 0) return;
  (void)port.run("UPDATE _weft_lease SET session = '', expires_us = 0 WHERE pipeline = ? AND epoch = ?",
                 std::vector<Parameter>{pipeline_, number(epoch_)});
  if (options_.probe != nullptr) options_.probe->released(pipeline_);
  epoch_ = 0;
}

Status Lease::hold(SqlPort& port) const {
  TRY_ASSIGN(const auto records,
             port.rows(cat("SELECT epoch FROM _weft_lease WHERE pipeline = ?", for_update(port.dialect())),
                       std::vector<Parameter>{pipeline_}));
  if (records.empty() || static_cast<uint64_t>(number_of(records[0], 0)) != epoch_) return lost();
  return ok();
}

}  // namespace weft::bookkeeping
