// SPDX-License-Identifier: Apache-2.0
// The stream of the simulated source.
#include "sim/sim_source.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

namespace weft::sim {

// Positions of one batch: for each transaction its id and the set after it.
class SimPositions final : public PositionLog {
 public:
  std::string text(uint32_t index) const override { return after.at(index).text(); }

  bool save(uint32_t first, uint32_t count, std::string& out) const override {
    ByteWriter w(std::move(out));
    for (uint32_t i = first; i < first + count; ++i) w.varint(ids.at(i));
    out = std::move(w.str());
    return true;
  }

  std::vector<IdSet> after;
  std::vector<uint64_t> ids;
};

Result<std::shared_ptr<const PositionLog>> load_sim_positions(std::string_view before,
                                                              std::string_view saved,
                                                              size_t count) {
  std::optional<IdSet> at = IdSet::parse(std::string(before));
  ByteReader in(saved);
  auto log = std::make_shared<SimPositions>();
  while (at && in.ok() && !in.empty()) {
    log->ids.push_back(in.varint());
    at->add(log->ids.back());
    log->after.push_back(*at);
  }
  if (!at || !in.ok() || log->ids.size() != count) return Error(Blame::kConfig, "saved positions are damaged");
  return std::shared_ptr<const PositionLog>(std::move(log));
}

IdSet ids_of(const Position& position) {
  if (const auto* log = dynamic_cast<const SimPositions*>(position.log())) return log->after.at(position.index());
  const auto ids = IdSet::parse(position.text());
  CHECK_MSG(ids.has_value(), cat("position '", position.text(), "' is none of this source's"));
  return *ids;
}

uint64_t id_of(const Batch& batch, const Transaction& tx) {
  const auto* log = dynamic_cast<const SimPositions*>(batch.positions());
  CHECK_MSG(log != nullptr, "a batch that this source did not make");
  return log->ids.at(tx.position_index);
}

Status SimSource::alive() const {
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (connection_ != w_.server.connection()) return Error(Blame::kTransient, "lost connection to the source");
  return ok();
}

Result<SourceInfo> SimSource::connect() {
  connection_ = 0;
  streaming_ = false;
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (w_.faults.hit(Fault::kSourceUnreachable)) {
    return Error(Blame::kConfig, "source: connection refused", std::string(kUnreachable));
  }
  connection_ = w_.server.connection();
  return SourceInfo{"sim:world:shop", "1", true, cat("server ", w_.server.failovers()), w_.server.mode().key_actions};
}

Result<std::vector<SchemaRef>> SimSource::tables() {
  TRY(alive());
  std::vector<SchemaRef> all;
  for (size_t t = 0; t < kTableCount; ++t) {
    const auto table = static_cast<TableId>(t);
    if (w_.server.captures(table)) all.push_back(schema_here(table));
  }
  return all;
}

const SchemaRef& SimSource::schema_here(TableId table) const {
  return w_.server.mode().key_actions ? acting_schema_of(table) : schema_of(table);
}

void SimSource::use_schemas(const std::vector<SchemaRef>& schemas) {
  for (const SchemaRef& schema : schemas)
    CHECK_MSG(table_named(schema->name).has_value(), "a schema that was never captured");
}

Result<Position> SimSource::head() {
  TRY(alive());
  return Position(w_.server.head().text());
}

Status SimSource::open(const Position& after) {
  TRY(alive());
  const IdSet ids = ids_of(after);
  if (const auto why = w_.server.lost(ids)) {
    w_.trace.line("stream: refused: ", *why);
    return Error(Blame::kConfig, *why, std::string(kPositionLost));
  }
  delivered_ = ids;
  cursor_ = 0;
  sent_edits_ = 0;
  stalled_ = 0;
  streaming_ = true;
  w_.trace.line("stream: open after ", ids.text());
  return ok();
}

SourceTx* SimSource::next_transaction() {
  const auto& log = w_.server.log();
  while (cursor_ < log.size() && delivered_.contains(log[cursor_]->id)) ++cursor_;
  if (cursor_ >= log.size() || !log[cursor_]->deliverable) return nullptr;
  return log[cursor_].get();
}

// Adds the transaction, or its next fragment; true when it is whole.
bool SimSource::add_piece(BatchBuilder& builder, Arena& arena, SimPositions& positions, SourceTx& tx) {
  // The rows of a transaction in two phases are in the log when it is prepared.
  const bool prepares = tx.phase == TwoPhase::Step::kPrepare;
  static const std::vector<RowEdit> kNone;
  const std::vector<RowEdit>& edits = prepares ? tx.prepared : tx.phase ? kNone : tx.edits;
  const size_t left = edits.size() - sent_edits_;
  const size_t piece = tx.fragment_edits == 0 ? left : std::min(left, tx.fragment_edits);
  const bool last = piece == left;
  builder.begin(tx.commit_us, sent_edits_ == 0);
  for (size_t i = sent_edits_; i < sent_edits_ + piece; ++i) {
    const RowEdit& edit = edits[i];
    if (!w_.server.captures(edit.table) || edit.hidden) continue;
    const SchemaRef& schema = schema_here(edit.table);
    builder.keep(schema);
    const auto image = [&](const RowRef& row, uint32_t sent) -> Row {
      if (!row) return {};
      ModelRow cells = *row;
      for (size_t c = 0; c < cells.size(); ++c) {
        if ((sent >> c & 1) == 0) cells[c] = Cell::unchanged();
      }
      return to_row(cells, arena);
    };
    if (edit.op == EditOp::kTruncate) {
      builder.add(Truncate{schema.get()});
    } else if (edit.op == EditOp::kSchema) {
      builder.add(
          SchemaChange{schema.get(), schema->name.schema, schema->name.table, arena.copy("ALTER TABLE of this table")});
    } else {
      const Op op = edit.op == EditOp::kInsert ? Op::kInsert : edit.op == EditOp::kUpdate ? Op::kUpdate : Op::kDelete;
      builder.add(RowChange{schema.get(),
                            op,
                            image(edit.before, edit.sent_before),
                            image(edit.after, edit.sent_after),
                            w_.server.mode().key_actions});
    }
  }
  if (tx.phase) builder.add(TwoPhase{*tx.phase, arena.copy(tx.name)});
  IdSet after = delivered_;
  after.add(tx.id);
  positions.after.push_back(after);
  positions.ids.push_back(tx.id);
  builder.end(static_cast<uint32_t>(positions.ids.size() - 1), last);
  w_.trace.line("stream: ", tx.id, last ? "" : " (fragment)");
  sent_edits_ = last ? 0 : sent_edits_ + piece;
  if (last) delivered_ = std::move(after);
  return last;
}

Result<std::optional<Batch>> SimSource::next(Duration, std::stop_token stop) {
  TRY(alive());
  CHECK_MSG(streaming_, "next() without a successful open()");
  if (w_.faults.hit(Fault::kStreamBreaks)) {
    connection_ = 0;
    w_.trace.line("fault: the stream breaks");
    return Error(Blame::kTransient, "stream: connection reset by peer");
  }
  if (stop.stop_requested()) return std::optional<Batch>();
  if (stalled_ == 0 && w_.faults.hit(Fault::kStreamStalls)) stalled_ = 1 + rng_.below(40);
  if (stalled_ > 0) return --stalled_, std::optional<Batch>();
  Arena arena(1024);
  BatchBuilder builder(arena);
  auto positions = std::make_shared<SimPositions>();
  for (size_t n = 1 + rng_.below(batch_limit_); n > 0; --n) {
    SourceTx* tx = next_transaction();
    if (!tx || !add_piece(builder, arena, *positions, *tx)) break;
  }
  if (positions->ids.empty()) return std::optional<Batch>();
  return std::optional<Batch>(builder.finish(std::move(positions)));
}

Status SimSource::acknowledge(const Position& position) {
  TRY(alive());
  const IdSet ids = ids_of(position);
  w_.trace.line("source: acknowledged ", ids.text());
  acknowledged_ = ids;
  if (w_.on_acknowledge) w_.on_acknowledge(ids);
  w_.server.acknowledge(ids);
  return ok();
}

bool SimSource::includes(const Position& position, const Batch& batch, const Transaction& tx) const {
  return ids_of(position).contains(id_of(batch, tx));
}

bool SimSource::includes(const Position& a, const Position& b) const {
  return ids_of(a).includes(ids_of(b));
}

Result<std::unique_ptr<TableReader>> SimSource::table_reader() {
  TRY(alive());
  if (w_.faults.hit(Fault::kReaderFails)) return Error(Blame::kTransient, "reader: connection refused");
  return std::unique_ptr<TableReader>(std::make_unique<SimReader>(w_, connection_, rng_.next()));
}

}  // namespace weft::sim
