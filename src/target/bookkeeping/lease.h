// SPDX-License-Identifier: Apache-2.0
// Lease: who runs a pipeline. A row of `_weft_lease` with an expiry on the target's clock is the courteous refusal, and what the
// engine knows of the holder's session (HolderProbe) shortens the wait after kill -9; the epoch, raised in the row of progress,
// is the fence.
//
//   Lease lease({.probe = &probe}); TRY_ASSIGN(auto progress, lease.acquire(port, request, where));
//   lease.renew(port);  ...  lease.release(port);
//
// One thread; the port it is given has no open transaction.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

// What an engine knows of the session that holds a pipeline. A courtesy only: wrong answers cost a wait, or end in kEpochLost.
class HolderProbe {
 public:
  enum class Holder : uint8_t { kUnknown, kThere, kGone };

  virtual ~HolderProbe() = default;
  // Our own session's name for the lease row, by which others will ask. Called right before the row is written.
  [[nodiscard]] virtual Result<std::string> session(const std::string& pipeline) = 0;
  // kThere and kGone only if that is sure.
  [[nodiscard]] virtual Result<Holder> look(const std::string& pipeline, const std::string& session) = 0;

  // The pipeline is about to be taken from a holder with this session, or from what is left of one: end it where allowed.
  virtual void end(const std::string& /*pipeline*/, const std::string& /*session*/) {}

  // Our lease is given back.
  virtual void released(const std::string& /*pipeline*/) {}
};

struct LeaseOptions {
  Duration length = std::chrono::seconds(10);
  Duration grace =
      std::chrono::seconds(10);  // a holder that is there and has not renewed for length + grace is taken over
  HolderProbe* probe = nullptr;  // none: only the expiry counts
  Clock* clock = nullptr;
  std::stop_token stop = {};
};

class Lease {
 public:
  explicit Lease(LeaseOptions options) : options_(options) {}

  // Waits up to request.wait for the holder to go, then raises the epoch in a transaction of its own, which the engine must
  // make durable with everything committed before. Gives back progress as taken over. `where` names the target in errors.
  // Code kPipelineTaken when another process holds the pipeline.
  [[nodiscard]] Result<std::optional<Progress>> acquire(SqlPort& port,
                                                        const OpenRequest& request,
                                                        const std::string& where);

  [[nodiscard]] uint64_t epoch() const { return epoch_; }

  // Code kEpochLost when another process took over.
  [[nodiscard]] Status renew(SqlPort& port);
  void release(SqlPort& port);

  // Within an open transaction: nobody takes the pipeline over until it ends. Code kEpochLost when somebody has.
  [[nodiscard]] Status hold(SqlPort& port) const;

 private:
  struct Holder {
    bool in_the_way = false;
    std::string text;
    std::string session;
    uint64_t epoch = 0;
  };

  Result<Holder> look(SqlPort& port, const std::string& pipeline, std::string_view lock);
  Result<std::optional<Progress>> raise(SqlPort& port, const std::string& pipeline, Holder& holder);
  Error lost() const;

  Clock& clock() const { return options_.clock != nullptr ? *options_.clock : real_clock(); }

  LeaseOptions options_;
  std::string pipeline_;
  uint64_t epoch_ = 0;
};

}  // namespace weft::bookkeeping
