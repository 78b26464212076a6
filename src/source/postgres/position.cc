// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/position.h"

#include <charconv>
#include <limits>

#include "base/bytes.h"
#include "base/text.h"

namespace weft::postgres {
namespace {

// A whole number that is all of the text.
template <class Number>
bool parse_all(std::string_view text, int base, Number& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

void append_hex(std::string& out, uint64_t number) {
  char raw[16];
  const auto end = std::to_chars(raw, raw + sizeof raw, number, 16).ptr;
  for (const char* at = raw; at != end; ++at) out.push_back(static_cast<char>(*at >= 'a' ? *at - 'a' + 'A' : *at));
}

Error bad_position(std::string_view text) {
  return Error(
      Blame::kConfig,
      cat("not a position: '", text.substr(0, 200), "' (a PostgreSQL position is TIMELINE:LSN, as 1:0/16B3748)"));
}

Error damaged() {
  return Error(Blame::kBug,
               "positions of a PostgreSQL source in the journal are damaged; start again with a new journal");
}

}  // namespace

std::string lsn_text(uint64_t lsn) {
  std::string out;
  append_hex(out, lsn >> 32);
  out.push_back('/');
  append_hex(out, lsn & 0xffffffffu);
  return out;
}

Result<uint64_t> parse_lsn(std::string_view text) {
  const size_t slash = text.find('/');
  uint32_t high = 0;
  uint32_t low = 0;
  if (slash == std::string_view::npos || !parse_all(text.substr(0, slash), 16, high) ||
      !parse_all(text.substr(slash + 1), 16, low)) {
    return Error(Blame::kConfig, cat("not a place in PostgreSQL's log: '", text.substr(0, 200), "' (as 0/16B3748)"));
  }
  return uint64_t{high} << 32 | low;
}

Result<PgPosition> PgPosition::parse(std::string_view text) {
  const size_t colon = text.find(':');
  PgPosition position;
  if (colon == std::string_view::npos || !parse_all(text.substr(0, colon), 10, position.timeline) ||
      position.timeline == 0) {
    return bad_position(text);
  }
  const Result<uint64_t> lsn = parse_lsn(text.substr(colon + 1));
  if (!lsn) return bad_position(text);
  position.lsn = *lsn;
  return position;
}

std::string PgPosition::text() const {
  return cat(timeline, ':', lsn_text(lsn));
}

std::string PgPositionLog::text(uint32_t index) const {
  return PgPosition{timeline_, entries_[index].end}.text();
}

bool PgPositionLog::save(uint32_t first, uint32_t count, std::string& out) const {
  ByteWriter writer(std::move(out));
  writer.varint(timeline_);
  Entry before;
  for (uint32_t i = first; i < first + count; ++i) {
    const Entry& entry = entries_[i];
    writer.signed_varint(static_cast<int64_t>(entry.end - before.end));
    writer.signed_varint(static_cast<int64_t>(entry.xid) - static_cast<int64_t>(before.xid));
    before = entry;
  }
  out = std::move(writer.str());
  return true;
}

// The slice tells all by itself: `before` is not needed.
Result<std::shared_ptr<const PositionLog>> PgPositionLog::load(std::string_view /*before*/,
                                                               std::string_view saved,
                                                               size_t count) {
  ByteReader reader(saved);
  const uint64_t timeline = reader.varint();
  if (!reader.ok() || timeline == 0 || timeline > std::numeric_limits<uint32_t>::max()) return damaged();
  if (count > reader.left() / 2) return damaged();  // an entry takes two bytes at least
  auto log = std::make_shared<PgPositionLog>(static_cast<uint32_t>(timeline));
  log->entries_.reserve(count);
  Entry before;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t end = before.end + static_cast<uint64_t>(reader.signed_varint());
    const auto xid = static_cast<uint64_t>(before.xid) + static_cast<uint64_t>(reader.signed_varint());
    if (!reader.ok() || xid > std::numeric_limits<uint32_t>::max()) return damaged();
    before = {end, static_cast<uint32_t>(xid)};
    log->add(before);
  }
  if (!reader.empty()) return damaged();
  return std::shared_ptr<const PositionLog>(std::move(log));
}

Result<PgPosition> position_of(const Position& position) {
  if (const auto* log = dynamic_cast<const PgPositionLog*>(position.log())) {
    return PgPosition{log->timeline(), log->entry(position.index()).end};
  }
  return PgPosition::parse(position.text());
}

}  // namespace weft::postgres
