// SPDX-License-Identifier: Apache-2.0
#include "cmd/status_text.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cmd/progress_text.h"
#include "cmd/screen.h"
#include "control/status_json.h"

namespace weft {
namespace {

using Cells = std::array<std::string, 7>;

std::string copied_text(const TableStatus& table) {
  if (table.rows_done == 0 && table.rows_estimated == 0) return "-";
  if (table.state == TableState::kStreaming || table.rows_estimated <= table.rows_done) return grouped(table.rows_done);
  return cat(grouped(table.rows_done), " of ", grouped(table.rows_estimated));
}

// Columns as wide as their widest cell; the first is left-aligned, the others too but for numbers.
std::vector<std::string> laid_out(const std::vector<Cells>& rows) {
  std::array<size_t, 7> widths{};
  for (const Cells& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::vector<std::string> lines;
  for (const Cells& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - display_width(row[i]), ' ');
      line += (i < 2 ? row[i] + gap : gap + row[i]) + "  ";
    }
    line.resize(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::vector<std::string> status_lines(const PipelineStatus& status) {
  std::vector<std::string> lines;
  lines.push_back(cat(printable(status.name),
                      "  ",
                      to_string(status.state),
                      " since ",
                      utc_text(status.since_us),
                      status.reason.empty() ? "" : ": ",
                      printable(status.reason)));
  lines.push_back(
      cat("  lag ",
          lag_text(status.lag_seconds),
          status.backlog_bytes == 0
              ? ""
              : cat("   ", short_number(static_cast<double>(status.backlog_bytes)), "B of log not read yet"),
          status.position.empty() ? "" : cat("   at ", printable(status.position)),
          status.consistent_since_us == 0 ? "" : cat("   consistent since ", utc_text(status.consistent_since_us))));
  std::vector<Cells> rows = {{"TABLE", "STATE", "COPIED", "INSERTED", "UPDATED", "DELETED", "DEAD LETTERS"}};
  for (const auto& [name, table] : status.tables) {
    rows.push_back({printable(name),
                    std::string(to_string(table.state)),
                    copied_text(table),
                    grouped(table.inserts),
                    grouped(table.updates),
                    grouped(table.deletes),
                    grouped(table.dead_letters)});
  }
  size_t at = 0;
  for (std::string& line : laid_out(rows)) {
    lines.push_back(std::move(line));
    if (at != 0) {
      const auto& table = std::next(status.tables.begin(), static_cast<std::ptrdiff_t>(at - 1))->second;
      if (!table.reason.empty()) lines.push_back(cat("    ", printable(table.reason)));
    }
    ++at;
  }
  lines.push_back(cat("  target ", status.target_state, "   sequence ", status.sequence));
  return lines;
}

}  // namespace weft
