// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/administration.h"

#include "target/postgres/catalog.h"
#include "target/postgres/connect.h"
#include "target/postgres/lease.h"
#include "target/postgres/objects.h"
#include "target/postgres/teardown.h"

namespace weft::postgres {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(60);

// REQUIRES: the pipeline is held, so that nobody changes what it is about.
Result<std::vector<std::string>> run_teardown(Connection& connection, const Teardown& teardown) {
  // The lock keeps other pipelines from beginning while objects go.
  TRY(connection.execute("BEGIN; SET LOCAL lock_timeout = '10s'; LOCK TABLE _weft.lease IN SHARE ROW EXCLUSIVE MODE"));
  TRY_ASSIGN(auto statements, teardown_statements(connection, teardown));
  for (const std::string& statement : statements) TRY(connection.execute(statement));
  TRY(connection.execute("COMMIT"));
  return statements;
}

}  // namespace

Result<std::string> postgres_setup_sql(const std::string& url) {
  TRY_ASSIGN(const Address address, Address::parse(url));
  return objects_sql(address.user());
}

Status postgres_setup(const PostgresTargetOptions& options) {
  TRY_ASSIGN(const Address address, Address::parse(options.url));
  TRY_ASSIGN(const auto connection, connect_target(options, address, {}, kAnswerTimeout));
  return ensure_objects(*connection, true);
}

Result<std::vector<std::string>> postgres_teardown(const PostgresTargetOptions& options,
                                                   const PostgresTeardown& request) {
  TRY_ASSIGN(const Address address, Address::parse(options.url));
  TRY_ASSIGN(const auto connection, connect_target(options, address, {}, kAnswerTimeout));
  TRY_ASSIGN(const Objects found, find_objects(*connection));
  if (found == Objects::kMissing) return std::vector<std::string>();
  if (found == Objects::kPartial) TRY(ensure_objects(*connection, true));
  TRY(check_objects_version(*connection));
  Teardown teardown{request.pipeline, request.cutover, {}};
  if (!options.keep_schema) {
    TRY_ASSIGN(teardown.schema, default_schema(*connection));
  }
  auto statements = teardown_statements(*connection, teardown);
  if (!statements || request.dry_run) return statements;
  Lease lease({.length = options.lease,
               .grace = options.lease,
               .end_zombies = options.end_zombies,
               .clock = options.clock,
               .stop = options.stop});
  TRY(lease.acquire(*connection,
                    {.pipeline = request.pipeline, .source_id = {}, .wait = request.wait, .any_source = true}));
  statements = run_teardown(*connection, teardown);
  if (!statements && !connection->broken()) TRY(connection->execute("ROLLBACK"));
  lease.release(*connection);
  return statements;
}

}  // namespace weft::postgres
