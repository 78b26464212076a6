// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/table_reader.h"

#include <algorithm>

#include "base/text.h"
#include "codec/pgoutput/text_values.h"
#include "engine/postgres/quote.h"
#include "source/postgres/captured.h"
#include "source/postgres/catalogue.h"
#include "source/postgres/chunk_query.h"
#include "source/postgres/copy_rows.h"
#include "source/postgres/read_view.h"

namespace weft::postgres {
namespace {

constexpr uint64_t kSplitRows = 200000;
constexpr size_t kKeysPerQuery = 100;
// Rows that one answer holds at most, and while nothing is known of their size: libpq keeps an answer in memory as a whole.
constexpr size_t kFetchRows = 500;
constexpr size_t kFirstFetchRows = 20;
constexpr size_t kCopyRows = 50000;  // that one COPY beside a stream gives at most
constexpr size_t kArenaBytes = 256u << 10;

// Row security off: a policy that would hide rows is an error instead. Without sorts, the planner reads a range by the index
// of its key however few statistics it has. A copy leaves the source's other processors alone.
constexpr std::string_view kSettings =
    "SET row_security = off; SET lock_timeout = '50s'; SET enable_sort = off; "
    "SET max_parallel_workers_per_gather = 0; SET jit = off";

constexpr std::string_view kCursor = "weft_rows";

Error changed(const TableName& table, std::string_view what) {
  return Error(
             Blame::kTransient, cat("table ", table.text(), " is not what it was: ", what), std::string(kSchemaChanged))
      .about(table.text());
}

class PgTableReader final : public TableReader {
 public:
  PgTableReader(OpenSession open, std::shared_ptr<const Delivered> delivered)
      : open_(std::move(open)), delivered_(std::move(delivered)) {}

  // Connects if there is no session.
  Status connect();

  Result<TableEstimate> estimate(const TableSchema& schema) override;
  Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) override;

  // What a unique index stands over has an order, which the server keeps to: text by its collation, NaN behind all numbers.
  bool chunkable(const TableSchema& schema) const override { return !schema.keyless(); }

  Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override;
  Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) override;
  Result<Chunk> read_keys(std::span<const OwnedRow> keys) override;
  void end() override;

 private:
  Result<std::shared_ptr<const ReadPoint>> begin_view(const SchemaRef& schema);
  // Sets table_ to what the catalogue says of it, if that has the shape of `schema`.
  Status check_shape(const SchemaRef& schema);

  // Whether ranges come by COPY: for those who only read one COPY for the whole range; beside a stream, where a view lives for
  // a chunk, one for as many rows as the chunk takes.
  [[nodiscard]] bool by_copy() const {
    return copy_.usable() && !printed_only_ && (!delivered_ || chunkable(*schema_));
  }

  // The next rows of the range.
  Status read_on(const KeyRange& range, const ChunkLimit& limit, Chunk& chunk);
  Status declare(const KeyRange& range);
  Status start_copy(const KeyRange& range, std::optional<size_t> rows);
  // Rows of the COPY up to the limit; true: the COPY has ended.
  Result<bool> take_copied(const ChunkLimit& limit, Chunk& chunk);
  Status copy_chunk(const ChunkLimit& limit, Chunk& chunk);
  // Rows of the open cursor up to the limit.
  Status fetch(const ChunkLimit& limit, Chunk& chunk);
  Status take_rows(const Answer& answer, Chunk& chunk);
  Result<Value> value_at(const Answer& answer, size_t row, size_t column);
  [[nodiscard]] size_t rows_to_fetch(const ChunkLimit& limit, const Chunk& chunk, size_t most) const;
  Chunk finish(Chunk chunk);
  Status must_be_open() const;
  // An error as the pipeline wants it. Ends the view: its transaction has failed, or the session is lost.
  Error classify(Error error);

  OpenSession open_;
  std::shared_ptr<const Delivered> delivered_;
  std::unique_ptr<Connection> session_;
  ServerState server_;
  Arena arena_{kArenaBytes};

  SchemaRef schema_;      // of the open view
  CatalogueTable table_;  // the same table as the catalogue had it last, with schema_ as its schema
  std::string mark_;      // of that state, if it was seen in a view
  enum class Range : uint8_t { kNone, kOpen, kDone } range_ = Range::kNone;  // of the open view
  CopyRows copy_;                                                            // of table_
  KeyRange rest_;                                                            // of the range, behind what COPYs gave
  size_t due_ = 0;             // rows that the COPY under way was asked for and has not given
  bool printed_only_ = false;  // a row of schema_ had a value that has to be asked for as text
  size_t row_bytes_ = 0;       // the largest recent average; 0: not known
};

