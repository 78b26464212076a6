// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/errors.h"

#include <gtest/gtest.h>

namespace weft::postgres {
namespace {

TEST(PostgresErrors, SayWhoMustAct) {
  EXPECT_EQ(blame_of("08006"), Blame::kTransient);
  EXPECT_EQ(blame_of("57P01"), Blame::kTransient);
  EXPECT_EQ(blame_of("53300"), Blame::kTransient);
  EXPECT_EQ(blame_of("40001"), Blame::kConflict);
  EXPECT_EQ(blame_of("40P01"), Blame::kConflict);
  EXPECT_EQ(blame_of("55P03"), Blame::kConflict);
  EXPECT_EQ(blame_of("23503"), Blame::kConflict);
  EXPECT_EQ(blame_of("23505"), Blame::kData);
  EXPECT_EQ(blame_of("22003"), Blame::kData);
  EXPECT_EQ(blame_of("P0001"), Blame::kData);
  EXPECT_EQ(blame_of("42501"), Blame::kConfig);
  EXPECT_EQ(blame_of("28P01"), Blame::kConfig);
  EXPECT_EQ(blame_of("25006"), Blame::kTransient);
  EXPECT_EQ(blame_of("25P02"), Blame::kBug);
}

TEST(PostgresErrors, OfTheUrlsOwnMakingAreNotTriedAgain) {
  EXPECT_TRUE(is_settings_trouble("server does not support SSL, but SSL was required"));
  EXPECT_TRUE(is_settings_trouble("SSL error: certificate verify failed"));
  EXPECT_TRUE(is_settings_trouble("fe_sendauth: no password supplied"));
  EXPECT_FALSE(is_settings_trouble("connection refused"));
  EXPECT_FALSE(is_settings_trouble("SSL SYSCALL error: EOF detected"));
}

TEST(PostgresErrors, LeaveUnknownCodesToAHuman) {
  EXPECT_EQ(blame_of("ZZ999"), Blame::kConfig);
  EXPECT_EQ(blame_of(""), Blame::kConfig);
  EXPECT_EQ(hint_of("ZZ999"), "");
}

TEST(PostgresErrors, NameTablePlaceAndNextStep) {
  ServerError e;
  e.sqlstate = "42501";
  e.message = "permission denied for table orders";
  e.schema = "public";
  e.table = "orders";
  const Error error = to_error(e);
  EXPECT_EQ(error.code(), "42501");
  EXPECT_NE(error.message().find("public.orders"), std::string::npos);
  EXPECT_NE(error.message().find("grant"), std::string::npos);
}

}  // namespace
}  // namespace weft::postgres
