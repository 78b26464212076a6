// SPDX-License-Identifier: Apache-2.0
// The claims of the target contract. Built into each test binary that instantiates it.
// long file: one suite, a claim each.
#include "contract/target_contract.h"

namespace weft::contract {

using sim::Cell;
using sim::ModelRow;
using sim::TableId;

TargetContract::Running TargetContract::run_process() {
  Running p;
  p.target = harness_->process();
  auto opened = p.target->open({"contract", "source-1", true, Duration(0)});
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
  if (!opened) return p;
  if (opened->progress) {
    p.progress = *opened->progress;
    p.progress.epoch = opened->epoch;
  } else {
    p.progress.epoch = opened->epoch;
    p.progress.version = 1;
    p.progress.position = Position("p1");
    p.progress.journal_id = "j";
    p.progress.source_id = "source-1";
    const Status started = p.target->start(p.progress, {}, {});
    EXPECT_TRUE(started) << started.error().message();
  }
  auto session = p.target->session();
  EXPECT_TRUE(session) << (session ? "" : session.error().message());
  if (session) p.session = *std::move(session);
  return p;
}

TargetTableRef TargetContract::matched(Running& p, TableId table) {
  auto found = p.target->table(sim::schema_of(table));
  EXPECT_TRUE(found) << (found ? "" : found.error().message());
  return found ? *found : nullptr;
}

TableBatch TargetContract::batch(Running& p, TableId table, BatchOp op, std::vector<uint16_t> columns) {
  TableBatch b;
  b.table = matched(p, table);
  b.op = op;
  b.columns = std::move(columns);
  if (b.columns.empty() && op != BatchOp::kDelete && op != BatchOp::kTruncate) {
    for (uint16_t c = 0; c < sim::schema_of(table)->columns.size(); ++c) b.columns.push_back(c);
  }
  return b;
}

void TargetContract::add(TableBatch& to, const ModelRow& before, const ModelRow& after) {
  to.rows.push_back({before.empty() ? Row() : to_row(before, arena_), after.empty() ? Row() : to_row(after, arena_)});
}

Progress TargetContract::after(const Progress& from) {
  Progress to = from;
  ++to.version;
  to.sequence = to.sequence.next();
  to.position = Position("p" + std::to_string(to.version));
  return to;
}

Group TargetContract::group(const Running& p, std::vector<TableBatch> batches) const {
  Group g;
  g.batches = std::move(batches);
  g.from = p.progress;
  g.to = after(p.progress);
  return g;
}

Result<std::vector<uint64_t>> TargetContract::apply(Running& p, std::vector<TableBatch> batches) {
  const Group g = group(p, std::move(batches));
  TRY_ASSIGN(PrepareReport report, p.session->prepare(g));
  TRY(p.session->commit(g.from, g.to));
  p.progress = g.to;
  return std::move(report.affected);
}

void TargetContract::insert(Running& p, TableId table, const std::vector<ModelRow>& rows) {
  TableBatch b = batch(p, table, BatchOp::kInsert);
  for (const ModelRow& row : rows) add(b, {}, row);
  const auto touched = apply(p, {b});
  EXPECT_TRUE(touched) << touched.error().message();
}

namespace {

TEST_P(TargetContract, ProgressComesBackWithAHigherEpoch) {
  Running first = run_process();
  insert(first, sim::kItems, {item(1, Cell::null(), "a")});
  first.target->close();
  const uint64_t epoch = first.progress.epoch;
  first = Running();
  const Running second = run_process();
  EXPECT_GT(second.progress.epoch, epoch);
  EXPECT_GE(second.progress.version, 2u) << "a takeover may be a version of its own";
  EXPECT_EQ(second.progress.position.text(), "p2");
  EXPECT_EQ(second.progress.sequence.value(), 1u);
  EXPECT_EQ(second.progress.journal_id, "j");
  EXPECT_EQ(second.progress.source_id, "source-1");
}

TEST_P(TargetContract, HardCase14PreparedChangesAreKeptInPiecesUntilTheyAreForgotten) {
  Running p = run_process();
  const auto step = [](uint64_t piece, std::string changes) {
    return std::make_shared<const PreparedStep>(PreparedStep{"x'1'", false, piece, "p1", std::move(changes)});
  };
  const std::string odd("\0\xff'\\", 4);
  Group g = group(p, {});
  g.prepared = {step(0, "stale"), step(1, "stale"), step(0, odd)};
  ASSERT_TRUE(p.session->prepare(g));
  p.session->rollback();
  EXPECT_FALSE(p.target->prepared("x'1'", 0)) << "rolled back";
  ASSERT_TRUE(p.session->prepare(g));
  ASSERT_TRUE(p.session->commit(g.from, g.to));
  p.progress = g.to;
  Group more = group(p, {});
  more.last = false;
  more.prepared = {step(1, "more")};
  ASSERT_TRUE(p.session->prepare(more));
  more.first = false;
  more.last = true;
  more.prepared = {step(2, "")};
  ASSERT_TRUE(p.session->prepare(more));
  ASSERT_TRUE(p.session->commit(more.from, more.to));
  p = Running();
  harness_->outlive_lease();
  p.target = harness_->process();
  const auto opened = p.target->open({"contract", "source-1", true, Duration(0)});
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->prepared.size(), 1u);
  EXPECT_EQ(opened->prepared[0].name, "x'1'");
  EXPECT_EQ(opened->prepared[0].pieces, 3u);
  const std::vector<std::string> wanted = {odd, "more", ""};
  for (uint64_t i = 0; i < wanted.size(); ++i) {
    const auto piece = p.target->prepared("x'1'", i);
    ASSERT_TRUE(piece);
    EXPECT_EQ(*piece, wanted[i]);
  }
  p.progress = *opened->progress;
  p.progress.epoch = opened->epoch;
  p.session = *p.target->session();
  Group last = group(p, {});
  last.prepared = {std::make_shared<const PreparedStep>(PreparedStep{"x'1'", true, 0, {}, {}})};
  ASSERT_TRUE(p.session->prepare(last));
  ASSERT_TRUE(p.session->commit(last.from, last.to));
  EXPECT_FALSE(p.target->prepared("x'1'", 0));
}

TEST_P(TargetContract, RowsAreWrittenAndCounted) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::integer(10), "a"), item(2, Cell::null(), "b"), item(3, Cell::null(), "c")});
  TableBatch update = batch(p, sim::kItems, BatchOp::kUpdate, {2});
  ModelRow renamed = item_key(2);
  renamed[2] = Cell::word("B");
  add(update, item_key(2), renamed);
  add(update, item_key(9), renamed);
  TableBatch remove = batch(p, sim::kItems, BatchOp::kDelete);
  add(remove, item_key(3), {});
  add(remove, item_key(9), {});
  TableBatch upsert = batch(p, sim::kItems, BatchOp::kUpsert);
  add(upsert, {}, item(1, Cell::integer(11), "A"));
  add(upsert, {}, item(4, Cell::null(), "d"));
  const auto touched = apply(p, {update, remove, upsert});
  ASSERT_TRUE(touched) << touched.error().message();
  EXPECT_EQ(*touched, (std::vector<uint64_t>{1, 1, 2})) << "rows that are not there are not counted";
  EXPECT_EQ(
      harness_->rows(sim::kItems),
      (std::vector<ModelRow>{item(1, Cell::integer(11), "A"), item(2, Cell::null(), "B"), item(4, Cell::null(), "d")}));
}

