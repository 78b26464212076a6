// SPDX-License-Identifier: Apache-2.0
// weft dead-letters: what the target could not take is looked at, applied after all, or let go of. Works at the target, with or
// without a process that runs the pipeline.
#include <charconv>
#include <cstdio>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "model/value.h"
#include "pipeline/replay.h"

namespace weft {
namespace {

constexpr size_t kPage = 500;

std::string time_text(int64_t micros) {
  return micros == 0 ? "-" : describe(Value::timestamp(micros, 6));
}

std::string or_null(const std::string& json) {
  return json.empty() ? "null" : json;
}

std::string json_of(const DeadLetter& l) {
  std::string out =
      cat("{\"id\":", l.id, ",\"table\":", json_quoted(l.table), ",\"op\":", json_quoted(to_string(l.op)));
  out += cat(
      ",\"key\":", or_null(l.key_text), ",\"before\":", or_null(l.before_text), ",\"after\":", or_null(l.after_text));
  out += cat(",\"position\":", json_quoted(l.position), ",\"source_time\":", json_quoted(time_text(l.source_time_us)));
  out += cat(",\"error\":", json_quoted(l.error), ",\"class\":", json_quoted(l.error_class));
  out += cat(",\"torn\":", l.torn ? "true" : "false", ",\"stale\":", l.stale ? "true" : "false");
  return out + cat(",\"parked_at\":", json_quoted(time_text(l.parked_us)), "}");
}

void print_line(const DeadLetter& l) {
  std::printf("%llu  %s  %s  %s  %s\n",
              static_cast<unsigned long long>(l.id),
              l.table.c_str(),
              std::string(to_string(l.op)).c_str(),
              l.key_text.empty() ? "(no key)" : l.key_text.c_str(),
              l.error.c_str());
}

void print_whole(const DeadLetter& l) {
  std::printf("letter %llu: %s of table %s\n",
              static_cast<unsigned long long>(l.id),
              std::string(to_string(l.op)).c_str(),
              l.table.c_str());
  const auto line = [](const char* name, const std::string& text) {
    if (!text.empty()) std::printf("  %-11s %s\n", name, text.c_str());
  };
  line("key", l.key_text);
  line("before", l.before_text);
  line("after", l.after_text);
  line("position", l.position);
  line("committed", time_text(l.source_time_us));
  line("parked", time_text(l.parked_us));
  line("error", l.error);
  line("class", l.error_class);
  if (l.torn) line("torn", "other changes of its transaction were applied");
  if (l.stale) line("stale", "foreign keys of the source acted on its row: weft resume copies the table again");
}

struct Request {
  std::string verb;
  PipelineConfig config;
  DeadLetterChoice choice;
  bool json = false;
};

Result<std::vector<DeadLetter>> chosen(Target& target, const std::string& name, const DeadLetterChoice& choice) {
  std::vector<DeadLetter> found;
  for (uint64_t upto = 0;;) {
    TRY_ASSIGN(std::vector<DeadLetter> page, target.dead_letters(name, upto, kPage));
    if (page.empty()) return found;
    upto = page.back().id;
    for (DeadLetter& letter : page) {
      if (choice.takes(letter)) found.push_back(std::move(letter));
    }
  }
}

// 0, or 1 where letters could not be applied.
Result<int> replay(Target& target, const std::string& name, const Request& request) {
  TRY_ASSIGN(
      const ReplayReport report,
      replay_letters(target, name, request.choice, [](uint64_t id, const std::string& table, const Error& why) {
        std::printf(
            "letter %llu of %s: %s\n", static_cast<unsigned long long>(id), table.c_str(), why.message().c_str());
      }));
  std::printf("%llu applied, %llu could not be applied, %llu wait behind them\n",
              static_cast<unsigned long long>(report.applied),
              static_cast<unsigned long long>(report.failed),
              static_cast<unsigned long long>(report.waiting));
  return report.failed + report.waiting == 0 ? kExitDone : kExitFailed;
}

Result<int> carry_out(const Request& request) {
  TRY_ASSIGN(const std::string name, pipeline_name(request.config));
  TRY_ASSIGN(const auto target, make_target(request.config, {}));
  if (request.verb == "replay") return replay(*target, name, request);
  TRY_ASSIGN(const std::vector<DeadLetter> letters, chosen(*target, name, request.choice));
  if (request.verb == "discard") {
    std::vector<uint64_t> ids;
    for (const DeadLetter& letter : letters) ids.push_back(letter.id);
    TRY_ASSIGN(const uint64_t gone, target->discard(name, ids));
    std::printf("%llu discarded\n", static_cast<unsigned long long>(gone));
    return kExitDone;
  }
  for (const DeadLetter& letter : letters) {
    if (request.json) {
      std::printf("%s\n", json_of(letter).c_str());
    } else {
      (request.verb == "show" ? print_whole : print_line)(letter);
    }
  }
  if (!request.json) std::printf("%zu dead letters of pipeline %s\n", letters.size(), name.c_str());
  return kExitDone;
}

Result<Request> request_of(const CommandSpec& command, Arguments& arguments) {
  Request request;
  std::vector<std::string>& words = arguments.words;
  const auto is_verb = [](const std::string& w) {
    return w == "list" || w == "show" || w == "replay" || w == "discard";
  };
  if (words.empty() || !is_verb(words.front())) {
    return Error(Blame::kConfig,
                 "weft dead-letters: expected list, show, replay or discard; see weft dead-letters --help");
  }
  request.verb = words.front();
  std::vector<std::string> rest(words.begin() + 1, words.end());
  words.clear();
  if (!arguments.has("--from") && !rest.empty()) {
    words.push_back(rest.front());
    rest.erase(rest.begin());
  }
  request.choice.tables = std::move(rest);
  if (arguments.has("--id")) {
    for (const std::string& text : arguments.values.at("--id")) {
      uint64_t id = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
        return Error(Blame::kConfig, cat("--id: '", text, "', expected the number of a letter"));
      }
      request.choice.ids.push_back(id);
    }
  }
  request.json = arguments.has("--json");
  TRY_ASSIGN(request.config, named_config_of(command, arguments));
  return request;
}

}  // namespace

