// SPDX-License-Identifier: Apache-2.0
#include "verify/report.h"

#include <algorithm>
#include <cstdio>

#include "base/json_text.h"
#include "base/text.h"

namespace weft::verify {
namespace {

std::string plural(uint64_t count, std::string_view one) {
  return cat(count, " ", one, count == 1 ? "" : "s");
}

std::string number(double value) {
  char raw[32];
  std::snprintf(raw, sizeof raw, "%.3g", value);
  return raw;
}

std::string truth(bool value) {
  return value ? "true" : "false";
}

std::string list_json(const std::vector<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) out += cat(out.size() > 1 ? "," : "", json_quoted(word));
  return out + "]";
}

std::string json_of(const Difference& difference) {
  std::string out = cat("{\"what\":",
                        json_quoted(to_string(difference.what)),
                        ",\"key\":",
                        difference.key.empty() ? "null" : difference.key,
                        ",\"times\":",
                        difference.times,
                        ",\"columns\":[");
  for (size_t i = 0; i < difference.cells.size(); ++i) {
    const Cell& cell = difference.cells[i];
    out += cat(i == 0 ? "" : ",",
               "{\"column\":",
               json_quoted(cell.column),
               ",\"source\":",
               cell.source,
               ",\"target\":",
               cell.target,
               "}");
  }
  return out + "]}";
}

std::string counts_of(const TableReport& table) {
  std::string out;
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) out += cat(out.empty() ? "" : ", ", count, " ", what);
  };
  add(table.missing, "missing at the target");
  add(table.extra, "only at the target");
  add(table.different, "different");
  add(table.in_flight, "still in flight");
  return out;
}

}  // namespace

std::string_view to_string(What what) {
  switch (what) {
    case What::kMissing:
      return "missing";
    case What::kExtra:
      return "extra";
    case What::kDifferent:
      return "different";
  }
  return "unknown";
}

uint64_t Report::differences() const {
  uint64_t count = 0;
  for (const TableReport& table : tables) count += table.count();
  return count;
}

uint64_t Report::in_flight() const {
  uint64_t count = 0;
  for (const TableReport& table : tables) count += table.in_flight;
  return count;
}

bool Report::all_compared() const {
  return std::none_of(tables.begin(), tables.end(), [](const TableReport& table) { return table.not_compared; });
}

uint64_t Report::rows() const {
  uint64_t count = 0;
  for (const TableReport& table : tables) count += table.source_rows;
  return count;
}

std::string line_of(const TableReport& table, const Difference& difference) {
  const std::string times = difference.times > 1 ? cat(" (", difference.times, " times)") : std::string();
  switch (difference.what) {
    case What::kMissing:
      return cat(table.table, " ", difference.key, ": missing at the target", times);
    case What::kExtra:
      return cat(table.table, " ", difference.key, ": only at the target", times);
    case What::kDifferent:
      break;
  }
  std::string out = cat(table.table, " ", difference.key, ":");
  for (const Cell& cell : difference.cells) {
    out += cat(" ", cell.column, " is ", cell.source, " at the source, ", cell.target, " at the target;");
  }
  if (difference.cells.empty()) return out + " different";
  out.pop_back();
  return out;
}

std::string text_of(const TableReport& table) {
  const std::string counts = counts_of(table);
  if (table.not_compared) return cat(table.table, ": not compared, the table is ", table.state);
  std::string out = cat(table.table, ": ", plural(table.source_rows, "row"));
  if (table.sampled < 100) out += cat(" (a sample of ", number(table.sampled), " %)");
  out += counts.empty() ? ", equal" : cat(", ", table.at_least ? "at least " : "", counts);
  if (table.earlier) out += " (compared before the interruption)";
  if (!table.state.empty()) out += cat("; the table is ", table.state);
  if (!table.left_out.empty()) {
    out += "; not compared:";
    for (const std::string& column : table.left_out) out += " " + column;
  }
  for (const Difference& difference : table.differences) out += "\n  " + line_of(table, difference);
  if (table.differences.size() < table.count() && !table.differences.empty()) {
    out += cat("\n  ... and ", table.count() - table.differences.size(), " more");
  }
  return out;
}

std::string text_of(const Report& report) {
  std::string out;
  const uint64_t differences = report.differences();
  if (!report.runs && (report.behind || differences > 0)) {
    out += report.known ? cat("no process runs pipeline ",
                              report.pipeline,
                              ": the target stands at ",
                              report.target_position,
                              ", the source at ",
                              report.source_position,
                              report.behind ? "; what was committed between them counts as a difference\n" : "\n")
                        : cat("pipeline ", report.pipeline, " never ran into this target\n");
  }
  if (!report.repaired.empty()) out += cat("repaired: ", report.repaired, "\n");
  out += differences > 0          ? cat("different: ", plural(differences, "row"), " of ")
         : report.in_flight() > 0 ? cat("not decided: ", plural(report.in_flight(), "row"), " still in flight, of ")
         : !report.all_compared() ? std::string("not decided: not every table could be compared, ")
                                  : std::string("equal: ");
  out += cat(plural(report.rows(), "row"), " in ", plural(report.tables.size(), "table"));
  if (differences > 0 && report.in_flight() > 0) out += cat(", ", report.in_flight(), " more still in flight");
  return cat(out, ", ", number(report.seconds), " s");
}

std::string json_of(const TableReport& table) {
  std::string out = cat("{\"name\":",
                        json_quoted(table.table),
                        ",\"target\":",
                        json_quoted(table.target),
                        ",\"equal\":",
                        truth(table.count() == 0 && table.in_flight == 0 && !table.not_compared),
                        ",\"compared\":",
                        truth(!table.not_compared),
                        ",\"state\":",
                        json_quoted(table.state),
                        ",\"source_rows\":",
                        table.source_rows,
                        ",\"target_rows\":",
                        table.target_rows);
  out += cat(",\"missing\":",
             table.missing,
             ",\"extra\":",
             table.extra,
             ",\"different\":",
             table.different,
             ",\"in_flight\":",
             table.in_flight,
             ",\"at_least\":",
             truth(table.at_least),
             ",\"sampled_percent\":",
             number(table.sampled),
             ",\"left_out\":",
             list_json(table.left_out),
             ",\"differences\":[");
  for (size_t i = 0; i < table.differences.size(); ++i) out += cat(i == 0 ? "" : ",", json_of(table.differences[i]));
  return out + "]}";
}

std::string json_of(const Report& report) {
  std::string out = cat("{\"pipeline\":",
                        json_quoted(report.pipeline),
                        ",\"equal\":",
                        truth(report.differences() == 0 && report.in_flight() == 0 && report.all_compared()),
                        ",\"differences\":",
                        report.differences(),
                        ",\"in_flight\":",
                        report.in_flight(),
                        ",\"rows\":",
                        report.rows(),
                        ",\"runs\":",
                        truth(report.runs));
  out += cat(",\"source_position\":",
             json_quoted(report.source_position),
             ",\"target_position\":",
             json_quoted(report.target_position),
             ",\"repaired\":",
             json_quoted(report.repaired),
             ",\"seconds\":",
             number(report.seconds),
             ",\"tables\":[");
  for (size_t i = 0; i < report.tables.size(); ++i) out += cat(i == 0 ? "" : ",", json_of(report.tables[i]));
  return out + "]}";
}

}  // namespace weft::verify
