// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/durability.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace weft::mysql {
namespace {

constexpr size_t kMarksLimit = 64;

struct LogEnds {
  uint64_t current = 0;
  uint64_t flushed = 0;
};

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// MariaDB: Innodb_lsn_*; MySQL from 8.0.30 on: Innodb_redo_log_*_lsn. Older ones tell who may see INNODB_METRICS.
Result<std::optional<LogEnds>> log_ends(Connection& session) {
  TRY_ASSIGN(Rows rows,
             session.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current', 'Innodb_lsn_flushed', "
                           "'Innodb_redo_log_current_lsn', 'Innodb_redo_log_flushed_to_disk_lsn')"));
  if (rows.empty() && !session.mariadb()) {
    Result<Rows> metrics = session.query(
        "SELECT NAME, COUNT FROM information_schema.INNODB_METRICS WHERE NAME IN ('log_lsn_current', "
        "'log_lsn_last_flush') AND STATUS = 'enabled'");
    if (metrics) rows = std::move(metrics).value();
  }
  LogEnds ends;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const std::string name = rows.text(i, 0);
    (name.find("current") != std::string::npos ? ends.current : ends.flushed) = number(rows.text(i, 1));
  }
  if (ends.current == 0 || ends.flushed == 0) return std::optional<LogEnds>();
  return std::optional(ends);
}

}  // namespace

Result<uint64_t> Durability::flushed(Connection& session, uint64_t committed) {
  TRY_ASSIGN(const Rows settings,
             session.query("SELECT @@global.innodb_flush_log_at_trx_commit, @@global.sync_binlog, @@global.log_bin"));
  const bool logged = settings.text(0, 2) != "0" && settings.text(0, 2) != "OFF";
  if (settings.text(0, 0) == "1" && (!logged || settings.text(0, 1) == "1")) {
    marks_.clear();
    return flushed_ = committed;
  }
  TRY_ASSIGN(const std::optional<LogEnds> ends, log_ends(session));
  if (!ends) return flushed_;
  const uint64_t last = marks_.empty() ? flushed_ : marks_.back().version;
  if (committed > last) {
    if (marks_.size() == kMarksLimit) marks_.pop_back();
    marks_.push_back({committed, ends->current});
  }
  while (!marks_.empty() && marks_.front().lsn <= ends->flushed) {
    flushed_ = marks_.front().version;
    marks_.pop_front();
  }
  return flushed_;
}

}  // namespace weft::mysql
