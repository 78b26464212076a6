// SPDX-License-Identifier: Apache-2.0
#include "control/schema.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex.h>
#include <set>

#include <boost/json.hpp>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"

namespace weft {
namespace {

namespace json = boost::json;
using Kind = ConfigNode::Kind;

std::string str(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return json::serialize(value);
}

const json::object* sub(const json::object& schema, std::string_view word) {
  const json::value* found = schema.if_contains(word);
  return found == nullptr ? nullptr : found->if_object();
}

std::optional<int64_t> integer(std::string_view text) {
  int64_t number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool looks_like_number(std::string_view text) {
  return integer(text) || (text.find_first_not_of("0123456789.+-eE") == std::string_view::npos &&
                           text.find_first_of("0123456789") != std::string_view::npos);
}

// Whether a node may be taken as the schema's type.
bool is_type(const ConfigNode& node, std::string_view type) {
  if (type == "object") return node.kind == Kind::kMapping;
  if (type == "array") return node.kind == Kind::kSequence;
  if (type == "null") return node.kind == Kind::kNull;
  if (node.kind != Kind::kScalar) return false;
  const bool boolean = node.text == "true" || node.text == "false";
  if (type == "boolean") return !node.quoted && boolean;
  if (type == "integer") return !node.quoted && integer(node.text).has_value();
  return node.quoted || node.untyped || (!boolean && !looks_like_number(node.text));
}

bool matches_pattern(const std::string& pattern, const std::string& text) {
  regex_t compiled;
  CHECK_MSG(regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) == 0, pattern);
  const bool matched = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return matched;
}

// "is 'upset'", "is a list": what stands there. Addresses are never repeated: they may hold a secret.
std::string found_text(const ConfigNode& node, std::string_view path) {
  switch (node.kind) {
    case Kind::kNull:
      return "is empty";
    case Kind::kSequence:
      return "is a list";
    case Kind::kMapping:
      return "is a mapping";
    case Kind::kScalar:
      break;
  }
  if (path.ends_with("url") || node.text.find("://") != std::string::npos) return "is no address";
  return node.text.size() > 40 ? cat("is '", node.text.substr(0, 40), "...'") : cat("is '", node.text, "'");
}

std::vector<std::string> words_of(const json::array& array) {
  std::vector<std::string> words;
  for (const json::value& value : array) words.push_back(str(value));
  return words;
}

class Checker {
 public:
  Checker(const json::object& root, Problems& problems) : root_(root), problems_(problems) {}

  void check(const json::object& given, const ConfigNode& node, const std::string& path) {
    const json::object& schema = resolve(given);
    if (!check_type(schema, node, path)) return;
    if (node.kind == Kind::kScalar) check_scalar(schema, node, path);
    if (node.kind == Kind::kSequence) check_list(schema, node, path);
    if (node.kind == Kind::kMapping) check_mapping(schema, node, path);
    if (const json::object* condition = sub(schema, "if")) {
      const json::object* branch = sub(schema, matches(*condition, node, path) ? "then" : "else");
      if (branch != nullptr) check(*branch, node, path);
    }
    check_available(schema, node, path);
  }

 private:
  const json::object& resolve(const json::object& schema) const {
    const json::value* reference = schema.if_contains("$ref");
    if (reference == nullptr) return schema;
    const std::string name = str(*reference).substr(std::string_view("#/definitions/").size());
    const json::object* found = sub(*sub(root_, "definitions"), name);
    CHECK_MSG(found != nullptr, name);
    return *found;
  }

  bool matches(const json::object& schema, const ConfigNode& node, const std::string& path) const {
    Problems scratch;
    Checker(root_, scratch).check(schema, node, path);
    return scratch.empty();
  }

  void complain(const json::object& schema,
                const ConfigNode& node,
                const std::string& path,
                const std::string& hint = {}) {
    const json::value* title = schema.if_contains("title");
    problems_.add(node.place,
                  cat(path.empty() ? "the file" : path,
                      " ",
                      found_text(node, path),
                      ", expected ",
                      title == nullptr ? "something else" : str(*title),
                      hint));
  }

