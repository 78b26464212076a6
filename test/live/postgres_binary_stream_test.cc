// SPDX-License-Identifier: Apache-2.0
// A stream that the server is asked to send in binary form gives, value by value, what one in text does; and goes on in text
// where it has to, losing nothing.
#include <deque>
#include <memory>

#include "live/postgres_pair_fixture.h"
#include "live/postgres_samples.h"
#include "source/postgres/postgres_source.h"
#include "support/wait.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

// A row as it was streamed: its values live in the batches.
struct Streamed {
  std::string op;
  Row before;
  Row after;
  const TableSchema* table;
};

// A source of its own slot that reads to the end.
class Reader {
 public:
  Reader(const support::PostgresServer& server, const std::string& slot, std::vector<std::string> tables) {
    auto made = postgres::make_postgres_source({.url = server.url("shop"), .tables = std::move(tables), .slot = slot});
    source_ = std::move(*made);
    expect(source_->connect());
    const auto found = source_->tables();
    expect(found);
    source_->use_schemas(*found);
    expect(source_->prepare());
    const auto head = source_->head();
    expect(head);
    from_ = *head;
  }

  Status open() { return source_->open(from_); }

  // Row changes up to the server's head, or to the error that there was.
  std::vector<Streamed> read(Error* error = nullptr) {
    std::vector<Streamed> out;
    const auto upto = source_->head();
    expect(upto);
    const auto done = [&] {
      auto batch = source_->next(20ms, {});
      if (!batch) {
        EXPECT_NE(error, nullptr) << batch.error().message();
        if (error != nullptr) *error = batch.error();
        return true;
      }
      return *batch && take(std::move(**batch), *upto, out);
    };
    EXPECT_TRUE(support::wait_until(deadline_in(30s), done, 0ms)) << "the head was not reached";
    return out;
  }

 private:
  // Whether that is all.
  bool take(Batch batch, const Position& upto, std::vector<Streamed>& out) {
    batches_.push_back(std::move(batch));
    const Batch& kept = batches_.back();
    for (const Transaction& tx : kept.transactions()) {
      for (const Change& change : tx.changes) {
        const auto* row = std::get_if<RowChange>(&change);
        if (row != nullptr) out.push_back({std::string(to_string(row->op)), row->before, row->after, row->schema});
      }
      if (source_->includes(Position(kept.positions()->text(tx.position_index)), upto)) return true;
    }
    return false;
  }

  template <class R>
  static void expect(const R& result) {
    EXPECT_TRUE(result) << result.error().message();
  }

  std::unique_ptr<Source> source_;
  Position from_;
  std::deque<Batch> batches_;
};

class PostgresBinaryStream : public PostgresPairFixture {
 protected:
  // "binary" or "text": how the walsender of the slot was asked; empty: there is none.
  std::string asked_for(const std::string& slot) {
    const std::string command = pair_->at_source(
        cat("SELECT a.query FROM pg_stat_activity a JOIN pg_replication_slots s ON s.active_pid = a.pid WHERE "
            "s.slot_name = '",
            slot,
            "'"));
    if (command.find("START_REPLICATION") == std::string::npos) return command;
    return command.find("binary 'true'") != std::string::npos ? "binary" : "text";
  }

  static void expect_same(const std::vector<Streamed>& binary, const std::vector<Streamed>& text) {
    ASSERT_EQ(binary.size(), text.size());
    ASSERT_GT(binary.size(), 0u);
    for (size_t i = 0; i < binary.size(); ++i) {
      EXPECT_EQ(binary[i].op, text[i].op);
      expect_same(*binary[i].table, binary[i].before, text[i].before);
      expect_same(*binary[i].table, binary[i].after, text[i].after);
    }
  }

  static void expect_same(const TableSchema& table, Row binary, Row text) {
    ASSERT_EQ(binary.size(), text.size());
    for (size_t c = 0; c < binary.size(); ++c) {
      EXPECT_TRUE(binary[c].same(text[c])) << table.name.text() << "." << table.columns[c].name << ": "
                                           << describe(binary[c]) << " and " << describe(text[c]);
    }
  }

  // What two slots give of the same statements: `tables` in binary, and the same beside a table that has to be text.
  void expect_both_ways_alike(const std::vector<std::string>& tables, const std::string& statements) {
    source("CREATE TABLE lists (id int PRIMARY KEY, v int[])");
    std::vector<std::string> with_lists = tables;
    with_lists.emplace_back("lists");
    Reader binary(pair_->source, "in_binary", tables);
    Reader text(pair_->source, "in_text", with_lists);
    source(statements);
    ASSERT_TRUE(binary.open());
    ASSERT_TRUE(text.open());
    const auto left = binary.read();
    const auto right = text.read();
    EXPECT_EQ(asked_for("in_binary"), "binary");
    EXPECT_EQ(asked_for("in_text"), "text");
    expect_same(left, right);
  }
};

