// SPDX-License-Identifier: Apache-2.0
#include "journal/segment.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/text.h"

namespace weft {
namespace {

constexpr std::string_view kMagic = "weftjrnl";
constexpr size_t kPreamble = 20;  // magic, version, minimum reader, CRC-32C of these
constexpr size_t kWindow = 256u << 10;
constexpr size_t kIdBytes = 16;
constexpr std::string_view kSuffix = ".journal";
constexpr size_t kNameDigits = 12;
constexpr uint8_t kHeadContinues = 1;
constexpr uint8_t kHeadSchemaChange = 2;

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

std::string unhex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

FrameHead parse_frame_head(std::string_view bytes) {
  ByteReader in(bytes);
  FrameHead head;
  head.crc = in.u32();
  head.bytes = in.u32();
  head.durable = in.u32();
  head.sequence = Sequence(in.u64());
  const uint32_t packed = in.u32();
  head.kind = static_cast<FrameKind>(packed & 0x0f);
  head.flags = static_cast<uint8_t>(packed >> 4 & 0x0f);
  head.count = packed >> 8;
  return head;
}

bool known_kind(FrameKind kind) {
  return kind == FrameKind::kBegin || kind == FrameKind::kSchema || kind == FrameKind::kTransactions;
}

Result<SegmentHead> parse_head(const Frame& frame, const std::string& path) {
  ByteReader in(frame.payload);
  SegmentHead head;
  head.id = hex(in.take(kIdBytes));
  head.number = in.varint();
  const uint8_t flags = in.u8();
  head.continues = (flags & kHeadContinues) != 0;
  head.schema_change = (flags & kHeadSchemaChange) != 0;
  head.pipeline = in.text();
  head.source_id = in.text();
  head.captured = in.text();
  head.before = in.text();
  head.first = frame.head.sequence;
  head.frames_at = frame.end();
  if (!in.ok() || frame.head.kind != FrameKind::kBegin)
    return damaged_at(path, frame.offset, "not a segment's first frame");
  return head;
}

}  // namespace

std::string segment_name(uint64_t number) {
  const std::string digits = cat(number);
  return cat(std::string(kNameDigits - std::min(kNameDigits, digits.size()), '0'), digits, kSuffix);
}

uint64_t segment_number(std::string_view name) {
  if (!name.ends_with(kSuffix)) return 0;
  name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() ? number : 0;
}

Error damaged_at(const std::string& path, uint64_t offset, std::string_view what) {
  return Error(Blame::kConfig,
               cat("journal segment ",
                   path,
                   " is damaged at offset ",
                   offset,
                   ": ",
                   what,
                   "; look at it with weft journal inspect, then move the journal's directory away: weft goes on from "
                   "the target's position, if the source still has it"),
               std::string(kJournalDamaged));
}

void close_frame(std::string& out, size_t at, FrameHead head) {
  ByteWriter w;
  w.le(out.size() - at - FrameHead::kBytes, 4);
  w.le(head.durable, 4);
  w.le(head.sequence.value(), 8);
  w.le(static_cast<uint32_t>(head.kind) | uint32_t{head.flags} << 4 | head.count << 8, 4);
  std::memcpy(out.data() + at + 4, w.str().data(), FrameHead::kBytes - 4);
  const uint32_t crc = crc32c(std::string_view(out).substr(at + 4));
  std::memcpy(out.data() + at, &crc, 4);
}

std::string encode_head(const SegmentHead& head) {
  ByteWriter w;
  w.bytes(kMagic);
  w.le(kJournalVersion, 4);
  w.le(kJournalMinimumReader, 4);
  w.le(crc32c(w.str()), 4);
  w.str().resize(kPreamble + FrameHead::kBytes);
  w.bytes(unhex(head.id));
  w.varint(head.number);
  w.le((head.continues ? kHeadContinues : 0) | (head.schema_change ? kHeadSchemaChange : 0), 1);
  w.text(head.pipeline);
  w.text(head.source_id);
  w.text(head.captured);
  w.text(head.before);
  FrameHead frame;
  frame.kind = FrameKind::kBegin;
  frame.sequence = head.first;
  close_frame(w.str(), kPreamble, frame);
  return std::move(w.str());
}

Result<SegmentHead> read_head(const DiskFile& file, const std::string& path) {
  char bytes[kPreamble];
  TRY_ASSIGN(const size_t n, file.read(0, bytes, kPreamble));
  ByteReader in(std::string_view(bytes, n));
  if (in.take(kMagic.size()) != kMagic) return damaged_at(path, 0, "not a journal segment of weft");
  const uint32_t version = in.u32();
  const uint32_t reader = in.u32();
  const uint32_t crc = in.u32();
  if (!in.ok() || crc != crc32c({bytes, kPreamble - 4})) return damaged_at(path, 0, "its preamble");
  if (reader > kJournalVersion) {
    return Error(Blame::kConfig,
                 cat("journal segment ",
                     path,
                     " has format ",
                     version,
                     " and needs a reader of format ",
                     reader,
                     ", this weft reads up to ",
                     kJournalVersion,
                     "; run the weft that wrote it, or a newer one"),
                 std::string(kJournalNewer));
  }
  TRY_ASSIGN(const uint64_t size, file.size());
  FrameReader frames(file, path, kPreamble);
  TRY_ASSIGN(const std::optional<Frame> frame, frames.next(size));
  if (!frame) return damaged_at(path, kPreamble, "it ends before its first frame");
  TRY_ASSIGN(SegmentHead head, parse_head(*frame, path));
  head.version = version;
  return head;
}

Result<bool> FrameReader::load(size_t bytes, uint64_t limit) {
  if (window_ && offset_ >= window_at_ && offset_ + bytes <= window_at_ + window_bytes_) return true;
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(std::max(bytes, kWindow), limit - offset_));
  // Values may still view the old window: it stays with whoever holds them.
  window_ = std::make_shared<Slab>(wanted);
  window_at_ = offset_;
  window_bytes_ = 0;
  TRY_ASSIGN(window_bytes_, file_->read(offset_, reinterpret_cast<char*>(window_->data()), wanted));
  return window_bytes_ >= bytes;
}

