// SPDX-License-Identifier: Apache-2.0
// A MySqlPositionLog in a journal: the names it uses once, then a few bytes per transaction.
#include <algorithm>

#include "base/bytes.h"
#include "codec/mysql_binlog/position.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint8_t kOpen = 1;
constexpr uint8_t kNumbered = 2;
constexpr uint8_t kSameOrigin = 4;  // source, server and file are those of the entry before

// Where each used index of a dictionary stands among those written.
std::vector<uint32_t> used(uint32_t first, uint32_t count, const std::vector<PositionEntry>& entries, bool sources) {
  std::vector<uint32_t> out;
  for (uint32_t i = first; i < first + count; ++i) {
    if (sources && entries[i].sequence == 0) continue;
    const uint32_t index = sources ? entries[i].source : entries[i].file;
    if (std::find(out.begin(), out.end(), index) == out.end()) out.push_back(index);
  }
  return out;
}

uint32_t place_in(const std::vector<uint32_t>& used, uint32_t index) {
  return static_cast<uint32_t>(std::find(used.begin(), used.end(), index) - used.begin());
}

bool same_origin(const PositionEntry& a, const PositionEntry& b) {
  return a.source == b.source && a.server == b.server && a.file == b.file;
}

Result<std::shared_ptr<const MySqlPositionLog>> damaged() {
  return Error(Blame::kConfig, "saved positions are damaged");
}

PositionEntry read_entry(ByteReader& in, const PositionEntry& last) {
  PositionEntry entry = last;
  const uint8_t flags = in.u8();
  entry.open = (flags & kOpen) != 0;
  if ((flags & kSameOrigin) == 0) {
    entry.source = static_cast<uint32_t>(in.varint());
    entry.server = static_cast<uint32_t>(in.varint());
    entry.file = static_cast<uint32_t>(in.varint());
  }
  entry.sequence = (flags & kNumbered) == 0 ? 0 : last.sequence + static_cast<uint64_t>(in.signed_varint());
  entry.offset = last.offset + static_cast<uint64_t>(in.signed_varint());
  return entry;
}

}  // namespace

bool MySqlPositionLog::save(uint32_t first, uint32_t count, std::string& out) const {
  if (first + count > entries_.size()) return false;
  const bool sets = flavor_ == Flavor::kMySql;
  const std::vector<uint32_t> files = used(first, count, entries_, false);
  const std::vector<uint32_t> sources = sets ? used(first, count, entries_, true) : std::vector<uint32_t>();
  ByteWriter w;
  w.le(static_cast<uint8_t>(flavor_), 1);
  w.varint(files.size());
  for (const uint32_t f : files) w.text((*files_)[f]);
  w.varint(sources.size());
  for (const uint32_t s : sources) {
    const SourceId& id = (*sources_)[s];
    w.bytes({reinterpret_cast<const char*>(id.uuid.data()), id.uuid.size()});
    w.text(id.tag);
  }
  w.varint(count);
  PositionEntry last;
  for (uint32_t i = first; i < first + count; ++i) {
    PositionEntry entry = entries_[i];
    entry.file = place_in(files, entry.file);
    if (sets) entry.source = entry.sequence == 0 ? 0 : place_in(sources, entry.source);
    const bool same = same_origin(entry, last);
    w.le((entry.open ? kOpen : 0) | (entry.sequence != 0 ? kNumbered : 0) | (same ? kSameOrigin : 0), 1);
    if (!same) {
      w.varint(entry.source);
      w.varint(entry.server);
      w.varint(entry.file);
    }
    if (entry.sequence != 0) w.signed_varint(static_cast<int64_t>(entry.sequence - last.sequence));
    w.signed_varint(static_cast<int64_t>(entry.offset - last.offset));
    const uint64_t number = entry.sequence != 0 ? entry.sequence : last.sequence;
    last = entry;
    last.sequence = number;
  }
  out += w.str();
  return true;
}

Result<std::shared_ptr<const MySqlPositionLog>> MySqlPositionLog::load(std::string_view before,
                                                                       std::string_view saved) {
  ByteReader in(saved);
  const uint8_t flavor_byte = in.u8();
  if (flavor_byte > static_cast<uint8_t>(Flavor::kMySql)) return damaged();
  const auto flavor = static_cast<Flavor>(flavor_byte);
  auto files = std::make_shared<std::vector<std::string>>();
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) files->emplace_back(in.text());
  auto sources = std::make_shared<std::vector<SourceId>>();
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    SourceId id;
    const std::string_view uuid = in.take(id.uuid.size());
    std::copy(uuid.begin(), uuid.end(), id.uuid.begin());
    id.tag = in.text();
    sources->push_back(std::move(id));
  }
  const uint64_t count = in.varint();
  if (count > in.left()) return damaged();
  std::vector<PositionEntry> entries;
  entries.reserve(count);
  PositionEntry last;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const PositionEntry entry = read_entry(in, last);
    const bool numbered = entry.sequence != 0;
    if (entry.file >= files->size()) return damaged();
    if (flavor == Flavor::kMySql && numbered && entry.source >= sources->size()) return damaged();
    const uint64_t number = numbered ? entry.sequence : last.sequence;
    entries.push_back(entry);
    last = entry;
    last.sequence = number;
  }
  if (!in.ok() || !in.empty()) return damaged();
  TRY_ASSIGN(MySqlPosition base, MySqlPosition::parse(before, flavor));
  return std::make_shared<const MySqlPositionLog>(
      flavor, std::move(base), std::move(sources), std::move(files), std::move(entries));
}

}  // namespace weft::mysql_binlog
