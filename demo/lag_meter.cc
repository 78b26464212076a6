// SPDX-License-Identifier: Apache-2.0
#include "lag_meter.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "shop.h"

namespace weft::demo {

using namespace std::chrono_literals;

namespace {

double ms(Duration d) {
  return static_cast<double>(d.count()) / 1e6;
}

// Tables and the weft objects do not exist at the target before weft has made them.
bool not_there_yet(const support::SqlError& error) {
  return error.code() == "42P01" || error.code() == "3F000";
}

bool all_streaming(support::PostgresConnection& session) {
  const std::string sql = "SELECT count(*) > 0 AND bool_and(state = 'streaming') FROM _weft.table_state";
  return support::single_value(session.query(sql)) == "t";
}

}  // namespace

LagMeter::LagMeter(const support::MariaDbServer& source, const support::PostgresServer& target)
    : source_(source), target_(target) {}

void LagMeter::start() {
  const auto guarded = [this](auto member) {
    return [this, member](const std::stop_token& stop) {
      try {
        (this->*member)(stop);
      } catch (const std::exception& error) {
        state_.with([&](State& s) { s.reading.trouble = error.what(); });
      }
    };
  };
  beating_ = std::jthread(guarded(&LagMeter::beat));
  watching_ = std::jthread(guarded(&LagMeter::watch));
}

void LagMeter::stop_beating() {
  beating_.request_stop();
  if (beating_.joinable()) beating_.join();
}

void LagMeter::stop() {
  stop_beating();
  watching_.request_stop();
  if (watching_.joinable()) watching_.join();
}

bool LagMeter::caught_up() const {
  return state_.with([](const State& s) { return s.seen >= s.committed.size(); });
}

LagReading LagMeter::reading() const {
  std::vector<float> lags;
  LagReading reading = state_.with([&](const State& s) {
    lags = s.lags_ms;
    LagReading copy = s.reading;
    // What is under way counts as soon as it is late.
    if (s.seen < s.committed.size()) copy.now_ms = std::max(copy.now_ms, ms(real_clock().now() - s.committed[s.seen]));
    return copy;
  });
  if (reading.streaming) reading.max_ms = std::max(reading.max_ms, reading.now_ms);
  if (lags.empty()) return reading;
  const auto middle = lags.begin() + static_cast<std::ptrdiff_t>(lags.size() / 2);
  std::nth_element(lags.begin(), middle, lags.end());
  reading.p50_ms = static_cast<double>(*middle);
  return reading;
}

void LagMeter::beat(const std::stop_token& stop) {
  Clock& clock = real_clock();
  auto session = source_.connect("shop");
  for (uint64_t number = 1; !stop.stop_requested(); ++number) {
    session.exec(cat("UPDATE pulse SET n = ", number, " WHERE id = 1"));
    const SteadyTime now = clock.now();
    state_.with([&](State& s) { s.committed.push_back(now); });
    clock.sleep(20ms, stop);
  }
}

void LagMeter::note_seen(uint64_t number) {
  const SteadyTime now = real_clock().now();
  state_.with([&](State& s) {
    // The target may be quicker than the thread that notes a commit.
    number = std::min<uint64_t>(number, s.committed.size());
    for (; s.seen < number; ++s.seen) {
      const double lag = ms(now - s.committed[s.seen]);
      s.reading.now_ms = lag;
      if (!s.reading.streaming) continue;
      s.lags_ms.push_back(static_cast<float>(lag));
      s.reading.max_ms = std::max(s.reading.max_ms, lag);
    }
  });
}

void LagMeter::look(support::PostgresConnection& session) {
  const bool streaming = state_.with([](const State& s) { return s.reading.streaming; }) || all_streaming(session);
  const std::string sum = support::single_value(session.query("SELECT coalesce(sum(balance), 0) FROM accounts"));
  state_.with([&](State& s) {
    s.reading.sum = sum;
    s.reading.streaming = streaming;
    if (!streaming) return;
    ++s.reading.looks;
    s.reading.uneven += sum != accounts_total();
  });
}

void LagMeter::watch(const std::stop_token& stop) {
  Clock& clock = real_clock();
  auto session = target_.connect("shop");
  for (uint64_t turn = 0; !stop.stop_requested(); ++turn) {
    try {
      const auto rows = session.query("SELECT n FROM pulse WHERE id = 1");
      if (!rows.empty()) note_seen(std::stoull(rows[0][0].value_or("0")));
      if (turn % 16 == 0) look(session);
    } catch (const support::SqlError& error) {
      if (!not_there_yet(error)) throw;
      clock.sleep(50ms, stop);
    }
    clock.sleep(2ms, stop);
  }
}

}  // namespace weft::demo
