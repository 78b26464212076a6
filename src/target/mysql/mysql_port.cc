// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/mysql_port.h"

#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/mysql/quote.h"
#include "engine/mysql/wire_values.h"
#include "target/mysql/target_errors.h"

namespace weft::mysql {
namespace {

using bookkeeping::Parameter;
using bookkeeping::Record;

// enum_field_types, mysql_com.h.
constexpr uint16_t kTypeLongLong = 8;
constexpr uint16_t kTypeBlob = 252;
constexpr uint16_t kTypeText = 253;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Text has the session's character set, so that a comparison with a column of text can use its index.
uint16_t type_of(const Parameter& parameter) {
  if (std::holds_alternative<int64_t>(parameter)) return kTypeLongLong;
  const auto* text = std::get_if<std::string_view>(&parameter);
  return text == nullptr || is_utf8(*text) ? kTypeText : kTypeBlob;
}

std::string literal_of(const Parameter& parameter) {
  if (const auto* number = std::get_if<int64_t>(&parameter)) return cat(*number);
  const auto* text = std::get_if<std::string_view>(&parameter);
  if (text == nullptr) return "NULL";
  // In the session's own collation, as the literals of the statements are.
  return is_utf8(*text) ? quote_literal(*text) : cat("X'", to_hex(*text), "'");
}

// REQUIRES: no '?' that is not a parameter, which the bookkeeping's statements have none of.
std::string with_literals(std::string_view sql, std::span<const Parameter> parameters) {
  std::string out;
  size_t next = 0;
  for (const char c : sql) {
    if (c == '?' && next < parameters.size()) {
      out += literal_of(parameters[next++]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

Status MySqlPort::queue(const std::string& sql, std::span<const Parameter> parameters, uint64_t tag) {
  if (parameters.empty()) {
    queue_.query(sql, tag);
    return ok();
  }
  TRY_ASSIGN(const uint32_t statement, queue_.prepare(sql));
  std::vector<uint16_t> types;
  for (const Parameter& parameter : parameters) types.push_back(type_of(parameter));
  payload_.begin(types, 1);
  for (const Parameter& parameter : parameters) {
    if (const auto* number = std::get_if<int64_t>(&parameter)) {
      payload_.value().le(static_cast<uint64_t>(*number), 8);
    } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
      ByteWriter& out = payload_.value();
      put_length(out, text->size());
      out.bytes(*text);
    } else {
      payload_.null();
    }
  }
  queue_.execute(statement, payload_.bytes(), tag);
  return ok();
}

Result<uint64_t> MySqlPort::run(std::string_view sql, std::span<const Parameter> parameters) {
  uint64_t affected = 0;
  Status done = queue(std::string(sql), parameters, 0);
  const Status finished =
      queue_.finish([&](uint64_t, const CommandQueue::Answer& answer) { affected = answer.affected; });
  if (done) done = finished;
  if (done) return affected;
  return target_error(done.error(), !impatient_);
}

Result<std::vector<Record>> MySqlPort::rows(std::string_view sql, std::span<const Parameter> parameters) {
  Result<Rows> rows = queue_.session().query(with_literals(sql, parameters));
  if (rows) return std::move(rows->rows);
  return target_error(rows.error(), !impatient_);
}

}  // namespace weft::mysql
