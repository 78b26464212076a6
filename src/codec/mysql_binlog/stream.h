// SPDX-License-Identifier: Apache-2.0
// BinlogStream: binary log events in, batches of transactions out. No I/O: the caller reads events from a connection or a
// file into slabs.
//
//   BinlogStream stream({.flavor = Flavor::kMySql, .start = position}, catalogue);
//   for each event: TRY(stream.feed(event, slab));       // after an error, take() still has what came before it
//                   if (stream.pending_bytes() > limit || nothing_more_to_read) { Batch batch = stream.take(); ... }
//
// Values view the slab that was passed with their event; a batch keeps such slabs alive. An open transaction stays open over
// take(); it is cut into fragments only above fragment_bytes. Transactions that touch no captured table come as empty ones,
// a run of them as one with the latest position; XA PREPARE, COMMIT and ROLLBACK come as TwoPhase changes. One thread owns a stream and its catalogue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "codec/mysql_binlog/position.h"
#include "codec/mysql_binlog/table_map.h"
#include "model/transaction.h"

namespace weft::mysql_binlog {

// What the stream asks about tables. Answers are cached per table map; after schema_changed they are asked for again.
class Catalogue {
 public:
  virtual ~Catalogue() = default;
  // The shape of a table at the stream's place, or null if the table is not captured. A null pointer for a captured()
  // table means that its shape is not known: its rows are then decoded from binlog_row_metadata=FULL alone.
  [[nodiscard]] virtual Result<SchemaRef> lookup(std::string_view database, std::string_view table) = 0;

  // Whether a table of this name is captured, be it there (yet) or not: asked for names in statements. An empty table
  // name asks for any table of the database.
  [[nodiscard]] virtual bool captured(std::string_view database, std::string_view table) {
    if (table.empty()) return false;
    const Result<SchemaRef> found = lookup(database, table);
    return found.has_value() && *found != nullptr;
  }

  // Whether the table's engine can undo what a transaction did.
  [[nodiscard]] virtual bool rolls_back(const TableName& name) {
    (void)name;
    return true;
  }

  // The captured tables of a database that are known, for a statement that drops it.
  [[nodiscard]] virtual std::vector<std::string> tables_of(std::string_view database) {
    (void)database;
    return {};
  }

  // A statement that changes this captured table's shape has just been read (its SchemaChange is in the stream): later
  // lookups are for rows written after it. An empty table name means every table of the database.
  virtual void schema_changed(std::string_view database, std::string_view table) {
    (void)database;
    (void)table;
  }
};

struct StreamOptions {
  Flavor flavor = Flavor::kMariaDb;
  MySqlPosition start{};             // its form decides in which form positions are printed
  size_t fragment_bytes = 4u << 20;  // a transaction above it travels as fragments
  bool verify_checksums = true;
  // MySQL from 9.6 on: foreign keys are the storage engine's affair, as before, and what they do is not in the log.
  bool native_foreign_keys = false;
  bool require_gtid_order = true;  // MariaDB: sequences of a domain must grow (kGtidOrder), or GTIDs are no position
};

class BinlogStream {
 public:
  BinlogStream(const StreamOptions& options, Catalogue& catalogue);
  ~BinlogStream();
  BinlogStream(const BinlogStream&) = delete;
  BinlogStream& operator=(const BinlogStream&) = delete;

  // One event with its 19-byte header (without the protocol's leading byte), inside `slab`. After an error every further
  // feed gives the same error.
  [[nodiscard]] Status feed(std::string_view event, const SlabRef& slab);

  // Whether take() would give at least one transaction or fragment.
  [[nodiscard]] bool ready() const;
  // Memory that finished and open transactions hold now.
  [[nodiscard]] size_t pending_bytes() const;
  // Whole transactions and finished fragments so far; may be empty. Its PositionLog is a MySqlPositionLog.
  [[nodiscard]] Batch take();

  // Whether a transaction is open: more of its events must follow.
  [[nodiscard]] bool in_transaction() const;
  // The place behind the latest event; unknown before the first rotate event unless the start position told it.
  [[nodiscard]] FilePlace place() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::mysql_binlog
