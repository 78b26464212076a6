// SPDX-License-Identifier: Apache-2.0
// The claims of the source contract. Built into each test binary that instantiates it.
#include "contract/source_contract.h"

#include <algorithm>

#include "base/text.h"

namespace weft::contract {

using sim::Cell;
using sim::ModelRow;
using sim::TableId;

Position SourceContract::head() {
  auto position = source_->head();
  EXPECT_TRUE(position) << (position ? "" : position.error().message());
  return position ? *position : Position();
}

void SourceContract::open(const Position& after) {
  const Status opened = source_->open(after);
  ASSERT_TRUE(opened) << opened.error().message();
}

std::vector<SourceContract::Delivered> SourceContract::take(size_t count) {
  std::vector<Delivered> all;
  for (int tries = 0; tries < 400 && all.size() < count; ++tries) {
    auto got = source_->next(std::chrono::milliseconds(25), {});
    EXPECT_TRUE(got) << (got ? "" : got.error().message());
    if (!got) break;
    if (!got->has_value()) continue;
    const auto batch = std::make_shared<const Batch>(std::move(**got));
    for (const Transaction& tx : batch->transactions()) {
      if (!tx.empty() && tx.first) all.push_back({batch, &tx});
    }
  }
  EXPECT_EQ(all.size(), count);
  return all;
}

std::vector<std::string> SourceContract::told(const Delivered& one) const {
  std::vector<std::string> lines;
  for (const Change& change : one.tx->changes) {
    if (const auto* row = std::get_if<RowChange>(&change)) {
      lines.push_back(cat(to_string(row->op),
                          " ",
                          row->schema->name.table,
                          row->after.empty() ? "" : " ",
                          row->after.empty() ? "" : sim::print(sim::to_model(row->after))));
    }
  }
  return lines;
}

std::vector<std::string> SourceContract::take_changes(size_t count) {
  std::vector<std::string> lines;
  while (lines.size() < count) {
    const auto next = take(1);
    if (next.empty()) break;
    for (std::string& line : told(next[0])) lines.push_back(std::move(line));
  }
  return lines;
}

std::unique_ptr<TableReader> SourceContract::reader() {
  auto made = source_->table_reader();
  EXPECT_TRUE(made) << (made ? "" : made.error().message());
  return made ? *std::move(made) : nullptr;
}

SchemaRef SourceContract::schema(TableId table) {
  const auto all = source_->tables();
  EXPECT_TRUE(all);
  for (const SchemaRef& one : *all) {
    if (one->name.table == sim::name_of(table)) return one;
  }
  ADD_FAILURE() << "table " << sim::name_of(table) << " is not captured";
  return nullptr;
}

std::vector<ModelRow> SourceContract::read(TableReader& from, const KeyRange& range, size_t rows) {
  std::vector<ModelRow> all;
  for (int pieces = 0; pieces < 1000; ++pieces) {
    const auto chunk = from.read(range, {rows, 1u << 20});
    EXPECT_TRUE(chunk) << (chunk ? "" : chunk.error().message());
    if (!chunk) break;
    EXPECT_LE(chunk->rows.size(), rows);
    for (const Row& row : chunk->rows) all.push_back(sim::to_model(row));
    if (chunk->end) return all;
  }
  ADD_FAILURE() << "the range has no end";
  return all;
}

namespace {

ModelRow item(int64_t id, const std::string& name) {
  return {Cell::integer(id), Cell::null(), Cell::word(name), Cell::word("note")};
}

ModelRow word(const std::string& text) {
  return {Cell::word(text), Cell::integer(1), Cell::word("note")};
}

TEST_P(SourceContract, IdentityIsTheSameForEveryProcess) {
  const auto other = harness_->process();
  const auto again = other->connect();
  ASSERT_TRUE(again);
  const auto first = source_->connect();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->identity.empty());
  EXPECT_EQ(first->identity, again->identity);
}

TEST_P(SourceContract, TheCatalogueHasKeysAndColumns) {
  EXPECT_EQ(schema(sim::kItems)->key, std::vector<uint16_t>{0});
  EXPECT_EQ(schema(sim::kItems)->columns.size(), 4u);
  EXPECT_EQ(schema(sim::kItems)->unique_keys.size(), 1u);
  EXPECT_TRUE(schema(sim::kBag)->keyless());
  EXPECT_FALSE(schema(sim::kWords)->key_comparable()) << "collations belong to the server";
}

TEST_P(SourceContract, TransactionsComeWholeAndInOrderAfterThePosition) {
  harness_->execute({{sim::kItems, {}, item(1, "before")}});
  open(head());
  harness_->execute({{sim::kItems, {}, item(2, "two")}, {sim::kItems, {}, item(3, "three")}});
  harness_->execute({{sim::kItems, item(2, "two"), item(2, "TWO")}, {sim::kItems, item(3, "three"), {}}});
  const auto got = take(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(
      told(got[0]),
      (std::vector<std::string>{"insert items (2, null, 'two', 'note')", "insert items (3, null, 'three', 'note')"}));
  ASSERT_EQ(got[1].tx->changes.size(), 2u);
  const auto& update = std::get<RowChange>(got[1].tx->changes[0]);
  EXPECT_EQ(update.before[0].as_int(), 2) << "an update has at least the old key";
  EXPECT_EQ(update.after[2].view(), "TWO");
  const auto& remove = std::get<RowChange>(got[1].tx->changes[1]);
  EXPECT_EQ(remove.op, Op::kDelete);
  EXPECT_EQ(remove.before[0].as_int(), 3);
  EXPECT_TRUE(remove.after.empty());
}

TEST_P(SourceContract, AStreamGoesOnStrictlyAfterAnyDeliveredPosition) {
  open(head());
  for (int64_t id = 1; id <= 4; ++id) harness_->execute({{sim::kItems, {}, item(id, "x")}});
  const auto got = take(4);
  ASSERT_EQ(got.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const Position after(got[i].position().text());
    ASSERT_TRUE(source_->connect());
    open(after);
    if (harness_->joins_transactions()) {
      std::vector<std::string> expected;
      for (size_t k = i + 1; k < 4; ++k) expected.push_back(told(got[k]).at(0));
      EXPECT_EQ(take_changes(3 - i), expected) << "after " << i;
      continue;
    }
    const auto rest = take(3 - i);
    for (size_t k = 0; k < rest.size(); ++k) EXPECT_EQ(told(rest[k]), told(got[i + 1 + k])) << "after " << i;
  }
}

TEST_P(SourceContract, PositionsIncludeWhatCameBeforeThemAndNothingElse) {
  const Position start = head();
  open(start);
  for (int64_t id = 1; id <= 3; ++id) harness_->execute({{sim::kItems, {}, item(id, "x")}});
  const auto got = take(3);
  ASSERT_EQ(got.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(source_->includes(start, *got[i].batch, *got[i].tx));
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(source_->includes(got[i].position(), *got[k].batch, *got[k].tx), k <= i);
      EXPECT_EQ(source_->includes(Position(got[i].position().text()), *got[k].batch, *got[k].tx), k <= i)
          << "as text too";
      EXPECT_EQ(source_->includes(got[i].position(), got[k].position()), k <= i);
    }
    EXPECT_TRUE(source_->includes(got[i].position(), start));
  }
  EXPECT_TRUE(source_->includes(head(), got[2].position()));
}

TEST_P(SourceContract, NothingComesWhenNothingHappened) {
  open(head());
  const auto got = source_->next(std::chrono::milliseconds(5), {});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_FALSE(got->has_value() && !(*got)->transactions().empty() && !(*got)->transactions()[0].empty());
}

TEST_P(SourceContract, APurgedOrUnknownPositionIsLost) {
  harness_->execute({{sim::kItems, {}, item(1, "x")}});
  const Position old = head();
  harness_->execute({{sim::kItems, {}, item(2, "y")}});
  harness_->purge();
  const Status purged = source_->open(old);
  ASSERT_FALSE(purged);
  EXPECT_EQ(purged.error().code(), kPositionLost) << purged.error().message();
  ASSERT_TRUE(source_->connect());
  const Status ahead = source_->open(harness_->future());
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().code(), kPositionLost) << ahead.error().message();
}

