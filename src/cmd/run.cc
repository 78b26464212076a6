// SPDX-License-Identifier: Apache-2.0
// weft run: the pipeline, its HTTP server, its signals, its words, and its exit code.
#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "cmd/crash.h"
#include "cmd/preflight.h"
#include "cmd/progress.h"
#include "cmd/progress_text.h"
#include "cmd/screen.h"
#include "control/http_api.h"
#include "control/plan.h"
#include "control/running.h"
#include "io/file.h"
#include "io/http_server.h"
#include "io/signals.h"

namespace weft {
namespace {

struct RunOptions {
  PipelineConfig config;
  bool quiet = false;
  bool bars = true;
  LogFormat log_format = LogFormat::kText;
  std::string token;
  std::vector<std::string> warnings;
  CrashPoints crash;
};

std::string one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

// One run of one pipeline: everything that lives as long as it does.
class Run {
 public:
  Run(RunOptions options, Ends ends, std::stop_source& abandon)
      : options_(std::move(options)),
        source_(std::move(ends.source)),
        target_(std::move(ends.target)),
        abandon_(abandon),
        screen_(STDERR_FILENO),
        board_(real_clock()) {}

  int execute();

 private:
  void on_signal();
  [[nodiscard]] Status check_state() const;
  Status serve();
  std::optional<int> look_first();
  void announce();
  Outcome run_pipeline();
  int conclude(const Outcome& outcome);
  void say(const std::string& line);
  // One line on stderr: for a person, or with --log-format json an object.
  void say_error(const std::string& line, std::initializer_list<LogField> fields);
  // The last line of a run that failed.
  int fail(int code, const std::string& what, const std::string& table = {});

