// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/payload.h"

namespace weft::mysql {
namespace {

constexpr uint16_t kSendTypes = 128;  // STMT_BULK_FLAG_CLIENT_SEND_TYPES
constexpr uint64_t kIndicatorNone = 0;
constexpr uint64_t kIndicatorNull = 1;

}  // namespace

void Payload::begin(std::span<const uint16_t> types, size_t rows) {
  bulk_ = false;
  next_ = 0;
  out_.str().clear();
  out_.le(0, 1);  // no cursor
  out_.le(1, 4);  // one iteration
  const size_t count = types.size() * rows;
  if (count == 0) return;
  nulls_ = out_.str().size();
  out_.str().append((count + 7) / 8, '\0');
  out_.le(1, 1);  // types follow
  for (size_t row = 0; row < rows; ++row) {
    for (const uint16_t type : types) out_.le(type, 2);
  }
}

void Payload::begin_bulk(std::span<const uint16_t> types) {
  bulk_ = true;
  out_.str().clear();
  out_.le(kSendTypes, 2);
  for (const uint16_t type : types) out_.le(type, 2);
}

void Payload::null() {
  if (bulk_) return out_.le(kIndicatorNull, 1);
  char& bits = out_.str()[nulls_ + next_ / 8];
  bits = static_cast<char>(bits | 1 << (next_ % 8));
  ++next_;
}

ByteWriter& Payload::value() {
  if (bulk_) out_.le(kIndicatorNone, 1);
  ++next_;
  return out_;
}

void Payload::shrink_to(size_t bytes) {
  if (out_.str().capacity() <= bytes) return;
  out_.str().clear();
  out_.str().shrink_to_fit();
}

}  // namespace weft::mysql
