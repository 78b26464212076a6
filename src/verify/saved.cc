// SPDX-License-Identifier: Apache-2.0
#include "verify/saved.h"

#include <algorithm>
#include <charconv>

#include "base/crc32c.h"
#include "base/text.h"
#include "verify/digest.h"

namespace weft::verify {
namespace {

std::string first_line() {
  return cat("weft verify 1 ", kDigestVersion);
}

// Fields of a line stand between tabs.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    out.push_back(c == 't' ? '\t' : c == 'n' ? '\n' : c);
  }
  return out;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    const size_t tab = std::min(line.find('\t'), line.size());
    fields.push_back(unescaped(line.substr(0, tab)));
    if (tab == line.size()) return fields;
    line.remove_prefix(tab + 1);
  }
}

template <class Number>
Number number(const std::string& text) {
  Number n{};
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

void append(std::string& out, const SavedTable& table) {
  const TableReport& r = table.report;
  out += cat("table\t",
             escaped(r.table),
             "\t",
             escaped(r.target),
             "\t",
             table.done ? 1 : 0,
             "\t",
             escaped(table.after),
             "\t",
             r.source_rows,
             "\t",
             r.target_rows);
  out += cat("\t", r.missing, "\t", r.extra, "\t", r.different, "\t", r.in_flight, "\t", r.at_least ? 1 : 0, "\n");
  for (const Difference& d : r.differences) {
    out += cat("row\t", static_cast<unsigned>(d.what), "\t", d.times, "\t", escaped(d.key), "\n");
    for (const Cell& c : d.cells)
      out += cat("cell\t", escaped(c.column), "\t", escaped(c.source), "\t", escaped(c.target), "\n");
  }
}

SavedTable table_of(const std::vector<std::string>& fields) {
  SavedTable table;
  TableReport& r = table.report;
  r.table = fields[1];
  r.target = fields[2];
  table.done = fields[3] == "1";
  table.after = fields[4];
  r.source_rows = number<uint64_t>(fields[5]);
  r.target_rows = number<uint64_t>(fields[6]);
  r.missing = number<uint64_t>(fields[7]);
  r.extra = number<uint64_t>(fields[8]);
  r.different = number<uint64_t>(fields[9]);
  r.in_flight = number<uint64_t>(fields[10]);
  r.at_least = fields[11] == "1";
  return table;
}

bool take_line(const std::vector<std::string>& fields, Saved& saved) {
  if (fields[0] == "table" && fields.size() == 12) {
    saved.tables.push_back(table_of(fields));
    return true;
  }
  if (saved.tables.empty()) return false;
  std::vector<Difference>& rows = saved.tables.back().report.differences;
  if (fields[0] == "row" && fields.size() == 4) {
    const auto what = number<unsigned>(fields[1]);
    if (what > static_cast<unsigned>(What::kDifferent)) return false;
    rows.push_back({static_cast<What>(what), fields[3], number<uint64_t>(fields[2]), {}});
    return true;
  }
  if (fields[0] != "cell" || fields.size() != 4 || rows.empty()) return false;
  rows.back().cells.push_back({fields[1], fields[2], fields[3]});
  return true;
}

}  // namespace

const SavedTable* Saved::find(const std::string& table) const {
  const auto found = std::ranges::find_if(tables, [&](const SavedTable& t) { return t.report.table == table; });
  return found == tables.end() ? nullptr : &*found;
}

std::string encode(const Saved& saved) {
  std::string out = cat(first_line(), "\nof\t", escaped(saved.of), "\t", saved.started_us, "\n");
  for (const SavedTable& table : saved.tables) append(out, table);
  return out + cat("end\t", crc32c(out), "\n");
}

std::optional<Saved> decode_saved(std::string_view text) {
  const size_t end = text.rfind("end\t");
  if (end == std::string_view::npos || text.substr(end) != cat("end\t", crc32c(text.substr(0, end)), "\n")) {
    return std::nullopt;
  }
  text = text.substr(0, end);
  Saved saved;
  for (size_t line_number = 0; !text.empty(); ++line_number) {
    const size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline + 1);
    const std::vector<std::string> fields = fields_of(line);
    if (line_number == 0) {
      if (line != first_line()) return std::nullopt;
    } else if (line_number == 1) {
      if (fields.size() != 3 || fields[0] != "of") return std::nullopt;
      saved.of = fields[1];
      saved.started_us = number<int64_t>(fields[2]);
    } else if (!take_line(fields, saved)) {
      return std::nullopt;
    }
  }
  return saved;
}

}  // namespace weft::verify