  RunOptions options_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Target> target_;
  std::stop_source& abandon_;
  Screen screen_;
  StatusBoard board_;
  Guarded<Pipeline*> pipeline_{nullptr};
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<ProgressView> progress_;
  std::optional<RunFile> run_file_;
  std::atomic<bool> stopped_ = false;  // by a signal
};

int Run::execute() {
  const bool bars = options_.bars && screen_.terminal() && terminal_progress_options().bars;
  LogOptions log{options_.log_format, options_.quiet ? LogLevel::kWarning : LogLevel::kInfo};
  if (bars) log.write = [this](std::string_view line) { screen_.print(STDERR_FILENO, line); };
  configure_log(log);
  // Before any other thread: they inherit the blocked signals.
  StopSignals signals([this](int) { on_signal(); });
  board_.update([this](PipelineStatus& status) { status.name = options_.config.name; });
  if (const Status safe = check_state(); !safe) return fail(kExitBeforeStart, safe.error().message());
  for (const std::string& warning : options_.warnings) log_warning(warning);
  if (const Status served = serve(); !served) return fail(kExitBeforeStart, served.error().message());
  ProgressOptions progress = terminal_progress_options();
  progress.bars = bars;
  if (!options_.quiet) progress_ = std::make_unique<ProgressView>(board_, real_clock(), screen_, progress);
  std::optional<int> code = look_first();
  if (!code) {
    announce();
    code = conclude(run_pipeline());
  }
  http_.reset();
  log.write = nullptr;
  configure_log(log);
  return *code;
}

void Run::on_signal() {
  const bool draining = pipeline_.with([](Pipeline* pipeline) {
    if (pipeline != nullptr) pipeline->request_stop();
    return pipeline != nullptr;
  });
  if (draining) {
    stopped_ = true;
    log_info("stopping: what is under way is applied first; a second signal ends at once");
  } else {
    abandon_.request_stop();
  }
}

// Files that others could put in our state directory are none to be believed.
Status Run::check_state() const {
  const Status safe = check_private_directory(state_directory(options_.config.state, process_environment()));
  if (safe || safe.error().code() != kNotPrivate) return ok();  // what can't be used at all is told where it is used
  return safe.error().with("the state directory");
}

Status Run::serve() {
  if (options_.config.http == "off") return ok();
  TRY_ASSIGN(const HttpAddress address, parse_http_address(options_.config.http));
  TRY_ASSIGN(http_,
             HttpServer::start({.address = address}, HttpApi({options_.token, version_text()}, real_clock(), board_)));
  say(cat("http://", http_->address().text()));
  return ok();
}

// With `evolve` the stream brings the target what it lacks; before the first start nothing does.
PreflightOptions preflight_options(const PipelineConfig& config) {
  const bool evolves = config.to.schema_changes == "evolve";
  return {.create_tables = config.to.create_tables || evolves, .tables_may_change = evolves, .steps_may_fit_yet = true};
}

// Nothing when all is well; else the exit code.
std::optional<int> Run::look_first() {
  const Preflight found =
      preflight(*source_, *target_, real_clock(), preflight_options(options_.config), abandon_.get_token());
  if (abandon_.stop_requested()) {
    progress_.reset();
    say("stopped before anything moved");
    return kExitDone;
  }
  const std::string& named = options_.config.name;
  board_.update([&](PipelineStatus& status) { status.name = named.empty() ? found.info.identity : named; });
  log_pipeline(board_.read().name);
  std::vector<Finding> errors;
  const auto look = [&](const char* side, const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      const std::string text =
          one_line(cat(side, ": ", finding.what, finding.mend.empty() ? "" : "; mend: ", finding.mend));
      if (finding.level == Finding::Level::kWarning)
        log_line(LogLevel::kWarning, text, {{"side", side}, {"table", finding.table}});
      if (finding.level == Finding::Level::kError) errors.push_back({finding.level, text, {}, finding.table});
    }
  };
  look("source", found.source);
  look("target", found.target);
  if (errors.empty()) return std::nullopt;
  progress_.reset();
  for (size_t i = 0; i + 1 < errors.size(); ++i) say_error(errors[i].what, {{"table", errors[i].table}});
  const bool may_create = !found.missing.empty() && !options_.config.to.create_tables;
  return fail(kExitBeforeStart,
              cat(errors.back().what,
                  may_create ? "; or let weft create missing tables: --create-tables" : "",
                  errors.size() > 1 ? cat("; ", errors.size(), " errors in all") : ""),
              errors.back().table);
}

// Tells other processes of this machine where we are.
void Run::announce() {
  RunningPipeline entry;
  entry.name = board_.read().name;
  entry.pid = ::getpid();
  entry.http = http_ ? http_->address().text() : "off";
  entry.token_file = options_.config.http_token_file;
  entry.from = options_.config.from.url.shown;
  entry.to = options_.config.to.url.shown;
  entry.config = print_config(options_.config);
  Result<RunFile> file = RunFile::create(state_directory(options_.config.state, process_environment()), entry);
  if (file) {
    run_file_ = std::move(file).value();
  } else {
    log_warning(cat(
        "weft status will not find this process: ", file.error().message(), "; choose another directory with --state"));
  }
}

Outcome Run::run_pipeline() {
  PipelineOptions options = pipeline_options(options_.config);
  options.name = board_.read().name;
  options.say = [this](const std::string& line) { say(line); };
  options.at_point = options_.crash;
  options.abandon = [this] { abandon_.request_stop(); };
  Pipeline pipeline(std::move(options), *source_, *target_, real_clock(), board_);
  pipeline.start();
  pipeline_.with([&](Pipeline*& running) { running = &pipeline; });
  if (abandon_.stop_requested()) pipeline.request_stop();  // a signal came between look_first and here
  Outcome outcome = pipeline.wait();
  pipeline_.with([](Pipeline*& running) { running = nullptr; });
  return outcome;
}

int Run::conclude(const Outcome& outcome) {
  progress_.reset();
  run_file_.reset();
  const PipelineStatus& status = outcome.final_status;
  if (outcome.status) {
    const CopyTotals totals = totals_of(status);
    say(cat(abandon_.stop_requested() || stopped_ ? "stopped" : "done",
            ": ",
            grouped(totals.changes),
            " changes applied, ",
            grouped(totals.done),
            " rows copied in all, ",
            grouped(totals.dead_letters),
            " dead letters",
            status.position.empty() ? "" : "; the target is at ",
            status.position));
    return kExitDone;
  }
  const Error& error = outcome.status.error();
  if (error.code() == kPipelineTaken || error.code() == kEpochLost || error.code() == kJournalTaken) {
    return fail(kExitTaken,
                cat("another process runs this pipeline: ",
                    error.message(),
                    "; stop that one first, or give this one another --name"));
  }
  if (outcome.before_first_change && error.code() != kNotDrained)
    return fail(kExitBeforeStart, error.message(), error.table());
  return fail(kExitFailed,
              cat(error.message(),
                  status.position.empty() ? "" : cat("; everything up to ", status.position, " is applied"),
                  "; when that is mended, the same command goes on there"),
              error.table());
}

void Run::say(const std::string& line) {
  if (!options_.quiet) screen_.print(STDOUT_FILENO, line);
}

int Run::fail(int code, const std::string& what, const std::string& table) {
  progress_.reset();
  const char* const how = code == kExitBeforeStart ? "not started: " : code == kExitFailed ? "failed: " : "";
  say_error(cat(how, one_line(what)), {{"exit_code", std::to_string(code)}, {"table", table}});
  return code;
}

void Run::say_error(const std::string& line, std::initializer_list<LogField> fields) {
  if (options_.log_format == LogFormat::kJson) return log_line(LogLevel::kError, line, fields);
  std::fprintf(stderr, "weft run: %s\n", line.c_str());
}

// A secret that lies about is worth a word, but not a stop.
void warn_exposed(const std::string& path, std::vector<std::string>& warnings) {
  if (path.empty()) return;
  warnings.push_back(cat("every user of this machine can read the secret in ", path, ": chmod 600 ", path));
}

Result<std::string> read_token(const std::string& path, std::vector<std::string>& warnings) {
  TRY_ASSIGN(std::string token, read_file(path, 64u << 10));
  token.resize(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty()) return Error(Blame::kConfig, cat(path, " is empty, expected a token"));
  TRY_ASSIGN(const FileRights rights, file_rights(path));
  if (rights.all_write) {
    return Error(Blame::kConfig,
                 cat(path, " can be written by every user, expected a token of yours: chmod 600 ", path));
  }
  if (rights.all_read) warn_exposed(path, warnings);
  return token;
}

// What is wrong on the command line or in the file is found here: nothing was contacted yet.
Result<RunOptions> run_options(const CommandSpec& command, const Arguments& arguments) {
  RunOptions options;
  TRY_ASSIGN(options.config, config_of(command, arguments));
  options.quiet = arguments.has("--quiet");
  options.bars = !options.quiet && !arguments.has("--no-progress");
  const std::string format = arguments.value("--log-format");
  if (format == "json") {
    options.log_format = LogFormat::kJson;
    options.bars = false;
  } else if (!format.empty() && format != "text") {
    return Error(Blame::kConfig, cat("--log-format: '", format, "', expected text or json"));
  }
  if (!options.config.http_token_file.empty()) {
    TRY_ASSIGN(options.token, read_token(options.config.http_token_file, options.warnings));
  }
  warn_exposed(options.config.from.url.exposed_file, options.warnings);
  warn_exposed(options.config.to.url.exposed_file, options.warnings);
  TRY_ASSIGN(options.crash, crash_points(process_environment()));
  return options;
}

}  // namespace

