// SPDX-License-Identifier: Apache-2.0
// What Parking writes into letters, and what becomes of letters that foreign-key actions reach.
#include <algorithm>

#include "apply/change_rows.h"
#include "apply/parking.h"
#include "apply/shape.h"
#include "base/log.h"
#include "base/text.h"
#include "model/row_json.h"
#include "model/schema_text.h"

namespace weft {
namespace {

using What = ApplyItem::What;

constexpr size_t kLettersRead = 2000;  // of one child table

}  // namespace

void Parking::count_parked(const ApplyItem& change) {
  TableCounts counts{change.table->source->name, 0, 0, 0, 0};
  ++(change.what == What::kInsert ? counts.inserts : change.what == What::kUpdate ? counts.updates : counts.deletes);
  ticket_.parked.push_back(counts);
}

void Parking::keep(const ApplyItem& change, bool acts, const Error& error) {
  const TableSchema& schema = *change.table->source;
  DeadLetterStep kept;
  DeadLetter& letter = kept.letter;
  letter.table = table_of(change);
  letter.op = change.what == What::kInsert ? Op::kInsert : change.what == What::kUpdate ? Op::kUpdate : Op::kDelete;
  if (schema.keyless()) {
    if (letter.op == Op::kInsert) letter.key = encode_key(change.after);
  } else {
    letter.key = code_of(schema, letter.op == Op::kInsert ? change.after : change.before);
    if (letter.op == Op::kUpdate && moves_key(schema, change.before, change.after)) {
      letter.new_key =
          has_key(schema, change.after) ? code_of(schema, change.after) : code_of(schema, row_after(change, arena_));
    }
  }
  letter.shape = encode_schema(schema);
  letter.before = encode_key(change.before);
  letter.after = encode_key(change.after);
  letter.key_text = key_json(schema, letter.op == Op::kInsert ? change.after : change.before);
  letter.before_text = row_json(schema, change.before);
  letter.after_text = row_json(schema, change.after);
  const bool bound = !ticket_.bounds.empty();
  const Ticket::Bound* at = bound ? &ticket_.bounds.front() : nullptr;
  letter.position = (bound          ? at->batch->position(*at->tx)
                     : ticket_.last ? ticket_.end.position
                                    : ticket_.piece_of)
                        .text();
  letter.source_time_us = bound ? at->tx->commit_us : ticket_.end.source_time_us;
  letter.error = error.message();
  letter.error_class = error.code().empty() ? std::string(to_string(error.blame())) : error.code();
  letter.stale = acts;
  if (!letter.key.empty()) {
    bool& stuck = held_[letter.table][letter.key];
    stuck = stuck || !letter.new_key.empty();
  }
  if (!letter.new_key.empty()) held_[letter.table][letter.new_key] = true;
  log_line(LogLevel::kWarning,
           cat("dead letter: ",
               to_string(letter.op),
               " of table ",
               letter.table,
               " at ",
               letter.position,
               ": ",
               letter.error),
           {{"table", letter.table}});
  ticket_.letters.push_back(std::move(kept));
}

void Parking::step(DeadLetterStep::What what, const std::string& table, std::string key) {
  DeadLetterStep next;
  next.what = what;
  next.letter.table = table;
  next.letter.key = std::move(key);
  ticket_.letters.push_back(std::move(next));
}

// What waits of the row is superseded.
void Parking::forget(const ApplyItem& change, const std::string& key) {
  const std::string table = table_of(change);
  const bool one = change.table->source->keyless();  // its duplicates are other rows
  if (held_[table].contains(key)) {
    step(one ? DeadLetterStep::What::kForgetOne : DeadLetterStep::What::kForgetKey, table, key);
  }
  if (!one) held_[table].erase(key);
}

// What has been decided so far, so that letters can be read as they are now. Somebody else's change was applied meanwhile.
Status Parking::write_letters() {
  Group group;
  group.first = group.last = false;
  group.relax_foreign_keys = ticket_.relax_foreign_keys;
  for (size_t i = written_; i < ticket_.letters.size(); ++i) {
    ticket_.letters[i].letter.torn = true;
    group.dead_letters.push_back(ticket_.letters[i]);
  }
  if (group.dead_letters.empty()) return ok();
  written_ = ticket_.letters.size();
  TRY(session_.prepare(group));
  return ok();
}

// Actions of foreign keys reach rows that wait, too. What is deleted with its parent need not wait any more.
Status Parking::settle_children(const ApplyItem& actions) {
  const auto keys = actions.keys->find(actions.table->name);
  if (keys == actions.keys->end()) return ok();
  TRY(write_letters());
  for (const ActingKey& key : keys->second) {
    const std::string child = key.child->source->name.text();
    TRY_ASSIGN(const std::vector<DeadLetter> letters, session_.letters(child, kLettersRead));
    for (const DeadLetter& letter : letters) TRY(settle_letter(key, actions, letter));
    if (letters.size() == kLettersRead) step(DeadLetterStep::What::kStale, child, {});
  }
  return ok();
}

Status Parking::settle_letter(const ActingKey& key, const ApplyItem& actions, const DeadLetter& letter) {
  TRY_ASSIGN(const TableSchema shape, decode_schema(letter.shape));
  TRY_ASSIGN(const OwnedRow image, decode_key(letter.after.empty() ? letter.before : letter.after));
  const Row row = image.row();
  const auto stale = [&] {
    step(DeadLetterStep::What::kStale, letter.table, letter.key);
    return ok();
  };
  if (!same_shape(shape, *key.child->source) || row.size() != shape.columns.size()) return stale();
  bool unknown = false;
  bool moves = actions.after.empty();
  for (size_t i = 0; i < key.columns.size(); ++i) {
    const Value& child = row[key.columns[i]];
    const Value& parent = actions.before[key.parent_columns[i]];
    if (!moves) {
      const Value& now = actions.after[key.parent_columns[i]];
      moves = !now.is_unchanged() && !now.same(parent);
    }
    unknown = unknown || child.is_unchanged() || parent.is_unchanged();
    if (!unknown && !child.same(parent)) return ok();  // it hangs on another row
  }
  if (!moves) return ok();
  const bool goes = actions.after.empty() && key.on_delete == KeyAction::kCascade;
  if (unknown || !goes || !has_key(shape, row)) return stale();
  ApplyItem gone;
  gone.table = key.child;
  gone.what = What::kKeyActions;
  gone.expect = Expect::kLoose;
  gone.before = row;
  gone.keys = actions.keys;
  std::vector<ApplyItem> items;
  if (actions.keys->contains(key.child->name)) items.push_back(gone);
  items.push_back(as_loose(gone, What::kDelete, row, {}));
  const Status done = try_items(items);
  if (!done && !is_of_the_row(done.error())) return done;
  if (!done) return stale();
  forget(items.back(), letter.key);
  step(DeadLetterStep::What::kForgetKey, letter.table, letter.key);
  return ok();
}

}  // namespace weft
