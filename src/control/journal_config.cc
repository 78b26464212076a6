// SPDX-License-Identifier: Apache-2.0
#include "control/journal_config.h"

#include "base/text.h"
#include "control/config.h"

namespace weft {
namespace {

constexpr std::string_view kFile = "file:";
constexpr uint64_t kMaxMin = 64u << 20;

Status take_option(JournalOptions& options, const std::string& option) {
  const size_t equals = option.find('=');
  const std::string name = option.substr(0, equals);
  size_t bytes = 0;
  const bool size = equals != std::string::npos && parse_size(option.substr(equals + 1), bytes);
  if (size && name == "keep") {
    options.keep_bytes = bytes;
  } else if (size && name == "max" && bytes >= kMaxMin) {
    options.max_bytes = bytes;
  } else {
    return Error(Blame::kConfig, cat("'", option, "', expected keep=SIZE, or max=SIZE of at least 64MiB"));
  }
  return ok();
}

}  // namespace

Result<JournalOptions> parse_journal(const std::string& text) {
  JournalOptions options;
  if (text == "memory") return options;
  const size_t question = text.find('?');
  if (text.starts_with(kFile)) options.directory = text.substr(kFile.size(), question - kFile.size());
  while (options.directory.size() > 1 && options.directory.ends_with('/')) options.directory.pop_back();
  if (options.directory.empty()) return Error(Blame::kConfig, cat("'", text, "', expected ", kJournalForms));
  for (size_t at = question; at < text.size();) {
    const size_t end = std::min(text.find('&', at + 1), text.size());
    TRY(take_option(options, text.substr(at + 1, end - at - 1)));
    at = end;
  }
  if (options.keep_bytes > options.max_bytes) return Error(Blame::kConfig, "keep is above max");
  return options;
}

}  // namespace weft
