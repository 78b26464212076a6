// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/read_point.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft::postgres {
namespace {

// xlog_internal.h: the header of a page, and that of a segment's first page.
constexpr uint64_t kPageHeaderBytes = 24;
constexpr uint64_t kSegmentHeaderBytes = 40;

bool take_id(std::string_view& text, char after, uint64_t& id) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  if (after == '\0') return true;
  if (!text.starts_with(after)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<XidSnapshot> XidSnapshot::parse(std::string_view text) {
  XidSnapshot snapshot;
  snapshot.text_ = text;
  std::string_view left = text;
  bool good = take_id(left, ':', snapshot.xmin_) && take_id(left, ':', snapshot.xmax_);
  while (good && !left.empty()) {
    if (!snapshot.running_.empty()) {
      good = left.starts_with(',');
      left.remove_prefix(good ? 1 : 0);
    }
    good = good && take_id(left, '\0', snapshot.running_.emplace_back());
  }
  if (!good || snapshot.xmin_ > snapshot.xmax_) {
    return Error(Blame::kBug, cat("not a PostgreSQL snapshot: '", text.substr(0, 200), "'"));
  }
  std::sort(snapshot.running_.begin(), snapshot.running_.end());
  return snapshot;
}

bool XidSnapshot::shows(uint32_t xid) const {
  const uint64_t id = whole_id(xid);
  if (id < xmin_) return true;
  return id < xmax_ && !std::binary_search(running_.begin(), running_.end(), id);
}

uint64_t end_of_record(uint64_t insert_lsn, uint64_t page_bytes, uint64_t segment_bytes) {
  const uint64_t in_page = page_bytes == 0 ? 0 : insert_lsn % page_bytes;
  const uint64_t in_segment = segment_bytes == 0 ? 0 : insert_lsn % segment_bytes;
  if (in_segment == kSegmentHeaderBytes) return insert_lsn - kSegmentHeaderBytes;
  // A record that goes on from the page before ends further in.
  return in_page == kPageHeaderBytes ? insert_lsn - kPageHeaderBytes : insert_lsn;
}

Covers PgReadPoint::covers(const Batch& batch, const Transaction& tx) const {
  const auto* log = dynamic_cast<const PgPositionLog*>(batch.positions());
  if (log == nullptr) return Covers::kMaybe;  // not a stream of PostgreSQL
  const PgPositionLog::Entry& entry = log->entry(tx.position_index);
  const bool shows = entry.xid != 0 ? facts_.snapshot.shows(entry.xid) : entry.end <= facts_.low;
  return shows ? Covers::kYes : Covers::kNo;
}

bool PgReadPoint::contains(const Position& position) const {
  const Result<PgPosition> at = position_of(position);
  if (!at || at->timeline > facts_.timeline || at->lsn > facts_.low) return false;
  return std::none_of(facts_.unseen.begin(), facts_.unseen.end(), [&](uint32_t xid) {
    const std::optional<uint64_t> end = delivered_->end_of(xid);
    return end && *end <= at->lsn;
  });
}

bool PgReadPoint::reached_by(const Position& position) const {
  const Result<PgPosition> at = position_of(position);
  return at && at->timeline <= facts_.timeline && at->lsn >= facts_.high;
}

std::string PgReadPoint::text() const {
  return cat(PgPosition{facts_.timeline, facts_.low}.text(),
             " up to ",
             lsn_text(facts_.high),
             ", transactions ",
             facts_.snapshot.text());
}

}  // namespace weft::postgres
