// SPDX-License-Identifier: Apache-2.0
// What happens to every recorded event when it is cut short, or one of its bits turns.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "codec/mysql_binlog/made_events.h"

namespace weft::mysql_binlog {
namespace {

StreamOptions options_of(const std::string& name) {
  StreamOptions options{.flavor = flavor_of(name)};
  const std::string file = options.flavor == Flavor::kMariaDb ? "mysql-bin.000001" : "binlog.000001";
  options.start = MySqlPosition::at_file(file, 4);
  return options;
}

void resize(std::string& event, size_t size) {
  event.resize(size);
  const auto told = static_cast<uint32_t>(size);
  if (size >= 13) std::memcpy(&event[9], &told, sizeof told);
}

class Robust : public testing::TestWithParam<const char*> {};

// Cuts event `at` at every byte; the events before it stand. Long ones are cut at every 23rd byte behind the first 400.
void cut_everywhere(const std::string& name,
                    RecordedCatalogue& catalogue,
                    const std::vector<std::string>& events,
                    size_t at) {
  for (size_t size = 0; size < events[at].size(); size += size < 400 ? 1 : 23) {
    Feeder feeder(options_of(name), catalogue);
    // Only what the event may depend on: the head of the log and the events of its transaction.
    const size_t from = at > 8 ? at - 8 : 1;
    std::vector<std::string> before = {events[0]};
    before.insert(
        before.end(), events.begin() + static_cast<ptrdiff_t>(from), events.begin() + static_cast<ptrdiff_t>(at));
    (void)feeder.feed_all(before);
    std::string cut = events[at];
    resize(cut, size);
    const bool accepted = feeder.feed(cut).has_value();
    const Batch batch = feeder.stream.take();
    Replica replica;
    replica.apply(batch);
    EXPECT_FALSE(accepted && size < kHeaderBytes);
  }
}

TEST_P(Robust, AnEventCutAtAnyByteIsRefusedOrHarmless) {
  const std::string name = GetParam();
  const std::vector<std::string> events = without_checksums(RecordedLog::open(name));
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  for (size_t at = 1; at < events.size(); ++at) cut_everywhere(name, catalogue, events, at);
}

TEST_P(Robust, ATurnedBitIsSeenByTheChecksum) {
  const std::string name = GetParam();
  const RecordedLog log = RecordedLog::open(name);
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  for (const std::string_view recorded : log.events) {
    const EventType type = read_header(recorded).type;
    if (type == EventType::kFormatDescription) continue;
    std::string event(recorded);
    const size_t step = event.size() > 2000 ? 97 : 1;
    for (size_t byte = 0; byte < event.size(); byte += step) {
      for (int bit = 0; bit < 8; ++bit) {
        event[byte] = static_cast<char>(event[byte] ^ (1 << bit));
        const bool same_size = read_header(event).size == event.size();
        ASSERT_FALSE(same_size && checksum_matches(event, type, read_header(event).flags)) << byte << "." << bit;
        event[byte] = static_cast<char>(event[byte] ^ (1 << bit));
      }
    }
  }
}

TEST_P(Robust, ATurnedBitAnywhereInTheStreamIsRefusedWithItsPlace) {
  const std::string name = GetParam();
  const RecordedLog log = RecordedLog::open(name);
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  for (size_t at = 1; at < log.events.size(); ++at) {
    if (read_header(log.events[at]).type == EventType::kFormatDescription) continue;
    Feeder feeder(options_of(name), catalogue);
    ASSERT_TRUE(feeder.feed(log.events[0]));
    std::string event(log.events[at]);
    event.back() = static_cast<char>(event.back() ^ 4);
    const Status refused = feeder.feed(event);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), kCorruptEvent);
    EXPECT_NE(refused.error().message().find(".000001:"), std::string::npos) << refused.error().message();
  }
}

TEST_P(Robust, ATurnedBitBehindTheChecksumIsRefusedOrHarmless) {
  const std::string name = GetParam();
  const std::vector<std::string> events = without_checksums(RecordedLog::open(name));
  RecordedCatalogue catalogue = RecordedCatalogue::open(name);
  Rng rng(1);
  for (int round = 0; round < 100; ++round) {
    Feeder feeder(options_of(name), catalogue);
    std::vector<std::string> changed = events;
    for (int flips = 0; flips < 3; ++flips) {
      std::string& event = changed[1 + rng.below(changed.size() - 1)];
      char& byte = event[kHeaderBytes + rng.below(std::max<size_t>(event.size() - kHeaderBytes, 1))];
      if (event.size() > kHeaderBytes) byte = static_cast<char>(byte ^ (1 << rng.below(8)));
    }
    (void)feeder.feed_all(changed);
    const Batch batch = feeder.stream.take();
    Replica replica;
    replica.apply(batch);
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded,
                         Robust,
                         testing::Values("maria_types_full",
                                         "maria_odd",
                                         "maria_compressed",
                                         "maria_alter",
                                         "mariadb_transactions",
                                         "mariadb_ddl",
                                         "mysql_types_full",
                                         "mysql_images",
                                         "mysql_transactions",
                                         "mysql_ddl",
                                         "mysql_payload",
                                         "mysql_json"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace weft::mysql_binlog
