// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/dead_letters.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/text.h"
#include "model/schema_text.h"
#include "target/bookkeeping/dialect.h"
#include "target/refusals.h"

namespace weft::bookkeeping {
namespace {

constexpr size_t kKeysAtOnce = 100;
constexpr size_t kLettersAtOnce = 500;

// Two parameters each: the checksum, the key.
constexpr std::string_view kOfKey =
    " WHERE pipeline = ? AND table_name = ? AND ((key_hash = ? AND key_code = ?) OR (new_key_hash = ? AND new_key = "
    "?))";
constexpr std::string_view kOfTable = " WHERE pipeline = ? AND table_name = ?";

// encode_key() of a value that was not sent.
constexpr std::string_view kUnchanged = "1:0:0";

int64_t hash_of(std::string_view key) {
  return crc32c(key);
}

std::string park_sql(Dialect dialect) {
  return cat(
      "INSERT INTO _weft_dead_letter (pipeline, table_name, op, `key`, `before`, `after`, position, source_time, "
      "source_time_us, error, class, torn, stale, key_hash, key_code, new_key_hash, new_key, shape, before_code, "
      "after_code, "
      "parked_at, parked_us) VALUES (?, ?, ?, ?, ?, ?, ?, ",
      time_of_parameter(dialect),
      ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ",
      now_text(dialect),
      ", ",
      now_us(dialect),
      ")");
}

// For people: NULL where there is none.
Parameter words(const std::string& text) {
  if (text.empty()) return std::monostate();
  return std::string_view(text);
}

Status park(SqlPort& port, const std::string& name, const DeadLetter& letter) {
  const Parameter new_hash = letter.new_key.empty() ? Parameter() : Parameter(hash_of(letter.new_key));
  TRY(port.run(park_sql(port.dialect()),
               std::vector<Parameter>{name,
                                      letter.table,
                                      to_string(letter.op),
                                      words(letter.key_text),
                                      words(letter.before_text),
                                      words(letter.after_text),
                                      letter.position,
                                      time_parameter(letter.source_time_us),
                                      letter.source_time_us,
                                      letter.error,
                                      letter.error_class,
                                      truth(letter.torn),
                                      truth(letter.stale),
                                      hash_of(letter.key),
                                      letter.key,
                                      new_hash,
                                      letter.new_key,
                                      letter.shape,
                                      letter.before,
                                      letter.after}));
  return ok();
}

std::vector<Parameter> of_key(const std::string& name, const DeadLetter& letter) {
  const int64_t hash = hash_of(letter.key);
  return {name, letter.table, hash, letter.key, hash, letter.key};
}

std::string with_value(const std::string& code, std::string_view value) {
  return code.empty() ? code : cat(code, ",", value);
}

bool lacks_values(const std::string& code) {
  return cat(",", code, ",").find(cat(",", kUnchanged, ",")) != std::string::npos;
}

// Rows that say only part of themselves say nothing of the new column. A row that is its own key has it in the key.
Status add_column_to(SqlPort& port, const Record& record, const DeadLetterStep& step, const std::string& line) {
  const std::string& op = text_of(record, 1);
  const std::string& key = text_of(record, 3);
  const std::string& after = text_of(record, 5);
  const std::string shape = text_of(record, 2) + line;
  const std::string new_key = step.letter.key.empty() ? key : with_value(key, step.value);
  const std::string new_before = with_value(text_of(record, 4), kUnchanged);
  const bool partial = op == to_string(Op::kUpdate) && lacks_values(after);
  const std::string new_after = with_value(after, partial ? kUnchanged : std::string_view(step.value));
  TRY(port.run(
      "UPDATE _weft_dead_letter SET shape = ?, key_hash = ?, key_code = ?, before_code = ?, after_code = ? WHERE "
      "id = ?",
      std::vector<Parameter>{shape, hash_of(new_key), new_key, new_before, new_after, number_of(record, 0)}));
  return ok();
}

Status add_column(SqlPort& port, const std::string& name, const DeadLetterStep& step) {
  const std::string line = encode_column(step.column);
  const std::string begins = "\n" + line.substr(0, line.find('\t', line.find('\t') + 1) + 1);  // "column", its name
  const std::string sql = cat("SELECT id, op, shape, key_code, before_code, after_code FROM _weft_dead_letter",
                              kOfTable,
                              " AND id > ? ORDER BY id LIMIT ",
                              kLettersAtOnce,
                              for_update(port.dialect()));
  for (int64_t last = 0;;) {
    TRY_ASSIGN(const auto records, port.rows(sql, std::vector<Parameter>{name, step.letter.table, last}));
    for (const Record& record : records) {
      last = number_of(record, 0);
      const std::string& shape = text_of(record, 2);
      if (shape.empty() || shape.find(begins) != std::string::npos) continue;
      TRY(add_column_to(port, record, step, line));
    }
    if (records.size() < kLettersAtOnce) return ok();
  }
}

Status write_letter(SqlPort& port, const std::string& name, const DeadLetterStep& step) {
  using What = DeadLetterStep::What;
  const DeadLetter& letter = step.letter;
  const std::vector<Parameter> of_table{name, letter.table};
  switch (step.what) {
    case What::kPark:
      return park(port, name, letter);
    case What::kAddColumn:
      return add_column(port, name, step);
    case What::kForgetKey:
      TRY(port.run(cat("DELETE FROM _weft_dead_letter", kOfKey), of_key(name, letter)));
      return ok();
    case What::kForgetOne:
      // MySQL deletes from no table that a sub-select reads, but for one that it has to materialize.
      TRY(port.run(cat("DELETE FROM _weft_dead_letter WHERE id = (SELECT oldest FROM (SELECT MIN(id) AS oldest FROM "
                       "_weft_dead_letter",
                       kOfKey,
                       ") AS letters)"),
                   of_key(name, letter)));
      return ok();
    case What::kForgetTable:
      TRY(port.run(cat("DELETE FROM _weft_dead_letter", kOfTable), of_table));
      return ok();
    case What::kStale:
      if (letter.key.empty()) {
        TRY(port.run(cat("UPDATE _weft_dead_letter SET stale = 1", kOfTable), of_table));
      } else {
        TRY(port.run(cat("UPDATE _weft_dead_letter SET stale = 1", kOfKey), of_key(name, letter)));
      }
      return ok();
  }
  return Error(Blame::kBug, "a step for dead letters that is none");
}

std::string marks(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

// What waits under the keys, and whether it is stuck there.
Status find_held(SqlPort& port,
                 const std::string& name,
                 const std::string& table,
                 std::span<const std::string> keys,
                 std::map<std::string, bool>& stuck) {
  std::vector<Parameter> parameters{name, table};
  for (int i = 0; i < 2; ++i) {
    for (const std::string& key : keys) parameters.emplace_back(hash_of(key));
  }
  const std::string in = marks(keys.size());
  TRY_ASSIGN(const auto records,
             port.rows(cat("SELECT key_code, new_key FROM _weft_dead_letter",
                           kOfTable,
                           " AND (key_hash IN (",
                           in,
                           ") OR new_key_hash IN (",
                           in,
                           ")) ORDER BY id",
                           for_update(port.dialect())),
                       parameters));
  for (const Record& record : records) {
    const std::string& moved_to = text_of(record, 1);
    bool& key = stuck[text_of(record, 0)];
    key = key || !moved_to.empty();
    if (!moved_to.empty()) stuck[moved_to] = true;
  }
  return ok();
}

Result<DeadLetter> letter_in(const Record& record) {
  DeadLetter letter;
  letter.id = static_cast<uint64_t>(number_of(record, 0));
  letter.table = text_of(record, 1);
  TRY_ASSIGN(letter.op, letter_op(text_of(record, 2), "_weft_dead_letter"));
  size_t column = 3;
  for (std::string* text : {&letter.key,
                            &letter.new_key,
                            &letter.shape,
                            &letter.before,
                            &letter.after,
                            &letter.key_text,
                            &letter.before_text,
                            &letter.after_text,
                            &letter.position}) {
    *text = text_of(record, column++);
  }
  letter.source_time_us = number_of(record, 12);
  letter.error = text_of(record, 13);
  letter.error_class = text_of(record, 14);
  letter.torn = number_of(record, 15) != 0;
  letter.stale = number_of(record, 16) != 0;
  letter.parked_us = number_of(record, 17);
  return letter;
}

}  // namespace

Status write_letters(SqlPort& port, const std::string& name, const std::vector<DeadLetterStep>& steps) {
  for (const DeadLetterStep& step : steps) TRY(write_letter(port, name, step));
  return ok();
}

Result<std::vector<HeldKey>> read_held_keys(SqlPort& port,
                                            const std::string& name,
                                            const std::string& table,
                                            const std::vector<std::string>& keys) {
  std::map<std::string, bool> stuck;
  for (size_t first = 0; first < keys.size(); first += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, keys.size() - first);
    TRY(find_held(port, name, table, std::span(keys).subspan(first, count), stuck));
  }
  std::vector<HeldKey> held;
  for (const std::string& key : keys) {
    if (const auto at = stuck.find(key); at != stuck.end()) held.push_back({key, at->second});
  }
  return held;
}

Result<std::vector<HeldTable>> read_held_tables(SqlPort& port, const std::string& name) {
  std::vector<HeldTable> tables;
  TRY_ASSIGN(const auto counts, count_letters(port, name));
  for (const auto& [table, letters] : counts) {
    HeldTable held{table, {}, letters};
    TRY_ASSIGN(const auto records,
               port.rows(cat("SELECT key_code FROM _weft_dead_letter",
                             kOfTable,
                             " UNION SELECT new_key FROM _weft_dead_letter",
                             kOfTable),
                         std::vector<Parameter>{name, table, name, table}));
    for (const Record& record : records) {
      if (!text_of(record, 0).empty()) held.keys.push_back(text_of(record, 0));
    }
    tables.push_back(std::move(held));
  }
  return tables;
}

Result<std::map<std::string, uint64_t>> count_letters(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records,
             port.rows("SELECT table_name, COUNT(*) FROM _weft_dead_letter WHERE pipeline = ? GROUP BY table_name",
                       std::vector<Parameter>{name}));
  std::map<std::string, uint64_t> counts;
  for (const Record& record : records) counts[text_of(record, 0)] = static_cast<uint64_t>(number_of(record, 1));
  return counts;
}

