// SPDX-License-Identifier: Apache-2.0
// Tables as users have them: without a key, partitioned, with generated columns, identities, enums, triggers, views; and
// what check() says about them.
#include "postgres_target_fixture.h"
#include "support/wait.h"

namespace weft::postgres {
namespace {

class PostgresTables : public PostgresTargetTest {
 protected:
  Group one(TableBatch b) {
    std::vector<TableBatch> batches;
    batches.push_back(std::move(b));
    return group(std::move(batches));
  }

  std::string findings(const std::vector<SchemaRef>& tables, PostgresTargetOptions options = {}) {
    std::string out;
    for (const Finding& f : make_target(std::move(options))->check(tables)) {
      if (f.level == Finding::Level::kOk) continue;
      out += cat(f.level == Finding::Level::kError ? "error: " : "warning: ", f.what, " | ", f.mend, "\n");
    }
    return out;
  }
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(PostgresTables, hard_case_17_OneOfSeveralDuplicatesGoesOrChanges) {
  for (const char* const kind : {"", " PARTITION BY LIST (n)"}) {
    sql_->exec(cat("DROP TABLE IF EXISTS log; CREATE TABLE log (n int, doc json, f float8, at timestamptz)", kind));
    if (*kind != '\0')
      sql_->exec("CREATE TABLE log1 PARTITION OF log FOR VALUES IN (1); CREATE TABLE log2 PARTITION OF log DEFAULT");
    const auto target = open_target();
    const auto log = match(*target,
                           table("log",
                                 {int_column("n"),
                                  make_column("doc", Kind::kJson, "json"),
                                  make_column("f", Kind::kDouble, "double"),
                                  make_column("at", Kind::kTimestamp, "timestamp")},
                                 {}));
    ASSERT_TRUE(log);
    const auto s = session(*target);
    const Row a = row(1, Value::json("{\"a\": 1}"), Value::float64(0.1), nullptr);
    const Row b = row(2, nullptr, nullptr, Value::timestamp(1000000, 0));
    apply(*s, one(after_batch(log, BatchOp::kInsert, {a, a, a, b, b})));
    apply(*s, one(after_batch(log, BatchOp::kUpsert, {b})));
    EXPECT_EQ(apply(*s, one(batch(log, BatchOp::kDelete, {{a, {}}}))), std::vector<uint64_t>{1});
    EXPECT_EQ(apply(*s, one(batch(log, BatchOp::kDelete, {{b, {}}, {b, {}}}))), std::vector<uint64_t>{2});
    TableBatch update = batch(log, BatchOp::kUpdate, {{a, row(7, nullptr, nullptr, nullptr)}});
    update.columns = {0};
    EXPECT_EQ(apply(*s, one(update)), std::vector<uint64_t>{1});
    EXPECT_EQ(apply(*s, one(batch(log, BatchOp::kDelete, {{row(9, nullptr, nullptr, nullptr), {}}}))),
              std::vector<uint64_t>{0});
    EXPECT_EQ(rows_of("SELECT n, count(*) FROM log GROUP BY n ORDER BY n"), "1,1;2,1;7,1") << kind;
    target->close();
  }
}

TEST_F(PostgresTables, AKeylessRowIsFoundThroughItsIndex) {
  sql_->exec(
      "CREATE TABLE log (n int NOT NULL, note text); CREATE INDEX ON log (n); INSERT INTO log SELECT i, 'x' FROM "
      "generate_series(1, 50000) i; ANALYZE log");
  const auto plan = sql_->query(
      "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = "
      "force_generic_plan; "
      "PREPARE d (int, text) AS DELETE FROM log AS t USING (SELECT t.tableoid AS o, t.ctid AS c FROM log AS t WHERE "
      "t.n = $1 AND "
      "t.note IS NOT DISTINCT FROM $2 LIMIT 1) AS d WHERE t.ctid = d.c AND t.tableoid = d.o; EXPLAIN EXECUTE d (1, "
      "'x')");
  std::string text;
  for (const auto& r : plan) text += *r[0] + "\n";
  EXPECT_HAS(text, "Tid Scan");
  EXPECT_HAS(text, "Index Scan");
  EXPECT_EQ(text.find("Seq Scan"), std::string::npos) << text;
}

TEST_F(PostgresTables, hard_case_37_StatementsPreparedOnAnEmptyTableStayFast) {
  sql_->exec("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)");
  sql_->exec("VACUUM ANALYZE t");
  const auto target = open_target();
  const auto t = match(*target, table("t", {int_column("id"), int_column("n")}, {0}));
  auto s = session(*target);
  const auto update = [&](int from) {
    std::vector<TableBatch::Item> items;
    for (int i = from; i < from + 200; ++i) items.push_back({row(i, nullptr), row(i, i)});
    TableBatch b = batch(t, BatchOp::kUpdate, items);
    b.columns = {1};
    return b;
  };
  for (int i = 0; i < 10; ++i) apply(*s, one(update(0)));  // planned now
  sql_->exec("INSERT INTO t SELECT i, 0 FROM generate_series(0, 299999) i");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(apply(*s, one(update(i * 5000))), std::vector<uint64_t>{200});
  s.reset();  // a connection that ends hands in its counts
  const auto counted = [&](const char* column) {
    return std::stoll(
        support::single_value(sql_->query(cat("SELECT ", column, " FROM pg_stat_user_tables WHERE relname = 't'"))));
  };
  ASSERT_TRUE(support::wait_until(support::deadline_in(std::chrono::seconds(30)),
                                  [&] { return counted("n_tup_upd") >= 10000; }));
  EXPECT_LT(counted("seq_tup_read"), 300000) << "a statement read the whole table";
}

TEST_F(PostgresTables, GeneratedColumnsIdentitiesEnumsAndDomainsWork) {
  sql_->exec(
      "CREATE TYPE state AS ENUM ('new', 'done'); CREATE DOMAIN short AS varchar(3); CREATE TABLE t (id bigint "
      "GENERATED "
      "ALWAYS AS IDENTITY PRIMARY KEY, st state, s short, dbl bigint GENERATED ALWAYS AS (id * 2) STORED, pos point, "
      "extra text DEFAULT 'kept')");
  const auto target = open_target();
  const auto t = match(
      *target,
      table("t", {int_column("id"), text_column("st"), text_column("s"), int_column("dbl"), text_column("pos")}, {0}));
  ASSERT_TRUE(t);
  EXPECT_TRUE(t->columns[3].generated);
  const auto s = session(*target);
  apply(*s, one(after_batch(t, BatchOp::kInsert, {row(5, "new", "abc", 0, "(1,2)")})));
  std::vector<Row> many;
  for (int i = 10; i < 60; ++i) many.push_back(row(i, "done", nullptr, 0, nullptr));
  apply(*s, one(after_batch(t, BatchOp::kInsert, many)));
  apply(*s, one(after_batch(t, BatchOp::kUpsert, many)));
  EXPECT_EQ(rows_of("SELECT *  FROM t WHERE id IN (5, 59) ORDER BY id"),
            "5,new,abc,10,(1,2),kept;59,done,(null),118,(null),kept");
  const auto refused = s->prepare(one(after_batch(t, BatchOp::kInsert, {row(6, "new", "abcd", 0, nullptr)})));
  ASSERT_FALSE(refused);
  EXPECT_HAS(refused.error().message(), "longer than the column");
  const auto unknown = s->prepare(one(after_batch(t, BatchOp::kInsert, {row(6, "neww", "abc", 0, nullptr)})));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().blame(), Blame::kData);
}

TEST_F(PostgresTables, AnEnumOnlyTableGoesByCopy) {
  sql_->exec("CREATE TYPE state AS ENUM ('new', 'done'); CREATE TABLE t (id bigint PRIMARY KEY, st state)");
  const auto target = open_target();
  const auto t = match(*target, table("t", {int_column("id"), text_column("st")}, {0}));
  const auto s = session(*target);
  std::vector<Row> many;
  for (int i = 0; i < 100; ++i) many.push_back(row(i, i % 2 == 0 ? "new" : "done"));
  EXPECT_EQ(apply(*s, one(after_batch(t, BatchOp::kCopy, many))), std::vector<uint64_t>{100});
  EXPECT_EQ(rows_of("SELECT st, count(*) FROM t GROUP BY st ORDER BY st"), "new,50;done,50");
}

TEST_F(PostgresTables, hard_case_09_KeysThatBytesDontDecideAreCoarse) {
  sql_->exec(
      "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE t (id "
      "bigint "
      "PRIMARY KEY, name text COLLATE ci UNIQUE); CREATE TABLE u (id bigint PRIMARY KEY, name text); CREATE UNIQUE "
      "INDEX "
      "ON u (lower(name)); CREATE TABLE v (id bigint PRIMARY KEY, name text UNIQUE)");
  const auto target = open_target();
  EXPECT_TRUE(match(*target, table("t", {int_column("id"), text_column("name")}, {0}))->coarse_keys);
  EXPECT_TRUE(match(*target, table("u", {int_column("id"), text_column("name")}, {0}))->coarse_keys);
  const auto v = match(*target, table("v", {int_column("id"), text_column("name")}, {0}));
  EXPECT_FALSE(v->coarse_keys);
  EXPECT_EQ(v->unique_keys, (std::vector<std::vector<uint16_t>>{{0}, {1}}));
}

TEST_F(PostgresTables, hard_case_23_TriggersFireUnlessSwitchedOff) {
  sql_->exec(
      "CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE audit (id bigint); CREATE FUNCTION note() RETURNS trigger "
      "LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NEW; END$$; CREATE TRIGGER note AFTER "
      "INSERT "
      "ON t FOR EACH ROW EXECUTE FUNCTION note()");
  const SchemaRef schema = table("t", {int_column("id")}, {0});
  auto target = open_target();
  auto t = match(*target, schema);
  EXPECT_EQ(t->triggers, std::vector<std::string>{"note"});
  EXPECT_HAS(findings({schema}), "trigger note fires on replicated rows");
  apply(*session(*target), one(after_batch(t, BatchOp::kInsert, {row(1)})));
  target->close();
  target = open_target({.triggers = false});
  t = match(*target, schema);
  EXPECT_TRUE(t->triggers.empty());
  apply(*session(*target), one(after_batch(t, BatchOp::kInsert, {row(2)})));
  EXPECT_EQ(rows_of("SELECT id FROM audit"), "1");
}

TEST_F(PostgresTables, hard_case_23_SwitchedOffTriggersStayOffBehindRowsThatKeepTheirChildren) {
  sql_->exec(
      "CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE c (t bigint PRIMARY KEY REFERENCES t ON DELETE CASCADE); "
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'fired'; END$$; CREATE TRIGGER "
      "no BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION no()");
  const auto target = open_target({.triggers = false});
  const auto t = match(*target, table("t", {int_column("id")}, {0}));
  const auto c = match(*target, table("c", {int_column("t")}, {0}));
  EXPECT_TRUE(c->foreign_keys.empty()) << "they do nothing";
  const auto s = session(*target);
  apply(*s, one(after_batch(t, BatchOp::kInsert, {row(1), row(2)})));
  TableBatch kept = batch(t, BatchOp::kDelete, {{row(1), {}}});
  kept.keep_children = true;
  apply(*s,
        group({after_batch(c, BatchOp::kInsert, {row(1), row(2)}), kept, after_batch(c, BatchOp::kInsert, {row(3)})}));
  EXPECT_EQ(rows_of("SELECT t FROM c ORDER BY t"), "1;2;3");
}

TEST_F(PostgresTables, hard_case_23_ARoleWhoseSettingSwitchesTriggersOffIsSeenToDoSo) {
  sql_->exec(
      "CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE c (t bigint PRIMARY KEY REFERENCES t ON DELETE CASCADE); "
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'fired'; END$$; CREATE TRIGGER "
      "no BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION no()");
  sql_->exec(cat("ALTER DATABASE ", database_, " SET session_replication_role = replica"));
  const auto target = open_target();
  const SchemaRef schema = table("c", {int_column("t")}, {0});
  const auto c = match(*target, schema);
  EXPECT_TRUE(c->foreign_keys.empty() && c->triggers.empty());
  const std::string found = findings({schema, table("t", {int_column("id")}, {0})});
  EXPECT_HAS(found, "(ON DELETE CASCADE) is the target's alone: with session_replication_role=replica");
  apply(*session(*target), one(after_batch(c, BatchOp::kInsert, {row(1)})));
}

TEST_F(PostgresTables, TablesAreFoundCreatedAndAnalyzed) {
  const auto target = open_target();
  auto schema = std::make_shared<TableSchema>(*table("Orders", {int_column("id"), text_column("note")}, {0}));
  schema->unique_keys = {{1}};
  schema->columns[0].nullable = false;
  EXPECT_FALSE(*target->exists(*schema));
  const auto missing = target->table(schema);
  ASSERT_FALSE(missing);
  EXPECT_HAS(missing.error().message(), "--create-tables");
  const Status created = target->create_table(*schema);
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_TRUE(*target->exists(*schema));
  const auto t = match(*target, schema);
  EXPECT_EQ(t->unique_keys.size(), 2u);
  EXPECT_FALSE(*target->has_rows(*t));
  apply(*session(*target), one(after_batch(t, BatchOp::kInsert, {row(1, "x")})));
  EXPECT_TRUE(*target->has_rows(*t));
  EXPECT_TRUE(target->analyze(*t));
  EXPECT_EQ(value_of("SELECT reltuples FROM pg_class WHERE relname = 'Orders'"), "1");
}

TEST_F(PostgresTables, TheFirstSchemaOfSearchPathIsTaken) {
  sql_->exec(cat("CREATE SCHEMA app; ALTER DATABASE ",
                 database_,
                 " SET search_path = missing, app, public; "
                 "CREATE TABLE app.t (id bigint PRIMARY KEY)"));
  const auto target = open_target();
  const auto t = match(*target, table("t", {int_column("id")}, {0}));
  EXPECT_EQ(t->name, (TableName{"app", "t"}));
  apply(*session(*target), one(after_batch(t, BatchOp::kInsert, {row(1)})));
  EXPECT_EQ(rows_of("SELECT id FROM app.t"), "1");
}

TEST_F(PostgresTables, CheckTellsEverythingAtOnce) {
  sql_->exec(
      "CREATE TABLE parent (id bigint PRIMARY KEY); CREATE TABLE t (id bigint PRIMARY KEY, boss bigint REFERENCES t, p "
      "bigint "
      "REFERENCES parent, qty smallint, must text NOT NULL); CREATE VIEW v AS SELECT 1 AS id; CREATE TABLE a (id "
      "bigint PRIMARY "
      "KEY); CREATE TABLE b (id bigint PRIMARY KEY, a bigint REFERENCES a); ALTER TABLE a ADD b bigint REFERENCES b");
  const std::string text = findings(
      {table("t", {int_column("id"), int_column("boss"), int_column("p"), int_column("qty"), text_column("lost")}, {0}),
       table("v", {int_column("id")}, {0}),
       table("gone", {int_column("id")}, {0}),
       table("a", {int_column("id"), int_column("b")}, {0}),
       table("b", {int_column("id"), int_column("a")}, {0})});
  EXPECT_HAS(text, "warning: weft connects as a superuser");
  EXPECT_EQ(text.find("pg_catalog"), std::string::npos);
  EXPECT_HAS(text,
             "error: table public.t has no column \"lost\" | ALTER TABLE \"public\".\"t\" ADD COLUMN \"lost\" text");
  EXPECT_HAS(text, "error: table public.t has the column \"must\" NOT NULL without a default");
  EXPECT_HAS(
      text,
      "warning: table public.t has column \"qty\" of type smallint for the source's bigint: larger values don't fit");
  EXPECT_HAS(text, "points outside of what is replicated");
  EXPECT_HAS(text, "points to its own table and can't be deferred");
  EXPECT_HAS(text, "is part of a cycle that can't be deferred");
  EXPECT_HAS(text, "error: table public.v is a view");
  EXPECT_HAS(text, "error: table public.gone is missing | CREATE TABLE \"public\".\"gone\"");
  EXPECT_EQ(rows_of("SELECT to_regnamespace('_weft') IS NULL"), "t") << "check changes nothing";
}

TEST_F(PostgresTables, CheckNamesMissingGrantsAndUnreachableServers) {
  sql_->exec("CREATE TABLE t (id bigint PRIMARY KEY); CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader");
  const std::string text = findings({table("t", {int_column("id")}, {0})}, {.url = server_->url(database_, "reader")});
  EXPECT_HAS(text, "GRANT INSERT, UPDATE, DELETE ON \"public\".\"t\" TO \"reader\"");
  EXPECT_HAS(text, "error: schema _weft, where progress is kept, is missing and may not be created | CREATE SCHEMA");
  sql_->exec("DROP OWNED BY reader; DROP ROLE reader");
  EXPECT_HAS(findings({}, {.url = "postgresql://x:secret@127.0.0.1:1/db"}),
             "can't reach postgresql://x@127.0.0.1:1/db");
  EXPECT_HAS(findings({}, {.url = server_->url("no_such_database")}), "3D000");
}

TEST_F(PostgresTables, SchemaChangesAtTheTargetDontBreakASession) {
  sql_->exec("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)");
  const auto target = open_target();
  const auto t = match(*target, table("t", {int_column("id"), int_column("n")}, {0}));
  const auto s = session(*target);
  for (int i = 0; i < 10; ++i) apply(*s, one(after_batch(t, BatchOp::kUpsert, {row(i, i)})));
  sql_->exec("ALTER TABLE t ADD extra text DEFAULT 'x'; CREATE INDEX ON t (n)");
  apply(*s, one(after_batch(t, BatchOp::kUpsert, {row(1, 5)})));
  sql_->exec("ALTER TABLE t ALTER n TYPE integer");
  apply(*s, one(after_batch(t, BatchOp::kUpsert, {row(1, 6)})));
  sql_->exec("ALTER TABLE t DROP n");
  const auto refused = s->prepare(one(after_batch(t, BatchOp::kUpsert, {row(1, 7)})));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig) << refused.error().message();
}

TEST_F(PostgresTables, ManyShapesDontPileUpAtTheServer) {
  std::string columns;
  std::vector<Column> source{int_column("id")};
  for (int i = 0; i < 12; ++i) {
    columns += cat(", c", i, " bigint");
    source.push_back(int_column(cat("c", i)));
  }
  sql_->exec(cat("CREATE TABLE t (id bigint PRIMARY KEY", columns, ")"));
  const auto target = open_target();
  const auto t = match(*target, table("t", source, {0}));
  const auto s = session(*target);
  std::vector<Value> values(13, Value::int64(1));
  apply(*s, one(after_batch(t, BatchOp::kInsert, {values})));
  for (unsigned mask = 1; mask < 700; ++mask) {
    TableBatch b = batch(t, BatchOp::kUpdate, {{values, values}});
    b.columns.clear();
    for (uint16_t i = 0; i < 12; ++i) {
      if ((mask >> i) & 1) b.columns.push_back(static_cast<uint16_t>(i + 1));
    }
    ASSERT_EQ(apply(*s, one(b)), std::vector<uint64_t>{1});
  }
}

}  // namespace
}  // namespace weft::postgres
