// SPDX-License-Identifier: Apache-2.0
// DeadLetter: one change of a row that the target could not take (hard cases 9 and 24), kept there until it is replayed or
// discarded. Written in the target transaction that passes it. While letters of a row wait, its later changes wait behind them,
// unless one says what the whole row is. Format: docs/formats/dead_letter.md. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/change.h"

namespace weft {

struct DeadLetter {
  uint64_t id = 0;    // given by the target, ascending
  std::string table;  // TableName::text() of the source's table
  Op op = Op::kInsert;
  // encode_key() of the row's key before the change, or after it for an insert. Without a key: of the whole row for an insert
  // (a later deletion of such a row takes the letter away), empty else.
  std::string key;
  // The same of another key that the change gives the row; empty if it stays.
  std::string new_key;
  std::string shape;   // encode_schema()
  std::string before;  // encode_key() of the row's values; empty: none
  std::string after;
  // For people, as row_json(): what `key`, `before` and `after` say.
  std::string key_text;
  std::string before_text;
  std::string after_text;
  std::string position;  // of the source, behind the transaction
  int64_t source_time_us = 0;
  std::string error;
  std::string error_class;  // the vendor's code: SQLSTATE
  bool torn = false;        // other changes of its transaction were applied
  // Foreign keys of the source acted on the row, or because of it, in a way that the log does not show: it can't be replayed.
  bool stale = false;
  int64_t parked_us = 0;  // the target's time
};

// What a target transaction does to the letters, in order.
struct DeadLetterStep {
  enum class What : uint8_t {
    kPark,
    kForgetKey,    // all letters of letter.key: the row is as the source has it
    kForgetOne,    // the oldest letter of letter.key
    kForgetTable,  // all of letter.table: its rows are read anew, or are gone
    kStale,        // letters of letter.key, all of letter.table without one; see DeadLetter::stale
    kAddColumn,    // to the rows of all of letter.table: `column`, with `value` as encode_key() writes one
  };
  What what = What::kPark;
  DeadLetter letter;
  Column column = {};
  std::string value = {};
};

// A key under which letters wait. `stuck`: one of them changes the key itself and says only part of the row, so nothing but
// replaying them in order helps.
struct HeldKey {
  std::string key;
  bool stuck = false;
};

// Where letters wait, for telling what is about such a row: `keys` names each key once.
struct HeldTable {
  std::string table;
  std::vector<std::string> keys;
  uint64_t letters = 0;
};

// Which letters a person means: these ids, or these tables (by the source's name, with or without its schema), or all.
struct DeadLetterChoice {
  std::vector<uint64_t> ids;
  std::vector<std::string> tables;

  [[nodiscard]] bool takes(const DeadLetter& letter) const {
    if (ids.empty() && tables.empty()) return true;
    for (const uint64_t id : ids) {
      if (id == letter.id) return true;
    }
    for (const std::string& table : tables) {
      if (table == letter.table || letter.table.ends_with("." + table)) return true;
    }
    return false;
  }
};

}  // namespace weft
