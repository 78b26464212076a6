// SPDX-License-Identifier: Apache-2.0
// Events made by hand, for tests of what no server of ours can be brought to write, and recorded events changed.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crc32.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/gtid_event.h"
#include "codec/mysql_binlog/recorded.h"

namespace weft::mysql_binlog {

// An event without checksum. `end` 0 is what MariaDB 11.4 writes inside of transactions.
inline std::string made_event(
    EventType type, std::string_view body, uint32_t end = 0, uint16_t flags = 0, uint32_t server = 7) {
  ByteWriter out;
  out.le(1700000000, 4);
  out.le(static_cast<uint8_t>(type), 1);
  out.le(server, 4);
  out.le(kHeaderBytes + body.size(), 4);
  out.le(end, 4);
  out.le(flags, 2);
  out.bytes(body);
  return std::move(out.str());
}

// The head of a log without checksums.
inline std::string made_format(Flavor flavor, uint32_t created = 0, uint32_t end = 120) {
  ByteWriter body;
  body.le(4, 2);
  std::string version = flavor == Flavor::kMariaDb ? "10.11.6-MariaDB-log" : "9.1.0";
  version.resize(50, '\0');
  body.bytes(version);
  body.le(created, 4);
  body.le(kHeaderBytes, 1);
  body.bytes(std::string(40, '\0'));
  body.le(0, 1);  // no checksums
  body.le(0, 4);
  return made_event(EventType::kFormatDescription, body.str(), end);
}

inline std::string made_rotate(std::string_view file, uint64_t offset) {
  ByteWriter body;
  body.le(offset, 8);
  body.bytes(file);
  return made_event(EventType::kRotate, body.str(), 0, kFlagArtificial);
}

inline std::string made_maria_gtid(uint32_t domain, uint64_t sequence, uint8_t flags = 0) {
  ByteWriter body;
  body.le(sequence, 8);
  body.le(domain, 4);
  body.le(flags, 1);
  body.le(0, 6);
  return made_event(EventType::kMariaGtid, body.str());
}

inline std::string made_query(std::string_view sql, std::string_view database = "weft_rec") {
  ByteWriter body;
  body.le(1, 4);
  body.le(0, 4);
  body.le(database.size(), 1);
  body.le(0, 2);
  body.le(0, 2);
  body.bytes(database);
  body.le(0, 1);
  body.bytes(sql);
  return made_event(EventType::kQuery, body.str());
}

inline std::string made_xid() {
  return made_event(EventType::kXid, std::string(8, '\1'));
}

// A table `t (id INT, v VARCHAR(20))` as a map without optional metadata, and rows of it.
inline std::string made_table_map(uint64_t id = 1, std::string_view table = "t") {
  ByteWriter body;
  body.le(id, 6);
  body.le(1, 2);
  body.bytes(std::string_view("\x08weft_rec\0", 10));
  body.le(table.size(), 1);
  body.bytes(table);
  body.bytes(std::string_view("\0\x02\x03\x0f\x02\x14\x00\x03", 8));
  return made_event(EventType::kTableMap, body.str());
}

inline std::string made_insert(uint32_t first, uint32_t count = 1, uint64_t table = 1) {
  ByteWriter body;
  body.le(table, 6);
  body.le(1, 2);
  body.le(2, 1);
  body.le(3, 1);
  for (uint32_t i = 0; i < count; ++i) {
    body.le(0, 1);
    body.le(first + i, 4);
    body.bytes(
        std::string_view("\x03"
                         "abc",
                         4));
  }
  return made_event(EventType::kWriteRowsV1, body.str());
}

// Table `t` of made_table_map is captured, and no other.
class MadeCatalogue final : public Catalogue {
 public:
  MadeCatalogue() {
    auto table = std::make_shared<TableSchema>();
    table->name = {"weft_rec", "t"};
    table->columns.resize(2);
    table->columns[0].name = "id";
    table->columns[0].kind = Kind::kInt;
    table->columns[0].source_type = "int";
    table->columns[0].int_bits = 32;
    table->columns[1].name = "v";
    table->columns[1].source_type = "varchar(20)";
    table->columns[1].charset = "latin1";
    table->columns[1].length = 20;
    table->key = {0};
    shape = table;
  }

  Result<SchemaRef> lookup(std::string_view database, std::string_view table) override {
    return database == "weft_rec" && table == "t" ? shape : SchemaRef();
  }

  void schema_changed(std::string_view, std::string_view table) override { changed.emplace_back(table); }

  SchemaRef shape;
  std::vector<std::string> changed;
};

// Feeds events to a stream, each in a slab of its own.
class Feeder {
 public:
  Feeder(const StreamOptions& options, Catalogue& catalogue) : stream(options, catalogue) {}

  Status feed(std::string_view event) {
    auto slab = std::make_shared<Slab>(event.size());
    std::copy(event.begin(), event.end(), reinterpret_cast<char*>(slab->data()));
    return stream.feed({reinterpret_cast<const char*>(slab->data()), event.size()}, slab);
  }

  // Feeds all; gives the first error's message, or an empty text.
  std::string feed_all(const std::vector<std::string>& events) {
    for (const std::string& event : events) {
      const Status status = feed(event);
      if (!status) return status.error().message();
    }
    return {};
  }

  BinlogStream stream;
};

// The events of a recorded log without checksums, so that what is changed in them gets past the frame.
inline std::vector<std::string> without_checksums(const RecordedLog& log) {
  std::vector<std::string> events;
  for (const std::string_view recorded : log.events) {
    std::string event(recorded);
    const EventHeader header = read_header(event);
    if (header.type == EventType::kFormatDescription) {
      event[event.size() - 5] = 0;
    } else {
      event.resize(event.size() - kChecksumBytes);
      const auto size = static_cast<uint32_t>(event.size());
      std::memcpy(&event[9], &size, sizeof size);
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace weft::mysql_binlog
