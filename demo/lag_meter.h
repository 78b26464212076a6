// SPDX-License-Identifier: Apache-2.0
// LagMeter: how long a commit at the source takes to be visible at the target, and whether readers of the target ever see
// half of a transfer. One thread commits a number into table `pulse` at the source, fifty times a second; another one looks
// at the target until it sees it, and adds up all account balances there now and then.
//
//   LagMeter meter(mariadb, postgres); meter.start(); ... meter.reading(); ... meter.stop();
//
// Owns its threads and their sessions; reading() may be called by any thread.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "support/mariadb_server.h"
#include "support/postgres_server.h"

namespace weft::demo {

struct LagReading {
  bool streaming = false;  // every table has been copied: what follows counts from then on
  double now_ms = 0;
  double p50_ms = 0;
  double max_ms = 0;
  uint64_t looks = 0;   // times that all balances were added up at the target
  uint64_t uneven = 0;  // times that the sum was not what it always is at the source
  std::string sum;      // the latest
  std::string trouble;  // why a thread gave up, or empty
};

class LagMeter {
 public:
  LagMeter(const support::MariaDbServer& source, const support::PostgresServer& target);
  LagMeter(const LagMeter&) = delete;
  LagMeter& operator=(const LagMeter&) = delete;

  ~LagMeter() { stop(); }

  void start();
  // Commits no more; the latest number is on its way.
  void stop_beating();
  // Whether the target shows the latest number: everything committed before it is there too.
  [[nodiscard]] bool caught_up() const;
  void stop();

  [[nodiscard]] LagReading reading() const;

 private:
  struct State {
    std::vector<SteadyTime> committed;  // when pulse i + 1 was committed
    uint64_t seen = 0;                  // the latest number that the target showed
    std::vector<float> lags_ms;
    LagReading reading;
  };

  void beat(const std::stop_token& stop);
  void watch(const std::stop_token& stop);
  void look(support::PostgresConnection& session);
  void note_seen(uint64_t number);

  const support::MariaDbServer& source_;
  const support::PostgresServer& target_;
  Guarded<State> state_;
  std::jthread beating_;
  std::jthread watching_;
};

}  // namespace weft::demo
