// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/opening.h"

#include "base/text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/dialect.h"
#include "target/bookkeeping/objects.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/progress.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"

namespace weft::bookkeeping {
namespace {

Result<Opened> read_all(SqlPort& port, const std::string& name, std::optional<Progress> progress) {
  Opened opened;
  opened.progress = std::move(progress);
  TRY_ASSIGN(opened.tables, read_states(port, name));
  TRY_ASSIGN(opened.schemas, read_schemas(port, name));
  TRY_ASSIGN(opened.prepared, read_prepared(port, name));
  TRY_ASSIGN(const auto letters, count_letters(port, name));
  for (const auto& [table, count] : letters) opened.held.push_back({table, {}, count});
  return opened;
}

}  // namespace

Result<Opened> read_opened(SqlPort& port, const std::string& name, std::optional<Progress> progress, uint64_t epoch) {
  TRY_ASSIGN(Opened opened, read_all(port, name, std::move(progress)));
  opened.epoch = epoch;
  if (opened.held.empty() && opened.prepared.empty()) TRY(prune_schemas(port, name));
  if (!opened.held.empty()) {
    TRY_ASSIGN(opened.held, read_held_tables(port, name));
  }
  return opened;
}

Result<std::optional<Opened>> peek(SqlPort& port, const std::string& name, std::string_view where) {
  TRY_ASSIGN(const Objects found, find_objects(port));
  if (found != Objects::kPresent) return std::optional<Opened>();
  TRY(check_objects_version(port, where));
  ReadTransaction work(port);
  TRY(work.begin());
  TRY_ASSIGN(auto progress, read_progress(port, name));
  if (!progress) return std::optional<Opened>();
  TRY_ASSIGN(Opened opened, read_all(port, name, std::move(progress)));
  opened.epoch = opened.progress->epoch;
  return std::optional<Opened>(std::move(opened));
}

Status write_start(SqlPort& port,
                   const Lease& lease,
                   const std::string& name,
                   const Progress& initial,
                   const std::vector<TableStateRow>& tables,
                   const std::vector<SchemaRef>& schemas) {
  Transaction work(port);
  TRY(work.begin());
  TRY(lease.hold(port));
  TRY_ASSIGN(const auto there, read_progress(port, name));
  if (there)
    return Error(Blame::kTransient, cat("pipeline ", name, " has progress already"), std::string(kProgressMoved));
  Progress first = initial;
  first.epoch = lease.epoch();
  TRY(insert_progress(port, name, first));
  TRY(write_states(port, name, tables));
  TRY(write_schemas(port, name, schemas));
  return work.commit();
}

Result<std::vector<SchemaRef>> visit(SqlPort& port, const std::string& name, std::string_view where) {
  TRY_ASSIGN(const Objects found, find_objects(port));
  std::optional<Progress> progress;
  if (found == Objects::kPresent) {
    TRY(check_objects_version(port, where));
    TRY_ASSIGN(progress, read_progress(port, name));
  }
  if (!progress) return Error(Blame::kConfig, cat("pipeline ", name, " never ran into ", where));
  return read_schema_history(port, name);
}

}  // namespace weft::bookkeeping
