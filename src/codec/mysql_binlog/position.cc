// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/position.h"

#include <charconv>

#include "base/text.h"

namespace weft::mysql_binlog {
namespace {

constexpr std::string_view kFilePrefix = "file:";

bool parse_place(std::string_view text, FilePlace& place) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view digits = text.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, place.offset);
  if (digits.empty() || error != std::errc() || at != end) return false;
  place.file = text.substr(0, colon);
  return true;
}

Error bad_position(std::string_view text) {
  return Error(Blame::kConfig,
               cat("not a position: '",
                   text.substr(0, 200),
                   "' (a GTID position, optionally with @file:offset, or file:NAME:OFFSET)"));
}

}  // namespace

std::string FilePlace::text() const {
  return cat(file, ':', offset);
}

uint64_t file_number(std::string_view file) {
  const size_t dot = file.rfind('.');
  uint64_t number = 0;
  if (dot == std::string_view::npos) return number;
  const std::string_view digits = file.substr(dot + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool at_or_after(const FilePlace& a, const FilePlace& b) {
  const uint64_t file_a = file_number(a.file);
  const uint64_t file_b = file_number(b.file);
  return file_a != file_b ? file_a > file_b : a.offset >= b.offset;
}

Result<MySqlPosition> MySqlPosition::parse(std::string_view text, Flavor flavor) {
  MySqlPosition position;
  if (text.starts_with(kFilePrefix)) {
    position.form = Form::kFile;
    if (!parse_place(text.substr(kFilePrefix.size()), position.place)) return bad_position(text);
    return position;
  }
  const size_t at = text.find('@');
  if (at != std::string_view::npos && !parse_place(text.substr(at + 1), position.place)) return bad_position(text);
  const std::string_view gtids = text.substr(0, at);
  if (flavor == Flavor::kMariaDb) {
    position.form = Form::kMariaDbGtid;
    TRY_ASSIGN(position.state, GtidState::parse(gtids));
  } else {
    position.form = Form::kMySqlGtid;
    TRY_ASSIGN(position.set, GtidSet::parse(gtids));
  }
  return position;
}

MySqlPosition MySqlPosition::at_file(std::string file, uint64_t offset) {
  MySqlPosition position;
  position.form = Form::kFile;
  position.place = {std::move(file), offset};
  return position;
}

std::string MySqlPosition::text() const {
  if (form == Form::kFile) return cat(kFilePrefix, place.text());
  std::string out = form == Form::kMariaDbGtid ? state.text() : set.text();
  if (place.known()) out += cat('@', place.text());
  return out;
}

bool MySqlPosition::contains(const MySqlPosition& other) const {
  if (form == other.form && form == Form::kMariaDbGtid) return state.contains(other.state);
  if (form == other.form && form == Form::kMySqlGtid) return set.contains(other.set);
  return place.known() && other.place.known() && at_or_after(place, other.place);
}

MySqlPosition MySqlPositionLog::position(uint32_t index) const {
  MySqlPosition position = base_;
  const PositionEntry* last = nullptr;
  PositionEntry run;       // the latest of a run of numbers of one source or domain
  uint64_t run_first = 0;  // 0: no run
  const auto add_run = [&] {
    if (run_first == 0) return;
    if (position.form == MySqlPosition::Form::kMariaDbGtid) position.state.add({run.source, run.server, run.sequence});
    if (position.form == MySqlPosition::Form::kMySqlGtid)
      position.set.add((*sources_)[run.source], run_first, run.sequence);
  };
  for (uint32_t i = 0; i <= index && i < entries_.size(); ++i) {
    const PositionEntry& entry = entries_[i];
    if (entry.open) continue;
    last = &entry;
    if (entry.sequence == 0) continue;
    if (run_first == 0 || entry.source != run.source || entry.sequence != run.sequence + 1) {
      add_run();
      run_first = entry.sequence;
    }
    run = entry;
  }
  add_run();
  if (last != nullptr) position.place = {(*files_)[last->file], last->offset};
  return position;
}

Gtid MySqlPositionLog::gtid(uint32_t index) const {
  const PositionEntry& entry = entries_[index];
  return {entry.source, entry.server, entry.sequence};
}

std::string MySqlPositionLog::gtid_text(uint32_t index) const {
  const PositionEntry& entry = entries_[index];
  if (entry.sequence == 0) return {};
  return flavor_ == Flavor::kMariaDb ? gtid(index).text() : cat(source(index).text(), ':', entry.sequence);
}

FilePlace MySqlPositionLog::place(uint32_t index) const {
  const PositionEntry& entry = entries_[index];
  return {(*files_)[entry.file], entry.offset};
}

bool position_includes(const MySqlPosition& position, const MySqlPositionLog& log, uint32_t index) {
  const PositionEntry& entry = log.entry(index);
  if (entry.sequence != 0) {
    if (position.form == MySqlPosition::Form::kMariaDbGtid) return position.state.includes(log.gtid(index));
    if (position.form == MySqlPosition::Form::kMySqlGtid)
      return position.set.includes(log.source(index), entry.sequence);
  }
  const FilePlace place = log.place(index);
  return place.known() && position.place.known() && at_or_after(position.place, place);
}

bool position_includes(std::string_view text, const MySqlPositionLog& log, uint32_t index) {
  const Result<MySqlPosition> position = MySqlPosition::parse(text, log.flavor());
  return position && position_includes(*position, log, index);
}

}  // namespace weft::mysql_binlog
