// SPDX-License-Identifier: Apache-2.0
#include "cmd/progress_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "cmd/screen.h"

namespace weft {
namespace {

constexpr double kSmoothSeconds = 3;  // a rate forgets in about this time
constexpr size_t kNameMax = 32;
constexpr size_t kTablesMax = 12;

using Named = std::pair<std::string, const TableStatus*>;

std::string padded(std::string_view text, size_t width) {
  const std::string fit = fitted(text, width);
  return fit + std::string(width - std::min(width, display_width(fit)), ' ');
}

std::string padded_left(std::string_view text, size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ') + std::string(text);
}

bool copied_state(TableState state) {
  return state == TableState::kStreaming;
}

uint64_t changes_of(const TableStatus& table) {
  return table.inserts + table.updates + table.deletes;
}

// Tables that move come first, then troubled ones, then those that only wait.
int rank_of(const TableStatus& table) {
  switch (table.state) {
    case TableState::kFailed:
    case TableState::kParked:
    case TableState::kPaused:
      return 0;
    case TableState::kSnapshotting:
      return 1;
    case TableState::kCatchingUp:
      return 2;
    case TableState::kStreaming:
      return 3;
    case TableState::kPending:
      return 4;
  }
  return 5;
}

double share_of(uint64_t done, uint64_t estimated) {
  if (estimated == 0) return 0;
  return std::min(0.999, static_cast<double>(done) / static_cast<double>(estimated));
}

class Painter {
 public:
  Painter(const RateMeter& rates, const ProgressStyle& style) : rates_(rates), style_(style) {}

  [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }

  [[nodiscard]] std::string bar(double share, size_t width) const {
    constexpr std::array<const char*, 8> kEighths = {
        "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
    const auto eighths = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8);
    std::string full;
    for (size_t i = 0; i < eighths / 8; ++i) full += style_.unicode ? "\u2588" : "#";
    if (style_.unicode) full += kEighths[eighths % 8];
    const size_t rest = width - eighths / 8 - (style_.unicode && eighths % 8 != 0 ? 1 : 0);
    std::string empty;
    for (size_t i = 0; i < rest; ++i) empty += style_.unicode ? "\u2591" : "-";
    return paint("32", full) + paint("2", empty);
  }

  [[nodiscard]] std::string table_line(const Named& named, size_t name_width) const {
    const auto& [name, table] = named;
    const std::string left = cat("  ", padded(printable(name), name_width), "  ");
    switch (table->state) {
      case TableState::kPending:
        return left + paint("2", "waiting");
      case TableState::kSnapshotting:
        return left + copying(name, *table, style_.size.columns - std::min(style_.size.columns, name_width + 4));
      case TableState::kCatchingUp:
        return cat(left, "catching up   ", grouped(table->rows_done), " rows copied", applied(name, *table));
      case TableState::kStreaming:
        return cat(left,
                   "streaming",
                   table->rows_done == 0 ? "" : cat("   ", grouped(table->rows_done), " rows copied"),
                   applied(name, *table));
      case TableState::kPaused:
      case TableState::kParked:
      case TableState::kFailed:
        break;
    }
    return left +
           paint("31", cat(to_string(table->state), table->reason.empty() ? "" : ": ", printable(table->reason)));
  }

  [[nodiscard]] std::string paint(const char* code, std::string_view text) const {
    return style_.color && !text.empty() ? cat("\x1b[", code, "m", text, "\x1b[0m") : std::string(text);
  }

 private:
  // Bar, share, counts, rate, time left; what has no room goes, from the right.
  [[nodiscard]] std::string copying(const std::string& name, const TableStatus& table, size_t room) const {
    const double rate = rates_.copied(name);
    if (table.rows_estimated == 0)
      return cat("copying   ", grouped(table.rows_done), " rows   ", short_number(rate), "/s");
    const double share = share_of(table.rows_done, table.rows_estimated);
    std::string counts = cat("  ",
                             padded_left(grouped(table.rows_done), grouped(table.rows_estimated).size()),
                             " / ",
                             grouped(table.rows_estimated));
    const std::string speed = cat("  ", padded_left(short_number(rate), 6), "/s");
    const double left = rate > 0 && table.rows_estimated > table.rows_done
                            ? static_cast<double>(table.rows_estimated - table.rows_done) / rate
                            : -1;
    const std::string eta = cat("  ", padded_left(left < 0 ? "" : clock_text(left), 7));
    const std::string percent = padded_left(cat(static_cast<unsigned>(share * 100), " %"), 6);
    constexpr size_t kBarMin = 8;
    size_t used = percent.size();
    std::string right = percent;
    for (const std::string& part : {counts, speed, eta}) {
      if (used + part.size() + kBarMin + 1 > room) break;
      used += part.size();
      right += part;
    }
    const size_t width = room > used + 1 ? std::min<size_t>(room - used - 1, 40) : 0;
    return bar(share, width) + right;
  }

