// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/packets.h"

#include <algorithm>
#include <cstring>

namespace weft::mysql {
namespace {

constexpr size_t kHeader = 4;
constexpr size_t kFullPart = 0xffffff;
// Receiving into less room than this is not worth a system call.
constexpr size_t kRoomMin = 2048;
// A stop request is seen at least this often.
constexpr Duration kSlice = std::chrono::milliseconds(50);

// REQUIRES: the four bytes of a header are there: one load of them all, of which the number's byte is dropped.
size_t part_length(const char* header) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, header, kHeader);
  return bytes & kFullPart;
}

}  // namespace

Result<std::optional<std::string_view>> PacketReader::poll() {
  for (;;) {
    const std::string_view packet = joining_ ? join() : parse();
    if (packet.data() != nullptr) return std::optional(packet);
    make_room();
    TRY_ASSIGN(const size_t got,
               feed_.receive(reinterpret_cast<char*>(slab_->data()) + end_, slab_->capacity() - end_));
    if (got == 0) return std::optional<std::string_view>();
    end_ += got;
  }
}

Result<std::optional<std::string_view>> PacketReader::next(Duration timeout, std::stop_token stop) {
  TRY_ASSIGN(const auto ready, poll());
  if (ready) return ready;
  const SteadyTime deadline = real_clock().now() + timeout;
  for (;;) {
    TRY_ASSIGN(const auto packet, poll());
    if (packet || stop.stop_requested()) return packet;
    const Duration left = deadline - real_clock().now();
    if (left <= Duration(0)) return packet;
    TRY(feed_.wait(std::min(left, kSlice)));
  }
}

std::string_view PacketReader::parse() {
  if (buffered() < kHeader) return {};
  const size_t length = part_length(at());
  if (length == kFullPart) {
    joining_ = true;
    last_part_ = false;
    part_left_ = length;
    joined_used_ = 0;
    begin_ += kHeader;
    return join();
  }
  if (buffered() < kHeader + length) return {};
  const std::string_view payload(at() + kHeader, length);
  begin_ += kHeader + length;
  if (packet_slab_ != slab_) packet_slab_ = slab_;
  return payload;
}

// Moves what is buffered of a packet in parts to its own slab.
std::string_view PacketReader::join() {
  for (;;) {
    const size_t take = std::min(part_left_, buffered());
    append_joined({at(), take});
    begin_ += take;
    part_left_ -= take;
    if (part_left_ > 0) return {};
    if (last_part_) break;
    if (buffered() < kHeader) return {};
    part_left_ = part_length(at());
    last_part_ = part_left_ < kFullPart;
    begin_ += kHeader;
  }
  joining_ = false;
  packet_slab_ = std::move(joined_);
  joined_.reset();
  return {reinterpret_cast<const char*>(packet_slab_->data()), joined_used_};
}

void PacketReader::append_joined(std::string_view part) {
  if (part.empty()) return;
  const size_t needed = joined_used_ + part.size();
  if (!joined_ || joined_->capacity() < needed) {
    size_t capacity = std::max(needed, joined_ ? joined_->capacity() * 2 : 2 * kFullPart);
    if (!joined_ && options_.joined_bytes != nullptr) {
      const size_t told = options_.joined_bytes(part);
      if (told >= kFullPart) capacity = std::max(needed, told);
    }
    auto larger = std::make_shared<Slab>(capacity);
    if (joined_used_ > 0) std::memcpy(larger->data(), joined_->data(), joined_used_);
    joined_ = std::move(larger);
  }
  std::memcpy(joined_->data() + joined_used_, part.data(), part.size());
  joined_used_ = needed;
}

// Ensures that the packet under way fits into the current slab with some room to receive into; what is buffered of it moves
// to a fresh slab otherwise.
void PacketReader::make_room() {
  size_t needed = kRoomMin;
  if (!joining_ && slab_ && buffered() >= kHeader) needed = std::max(needed, kHeader + part_length(at()));
  if (slab_ && begin_ + needed <= slab_->capacity() && slab_->capacity() - end_ > 0) return;
  // Slack behind a large packet, so that the next one's beginning comes with its end.
  const size_t capacity = std::max(options_.slab_bytes, needed + kRoomMin);
  auto fresh = std::make_shared<Slab>(capacity);
  const size_t kept = slab_ ? buffered() : 0;
  if (kept > 0) std::memcpy(fresh->data(), at(), kept);
  slab_ = std::move(fresh);
  begin_ = 0;
  end_ = kept;
}

}  // namespace weft::mysql