TEST_P(TargetContract, AKeyCanChange) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::integer(10), "a")});
  TableBatch move = batch(p, sim::kItems, BatchOp::kUpdate, {0});
  add(move, item_key(1), item_key(7));
  const auto touched = apply(p, {move});
  ASSERT_TRUE(touched) << touched.error().message();
  EXPECT_EQ(*touched, std::vector<uint64_t>{1});
  EXPECT_EQ(harness_->rows(sim::kItems), std::vector<ModelRow>{item(7, Cell::integer(10), "a")});
}

TEST_P(TargetContract, AnInsertOfAKeyThatExistsIsADataErrorAndLeavesNothing) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::integer(10), "a")});
  for (const ModelRow& twice : {item(1, Cell::null(), "again"), item(2, Cell::integer(10), "same code")}) {
    TableBatch b = batch(p, sim::kItems, BatchOp::kInsert);
    add(b, {}, item(5, Cell::null(), "fine"));
    add(b, {}, twice);
    const auto touched = apply(p, {b});
    ASSERT_FALSE(touched);
    EXPECT_EQ(touched.error().blame(), Blame::kData) << touched.error().message();
    EXPECT_NE(touched.error().message().find("items"), std::string::npos) << "the message names the table";
  }
  EXPECT_EQ(harness_->rows(sim::kItems), std::vector<ModelRow>{item(1, Cell::integer(10), "a")});
  insert(p, sim::kItems, {item(6, Cell::null(), "the session goes on")});
}

