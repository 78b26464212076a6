// SPDX-License-Identifier: Apache-2.0
// PgPosition: where a stream of PostgreSQL stands: everything that committed at or before `lsn` on this timeline. As text
// "1:0/16B3748": timeline (decimal), LSN as the server prints it. PgPositionLog: the positions of a batch. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/position.h"

namespace weft::postgres {

// "0/16B3748", as pg_lsn is printed (src/include/access/xlogdefs.h, LSN_FORMAT_ARGS).
[[nodiscard]] std::string lsn_text(uint64_t lsn);
[[nodiscard]] Result<uint64_t> parse_lsn(std::string_view text);

struct PgPosition {
  uint32_t timeline = 0;
  uint64_t lsn = 0;

  [[nodiscard]] static Result<PgPosition> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
};

class PgPositionLog final : public PositionLog {
 public:
  struct Entry {
    uint64_t end = 0;  // behind the commit record
    uint32_t xid = 0;  // 0: no transaction, only a place
  };

  explicit PgPositionLog(uint32_t timeline) : timeline_(timeline) {}

  uint32_t add(Entry entry) {
    entries_.push_back(entry);
    return static_cast<uint32_t>(entries_.size() - 1);
  }

  [[nodiscard]] std::string text(uint32_t index) const override;
  [[nodiscard]] bool save(uint32_t first, uint32_t count, std::string& out) const override;
  [[nodiscard]] static Result<std::shared_ptr<const PositionLog>> load(std::string_view before,
                                                                       std::string_view saved,
                                                                       size_t count);

  [[nodiscard]] const Entry& entry(uint32_t index) const { return entries_[index]; }

  [[nodiscard]] uint32_t timeline() const { return timeline_; }

 private:
  uint32_t timeline_;
  std::vector<Entry> entries_;
};

// Of a Position out of the stream or of one that was stored.
[[nodiscard]] Result<PgPosition> position_of(const Position& position);

}  // namespace weft::postgres
