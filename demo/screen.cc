// SPDX-License-Identifier: Apache-2.0
#include "screen.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

#include "io/terminal.h"

namespace weft::demo {

namespace {

constexpr size_t kWidth = 76;

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// Cuts at `columns` characters, not in the middle of one; escape sequences take no room.
std::string cut(const std::string& text, size_t columns) {
  std::string out;
  size_t used = 0;
  bool escape = false;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (c == '\x1b') escape = true;
    if (!escape && starts && ++used > columns) break;
    out += c;
    if (escape && c == 'm') escape = false;
  }
  return escape || out.find('\x1b') != std::string::npos ? out + "\x1b[0m" : out;
}

std::string bar(double part, size_t width) {
  const auto full = static_cast<size_t>(std::min(1.0, std::max(0.0, part)) * static_cast<double>(width));
  std::string text;
  for (size_t i = 0; i < width; ++i) text += i < full ? "━" : "╌";
  return text;
}

}  // namespace

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string duration_text(double ms) {
  return ms < 10     ? fmt::format("{:.1f} ms", ms)
         : ms < 1000 ? fmt::format("{:.0f} ms", ms)
                     : fmt::format("{:.2f} s", ms / 1000);
}

Screen::Screen() : terminal_(is_terminal(STDOUT_FILENO)) {
  const char* term = std::getenv("TERM");
  if (term == nullptr || std::string(term) == "dumb") terminal_ = false;
  colour_ = terminal_ && std::getenv("NO_COLOR") == nullptr;
  if (terminal_) put("\x1b[?25l");
}

void Screen::close() {
  if (terminal_) put("\x1b[?25h");
  std::fflush(stdout);
  terminal_ = false;
}

std::string Screen::bold(const std::string& text) const {
  return colour_ ? "\x1b[1m" + text + "\x1b[0m" : text;
}

void Screen::erase() {
  if (drawn_) put(fmt::format("\x1b[{}A\r\x1b[J", lines_.size()));
  drawn_ = false;
}

void Screen::draw() {
  const size_t columns = terminal_size(STDOUT_FILENO).columns;
  for (const auto& line : lines_) put(cut(line, columns > 1 ? columns - 1 : columns) + "\n");
  drawn_ = !lines_.empty();
}

void Screen::event(const std::string& text) {
  if (terminal_) erase();
  put(text + "\n");
  if (terminal_) draw();
  std::fflush(stdout);
}

void Screen::show(const Scene& scene) {
  const SteadyTime now = real_clock().now();
  const double passed = static_cast<double>((now - rate_at_).count()) / 1e9;
  if (passed >= 1) {
    if (rate_at_.ns != 0) rate_ = static_cast<double>(scene.committed - rate_from_) / passed;
    rate_at_ = now;
    rate_from_ = scene.committed;
  }
  if (!terminal_) return plain(scene);
  erase();
  lines_ = table_lines(scene);
  draw();
  std::fflush(stdout);
}

void Screen::plain(const Scene& scene) {
  if (scene.elapsed_s < plain_at_s_) return;
  plain_at_s_ = scene.elapsed_s + 1;
  put(fmt::format("{:5.1f} s  committed {:>8}  applied {:>8}  lag {:>8}  balances {}\n",
                  scene.elapsed_s,
                  grouped(scene.committed),
                  grouped(scene.applied),
                  scene.lag.streaming ? duration_text(scene.lag.now_ms) : "copying",
                  scene.lag.sum.empty() ? "-" : scene.lag.sum));
  std::fflush(stdout);
}

std::vector<std::string> Screen::table_lines(const Scene& scene) const {
  const auto dim = [this](const std::string& text) { return colour_ ? "\x1b[2m" + text + "\x1b[0m" : text; };
  std::vector<std::string> lines;
  const auto add = [&](std::string line) { lines.push_back(std::move(line)); };
  std::string rule;
  for (size_t i = 0; i < kWidth; ++i) rule += "─";
  add("");
  add(fmt::format("  {}  {}  {:.0f} of {:.0f} s",
                  bold(fmt::format("{} → {}", scene.source, scene.target)),
                  bar(scene.elapsed_s / scene.duration_s, 20),
                  std::min(scene.elapsed_s, scene.duration_s),
                  scene.duration_s));
  add(dim("  " + rule));
  add(dim(fmt::format("  {:<16}{:>16}{:>16}{:>16}", "table", "source rows", "target rows", "difference")));
  for (const auto& table : scene.tables) {
    const auto target = table.target.value_or(0);
    const auto behind = static_cast<int64_t>(table.source) - static_cast<int64_t>(target);
    const std::string sign = behind > 0 ? "-" : "+";
    add(fmt::format("  {:<16}{:>16}{:>16}{:>16}",
                    table.name,
                    grouped(table.source),
                    table.target ? grouped(target) : "-",
                    behind == 0 ? "0" : sign + grouped(static_cast<uint64_t>(std::abs(behind)))));
  }
  add(dim("  " + rule));
  add(fmt::format("  {:<14}{} committed, {} applied, {:.0f} per second",
                  "transactions",
                  grouped(scene.committed),
                  grouped(scene.applied),
                  rate_));
  if (scene.lag.streaming) {
    add(fmt::format("  {:<14}now {}, median {}, most {}",
                    "lag",
                    duration_text(scene.lag.now_ms),
                    duration_text(scene.lag.p50_ms),
                    duration_text(scene.lag.max_ms)));
    add(fmt::format("  {:<14}{} in all; of {} looks {} saw another sum",
                    "balances",
                    scene.lag.sum,
                    grouped(scene.lag.looks),
                    scene.lag.uneven));
  } else {
    add(fmt::format("  {:<14}copying what was there", "lag"));
    add(fmt::format("  {:<14}-", "balances"));
  }
  add(fmt::format("  {:<14}pid {}, at most {:.1f} MiB, kills with -9: {}",
                  "weft",
                  scene.pid,
                  static_cast<double>(scene.peak_kib) / 1024,
                  scene.kills));
  return lines;
}

}  // namespace weft::demo
