// SPDX-License-Identifier: Apache-2.0
// TouchedKeys: which rows target transactions changed, by their keys. Kept at the target beside progress for a while, so that a
// repair after a source's failover reads again just what the transactions that were lost had changed (hard case 6).
//
//   TouchedKeys touched;  touched.add(ticket);  session.keep_keys(touched.text());      // a lane
//   touched.add_text(text);  for (const auto& [table, keys] : touched.tables()) ...      // a repair
//
// A value; one thread. Format: docs/formats/recent_keys.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "apply/ticket.h"

namespace weft {

class TouchedKeys {
 public:
  struct Keys {
    bool whole = false;                     // not known by key: any row may have changed
    std::unordered_set<std::string> codes;  // encode_key()
  };

  // Above this many keys of a table, all of it counts as touched.
  static constexpr size_t kKeysLimit = 100'000;

  void add(const Ticket& ticket);
  void add_whole(const TableName& table);
  [[nodiscard]] Status add_text(std::string_view text);
  void clear();

  [[nodiscard]] bool empty() const { return tables_.empty() && !shapes_; }

  // A table changed its shape.
  [[nodiscard]] bool shapes() const { return shapes_; }

  // By the source's name.
  [[nodiscard]] const std::map<TableName, Keys>& tables() const { return tables_; }

  [[nodiscard]] std::string text() const;

 private:
  void add_item(const ApplyItem& item);
  void add_key(const TableSchema& schema, Row key);

  std::map<TableName, Keys> tables_;
  bool shapes_ = false;
  const TableSchema* last_ = nullptr;  // the table of `keys_`
  Keys* keys_ = nullptr;
};

}  // namespace weft
