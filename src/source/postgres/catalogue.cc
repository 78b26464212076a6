// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/catalogue.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "codec/pgoutput/text_values.h"
#include "model/row.h"
#include "source/postgres/catalogue_sql.h"

namespace weft::postgres {
namespace {

// A table while its parts come in.
struct Draft {
  CatalogueTable table;
  std::shared_ptr<TableSchema> schema = std::make_shared<TableSchema>();
  std::unordered_map<int64_t, uint16_t> ordinals;  // of attnums, which have gaps where columns were dropped
};

uint32_t oid_at(const Answer& answer, size_t row, size_t column) {
  return static_cast<uint32_t>(answer.number(row, column));
}

// The numbers of "1 2 4", as int2vector is printed.
std::vector<int64_t> numbers(std::string_view text) {
  std::vector<int64_t> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    int64_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc()) break;
    out.push_back(number);
    at = parsed.ptr;
    while (at != end && *at == ' ') ++at;
  }
  return out;
}

// As Column::default_value has it; empty for what is no value of the column.
std::string encoded(const Column& column, std::string_view text) {
  Arena arena(256);
  const Result<Value> value = pgoutput::read_text(column, text, arena);
  return value ? encode_key(Row(&*value, 1)) : std::string();
}

class Loader {
 public:
  Loader(Connection& session, TextParams filter) : session_(session), filter_(std::move(filter)) {}

  Result<std::vector<CatalogueTable>> load() {
    TRY(load_list());
    if (drafts_.empty()) return std::vector<CatalogueTable>();
    TRY(load_columns());
    TRY(load_labels());
    TRY(load_indexes());
    TRY(load_foreign_keys());
    std::vector<CatalogueTable> tables;
    for (Draft& draft : drafts_) {
      if (draft.table.identity == 'f') {
        for (size_t i = 0; i < draft.schema->columns.size(); ++i) {
          draft.table.identity_columns.push_back(static_cast<uint16_t>(i));
        }
      }
      draft.table.schema = std::move(draft.schema);
      tables.push_back(std::move(draft.table));
    }
    return tables;
  }

 private:
  Draft* find(uint32_t oid) {
    const auto found = by_oid_.find(oid);
    return found == by_oid_.end() ? nullptr : &drafts_[found->second];
  }

  Status load_list() {
    TRY_ASSIGN(const Answer rows, session_.query(tables_sql(), filter_));
    for (size_t r = 0; r < rows.rows(); ++r) {
      Draft draft;
      draft.table.oid = oid_at(rows, r, 0);
      draft.schema->name = {std::string(rows.text(r, 1)), std::string(rows.text(r, 2))};
      draft.table.identity = rows.text(r, 3).empty() ? 'd' : rows.text(r, 3).front();
      draft.table.partitioned = rows.truth(r, 4);
      by_oid_[draft.table.oid] = drafts_.size();
      drafts_.push_back(std::move(draft));
    }
    return ok();
  }

  Status load_columns() {
    TRY_ASSIGN(const Answer rows, session_.query(columns_sql(), filter_));
    for (size_t r = 0; r < rows.rows(); ++r) {
      Draft* const draft = find(oid_at(rows, r, 0));
      if (draft == nullptr) continue;  // a table made since
      const uint32_t type = oid_at(rows, r, 3);
      Column column = pgoutput::column_of(
          {.oid = type, .modifier = static_cast<int32_t>(rows.number(r, 4)), .printed = std::string(rows.text(r, 5))});
      column.name = rows.text(r, 2);
      column.nullable = !rows.truth(r, 8);
      column.generated = rows.truth(r, 9);
      column.identity = rows.truth(r, 10);
      if (!rows.is_null(r, 12)) column.default_value = encoded(column, rows.text(r, 12));
      draft->table.has_default.push_back(rows.truth(r, 11));
      const pgoutput::Form form = pgoutput::form_of_send(rows.text(r, 14));
      draft->table.types.push_back({oid_at(rows, r, 13), pgoutput::gives(form, column) ? form : pgoutput::Form::kNone});
      const auto ordinal = static_cast<uint16_t>(draft->schema->columns.size());
      if (rows.truth(r, 7)) enums_[type].push_back({draft, ordinal});
      draft->ordinals[rows.number(r, 1)] = ordinal;
      draft->schema->columns.push_back(std::move(column));
      draft->table.cast_types.emplace_back(rows.text(r, 6));
    }
    return ok();
  }

