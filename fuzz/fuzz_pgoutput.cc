// SPDX-License-Identifier: Apache-2.0
// Messages of any bytes, each behind its length (two bytes): refused, or rows of the table that they describe.
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/pgoutput/made_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  ByteReader in(std::string_view(reinterpret_cast<const char*>(data), size));
  pgoutput::made::OneTable catalogue;
  pgoutput::OutputStream stream(4096, catalogue);
  while (!in.empty()) {
    const std::string_view message = in.take(in.be(2));
    if (!in.ok() || !stream.feed(message)) break;
    if (!stream.ready()) continue;
    const size_t ends = stream.ends().size();
    const Batch batch = stream.take(nullptr);
    for (const Transaction& tx : batch.transactions()) CHECK(tx.position_index < ends);
  }
  (void)pgoutput::parse_frame(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
