// SPDX-License-Identifier: Apache-2.0
#include "verify/json_form.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "base/utf8.h"

namespace weft::verify {
namespace {

constexpr int kDepthLimit = 512;
constexpr int64_t kExponentLimit = 1'000'000'000;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

// The bytes themselves with their length in front: no escapes, and nothing that could be taken for something else.
void append_string(std::string& out, std::string_view text) {
  out += cat("\"", text.size(), ":");
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> read() {
    std::string out;
    if (!value(out, 0)) return std::nullopt;
    space();
    return at_ == text_.size() ? std::optional(std::move(out)) : std::nullopt;
  }

 private:
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
  }

  bool take(char c) {
    space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view expected, std::string& out) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    out += expected;
    return true;
  }

  bool value(std::string& out, int depth) {
    space();
    if (at_ == text_.size() || depth > kDepthLimit) return false;
    switch (text_[at_]) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        append_string(out, text);
        return true;
      }
      case 't':
        return word("true", out);
      case 'f':
        return word("false", out);
      case 'n':
        return word("null", out);
      default:
        return number(out);
    }
  }

  bool number(std::string& out) {
    const size_t from = at_;
    while (at_ < text_.size() && (digit(text_[at_]) || std::string_view("+-.eE").find(text_[at_]) != std::string::npos))
      ++at_;
    const auto form = number_form(text_.substr(from, at_ - from));
    if (form) out += *form;
    return form.has_value();
  }

  bool array(std::string& out, int depth) {
    ++at_;
    out.push_back('[');
    if (take(']')) return out.push_back(']'), true;
    do {
      if (!value(out, depth + 1)) return false;
      out.push_back(',');
    } while (take(','));
    out.push_back(']');
    return take(']');
  }

  bool object(std::string& out, int depth) {
    ++at_;
    std::map<std::string, std::string> members;
    if (!take('}')) {
      do {
        space();
        std::string name;
        std::string member;
        if (at_ == text_.size() || text_[at_] != '"' || !string(name) || !take(':') || !value(member, depth + 1))
          return false;
        members[std::move(name)] = std::move(member);
      } while (take(','));
      if (!take('}')) return false;
    }
    out.push_back('{');
    for (const auto& [name, member] : members) {
      append_string(out, name);
      out += member;
      out.push_back(',');
    }
    out.push_back('}');
    return true;
  }

  bool unicode(uint32_t& code) {
    if (text_.size() - at_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const int d = hex_digit(text_[at_++]);
      if (d < 0) return false;
      code = code << 4 | static_cast<uint32_t>(d);
    }
    return true;
  }

  bool escape(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kMeans = "\"\\/\b\f\n\r\t";
    const char c = text_[at_++];
    if (c != 'u') {
      const size_t known = kNames.find(c);
      if (known == std::string_view::npos) return false;
      out.push_back(kMeans[known]);
      return true;
    }
    uint32_t code = 0;
    if (!unicode(code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      uint32_t second = 0;
      if (!unicode(second) || second < 0xdc00 || second > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
    }
    append_utf8(out, code);
    return true;
  }

  bool string(std::string& out) {
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c != '\\') {
        out.push_back(c);
      } else if (at_ == text_.size() || !escape(out)) {
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::string> number_form(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  int64_t exponent = 0;
  size_t i = 0;
  for (; i < text.size() && digit(text[i]); ++i) digits.push_back(text[i]);
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && digit(text[i]); ++i) {
      digits.push_back(text[i]);
      --exponent;
    }
  }
  if (digits.empty()) return std::nullopt;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    int64_t given = 0;
    const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), given);
    if (parsed.ec != std::errc() || given > kExponentLimit || given < -kExponentLimit) return std::nullopt;
    exponent += given;
    i = static_cast<size_t>(parsed.ptr - text.data());
  }
  if (i != text.size()) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return "0";
  const size_t last = digits.find_last_not_of('0');
  exponent += static_cast<int64_t>(digits.size() - last - 1);
  digits.resize(last + 1);
  return cat(negative ? "-" : "", digits, exponent != 0 ? cat("e", exponent) : std::string());
}

std::optional<std::string> json_form(std::string_view text) {
  return Reader(text).read();
}

}  // namespace weft::verify
