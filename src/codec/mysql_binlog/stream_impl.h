// SPDX-License-Identifier: Apache-2.0
// The inside of BinlogStream. One object, cut over files by what they do: stream.cc frames and dispatches events,
// stream_transaction.cc opens and closes transactions and knows the positions, stream_rows.cc turns row events into changes,
// stream_query.cc judges statements, stream_xa.cc marks what is prepared, stream_payload.cc unpacks whole transactions.
//
// A transaction: [GTID] (BEGIN | XA START | nothing) events (XID | COMMIT | ROLLBACK | XA PREPARE | the one statement).
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/slab.h"
#include "codec/mysql_binlog/ddl.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/gtid_event.h"
#include "codec/mysql_binlog/query.h"
#include "codec/mysql_binlog/row_decoder.h"
#include "codec/mysql_binlog/rows.h"
#include "codec/mysql_binlog/stream.h"

namespace weft::mysql_binlog {

class BinlogStream::Impl {
 public:
  Impl(const StreamOptions& options, Catalogue& catalogue);

  [[nodiscard]] Status feed(std::string_view event, const SlabRef& slab);

  [[nodiscard]] bool ready() const { return builder_.transaction_count() > 0 || empty_.has_value(); }

  [[nodiscard]] size_t pending_bytes() const;
  [[nodiscard]] Batch take();

  [[nodiscard]] bool in_transaction() const { return tx_.open; }

  [[nodiscard]] FilePlace place() const { return {files_.back(), offset_}; }

 private:
  // The transaction that events are part of now.
  struct Open {
    bool open = false;   // a GTID or BEGIN was read
    bool begun = false;  // its events go on up to a COMMIT or the like
    bool xa = false;     // in two phases
    bool cut = false;    // a fragment of it was finished
    uint8_t alter = 0;   // MariaDB: which phase of a two-phase ALTER
    uint64_t sequence = 0;
    uint32_t source = 0;
    uint32_t server = 0;
    int64_t commit_us = 0;
    size_t bytes = 0;                                        // of the fragment being built
    Xid xid;                                                 // of one in two phases
    std::vector<std::pair<std::string, size_t>> savepoints;  // and how many changes came before
  };

  // A table map that was read, ready for its rows.
  struct Table {
    SchemaRef schema;                   // null: not captured
    std::optional<RowDecoder> decoder;  // of `schema`
    bool tells_origin = false;          // weft's own, whose rows say where a transaction came from
    std::string bytes;                  // the event behind table id and flags
    uint64_t kept_in = 0;               // the batch that keeps the schema
  };

  // stream.cc
  [[nodiscard]] Status feed_event(std::string_view event, const SlabRef& slab);
  [[nodiscard]] Status feed_format(std::string_view event, const EventHeader& header);
  [[nodiscard]] Result<std::string_view> checked_body(std::string_view event, const EventHeader& header) const;
  [[nodiscard]] Status dispatch(const EventHeader& header, std::string_view body);
  [[nodiscard]] Status dispatch_rare(const EventHeader& header, std::string_view body);
  [[nodiscard]] Status heartbeat(const EventHeader& header, std::string_view body);
  [[nodiscard]] Status rotate(std::string_view body);
  void advance(const EventHeader& header);

  // stream_transaction.cc
  [[nodiscard]] Status maria_gtid(const EventHeader& header, std::string_view body);
  [[nodiscard]] Status mysql_gtid(const EventHeader& header, std::string_view body);
  [[nodiscard]] uint32_t source_index(const MySqlGtidEvent& event);
  [[nodiscard]] Status open_transaction(const EventHeader& header);
  void close_transaction();
  void open_builder();
  void cut_fragment();
  uint32_t note_position(bool open);
  void note_place();
  void flush_empty();
  void add(const Change& change, size_t bytes);

  [[nodiscard]] bool gtid_form() const { return base_.form != MySqlPosition::Form::kFile; }

