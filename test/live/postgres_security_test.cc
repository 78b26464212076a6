// SPDX-License-Identifier: Apache-2.0
// What other roles of the target's database may do to weft, and what weft may do there: names that are not resolved by a
// search_path, objects that an administrator made, versions of them.
#include "live/postgres_target_fixture.h"
#include "target/postgres/administration.h"
#include "target/postgres/objects.h"

namespace weft::postgres {
namespace {

class PostgresSecurity : public PostgresTargetTest {
 protected:
  // A role of this test alone, which goes with it.
  std::string role() {
    role_ = cat("role_of_", database_);
    sql_->exec(cat("CREATE ROLE ", role_, " LOGIN"));
    return role_;
  }

  void TearDown() override {
    if (!role_.empty()) sql_->exec(cat("DROP OWNED BY ", role_, "; DROP ROLE ", role_));
  }

  std::string findings(const PostgresTargetOptions& options) {
    PostgresTargetOptions with_url = options;
    if (with_url.url.empty()) with_url.url = server_->url(database_, role_.empty() ? "postgres" : role_);
    std::string text;
    for (const Finding& f : make_target(with_url)->check({})) {
      if (f.level == Finding::Level::kError) text += cat(f.what, " | ", f.mend, "\n");
    }
    return text;
  }

  Result<Opened> open_as_role(bool may_create = true) {
    const auto target = make_target({.url = server_->url(database_, role_)});
    return target->open({.pipeline = "shop", .source_id = "mysql:1", .may_create = may_create});
  }

