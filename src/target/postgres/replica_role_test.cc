// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/replica_role.h"

#include <gtest/gtest.h>

namespace weft::postgres {
namespace {

TableSchema schema(const std::string& name, const std::vector<std::string>& columns) {
  TableSchema s;
  s.name = {"shop", name};
  for (const std::string& column : columns) s.columns.emplace_back().name = column;
  return s;
}

IdleKey key(std::vector<std::string> columns, std::vector<std::string> parent_columns) {
  IdleKey k;
  k.columns = std::move(columns);
  k.parent_columns = std::move(parent_columns);
  return k;
}

TEST(PostgresReplicaRole, TheGrantIsThatOfTheServersVersion) {
  EXPECT_EQ(replica_role_grant(150004, "we ft"), "GRANT SET ON PARAMETER session_replication_role TO \"we ft\"");
  EXPECT_NE(replica_role_grant(149999, "weft").find("SUPERUSER"), std::string::npos);
}

TEST(PostgresReplicaRole, AKeyOfTheSourceHasTheSamePairsOfColumnsInAnyOrder) {
  const TableSchema parent = schema("p", {"a", "b"});
  TableSchema child = schema("c", {"id", "pa", "pb"});
  EXPECT_FALSE(has_key(child, parent, key({"pa"}, {"a"})));
  child.foreign_keys = {{"fk", {1, 2}, parent.name, {"a", "b"}}};
  EXPECT_TRUE(has_key(child, parent, key({"pa", "pb"}, {"a", "b"})));
  EXPECT_TRUE(has_key(child, parent, key({"PB", "pa"}, {"b", "A"})));
  EXPECT_FALSE(has_key(child, parent, key({"pa", "pb"}, {"b", "a"})));
  EXPECT_FALSE(has_key(child, parent, key({"pa"}, {"a"})));
  EXPECT_FALSE(has_key(child, schema("other", {"a", "b"}), key({"pa", "pb"}, {"a", "b"})));
}

}  // namespace
}  // namespace weft::postgres
