// SPDX-License-Identifier: Apache-2.0
// Partial updates of JSON: the value before, as a tree, and a list of (operation, path, value). Layout of the diffs:
// Json_diff_vector of MySQL (sql/json_diff.cc).
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "codec/mysql_binlog/json.h"
#include "codec/mysql_binlog/json_value.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

enum class Operation : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };

// A value that can be changed. Members of an object are in the server's order.
struct Node {
  enum class Shape : uint8_t { kScalar, kArray, kObject };
  Shape shape = Shape::kScalar;
  std::string text;               // of a scalar
  std::vector<std::string> keys;  // of an object, beside its children
  std::vector<Node> children;
};

// Short keys first, then by bytes.
bool key_before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Builds a tree; `budget` bounds the number of its nodes, for a malformed value may use the same bytes often.
std::optional<Node> build(const JsonValue& value, int depth, size_t& budget) {
  if (budget == 0 || depth > kJsonDepthLimit) return std::nullopt;
  --budget;
  Node node;
  if (!is_container(value.type)) {
    if (!append_scalar(value, node.text)) return std::nullopt;
    budget -= std::min(budget, node.text.size() / 16);
    return node;
  }
  const JsonContainer container(value);
  if (!container.ok()) return std::nullopt;
  const bool object = is_object(value.type);
  node.shape = object ? Node::Shape::kObject : Node::Shape::kArray;
  for (uint32_t i = 0; i < container.count(); ++i) {
    std::string_view key;
    JsonValue child;
    if ((object && !container.key(i, key)) || !container.value(i, child)) return std::nullopt;
    std::optional<Node> built = build(child, depth + 1, budget);
    if (!built) return std::nullopt;
    if (object) node.keys.emplace_back(key);
    node.children.push_back(*std::move(built));
  }
  return node;
}

void print(const Node& node, std::string& out) {
  if (node.shape == Node::Shape::kScalar) {
    out += node.text;
    return;
  }
  const bool object = node.shape == Node::Shape::kObject;
  out.push_back(object ? '{' : '[');
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ", ";
    if (object) {
      append_quoted(node.keys[i], out);
      out += ": ";
    }
    print(node.children[i], out);
  }
  out.push_back(object ? '}' : ']');
}

struct Leg {
  bool member = false;
  std::string key;
  size_t index = 0;
};

void append_utf8(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

// The text behind an opening quote up to the closing one; `in` is left behind it. False: malformed.
bool read_quoted(ByteReader& in, std::string& key) {
  static constexpr std::string_view kEscapes = "b\bf\fn\nr\rt\t\"\"\\\\//";
  while (in.ok()) {
    const auto c = static_cast<char>(in.u8());
    if (c == '"') return in.ok();
    if (c != '\\') {
      key.push_back(c);
      continue;
    }
    const auto escaped = static_cast<char>(in.u8());
    if (escaped == 'u') {
      const std::string_view hex = in.take(4);
      uint32_t code = 0;
      const auto [at, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      if (hex.empty() || error != std::errc() || at != hex.data() + hex.size()) return false;
      append_utf8(code, key);
      continue;
    }
    size_t at = 0;
    while (at < kEscapes.size() && kEscapes[at] != escaped) at += 2;
    if (at >= kEscapes.size()) return false;
    key.push_back(kEscapes[at + 1]);
  }
  return false;
}

// `$.name`, `$."name"`, `$[3]` and runs of them, as the server writes paths into diffs.
bool parse_path(std::string_view path, std::vector<Leg>& legs) {
  if (!path.starts_with('$')) return false;
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const char kind = rest.front();
    rest.remove_prefix(1);
    Leg leg;
    if (kind == '[') {
      const size_t end = rest.find(']');
      if (end == std::string_view::npos) return false;
      const std::string_view digits = rest.substr(0, end);
      const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), leg.index);
      if (digits.empty() || error != std::errc() || at != digits.data() + digits.size()) return false;
      rest.remove_prefix(end + 1);
    } else if (kind == '.' && rest.starts_with('"')) {
      leg.member = true;
      ByteReader in(rest.substr(1));
      if (!read_quoted(in, leg.key)) return false;
      rest = in.rest();
    } else if (kind == '.') {
      leg.member = true;
      const size_t end = rest.find_first_of(".[");
      leg.key = rest.substr(0, end);
      rest.remove_prefix(leg.key.size());
    } else {
      return false;
    }
    legs.push_back(std::move(leg));
  }
  return legs.size() <= kJsonDepthLimit;
}

// The place of a leg among a node's children, or where it would be inserted.
struct Place {
  bool valid = false;
  bool found = false;
  size_t at = 0;
};

Place find(const Node& node, const Leg& leg) {
  if (leg.member != (node.shape == Node::Shape::kObject) || node.shape == Node::Shape::kScalar) return {};
  if (!leg.member) return {true, leg.index < node.children.size(), std::min(leg.index, node.children.size())};
  const auto at = std::lower_bound(node.keys.begin(), node.keys.end(), leg.key, key_before);
  return {true, at != node.keys.end() && *at == leg.key, static_cast<size_t>(at - node.keys.begin())};
}

bool apply(Node& root, Operation operation, const std::vector<Leg>& legs, Node value) {
  if (legs.empty()) {
    if (operation != Operation::kReplace) return false;
    root = std::move(value);
    return true;
  }
  Node* parent = &root;
  for (size_t i = 0; i + 1 < legs.size(); ++i) {
    const Place place = find(*parent, legs[i]);
    if (!place.found) return false;
    parent = &parent->children[place.at];
  }
  const Place place = find(*parent, legs.back());
  const auto at = static_cast<std::ptrdiff_t>(place.at);
  const bool object = parent->shape == Node::Shape::kObject;
  switch (operation) {
    case Operation::kReplace:
      if (!place.found) return false;
      parent->children[place.at] = std::move(value);
      return true;
    case Operation::kInsert:
      if (!place.valid || (object && place.found)) return false;
      if (object) parent->keys.insert(parent->keys.begin() + at, legs.back().key);
      parent->children.insert(parent->children.begin() + at, std::move(value));
      return true;
    case Operation::kRemove:
      if (!place.found) return false;
      if (object) parent->keys.erase(parent->keys.begin() + at);
      parent->children.erase(parent->children.begin() + at);
      return true;
  }
  return false;
}

}  // namespace

bool json_patch(std::string_view before, std::string_view diffs, std::string& out) {
  size_t budget = before.size() + diffs.size() + 16;
  std::optional<Node> root = build(json_root(before), 0, budget);
  if (!root) return false;
  ByteReader in(diffs);
  while (!in.empty()) {
    const auto operation = static_cast<Operation>(in.u8());
    std::vector<Leg> legs;
    const std::string_view path = in.take(read_length(in));
    if (!in.ok() || operation > Operation::kRemove || !parse_path(path, legs)) return false;
    Node value;
    if (operation != Operation::kRemove) {
      const std::string_view binary = in.take(read_length(in));
      std::optional<Node> built = in.ok() ? build(json_root(binary), 0, budget) : std::nullopt;
      if (!built) return false;
      value = *std::move(built);
    }
    if (!apply(*root, operation, legs, std::move(value))) return false;
  }
  if (!in.ok()) return false;
  print(*root, out);
  return true;
}

}  // namespace weft::mysql_binlog