  // stream_rows.cc
  [[nodiscard]] Status table_map(std::string_view body);
  [[nodiscard]] Result<Table*> new_table(uint64_t id, std::string_view body, std::string_view bytes);
  [[nodiscard]] Result<Table> decode_table(std::string_view body);
  [[nodiscard]] Status rows(const EventHeader& header, std::string_view body);
  [[nodiscard]] Status decode_rows(Table& table, const RowsKind& kind, const RowsEvent& event);
  [[nodiscard]] Status decode_row(Table& table, const RowsKind& kind, const RowsEvent& event, ByteReader& in);
  void keep_schema(Table& table);
  void tell_origin(const RowChange& change);
  void forget_tables();

  [[nodiscard]] size_t table_id_bytes() const { return table_id_bytes_; }

  // stream_query.cc
  [[nodiscard]] Status query(const EventHeader& header, std::string_view body, bool compressed);
  [[nodiscard]] Status execute_load(const EventHeader& header, std::string_view body);
  void set_savepoint(const std::string& name);
  [[nodiscard]] Status roll_back_to(const std::string& name);
  [[nodiscard]] Status undo(size_t from, std::string_view what);
  [[nodiscard]] Status control(const EventHeader& header, Verb verb, const Xid& xid);
  [[nodiscard]] Status statement(const Statement& statement, std::string_view sql);
  [[nodiscard]] Status change_schemas(const Statement& statement, std::string_view sql);
  [[nodiscard]] std::span<const AddedColumn> keep_added(const Statement& statement);
  [[nodiscard]] Status truncate(const Statement& statement);
  [[nodiscard]] Result<std::string_view> utf8(const QueryEvent& event);
  [[nodiscard]] bool any_captured(const Statement& statement);

  // stream_xa.cc
  [[nodiscard]] Status xa_prepare(std::string_view body);
  [[nodiscard]] Status prepare(const Xid& xid);
  void complete(TwoPhase::Step step, const Xid& xid);
  void mark(TwoPhase::Step step, const Xid& xid);

  // stream_payload.cc
  [[nodiscard]] Status payload(std::string_view body);
  [[nodiscard]] Status plain_payload(std::string_view events);
  [[nodiscard]] Status zstd_payload(std::string_view packed, uint64_t unpacked_size);
  [[nodiscard]] Status payload_event(std::string_view event);

  StreamOptions options_;
  Catalogue& catalogue_;
  std::optional<Error> error_;

  // The file being read.
  bool checksums_ = false;
  bool format_known_ = false;
  size_t table_id_bytes_ = 6;
  bool hides_actions_ = true;  // what foreign keys did is not in this file
  uint64_t offset_ = 0;
  std::vector<std::string> files_;  // of the batch being built; the last one is being read; "" is unknown
  const SlabRef* slab_ = nullptr;   // of the event being read; null inside a payload
  const Slab* kept_slab_ = nullptr;
  bool in_payload_ = false;

  // The batch being built.
  Arena arena_{256u << 10};
  BatchBuilder builder_{arena_};
  uint64_t batch_ = 1;
  size_t viewed_bytes_ = 0;
  MySqlPosition base_;
  std::vector<PositionEntry> entries_;
  std::vector<SourceId> sources_;
  std::shared_ptr<const std::vector<SourceId>> shared_sources_;
  std::optional<uint32_t> empty_;  // entry of a run of empty transactions that are not in the builder yet
  int64_t empty_commit_us_ = 0;

  Open tx_;
  GtidState last_;  // MariaDB: to see that numbers grow
  std::unordered_map<uint64_t, std::shared_ptr<Table>> tables_;
  std::unordered_map<std::string, std::shared_ptr<Table>> known_;  // by bytes, for ids that are new
  uint64_t last_table_id_ = UINT64_MAX;
  Table* last_table_ = nullptr;
};

}  // namespace weft::mysql_binlog
