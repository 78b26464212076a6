// SPDX-License-Identifier: Apache-2.0
#include "verify/scan.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/queue.h"

namespace weft::verify {
namespace {

constexpr size_t kRangesAhead = 4;  // how far the source may be read ahead of the target
constexpr Duration kWait = std::chrono::milliseconds(100);
constexpr size_t kSamplePieces = 1000;
constexpr uint64_t kSampleRangeRows = 1000;

// The source's part: cuts what it reads into ranges and hands each on with its sum.
class Cutter {
 public:
  Cutter(const TablePair& pair, SideReader& reader, const ScanOptions& options, Clock& clock, std::stop_token stop)
      : pair_(pair), reader_(reader), options_(options), clock_(clock), stop_(std::move(stop)) {
    if (!options_.sample.all()) options_.range_rows = kSampleRangeRows;
  }

  // Ranges come out of next() until it gives none; then status() and upto() tell how it ended.
  void run(const std::optional<OwnedRow>& after) {
    Status done = cut(after);
    ranges_.change([&](State& s) {
      s.ended = true;
      s.status = std::move(done);
    });
  }

  std::optional<RangePair> next() {
    for (;;) {
      ranges_.wait_for(kWait, stop_, [](const State& s) { return s.ended || !s.ready.empty(); });
      bool ended = false;
      auto range = ranges_.change([&](State& s) -> std::optional<RangePair> {
        ended = s.ended;
        if (s.ready.empty()) return std::nullopt;
        RangePair first = std::move(s.ready.front());
        s.ready.erase(s.ready.begin());
        return first;
      });
      if (range || ended || stop_.stop_requested()) return range;
    }
  }

  [[nodiscard]] Status status() const {
    return ranges_.with([](const State& s) { return s.status; });
  }

  [[nodiscard]] const std::optional<OwnedRow>& upto() const { return upto_; }

 private:
  struct State {
    std::vector<RangePair> ready;
    bool ended = false;
    Status status;
  };

  Status cut(const std::optional<OwnedRow>& after) {
    TRY_ASSIGN(const std::vector<KeyRange> pieces, choose_pieces(after));
    const SteadyTime end = clock_.now() + options_.segment;
    for (const KeyRange& piece : pieces) {
      TRY(cut_piece(piece, end));
      if (upto_) return ok();
    }
    return ok();
  }

  // Without a sample one piece: all that is left.
  Result<std::vector<KeyRange>> choose_pieces(const std::optional<OwnedRow>& after) {
    std::vector<KeyRange> pieces;
    std::vector<OwnedRow> cuts;
    if (!options_.sample.all()) {
      TRY_ASSIGN(cuts, reader_.split(pair_.schema[0], kSamplePieces));
    }
    if (cuts.empty()) {
      pieces.push_back({after, std::nullopt});
      return pieces;
    }
    by_piece_ = true;
    std::optional<OwnedRow> from;
    for (size_t i = 0; i <= cuts.size(); ++i) {
      std::optional<OwnedRow> upto = i < cuts.size() ? std::optional(cuts[i]) : std::nullopt;
      const bool behind = !after || !upto || compare_keys(after->row(), upto->row()) < 0;
      if (behind && options_.sample.takes(i)) {
        const bool inside = after && (!from || compare_keys(from->row(), after->row()) < 0);
        pieces.push_back({inside ? after : from, upto});
      }
      from = std::move(upto);
    }
    return pieces;
  }

  Status cut_piece(const KeyRange& piece, SteadyTime end) {
    RowDigester digest(pair_, Side::kSource);
    Sum sum;
    size_t bytes = 0;
    KeyRange open = piece;
    const auto on_row = [&](Row row) {
      sum.add(digest(row).row);
      bytes += digest.bytes();
      if (sum.rows < options_.range_rows && bytes < options_.range_bytes) return true;
      OwnedRow key = pair_.own_key(Side::kSource, row);
      const bool enough = clock_.now() >= end;
      if (!hand_on({open.after, key}, std::exchange(sum, {}))) return false;
      bytes = 0;
      if (enough) upto_ = key;
      open.after = std::move(key);
      return !enough;
    };
    TRY(reader_.scan(pair_.schema[0], piece, on_row, [] {}));
    if (stop_.stop_requested()) return stopped();
    if (upto_) return ok();
    if (!hand_on({open.after, piece.upto}, sum)) return stopped();
    return ok();
  }

