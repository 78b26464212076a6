// SPDX-License-Identifier: Apache-2.0
// Capture: moves batches from the source into the journal. One thread steps it. While the journal is full it waits; the
// source keeps its connection alive by itself.
#pragma once

#include <functional>
#include <optional>

#include "apply/lane.h"
#include "journal/journal.h"
#include "pipeline/status.h"
#include "source/source.h"

namespace weft {

class Capture {
 public:
  Capture(
      Source& source, Journal& journal, Bell& bell, StatusBoard& board, std::function<void(std::string_view)> at_point)
      : source_(source), journal_(journal), bell_(bell), board_(board), at_point_(std::move(at_point)) {}

  // True if a batch moved; false if nothing came, or found room, within `wait`.
  [[nodiscard]] Result<bool> step(Duration wait, const std::stop_token& stop);

 private:
  Source& source_;
  Journal& journal_;
  Bell& bell_;
  StatusBoard& board_;
  std::function<void(std::string_view)> at_point_;
  std::optional<Batch> pending_;
};

}  // namespace weft
