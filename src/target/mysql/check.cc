// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/check.h"

#include <algorithm>

#include "base/text.h"
#include "engine/mysql/quote.h"
#include "target/bookkeeping/objects.h"
#include "target/mysql/catalog.h"
#include "target/mysql/ddl.h"
#include "target/mysql/mysql_port.h"

namespace weft::mysql {
namespace {

using Level = Finding::Level;

constexpr uint64_t kKeylessRowsLimit = 10000;

class Checker {
 public:
  Checker(Connection& session, const CheckOptions& options) : session_(session), options_(options) {}

  std::vector<Finding> run(const std::vector<SchemaRef>& tables) {
    guard(settings());
    guard(objects());
    for (const SchemaRef& source : tables) guard(table(source));
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string what, std::string mend, const std::string& about = {}) {
    findings_.push_back({level, std::move(what), std::move(mend), about});
  }

  void guard(const Status& done) {
    if (!done) add(Level::kError, done.error().message(), {});
  }

  Status settings() {
    if (session_.facts().read_only) {
      add(Level::kError, cat("the server at ", session_.address(), " is read-only"), "SET GLOBAL read_only = OFF");
    }
    TRY_ASSIGN(const Rows rows,
               session_.query("SELECT @@global.innodb_flush_log_at_trx_commit, @@global.log_bin, "
                              "@@global.sync_binlog, @@global.binlog_format"));
    const bool logged = rows.text(0, 1) != "0" && rows.text(0, 1) != "OFF";
    if (rows.text(0, 0) != "1") {
      add(Level::kWarning,
          "innodb_flush_log_at_trx_commit is not 1: a crash of the machine may take back what was committed last; the "
          "source is told to forget only what is on disk, and weft applies the rest again",
          {});
    } else if (logged && rows.text(0, 2) != "1") {
      add(Level::kWarning,
          "sync_binlog is not 1: a crash of the machine may take back what was committed last; the source is told to "
          "forget only what is on disk, and weft applies the rest again",
          {});
    }
    if (logged && rows.text(0, 3) == "STATEMENT") {
      add(Level::kError,
          "binlog_format is STATEMENT, with which InnoDB takes no changes at weft's isolation level",
          "SET GLOBAL binlog_format = 'ROW'");
    }
    return ok();
  }

  Status objects() {
    CommandQueue queue(session_, {});
    MySqlPort port(queue);
    TRY_ASSIGN(const auto found, bookkeeping::find_objects(port));
    if (found == bookkeeping::Objects::kPresent) return bookkeeping::check_objects_version(port, options_.database);
    if (options_.setup) return ok();
    add(Level::kError,
        cat("the tables _weft_... are missing in ", options_.database),
        "run `weft setup`, or have an administrator run what `weft setup --dry-run` prints");
    return ok();
  }

  Status table(const SchemaRef& source) {
    const TableName name = name_at_target(*source, options_.database);
    TRY_ASSIGN(const auto found, read_table(session_, name));
    if (!found) {
      TRY_ASSIGN(std::string create, create_table_statement(*source, name, session_.facts()));
      add(Level::kError, cat("table ", name.text(), " is missing"), std::move(create), source->name.text());
      return ok();
    }
    (void)match_table(*found, source, session_.facts(), findings_, options_.match);
    const bool searched = !found->first_columns.empty();
    if (source->keyless() && found->rows_estimated > kKeylessRowsLimit && !searched) {
      add(Level::kError,
          cat("table ",
              name.text(),
              " has no key, about ",
              found->rows_estimated,
              " rows, and no index that starts with a NOT NULL column: each change would read all of it"),
          cat("CREATE INDEX weft_rows ON ",
              quote_name(name),
              " (a selective NOT NULL column), or give the source table a key"),
          source->name.text());
    }
    return ok();
  }

  Connection& session_;
  const CheckOptions& options_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_target(Connection& session,
                                  const std::vector<SchemaRef>& tables,
                                  const CheckOptions& options) {
  return Checker(session, options).run(tables);
}

}  // namespace weft::mysql
