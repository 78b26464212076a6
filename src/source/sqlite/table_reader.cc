// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/table_reader.h"

#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "source/sqlite/capture.h"
#include "source/sqlite/chunk_query.h"
#include "source/sqlite/read_point.h"
#include "source/sqlite/row_values.h"
#include "source/sqlite/shape.h"

namespace weft::sqlite {
namespace {

constexpr uint64_t kSplitRows = 200000;
constexpr size_t kArenaBytes = 256u << 10;
constexpr int kViewTries = 100;  // each needs a stream that begins to read in the moment between

Error changed(const TableName& table, std::string_view what) {
  return Error(
             Blame::kTransient, cat("table ", table.text(), " is not what it was: ", what), std::string(kSchemaChanged))
      .about(table.text());
}

class SqliteTableReader final : public TableReader {
 public:
  SqliteTableReader(std::unique_ptr<Connection> db, std::shared_ptr<Cuts> cuts)
      : db_(std::move(db)), cuts_(std::move(cuts)) {}

  Result<TableEstimate> estimate(const TableSchema& schema) override;
  Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) override;

  bool chunkable(const TableSchema& schema) const override { return !schema.keyless(); }

  Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override;
  Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) override;
  Result<Chunk> read_keys(std::span<const OwnedRow> keys) override;
  void end() override;

 private:
  Result<std::shared_ptr<const ReadPoint>> open_view(const SchemaRef& schema);
  Status check_shape(const SchemaRef& schema);
  Status start(const KeyRange& range);
  Status fetch(const ChunkLimit& limit, Chunk& chunk);
  Status take_row(const Statement& statement, Chunk& chunk);
  Chunk finish(Chunk chunk);
  Error fail(Error error);

  std::unique_ptr<Connection> db_;
  std::shared_ptr<Cuts> cuts_;
  Arena arena_{kArenaBytes};
  SchemaRef schema_;               // of the open view
  CatalogTable table_;             // the same table as the catalogue had it last
  int64_t catalogue_version_ = 0;  // schema_version of that
  KeyRange range_;                 // that rows_ reads: its bounds are bound
  std::unique_ptr<Statement> rows_;
  bool done_ = false;
};

Error SqliteTableReader::fail(Error error) {
  end();
  (void)arena_.take();
  return schema_ ? error.about(schema_->name.text()) : error;
}

// Rowids are about as many as there are rows, where they are not far apart.
Result<TableEstimate> SqliteTableReader::estimate(const TableSchema& schema) {
  TRY_ASSIGN(const auto table, read_table(*db_, schema.name.table));
  if (!table) return TableEstimate{};
  const std::string name = quote_identifier(table->name);
  const std::string rowid = rowid_name(*table);
  const std::string sql =
      rowid.empty()
          ? cat("SELECT count(*) FROM ", name)
          : cat("SELECT (SELECT max(", rowid, ") FROM ", name, ")-(SELECT min(", rowid, ") FROM ", name, ")+1");
  TRY_ASSIGN(const auto rows, db_->prepare(sql));
  TRY_ASSIGN(const bool row, rows->step());
  const int64_t count = row && !rows->is_null(0) ? rows->integer(0) : 0;
  return TableEstimate{static_cast<uint64_t>(std::max<int64_t>(count, 0)), 0};
}

// Cuts at equal distances between the ends of a key of one integer. They need not be keys that are there.
Result<std::vector<OwnedRow>> SqliteTableReader::split(const TableSchema& schema, size_t parts) {
  std::vector<OwnedRow> cuts;
  if (parts < 2 || schema.key.size() != 1 || schema.columns[schema.key[0]].kind != Kind::kInt) return cuts;
  TRY_ASSIGN(const TableEstimate size, estimate(schema));
  if (size.rows < kSplitRows) return cuts;
  const std::string key = quote_identifier(schema.columns[schema.key[0]].name);
  const std::string from = cat(key, ") FROM ", quote_identifier(schema.name.table), ")");
  TRY_ASSIGN(const auto ends, db_->prepare(cat("SELECT (SELECT min(", from, ",(SELECT max(", from)));
  TRY_ASSIGN(const bool row, ends->step());
  if (!row || ends->storage(0) != Storage::kInteger || ends->storage(1) != Storage::kInteger) return cuts;
  const auto low = static_cast<uint64_t>(ends->integer(0));
  const uint64_t distance = static_cast<uint64_t>(ends->integer(1)) - low;
  if (distance < parts) return cuts;
  for (size_t i = 1; i < parts; ++i) {
    const auto cut = static_cast<int64_t>(low + distance / parts * i);
    cuts.emplace_back(std::vector<Value>{Value::int64(cut)});
  }
  return cuts;
}

Status SqliteTableReader::check_shape(const SchemaRef& schema) {
  TRY_ASSIGN(const int64_t version, schema_version(*db_));
  if (schema_ == schema && catalogue_version_ == version) return ok();
  schema_.reset();
  TRY_ASSIGN(auto table, read_table(*db_, schema->name.table));
  if (!table) return changed(schema->name, "it is gone");
  if (!same_shape(schema_of(*table), *schema)) return changed(schema->name, "it was altered");
  table_ = *std::move(table);
  schema_ = schema;
  catalogue_version_ = version;
  return ok();
}

