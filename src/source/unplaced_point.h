// SPDX-License-Identifier: Apache-2.0
// UnplacedPoint: the point of a view whose place in the log nobody asked for: readers that only read (comparing two sides) and
// are never merged with a stream. Immutable; any thread.
#pragma once

#include <string>

#include "source/source.h"

namespace weft {

class UnplacedPoint final : public ReadPoint {
 public:
  [[nodiscard]] Covers covers(const Batch&, const Transaction&) const override { return Covers::kMaybe; }

  [[nodiscard]] bool contains(const Position&) const override { return false; }

  [[nodiscard]] bool reached_by(const Position&) const override { return false; }

  [[nodiscard]] bool passed_by(const Position&) const override { return false; }

  [[nodiscard]] bool exact() const override { return false; }

  [[nodiscard]] std::string text() const override { return "no place"; }
};

}  // namespace weft
