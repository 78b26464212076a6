// SPDX-License-Identifier: Apache-2.0
// connect_target: a session at the target, of a server that is new enough. The caller's thread.
#pragma once

#include <memory>
#include <string>

#include "engine/postgres/connection.h"
#include "engine/postgres/url.h"
#include "target/postgres/postgres_target.h"

namespace weft::postgres {

[[nodiscard]] Result<std::unique_ptr<Connection>> connect_target(const PostgresTargetOptions& options,
                                                                 const Address& address,
                                                                 std::string settings,
                                                                 Duration answer_timeout);

}  // namespace weft::postgres
