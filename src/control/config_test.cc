// SPDX-License-Identifier: Apache-2.0
// Every way of being wrong has its words here.
#include "control/config.h"

#include <algorithm>
#include <stdlib.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "control/schema.h"
#include "io/file.h"

namespace weft {
namespace {

const Environment kEnvironment = {
    {"SHOP_PASSWORD", "s3cret"}, {"ODD", "p@s:s/w?o#d %41"}, {"URL", "mysql://a:b@h/d"}, {"N", "3"}};

constexpr std::string_view kSmall = "from: {url: mysql://h/d}\nto: {url: postgresql://h/d}\n";

Result<PipelineConfig> load(std::string_view text, std::vector<FlagValue> flags = {}) {
  return load_config({"shop.yaml", std::string(text), std::move(flags)}, kEnvironment);
}

std::string complaint(std::string_view text, std::vector<FlagValue> flags = {}) {
  const auto config = load(text, std::move(flags));
  return config ? "no complaint" : config.error().message();
}

// The complaint about lines that follow a sound `from` and `to`.
std::string complaint_after(std::string_view lines) {
  return complaint(cat(kSmall, lines));
}

TEST(ConfigTest, TheSmallestFileGetsAllDefaults) {
  const auto config = load(kSmall);
  ASSERT_TRUE(config) << config.error().message();
  PipelineConfig expected;
  expected.from.url = {"mysql://h/d", "mysql://h/d", "mysql://h/d"};
  expected.to.url = {"postgresql://h/d", "postgresql://h/d", "postgresql://h/d"};
  EXPECT_EQ(*config, expected);
}

TEST(ConfigTest, EveryKeyIsRead) {
  const auto config = load(R"(name: shop
from:
  url: mysql://app:${SHOP_PASSWORD}@db1/shop
  tables: [orders, "line_*"]
  exclude: [audit]
  snapshot: only
  on_lost_position: fail
to: {url: postgresql://app@w/shop, create_tables: true, existing: refuse, schema_changes: fail, on_bad_row: stop,
     triggers: on, consistency: atomic, lanes: 3}
setup: never
journal: memory
origins: auto
memory: 32MiB
http: off
http_token_file: /t
state: /s
)");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->name, "shop");
  EXPECT_EQ(config->from.url.value, "mysql://app:s3cret@db1/shop");
  EXPECT_EQ(config->from.url.shown, "mysql://app:***@db1/shop");
  EXPECT_EQ(config->from.tables, (std::vector<std::string>{"orders", "line_*"}));
  EXPECT_EQ(config->from.exclude, std::vector<std::string>{"audit"});
  EXPECT_EQ(config->from.snapshot, SnapshotMode::kOnly);
  EXPECT_TRUE(config->to.create_tables);
  EXPECT_EQ(config->to.lanes, 3u);
  EXPECT_FALSE(config->setup);
  EXPECT_EQ(config->memory_bytes, 32u << 20);
  EXPECT_EQ(config->http, "off");
  EXPECT_EQ(config->http_token_file, "/t");
  EXPECT_EQ(config->state, "/s");
}

TEST(ConfigTest, AnUnknownKeyNamesItsPlaceAndTheNearest) {
  EXPECT_EQ(
      complaint("from:\n  url: mysql://h/d\n  tabels: [a]\nto: {url: postgresql://h/d}\n"),
      "shop.yaml:3: unknown key 'tabels' in from, expected one of url, tables, exclude, snapshot, on_lost_position, "
      "nearest known word 'tables'");
  EXPECT_EQ(
      complaint_after("zzzzzzzzzzzz: 1"),
      "shop.yaml:3: unknown key 'zzzzzzzzzzzz', expected one of name, from, to, transform, route, conflicts, until, "
      "setup, journal, origins, memory, http, http_token_file, state");
}

TEST(ConfigTest, ADuplicateKeyNamesTheFirst) {
  EXPECT_EQ(complaint_after("name: a\nname: b\n"),
            "shop.yaml:4: key 'name' is given twice, expected it once: it stands in line 3 already");
}

TEST(ConfigTest, AWrongTypeSaysWhatWasExpected) {
  EXPECT_EQ(complaint("from: {url: mysql://h/d, tables: orders}\nto: {url: postgresql://h/d}\n"),
            "shop.yaml:1: from.tables is 'orders', expected a list of table patterns such as [orders, \"line_*\"]");
  EXPECT_EQ(complaint("from: {url: mysql://h/d, tables: [a, 7]}\nto: {url: postgresql://h/d}\n"),
            "shop.yaml:1: from.tables[2] is '7', expected a table pattern such as orders, app.orders or line_*");
  EXPECT_EQ(complaint("from: mysql://u:pw@h/d\nto: {url: postgresql://h/d}\n"),
            "shop.yaml:1: from is no address, expected the source: url, tables, ...");
  EXPECT_EQ(complaint("- a\n"),
            "shop.yaml:1: the file is a list, expected a pipeline: from: {url: ...} and to: {url: ...}");
  EXPECT_EQ(complaint("from: {url: mysql://h/d}\nto: {url: postgresql://h/d, create_tables: maybe}\n"),
            "shop.yaml:2: to.create_tables is 'maybe', expected true or false");
  EXPECT_EQ(complaint("from: {url: mysql://h/d}\nto: {url: postgresql://h/d, create_tables: \"true\"}\n"),
            "shop.yaml:2: to.create_tables is 'true', expected true or false");
  EXPECT_EQ(complaint_after("name:\n"), "shop.yaml:3: name is empty, expected a name such as shop");
  EXPECT_EQ(complaint_after("name: [a]\n"), "shop.yaml:3: name is a list, expected a name such as shop");
  EXPECT_EQ(complaint_after("name: {a: b}\n"), "shop.yaml:3: name is a mapping, expected a name such as shop");
}

TEST(ConfigTest, AWrongWordNamesTheNearest) {
  EXPECT_EQ(complaint("from: {url: mysql://h/d, snapshot: onyl}\nto: {url: postgresql://h/d}\n"),
            "shop.yaml:1: from.snapshot is 'onyl', expected yes, no or only, nearest known word 'only'");
  EXPECT_EQ(complaint_after("journal: disk\n"),
            "shop.yaml:3: journal is 'disk', expected memory, file:DIR, pubsub:... or kafka:...");
}

TEST(ConfigTest, NumbersAndSizesHaveLimits) {
  for (const char* lanes : {"0", "65", "-1", "two", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(complaint(cat("from: {url: mysql://h/d}\nto: {url: postgresql://h/d, lanes: ", lanes, "}\n")),
              cat("shop.yaml:2: to.lanes is '", lanes, "', expected auto, or a whole number from 1 to 64"));
  }
  for (const char* memory : {"1MiB", "12", "much", "-64MiB", "64XB", "9e99"}) {
    EXPECT_EQ(complaint_after(cat("memory: ", memory)),
              cat("shop.yaml:3: memory is '", memory, "', expected a size such as 64MiB, at least 8MiB"));
  }
}

TEST(ConfigTest, WhatIsMissingIsNamed) {
  EXPECT_EQ(complaint("name: x\n"),
            "shop.yaml:1: from is missing, expected the source: url, tables, ...\n"
            "shop.yaml:1: to is missing, expected the target: url, create_tables, ..., or several targets by name");
  EXPECT_EQ(complaint("from: {}\nto: {lanes: 1}\n"),
            "shop.yaml:1: from.url is missing, expected an address such as mysql://app:${SHOP_PASSWORD}@db1/shop\n"
            "shop.yaml:2: to.url is missing, expected an address such as mysql://app:${SHOP_PASSWORD}@db1/shop");
}

TEST(ConfigTest, AllErrorsAreReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      complaint(
          "from:\n  url: mysql://u:${NOT_SET}@h/d\n  snapshot: maybe\nname: 5\nto: {url: postgresql://h/d}\nx: 1\n"),
      "shop.yaml:2: ${NOT_SET} is not set, expected an environment variable of that name\n"
      "shop.yaml:3: from.snapshot is 'maybe', expected yes, no or only\n"
      "shop.yaml:4: name is '5', expected a name such as shop\n"
      "shop.yaml:6: unknown key 'x', expected one of name, from, to, transform, route, conflicts, until, setup, "
      "journal, "
      "origins, memory, http, http_token_file, state");
}

TEST(ConfigTest, AMissingSecretNamesTheNearestVariable) {
  EXPECT_EQ(
      complaint("from: {url: 'mysql://u:${SHOP_PASWORD}@h/d'}\nto: {url: postgresql://h/d}\n"),
      "shop.yaml:1: ${SHOP_PASWORD} is not set, expected an environment variable of that name, nearest known word "
      "'SHOP_PASSWORD'");
  EXPECT_EQ(complaint_after("state: ${}/x"),
            "shop.yaml:3: a '${' that no name and '}' follow, expected ${NAME} of an environment variable");
}

TEST(ConfigTest, TriggersAreOnOrOffAndNothingElse) {
  const auto with = [](std::string_view word) {
    return cat("from: {url: mysql://h/d}\nto: {url: postgresql://h/d, triggers: ", word, "}\n");
  };
  EXPECT_TRUE(load(with("on"))->to.triggers);
  EXPECT_FALSE(load(with("off"))->to.triggers);
  EXPECT_FALSE(load(with("'off'"))->to.triggers);
  EXPECT_NE(print_config(*load(with("off"))).find("\n  triggers: off\n"), std::string::npos);
  EXPECT_EQ(complaint(with("offf")),
            "shop.yaml:2: to.triggers is 'offf', expected on or off, nearest known word 'off'");
}

TEST(ConfigTest, VariablesMayStandInAnyValue) {
  const auto config = load("name: n${N}\nfrom: {url: '${URL}'}\nto: {url: postgresql://h/d, lanes: '${N}'}\n");
  EXPECT_EQ(config.error().message(), "shop.yaml:3: to.lanes is '3', expected auto, or a whole number from 1 to 64")
      << "a quoted value is a text";
  const auto plain = load("name: n${N}\nfrom: {url: '${URL}'}\nto:\n  url: postgresql://h/d\n  lanes: ${N}\n");
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_EQ(plain->name, "n3");
  EXPECT_EQ(plain->to.lanes, 3u);
  EXPECT_EQ(plain->from.url.value, "mysql://a:b@h/d");
}

TEST(ConfigTest, WhatThisVersionLacksIsRefusedByName) {
  const auto in_to = [](std::string_view key) {
    return complaint(cat("from: {url: mysql://h/d}\nto: {url: postgresql://h/d, ", key, "}\n"));
  };
  EXPECT_EQ(in_to("consistency: keyed"),
            "shop.yaml:2: not available in this version: to.consistency keyed; available: atomic");
  EXPECT_EQ(complaint_after("journal: kafka:j"),
            "shop.yaml:3: not available in this version: journal kafka:j; available: memory, file:");
  EXPECT_EQ(complaint_after("transform: [{rename: {a: b}}]"),
            "shop.yaml:3: not available in this version: transform; leave it out: rows are carried as they are");
  EXPECT_EQ(complaint_after("route: {by: column, column: region, to: {EU: east}}"),
            "shop.yaml:3: not available in this version: route; leave it out: there is one target");
  EXPECT_EQ(complaint_after(
                "conflicts: {default: overwrite, orders: {policy: newest, column: u, max_skew: 5s, tombstones: 7d}}"),
            "shop.yaml:3: not available in this version: conflicts; leave it out: changes overwrite");
  EXPECT_EQ(
      complaint("from: {url: mysql://h/d}\nto:\n  east: {url: postgresql://e/d}\n  west: {url: postgresql://w/d}\n"),
      "shop.yaml:3: not available in this version: several targets; give one target: to: {url: ...}");
}

TEST(ConfigTest, WhatIsLaterIsStillCheckedForItsShape) {
  EXPECT_EQ(
      complaint_after("conflicts: {orders: {policy: newst}}"),
      "shop.yaml:3: conflicts.orders.policy is 'newst', expected a policy such as newest, nearest known word 'newest'\n"
      "shop.yaml:3: not available in this version: conflicts; leave it out: changes overwrite");
}

TEST(ConfigTest, SizesAreReadAndPrinted) {
  const auto size = [](const char* text) {
    size_t bytes = 0;
    return parse_size(text, bytes) ? bytes : 0;
  };
  EXPECT_EQ(size("64MiB"), 64u << 20);
  EXPECT_EQ(size("64M"), 64u << 20);
  EXPECT_EQ(size("64 MB"), 64'000'000u);
  EXPECT_EQ(size("1.5GiB"), 3u << 29);
  EXPECT_EQ(size("9000000"), 9'000'000u);
  EXPECT_EQ(print_size(64u << 20), "64MiB");
  EXPECT_EQ(print_size(9'000'001), "9000001");
}

TEST(ConfigTest, FlagsAloneMakeAConfiguration) {
  const auto config = load_config({"",
                                   "",
                                   {{"--from", "from.url", {"mysql://u:p@h/d"}},
                                    {"--to", "to.url", {"postgresql://h/d"}},
                                    {"--table", "from.tables", {"123", "b"}, true},
                                    {"--name", "name", {"2024"}},
                                    {"--lanes", "to.lanes", {"4"}},
                                    {"--create-tables", "to.create_tables", {"true"}}}},
                                  {});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->name, "2024");
  EXPECT_EQ(config->from.tables, (std::vector<std::string>{"123", "b"}));
  EXPECT_EQ(config->to.lanes, 4u);
  EXPECT_TRUE(config->to.create_tables);
}

TEST(ConfigTest, FlagsOverrideTheFileAndAreNamedInComplaints) {
  const std::string file = "from: {url: mysql://h/d, tables: [a]}\nto: {url: postgresql://h/d, lanes: 2}\nname: x\n";
  const auto config = load(file, {{"--table", "from.tables", {"b", "c"}, true}, {"--lanes", "to.lanes", {"5"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->from.tables, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(config->to.lanes, 5u);
  EXPECT_EQ(config->name, "x");
  EXPECT_EQ(
      complaint(file, {{"--snapshot", "from.snapshot", {"yess"}}, {"--consistency", "to.consistency", {"keyed"}}}),
      "--snapshot: from.snapshot is 'yess', expected yes, no or only, nearest known word 'yes'\n"
      "--consistency: not available in this version: to.consistency keyed; available: atomic");
}

TEST(ConfigTest, OnlyLoopbackNeedsNoToken) {
  EXPECT_EQ(
      complaint_after("http: 0.0.0.0:80"),
      "shop.yaml:3: http is '0.0.0.0:80', which others can reach, expected --http-token-file (http_token_file) beside "
      "it, or a loopback address");
  EXPECT_TRUE(load(cat(kSmall, "http: 0.0.0.0:80\nhttp_token_file: /t")));
  EXPECT_TRUE(load(cat(kSmall, "http: '[::1]:80'")));
  EXPECT_EQ(complaint_after("http: somewhere"),
            "shop.yaml:3: http is 'somewhere', expected off, or IP:PORT such as 127.0.0.1:8420");
  EXPECT_EQ(complaint_after("http: db1:80"),
            "shop.yaml:3: http is 'db1:80', expected off, or IP:PORT such as 127.0.0.1:8420");
}

TEST(ConfigTest, PrintedConfigurationsMeanTheSame) {
  const auto config = load(R"(name: "shop: \"a\""
from: {url: "mysql://app:${ODD}@db1/shop?tls=off", tables: ["*", a, "true"], exclude: ["x y"], snapshot: no}
to: {url: "postgresql://app:${SHOP_PASSWORD}@w/shop", create_tables: true, lanes: 4}
memory: 100MB
until: now
http: off
state: /var/lib/x
)");
  ASSERT_TRUE(config) << config.error().message();
  const std::string printed = print_config(*config);
  EXPECT_EQ(printed.find("s3cret"), std::string::npos);
  const auto again = load_config({"printed", printed, {}}, kEnvironment);
  ASSERT_TRUE(again) << again.error().message() << "\n" << printed;
  EXPECT_EQ(*again, *config);
  EXPECT_EQ(print_config(*again), printed);
}

TEST(ConfigTest, AWrittenPasswordIsPrintedAsAVariable) {
  const auto config =
      load("from: {url: 'mysql://app:hunter2@h/d'}\nto: {url: 'postgresql://h/d?user=u&password=hunter3'}\n");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(print_config(*config), R"(from:
  url: "mysql://app:${FROM_PASSWORD}@h/d"
  exclude: []
  snapshot: yes
  on_lost_position: fail
to:
  url: "postgresql://h/d?user=u&password=${TO_PASSWORD}"
  create_tables: false
  existing: refuse
  schema_changes: fail
  on_bad_row: stop
  triggers: on
  consistency: atomic
  lanes: auto
until: forever
setup: auto
journal: memory
origins: auto
memory: 64MiB
http: "127.0.0.1:0"
)");
}

TEST(SchemaTest, OnlyWordsThatTheCheckerKnowsAreUsed) {
  EXPECT_EQ(unknown_schema_words(pipeline_schema()), std::vector<std::string>{});
}

TEST(SchemaTest, TheBuiltInSchemaIsTheDocument) {
  EXPECT_EQ(*read_file("docs/pipeline.schema.json"), pipeline_schema());
}

TEST(SchemaTest, SchemaAndLoaderKnowTheSameKeys) {
  std::vector<std::string> schema;
  for (const SchemaKey& key : schema_keys(pipeline_schema())) schema.push_back(key.path);
  std::vector<std::string> loader = config_paths();
  std::ranges::sort(schema);
  std::ranges::sort(loader);
  EXPECT_EQ(schema, loader);
}

TEST(SchemaTest, SchemaAndLoaderHaveTheSameDefaults) {
  std::string lines;
  for (const SchemaKey& key : schema_keys(pipeline_schema())) {
    if (key.fallback.empty()) continue;
    const size_t dot = key.path.find('.');
    lines = cat(dot == std::string::npos ? key.path : key.path.substr(dot + 1), ": ", key.fallback, "\n");
    const std::string printed = print_config(*load(kSmall));
    std::string plain;
    for (const char c : printed) {
      if (c != '"') plain += c;
    }
    EXPECT_NE(plain.find(lines), std::string::npos) << lines;
  }
}

}  // namespace
}  // namespace weft
