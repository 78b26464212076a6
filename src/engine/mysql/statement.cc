// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/statement.h"

#include <utility>

#include <mysql.h>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/wire_values.h"

namespace weft::mysql {
namespace {

// A server that says nothing for so long while it owes us rows is taken for dead.
constexpr Duration kSilence = std::chrono::seconds(300);

uint8_t wire_type(const Value& v) {
  switch (v.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      return MYSQL_TYPE_NULL;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kBit:
      return MYSQL_TYPE_LONGLONG;
    case Kind::kFloat:
    case Kind::kDouble:
      return MYSQL_TYPE_DOUBLE;
    case Kind::kDecimal:
      return MYSQL_TYPE_NEWDECIMAL;
    case Kind::kDate:
      return MYSQL_TYPE_DATE;
    case Kind::kDateTime:
    case Kind::kTimestamp:
      return MYSQL_TYPE_DATETIME;
    case Kind::kTime:
      return MYSQL_TYPE_TIME;
    case Kind::kText:
    case Kind::kJson:
      return MYSQL_TYPE_VAR_STRING;
    case Kind::kBytes:
    case Kind::kUuid:
      return MYSQL_TYPE_BLOB;
  }
  return MYSQL_TYPE_NULL;
}

void put_value(ByteWriter& out, const Value& v) {
  switch (v.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      return;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kBit:
    case Kind::kFloat:
    case Kind::kDouble:
      return out.le(v.as_uint(), 8);
    case Kind::kDate:
      return put_civil(out, v.civil(), true);
    case Kind::kDateTime:
      return put_civil(out, v.civil(), false);
    case Kind::kTimestamp:
      return put_civil(out, v.as_int() == kZeroTimestamp ? Civil() : Civil::from_micros(v.as_int()), false);
    case Kind::kTime:
      return put_time(out, v.as_int());
    case Kind::kDecimal:
    case Kind::kText:
    case Kind::kBytes:
    case Kind::kJson:
    case Kind::kUuid:
      put_length(out, v.view().size());
      return out.bytes(v.view());
  }
}

}  // namespace

std::string encode_execute(uint32_t statement, Row parameters) {
  ByteWriter out;
  out.le(statement, 4);
  out.le(0, 1);  // no cursor
  out.le(1, 4);  // one iteration
  if (parameters.empty()) return std::move(out.str());
  std::string nulls((parameters.size() + 7) / 8, '\0');
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (wire_type(parameters[i]) == MYSQL_TYPE_NULL) nulls[i / 8] = static_cast<char>(nulls[i / 8] | (1 << (i % 8)));
  }
  out.bytes(nulls);
  out.le(1, 1);  // types follow
  for (const Value& v : parameters) {
    out.le(wire_type(v), 1);
    out.le(v.kind() == Kind::kUint || v.kind() == Kind::kBit ? 0x80 : 0, 1);
  }
  for (const Value& v : parameters) put_value(out, v);
  return std::move(out.str());
}

Error error_of_packet(std::string_view packet, std::string_view doing, bool dump) {
  ByteReader in(packet.substr(1));
  const uint16_t number = in.u16();
  std::string_view message = in.rest();
  std::string_view sqlstate;
  if (message.starts_with('#') && message.size() >= 6) {
    sqlstate = message.substr(1, 5);
    message.remove_prefix(6);
  }
  return dump ? dump_error(number, sqlstate, message, doing) : server_error(number, sqlstate, message, doing);
}

Result<ResultColumn> parse_result_column(std::string_view packet) {
  ResultColumn column;
  ByteReader in(packet);
  for (int i = 0; i < 4; ++i) in.skip(take_length(in));  // catalog, schema, table, original table
  column.name = std::string(in.take(take_length(in)));
  in.skip(take_length(in));  // original name
  // MariaDB's extended metadata may stand between: the fixed part is always the last 13 bytes.
  if (!in.ok() || in.left() < 13) return Error(Blame::kTransient, "malformed column definition from the server");
  in.skip(in.left() - 12);
  column.collation = in.u16();
  column.length = in.u32();
  column.type = in.u8();
  column.flags = in.u16();
  column.decimals = in.u8();
  return column;
}

Result<Statement> Statement::prepare(Connection& session, PacketReader& packets, std::string sql) {
  Statement statement(session, packets, std::move(sql));
  TRY(session.send_command(COM_STMT_PREPARE, statement.sql_));
  TRY(statement.read_prepare_answer());
  return statement;
}

