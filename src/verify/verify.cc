// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/crc32c.h"
#include "base/text.h"
#include "model/schema_text.h"

namespace weft::verify {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

// "paused: by hand", "one with 3 dead letters", after "the table is"; empty for one that is simply followed.
std::string state_of(const Watch& watch, const TableName& table) {
  const TableStateRow* row = watch.state(table);
  std::string out;
  if (row != nullptr && row->state != TableState::kStreaming) {
    out = cat(to_string(row->state), row->reason.empty() ? "" : ": ", row->reason);
  }
  const uint64_t letters = watch.letters(table);
  if (letters > 0) {
    out += cat(out.empty() ? "" : "; ", "one with ", letters, letters == 1 ? " dead letter" : " dead letters");
  }
  return out;
}

bool set_aside(const Watch& watch, const TableName& table) {
  const TableStateRow* row = watch.state(table);
  return row != nullptr && is_set_aside(row->state);
}

}  // namespace

Verifier::Verifier(VerifyEnds ends, VerifyOptions options, Clock& clock, std::stop_token stop)
    : ends_(std::move(ends)), options_(std::move(options)), clock_(clock), stop_(std::move(stop)) {}

Verifier::~Verifier() = default;

void Verifier::say(const std::string& line) const {
  if (options_.say) options_.say(line);
}

Status Verifier::open() {
  TRY_ASSIGN(const SourceInfo info, ends_.source->connect());
  if (options_.pipeline.empty()) options_.pipeline = info.identity;
  watch_ = std::make_unique<Watch>(*ends_.source, *ends_.target, options_.pipeline, clock_, stop_);
  TRY(watch_->look());
  if (options_.known_to_run && options_.known_to_run(options_.pipeline)) watch_->known_to_run();
  TRY(match_tables());
  readers_[0] = std::make_unique<SideReader>(*ends_.source, clock_, options_.pacing, stop_);
  readers_[1] = std::make_unique<SideReader>(*target_reader_, clock_, options_.pacing, stop_);
  return ok();
}

Status Verifier::match_tables() {
  TRY_ASSIGN(const SourceInfo info, ends_.source->connect());
  TRY_ASSIGN(const std::vector<SchemaRef> sources, ends_.source->tables());
  if (sources.empty()) {
    return Error(Blame::kConfig, cat("no table of ", info.identity, " matches; see --table and --exclude"));
  }
  std::vector<TargetTableRef> matched;
  std::vector<std::string> names;
  for (const SchemaRef& schema : sources) {
    TRY_ASSIGN(TargetTableRef table, ends_.target->table(schema, true));
    names.push_back(table->name.text());
    matched.push_back(std::move(table));
  }
  TRY_ASSIGN(target_reader_, ends_.read_target(names));
  TRY_ASSIGN(const SourceInfo target_info, target_reader_->connect());
  TRY_ASSIGN(const std::vector<SchemaRef> targets, target_reader_->tables());
  const JsonForms json{info.own_json_form, target_info.own_json_form};
  pairs_.clear();
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto found = std::ranges::find_if(
        targets, [&](const SchemaRef& schema) { return schema->name.text() == matched[i]->name.text(); });
    if (found == targets.end()) {
      return Error(
                 Blame::kConfig,
                 cat("table ",
                     matched[i]->name.text(),
                     " of the target can't be read: GRANT SELECT on it to the target's user (a PostgreSQL table has to "
                     "be a logged one), or leave it out with --exclude"))
          .about(sources[i]->name.text());
    }
    TRY_ASSIGN(TablePair pair, pair_tables(sources[i], *matched[i], *found, json));
    pairs_.push_back(std::move(pair));
  }
  return ok();
}

std::string Verifier::fingerprint() const {
  uint32_t crc = 0;
  for (const TablePair& pair : pairs_) {
    crc = crc32c(encode_schema(*pair.schema[0]), crc);
    crc = crc32c(encode_schema(*pair.schema[1]), crc);
  }
  return cat(options_.pipeline, " ", crc, " ", options_.compare.scan.sample.percent);
}

Saved Verifier::load() const {
  Saved fresh;
  fresh.of = fingerprint();
  fresh.started_us = clock_.wall_us();
  if (!options_.load) return fresh;
  std::optional<Saved> saved = decode_saved(options_.load());
  if (!saved || saved->of != fresh.of || fresh.started_us - saved->started_us > options_.saved_for_us) return fresh;
  if (!saved->tables.empty()) say("going on where an interrupted run stood (--fresh begins anew)");
  return *std::move(saved);
}

void Verifier::save(const Saved& saved) const {
  if (options_.save) options_.save(encode(saved));
}

Report Verifier::begin_report() {
  Report report;
  report.pipeline = options_.pipeline;
  report.known = watch_->known();
  report.runs = watch_->runs();
  const Position head = watch_->head();
  report.source_position = head.text();
  report.target_position = watch_->position().text();
  report.behind = report.known && !head.empty() && !ends_.source->includes(watch_->position(), head);
  return report;
}