Result<std::shared_ptr<const ReadPoint>> SqliteTableReader::open_view(const SchemaRef& schema) {
  if (!cuts_) {
    TRY(db_->execute("BEGIN"));
    TRY(check_shape(schema));
    return std::shared_ptr<const ReadPoint>(std::make_shared<const SqliteReadPoint>(SqlitePosition()));
  }
  for (int tries = 0; tries < kViewTries; ++tries) {
    TRY(db_->execute("BEGIN"));
    TRY_ASSIGN(const auto capture, db_->value("SELECT capture FROM _weft_capture"));
    TRY_ASSIGN(const int64_t last, last_change(*db_));
    if (cuts_->enter(last)) {
      TRY(check_shape(schema));
      return std::shared_ptr<const ReadPoint>(
          std::make_shared<const SqliteReadPoint>(SqlitePosition{capture.value_or(""), last}));
    }
    TRY(db_->execute("COMMIT"));
  }
  return Error(Blame::kTransient, "the stream went past every view that was opened; the copy tries again");
}

Result<std::shared_ptr<const ReadPoint>> SqliteTableReader::begin(const SchemaRef& schema) {
  end();
  auto point = open_view(schema);
  if (point) return point;
  return fail(std::move(point).error()).with(cat("opening a read view of ", schema->name.text()));
}

Status SqliteTableReader::start(const KeyRange& range) {
  range_ = range;
  const bool ranged = chunkable(*schema_);
  const bool after = ranged && range_.after.has_value();
  const bool upto = ranged && range_.upto.has_value();
  TRY_ASSIGN(rows_, db_->prepare(ranged ? range_sql(table_, *schema_, after, upto) : whole_sql(table_, *schema_)));
  int parameter = 0;
  if (after) {
    for (const Value& value : range_.after->row()) bind_value(*rows_, ++parameter, value);
  }
  if (upto) {
    for (const Value& value : range_.upto->row()) bind_value(*rows_, ++parameter, value);
  }
  return ok();
}

Status SqliteTableReader::take_row(const Statement& statement, Chunk& chunk) {
  const size_t before = arena_.bytes();
  const std::span<Value> values = arena_.array<Value>(schema_->columns.size());
  for (size_t c = 0; c < values.size(); ++c) values[c] = value_at(statement, static_cast<int>(c), arena_);
  TRY(check_row_key(*schema_, Row(values)));
  chunk.rows.emplace_back(values);
  chunk.bytes += arena_.bytes() - before;
  return ok();
}

Status SqliteTableReader::fetch(const ChunkLimit& limit, Chunk& chunk) {
  while (chunk.rows.empty() || (chunk.rows.size() < limit.rows && chunk.bytes < limit.bytes)) {
    TRY_ASSIGN(const bool row, rows_->step());
    if (!row) {
      rows_.reset();
      done_ = true;
      break;
    }
    TRY(take_row(*rows_, chunk));
  }
  return ok();
}

Chunk SqliteTableReader::finish(Chunk chunk) {
  chunk.schema = schema_;
  chunk.slabs = arena_.take();
  return chunk;
}

Result<Chunk> SqliteTableReader::read(const KeyRange& range, const ChunkLimit& limit) {
  if (!schema_ || !db_->in_transaction()) return Error(Blame::kBug, "read() without an open view");
  Chunk chunk;
  Status read = !done_ && rows_ == nullptr ? start(range) : ok();
  if (read && !done_) read = fetch(limit, chunk);
  chunk.end = done_;
  if (read) return finish(std::move(chunk));
  return fail(std::move(read).error()).with(cat("reading ", schema_ ? schema_->name.text() : "a table"));
}

Result<Chunk> SqliteTableReader::read_keys(std::span<const OwnedRow> keys) {
  if (!schema_ || !db_->in_transaction()) return Error(Blame::kBug, "read_keys() without an open view");
  Chunk chunk;
  const auto all = [&]() -> Status {
    TRY_ASSIGN(const auto statement, db_->prepare(key_sql(table_, *schema_)));
    for (const OwnedRow& key : keys) {
      int parameter = 0;
      for (const Value& value : key.row()) bind_value(*statement, ++parameter, value);
      TRY_ASSIGN(const bool row, statement->step());
      if (row) TRY(take_row(*statement, chunk));
      statement->reset();
    }
    return ok();
  };
  if (Status read = all(); !read) {
    return fail(std::move(read).error()).with(cat("reading rows of ", schema_->name.text(), " by their keys"));
  }
  chunk.end = true;
  return finish(std::move(chunk));
}

void SqliteTableReader::end() {
  rows_.reset();
  done_ = false;
  if (db_->in_transaction()) (void)db_->execute("COMMIT");
}

}  // namespace

Result<std::unique_ptr<TableReader>> open_table_reader(std::string path,
                                                       std::stop_token stop,
                                                       std::shared_ptr<Cuts> cuts) {
  TRY_ASSIGN(auto db, Connection::open({.path = std::move(path), .mode = Mode::kReadOnly, .stop = std::move(stop)}));
  return std::unique_ptr<TableReader>(std::make_unique<SqliteTableReader>(std::move(db), std::move(cuts)));
}

}  // namespace weft::sqlite