CommandSpec run_command() {
  CommandSpec command;
  command.name = "run";
  command.usage = "weft run FILE | --from URL --to URL [FLAGS]";
  command.example =
      "  weft run --from mysql://app:${PASSWORD}@10.0.0.5:3306/shop --to postgresql://app@10.0.0.9/shop\n"
      "  weft run shop.yaml --until now\n";
  command.what =
      "Copies what is there, then follows, until stopped; started again it goes on where the target stands. FILE says "
      "the "
      "same in YAML (docs/pipeline.schema.json); flags override it. SIGTERM and Ctrl-C drain and stop.";
  command.flags = pipeline_flags();
  command.flags.insert(command.flags.begin() + 4,
                       {"--until",
                        "now|consistent",
                        "until",
                        "Stop, with exit code 0, when everything that was committed at the source at the start is "
                        "applied, or when the target first equals one source position. Without it: follow for ever."});
  command.flags.insert(command.flags.end() - 1,
                       {{"--http",
                         "ADDR",
                         "http",
                         "Where /metrics, /healthz and /status are (127.0.0.1:0: a free port, which is printed; off)."},
                        {"--http-token-file",
                         "FILE",
                         "http_token_file",
                         "Requests must bear the token in FILE; needed beyond loopback."}});
  command.flags.push_back({"--log-format", "text|json", "", "Form of log lines (text)."});
  command.flags.push_back({"--quiet", "", "", "Only warnings and errors."});
  command.flags.push_back({"--no-progress", "", "", "No bars; a log line now and then."});
  command.flags.push_back(
      {"--print-config", "", "", "Print the YAML that these flags mean, secrets as ${...}, and stop."});
  return command;
}

int run_main(const Words& words) {
  const LogFormat format = log_format_of(words);
  const CommandSpec command = run_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Arguments& arguments = parsed.arguments;
  Result<RunOptions> options = run_options(command, arguments);
  if (!options) return usage_error(options.error(), format);
  std::stop_source abandon;
  Result<Ends> ends = make_ends(options->config, abandon.get_token());
  if (!ends) return usage_error(ends.error(), format);
  if (arguments.has("--print-config")) {
    std::fputs(print_config(options->config).c_str(), stdout);
    return kExitDone;
  }
  return Run(std::move(options).value(), std::move(ends).value(), abandon).execute();
}

}  // namespace weft
