// SPDX-License-Identifier: Apache-2.0
#include "journal/slice.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"

namespace weft {
namespace {

// A change's first byte.
constexpr uint8_t kWhat = 0x07;
constexpr uint8_t kHasBefore = 0x08;
constexpr uint8_t kHasAfter = 0x10;
constexpr uint8_t kHiddenActions = 0x20;
constexpr uint8_t kSchemaChange = 3;
constexpr uint8_t kDrops = 1, kCreates = 2, kRenames = 4;  // of a schema change
constexpr uint8_t kNotNull = 16;                           // of a column that it adds
constexpr uint64_t kColumnsMax = 4096;                     // of one table, at every source
constexpr uint8_t kTruncate = 4;
constexpr uint8_t kTwoPhase = 5;
constexpr uint8_t kOrigin = 6;

// A value's first byte: its kind, and above it how many bytes its number or length takes.
constexpr uint8_t kKind = 0x1f;
constexpr uint8_t kSame = 0x1f;  // in an after image: as in the before image

bool has_scale(Kind kind) {
  return kind == Kind::kBit || kind == Kind::kDateTime || kind == Kind::kTimestamp || kind == Kind::kTime;
}

bool is_signed(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kTimestamp || kind == Kind::kTime;
}

// Bytes that hold the number, as its class of three bits: 7 stands for 8.
uint8_t width_class(uint64_t n) {
  const auto bytes = static_cast<uint8_t>((std::bit_width(n) + 7) / 8);
  return bytes > 6 ? 7 : bytes;
}

size_t width_of(uint8_t cls) {
  return cls == 7 ? 8 : cls;
}

void put_value(const Value& v, std::string& out) {
  const auto kind = static_cast<uint8_t>(v.kind());
  const bool view = v.has_view();
  const uint64_t n = view ? v.view().size() : is_signed(v.kind()) ? zigzag(v.as_int()) : v.as_uint();
  const uint8_t cls = width_class(n);
  char head[10];
  head[0] = static_cast<char>(kind | (cls << 5));
  size_t used = 1;
  if (has_scale(v.kind())) head[used++] = static_cast<char>(v.scale());
  std::memcpy(head + used, &n, 8);
  out.append(head, used + width_of(cls));
  if (view) out.append(v.view());
}

bool identical(const Value& a, const Value& b) {
  return a.same(b) && a.scale() == b.scale();
}

// `before`: of the same change, empty if there is none.
void put_row(Row row, Row before, std::string& out) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (!before.empty() && identical(row[i], before[i])) {
      out.push_back(static_cast<char>(kSame));
    } else {
      put_value(row[i], out);
    }
  }
}

bool put_change(const Change& change, const std::function<uint32_t(const TableSchema*)>& number_of, ByteWriter& w) {
  const auto number = [&](const TableSchema* schema) { return schema == nullptr ? 0u : number_of(schema) + 1; };
  if (const auto* row = std::get_if<RowChange>(&change)) {
    const size_t columns = row->schema->columns.size();
    if (!row->before.empty() && row->before.size() != columns) return false;
    if (!row->after.empty() && row->after.size() != columns) return false;
    w.le(static_cast<uint8_t>(row->op) | (row->before.empty() ? 0 : kHasBefore) | (row->after.empty() ? 0 : kHasAfter) |
             (row->hidden_actions ? kHiddenActions : 0),
         1);
    w.varint(number(row->schema));
    put_row(row->before, {}, w.str());
    put_row(row->after, row->before, w.str());
  } else if (const auto* schema = std::get_if<SchemaChange>(&change)) {
    w.le(kSchemaChange, 1);
    w.varint(number(schema->schema));
    w.text(schema->database);
    w.text(schema->table);
    w.text(schema->statement);
    w.le((schema->drops ? kDrops : 0) | (schema->creates ? kCreates : 0) | (schema->renames ? kRenames : 0), 1);
    w.varint(schema->added.size());
    for (const AddedColumn& column : schema->added) {
      w.le(static_cast<uint8_t>(column.kind) | (column.not_null ? kNotNull : 0), 1);
      w.text(column.name);
      w.text(column.text);
    }
  } else if (const auto* phase = std::get_if<TwoPhase>(&change)) {
    w.le(kTwoPhase, 1);
    w.varint(0);
    w.le(static_cast<uint8_t>(phase->step), 1);
    w.text(phase->name);
  } else if (const auto* origin = std::get_if<Origin>(&change)) {
    w.le(kOrigin, 1);
    w.varint(0);
    w.text(origin->chain);
  } else {
    w.le(kTruncate, 1);
    w.varint(number(std::get<Truncate>(change).schema));
  }
  return true;
}

