// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/dead_letters.h"

#include <set>

#include "base/text.h"
#include "model/schema_text.h"
#include "target/postgres/params.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

const std::string kPark =
    "INSERT INTO _weft.dead_letter (pipeline, table_name, op, key, before, after, key_code, new_key, shape, "
    "before_code, "
    "after_code, position, source_time, error, class, torn, stale) VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), "
    "nullif($6, ''), $7, $8, $9, $10, $11, $12, CASE WHEN $13 <> 0 THEN timestamptz 'epoch' + $13 * interval '1 "
    "microsecond' END, $14, $15, $16 <> 0, $17 <> 0)";

const std::string kOfKey =
    "pipeline = $1 AND table_name = $2 AND (md5(key_code) = md5($3) AND key_code = $3 OR new_key <> '' AND "
    "md5(new_key) "
    "= md5($3) AND new_key = $3)";

const std::string kForgetKey = "DELETE FROM _weft.dead_letter WHERE " + kOfKey;
const std::string kForgetOne =
    "DELETE FROM _weft.dead_letter WHERE id = (SELECT min(id) FROM _weft.dead_letter WHERE " + kOfKey + ")";
const std::string kForgetTable = "DELETE FROM _weft.dead_letter WHERE pipeline = $1 AND table_name = $2 AND $3 = ''";
const std::string kStaleKey = "UPDATE _weft.dead_letter SET stale = true WHERE " + kOfKey;
const std::string kStaleTable =
    "UPDATE _weft.dead_letter SET stale = true WHERE pipeline = $1 AND table_name = $2 AND $3 = ''";

// Rows that say only part of themselves say nothing of it. A row that is its own key has it in the key.
const std::string kUnchanged = "'1:0:0'";  // encode_key() of a value that was not sent
const std::string kAddColumn =
    "UPDATE _weft.dead_letter SET shape = shape || $3, key_code = CASE WHEN key_code = '' OR $6 = 0 THEN key_code ELSE "
    "key_code || ',' || $4 END, before_code = CASE WHEN before_code = '' THEN '' ELSE before_code || ',' || " +
    kUnchanged +
    " END, after_code = CASE WHEN after_code = '' THEN '' WHEN op = 'update' AND strpos(',' || after_code || "
    "',', ',1:0:0,') > 0 THEN after_code || ',' || " +
    kUnchanged +
    " ELSE after_code || ',' || $4 END WHERE pipeline = $1 "
    "AND table_name = $2 AND shape <> '' AND strpos(shape, $5) = 0";

Status send_column(Pipeline& pipeline, const std::string& name, const DeadLetterStep& step, uint64_t tag) {
  const std::string line = encode_column(step.column);
  const std::string begins = "\n" + line.substr(0, line.find('\t', line.find('\t') + 1) + 1);  // "column", its name
  Params row;
  row.text(name).text(step.letter.table).text(line).text(step.value).text(begins);
  return row.number(step.letter.key.empty() ? 0 : 1).send(pipeline, kAddColumn, tag);
}

Status send_park(Pipeline& pipeline, const std::string& name, const DeadLetter& letter, uint64_t tag) {
  Params row;
  row.text(name).text(letter.table).text(to_string(letter.op));
  row.text(letter.key_text).text(letter.before_text).text(letter.after_text);
  row.text(letter.key).text(letter.new_key).text(letter.shape).text(letter.before).text(letter.after);
  row.text(letter.position).number(static_cast<uint64_t>(letter.source_time_us));
  row.text(letter.error).text(letter.error_class).number(letter.torn ? 1 : 0).number(letter.stale ? 1 : 0);
  return row.send(pipeline, kPark, tag);
}

// {"a","b"}; what is in it needs no escapes: digits, letters, colons and commas, or numbers.
template <class Items>
std::string array_text(const Items& items) {
  std::string text = "{";
  for (const auto& item : items) text += cat(text.size() == 1 ? "\"" : ",\"", item, "\"");
  return text + "}";
}

}  // namespace

Status send_letters(Pipeline& pipeline,
                    const std::string& name,
                    const std::vector<DeadLetterStep>& steps,
                    uint64_t tag) {
  using What = DeadLetterStep::What;
  for (const DeadLetterStep& step : steps) {
    if (step.what == What::kPark) {
      TRY(send_park(pipeline, name, step.letter, tag));
      continue;
    }
    if (step.what == What::kAddColumn) {
      TRY(send_column(pipeline, name, step, tag));
      continue;
    }
    const bool whole = step.letter.key.empty();
    const std::string& sql = step.what == What::kForgetTable ? kForgetTable
                             : step.what == What::kForgetOne ? kForgetOne
                             : step.what == What::kForgetKey ? kForgetKey
                             : whole                         ? kStaleTable
                                                             : kStaleKey;
    TRY(Params().text(name).text(step.letter.table).text(step.letter.key).send(pipeline, sql, tag));
  }
  return ok();
}

