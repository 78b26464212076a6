// SPDX-License-Identifier: Apache-2.0
// The client side of the simulated target.
#include "sim/sim_target.h"

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {
namespace {

Opened opened_from(const Image& image) {
  Opened opened;
  opened.progress = image.progress;
  opened.epoch = image.epoch;
  for (const auto& [name, row] : *image.states) opened.tables.push_back(row);
  for (const auto& [name, schema] : *image.schemas) opened.schemas.push_back(schema);
  for (const auto& [name, pieces] : *image.prepared) opened.prepared.push_back({name, pieces.size()});
  std::map<std::string, HeldTable> held;
  for (const DeadLetter& letter : *image.letters) {
    HeldTable& table = held[letter.table];
    table.table = letter.table;
    ++table.letters;
    if (!letter.key.empty()) table.keys.push_back(letter.key);
    if (!letter.new_key.empty()) table.keys.push_back(letter.new_key);
  }
  for (auto& [name, table] : held) opened.held.push_back(std::move(table));
  return opened;
}

TableId id_of_table(const TableSchema& schema) {
  const auto id = table_named(schema.name);
  CHECK_MSG(id.has_value(), "a table that the source does not have");
  return *id;
}

}  // namespace

Status SimTarget::alive() const {
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (connection_ != w_.server.connection()) return Error(Blame::kTransient, "lost connection to the target");
  return ok();
}

Result<Opened> SimTarget::open(const OpenRequest& request) {
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (w_.faults.hit(Fault::kTargetUnreachable)) {
    return Error(Blame::kTransient, "target: connection refused");
  }
  if (w_.life.cut_off) {
    return Error(Blame::kConfig, "another process runs this pipeline", std::string(kPipelineTaken));
  }
  TRY_ASSIGN(const Image image, w_.server.take_over(w_.holder, request.wait));
  connection_ = w_.server.connection();
  epoch_ = image.epoch;
  return opened_from(image);
}

Result<std::optional<Opened>> SimTarget::peek(const std::string&) {
  if (!w_.server.newest().progress) return std::optional<Opened>();
  return std::optional<Opened>(opened_from(w_.server.newest()));
}

Status SimTarget::start(const Progress& initial,
                        const std::vector<TableStateRow>& tables,
                        const std::vector<SchemaRef>& schemas) {
  TRY(alive());
  if (w_.faults.hit(Fault::kTargetUnreachable)) return Error(Blame::kTransient, "target: connection reset by peer");
  return w_.server.start(w_.holder, initial, tables, schemas);
}

Status SimTarget::keep_lease() {
  TRY(alive());
  if (w_.life.cut_off) return ok();  // it believes so
  return w_.server.renew(w_.holder, epoch_);
}

Result<TargetTableRef> SimTarget::table(const SchemaRef& source, bool /*leave_out*/) {
  TRY(alive());
  const TableId id = id_of_table(*source);
  if (!w_.server.newest().exists[id])
    return Error(Blame::kConfig, cat("table ", source->name.text(), " does not exist"));
  auto table = std::make_shared<TargetTable>();
  table->source = source;
  table->name = {"public", source->name.table};
  for (const Column& column : source->columns) {
    table->columns.push_back(
        {column.name, column.kind == Kind::kInt ? "bigint" : "text", column.nullable, false, false});
  }
  for (const uint16_t c : source->key) table->columns[c].key = true;
  const auto indexes = indexes_of(w_.server.mode(), id);
  table->unique_keys.assign(indexes.begin(), indexes.end());
  bool text_key = false;
  for (const auto& columns : table->unique_keys) {
    for (const uint16_t c : columns) text_key = text_key || source->columns[c].kind == Kind::kText;
  }
  table->coarse_keys = w_.server.mode().collation_folds && text_key;
  if (w_.server.mode().foreign_keys) {
    table->foreign_keys = source->foreign_keys;
    for (ForeignKey& key : table->foreign_keys) key.parent.schema = "public";
  }
  table->handle = next_handle_++;
  return TargetTableRef(std::move(table));
}

Result<std::string> SimTarget::create_table_sql(const TableSchema& source) {
  return cat("create table ", source.name.table);
}

Status SimTarget::create_table(const TableSchema& source) {
  TRY(alive());
  w_.server.create(id_of_table(source));
  return ok();
}

Result<bool> SimTarget::exists(const TableSchema& source) {
  TRY(alive());
  return bool{w_.server.newest().exists[id_of_table(source)]};
}

Result<bool> SimTarget::has_rows(const TargetTable& table) {
  TRY(alive());
  return !w_.server.newest().tables[id_of_table(*table.source)]->empty();
}

Status SimTarget::analyze(const TargetTable&) {
  return alive();
}

Result<std::string> SimTarget::prepared(const std::string& name, uint64_t piece) {
  TRY(alive());
  const PreparedPieces& all = *w_.server.newest().prepared;
  const auto found = all.find(name);
  if (found == all.end() || piece >= found->second.size()) return Target::prepared(name, piece);
  return found->second[piece];
}

Result<std::unique_ptr<TargetSession>> SimTarget::session() {
  TRY(alive());
  if (w_.faults.hit(Fault::kTargetUnreachable)) return Error(Blame::kTransient, "target: too many connections");
  return std::unique_ptr<TargetSession>(std::make_unique<SimSession>(w_, connection_));
}

// What was there when it was opened, a few keys at a time.
class SimKeys final : public TargetKeys {
 public:
  explicit SimKeys(std::vector<OwnedRow> keys) : keys_(std::move(keys)) {}

  Result<std::vector<OwnedRow>> next(size_t limit) override {
    const size_t count = std::min({limit, size_t{3}, keys_.size()});
    std::vector<OwnedRow> some(keys_.end() - static_cast<ptrdiff_t>(count), keys_.end());
    keys_.resize(keys_.size() - count);
    return some;
  }

 private:
  std::vector<OwnedRow> keys_;
};

Result<std::unique_ptr<TargetKeys>> SimTarget::keys(const TargetTableRef& table) {
  TRY(alive());
  const TableId id = id_of_table(*table->source);
  std::vector<OwnedRow> keys;
  Arena arena(4096);
  for (const StoredRow& stored : *w_.server.newest().tables[id]) {
    keys.push_back(key_of(*table->source, to_row(*stored.row, arena)));
  }
  return std::unique_ptr<TargetKeys>(std::make_unique<SimKeys>(std::move(keys)));
}

Result<uint64_t> SimTarget::flushed() {
  TRY(alive());
  const auto& progress = w_.server.flushed().progress;
  return progress ? progress->version : uint64_t{0};
}

Result<std::vector<SchemaRef>> SimTarget::visit(const std::string& pipeline) {
  if (!w_.server.newest().progress) return Error(Blame::kConfig, cat("pipeline ", pipeline, " never ran here"));
  connection_ = w_.server.connection();
  return std::vector<SchemaRef>();  // their columns stay the same
}

Result<std::vector<DeadLetter>> SimTarget::dead_letters(const std::string&, uint64_t after_id, size_t limit) {
  std::vector<DeadLetter> found;
  for (const DeadLetter& letter : *w_.server.newest().letters) {
    if (letter.id > after_id && found.size() < limit) found.push_back(letter);
  }
  return found;
}

Result<uint64_t> SimTarget::discard(const std::string&, const std::vector<uint64_t>& ids) {
  w_.server.remove_letters(ids);
  return uint64_t{ids.size()};
}

Result<std::map<std::string, uint64_t>> SimTarget::count_letters() {
  TRY(alive());
  std::map<std::string, uint64_t> counts;
  for (const DeadLetter& letter : *w_.server.newest().letters) ++counts[letter.table];
  return counts;
}

Result<std::vector<KeptVersion>> SimTarget::kept_versions() {
  TRY(alive());
  std::vector<KeptVersion> versions;
  for (const KeptKeys& kept : *w_.server.newest().kept) {
    if (kept.version != 0) versions.push_back({kept.version, Position(kept.position)});
  }
  return versions;
}

Result<std::vector<std::string>> SimTarget::kept_since(uint64_t version) {
  TRY(alive());
  std::vector<std::string> keys;
  for (const KeptKeys& kept : *w_.server.newest().kept) {
    if (kept.version == 0 || kept.version > version) keys.push_back(kept.keys);
  }
  return keys;
}

Status SimTarget::drop_kept() {
  TRY(alive());
  w_.server.drop_kept();
  return ok();
}

Result<bool> SimTarget::asked() {
  TRY(alive());
  return std::ranges::any_of(*w_.server.newest().states,
                             [](const auto& state) { return state.second.reason == kAskedToResume; });
}

void SimTarget::close() {
  if (!w_.life.dead && !w_.life.cut_off) w_.server.release(w_.holder);
}

SimSession::~SimSession() {
  if (tx_) w_.server.abandon(*tx_);
}

Status SimSession::alive() const {
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (connection_ != w_.server.connection()) return Error(Blame::kTransient, "lost connection to the target");
  return ok();
}

// The connection is gone; the server sooner or later rolls the transaction back.
Error SimSession::broken(std::string_view what) {
  if (tx_) w_.server.abandon(*tx_);
  tx_.reset();
  connection_ = 0;
  w_.trace.line("fault: ", what);
  return Error(Blame::kTransient, cat("target: ", what));
}

Result<PrepareReport> SimSession::prepare(const Group& group) {
  TRY(alive());
  CHECK_MSG(!(group.first && tx_), "a first group while a transaction is open");
  CHECK_MSG(group.first || tx_, "a continuing group without an open transaction");
  open();
  complete_ = group.last;
  if (group.on_trial) {
    w_.server.begin_trial(*tx_);
  } else {
    w_.server.end_trial(*tx_);
  }
  if (group.defer_constraints) w_.server.defer(*tx_);
  if (group.relax_foreign_keys) w_.server.relax(*tx_);
  PrepareReport report;
  for (const TableBatch& batch : group.batches) {
    if (w_.faults.hit(Fault::kStatementFails)) return broken("connection reset by peer");
    if (w_.faults.hit(Fault::kDiskFull)) {
      rollback();
      w_.trace.line("fault: disk full");
      return Error(Blame::kTransient, "target: could not extend file: No space left on device", "53100");
    }
    auto touched = w_.server.execute(*tx_, batch, group.wait_for_locks);
    if (!touched) {
      if (!group.on_trial) tx_.reset();
      return std::move(touched).error();
    }
    report.affected.push_back(*touched);
  }
  w_.server.write_meta(*tx_, group.states, group.schemas);
  w_.server.write_prepared(*tx_, group.prepared);
  w_.server.write_letters(*tx_, group.dead_letters);
  return report;
}

Status SimSession::commit(const Progress& from, const Progress& to) {
  TRY(alive());
  CHECK_MSG(tx_ && complete_, "commit() without a complete prepare()");
  const TargetServer::TxId tx = *std::exchange(tx_, std::nullopt);
  const auto unknown = [this] {
    connection_ = 0;
    return Error(Blame::kTransient, "target: connection lost during COMMIT", std::string(kCommitUnknown));
  };
  if (w_.faults.hit(Fault::kCommitLate)) {
    w_.trace.line("fault: a COMMIT is late");
    w_.server.send_commit(tx, from, to);
    return unknown();
  }
  if (w_.faults.hit(Fault::kCommitLost)) {
    w_.trace.line("fault: a COMMIT is lost");
    w_.server.abandon(tx);
    return unknown();
  }
  TRY(w_.server.commit(tx, from, to));
  if (w_.faults.hit(Fault::kCommitAnswerLost)) {
    w_.trace.line("fault: the answer to COMMIT is lost");
    return unknown();
  }
  return ok();
}

void SimSession::keep_keys(std::string keys) {
  if (tx_ && alive()) w_.server.keep_keys(*tx_, std::move(keys));
}

void SimSession::open() {
  if (!tx_) tx_ = w_.server.begin();
}

Status SimSession::undo() {
  TRY(alive());
  w_.server.undo(*tx_);
  return ok();
}

Result<std::vector<HeldKey>> SimSession::held(const std::string& table, const std::vector<std::string>& keys) {
  TRY(alive());
  open();
  auto found = w_.server.held(*tx_, table, keys);
  if (!found) tx_.reset();
  return found;
}

Result<std::vector<DeadLetter>> SimSession::letters(const std::string& table, size_t limit) {
  TRY(alive());
  open();
  std::vector<DeadLetter> all = w_.server.letters(*tx_, table);
  if (all.size() > limit) all.resize(limit);
  return all;
}

Result<bool> SimSession::take_letter(uint64_t id) {
  TRY(alive());
  open();
  auto taken = w_.server.take_letter(*tx_, id);
  if (!taken) tx_.reset();
  return taken;
}

Status SimSession::commit_beside() {
  TRY(alive());
  CHECK(tx_.has_value());
  return w_.server.commit_beside(*std::exchange(tx_, std::nullopt));
}

void SimSession::rollback() {
  if (!tx_) return;
  if (w_.life.dead) return;  // what is left of it is the destructor's
  w_.server.rollback(*tx_);
  tx_.reset();
}

}  // namespace weft::sim