TEST_F(PostgresBinaryStream, EveryTypeHasTheValuesOfItsText) {
  source(kTypes);
  source(kTypeRows);
  source(
      "CREATE EXTENSION citext; CREATE DOMAIN smaller_text AS small_text;"
      "CREATE TABLE samples (LIKE types INCLUDING ALL);"
      "ALTER TABLE samples DROP ta, DROP ia, ADD vb varbit, ADD b70 bit(70), ADD tt timetz, ADD ci cidr, ADD mac "
      "macaddr, ADD nm name, ADD o oid, ADD dd smaller_text, ADD ct citext; ALTER TABLE samples REPLICA IDENTITY FULL");
  const std::string columns =
      "id, i2, i4, i8, n, n2, f4, f8, b, v, c, t, ts, ts3, tz, d, tm, by, j, jb, u, ip, iv, m, bt, dm";
  expect_both_ways_alike(
      {"samples"},
      cat("INSERT INTO samples (",
          columns,
          ") SELECT ",
          columns,
          " FROM types;"
          "UPDATE samples SET vb = B'010', b70 = repeat('01', 35)::bit(70), tt = '23:59:59.5-03:30', ci = '10/8', mac "
          "= "
          "'08:00:2b:01:02:ff', nm = 'a name', o = 4294967295, dd = 'low', ct = 'MiXed' WHERE id = 1;"
          "UPDATE samples SET vb = '', tt = '24:00:00+15:59:59', ci = '::ffff:1.2.3.4/128', dd = '', ct = '' WHERE id "
          "= "
          "2; UPDATE samples SET tt = '00:00', ci = '2001:db8:0:0:1::/80', ip = '1:0:0:2::3' WHERE id = 3;"
          "DELETE FROM samples WHERE id % 5 = 0"));
}

TEST_F(PostgresBinaryStream, NumbersAreTheSameToTheLastDigit) {
  source("CREATE TABLE numbers (id int PRIMARY KEY, n numeric, f4 real, f8 double precision)");
  expect_both_ways_alike(
      {"numbers"},
      "INSERT INTO numbers (id, n) SELECT row_number() OVER (), s * x FROM (VALUES (1), (-1)) AS signs (s) CROSS JOIN "
      "(SELECT round(power(10::numeric, e) * f, p) AS x FROM generate_series(-12, 20) e CROSS JOIN (VALUES (1), "
      "(1.2345678901), (9.99), (0)) AS v (f) CROSS JOIN generate_series(0, 12, 3) p) AS xs;"
      "INSERT INTO numbers VALUES (100001, 'NaN', 'NaN', 'NaN'), (100002, 'Infinity', 'Infinity', 'Infinity'), "
      "(100003, "
      "'-Infinity', '-Infinity', '-Infinity'), (100004, 0, '-0', '-0'), (100005, repeat('9876543210', 1300)::numeric, "
      "1e-45, 5e-324), (100006, -('0.' || repeat('0123456789', 1600))::numeric, 3.4028235e38, 1.7976931348623157e308), "
      "(100007, (repeat('9', 100000) || '.' || repeat('1', 9000))::numeric, 0.1, 0.1);"
      "INSERT INTO numbers SELECT 200000 + g, random() * power(10, g % 30), random() * power(10, g % 60 - 30), "
      "random() * "
      "power(10::float8, g % 600 - 300) FROM generate_series(1, 2000) g");
}

TEST_F(PostgresBinaryStream, TimesOfAllYearsAndSpansAreTheSame) {
  source("CREATE TABLE times (id serial PRIMARY KEY, d date, ts timestamp, tz timestamptz, iv interval, tt timetz)");
  expect_both_ways_alike(
      {"times"},
      "INSERT INTO times (d, ts, tz) SELECT v::timestamp, v::timestamp, (v || '+00')::timestamptz FROM unnest(ARRAY["
      "'0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1999-12-31 23:59:59.5', '2000-01-01', '1970-01-01', "
      "'10000-01-01', '12345-06-07 08:09:10.11', '294276-12-31 23:59:59.999999']) v;"
      "INSERT INTO times (d, ts, tz) VALUES ('infinity', 'infinity', 'infinity'), ('-infinity', '-infinity', "
      "'-infinity'), ('0001-12-31 BC', '0001-12-31 23:59:59.999999 BC', '0001-12-31 23:59:59.999999+00 BC'), "
      "('4713-01-01 BC', '4713-01-01 BC', '4713-01-01 00:00:00+00 BC'), ('5874897-12-31', NULL, NULL), ('0045-02-29 "
      "BC', '0045-03-01 BC', '0400-02-28 BC');"
      "INSERT INTO times (d, ts, tz) SELECT date '2000-01-01' + g * 997, timestamp '2000-01-01' + g * interval '997 "
      "days 3:04:05.678901', timestamptz '2000-01-01 00:00:00+00' - g * interval '997 days 0.1 s' FROM "
      "generate_series(-700, 700) g;"
      "INSERT INTO times (iv, tt) SELECT (y || ' years ' || m || ' mons ' || d || ' days ' || s || ' secs')::interval, "
      "('12:00:00' || z)::timetz FROM unnest(ARRAY[0, 1, -1, 178000]) y CROSS JOIN unnest(ARRAY[0, 1, -1, 11, -13]) m "
      "CROSS JOIN unnest(ARRAY[0, 1, -1, 400]) d CROSS JOIN unnest(ARRAY['0', '0.000001', '-0.000001', '-59.9', "
      "'360000', '-360000.5', '1000000000']) s CROSS JOIN unnest(ARRAY['+00', '-03:30', '+05:45:10']) z");
}