Result<TableReport> Verifier::compare(const TablePair& pair, const SavedTable* from, Saved& saved) {
  TableReport table;
  std::optional<OwnedRow> after;
  if (from != nullptr && !from->after.empty()) {
    TRY_ASSIGN(after, decode_key(from->after));
    table = from->report;
  }
  const TableName& name = pair.schema[0]->name;
  table.table = name.text();
  table.target = pair.schema[1]->name.text();
  table.left_out = pair.left_out;
  table.sampled = options_.compare.scan.sample.percent;
  TRY(watch_->look());
  bool moves = watch_->runs();
  if (moves) {
    TRY_ASSIGN(const bool streams, watch_->streams(name, clock_.now() + options_.compare.settle.in_flight));
    moves = watch_->runs() && !set_aside(*watch_, name);
    table.state = state_of(*watch_, name);
    if (!streams && moves) {  // every row that is still to be copied would be called a difference
      table.not_compared = true;
      return table;
    }
  }
  table.state = state_of(*watch_, name);
  TRY(compare_rows(pair, std::move(after), moves, saved, table));
  return table;
}

// A key that the target's column can't hold at all is none to ask the target by: then both sides are read whole.
Status Verifier::compare_rows(
    const TablePair& pair, std::optional<OwnedRow> after, bool moves, Saved& saved, TableReport& table) {
  const TableReport before = table;
  Status done = compare_as(pair, std::move(after), moves, saved, table);
  if (!done && done.error().blame() == Blame::kData && pair.by_key) {
    TablePair whole = pair;
    whole.ordered = whole.by_key = false;
    table = before;
    table.source_rows = table.target_rows = table.missing = table.extra = table.different = table.in_flight = 0;
    table.differences.clear();
    done = compare_as(whole, std::nullopt, moves, saved, table);
  }
  if (done) return done;
  return std::move(done).error().with(cat("comparing ", table.table)).about(table.table);
}

Status Verifier::compare_as(
    const TablePair& pair, std::optional<OwnedRow> after, bool moves, Saved& saved, TableReport& table) {
  const size_t slot = saved.tables.size();
  CompareEvents events;
  events.on_difference = [&](const Difference& difference) {
    if (on_found_) on_found_(table, difference);
  };
  events.on_progress = [&](const OwnedRow& upto) {
    saved.tables.resize(slot);
    saved.tables.push_back({table, false, encode_key(upto.row())});
    save(saved);
  };
  const Readers readers{{readers_[0].get(), readers_[1].get()}};
  Status done =
      compare_table(pair, readers, *watch_, moves, options_.compare, clock_, stop_, std::move(after), table, events);
  readers_[0]->rest();
  readers_[1]->rest();
  saved.tables.resize(slot);
  return done;
}

Result<Report> Verifier::run(const std::vector<std::string>& only) {
  const SteadyTime began = clock_.now();
  Report report = begin_report();
  const Saved before = only.empty() ? load() : Saved();
  Saved saved;
  saved.of = before.of;
  saved.started_us = before.started_us;
  for (const TablePair& pair : pairs_) {
    const std::string name = pair.name();
    if (!only.empty() && std::ranges::find(only, name) == only.end()) continue;
    const SavedTable* known = before.find(name);
    if (known != nullptr && known->done) {
      report.tables.push_back(known->report);
      report.tables.back().earlier = true;
    } else {
      TRY_ASSIGN(TableReport table, compare(pair, known, saved));
      report.tables.push_back(std::move(table));
    }
    const TableReport& table = report.tables.back();
    say(text_of(table));
    if (only.empty() && table.in_flight == 0 && !table.not_compared) {
      saved.tables.push_back({report.tables.back(), true, {}});
      save(saved);
    }
  }
  TRY(watch_->look());
  report.runs = watch_->runs();
  report.target_position = watch_->position().text();
  report.seconds = static_cast<double>((clock_.now() - began).count()) / 1e9;
  return report;
}

// What time mends is waited for; a table that was altered is matched anew.
Status Verifier::get_over(const Error& error) {
  if (error.blame() != Blame::kTransient) return error;
  say(cat(error.message(), "; going on"));
  clock_.sleep(kPatience, stop_);
  if (error.code() == kSchemaChanged && !stop_.stop_requested()) TRY(match_tables());
  return ok();
}

Status Verifier::watch_on(double percent, const OnFound& on_found) {
  std::set<std::string> told;
  on_found_ = [&](const TableReport& table, const Difference& difference) {
    if (told.insert(cat(table.table, " ", to_string(difference.what), difference.key)).second) {
      on_found(table, difference);
    }
  };
  options_.compare.scan.sample.percent = percent;
  Status done;
  for (uint64_t round = 1; done; ++round) {
    options_.compare.scan.sample.salt = round;
    for (size_t i = 0; i < pairs_.size() && done; ++i) {
      Saved unused;
      const Result<TableReport> table = compare(pairs_[i], nullptr, unused);
      if (!table) done = get_over(table.error());
      // A round over small tables takes no time at all.
      clock_.sleep(std::chrono::seconds(1), stop_);
      if (stop_.stop_requested()) done = stopped();
    }
  }
  on_found_ = {};
  return done.error().blame() == Blame::kCancelled ? ok() : done;
}

}  // namespace weft::verify