Result<std::vector<DeadLetter>> read_letters(
    SqlPort& port, const std::string& name, const std::string& table, uint64_t after_id, size_t limit) {
  TRY_ASSIGN(
      const auto records,
      port.rows(cat("SELECT id, table_name, op, key_code, new_key, shape, before_code, after_code, `key`, `before`, "
                    "`after`, position, source_time_us, error, class, torn, stale, parked_us FROM "
                    "_weft_dead_letter WHERE pipeline = ? AND (? = '' OR table_name = ?) AND id > ? ORDER BY id LIMIT ",
                    std::min<size_t>(limit, INT64_MAX)),
                std::vector<Parameter>{name, table, table, number(after_id)}));
  std::vector<DeadLetter> letters;
  for (const Record& record : records) {
    TRY_ASSIGN(DeadLetter letter, letter_in(record));
    letters.push_back(std::move(letter));
  }
  return letters;
}

Result<uint64_t> remove_letters(SqlPort& port, const std::string& name, const std::vector<uint64_t>& ids) {
  uint64_t removed = 0;
  for (size_t first = 0; first < ids.size(); first += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, ids.size() - first);
    std::vector<Parameter> parameters{name};
    for (size_t i = first; i < first + count; ++i) parameters.push_back(number(ids[i]));
    TRY_ASSIGN(
        const uint64_t found,
        port.run(cat("DELETE FROM _weft_dead_letter WHERE pipeline = ? AND id IN (", marks(count), ")"), parameters));
    removed += found;
  }
  return removed;
}

}  // namespace weft::bookkeeping
