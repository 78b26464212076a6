// SPDX-License-Identifier: Apache-2.0
// Dead letters and groups on trial at the simulated target.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "sim/target_server.h"

namespace weft::sim {
namespace {

bool is_of_key(const DeadLetter& letter, const DeadLetter& wanted) {
  return letter.table == wanted.table &&
         (letter.key == wanted.key || (!letter.new_key.empty() && letter.new_key == wanted.key));
}

void apply(const DeadLetterStep& step, Letters& letters) {
  using What = DeadLetterStep::What;
  const DeadLetter& wanted = step.letter;
  switch (step.what) {
    case What::kPark:
      letters.push_back(wanted);
      break;
    case What::kForgetKey:
      std::erase_if(letters, [&](const DeadLetter& l) { return is_of_key(l, wanted); });
      break;
    case What::kForgetOne:
      if (const auto at = std::ranges::find_if(letters, [&](const DeadLetter& l) { return is_of_key(l, wanted); });
          at != letters.end()) {
        letters.erase(at);
      }
      break;
    case What::kForgetTable:
      std::erase_if(letters, [&](const DeadLetter& l) { return l.table == wanted.table; });
      break;
    case What::kAddColumn:
      break;  // the simulated tables keep their columns
    case What::kStale:
      for (DeadLetter& l : letters) {
        if (l.table == wanted.table && (wanted.key.empty() || is_of_key(l, wanted))) l.stale = true;
      }
      break;
  }
}

}  // namespace

void TargetServer::write_letters(TxId tx, const std::vector<DeadLetterStep>& steps) {
  OpenTx& t = open(tx);
  t.letters.insert(t.letters.end(), steps.begin(), steps.end());
}

Letters TargetServer::letters_after(const OpenTx& tx) const {
  Letters letters = *newest().letters;
  std::erase_if(letters, [&](const DeadLetter& l) { return std::ranges::find(tx.taken, l.id) != tx.taken.end(); });
  for (const DeadLetterStep& step : tx.letters) apply(step, letters);
  return letters;
}

Status TargetServer::lock_letter(OpenTx& tx, uint64_t id) {
  if (id == 0 || lock(tx, ~id, true)) return ok();
  return Error(Blame::kTransient, cat("letter ", id, " is locked by another session"), "55P03");
}

Result<std::vector<HeldKey>> TargetServer::held(TxId id,
                                                const std::string& table,
                                                const std::vector<std::string>& keys) {
  OpenTx& tx = open(id);
  std::vector<HeldKey> held;
  const Letters letters = letters_after(tx);
  for (const std::string& key : keys) {
    bool any = false;
    bool stuck = false;
    for (const DeadLetter& letter : letters) {
      if (letter.table != table || (letter.key != key && letter.new_key != key)) continue;
      if (Status locked = lock_letter(tx, letter.id); !locked) {
        rollback(id);
        return std::move(locked).error();
      }
      any = true;
      stuck = stuck || !letter.new_key.empty();
    }
    if (any) held.push_back({key, stuck});
  }
  return held;
}

std::vector<DeadLetter> TargetServer::letters(TxId tx, const std::string& table) const {
  const auto at = open_.find(tx);
  CHECK(at != open_.end());
  Letters all = letters_after(at->second);
  std::erase_if(all, [&](const DeadLetter& l) { return l.table != table; });
  return all;
}

Result<bool> TargetServer::take_letter(TxId id, uint64_t letter) {
  OpenTx& tx = open(id);
  if (Status locked = lock_letter(tx, letter); !locked) {
    rollback(id);
    return std::move(locked).error();
  }
  const bool there = std::ranges::any_of(*newest().letters, [&](const DeadLetter& l) { return l.id == letter; });
  if (there) tx.taken.push_back(letter);
  return there;
}

Status TargetServer::commit_beside(TxId id) {
  OpenTx& tx = open(id);
  Image next = newest();
  const Status fit = finish(tx, next);
  remember_keys(tx, nullptr, next);
  forget(id);
  if (!fit) return fit;
  trace_.line("target: a letter is replayed");
  push(std::move(next), {TargetEvent::Kind::kBeside, false});
  return ok();
}

void TargetServer::remove_letters(const std::vector<uint64_t>& ids) {
  Image next = newest();
  Letters letters = *next.letters;
  std::erase_if(letters, [&](const DeadLetter& l) { return std::ranges::find(ids, l.id) != ids.end(); });
  next.letters = std::make_shared<const Letters>(std::move(letters));
  push(std::move(next), {TargetEvent::Kind::kBeside, false});
}

void TargetServer::ask_to_resume(const std::string& table) {
  Image next = newest();
  auto states = std::make_shared<TableStates>(*next.states);
  for (auto& [name, state] : *states) {
    if (name.text() == table) state.reason = kAskedToResume;
  }
  next.states = std::move(states);
  push(std::move(next), {TargetEvent::Kind::kBeside, false});
}

void TargetServer::begin_trial(TxId id) {
  OpenTx& tx = open(id);
  tx.before_trial.reset();
  tx.before_trial = std::make_shared<const OpenTx>(tx);
}

void TargetServer::undo(TxId id) {
  OpenTx& tx = open(id);
  CHECK_MSG(tx.before_trial != nullptr, "nothing on trial is to be taken back");
  const std::shared_ptr<const OpenTx> before = tx.before_trial;
  tx = *before;
  tx.before_trial = before;
}

}  // namespace weft::sim