Status PgTableReader::connect() {
  if (session_ && session_->broken()) session_.reset();
  if (session_) return ok();
  TRY_ASSIGN(std::unique_ptr<Connection> session, open_());
  TRY(session->execute(std::string(kSettings)));
  TRY_ASSIGN(server_, server_state(*session));
  session_ = std::move(session);
  return ok();
}

Error PgTableReader::classify(Error error) {
  end();
  // Tables, columns, types and schemas that are gone.
  const std::string& code = error.code();
  if (schema_ && (code == "42P01" || code == "42703" || code == "42704" || code == "3F000")) {
    return changed(schema_->name, error.message());
  }
  // Locks that were not to be had in time, standbys that cancel: there is nothing that this depends on, only time.
  if (error.blame() == Blame::kConflict) error = Error(Blame::kTransient, error.message(), code);
  return schema_ ? error.about(schema_->name.text()) : error;
}

// Of a partitioned table the sum of its partitions; a table that was never analysed says -1.
Result<TableEstimate> PgTableReader::estimate(const TableSchema& schema) {
  TRY(connect());
  Result<Answer> answer = session_->query(
      "SELECT sum(greatest(c.reltuples, 0))::bigint, sum(pg_table_size(c.oid))::bigint FROM pg_class r "
      "JOIN pg_namespace n ON n.oid = r.relnamespace CROSS JOIN LATERAL (SELECT relid::oid AS oid FROM "
      "pg_partition_tree(r.oid) WHERE isleaf AND r.relkind = 'p' UNION ALL SELECT r.oid WHERE r.relkind <> 'p') leaf "
      "JOIN pg_class c ON c.oid = leaf.oid WHERE n.nspname = $1 AND r.relname = $2",
      {schema.name.schema, schema.name.table});
  if (!answer) return classify(std::move(answer).error());
  return TableEstimate{static_cast<uint64_t>(answer->number(0, 0)), static_cast<uint64_t>(answer->number(0, 1))};
}

// Cuts at equal distances between the ends of a key of one integer. They need not be keys that are there.
Result<std::vector<OwnedRow>> PgTableReader::split(const TableSchema& schema, size_t parts) {
  std::vector<OwnedRow> cuts;
  if (parts < 2 || schema.key.size() != 1 || schema.columns[schema.key[0]].kind != Kind::kInt) return cuts;
  TRY_ASSIGN(const TableEstimate size, estimate(schema));
  if (size.rows < kSplitRows) return cuts;
  const auto found = load_table(*session_, schema.name);
  if (!found) return classify(found.error());
  if (found->empty()) return cuts;
  const std::string key = quote_identifier(schema.columns[schema.key[0]].name);
  Result<Answer> ends =
      session_->execute(cat("SELECT min(", key, "), max(", key, ") FROM ", from_table(found->front())));
  if (!ends) return classify(std::move(ends).error());
  if (ends->is_null(0, 0)) return cuts;
  const auto low = static_cast<uint64_t>(ends->number(0, 0));
  const uint64_t distance = static_cast<uint64_t>(ends->number(0, 1)) - low;
  if (distance < parts) return cuts;
  for (size_t i = 1; i < parts; ++i) {
    const auto cut = static_cast<int64_t>(low + distance / parts * i);
    cuts.emplace_back(std::vector<Value>{Value::int64(cut)});
  }
  return cuts;
}

Result<std::shared_ptr<const ReadPoint>> PgTableReader::begin(const SchemaRef& schema) {
  end();
  if (schema_ != schema) {
    row_bytes_ = 0;
    printed_only_ = false;
  }
  schema_ = schema;
  Result<std::shared_ptr<const ReadPoint>> point = begin_view(schema);
  if (point) return point;
  return classify(std::move(point).error()).with(cat("opening a read view of ", schema->name.text()));
}

Result<std::shared_ptr<const ReadPoint>> PgTableReader::begin_view(const SchemaRef& schema) {
  TRY(connect());
  if (table_.schema != schema) TRY(check_shape(schema));
  const ViewRequest request{.table = &schema->name,
                            .oid = table_.oid,
                            .with_partitions = table_.partitioned,
                            .in_log_order = !chunkable(*schema)};
  TRY_ASSIGN(auto point,
             delivered_ ? open_view(*session_, server_, request, delivered_) : open_unplaced_view(*session_));
  // The view keeps DDL away from the table; only now does its shape say anything.
  TRY_ASSIGN(std::string mark, shape_mark(*session_, schema->name));
  if (mark.empty() || mark != mark_) {
    const uint32_t oid = table_.oid;
    TRY(check_shape(schema));
    if (table_.oid != oid) return changed(schema->name, "another table took its name");
    mark_ = std::move(mark);
  }
  return point;
}

