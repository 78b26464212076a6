// SPDX-License-Identifier: Apache-2.0
// Whole streams of events, cut by the lengths in their headers, into a BinlogStream whose catalogue captures everything:
// without shapes for some tables, with the shapes of the recorded ones for others. Checksums are not verified, or nothing
// that is mutated would get past them. What comes out is read to the last byte.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/stream.h"

namespace {

using namespace weft;
using namespace weft::mysql_binlog;

Column column(std::string name, Kind kind, std::string type) {
  Column made;
  made.name = std::move(name);
  made.kind = kind;
  made.source_type = std::move(type);
  return made;
}

// The shape of the recorded table `img`, for logs without column names.
SchemaRef image_table() {
  auto table = std::make_shared<TableSchema>();
  table->name = {"weft_rec", "img"};
  table->columns = {column("id", Kind::kInt, "int"),
                    column("a", Kind::kText, "varchar(20)"),
                    column("b", Kind::kInt, "int"),
                    column("t", Kind::kText, "text"),
                    column("bl", Kind::kBytes, "blob"),
                    column("d", Kind::kDateTime, "datetime(3)")};
  table->columns[0].int_bits = 32;
  table->columns[5].scale = 3;
  table->key = {0};
  return table;
}

class Everything final : public Catalogue {
 public:
  Result<SchemaRef> lookup(std::string_view, std::string_view table) override {
    static const SchemaRef known = image_table();
    return table == "img" ? known : SchemaRef();
  }

  bool captured(std::string_view, std::string_view) override { return true; }
};

uint64_t digest(Row row) {
  uint64_t sum = 0;
  for (const Value& value : row) sum ^= value.hash();
  return sum;
}

uint64_t digest(const Batch& batch) {
  uint64_t sum = 0;
  for (const Transaction& tx : batch.transactions()) {
    sum ^= batch.position(tx).text().size();
    for (const Change& change : tx.changes) {
      if (const auto* row = std::get_if<RowChange>(&change)) {
        sum ^= row->schema->columns.size() ^ digest(row->before) ^ digest(row->after);
      } else if (const auto* schema = std::get_if<SchemaChange>(&change)) {
        sum ^= schema->statement.size() ^ schema->table.size();
      }
    }
  }
  return sum;
}

std::string_view next_event(std::string_view& rest) {
  if (rest.starts_with("\xfe"
                       "bin"))
    rest.remove_prefix(4);
  size_t size = rest.size();
  if (rest.size() >= kHeaderBytes) size = std::min<size_t>(size, std::max<size_t>(read_header(rest).size, 1));
  const std::string_view event = rest.substr(0, size);
  rest.remove_prefix(size);
  return event;
}

void run(std::string_view bytes, Flavor flavor, bool by_file) {
  auto slab = std::make_shared<Slab>(bytes.size() + 1);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(slab->data()));
  std::string_view rest(reinterpret_cast<const char*>(slab->data()), bytes.size());
  Everything catalogue;
  StreamOptions options{
      .flavor = flavor, .fragment_bytes = 4096, .verify_checksums = false, .require_gtid_order = false};
  options.start.form = flavor == Flavor::kMySql ? MySqlPosition::Form::kMySqlGtid : MySqlPosition::Form::kMariaDbGtid;
  if (by_file) options.start = MySqlPosition::at_file("binlog.000001", 4);
  BinlogStream stream(options, catalogue);
  volatile uint64_t sum = 0;
  size_t fed = 0;
  while (!rest.empty()) {
    const Status status = stream.feed(next_event(rest), slab);
    if (++fed % 5 == 0 || !status) sum = sum ^ digest(stream.take());
    if (!status) break;
  }
  sum = sum ^ digest(stream.take());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Flavor flavor = bytes.find("MariaDB") != std::string_view::npos ? Flavor::kMariaDb : Flavor::kMySql;
  run(bytes, flavor, size % 2 == 0);
  return 0;
}
