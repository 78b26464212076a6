// SPDX-License-Identifier: Apache-2.0
#include "transform/transformed_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "transform/batch_steps.h"
#include "transform/transformed_reader.h"

namespace weft::transform {
namespace {

constexpr size_t kSlabBytes = 64u << 10;

class TransformedSource final : public Source {
 public:
  TransformedSource(std::unique_ptr<Source> source, Steps steps)
      : source_(std::move(source)), steps_(std::make_shared<const Steps>(std::move(steps))), plans_(steps_, {}) {}

  Result<SourceInfo> connect() override {
    catalogue_.reset();
    TRY_ASSIGN(info_, source_->connect());
    return info_;
  }

  Result<std::vector<std::string>> set_up(bool dry_run) override { return source_->set_up(dry_run); }

  Result<std::vector<std::string>> tear_down(bool dry_run) override { return source_->tear_down(dry_run); }

  std::vector<Finding> check() override { return source_->check(); }

  Result<std::vector<SchemaRef>> tables() override;
  void use_schemas(const std::vector<SchemaRef>& schemas) override;
  Status refuse_steps() override;

  Status prepare() override { return source_->prepare(); }

  Result<Position> head() override { return source_->head(); }

  Status open(const Position& after) override { return source_->open(after); }

  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override {
    TRY_ASSIGN(std::optional<Batch> batch, source_->next(timeout, std::move(stop)));
    if (batch) batch = take_through(*std::move(batch), plans_, arena_);
    return batch;
  }

  Status acknowledge(const Position& position) override { return source_->acknowledge(position); }

  bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override {
    return source_->includes(position, batch, tx);
  }

  bool includes(const Position& a, const Position& b) const override { return source_->includes(a, b); }

  Result<std::unique_ptr<TableReader>> table_reader() override {
    TRY_ASSIGN(std::unique_ptr<TableReader> reader, source_->table_reader());
    return make_transformed_reader(std::move(reader), Plans(steps_, plans_.tables()));
  }

  Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view before,
                                                            std::string_view saved,
                                                            size_t count) const override {
    return source_->load_positions(before, saved, count);
  }

  std::optional<uint64_t> backlog_bytes() const override { return source_->backlog_bytes(); }

 private:
  void know_tables();
  [[nodiscard]] Status refuse_same_names() const;
  void judge_shapes(std::vector<std::string>& problems, std::string& about);
  Status judge_old_values(std::vector<std::string>& problems);
  void judge_hidden_keys(std::vector<std::string>& problems);

