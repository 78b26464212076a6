// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/url.h"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/postgres/quote.h"

namespace weft::postgres {
namespace {

std::string value(const Keywords& words, std::string_view key) {
  for (const auto& [k, v] : words) {
    if (k == key) return v;
  }
  return "(none)";
}

TEST(PostgresAddress, NeverShowsAPassword) {
  const auto address = Address::parse("postgresql://app:s3cret@db1:5433/shop?sslpassword=hush");
  ASSERT_TRUE(address) << address.error().message();
  EXPECT_EQ(address->text(), "postgresql://app@db1:5433/shop");
  EXPECT_EQ(value(address->hosts()[0], "password"), "s3cret");
}

TEST(PostgresAddress, RefusesRubbishWithoutRepeatingIt) {
  const auto address = Address::parse("postgresql://app:s3cret@[db1/shop");
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().blame(), Blame::kConfig);
  EXPECT_EQ(address.error().message().find("s3cret"), std::string::npos);
}

TEST(PostgresAddress, TriesSeveralHostsOneByOne) {
  const auto address = Address::parse("postgresql://app@db1:1,db2:2/shop?target_session_attrs=read-write");
  ASSERT_TRUE(address);
  ASSERT_EQ(address->hosts().size(), 2u);
  EXPECT_EQ(value(address->hosts()[1], "host"), "db2");
  EXPECT_EQ(value(address->hosts()[1], "port"), "2");
  EXPECT_EQ(value(address->hosts()[1], "target_session_attrs"), "read-write");
  EXPECT_EQ(address->text(), "postgresql://app@db1:1,db2:2/shop");
}

TEST(PostgresAddress, SetsWhatNoticesADeadPeerUnlessTold) {
  const auto address = Address::parse("postgresql://db1/shop?tcp_user_timeout=5");
  ASSERT_TRUE(address);
  EXPECT_EQ(value(address->hosts()[0], "tcp_user_timeout"), "5");
  EXPECT_EQ(value(address->hosts()[0], "keepalives_idle"), "10");
  EXPECT_EQ(value(address->hosts()[0], "fallback_application_name"), "weft");
}

TEST(PostgresAddress, ReadsAPasswordFromAFile) {
  const std::string path = cat(testing::TempDir(), "weft_password_", getpid());
  std::ofstream(path) << "p@ss/w0rd\n";
  for (const std::string& url :
       {cat("postgresql://app:file:", path, "@db1/shop"), cat("postgresql://app@db1/shop?password=file:", path)}) {
    const auto address = Address::parse(url);
    ASSERT_TRUE(address) << address.error().message();
    EXPECT_EQ(value(address->hosts()[0], "password"), "p@ss/w0rd");
  }
  unlink(path.c_str());
  EXPECT_FALSE(Address::parse(cat("postgresql://app:file:", path, "@db1/shop")));
}

// libpq would take the rest of such a password for a host or a database, and name it in messages.
TEST(PostgresAddress, hard_case_33_RefusesAPasswordThatIsNotEncodedWithoutShowingIt) {
  for (const char* url : {"postgresql://app:se/hunter2@db1/shop",
                          "postgresql://app:1/hunter2@db1/shop",
                          "postgresql://app:se@hunter2@db1/shop",
                          "postgresql://app:hunter2@db1:x@y/shop"}) {
    const auto address = Address::parse(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().message().find("hunter2"), std::string::npos) << address.error().message();
    EXPECT_NE(address.error().message().find("percent-encoded"), std::string::npos);
  }
  EXPECT_TRUE(Address::parse("postgresql://app@db1/shop?application_name=a@b/c"));
}

TEST(PostgresQuote, SurvivesQuotesInNames) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_name({"s", "t"}), "\"s\".\"t\"");
  EXPECT_EQ(quote_name({"", "t"}), "\"t\"");
  EXPECT_EQ(quote_literal("it's \\"), "'it''s \\'");
}

}  // namespace
}  // namespace weft::postgres
