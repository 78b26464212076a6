// SPDX-License-Identifier: Apache-2.0
// Report: what a comparison found, as values, as text for people and as JSON for programs (docs/verify.md). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::verify {

enum class What : uint8_t { kMissing = 0, kExtra = 1, kDifferent = 2 };

[[nodiscard]] std::string_view to_string(What what);

struct Cell {
  std::string column;
  std::string source;  // as JSON values
  std::string target;
};

// One row that differs. `times`: without a key, how many more of it one side has.
struct Difference {
  What what = What::kDifferent;
  std::string key;  // as a JSON object; without a key the whole row
  uint64_t times = 1;
  std::vector<Cell> cells;  // kDifferent: the columns that differ
};

struct TableReport {
  std::string table;   // at the source
  std::string target;  // at the target
  std::string state;   // what the pipeline says of it, if it is not simply followed: "paused: by hand"
  uint64_t source_rows = 0;
  uint64_t target_rows = 0;
  uint64_t missing = 0;       // rows that the target lacks
  uint64_t extra = 0;         // rows that only the target has
  uint64_t different = 0;     // rows with the same key and other values
  uint64_t in_flight = 0;     // rows that differed and could not be told from such as are on their way
  bool at_least = false;      // more may differ: counting stopped
  double sampled = 100;       // percent of the rows that were compared
  bool not_compared = false;  // it was still being copied when the time was over
  bool earlier = false;       // compared by an earlier run of this command, which was interrupted
  std::vector<std::string> left_out;
  std::vector<Difference> differences;  // the first ones

  [[nodiscard]] uint64_t count() const { return missing + extra + different; }
};

struct Report {
  std::string pipeline;
  bool known = false;           // the pipeline has run
  bool runs = false;            // it runs
  std::string source_position;  // of the source at the begin
  std::string target_position;  // of what the target has
  bool behind = false;          // the target stands elsewhere than the source
  std::string repaired;         // tables that were repaired, for words
  double seconds = 0;
  std::vector<TableReport> tables;

  [[nodiscard]] uint64_t differences() const;
  [[nodiscard]] uint64_t in_flight() const;
  [[nodiscard]] bool all_compared() const;
  [[nodiscard]] uint64_t rows() const;
};

// "missing at the target: shop.orders {"id": 7}"
[[nodiscard]] std::string line_of(const TableReport& table, const Difference& difference);
[[nodiscard]] std::string text_of(const TableReport& table);
[[nodiscard]] std::string text_of(const Report& report);
[[nodiscard]] std::string json_of(const Report& report);
[[nodiscard]] std::string json_of(const TableReport& table);

}  // namespace weft::verify