Result<std::optional<Frame>> FrameReader::next(uint64_t limit) {
  if (offset_ >= limit) return std::optional<Frame>();
  if (limit - offset_ < FrameHead::kBytes) return damaged_at(*path_, offset_, "half a frame");
  TRY_ASSIGN(bool there, load(FrameHead::kBytes, limit));
  if (!there) return damaged_at(*path_, offset_, "the file is shorter than it was");
  const auto view = [this](size_t bytes) {
    return std::string_view(reinterpret_cast<const char*>(window_->data()) + (offset_ - window_at_), bytes);
  };
  Frame frame;
  frame.offset = offset_;
  frame.head = parse_frame_head(view(FrameHead::kBytes));
  if (!known_kind(frame.head.kind) || frame.head.bytes > limit - offset_ - FrameHead::kBytes) {
    return damaged_at(*path_, offset_, "not the head of a frame");
  }
  const size_t bytes = FrameHead::kBytes + frame.head.bytes;
  TRY_ASSIGN(there, load(bytes, limit));
  if (!there) return damaged_at(*path_, offset_, "the file is shorter than it was");
  if (crc32c(view(bytes).substr(4)) != frame.head.crc)
    return damaged_at(*path_, offset_, "a frame's checksum is wrong");
  frame.payload = view(bytes).substr(FrameHead::kBytes);
  frame.slab = window_;
  offset_ += bytes;
  return std::optional<Frame>(std::move(frame));
}

Result<bool> was_synced(const DiskFile& file, const std::string& path, uint64_t from) {
  TRY_ASSIGN(const uint64_t size, file.size());
  std::string window;
  for (uint64_t base = from; base + FrameHead::kBytes <= size; base += kWindow) {
    window.resize(static_cast<size_t>(std::min<uint64_t>(kWindow + FrameHead::kBytes, size - base)));
    TRY_ASSIGN(const size_t n, file.read(base, window.data(), window.size()));
    window.resize(n);
    for (size_t i = 0; i < kWindow && i + FrameHead::kBytes <= n; ++i) {
      const FrameHead head = parse_frame_head(std::string_view(window).substr(i, FrameHead::kBytes));
      const uint64_t at = base + i;
      // Cheap tests first; hardly anything but a frame comes to the checksum.
      if (!known_kind(head.kind) || head.durable <= from || head.durable > at) continue;
      if (head.bytes > size - at - FrameHead::kBytes) continue;
      FrameReader frames(file, path, at);
      const auto frame = frames.next(size);
      if (frame) return true;
    }
  }
  return false;
}

}  // namespace weft
