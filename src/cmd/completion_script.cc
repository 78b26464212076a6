// SPDX-License-Identifier: Apache-2.0
// What the Tab key offers: commands, flags, the values of flags that have a fixed few, and files.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cmd/manual.h"

namespace weft {
namespace {

enum class Offer { kNothing, kWords, kFiles, kDirectories };

std::vector<FlagSpec> flags_of(const Command& command) {
  std::vector<FlagSpec> flags = command.spec().flags;
  flags.push_back({"--help", "", "", "Help, with an example first."});
  return flags;
}

// What a flag's value may be: "yes|no|only" names the words, FILE and DIR are paths.
Offer offer_of(const FlagSpec& flag) {
  if (flag.value.find('|') != std::string::npos) return Offer::kWords;
  if (flag.value == "FILE") return Offer::kFiles;
  return flag.value == "DIR" ? Offer::kDirectories : Offer::kNothing;
}

std::string words_of(const FlagSpec& flag) {
  std::string words = flag.value;
  std::ranges::replace(words, '|', ' ');
  return words;
}

// One sentence, without what a shell's quotes or a completion's own syntax would trip over.
std::string short_help(const FlagSpec& flag) {
  std::string out;
  for (const char c : flag.help.substr(0, flag.help.find(". "))) {
    if (c == '\'' || c == '`' || c == '"' || c == '\\' || c == '$') continue;
    out += c == '[' ? '(' : c == ']' ? ')' : c == ':' ? ',' : c;
  }
  if (out.ends_with('.')) out.pop_back();
  return out;
}

std::string command_names(std::span<const Command> commands) {
  std::string names;
  for (const Command& command : commands) names += cat(names.empty() ? "" : " ", command.name);
  return names;
}

std::string bash_values(const FlagSpec& flag) {
  switch (offer_of(flag)) {
    case Offer::kWords:
      return cat("COMPREPLY=($(compgen -W '", words_of(flag), "' -- \"$cur\"))");
    case Offer::kFiles:
      return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Offer::kDirectories:
      return "COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Offer::kNothing:
      break;
  }
  return "COMPREPLY=()";
}

std::string bash(std::span<const Command> commands) {
  std::string out =
      cat("# weft completion bash\n_weft() {\n"
          "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags=\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '",
          command_names(commands),
          "' -- \"$cur\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
  for (const Command& command : commands) {
    std::string names;
    out += cat("    ", command.name, ")\n      case $prev in\n");
    for (const FlagSpec& flag : flags_of(command)) {
      names += cat(names.empty() ? "" : " ", flag.name);
      if (!flag.value.empty()) out += cat("        ", flag.name, ") ", bash_values(flag), "; return ;;\n");
    }
    out += cat("      esac\n      flags='", names, "' ;;\n");
  }
  return out +
         "  esac\n  case $cur in\n    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n  esac\n}\ncomplete -o filenames -F _weft weft\n";
}

std::string zsh_flag(const FlagSpec& flag) {
  std::string out =
      cat("'", flag.repeatable ? "*" : "", flag.name, flag.value.empty() ? "" : "=", "[", short_help(flag), "]");
  if (flag.value.empty()) return out + "'";
  switch (offer_of(flag)) {
    case Offer::kWords:
      return cat(out, ":value:(", words_of(flag), ")'");
    case Offer::kFiles:
      return out + ":file:_files'";
    case Offer::kDirectories:
      return out + ":directory:_files -/'";
    case Offer::kNothing:
      break;
  }
  return cat(out, ":", flag.value, ":'");
}

std::string zsh(std::span<const Command> commands) {
  std::string out = cat("#compdef weft\n_weft() {\n  if (( CURRENT == 2 )); then\n    compadd -- ",
                        command_names(commands),
                        "\n    return\n  fi\n  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
                        "  case $command in\n");
  for (const Command& command : commands) {
    out += cat("    ", command.name, ")\n      _arguments");
    for (const FlagSpec& flag : flags_of(command)) out += cat(" \\\n        ", zsh_flag(flag));
    out += " \\\n        '*:file:_files' ;;\n";
  }
  return out + "  esac\n}\n_weft \"$@\"\n";
}

std::string fish(std::span<const Command> commands) {
  std::string out = "# weft completion fish\n";
  for (const Command& command : commands) {
    out += cat("complete -c weft -n __fish_use_subcommand -f -a ", command.name, " -d '", command.what, "'\n");
  }
  for (const Command& command : commands) {
    for (const FlagSpec& flag : flags_of(command)) {
      out += cat("complete -c weft -n '__fish_seen_subcommand_from ", command.name, "' -l ", flag.name.substr(2));
      if (!flag.value.empty()) {
        const Offer offer = offer_of(flag);
        out += offer == Offer::kFiles         ? " -r -F"
               : offer == Offer::kWords       ? cat(" -x -a '", words_of(flag), "'")
               : offer == Offer::kDirectories ? " -x -a '(__fish_complete_directories)'"
                                              : " -x";
      }
      out += cat(" -d '", short_help(flag), "'\n");
    }
  }
  return out;
}

}  // namespace

std::string completion_script(Shell shell, std::span<const Command> commands) {
  switch (shell) {
    case Shell::kBash:
      return bash(commands);
    case Shell::kZsh:
      return zsh(commands);
    case Shell::kFish:
      break;
  }
  return fish(commands);
}

}  // namespace weft
