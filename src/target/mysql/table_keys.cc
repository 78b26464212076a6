// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/table_keys.h"

#include <optional>
#include <utility>

#include "base/hex.h"
#include "base/text.h"
#include "engine/mysql/statement.h"
#include "engine/mysql/wire_values.h"
#include "model/value_text.h"

namespace weft::mysql {
namespace {

// As text, whatever the column's type, but for bytes.
std::string selected(const PlannedColumn& column) {
  switch (column.storage.form) {
    case Form::kBinary:
    case Form::kVarbinary:
    case Form::kBlob:
      return column.quoted;
    case Form::kBit:
      return cat("CAST(", column.quoted, " + 0 AS CHAR)");
    case Form::kFloat:
    case Form::kDouble:
      return cat("CONCAT(", column.quoted, " * 1e0)");
    default:
      return cat("CONVERT(CAST(", column.quoted, " AS CHAR) USING utf8mb4)");
  }
}

class TableKeys final : public TargetKeys {
 public:
  TableKeys(Connection session, std::shared_ptr<const TablePlan> plan)
      : session_(std::move(session)), plan_(std::move(plan)), packets_(session_.feed(), {}) {}

  Status open() {
    std::string columns;
    for (const uint16_t o : plan_->key) columns += cat(columns.empty() ? "" : ", ", selected(plan_->columns[o]));
    TRY_ASSIGN(Statement select,
               Statement::prepare(session_, packets_, cat("SELECT ", columns, " FROM ", plan_->name)));
    select_.emplace(std::move(select));
    return select_->execute({});
  }

  Result<std::vector<OwnedRow>> next(size_t limit) override {
    std::vector<OwnedRow> keys;
    while (!done_ && keys.size() < limit) {
      TRY_ASSIGN(const auto row, select_->next());
      done_ = !row;
      if (done_) break;
      TRY(add(*row, keys));
    }
    return keys;
  }

 private:
  // A row of the binary protocol: two reserved bits in front of the bit map of NULLs.
  Status add(std::string_view packet, std::vector<OwnedRow>& keys) const {
    ByteReader in(packet);
    const std::string_view nulls = in.take((plan_->key.size() + 9) / 8);
    std::vector<Value> values;
    std::vector<std::string> kept(plan_->key.size());
    for (size_t i = 0; i < plan_->key.size(); ++i) {
      if (!nulls.empty() && (static_cast<uint8_t>(nulls[(i + 2) / 8]) >> ((i + 2) % 8) & 1) != 0) {
        values.push_back(Value::null());
        continue;
      }
      kept[i] = std::string(in.take(take_length(in)));
      TRY_ASSIGN(const Value value, value_of(i, kept[i]));
      values.push_back(value);
    }
    if (!in.ok()) return Error(Blame::kTransient, cat("a malformed row of keys from ", session_.address()));
    keys.emplace_back(values);
    return ok();
  }

  Result<Value> value_of(size_t i, std::string& text) const {
    const Column& column = plan_->table.source->columns[plan_->key[i]];
    const Form form = plan_->columns[plan_->key[i]].storage.form;
    const bool binary = form == Form::kBinary || form == Form::kVarbinary || form == Form::kBlob;
    if (column.kind == Kind::kUuid) {
      if (!binary) {
        std::erase(text, '-');
        if (text.size() == 32) text = from_hex(text);
      }
      if (text.size() == 16) return Value::uuid(text);
    } else if (column.kind == Kind::kBytes) {
      return Value::bytes(text);
    } else if (column.kind == Kind::kBool) {
      return Value::boolean(text != "0");
    } else if (const auto value = value_of_text(column, text)) {
      return *value;
    } else if (column.kind == Kind::kText) {
      return Value::text(text);
    }
    return Error(Blame::kData,
                 cat("table ",
                     plan_->table.name.text(),
                     ": a row's key column \"",
                     column.name,
                     "\" holds '",
                     text.substr(0, 100),
                     "', which no row of the source can have; remove the row, then start again"));
  }

  Connection session_;
  std::shared_ptr<const TablePlan> plan_;
  PacketReader packets_;
  std::optional<Statement> select_;
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<TargetKeys>> read_keys(Connection session, std::shared_ptr<const TablePlan> plan) {
  auto keys = std::make_unique<TableKeys>(std::move(session), std::move(plan));
  TRY(keys->open());
  return std::unique_ptr<TargetKeys>(std::move(keys));
}

}  // namespace weft::mysql
