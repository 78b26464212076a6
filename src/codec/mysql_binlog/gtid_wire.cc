// SPDX-License-Identifier: Apache-2.0
// GtidSet's binary form, of COM_BINLOG_DUMP_GTID and Previous_gtids events: a count, then per source the uuid, (in the
// tagged form a tag) and half-open intervals.
#include <algorithm>

#include "base/bytes.h"
#include "codec/mysql_binlog/gtid.h"
#include "codec/mysql_binlog/table_map.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

// The count's top byte is the form; in the tagged form the lowest byte repeats it.
constexpr uint64_t kTaggedForm = 1;
constexpr int kFormShift = 56;

}  // namespace

Result<GtidSet> GtidSet::decode(std::string_view bytes) {
  const Error malformed(Blame::kConfig, "malformed binary GTID set", std::string(kCorruptEvent));
  ByteReader in(bytes);
  const uint64_t head = in.u64();
  const uint64_t form = head >> kFormShift;
  if (!in.ok() || form > kTaggedForm) return malformed;
  const uint64_t count = form == kTaggedForm ? (head >> 8) & 0xffffffffffffULL : head;
  GtidSet set;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    SourceId source;
    const std::string_view uuid = in.take(source.uuid.size());
    if (!in.ok()) return malformed;
    std::copy(uuid.begin(), uuid.end(), source.uuid.begin());
    if (form == kTaggedForm) source.tag = in.take(read_varint(in));
    if (!source.tag.empty() && !is_tag(source.tag)) return malformed;
    const uint64_t intervals = in.u64();
    for (uint64_t k = 0; k < intervals && in.ok(); ++k) {
      const uint64_t first = in.u64();
      const uint64_t end = in.u64();
      if (!in.ok() || first < 1 || end <= first || end > INT64_MAX) return malformed;
      set.add(source, first, end - 1);
    }
  }
  if (!in.ok()) return malformed;
  return set;
}

std::string GtidSet::encode() const {
  const bool tagged = std::any_of(sources_.begin(), sources_.end(), [](const auto& s) { return !s.first.tag.empty(); });
  ByteWriter out;
  const uint64_t count = sources_.size();
  out.le(tagged ? (kTaggedForm << kFormShift) | (count << 8) | kTaggedForm : count, 8);
  for (const auto& [source, intervals] : sources_) {
    for (const uint8_t byte : source.uuid) out.le(byte, 1);
    if (tagged) {
      out.le(source.tag.size() << 1, 1);
      out.bytes(source.tag);
    }
    out.le(intervals.size(), 8);
    for (const Interval& i : intervals) {
      out.le(i.first, 8);
      out.le(i.last + 1, 8);
    }
  }
  return std::move(out.str());
}

}  // namespace weft::mysql_binlog
