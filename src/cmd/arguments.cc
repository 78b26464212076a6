// SPDX-License-Identifier: Apache-2.0
// A parser of our own: the tables are needed anyway for help, completion and the man page, and a library would cost seconds
// of compilation for a loop, without the nearest known flag in its complaints.
#include "cmd/arguments.h"

#include <algorithm>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "control/secrets.h"

namespace weft {
namespace {

constexpr size_t kHelpWidth = 100;
constexpr size_t kFlagWidthMax = 24;  // longer ones have a line of their own

Error complaint(const CommandSpec& command, std::string_view what) {
  return Error(Blame::kConfig, cat("weft ", command.name, ": ", what, "; see weft ", command.name, " --help"));
}

Error unknown_flag(const CommandSpec& command, const std::string& name) {
  std::vector<std::string> known = {"--help"};
  for (const FlagSpec& flag : command.flags) known.push_back(flag.name);
  const std::string nearest = nearest_word(name, known);
  return complaint(
      command, cat("unknown flag '", name, "'", nearest.empty() ? "" : cat(", nearest known flag '", nearest, "'")));
}

// Text in lines of at most kHelpWidth; all but the first are indented.
std::string wrapped(std::string_view text, size_t indent) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!out.empty() && column + 1 + word.size() > kHelpWidth) {
      out += cat("\n", std::string(indent, ' '));
      column = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return out;
}

// Takes the flag at words[at], and its value; `at` moves to the last word taken.
Status take_flag(const CommandSpec& command, const std::vector<std::string>& words, size_t& at, Arguments& arguments) {
  const std::string& word = words[at];
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const auto flag = std::ranges::find(command.flags, name, &FlagSpec::name);
  if (flag == command.flags.end()) return unknown_flag(command, name);
  std::string value;
  if (flag->value.empty()) {
    if (equals != std::string::npos) return complaint(command, cat(name, " takes no value"));
  } else if (equals != std::string::npos) {
    value = word.substr(equals + 1);
  } else if (at + 1 < words.size()) {
    value = words[++at];
  } else {
    return complaint(command, cat(name, " needs a value: ", name, " ", flag->value));
  }
  std::vector<std::string>& values = arguments.values[name];
  if (!values.empty() && !flag->repeatable && !flag->value.empty()) {
    return complaint(command, cat(name, " is given twice, expected it once"));
  }
  values.push_back(std::move(value));
  return ok();
}

}  // namespace

Result<Arguments> parse_arguments(const CommandSpec& command, const std::vector<std::string>& words) {
  Arguments arguments;
  bool flags_end = false;
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (flags_end || word == "-" || !word.starts_with('-')) {
      if (arguments.words.size() == command.words_max)
        return complaint(command, cat("unexpected argument '", redact_url(word), "'"));
      arguments.words.push_back(word);
    } else if (word == "--") {
      flags_end = true;
    } else if (word == "--help" || word == "-h") {
      arguments.help = true;
    } else {
      TRY(take_flag(command, words, at, arguments));
    }
  }
  return arguments;
}

std::string help_text(const CommandSpec& command) {
  size_t width = 6;
  for (const FlagSpec& flag : command.flags) {
    width =
        std::max(width, std::min(kFlagWidthMax, flag.name.size() + (flag.value.empty() ? 0 : 1 + flag.value.size())));
  }
  std::string out = cat(command.example, "\n", wrapped(command.what, 0), "\n\nusage: ", command.usage, "\n");
  if (!command.flags.empty()) out += '\n';
  for (const FlagSpec& flag : command.flags) {
    const std::string left = flag.value.empty() ? flag.name : cat(flag.name, " ", flag.value);
    const std::string gap =
        left.size() > width ? cat("\n", std::string(width + 4, ' ')) : std::string(width + 2 - left.size(), ' ');
    out += cat("  ", left, gap, wrapped(flag.help, width + 4), "\n");
  }
  return out += cat("  --help", std::string(width - 4, ' '), "this text\n");
}

std::vector<FlagValue> config_flags(const CommandSpec& command, const Arguments& arguments) {
  std::vector<FlagValue> flags;
  for (const FlagSpec& flag : command.flags) {
    if (flag.path.empty() || !arguments.has(flag.name)) continue;
    const std::vector<std::string>& values = arguments.values.at(flag.name);
    flags.push_back(
        {flag.name, flag.path, flag.value.empty() ? std::vector<std::string>{"true"} : values, flag.repeatable});
  }
  return flags;
}

}  // namespace weft