TEST_P(TargetContract, AKeylessDeleteOrUpdateTakesOneDuplicate) {
  Running p = run_process();
  const ModelRow same{Cell::integer(1), Cell::word("x")};
  const ModelRow other{Cell::integer(2), Cell::null()};
  insert(p, sim::kBag, {same, same, same, other, other});
  TableBatch remove = batch(p, sim::kBag, BatchOp::kDelete);
  add(remove, same, {});
  add(remove, other, {});
  TableBatch update = batch(p, sim::kBag, BatchOp::kUpdate, {0});
  add(update, same, {Cell::integer(5), Cell::unchanged()});
  const auto touched = apply(p, {remove, update});
  ASSERT_TRUE(touched) << touched.error().message();
  EXPECT_EQ(*touched, (std::vector<uint64_t>{2, 1}));
  EXPECT_EQ(harness_->rows(sim::kBag), (std::vector<ModelRow>{same, other, {Cell::integer(5), Cell::word("x")}}));
}

TEST_P(TargetContract, ATruncateEmptiesAndACopyFills) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::null(), "a")});
  TableBatch copy = batch(p, sim::kItems, BatchOp::kCopy);
  add(copy, {}, item(8, Cell::null(), "h"));
  add(copy, {}, item(9, Cell::integer(3), "i"));
  ASSERT_TRUE(apply(p, {batch(p, sim::kItems, BatchOp::kTruncate), copy}));
  EXPECT_EQ(harness_->rows(sim::kItems),
            (std::vector<ModelRow>{item(8, Cell::null(), "h"), item(9, Cell::integer(3), "i")}));
}

TEST_P(TargetContract, AChildWithoutItsParentIsAConflict) {
  Running p = run_process();
  TableBatch child = batch(p, sim::kChildren, BatchOp::kInsert);
  add(child, {}, {Cell::integer(1), Cell::integer(77), Cell::word("orphan")});
  const auto touched = apply(p, {child});
  ASSERT_FALSE(touched);
  EXPECT_EQ(touched.error().blame(), Blame::kConflict) << touched.error().message();
  EXPECT_EQ(touched.error().code(), kForeignKeyViolation) << "by it the ladder tells a missing parent from a lock";
}

TEST_P(TargetContract, StatesAndSchemasGoWithProgress) {
  Running p = run_process();
  Group g = group(p, {});
  g.states = {{sim::schema_of(sim::kItems)->name, TableState::kSnapshotting, "", "-;-;3:0:5;0", 12, "ahead"}};
  g.schemas = {sim::schema_of(sim::kItems)};
  ASSERT_TRUE(p.session->prepare(g));
  ASSERT_TRUE(p.session->commit(g.from, g.to));
  p.target->close();
  p = Running();
  auto again = harness_->process();
  const auto opened = again->open({"contract", "source-1", true, Duration(0)});
  ASSERT_TRUE(opened) << opened.error().message();
  ASSERT_EQ(opened->tables.size(), 1u);
  EXPECT_EQ(opened->tables[0].table, sim::schema_of(sim::kItems)->name);
  EXPECT_EQ(opened->tables[0].state, TableState::kSnapshotting);
  EXPECT_EQ(opened->tables[0].ranges, "-;-;3:0:5;0");
  EXPECT_EQ(opened->tables[0].rows, 12u);
  EXPECT_EQ(opened->tables[0].since, "ahead");
  ASSERT_EQ(opened->schemas.size(), 1u);
  EXPECT_EQ(opened->schemas[0]->columns.size(), sim::schema_of(sim::kItems)->columns.size());
}

