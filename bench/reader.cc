// SPDX-License-Identifier: Apache-2.0
// Readers of a source's log, each to be run in a process of its own so that its CPU and memory are its own:
//   weft_bench reader head URL                      prints the position of everything committed now
//   weft_bench reader weft URL POSITION [END]       weft's source: connect, open, next until END (the head)
//   weft_bench reader receive URL FILE              the same bytes of a MariaDB binary log, received and dropped
// The last two print "transactions changes seconds cpu_seconds peak_kib".
#include <cstdio>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <variant>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/result.h"
#include "cases.h"
#include "cmd/adapters.h"
#include "control/config.h"
#include "engine/mysql/connection.h"
#include "measure.h"

namespace weft::bench {

namespace {

using namespace std::chrono_literals;

constexpr uint8_t kComBinlogDump = 0x12;
constexpr uint8_t kGtidEvent = 162;
constexpr uint8_t kRowEventFirst = 23;  // WRITE_ROWS_V1, UPDATE_ROWS_V1, DELETE_ROWS_V1
constexpr uint8_t kRowEventLast = 25;

struct Counts {
  uint64_t transactions = 0;
  uint64_t changes = 0;
};

double own_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// The pipeline's name is that of PostgreSQL's slot.
Result<std::unique_ptr<Source>> source_of(const std::string& url) {
  ConfigInput input;
  input.flags = {{.flag = "--from", .path = "from.url", .values = {url}},
                 {.flag = "--to", .path = "to.url", .values = {"postgresql://127.0.0.1/none"}},
                 {.flag = "--name", .path = "name", .values = {"bench"}}};
  TRY_ASSIGN(const PipelineConfig config, load_config(input, process_environment()));
  return make_source(config, {});
}

Status print_head(const std::string& url) {
  TRY_ASSIGN(const auto source, source_of(url));
  TRY(source->connect());
  TRY_ASSIGN(const Position head, source->head());
  fmt::print("{}\n", head.text());
  return {};
}

Result<Counts> read_as_weft(const std::string& url, const std::string& position, const std::string& end) {
  TRY_ASSIGN(const auto source, source_of(url));
  TRY(source->connect());
  TRY_ASSIGN(const auto tables, source->tables());
  source->use_schemas(tables);
  TRY_ASSIGN(Position head, source->head());
  if (!end.empty()) head = Position(end);
  TRY(source->open(Position(position)));
  Counts counts;
  while (true) {
    TRY_ASSIGN(const auto batch, source->next(10s, {}));
    if (!batch) return Error(Blame::kTransient, "nothing came for ten seconds");
    for (const Transaction& tx : batch->transactions()) {
      counts.transactions += tx.last && !tx.empty();
      for (const Change& change : tx.changes) counts.changes += std::holds_alternative<RowChange>(change);
    }
    if (batch->empty()) continue;
    if (source->includes(batch->position(batch->transactions().back()), head)) return counts;
  }
}

Result<Counts> receive_only(const std::string& url, const std::string& file) {
  TRY_ASSIGN(const auto options, mysql::parse_url(url));
  TRY_ASSIGN(auto session, mysql::Connection::open(options, options.hosts[0], {}));
  TRY(session.execute("SET @mariadb_slave_capability = 4"));
  TRY(session.execute("SET @master_binlog_checksum = 'NONE'"));
  std::string payload = {4, 0, 0, 0, 1, 0};  // position 4; flag 1: end at the end of the log
  const uint32_t id = 900'000'000;
  for (int shift = 0; shift < 32; shift += 8) payload += static_cast<char>((id >> shift) & 0xff);
  TRY(session.send_command(kComBinlogDump, payload + file));
  mysql::PacketReader packets(session.feed(), {});
  Counts counts;
  while (true) {
    TRY_ASSIGN(const auto packet, packets.next(10s, {}));
    if (!packet) return Error(Blame::kTransient, "nothing came for ten seconds");
    const auto first = static_cast<uint8_t>((*packet)[0]);
    if (first == 0xff) return Error(Blame::kConfig, "the server refused the dump: " + std::string(packet->substr(3)));
    if (first == 0xfe && packet->size() < 9) return counts;
    if (packet->size() < 6) continue;
    const auto type = static_cast<uint8_t>((*packet)[5]);
    counts.transactions += type == kGtidEvent;
    counts.changes += type >= kRowEventFirst && type <= kRowEventLast;
  }
}

Status read(const std::string& kind, const std::string& url, const std::string& from, const std::string& end) {
  Clock& clock = real_clock();
  const double cpu = own_cpu();
  const SteadyTime began = clock.now();
  TRY_ASSIGN(const Counts counts, kind == "weft" ? read_as_weft(url, from, end) : receive_only(url, from));
  const double seconds = static_cast<double>((clock.now() - began).count()) / 1e9;
  fmt::print("{} {} {:.6f} {:.6f} {}\n",
             counts.transactions,
             counts.changes,
             seconds,
             own_cpu() - cpu,
             memory_kib_of(::getpid(), "VmHWM"));
  return {};
}

}  // namespace

int reader_main(int argc, char** argv) {
  keep_freed_memory();
  const std::string kind = argc > 0 ? argv[0] : "";
  const bool known =
      (kind == "head" && argc == 2) || (kind == "weft" && (argc == 3 || argc == 4)) || (kind == "receive" && argc == 3);
  if (!known) return 2;
  const Status status = kind == "head" ? print_head(argv[1]) : read(kind, argv[1], argv[2], argc > 3 ? argv[3] : "");
  if (status) return 0;
  fmt::print(stderr, "{}\n", status.error().message());
  return 1;
}

}  // namespace weft::bench
