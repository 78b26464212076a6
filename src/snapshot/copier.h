// SPDX-License-Identifier: Apache-2.0
// Copier: one table reader that takes tasks from the Merge and delivers chunks to it. One thread steps it:
//
//   loop: advanced = copier.step(stream_is_near)     // an error ends the cycle
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "snapshot/merge.h"
#include "snapshot/row_limit.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

struct CopierOptions {
  ChunkLimit limit;
  size_t parts = 2;  // ranges that a large table is cut into
  RowLimit row_limit{SIZE_MAX};
  std::function<void(std::string_view)> at_point;
  // The keys that the target holds of a table.
  std::function<Result<std::unique_ptr<TargetKeys>>(const SchemaRef&)> target_keys;
};

class Copier {
 public:
  Copier(std::unique_ptr<TableReader> reader, Merge& merge, Clock& clock, CopierOptions options);

  // True if something was done; false: nothing to do now.
  [[nodiscard]] Result<bool> step(bool stream_is_near);

 private:
  Status plan();
  Result<bool> open_view();
  Result<bool> read();
  Result<bool> more_keys();
  Result<bool> sweep(Chunk chunk);
  void drop();

  std::unique_ptr<TableReader> reader_;
  Merge& merge_;
  Clock& clock_;
  CopierOptions options_;
  std::optional<CopyTask> task_;
  bool view_open_ = false;
  std::unique_ptr<TargetKeys> keys_;  // of the table that is being swept
  SteadyTime not_before_;             // after a stale view: when to try again
};

}  // namespace weft
