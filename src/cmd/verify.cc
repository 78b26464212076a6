// SPDX-License-Identifier: Apache-2.0
// weft verify: compares both sides, beside a running pipeline or without one; with --repair differences go through the pipeline.
#include "verify/verify.h"

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "control/plan.h"
#include "control/running.h"
#include "io/file.h"
#include "io/signals.h"

namespace weft {
namespace {

using verify::Report;
using verify::TableReport;
using verify::Verifier;

constexpr Duration kStartLimit = std::chrono::seconds(10);  // how long servers are waited for
constexpr Duration kStartPause = std::chrono::milliseconds(250);
constexpr Duration kRepairPoll = std::chrono::milliseconds(200);
constexpr double kContinuousPercent = 1;
constexpr double kContinuousShare = 0.1;  // of the time in which rows are read

struct Wanted {
  PipelineConfig config;
  bool repair = false;
  bool continuous = false;
  bool json = false;
  bool fresh = false;
  std::optional<double> percent;
  Duration wait = std::chrono::seconds(60);
};

// Where an interrupted comparison is kept. Nothing is, while another process compares the same.
class StateFile {
 public:
  void open(const PipelineConfig& config, bool fresh) {
    const std::string directory = cat(state_directory(config.state, process_environment()), "/verify");
    const uint32_t of = crc32c(cat(config.name, "\n", config.from.url.shown, "\n", config.to.url.shown));
    const std::string path = cat(directory, "/", of, ".txt");
    if (const Status made = make_private_directory(directory); !made) return tell(made.error());
    Result<LockFile> lock = LockFile::create(path + ".lock");
    if (!lock) return tell(lock.error());
    lock_ = std::move(lock).value();
    path_ = path;
    if (fresh) remove();
  }

  [[nodiscard]] bool kept() const { return !path_.empty(); }

  [[nodiscard]] std::string load() const {
    const Result<std::string> text = read_file(path_);
    return text ? *text : std::string();
  }

  void save(const std::string& text) {
    if (const Status saved = write_file(path_, text); !saved) log_warning(saved.error().message());
  }

  void remove() { (void)std::remove(path_.c_str()); }

 private:
  static void tell(const Error& error) {
    log_warning(cat("should this be interrupted it will not go on where it stood: ", error.message()));
  }

  std::string path_;
  std::optional<LockFile> lock_;
};

// The pipeline, run by this process because no other does.
class OwnPipeline {
 public:
  OwnPipeline(PipelineOptions options, Ends ends)
      : source_(std::move(ends.source)),
        target_(std::move(ends.target)),
        board_(real_clock()),
        pipeline_(std::move(options), *source_, *target_, real_clock(), board_) {
    pipeline_.start();
    waiter_ = std::jthread([this] {
      Outcome outcome = pipeline_.wait();
      ended_.change([&](std::optional<Status>& ended) { ended = std::move(outcome.status); });
    });
  }

  ~OwnPipeline() { pipeline_.request_stop(); }

  [[nodiscard]] bool ended() const {
    return ended_.with([](const std::optional<Status>& ended) { return ended.has_value(); });
  }

  // Drains and ends it; how it ended.
  [[nodiscard]] Status stop() {
    pipeline_.request_stop();
    if (waiter_.joinable()) waiter_.join();
    return ended_.with([](const std::optional<Status>& ended) { return ended.value_or(ok()); });
  }

 private:
  std::unique_ptr<Source> source_;
  std::unique_ptr<Target> target_;
  StatusBoard board_;
  Pipeline pipeline_;
  Guarded<std::optional<Status>> ended_;
  std::jthread waiter_;
};

class Verify {
 public:
  Verify(Wanted wanted, std::unique_ptr<Source> source, std::unique_ptr<Target> target, std::stop_source& stop)
      : wanted_(std::move(wanted)), source_(std::move(source)), target_(std::move(target)), stop_(stop) {}

  int execute() {
    configure_log({.level = LogLevel::kWarning});
    StopSignals signals([this](int) { stop_.request_stop(); });
    if (!wanted_.continuous) state_.open(wanted_.config, wanted_.fresh);
    Verifier verifier(
        {source_.get(),
         target_.get(),
         [this](const auto& tables) { return make_target_reader(wanted_.config, tables, stop_.get_token()); }},
        options(),
        real_clock(),
        stop_.get_token());
    if (const Status opened = open(verifier); !opened) {
      return stop_.stop_requested() ? stopped(nullptr) : fail(kExitBeforeStart, opened.error());
    }
    if (wanted_.repair && !verifier.watch().known()) return never_ran(verifier);
    return wanted_.continuous ? keep_on(verifier) : once(verifier);
  }

