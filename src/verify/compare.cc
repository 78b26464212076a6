// SPDX-License-Identifier: Apache-2.0
#include "verify/compare.h"

#include <algorithm>
#include <utility>

namespace weft::verify {
namespace {

constexpr size_t kBucketsMin = 64;
constexpr size_t kBucketsMax = 1u << 16;

class Comparison {
 public:
  Comparison(const TablePair& pair,
             const Readers& readers,
             Settler& settler,
             const CompareOptions& options,
             const std::stop_token& stop,
             TableReport& report)
      : pair_(pair), readers_(readers), settler_(settler), options_(options), stop_(stop), report_(report) {}

  Status by_ranges(std::optional<OwnedRow> after, Clock& clock, const CompareEvents& events) {
    for (bool more = true; more;) {
      TRY_ASSIGN(Stretch stretch, scan_ranges(pair_, readers_, after, options_.scan, clock, stop_));
      count(stretch.sum[0], stretch.sum[1]);
      for (const RangePair& range : stretch.differing) TRY(look_into(range));
      TRY(flush());
      more = stretch.upto.has_value();
      if (more && events.on_progress) events.on_progress(*stretch.upto);
      after = std::move(stretch.upto);
    }
    return ok();
  }

  Status by_buckets() {
    TRY_ASSIGN(const uint64_t rows, readers_.of(Side::kSource).estimate(pair_.schema[0]));
    const size_t wanted = std::clamp<size_t>(rows / options_.bucket_rows, kBucketsMin, kBucketsMax);
    TRY_ASSIGN(const Buckets buckets, scan_buckets(pair_, readers_, wanted, options_.scan.sample));
    count(buckets.total(Side::kSource), buckets.total(Side::kTarget));
    std::vector<size_t> differing;
    for (size_t i = 0; i < buckets.count(); ++i) {
      if (buckets.sums[0][i] != buckets.sums[1][i]) differing.push_back(i);
    }
    for (size_t reads = 0; !differing.empty(); ++reads) {
      if (reads == options_.drills_max) {
        report_.at_least = true;
        break;
      }
      TRY(look_into(buckets, take_group(buckets, differing)));
    }
    return flush();
  }

 private:
  void count(const Sum& source, const Sum& target) {
    report_.source_rows += source.rows;
    report_.target_rows += target.rows;
  }

  // Buckets that fit into memory together.
  std::vector<bool> take_group(const Buckets& buckets, std::vector<size_t>& differing) const {
    std::vector<bool> group(buckets.count());
    uint64_t rows = 0;
    while (!differing.empty()) {
      const size_t next = differing.back();
      rows += buckets.sums[0][next].rows;
      if (rows > options_.drill.rows && rows > buckets.sums[0][next].rows) break;
      group[next] = true;
      differing.pop_back();
    }
    return group;
  }

  Status look_into(const Buckets& buckets, const std::vector<bool>& group) {
    const KeyRange all[2];
    const Sample& sample = options_.scan.sample;
    return collect(all, [&](const Digest& key) { return group[buckets.of(key)] && sample.takes(key.high); });
  }

  Status look_into(const RangePair& range) {
    return collect(range.range, [](const Digest&) { return true; });
  }

  Status collect(const KeyRange ranges[2], const std::function<bool(const Digest&)>& takes) {
    TRY_ASSIGN(Drilled found, drill(pair_, readers_, ranges, takes, options_.drill));
    report_.at_least = report_.at_least || found.cut_off;
    if (stop_.stop_requested()) return stopped();
    suspects_.merge(found.suspects);
    return suspects_.size() >= options_.drill.rows ? flush() : ok();
  }

  Status flush() {
    if (suspects_.empty()) return ok();
    return settler_.settle(std::exchange(suspects_, {}));
  }

  const TablePair& pair_;
  const Readers& readers_;
  Settler& settler_;
  const CompareOptions& options_;
  const std::stop_token& stop_;
  TableReport& report_;
  Suspects suspects_;
};

}  // namespace

Status compare_table(const TablePair& pair,
                     const Readers& readers,
                     Watch& watch,
                     bool moves,
                     const CompareOptions& options,
                     Clock& clock,
                     const std::stop_token& stop,
                     std::optional<OwnedRow> after,
                     TableReport& report,
                     const CompareEvents& events) {
  Settler settler(pair, readers, watch, moves, options.settle, clock, report, events.on_difference);
  Comparison comparison(pair, readers, settler, options, stop, report);
  return pair.ordered ? comparison.by_ranges(std::move(after), clock, events) : comparison.by_buckets();
}

}  // namespace weft::verify
