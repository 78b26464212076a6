// SPDX-License-Identifier: Apache-2.0
// OriginRow: what a session writes first in each of its transactions, so that a source that follows this database knows where the
// rows behind it come from (model/origin.h, docs/formats/origin.md). A row of its own for each session: nobody waits for another.
//
//   OriginRow origin(dialect, pipeline, lane);  origin.say("mysql:...:shop");
//   if (origin.any()) TRY(port.run(origin.sql(), origin.next()));     // behind BEGIN, before the first row
//
// Owned by a session; its thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "target/bookkeeping/port.h"

namespace weft::bookkeeping {

class OriginRow {
 public:
  // `lane`: the session's number within its process.
  OriginRow(Dialect dialect, std::string_view pipeline, uint64_t lane);

  void say(std::string chain) { chain_ = std::move(chain); }

  [[nodiscard]] bool any() const { return !chain_.empty(); }

  [[nodiscard]] const std::string& sql() const { return sql_; }

  // The parameters, different each time; viewed until the next call.
  [[nodiscard]] std::span<const Parameter> next();

 private:
  std::string sql_;
  int64_t lane_;
  uint64_t count_;
  std::string chain_;
  std::string row_;
  std::array<Parameter, 2> parameters_;
};

}  // namespace weft::bookkeeping
