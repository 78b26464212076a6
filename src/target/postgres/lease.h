// SPDX-License-Identifier: Apache-2.0
// Lease: who runs a pipeline. A session advisory lock is the courteous refusal; a row with an expiry on the target's clock
// covers what a session lock can't (poolers, half-open connections); the raised epoch in the progress chain is the fence.
//
//   Lease lease(options); TRY_ASSIGN(Taken taken, lease.acquire(connection, request));
//   lease.renew(connection);  ...  lease.release(connection);
//
// One thread; uses the connection it is given, always the same one.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "engine/postgres/connection.h"
#include "target/target.h"

namespace weft::postgres {

struct LeaseOptions {
  Duration length = std::chrono::seconds(10);
  Duration grace = std::chrono::seconds(10);  // a holder that has not renewed for length + grace is taken over
  bool end_zombies = true;                    // end the former holder's sessions, where allowed
  Clock* clock = nullptr;
  std::stop_token stop = {};
};

// What a lane session runs so that a successor finds it.
[[nodiscard]] std::string lane_mark_sql(const std::string& pipeline);

// Whether a process runs the pipeline: its lease has not expired and its session is there.
[[nodiscard]] Result<bool> lease_held(Connection& connection, const std::string& pipeline);

class Lease {
 public:
  explicit Lease(LeaseOptions options) : options_(options) {}

  // Waits up to request.wait for the holder to go, then raises the epoch, durably. Gives back progress as taken over.
  // Code kPipelineTaken when another process holds the pipeline.
  [[nodiscard]] Result<std::optional<Progress>> acquire(Connection& connection, const OpenRequest& request);

  [[nodiscard]] uint64_t epoch() const { return epoch_; }

  // Code kEpochLost when another process took over.
  [[nodiscard]] Status renew(Connection& connection);
  void release(Connection& connection);

 private:
  struct Holder {
    bool locked_by_us = false;
    bool alive = false;  // lease not expired and its session there
    bool stale = false;  // expired for longer than the grace
    bool ours = false;   // a session of this object that broke
    std::string text;
    int pid = 0;
  };

  Result<Holder> look(Connection& connection, const std::string& pipeline);
  Status lock_if_free(Connection& connection, const std::string& pipeline);
  void end_session(Connection& connection, int pid);
  void end_lanes(Connection& connection, const std::string& pipeline);
  Result<std::optional<Progress>> take(Connection& connection, const std::string& pipeline);
  Result<std::optional<Progress>> raise(Connection& connection, const std::string& pipeline);

  Clock& clock() const { return options_.clock != nullptr ? *options_.clock : real_clock(); }

  LeaseOptions options_;
  std::string pipeline_;
  uint64_t epoch_ = 0;
};

}  // namespace weft::postgres
