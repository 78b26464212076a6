// SPDX-License-Identifier: Apache-2.0
#include "live/soak.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "live/replicas.h"
#include "live/run_fixture.h"
#include "live/shop_proof.h"

namespace weft::live {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr Engine kEngine = Engine::kMariaDb;
// What has to come comes within this time on a machine with much else to do.
constexpr auto kPatience = 180s;

SourceOptions source_options() {
  // Servers die here, the machine does not: what a commit has given to the system is safe.
  return {.extra = {"--log-slave-updates", "--innodb-flush-log-at-trx-commit=2"}};
}

support::PostgresOptions target_options() {
  return {.settings = {"autovacuum_naptime = 5s"}};
}

}  // namespace

Soak::Soak(uint64_t seed)
    : seed_(seed), rng_(seed), rig_(kEngine, source_options(), target_options()), began_(real_clock().now()) {
  replica_ = make_replica(kEngine, {.extra = {"--innodb-flush-log-at-trx-commit=2"}});
  follow(kEngine, *replica_, *rig_.source);
  from_ = url_of_both(rig_, *replica_);
  make_disks();
  make_tables();
}

Soak::~Soak() {
  shop_.reset();
  watcher_.reset();
  lives_.reset();
  if (rig_.target.running()) rig_.target.stop();  // before its disk goes
}

void Soak::make_disks() {
  const fs::path space = rig_.target.data_dir().parent_path() / "small";
  fs::create_directory(space);
  target_disk_.emplace(space, kTargetDiskMib);
  fs::create_directory(space / "space");
  require(support::run({"chown", cat("--reference=", rig_.target.data_dir().string()), (space / "space").string()},
                       deadline_in(20s))
                  .code == 0,
          "chown");
  rig_.target.exec(cat("CREATE TABLESPACE small LOCATION '", (space / "space").string(), "'"));
  const fs::path journal = rig_.dir.path() / "journal";
  fs::create_directory(journal);
  journal_disk_.emplace(journal, kJournalDiskMib);
  fs::permissions(journal, fs::perms::owner_all);
  if (!target_disk_->mounted()) target_disk_.reset();
  if (!journal_disk_->mounted()) journal_disk_.reset();
}

void Soak::make_tables() {
  auto target = rig_.target_session();
  create_shop_target(target);
  target.exec(
      "CREATE TABLE big (id integer PRIMARY KEY, b text) TABLESPACE small; ALTER TABLE big ALTER b SET STORAGE "
      "EXTERNAL");
  shop_.emplace(*rig_.source,
                ShopOptions{.seed = seed_, .transactions_per_second = 120, .bulk_rows = 5000, .huge_rows = 5000});
  shop_->create();
  rig_.source->exec("CREATE TABLE shop.big (id INT PRIMARY KEY, b MEDIUMTEXT)");
  tables_.create(*rig_.source);
}

std::vector<std::string> Soak::address() const {
  return {"--from", from_, "--to", rig_.to(), "--name", "soak"};
}

void Soak::begin() {
  std::vector<std::string> arguments = {"run"};
  for (std::string& word : address()) arguments.push_back(std::move(word));
  arguments.insert(arguments.end(), {"--schema-changes", "evolve", "--create-tables", "--on-bad-row", "dead-letter"});
  lives_.emplace(rig_, std::move(arguments), rig_.dir.path() / "journal");
  shop_->start();
  watcher_.emplace(rig_.to());
  next_life();
  await("a consistent target", [&] { return lives_->weft().consistent(); });
  audited_from_ = audit_end(rig_);
  watcher_->expect_consistent();
  catch_up();
}

void Soak::note(const std::string& event) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(real_clock().now() - began_).count();
  events_.push_back(cat(events_.size() + 1, " ", event, " (", seconds, " s)"));
}

void Soak::play(const SoakEvent& event) {
  ++counts_[event.name];
  note(event.name);
  event.play(*this);
  let_pass(rng_.below(100));
  if (rng_.chance(3, 4)) catch_up();
  expect_no_letters();
  require(watcher_->breach().empty(), "a reader of the target saw: " + watcher_->breach());
  require(shop_->trouble().empty(), "the load met: " + shop_->trouble());
}

void Soak::finish() {
  note("the end");
  shop_->stop();
  require(shop_->trouble().empty(), "the load met: " + shop_->trouble());
  catch_up();
  lives_->stop();
  lives_->run_until_now();
  watcher_->stop();
  require(watcher_->breach().empty(), "a reader of the target saw: " + watcher_->breach());
}

// Events replay what they cause; what else is set aside is a row that should have been applied.
void Soak::expect_no_letters() const {
  const std::string letters = rig_.at_target("SELECT table_name, key, after, error FROM _weft.dead_letter LIMIT 5");
  require(letters.empty(), "dead letters: " + letters);
}