CommandSpec dead_letters_command() {
  CommandSpec command;
  command.name = "dead-letters";
  command.usage = "weft dead-letters list|show|replay|discard FILE|NAME [TABLE...] | --from URL --to URL [TABLE...]";
  command.example =
      "  weft dead-letters list shop.yaml\n"
      "  weft dead-letters replay shop.yaml orders\n";
  command.what =
      "Changes that the target could not take, kept at the target by --on-bad-row dead-letter. replay makes each row "
      "what "
      "its change says, oldest first, and takes the letter out in the same transaction (exit code 1 when some still "
      "can't "
      "be applied). discard lets go of them: the rows stay as they are at the target, until weft resume copies their "
      "table again. Without a table or --id: all of the pipeline. The pipeline may run meanwhile.";
  command.flags = pipeline_flags();
  command.flags.push_back({"--id", "N", "", "Only this letter. May be repeated.", true});
  command.flags.push_back({"--json", "", "", "list, show: one JSON object a line."});
  command.words_max = 1000;
  return command;
}

int dead_letters_main(const Words& words) {
  const CommandSpec command = dead_letters_command();
  Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Result<Request> request = request_of(command, parsed.arguments);
  if (!request) return usage_error(request.error());
  if (const Result<Ends> ends = make_ends(request->config, {}); !ends) return usage_error(ends.error());
  configure_log({.level = LogLevel::kWarning});
  const Result<int> code = carry_out(*request);
  if (code) return *code;
  std::fprintf(stderr, "weft dead-letters: %s\n", code.error().message().c_str());
  return kExitBeforeStart;
}

}  // namespace weft