 private:
  verify::VerifyOptions options() {
    verify::VerifyOptions options;
    options.pipeline = wanted_.config.name;
    options.compare.settle.in_flight = wanted_.wait;
    if (wanted_.percent) options.compare.scan.sample.percent = *wanted_.percent;
    if (wanted_.continuous) options.pacing.share = kContinuousShare;
    if (state_.kept()) {
      options.load = [this] { return state_.load(); };
      options.save = [this](const std::string& text) { state_.save(text); };
    }
    if (!wanted_.json) options.say = [this](const std::string& line) { say(line); };
    options.known_to_run = [this](const std::string& name) {
      const auto running = running_pipelines(state_directory(wanted_.config.state, process_environment()));
      if (!running) return false;
      for (const RunningPipeline& pipeline : *running) {
        if (pipeline.name == name) return true;
      }
      return false;
    };
    return options;
  }

  // Servers that are not there yet are waited for.
  Status open(Verifier& verifier) {
    Clock& clock = real_clock();
    const SteadyTime limit = clock.now() + kStartLimit;
    for (;;) {
      Status opened = verifier.open();
      const bool may_come =
          !opened && (opened.error().blame() == Blame::kTransient || opened.error().code() == kUnreachable);
      if (!may_come || clock.now() >= limit || stop_.stop_requested()) return opened;
      clock.sleep(kStartPause, stop_.get_token());
    }
  }

  int once(Verifier& verifier) {
    Result<Report> report = verifier.run();
    if (report && report->differences() > 0 && wanted_.repair) {
      if (const Status repaired = repair(verifier, *report); !repaired) {
        return stop_.stop_requested() ? stopped(&*report) : fail(kExitFailed, repaired.error());
      }
    }
    if (!report && stop_.stop_requested()) return stopped(nullptr);
    if (!report) return fail(kExitFailed, report.error());
    if (state_.kept()) state_.remove();
    std::printf("%s\n", wanted_.json ? verify::json_of(*report).c_str() : verify::text_of(*report).c_str());
    if (report->differences() > 0) return kExitDifferent;
    if (report->in_flight() == 0 && report->all_compared()) return kExitDone;
    std::fprintf(stderr,
                 "weft verify: not decided within %lld s; run it again, or give it more time with --wait SECONDS\n",
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(wanted_.wait).count()));
    return kExitFailed;
  }

  int keep_on(Verifier& verifier) {
    uint64_t found = 0;
    if (!wanted_.json) say("comparing until stopped; differences are told as they are found");
    const Status done = verifier.watch_on(wanted_.percent.value_or(kContinuousPercent),
                                          [&](const TableReport& table, const verify::Difference& difference) {
                                            ++found;
                                            if (!wanted_.json) return say(verify::line_of(table, difference));
                                            TableReport one;
                                            one.table = table.table;
                                            one.target = table.target;
                                            one.differences.push_back(difference);
                                            say(verify::json_of(one));
                                          });
    if (!done) return fail(kExitFailed, done.error());
    if (!wanted_.json) say(cat("stopped: ", found, " differences found"));
    return found > 0 ? kExitDifferent : kExitDone;
  }

  // The pipeline mends each table by difference: its own process does, or else this one.
  Status repair(Verifier& verifier, Report& report) {
    std::vector<std::string> tables;
    std::string names;
    for (const TableReport& table : report.tables) {
      if (table.count() == 0) continue;
      tables.push_back(table.table);
      names += cat(names.empty() ? "" : ", ", table.table);
    }
    say_unless_json(cat("repairing ", names));
    TRY(target_->ask(verifier.pipeline(), tables, kAskedToResume));
    std::unique_ptr<OwnPipeline> own;  // runs until the tables have been compared again: the source goes on meanwhile
    TRY(mend(verifier, tables, own));
    TRY_ASSIGN(Report again, verifier.run(tables));
    if (own) TRY(own->stop());
    for (TableReport& table : report.tables) {
      for (TableReport& now : again.tables) {
        if (now.table == table.table) table = std::move(now);
      }
    }
    report.repaired = names;
    report.runs = again.runs;
    report.behind = again.behind;
    report.source_position = again.source_position;
    report.target_position = again.target_position;
    report.seconds += again.seconds;
    return ok();
  }

  // Until the tables have been mended and are followed again.
  Status mend(Verifier& verifier, const std::vector<std::string>& tables, std::unique_ptr<OwnPipeline>& own) {
    Clock& clock = real_clock();
    for (;;) {
      TRY(verifier.watch().look());
      if (own && own->ended()) {
        const Status ended = own->stop();
        own.reset();
        if (!ended && ended.error().code() != kPipelineTaken) return ended;
      }
      if (!own && !verifier.watch().runs()) {
        TRY_ASSIGN(Ends ends, make_ends(wanted_.config, stop_.get_token()));
        PipelineOptions options = pipeline_options(wanted_.config);
        options.name = verifier.pipeline();
        options.until = Until::kForever;
        options.say = [this](const std::string& line) { say_unless_json(line); };
        own = std::make_unique<OwnPipeline>(std::move(options), std::move(ends));
      }
      if (all_stream(verifier, tables)) return ok();
      clock.sleep(kRepairPoll, stop_.get_token());
      if (stop_.stop_requested()) return verify::stopped();
    }
  }

  static bool all_stream(Verifier& verifier, const std::vector<std::string>& tables) {
    for (const std::string& table : tables) {
      const TableStateRow* row = verifier.watch().state(table);
      if (row == nullptr) continue;
      const bool asked = row->reason == kAskedToResume;
      if (asked || (row->state != TableState::kStreaming && !is_set_aside(row->state))) return false;
    }
    return true;
  }

