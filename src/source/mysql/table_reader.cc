// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/table_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <numeric>

#include "base/text.h"
#include "engine/mysql/quote.h"
#include "source/mysql/chunk_query.h"

namespace weft::mysql {
namespace {

// Statements are kept per text; more than these are not worth their memory at the server.
constexpr size_t kStatementsMax = 12;
constexpr uint64_t kSplitRows = 200000;
constexpr size_t kKeysPerQuery = 200;

constexpr Timeouts kReaderTimeouts{.read = std::chrono::seconds(300)};

constexpr std::string_view kSessionSettings =
    "SET SESSION lock_wait_timeout=50, net_write_timeout=31536000, net_read_timeout=31536000";

bool same_columns(const TableSchema& a, const TableSchema& b) {
  const auto same = [](const Column& x, const Column& y) {
    return x.name == y.name && x.source_type == y.source_type && x.kind == y.kind && x.nullable == y.nullable &&
           x.labels == y.labels && x.charset == y.charset;
  };
  return a.key == b.key && std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same);
}

bool orderable(const Column& column) {
  switch (column.kind) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDecimal:
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kTimestamp:
    case Kind::kTime:
    case Kind::kUuid:
      return true;
    case Kind::kText:
      return column.labels.empty() && (column.length > 0 || column.source_type.starts_with("inet"));
    case Kind::kBytes:
      return column.length > 0;
    default:
      return false;
  }
}

// Rows of it change without a sign in the log: a view of them has to have an exact place.
bool acted_upon(const TableSchema& schema) {
  return std::any_of(
      schema.foreign_keys.begin(), schema.foreign_keys.end(), [](const ForeignKey& key) { return key.acts(); });
}

Error changed(const TableName& table, std::string_view what) {
  return Error(
             Blame::kTransient, cat("table ", table.text(), " is not what it was: ", what), std::string(kSchemaChanged))
      .about(table.text());
}

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace

Result<std::unique_ptr<MySqlTableReader>> MySqlTableReader::open(const Server& server,
                                                                 std::shared_ptr<const ReaderShare> share) {
  std::unique_ptr<MySqlTableReader> reader(new MySqlTableReader(server, std::move(share)));
  TRY(reader->connect());
  return reader;
}