Statement::Statement(Statement&& other) noexcept
    : session_(other.session_),
      packets_(other.packets_),
      sql_(std::move(other.sql_)),
      columns_(std::move(other.columns_)),
      id_(other.id_),
      parameters_(other.parameters_),
      prepared_(std::exchange(other.prepared_, false)),
      reading_(std::exchange(other.reading_, false)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(session_, other.session_);
  std::swap(packets_, other.packets_);
  std::swap(sql_, other.sql_);
  std::swap(columns_, other.columns_);
  std::swap(id_, other.id_);
  std::swap(parameters_, other.parameters_);
  std::swap(prepared_, other.prepared_);
  std::swap(reading_, other.reading_);
  return *this;
}

Statement::~Statement() {
  if (!prepared_) return;
  // A session in the middle of a result is closed by whoever owns it; the server then frees the statement.
  if (reading_ && !drain()) return;
  ByteWriter out;
  out.le(id_, 4);
  static_cast<void>(session_->send_command(COM_STMT_CLOSE, out.str()).has_value());
}

Error Statement::failed(std::string_view packet) const {
  return error_of_packet(packet, cat("'", std::string_view(sql_).substr(0, 300), "' at ", session_->address()), false);
}

Error Statement::malformed() const {
  return Error(Blame::kTransient, cat("malformed answer from ", session_->address(), " to '", sql_, "'"));
}

Result<std::string_view> Statement::packet() {
  TRY_ASSIGN(const auto got, packets_->next(kSilence, {}));
  if (!got) {
    session_->abandon();
    return Error(
        Blame::kTransient, cat("no answer from ", session_->address(), " within 300 s to '", sql_, "'"), "2013");
  }
  return *got;
}

Status Statement::read_prepare_answer() {
  TRY_ASSIGN(const std::string_view answer, packet());
  if (is_error_packet(answer)) return failed(answer);
  ByteReader in(answer);
  in.skip(1);
  id_ = in.u32();
  const size_t columns = in.u16();
  parameters_ = in.u16();
  if (!in.ok()) return malformed();
  prepared_ = true;
  if (parameters_ > 0) TRY(read_columns(parameters_, nullptr));
  if (columns > 0) TRY(read_columns(columns, &columns_));
  return ok();
}

// `count` definitions and the EOF packet behind them.
Status Statement::read_columns(size_t count, std::vector<ResultColumn>* into) {
  if (into != nullptr) into->clear();
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view definition, packet());
    if (is_error_packet(definition)) return failed(definition);
    if (into == nullptr) continue;
    TRY_ASSIGN(ResultColumn column, parse_result_column(definition));
    into->push_back(std::move(column));
  }
  TRY_ASSIGN(const std::string_view eof, packet());
  if (!is_eof_packet(eof)) return malformed();
  return ok();
}

Status Statement::execute(Row parameters) {
  TRY(drain());
  if (parameters.size() != parameters_) return Error(Blame::kBug, cat("wrong number of parameters for '", sql_, "'"));
  TRY(session_->send_command(COM_STMT_EXECUTE, encode_execute(id_, parameters)));
  return read_execute_answer();
}

Status Statement::read_execute_answer() {
  TRY_ASSIGN(const std::string_view answer, packet());
  if (is_error_packet(answer)) return failed(answer);
  ByteReader in(answer);
  const size_t count = take_length(in);
  if (!in.ok() || count == 0) return malformed();
  // A MariaDB that knows that we have the definitions from prepare() says so with a zero byte and leaves them out.
  const bool definitions = in.empty() || in.u8() != 0;
  reading_ = true;
  return read_columns(definitions ? count : 0, definitions ? &columns_ : nullptr);
}

Result<std::optional<std::string_view>> Statement::next() {
  if (!reading_) return std::optional<std::string_view>();
  TRY_ASSIGN(const std::string_view row, packet());
  if (!row.empty() && row[0] == 0) return std::optional(row.substr(1));
  reading_ = false;
  if (is_error_packet(row)) return failed(row);
  if (is_eof_packet(row)) return std::optional<std::string_view>();
  return malformed();
}

Status Statement::drain() {
  while (reading_) TRY(next());
  return ok();
}

}  // namespace weft::mysql
