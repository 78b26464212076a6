// SPDX-License-Identifier: Apache-2.0
#include "control/status_json.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <utility>

#include <boost/json.hpp>

#include "base/json_text.h"
#include "base/text.h"

namespace weft {
namespace {

namespace json = boost::json;

// Milliseconds are as much as anybody reads.
std::string seconds_text(double seconds) {
  const double rounded = std::round(seconds * 1000) / 1000;
  if (!std::isfinite(rounded)) return "0";
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.3f", rounded);
  std::string text = buffer.data();
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string table_json(const std::string& name, const TableStatus& table) {
  return cat("{\"name\":",
             json_quoted(name),
             ",\"state\":",
             json_quoted(to_string(table.state)),
             ",\"reason\":",
             json_quoted(table.reason),
             ",\"snapshot\":{\"rows_done\":",
             table.rows_done,
             ",\"rows_estimated\":",
             table.rows_estimated,
             "},\"applied\":{\"insert\":",
             table.inserts,
             ",\"update\":",
             table.updates,
             ",\"delete\":",
             table.deletes,
             "},\"dead_letters\":",
             table.dead_letters,
             "}");
}

// What the target side waits for: the first of its stages that says so.
std::string target_reason(const PipelineStatus& status) {
  for (const auto& [name, stage] : status.stages) {
    if (!name.starts_with("capture") && !stage.reason.empty()) return stage.reason;
  }
  return {};
}

std::string string_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

uint64_t count_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_number() ? found->to_number<uint64_t>() : 0;
}

double number_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_number() ? found->to_number<double>() : 0;
}

// "2026-01-01T00:00:00Z" as microseconds; 0 for anything else.
int64_t utc_us(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2uZ", &year, &month, &day, &hour, &minute, &second) != 6)
    return 0;
  const std::chrono::sys_days days = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  const auto time = days + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

template <class State>
State state_named(std::string_view name, State last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<State>(i)) == name) return static_cast<State>(i);
  }
  return State{};
}

TableStatus table_of(const json::object& object) {
  TableStatus table;
  table.state = state_named(string_at(object, "state"), TableState::kFailed);
  table.reason = string_at(object, "reason");
  if (const json::value* snapshot = object.if_contains("snapshot")) {
    table.rows_done = count_at(snapshot->as_object(), "rows_done");
    table.rows_estimated = count_at(snapshot->as_object(), "rows_estimated");
  }
  if (const json::value* applied = object.if_contains("applied")) {
    table.inserts = count_at(applied->as_object(), "insert");
    table.updates = count_at(applied->as_object(), "update");
    table.deletes = count_at(applied->as_object(), "delete");
  }
  table.dead_letters = count_at(object, "dead_letters");
  return table;
}

// Only of a journal that is on disk.
std::string journal_json(const JournalStatus& journal) {
  if (journal.kind == "memory") return {};
  return cat(",\"journal\":{\"kind\":",
             json_quoted(journal.kind),
             ",\"directory\":",
             json_quoted(journal.directory),
             ",\"bytes\":",
             journal.bytes,
             ",\"segments\":",
             journal.segments,
             ",\"first_sequence\":",
             journal.first_sequence,
             ",\"last_sequence\":",
             journal.last_sequence,
             ",\"durable_sequence\":",
             journal.durable_sequence,
             ",\"unread_bytes\":",
             journal.unread_bytes,
             ",\"waiting\":",
             json_quoted(journal.waiting),
             "}");
}

JournalStatus journal_of(const json::object& object) {
  JournalStatus journal;
  journal.kind = string_at(object, "kind");
  journal.directory = string_at(object, "directory");
  journal.bytes = count_at(object, "bytes");
  journal.segments = count_at(object, "segments");
  journal.first_sequence = count_at(object, "first_sequence");
  journal.last_sequence = count_at(object, "last_sequence");
  journal.durable_sequence = count_at(object, "durable_sequence");
  journal.unread_bytes = count_at(object, "unread_bytes");
  journal.waiting = string_at(object, "waiting");
  return journal;
}

PipelineStatus status_of(const json::object& object) {
  PipelineStatus status;
  status.name = string_at(object, "name");
  status.state = state_named(string_at(object, "state"), PipelineState::kFinished);
  status.reason = string_at(object, "reason");
  status.since_us = utc_us(string_at(object, "since"));
  status.consistent_since_us = utc_us(string_at(object, "consistent_since"));
  status.lag_seconds = number_at(object, "lag_seconds");
  status.backlog_bytes = count_at(object, "backlog_bytes");
  status.position = string_at(object, "position");
  for (const json::value& table : object.at("tables").as_array()) {
    status.tables[string_at(table.as_object(), "name")] = table_of(table.as_object());
  }
  for (const json::value& target : object.at("targets").as_array()) {
    status.target_state = string_at(target.as_object(), "state");
    status.sequence = count_at(target.as_object(), "sequence");
  }
  status.memory_budget = count_at(object.at("memory").as_object(), "budget");
  status.memory_used = count_at(object.at("memory").as_object(), "used");
  if (const json::value* journal = object.if_contains("journal")) status.journal = journal_of(journal->as_object());
  return status;
}

}  // namespace

std::string utc_text(int64_t wall_us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(wall_us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 80> buffer{};
  std::snprintf(buffer.data(),
                buffer.size(),
                "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return buffer.data();
}

std::string status_json(const PipelineStatus& status) {
  std::string tables;
  for (const auto& [name, table] : status.tables) tables += (tables.empty() ? "" : ",") + table_json(name, table);
  const std::string lag = seconds_text(status.lag_seconds);
  return cat("{\"name\":",
             json_quoted(status.name),
             ",\"state\":",
             json_quoted(to_string(status.state)),
             ",\"reason\":",
             json_quoted(status.reason),
             ",\"since\":",
             json_quoted(utc_text(status.since_us)),
             ",\"consistent_since\":",
             status.consistent_since_us == 0 ? std::string("null") : json_quoted(utc_text(status.consistent_since_us)),
             ",\"lag_seconds\":",
             lag,
             ",\"backlog_bytes\":",
             status.backlog_bytes,
             ",\"position\":",
             json_quoted(status.position),
             ",\"tables\":[",
             tables,
             "],\"targets\":[{\"name\":\"to\",\"state\":",
             json_quoted(status.target_state),
             ",\"reason\":",
             json_quoted(target_reason(status)),
             ",\"lag_seconds\":",
             lag,
             ",\"sequence\":",
             status.sequence,
             "}],\"memory\":{\"budget\":",
             status.memory_budget,
             ",\"used\":",
             status.memory_used,
             "}",
             journal_json(status.journal),
             "}");
}

Result<PipelineStatus> parse_status(std::string_view text) {
  try {
    return status_of(json::parse(text).as_object());
  } catch (const std::exception& e) {
    return Error(Blame::kTransient, cat("not a status: ", e.what()));
  }
}

}  // namespace weft
