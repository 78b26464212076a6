// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/inflate.h"

#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "codec/mysql_binlog/event.h"

namespace weft::mysql_binlog {
namespace {

// zlib can't pack tighter than about 1 to 1032, so a head that declares more lies, and need not be given the memory.
constexpr size_t kZlibRatio = 1100;
constexpr uint8_t kZlibMethod = 0x80;
constexpr uint8_t kNoHead = 0x08;
constexpr uint8_t kLengthBytes = 0x07;

}  // namespace

std::optional<std::string_view> inflate_exactly(std::string_view packed, size_t size, bool raw, Arena& arena) {
  if (size > kEventBytesLimit || size / kZlibRatio > packed.size()) return std::nullopt;
  z_stream stream{};
  // zlib takes a pointer to non-const for its input and does not write there.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  if (inflateInit2(&stream, raw ? -MAX_WBITS : MAX_WBITS) != Z_OK) return std::nullopt;
  std::byte* room = arena.allocate(size);
  stream.next_out = reinterpret_cast<Bytef*>(room);
  stream.avail_out = static_cast<uInt>(size);
  const int status = ::inflate(&stream, Z_FINISH);
  const bool exact = status == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  if (!exact) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(room), size);
}

std::optional<std::string_view> inflate_event_part(std::string_view packed, Arena& arena) {
  ByteReader in(packed);
  const uint8_t head = in.u8();
  const size_t length_bytes = head & kLengthBytes;
  if ((head & 0xf0) != kZlibMethod || length_bytes < 1 || length_bytes > 4) return std::nullopt;
  const uint64_t size = in.be(length_bytes);
  if (!in.ok()) return std::nullopt;
  return inflate_exactly(in.rest(), size, false, arena);
}

std::optional<std::string_view> inflate_column(std::string_view packed, Arena& arena) {
  if (packed.empty()) return packed;
  ByteReader in(packed);
  const uint8_t head = in.u8();
  if (head == 0) return in.rest();
  const size_t length_bytes = head & kLengthBytes;
  if ((head & 0xf0) != kZlibMethod || length_bytes < 1 || length_bytes > 4) return std::nullopt;
  const uint64_t size = in.be(length_bytes);
  if (!in.ok()) return std::nullopt;
  return inflate_exactly(in.rest(), size, (head & kNoHead) != 0, arena);
}

struct ZstdReader::State {
  ZSTD_DCtx* context = nullptr;
  ZSTD_inBuffer in{};
  std::optional<std::byte> ahead;  // read by has_more()
};

ZstdReader::ZstdReader(std::string_view packed) : state_(std::make_unique<State>()) {
  state_->context = ZSTD_createDCtx();
  state_->in = {packed.data(), packed.size(), 0};
}

ZstdReader::~ZstdReader() {
  ZSTD_freeDCtx(state_->context);
}

bool ZstdReader::read(std::span<std::byte> to) {
  if (state_->ahead && !to.empty()) {
    to.front() = *state_->ahead;
    state_->ahead.reset();
    to = to.subspan(1);
  }
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  while (out.pos < out.size) {
    const size_t read_before = state_->in.pos;
    const size_t written_before = out.pos;
    if (ZSTD_isError(ZSTD_decompressStream(state_->context, &out, &state_->in)) != 0) return false;
    if (state_->in.pos == read_before && out.pos == written_before) return false;
  }
  return true;
}

bool ZstdReader::has_more() {
  if (state_->ahead) return true;
  std::byte next{};
  if (!read({&next, 1})) return false;
  state_->ahead = next;
  return true;
}

}  // namespace weft::mysql_binlog