  [[nodiscard]] std::string applied(const std::string& name, const TableStatus& table) const {
    std::string out;
    if (changes_of(table) != 0)
      out += cat("   +", grouped(table.inserts), " ~", grouped(table.updates), " -", grouped(table.deletes));
    if (const double rate = rates_.changed(name); rate >= 0.05) out += cat("   ", short_number(rate), "/s");
    if (table.dead_letters != 0) out += "   " + paint("33", cat(grouped(table.dead_letters), " dead letters"));
    return out;
  }

  const RateMeter& rates_;
  const ProgressStyle& style_;
};

std::string head_line(const PipelineStatus& status, const RateMeter& rates, int64_t now_us, const Painter& painter) {
  const double age = status.since_us == 0 ? 0 : static_cast<double>(now_us - status.since_us) / 1e6;
  std::string out = cat(painter.bold(status.name.empty() ? "weft" : printable(status.name)),
                        "  ",
                        to_string(status.state),
                        " ",
                        clock_text(age));
  const CopyTotals totals = totals_of(status);
  if (status.state == PipelineState::kSnapshotting) {
    out += cat("   ", totals.copied, " of ", totals.tables, " tables");
    if (totals.estimated != 0) {
      out += cat("   ", static_cast<unsigned>(share_of(totals.done, totals.estimated) * 100), " %");
    }
    if (const double rate = rates.copied(); rate >= 1) {
      out += cat("   ", short_number(rate), " rows/s");
      const uint64_t left = totals.estimated - totals.done;
      if (left > 0) out += cat("   about ", clock_text(static_cast<double>(left) / rate), " left");
    }
  }
  if (const double rate = rates.changed(); rate >= 0.05) out += cat("   ", short_number(rate), " changes/s");
  if (status.transactions != 0) out += cat("   ", grouped(status.transactions), " transactions");
  if (status.state == PipelineState::kStreaming || status.state == PipelineState::kSnapshotting)
    out += cat("   lag ", lag_text(status.lag_seconds));
  if (!status.position.empty()) out += "   at " + printable(status.position);
  return out;
}

std::string others_line(const std::vector<Named>& tables, size_t shown) {
  std::map<int, size_t> counts;
  for (size_t i = shown; i < tables.size(); ++i) ++counts[rank_of(*tables[i].second)];
  std::string out;
  for (const auto& [rank, what] :
       {std::pair{0, "in trouble"}, {1, "being copied"}, {2, "catching up"}, {3, "streaming"}, {4, "waiting"}}) {
    if (counts[rank] != 0) out += cat(out.empty() ? "" : ", ", counts[rank], " ", what);
  }
  return cat("  and ", tables.size() - shown, " more: ", out);
}

std::vector<Named> sorted_tables(const PipelineStatus& status, const RateMeter& rates) {
  std::vector<Named> tables;
  for (const auto& [name, table] : status.tables) tables.emplace_back(name, &table);
  std::ranges::stable_sort(tables, [&](const Named& a, const Named& b) {
    if (rank_of(*a.second) != rank_of(*b.second)) return rank_of(*a.second) < rank_of(*b.second);
    if (a.second->state == TableState::kSnapshotting) return a.second->rows_estimated > b.second->rows_estimated;
    return rates.changed(a.first) > rates.changed(b.first) + 1;
  });
  return tables;
}

}  // namespace

void RateMeter::add(Rate& rate, uint64_t value, SteadyTime now) {
  if (!rate.known || value < rate.last) {
    rate = {0, value, now, true};
    return;
  }
  const double seconds = static_cast<double>((now - rate.at).count()) / 1e9;
  if (seconds < 0.05) return;
  const double sample = static_cast<double>(value - rate.last) / seconds;
  const double keep = rate.per_second == 0 ? 0 : std::exp(-seconds / kSmoothSeconds);
  rate.per_second = rate.per_second * keep + sample * (1 - keep);
  rate.last = value;
  rate.at = now;
}

void RateMeter::feed(const PipelineStatus& status, SteadyTime now) {
  for (const auto& [name, table] : status.tables) {
    add(copied_[name], table.rows_done, now);
    add(changed_[name], changes_of(table), now);
  }
}

double RateMeter::copied(const std::string& table) const {
  const auto found = copied_.find(table);
  return found == copied_.end() ? 0 : found->second.per_second;
}

double RateMeter::changed(const std::string& table) const {
  const auto found = changed_.find(table);
  return found == changed_.end() ? 0 : found->second.per_second;
}

double RateMeter::copied() const {
  double sum = 0;
  for (const auto& [name, rate] : copied_) sum += rate.per_second;
  return sum;
}

double RateMeter::changed() const {
  double sum = 0;
  for (const auto& [name, rate] : changed_) sum += rate.per_second;
  return sum;
}

CopyTotals totals_of(const PipelineStatus& status) {
  CopyTotals totals;
  for (const auto& [name, table] : status.tables) {
    totals.done += table.rows_done;
    totals.estimated += copied_state(table.state) ? table.rows_done : std::max(table.rows_done, table.rows_estimated);
    ++totals.tables;
    totals.copied += copied_state(table.state) ? 1 : 0;
    totals.changes += changes_of(table);
    totals.dead_letters += table.dead_letters;
  }
  return totals;
}

std::vector<std::string> progress_lines(const PipelineStatus& status,
                                        const RateMeter& rates,
                                        int64_t now_us,
                                        const ProgressStyle& style) {
  const Painter painter(rates, style);
  std::vector<std::string> lines = {head_line(status, rates, now_us, painter)};
  if (!status.reason.empty()) lines.push_back("  " + painter.paint("33", printable(status.reason)));
  const size_t room = style.size.rows > lines.size() + 3 ? style.size.rows - lines.size() - 3 : 1;
  const std::vector<Named> tables = sorted_tables(status, rates);
  const size_t most = std::min(room, kTablesMax);
  const size_t shown = tables.size() <= most ? tables.size() : most - 1;
  size_t name_width = 0;
  for (size_t i = 0; i < shown; ++i) name_width = std::max(name_width, display_width(printable(tables[i].first)));
  name_width = std::min({name_width, kNameMax, style.size.columns / 3});
  for (size_t i = 0; i < shown; ++i) lines.push_back(painter.table_line(tables[i], name_width));
  if (shown < tables.size()) lines.push_back(others_line(tables, shown));
  return lines;
}

std::string progress_line(const PipelineStatus& status, const RateMeter& rates) {
  const CopyTotals totals = totals_of(status);
  std::string out(to_string(status.state));
  out += ":";
  if (status.state == PipelineState::kSnapshotting) {
    out += cat(" ",
               grouped(totals.done),
               " of ",
               grouped(totals.estimated),
               " rows (",
               totals.estimated == 0 ? 0u : static_cast<unsigned>(share_of(totals.done, totals.estimated) * 100),
               " %), ",
               short_number(rates.copied()),
               " rows/s, ");
    if (rates.copied() >= 1 && totals.estimated > totals.done) {
      out += cat("about ", clock_text(static_cast<double>(totals.estimated - totals.done) / rates.copied()), " left, ");
    }
    out += cat(totals.copied, " of ", totals.tables, " tables copied");
  } else {
    out += cat(" lag ",
               lag_text(status.lag_seconds),
               ", ",
               short_number(rates.changed()),
               " changes/s, ",
               grouped(status.transactions),
               " transactions");
    if (!status.position.empty()) out += ", at " + status.position;
  }
  if (!status.reason.empty()) out += "; " + status.reason;
  return out;
}

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string short_number(double number) {
  constexpr std::array<const char*, 4> kUnits = {"", "k", "M", "G"};
  size_t unit = 0;
  while (number >= 999.5 && unit + 1 < kUnits.size()) {
    number /= 1000;
    ++unit;
  }
  std::array<char, 64> buffer{};
  const bool whole = number >= 99.95 || (unit == 0 && (number >= 10 || number == 0));
  std::snprintf(buffer.data(), buffer.size(), whole ? "%.0f%s" : "%.1f%s", number, kUnits[unit]);
  return buffer.data();
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::clamp(seconds, 0.0, 1e9));
  std::array<char, 64> buffer{};
  if (whole < 3600) {
    std::snprintf(
        buffer.data(), buffer.size(), "%u:%02u", static_cast<unsigned>(whole / 60), static_cast<unsigned>(whole % 60));
  } else if (whole < 4 * 86400) {
    std::snprintf(buffer.data(),
                  buffer.size(),
                  "%u:%02u:%02u",
                  static_cast<unsigned>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60),
                  static_cast<unsigned>(whole % 60));
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%u days", static_cast<unsigned>(whole / 86400));
  }
  return buffer.data();
}

std::string lag_text(double seconds) {
  if (seconds >= 60) return clock_text(seconds);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f s", std::max(seconds, 0.0));
  return buffer.data();
}

}  // namespace weft
