// SPDX-License-Identifier: Apache-2.0
#include "cmd/screen.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "io/terminal.h"

namespace weft {
namespace {

// What goes out in one piece looks still; a terminal that is gone is nobody's trouble.
void write_out(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

uint32_t code_point(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  uint32_t code = bytes.size() == 1 ? byte(0) : byte(0) & (0x7fu >> bytes.size());
  for (size_t i = 1; i < bytes.size(); ++i) code = (code << 6) | (byte(i) & 0x3fu);
  return code;
}

// East Asian wide and emoji, roughly; combining marks take no column.
size_t columns_of(uint32_t code) {
  if ((code >= 0x300 && code <= 0x36f) || code == 0x200b || code == 0x200d || (code >= 0xfe00 && code <= 0xfe0f))
    return 0;
  const bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                    (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                    (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

// The next thing of a text: an escape sequence (no columns) or a character.
struct Piece {
  size_t bytes = 1;
  size_t columns = 1;
};

Piece next_piece(std::string_view text) {
  if (text.starts_with("\x1b[")) {
    const size_t end = text.find('m');
    if (end != std::string_view::npos) return {end + 1, 0};
  }
  const size_t length = std::max<size_t>(utf8_length(text), 1);
  return {length, columns_of(code_point(text.substr(0, length)))};
}

}  // namespace

Screen::Screen(int fd) : fd_(fd), terminal_(is_terminal(fd)) {}

// Goes back over the block, which may have been folded by a terminal that became narrower, and takes it away.
std::string Screen::erase(const std::vector<std::string>& block) const {
  if (block.empty()) return {};
  const size_t width = std::max<size_t>(terminal_size(fd_).columns, 1);
  size_t rows = 0;
  for (const std::string& line : block) rows += std::max<size_t>((display_width(line) + width - 1) / width, 1);
  return cat("\r\x1b[", rows, "A\x1b[J");
}

void Screen::draw(const std::vector<std::string>& lines) {
  if (!terminal_) return;
  const size_t width = terminal_size(fd_).columns;
  block_.with([&](std::vector<std::string>& block) {
    std::string out = erase(block);
    block.clear();
    for (const std::string& line : lines) block.push_back(fitted(line, width - 1));
    for (const std::string& line : block) out += line + "\x1b[0m\n";
    write_out(fd_, out);
  });
}

void Screen::print(int fd, std::string_view line) {
  block_.with([&](const std::vector<std::string>& block) {
    if (block.empty() || !is_terminal(fd)) return write_out(fd, cat(line, "\n"));
    write_out(fd_, erase(block));
    write_out(fd, cat(line, "\n"));
    std::string out;
    for (const std::string& kept : block) out += kept + "\x1b[0m\n";
    write_out(fd_, out);
  });
}

void Screen::clear() {
  block_.with([&](std::vector<std::string>& block) {
    write_out(fd_, erase(block));
    block.clear();
  });
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    width += piece.columns;
    text.remove_prefix(piece.bytes);
  }
  return width;
}

std::string fitted(std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  size_t used = 0;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    if (used + piece.columns + 1 > width && piece.columns > 0) break;
    out += text.substr(0, piece.bytes);
    used += piece.columns;
    text.remove_prefix(piece.bytes);
  }
  return width == 0 ? out : out + "\u2026";
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    out += length == 0 || byte < 0x20 || byte == 0x7f ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace weft
