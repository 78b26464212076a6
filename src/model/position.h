// SPDX-License-Identifier: Apache-2.0
// Position: a source's opaque resume token (GTID set, file and offset, LSN ...), printable; only its source can say what
// it includes. Sequence: our own dense total order of transactions in a journal.
//
// A Position out of the stream stays binary until printed: it is an index into the PositionLog that its batch shares.
// Values; any thread may print one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/strong.h"

namespace weft {

using Sequence = Strong<struct SequenceTag, uint64_t>;

// The positions of one batch's transactions, in the adapter's binary form. Immutable once its batch is handed on.
class PositionLog {
 public:
  virtual ~PositionLog() = default;
  // The position after transaction `index` and everything before it.
  [[nodiscard]] virtual std::string text(uint32_t index) const = 0;

  // Appends what a journal keeps of `count` entries from `first` on; Source::load_positions makes a log of it again, given
  // the text of the position before them. False: this log can't be kept.
  [[nodiscard]] virtual bool save(uint32_t /*first*/, uint32_t /*count*/, std::string& /*out*/) const { return false; }
};

class Position {
 public:
  Position() = default;

  explicit Position(std::string text) : text_(std::move(text)) {}

  Position(std::shared_ptr<const PositionLog> log, uint32_t index) : log_(std::move(log)), index_(index) {}

  [[nodiscard]] std::string text() const { return log_ ? log_->text(index_) : text_; }

  [[nodiscard]] bool empty() const { return !log_ && text_.empty(); }

  [[nodiscard]] const PositionLog* log() const { return log_.get(); }

  [[nodiscard]] uint32_t index() const { return index_; }

 private:
  std::shared_ptr<const PositionLog> log_;
  uint32_t index_ = 0;
  std::string text_;
};

}  // namespace weft
