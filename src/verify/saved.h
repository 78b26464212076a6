// SPDX-License-Identifier: Apache-2.0
// Saved: how far a comparison has come, so that one that was interrupted goes on. Format: docs/formats/verify_state.md. What is
// of another version, of other tables or damaged is not read: the comparison begins anew. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "verify/report.h"

namespace weft::verify {

struct SavedTable {
  TableReport report;
  bool done = false;
  std::string after;  // !done: the key (encode_key) up to which it was compared
};

struct Saved {
  std::string of;          // what was compared: pipeline, tables and their shapes, sample
  int64_t started_us = 0;  // wall clock
  std::vector<SavedTable> tables;

  [[nodiscard]] const SavedTable* find(const std::string& table) const;
};

[[nodiscard]] std::string encode(const Saved& saved);
[[nodiscard]] std::optional<Saved> decode_saved(std::string_view text);

}  // namespace weft::verify