  bool check_type(const json::object& schema, const ConfigNode& node, const std::string& path) {
    const json::value* type = schema.if_contains("type");
    if (type == nullptr && !schema.contains("enum")) return true;
    bool fits = node.kind == Kind::kScalar && type == nullptr;
    if (type != nullptr && type->is_string()) fits = is_type(node, str(*type));
    if (type != nullptr && type->is_array()) {
      fits = std::ranges::any_of(type->get_array(), [&](const json::value& one) { return is_type(node, str(one)); });
    }
    if (!fits) complain(schema, node, path);
    return fits;
  }

  void check_scalar(const json::object& schema, const ConfigNode& node, const std::string& path) {
    if (const json::value* allowed = schema.if_contains("enum")) {
      const std::vector<std::string> words = words_of(allowed->get_array());
      if (std::ranges::find(words, node.text) == words.end())
        complain(schema, node, path, nearest_hint(node.text, words));
      return;
    }
    const json::value* type = schema.if_contains("type");
    const bool may_be_integer = type != nullptr && json::serialize(*type).find("integer") != std::string::npos;
    bool fits = true;
    if (may_be_integer && is_type(node, "integer")) {
      const int64_t number = *integer(node.text);
      const json::value* least = schema.if_contains("minimum");
      const json::value* most = schema.if_contains("maximum");
      fits = (least == nullptr || number >= least->to_number<int64_t>()) &&
             (most == nullptr || number <= most->to_number<int64_t>());
    } else {
      const json::value* pattern = schema.if_contains("pattern");
      const json::value* least = schema.if_contains("minLength");
      const json::value* most = schema.if_contains("maxLength");
      fits = (pattern == nullptr || matches_pattern(str(*pattern), node.text)) &&
             (least == nullptr || node.text.size() >= least->to_number<size_t>()) &&
             (most == nullptr || node.text.size() <= most->to_number<size_t>());
    }
    if (!fits) complain(schema, node, path);
  }

  void check_list(const json::object& schema, const ConfigNode& node, const std::string& path) {
    const json::value* least = schema.if_contains("minItems");
    if (least != nullptr && node.items.size() < least->to_number<size_t>()) complain(schema, node, path);
    const json::object* items = sub(schema, "items");
    for (size_t i = 0; items != nullptr && i < node.items.size(); ++i)
      check(*items, node.items[i], cat(path, "[", i + 1, "]"));
  }

  void check_mapping(const json::object& schema, const ConfigNode& node, const std::string& path) {
    const json::value* least = schema.if_contains("minProperties");
    const json::value* most = schema.if_contains("maxProperties");
    if ((least != nullptr && node.entries.size() < least->to_number<size_t>()) ||
        (most != nullptr && node.entries.size() > most->to_number<size_t>())) {
      return complain(schema, node, path);
    }
    const json::object* properties = sub(schema, "properties");
    for (const ConfigEntry& entry : node.entries) check_entry(schema, properties, entry, path);
    const json::value* required = schema.if_contains("required");
    if (required == nullptr) return;
    for (const json::value& key : required->get_array()) {
      if (node.find(str(key)) != nullptr) continue;
      const json::object& wanted = resolve(properties->at(key.get_string()).get_object());
      problems_.add(node.place, cat(below(path, str(key)), " is missing, expected ", str(wanted.at("title"))));
    }
  }

  void check_entry(const json::object& schema,
                   const json::object* properties,
                   const ConfigEntry& entry,
                   const std::string& path) {
    if (properties != nullptr) {
      if (const json::object* known = sub(*properties, entry.key))
        return check(*known, entry.value, below(path, entry.key));
    }
    const json::value* additional = schema.if_contains("additionalProperties");
    if (additional == nullptr) return;
    if (const json::object* any = additional->if_object()) return check(*any, entry.value, below(path, entry.key));
    std::vector<std::string> known;
    if (properties != nullptr) {
      for (const auto& [key, value] : *properties) known.emplace_back(key);
    }
    problems_.add(entry.place,
                  cat("unknown key '",
                      entry.key.substr(0, 60),
                      "'",
                      path.empty() ? "" : " in " + path,
                      ", expected one of ",
                      joined(known),
                      nearest_hint(entry.key, known)));
  }

