// SPDX-License-Identifier: Apache-2.0
#include "transform/walk.h"

#include <algorithm>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"

namespace weft::transform {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += cat(out.empty() ? "" : ", ", quoted(name));
  return out;
}

}  // namespace

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

Walk::Walk(TableName table, std::vector<Column> columns, bool complete, const std::set<TableName>& tables)
    : source_(table), name_(std::move(table)), complete_(complete), columns_(std::move(columns)), tables_(tables) {}

bool Walk::is(std::string_view reference) const {
  return reference == name_.table || reference == name_.text();
}

const Walk::Column* Walk::find(std::string_view column) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == column; });
  return found == columns_.end() ? nullptr : &*found;
}

// The column that "table.column" or "schema.table.column" means, if it is of this table. What is the full name of some table is
// that table.
std::string_view Walk::column_of(std::string_view reference) const {
  for (const TableName& other : tables_) {
    if (!other.schema.empty() && reference == other.text()) return {};
  }
  for (const std::string& of : {name_.text(), name_.table}) {
    if (reference.size() > of.size() + 1 && reference.starts_with(of) && reference[of.size()] == '.') {
      return reference.substr(of.size() + 1);
    }
  }
  return {};
}

void Walk::did(std::string text) {
  text_ += cat(text_.empty() ? "" : "; ", text);
}

void Walk::miss(std::string_view step, std::string_view column) {
  if (!complete_) return;
  std::vector<std::string> known;
  for (const Column& c : columns_) known.push_back(c.name);
  problems_.push_back(cat(
      step, " names column ", column, ", which table ", name_.text(), " does not have", nearest_hint(column, known)));
}

void Walk::take(const Renames& entries, std::vector<size_t>& about) {
  const Rename* table = nullptr;
  std::vector<std::pair<size_t, std::string>> columns;  // new names
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string_view column = column_of(entries[i].from);
    const bool own = is(entries[i].from);
    if (own || !column.empty()) about.push_back(i);
    if (own) {
      if (table != nullptr) problem(cat("rename gives table ", name_.text(), " two names"));
      table = &entries[i];
    } else if (!column.empty()) {
      const Column* found = find(column);
      if (found == nullptr) {
        miss("rename", column);
        continue;
      }
      columns.emplace_back(static_cast<size_t>(found - columns_.data()), entries[i].to);
      did(cat("rename ", quoted(column), " to ", quoted(entries[i].to)));
    }
  }
  for (auto& [at, to] : columns) columns_[at].name = std::move(to);
  if (table != nullptr) rename_table(table->to);
}

void Walk::rename_table(const std::string& to) {
  const size_t dot = to.find('.');
  if (dot != std::string::npos) {
    name_ = {to.substr(0, dot), to.substr(dot + 1)};
    names_schema_ = true;
  } else {
    name_.table = to;
  }
  did(cat("rename to ", quoted(to)));
}

void Walk::take(const ColumnChoices& entries, std::vector<size_t>& about) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!is(entries[i].table)) continue;
    about.push_back(i);
    choose(entries[i]);
  }
}

void Walk::take(const Filters& entries, std::vector<size_t>& about) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!is(entries[i].table)) continue;
    about.push_back(i);
    conditions_.push_back({&entries[i].condition, columns_});
    did(cat("filter ", entries[i].condition.text()));
  }
}

void Walk::choose(const ColumnChoice& entry) {
  const bool keeps = !entry.keep.empty();
  const std::vector<std::string>& names = keeps ? entry.keep : entry.drop;
  for (const std::string& name : names) {
    if (find(name) == nullptr) miss("columns", name);
  }
  const auto goes = [&](const Column& c) { return contains(names, c.name) != keeps; };
  for (const Column& c : columns_) {
    if (!c.key || !goes(c)) continue;
    problem(cat("columns leaves out ",
                c.name,
                " of table ",
                name_.text(),
                ", which is of its key: rows are told from one another by it, so keep it"));
  }
  std::erase_if(columns_, [&](const Column& c) { return !c.key && goes(c); });
  did(cat(keeps ? "keep " : "drop ", list(names)));
}

}  // namespace weft::transform
