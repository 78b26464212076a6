// SPDX-License-Identifier: Apache-2.0
// The only file that includes prometheus-cpp. Nothing is registered: families are made from a snapshot when asked for.
#include "control/metrics.h"

#include <charconv>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "control/health.h"
#include "io/file.h"

namespace weft {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Families in the order of their first value; every value bears the pipeline's name.
class Families {
 public:
  explicit Families(const std::string& pipeline) : pipeline_(pipeline) {}

  void counter(const char* name, const char* help, double value, Labels labels = {}) {
    add(MetricType::Counter, name, help, std::move(labels)).counter.value = value;
  }

  void gauge(const char* name, const char* help, double value, Labels labels = {}) {
    add(MetricType::Gauge, name, help, std::move(labels)).gauge.value = value;
  }

  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  ClientMetric& add(MetricType type, const char* name, const char* help, Labels labels) {
    MetricFamily* family = nullptr;
    for (MetricFamily& known : families_) {
      if (known.name == name) family = &known;
    }
    if (family == nullptr) {
      families_.push_back({name, help, type, {}});
      family = &families_.back();
    }
    ClientMetric& metric = family->metric.emplace_back();
    metric.label.push_back({"pipeline", pipeline_});
    for (ClientMetric::Label& label : labels) metric.label.push_back(std::move(label));
    return metric;
  }

  std::string pipeline_;
  std::vector<MetricFamily> families_;
};

double number(uint64_t value) {
  return static_cast<double>(value);
}

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

void add_pipeline(Families& out, const PipelineStatus& status) {
  for (int i = 0; i <= static_cast<int>(PipelineState::kFinished); ++i) {
    const auto state = static_cast<PipelineState>(i);
    out.gauge("weft_state",
              "1 for the state that the pipeline is in",
              state == status.state ? 1 : 0,
              {{"state", std::string(to_string(state))}});
  }
  out.gauge("weft_consistent",
            "1 when every read of the target sees the source at one position",
            status.consistent_since_us != 0 ? 1 : 0);
  out.gauge(
      "weft_lag_seconds", "how far the target is behind the source, 0 when it has everything", status.lag_seconds);
  out.gauge("weft_backlog_bytes", "source log that was not read yet", number(status.backlog_bytes));
  out.gauge("weft_sequence", "journal sequence of the last applied transaction", number(status.sequence));
  out.counter("weft_transactions_total", "source transactions applied", number(status.transactions));
  out.counter("weft_target_transactions_total", "target transactions committed", number(status.groups));
  out.counter("weft_retries_total", "transient troubles of either side", number(status.retries));
  out.counter("weft_missed_rows_total", "changes that hit no row at the target", number(status.missed_rows));
  out.counter("weft_key_action_rows_total",
              "rows that foreign-key actions changed below the source's log, changed at the target",
              number(status.key_action_rows));
  out.gauge("weft_memory_budget_bytes", "what queues and buffers may hold", number(status.memory_budget));
  out.gauge("weft_memory_used_bytes", "what queues and buffers hold", number(status.memory_used));
  out.gauge("weft_journal_bytes", "the journal on disk, 0 without one", number(status.journal.bytes));
  out.gauge("weft_journal_segments", "its files", number(status.journal.segments));
  out.gauge(
      "weft_journal_unread_bytes", "of it, what was not yet read for the target", number(status.journal.unread_bytes));
  out.gauge("weft_journal_durable_sequence",
            "the last transaction that is synced there",
            number(status.journal.durable_sequence));
}

void add_tables(Families& out, const PipelineStatus& status) {
  for (const auto& [name, table] : status.tables) {
    for (int i = 0; i <= static_cast<int>(TableState::kFailed); ++i) {
      const auto state = static_cast<TableState>(i);
      out.gauge("weft_table_state",
                "1 for the state that the table is in",
                state == table.state ? 1 : 0,
                {{"table", name}, {"state", std::string(to_string(state))}});
    }
    out.gauge("weft_table_snapshot_rows", "rows copied so far", number(table.rows_done), {{"table", name}});
    out.gauge("weft_table_snapshot_rows_estimated",
              "rows to copy, by the source's statistics",
              number(table.rows_estimated),
              {{"table", name}});
    for (const auto& [op, count] : {std::pair<const char*, uint64_t>{"insert", table.inserts},
                                    {"update", table.updates},
                                    {"delete", table.deletes}}) {
      out.counter("weft_table_changes_total", "changes applied", number(count), {{"table", name}, {"op", op}});
    }
    out.gauge("weft_table_dead_letters",
              "changes that wait because the target could not take them",
              number(table.dead_letters),
              {{"table", name}});
  }
}

void add_stages(Families& out, const PipelineStatus& status, SteadyTime now) {
  for (const auto& [name, stage] : status.stages) {
    const Duration still = stage.moved == SteadyTime{} ? Duration(0) : now - stage.moved;
    out.gauge(
        "weft_stage_idle_seconds", "since the stage moved or found nothing to do", seconds(still), {{"stage", name}});
  }
  out.gauge("weft_healthy", "1 when /healthz answers 200", health_of(status, now).healthy ? 1 : 0);
}

}  // namespace

ProcessUse process_use() {
  ProcessUse use;
  const Result<std::string> statm = read_file("/proc/self/statm");  // pages: total resident ...
  if (statm) {
    uint64_t pages = 0;
    const size_t space = statm->find(' ');
    if (space != std::string::npos) std::from_chars(statm->data() + space + 1, statm->data() + statm->size(), pages);
    use.resident_bytes = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto add = [&](const timeval& t) {
      use.cpu_seconds += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    add(usage.ru_utime);
    add(usage.ru_stime);
  }
  return use;
}

std::string metrics_text(const PipelineStatus& status,
                         SteadyTime now,
                         const ProcessUse& use,
                         const std::string& version) {
  Families out(status.name);
  add_pipeline(out, status);
  add_tables(out, status);
  add_stages(out, status, now);
  out.gauge("weft_resident_bytes", "memory of the process", number(use.resident_bytes));
  out.counter("weft_cpu_seconds_total", "processor time of the process", use.cpu_seconds);
  out.gauge("weft_build_info", "1; what this binary is", 1, {{"version", version}});
  return out.text();
}

}  // namespace weft
