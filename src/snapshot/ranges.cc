// SPDX-License-Identifier: Apache-2.0
#include "snapshot/ranges.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft {
namespace {

// docs/formats/table_state.md
constexpr char mark_of(Earlier earlier) {
  return earlier == Earlier::kKept ? '=' : earlier == Earlier::kReplaced ? '+' : '~';
}

std::string bound_text(const std::optional<OwnedRow>& key) {
  return key ? encode_key(key->row()) : "-";
}

Result<std::optional<OwnedRow>> parse_bound(std::string_view text) {
  if (text == "-") return std::optional<OwnedRow>();
  TRY_ASSIGN(OwnedRow key, decode_key(text));
  return std::optional<OwnedRow>(std::move(key));
}

std::string_view cut(std::string_view& text, char separator) {
  const size_t at = std::min(text.find(separator), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

}  // namespace

RangeSet::RangeSet(const std::vector<OwnedRow>& borders) {
  std::optional<OwnedRow> after;
  for (const OwnedRow& border : borders) {
    ranges_.push_back({after, border, std::nullopt, false});
    after = border;
  }
  ranges_.push_back({after, std::nullopt, std::nullopt, false});
}

Result<RangeSet> RangeSet::parse(std::string_view text) {
  RangeSet set;
  set.ranges_.clear();
  for (const Earlier earlier : {Earlier::kKept, Earlier::kReplaced, Earlier::kMended}) {
    if (!text.starts_with(mark_of(earlier))) continue;
    set.earlier_ = earlier;
    text.remove_prefix(1);
    break;
  }
  if (text.starts_with('#')) {
    uint64_t version = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), version);
    if (error != std::errc())
      return Error(Blame::kConfig, cat("_weft.table_state: can't read the ranges '", text, "'"));
    set.mend_kept_since(version);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  std::string_view keys = text.substr(std::min(text.find('!'), text.size()));
  text.remove_suffix(keys.size());
  while (!keys.empty()) {
    keys.remove_prefix(1);
    TRY_ASSIGN(OwnedRow key, decode_key(keys.substr(0, std::min(keys.find('!'), keys.size()))));
    set.holes_.push_back(std::move(key));
    keys.remove_prefix(std::min(keys.find('!'), keys.size()));
  }
  while (!text.empty()) {
    std::string_view part = cut(text, '|');
    CopyRange range;
    TRY_ASSIGN(range.after, parse_bound(cut(part, ';')));
    TRY_ASSIGN(range.upto, parse_bound(cut(part, ';')));
    TRY_ASSIGN(range.done, parse_bound(cut(part, ';')));
    range.complete = part == "1";
    set.ranges_.push_back(std::move(range));
  }
  if (set.ranges_.empty()) set.ranges_.emplace_back();
  return set;
}

void RangeSet::mend_kept_since(uint64_t version) {
  *this = RangeSet();
  ranges_[0].complete = true;
  earlier_ = Earlier::kMended;
  kept_since_ = version;
}

std::string RangeSet::text() const {
  std::string out;
  if (kept_since_) out = cat("#", *kept_since_);
  for (const CopyRange& r : ranges_) {
    if (kept_since_) break;
    if (!out.empty()) out.push_back('|');
    out += cat(bound_text(r.after), ";", bound_text(r.upto), ";", bound_text(r.done), ";", r.complete ? "1" : "0");
  }
  for (const OwnedRow& key : holes_) out += cat("!", encode_key(key.row()));
  if (earlier_ != Earlier::kNone) out.insert(out.begin(), mark_of(earlier_));
  return out;
}

bool RangeSet::complete() const {
  return holes_.empty() && ranges_complete();
}

bool RangeSet::ranges_complete() const {
  return std::all_of(ranges_.begin(), ranges_.end(), [](const CopyRange& r) { return r.complete; });
}

void RangeSet::open_hole(Row key) {
  if (!hole(key)) holes_.emplace_back(key);
}

void RangeSet::fill_hole(Row key) {
  std::erase_if(holes_, [&](const OwnedRow& h) { return same_values(h.row(), key); });
}

bool RangeSet::hole(Row key) const {
  return std::any_of(holes_.begin(), holes_.end(), [&](const OwnedRow& h) { return same_values(h.row(), key); });
}

bool RangeSet::untouched() const {
  return std::none_of(ranges_.begin(), ranges_.end(), [](const CopyRange& r) { return r.complete || r.done; });
}

bool RangeSet::contains(Row key) const {
  for (const CopyRange& r : ranges_) {
    if (r.after && compare_keys(key, r.after->row()) <= 0) continue;
    if (r.upto && compare_keys(key, r.upto->row()) > 0) continue;
    return r.complete || (r.done && compare_keys(key, r.done->row()) <= 0);
  }
  return false;
}

}  // namespace weft
