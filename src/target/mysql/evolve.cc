// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/evolve.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "engine/mysql/quote.h"
#include "model/row.h"
#include "target/mysql/ddl.h"
#include "target/mysql/literal.h"
#include "target/mysql/match.h"
#include "target/mysql/narrow.h"

namespace weft::mysql {
namespace {

struct Octets {
  std::string_view suffix;
  std::string_view bytes;
};

// Of TINYTEXT, TINYBLOB and their likes; TEXT and BLOB themselves last.
constexpr std::array kOctets = {
    Octets{"tiny", "255"}, Octets{"medium", "16777215"}, Octets{"long", "4294967295"}, Octets{"", "65535"}};

// What target_type() says, as a Storage: by the entry that information_schema would have for it.
Storage wanted_storage(const std::string& printed, const ServerFacts& facts) {
  ColumnEntry entry;
  entry.column_type = printed.substr(0, printed.find(" CHARACTER SET"));
  entry.data_type = entry.column_type.substr(0, entry.column_type.find_first_of("( "));
  const size_t open = entry.column_type.find('(');
  if (open != std::string::npos && entry.data_type != "enum" && entry.data_type != "set") {
    const std::string inside = entry.column_type.substr(open + 1, entry.column_type.find(')') - open - 1);
    const size_t comma = inside.find(',');
    entry.characters = entry.precision = entry.fraction = inside.substr(0, comma);
    if (comma != std::string::npos) entry.scale = inside.substr(comma + 1);
    entry.octets = entry.characters;
  }
  for (const Octets& known : kOctets) {
    const bool sized = entry.data_type.ends_with("text") || entry.data_type.ends_with("blob");
    if (!sized || !entry.data_type.starts_with(known.suffix)) continue;
    entry.octets = entry.characters = known.bytes;
    break;
  }
  if (is_text(storage_of(entry, {}, facts).form) || entry.data_type == "enum" || entry.data_type == "set") {
    entry.charset = "utf8mb4";
  }
  return storage_of(entry, {}, facts);
}

uint64_t text_bytes(const Storage& s) {
  return s.form == Form::kText ? s.limit : uint64_t{s.limit} * 4;
}

bool in_unique_index(const CatalogTable& target, const CatalogColumn& column) {
  const auto place = static_cast<size_t>(&column - target.columns.data());
  return std::ranges::any_of(target.unique_indexes, [&](const CatalogIndex& index) {
    return std::ranges::find(index.columns, place) != index.columns.end();
  });
}

bool in_primary_key(const CatalogTable& target, const CatalogColumn& column) {
  const auto place = static_cast<size_t>(&column - target.columns.data());
  return std::ranges::any_of(target.unique_indexes, [&](const CatalogIndex& index) {
    return index.primary && std::ranges::find(index.columns, place) != index.columns.end();
  });
}

Result<std::string> add_column(const CatalogTable& target,
                               const ServerFacts& facts,
                               const Column& c,
                               const ColumnToAdd& add) {
  const std::string type = target_type(c, facts);
  const std::string alter = cat("ALTER TABLE ", quote_name(target.name), " ADD COLUMN ", quote_identifier(c.name), " ");
  if (add.value.empty()) {
    return Error(Blame::kConfig,
                 cat("what the rows of ",
                     target.name.text(),
                     " hold in the new column \"",
                     c.name,
                     "\" is not known from the statement; add the column to the target with the values that the source "
                     "has there, then start again: ",
                     alter,
                     type));
  }
  TRY_ASSIGN(const OwnedRow row, decode_key(add.value));
  if (row.row().size() != 1) return Error(Blame::kBug, "not one value");
  const Value& value = row.row()[0];
  if (value.is_null()) return cat(alter, type, type.starts_with("timestamp") ? " NULL DEFAULT NULL" : "");
  const Storage storage = wanted_storage(type, facts);
  const std::string literal = literal_of(storage, value);
  // Types without a size take their default in brackets alone (MySQL 8.0.13, MariaDB 10.2.1).
  const bool bracketed = storage.form == Form::kText || storage.form == Form::kBlob || storage.form == Form::kJson ||
                         storage.form == Form::kGeometry;
  return cat(
      alter, type, c.nullable ? " NULL" : " NOT NULL", " DEFAULT ", bracketed ? cat("(", literal, ")") : literal);
}

}  // namespace

bool widens(const Storage& from, const Storage& to) {
  const bool sign_kept = from.is_unsigned || !to.is_unsigned;
  switch (from.form) {
    case Form::kInteger:
      if (to.form == Form::kInteger) {
        return to.limit > from.limit && (from.is_unsigned == to.is_unsigned || !to.is_unsigned);
      }
      return to.form == Form::kDecimal && to.precision - to.scale >= 20 && sign_kept;
    case Form::kDecimal:
      return to.form == Form::kDecimal && to.scale >= from.scale &&
             to.precision - to.scale >= from.precision - from.scale && sign_kept;
    case Form::kFloat:
      return to.form == Form::kDouble && !to.rounded && !from.rounded && sign_kept;
    case Form::kChar:
    case Form::kVarchar:
    case Form::kText:
      if (to.form == Form::kVarchar && from.form != Form::kText) return to.limit > from.limit;
      return to.form == Form::kText && text_bytes(to) >= text_bytes(from);
    case Form::kVarbinary:
    case Form::kBlob:
      if (to.form == Form::kVarbinary && from.form == Form::kVarbinary) return to.limit > from.limit;
      return to.form == Form::kBlob && to.limit >= from.limit;
    case Form::kEnum:
    case Form::kSet:
      return to.form == from.form && to.labels.size() > from.labels.size() &&
             std::equal(from.labels.begin(), from.labels.end(), to.labels.begin());
    case Form::kDateTime:
    case Form::kTimestamp:
    case Form::kTime:
      return to.form == from.form && to.scale > from.scale;
    default:
      return false;
  }
}

std::optional<std::string> column_rest(std::string_view definition, std::string_view column) {
  const std::string begin = cat("\n  ", quote_identifier(column), " ");
  const size_t found = definition.find(begin);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view line = definition.substr(found + begin.size());
  line = line.substr(0, line.find('\n'));
  if (line.ends_with(',')) line.remove_suffix(1);
  size_t at = 0;
  while (at < line.size() && line[at] != ' ' && line[at] != '(') ++at;
  if (at < line.size() && line[at] == '(') {
    bool quoted = false;
    for (; at < line.size(); ++at) {
      if (line[at] == '\'') quoted = !quoted;
      if (line[at] == ')' && !quoted) break;
    }
    at = std::min(at + 1, line.size());
  }
  line.remove_prefix(at);
  for (const std::string_view word : {" unsigned", " zerofill"}) {
    if (line.starts_with(word)) line.remove_prefix(word.size());
  }
  if (line.starts_with(' ')) line.remove_prefix(1);
  return std::string(line);
}

Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                   std::string_view definition,
                                                   const ServerFacts& facts,
                                                   const TableSchema& source,
                                                   const std::vector<ColumnToAdd>& columns) {
  std::vector<std::string> statements;
  const std::string alter = cat("ALTER TABLE ", quote_name(target.name), " ");
  for (const ColumnToAdd& add : columns) {
    const int at = source.find(add.name);
    if (at < 0 || find_column(target, add.name) != nullptr) continue;
    const Column& c = source.columns[static_cast<size_t>(at)];
    TRY_ASSIGN(const std::string statement, add_column(target, facts, c, add));
    statements.push_back(statement);
    // The rows that are there keep the value; new ones bring theirs.
    if (statement.find(" DEFAULT ") != std::string::npos && !statement.ends_with("DEFAULT NULL")) {
      statements.push_back(cat(alter, "ALTER COLUMN ", quote_identifier(c.name), " DROP DEFAULT"));
    }
  }
  for (const Column& c : source.columns) {
    const CatalogColumn* at = find_column(target, c.name);
    if (at == nullptr || at->generated) continue;
    const std::string type = target_type(c, facts);
    const Storage to = wanted_storage(type, facts);
    const bool sizeless = to.form == Form::kText || to.form == Form::kBlob;
    const bool narrow = !can_hold(at->storage, c) || !narrower(at->storage, c).empty();
    const bool wider = narrow && widens(at->storage, to) && !(sizeless && in_unique_index(target, *at));
    const bool nulls = at->not_null && c.nullable && !in_primary_key(target, *at);
    if (!wider && !nulls) continue;
    std::optional<std::string> rest = column_rest(definition, at->name);
    if (!rest) continue;
    if (nulls) {
      const size_t word = rest->find("NOT NULL");
      if (word != std::string::npos) rest->replace(word, 8, "NULL");
    }
    statements.push_back(cat(alter,
                             "MODIFY COLUMN ",
                             quote_identifier(at->name),
                             " ",
                             wider ? to.printed : at->storage.printed,
                             rest->empty() ? "" : " ",
                             *rest));
  }
  return statements;
}

}  // namespace weft::mysql
