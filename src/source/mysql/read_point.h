// SPDX-License-Identifier: Apache-2.0
// Read points of MySQL and MariaDB: what a read view is known to show, in terms of the binary log. See hard case 1: a position
// is not visibility.
//
// PlacePoint (exact): the view shows exactly what ends at or before one place of the log. MariaDB's consistent snapshot tells
// its place; elsewhere a short table lock makes one (then it holds for that table).
// SetPoint (not exact): MySQL with GTIDs. `low` is gtid_executed as it was before the view opened: a transaction gets in there
// after it has become visible. `high` is the end of the log after the view opened: what is visible was in the log before.
// In between nobody can tell.
//
// Immutable but for a memory of "reached"; any thread.
#pragma once

#include <atomic>
#include <optional>

#include "codec/mysql_binlog/position.h"
#include "source/source.h"

namespace weft::mysql {

// The stored position of a Position, parsed if it is text.
[[nodiscard]] Result<mysql_binlog::MySqlPosition> stored_position(const Position& position,
                                                                  mysql_binlog::Flavor flavor);
// The place of a Position, unknown if it has none; cheap for a position out of the stream.
[[nodiscard]] mysql_binlog::FilePlace place_of(const Position& position, mysql_binlog::Flavor flavor);

class PlacePoint final : public ReadPoint {
 public:
  // `state`: the GTIDs at `place`, if they are known: then positions that have GTIDs are compared by them.
  PlacePoint(mysql_binlog::Flavor flavor,
             mysql_binlog::FilePlace place,
             std::optional<mysql_binlog::MySqlPosition> state)
      : flavor_(flavor), place_(std::move(place)), state_(std::move(state)) {}

  [[nodiscard]] Covers covers(const Batch& batch, const Transaction& tx) const override;
  [[nodiscard]] bool contains(const Position& position) const override;
  [[nodiscard]] bool reached_by(const Position& position) const override;

  [[nodiscard]] bool passed_by(const Position& position) const override { return reached_by(position); }

  [[nodiscard]] bool exact() const override { return true; }

  [[nodiscard]] std::string text() const override;

 private:
  mysql_binlog::Flavor flavor_;
  mysql_binlog::FilePlace place_;
  std::optional<mysql_binlog::MySqlPosition> state_;
};

class SetPoint final : public ReadPoint {
 public:
  SetPoint(mysql_binlog::MySqlPosition low, mysql_binlog::FilePlace high)
      : low_(std::move(low)), high_(std::move(high)) {}

  [[nodiscard]] Covers covers(const Batch& batch, const Transaction& tx) const override;
  [[nodiscard]] bool contains(const Position& position) const override;
  [[nodiscard]] bool reached_by(const Position& position) const override;
  [[nodiscard]] bool passed_by(const Position& position) const override;

  [[nodiscard]] bool exact() const override { return false; }

  [[nodiscard]] std::string text() const override;

 private:
  mysql_binlog::MySqlPosition low_;
  mysql_binlog::FilePlace high_;
  mutable std::atomic<bool> reached_ = false;  // the stream only goes forward: once is for ever
};

}  // namespace weft::mysql
