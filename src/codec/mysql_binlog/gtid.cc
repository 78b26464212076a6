// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/gtid.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft::mysql_binlog {
namespace {

constexpr char kHex[] = "0123456789abcdef";
// GTID numbers stop one before this; intervals on the wire are half open, so it may stand as an end.
constexpr uint64_t kEndOfNumbers = INT64_MAX;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_space(c)) out.push_back(c);
  }
  return out;
}

// Cuts the part before the next `separator` off `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

template <class T>
bool parse_number(std::string_view text, T& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc() && at == end;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool parse_uuid(std::string_view text, std::array<uint8_t, 16>& uuid) {
  size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int value = hex_value(c);
    if (value < 0 || digits == 32) return false;
    uint8_t& byte = uuid[digits / 2];
    byte = static_cast<uint8_t>((byte << 4) | value);
    ++digits;
  }
  return digits == 32;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Error bad_text(std::string_view what, std::string_view text) {
  return Error(Blame::kConfig, cat("not a ", what, ": '", text.substr(0, 200), "'"));
}

// One "number" or "first-last".
bool parse_interval(std::string_view text, Interval& interval) {
  const size_t dash = text.find('-');
  if (!parse_number(text.substr(0, dash), interval.first)) return false;
  interval.last = interval.first;
  if (dash != std::string_view::npos && !parse_number(text.substr(dash + 1), interval.last)) return false;
  return interval.first >= 1 && interval.first <= interval.last && interval.last < kEndOfNumbers;
}

void insert(std::vector<Interval>& intervals, Interval wanted) {
  // The first interval that touches or follows the wanted one.
  auto at = std::lower_bound(intervals.begin(), intervals.end(), wanted.first, [](const Interval& i, uint64_t first) {
    return i.last + 1 < first;
  });
  const auto from = at;
  while (at != intervals.end() && at->first <= wanted.last + 1) {
    wanted.first = std::min(wanted.first, at->first);
    wanted.last = std::max(wanted.last, at->last);
    ++at;
  }
  if (from == at) {
    intervals.insert(from, wanted);
  } else {
    *from = wanted;
    intervals.erase(from + 1, at);
  }
}

void remove(std::vector<Interval>& intervals, const Interval& unwanted) {
  std::vector<Interval> kept;
  for (const Interval& i : intervals) {
    if (i.last < unwanted.first || i.first > unwanted.last) {
      kept.push_back(i);
      continue;
    }
    if (i.first < unwanted.first) kept.push_back({i.first, unwanted.first - 1});
    if (i.last > unwanted.last) kept.push_back({unwanted.last + 1, i.last});
  }
  intervals = std::move(kept);
}

bool covers(const std::vector<Interval>& intervals, const Interval& wanted) {
  const auto at =
      std::lower_bound(intervals.begin(), intervals.end(), wanted.first, [](const Interval& i, uint64_t first) {
        return i.last < first;
      });
  return at != intervals.end() && at->first <= wanted.first && at->last >= wanted.last;
}

}  // namespace

