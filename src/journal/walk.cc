// SPDX-License-Identifier: Apache-2.0
#include "journal/walk.h"

#include "base/bytes.h"
#include "journal/slice.h"
#include "model/schema_text.h"

namespace weft {

Result<SchemaRef> SchemaPool::get(const std::string& text, const SchemaRef& known) {
  const SchemaRef there = schemas_.with([&](auto& schemas) {
    const auto found = schemas.find(text);
    if (found != schemas.end()) return found->second;
    if (known) schemas.emplace(text, known);
    return known;
  });
  if (there) return there;
  TRY_ASSIGN(TableSchema decoded, decode_schema(text));
  auto made = std::make_shared<const TableSchema>(std::move(decoded));
  return schemas_.with([&](auto& schemas) { return schemas.emplace(text, std::move(made)).first->second; });
}

Status SegmentWalk::take_schema(const Frame& frame) {
  ByteReader in(frame.payload);
  const uint64_t number = in.varint();
  const std::string_view text = in.rest();
  if (!in.ok() || number > schemas_.size()) return damaged_at(path_, frame.offset, "a schema out of turn");
  if (number < schemas_.size()) return ok();
  Result<SchemaRef> schema = pool_.get(std::string(text));
  if (!schema) return damaged_at(path_, frame.offset, schema.error().message());
  schemas_.push_back(*std::move(schema));
  return ok();
}

Result<std::optional<Frame>> SegmentWalk::next(uint64_t limit) {
  while (true) {
    TRY_ASSIGN(std::optional<Frame> frame, frames_.next(limit));
    if (!frame) return std::optional<Frame>();
    if (frame->head.kind == FrameKind::kSchema) {
      TRY(take_schema(*frame));
      continue;
    }
    if (frame->head.kind != FrameKind::kTransactions) return damaged_at(path_, frame->offset, "a frame out of turn");
    const Result<std::string_view> end = slice_end(frame->payload);
    if (!end) return damaged_at(path_, frame->offset, end.error().message());
    before_ = std::exchange(end_text_, std::string(*end));
    return frame;
  }
}

}  // namespace weft
