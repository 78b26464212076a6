// SPDX-License-Identifier: Apache-2.0
// What a soak must leave behind: no more than a run of any length leaves.
#include <algorithm>

#include "base/text.h"
#include "live/shop_proof.h"
#include "live/soak.h"

namespace weft::live {
namespace {

namespace fs = std::filesystem;

// docs/formats/progress.md: a commit in 256 removes all but the last 512 rows.
constexpr int kProgressRowsMax = 1024;
constexpr int kWeftTableBytesMax = 8 << 20;  // with what vacuum has not given back yet
// docs/formats/journal.md: max=64MiB of Lives, and the segment that is being written.
constexpr std::uintmax_t kJournalBytesMax = 136 << 20;

}  // namespace

void Soak::expect_no_growth() {
  const auto bounded = [&](const std::string& what, const std::string& sql, int most) {
    const int found = std::stoi(rig_.at_target(sql));
    require(found <= most, cat(what, ": ", found, ", at most ", most, " belong there"));
  };
  const int tables = static_cast<int>(all_tables().size());
  bounded("rows of progress_log", "SELECT count(*) FROM _weft.progress_log", kProgressRowsMax);
  bounded("rows of table_state", "SELECT count(*) FROM _weft.table_state", tables);
  bounded("rows of schema_version", "SELECT count(*) FROM _weft.schema_version", tables + tables_.changes() + resumes_);
  bounded("rows of prepared", "SELECT count(*) FROM _weft.prepared", 0);
  expect_no_letters();
  bounded("rows of lease", "SELECT count(*) FROM _weft.lease", 1);
  bounded("bytes of the largest table of weft's",
          "SELECT max(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = '_weft'::regnamespace AND "
          "relkind = 'r'",
          kWeftTableBytesMax);
  std::uintmax_t journal = 0;
  for (const auto& file : fs::directory_iterator(rig_.dir.path() / "journal")) journal += file.file_size();
  require(journal <= kJournalBytesMax, cat("the journal has ", journal, " bytes"));
  std::string strange;
  for (const auto& entry : fs::recursive_directory_iterator(rig_.dir.path())) {
    const fs::path path = entry.path().lexically_relative(rig_.dir.path());
    const std::string first = path.begin()->string();
    const bool known = path == "weft.log" || path == "journal" || path == "journal/lock" || path == "state" ||
                       path == "state/weft" || path == "state/weft/run" ||
                       (first == "journal" && path.extension() == ".journal");
    if (!known) strange += cat(strange.empty() ? "" : ", ", path.string());
  }
  require(strange.empty(), "files that do not belong there: " + strange);
}

void Soak::expect_exactly_once() {
  const std::string audit = audit_breaches(rig_, audited_from_);
  require(audit.empty(), "changes applied twice, or not at all: " + audit);
  const std::string torn = rig_.at_target(shop_breaches_sql());
  require(torn.empty(), "torn transactions: " + torn);
}

}  // namespace weft::live
