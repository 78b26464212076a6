// SPDX-License-Identifier: Apache-2.0
// Bytes that mean harm: each is a complaint with a line, none is a crash or a long wait.
#include "control/config_yaml.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"

namespace weft {
namespace {

std::string complaint(std::string_view text) {
  Problems problems;
  const auto node = read_yaml("f", text, problems);
  EXPECT_TRUE(node.has_value() || !problems.empty());
  return problems.text();
}

TEST(YamlTest, ValuesKeepTheirLinesAndKinds) {
  Problems problems;
  const auto node =
      read_yaml("f", "\xef\xbb\xbf# comment\na: 1\nb:\n  - x\n  - \"2\"\nc: {d: ~, e: null, f: }\n", problems);
  ASSERT_TRUE(node.has_value()) << problems.text();
  EXPECT_EQ(node->find("a")->text, "1");
  EXPECT_EQ(node->find("a")->place.text(), "f:2");
  EXPECT_EQ(node->find("b")->items[1].text, "2");
  EXPECT_TRUE(node->find("b")->items[1].quoted);
  EXPECT_EQ(node->find("b")->items[1].place.line, 5u);
  for (const char* path : {"c.d", "c.e", "c.f"}) EXPECT_EQ(node->find(path)->kind, ConfigNode::Kind::kNull) << path;
  EXPECT_EQ(node->find("c.x"), nullptr);
}

TEST(YamlTest, AliasesAreExpanded) {
  Problems problems;
  const auto node = read_yaml("f", "a: &x [1, 2]\nb: *x\nc: {d: *x}\n", problems);
  ASSERT_TRUE(node.has_value()) << problems.text();
  EXPECT_EQ(node->find("c.d")->items.size(), 2u);
}

TEST(YamlTest, AnAliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += cat("a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) bomb += cat(j == 0 ? "*a" : ", *a", i - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(complaint(bomb),
            "f:4: the file grows too large here, expected at most 5000 values and 4 MiB after aliases are expanded");
}

TEST(YamlTest, AnAliasBombOfOneLongTextIsRefused) {
  std::string bomb = cat("a: &a '", std::string(100000, 'x'), "'\nb:\n");
  for (int i = 0; i < 100; ++i) bomb += "  - *a\n";
  EXPECT_NE(complaint(bomb).find("grows too large here"), std::string::npos);
}

TEST(YamlTest, AliasesOfThemselvesAndOfNothingAreRefused) {
  EXPECT_EQ(complaint("a: &x [1, *x]\n"),
            "f:1: an alias inside of what it stands for, expected an alias of something complete");
  EXPECT_EQ(complaint("a: *nothing\n"),
            "f:1: not YAML: the referenced anchor is not defined, expected key: value lines");
}

TEST(YamlTest, DeepNestingIsRefused) {
  EXPECT_EQ(complaint(cat("a: ", std::string(33, '['), std::string(33, ']'))),
            "f:1: nested too deeply, expected at most 32 levels");
  EXPECT_FALSE(complaint(cat("a: ", std::string(100000, '['))).empty());
  EXPECT_FALSE(complaint(std::string(100000, '{')).empty());
  std::string ladder;
  for (size_t i = 0; i < 400; ++i) ladder += cat(std::string(i, ' '), "a:\n");
  EXPECT_FALSE(complaint(ladder).empty());
}

TEST(YamlTest, BinaryInputIsRefusedWithItsLine) {
  EXPECT_EQ(complaint(std::string_view("a: 1\nb: \0\n", 10)), "f:2: byte 0 is not text, expected YAML in UTF-8");
  EXPECT_EQ(complaint("\xff\xfe\x61"), "f:1: byte 255 is not text, expected YAML in UTF-8");
  EXPECT_EQ(complaint("\x1f\x8b\x08"), "f:1: byte 31 is not text, expected YAML in UTF-8");
  EXPECT_EQ(complaint("a: \xc0\x80"), "f:1: byte 192 is not text, expected YAML in UTF-8");
  EXPECT_EQ(complaint("a: \xed\xa0\x80"), "f:1: byte 237 is not text, expected YAML in UTF-8");
  EXPECT_EQ(complaint("a: \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "") << "these are text";
}

TEST(YamlTest, EmptyFilesAreRefused) {
  constexpr std::string_view kEmpty = "f: the file is empty, expected a pipeline: from: {url: ...} and to: {url: ...}";
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~\n"})
    EXPECT_EQ(complaint(text), kEmpty) << text;
}

TEST(YamlTest, SeveralDocumentsAreRefused) {
  EXPECT_EQ(complaint("a: 1\n---\na: 2\n"),
            "f: the file holds several documents, expected one: remove the lines '---'");
}

TEST(YamlTest, LargeFilesAreRefused) {
  EXPECT_EQ(complaint(std::string(300000, ' ')), "f: the file has 300000 bytes, expected at most 262144");
}

TEST(YamlTest, KeysThatAreNoWordsAreRefused) {
  EXPECT_EQ(complaint("{a: b}: c\n"), "f:1: a key that is no word, expected a key such as 'from'");
  EXPECT_EQ(complaint("? [a]\n: c\n"), "f:1: a key that is no word, expected a key such as 'from'");
}

TEST(YamlTest, TagsAreRefused) {
  EXPECT_EQ(complaint("a: !!binary aGk=\n"), "f:1: a tag tag:yaml.org,2002:binary, expected a value without a tag");
}

TEST(YamlTest, WrongYamlSaysWhere) {
  EXPECT_EQ(complaint("a: 1\nb: [1, 2\nc: 3\n"),
            "f:3: not YAML: end of sequence flow not found, expected key: value lines");
  EXPECT_EQ(complaint("a: b: c\n"), "f:1: not YAML: illegal map value, expected key: value lines");
  EXPECT_FALSE(complaint("\ta: 1\n").empty());
}

TEST(YamlTest, RandomYamlNeverCrashes) {
  constexpr std::string_view kBits[] = {"a",   ": ",    "\n",    "  ",          "- ", "[",  "]",  "{", "}",
                                        ", ",  "&x ",   "*x",    "'",           "\"", "|",  ">",  "#", "? ",
                                        "!t ", "---\n", "...\n", "%YAML 1.2\n", "~",  "<<", "\t", "\\"};
  Rng rng(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint64_t n = rng.below(30); n > 0; --n) text += kBits[rng.below(std::size(kBits))];
    Problems problems;
    EXPECT_TRUE(read_yaml("f", text, problems).has_value() || !problems.empty()) << text;
  }
}

}  // namespace
}  // namespace weft
