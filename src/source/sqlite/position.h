// SPDX-License-Identifier: Apache-2.0
// Positions of an SQLite source: "<capture>:<id>", the random number of the capture that `weft setup` made and the last change
// of its log. Why: docs/formats/sqlite_position.md. Values; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/position.h"

namespace weft::sqlite {

struct SqlitePosition {
  std::string capture;  // 16 hexadecimal digits
  int64_t id = 0;

  [[nodiscard]] static Result<SqlitePosition> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
};

// Each entry is the id of the last change of its transaction.
class SqlitePositionLog final : public PositionLog {
 public:
  explicit SqlitePositionLog(std::string capture) : capture_(std::move(capture)) {}

  uint32_t add(int64_t id) {
    ids_.push_back(id);
    return static_cast<uint32_t>(ids_.size() - 1);
  }

  [[nodiscard]] std::string text(uint32_t index) const override;
  [[nodiscard]] bool save(uint32_t first, uint32_t count, std::string& out) const override;
  [[nodiscard]] static Result<std::shared_ptr<const PositionLog>> load(std::string_view saved, size_t count);

  [[nodiscard]] int64_t id(uint32_t index) const { return ids_[index]; }

  [[nodiscard]] const std::string& capture() const { return capture_; }

 private:
  std::string capture_;
  std::vector<int64_t> ids_;
};

// Of a Position out of the stream or of one that was stored.
[[nodiscard]] Result<SqlitePosition> position_of(const Position& position);

}  // namespace weft::sqlite
