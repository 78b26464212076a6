// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/recent_keys.h"

#include "base/hex.h"
#include "base/text.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {
namespace {

constexpr uint64_t kPruneEvery = 256;  // versions

Status insert(
    SqlPort& port, const std::string& name, uint64_t version, const std::string& position, const std::string& keys) {
  TRY(port.run(cat("INSERT INTO _weft_recent_keys (pipeline, version, position, `keys`, kept_us) VALUES (?, ?, ?, ?, ",
                   now_us(port.dialect()),
                   ")"),
               std::vector<Parameter>{name, number(version), position, keys}));
  return ok();
}

// From the oldest on, so that those that stay have no gap.
Status prune(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto rows,
             port.rows(cat("SELECT id, LENGTH(`keys`) + LENGTH(position), version, kept_us < ",
                           now_us(port.dialect()),
                           " - ",
                           std::chrono::duration_cast<std::chrono::microseconds>(kKeptKeysFor).count(),
                           " FROM _weft_recent_keys WHERE pipeline = ? ORDER BY id DESC"),
                       std::vector<Parameter>{name}));
  uint64_t bytes = 0;
  for (const Record& row : rows) {
    bytes += static_cast<uint64_t>(number_of(row, 1));
    if (bytes <= kKeptKeysLimit && number_of(row, 3) == 0) continue;
    TRY(port.run("DELETE FROM _weft_recent_keys WHERE pipeline = ? AND id <= ?",
                 std::vector<Parameter>{name, number_of(row, 0)}));
    break;
  }
  return ok();
}

}  // namespace

Status keep_keys(SqlPort& port, const std::string& name, const Progress& to, const std::string& keys) {
  TRY(insert(port, name, to.version, to.position.text(), keys));
  return to.version % kPruneEvery == 0 ? prune(port, name) : ok();
}

Status keep_keys_beside(SqlPort& port, const std::string& name, const std::string& keys) {
  TRY_ASSIGN(const auto any,
             port.rows("SELECT 1 FROM _weft_recent_keys WHERE pipeline = ? LIMIT 1", std::vector<Parameter>{name}));
  return any.empty() ? ok() : insert(port, name, 0, {}, keys);
}

Result<std::vector<KeptVersion>> read_kept_versions(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto rows,
             port.rows("SELECT version, position FROM _weft_recent_keys WHERE pipeline = ? AND version > 0 ORDER BY "
                       "version",
                       std::vector<Parameter>{name}));
  std::vector<KeptVersion> kept;
  for (const Record& row : rows) {
    kept.push_back({static_cast<uint64_t>(number_of(row, 0)), Position(text_of(row, 1))});
  }
  return kept;
}

Result<std::vector<std::string>> read_kept_since(SqlPort& port, const std::string& name, uint64_t version) {
  TRY_ASSIGN(
      const auto rows,
      port.rows("SELECT LOWER(HEX(`keys`)) FROM _weft_recent_keys WHERE pipeline = ? AND (version = 0 OR version "
                "> ?)",
                std::vector<Parameter>{name, number(version)}));
  std::vector<std::string> keys;
  for (const Record& row : rows) keys.push_back(from_hex(text_of(row, 0)));
  return keys;
}

Status drop_kept(SqlPort& port, const std::string& name) {
  TRY(port.run("DELETE FROM _weft_recent_keys WHERE pipeline = ?", std::vector<Parameter>{name}));
  return ok();
}

}  // namespace weft::bookkeeping
