// SPDX-License-Identifier: Apache-2.0
// Side: a database `shop` of any engine, for tests that are about pairs of engines and not about one. Statements are in the SQL
// that all of them share; what they print is compared as text.
//
//   if (auto why = Side::unavailable(kind)) GTEST_SKIP() << *why;
//   auto a = Side::make(SideKind::kMariaDb);  a->exec("CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(40))");
//   WeftProcess weft(log, {"run", "--from", a->url(), "--to", b->url()});
//
// Owns its server or file. One thread; sessions() may be used by others.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "support/rows.h"

namespace weft::live {

enum class SideKind { kMariaDb, kMySql, kPostgres, kSqlite };

using SidePair = std::tuple<SideKind, SideKind>;

// All of `sides` with each other under ./dev live --pairs; else those of `some`, which CI has time for.
[[nodiscard]] std::vector<SidePair> pairs_of(const std::vector<SideKind>& sides, const std::vector<SidePair>& some);

inline constexpr SideKind kAllSides[] = {SideKind::kMariaDb, SideKind::kMySql, SideKind::kPostgres, SideKind::kSqlite};

[[nodiscard]] std::string side_name(SideKind kind);
void PrintTo(SideKind kind, std::ostream* out);

// A session of its own.
class SideSession {
 public:
  virtual ~SideSession() = default;
  // One or several statements; throws support::SqlError.
  virtual void exec(const std::string& sql) = 0;
  [[nodiscard]] virtual support::Rows query(const std::string& sql) = 0;
};

class Side {
 public:
  virtual ~Side() = default;
  [[nodiscard]] static std::optional<std::string> unavailable(SideKind kind);
  // Started, with an empty database.
  [[nodiscard]] static std::unique_ptr<Side> make(SideKind kind);

  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual std::unique_ptr<SideSession> session() const = 0;
  // SIGKILL of the server, and the way back. Nothing where there is no server.
  virtual void crash() = 0;
  virtual void start() = 0;

  void exec(const std::string& sql) const { session()->exec(sql); }

  // "1,a|2,b"
  [[nodiscard]] std::string text(const std::string& sql) const { return support::text_of(session()->query(sql)); }
};

}  // namespace weft::live
