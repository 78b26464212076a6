// SPDX-License-Identifier: Apache-2.0
// Positions of both flavors: what can be read prints, reads back and includes itself; binary GTID sets likewise.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/mysql_binlog/position.h"

namespace {

using namespace weft::mysql_binlog;

void check_text(std::string_view text, Flavor flavor) {
  const auto position = MySqlPosition::parse(text, flavor);
  if (!position) return;
  const std::string printed = position->text();
  const auto again = MySqlPosition::parse(printed, flavor);
  CHECK(again.has_value());
  CHECK(*again == *position);
  CHECK(again->text() == printed);
  CHECK(position->contains(*again));
  GtidSet rest = position->set;
  rest.subtract(position->set);
  CHECK(rest.empty());
  CHECK(position->set.missing(position->set).empty());
  CHECK(position->state.missing(position->state).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text(text, Flavor::kMariaDb);
  check_text(text, Flavor::kMySql);
  const auto set = GtidSet::decode(text);
  if (set) {
    const auto again = GtidSet::decode(set->encode());
    CHECK(again.has_value());
    CHECK(*again == *set);
    CHECK(set->contains(*again));
    check_text(set->text(), Flavor::kMySql);
  }
  return 0;
}
