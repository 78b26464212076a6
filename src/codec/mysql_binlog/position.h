// SPDX-License-Identifier: Apache-2.0
// Positions of MySQL and MariaDB: where a reader stands, in one of three forms, and the positions of one batch.
//
//   MariaDB GTIDs   0-1-100,1-1-5            optionally with the place in the log files:  0-1-100@mysql-bin.000002:1234
//   MySQL GTIDs     uuid:1-5:7,uuid:tag:1-3  optionally the same:                         uuid:1-5@binlog.000003:157
//   file            file:mysql-bin.000002:1234
//
// GTID forms resume by GTID; the place behind '@' is only for comparing with read views that are known by place. The empty
// text is the GTID form before everything. A MySqlPositionLog holds a small entry per transaction and prints on demand:
// text(i) is the base state plus the entries up to i. Format: docs/formats/mysql_binlog.md.
// Values; a MySqlPositionLog is immutable and may be read by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/mysql_binlog/gtid.h"
#include "model/position.h"

namespace weft::mysql_binlog {

enum class Flavor : uint8_t { kMariaDb, kMySql };

// A place in the log files; an empty file is "unknown".
struct FilePlace {
  std::string file;
  uint64_t offset = 0;

  [[nodiscard]] bool known() const { return !file.empty(); }

  [[nodiscard]] std::string text() const;  // "file:offset"
  bool operator==(const FilePlace&) const = default;
};

// The number behind the last dot of a log file's name ("mysql-bin.000002" -> 2), 0 if it has none.
[[nodiscard]] uint64_t file_number(std::string_view file);
// Whether place `a` is at or behind (later than) place `b`. REQUIRES: both known.
[[nodiscard]] bool at_or_after(const FilePlace& a, const FilePlace& b);

struct MySqlPosition {
  enum class Form : uint8_t { kMariaDbGtid, kMySqlGtid, kFile };

  Form form = Form::kMariaDbGtid;
  GtidState state;  // kMariaDbGtid
  GtidSet set;      // kMySqlGtid
  FilePlace place;  // kFile: the position; else auxiliary, may be unknown

  // `flavor` says which GTID form an empty text or a text that does not begin with "file:" is in.
  [[nodiscard]] static Result<MySqlPosition> parse(std::string_view text, Flavor flavor);
  [[nodiscard]] static MySqlPosition at_file(std::string file, uint64_t offset);
  [[nodiscard]] std::string text() const;

  // Whether everything `other` includes is included here. Different forms compare by place if both know theirs; false
  // if they can't be compared.
  [[nodiscard]] bool contains(const MySqlPosition& other) const;
  bool operator==(const MySqlPosition&) const = default;
};

// What the stream notes of one transaction.
struct PositionEntry {
  uint64_t sequence = 0;  // MariaDB sequence or MySQL number; 0: no GTID (anonymous, or a mere move of the place)
  uint64_t offset = 0;    // end of the transaction in its file
  uint32_t source = 0;    // MariaDB domain, or index into sources()
  uint32_t server = 0;    // MariaDB server id
  uint32_t file = 0;      // index into files()
  bool open = false;      // a fragment that is not the last: known, but not yet part of any position
};

static_assert(sizeof(PositionEntry) <= 40);

class MySqlPositionLog final : public PositionLog {
 public:
  using Sources = std::shared_ptr<const std::vector<SourceId>>;
  using Files = std::shared_ptr<const std::vector<std::string>>;

  MySqlPositionLog(Flavor flavor, MySqlPosition base, Sources sources, Files files, std::vector<PositionEntry> entries)
      : flavor_(flavor),
        base_(std::move(base)),
        sources_(std::move(sources)),
        files_(std::move(files)),
        entries_(std::move(entries)) {}

  // O(index): the base state with the entries up to `index` folded in.
  [[nodiscard]] std::string text(uint32_t index) const override { return position(index).text(); }

  [[nodiscard]] MySqlPosition position(uint32_t index) const;

  // Format: docs/formats/positions.md.
  [[nodiscard]] bool save(uint32_t first, uint32_t count, std::string& out) const override;
  // What save() wrote, after the position whose text is `before`.
  [[nodiscard]] static Result<std::shared_ptr<const MySqlPositionLog>> load(std::string_view before,
                                                                            std::string_view saved);

  [[nodiscard]] size_t size() const { return entries_.size(); }

  [[nodiscard]] const PositionEntry& entry(uint32_t index) const { return entries_[index]; }

  // "0-1-7" or "uuid:7"; empty if the transaction has no GTID.
  [[nodiscard]] std::string gtid_text(uint32_t index) const;
  // REQUIRES: entry(index).sequence != 0; gtid() for kMariaDb, source() for kMySql.
  [[nodiscard]] Gtid gtid(uint32_t index) const;

  [[nodiscard]] const SourceId& source(uint32_t index) const { return (*sources_)[entries_[index].source]; }

  // The place behind the transaction (of an open fragment: the place read so far).
  [[nodiscard]] FilePlace place(uint32_t index) const;

  [[nodiscard]] const MySqlPosition& base() const { return base_; }

  [[nodiscard]] Flavor flavor() const { return flavor_; }

 private:
  Flavor flavor_;
  MySqlPosition base_;
  Sources sources_;
  Files files_;
  std::vector<PositionEntry> entries_;
};

// Whether `position` includes transaction `index` of `log`: by GTID where both have one, else by place.
[[nodiscard]] bool position_includes(const MySqlPosition& position, const MySqlPositionLog& log, uint32_t index);
// The same for a position's text, in the log's flavor; a text that can't be read includes nothing.
[[nodiscard]] bool position_includes(std::string_view text, const MySqlPositionLog& log, uint32_t index);

}  // namespace weft::mysql_binlog
