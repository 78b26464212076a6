// SPDX-License-Identifier: Apache-2.0
// Transactions and positions.
#include "base/text.h"
#include "codec/mysql_binlog/stream_impl.h"

namespace weft::mysql_binlog {

Status BinlogStream::Impl::open_transaction(const EventHeader& header) {
  if (tx_.open) {
    return Error(Blame::kConfig, "a transaction begins where the one before has not ended", std::string(kCorruptEvent));
  }
  tx_ = Open();
  tx_.open = true;
  tx_.commit_us = int64_t{header.timestamp} * 1000000;
  return ok();
}

Status BinlogStream::Impl::maria_gtid(const EventHeader& header, std::string_view body) {
  if (options_.flavor != Flavor::kMariaDb) return corrupt("log: a GTID of MariaDB in a log of MySQL");
  TRY_ASSIGN(const MariaGtidEvent event, parse_maria_gtid(header, body));
  TRY(open_transaction(header));
  tx_.sequence = event.gtid.sequence;
  tx_.source = event.gtid.domain;
  tx_.server = event.gtid.server;
  tx_.begun = (event.flags & MariaGtidEvent::kStandalone) == 0;
  tx_.xa = (event.flags & MariaGtidEvent::kPreparedXa) != 0;
  if (tx_.xa) tx_.xid = event.xid;
  tx_.alter = event.flags_extra;
  if (base_.form != MySqlPosition::Form::kMariaDbGtid) return ok();
  if (options_.require_gtid_order && last_.includes(event.gtid)) {
    return Error(
        Blame::kConfig,
        cat("GTID ",
            event.gtid.text(),
            " comes after ",
            last_.find(event.gtid.domain)->text(),
            ": the numbers of a domain must grow for GTIDs to be a position; set gtid_strict_mode=ON at the source, "
            "or start from a position file:NAME:OFFSET"),
        std::string(kGtidOrder));
  }
  last_.add(event.gtid);
  return ok();
}

Status BinlogStream::Impl::mysql_gtid(const EventHeader& header, std::string_view body) {
  if (options_.flavor != Flavor::kMySql) return corrupt("log: a GTID of MySQL in a log of MariaDB");
  TRY_ASSIGN(const MySqlGtidEvent event, parse_mysql_gtid(header.type, body));
  TRY(open_transaction(header));
  if (event.commit_us > 0) tx_.commit_us = event.commit_us;
  if (event.number == 0) {
    if (base_.form != MySqlPosition::Form::kMySqlGtid) return ok();
    return Error(
        Blame::kConfig,
        "a transaction without a GTID in a stream that is followed by GTIDs; set gtid_mode=ON at the source, or "
        "start from a position file:NAME:OFFSET");
  }
  tx_.sequence = event.number;
  tx_.source = source_index(event);
  return ok();
}

uint32_t BinlogStream::Impl::source_index(const MySqlGtidEvent& event) {
  for (size_t i = sources_.size(); i-- > 0;) {
    if (sources_[i].uuid == event.uuid && sources_[i].tag == event.tag) return static_cast<uint32_t>(i);
  }
  sources_.push_back({event.uuid, std::string(event.tag)});
  shared_sources_.reset();
  return static_cast<uint32_t>(sources_.size() - 1);
}

uint32_t BinlogStream::Impl::note_position(bool open) {
  entries_.push_back({.sequence = tx_.sequence,
                      .offset = offset_,
                      .source = tx_.source,
                      .server = tx_.server,
                      .file = static_cast<uint32_t>(files_.size() - 1),
                      .open = open});
  return static_cast<uint32_t>(entries_.size() - 1);
}

// The place moved without a transaction: of account only where the place is the position.
void BinlogStream::Impl::note_place() {
  if (gtid_form() || tx_.open || files_.back().empty()) return;
  const FilePlace at = place();
  const FilePlace known =
      entries_.empty() ? base_.place : FilePlace{files_[entries_.back().file], entries_.back().offset};
  if (known.known() && at_or_after(known, at)) return;
  tx_ = Open();
  if (!empty_) empty_commit_us_ = 0;
  empty_ = note_position(false);
}

void BinlogStream::Impl::flush_empty() {
  if (!empty_) return;
  builder_.begin(empty_commit_us_);
  builder_.end(*empty_);
  empty_.reset();
}

void BinlogStream::Impl::open_builder() {
  flush_empty();
  builder_.begin(tx_.commit_us, !tx_.cut);
  tx_.bytes = 0;
}

void BinlogStream::Impl::add(const Change& change, size_t bytes) {
  if (!builder_.in_transaction()) open_builder();
  builder_.add(change);
  tx_.bytes += bytes + sizeof(Change);
}

void BinlogStream::Impl::cut_fragment() {
  if (tx_.xa) mark(TwoPhase::Step::kPrepare, tx_.xid);
  builder_.end(note_position(true), false);
  tx_.cut = true;
}

// What was built is a transaction; nothing built is an empty one, unless fragments wait for their last.
void BinlogStream::Impl::close_transaction() {
  if (tx_.cut && !builder_.in_transaction()) open_builder();
  const uint32_t index = note_position(false);
  if (builder_.in_transaction()) {
    builder_.end(index);
  } else {
    empty_ = index;
    empty_commit_us_ = tx_.commit_us;
  }
  tx_ = Open();
}

size_t BinlogStream::Impl::pending_bytes() const {
  return arena_.bytes() + viewed_bytes_ + entries_.size() * sizeof(PositionEntry);
}

Batch BinlogStream::Impl::take() {
  if (!builder_.in_transaction()) flush_empty();
  if (shared_sources_ == nullptr) shared_sources_ = std::make_shared<const std::vector<SourceId>>(sources_);
  auto log = std::make_shared<const MySqlPositionLog>(options_.flavor,
                                                      base_,
                                                      shared_sources_,
                                                      std::make_shared<const std::vector<std::string>>(files_),
                                                      std::exchange(entries_, {}));
  if (log->size() > 0) base_ = log->position(static_cast<uint32_t>(log->size() - 1));
  files_ = {files_.back()};
  viewed_bytes_ = 0;
  kept_slab_ = nullptr;
  ++batch_;
  return builder_.finish(std::move(log));
}

}  // namespace weft::mysql_binlog
