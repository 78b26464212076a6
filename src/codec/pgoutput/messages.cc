// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/messages.h"

#include <cstring>

#include "base/bytes.h"
#include "base/text.h"

namespace weft::pgoutput {
namespace {

// 2000-01-01 after 1970-01-01.
constexpr int64_t kEpochUs = 946684800LL * 1000000;
constexpr size_t kRelationsMax = 1u << 20;

Error malformed(std::string_view what) {
  return Error(Blame::kConfig, cat("logical replication stream: malformed ", what), "corrupt-stream");
}

// A string that ends with a zero byte.
std::string_view text(ByteReader& in) {
  const size_t left = in.left();
  const void* const zero = left == 0 ? nullptr : std::memchr(in.position(), 0, left);
  if (zero == nullptr) {
    in.fail();
    return {};
  }
  const std::string_view found = in.take(static_cast<size_t>(static_cast<const char*>(zero) - in.position()));
  in.skip(1);
  return found;
}

uint32_t u32(ByteReader& in) {
  return static_cast<uint32_t>(in.be(4));
}

bool read_tuple(ByteReader& in, Tuple& tuple) {
  const size_t columns = in.be(2);
  tuple.clear();
  for (size_t i = 0; i < columns && in.ok(); ++i) {
    switch (in.u8()) {
      case 'n':
        tuple.push_back({Field::What::kNull, {}});
        break;
      case 'u':
        tuple.push_back({Field::What::kUnchanged, {}});
        break;
      case 't':
        tuple.push_back({Field::What::kText, in.take(u32(in))});
        break;
      case 'b':
        tuple.push_back({Field::What::kBinary, in.take(u32(in))});
        break;
      default:
        return false;
    }
  }
  return in.ok();
}

Result<Message> row_message(char type, ByteReader& in, Tuple& before, Tuple& after) {
  RowMessage row;
  row.op = type == 'I' ? RowMessage::Op::kInsert : type == 'U' ? RowMessage::Op::kUpdate : RowMessage::Op::kDelete;
  row.relation = u32(in);
  before.clear();
  after.clear();
  auto tag = static_cast<char>(in.u8());
  if (row.op != RowMessage::Op::kInsert && (tag == 'K' || tag == 'O')) {
    row.old = tag == 'K' ? Old::kKey : Old::kFull;
    if (!read_tuple(in, before)) return malformed("row before");
    if (row.op == RowMessage::Op::kDelete) return Message(row);
    tag = static_cast<char>(in.u8());
  }
  if (row.op == RowMessage::Op::kDelete || tag != 'N' || !read_tuple(in, after)) return malformed("row");
  return Message(row);
}

Result<Message> relation_message(ByteReader& in) {
  Relation relation;
  relation.id = u32(in);
  relation.schema = text(in);
  relation.table = text(in);
  relation.identity = static_cast<char>(in.u8());
  const size_t columns = in.be(2);
  for (size_t i = 0; i < columns && in.ok(); ++i) {
    RelationColumn column;
    column.key = (in.u8() & 1) != 0;
    column.name = text(in);
    column.type = u32(in);
    column.modifier = static_cast<int32_t>(u32(in));
    relation.columns.push_back(column);
  }
  if (!in.ok()) return malformed("relation");
  if (relation.schema.empty()) relation.schema = "pg_catalog";  // the manual: an empty namespace
  return Message(std::move(relation));
}

Result<Message> truncate_message(ByteReader& in) {
  TruncateMessage truncate;
  const size_t count = u32(in);
  in.skip(1);  // CASCADE, RESTART IDENTITY: the tables that it reached are listed
  if (count > kRelationsMax) return malformed("truncate");
  for (size_t i = 0; i < count && in.ok(); ++i) truncate.relations.push_back(u32(in));
  if (!in.ok()) return malformed("truncate");
  return Message(std::move(truncate));
}

// Protocol version 1, outside of streamed transactions: flags, the message's LSN, prefix, content.
Result<Message> logical_message(ByteReader& in) {
  LogicalMessage message;
  message.transactional = (in.u8() & 1) != 0;
  in.skip(8);
  message.prefix = text(in);
  message.content = in.take(u32(in));
  if (!in.ok()) return malformed("logical message");
  return Message(message);
}

}  // namespace

Result<Frame> parse_frame(std::string_view bytes) {
  ByteReader in(bytes);
  const auto type = static_cast<char>(in.u8());
  if (type == 'w') {
    WalData data;
    data.start = in.be(8);
    data.end = in.be(8);
    in.skip(8);
    data.payload = in.rest();
    if (!in.ok()) return malformed("frame");
    return Frame(data);
  }
  Keepalive keepalive;
  keepalive.end = in.be(8);
  in.skip(8);
  keepalive.reply = in.u8() != 0;
  if (type != 'k' || !in.ok()) return malformed("frame");
  return Frame(keepalive);
}

std::string standby_status(uint64_t flushed, int64_t now_us, bool reply) {
  ByteWriter out;
  out.le('r', 1);
  for (int i = 0; i < 3; ++i) out.be(flushed, 8);  // written, flushed, applied
  out.be(static_cast<uint64_t>(now_us - kEpochUs), 8);
  out.le(reply ? 1 : 0, 1);
  return std::move(out.str());
}

Result<Message> parse_message(std::string_view bytes, Tuple& before, Tuple& after) {
  ByteReader in(bytes);
  const auto type = static_cast<char>(in.u8());
  if (!in.ok()) return malformed("message");
  switch (type) {
    case 'B': {
      Begin begin;
      begin.final_lsn = in.be(8);
      begin.commit_us = static_cast<int64_t>(in.be(8) + uint64_t{kEpochUs});  // any bytes: it may wrap
      begin.xid = u32(in);
      if (!in.ok()) return malformed("begin");
      return Message(begin);
    }
    case 'C': {
      Commit commit;
      in.skip(1 + 8);
      commit.end_lsn = in.be(8);
      in.skip(8);
      if (!in.ok()) return malformed("commit");
      return Message(commit);
    }
    case 'R':
      return relation_message(in);
    case 'I':
    case 'U':
    case 'D':
      return row_message(type, in, before, after);
    case 'T':
      return truncate_message(in);
    case 'M':
      return logical_message(in);
    case 'O':
    case 'Y':
      return Message(Other{type});
    default:
      return Error(
          Blame::kConfig, cat("logical replication stream: unknown message type ", int{bytes[0]}), "corrupt-stream");
  }
}

}  // namespace weft::pgoutput
