// SPDX-License-Identifier: Apache-2.0
// Conditions of filters: any bytes are parsed or refused; the text of one that is parsed is the same condition again, meets a
// table or is refused, and judges rows that have every kind of value, or are not known, without an end that is not an answer.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "transform/predicate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft;
  using namespace weft::transform;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expression = Expression::parse(text);
  if (!expression) return 0;
  const auto again = Expression::parse(expression->text());
  CHECK_MSG(again.has_value(), expression->text());
  CHECK(again->text() == expression->text());
  static const std::vector<Value> kValues = {Value::int64(-1),
                                             Value::uint64(UINT64_MAX),
                                             Value::decimal("-12.50"),
                                             Value::float64(0.1),
                                             Value::text("a%b_c\xc3\xa4"),
                                             Value::boolean(true),
                                             Value::date({2024, 5, 6}),
                                             Value::timestamp(0, 6),
                                             Value::null()};
  std::vector<Column> columns(kValues.size());
  std::vector<NamedColumn> named;
  for (size_t i = 0; i < kValues.size(); ++i) {
    columns[i].kind = kValues[i].is_null() ? Kind::kText : kValues[i].kind();
    named.push_back({std::string(1, static_cast<char>('a' + i)), static_cast<uint16_t>(i), &columns[i]});
  }
  const auto predicate = Predicate::bind(*expression, named);
  if (!predicate) return 0;
  const Match match = predicate->judge(kValues);
  CHECK(match == predicate->judge(kValues));
  CHECK_MSG(match != Match::kUnknown, "every value is known");
  const std::vector<Value> unknown(kValues.size(), Value::unchanged());
  (void)predicate->judge(unknown);
  return 0;
}
