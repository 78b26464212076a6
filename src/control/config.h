// SPDX-License-Identifier: Apache-2.0
// PipelineConfig: what a user asked for, as plain values, after everything was checked. load_config makes one from a file,
// from flags, or from both; print_config turns it back into YAML.
//
//   Result<PipelineConfig> config = load_config({.file = "shop.yaml", .text = text, .flags = flags}, environment);
//
// Keys of docs/pipeline.schema.json that this version doesn't carry never get here: load_config refuses them.
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/config_node.h"
#include "control/secrets.h"
#include "pipeline/pipeline.h"
#include "transform/steps.h"

namespace weft {

struct FromConfig {
  SecretUrl url;
  std::vector<std::string> tables;  // patterns; empty: all
  std::vector<std::string> exclude;
  SnapshotMode snapshot = SnapshotMode::kYes;
  std::string on_lost_position = "fail";

  bool operator==(const FromConfig&) const = default;
};

struct ToConfig {
  SecretUrl url;
  bool create_tables = false;
  std::string existing = "refuse";
  std::string schema_changes = "fail";
  std::string on_bad_row = "stop";
  bool triggers = true;
  std::string consistency = "atomic";
  size_t lanes = 0;  // 0: auto

  bool operator==(const ToConfig&) const = default;
};

struct PipelineConfig {
  std::string name;  // empty: from the source's identity
  FromConfig from;
  ToConfig to;
  transform::Steps transform;
  Until until = Until::kForever;
  bool setup = true;  // run creates what it needs
  std::string journal = "memory";
  std::string origins = "auto";
  size_t memory_bytes = 64u << 20;
  std::string http = "127.0.0.1:0";  // or "off"
  std::string http_token_file;
  std::string state;  // directory; empty: the default

  bool operator==(const PipelineConfig&) const = default;
};

// One flag of the command line and the key that it stands for.
struct FlagValue {
  std::string flag;                 // "--table"
  std::string path;                 // "from.tables"
  std::vector<std::string> values;  // one; several for a list
  bool list = false;
};

struct ConfigInput {
  std::string file;  // its path, for messages; empty: flags only
  std::string text;
  std::vector<FlagValue> flags;  // override the file
};

// All errors at once, one line each (kConfig).
[[nodiscard]] Result<PipelineConfig> load_config(const ConfigInput& input, const Environment& environment);

// YAML that means the same, every key written out, secrets as ${...}.
[[nodiscard]] std::string print_config(const PipelineConfig& config);

// "64MiB", "1.5 GB", "1048576": bytes; false when it is none.
[[nodiscard]] bool parse_size(const std::string& text, size_t& bytes);
[[nodiscard]] std::string print_size(size_t bytes);

// The dotted paths that load_config reads: those of the schema, no more and no fewer.
[[nodiscard]] std::vector<std::string> config_paths();

}  // namespace weft