Status MySqlTableReader::connect() {
  drop_session();
  TRY_ASSIGN(Connection connection, server_.open(kReaderTimeouts));
  TRY(connection.execute(kSessionSettings));
  TRY(connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  if (!connection.mariadb()) {
    TRY(connection.execute("SET SESSION range_optimizer_max_mem_size=0, information_schema_stats_expiry=0"));
  }
  session_ = std::make_unique<Session>(std::move(connection));
  return ok();
}

Error MySqlTableReader::classify(Error error) const {
  const bool gone = error.code() == "1054" || error.code() == "1146";
  if (gone && schema_) return changed(schema_->name, error.message());
  return error;
}

Result<TableEstimate> MySqlTableReader::estimate(const TableSchema& schema) {
  if (!session_) TRY(connect());
  TRY_ASSIGN(const Rows rows,
             session_->connection.query(
                 cat("SELECT TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = ",
                     quote_literal(schema.name.schema),
                     " AND TABLE_NAME = ",
                     quote_literal(schema.name.table))));
  if (rows.empty()) return TableEstimate();
  return TableEstimate{number(rows.text(0, 0)), number(rows.text(0, 1))};
}

bool MySqlTableReader::chunkable(const TableSchema& schema) const {
  // Rows that refer to rows of the same table change with them without a sign: a part of them is no basis to follow that.
  const bool own_actions = std::any_of(schema.foreign_keys.begin(),
                                       schema.foreign_keys.end(),
                                       [&](const ForeignKey& key) { return key.acts() && key.parent == schema.name; });
  if (own_actions && share_->hides_key_actions) return false;
  return !schema.key.empty() &&
         std::all_of(schema.key.begin(), schema.key.end(), [&](uint16_t i) { return orderable(schema.columns[i]); });
}

// Cuts at equal distances of the first key column's values; each cut is a key that is there.
Result<std::vector<OwnedRow>> MySqlTableReader::split(const TableSchema& schema, size_t parts) {
  std::vector<OwnedRow> cuts;
  if (parts < 2 || !schema.key_comparable()) return cuts;
  const Column& first = schema.columns[schema.key[0]];
  if ((first.kind != Kind::kInt && first.kind != Kind::kUint) || first.source_type.starts_with("year")) return cuts;
  TRY_ASSIGN(const TableEstimate size, estimate(schema));
  if (size.rows < kSplitRows) return cuts;
  const std::string column = quote_identifier(first.name);
  TRY_ASSIGN(
      const Rows ends,
      session_->connection.query(cat("SELECT MIN(", column, "), MAX(", column, ") FROM ", quote_name(schema.name))));
  if (ends.empty() || !ends.rows[0][0]) return cuts;
  const std::string low = ends.text(0, 0);
  const std::string high = ends.text(0, 1);
  for (size_t i = 1; i < parts; ++i) {
    // In the server's arithmetic, which has room for the distance between the ends of a 64-bit range.
    const Query row = range_query(schema, nullptr, nullptr, 1);
    std::string sql = row.sql;
    const std::string cut = cat("FLOOR(CAST(",
                                low,
                                " AS DECIMAL(30)) + (CAST(",
                                high,
                                " AS DECIMAL(30)) - CAST(",
                                low,
                                " AS DECIMAL(30))) * ",
                                i,
                                " / ",
                                parts,
                                ")");
    TRY_ASSIGN(const auto value, session_->connection.value(cat("SELECT ", cut)));
    sql.insert(sql.rfind(" ORDER BY "), cat(" WHERE ", column, " >= ", value.value_or("0")));
    TRY_ASSIGN(Statement statement, Statement::prepare(session_->connection, session_->packets, sql));
    TRY(statement.execute({}));
    std::vector<uint16_t> ordinals(schema.columns.size());
    std::iota(ordinals.begin(), ordinals.end(), uint16_t{0});
    TRY_ASSIGN(const BinaryRows decoder, BinaryRows::plan(schema, ordinals, statement.columns()));
    TRY_ASSIGN(const auto packet, statement.next());
    if (!packet) break;
    std::vector<Value> values(schema.columns.size());
    TRY(decoder.decode(*packet, values, arena_));
    OwnedRow key = key_of(schema, values);
    TRY(statement.drain());
    if (cuts.empty() || compare_keys(cuts.back().row(), key.row()) < 0) cuts.push_back(std::move(key));
  }
  return cuts;
}

Result<std::shared_ptr<const ReadPoint>> MySqlTableReader::begin(const SchemaRef& schema) {
  if (streaming_) drop_session();
  if (!session_) TRY(connect());
  if (schema_ != schema) session_->statements.clear();
  schema_ = schema;
  range_fixed_ = false;
  rows_.reset();
  Result<std::shared_ptr<const ReadPoint>> point = begin_view(schema);
  if (point) return point;
  const Error error = classify(std::move(point).error());
  if (error.blame() == Blame::kTransient && error.code() != kSchemaChanged) drop_session();
  end();
  return error;
}

Result<std::shared_ptr<const ReadPoint>> MySqlTableReader::begin_view(const SchemaRef& schema) {
  if (known_ != schema) TRY(check_shape(schema));  // tells the engine, which decides about the view
  const ViewNeeds needs{.mariadb = server_.mariadb(),
                        .gtids = share_->gtids,
                        .read_views = known_read_views_,
                        .exact = !chunkable(*schema) || (share_->hides_key_actions && acted_upon(*schema)),
                        .only_reads = share_->only_reads};
  TRY_ASSIGN(auto point, view_.open(session_->connection, schema->name, choose_view(needs), share_->places_trusted));
  // Touching the table keeps DDL away from it until the view closes; only then does its shape say anything.
  TRY(session_->connection.execute(cat("SELECT 1 FROM ", quote_name(schema->name), " LIMIT 0")));
  TRY(check_shape(schema));
  return point;
}

// Compares the table with `schema`. The server's description of `SELECT *` is asked for each time (one round trip); the
// catalogue only when that is not what it was.
Status MySqlTableReader::check_shape(const SchemaRef& schema) {
  TRY_ASSIGN(Statement all,
             Statement::prepare(
                 session_->connection, session_->packets, cat("SELECT * FROM ", quote_name(schema->name), " LIMIT 0")));
  if (known_ == schema && known_shape_ == all.columns()) return ok();
  TRY_ASSIGN(const auto found, load_table(session_->connection, schema->name));
  if (found.empty()) return changed(schema->name, "it is gone");
  if (!same_columns(*found[0].schema, *schema)) return changed(schema->name, "it was altered");
  known_ = schema;
  known_shape_ = all.columns();
  known_read_views_ = has_read_views(found[0].engine);
  return ok();
}

Result<Statement*> MySqlTableReader::start(const std::string& sql, Row parameters) {
  auto found = session_->statements.find(sql);
  if (found == session_->statements.end()) {
    if (session_->statements.size() >= kStatementsMax) session_->statements.clear();
    TRY_ASSIGN(Statement statement, Statement::prepare(session_->connection, session_->packets, sql));
    found = session_->statements.emplace(sql, std::move(statement)).first;
  }
  TRY(found->second.execute(parameters));
  if (!rows_) {
    ordinals_.resize(schema_->columns.size());
    std::iota(ordinals_.begin(), ordinals_.end(), uint16_t{0});
    TRY_ASSIGN(rows_, BinaryRows::plan(*schema_, ordinals_, found->second.columns()));
  }
  return &found->second;
}

Status MySqlTableReader::add_row(std::string_view packet, Chunk& chunk, SlabRef& last_slab) {
  const std::span<Value> values = arena_.array<Value>(ordinals_.size());
  TRY(rows_->decode(packet, values, arena_));
  if (session_->packets.slab() != last_slab) {
    last_slab = session_->packets.slab();
    chunk.slabs.push_back(last_slab);
  }
  chunk.rows.emplace_back(values);
  chunk.bytes += packet.size() + values.size_bytes();
  return ok();
}

Result<bool> MySqlTableReader::take_rows(Statement& statement, const ChunkLimit& limit, Chunk& chunk) {
  SlabRef last_slab;
  while (chunk.rows.size() < limit.rows && chunk.bytes < limit.bytes) {
    TRY_ASSIGN(const auto packet, statement.next());
    if (!packet) return true;
    TRY(add_row(*packet, chunk, last_slab));
  }
  return false;
}

Chunk MySqlTableReader::finish(Chunk chunk) {
  chunk.schema = schema_;
  for (SlabRef& slab : arena_.take()) chunk.slabs.push_back(std::move(slab));
  if (!chunk.rows.empty()) row_bytes_ = std::max(chunk.bytes / chunk.rows.size(), row_bytes_ * 3 / 4);
  return chunk;
}

// As many rows as the byte limit allows for, in powers of two, so that few statements are needed.
size_t MySqlTableReader::rows_for(const ChunkLimit& limit) const {
  const size_t fit = std::max<size_t>(limit.bytes / std::max<size_t>(row_bytes_, 1), 1);
  return fit >= limit.rows ? std::max<size_t>(limit.rows, 1) : std::bit_floor(fit);
}

Result<Chunk> MySqlTableReader::read(const KeyRange& range, const ChunkLimit& limit) {
  if (!session_) return Error(Blame::kTransient, "the session of the table reader was lost");
  if (!range_fixed_) {
    range_ = range;
    range_fixed_ = true;
    streaming_ = false;
  }
  Result<Chunk> chunk = chunkable(*schema_) ? read_range(limit) : read_whole(limit);
  if (chunk) return chunk;
  if (chunk.error().blame() == Blame::kTransient && chunk.error().code() != kSchemaChanged) drop_session();
  return classify(std::move(chunk).error()).with(cat("reading ", schema_->name.text()));
}

Result<Chunk> MySqlTableReader::read_range(const ChunkLimit& limit) {
  const size_t wanted = rows_for(limit);
  const Query query =
      range_query(*schema_, range_.after ? &*range_.after : nullptr, range_.upto ? &*range_.upto : nullptr, wanted);
  TRY_ASSIGN(Statement* const statement, start(query.sql, query.parameters));
  Chunk chunk;
  // Rows may turn out larger than those before: twice the limit is where they are cut off.
  TRY_ASSIGN(const bool all, take_rows(*statement, {.rows = wanted, .bytes = limit.bytes * 2}, chunk));
  if (!all) TRY(statement->drain());  // at the LIMIT, or cut off
  chunk.end = all;
  if (!chunk.rows.empty()) range_.after = key_of(*schema_, chunk.rows.back());
  return finish(std::move(chunk));
}

Result<Chunk> MySqlTableReader::read_whole(const ChunkLimit& limit) {
  if (!streaming_) {
    TRY_ASSIGN(whole_, start(whole_query(*schema_), {}));
    streaming_ = true;
  }
  Chunk chunk;
  TRY_ASSIGN(chunk.end, take_rows(*whole_, limit, chunk));
  if (chunk.end) streaming_ = false;
  return finish(std::move(chunk));
}

Result<Chunk> MySqlTableReader::read_keys(std::span<const OwnedRow> keys) {
  if (!session_) return Error(Blame::kTransient, "the session of the table reader was lost");
  Chunk chunk;
  for (size_t from = 0; from < keys.size(); from += kKeysPerQuery) {
    const Query query = keys_query(*schema_, keys.subspan(from, std::min(kKeysPerQuery, keys.size() - from)));
    Result<Statement*> statement = start(query.sql, query.parameters);
    if (!statement) return classify(std::move(statement).error());
    TRY(take_rows(**statement, {.rows = SIZE_MAX, .bytes = SIZE_MAX}, chunk));
  }
  chunk.end = true;
  return finish(std::move(chunk));
}

void MySqlTableReader::end() {
  if (!session_) return;
  // In the middle of a whole table the rest of it would have to be read first: a new session is cheaper.
  if (streaming_ || !view_.close(session_->connection)) drop_session();
}

void MySqlTableReader::drop_session() {
  if (session_) session_->connection.abandon();
  whole_ = nullptr;
  streaming_ = false;
  session_.reset();
}

}  // namespace weft::mysql
