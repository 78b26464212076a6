// SPDX-License-Identifier: Apache-2.0
#include "apply/touched_keys.h"

#include <charconv>
#include <optional>

#include "base/text.h"
#include "model/row.h"

namespace weft {
namespace {

constexpr std::string_view kWhole = "*";
constexpr std::string_view kShapes = "shapes";

void put(std::string& out, std::string_view text) {
  out += cat(text.size(), ":", text);
}

// "3:abc..." -> "abc"; nothing if it is cut short.
std::optional<std::string_view> take(std::string_view& text) {
  size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  if (size > text.size()) return std::nullopt;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

Error cut_short() {
  return Error(Blame::kConfig, "kept keys can't be read: their text is cut short");
}

// With all key columns known; of a partial change the old ones stand in for those that stayed.
std::optional<OwnedRow> new_key(const TableSchema& schema, const ApplyItem& item) {
  std::vector<Value> key;
  for (const uint16_t i : schema.key) {
    const bool known = !item.after[i].is_unchanged();
    if (!known && item.before.empty()) return std::nullopt;
    key.push_back(known ? item.after[i] : item.before[i]);
  }
  return OwnedRow(key);
}

// Whether foreign keys may do something to other rows because of this one; which ones, its key does not tell.
bool may_act(const ApplyItem& item) {
  if (item.what != ApplyItem::What::kUpdate || item.before.empty() || item.after.empty()) return true;
  const auto acting = item.keys->find(item.table->name);
  if (acting == item.keys->end()) return true;
  for (const ActingKey& key : acting->second) {
    for (const uint16_t i : key.parent_columns) {
      if (!item.after[i].is_unchanged() && !same_values(Row(&item.after[i], 1), Row(&item.before[i], 1))) return true;
    }
  }
  return false;
}

}  // namespace

void TouchedKeys::add(const Ticket& ticket) {
  shapes_ = shapes_ || !ticket.schemas.empty() || !ticket.prepared.empty();
  if (ticket.copy_table) add_whole(ticket.copy_table->source->name);
  for (const ApplyItem& item : ticket.items) add_item(item);
  last_ = nullptr;
}

void TouchedKeys::add_whole(const TableName& table) {
  Keys& keys = tables_[table];
  keys.whole = true;
  keys.codes.clear();
}

void TouchedKeys::add_item(const ApplyItem& item) {
  const TableSchema& schema = *item.table->source;
  if (item.keys != nullptr && may_act(item)) {
    for (const auto& [parent, acting] : *item.keys) {
      for (const ActingKey& key : acting) add_whole(key.child->source->name);
    }
    last_ = nullptr;
  }
  if (item.what == ApplyItem::What::kKeyActions) return;
  if (item.what == ApplyItem::What::kTruncate || schema.keyless() || item.among_old) {
    add_whole(schema.name);
    last_ = nullptr;
    return;
  }
  if (!item.before.empty()) add_key(schema, key_of(schema, item.before).row());
  if (item.after.empty()) return;
  const std::optional<OwnedRow> key = new_key(schema, item);
  if (!key) {
    add_whole(schema.name);
    return;
  }
  add_key(schema, key->row());
}

void TouchedKeys::add_key(const TableSchema& schema, Row key) {
  if (&schema != last_) {
    keys_ = &tables_[schema.name];
    last_ = &schema;
  }
  if (keys_->whole) return;
  keys_->codes.insert(encode_key(key));
  if (keys_->codes.size() > kKeysLimit) add_whole(schema.name);
}

void TouchedKeys::clear() {
  tables_.clear();
  shapes_ = false;
  last_ = nullptr;
}

// docs/formats/recent_keys.md
std::string TouchedKeys::text() const {
  std::string out;
  if (empty()) return out;
  put(out, shapes_ ? kShapes : std::string_view());
  for (const auto& [table, keys] : tables_) {
    put(out, table.schema);
    put(out, table.table);
    put(out, keys.whole ? std::string(kWhole) : cat(keys.codes.size()));
    for (const std::string& code : keys.codes) put(out, code);
  }
  return out;
}

Status TouchedKeys::add_text(std::string_view text) {
  if (text.empty()) return ok();
  const auto shapes = take(text);
  if (!shapes) return cut_short();
  shapes_ = shapes_ || *shapes == kShapes;
  while (!text.empty()) {
    const auto schema = take(text);
    const auto table = take(text);
    const auto size = take(text);
    if (!schema || !table || !size) return cut_short();
    const TableName name{std::string(*schema), std::string(*table)};
    if (*size == kWhole) {
      add_whole(name);
      continue;
    }
    size_t count = 0;
    if (std::from_chars(size->data(), size->data() + size->size(), count).ec != std::errc()) return cut_short();
    Keys& keys = tables_[name];
    for (; count > 0; --count) {
      const auto code = take(text);
      if (!code) return cut_short();
      if (!keys.whole) keys.codes.emplace(*code);
    }
    if (keys.codes.size() > kKeysLimit) add_whole(name);
  }
  return ok();
}

}  // namespace weft