Status PgTableReader::check_shape(const SchemaRef& schema) {
  table_ = {};
  mark_.clear();
  TRY_ASSIGN(auto found, load_table(*session_, schema->name));
  if (found.empty()) return changed(schema->name, "it is gone, or is not in the log any more");
  found[0] = followed(std::move(found[0]));
  if (!same_shape(*found[0].schema, *schema)) return changed(schema->name, "it was altered");
  table_ = std::move(found[0]);
  table_.schema = schema;
  copy_ = CopyRows(table_);
  return ok();
}

Status PgTableReader::must_be_open() const {
  if (session_ && session_->in_transaction() && schema_) return ok();
  return Error(Blame::kTransient, "the session of the table reader was lost; the copy tries again");
}

Status PgTableReader::declare(const KeyRange& range) {
  const Query query =
      chunkable(*schema_)
          ? range_query(table_, range.after ? &*range.after : nullptr, range.upto ? &*range.upto : nullptr)
          : whole_query(table_);
  TRY(session_->query(cat("DECLARE ", kCursor, " NO SCROLL CURSOR FOR ", query.sql), query.params));
  range_ = Range::kOpen;
  return ok();
}

Status PgTableReader::start_copy(const KeyRange& range, std::optional<size_t> rows) {
  const auto bound = [](const std::optional<OwnedRow>& key) { return key ? &*key : nullptr; };
  const Query query = chunkable(*schema_) ? range_query(table_, bound(range.after), bound(range.upto), Values::kInside)
                                          : whole_query(table_);
  TRY(copy_.begin(*session_, rows ? cat(query.sql, " LIMIT ", *rows) : query.sql));
  due_ = rows.value_or(0);
  return ok();
}

Result<bool> PgTableReader::take_copied(const ChunkLimit& limit, Chunk& chunk) {
  while (chunk.rows.size() < limit.rows && chunk.bytes < limit.bytes) {
    const size_t before = arena_.bytes();
    const std::span<Value> values = arena_.array<Value>(schema_->columns.size());
    TRY_ASSIGN(const bool more, copy_.next(*session_, arena_, values));
    if (!more) return true;
    chunk.rows.emplace_back(values);
    chunk.bytes += arena_.bytes() - before;
    if (due_ > 0) --due_;
  }
  return false;
}

// COPYs of as many rows as should fill the chunk. They may be larger than those before: a COPY that has rows left when the
// chunk is full goes on in the next one. What is not to be read in binary form goes on in the printed one, which has the word
// on what can't be read at all.
Status PgTableReader::copy_chunk(const ChunkLimit& limit, Chunk& chunk) {
  // What is less than a sixteenth is not worth a statement.
  const auto has_room = [&] { return chunk.rows.size() < limit.rows && chunk.bytes < limit.bytes - limit.bytes / 16; };
  do {
    if (!copy_.under_way()) TRY(start_copy(rest_, rows_to_fetch(limit, chunk, kCopyRows)));
    const size_t rows = chunk.rows.size();
    const size_t bytes = chunk.bytes;
    // Its end comes behind the last row: the limit of rows is the statement's.
    const Result<bool> ended = take_copied({.rows = SIZE_MAX, .bytes = limit.bytes * 2}, chunk);
    if (!ended && !copy_.row_refused()) return ended.error();
    if (!ended) {
      chunk.rows.resize(rows);
      chunk.bytes = bytes;
      TRY(copy_.skip(*session_));
      printed_only_ = true;
      TRY(declare(rest_));
      return fetch(limit, chunk);
    }
    const size_t taken = chunk.rows.size() - rows;
    if (taken > 0) {
      rest_.after = key_of(*schema_, chunk.rows.back());
      row_bytes_ = std::max((chunk.bytes - bytes) / taken, row_bytes_ * 3 / 4);
    }
    chunk.end = *ended && due_ > 0;
  } while (!chunk.end && has_room());
  if (chunk.end) range_ = Range::kDone;
  return ok();
}

Result<Value> PgTableReader::value_at(const Answer& answer, size_t row, size_t column) {
  if (answer.is_null(row, column)) return Value::null();
  Result<Value> value = pgoutput::read_text(schema_->columns[column], answer.text(row, column), arena_);
  if (value) return value;
  std::string key;
  for (const uint16_t i : schema_->key) {
    key += cat(key.empty() ? "" : ", ", answer.text(row, i).substr(0, 100));
  }
  return std::move(value)
      .error()
      .with(cat("column ", schema_->columns[column].name, key.empty() ? "" : cat(" of the row with key (", key, ")")))
      .about(schema_->name.text());
}

