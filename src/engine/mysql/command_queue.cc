// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/command_queue.h"

#include <algorithm>
#include <utility>

#include <mysql.h>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/statement.h"
#include "engine/mysql/wire_values.h"

namespace weft::mysql {
namespace {

// A server that says nothing for so long is taken for dead: longer than any wait for a lock that we ask for.
constexpr Duration kSilence = std::chrono::seconds(600);
constexpr size_t kSendBytes = 128u << 10;  // are sent, even if more is to come
// Answers that may wait to be read. They are small: so many fit into the buffers between both sides, and neither ever waits
// for the other to read.
constexpr size_t kWaitingMax = 256;
constexpr size_t kFullPart = 0xffffff;
constexpr size_t kKeepBytes = 1u << 20;

void put_header(std::string& out, size_t length, uint8_t number) {
  out.push_back(static_cast<char>(length & 0xff));
  out.push_back(static_cast<char>(length >> 8 & 0xff));
  out.push_back(static_cast<char>(length >> 16 & 0xff));
  out.push_back(static_cast<char>(number));
}

std::string number_bytes(uint32_t id) {
  ByteWriter out;
  out.le(id, 4);
  return std::move(out.str());
}

}  // namespace

CommandQueue::CommandQueue(Connection& session, std::stop_token stop)
    : session_(session), stop_(std::move(stop)), packets_(session.feed(), {.slab_bytes = 16u << 10}) {}

void CommandQueue::fail(Error error, uint64_t tag) {
  if (error_) return;
  failed_tag_ = tag;
  error_ = std::move(error);
}

// Protocol: a command is one packet, cut into parts of 16 MiB - 1 bytes, the last of which is shorter.
void CommandQueue::frame(uint8_t command, std::string_view head, std::string_view payload) {
  const size_t total = 1 + head.size() + payload.size();
  if (total < kFullPart) {
    put_header(out_, total, 0);
    out_.push_back(static_cast<char>(command));
    out_.append(head).append(payload);
    return;
  }
  std::string whole(1, static_cast<char>(command));
  whole.append(head).append(payload);
  std::string_view left = whole;
  for (uint8_t number = 0;; ++number) {
    const std::string_view part = left.substr(0, kFullPart);
    put_header(out_, part.size(), number);
    out_.append(part);
    left.remove_prefix(part.size());
    if (part.size() < kFullPart) return;
  }
}

void CommandQueue::add(uint8_t command, std::string_view head, std::string_view payload, uint64_t tag) {
  if (error_ || broken_) return;
  frame(command, head, payload);
  waiting_.push_back(tag);
  if (out_.size() >= kSendBytes || waiting_.size() >= kWaitingMax) send();
  if (waiting_.size() >= kWaitingMax) receive();
}

void CommandQueue::query(std::string_view sql, uint64_t tag) {
  add(COM_QUERY, {}, sql, tag);
}

void CommandQueue::execute(uint32_t statement, std::string_view parameters, uint64_t tag) {
  add(COM_STMT_EXECUTE, number_bytes(statement), parameters, tag);
}

void CommandQueue::execute_in_bulk(uint32_t statement, std::string_view rows, uint64_t tag) {
  add(COM_STMT_BULK_EXECUTE, number_bytes(statement), rows, tag);
}

void CommandQueue::send() {
  if (out_.empty() || broken_) return;
  if (Status sent = session_.send_packets(out_); !sent) {
    broken_ = true;
    fail(std::move(sent).error(), waiting_.empty() ? 0 : waiting_.front());
  }
  out_.clear();
  if (out_.capacity() > kKeepBytes) out_.shrink_to_fit();
}

Result<std::string_view> CommandQueue::packet() {
  const auto gone = [&](std::string why) {
    broken_ = true;
    failed_number_ = 0;
    const bool stopped = stop_.stop_requested();
    return Error(stopped ? Blame::kCancelled : Blame::kTransient, std::move(why), "2013");
  };
  auto got = packets_.next(kSilence, stop_);
  if (!got) return gone(cat(session_.address(), ": ", got.error().message()));
  if (*got) return **got;
  session_.abandon();
  return gone(cat("no answer from ", session_.address(), stop_.stop_requested() ? " before the stop" : " within 600 s"));
}

// An answer is an error, or OK, behind which the next one follows if the query has more statements.
Status CommandQueue::read_answer(uint64_t tag) {
  for (;;) {
    TRY_ASSIGN(const std::string_view got, packet());
    if (is_error_packet(got)) {
      ByteReader in(got.substr(1));
      if (!error_) failed_number_ = in.u16();
      return error_of_packet(got, session_.address(), false);
    }
    ByteReader in(got);
    const uint8_t first = in.u8();
    Answer answer;
    answer.affected = take_length(in);
    (void)take_length(in);
    answer.status = in.u16();
    if (first != 0 || !in.ok()) {
      broken_ = true;
      return Error(Blame::kBug, cat("a queued statement gave rows at ", session_.address()));
    }
    in_transaction_ = (answer.status & SERVER_STATUS_IN_TRANS) != 0;
    if (!error_) answers_.emplace_back(tag, answer);
    if ((answer.status & SERVER_MORE_RESULTS_EXIST) == 0) return ok();
  }
}

void CommandQueue::receive() {
  while (!waiting_.empty() && !broken_) {
    const uint64_t tag = waiting_.front();
    waiting_.pop_front();
    if (Status read = read_answer(tag); !read) fail(std::move(read).error(), tag);
  }
}

Status CommandQueue::finish(const OnAnswer& on_answer) {
  send();
  receive();
  waiting_.clear();
  const auto answers = std::exchange(answers_, {});
  for (const auto& [tag, answer] : answers) on_answer(tag, answer);
  if (!error_) return ok();
  Error error = *std::exchange(error_, std::nullopt);
  return error;
}

Result<uint32_t> CommandQueue::prepare(const std::string& sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  send();
  receive();
  if (error_) return *error_;
  TRY(session_.send_command(COM_STMT_PREPARE, sql));
  TRY_ASSIGN(const std::string_view answer, packet());
  if (is_error_packet(answer)) return error_of_packet(answer, cat("'", sql.substr(0, 300), "' at ", session_.address()), false);
  ByteReader in(answer);
  in.skip(1);
  const uint32_t id = in.u32();
  const size_t columns = in.u16();
  const size_t parameters = in.u16();
  // Definitions, and an EOF packet behind each kind.
  const size_t follow = (columns > 0 ? columns + 1 : 0) + (parameters > 0 ? parameters + 1 : 0);
  for (size_t i = 0; i < follow; ++i) TRY(packet());
  statements_.emplace(sql, id);
  return id;
}

void CommandQueue::trim(size_t keep) {
  if (statements_.size() <= keep || broken_) return;
  for (const auto& [sql, id] : statements_) {
    // Has no answer.
    if (!session_.send_command(COM_STMT_CLOSE, number_bytes(id))) break;
  }
  statements_.clear();
}

}  // namespace weft::mysql
