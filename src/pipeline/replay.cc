// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "apply/change_rows.h"
#include "apply/counts.h"
#include "apply/plan.h"
#include "apply/shape.h"
#include "apply/touched_keys.h"
#include "base/text.h"
#include "model/schema_text.h"
#include "pipeline/reshape.h"

namespace weft {
namespace {

using What = ApplyItem::What;

constexpr size_t kPage = 200;
constexpr size_t kTogether = 1000;  // chains in one transaction
const Error kBehind(Blame::kData, "an earlier change of its row still waits: replay or discard that one first");

// The letters of one row, oldest first.
struct Chain {
  std::string table;
  std::vector<uint64_t> ids;      // those that are chosen, in front of any that is not
  std::vector<uint64_t> waiting;  // chosen, behind one that is not
  bool cut = false;               // one that is not chosen came by
  std::optional<Error> failed;
};

// What a chain makes of its rows (of several, where one of its changes moves the row to another key).
struct Effect {
  std::vector<ApplyItem> gone;      // keys without a row in the end
  std::vector<ApplyItem> rows;      // what is there in the end
  bool whole = true;                // all of each of these rows is known
  std::vector<ApplyItem> in_order;  // instead, where only the changes one by one lead there
  std::vector<std::shared_ptr<OwnedRow>> kept;
};

bool has_unchanged(Row row) {
  return std::ranges::any_of(row, [](const Value& value) { return value.is_unchanged(); });
}

// Follows the rows of one chain through its changes.
class Fold {
 public:
  explicit Fold(Arena& arena) : arena_(arena) {}

  // False: it can't be told what becomes of the row.
  [[nodiscard]] bool add(const ApplyItem& change);
  void finish(Effect& effect) const;

 private:
  struct Known {
    ApplyItem item;  // the row as an insert of all of it, or as an update of what is known
    bool full = false;
  };

  bool update(const ApplyItem& change, const std::string& from);

  Arena& arena_;
  std::map<std::string, Known> rows_;      // by key
  std::map<std::string, ApplyItem> gone_;  // keys that may be there and must not
};

bool Fold::update(const ApplyItem& change, const std::string& from) {
  const TableSchema& schema = *change.table->source;
  const bool moves = moves_key(schema, change.before, change.after);
  const std::vector<ApplyItem> alone = overriding(change, arena_);
  const auto known = rows_.find(from);
  if (!alone.empty()) {
    rows_.erase(from);
    if (moves) gone_[from] = as_loose(change, What::kDelete, change.before, {});
    const Row row = alone.back().after;
    const std::string to = code_of(schema, row);
    rows_[to] = {as_loose(change, What::kInsert, {}, row), true};
    return true;
  }
  if (known == rows_.end()) {
    rows_[from] = {change, false};
    return !moves;
  }
  Known next = known->second;
  const std::span<Value> row = arena_.array<Value>(change.after.size());
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = change.after[i].is_unchanged() ? next.item.after[i] : change.after[i];
  }
  next.item.after = row;
  rows_.erase(known);
  if (moves) gone_[from] = as_loose(change, What::kDelete, change.before, {});
  rows_[moves ? code_of(schema, row) : from] = next;
  return !moves || next.full;
}

bool Fold::add(const ApplyItem& change) {
  const TableSchema& schema = *change.table->source;
  const std::string key = code_of(schema, change.what == What::kInsert ? change.after : change.before);
  if (change.what == What::kUpdate) return update(change, key);
  if (change.what == What::kDelete) {
    rows_.erase(key);
    gone_[key] = as_loose(change, What::kDelete, change.before, {});
    return true;
  }
  rows_[key] = {as_loose(change, What::kInsert, {}, change.after), true};
  return true;
}

void Fold::finish(Effect& effect) const {
  for (const auto& [key, item] : gone_) {
    if (!rows_.contains(key)) effect.gone.push_back(item);
  }
  for (const auto& [key, known] : rows_) {
    effect.rows.push_back(known.item);
    effect.whole = effect.whole && known.full;
  }
}

class Replay {
 public:
  Replay(Target& target, TargetSession& session, std::string pipeline, std::vector<SchemaRef> versions)
      : target_(target), session_(session), pipeline_(std::move(pipeline)), versions_(std::move(versions)) {}

  Status find(const DeadLetterChoice& choice);
  Status run();
  ReplayReport report(const ReplayTell& tell) const;

 private:
  void add(const DeadLetter& letter, bool chosen);
  Chain& chain_of(const DeadLetter& letter);
  Result<bool> pass();
  Status together();
  Status try_chains(const std::vector<Chain*>& chains);
  Status apply(const std::vector<Chain*>& chains);
  Result<std::vector<DeadLetter>> read(const Chain& chain);
  Result<Effect> effect_of(const Chain& chain);
  Result<ApplyItem> change_of(const DeadLetter& letter, Effect& effect);
  Result<TargetTableRef> table_of(const SchemaRef& then);
  Status execute(const std::vector<ApplyItem>& items);

