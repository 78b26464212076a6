// SPDX-License-Identifier: Apache-2.0
// SegmentWalk: goes through a segment's transactions in order, with the schemas and the position that each frame needs.
// SchemaPool: one object per schema, whichever segment or stream it came from, so that matched tables are found again.
//
//   SegmentWalk walk(file, path, {head.frames_at, head.before, {}}, pool);
//   while (auto frame = TRY(walk.next(limit))) use(*frame, walk.before(), walk.schemas());
//
// A pool may be used by any thread; a walk has one owner.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "journal/segment.h"
#include "model/schema.h"

namespace weft {

class SchemaPool {
 public:
  // The schema of this text; `known`, if given, becomes it when there is none yet.
  [[nodiscard]] Result<SchemaRef> get(const std::string& text, const SchemaRef& known = nullptr);

 private:
  Guarded<std::unordered_map<std::string, SchemaRef>> schemas_;
};

class SegmentWalk {
 public:
  struct From {
    uint64_t offset = 0;
    std::string before;              // position there
    std::vector<SchemaRef> schemas;  // of the segment, those in front of the offset at least
  };

  SegmentWalk(std::shared_ptr<const DiskFile> file, std::string path, From from, SchemaPool& pool)
      : file_(std::move(file)),
        path_(std::move(path)),
        frames_(*file_, path_, from.offset),
        end_text_(std::move(from.before)),
        schemas_(std::move(from.schemas)),
        pool_(pool) {}

  SegmentWalk(const SegmentWalk&) = delete;
  SegmentWalk& operator=(const SegmentWalk&) = delete;

  // The next frame of transactions.
  [[nodiscard]] Result<std::optional<Frame>> next(uint64_t limit);

  // Position before the latest frame, and behind its last whole transaction.
  [[nodiscard]] const std::string& before() const { return before_; }

  [[nodiscard]] const std::string& end_text() const { return end_text_; }

  [[nodiscard]] const std::vector<SchemaRef>& schemas() const { return schemas_; }

  // Where the next frame begins; after an error, where the damage is.
  [[nodiscard]] uint64_t offset() const { return frames_.offset(); }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] const DiskFile& file() const { return *file_; }

 private:
  Status take_schema(const Frame& frame);

  std::shared_ptr<const DiskFile> file_;
  std::string path_;
  FrameReader frames_;
  std::string before_;
  std::string end_text_;
  std::vector<SchemaRef> schemas_;
  SchemaPool& pool_;
};

}  // namespace weft
