// SPDX-License-Identifier: Apache-2.0
// Sessions of a target: of several hosts the one that can be written to; strict, so that the server refuses what it would change;
// autocommit off; each statement of a transaction reads what is committed. Free functions; any thread.
#pragma once

#include "engine/mysql/connection.h"

namespace weft::mysql {

// Of several hosts the first that can be written to, else the first that answers.
[[nodiscard]] Result<Connection> open_any(const Options& options, const SessionFlags& flags);
// For rows: autocommit is off.
[[nodiscard]] Result<Connection> open_writer(const Options& options);
// For weft's own tables and for DDL: autocommit is on, and locks are waited for a second.
[[nodiscard]] Result<Connection> open_control(const Options& options);
// max_allowed_packet of this session: bytes of a statement at most.
[[nodiscard]] Result<size_t> packet_limit(Connection& session);

}  // namespace weft::mysql
