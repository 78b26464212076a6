// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/recent_keys.h"

#include "base/hex.h"
#include "base/text.h"
#include "target/postgres/params.h"

namespace weft::postgres {
namespace {

constexpr uint64_t kPruneEvery = 256;  // versions

const std::string kKeep = "INSERT INTO _weft.recent_keys (pipeline, version, position, keys) VALUES ($1, $2, $3, $4)";

// From the oldest on, so that those that stay have no gap.
const std::string kPrune =
    "DELETE FROM _weft.recent_keys WHERE pipeline = $1 AND (version = 0 AND kept_at < clock_timestamp() - $2 * "
    "interval "
    "'1 second' OR version > 0 AND version <= (SELECT max(version) FROM (SELECT version, kept_at, "
    "sum(octet_length(keys) "
    "+ octet_length(position)) OVER (ORDER BY version DESC) AS bytes FROM _weft.recent_keys WHERE pipeline = $1 AND "
    "version > 0) AS k WHERE bytes > $3 OR kept_at < clock_timestamp() - $2 * interval '1 second'))";

}  // namespace

Status send_recent_keys(
    Pipeline& pipeline, const std::string& name, const Progress& to, const std::string& keys, uint64_t tag) {
  Params row;
  TRY(row.text(name).number(to.version).text(to.position.text()).bytes(keys).send(pipeline, kKeep, tag));
  if (to.version % kPruneEvery != 0) return ok();
  Params old;
  old.text(name).number(std::chrono::duration_cast<std::chrono::seconds>(kKeptKeysFor).count()).number(kKeptKeysLimit);
  return old.send(pipeline, kPrune, tag);
}

Status write_keys_beside(Connection& connection, const std::string& name, const std::string& keys) {
  TRY(
      connection.query("INSERT INTO _weft.recent_keys (pipeline, version, position, keys) SELECT $1, 0, '', "
                       "decode($2, 'hex') WHERE EXISTS (SELECT FROM _weft.recent_keys WHERE pipeline = $1)",
                       {name, to_hex(keys)}));
  return ok();
}

Result<std::vector<KeptVersion>> read_kept_versions(Connection& connection, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT version, position FROM _weft.recent_keys WHERE pipeline = $1 AND version > 0 "
                              "ORDER BY version",
                              {name}));
  std::vector<KeptVersion> kept;
  kept.reserve(found.rows());
  for (size_t i = 0; i < found.rows(); ++i) {
    kept.push_back({static_cast<uint64_t>(found.number(i, 0)), Position(std::string(found.text(i, 1)))});
  }
  return kept;
}

Result<std::vector<std::string>> read_kept_since(Connection& connection, const std::string& name, uint64_t version) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT encode(keys, 'hex') FROM _weft.recent_keys WHERE pipeline = $1 AND (version = 0 "
                              "OR version > $2::bigint)",
                              {name, cat(version)}));
  std::vector<std::string> keys;
  for (size_t i = 0; i < found.rows(); ++i) keys.push_back(from_hex(found.text(i, 0)));
  return keys;
}

Status drop_recent_keys(Connection& connection, const std::string& name) {
  TRY(connection.query("DELETE FROM _weft.recent_keys WHERE pipeline = $1", {name}));
  return ok();
}

}  // namespace weft::postgres