  std::string role_;
};

// Exact matches in a schema of the search_path win over those of pg_catalog that need a cast: each of these would be taken.
constexpr const char* kHostile = R"(
CREATE FUNCTION evil(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE FUNCTION evil(varchar, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE OPERATOR = (leftarg = varchar, rightarg = varchar, function = evil);
CREATE OPERATOR = (leftarg = varchar, rightarg = text, function = evil);
CREATE FUNCTION unnest(varchar[]) RETURNS SETOF varchar LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE FUNCTION unnest(smallint[]) RETURNS SETOF smallint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE FUNCTION hashtextextended(text, integer) RETURNS bigint LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
CREATE FUNCTION array_to_string(smallint[], text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION 'hijacked'; END$$;
)";

TEST_F(PostgresSecurity, hard_case_33_HostileFunctionsAndOperatorsOnTheSearchPathAreNeverCalled) {
  sql_->exec(
      "CREATE TABLE t (id varchar(20) PRIMARY KEY, note varchar(20)); CREATE TABLE log (id varchar(20), note "
      "varchar(20))");
  sql_->exec(kHostile);
  EXPECT_THROW(sql_->exec("SELECT FROM t, unnest(ARRAY['a'::varchar]) u (x)"), std::exception) << "they do hijack";
  EXPECT_EQ(findings({}), "");
  const auto target = open_target();
  const auto s = session(*target);
  const auto t = match(*target, table("t", {text_column("id"), text_column("note")}, {0}));
  const auto log = match(*target, table("log", {text_column("id"), text_column("note")}, {}));
  apply(*s,
        group({after_batch(t, BatchOp::kCopy, {row("0", "x")}), after_batch(log, BatchOp::kInsert, {row("a", "x")})}));
  std::vector<Row> many;
  std::vector<TableBatch::Item> updates;
  std::vector<TableBatch::Item> deletes;
  for (int i = 1; i <= 40; ++i) {
    many.push_back(row(cat(i), nullptr));
    updates.push_back({row(cat(i), nullptr), row(cat(i), "new")});
    if (i % 2 == 0) deletes.push_back({row(cat(i), "new"), {}});
  }
  apply(*s, group({after_batch(t, BatchOp::kUpsert, many)}));
  apply(*s, group({batch(t, BatchOp::kUpdate, updates)}));
  apply(*s, group({batch(t, BatchOp::kDelete, deletes)}));
  apply(*s, group({batch(t, BatchOp::kUpdate, {{row("1", "new"), row("1", "last")}})}));
  apply(*s, group({batch(t, BatchOp::kDelete, {{row("0", "x"), {}}})}));
  TableBatch rivals = after_batch(t, BatchOp::kDeleteRivals, {row("1", "last"), row("x", "none")});
  rivals.columns = {1};
  apply(*s, group({rivals}));
  apply(*s, group({batch(log, BatchOp::kUpdate, {{row("a", "x"), row("a", nullptr)}})}));
  EXPECT_EQ(rows_of("SELECT note FROM log"), "(null)");
  apply(*s, group({batch(log, BatchOp::kDelete, {{row("a", nullptr), {}}})}));
  EXPECT_EQ(rows_of("SELECT count(*), max(note) FROM t"), "20,new");
  EXPECT_EQ(rows_of("SELECT count(*) FROM log"), "0");
  target->close();
}

TEST_F(PostgresSecurity, hard_case_33_TriggersFindWhatTheirOwnersNamedWithoutASchema) {
  sql_->exec(
      "CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY, note text); CREATE TABLE app.audit (id bigint); "
      "CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES (NEW.id); "
      "RETURN "
      "NEW; END$$; CREATE TRIGGER keep AFTER INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.keep()");
  sql_->exec(cat("ALTER DATABASE ", database_, " SET search_path = missing, app"));
  const auto target = open_target();
  const auto t = match(*target, table("t", {int_column("id"), text_column("note")}, {0}));
  EXPECT_EQ(t->name, (TableName{"app", "t"}));
  apply(*session(*target), group({after_batch(t, BatchOp::kInsert, {row(7, "x")})}));
  EXPECT_EQ(rows_of("SELECT id FROM app.audit"), "7");
}

TEST_F(PostgresSecurity, KeysOfAnExtensionsTypeCompareByItsOwnOperator) {
  if (value_of("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'") == "0")
    GTEST_SKIP() << "no citext";
  sql_->exec(
      "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE t (id ext.citext PRIMARY KEY, n bigint)");
  const auto target = open_target();
  const auto s = session(*target);
  const auto t = match(*target, table("t", {text_column("id"), int_column("n")}, {0}));
  apply(*s, group({after_batch(t, BatchOp::kInsert, {row("Ann", 1), row("Bob", 1)})}));
  apply(*s, group({batch(t, BatchOp::kUpdate, {{row("ANN", 1), row("ANN", 2)}})}));
  EXPECT_EQ(rows_of("SELECT id, n FROM t ORDER BY n DESC"), "ANN,2;Bob,1");
}

TEST_F(PostgresSecurity, hard_case_33_ObjectsOfAnAdministratorAreUsedWithoutCreate) {
  sql_->exec(objects_sql(role()));
  sql_->exec(
      cat("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE t (id bigint PRIMARY KEY, note text); GRANT "
          "SELECT, INSERT, UPDATE, DELETE ON t TO ",
          role_));
  EXPECT_EQ(value_of(cat("SELECT has_database_privilege('", role_, "', current_database(), 'CREATE')")), "f");
  EXPECT_EQ(findings({.setup = false}), "");
  const auto target = open_target({.url = server_->url(database_, role_)});
  const auto s = session(*target);
  const auto t = match(*target, table("t", {int_column("id"), text_column("note")}, {0}));
  apply(*s, group({after_batch(t, BatchOp::kInsert, {row(1, "x")})}));
  Group states = group({});
  states.states.push_back({{"shop", "t"}, TableState::kStreaming, "", "", 1, "0-1-3"});
  states.schemas.push_back(t->source);
  apply(*s, states);
  target->close();
  const auto again = open_as_role(false);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->tables.size(), 1u);
}

TEST_F(PostgresSecurity, hard_case_33_MissingObjectsAndGrantsAreNamedWithTheSql) {
  role();
  EXPECT_NE(findings({}).find("is missing and may not be created | CREATE SCHEMA IF NOT EXISTS _weft"),
            std::string::npos)
      << findings({});
  sql_->exec(objects_sql(""));
  const std::string unusable = findings({});
  EXPECT_NE(unusable.find("may not be used by weft's role"), std::string::npos) << unusable;
  EXPECT_NE(unusable.find(cat("GRANT USAGE ON SCHEMA _weft TO \"", role_, "\"")), std::string::npos) << unusable;
  sql_->exec(objects_sql(role_));
  EXPECT_EQ(findings({}), "");
  sql_->exec("DROP TABLE _weft.dead_letter");
  EXPECT_NE(findings({}).find("is not complete and may not be created"), std::string::npos) << findings({});
  const auto refused = open_as_role();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_NE(refused.error().message().find("weft setup --dry-run"), std::string::npos) << refused.error().message();
}

TEST_F(PostgresSecurity, SetupNeverMakesNothing) {
  const std::string text = findings({.setup = false});
  EXPECT_NE(text.find("is missing and setup is never | CREATE SCHEMA"), std::string::npos) << text;
  EXPECT_FALSE(make_target()->open({.pipeline = "shop", .source_id = "mysql:1", .may_create = false}));
  EXPECT_EQ(value_of("SELECT to_regnamespace('_weft') IS NULL"), "t");
}

TEST_F(PostgresSecurity, hard_case_33_OlderObjectsAreRaisedAndNewerOnesRefused) {
  open_target()->close();
  EXPECT_EQ(value_of("SELECT version FROM _weft.version"), cat(kObjectsVersion));
  sql_->exec("UPDATE _weft.version SET version = 0; DROP TABLE _weft.dead_letter");
  open_target()->close();
  EXPECT_EQ(value_of("SELECT version FROM _weft.version"), cat(kObjectsVersion));
  EXPECT_EQ(value_of("SELECT to_regclass('_weft.dead_letter') IS NOT NULL"), "t");
  sql_->exec("UPDATE _weft.version SET version = 99");
  EXPECT_NE(findings({}).find("are of version 99, this weft knows"), std::string::npos) << findings({});
  const auto refused = make_target()->open({.pipeline = "shop", .source_id = "mysql:1"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("use a newer weft"), std::string::npos) << refused.error().message();
  EXPECT_EQ(value_of("SELECT version FROM _weft.version"), "99");
}

TEST_F(PostgresSecurity, OlderObjectsThatMayNotBeRaisedAreRefused) {
  sql_->exec(objects_sql(role()));
  sql_->exec("UPDATE _weft.version SET version = 0");
  EXPECT_NE(findings({}).find("is of an older version and may not be created"), std::string::npos) << findings({});
  EXPECT_FALSE(open_as_role());
  sql_->exec(objects_sql(role_));
  EXPECT_TRUE(open_as_role());
}

TEST_F(PostgresSecurity, SetupMakesTheObjectsAndPrintsTheGrants) {
  ASSERT_TRUE(postgres_setup({.url = server_->url(database_)}));
  EXPECT_EQ(value_of("SELECT to_regclass('_weft.version') IS NOT NULL"), "t");
  const auto sql = postgres_setup_sql("postgresql://app:secret@nowhere/shop");
  ASSERT_TRUE(sql);
  EXPECT_NE(sql->find("GRANT USAGE ON SCHEMA _weft TO \"app\""), std::string::npos) << *sql;
  EXPECT_EQ(sql->find("secret"), std::string::npos);
}

}  // namespace
}  // namespace weft::postgres
