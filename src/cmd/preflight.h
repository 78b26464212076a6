// SPDX-License-Identifier: Apache-2.0
// preflight: both sides before anything moves: waits for servers that are not there yet, then collects everything that
// would stop or surprise. `run` stops at errors with exit code 3, `check` lists it all. Changes nothing.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

struct PreflightOptions {
  bool create_tables = false;                // missing tables are no trouble then
  bool tables_may_change = false;            // what tables lack is judged where the stream stands, here it is a warning
  bool steps_may_fit_yet = false;            // the stream may stand where the tables still had what a step names
  Duration wait = std::chrono::seconds(10);  // for both servers together
  Duration retry = std::chrono::milliseconds(250);
};

struct Preflight {
  SourceInfo info;                 // of the source, if it was reached
  std::vector<SchemaRef> tables;   // captured
  std::vector<TableName> missing;  // source names of tables that the target lacks
  std::vector<Finding> source;
  std::vector<Finding> target;

  [[nodiscard]] size_t errors() const;
};

[[nodiscard]] Preflight preflight(
    Source& source, Target& target, Clock& clock, const PreflightOptions& options, const std::stop_token& stop);

}  // namespace weft