TEST_F(PostgresBinaryStream, AddressesAreTheSame) {
  source("CREATE TABLE addresses (id serial PRIMARY KEY, i inet, c cidr)");
  expect_both_ways_alike(
      {"addresses"},
      "INSERT INTO addresses (i) SELECT v::inet FROM unnest(ARRAY['0.0.0.0/0', '255.255.255.255', '10.1.2.3/31', '::', "
      "'::1', '1::', '::/0', '::1.2.3.4', '::ffff:1.2.3.4', '::ffff:0:1', '::fffe:1.2.3.4', '0:0:0:0:0:1:2:3', "
      "'1:0:0:2:0:0:0:3', '1:0:0:0:2:0:0:0', '0:1:0:1:0:1:0:1', '1:0:2:0:3:0:4:0', 'abcd:ef01:2345:6789:abc:d::f/100', "
      "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '64:ff9b::192.0.2.33']) v;"
      "UPDATE addresses SET c = network(i);"
      "INSERT INTO addresses (i) SELECT ('::' || (CASE WHEN g % 3 = 0 THEN 'ffff:' ELSE '' END) || to_hex(g % 5) || "
      "':' || "
      "to_hex(g % 7 * 1000))::inet FROM generate_series(1, 100) g");
}

TEST_F(PostgresBinaryStream, ValuesThatWereNotTouchedAndKeysThatChangedAreTheSame) {
  source("CREATE TABLE long (id int, k text, v text, n numeric, PRIMARY KEY (k, id))");
  source(
      "ALTER TABLE long ALTER v SET STORAGE EXTERNAL; INSERT INTO long SELECT g, 'k' || g, repeat('x', 5000), g / 7.0 "
      "FROM generate_series(1, 20) g");
  expect_both_ways_alike(
      {"long"},
      "UPDATE long SET n = -n; UPDATE long SET k = k || 'x', id = -id WHERE id < 9; DELETE FROM long WHERE "
      "id > 15; TRUNCATE long");
}

// The longest interval has the bytes of what later versions call infinity.
TEST_F(PostgresBinaryStream, AValueThatOnlyItsTextTellsMakesTheStreamOneOfText) {
  source("CREATE TABLE spans (id int PRIMARY KEY, v interval)");
  Reader reader(pair_->source, "spans", {"spans"});
  source("INSERT INTO spans VALUES (1, '1 day'); INSERT INTO spans VALUES (2, '2562047788:00:54.775807')");
  ASSERT_TRUE(reader.open());
  Error error(Blame::kBug, "none");
  EXPECT_LT(reader.read(&error).size(), 2u);
  EXPECT_EQ(error.blame(), Blame::kTransient) << error.message();
  EXPECT_NE(error.message().find("public.spans, column v"), std::string::npos) << error.message();
  ASSERT_TRUE(reader.open());
  const auto rows = reader.read();
  EXPECT_EQ(asked_for("spans"), "text");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(describe(rows[1].after), "(2, '2562047788:00:54.775807')");
}

TEST_F(PostgresBinaryStream, ATypeWithoutAKnownFormMidStreamLosesNothing) {
  both("CREATE TABLE other (id int PRIMARY KEY, v text)");
  WeftProcess weft = streaming();
  EXPECT_EQ(asked_for("weft_shop"), "binary");
  for (int i = 10; i < 30; ++i) source(cat("INSERT INTO t VALUES (", i, ", 'v", i, "')"));
  target("ALTER TABLE t ADD list int[]");
  source(
      "BEGIN; INSERT INTO t VALUES (30, 'before'); ALTER TABLE t ADD list int[]; INSERT INTO t VALUES (31, 'in', "
      "'{1,2}'); INSERT INTO other VALUES (1, 'x'); COMMIT");
  for (int i = 40; i < 60; ++i)
    source(cat("INSERT INTO t VALUES (", i, ", 'v', '{", i, ",NULL}'); UPDATE t SET v = v || 'x'"));
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(asked_for("weft_shop"), "text");
}

TEST_F(PostgresBinaryStream, WithoutTheTypeANewStreamIsBinaryAgain) {
  both("ALTER TABLE t ADD list int[]");
  ASSERT_EQ(run_until_now().code, 0);
  {
    WeftProcess weft = streaming();
    EXPECT_EQ(asked_for("weft_shop"), "text");
    source("UPDATE t SET list = '{3}'");
    EXPECT_TRUE(becomes_equal(weft));
  }
  WeftProcess weft = streaming({"--exclude", "t"});
  EXPECT_EQ(asked_for("weft_shop"), "binary");
}

}  // namespace
}  // namespace weft::live
