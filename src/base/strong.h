// SPDX-License-Identifier: Apache-2.0
// Strong<Tag, Rep>: an id, count or offset that can't be swapped with another one; no implicit way in or out.
//
//   using Sequence = Strong<struct SequenceTag, uint64_t>;
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace weft {

template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;

  constexpr Strong() = default;

  constexpr explicit Strong(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  [[nodiscard]] constexpr Strong next() const { return Strong(static_cast<Rep>(value_ + 1)); }

  constexpr auto operator<=>(const Strong&) const = default;

 private:
  Rep value_{};
};

struct StrongHash {
  template <class Tag, class Rep>
  size_t operator()(const Strong<Tag, Rep>& strong) const {
    return std::hash<Rep>{}(strong.value());
  }
};

}  // namespace weft
