// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/position.h"

#include <charconv>

#include "base/bytes.h"
#include "base/text.h"

namespace weft::sqlite {
namespace {

constexpr size_t kCaptureDigits = 16;

bool is_capture(std::string_view text) {
  return text.size() == kCaptureDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error damaged() {
  return Error(Blame::kBug, "positions of an SQLite source in the journal are damaged; start again with a new journal");
}

}  // namespace

Result<SqlitePosition> SqlitePosition::parse(std::string_view text) {
  const size_t colon = text.find(':');
  SqlitePosition position;
  bool good = colon != std::string_view::npos && is_capture(text.substr(0, colon));
  if (good) {
    const std::string_view number = text.substr(colon + 1);
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), position.id);
    good = parsed.ec == std::errc() && parsed.ptr == number.data() + number.size() && position.id >= 0;
  }
  if (!good) {
    return Error(Blame::kConfig,
                 cat("not a position: '",
                     text.substr(0, 200),
                     "' (an SQLite position is CAPTURE:ID, as 0123456789abcdef:4711)"));
  }
  position.capture = text.substr(0, colon);
  return position;
}

std::string SqlitePosition::text() const {
  return cat(capture, ':', id);
}

std::string SqlitePositionLog::text(uint32_t index) const {
  return SqlitePosition{capture_, ids_[index]}.text();
}

bool SqlitePositionLog::save(uint32_t first, uint32_t count, std::string& out) const {
  ByteWriter writer(std::move(out));
  writer.text(capture_);
  int64_t before = 0;
  for (uint32_t i = first; i < first + count; ++i) {
    writer.signed_varint(ids_[i] - before);
    before = ids_[i];
  }
  out = std::move(writer.str());
  return true;
}

Result<std::shared_ptr<const PositionLog>> SqlitePositionLog::load(std::string_view saved, size_t count) {
  ByteReader reader(saved);
  const std::string capture(reader.text());
  if (!reader.ok() || !is_capture(capture) || count > reader.left()) return damaged();
  auto log = std::make_shared<SqlitePositionLog>(capture);
  log->ids_.reserve(count);
  int64_t id = 0;
  for (size_t i = 0; i < count; ++i) {
    id += reader.signed_varint();
    if (!reader.ok() || id < 0) return damaged();
    log->add(id);
  }
  if (!reader.empty()) return damaged();
  return std::shared_ptr<const PositionLog>(std::move(log));
}

Result<SqlitePosition> position_of(const Position& position) {
  if (const auto* log = dynamic_cast<const SqlitePositionLog*>(position.log())) {
    return SqlitePosition{log->capture(), log->id(position.index())};
  }
  return SqlitePosition::parse(position.text());
}

}  // namespace weft::sqlite