// Lanes that copy ranges of one table each have its next state: none waits for another's while it prepares.
TEST_P(TargetContract, TwoLanesChangeOneTablesStateInTicketOrder) {
  Running p = run_process();
  if (p.target->lanes_max() < 2) GTEST_SKIP() << "it has one writer";
  auto other = p.target->session();
  ASSERT_TRUE(other);
  std::vector<Group> groups;
  for (int64_t id = 1; id <= 2; ++id) {
    TableBatch b = batch(p, sim::kItems, BatchOp::kInsert);
    add(b, {}, item(id, Cell::null(), "copied"));
    Group g = group(p, {b});
    g.states = {{sim::schema_of(sim::kItems)->name, TableState::kSnapshotting, "", "", static_cast<uint64_t>(id), ""}};
    g.wait_for_locks = false;
    if (id == 2) {
      g.from = groups[0].to;
      g.to = after(g.from);
    }
    groups.push_back(g);
  }
  const auto state = [&] {
    const auto peeked = p.target->peek("contract");
    EXPECT_TRUE(peeked && peeked->has_value());
    return (*peeked)->tables.empty() ? 0 : (*peeked)->tables[0].rows;
  };
  const auto second = (*other)->prepare(groups[1]);
  ASSERT_TRUE(second) << second.error().message();
  const auto first = p.session->prepare(groups[0]);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(state(), 0u);
  ASSERT_TRUE(p.session->commit(groups[0].from, groups[0].to));
  EXPECT_EQ(state(), 1u) << "with its own rows, not with those of the next";
  EXPECT_EQ(harness_->rows(sim::kItems).size(), 1u);
  ASSERT_TRUE((*other)->commit(groups[1].from, groups[1].to));
  EXPECT_EQ(state(), 2u);
  EXPECT_EQ(harness_->rows(sim::kItems).size(), 2u);
}

TEST_P(TargetContract, NothingOfARolledBackGroupRemains) {
  Running p = run_process();
  TableBatch b = batch(p, sim::kItems, BatchOp::kInsert);
  add(b, {}, item(1, Cell::null(), "a"));
  Group g = group(p, {b});
  g.states = {{sim::schema_of(sim::kItems)->name, TableState::kStreaming, "", "", 0, ""}};
  ASSERT_TRUE(p.session->prepare(g));
  p.session->rollback();
  EXPECT_TRUE(harness_->rows(sim::kItems).empty());
  insert(p, sim::kBag, {{Cell::integer(1), Cell::null()}});
  const auto peeked = p.target->peek("contract");
  ASSERT_TRUE(peeked) << peeked.error().message();
  ASSERT_TRUE(peeked->has_value());
  EXPECT_TRUE((*peeked)->tables.empty());
}

TEST_P(TargetContract, APreparedGroupIsSeenOnlyAfterItsCommit) {
  Running p = run_process();
  TableBatch b = batch(p, sim::kItems, BatchOp::kInsert);
  add(b, {}, item(1, Cell::null(), "a"));
  Group open = group(p, {b});
  open.last = false;
  ASSERT_TRUE(p.session->prepare(open));
  EXPECT_TRUE(harness_->rows(sim::kItems).empty());
  TableBatch more = batch(p, sim::kItems, BatchOp::kInsert);
  add(more, {}, item(2, Cell::null(), "b"));
  Group rest = group(p, {more});
  rest.first = false;
  ASSERT_TRUE(p.session->prepare(rest));
  EXPECT_TRUE(harness_->rows(sim::kItems).empty());
  ASSERT_TRUE(p.session->commit(rest.from, rest.to));
  EXPECT_EQ(harness_->rows(sim::kItems).size(), 2u);
}

TEST_P(TargetContract, ACommitThatComparesWithAnotherVersionIsRefused) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::null(), "a")});
  auto other = p.target->session();
  ASSERT_TRUE(other);
  TableBatch b = batch(p, sim::kItems, BatchOp::kInsert);
  add(b, {}, item(2, Cell::null(), "b"));
  for (const int64_t away : {-1, 1}) {
    Group stale = group(p, {b});
    stale.from.version += static_cast<uint64_t>(away);
    stale.to = after(stale.from);
    ASSERT_TRUE((*other)->prepare(stale));
    const Status committed = (*other)->commit(stale.from, stale.to);
    ASSERT_FALSE(committed) << away;
    EXPECT_EQ(committed.error().code(), kProgressMoved) << committed.error().message();
    EXPECT_EQ(committed.error().blame(), Blame::kTransient);
    EXPECT_EQ(harness_->rows(sim::kItems).size(), 1u);
  }
}