  Status load_labels() {
    if (enums_.empty()) return ok();
    std::string types = "{";
    for (const auto& [type, columns] : enums_) types += cat(types.size() > 1 ? "," : "", type);
    TRY_ASSIGN(const Answer rows, session_.query(std::string(kLabelsSql), {types + "}"}));
    for (size_t r = 0; r < rows.rows(); ++r) {
      for (const auto& [draft, ordinal] : enums_[oid_at(rows, r, 0)]) {
        draft->schema->columns[ordinal].labels.emplace_back(rows.text(r, 1));
      }
    }
    return ok();
  }

  // The key is the first that is there of: primary key, index of the replica identity, another unique index that is checked
  // at once; each fit for a key.
  Status load_indexes() {
    TRY_ASSIGN(const Answer rows, session_.query(indexes_sql(), filter_));
    for (size_t r = 0; r < rows.rows(); ++r) {
      Draft* const draft = find(oid_at(rows, r, 0));
      if (draft == nullptr) continue;
      std::vector<int64_t> attnums = numbers(rows.text(r, 1));
      attnums.resize(std::min(attnums.size(), static_cast<size_t>(rows.number(r, 2))));  // INCLUDE columns are no key
      std::vector<uint16_t> columns;
      for (const int64_t attnum : attnums) {
        if (const auto found = draft->ordinals.find(attnum); found != draft->ordinals.end()) {
          columns.push_back(found->second);
        }
      }
      if (columns.empty() || columns.size() != attnums.size()) continue;
      const bool primary = rows.truth(r, 3);
      const bool immediate = rows.truth(r, 5);
      // The server's own rule: a deferrable primary key is no replica identity (relcache.c, RelationGetIndexList).
      const bool identity = immediate && ((draft->table.identity == 'd' && primary) ||
                                          (draft->table.identity == 'i' && rows.truth(r, 4)));
      if (identity) draft->table.identity_columns = columns;
      std::vector<uint16_t>& key = draft->schema->key;
      if (key.empty() && rows.truth(r, 6) && (primary || immediate)) {
        key = std::move(columns);
      } else {
        draft->schema->unique_keys.push_back(std::move(columns));
      }
    }
    return ok();
  }

  Status load_foreign_keys() {
    TRY_ASSIGN(const Answer rows, session_.query(foreign_keys_sql(), filter_));
    for (size_t r = 0; r < rows.rows(); ++r) {
      Draft* const draft = find(oid_at(rows, r, 0));
      if (draft == nullptr) continue;
      const auto column = draft->ordinals.find(rows.number(r, 4));
      if (column == draft->ordinals.end()) continue;
      std::vector<ForeignKey>& keys = draft->schema->foreign_keys;
      if (keys.empty() || keys.back().name != rows.text(r, 1)) {
        ForeignKey key;
        key.name = rows.text(r, 1);
        key.parent = {std::string(rows.text(r, 2)), std::string(rows.text(r, 3))};
        // What a foreign key does to the rows that refer to a changed one is in the log, as changes of those rows: a reader
        // of the log has nothing to add to it.
        key.on_delete = KeyAction::kNone;
        key.on_update = KeyAction::kNone;
        keys.push_back(std::move(key));
      }
      keys.back().columns.push_back(column->second);
      keys.back().parent_columns.emplace_back(rows.text(r, 5));
    }
    return ok();
  }

  Connection& session_;
  TextParams filter_;
  std::vector<Draft> drafts_;  // not added to once load_list() is done: pointers to them are kept
  std::unordered_map<uint32_t, size_t> by_oid_;
  std::map<uint32_t, std::vector<std::pair<Draft*, uint16_t>>> enums_;  // by type: the columns of it
};

// All answers of one moment, in the caller's transaction if there is one.
Result<std::vector<CatalogueTable>> load(Connection& session, const TextParams& filter) {
  if (session.in_transaction()) return Loader(session, filter).load();
  TRY(session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  Result<std::vector<CatalogueTable>> tables = Loader(session, filter).load();
  const Result<Answer> ended = session.execute("ROLLBACK");
  if (tables && !ended) return ended.error();
  return tables;
}

}  // namespace

bool CatalogueTable::readable_in_binary() const {
  return std::none_of(types.begin(), types.end(), [](const Type& type) { return type.form == pgoutput::Form::kNone; });
}

Result<std::vector<CatalogueTable>> load_tables(Connection& session) {
  return load(session, {std::nullopt, std::nullopt});
}

Result<std::vector<CatalogueTable>> load_table(Connection& session, const TableName& name) {
  return load(session, {name.schema, name.table});
}

Result<std::string> shape_mark(Connection& session, const TableName& name) {
  TRY_ASSIGN(const Answer answer, session.query(std::string(kShapeMarkSql), {name.schema, name.table}));
  return answer.rows() == 0 ? std::string() : std::string(answer.text(0, 0));
}

}  // namespace weft::postgres
