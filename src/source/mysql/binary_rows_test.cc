// SPDX-License-Identifier: Apache-2.0
// Rows of the binary protocol: every type, and every way to be cut short.
#include "source/mysql/binary_rows.h"

#include <numeric>

#include <gtest/gtest.h>

#include "source/source.h"

namespace weft::mysql {
namespace {

// A column of the schema, what the server says of it, and one value on the wire with what it means.
struct Sample {
  Column column;
  ResultColumn result;
  std::string wire;
  Value value;
};

Column make_column(const std::string& type, Kind kind) {
  Column column;
  column.name = "c";
  column.source_type = type;
  column.kind = kind;
  return column;
}

Sample integer(Kind kind, uint8_t bits, uint8_t type, std::string wire, Value value) {
  Sample s{make_column("int", kind), {}, std::move(wire), value};
  s.column.int_bits = bits;
  s.result.type = type;
  s.result.flags = kind == Kind::kUint ? 32 : 0;
  return s;
}

Sample temporal(Kind kind, uint8_t type, uint8_t scale, std::string wire, Value value) {
  Sample s{make_column("datetime", kind), {}, std::move(wire), value};
  s.column.scale = scale;
  s.result.type = type;
  s.result.decimals = scale;
  return s;
}

Sample bytes(const std::string& type, Kind kind, uint8_t wire_type, uint16_t collation, std::string wire, Value value) {
  Sample s{make_column(type, kind), {}, std::move(wire), value};
  s.result.type = wire_type;
  s.result.collation = collation;
  return s;
}

std::string raw(std::initializer_list<int> values) {
  std::string out;
  for (const int v : values) out.push_back(static_cast<char>(v));
  return out;
}

std::vector<Sample> numbers() {
  std::vector<Sample> all = {
      integer(Kind::kInt, 8, 1, raw({0xff}), Value::int64(-1)),
      integer(Kind::kUint, 8, 1, raw({0xff}), Value::uint64(255)),
      integer(Kind::kInt, 16, 2, raw({0x00, 0x80}), Value::int64(-32768)),
      integer(Kind::kUint, 16, 2, raw({0xff, 0xff}), Value::uint64(65535)),
      integer(Kind::kInt, 24, 9, raw({0xff, 0xff, 0xff, 0xff}), Value::int64(-1)),
      integer(Kind::kUint, 32, 3, raw({0xff, 0xff, 0xff, 0xff}), Value::uint64(4294967295)),
      integer(Kind::kInt, 64, 8, raw({0, 0, 0, 0, 0, 0, 0, 0x80}), Value::int64(INT64_MIN)),
      integer(Kind::kUint, 64, 8, std::string(8, '\xff'), Value::uint64(UINT64_MAX)),
  };
  Sample year = integer(Kind::kInt, 16, 13, raw({0x6b, 0x08}), Value::int64(2155));
  year.column.source_type = "year(4)";
  all.push_back(year);
  Sample bit{make_column("bit(9)", Kind::kBit), {}, raw({2, 1, 3}), Value::bits(259, 9)};
  bit.column.length = bit.result.length = 9;
  bit.result.type = 16;
  all.push_back(bit);
  Sample decimal{make_column("decimal(6,2)", Kind::kDecimal), {}, "\x06-12.50", Value::decimal("-12.50")};
  decimal.column.scale = decimal.result.decimals = 2;
  decimal.result.type = 246;
  all.push_back(decimal);
  decimal.wire = std::string("\x07") + "0000.50";  // ZEROFILL
  decimal.value = Value::decimal("0.50");
  all.push_back(decimal);
  Sample single{make_column("float", Kind::kFloat), {}, raw({0, 0, 0xc0, 0x3f}), Value::float32(1.5F)};
  single.result.type = 4;
  all.push_back(single);
  Sample wide{make_column("double", Kind::kDouble), {}, raw({0, 0, 0, 0, 0, 0, 0xf8, 0x3f}), Value::float64(1.5)};
  wide.result.type = 5;
  all.push_back(wide);
  return all;
}

std::vector<Sample> temporals() {
  return {
      temporal(Kind::kDate, 10, 0, raw({4, 0xe8, 7, 2, 29}), Value::date({2024, 2, 29})),
      temporal(Kind::kDate, 10, 0, raw({0}), Value::date({})),
      temporal(Kind::kDateTime,
               12,
               6,
               raw({11, 0xe8, 7, 0, 0, 1, 2, 3, 4, 0, 0, 0}),
               Value::datetime({2024, 0, 0, 1, 2, 3, 4}, 6)),
      temporal(Kind::kDateTime, 12, 0, raw({7, 0xe8, 7, 2, 29, 1, 2, 3}), Value::datetime({2024, 2, 29, 1, 2, 3}, 0)),
      temporal(Kind::kTimestamp, 7, 0, raw({7, 0xb2, 7, 1, 1, 0, 0, 1}), Value::timestamp(1000000, 0)),
      temporal(Kind::kTimestamp, 7, 0, raw({0}), Value::timestamp(kZeroTimestamp, 0)),
      temporal(Kind::kTime, 11, 0, raw({8, 1, 34, 0, 0, 0, 22, 59, 59}), Value::time(-3020399000000, 0)),
      temporal(Kind::kTime, 11, 1, raw({12, 0, 0, 0, 0, 0, 0, 0, 1, 0xa0, 0x86, 1, 0}), Value::time(1100000, 1)),
      temporal(Kind::kTime, 11, 0, raw({0}), Value::time(0, 0)),
  };
}

const std::string& uuid_bytes() {
  static const std::string bytes =
      raw({0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00});
  return bytes;
}

std::vector<Sample> strings() {
  static const std::string point = raw({1, 1, 0, 0, 0}) + std::string(16, '\0');
  static const std::string ewkb = raw({1, 1, 0, 0, 0x20, 0xe6, 0x10, 0, 0}) + std::string(16, '\0');
  static const std::string large(300, 'x');
  return {
      bytes("varchar(20)",
            Kind::kText,
            253,
            45,
            "\x03"
            "abc",
            Value::text("abc")),
      bytes("text", Kind::kText, 252, 45, raw({0xfc, 0x2c, 1}) + large, Value::text(large)),
      bytes("enum('a')",
            Kind::kText,
            254,
            45,
            "\x01"
            "a",
            Value::text("a")),
      bytes("blob", Kind::kBytes, 252, 63, raw({2, 0, 0xff}), Value::bytes(std::string_view("\0\xff", 2))),
      bytes("binary(2)", Kind::kBytes, 254, 63, raw({2, 1, 0}), Value::bytes(std::string_view("\1\0", 2))),
      bytes("json", Kind::kJson, 245, 63, "\x02{}", Value::json("{}")),
      bytes("longtext", Kind::kJson, 252, 45, "\x02[]", Value::json("[]")),
      bytes("uuid",
            Kind::kUuid,
            254,
            45,
            "\x24"
            "123e4567-e89b-12d3-a456-426614174000",
            Value::uuid(uuid_bytes())),
      bytes("point", Kind::kBytes, 255, 63, raw({25, 0, 0, 0, 0}) + point, Value::bytes(point)),
      bytes("point", Kind::kBytes, 255, 63, raw({25, 0xe6, 0x10, 0, 0}) + point, Value::bytes(ewkb)),
      bytes("inet6", Kind::kText, 254, 45, "\x03::1", Value::text("::1")),
  };
}

std::vector<Sample> all_samples() {
  std::vector<Sample> all = numbers();
  for (auto& s : temporals()) all.push_back(s);
  for (auto& s : strings()) all.push_back(s);
  return all;
}

struct Table {
  TableSchema schema;
  std::vector<uint16_t> ordinals;
  std::vector<ResultColumn> results;
  std::string packet;
};

Table table_of(const std::vector<Sample>& samples) {
  Table t;
  t.schema.name = {"d", "t"};
  std::string body;
  for (const Sample& s : samples) {
    t.schema.columns.push_back(s.column);
    t.results.push_back(s.result);
    body += s.wire;
  }
  t.ordinals.resize(samples.size());
  std::iota(t.ordinals.begin(), t.ordinals.end(), uint16_t{0});
  t.packet = std::string((samples.size() + 9) / 8, '\0') + body;
  return t;
}

TEST(BinaryRows, EveryTypeBecomesItsValue) {
  const std::vector<Sample> samples = all_samples();
  const Table t = table_of(samples);
  const auto rows = BinaryRows::plan(t.schema, t.ordinals, t.results);
  ASSERT_TRUE(rows.has_value()) << rows.error().message();
  Arena arena(4096);
  std::vector<Value> values(samples.size());
  const Status decoded = rows->decode(t.packet, values, arena);
  ASSERT_TRUE(decoded.has_value());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_TRUE(values[i].same(samples[i].value))
        << i << ": " << describe(values[i]) << " is not " << describe(samples[i].value);
    EXPECT_EQ(values[i].has_view() ? 0 : values[i].scale(), samples[i].value.has_view() ? 0 : samples[i].value.scale())
        << i;
  }
}

TEST(BinaryRows, NullsAreInABitmapThatBeginsAtBitTwo) {
  std::vector<Sample> samples;
  for (int i = 0; i < 20; ++i) samples.push_back(integer(Kind::kInt, 8, 1, "", Value()));
  Table t = table_of(samples);
  for (size_t i = 0; i < 20; ++i) {
    if (i != 7) t.packet[(i + 2) / 8] = static_cast<char>(t.packet[(i + 2) / 8] | (1 << ((i + 2) % 8)));
  }
  t.packet += "\x05";
  const auto rows = BinaryRows::plan(t.schema, t.ordinals, t.results);
  ASSERT_TRUE(rows.has_value());
  Arena arena(4096);
  std::vector<Value> values(20);
  ASSERT_TRUE(rows->decode(t.packet, values, arena).has_value());
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(values[i].is_null(), i != 7);
}

TEST(BinaryRows, CutShortAtEveryByteTheyAreRefused) {
  const std::vector<Sample> samples = all_samples();
  const Table t = table_of(samples);
  const auto rows = BinaryRows::plan(t.schema, t.ordinals, t.results);
  ASSERT_TRUE(rows.has_value());
  Arena arena(4096);
  std::vector<Value> values(samples.size());
  for (size_t n = 0; n < t.packet.size(); ++n) {
    const std::string cut = t.packet.substr(0, n);  // its own memory, for the sanitizer
    EXPECT_FALSE(rows->decode(cut, values, arena).has_value()) << n;
  }
  EXPECT_FALSE(rows->decode(t.packet + "x", values, arena).has_value());
}

TEST(BinaryRows, ATypeThatChangedIsASchemaChange) {
  for (const Sample& sample : all_samples()) {
    Table t = table_of({sample});
    t.results[0].type = sample.result.type == 5 ? 4 : 5;
    const auto rows = BinaryRows::plan(t.schema, t.ordinals, t.results);
    ASSERT_FALSE(rows.has_value()) << sample.column.source_type;
    EXPECT_EQ(rows.error().code(), kSchemaChanged);
    EXPECT_EQ(rows.error().blame(), Blame::kTransient);
  }
}

}  // namespace
}  // namespace weft::mysql