  int never_ran(Verifier& verifier) {
    return fail(kExitBeforeStart,
                Error(Blame::kConfig,
                      cat("--repair goes through the pipeline, and ",
                          verifier.pipeline(),
                          " never ran into this target: weft run with --existing replace copies the tables over what "
                          "is there and goes on from there")));
  }

  int stopped(const Report* report) {
    std::fprintf(stderr,
                 "weft verify: stopped before everything was compared%s\n",
                 state_.kept() ? "; the same command goes on there (--fresh begins anew)" : "");
    return report != nullptr && report->differences() > 0 ? kExitDifferent : kExitFailed;
  }

  int fail(int code, const Error& error) {
    std::fprintf(stderr,
                 "weft verify: %s%s%s\n",
                 code == kExitBeforeStart ? "not started: " : "failed: ",
                 error.message().c_str(),
                 code == kExitFailed && state_.kept() ? "; when that is mended, the same command goes on there" : "");
    return code;
  }

  static void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  void say_unless_json(const std::string& line) const {
    if (!wanted_.json) say(line);
  }

  Wanted wanted_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Target> target_;
  std::stop_source& stop_;
  StateFile state_;
};

Result<double> number_of(const Arguments& arguments, const char* flag, double least, double most) {
  std::string text = arguments.value(flag);
  if (text.ends_with('%')) text.pop_back();
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (whole && number >= least && number <= most) return number;
  return Error(Blame::kConfig,
               cat(flag, ": '", arguments.value(flag), "', expected a number from ", least, " to ", most));
}

Result<Wanted> wanted_of(const CommandSpec& command, const Arguments& arguments) {
  Wanted wanted;
  TRY_ASSIGN(wanted.config, config_of(command, arguments));
  wanted.repair = arguments.has("--repair");
  wanted.continuous = arguments.has("--continuous");
  wanted.json = arguments.has("--json");
  wanted.fresh = arguments.has("--fresh");
  if (arguments.has("--sample")) {
    TRY_ASSIGN(wanted.percent, number_of(arguments, "--sample", 0.001, 100));
  }
  if (arguments.has("--wait")) {
    TRY_ASSIGN(const double seconds, number_of(arguments, "--wait", 0, 86400));
    wanted.wait = Duration(static_cast<int64_t>(seconds * 1e9));
  }
  if (wanted.repair && wanted.continuous) {
    return Error(Blame::kConfig,
                 "weft verify: --repair and --continuous don't go together: let --continuous tell what differs, then "
                 "repair");
  }
  return wanted;
}

}  // namespace

CommandSpec verify_command() {
  CommandSpec command;
  command.name = "verify";
  command.usage = "weft verify FILE | --from URL --to URL [FLAGS]";
  command.example =
      "  weft verify --from mysql://app:${PASSWORD}@10.0.0.5:3306/shop --to postgresql://app@10.0.0.9/shop\n"
      "  weft verify shop.yaml --repair\n";
  command.what =
      "Compares both sides row by row and names what differs: exit code 0 if they are equal, 4 if not. Locks nothing "
      "and needs no running pipeline; beside a running one it waits for changes that are on their way. One that is "
      "interrupted goes on where it stood.";
  command.flags = pipeline_flags();
  command.flags.push_back({"--repair",
                           "",
                           "",
                           "Let the pipeline mend the tables that differ (only rows that differ are written), then "
                           "compare them again."});
  command.flags.push_back({"--continuous", "", "", "Compare a part again and again at a gentle rate, until stopped."});
  command.flags.push_back(
      {"--sample", "P", "", "Compare P percent of the rows, chosen by hash (100; with --continuous 1 at a time)."});
  command.flags.push_back(
      {"--wait", "SECONDS", "", "How long rows that differ are waited for beside a running pipeline (60)."});
  command.flags.push_back({"--fresh", "", "", "Begin anew, even if an interrupted run could be gone on with."});
  command.flags.push_back({"--json", "", "", "The report as JSON, for programs."});
  return command;
}

int verify_main(const Words& words) {
  const CommandSpec command = verify_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  Result<Wanted> wanted = wanted_of(command, parsed.arguments);
  if (!wanted) return usage_error(wanted.error());
  std::stop_source stop;
  // What is wrong with either address is told before anything is contacted.
  if (const Result<Ends> ends = make_ends(wanted->config, {}); !ends) return usage_error(ends.error());
  if (const auto reader = make_target_reader(wanted->config, {}, {}); !reader) return usage_error(reader.error());
  Result<std::unique_ptr<Source>> source = make_source_reader(wanted->config, stop.get_token());
  if (!source) return usage_error(source.error());
  Result<std::unique_ptr<Target>> target = make_target(wanted->config, stop.get_token());
  if (!target) return usage_error(target.error());
  return Verify(std::move(wanted).value(), std::move(source).value(), std::move(target).value(), stop).execute();
}

}  // namespace weft
