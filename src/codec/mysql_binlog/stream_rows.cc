// SPDX-License-Identifier: Apache-2.0
// Table maps and rows.
#include "base/text.h"
#include "codec/mysql_binlog/inflate.h"
#include "codec/mysql_binlog/stream_impl.h"
#include "model/origin.h"

namespace weft::mysql_binlog {
namespace {

// The table id of an event that only ends a statement.
constexpr uint64_t kDummyTable4 = 0x00ffffff;
constexpr uint64_t kDummyTable6 = 0xffffffffffff;
constexpr size_t kFlagBytes = 2;
constexpr size_t kTablesLimit = 8192;

// The log has lost this value for ever: whatever would be passed on in its place is wrong.
Error unresolved_json(const RowChange& change) {
  const TableSchema& schema = *change.schema;
  const bool known = !schema.keyless() && !change.before.empty() && has_key(schema, change.before);
  return Error(Blame::kConfig,
               cat("table ",
                   schema.name.text(),
                   known ? cat(", key ", describe(key_of(schema, change.before).row())) : "",
                   ": a partial update of a JSON value, and the value before it is not in the log; SET GLOBAL "
                   "binlog_row_value_options = '' (or binlog_row_image = 'FULL'), let all sessions reconnect, and make "
                   "a new snapshot"),
               std::string(kPartialJsonLost))
      .about(schema.name.text());
}

// docs/formats/origin.md; its rows are read by place, whatever the log says of names.
const SchemaRef& origin_schema() {
  static const SchemaRef kSchema = [] {
    auto schema = std::make_shared<TableSchema>();
    schema->name.table = kOriginTable;
    Column lane;
    lane.name = "lane";
    lane.kind = Kind::kInt;
    lane.int_bits = 64;
    lane.nullable = false;
    Column chain;
    chain.name = "chain";
    chain.kind = Kind::kBytes;
    chain.nullable = false;
    schema->columns = {std::move(lane), std::move(chain)};
    schema->key = {0};
    return schema;
  }();
  return kSchema;
}

}  // namespace

Status BinlogStream::Impl::table_map(std::string_view body) {
  ByteReader in(body);
  const uint64_t id = table_id_bytes() == 6 ? in.le(6) : in.le(4);
  in.skip(kFlagBytes);
  const std::string_view bytes = in.rest();
  if (!in.ok()) return corrupt("table map event");
  if (last_table_ != nullptr && id == last_table_id_ && bytes == last_table_->bytes) return ok();
  const auto found = tables_.find(id);
  if (found != tables_.end() && found->second->bytes == bytes) {
    last_table_ = found->second.get();
  } else {
    TRY_ASSIGN(last_table_, new_table(id, body, bytes));
  }
  last_table_id_ = id;
  return ok();
}

// The table of an id that is new or has changed: known by its bytes under another id, or to be worked out.
Result<BinlogStream::Impl::Table*> BinlogStream::Impl::new_table(uint64_t id,
                                                                 std::string_view body,
                                                                 std::string_view bytes) {
  if (tables_.size() + known_.size() > kTablesLimit) forget_tables();
  std::string key(bytes);
  std::shared_ptr<Table>& known = known_[key];
  if (known == nullptr) {
    TRY_ASSIGN(Table table, decode_table(body));
    table.bytes = std::move(key);
    known = std::make_shared<Table>(std::move(table));
  }
  tables_[id] = known;
  return known.get();
}

Result<BinlogStream::Impl::Table> BinlogStream::Impl::decode_table(std::string_view body) {
  ByteReader in(body);
  in.skip(table_id_bytes() + kFlagBytes);
  const std::string_view database = in.take(in.u8());
  in.skip(1);
  const std::string_view name = in.take(in.u8());
  if (!in.ok()) return corrupt("table map event");
  Table table;
  if (name == kOriginTable && catalogue_.captured(database, {})) {
    TRY_ASSIGN(const TableMap map, parse_table_map(body, table_id_bytes(), options_.flavor));
    Result<RowDecoder> decoder = RowDecoder::build(map, *origin_schema());
    if (!decoder) return table;  // someone else's table of that name
    table.decoder = std::move(*decoder);
    table.schema = origin_schema();
    table.tells_origin = true;
    return table;
  }
  TRY_ASSIGN(const SchemaRef catalogue, catalogue_.lookup(database, name));
  if (catalogue == nullptr && !catalogue_.captured(database, name)) return table;
  TRY_ASSIGN(const TableMap map, parse_table_map(body, table_id_bytes(), options_.flavor));
  TRY_ASSIGN(table.schema, merge_schema(map, catalogue));
  TRY_ASSIGN(RowDecoder decoder, RowDecoder::build(map, *table.schema));
  table.decoder = std::move(decoder);
  return table;
}

void BinlogStream::Impl::forget_tables() {
  tables_.clear();
  known_.clear();
  last_table_ = nullptr;
  last_table_id_ = UINT64_MAX;
}

void BinlogStream::Impl::keep_schema(Table& table) {
  if (table.kept_in == batch_) return;
  builder_.keep(table.schema);
  table.kept_in = batch_;
}

Status BinlogStream::Impl::rows(const EventHeader& header, std::string_view body) {
  const uint64_t id = rows_table_id(body, table_id_bytes());
  Table* table = last_table_;
  if (table == nullptr || id != last_table_id_) {
    const auto found = tables_.find(id);
    if (found == tables_.end()) {
      if (id == kDummyTable4 || id == kDummyTable6) return ok();
      return corrupt(cat("rows event: no table map for table id ", id));
    }
    table = found->second.get();
  }
  if (table->schema == nullptr) return ok();
  if (!tx_.open) return corrupt("rows event outside of a transaction");
  const RowsKind kind = rows_kind(header.type);
  TRY_ASSIGN(RowsEvent event, parse_rows(kind, body, table_id_bytes()));
  if (event.columns != table->decoder->wire_columns()) {
    return corrupt(cat("rows event of ",
                       table->schema->name.text(),
                       ": ",
                       event.columns,
                       " columns, its table map has ",
                       table->decoder->wire_columns()));
  }
  if (kind.compressed) {
    const std::optional<std::string_view> unpacked = inflate_event_part(event.rows, arena_);
    if (!unpacked) return corrupt("compressed rows event");
    event.rows = *unpacked;
  } else if (slab_ != nullptr && slab_->get() != kept_slab_) {
    builder_.keep(*slab_);
    kept_slab_ = slab_->get();
  }
  keep_schema(*table);
  TRY(decode_rows(*table, kind, event));
  // Between events: a fragment cut inside of one would hand the slab of its rows on to the next, and so on to the end.
  if (builder_.in_transaction() && tx_.bytes > options_.fragment_bytes) cut_fragment();
  return ok();
}

Status BinlogStream::Impl::decode_rows(Table& table, const RowsKind& kind, const RowsEvent& event) {
  ByteReader in(event.rows);
  // An insert of nothing but defaults has no column in its image, and so no bytes.
  if (in.empty() && kind.op == Op::kInsert && event.before.count() == 0) return decode_row(table, kind, event, in);
  while (!in.empty()) {
    const size_t left = in.left();
    TRY(decode_row(table, kind, event, in));
    if (in.left() == left) return corrupt(cat("rows event of ", table.schema->name.text(), ": rows without columns"));
  }
  return ok();
}

// It stands in front of everything else, or says nothing.
void BinlogStream::Impl::tell_origin(const RowChange& change) {
  const bool says = change.after.size() == 2 && change.after[1].kind() == Kind::kBytes;
  if (!says || tx_.cut || builder_.pending_changes() > 0) return;
  add(Origin{arena_.copy(chain_of_row(change.after[1].view()))}, 0);
}

Status BinlogStream::Impl::decode_row(Table& table, const RowsKind& kind, const RowsEvent& event, ByteReader& in) {
  if (!builder_.in_transaction()) open_builder();
  const size_t left = in.left();
  RowDecoder& decoder = *table.decoder;
  RowChange change{table.schema.get(), kind.op, {}, {}, hides_actions_ && event.foreign_keys};
  bool sound = true;
  if (kind.partial) {
    const uint64_t unresolved = decoder.unresolved();
    sound = decoder.read_before(in, event.before, arena_, change.before) &&
            decoder.read_partial(in, event.after, arena_, change.after);
    if (sound && decoder.unresolved() != unresolved) return unresolved_json(change);
  } else if (kind.op == Op::kInsert) {
    sound = decoder.read(in, event.before, arena_, change.after);
  } else {
    sound = decoder.read(in, event.before, arena_, change.before);
    if (kind.op == Op::kUpdate) sound = sound && decoder.read(in, event.after, arena_, change.after);
  }
  if (!sound) return corrupt(cat("rows event of ", table.schema->name.text(), ": a row image"));
  if (table.tells_origin) {
    tell_origin(change);
    return ok();
  }
  const size_t bytes = left - in.left();
  builder_.viewed(bytes);
  viewed_bytes_ += bytes;
  add(change, bytes + (change.before.size() + change.after.size()) * sizeof(Value));
  return ok();
}

}  // namespace weft::mysql_binlog
