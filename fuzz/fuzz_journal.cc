// SPDX-License-Identifier: Apache-2.0
// A segment of any bytes: it is refused, or cut, or read; what was read goes on being written and is read again.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "journal/inspect.h"
#include "journal/made_journal.h"

namespace {

using namespace weft;

// The checksums of frames, made good, so that what they guard is reached.
std::string with_checksums(std::string bytes) {
  constexpr size_t kPreamble = 20;
  for (size_t at = kPreamble; at + FrameHead::kBytes <= bytes.size();) {
    uint32_t size = 0;
    std::memcpy(&size, bytes.data() + at + 4, 4);
    const size_t end = at + FrameHead::kBytes + size;
    if (end > bytes.size()) break;
    const uint32_t crc = crc32c(std::string_view(bytes).substr(at + 4, end - at - 4));
    std::memcpy(bytes.data() + at, &crc, 4);
    at = end;
  }
  return bytes;
}

void play(std::string bytes) {
  made::MemoryDisk disk;
  disk.files["/j/" + segment_name(1)] = std::make_shared<std::string>(std::move(bytes));
  (void)inspect_journal(disk, "/j");
  auto journal = made::open_made(disk);
  if (!journal) return;
  const JournalStatus status = (*journal)->status();
  const auto end = (*journal)->resume({(*journal)->id(), Sequence(status.first_sequence - 1), "0"});
  if (!end || !*end) return;
  const auto read = made::read_all(**journal);
  if (!read) return;
  Batch next = made::made_batch(7, 1);
  const auto appended = (*journal)->append(next, Duration(0), {});
  CHECK(appended && *appended);
  const auto again = made::read_all(**journal);
  CHECK(again && again->ends_with("row 7"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    configure_log({.level = LogLevel::kError});
    return true;
  }();
  CHECK(quiet);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  play(bytes);
  play(with_checksums(bytes));
  return 0;
}
