// SPDX-License-Identifier: Apache-2.0
// ConfigNode: a configuration as a tree of words that still know where they were written, before anything is decided about
// them. Files (config_yaml.h) and flags make one; the schema judges it; config.cc reads it.
// Problems: what is wrong with a configuration, all of it, each with its place.
//
//   shop.yaml:7: unknown key 'tabels' in from, expected one of ..., nearest known word 'tables'
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

// A file and a line, or (line 0) a flag or a whole file.
struct ConfigPlace {
  std::string origin;
  size_t line = 0;

  [[nodiscard]] std::string text() const { return line == 0 ? origin : origin + ":" + std::to_string(line); }
};

struct ConfigEntry;

struct ConfigNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  ConfigPlace place;
  std::string text;                  // kScalar
  bool quoted = false;               // was written in quotes: a text, whatever it looks like
  bool untyped = false;              // from a flag or the environment: takes the type that is wanted
  std::vector<ConfigNode> items;     // kSequence
  std::vector<ConfigEntry> entries;  // kMapping, as written

  // The value under a dotted path of keys, or nullptr.
  [[nodiscard]] const ConfigNode* find(std::string_view path) const;
  // Puts a value under a dotted path, making mappings on the way. Does nothing where something else than a mapping is in
  // the way: the schema will report that.
  void set(std::string_view path, ConfigNode value);
};

struct ConfigEntry {
  std::string key;
  ConfigPlace place;
  ConfigNode value;
};

class Problems {
 public:
  void add(const ConfigPlace& place, std::string what);

  [[nodiscard]] bool empty() const { return list_.empty(); }

  // One line each, in the order of the file; files before flags. At most `most` of them, then how many more.
  [[nodiscard]] std::string text(size_t most = 50) const;

 private:
  struct Problem {
    ConfigPlace place;
    std::string what;
  };

  std::vector<Problem> list_;
};

}  // namespace weft