TEST_P(SourceContract, AReaderGivesARangeInPiecesAndInOrder) {
  std::vector<Statement> rows;
  for (int64_t id = 1; id <= 10; ++id) rows.push_back({sim::kItems, {}, item(id, "x")});
  harness_->execute(rows);
  const auto from = reader();
  ASSERT_TRUE(from->chunkable(*schema(sim::kItems)));
  ASSERT_TRUE(from->begin(schema(sim::kItems)));
  const auto all = read(*from, {}, 3);
  ASSERT_EQ(all.size(), 10u);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(all[i], item(static_cast<int64_t>(i) + 1, "x"));
  Arena arena(256);
  KeyRange middle;
  middle.after = OwnedRow(sim::to_row({Cell::integer(3)}, arena));
  middle.upto = OwnedRow(sim::to_row({Cell::integer(6)}, arena));
  ASSERT_TRUE(from->begin(schema(sim::kItems)));
  const auto some = read(*from, middle, 100);
  ASSERT_EQ(some.size(), 3u) << "(3, 6]";
  EXPECT_EQ(some.front(), item(4, "x"));
  EXPECT_EQ(some.back(), item(6, "x"));
}

TEST_P(SourceContract, HardCase18RangesOfTextKeysFollowTheSourcesOwnOrder) {
  const std::vector<std::string> in_order = {"ant", "Bee", "cat", "Dog", "eel"};
  std::vector<Statement> rows;
  for (const std::string& text : in_order) rows.push_back({sim::kWords, {}, word(text)});
  harness_->execute(rows);
  const auto from = reader();
  if (!from->chunkable(*schema(sim::kWords))) GTEST_SKIP() << "this source reads such tables whole";
  std::vector<std::string> seen;
  KeyRange range;
  Arena arena(256);
  for (size_t piece = 0; piece < in_order.size(); ++piece) {
    ASSERT_TRUE(from->begin(schema(sim::kWords)));
    const auto chunk = from->read(range, {1, 1u << 20});
    ASSERT_TRUE(chunk) << chunk.error().message();
    ASSERT_EQ(chunk->rows.size(), 1u);
    seen.emplace_back(chunk->rows[0][0].view());
    range.after = OwnedRow(sim::to_row({Cell::word(seen.back())}, arena));
  }
  EXPECT_EQ(seen, in_order);
}

