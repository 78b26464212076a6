// SPDX-License-Identifier: Apache-2.0
// The cases of weft_bench. Each prepares its data once, interleaves weft and the native tool run by run, and reports
// medians. A failure is a std::runtime_error.
#pragma once

#include <cstdint>
#include <filesystem>

namespace weft::bench {

struct Settings {
  int runs = 5;
  uint64_t rows = 1'000'000;   // transactions or rows of the large cases; WEFT_BENCH_ROWS
  std::filesystem::path weft;  // the binary under test
  std::filesystem::path self;  // this program, for readers in a process of their own
};

void decode_case(const Settings& settings);
void apply_case(const Settings& settings);
void old_snapshot_case(const Settings& settings);
void snapshot_case(const Settings& settings);
void latency_case(const Settings& settings);
void memory_case(const Settings& settings);
void start_case(const Settings& settings);
void verify_case(const Settings& settings);
void decode_postgres_case(const Settings& settings);
void apply_postgres_case(const Settings& settings);
void snapshot_postgres_case(const Settings& settings);

// `weft_bench reader KIND URL POSITION FILE`: one reader in this process, for the decode cases. Prints what it counted.
int reader_main(int argc, char** argv);

}  // namespace weft::bench
