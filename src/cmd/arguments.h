// SPDX-License-Identifier: Apache-2.0
// The command line as data: each command with its flags, and the parser and the help page that are made from it.
//
//   Result<Arguments> arguments = parse_arguments(run_command(), words);
//   arguments->value("--lanes")
//
// Plain values; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/config.h"

namespace weft {

struct FlagSpec {
  std::string name;   // "--table"
  std::string value;  // "PATTERN"; empty: a switch
  std::string path;   // the key of a pipeline file that it stands for; empty: the command's own
  std::string help;   // one sentence
  bool repeatable = false;
};

struct CommandSpec {
  std::string name;     // "run"
  std::string usage;    // "weft run FILE | --from URL --to URL"
  std::string example;  // lines, first of all in the help
  std::string what;     // what it does
  std::vector<FlagSpec> flags;
  size_t words_max = 1;  // arguments that are no flags
};

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::vector<std::string>> values;  // by flag; a switch has one empty value
  bool help = false;

  [[nodiscard]] bool has(const std::string& flag) const { return values.contains(flag); }

  [[nodiscard]] std::string value(const std::string& flag) const {
    return has(flag) ? values.at(flag).back() : std::string();
  }
};

// kConfig errors: an unknown flag with the nearest known one, a value that is missing, a single-value flag given twice.
[[nodiscard]] Result<Arguments> parse_arguments(const CommandSpec& command, const std::vector<std::string>& words);

[[nodiscard]] std::string help_text(const CommandSpec& command);

// The flags that were given and stand for keys of a pipeline file.
[[nodiscard]] std::vector<FlagValue> config_flags(const CommandSpec& command, const Arguments& arguments);

}  // namespace weft