TEST_P(SourceContract, AViewShowsNothingThatHappensAfterIt) {
  harness_->execute({{sim::kItems, {}, item(1, "old")}, {sim::kItems, {}, item(2, "old")}});
  const auto from = reader();
  ASSERT_TRUE(from->begin(schema(sim::kItems)));
  const auto first = from->read({}, {1, 1u << 20});
  ASSERT_TRUE(first);
  harness_->execute({{sim::kItems, item(2, "old"), item(2, "new")}, {sim::kItems, {}, item(3, "new")}});
  const auto rest = read(*from, {}, 10);
  EXPECT_EQ(rest, std::vector<ModelRow>{item(2, "old")});
}

TEST_P(SourceContract, AReadPointTellsWhatItCovers) {
  open(head());
  harness_->execute({{sim::kItems, {}, item(1, "x")}});
  const Position before = head();
  const auto from = reader();
  const auto point = from->begin(schema(sim::kItems));
  ASSERT_TRUE(point) << point.error().message();
  harness_->execute({{sim::kItems, {}, item(2, "y")}});
  const auto got = take(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ((*point)->covers(*got[0].batch, *got[0].tx), Covers::kYes);
  EXPECT_EQ((*point)->covers(*got[1].batch, *got[1].tx), Covers::kNo);
  EXPECT_TRUE((*point)->contains(before));
  EXPECT_TRUE((*point)->contains(got[0].position()));
  EXPECT_FALSE((*point)->contains(got[1].position()));
  EXPECT_TRUE((*point)->reached_by(got[0].position()));
  EXPECT_TRUE((*point)->passed_by(got[1].position()));
  EXPECT_FALSE((*point)->text().empty());
}

TEST_P(SourceContract, HardCase17AKeylessTableHasAnExactPoint) {
  const ModelRow same{Cell::integer(1), Cell::word("x")};
  harness_->execute({{sim::kBag, {}, same}, {sim::kBag, {}, same}});
  const auto from = reader();
  EXPECT_FALSE(from->chunkable(*schema(sim::kBag)));
  const auto point = from->begin(schema(sim::kBag));
  ASSERT_TRUE(point) << point.error().message();
  EXPECT_TRUE((*point)->exact());
  EXPECT_EQ(read(*from, {}, 1), (std::vector<ModelRow>{same, same}));
}

TEST_P(SourceContract, KeysThatDoNotExistAreNotRead) {
  harness_->execute({{sim::kItems, {}, item(1, "x")}, {sim::kItems, {}, item(2, "y")}});
  const auto from = reader();
  ASSERT_TRUE(from->begin(schema(sim::kItems)));
  Arena arena(256);
  const std::vector<OwnedRow> keys = {OwnedRow(sim::to_row({Cell::integer(2)}, arena)),
                                      OwnedRow(sim::to_row({Cell::integer(9)}, arena))};
  const auto chunk = from->read_keys(keys);
  ASSERT_TRUE(chunk) << chunk.error().message();
  ASSERT_EQ(chunk->rows.size(), 1u);
  EXPECT_EQ(sim::to_model(chunk->rows[0]), item(2, "y"));
}

TEST_P(SourceContract, SplitsAreKeysInOrder) {
  std::vector<Statement> rows;
  for (int64_t id = 1; id <= 40; ++id) rows.push_back({sim::kItems, {}, item(id, "x")});
  harness_->execute(rows);
  const auto from = reader();
  const auto borders = from->split(*schema(sim::kItems), 4);
  ASSERT_TRUE(borders) << borders.error().message();
  EXPECT_LE(borders->size(), 3u);
  EXPECT_TRUE(std::is_sorted(borders->begin(), borders->end(), [](const OwnedRow& a, const OwnedRow& b) {
    return compare_keys(a.row(), b.row()) < 0;
  }));
  const auto estimate = from->estimate(*schema(sim::kItems));
  ASSERT_TRUE(estimate);
}

}  // namespace
}  // namespace weft::contract
