// SPDX-License-Identifier: Apache-2.0
// Progress of a pipeline as an insert-only chain of rows: one row per target transaction, whose version is the previous
// one's plus one. The primary key (pipeline, version) is the compare-and-set, and the row before must exist with our
// epoch, so that neither a process that lost the pipeline nor a server that went back in time can be written to.
// Why a chain and not one updated row, and the proof: docs/formats/progress.md.
// Free functions over a Connection or Pipeline; its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/pipeline.h"
#include "target/target.h"

namespace weft::postgres {

// Queues the row after `from`, and now and then the removal of old ones. The statement fails with SQLSTATE 23505 or 23502
// when progress is not at `from`.
[[nodiscard]] Status send_advance(
    Pipeline& pipeline, const std::string& name, const Progress& from, const Progress& to, uint64_t tag);
// Whether an error is send_advance()'s way to say that progress moved.
[[nodiscard]] bool is_moved(const ServerError& error);
// What a failed advance means: kEpochLost or kProgressMoved. REQUIRES: no open transaction.
[[nodiscard]] Error explain_moved(Connection& connection, const std::string& name, const Progress& from);

[[nodiscard]] Result<std::optional<Progress>> read_progress(Connection& connection, const std::string& name);
// Takes the chain over for `epoch` inside the open transaction: adds a row that repeats the newest one. None: no rows yet.
[[nodiscard]] Result<std::optional<Progress>> take_over_progress(Connection& connection,
                                                                 const std::string& name,
                                                                 uint64_t epoch);
// The first row, inside the open transaction.
[[nodiscard]] Status insert_progress(Connection& connection, const std::string& name, const Progress& first);

// Table states and schema versions, in the same transaction as the rows they speak of.
[[nodiscard]] Status send_states(Pipeline& pipeline,
                                 const std::string& name,
                                 const std::vector<TableStateRow>& states,
                                 uint64_t tag);
[[nodiscard]] Status send_schemas(Pipeline& pipeline,
                                  const std::string& name,
                                  const std::vector<SchemaRef>& schemas,
                                  uint64_t tag);
[[nodiscard]] Status send_prepared(Pipeline& pipeline,
                                   const std::string& name,
                                   const std::vector<PreparedStepRef>& steps,
                                   uint64_t tag);
[[nodiscard]] Result<std::vector<PreparedName>> read_prepared(Connection& connection, const std::string& name);
[[nodiscard]] Result<std::string> read_prepared_piece(Connection& connection,
                                                      const std::string& name,
                                                      const std::string& transaction,
                                                      uint64_t piece);
[[nodiscard]] Result<std::vector<TableStateRow>> read_states(Connection& connection, const std::string& name);
// Target::ask and Target::asked.
[[nodiscard]] Status write_wish(Connection& connection,
                                const std::string& name,
                                const std::vector<std::string>& tables,
                                std::string_view what);
[[nodiscard]] Result<bool> read_wishes(Connection& connection, const std::string& name);
// All versions, oldest first.
[[nodiscard]] Result<std::vector<SchemaRef>> read_schema_history(Connection& connection, const std::string& name);
// Versions that nothing asks for any more go: those behind the latest one, unless letters or prepared transactions wait, which
// may be of any of them.
[[nodiscard]] Status prune_schemas(Connection& connection, const std::string& name);
// The latest of each table.
[[nodiscard]] Result<std::vector<SchemaRef>> read_schemas(Connection& connection, const std::string& name);

}  // namespace weft::postgres