bool is_tag(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (text.empty() || text.size() > 32 || !letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string Gtid::text() const {
  return cat(domain, '-', server, '-', sequence);
}

Result<GtidState> GtidState::parse(std::string_view text) {
  GtidState state;
  const std::string clean = without_spaces(text);
  std::string_view rest = clean;
  while (!rest.empty()) {
    std::string_view part = next_part(rest, ',');
    if (part.empty()) continue;
    Gtid gtid;
    const std::string_view domain = next_part(part, '-');
    const std::string_view server = next_part(part, '-');
    if (!parse_number(domain, gtid.domain) || !parse_number(server, gtid.server) ||
        !parse_number(part, gtid.sequence)) {
      return bad_text("MariaDB GTID position (domain-server-sequence,...)", text);
    }
    if (state.find(gtid.domain) != nullptr) return bad_text("MariaDB GTID position (a domain stands twice)", text);
    state.add(gtid);
  }
  return state;
}

std::string GtidState::text() const {
  std::string out;
  for (const Gtid& gtid : domains_) {
    if (!out.empty()) out.push_back(',');
    out += gtid.text();
  }
  return out;
}

const Gtid* GtidState::find(uint32_t domain) const {
  const auto at = std::lower_bound(
      domains_.begin(), domains_.end(), domain, [](const Gtid& gtid, uint32_t wanted) { return gtid.domain < wanted; });
  return at != domains_.end() && at->domain == domain ? &*at : nullptr;
}

bool GtidState::includes(const Gtid& gtid) const {
  const Gtid* last = find(gtid.domain);
  return last != nullptr && last->sequence >= gtid.sequence;
}

bool GtidState::contains(const GtidState& other) const {
  return std::all_of(other.domains_.begin(), other.domains_.end(), [this](const Gtid& gtid) { return includes(gtid); });
}

void GtidState::add(const Gtid& gtid) {
  const auto at =
      std::lower_bound(domains_.begin(), domains_.end(), gtid.domain, [](const Gtid& known, uint32_t wanted) {
        return known.domain < wanted;
      });
  if (at != domains_.end() && at->domain == gtid.domain) {
    *at = gtid;
  } else {
    domains_.insert(at, gtid);
  }
}

void GtidState::add(const GtidState& other) {
  for (const Gtid& gtid : other.domains_) {
    if (!includes(gtid)) add(gtid);
  }
}

GtidState GtidState::missing(const GtidState& other) const {
  GtidState out;
  for (const Gtid& gtid : other.domains_) {
    if (!includes(gtid)) out.add(gtid);
  }
  return out;
}

std::string SourceId::text() const {
  std::string out;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kHex[uuid[i] >> 4]);
    out.push_back(kHex[uuid[i] & 15]);
  }
  return tag.empty() ? out : cat(out, ':', tag);
}

Result<GtidSet> GtidSet::parse(std::string_view text) {
  GtidSet set;
  const std::string clean = without_spaces(text);
  std::string_view rest = clean;
  while (!rest.empty()) {
    std::string_view part = next_part(rest, ',');
    if (part.empty()) continue;
    SourceId source;
    if (!parse_uuid(next_part(part, ':'), source.uuid) || part.empty()) return bad_text("MySQL GTID set", text);
    while (!part.empty()) {
      const std::string_view piece = next_part(part, ':');
      const std::string tag = lower(piece);
      if (is_tag(tag)) {
        source.tag = tag;
        continue;
      }
      Interval interval;
      if (!parse_interval(piece, interval)) return bad_text("MySQL GTID set", text);
      set.add(source, interval.first, interval.last);
    }
  }
  return set;
}

std::string GtidSet::text() const {
  std::string out;
  for (const auto& [source, intervals] : sources_) {
    if (!out.empty()) out.push_back(',');
    out += source.text();
    for (const Interval& i : intervals) {
      append_text(out, ':');
      append_text(out, i.first);
      if (i.last != i.first) out += cat('-', i.last);
    }
  }
  return out;
}

bool GtidSet::includes(const SourceId& source, uint64_t number) const {
  const auto found = sources_.find(source);
  return found != sources_.end() && covers(found->second, {number, number});
}

bool GtidSet::contains(const GtidSet& other) const {
  for (const auto& [source, intervals] : other.sources_) {
    const auto found = sources_.find(source);
    if (found == sources_.end()) return false;
    const auto& mine = found->second;
    if (!std::all_of(intervals.begin(), intervals.end(), [&](const Interval& i) { return covers(mine, i); }))
      return false;
  }
  return true;
}

void GtidSet::add(const SourceId& source, uint64_t first, uint64_t last) {
  if (first < 1 || last < first) return;
  insert(sources_[source], {first, std::min(last, kEndOfNumbers - 1)});
}

void GtidSet::add(const GtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) {
    for (const Interval& i : intervals) insert(sources_[source], i);
  }
}

void GtidSet::subtract(const GtidSet& other) {
  for (const auto& [source, intervals] : other.sources_) {
    const auto found = sources_.find(source);
    if (found == sources_.end()) continue;
    for (const Interval& i : intervals) remove(found->second, i);
    if (found->second.empty()) sources_.erase(found);
  }
}

GtidSet GtidSet::missing(const GtidSet& other) const {
  GtidSet out = other;
  out.subtract(*this);
  return out;
}

uint64_t GtidSet::count() const {
  uint64_t count = 0;
  for (const auto& [source, intervals] : sources_) {
    for (const Interval& i : intervals) count += i.last - i.first + 1;
  }
  return count;
}

}  // namespace weft::mysql_binlog
