// SPDX-License-Identifier: Apache-2.0
#include "cmd/manual.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string escaped(std::string text) {
  for (size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

// The text from `begin` to `end`.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  return from == std::string::npos ? std::string() : text.substr(from, text.find(end, from + begin.size()) - from);
}

TEST(ManPageTest, HoldsEveryFlagOfItsCommand) {
  for (const Command& command : commands()) {
    const std::string page = man_page(command);
    EXPECT_TRUE(page.starts_with(".TH WEFT-")) << page.substr(0, 40);
    for (const FlagSpec& flag : command.spec().flags) {
      EXPECT_TRUE(has(page, cat(".TP\n.B ", escaped(flag.name)))) << command.name << " " << flag.name;
      EXPECT_TRUE(has(help_text(command.spec()), flag.name)) << command.name << " " << flag.name;
    }
  }
}

TEST(ManPageTest, TheFirstPageHoldsEveryCommand) {
  for (const Command& command : commands()) {
    EXPECT_TRUE(has(man_page(commands()), cat(".BR weft\\-", escaped(std::string(command.name)), " (1)")))
        << command.name;
    EXPECT_TRUE(has(overview_text(), cat("  ", command.name, " "))) << command.name;
  }
}

TEST(ManPageTest, TextIsNeverTakenForARequest) {
  const Command odd = {"odd",
                       nullptr,
                       [] {
                         CommandSpec spec;
                         spec.what = ".so /etc/passwd\n'x \\fB";
                         return spec;
                       },
                       "strange"};
  EXPECT_TRUE(has(man_page(odd), "\n\\&.so /etc/passwd\n\\&'x \\efB\n")) << man_page(odd);
}

TEST(CompletionTest, HoldsEveryFlagOfEveryCommand) {
  const std::string bash = completion_script(Shell::kBash, commands());
  const std::string zsh = completion_script(Shell::kZsh, commands());
  const std::string fish = completion_script(Shell::kFish, commands());
  for (const Command& command : commands()) {
    const std::string in_bash = between(bash, cat("    ", command.name, ")\n"), "' ;;\n") + " ";
    const std::string in_zsh = between(zsh, cat("    ", command.name, ")\n"), ";;\n");
    EXPECT_TRUE(has(fish, cat("-a ", command.name, " -d"))) << command.name;
    for (const FlagSpec& flag : command.spec().flags) {
      EXPECT_TRUE(has(in_bash, cat(" ", flag.name, " ")) || has(in_bash, cat("'", flag.name, " "))) << flag.name;
      EXPECT_TRUE(has(in_zsh, cat(flag.name, flag.value.empty() ? "[" : "=["))) << flag.name;
      EXPECT_TRUE(has(fish, cat("__fish_seen_subcommand_from ", command.name, "' -l ", flag.name.substr(2), " ")))
          << flag.name;
    }
  }
}

TEST(CompletionTest, ValuesThatAreAFixedFewAreOffered) {
  EXPECT_TRUE(has(completion_script(Shell::kBash, commands()), "--snapshot) COMPREPLY=($(compgen -W 'yes no only' --"));
  EXPECT_TRUE(has(completion_script(Shell::kZsh, commands()), ":value:(yes no only)'"));
  EXPECT_TRUE(has(completion_script(Shell::kFish, commands()), "-l snapshot -x -a 'yes no only'"));
}

}  // namespace
}  // namespace weft