std::vector<std::string> Soak::all_tables() const {
  std::vector<std::string> all = shop_tables();
  all.emplace_back("big");
  all.insert(all.end(), tables_.names().begin(), tables_.names().end());
  return all;
}

Comparison Soak::compare() {
  auto source = rig_.source_session();
  auto target = rig_.target_session();
  return compare_tables(source, target, "shop", all_tables());
}

std::string Soak::story() const {
  std::string out = cat("seed ", seed_, ", events:");
  for (size_t i = 0; i < events_.size(); ++i) out += cat(i % 8 == 0 ? "\n  " : ", ", events_[i]);
  return out + (lives_ ? "\n" + lives_->log_tails() : "");
}

std::string Soak::text() const {
  std::string out;
  for (const auto& [name, count] : counts_) out += cat(out.empty() ? "" : ", ", count, " ", name);
  return cat(events_.size() - 1,
             " events: ",
             out,
             "\n",
             lives_->text(),
             "; ",
             shop_->committed(),
             " source transactions, ",
             tables_.changes(),
             " changes of shape, ",
             watcher_->reads(),
             " consistent reads");
}

// ---- for events

void Soak::next_life(const std::string& crash_at) {
  lives_->begin(rng_.chance(1, 2) ? JournalKind::kFiles : JournalKind::kMemory, crash_at);
}

void Soak::let_pass(uint64_t transactions) {
  const uint64_t wanted = shop_->committed() + transactions;
  await(cat(transactions, " transactions of the load"), [&] { return shop_->committed() >= wanted; });
}

void Soak::catch_up() {
  const std::string head = rig_.source->value("SELECT n FROM shop.ledger_head");
  const bool there = ledger_reaches(rig_, lives_->weft(), head, [&] { lives_->look(); });
  require(there, cat("not caught up to ledger ", head, "; status: ", lives_->weft().status()));
  lives_->look_at_rest();
}

void Soak::await(const std::string& what, const std::function<bool()>& condition) {
  const bool there = support::wait_until(deadline_in(kPatience), [&] {
    lives_->look();
    return condition();
  });
  require(there, cat("waited in vain for ", what, "; status: ", lives_->weft().status()));
}

void Soak::command(const std::string& name, const std::vector<std::string>& tables) {
  std::vector<std::string> all = {name};
  if (name == "dead-letters") all.emplace_back("replay");
  for (std::string& word : address()) all.push_back(std::move(word));
  all.insert(all.end(), tables.begin(), tables.end());
  const WeftResult result =
      run_weft(all, deadline_in(kPatience), {"XDG_STATE_HOME=" + (rig_.dir.path() / "state").string()});
  require(result.code == 0, cat("weft ", name, " ended with ", result.code, ": ", result.out));
  if (name == "resume") resumes_ += static_cast<int>(tables.size());
}

void Soak::fill_until_it_says(SmallDisk& disk, const std::string& words) {
  constexpr int kRowsMax = 24;
  constexpr uintmax_t kRoomMib = 4;
  const auto said = [&] { return has(lives_->weft().status(), words); };
  for (int row = 0; row < kRowsMax && !said(); ++row) {
    disk.leave_at_most(kRoomMib);  // again: what is removed may go a moment later
    rig_.source->exec(cat("REPLACE INTO shop.big VALUES (", row, ", REPEAT('", row % 10, "', 1000000))"));
  }
  await(words, said);
}

// The source takes no commit while the replica comes up to it, and dies so: nothing that was committed is lost.
void Soak::fail_over() {
  rig_.source->exec("FLUSH TABLES WITH READ LOCK");
  const std::string end = rig_.source->value("SELECT @@gtid_binlog_pos");
  await("a replica at " + end, [&] { return replica_->value("SELECT @@gtid_binlog_pos") == end; });
  rig_.source->crash();
  promote(kEngine, *replica_);
  std::swap(rig_.source, replica_);
  shop_->move_to(*rig_.source);
  let_pass(1 + rng_.below(30));
  replica_->start();
  follow(kEngine, *replica_, *rig_.source);
}

// weft keeps to the server that it has found, be it a replica that answered while the source was away: a new life looks anew.
void Soak::crash_source_before_a_stale_replica() {
  const std::string dumps = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'";
  if (replica_->value(dumps) != "0") next_life();
  catch_up();
  cut_off(kEngine, *replica_);
  let_pass(5 + rng_.below(30));
  catch_up();
  rig_.source->crash();
  await("a replica that is behind", [&] { return has(lives_->weft().status(), "a replica that is behind"); });
  rig_.source->start();
  follow(kEngine, *replica_, *rig_.source);
}

void Soak::require(bool holds, const std::string& words) const {
  if (!holds) throw std::runtime_error(words);
}

}  // namespace weft::live
