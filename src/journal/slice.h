// SPDX-License-Identifier: Apache-2.0
// Slice: consecutive transactions of one batch, or one fragment, as the bytes of one journal frame, and back. Format:
// docs/formats/journal.md. Values come back as views of the bytes, rows in arrays of an arena: nothing is allocated for a
// single value or transaction.
//
//   encode_slice(batch, {from, count, end_text}, schemas, out);
//   TRY_ASSIGN(Batch again, decode_slice({payload, slab, before, first, skip}, schemas, load, arena));
//
// Pure; the arena has one owner.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/slab.h"
#include "base/strong.h"
#include "model/transaction.h"

namespace weft {

// Source::load_positions of the pipeline's source.
using PositionLoader = std::function<Result<std::shared_ptr<const PositionLog>>(
    std::string_view before, std::string_view saved, size_t count)>;

struct SliceToWrite {
  size_t from = 0;            // into the batch's transactions
  size_t count = 0;           // a fragment stands alone
  std::string_view end_text;  // text of the position after the last of them that is whole
};

// Appends. `number_of` gives a schema's number in the segment. False: the batch's positions can't be kept.
[[nodiscard]] bool encode_slice(const Batch& batch,
                                const SliceToWrite& slice,
                                const std::function<uint32_t(const TableSchema*)>& number_of,
                                std::string& out);

// The changes of one transaction or fragment alone, for what keeps them elsewhere than in a journal. Appends.
[[nodiscard]] bool encode_changes(std::span<const Change> changes,
                                  const std::function<uint32_t(const TableSchema*)>& number_of,
                                  std::string& out);
// Adds them to the open transaction of `builder`, which has to keep the bytes. False when they are damaged.
[[nodiscard]] bool decode_changes(std::string_view bytes,
                                  const std::vector<SchemaRef>& schemas,
                                  Arena& arena,
                                  BatchBuilder& builder);

struct SliceToRead {
  std::string_view payload;
  SlabRef slab;             // owns the payload
  std::string_view before;  // text of the position before it
  size_t skip = 0;          // whole transactions at its beginning that are not wanted
  bool first = true;        // as the frame's flags say, for a fragment
  bool last = true;
};

// kConfig when the payload is damaged.
[[nodiscard]] Result<Batch> decode_slice(const SliceToRead& slice,
                                         const std::vector<SchemaRef>& schemas,
                                         const PositionLoader& load,
                                         Arena& arena);

// The text of the position after the slice, without decoding the rest. kConfig when damaged.
[[nodiscard]] Result<std::string_view> slice_end(std::string_view payload);

// The text of the position after the first `transactions` of it.
[[nodiscard]] Result<std::string> slice_position(std::string_view payload,
                                                 std::string_view before,
                                                 size_t transactions,
                                                 const PositionLoader& load);

}  // namespace weft
