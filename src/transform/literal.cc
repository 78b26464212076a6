// SPDX-License-Identifier: Apache-2.0
#include "transform/literal.h"

namespace weft::transform {
namespace {

// Takes digits, points and signs off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Exactly `count` digits.
  uint32_t digits(size_t count) {
    uint32_t number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (text_.empty() || text_[0] < '0' || text_[0] > '9') {
        failed_ = true;
        return 0;
      }
      number = number * 10 + static_cast<uint32_t>(text_[0] - '0');
      text_.remove_prefix(1);
    }
    return number;
  }

  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) { failed_ = !take(c) || failed_; }

  // ".5" is 500000
  uint32_t micros() {
    if (!take('.')) return 0;
    uint32_t number = 0;
    size_t count = 0;
    for (; count < 6 && !text_.empty() && text_[0] >= '0' && text_[0] <= '9'; ++count) number = number * 10 + digits(1);
    failed_ = failed_ || count == 0;
    for (; count < 6; ++count) number *= 10;
    return number;
  }

  [[nodiscard]] size_t digits_ahead() const {
    const size_t end = text_.find_first_not_of("0123456789");
    return end == std::string_view::npos ? text_.size() : end;
  }

  void fail() { failed_ = true; }

  [[nodiscard]] bool at_end() const { return text_.empty(); }

  [[nodiscard]] bool done() const { return !failed_ && text_.empty(); }

 private:
  std::string_view text_;
  bool failed_ = false;
};

void read_date(Reader& in, Civil& civil) {
  civil.year = in.digits(4);
  in.expect('-');
  civil.month = in.digits(2);
  in.expect('-');
  civil.day = in.digits(2);
}

void read_clock(Reader& in, Civil& civil) {
  civil.hour = in.digits(2);
  in.expect(':');
  civil.minute = in.digits(2);
  in.expect(':');
  civil.second = in.digits(2);
  civil.micros = in.micros();
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 59) in.fail();
}

// A date alone is its midnight. An instant is told in UTC.
std::optional<Civil> read_civil(std::string_view text, Kind kind) {
  Reader in(text);
  Civil civil;
  read_date(in, civil);
  if (kind != Kind::kDate && !in.at_end()) {
    if (!in.take('T')) in.expect(' ');
    read_clock(in, civil);
    if (kind == Kind::kTimestamp) (void)in.take('Z');
  }
  if (!in.done() || civil.month > 12 || civil.day > 31) return std::nullopt;
  if (kind == Kind::kTimestamp && !civil.valid_date()) return std::nullopt;
  return civil;
}

// [-]HH:MM:SS[.ffffff], up to three digits of hours.
std::optional<Value> read_time(std::string_view text) {
  Reader in(text);
  const bool below = in.take('-');
  const size_t hours = in.digits_ahead();
  if (hours < 2 || hours > 3) return std::nullopt;
  int64_t seconds = int64_t{in.digits(hours)} * 3600;
  in.expect(':');
  const uint32_t minute = in.digits(2);
  in.expect(':');
  const uint32_t second = in.digits(2);
  seconds += int64_t{minute} * 60 + second;
  const int64_t micros = seconds * 1000000 + in.micros();
  if (!in.done() || minute > 59 || second > 59) return std::nullopt;
  return Value::time(below ? -micros : micros, 6);
}

std::optional<Value> read_uuid(std::string_view text, std::string& bytes) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] + 32) : text[i];
  }
  bytes.clear();
  for (size_t i = 0; i < digits.size(); i += 2) {
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    const int high = digit(digits[i]);
    const int low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return Value::uuid(bytes);
}

}  // namespace

std::optional<Value> literal_of(Kind kind, std::string_view text, std::string& bytes) {
  if (kind == Kind::kUuid) return read_uuid(text, bytes);
  if (kind == Kind::kTime) return read_time(text);
  if (kind == Kind::kDate || kind == Kind::kDateTime || kind == Kind::kTimestamp) {
    const std::optional<Civil> civil = read_civil(text, kind);
    if (!civil) return std::nullopt;
    return kind == Kind::kDate       ? Value::date(*civil)
           : kind == Kind::kDateTime ? Value::datetime(*civil, 6)
                                     : Value::timestamp(civil->micros_since_epoch(), 6);
  }
  if (kind != Kind::kText && kind != Kind::kBytes) return std::nullopt;
  bytes = text;
  return Value::view(kind, bytes);
}

std::string_view expected_literal(Kind kind) {
  switch (kind) {
    case Kind::kText:
    case Kind::kBytes:
      return "a text";
    case Kind::kDate:
      return "a date such as '2024-05-06'";
    case Kind::kDateTime:
      return "a date and time such as '2024-05-06 07:08:09'";
    case Kind::kTimestamp:
      return "an instant in UTC such as '2024-05-06 07:08:09Z'";
    case Kind::kTime:
      return "a time such as '07:08:09'";
    case Kind::kUuid:
      return "a uuid such as '01234567-89ab-cdef-0123-456789abcdef'";
    default:
      return {};
  }
}

}  // namespace weft::transform