Error damaged() {
  return Error(Blame::kConfig, "its content is damaged");
}

Value read_value(ByteReader& in, uint8_t tag) {
  const auto kind = static_cast<Kind>(tag & kKind);
  if ((tag & kKind) > static_cast<uint8_t>(Kind::kUuid)) return in.fail(), Value();
  const uint8_t scale = has_scale(kind) ? in.u8() : 0;
  const size_t width = width_of(tag >> 5);
  const uint64_t n = width == 0 ? 0 : in.le(width);
  if (Value::view(kind, {}).has_view()) {
    if (n > in.left() || n > UINT32_MAX || (kind == Kind::kUuid && n != 16)) return in.fail(), Value();
    return Value::view(kind, in.take(static_cast<size_t>(n)));
  }
  return Value::raw(kind, is_signed(kind) ? unzigzag(n) : static_cast<int64_t>(n), scale);
}

Row read_row(ByteReader& in, size_t columns, Row before, Arena& arena) {
  if (columns > in.left()) return in.fail(), Row();  // a value takes a byte at least
  const std::span<Value> row = arena.array<Value>(columns);
  for (size_t i = 0; i < columns; ++i) {
    const uint8_t tag = in.u8();
    if (tag != kSame) {
      row[i] = read_value(in, tag);
    } else if (before.empty()) {
      in.fail();
    } else {
      row[i] = before[i];
    }
  }
  return row;
}

SchemaChange read_schema_change(ByteReader& in, const TableSchema* schema, Arena& arena) {
  SchemaChange change;
  change.schema = schema;
  change.database = in.text();
  change.table = in.text();
  change.statement = in.text();
  const uint8_t flags = in.u8();
  change.drops = (flags & kDrops) != 0;
  change.creates = (flags & kCreates) != 0;
  change.renames = (flags & kRenames) != 0;
  const uint64_t count = in.varint();
  if (!in.ok() || count > kColumnsMax) return in.fail(), change;
  const std::span<AddedColumn> added = arena.array<AddedColumn>(count);
  for (AddedColumn& column : added) {
    const uint8_t kind = in.u8();
    column.not_null = (kind & kNotNull) != 0;
    if ((kind & ~kNotNull) > static_cast<uint8_t>(AddedColumn::Default::kOther)) in.fail();
    column.kind = static_cast<AddedColumn::Default>(kind & ~kNotNull);
    column.name = in.text();
    column.text = in.text();
  }
  change.added = added;
  return change;
}

TwoPhase read_two_phase(ByteReader& in) {
  TwoPhase phase;
  const uint8_t step = in.u8();
  if (step > static_cast<uint8_t>(TwoPhase::Step::kOnePhase)) in.fail();
  phase.step = static_cast<TwoPhase::Step>(step);
  phase.name = in.text();
  return phase;
}

Change read_change(ByteReader& in, const std::vector<SchemaRef>& schemas, Arena& arena, BatchBuilder& keep) {
  const uint8_t head = in.u8();
  const uint64_t number = in.varint();
  const uint8_t what = head & kWhat;
  if (number > schemas.size() || (number == 0 && what != kSchemaChange && what != kTwoPhase && what != kOrigin))
    in.fail();
  if (!in.ok()) return Truncate{};
  const TableSchema* schema = number == 0 ? nullptr : schemas[number - 1].get();
  if (schema != nullptr) keep.keep(schemas[number - 1]);
  if (what == kTruncate) return Truncate{schema};
  if (what == kTwoPhase) return read_two_phase(in);
  if (what == kOrigin) return Origin{in.text()};
  if (what == kSchemaChange) return read_schema_change(in, schema, arena);
  if (what > static_cast<uint8_t>(Op::kDelete)) return in.fail(), Truncate{};
  RowChange change{schema, static_cast<Op>(what), {}, {}};
  const size_t columns = schema->columns.size();
  if ((head & kHasBefore) != 0) change.before = read_row(in, columns, {}, arena);
  if ((head & kHasAfter) != 0) change.after = read_row(in, columns, change.before, arena);
  change.hidden_actions = (head & kHiddenActions) != 0;
  return change;
}

