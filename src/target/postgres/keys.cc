// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/keys.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "model/value_text.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kCursor = "weft_keys";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// "\\x0aff" and "00112233-4455-..." as bytes.
std::optional<std::string> bytes_of(std::string_view text) {
  if (text.starts_with("\\x")) text.remove_prefix(2);
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != '-'; });
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]);
    const int low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

class TableKeys final : public TargetKeys {
 public:
  TableKeys(std::unique_ptr<Connection> connection, std::shared_ptr<const TablePlan> plan)
      : connection_(std::move(connection)), plan_(std::move(plan)) {}

  Status open() {
    std::string columns;
    for (const uint16_t o : plan_->key) columns += cat(columns.empty() ? "" : ", ", plan_->columns[o].quoted);
    TRY(connection_->execute(cat("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; DECLARE ",
                                 kCursor,
                                 " NO SCROLL CURSOR FOR SELECT ",
                                 columns,
                                 " FROM ",
                                 plan_->name)));
    return ok();
  }

  Result<std::vector<OwnedRow>> next(size_t limit) override {
    TRY_ASSIGN(const Answer answer, connection_->execute(cat("FETCH ", limit, " FROM ", kCursor)));
    std::vector<OwnedRow> keys;
    keys.reserve(answer.rows());
    for (size_t row = 0; row < answer.rows(); ++row) {
      std::vector<Value> values;
      std::vector<std::string> kept(plan_->key.size());
      for (size_t i = 0; i < plan_->key.size(); ++i) {
        TRY_ASSIGN(Value value, value_of(plan_->key[i], answer.text(row, i), kept[i]));
        values.push_back(value);
      }
      keys.emplace_back(values);
    }
    return keys;
  }

 private:
  Result<Value> value_of(uint16_t ordinal, std::string_view text, std::string& kept) const {
    const Column& column = plan_->table.source->columns[ordinal];
    std::optional<Value> value;
    if (column.kind == Kind::kBytes || column.kind == Kind::kUuid) {
      if (auto bytes = bytes_of(text)) {
        kept = *std::move(bytes);
        value = column.kind == Kind::kUuid ? Value::uuid(kept) : Value::bytes(kept);
      }
    } else if (column.kind == Kind::kBool) {
      value = Value::boolean(text == "t");
    } else {
      if (column.kind == Kind::kTimestamp && text.ends_with("+00")) text.remove_suffix(3);
      value = value_of_text(column, text);
    }
    if (value) return *value;
    return Error(Blame::kData,
                 cat("table ",
                     plan_->name,
                     ": a row's key column ",
                     plan_->columns[ordinal].quoted,
                     " holds '",
                     text.substr(0, 100),
                     "', which no row of the source can have; remove the row, then start again"));
  }

  std::unique_ptr<Connection> connection_;
  std::shared_ptr<const TablePlan> plan_;
};

}  // namespace

Result<std::unique_ptr<TargetKeys>> read_keys(std::unique_ptr<Connection> connection,
                                              std::shared_ptr<const TablePlan> plan) {
  auto keys = std::make_unique<TableKeys>(std::move(connection), std::move(plan));
  TRY(keys->open());
  return std::unique_ptr<TargetKeys>(std::move(keys));
}

}  // namespace weft::postgres
