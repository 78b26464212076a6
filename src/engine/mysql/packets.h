// SPDX-License-Identifier: Apache-2.0
// PacketReader: protocol packets out of a byte stream, straight into slabs. Many packets share a slab; one that would be
// split over two slabs is moved to the next, and one of 16 MiB or more is joined from its parts in a slab of its own.
//
//   PacketReader packets(session.feed(), {});
//   TRY_ASSIGN(auto packet, packets.next(100ms, stop));      // nullopt: nothing complete within the timeout
//   if (packet) use(*packet, packets.slab());                // the view is inside the slab
//
// The bytes of a packet do not change afterwards: whoever keeps the slab keeps the view. One thread owns a reader; the feed
// outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/slab.h"

namespace weft::mysql {

// Where bytes come from: a socket, TLS over one, or a test.
class ByteFeed {
 public:
  virtual ~ByteFeed() = default;
  // Up to `size` bytes that are there now; 0: none now. Blame::kTransient when the connection has ended.
  [[nodiscard]] virtual Result<size_t> receive(char* to, size_t size) = 0;
  // Waits until receive() may give something: false after the timeout.
  [[nodiscard]] virtual Result<bool> wait(Duration timeout) = 0;
};

class PacketReader {
 public:
  struct Options {
    size_t slab_bytes = 64u << 10;
    // Bytes that a packet of 16 MiB or more will have in all, from its first bytes; 0 or null: unknown.
    size_t (*joined_bytes)(std::string_view first) = nullptr;
  };

  PacketReader(ByteFeed& feed, const Options& options) : feed_(feed), options_(options) {}

  // The next packet's payload if it is complete or can be completed without waiting.
  [[nodiscard]] Result<std::optional<std::string_view>> poll();
  // The same, waiting up to `timeout` or until stop is requested.
  [[nodiscard]] Result<std::optional<std::string_view>> next(Duration timeout, std::stop_token stop);

  // The slab that holds the latest packet. REQUIRES: a packet was returned.
  [[nodiscard]] const SlabRef& slab() const { return packet_slab_; }

 private:
  // The next packet if all of it is buffered; without data otherwise. A view costs a register where an optional costs a
  // round through memory, on the path of every event.
  [[nodiscard]] std::string_view parse();
  [[nodiscard]] std::string_view join();
  void append_joined(std::string_view part);
  void make_room();

  [[nodiscard]] size_t buffered() const { return end_ - begin_; }

  [[nodiscard]] const char* at() const { return reinterpret_cast<const char*>(slab_->data()) + begin_; }

  ByteFeed& feed_;
  Options options_;
  SlabRef slab_;  // bytes [begin_, end_) are received and not yet given out
  size_t begin_ = 0;
  size_t end_ = 0;
  SlabRef packet_slab_;
  // A packet that comes in parts.
  SlabRef joined_;
  size_t joined_used_ = 0;
  size_t part_left_ = 0;
  bool joining_ = false;
  bool last_part_ = false;
};

}  // namespace weft::mysql