Result<std::vector<HeldKey>> read_held_keys(Connection& connection,
                                            const std::string& name,
                                            const std::string& table,
                                            const std::vector<std::string>& keys) {
  std::vector<HeldKey> held;
  if (keys.empty()) return held;
  TRY_ASSIGN(
      const Answer found,
      connection.query("SELECT key_code, new_key FROM _weft.dead_letter WHERE pipeline = $1 AND table_name = $2 AND "
                       "(md5(key_code) = ANY (ARRAY(SELECT md5(k) FROM unnest($3::text[]) AS k)) OR new_key <> '' "
                       "AND md5(new_key) = ANY (ARRAY(SELECT md5(k) FROM unnest($3::text[]) AS k))) ORDER BY id "
                       "FOR UPDATE",
                       {name, table, array_text(keys)}));
  std::map<std::string, bool> stuck;
  for (size_t i = 0; i < found.rows(); ++i) {
    const bool moves = !found.text(i, 1).empty();
    bool& key = stuck[std::string(found.text(i, 0))];
    key = key || moves;
    if (moves) stuck[std::string(found.text(i, 1))] = true;
  }
  for (const std::string& key : keys) {
    if (const auto at = stuck.find(key); at != stuck.end()) held.push_back({key, at->second});
  }
  return held;
}

Result<std::vector<HeldTable>> read_held_tables(Connection& connection, const std::string& name) {
  std::vector<HeldTable> tables;
  TRY_ASSIGN(const auto counts, count_letters(connection, name));
  for (const auto& [table, letters] : counts) {
    HeldTable held{table, {}, letters};
    TRY_ASSIGN(const Answer found,
               connection.query("SELECT key_code FROM _weft.dead_letter WHERE pipeline = $1 AND table_name = $2 UNION "
                                "SELECT new_key FROM _weft.dead_letter WHERE pipeline = $1 AND table_name = $2",
                                {name, table}));
    for (size_t i = 0; i < found.rows(); ++i) {
      if (!found.text(i, 0).empty()) held.keys.emplace_back(found.text(i, 0));
    }
    tables.push_back(std::move(held));
  }
  return tables;
}

Result<std::map<std::string, uint64_t>> count_letters(Connection& connection, const std::string& name) {
  TRY_ASSIGN(
      const Answer found,
      connection.query("SELECT table_name, count(*) FROM _weft.dead_letter WHERE pipeline = $1 GROUP BY 1", {name}));
  std::map<std::string, uint64_t> counts;
  for (size_t i = 0; i < found.rows(); ++i) {
    counts[std::string(found.text(i, 0))] = static_cast<uint64_t>(found.number(i, 1));
  }
  return counts;
}

Result<std::vector<DeadLetter>> read_letters(
    Connection& connection, const std::string& name, const std::string& table, uint64_t after_id, size_t limit) {
  TRY_ASSIGN(const Answer found,
             connection.query(
                 "SELECT id, table_name, op, key_code, new_key, shape, before_code, after_code, key, before, after, "
                 "position, (extract(epoch FROM source_time) * 1000000)::bigint, error, class, torn, stale, "
                 "(extract(epoch FROM parked_at) * 1000000)::bigint FROM _weft.dead_letter WHERE pipeline = $1 AND "
                 "($2 = '' OR table_name = $2) AND id > $3::bigint ORDER BY id LIMIT $4::bigint",
                 {name, table, cat(after_id), cat(limit)}));
  std::vector<DeadLetter> letters;
  for (size_t i = 0; i < found.rows(); ++i) {
    DeadLetter letter;
    letter.id = static_cast<uint64_t>(found.number(i, 0));
    TRY_ASSIGN(letter.op, letter_op(found.text(i, 2), "_weft.dead_letter"));
    size_t column = 1;
    letter.table = found.text(i, column);
    column = 3;
    for (std::string* text : {&letter.key,
                              &letter.new_key,
                              &letter.shape,
                              &letter.before,
                              &letter.after,
                              &letter.key_text,
                              &letter.before_text,
                              &letter.after_text,
                              &letter.position}) {
      *text = found.text(i, column++);
    }
    letter.source_time_us = found.number(i, 12);
    letter.error = found.text(i, 13);
    letter.error_class = found.text(i, 14);
    letter.torn = found.truth(i, 15);
    letter.stale = found.truth(i, 16);
    letter.parked_us = found.number(i, 17);
    letters.push_back(std::move(letter));
  }
  return letters;
}

Result<uint64_t> remove_letters(Connection& connection, const std::string& name, const std::vector<uint64_t>& ids) {
  TRY_ASSIGN(const Answer removed,
             connection.query("DELETE FROM _weft.dead_letter WHERE pipeline = $1 AND id = ANY ($2::bigint[])",
                              {name, array_text(ids)}));
  return removed.affected();
}

}  // namespace weft::postgres
