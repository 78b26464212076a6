// SPDX-License-Identifier: Apache-2.0
// What a PostgreSQL server says when it refuses, and who must act on it: one table from SQLSTATE to Blame with a hint for
// the operator. Pure; any thread.
//
//   return to_error(server_error);    // "duplicate key ... Key (id)=(5) already exists. [23505, table public.orders]"
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weft::postgres {

// The fields of an ErrorResponse that matter to us.
struct ServerError {
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
};

// Error::code of an error that closed the connection without an SQLSTATE from the server.
inline constexpr std::string_view kConnectionLost = "08006";
// Error::code of a connection that could not be made at all.
inline constexpr std::string_view kNotReached = "08001";

[[nodiscard]] Blame blame_of(std::string_view sqlstate);
// The operator's next step; empty where the message says enough.
[[nodiscard]] std::string_view hint_of(std::string_view sqlstate);
// Whether the client library's words for a connection that could not be made, where no server gave a code, are about what the
// URL asks for or lacks (TLS, certificates, a password): trying again mends none of it.
[[nodiscard]] bool is_settings_trouble(std::string_view message);
inline constexpr std::string_view kSettingsHint =
    "check sslmode, sslrootcert, sslcert, sslkey and the password of the URL";
[[nodiscard]] Error to_error(const ServerError& error);

}  // namespace weft::postgres
