// SPDX-License-Identifier: Apache-2.0
// URLs, the error table, version texts and quoting: what needs no server.
#include "engine/mysql/options.h"

#include <cstdio>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/mysql/connection.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {
namespace {

Options parsed(std::string_view url) {
  Result<Options> options = parse_url(url);
  EXPECT_TRUE(options.has_value()) << url << ": " << (options ? "" : options.error().message());
  return options ? *options : Options();
}

std::string refusal(std::string_view url) {
  const Result<Options> options = parse_url(url);
  if (options) return "";
  EXPECT_EQ(options.error().blame(), Blame::kConfig);
  return options.error().message();
}

TEST(MysqlUrl, HoldsUserPasswordHostPortAndDatabase) {
  const Options o = parsed("mysql://app:secret@10.0.0.5:3307/shop");
  EXPECT_EQ(o.user, "app");
  EXPECT_EQ(o.password, "secret");
  EXPECT_EQ(o.hosts, (std::vector<Host>{{"10.0.0.5", 3307}}));
  EXPECT_EQ(o.database, "shop");
  EXPECT_EQ(o.tls, Tls::kDefault);
}

TEST(MysqlUrl, TakesSeveralHostsAndIpv6) {
  EXPECT_EQ(parsed("mariadb://h1:3306,h2/db").hosts, (std::vector<Host>{{"h1", 3306}, {"h2", 3306}}));
  EXPECT_EQ(parsed("mysql://[::1]:33,[fe80::2]/db").hosts, (std::vector<Host>{{"::1", 33}, {"fe80::2", 3306}}));
  EXPECT_EQ(parsed("mysql:///db").hosts, (std::vector<Host>{{"localhost", 3306}}));
}

TEST(MysqlUrl, DecodesPercents) {
  const Options o = parsed("mysql://us%40er:p%3Aw%2F%25@h/d%2Fb");
  EXPECT_EQ(o.user, "us@er");
  EXPECT_EQ(o.password, "p:w/%");
  EXPECT_EQ(o.database, "d/b");
}

TEST(MysqlUrl, TakesTlsParametersAndSocket) {
  const Options o = parsed("mysql://h/db?tls=require&ca=/a.pem&cert=/c.pem&key=file:/k.pem&socket=/run/s");
  EXPECT_EQ(o.tls, Tls::kRequire);
  EXPECT_EQ(o.ca, "/a.pem");
  EXPECT_EQ(o.cert, "/c.pem");
  EXPECT_EQ(o.key, "/k.pem");
  EXPECT_EQ(o.socket, "/run/s");
}

TEST(MysqlUrl, ReadsAPasswordFromAFile) {
  const std::string path = "/tmp/weft_options_test_" + std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("from@file\n", file);
  std::fclose(file);
  const Options o = parsed("mysql://app:file:" + path + "@h/db");
  EXPECT_EQ(o.password, "from@file");
  EXPECT_EQ(o.hosts[0].name, "h");
  std::remove(path.c_str());
  EXPECT_NE(refusal("mysql://app:file:/nowhere/pw@h/db").find("/nowhere/pw"), std::string::npos);
}

TEST(MysqlUrl, RefusesWhatItDoesNotKnowWithoutShowingThePassword) {
  EXPECT_NE(refusal("mysql://u:topsecret@h/db?tsl=off").find("tsl"), std::string::npos);
  for (const char* url : {"mysql://u:topsecret@h:0/db",
                          "mysql://u:topsecret@h:x/db",
                          "mysql://u:topsecret@h/db?tls=maybe",
                          "mysql://u:topsecret%zz@h/db",
                          "mysql://u:topsecret@h/a/b",
                          "http://u:topsecret@h/"}) {
    EXPECT_NE(refusal(url), "") << url;
    EXPECT_EQ(refusal(url).find("topsecret"), std::string::npos) << url;
  }
}

TEST(MysqlUrl, IsRedactedForMessages) {
  EXPECT_EQ(redacted(parsed("mysql://app:secret@h1,h2:33/shop")), "mysql://app:***@h1:3306,h2:33/shop");
  EXPECT_EQ(redacted(parsed("mysql://h/shop")), "mysql://h:3306/shop");
}

TEST(MysqlErrors, SayWhoMustAct) {
  EXPECT_EQ(server_error(1045, "28000", "Access denied", "connecting").blame(), Blame::kConfig);
  EXPECT_EQ(server_error(1045, "28000", "Access denied", "connecting").code(), "1045");
  EXPECT_EQ(server_error(2003, "HY000", "refused", "connecting").blame(), Blame::kTransient);
  EXPECT_EQ(server_error(2003, "HY000", "refused", "connecting").code(), kUnreachableCode);
  EXPECT_EQ(server_error(2013, "HY000", "lost", "x").blame(), Blame::kTransient);
  EXPECT_EQ(server_error(1213, "40001", "deadlock", "x").blame(), Blame::kTransient);
  EXPECT_EQ(server_error(1452, "23000", "fk", "x").blame(), Blame::kConflict);
  EXPECT_EQ(server_error(1412, "HY000", "changed", "x").code(), kSchemaChangedCode);
  EXPECT_EQ(server_error(9999, "HY000", "new", "x").blame(), Blame::kConfig);
}

TEST(MysqlErrors, TellTheMeaningsOf1236Apart) {
  const auto code = [](std::string_view words) { return dump_error(1236, "HY000", words, "streaming").code(); };
  EXPECT_EQ(code("Could not find first log file name in binary log index file"), kPositionLostCode);
  EXPECT_EQ(code("Cannot replicate because the source purged required binary logs"), kPositionLostCode);
  EXPECT_EQ(code("A slave with the same server_uuid/server_id as this slave has connected to the master"), "1236");
  EXPECT_EQ(dump_error(1236, "", "A replica with the same server_uuid", "x").blame(), Blame::kTransient);
  EXPECT_EQ(code("log event entry exceeded max_allowed_packet"), "1236");
  EXPECT_EQ(dump_error(1045, "", "no", "x").code(), "1045");
}

TEST(MysqlVersion, TellsTheFlavors) {
  ServerFacts facts;
  parse_version("5.5.5-10.11.19-MariaDB-0+deb12u1", facts);
  EXPECT_EQ(facts.flavor, Flavor::kMariaDb);
  EXPECT_EQ(facts.version, 101119u);
  EXPECT_EQ(facts.version_text, "MariaDB 10.11.19");
  parse_version("9.7.4-2 (Debian)", facts);
  EXPECT_EQ(facts.flavor, Flavor::kMySql);
  EXPECT_EQ(facts.version, 90704u);
}

TEST(MysqlQuoting, DoublesAndEscapes) {
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_name({"d", "t"}), "`d`.`t`");
  EXPECT_EQ(quote_literal("it's \\ \n"), "'it''s \\\\ \\n'");
}

}  // namespace
}  // namespace weft::mysql
