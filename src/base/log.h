// SPDX-License-Identifier: Apache-2.0
// Log lines for people (text) or programs (one JSON object per line), on stderr. Any thread.
//
//   log_info(cat("applied up to ", position));
//   log_line(LogLevel::kWarning, "table t is parked", {{"table", "shop.t"}});
//
// Fields are for programs: they stand in JSON lines only, so a message has to make sense without them. One without
// a value is left out.
// Never pass a secret; URLs go through their own redaction first.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weft {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogField {
  std::string_view key;  // a word that needs no quoting
  std::string_view value;
};

struct LogOptions {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
  // Where lines go instead of stderr, for who draws on the terminal; gets one line, without its end. Any thread calls it.
  std::function<void(std::string_view line)> write = {};
};

// Call it while one thread logs.
void configure_log(const LogOptions& options);
// The field "pipeline" of every line from now on.
void log_pipeline(std::string_view name);
void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_debug(std::string_view message) {
  log_line(LogLevel::kDebug, message);
}

inline void log_info(std::string_view message) {
  log_line(LogLevel::kInfo, message);
}

inline void log_warning(std::string_view message) {
  log_line(LogLevel::kWarning, message);
}

inline void log_error(std::string_view message) {
  log_line(LogLevel::kError, message);
}

}  // namespace weft
