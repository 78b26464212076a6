// SPDX-License-Identifier: Apache-2.0
// OutputStream: messages of pgoutput in, batches of typed transactions out. No I/O but what its catalogue does.
//
//   OutputStream stream(options, catalogue);
//   loop: stream.feed(payload);
//         if (stream.pending_bytes() > limit || nothing_more_to_read) { if (stream.ready()) Batch batch = stream.take(log); ... }
//
// What old images lack: with the default replica identity an update that keeps the key says nothing of the row before, and a
// TOAST value that was not touched is not sent (kUnchanged). With REPLICA IDENTITY FULL it is filled from the row before.
// Values come as text or in binary form, each as the message says; feed() fails with kNeedsText at one whose binary form is not
// known: the stream has to be opened again without it. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/pgoutput/binary_values.h"
#include "codec/pgoutput/messages.h"
#include "model/transaction.h"

namespace weft::pgoutput {

// What the stream asks about tables.
class Catalogue {
 public:
  virtual ~Catalogue() = default;

  struct Added {
    std::string name;
    AddedColumn::Default kind = AddedColumn::Default::kNone;
    std::string text;
    bool not_null = false;
  };

  // The table as the relation message describes it; without a schema: not captured.
  struct Table {
    SchemaRef schema;
    SchemaRef before;                // the shape that was known until now, if this is another
    std::vector<uint16_t> ordinals;  // in `schema`, of each column of the message
    std::vector<Form> forms;         // of each column of the message; kNone: its values have to come as text
    bool changed = false;
    std::vector<Added> added;  // columns that `before` lacks
    bool renames = false;      // maybe: some came and others went, which names alone do not tell apart
  };

  [[nodiscard]] virtual Result<Table> relation(const Relation& relation) = 0;
};

// Error code (kConfig): the stream can't go on without a new copy.
inline constexpr std::string_view kNeedsCopy = "needs-copy";

// Where transactions end: the adapter's.
struct EndOfTransaction {
  uint64_t lsn = 0;
  uint32_t xid = 0;
};

class OutputStream {
 public:
  OutputStream(size_t fragment_bytes, Catalogue& catalogue) : fragment_bytes_(fragment_bytes), catalogue_(catalogue) {}

  [[nodiscard]] Status feed(std::string_view message);

  [[nodiscard]] bool in_transaction() const { return open_; }

  // A transaction, or a fragment, can be taken.
  [[nodiscard]] bool ready() const { return builder_.transaction_count() > 0; }

  [[nodiscard]] size_t pending_bytes() const { return arena_.bytes(); }

  // The ends of what take() gives, by its transactions' position_index; call before take().
  [[nodiscard]] const std::vector<EndOfTransaction>& ends() const { return ends_; }

  [[nodiscard]] Batch take(std::shared_ptr<const PositionLog> positions);

 private:
  struct Table {
    Catalogue::Table known;
    char identity = 'd';
    std::vector<bool> in_identity;  // by column of the message
    uint64_t kept_in = 0;           // the batch that keeps the schema
  };

  [[nodiscard]] Status begin(const Begin& begin);
  [[nodiscard]] Status commit(const Commit& commit);
  [[nodiscard]] Status relation(const Relation& relation);
  [[nodiscard]] Status row(const RowMessage& message);
  [[nodiscard]] Status truncate(const TruncateMessage& message);
  [[nodiscard]] Result<Row> new_row(const Table& table, const Tuple& tuple);
  [[nodiscard]] Result<Row> old_row(const Table& table, const Tuple& tuple, Old old);
  [[nodiscard]] Status complete(const Table& table, RowChange& change, Old old);
  [[nodiscard]] std::span<Value> values(const TableSchema& schema);
  [[nodiscard]] Status read(const Table& table, const Tuple& tuple, size_t i, std::span<Value> out);
  void add(const Change& change);
  void tell_origin(const LogicalMessage& message);
  uint32_t note(EndOfTransaction end);

  size_t fragment_bytes_;
  Catalogue& catalogue_;
  Arena arena_{256u << 10};
  BatchBuilder builder_{arena_};
  std::map<uint32_t, Table> tables_;
  std::vector<EndOfTransaction> ends_;
  Tuple before_;
  Tuple after_;
  bool open_ = false;
  bool cut_ = false;
  Begin current_;
  size_t mark_ = 0;  // the arena's bytes where the fragment began
  uint64_t batch_ = 1;
};

}  // namespace weft::pgoutput