Status PgTableReader::take_rows(const Answer& answer, Chunk& chunk) {
  for (size_t r = 0; r < answer.rows(); ++r) {
    const size_t before = arena_.bytes();
    const std::span<Value> values = arena_.array<Value>(schema_->columns.size());
    for (size_t c = 0; c < values.size(); ++c) {
      TRY_ASSIGN(values[c], value_at(answer, r, c));
    }
    chunk.rows.emplace_back(values);
    chunk.bytes += arena_.bytes() - before;
  }
  return ok();
}

// As many as the byte limit allows for, by the size of those before.
size_t PgTableReader::rows_to_fetch(const ChunkLimit& limit, const Chunk& chunk, size_t most) const {
  const size_t wanted = std::max<size_t>(limit.rows, 1) - chunk.rows.size();
  if (row_bytes_ == 0) return std::min(wanted, kFirstFetchRows);
  const size_t fit = (limit.bytes - std::min(limit.bytes, chunk.bytes)) / row_bytes_;
  return std::clamp<size_t>(fit, 1, std::min(wanted, most));
}

Chunk PgTableReader::finish(Chunk chunk) {
  chunk.schema = schema_;
  chunk.slabs = arena_.take();
  return chunk;
}

Status PgTableReader::fetch(const ChunkLimit& limit, Chunk& chunk) {
  do {
    const size_t wanted = rows_to_fetch(limit, chunk, kFetchRows);
    TRY_ASSIGN(const Answer answer, session_->execute(cat("FETCH ", wanted, " FROM ", kCursor)));
    const size_t bytes = chunk.bytes;
    TRY(take_rows(answer, chunk));
    if (answer.rows() > 0) row_bytes_ = std::max((chunk.bytes - bytes) / answer.rows(), row_bytes_ * 3 / 4);
    chunk.end = answer.rows() < wanted;
  } while (!chunk.end && chunk.rows.size() < limit.rows && chunk.bytes < limit.bytes);
  if (!chunk.end) return ok();
  TRY(session_->execute(cat("CLOSE ", kCursor)));
  range_ = Range::kDone;
  return ok();
}

Status PgTableReader::read_on(const KeyRange& range, const ChunkLimit& limit, Chunk& chunk) {
  const bool begins = range_ == Range::kNone;
  const bool copied = copy_.under_way() || by_copy();
  if (begins && copied) {
    rest_ = range;
    range_ = Range::kOpen;
    if (!delivered_) TRY(start_copy(range, std::nullopt));
  } else if (begins) {
    TRY(declare(range));
  }
  if (!copied) return fetch(limit, chunk);
  if (delivered_) return copy_chunk(limit, chunk);
  const Result<bool> ended = take_copied(limit, chunk);
  if (!ended && ended.error().code() == pgoutput::kNeedsText) printed_only_ = true;
  TRY(ended);
  chunk.end = *ended;
  if (chunk.end) range_ = Range::kDone;
  return ok();
}

Result<Chunk> PgTableReader::read(const KeyRange& range, const ChunkLimit& limit) {
  TRY(must_be_open());
  Chunk chunk;
  chunk.end = range_ == Range::kDone;
  Status read = chunk.end ? ok() : read_on(range, limit, chunk);
  if (read) return finish(std::move(chunk));
  (void)arena_.take();
  return classify(std::move(read).error()).with(cat("reading ", schema_->name.text()));
}

Result<Chunk> PgTableReader::read_keys(std::span<const OwnedRow> keys) {
  TRY(must_be_open());
  Chunk chunk;
  for (size_t from = 0; from < keys.size(); from += kKeysPerQuery) {
    const Query query = keys_query(table_, keys.subspan(from, std::min(kKeysPerQuery, keys.size() - from)));
    Result<Answer> answer = session_->query(query.sql, query.params);
    Status taken = answer ? take_rows(*answer, chunk) : Status(std::move(answer).error());
    if (taken) continue;
    (void)arena_.take();
    return classify(std::move(taken).error()).with(cat("reading rows of ", schema_->name.text(), " by their keys"));
  }
  chunk.end = true;
  return finish(std::move(chunk));
}

void PgTableReader::end() {
  range_ = Range::kNone;
  if (copy_.under_way()) {  // the rest would have to be read first: a new session is cheaper
    session_.reset();
    copy_ = CopyRows(table_);
  }
  if (session_ && (session_->broken() || !close_view(*session_))) session_.reset();
}

}  // namespace

Result<std::unique_ptr<TableReader>> open_table_reader(OpenSession open, std::shared_ptr<const Delivered> delivered) {
  auto reader = std::make_unique<PgTableReader>(std::move(open), std::move(delivered));
  TRY(reader->connect());
  return std::unique_ptr<TableReader>(std::move(reader));
}

}  // namespace weft::postgres