  Target& target_;
  TargetSession& session_;
  std::string pipeline_;
  std::vector<SchemaRef> versions_;  // of all tables
  std::vector<std::unique_ptr<Chain>> chains_;
  std::map<std::pair<std::string, std::string>, Chain*> by_key_;
  std::map<std::string, TargetTableRef> tables_;  // by shape
  Arena arena_{4096};
  uint64_t applied_ = 0;
};

Chain& Replay::chain_of(const DeadLetter& letter) {
  for (const std::string& key : {letter.key, letter.new_key}) {
    const auto at = key.empty() ? by_key_.end() : by_key_.find({letter.table, key});
    if (at != by_key_.end()) return *at->second;
  }
  chains_.push_back(std::make_unique<Chain>());
  chains_.back()->table = letter.table;
  return *chains_.back();
}

void Replay::add(const DeadLetter& letter, bool chosen) {
  Chain& chain = chain_of(letter);
  for (const std::string& key : {letter.key, letter.new_key}) {
    if (!key.empty()) by_key_[{letter.table, key}] = &chain;
  }
  chain.cut = chain.cut || !chosen;
  if (chosen) (chain.cut ? chain.waiting : chain.ids).push_back(letter.id);
}

Status Replay::find(const DeadLetterChoice& choice) {
  for (uint64_t upto = 0;;) {
    TRY_ASSIGN(const std::vector<DeadLetter> letters, target_.dead_letters(pipeline_, upto, kPage));
    if (letters.empty()) return ok();
    for (const DeadLetter& letter : letters) add(letter, choice.takes(letter));
    upto = letters.back().id;
  }
}

// As the target has it for the newest shape.
Result<TargetTableRef> Replay::table_of(const SchemaRef& then) {
  const SchemaRef newest = newest_shape(versions_, then->name);
  const SchemaRef& now = newest ? newest : then;
  TargetTableRef& known = tables_[encode_schema(*now)];
  if (known) return known;
  Result<TargetTableRef> whole = target_.table(now);
  if (!whole) {  // by policy some columns may be left out
    TRY_ASSIGN(known, target_.table(now, true));
    return known;
  }
  return known = *whole;
}

Result<ApplyItem> Replay::change_of(const DeadLetter& letter, Effect& effect) {
  if (letter.stale) {
    return Error(Blame::kData,
                 cat("foreign keys of the source acted on its row in a way that the log does not show: weft resume ",
                     letter.table,
                     " copies that table again, and this row with it"));
  }
  if (letter.shape.empty()) return Error(Blame::kData, "it does not say what its change was");
  ApplyItem change;
  TRY_ASSIGN(TableSchema decoded, decode_schema(letter.shape));
  const auto then = std::make_shared<const TableSchema>(std::move(decoded));
  TRY_ASSIGN(change.table, table_of(then));
  change.what = letter.op == Op::kInsert ? What::kInsert : letter.op == Op::kUpdate ? What::kUpdate : What::kDelete;
  for (const auto& [code, row] : {std::pair(&letter.before, &change.before), std::pair(&letter.after, &change.after)}) {
    TRY_ASSIGN(const OwnedRow owned, decode_key(*code));
    const bool partial = letter.op != Op::kInsert && (row == &change.before || has_unchanged(owned.row()));
    TRY_ASSIGN(const std::vector<Value> values, reshape(*then, owned.row(), partial, versions_, effect.kept));
    effect.kept.push_back(std::make_shared<OwnedRow>(values));
    *row = effect.kept.back()->row();
  }
  return change;
}

Result<std::vector<DeadLetter>> Replay::read(const Chain& chain) {
  std::vector<DeadLetter> letters;
  for (const uint64_t id : chain.ids) {
    TRY_ASSIGN(std::vector<DeadLetter> one, target_.dead_letters(pipeline_, id - 1, 1));
    if (!one.empty() && one.front().id == id) letters.push_back(std::move(one.front()));
  }
  return letters;
}

Result<Effect> Replay::effect_of(const Chain& chain) {
  Effect effect;
  TRY_ASSIGN(const std::vector<DeadLetter> letters, read(chain));
  Fold fold(arena_);
  bool told = true;
  for (const DeadLetter& letter : letters) {
    TRY_ASSIGN(const ApplyItem change, change_of(letter, effect));
    std::vector<ApplyItem> items;
    const bool keyless = change.table->source->keyless();
    if (!keyless) items = overriding(change, arena_);
    if (items.empty()) items.push_back(change);
    effect.in_order.insert(effect.in_order.end(), items.begin(), items.end());
    told = told && !keyless && fold.add(change);
  }
  if (told) {
    fold.finish(effect);
    effect.in_order.clear();
  }
  effect.whole = effect.whole && told;
  return effect;
}

Status Replay::execute(const std::vector<ApplyItem>& items) {
  Plan plan;
  plan_items(items, ApplyMode::kRows, plan);
  Group group;
  group.first = group.last = false;
  for (PlannedBatch& planned : plan.batches) group.batches.push_back(std::move(planned.batch));
  TRY_ASSIGN(const PrepareReport report, session_.prepare(group));
  for (size_t i = 0; i < plan.batches.size(); ++i) plan.batches[i].batch = std::move(group.batches[i]);
  const Result<RowCounts> counted = check_counts(plan, report, ApplyMode::kRows);
  return counted ? ok() : Status(counted.error());
}

// In one transaction. Of several rows all go before any comes.
Status Replay::apply(const std::vector<Chain*>& chains) {
  std::vector<ApplyItem> items;
  std::vector<Effect> effects;
  for (Chain* chain : chains) {
    TRY_ASSIGN(Effect effect, effect_of(*chain));
    effects.push_back(std::move(effect));
  }
  for (Chain* chain : chains) {
    for (const uint64_t id : chain->ids) TRY(session_.take_letter(id));
  }
  for (const Effect& effect : effects) {
    if (chains.size() > 1 && !effect.whole) return Error(Blame::kData, "what its row is to be is not known whole");
    items.insert(items.end(), effect.gone.begin(), effect.gone.end());
    if (chains.size() == 1) continue;
    for (const ApplyItem& row : effect.rows) items.push_back(as_loose(row, What::kDelete, row.after, {}));
  }
  for (const Effect& effect : effects) {
    items.insert(items.end(), effect.rows.begin(), effect.rows.end());
    items.insert(items.end(), effect.in_order.begin(), effect.in_order.end());
  }
  TRY(execute(items));
  TouchedKeys touched;
  for (const ApplyItem& item : items) touched.add_whole(item.table->source->name);
  session_.keep_keys(touched.text());
  return session_.commit_beside();
}

// Fails only for what is nobody's fault; what the target can't take stays with its chains.
Status Replay::try_chains(const std::vector<Chain*>& chains) {
  Status done = apply(chains);
  if (done) {
    for (Chain* chain : chains) {
      applied_ += chain->ids.size();
      chain->ids.clear();
    }
    return ok();
  }
  session_.rollback();
  const Blame blame = done.error().blame();
  if (blame == Blame::kTransient || blame == Blame::kCancelled || blame == Blame::kBug) return done;
  if (chains.size() == 1) chains.front()->failed = done.error();
  return ok();
}

// Whether any was applied.
Result<bool> Replay::pass() {
  const uint64_t before = applied_;
  for (const auto& chain : chains_) {
    if (!chain->ids.empty()) TRY(try_chains({chain.get()}));
  }
  return applied_ != before;
}

Status Replay::together() {
  std::map<std::string, std::vector<Chain*>> by_table;
  for (const auto& chain : chains_) {
    if (!chain->ids.empty()) by_table[chain->table].push_back(chain.get());
  }
  for (const auto& [table, chains] : by_table) {
    if (chains.size() > 1 && chains.size() <= kTogether) TRY(try_chains(chains));
  }
  return ok();
}

Status Replay::run() {
  for (bool again = true; again;) {
    TRY_ASSIGN(again, pass());
    if (again) continue;
    const uint64_t before = applied_;
    TRY(together());
    again = applied_ != before;
  }
  return ok();
}

ReplayReport Replay::report(const ReplayTell& tell) const {
  ReplayReport report;
  report.applied = applied_;
  for (const auto& chain : chains_) {
    for (const uint64_t id : chain->ids) tell(id, chain->table, chain->failed.value_or(kBehind));
    for (const uint64_t id : chain->waiting) tell(id, chain->table, kBehind);
    report.failed += chain->ids.size();
    report.waiting += chain->waiting.size();
  }
  return report;
}

}  // namespace

Result<ReplayReport> replay_letters(Target& target,
                                    const std::string& pipeline,
                                    const DeadLetterChoice& choice,
                                    const ReplayTell& tell) {
  TRY_ASSIGN(std::vector<SchemaRef> versions, target.visit(pipeline));
  TRY_ASSIGN(const std::optional<Opened> there, target.peek(pipeline));
  TRY_ASSIGN(const std::unique_ptr<TargetSession> session, target.session());
  if (there && there->progress) session->say_origin(there->progress->source_id);
  Replay replay(target, *session, pipeline, std::move(versions));
  TRY(replay.find(choice));
  TRY(replay.run());
  return replay.report(tell);
}

}  // namespace weft
