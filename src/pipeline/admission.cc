// SPDX-License-Identifier: Apache-2.0
#include "pipeline/admission.h"

#include <algorithm>

#include "apply/keys.h"
#include "base/check.h"
#include "base/text.h"
#include "model/origin.h"
#include "snapshot/judge.h"
#include "snapshot/row_limit.h"

namespace weft {

Admission::Admission(const PipelineOptions& options, Journal& journal, Merge& merge, Target& target, SchemaJudge judge)
    : options_(options),
      journal_(journal),
      merge_(merge),
      target_(target),
      judge_(std::move(judge)),
      prepared_(target, options.memory_bytes / 16) {}

void Admission::start_at(const Progress& progress) {
  admitted_ = progress;
  admitted_.journal_id = journal_.id();
}

Result<TargetTableRef> Admission::target_table(const SchemaRef& schema) {
  const auto found = tables_.find(schema.get());
  if (found != tables_.end()) return found->second.table;
  // A shape that was read again is no other table: what happens to one key stays in one order.
  const auto same = std::find_if(tables_.begin(), tables_.end(), [&](const auto& known) {
    return known.second.schema->name == schema->name && same_shape(*known.second.schema, *schema);
  });
  TargetTableRef table = same == tables_.end() ? nullptr : same->second.table;
  if (!table) {
    TRY_ASSIGN(table, target_.table(schema));
  }
  std::erase_if(tables_, [](const auto& known) { return known.second.schema.use_count() == 1; });
  tables_[schema.get()] = {schema, table};
  return table;
}

// A shape that rows came in.
void Admission::keep_shape(const SchemaRef& schema) {
  const bool known = std::any_of(known_.begin(), known_.end(), [&](const SchemaRef& k) {
    return k->name == schema->name && same_shape(*k, *schema);
  });
  if (!known) keep_version(schema);
}

Result<TargetTableRef> Admission::table_of(const TableSchema* schema) {
  const auto found = tables_.find(schema);
  if (found != tables_.end()) return found->second.table;
  const SchemaRef owner = (released_ ? released_ : batch_)->schema(schema);
  CHECK_MSG(owner != nullptr, "a change names a schema that its batch does not keep");
  keep_shape(owner);
  return target_table(owner);
}

// A shape that is not known fits no table; nothing but the table's name is needed.
Result<TargetTableRef> Admission::table_to_truncate(const TableSchema* schema) {
  const auto opened = std::find_if(
      opened_.begin(), opened_.end(), [&](const TargetTableRef& t) { return t->source->name == schema->name; });
  return schema->columns.empty() && opened != opened_.end() ? *opened : table_of(schema);
}

Ticket& Admission::open_ticket() {
  if (!ticket_) ticket_ = std::make_shared<Ticket>();
  return *ticket_;
}

bool Admission::ready(bool any) const {
  return ticket_ && (full_ || any);
}

std::shared_ptr<Ticket> Admission::take() {
  std::shared_ptr<Ticket> ticket = std::move(ticket_);
  ticket_.reset();
  full_ = false;
  if (ticket) {
    ticket->end = admitted_;
    const bool huge = !ticket->first || !ticket->last;
    // A parent that is copied anew goes before its children do.
    ticket->relax_foreign_keys =
        copying_ && (relax_ || ticket->copy_clear || (huge && options_.memory->relax_foreign_keys));
    ticket->ahead = copying_ && merge_.ahead_now();
    ticket->may_park = options_.on_bad_row == BadRow::kDeadLetter;
    seal_dependencies(*ticket);
    if (ticket->last) progress_pending_ = false;
  }
  return ticket;
}

std::shared_ptr<Ticket> Admission::progress_ticket(std::vector<TableStateRow> states) {
  CHECK(!ticket_);
  open_ticket().states = std::move(states);
  return take();
}

Result<bool> Admission::step(bool quiet) {
  bool moved = false;
  copying_ = copying_ && merge_.copying();
  while (!full_ && !held_) {
    TRY(fetch());
    if (copying_ && piece_ == 0) {
      TRY_ASSIGN(const bool chunk, take_chunk());
      if (chunk) return true;
    }
    if (next_ == nullptr) return moved;
    TRY_ASSIGN(const Fit fit, take_transaction(quiet));
    if (fit != Fit::kTaken) return moved;
    moved = true;
  }
  return moved;
}

Status Admission::fetch() {
  while (next_ == nullptr) {
    TRY_ASSIGN(std::optional<JournalEntry> entry, journal_.read(Duration(0), {}));
    if (!entry) return ok();
    batch_ = std::move(entry->batch);
    sequence_ = entry->first;
    index_ = 0;
    if (!batch_->empty()) next_ = &batch_->transactions()[0];
  }
  return ok();
}

void Admission::advance() {
  if (next_->last) sequence_ = sequence_.next();
  ++index_;
  next_admitted_ = false;
  next_ = index_ < batch_->transactions().size() ? &batch_->transactions()[index_] : nullptr;
}

void Admission::put_state(const TableStateRow& state) {
  if (!options_.guards.table_state_with_progress) return;
  std::vector<TableStateRow>& states = open_ticket().states;
  std::erase_if(states, [&](const TableStateRow& s) { return s.table == state.table; });
  states.push_back(state);
}

Result<Admission::Fit> Admission::take_transaction(bool quiet) {
  const Transaction& tx = *next_;
  if (copying_ && !next_admitted_) {
    if (!merge_.admit(*batch_, tx)) return Fit::kWait;
    next_admitted_ = true;
  }
  if (tx.first) origin_ = tx.origin() != nullptr ? tx.origin()->chain : std::string_view();
  if (is_foreign(origin_)) {
    pass_over(tx);
    return Fit::kTaken;
  }
  if (ticket_ && ticket_->origin != origin_ && !ticket_->items.empty() && !tx.empty()) {
    full_ = true;  // a target transaction tells one origin
    return Fit::kWait;
  }
  if (tx.fragment() && tx.first && (ticket_ || !quiet)) return Fit::kWait;
  if (tx.bytes > RowLimit(options_.memory_bytes).bytes()) {
    if (Status fits = refuse_large_rows(tx); !fits) {
      if (!tx.fragment() && (ticket_ || !quiet)) return Fit::kWait;  // what comes before it is applied first
      return std::move(fits).error();
    }
  }
  if (two_phase()) return take_two_phase(tx, *tx.two_phase(), quiet);
  for (const Change& change : tx.changes) {
    const auto* ddl = std::get_if<SchemaChange>(&change);
    if (ddl != nullptr && !is_aside(ddl->schema)) {
      TRY_ASSIGN(const Fit fit, take_schema_change(*ddl, quiet));
      if (fit != Fit::kTaken) return fit;
    }
  }
  for (const Change& change : tx.changes) TRY(add_change(change));
  if (ticket_ && !tx.empty()) ticket_->origin = origin_;
  close(tx);
  if (held_) full_ = ticket_ != nullptr;
  advance();
  return Fit::kTaken;
}

// The target has it from somewhere else, or it is not asked for.
bool Admission::is_foreign(std::string_view chain) const {
  if (chain.empty() || options_.origins == Origins::kAll) return false;
  return options_.origins == Origins::kLocal || (!target_id_.empty() && chain_has(chain, target_id_));
}

void Admission::pass_over(const Transaction& tx) {
  if (tx.last) {
    admitted_.sequence = sequence_;
    admitted_.position = batch_->position(tx);
    progress_pending_ = true;
  }
  advance();
}

Status Admission::refuse_large_rows(const Transaction& tx) const {
  const RowLimit limit(options_.memory_bytes);
  for (const Change& change : tx.changes) {
    const auto* row = std::get_if<RowChange>(&change);
    if (row == nullptr) continue;
    if (const Status fits = limit.check(*row->schema, row->before, row->after); !fits) {
      return fits.error().with(cat("the transaction at position ", batch_->position(tx).text()));
    }
  }
  return ok();
}

void Admission::close(const Transaction& tx) {
  if (tx.last) {
    admitted_.sequence = sequence_;
    admitted_.position = batch_->position(tx);
    if (tx.commit_us != 0) admitted_.source_time_us = tx.commit_us;
    progress_pending_ = true;
  }
  if (!ticket_ && !tx.fragment()) return;
  Ticket& ticket = open_ticket();
  if (ticket.keep.empty() || ticket.keep.back() != batch_) ticket.keep.push_back(batch_);
  ticket.bytes += tx.bytes;
  if (!tx.empty() && tx.last) ++ticket.transactions;
  if (!tx.fragment()) ticket.bounds.push_back({ticket.items.size(), batch_.get(), &tx, sequence_});
  if (tx.fragment()) close_fragment(tx.first, tx.last);
  if (ticket.items.size() >= options_.group_rows || ticket.bytes >= options_.group_bytes) full_ = true;
}

// The open ticket is a piece of a huge transaction.
void Admission::close_fragment(bool first, bool last) {
  Ticket& ticket = open_ticket();
  ticket.first = first;
  ticket.last = last;
  if (!options_.guards.fragments_share_transaction) ticket.first = ticket.last = true;
  ticket.alone = true;
  const CycleMemory& memory = *options_.memory;
  ticket.mode = memory.parking ? ApplyMode::kParking : memory.one_by_one ? ApplyMode::kRows : ApplyMode::kRuns;
  ticket.check_now = memory.check_constraints_now;
  ticket.piece_of = batch_->position(*next_);
  full_ = true;
}

Result<Admission::Fit> Admission::take_schema_change(const SchemaChange& change, bool quiet) {
  if (ticket_ || !quiet) return Fit::kWait;
  const auto before = std::find_if(known_.begin(), known_.end(), [&](const SchemaRef& k) {
    return k->name.schema == change.database && k->name.table == change.table && !k->columns.empty();
  });
  TRY_ASSIGN(const SchemaRuling ruling,
             judge_(*batch_, *next_, change, before == known_.end() ? SchemaRef() : *before));
  for (const SchemaRef& schema : ruling.schemas) keep_version(schema);
  for (const TableStateRow& state : ruling.states) put_state(state);
  for (const DeadLetterStep& step : ruling.letters) open_ticket().letter_steps.push_back(step);
  held_ = held_ || (ruling.changed && !next_->fragment());
  return Fit::kTaken;
}

bool Admission::is_aside(const TableSchema* schema) {
  if (aside_.empty() || schema == nullptr || !aside_.contains(schema->name)) return false;
  count(schema->name, &TableCounts::passed_over);
  return true;
}

Status Admission::add_change(const Change& change) {
  if (const auto* row = std::get_if<RowChange>(&change)) return is_aside(row->schema) ? ok() : add_row(*row);
  if (const auto* truncate = std::get_if<Truncate>(&change)) {
    if (is_aside(truncate->schema)) return ok();
    TRY_ASSIGN(TargetTableRef table, table_to_truncate(truncate->schema));
    add_item({std::move(table), ApplyItem::What::kTruncate, Expect::kExact, {}, {}});
  }
  return ok();
}

Status Admission::add_row(const RowChange& change) {
  Verdict verdict{Verdict::Fate::kExact, change.op, false};
  if (copying_) verdict = merge_.judge(*batch_, *next_, change);
  const bool dropped = verdict.fate == Verdict::Fate::kDrop;
  const bool acts = change.op != Op::kInsert && !actions_.empty();
  if (dropped && !acts) return ok();
  TRY_ASSIGN(const TargetTableRef table, table_of(change.schema));
  Expect expect = verdict.fate == Verdict::Fate::kExact ? Expect::kExact : Expect::kLoose;
  if (acts) {
    TRY_ASSIGN(const bool reached, add_key_actions(change, table, !dropped));
    if (reached) expect = Expect::kLoose;
  }
  if (dropped) return ok();
  const size_t first = ticket_ ? ticket_->items.size() : 0;
  const bool there = acts && actions_.target_acts(change, *table);
  const bool keep = there && !change.hidden_actions;
  if (there) (keep ? open_ticket().acts_in_log : open_ticket().acts_there) = true;
  if (verdict.also_delete) {
    add_item({table, ApplyItem::What::kDelete, Expect::kLoose, change.before, {}, nullptr, keep, there});
    ticket_->items.back().leads = verdict.fate != Verdict::Fate::kHole;
  }
  if (verdict.fate == Verdict::Fate::kHole) {
    open_hole(change, table);
    count(change.schema->name, change.op);
    return ok();
  }
  switch (verdict.op) {
    case Op::kInsert: {
      TRY_ASSIGN(const Row after, with_defaults(change, *table));
      add_item({table, ApplyItem::What::kInsert, expect, {}, after, nullptr, false, false, verdict.among_old});
      break;
    }
    case Op::kUpdate:
      add_item({table,
                ApplyItem::What::kUpdate,
                expect,
                change.before,
                change.after,
                nullptr,
                keep,
                there,
                verdict.among_old});
      break;
    case Op::kDelete:
      add_item({table, ApplyItem::What::kDelete, expect, change.before, {}, nullptr, keep, there});
      break;
  }
  if (acts && change.hidden_actions) note_keys(*table, first);
  count(change.schema->name, change.op);
  return ok();
}

// A minimal row image leaves out the columns that an INSERT did not name: they hold their defaults.
Result<Row> Admission::with_defaults(const RowChange& change, const TargetTable& table) {
  if (full_after(change)) return change.after;
  auto row = std::make_shared<std::vector<Value>>(change.after.begin(), change.after.end());
  for (size_t i = 0; i < row->size(); ++i) {
    const Column& column = change.schema->columns[i];
    if (!(*row)[i].is_unchanged() || column.generated || table.columns[i].missing) continue;
    const auto value = column.default_value.empty() ? Result<OwnedRow>(OwnedRow()) : decode_key(column.default_value);
    if (!value || value->row().size() != 1) {
      return Error(Blame::kConfig,
                   cat("table ",
                       change.schema->name.text(),
                       " key ",
                       describe(key_after(change).row()),
                       ": the log does not say what ",
                       "column ",
                       column.name,
                       " got by default; set binlog_row_image=FULL at the source"));
    }
    auto kept = std::make_shared<OwnedRow>(*value);
    (*row)[i] = kept->row()[0];
    open_ticket().keep.push_back(std::move(kept));
  }
  const Row view = *row;
  open_ticket().keep.push_back(std::move(row));
  return view;
}

void Admission::add_item(const ApplyItem& item) {
  Ticket& ticket = open_ticket();
  if (item.what == ApplyItem::What::kTruncate) ticket.alone = true;
  if (options_.lanes > 1 && options_.guards.order_by_unique_keys) add_dependencies(item, ticket);
  ticket.items.push_back(item);
}

void Admission::count(const TableName& table, Op op) {
  count(table,
        op == Op::kInsert   ? &TableCounts::inserts
        : op == Op::kUpdate ? &TableCounts::updates
                            : &TableCounts::deletes);
}

void Admission::count(const TableName& table, uint64_t TableCounts::*what) {
  std::vector<TableCounts>& counts = open_ticket().counts;
  auto found = std::find_if(counts.begin(), counts.end(), [&](const TableCounts& c) { return c.table == table; });
  if (found == counts.end()) {
    counts.push_back({table, 0, 0, 0, 0});
    found = counts.end() - 1;
  }
  ++((*found).*what);
}

}  // namespace weft
