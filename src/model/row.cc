// SPDX-License-Identifier: Apache-2.0
#include "model/row.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft {
namespace {

int compare(const Value& a, const Value& b) {
  if (a.has_view() && b.has_view()) return a.view().compare(b.view());
  const auto three_way = [](auto x, auto y) { return x < y ? -1 : (x > y ? 1 : 0); };
  switch (a.kind()) {
    case Kind::kUint:
    case Kind::kDate:
    case Kind::kDateTime:
      return three_way(a.as_uint(), b.as_uint());
    default:
      return three_way(a.as_int(), b.as_int());
  }
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One "kind:scale:payload" part; bytes for views are appended to `storage`.
Result<Value> decode_value(std::string_view part, std::string& storage) {
  const Error bad(Blame::kBug, cat("malformed key text '", part, "'"));
  const size_t first = part.find(':');
  const size_t second = first == std::string_view::npos ? first : part.find(':', first + 1);
  if (second == std::string_view::npos) return bad;
  unsigned kind_number = 0;
  unsigned scale = 0;
  std::from_chars(part.data(), part.data() + first, kind_number);
  std::from_chars(part.data() + first + 1, part.data() + second, scale);
  if (kind_number > static_cast<unsigned>(Kind::kUuid)) return bad;
  const auto kind = static_cast<Kind>(kind_number);
  const std::string_view payload = part.substr(second + 1);
  if (Value::view(kind, {}).has_view()) {
    if (payload.size() % 2 != 0) return bad;
    const size_t start = storage.size();
    for (size_t i = 0; i < payload.size(); i += 2) {
      const int high = hex_digit(payload[i]);
      const int low = hex_digit(payload[i + 1]);
      if (high < 0 || low < 0) return bad;
      storage.push_back(static_cast<char>(high * 16 + low));
    }
    return Value::view(kind, std::string_view(storage).substr(start));
  }
  int64_t number = 0;
  const auto parsed = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (parsed.ptr != payload.data() + payload.size()) return bad;
  return Value::raw(kind, number, static_cast<uint8_t>(scale));
}

}  // namespace

OwnedRow::OwnedRow(Row row) : values_(row.begin(), row.end()) {
  size_t total = 0;
  for (const Value& v : values_) total += v.has_view() ? v.view().size() : 0;
  bytes_ = std::make_unique<char[]>(total);
  char* at = bytes_.get();
  for (Value& v : values_) {
    if (!v.has_view()) continue;
    const std::string_view from = v.view();
    if (!from.empty()) std::memcpy(at, from.data(), from.size());
    v = Value::view(v.kind(), {at, from.size()});
    at += from.size();
  }
}

OwnedRow key_of(const TableSchema& schema, Row row) {
  std::vector<Value> values;
  values.reserve(schema.key.size());
  for (const uint16_t i : schema.key) values.push_back(row[i]);
  return OwnedRow(values);
}

bool has_key(const TableSchema& schema, Row row) {
  return !row.empty() && !schema.key.empty() &&
         std::none_of(schema.key.begin(), schema.key.end(), [&](uint16_t i) { return row[i].is_unchanged(); });
}

int compare_keys(Row a, Row b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int c = compare(a[i], b[i]); c != 0) return c;
  }
  return 0;
}

bool same_values(Row a, Row b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Value& x, const Value& y) { return x.same(y); });
}

uint64_t hash_values(Row row) {
  uint64_t h = 0x9e3779b97f4a7c15ULL;
  for (const Value& v : row) h = (h ^ v.hash()) * 0x9fb21c651e98df25ULL;
  return h ^ (h >> 29);
}

std::string encode_key(Row key) {
  std::string out;
  for (const Value& v : key) {
    if (!out.empty()) out.push_back(',');
    out += cat(static_cast<unsigned>(v.kind()), ":", static_cast<unsigned>(v.scale()), ":");
    if (v.has_view()) {
      append_hex(out, v.view());
    } else {
      out += cat(v.as_int());
    }
  }
  return out;
}

Result<OwnedRow> decode_key(std::string_view text) {
  std::string storage;
  storage.reserve(text.size());
  std::vector<Value> values;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    TRY_ASSIGN(const Value value, decode_value(text.substr(0, comma), storage));
    values.push_back(value);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return OwnedRow(values);
}

std::string describe(Row row) {
  std::string out = "(";
  for (const Value& v : row) {
    if (out.size() > 1) out += ", ";
    out += describe(v);
  }
  return out + ")";
}

}  // namespace weft
