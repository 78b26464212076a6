// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/guarded.h"
#include "base/json_text.h"
#include "base/text.h"

namespace weft {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Hands each line to a function.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    std::string_view line(formatted.data(), formatted.size());
    while (line.ends_with('\n')) line.remove_suffix(1);
    write_(line);
  }

  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

struct Sink {
  std::shared_ptr<spdlog::logger> logger = spdlog::stderr_logger_mt("weft");
  LogFormat format = LogFormat::kText;
  Guarded<std::string> pipeline;

  Sink() { logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc); }
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

}  // namespace

void configure_log(const LogOptions& options) {
  sink().format = options.format;
  spdlog::sink_ptr to = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (options.write) to = std::make_shared<FunctionSink>(options.write);
  sink().logger->sinks() = {std::move(to)};
  sink().logger->set_level(level_of(options.level));
  sink().logger->set_pattern(options.format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                                                : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                             spdlog::pattern_time_type::utc);
}

void log_pipeline(std::string_view name) {
  sink().pipeline.with([&](std::string& pipeline) { pipeline = name; });
}

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (sink().format == LogFormat::kText) return sink().logger->log(level_of(level), "{}", message);
  std::string members = cat("\"message\":", json_quoted(message));
  const std::string pipeline = sink().pipeline.with([](const std::string& name) { return name; });
  if (!pipeline.empty()) members += cat(",\"pipeline\":", json_quoted(pipeline));
  for (const LogField& field : fields) {
    if (!field.value.empty()) members += cat(",\"", field.key, "\":", json_quoted(field.value));
  }
  sink().logger->log(level_of(level), "{}", members);
}

}  // namespace weft
