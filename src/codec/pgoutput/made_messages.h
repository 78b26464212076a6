// SPDX-License-Identifier: Apache-2.0
// Messages of pgoutput made by hand, and a catalogue that knows one table, for tests and the fuzzer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/pgoutput/stream.h"
#include "codec/pgoutput/text_values.h"

namespace weft::pgoutput::made {

// One column: nullopt NULL; "\1": not sent (TOAST); behind "\2": its binary form; else text.
using Fields = std::vector<std::optional<std::string>>;

inline constexpr const char* kToast = "\1";
inline constexpr char kBinaryMark = '\2';
inline constexpr uint32_t kItems = 7;

inline void text(ByteWriter& out, std::string_view value) {
  out.bytes(value);
  out.le(0, 1);
}

inline void tuple(ByteWriter& out, const Fields& fields) {
  out.be(fields.size(), 2);
  for (const auto& field : fields) {
    const bool binary = field && field->starts_with(kBinaryMark);
    out.le(!field ? 'n' : *field == kToast ? 'u' : binary ? 'b' : 't', 1);
    if (!field || *field == kToast) continue;
    const std::string_view sent = std::string_view(*field).substr(binary ? 1 : 0);
    out.be(sent.size(), 4);
    out.bytes(sent);
  }
}

inline std::string begin(uint64_t final_lsn, uint32_t xid) {
  ByteWriter out;
  out.le('B', 1);
  out.be(final_lsn, 8);
  out.be(1000000, 8);
  out.be(xid, 4);
  return out.str();
}

inline std::string commit(uint64_t end_lsn) {
  ByteWriter out;
  out.le('C', 1);
  out.le(0, 1);
  out.be(end_lsn - 8, 8);
  out.be(end_lsn, 8);
  out.be(1000000, 8);
  return out.str();
}

inline std::string logical_message(bool transactional, std::string_view prefix, std::string_view content) {
  ByteWriter out;
  out.le('M', 1);
  out.le(transactional ? 1 : 0, 1);
  out.be(100, 8);
  out.bytes(prefix);
  out.le(0, 1);
  out.be(content.size(), 4);
  out.bytes(content);
  return out.str();
}

struct MadeColumn {
  std::string name;
  uint32_t type = 25;
  bool key = false;
};

inline std::string relation(uint32_t id,
                            const std::string& table,
                            char identity,
                            const std::vector<MadeColumn>& columns) {
  ByteWriter out;
  out.le('R', 1);
  out.be(id, 4);
  text(out, "public");
  text(out, table);
  out.le(static_cast<uint8_t>(identity), 1);
  out.be(columns.size(), 2);
  for (const MadeColumn& column : columns) {
    out.le(column.key ? 1 : 0, 1);
    text(out, column.name);
    out.be(column.type, 4);
    out.be(0xffffffff, 4);
  }
  return out.str();
}

// items (id int8 key, note text), as most tests have it.
inline std::string items(char identity = 'd') {
  return relation(kItems, "items", identity, {{"id", 20, true}, {"note", 25, identity == 'f'}});
}

inline std::string insert(const Fields& after) {
  ByteWriter out;
  out.le('I', 1);
  out.be(kItems, 4);
  out.le('N', 1);
  tuple(out, after);
  return out.str();
}

// `old`: 0, 'K' or 'O'.
inline std::string update(char old, const Fields& before, const Fields& after) {
  ByteWriter out;
  out.le('U', 1);
  out.be(kItems, 4);
  if (old != 0) {
    out.le(static_cast<uint8_t>(old), 1);
    tuple(out, before);
  }
  out.le('N', 1);
  tuple(out, after);
  return out.str();
}

inline std::string remove(char old, const Fields& before) {
  ByteWriter out;
  out.le('D', 1);
  out.be(kItems, 4);
  out.le(static_cast<uint8_t>(old), 1);
  tuple(out, before);
  return out.str();
}

inline std::string truncate(const std::vector<uint32_t>& relations) {
  ByteWriter out;
  out.le('T', 1);
  out.be(relations.size(), 4);
  out.le(0, 1);
  for (const uint32_t id : relations) out.be(id, 4);
  return out.str();
}

// Knows public.items, keyed by its first column (or by nothing), whatever its columns are.
class OneTable final : public Catalogue {
 public:
  explicit OneTable(bool keyless = false) : keyless_(keyless) {}

  Result<Table> relation(const Relation& relation) override {
    Table table;
    if (relation.table != "items") return table;
    TableSchema schema;
    schema.name = {std::string(relation.schema), std::string(relation.table)};
    for (const RelationColumn& sent : relation.columns) {
      Column column = column_of({sent.type, sent.modifier, ""});
      column.name = sent.name;
      table.ordinals.push_back(static_cast<uint16_t>(schema.columns.size()));
      const Form form = form_of(sent.type);
      table.forms.push_back(gives(form, column) ? form : Form::kNone);
      schema.columns.push_back(column);
    }
    if (!keyless_ && !schema.columns.empty()) schema.key = {0};
    table.schema = std::make_shared<const TableSchema>(std::move(schema));
    table.changed = known_ != nullptr && !same_shape(*known_, *table.schema);
    if (table.changed) table.before = known_;
    known_ = table.schema;
    return table;
  }

 private:
  bool keyless_;
  SchemaRef known_;
};

}  // namespace weft::pgoutput::made