TEST_P(TargetContract, HardCase04WhoWasTakenOverCantCommit) {
  Running first = run_process();
  TableBatch b = batch(first, sim::kItems, BatchOp::kInsert);
  add(b, {}, item(1, Cell::null(), "of the first"));
  const Group g = group(first, {b});
  // Where there is one writer, nobody takes over while it writes.
  const bool one_writer = first.target->lanes_max() < 2;
  if (!one_writer) {
    ASSERT_TRUE(first.session->prepare(g));
  }
  harness_->outlive_lease();
  Running second = run_process();
  if (one_writer) {
    ASSERT_TRUE(first.session->prepare(g));
  }
  const Status committed = first.session->commit(g.from, g.to);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code(), kEpochLost) << committed.error().message();
  const Status kept = first.target->keep_lease();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code(), kEpochLost);
  insert(second, sim::kItems, {item(1, Cell::null(), "of the second")});
  EXPECT_EQ(harness_->rows(sim::kItems), std::vector<ModelRow>{item(1, Cell::null(), "of the second")});
}

TEST_P(TargetContract, APipelineThatRunsIsNotTakenOver) {
  const Running first = run_process();
  ASSERT_TRUE(first.target->keep_lease());
  const auto second = harness_->process();
  const auto opened = second->open({"contract", "source-1", true, Duration(0)});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), kPipelineTaken) << opened.error().message();
  const auto peeked = second->peek("contract");
  ASSERT_TRUE(peeked) << peeked.error().message();
  EXPECT_TRUE(first.target->keep_lease()) << "looking is not taking";
}

TEST_P(TargetContract, ALockOfAnotherLaneIsAConflictAndTheSessionGoesOn) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::null(), "a")});
  auto other = p.target->session();
  ASSERT_TRUE(other);
  TableBatch b = batch(p, sim::kItems, BatchOp::kUpdate, {2});
  add(b, item_key(1), item(1, Cell::null(), "first"));
  const Group g = group(p, {b});
  ASSERT_TRUE(p.session->prepare(g));
  Group impatient = g;
  impatient.wait_for_locks = false;
  const auto second = (*other)->prepare(impatient);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().blame(), Blame::kConflict) << second.error().message();
  ASSERT_TRUE(p.session->commit(g.from, g.to));
  p.progress = g.to;
  p.session = *std::move(other);
  insert(p, sim::kItems, {item(2, Cell::null(), "by the second session")});
  EXPECT_EQ(harness_->rows(sim::kItems).size(), 2u);
}

TEST_P(TargetContract, FlushedReachesWhatWasCommittedAndNeverMore) {
  Running p = run_process();
  insert(p, sim::kItems, {item(1, Cell::null(), "a")});
  uint64_t flushed = 0;
  for (int tries = 0; tries < 200 && flushed < p.progress.version; ++tries) {
    const auto now = p.target->flushed();
    ASSERT_TRUE(now) << now.error().message();
    ASSERT_LE(*now, p.progress.version);
    EXPECT_GE(*now, flushed) << "it never goes back by itself";
    flushed = *now;
    if (flushed < p.progress.version) harness_->reach_disk();
  }
  EXPECT_EQ(flushed, p.progress.version);
}

TEST_P(TargetContract, TablesAreMatchedByName) {
  Running p = run_process();
  const TargetTableRef items = matched(p, sim::kItems);
  ASSERT_NE(items, nullptr);
  EXPECT_EQ(items->columns.size(), 4u);
  EXPECT_EQ(items->unique_keys.size(), 2u) << "every unique index, not only the key";
  EXPECT_EQ(items->unique_keys.front(), std::vector<uint16_t>{0}) << "the primary key first";
  const TargetTableRef children = matched(p, sim::kChildren);
  ASSERT_EQ(children->foreign_keys.size(), 1u);
  EXPECT_EQ(children->foreign_keys[0].parent, matched(p, sim::kParents)->name);
  EXPECT_TRUE(matched(p, sim::kBag)->unique_keys.empty());
  EXPECT_TRUE(*p.target->exists(*sim::schema_of(sim::kItems)));
  EXPECT_FALSE(*p.target->has_rows(*items));
  insert(p, sim::kItems, {item(1, Cell::null(), "a")});
  EXPECT_TRUE(*p.target->has_rows(*items));
}

}  // namespace
}  // namespace weft::contract
