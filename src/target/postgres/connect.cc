// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/connect.h"

#include <utility>

#include "base/text.h"

namespace weft::postgres {
namespace {

constexpr int kOldestServer = 120000;

}  // namespace

Result<std::unique_ptr<Connection>> connect_target(const PostgresTargetOptions& options,
                                                   const Address& address,
                                                   std::string settings,
                                                   Duration answer_timeout) {
  ConnectOptions connect;
  connect.address = &address;
  connect.answer_timeout = answer_timeout;
  connect.stop = options.stop;
  connect.settings = std::move(settings);
  connect.clock = options.clock;
  TRY_ASSIGN(auto connection, Connection::open(connect));
  if (connection->server_version() < kOldestServer) {
    return Error(Blame::kConfig, cat(connection->where(), " is older than PostgreSQL 12"));
  }
  return connection;
}

}  // namespace weft::postgres
