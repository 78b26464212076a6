// SPDX-License-Identifier: Apache-2.0
#include "pipeline/key_actions.h"

#include <algorithm>

#include "base/text.h"

namespace weft {
namespace {

std::string_view words(KeyAction action) {
  return action == KeyAction::kCascade ? "CASCADE" : action == KeyAction::kSetNull ? "SET NULL" : "no action";
}

// The target's own key between the same columns, if it is active.
const ForeignKey* key_at_target(const TargetTable& parent, const TargetTable& child, const ActingKey& key) {
  const auto pairs_up = [&](const ForeignKey& own) {
    if (own.parent != parent.name || own.columns.size() != key.columns.size()) return false;
    for (size_t i = 0; i < key.columns.size(); ++i) {
      const auto at = std::find(own.columns.begin(), own.columns.end(), key.columns[i]);
      if (at == own.columns.end()) return false;
      const auto place = static_cast<size_t>(at - own.columns.begin());
      if (own.parent_columns[place] != parent.columns[key.parent_columns[i]].name) return false;
    }
    return true;
  };
  const auto found = std::find_if(child.foreign_keys.begin(), child.foreign_keys.end(), pairs_up);
  return found == child.foreign_keys.end() ? nullptr : &*found;
}

Status refuse_other_action(const ActingKey& key, const ForeignKey& own, const TargetTable& parent) {
  const auto differs = [](KeyAction source, KeyAction target) { return source > KeyAction::kNone && source != target; };
  if (!differs(key.on_delete, own.on_delete) && !differs(key.on_update, own.on_update)) return ok();
  return Error(Blame::kConfig,
               cat("table ",
                   key.child->name.text(),
                   ": foreign key ",
                   own.name,
                   " to ",
                   parent.name.text(),
                   " has ON DELETE ",
                   words(own.on_delete),
                   ", ON UPDATE ",
                   words(own.on_update),
                   " at the target, and ON DELETE ",
                   words(key.on_delete),
                   ", ON UPDATE ",
                   words(key.on_update),
                   " at the source: give it the same actions, or drop it (weft then carries them out)"));
}

Result<ActingKey> acting_key(const TargetTableRef& child, const TargetTable& parent, const ForeignKey& source) {
  ActingKey key;
  key.child = child;
  key.columns = source.columns;
  key.on_delete = source.on_delete;
  key.on_update = source.on_update;
  for (const std::string& column : source.parent_columns) {
    const int at = parent.source->find(column);
    if (at < 0) {
      return Error(Blame::kConfig,
                   cat("foreign key ",
                       source.name,
                       " of ",
                       child->source->name.text(),
                       " refers to column ",
                       column,
                       " of ",
                       parent.source->name.text(),
                       ", which is not there"));
    }
    key.parent_columns.push_back(static_cast<uint16_t>(at));
  }
  for (const uint16_t column : key.columns) {
    if (!child->columns[column].missing) continue;
    return Error(Blame::kConfig,
                 cat("table ",
                     child->name.text(),
                     " has no column \"",
                     child->columns[column].name,
                     "\", which foreign key ",
                     source.name,
                     " of the source acts on"));
  }
  if (const ForeignKey* own = key_at_target(parent, *child, key)) {
    TRY(refuse_other_action(key, *own, parent));
    key.native_delete = own->on_delete == key.on_delete;
    key.native_update = own->on_update == key.on_update;
  }
  return key;
}

// Tables that actions of `name` reach.
std::set<TableName> reached(const ActingKeys& keys, const TableName& name) {
  std::set<TableName> seen;
  std::vector<TableName> open{name};
  while (!open.empty()) {
    const auto at = keys.find(open.back());
    open.pop_back();
    if (at == keys.end()) continue;
    for (const ActingKey& key : at->second) {
      if (seen.insert(key.child->name).second) open.push_back(key.child->name);
    }
  }
  return seen;
}

// Whether the target does not carry this out by itself.
bool left_to_weft(const ActingKey& key) {
  return (key.on_delete > KeyAction::kNone && !key.native_delete) ||
         (key.on_update > KeyAction::kNone && !key.native_update);
}

bool changes_any(const RowChange& change, const std::vector<uint16_t>& columns) {
  return std::any_of(columns.begin(), columns.end(), [&](uint16_t c) {
    if (change.after[c].is_unchanged()) return false;
    return change.before[c].is_unchanged() || !change.after[c].same(change.before[c]);
  });
}

}  // namespace

Result<KeyActions> KeyActions::build(const std::vector<TargetTableRef>& all) {
  // Of tables that are set aside nothing is written.
  std::vector<TargetTableRef> tables;
  std::copy_if(all.begin(), all.end(), std::back_inserter(tables), [](const TargetTableRef& table) {
    return !table->columns.empty();
  });
  ActingKeys keys;
  for (const TargetTableRef& child : tables) {
    for (const ForeignKey& source : child->source->foreign_keys) {
      if (!source.acts()) continue;
      const auto parent = std::find_if(
          tables.begin(), tables.end(), [&](const TargetTableRef& t) { return t->source->name == source.parent; });
      if (parent == tables.end()) continue;
      TRY_ASSIGN(ActingKey key, acting_key(child, **parent, source));
      keys[(*parent)->name].push_back(std::move(key));
    }
  }
  KeyActions actions;
  for (const TargetTableRef& child : tables) {
    for (ForeignKey own : child->foreign_keys) {
      const auto parent =
          std::find_if(tables.begin(), tables.end(), [&](const TargetTableRef& t) { return t->name == own.parent; });
      if (parent == tables.end() || !own.acts()) continue;
      own.columns.clear();
      for (size_t c = 0; c < (*parent)->columns.size(); ++c) {
        const std::string& name = (*parent)->columns[c].name;
        const bool referred =
            std::find(own.parent_columns.begin(), own.parent_columns.end(), name) != own.parent_columns.end();
        if (referred) own.columns.push_back(static_cast<uint16_t>(c));
      }
      actions.own_[own.parent].push_back(std::move(own));
    }
  }
  if (keys.empty()) return actions;
  for (const auto& [name, list] : keys) {
    std::set<TableName> reach = reached(keys, name);
    if (reach.contains(name)) actions.circular_.insert(name);
    reach.insert(name);
    const bool busy = std::any_of(reach.begin(), reach.end(), [&](const TableName& at) {
      const auto found = keys.find(at);
      return found != keys.end() && std::any_of(found->second.begin(), found->second.end(), left_to_weft);
    });
    if (busy) actions.busy_.insert(name);
  }
  actions.keys_ = std::make_shared<const ActingKeys>(std::move(keys));
  return actions;
}

Result<bool> KeyActions::sets_off(const RowChange& change, const TargetTable& table, bool relaxed) const {
  if (keys_ == nullptr || !change.hidden_actions || change.op == Op::kInsert) return false;
  const auto at = keys_->find(table.name);
  if (at == keys_->end()) return false;
  const bool deletes = change.op == Op::kDelete;
  bool any = false;
  for (const ActingKey& key : at->second) {
    const KeyAction action = deletes ? key.on_delete : key.on_update;
    const bool native = deletes ? key.native_delete : key.native_update;
    if (action == KeyAction::kNone || (native && !relaxed && !busy_.contains(key.child->name))) continue;
    for (const uint16_t c : key.parent_columns) {
      const bool known = !change.before[c].is_unchanged();
      const bool changes =
          deletes || (!change.after[c].is_unchanged() && !(known && change.after[c].same(change.before[c])));
      any = any || changes;
      if (!changes || known) continue;
      return Error(Blame::kConfig,
                   cat("table ",
                       change.schema->name.text(),
                       " key ",
                       describe(key_of(*change.schema, change.before).row()),
                       ": rows of ",
                       key.child->source->name.text(),
                       " refer to column ",
                       change.schema->columns[c].name,
                       ", whose old value is not in the log; set binlog_row_image=FULL at the source"));
    }
  }
  return any;
}

bool KeyActions::target_acts(const RowChange& change, const TargetTable& table) const {
  if (change.op == Op::kInsert) return false;
  const auto at = own_.find(table.name);
  return at != own_.end() && std::any_of(at->second.begin(), at->second.end(), [&](const ForeignKey& own) {
           if (change.op == Op::kDelete) return own.on_delete > KeyAction::kNone;
           return own.on_update > KeyAction::kNone && changes_any(change, own.columns);
         });
}

SchemaRef with_actions(const SchemaRef& schema, const SchemaRef& catalogue) {
  const auto unknown = [](const ForeignKey& key) { return key.on_delete == KeyAction::kUnknown; };
  if (std::none_of(schema->foreign_keys.begin(), schema->foreign_keys.end(), unknown)) return schema;
  auto filled = std::make_shared<TableSchema>(*schema);
  for (ForeignKey& key : filled->foreign_keys) {
    if (!unknown(key)) continue;
    key.on_delete = key.on_update = KeyAction::kNone;
    for (const ForeignKey& now : catalogue->foreign_keys) {
      if (now.name != key.name || now.parent != key.parent) continue;
      key.on_delete = now.on_delete;
      key.on_update = now.on_update;
    }
  }
  return filled;
}

std::vector<TableName> acting_parents(const TableSchema& schema) {
  std::vector<TableName> parents;
  for (const ForeignKey& key : schema.foreign_keys) {
    if (key.acts() && key.parent != schema.name) parents.push_back(key.parent);
  }
  return parents;
}

Status refuse_acting_circles(const std::vector<SchemaRef>& schemas) {
  std::map<TableName, std::vector<TableName>> parents;
  for (const SchemaRef& schema : schemas) parents[schema->name] = acting_parents(*schema);
  for (const SchemaRef& start : schemas) {
    std::set<TableName> seen;
    std::vector<TableName> open{start->name};
    while (!open.empty()) {
      const auto at = parents.find(open.back());
      open.pop_back();
      if (at == parents.end()) continue;
      for (const TableName& parent : at->second) {
        if (parent == start->name) {
          return Error(
              Blame::kConfig,
              cat("foreign keys with CASCADE or SET NULL lead from table ",
                  start->name.text(),
                  " over others back to it: such tables can't be copied while they change, for what the keys do "
                  "is not in the log; copy them with the source at rest and start with --snapshot no"));
        }
        if (seen.insert(parent).second) open.push_back(parent);
      }
    }
  }
  return ok();
}

Status refuse_hidden_parents(const std::vector<SchemaRef>& schemas) {
  for (const SchemaRef& child : schemas) {
    for (const ForeignKey& key : child->foreign_keys) {
      const bool captured = std::any_of(
          schemas.begin(), schemas.end(), [&](const SchemaRef& parent) { return parent->name == key.parent; });
      if (captured || !key.acts()) continue;
      return Error(Blame::kConfig,
                   cat("table ",
                       child->name.text(),
                       ": foreign key ",
                       key.name,
                       " changes its rows when rows of ",
                       key.parent.text(),
                       " go, which is not in the log, and that table is not captured: capture it too, or leave ",
                       child->name.table,
                       " out with --exclude"));
    }
  }
  return ok();
}

}  // namespace weft
