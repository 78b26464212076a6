// SPDX-License-Identifier: Apache-2.0
#include "pipeline/prepared.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "journal/slice.h"
#include "model/schema_text.h"

namespace weft {
namespace {

Error damaged(std::string_view name) {
  return Error(Blame::kConfig, cat("what is kept of the prepared transaction ", name, " can't be read"));
}

// The shapes that the changes are of, then the changes.
bool encode_piece(std::span<const Change> changes, std::string& out) {
  std::vector<const TableSchema*> schemas;
  for (const Change& change : changes) {
    const TableSchema* schema = schema_of(change);
    if (schema != nullptr && std::ranges::find(schemas, schema) == schemas.end()) schemas.push_back(schema);
  }
  ByteWriter w;
  w.varint(schemas.size());
  for (const TableSchema* schema : schemas) w.text(encode_schema(*schema));
  out = std::move(w.str());
  const auto number = [&](const TableSchema* schema) {
    return static_cast<uint32_t>(std::ranges::find(schemas, schema) - schemas.begin());
  };
  return encode_changes(changes, number, out);
}

}  // namespace

void Prepared::know(const std::vector<PreparedName>& names) {
  for (const PreparedName& known : names) waiting_[known.name].pieces = known.pieces;
}

Result<PreparedStepRef> Prepared::keep(const Transaction& tx, const std::string& position) {
  const TwoPhase* phase = tx.two_phase();
  PreparedStep step;
  step.name = phase->name;
  step.position = position;
  if (!encode_piece(tx.changes.first(tx.changes.size() - 1), step.changes)) {
    return Error(Blame::kBug,
                 cat("the prepared transaction ", step.name, " has a row of another width than its table"));
  }
  Waiting& waiting = waiting_[step.name];
  if (tx.first) {
    drop_cached(waiting);
    waiting.pieces = 0;
  }
  step.piece = waiting.pieces++;
  const bool whole = waiting.cached.size() == step.piece;
  if (whole && cached_ + step.changes.size() <= cache_bytes_) {
    waiting.cached.push_back(step.changes);
    waiting.bytes += step.changes.size();
    cached_ += step.changes.size();
  } else {
    drop_cached(waiting);
  }
  return std::make_shared<const PreparedStep>(std::move(step));
}

void Prepared::drop_cached(Waiting& waiting) {
  cached_ -= waiting.bytes;
  waiting.bytes = 0;
  waiting.cached.clear();
}

PreparedStepRef Prepared::forget(std::string_view name) {
  if (const auto at = waiting_.find(name); at != waiting_.end()) {
    drop_cached(at->second);
    waiting_.erase(at);
  }
  PreparedStep step;
  step.name = name;
  step.forget = true;
  return std::make_shared<const PreparedStep>(std::move(step));
}

std::optional<uint64_t> Prepared::pieces(std::string_view name) const {
  const auto at = waiting_.find(name);
  if (at == waiting_.end()) return std::nullopt;
  return at->second.pieces;
}

bool Prepared::at_target_only(std::string_view name) const {
  const auto at = waiting_.find(name);
  return at != waiting_.end() && at->second.cached.size() != at->second.pieces;
}

Result<SchemaRef> Prepared::schema(std::string_view text) {
  std::string key(text);
  const auto known = schemas_.find(key);
  if (known != schemas_.end()) return known->second;
  TRY_ASSIGN(TableSchema decoded, decode_schema(text));
  return schemas_.emplace(std::move(key), std::make_shared<const TableSchema>(std::move(decoded))).first->second;
}

Result<std::shared_ptr<const Batch>> Prepared::read(std::string_view name, uint64_t piece) {
  const Waiting& waiting = waiting_.find(name)->second;
  std::string fetched;
  if (piece >= waiting.cached.size()) {
    TRY_ASSIGN(fetched, target_.prepared(std::string(name), piece));
  }
  const std::string& bytes = piece < waiting.cached.size() ? waiting.cached[piece] : fetched;
  Arena arena(bytes.size() + 1);
  ByteReader in(arena.copy(bytes));
  const uint64_t count = in.varint();
  std::vector<SchemaRef> schemas;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view text = in.text();
    if (!in.ok()) break;
    TRY_ASSIGN(SchemaRef one, schema(text));
    schemas.push_back(std::move(one));
  }
  if (!in.ok()) return damaged(name);
  BatchBuilder builder(arena);
  builder.begin(0);
  if (!decode_changes(in.rest(), schemas, arena, builder)) return damaged(name);
  builder.end(0);
  return std::make_shared<const Batch>(builder.finish(nullptr));
}

}  // namespace weft
