// SPDX-License-Identifier: Apache-2.0
// Verifier: compares the tables of a source with those of a target, beside a running pipeline or without one. Takes no lock,
// writes nothing at either side.
//
//   Verifier verifier({source, target, make_target_reader}, options, real_clock(), stop);
//   TRY(verifier.open());                                    // what is wrong is found here, before anything is compared
//   TRY_ASSIGN(const Report report, verifier.run());
//   TRY_ASSIGN(const Report again, verifier.run({"shop.orders"}));
//   TRY(verifier.watch_on(pace, [](const TableReport& t, const Difference& d) { ... }));    // until stop
//
// One thread; it starts another while both sides are read. What `ends` points to is the caller's and outlives it.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "verify/compare.h"
#include "verify/saved.h"

namespace weft::verify {

// The source as a reader, the target as who knows its tables and progress, and the target as a reader of these tables.
struct VerifyEnds {
  Source* source = nullptr;
  Target* target = nullptr;
  std::function<Result<std::unique_ptr<Source>>(const std::vector<std::string>& tables)> read_target;
};

struct VerifyOptions {
  std::string pipeline;  // empty: the source's identity
  CompareOptions compare;
  Pacing pacing;
  // Progress of an interrupted comparison; empty functions: none is kept.
  std::function<std::string()> load;
  std::function<void(const std::string& text)> save;
  int64_t saved_for_us = int64_t{24} * 3600 * 1000000;  // what is older is not gone on with
  std::function<void(const std::string& line)> say;     // one line as things happen
  std::function<bool(const std::string& pipeline)> known_to_run;
};

class Verifier {
 public:
  Verifier(VerifyEnds ends, VerifyOptions options, Clock& clock, std::stop_token stop);
  ~Verifier();

  // Connects, and matches the tables. kConfig errors name what does not fit and the next step.
  [[nodiscard]] Status open();
  // Compares all tables, or these (source names). Goes on where an interrupted one stood.
  [[nodiscard]] Result<Report> run(const std::vector<std::string>& only = {});

  // Compares again and again, a `percent` of the rows each time, and tells each difference once. Ends by `stop`.
  using OnFound = std::function<void(const TableReport& table, const Difference& difference)>;
  [[nodiscard]] Status watch_on(double percent, const OnFound& on_found);

  [[nodiscard]] const std::string& pipeline() const { return options_.pipeline; }

  [[nodiscard]] Watch& watch() { return *watch_; }

 private:
  [[nodiscard]] Status match_tables();
  [[nodiscard]] Result<TableReport> compare(const TablePair& pair, const SavedTable* from, Saved& saved);
  [[nodiscard]] Status compare_rows(
      const TablePair& pair, std::optional<OwnedRow> after, bool moves, Saved& saved, TableReport& table);
  [[nodiscard]] Status compare_as(
      const TablePair& pair, std::optional<OwnedRow> after, bool moves, Saved& saved, TableReport& table);
  [[nodiscard]] Status get_over(const Error& error);
  [[nodiscard]] Report begin_report();
  [[nodiscard]] std::string fingerprint() const;
  [[nodiscard]] Saved load() const;
  void save(const Saved& saved) const;
  void say(const std::string& line) const;

  VerifyEnds ends_;
  VerifyOptions options_;
  Clock& clock_;
  std::stop_token stop_;
  std::unique_ptr<Source> target_reader_;
  std::unique_ptr<SideReader> readers_[2];
  std::unique_ptr<Watch> watch_;
  std::vector<TablePair> pairs_;
  OnFound on_found_;
};

}  // namespace weft::verify
