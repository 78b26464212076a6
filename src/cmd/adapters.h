// SPDX-License-Identifier: Apache-2.0
// The only place that names adapters: an address becomes a Source or a Target by its scheme. Contacts nothing; errors are
// kConfig and mean exit code 2.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "control/config.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

// `stop` ends every wait of theirs at once; it is not the way to a clean drain.
[[nodiscard]] Result<std::unique_ptr<Source>> make_source(const PipelineConfig& config, const std::stop_token& stop);
[[nodiscard]] Result<std::unique_ptr<Target>> make_target(const PipelineConfig& config, const std::stop_token& stop);

// Either side for reading its tables only: connect(), tables(), head(), includes() and table_reader(), with SELECT alone.
// Every engine that is a target is a source, too. `tables`: the target's, each as schema.table.
[[nodiscard]] Result<std::unique_ptr<Source>> make_source_reader(const PipelineConfig& config,
                                                                 const std::stop_token& stop);
[[nodiscard]] Result<std::unique_ptr<Source>> make_target_reader(const PipelineConfig& config,
                                                                 const std::vector<std::string>& tables,
                                                                 const std::stop_token& stop);

struct Ends {
  std::unique_ptr<Source> source;
  std::unique_ptr<Target> target;
};

// Both, or what is wrong with either, one line each.
[[nodiscard]] Result<Ends> make_ends(const PipelineConfig& config, const std::stop_token& stop);

// What `weft setup` makes at the target, as SQL (contacts nothing), and the making.
[[nodiscard]] Result<std::string> setup_sql(const PipelineConfig& config);
[[nodiscard]] Status set_up(const PipelineConfig& config);

// What `weft teardown` does at the target, as statements; with `dry_run` they are not run. Code kPipelineTaken.
struct TeardownOptions {
  std::string pipeline;
  bool cutover = false;
  bool dry_run = false;
  Duration wait{};  // how long to wait for another process to go
};

[[nodiscard]] Result<std::vector<std::string>> tear_down(const PipelineConfig& config, const TeardownOptions& options);

// The name under which the target keeps the pipeline's progress; without one in the configuration the source is asked.
[[nodiscard]] Result<std::string> pipeline_name(const PipelineConfig& config);

// "mysql:// or mariadb:// (MySQL, MariaDB)", for people.
[[nodiscard]] std::string sources_built_in();
[[nodiscard]] std::string targets_built_in();

}  // namespace weft
