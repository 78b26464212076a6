// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/wal_stream.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/postgres/quote.h"

namespace weft::postgres {
namespace {

using pgoutput::Keepalive;
using pgoutput::WalData;

// Server version whose pgoutput hands out logical messages, and values in binary form.
constexpr int kOptionsFrom = 140000;
constexpr Duration kReportEvery = std::chrono::seconds(1);

}  // namespace

WalStream::WalStream(std::unique_ptr<Connection> walsender)
    : line_(Line{std::move(walsender), {}}), session_(line_.with([](Line& line) { return line.session.get(); })) {}

WalStream::~WalStream() {
  keeper_.request_stop();
}

Status WalStream::start(const std::string& name, const PgPosition& from, ValuesAs values) {
  heard_ = from.lsn;
  log_end_ = from.lsn;
  flushed_ = 0;
  const bool has_options = session_->server_version() >= kOptionsFrom;
  TRY(session_->stream_begin(cat("START_REPLICATION SLOT ",
                                 quote_identifier(name),
                                 " LOGICAL ",
                                 lsn_text(from.lsn),
                                 " (proto_version '1', publication_names ",
                                 quote_literal(quote_identifier(name)),
                                 has_options ? ", messages 'true'" : "",
                                 has_options && values == ValuesAs::kBinary ? ", binary 'true'" : "",
                                 ")")));
  keeper_ = std::jthread([this](const std::stop_token& stop) {
    bool lives = true;
    while (lives && !stop.stop_requested()) {
      real_clock().sleep(kReportEvery, stop);
      // An error is the reader's to find.
      lives = line_.with([&](Line& line) {
        if (stop.stop_requested() || real_clock().now() - line.reported_at < kReportEvery) return true;
        return report(line, false).has_value();
      });
    }
  });
  return ok();
}

void WalStream::saw_end(uint64_t lsn) {
  log_end_.store(std::max(log_end_.load(std::memory_order_relaxed), lsn), std::memory_order_relaxed);
}

Result<bool> WalStream::poll(const Take& take) {
  return line_.with([&](Line& line) -> Result<bool> {
    for (;;) {
      TRY_ASSIGN(const auto message, line.session->stream_poll());
      if (!message) return false;
      TRY_ASSIGN(const pgoutput::Frame frame, pgoutput::parse_frame(*message));
      if (const auto* data = std::get_if<WalData>(&frame)) {
        saw_end(data->end);
        pace_.took(1);
        TRY_ASSIGN(const bool enough, take(data->payload));
        if (enough) return true;
        continue;
      }
      const auto& keepalive = std::get<Keepalive>(frame);
      heard_ = std::max(heard_, keepalive.end);
      saw_end(keepalive.end);
      if (keepalive.reply) TRY(report(line, false));
    }
  });
}

Result<bool> WalStream::wait(Duration timeout) {
  if (!pace_.busy(real_clock().now())) return session_->stream_wait(timeout);
  real_clock().sleep(std::min(timeout, Pace::kNap), {});
  return true;
}

Status WalStream::ask() {
  return line_.with([&](Line& line) { return report(line, true); });
}

Status WalStream::report(Line& line, bool ask) {
  line.reported_at = real_clock().now();
  return line.session->copy_data(pgoutput::standby_status(flushed_.load(), real_clock().wall_us(), ask));
}

void WalStream::flushed(uint64_t lsn) {
  uint64_t before = flushed_.load();
  while (lsn > before && !flushed_.compare_exchange_weak(before, lsn)) continue;
}

}  // namespace weft::postgres
