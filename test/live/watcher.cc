// SPDX-License-Identifier: Apache-2.0
#include "live/watcher.h"

#include "base/clock.h"
#include "live/shop.h"
#include "support/postgres_connection.h"

namespace weft::live {

using namespace std::chrono_literals;

Watcher::Watcher(std::string target_url) : Watcher(std::move(target_url), shop_breaches_sql()) {}

Watcher::Watcher(std::string target_url, std::string breaches_sql)
    : url_(std::move(target_url)),
      breaches_sql_(std::move(breaches_sql)),
      thread_([this](std::stop_token stop) { run(stop); }) {}

void Watcher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Watcher::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      support::PostgresConnection session(url_);
      session.exec("SET default_transaction_isolation = 'repeatable read'");
      while (!stop.stop_requested()) {
        const bool must_hold = consistent_;
        if (must_hold) {
          std::string words;
          for (const auto& row : session.query(breaches_sql_)) words += row[0].value_or("NULL") + "\n";
          ++reads_;
          if (!words.empty()) breach_.with([&](std::string& b) { b = b.empty() ? words : b; });
        }
        real_clock().sleep(50ms, stop);
      }
    } catch (const support::SqlError&) {
      real_clock().sleep(50ms, stop);  // the target is down
    }
  }
}

}  // namespace weft::live
