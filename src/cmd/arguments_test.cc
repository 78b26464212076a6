// SPDX-License-Identifier: Apache-2.0
#include "cmd/arguments.h"

#include <gtest/gtest.h>

#include "cmd/commands.h"

namespace weft {
namespace {

CommandSpec sample() {
  return {.name = "run",
          .usage = "weft run FILE",
          .example = "  weft run shop.yaml\n",
          .what = "Runs.",
          .flags = {{"--from", "URL", "from.url", "The source."},
                    {"--table", "PATTERN", "from.tables", "A table.", true},
                    {"--create-tables", "", "to.create_tables", "Make them."},
                    {"--quiet", "", "", "Less."}}};
}

std::string complaint(const std::vector<std::string>& words) {
  const auto arguments = parse_arguments(sample(), words);
  return arguments ? "no complaint" : arguments.error().message();
}

TEST(ArgumentsTest, FlagsAndWordsMayComeInAnyOrder) {
  const auto arguments = parse_arguments(sample(), {"--table", "a", "shop.yaml", "--from=x=y", "--table=b", "--quiet"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->words, std::vector<std::string>{"shop.yaml"});
  EXPECT_EQ(arguments->value("--from"), "x=y");
  EXPECT_EQ(arguments->values.at("--table"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(arguments->has("--quiet"));
  EXPECT_FALSE(arguments->has("--create-tables"));
  EXPECT_FALSE(arguments->help);
}

TEST(ArgumentsTest, AValueMayLookLikeAFlag) {
  EXPECT_EQ(parse_arguments(sample(), {"--table", "--quiet"})->value("--table"), "--quiet");
  EXPECT_EQ(parse_arguments(sample(), {"--", "--quiet"})->words, std::vector<std::string>{"--quiet"});
}

TEST(ArgumentsTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(complaint({"--tabel", "x"}),
            "weft run: unknown flag '--tabel', nearest known flag '--table'; see weft run --help");
  EXPECT_EQ(complaint({"--zzzzzzz=mysql://u:secret@h"}), "weft run: unknown flag '--zzzzzzz'; see weft run --help");
  EXPECT_EQ(complaint({"--from"}), "weft run: --from needs a value: --from URL; see weft run --help");
  EXPECT_EQ(complaint({"--from", "a", "--from=b"}),
            "weft run: --from is given twice, expected it once; see weft run --help");
  EXPECT_EQ(complaint({"--from=", "--from=b"}),
            "weft run: --from is given twice, expected it once; see weft run --help");
  EXPECT_EQ(complaint({"--quiet=yes"}), "weft run: --quiet takes no value; see weft run --help");
  EXPECT_EQ(complaint({"a", "b"}), "weft run: unexpected argument 'b'; see weft run --help");
  EXPECT_EQ(complaint({"a", "mysql://u:secret@h/d"}),
            "weft run: unexpected argument 'mysql://u:***@h/d'; see weft run --help");
  EXPECT_EQ(complaint({"-x"}), "weft run: unknown flag '-x'; see weft run --help");
  EXPECT_EQ(complaint({"--quiet", "--quiet"}), "no complaint");
}

TEST(ArgumentsTest, HelpBeginsWithAnExample) {
  EXPECT_TRUE(parse_arguments(sample(), {"--help"})->help);
  EXPECT_TRUE(parse_arguments(sample(), {"-h"})->help);
  EXPECT_EQ(help_text(sample()),
            "  weft run shop.yaml\n"
            "\n"
            "Runs.\n"
            "\n"
            "usage: weft run FILE\n"
            "\n"
            "  --from URL       The source.\n"
            "  --table PATTERN  A table.\n"
            "  --create-tables  Make them.\n"
            "  --quiet          Less.\n"
            "  --help           this text\n");
}

TEST(ArgumentsTest, FlagsOfPipelinesBecomeKeys) {
  const auto arguments = parse_arguments(sample(), {"--create-tables", "--table", "a", "--quiet"});
  const std::vector<FlagValue> flags = config_flags(sample(), *arguments);
  ASSERT_EQ(flags.size(), 2u);
  EXPECT_EQ(flags[0].path, "from.tables");
  EXPECT_TRUE(flags[0].list);
  EXPECT_EQ(flags[1].path, "to.create_tables");
  EXPECT_EQ(flags[1].values, std::vector<std::string>{"true"});
}

TEST(ArgumentsTest, EachPipelineFlagStandsForAKnownKey) {
  const std::vector<std::string> known = config_paths();
  for (const FlagSpec& flag : pipeline_flags()) {
    EXPECT_NE(std::find(known.begin(), known.end(), flag.path), known.end()) << flag.name;
    EXPECT_EQ(flag.repeatable, flag.path == "from.tables" || flag.path == "from.exclude") << flag.name;
  }
}

}  // namespace
}  // namespace weft