bool put_changes(std::span<const Change> changes,
                 const std::function<uint32_t(const TableSchema*)>& number_of,
                 ByteWriter& w) {
  w.varint(changes.size());
  return std::all_of(
      changes.begin(), changes.end(), [&](const Change& change) { return put_change(change, number_of, w); });
}

struct Head {
  std::string_view end_text;
  std::string_view positions;
  uint64_t transactions = 0;
};

Head read_head(ByteReader& in) {
  Head head;
  head.end_text = in.text();
  head.positions = in.text();
  head.transactions = in.varint();
  return head;
}

}  // namespace

bool encode_slice(const Batch& batch,
                  const SliceToWrite& slice,
                  const std::function<uint32_t(const TableSchema*)>& number_of,
                  std::string& out) {
  const auto transactions = batch.transactions().subspan(slice.from, slice.count);
  std::string positions;
  const auto entries = static_cast<uint32_t>(slice.count);
  if (batch.positions() == nullptr ||
      !batch.positions()->save(transactions.front().position_index, entries, positions)) {
    return false;
  }
  ByteWriter w(std::move(out));
  w.text(slice.end_text);
  w.text(positions);
  w.varint(slice.count);
  int64_t last_us = 0;
  bool fits = true;
  for (const Transaction& tx : transactions) {
    w.signed_varint(tx.commit_us - last_us);
    last_us = tx.commit_us;
    fits = fits && put_changes(tx.changes, number_of, w);
  }
  out = std::move(w.str());
  return fits;
}

bool encode_changes(std::span<const Change> changes,
                    const std::function<uint32_t(const TableSchema*)>& number_of,
                    std::string& out) {
  ByteWriter w(std::move(out));
  const bool fits = put_changes(changes, number_of, w);
  out = std::move(w.str());
  return fits;
}

bool decode_changes(std::string_view bytes,
                    const std::vector<SchemaRef>& schemas,
                    Arena& arena,
                    BatchBuilder& builder) {
  ByteReader in(bytes);
  const uint64_t changes = in.varint();
  for (uint64_t c = 0; c < changes && in.ok(); ++c) builder.add(read_change(in, schemas, arena, builder));
  return in.ok() && in.empty();
}

Result<Batch> decode_slice(const SliceToRead& slice,
                           const std::vector<SchemaRef>& schemas,
                           const PositionLoader& load,
                           Arena& arena) {
  ByteReader in(slice.payload);
  const Head head = read_head(in);
  if (!in.ok() || head.transactions > in.left()) return damaged();
  TRY_ASSIGN(std::shared_ptr<const PositionLog> positions, load(slice.before, head.positions, head.transactions));
  BatchBuilder builder(arena);
  builder.keep(slice.slab);
  int64_t commit_us = 0;
  for (uint64_t t = 0; t < head.transactions && in.ok(); ++t) {
    commit_us = static_cast<int64_t>(static_cast<uint64_t>(commit_us) + static_cast<uint64_t>(in.signed_varint()));
    const size_t begin = in.left();
    const uint64_t changes = in.varint();
    if (changes > in.left()) return damaged();
    builder.begin(commit_us, slice.first);
    for (uint64_t c = 0; c < changes && in.ok(); ++c) {
      const Change change = read_change(in, schemas, arena, builder);
      if (t >= slice.skip) builder.add(change);
    }
    builder.viewed(begin - in.left());
    if (t < slice.skip) {
      (void)builder.abandon();
    } else {
      builder.end(static_cast<uint32_t>(t), slice.last);
    }
  }
  if (!in.ok() || !in.empty()) return damaged();
  return builder.finish(std::move(positions));
}

Result<std::string_view> slice_end(std::string_view payload) {
  ByteReader in(payload);
  const std::string_view end = in.text();
  if (!in.ok()) return damaged();
  return end;
}

Result<std::string> slice_position(std::string_view payload,
                                   std::string_view before,
                                   size_t transactions,
                                   const PositionLoader& load) {
  if (transactions == 0) return std::string(before);
  ByteReader in(payload);
  const Head head = read_head(in);
  if (!in.ok() || transactions > head.transactions) return damaged();
  TRY_ASSIGN(const std::shared_ptr<const PositionLog> positions, load(before, head.positions, head.transactions));
  return positions->text(static_cast<uint32_t>(transactions - 1));
}

}  // namespace weft