  std::unique_ptr<Source> source_;
  std::shared_ptr<const Steps> steps_;
  SourceInfo info_;
  std::optional<std::vector<SchemaRef>> catalogue_;  // as the source has it now
  std::vector<SchemaRef> used_;                      // as it was where the stream goes on
  Plans plans_;
  Arena arena_{kSlabBytes};
};

Result<std::vector<SchemaRef>> TransformedSource::tables() {
  TRY_ASSIGN(catalogue_, source_->tables());
  know_tables();
  TRY(refuse_same_names());
  std::vector<SchemaRef> tables;
  for (const SchemaRef& table : *catalogue_) tables.push_back(plans_.of(table).schema);
  return tables;
}

// The first shape of a table is that of where the stream goes on: the same table may be there under an older name of its own.
void TransformedSource::use_schemas(const std::vector<SchemaRef>& schemas) {
  used_.clear();
  std::set<TableName> seen;
  for (const SchemaRef& schema : schemas) {
    const SchemaRef source = at_source(schema);
    if (seen.insert(source->name).second) used_.push_back(source);
  }
  know_tables();
  source_->use_schemas(used_);
}

void TransformedSource::know_tables() {
  std::set<TableName> names;
  for (const SchemaRef& table : used_) names.insert(table->name);
  if (catalogue_) {
    for (const SchemaRef& table : *catalogue_) names.insert(table->name);
  }
  if (names != plans_.tables()) plans_ = Plans(steps_, std::move(names));
}

Status TransformedSource::refuse_same_names() const {
  std::map<TableName, TableName> from;
  for (const SchemaRef& table : *catalogue_) {
    const TableName name = renamed(*steps_, table->name, plans_.tables()).name;
    const auto [known, first] = from.emplace(name, table->name);
    if (first) continue;
    return Error(Blame::kConfig,
                 cat("transform: tables ",
                     known->second.text(),
                     " and ",
                     table->name.text(),
                     " would both be ",
                     name.text(),
                     ": rename one of them to something else, or follow each in a pipeline of its own"));
  }
  return ok();
}

Status TransformedSource::refuse_steps() {
  if (!catalogue_) TRY(tables());
  std::vector<std::string> problems;
  std::string table;
  judge_shapes(problems, table);
  TRY(judge_old_values(problems));
  if (info_.hides_key_actions) judge_hidden_keys(problems);
  if (problems.empty()) return ok();
  std::string all;
  for (const std::string& problem : problems) all += cat(all.empty() ? "transform: " : "; ", problem);
  return Error(Blame::kConfig, all).about(problems.size() == 1 ? table : std::string());
}

// A name may be that of the tables as they are now, or as they were where the stream goes on: what comes between is judged where
// the stream passes it.
void TransformedSource::judge_shapes(std::vector<std::string>& problems, std::string& about) {
  std::map<TableName, std::string> unfit;  // by the source's name; empty: one of its shapes fits
  std::vector<TableSteps> shapes;
  for (const std::vector<SchemaRef>* tables : {&*catalogue_, &used_}) {
    for (const SchemaRef& table : *tables) {
      const TableSteps& plan = plans_.of(table);
      shapes.push_back(plan);
      const auto [known, first] = unfit.emplace(table->name, plan.schema->unfit());
      if (!first && plan.schema->unfit().empty()) known->second.clear();
    }
  }
  for (std::string& problem : unmatched(*steps_, shapes)) problems.push_back(std::move(problem));
  for (const auto& [name, why] : unfit) {
    if (why.empty()) continue;
    problems.push_back(why);
    about = name.text();
  }
}

// A row that crosses a filter comes or goes at the target: that takes what it was before (hard case 25).
Status TransformedSource::judge_old_values(std::vector<std::string>& problems) {
  for (const SchemaRef& table : *catalogue_) {
    if (!plans_.of(table).filters_beyond_key()) continue;
    TRY_ASSIGN(const std::string lacks, source_->lacks_old_values(*table));
    if (!lacks.empty())
      problems.push_back(cat("the filter of table ", table->name.text(), " needs old values: ", lacks));
  }
  return ok();
}

// What a key of the source does without logging it can't be taken through a filter, nor without its columns.
void TransformedSource::judge_hidden_keys(std::vector<std::string>& problems) {
  const auto filtered = [&](const TableName& name) {
    return std::any_of(catalogue_->begin(), catalogue_->end(), [&](const SchemaRef& table) {
      return table->name == name && !plans_.of(table).filters.empty();
    });
  };
  for (const SchemaRef& child : *catalogue_) {
    const std::vector<ForeignKey>& left = plans_.of(child).schema->foreign_keys;
    for (const ForeignKey& key : child->foreign_keys) {
      if (!key.acts()) continue;
      const bool there =
          std::any_of(left.begin(), left.end(), [&](const ForeignKey& other) { return other.name == key.name; });
      if (there && !filtered(child->name) && !filtered(key.parent)) continue;
      problems.push_back(
          cat("foreign key ",
              key.name,
              " of table ",
              child->name.text(),
              " changes rows when ",
              key.parent.text(),
              " does, which the source does not log: neither table can be filtered, and the key's columns "
              "must go on (or give the key no action at the source)"));
    }
  }
}

}  // namespace

std::unique_ptr<Source> make_transformed_source(std::unique_ptr<Source> source, Steps steps) {
  return std::make_unique<TransformedSource>(std::move(source), std::move(steps));
}

}  // namespace weft::transform
