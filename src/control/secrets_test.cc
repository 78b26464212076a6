// SPDX-License-Identifier: Apache-2.0
#include "control/secrets.h"

#include <cstring>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/file.h"

namespace weft {
namespace {

const Environment kEnvironment = {{"PW", "p@s:s/w?o#d %41"}, {"PLAIN", "abc"}, {"HOST", "db1:3306"}, {"EMPTY", ""}};

std::string resolved(std::string_view written) {
  Problems problems;
  const SecretUrl url = resolve_url(written, "X", kEnvironment, {"here", 0}, problems);
  return problems.empty() ? url.value : problems.text();
}

std::string kept(std::string_view written) {
  Problems problems;
  return resolve_url(written, "X", kEnvironment, {"here", 0}, problems).written;
}

TEST(RedactTest, PasswordsAreHiddenWhereverTheyStand) {
  const std::pair<const char*, const char*> cases[] = {
      {"mysql://app:secret@10.0.0.5:3306/shop", "mysql://app:***@10.0.0.5:3306/shop"},
      {"mysql://app@db1/shop", "mysql://app@db1/shop"},
      {"mysql://db1:3306/shop", "mysql://db1:3306/shop"},
      {"mysql://:secret@db1/shop", "mysql://:***@db1/shop"},
      {"mysql://app:@db1/shop", "mysql://app:@db1/shop"},
      {"mysql://app:s3@cr/e?t@h1:3306,h2:3306/shop", "mysql://app:***@h1:3306,h2:3306/shop"},
      {"mysql://app:se/cret@db1/shop", "mysql://app:***@db1/shop"},
      {"mysql://app:file:/run/pw@db1/shop", "mysql://app:***@db1/shop"},
      {"postgresql://h/d?user=u&password=secret&sslmode=require",
       "postgresql://h/d?user=u&password=***&sslmode=require"},
      {"postgresql://h/d?sslpassword=secret", "postgresql://h/d?sslpassword=***"},
      {"--from=mysql://app:secret@db1/shop", "--from=mysql://app:***@db1/shop"},
      {"host=db1 password=secret dbname=d", "host=db1 password=*** dbname=d"},
      {"odbc:DSN=x;PWD=secret;A=b", "odbc:DSN=x;PWD=***;A=b"},
      {"postgresql://h/d?pasword=secret&tls=off", "postgresql://h/d?pasword=***&tls=off"},
      {"app:secret@db1/shop", "app:***@db1/shop"},
      {"sqlite:///a/b.db", "sqlite:///a/b.db"},
      {"--lanes=2", "--lanes=2"},
      {"run", "run"},
      {"", ""},
  };
  for (const auto& [url, shown] : cases) EXPECT_EQ(redact_url(url), shown);
}

TEST(ResolveTest, VariablesAreTakenLiterallyWhereSecretsStand) {
  EXPECT_EQ(resolved("mysql://app:${PW}@db1/shop"), "mysql://app:p%40s%3As%2Fw%3Fo%23d%20%2541@db1/shop");
  EXPECT_EQ(resolved("mysql://${PLAIN}:${PLAIN}@${HOST}/${PLAIN}"), "mysql://abc:abc@db1:3306/abc");
  EXPECT_EQ(resolved("mysql://app:a%40b@db1/shop"), "mysql://app:a%40b@db1/shop");
  EXPECT_EQ(resolved("postgresql://h/d?password=${PW}&x=${PLAIN}"),
            "postgresql://h/d?password=p%40s%3As%2Fw%3Fo%23d%20%2541&x=abc");
  EXPECT_EQ(resolved("mysql://app:${EMPTY}@db1/shop"), "mysql://app:@db1/shop");
  EXPECT_EQ(resolved("sqlite:rel/${PLAIN}.db"), "sqlite:rel/abc.db");
}

TEST(ResolveTest, FilesHoldSecrets) {
  char path[] = "/tmp/weft-secret-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  ::close(fd);
  ASSERT_TRUE(write_file(path, "p@ss word\nsecond line\n"));
  const std::string encoded = "file:%2Ftmp%2F" + std::string(path + 5);
  EXPECT_EQ(resolved(cat("mysql://app:file:", path, "@db1/shop")), "mysql://app:p%40ss%20word@db1/shop");
  EXPECT_EQ(resolved(cat("mysql://app:", encoded, "@db1/shop")), "mysql://app:p%40ss%20word@db1/shop");
  EXPECT_EQ(resolved(cat("postgresql://h/d?password=file:", path)), "postgresql://h/d?password=p%40ss%20word");
  EXPECT_EQ(resolved("mysql://h/d?key=file:/etc/k.pem"), "mysql://h/d?key=%2Fetc%2Fk.pem");
  Problems none;
  const std::string with_file = cat("mysql://app:file:", path, "@db1/shop");
  EXPECT_EQ(resolve_url(with_file, "X", kEnvironment, {"here", 0}, none).exposed_file, "");
  ::chmod(path, 0644);
  EXPECT_EQ(resolve_url(with_file, "X", kEnvironment, {"here", 0}, none).exposed_file, path);
  ::chmod(path, 0666);
  EXPECT_EQ(resolved(with_file),
            cat("here: file:", path, " can be written by every user, expected one that is yours: chmod 600 ", path));
  ASSERT_TRUE(write_file(path, "\n"));
  EXPECT_EQ(resolved(cat("mysql://app:file:", path, "@db1/shop")),
            cat("here: file:", path, " is empty, expected a secret in its first line"));
  ::unlink(path);
  EXPECT_EQ(resolved("mysql://app:file:/nowhere@db1/shop"),
            "here: file:/nowhere: reading /nowhere: No such file or directory, expected a file that holds the secret");
}

TEST(ResolveTest, WhatIsWrittenBackHoldsNoSecret) {
  EXPECT_EQ(kept("mysql://app:secret@db1/shop"), "mysql://app:${X}@db1/shop");
  EXPECT_EQ(kept("mysql://app:${PW}@db1/shop"), "mysql://app:${PW}@db1/shop");
  EXPECT_EQ(kept("mysql://app:file:/run/pw@db1/shop"), "mysql://app:file:/run/pw@db1/shop");
  EXPECT_EQ(kept("postgresql://h/d?password=secret&a=b"), "postgresql://h/d?password=${X}&a=b");
  EXPECT_EQ(kept("mysql://app@db1/shop"), "mysql://app@db1/shop");
}

TEST(ScrubTest, ArgumentsLoseTheirSecretsInPlace) {
  char run[] = "run";
  char from[] = "mysql://app:s@db1/shop";  // the hidden form is longer than what it hides
  char to[] = "--to=postgresql://app:a-long-secret@db2/shop";
  char* argv[] = {run, run, from, to};
  scrub_arguments(4, argv);
  EXPECT_STREQ(run, "run");
  EXPECT_EQ(std::string(from, sizeof from - 1), "mysql://app:***@db1/sh");
  EXPECT_STREQ(to, "--to=postgresql://app:***@db2/shop");
  EXPECT_EQ(std::string(to, sizeof to).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace weft
