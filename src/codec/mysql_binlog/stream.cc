// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/stream.h"

#include <cstdlib>

#include "base/text.h"
#include "codec/mysql_binlog/stream_impl.h"

namespace weft::mysql_binlog {
namespace {

// MySQL 9.6 and later carry foreign keys out above the storage engine, and log what they do.
bool logs_foreign_keys(std::string_view version) {
  const std::string text(version);
  char* end = nullptr;
  const unsigned long major = std::strtoul(text.c_str(), &end, 10);
  const unsigned long minor = *end == '.' ? std::strtoul(end + 1, nullptr, 10) : 0;
  return major > 9 || (major == 9 && minor >= 6);
}

}  // namespace

BinlogStream::BinlogStream(const StreamOptions& options, Catalogue& catalogue)
    : impl_(std::make_unique<Impl>(options, catalogue)) {}

BinlogStream::~BinlogStream() = default;

Status BinlogStream::feed(std::string_view event, const SlabRef& slab) {
  return impl_->feed(event, slab);
}

bool BinlogStream::ready() const {
  return impl_->ready();
}

size_t BinlogStream::pending_bytes() const {
  return impl_->pending_bytes();
}

Batch BinlogStream::take() {
  return impl_->take();
}

bool BinlogStream::in_transaction() const {
  return impl_->in_transaction();
}

FilePlace BinlogStream::place() const {
  return impl_->place();
}

BinlogStream::Impl::Impl(const StreamOptions& options, Catalogue& catalogue)
    : options_(options),
      catalogue_(catalogue),
      offset_(options.start.place.offset),
      files_{options.start.place.file},
      base_(options.start),
      last_(options.start.state) {
  // A start that says nothing is the beginning, in the flavor's form.
  if (base_.form == MySqlPosition::Form::kFile) return;
  base_.form = options.flavor == Flavor::kMariaDb ? MySqlPosition::Form::kMariaDbGtid : MySqlPosition::Form::kMySqlGtid;
}

Status BinlogStream::Impl::feed(std::string_view event, const SlabRef& slab) {
  if (error_) return *error_;
  const uint64_t before = offset_;
  Status status = feed_event(event, slab);
  if (status) return status;
  const auto type = event.size() >= kHeaderBytes ? static_cast<uint32_t>(read_header(event).type) : 0;
  error_ = status.error().with(cat("binary log ", files_.back(), ":", before, ", event type ", type));
  return *error_;
}

Status BinlogStream::Impl::feed_event(std::string_view event, const SlabRef& slab) {
  if (event.size() < kHeaderBytes) return corrupt("event header");
  const EventHeader header = read_header(event);
  if (header.size != event.size())
    return corrupt(cat("event: its header says ", header.size, " bytes, it has ", event.size()));
  if (header.type == EventType::kFormatDescription) return feed_format(event, header);
  slab_ = &slab;
  TRY_ASSIGN(const std::string_view body, checked_body(event, header));
  advance(header);
  return dispatch(header, body);
}

// The event without header and checksum.
Result<std::string_view> BinlogStream::Impl::checked_body(std::string_view event, const EventHeader& header) const {
  std::string_view body = event.substr(kHeaderBytes);
  bool has_checksum = checksums_;
  if (!format_known_) {
    // Only an artificial rotate comes before the format description; whether it has a checksum is seen by that it fits.
    has_checksum = checksum_matches(event, header.type, header.flags);
  } else if (has_checksum && options_.verify_checksums && !checksum_matches(event, header.type, header.flags)) {
    return Error(Blame::kConfig, "the event's checksum does not match its bytes", std::string(kCorruptEvent));
  }
  if (!has_checksum) return body;
  if (body.size() < kChecksumBytes) return corrupt("event: too short for its checksum");
  body.remove_suffix(kChecksumBytes);
  return body;
}

Status BinlogStream::Impl::feed_format(std::string_view event, const EventHeader& header) {
  TRY_ASSIGN(const FormatDescription format, parse_format_description(event, options_.verify_checksums));
  const bool maria = format.server_version.find("MariaDB") != std::string::npos;
  if (maria != (options_.flavor == Flavor::kMariaDb)) {
    return Error(Blame::kConfig,
                 cat("the log is of server ", format.server_version, ", another one than was expected"));
  }
  // A file that a server starts with undoes what the one before left open; there is no event for it.
  if (tx_.open && format.created != 0 && header.end != 0) {
    if (tx_.cut) return Error(Blame::kConfig, "the server lost the rest of a transaction", std::string(kCorruptEvent));
    if (builder_.in_transaction()) (void)builder_.abandon();
    tx_ = Open();
  }
  checksums_ = format.checksum == Checksum::kCrc32;
  format_known_ = true;
  hides_actions_ = maria || options_.native_foreign_keys || !logs_foreign_keys(format.server_version);
  table_id_bytes_ = format.post_header(EventType::kTableMap, 8) == 6 ? 4 : 6;
  if (header.end != 0) {
    advance(header);
    note_place();
  }
  return ok();
}

// Moves the place behind the event. Events made for the reader are not in the file; MariaDB writes events into its cache
// with end 0, and since 11.4 leaves it so; an end is cut to 32 bits.
void BinlogStream::Impl::advance(const EventHeader& header) {
  if ((header.flags & kFlagArtificial) != 0 || header.type == EventType::kHeartbeat ||
      header.type == EventType::kHeartbeatV2 || header.type == EventType::kRotate) {
    return;
  }
  const uint64_t sum = offset_ + header.size;
  offset_ = header.end == 0 || static_cast<uint32_t>(sum) == header.end ? sum : header.end;
}

Status BinlogStream::Impl::dispatch(const EventHeader& header, std::string_view body) {
  switch (header.type) {
    case EventType::kMariaGtid:
      return maria_gtid(header, body);
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kGtidTagged:
      return mysql_gtid(header, body);
    case EventType::kTableMap:
      return table_map(body);
    case EventType::kWriteRowsV1:
    case EventType::kUpdateRowsV1:
    case EventType::kDeleteRowsV1:
    case EventType::kWriteRows:
    case EventType::kUpdateRows:
    case EventType::kDeleteRows:
    case EventType::kPartialUpdateRows:
    case EventType::kWriteRowsCompressedV1:
    case EventType::kUpdateRowsCompressedV1:
    case EventType::kDeleteRowsCompressedV1:
    case EventType::kWriteRowsCompressed:
    case EventType::kUpdateRowsCompressed:
    case EventType::kDeleteRowsCompressed:
      return rows(header, body);
    case EventType::kXid:
      if (!tx_.open) return corrupt("XID event outside of a transaction");
      close_transaction();
      return ok();
    case EventType::kQuery:
      return query(header, body, false);
    case EventType::kQueryCompressed:
      return query(header, body, true);
    default:
      return dispatch_rare(header, body);
  }
}

Status BinlogStream::Impl::dispatch_rare(const EventHeader& header, std::string_view body) {
  switch (header.type) {
    case EventType::kXaPrepare:
      return xa_prepare(body);
    case EventType::kTransactionPayload:
      return payload(body);
    case EventType::kRotate:
      return rotate(body);
    case EventType::kExecuteLoadQuery:
      return execute_load(header, body);
    case EventType::kPreviousGtids:
      TRY(GtidSet::decode(body));
      note_place();
      return ok();
    case EventType::kMariaGtidList:
      TRY(parse_gtid_list(body));
      note_place();
      return ok();
    case EventType::kIncident: {
      ByteReader in(body);
      const uint16_t number = in.u16();
      const std::string_view message = in.take(in.u8());
      return Error(Blame::kConfig,
                   cat("the source logged an incident (",
                       number,
                       ": ",
                       message,
                       "): changes may be missing from its log; make a new snapshot"),
                   std::string(kIncidentLogged));
    }
    case EventType::kLoad:
    case EventType::kCreateFile:
    case EventType::kExecLoad:
    case EventType::kNewLoad:
      return Error(Blame::kConfig,
                   "LOAD DATA was logged as a statement (a log of before MySQL 5.0)",
                   std::string(kStatementFormat));
    case EventType::kHeartbeat:
      return heartbeat(header, body);
    case EventType::kStop:
    case EventType::kIntvar:
    case EventType::kSlave:
    case EventType::kAppendBlock:
    case EventType::kDeleteFile:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kBeginLoadQuery:
    case EventType::kHeartbeatV2:
    case EventType::kIgnorable:
    case EventType::kRowsQuery:
    case EventType::kTransactionContext:
    case EventType::kViewChange:
    case EventType::kAnnotateRows:
    case EventType::kBinlogCheckpoint:
    case EventType::kStartEncryption:
      return ok();
    default:
      if ((header.flags & kFlagIgnorable) != 0) return ok();
      return Error(
          Blame::kConfig,
          cat("event type ", static_cast<uint32_t>(header.type), " is not known: this server is newer than weft"),
          std::string(kUnknownEvent));
  }
}

// What MySQL skips because we have it already is told by heartbeats only: the file, and the place behind what was skipped.
// A place beyond 4 GiB does not fit and is left out.
Status BinlogStream::Impl::heartbeat(const EventHeader& header, std::string_view body) {
  if (!tx_.open && body == files_.back() && header.end > offset_) {
    offset_ = header.end;
    note_place();
  }
  return ok();
}

Status BinlogStream::Impl::rotate(std::string_view body) {
  ByteReader in(body);
  const uint64_t offset = in.u64();
  const std::string_view file = in.rest();
  if (!in.ok() || file.empty()) return corrupt("rotate event");
  if (files_.back() != file) {
    // A name that no position refers to yet need not stay.
    if (files_.back().empty() && entries_.empty()) files_.clear();
    files_.emplace_back(file);
  }
  offset_ = offset;
  note_place();
  return ok();
}

}  // namespace weft::mysql_binlog