  // False: stopped.
  bool hand_on(KeyRange range, const Sum& sum) {
    if (!by_piece_ && !options_.sample.takes(number_++)) return true;
    RangePair pair;
    pair.sum[0] = sum;
    const auto there = [&](const std::optional<OwnedRow>& key) {
      return key ? std::optional(pair_.key_for(Side::kTarget, *key)) : std::nullopt;
    };
    pair.range[1] = {there(range.after), there(range.upto)};
    pair.range[0] = std::move(range);
    while (!ranges_.wait_for(kWait, stop_, [](const State& s) { return s.ready.size() < kRangesAhead; })) {
      if (stop_.stop_requested()) return false;
    }
    ranges_.change([&](State& s) { s.ready.push_back(std::move(pair)); });
    return true;
  }

  const TablePair& pair_;
  SideReader& reader_;
  ScanOptions options_;
  Clock& clock_;
  std::stop_token stop_;
  Guarded<State> ranges_;
  std::optional<OwnedRow> upto_;
  bool by_piece_ = false;  // the pieces were chosen, so all of their ranges count
  uint64_t number_ = 0;
};

// Rows of one side by bucket.
Status fill_buckets(const TablePair& pair, Side side, SideReader& reader, const Sample& sample, Buckets& buckets) {
  std::vector<Sum>& sums = buckets.sums[static_cast<size_t>(side)];
  RowDigester digest(pair, side);
  const auto on_row = [&](Row row) {
    const RowDigests digests = digest(row);
    if (sample.takes(digests.key.high)) sums[buckets.of(digests.key)].add(digests.row);
    return true;
  };
  return reader.scan(
      pair.schema[static_cast<size_t>(side)], {}, on_row, [&] { std::fill(sums.begin(), sums.end(), Sum()); });
}

}  // namespace

bool Sample::takes(uint64_t hash) const {
  if (all()) return true;
  uint64_t x = hash ^ (salt * 0x9e3779b97f4a7c15ULL);
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  return static_cast<double>(x >> 11) < percent / 100 * 9007199254740992.0;  // 2^53
}

Sum Buckets::total(Side side) const {
  Sum total;
  for (const Sum& sum : sums[static_cast<size_t>(side)]) total.add(sum);
  return total;
}

Result<Stretch> scan_ranges(const TablePair& pair,
                            const Readers& readers,
                            const std::optional<OwnedRow>& after,
                            const ScanOptions& options,
                            Clock& clock,
                            const std::stop_token& stop) {
  std::stop_source either;
  const std::stop_callback stop_both(stop, [&] { either.request_stop(); });
  Cutter cutter(pair, readers.of(Side::kSource), options, clock, either.get_token());
  std::jthread source([&] { cutter.run(after); });
  Stretch stretch;
  RowDigester digest(pair, Side::kTarget);
  Status target;
  while (auto range = cutter.next()) {
    Sum& sum = range->sum[1];
    target = readers.of(Side::kTarget)
                 .scan(
                     pair.schema[1],
                     range->range[1],
                     [&](Row row) {
                       sum.add(digest(row).row);
                       return true;
                     },
                     [&] { sum = {}; });
    if (!target) break;
    stretch.sum[0].add(range->sum[0]);
    stretch.sum[1].add(range->sum[1]);
    if (range->sum[0] != range->sum[1]) stretch.differing.push_back(*std::move(range));
  }
  if (!target) either.request_stop();
  source.join();
  TRY(target);
  TRY(cutter.status());
  if (stop.stop_requested()) return stopped();
  stretch.upto = cutter.upto();
  return stretch;
}

Result<Buckets> scan_buckets(const TablePair& pair, const Readers& readers, size_t buckets, const Sample& sample) {
  Buckets out;
  for (auto& sums : out.sums) sums.resize(std::max<size_t>(buckets, 1));
  Status of_source;
  {
    std::jthread source([&] { of_source = fill_buckets(pair, Side::kSource, readers.of(Side::kSource), sample, out); });
    const Status of_target = fill_buckets(pair, Side::kTarget, readers.of(Side::kTarget), sample, out);
    source.join();
    TRY(of_target);
  }
  TRY(of_source);
  return out;
}

}  // namespace weft::verify
