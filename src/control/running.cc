// SPDX-License-Identifier: Apache-2.0
#include "control/running.h"

#include <exception>
#include <utility>

#include <boost/json.hpp>

#include "base/json_text.h"
#include "base/text.h"

namespace weft {
namespace {

namespace json = boost::json;

// A name as a file's: what could lead elsewhere or surprise a shell is written as %XX.
std::string file_name(std::string_view name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : name.substr(0, 60)) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string directory_in(const std::string& state) {
  return state + "/run";
}

std::string text_of(const RunningPipeline& pipeline) {
  return cat("{\"name\":",
             json_quoted(pipeline.name),
             ",\"pid\":",
             pipeline.pid,
             ",\"http\":",
             json_quoted(pipeline.http),
             ",\"token_file\":",
             json_quoted(pipeline.token_file),
             ",\"from\":",
             json_quoted(pipeline.from),
             ",\"to\":",
             json_quoted(pipeline.to),
             ",\"config\":",
             json_quoted(pipeline.config),
             "}\n");
}

// Nothing for a text that is no whole one: it is being written just now.
Result<RunningPipeline> parsed(const std::string& text) {
  try {
    const json::value value = json::parse(text);
    const auto word = [&](const char* key) { return std::string(value.at(key).as_string()); };
    RunningPipeline pipeline;
    pipeline.name = word("name");
    pipeline.pid = value.at("pid").to_number<int64_t>();
    pipeline.http = word("http");
    pipeline.token_file = word("token_file");
    pipeline.from = word("from");
    pipeline.to = word("to");
    if (value.as_object().contains("config")) pipeline.config = word("config");
    return pipeline;
  } catch (const std::exception& e) {
    return Error(Blame::kTransient, e.what());
  }
}

// What dead processes of this pipeline have left: a lock that is taken goes at once, and its file with it.
void remove_left_overs(const std::string& directory, const std::string& prefix) {
  const Result<std::vector<std::string>> names = list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (name.starts_with(prefix) && name.ends_with(".json")) (void)LockFile::create(cat(directory, "/", name));
  }
}

}  // namespace

std::string state_directory(const std::string& configured, const Environment& environment) {
  if (!configured.empty()) return configured;
  const auto xdg = environment.find("XDG_STATE_HOME");
  if (xdg != environment.end() && xdg->second.starts_with('/')) return xdg->second + "/weft";
  const auto home = environment.find("HOME");
  if (home != environment.end() && home->second.starts_with('/')) return home->second + "/.local/state/weft";
  return "/var/lib/weft";
}

Result<RunFile> RunFile::create(const std::string& state, const RunningPipeline& pipeline) {
  TRY(make_private_directory(state));
  TRY(make_private_directory(directory_in(state)));
  const std::string prefix = cat(file_name(pipeline.name), ".");
  remove_left_overs(directory_in(state), prefix);
  TRY_ASSIGN(LockFile lock, LockFile::create(cat(directory_in(state), "/", prefix, pipeline.pid, ".json")));
  TRY(lock.write(text_of(pipeline)));
  return RunFile(std::move(lock));
}

Result<std::vector<RunningPipeline>> running_pipelines(const std::string& state) {
  std::vector<RunningPipeline> running;
  TRY(check_private_directory(state));
  TRY(check_private_directory(directory_in(state)));
  TRY_ASSIGN(const std::vector<std::string> names, list_directory(directory_in(state)));
  for (const std::string& name : names) {
    const std::string path = directory_in(state) + "/" + name;
    if (!name.ends_with(".json") || !LockFile::held(path)) continue;
    const Result<std::string> text = read_file(path, 64u << 10);
    const Result<FileRights> rights = file_rights(path);
    if (!text || !rights) continue;  // it ended just now
    Result<RunningPipeline> pipeline = parsed(*text);
    if (!pipeline) continue;
    pipeline->owner = rights->owner;
    running.push_back(std::move(pipeline).value());
  }
  return running;
}

}  // namespace weft