  void check_available(const json::object& schema, const ConfigNode& node, const std::string& path) {
    const json::value* available = schema.if_contains("x-available");
    if (available == nullptr) return;
    const std::vector<std::string> words = words_of(available->get_array());
    if (words.empty()) {
      const json::value* what = schema.if_contains("x-what");
      problems_.add(node.place,
                    cat("not available in this version: ",
                        what == nullptr ? path : str(*what),
                        "; ",
                        str(schema.at("x-instead"))));
    } else if (known_word(schema, node) && !is_available(words, node.text)) {
      problems_.add(node.place,
                    cat("not available in this version: ", path, " ", node.text, "; available: ", joined(words)));
    }
  }

  // A word that ends in a colon stands for all that begin with it.
  static bool is_available(const std::vector<std::string>& words, const std::string& text) {
    return std::ranges::any_of(words, [&](const std::string& word) {
      return word == text || (word.ends_with(':') && text.starts_with(word));
    });
  }

  // Whether the value is good by the schema, so that only its availability is in question.
  static bool known_word(const json::object& schema, const ConfigNode& node) {
    if (const json::value* allowed = schema.if_contains("enum")) {
      const std::vector<std::string> words = words_of(allowed->get_array());
      return std::ranges::find(words, node.text) != words.end();
    }
    const json::value* pattern = schema.if_contains("pattern");
    return pattern == nullptr || matches_pattern(str(*pattern), node.text);
  }

  static std::string below(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : cat(path, ".", key);
  }

  const json::object& root_;
  Problems& problems_;
};

json::object parsed(std::string_view schema) {
  boost::system::error_code error;
  json::value value = json::parse(schema, error);
  CHECK_MSG(!error && value.is_object(), error.message());
  return value.get_object();
}

void collect_unknown(const json::value& value, std::vector<std::string>& unknown) {
  static const std::set<std::string_view> kKnown = {"$schema",
                                                    "$ref",
                                                    "title",
                                                    "description",
                                                    "default",
                                                    "definitions",
                                                    "type",
                                                    "enum",
                                                    "properties",
                                                    "required",
                                                    "additionalProperties",
                                                    "items",
                                                    "minItems",
                                                    "minProperties",
                                                    "maxProperties",
                                                    "minLength",
                                                    "maxLength",
                                                    "minimum",
                                                    "maximum",
                                                    "pattern",
                                                    "if",
                                                    "then",
                                                    "else",
                                                    "x-available",
                                                    "x-instead",
                                                    "x-what"};
  if (!value.is_object()) return;
  for (const auto& [word, part] : value.get_object()) {
    if (!kKnown.contains(word)) unknown.emplace_back(word);
    if (word == "properties" || word == "definitions") {
      for (const auto& [name, inner] : part.get_object()) collect_unknown(inner, unknown);
    } else if (word != "default") {
      collect_unknown(part, unknown);
    }
  }
}

void collect_keys(const json::object& root,
                  const json::object& given,
                  const std::string& path,
                  std::vector<SchemaKey>& keys) {
  const json::object* schema = &given;
  if (const json::object* otherwise = sub(*schema, "else")) schema = otherwise;
  if (const json::value* reference = schema->if_contains("$ref")) {
    schema = sub(*sub(root, "definitions"), str(*reference).substr(std::string_view("#/definitions/").size()));
  }
  const json::value* available = schema->if_contains("x-available");
  if (available != nullptr && available->get_array().empty()) return;
  const json::object* properties = sub(*schema, "properties");
  if (properties == nullptr) {
    const json::value* fallback = schema->if_contains("default");
    keys.push_back({path, fallback == nullptr ? std::string() : str(*fallback)});
    return;
  }
  for (const auto& [key, part] : *properties) {
    collect_keys(
        root, part.get_object(), path.empty() ? std::string(key) : cat(path, ".", std::string_view(key)), keys);
  }
}

}  // namespace

std::string_view pipeline_schema() {
  return
#include "control/schema_text.inc"
      ;
}

void check_schema(std::string_view schema, const ConfigNode& config, Problems& problems) {
  const json::object root = parsed(schema);
  Checker(root, problems).check(root, config, {});
}

std::vector<std::string> unknown_schema_words(std::string_view schema) {
  std::vector<std::string> unknown;
  collect_unknown(parsed(schema), unknown);
  return unknown;
}

std::vector<SchemaKey> schema_keys(std::string_view schema) {
  std::vector<SchemaKey> keys;
  const json::object root = parsed(schema);
  collect_keys(root, root, {}, keys);
  return keys;
}

}  // namespace weft
