// SPDX-License-Identifier: Apache-2.0
// The place of a read view: the last change of the log that the view itself shows. It is exact: the log is written by the
// transactions whose changes it holds, and Cuts keeps the stream from joining transactions across it. Immutable; any thread.
#pragma once

#include <string>
#include <utility>

#include "source/source.h"
#include "source/sqlite/position.h"

namespace weft::sqlite {

class SqliteReadPoint final : public ReadPoint {
 public:
  explicit SqliteReadPoint(SqlitePosition place) : place_(std::move(place)) {}

  [[nodiscard]] Covers covers(const Batch& batch, const Transaction& tx) const override {
    const auto* log = dynamic_cast<const SqlitePositionLog*>(batch.positions());
    if (log == nullptr || log->capture() != place_.capture) return Covers::kMaybe;  // of another capture
    return log->id(tx.position_index) <= place_.id ? Covers::kYes : Covers::kNo;
  }

  [[nodiscard]] bool contains(const Position& position) const override {
    const Result<SqlitePosition> at = position_of(position);
    return at && at->capture == place_.capture && at->id <= place_.id;
  }

  [[nodiscard]] bool reached_by(const Position& position) const override {
    const Result<SqlitePosition> at = position_of(position);
    return at && at->capture == place_.capture && at->id >= place_.id;
  }

  [[nodiscard]] bool passed_by(const Position& position) const override { return reached_by(position); }

  [[nodiscard]] bool exact() const override { return true; }

  [[nodiscard]] std::string text() const override { return place_.text(); }

 private:
  SqlitePosition place_;
};

}  // namespace weft::sqlite
