// SPDX-License-Identifier: Apache-2.0
// What MySQL's and MariaDB's error numbers mean to us: one table from vendor code to Blame, with a hint for the operator.
//
//   return server_error(mysql_errno(m), mysql_sqlstate(m), mysql_error(m), "reading shop.orders");
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace weft::mysql {

// Error codes (Error::code) with a meaning of their own; equal to those of source/source.h. All other errors carry the
// vendor's number as their code.
inline constexpr std::string_view kPositionLostCode = "position-lost";
inline constexpr std::string_view kUnreachableCode = "unreachable";
inline constexpr std::string_view kSchemaChangedCode = "schema-changed";

// `doing` says what was tried and where ("reading shop.orders at db1:3306").
[[nodiscard]] Error server_error(uint32_t number,
                                 std::string_view sqlstate,
                                 std::string_view message,
                                 std::string_view doing);

// An error with which a server ends or refuses a binlog stream. Error 1236 stands for many things: only those that say
// that the log no longer (or not yet) has what was asked for get kPositionLostCode.
[[nodiscard]] Error dump_error(uint32_t number,
                               std::string_view sqlstate,
                               std::string_view message,
                               std::string_view doing);

}  // namespace weft::mysql
