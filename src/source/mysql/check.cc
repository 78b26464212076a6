// SPDX-License-Identifier: Apache-2.0
// check_server: the settings, grants and tables that would stop or surprise a run, each with the statement that mends it.
// Only asks; changes nothing.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "engine/mysql/catalogue.h"
#include "engine/mysql/quote.h"
#include "source/mysql/source_impl.h"

namespace weft::mysql {
namespace {

constexpr uint64_t kDay = 86400;

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "a, b, c and 4 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::string out;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? cat(out, " and ", names.size() - kShown, " more") : out;
}

class Checker {
 public:
  Checker(Connection& session, const TableFilter& filter) : session_(session), filter_(filter) {}

  [[nodiscard]] std::vector<Finding> run() {
    const Status asked = ask();
    if (!asked) add(Finding::Level::kError, asked.error().message(), "");
    return std::move(findings_);
  }

 private:
  Status ask() {
    TRY_ASSIGN(const Rows rows, session_.query("SHOW GLOBAL VARIABLES"));
    for (size_t i = 0; i < rows.rows.size(); ++i) variables_[rows.text(i, 0)] = rows.text(i, 1);
    TRY(read_grants());
    TRY_ASSIGN(tables_, load_tables(session_, filter_));
    check_log();
    check_rows();
    check_gtids();
    check_retention();
    check_grants();
    check_log_filters();
    check_replica();
    check_tables();
    check_prepared();
    return ok();
  }

  void add(Finding::Level level, std::string what, std::string mend) {
    findings_.push_back({level, std::move(what), std::move(mend), table_});
  }

  void warn(std::string what, std::string mend) { add(Finding::Level::kWarning, std::move(what), std::move(mend)); }

  void fail(std::string what, std::string mend) { add(Finding::Level::kError, std::move(what), std::move(mend)); }

  [[nodiscard]] std::string variable(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? "" : found->second;
  }

  Status read_grants() {
    TRY_ASSIGN(const Rows rows, session_.query("SHOW GRANTS"));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      grants_.push_back(rows.text(i, 0));
      roles_ = roles_ || !contains(grants_.back(), " ON ");
    }
    TRY_ASSIGN(const auto user, session_.value("SELECT CURRENT_USER()"));
    const std::string who = user.value_or("");
    const size_t at = who.rfind('@');
    account_ = at == std::string::npos ? quote_literal(who)
                                       : cat(quote_literal(who.substr(0, at)), "@", quote_literal(who.substr(at + 1)));
    return ok();
  }

  // Whether a grant on everything, or on the database, names the privilege.
  [[nodiscard]] bool granted(std::string_view privilege, const std::string& database) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](const std::string& grant) {
      const size_t on = grant.find(" ON ");
      if (on == std::string::npos) return false;
      const std::string_view what = std::string_view(grant).substr(0, on);
      const std::string_view where = std::string_view(grant).substr(on + 4);
      const bool covers =
          where.starts_with("*.*") || (!database.empty() && where.starts_with(quote_identifier(database)));
      return covers && (contains(what, "ALL PRIVILEGES") || contains(what, privilege));
    });
  }

  void check_log() {
    if (variable("log_bin") != "ON") {
      fail("log_bin is OFF: the server writes no binary log",
           "set log_bin in the server's configuration and restart it");
    }
    const std::string format = variable("binlog_format");
    if (!format.empty() && format != "ROW") {
      fail(cat("binlog_format is ", format, ": changes may be logged as statements"),
           "SET GLOBAL binlog_format = 'ROW'; then let all sessions reconnect");
    }
    if (!variable("binlog_storage_engine").empty()) {
      fail("binlog_storage_engine is set: this log format is not supported",
           "start the server without binlog_storage_engine");
    }
  }

  void check_rows() {
    const std::string image = variable("binlog_row_image");
    if (!image.empty() && image != "FULL" && image != "FULL_NODUP") {
      std::vector<std::string> keyless;
      for (const CatalogueTable& t : tables_) {
        if (t.schema->keyless()) keyless.push_back(t.schema->name.text());
      }
      const std::string mend = "SET GLOBAL binlog_row_image = 'FULL'; then let all sessions reconnect";
      warn(cat("binlog_row_image is ", image, ": updates arrive without the columns that did not change"), mend);
      if (!keyless.empty()) {
        fail(cat("binlog_row_image is ", image, ", but tables without a key need full rows: ", listed(keyless)), mend);
      }
    }
    if (contains(variable("binlog_row_value_options"), "PARTIAL_JSON") && image != "FULL") {
      fail(cat("binlog_row_value_options has PARTIAL_JSON and binlog_row_image is ",
               image,
               ": what an update leaves of a JSON value can't be made out of the log"),
           "SET GLOBAL binlog_row_value_options = '' (or binlog_row_image = 'FULL'); then let all sessions reconnect");
    }
    if (variable("binlog_row_metadata") != "FULL") {
      const std::string now = variable("binlog_row_metadata");
      warn(
          cat("binlog_row_metadata is ",
              now.empty() ? "not there" : now,
              ": rows are read by the shape that tables had at the start; after an ALTER TABLE a resnapshot is needed"),
          now.empty() ? "use MariaDB 10.5 or MySQL 8.0, or later" : "SET GLOBAL binlog_row_metadata = 'FULL'");
    }
  }

  void check_gtids() {
    if (session_.mariadb()) {
      if (variable("gtid_strict_mode") != "ON") {
        warn("gtid_strict_mode is OFF: two servers may log different transactions under one GTID after a failover",
             "SET GLOBAL gtid_strict_mode = ON");
      }
      return;
    }
    if (variable("gtid_mode") != "ON") {
      warn(cat("gtid_mode is ",
               variable("gtid_mode"),
               ": positions are places in this server's files and do not survive a "
               "failover, and each table is locked for a moment per chunk of its copy"),
           "SET GLOBAL enforce_gtid_consistency = ON, then gtid_mode step by step: OFF_PERMISSIVE, ON_PERMISSIVE, ON");
    }
  }

  void check_retention() {
    uint64_t seconds = number(variable("binlog_expire_logs_seconds"));
    if (seconds == 0) seconds = number(variable("expire_logs_days")) * kDay;
    if (seconds != 0 && seconds < kDay) {
      warn(
          cat("the binary log is purged after ", seconds, " s: a longer stop of weft or its target loses the position"),
          "SET GLOBAL binlog_expire_logs_seconds = 604800");
    }
  }

  void check_grants() {
    const std::string everywhere = cat(" ON *.* TO ", account_);
    if (!granted("REPLICATION SLAVE", "")) {
      add(roles_ ? Finding::Level::kWarning : Finding::Level::kError,
          cat(account_,
              " lacks REPLICATION SLAVE, which reading the binary log needs",
              roles_ ? ", unless a role has it" : ""),
          cat("GRANT REPLICATION SLAVE", everywhere));
    }
    if (const Result<LogStatus> status = log_status(session_); !status && status.error().code() == "1227") {
      const std::string_view name = session_.mariadb() ? "BINLOG MONITOR" : "REPLICATION CLIENT";
      fail(cat(account_, " lacks ", name, ", which asking for the log's end needs"), cat("GRANT ", name, everywhere));
    }
    for (const CatalogueTable& table : tables_) {
      const Result<Rows> probe = session_.query(cat("SELECT 1 FROM ", quote_name(table.schema->name), " LIMIT 0"));
      if (!probe && (probe.error().code() == "1142" || probe.error().code() == "1044")) {
        fail(cat(account_, " may not read ", table.schema->name.text()),
             cat("GRANT SELECT ON ", quote_name(table.schema->name), " TO ", account_));
      }
    }
  }

  // Tables whose snapshot needs a lock, by database.
  void check_locks(const std::vector<const CatalogueTable*>& tables) {
    std::vector<std::string> databases;
    for (const CatalogueTable* table : tables) {
      const std::string& database = table->schema->name.schema;
      if (granted("LOCK TABLES", database) || roles_) continue;
      if (std::find(databases.begin(), databases.end(), database) != databases.end()) continue;
      databases.push_back(database);
      fail(cat(account_, " lacks LOCK TABLES on ", database, ", which copying ", table->schema->name.text(), " needs"),
           cat("GRANT LOCK TABLES ON ", quote_identifier(database), ".* TO ", account_));
    }
  }

  void check_log_filters() {
    const Result<LogStatus> unused = log_status(session_);
    if (!unused) return;
    const bool renamed = !session_.mariadb() && session_.facts().version >= 80200;
    const Result<Rows> rows = session_.query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    if (!rows || rows->empty()) return;
    const std::string only = rows->named("Binlog_Do_DB");
    const std::string never = rows->named("Binlog_Ignore_DB");
    if (only.empty() && never.empty()) return;
    fail(cat("the binary log leaves databases out (binlog_do_db='",
             only,
             "', binlog_ignore_db='",
             never,
             "'): changes may be missing without a sign"),
         "remove binlog_do_db and binlog_ignore_db from the server's configuration and restart it");
  }

  void check_replica() {
    const bool renamed = session_.mariadb() || session_.facts().version >= 80022;
    const Result<Rows> rows = session_.query(renamed ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
    if (!rows || rows->empty()) return;
    const std::string updates = session_.mariadb() || !renamed ? "log_slave_updates" : "log_replica_updates";
    if (variable(updates) != "ON") {
      fail(cat("the server is a replica with ", updates, " OFF: what it replicates is not in its own log"),
           cat("set ", updates, " in the server's configuration and restart it, or name the primary as the source"));
    } else {
      warn("the server is a replica: if it is asynchronous, changes arrive late, and a failover may take some back",
           "name the primary as the source, if it can bear one more reader");
    }
  }

  void check_tables() {
    if (tables_.empty()) {
      fail(filter_.database().empty() ? "no table matches" : cat("no table of ", filter_.database(), " matches"),
           cat("see --table and --exclude; a table that ", account_, " may not read does not show"));
    }
    const Result<bool> native = native_foreign_keys(session_);
    const bool hides = hides_key_actions(session_, native && *native);
    if (hides) check_key_actions();
    std::vector<const CatalogueTable*> to_lock;
    std::vector<std::string> keyless;
    for (const CatalogueTable& table : tables_) {
      const std::string name = table.schema->name.text();
      table_ = name;
      const bool views = has_read_views(table.engine);
      if (!views) {
        warn(cat("table ",
                 name,
                 " is ",
                 table.engine,
                 ": it has no read views, so it is locked against writing while it is copied, "
                 "and a crash of the server may lose what the log has"),
             cat("ALTER TABLE ", quote_name(table.schema->name), " ENGINE=InnoDB"));
      }
      if (table.schema->keyless()) keyless.push_back(name);
      if (table.system_versioned) fail(refused_versioning(table.schema->name), std::string(kMendVersioning));
      const bool exact = table.schema->keyless() || (hides && has_actions(*table.schema));
      if (!views || (!session_.mariadb() && exact)) to_lock.push_back(&table);
    }
    table_.clear();
    if (!keyless.empty()) {
      warn(cat("without a primary key or a unique key without NULLs: ",
               listed(keyless),
               "; these are copied in one piece, and each change looks for its row by all columns"),
           "add a primary key");
    }
    check_locks(to_lock);
  }

  // Hard case 14: what is prepared now is in the log before the place where a first start begins.
  void check_prepared() {
    const Result<Rows> rows = session_.query("XA RECOVER");
    if (!rows || rows->empty()) return;
    warn(cat(rows->rows.size(),
             rows->rows.size() == 1 ? " transaction is" : " transactions are",
             " prepared and not committed: a pipeline that starts for the first time does not know their rows, and "
             "stops "
             "at their XA COMMIT"),
         "XA COMMIT or XA ROLLBACK what XA RECOVER lists, before the first start");
  }

  static bool has_actions(const TableSchema& schema) {
    return std::any_of(
        schema.foreign_keys.begin(), schema.foreign_keys.end(), [](const ForeignKey& key) { return key.acts(); });
  }

  // Hard case 7: what a foreign key's action does is not in the log.
  void check_key_actions() {
    std::vector<std::string> names;
    std::vector<std::string> text;
    for (const CatalogueTable& child : tables_) {
      for (const ForeignKey& key : child.schema->foreign_keys) {
        if (!key.acts()) continue;
        const std::string name = cat(child.schema->name.table, ".", key.name);
        names.push_back(name);
        const bool captured = std::any_of(
            tables_.begin(), tables_.end(), [&](const CatalogueTable& t) { return t.schema->name == key.parent; });
        if (!captured) {
          fail(cat("foreign key ",
                   name,
                   " changes rows of a captured table when rows of ",
                   key.parent.text(),
                   " go, which is not in the binary log, and that table is not captured"),
               cat("capture ", key.parent.text(), ", or leave ", child.schema->name.table, " out with --exclude"));
        }
        for (const uint16_t c : key.columns) {
          if (!child.schema->columns[c].charset.empty()) text.push_back(name);
        }
      }
    }
    if (!names.empty()) {
      warn(cat("foreign keys with CASCADE or SET NULL: ",
               listed(names),
               "; what they do to child rows is not in the binary log, so weft does it at the target, in the same "
               "transaction"),
           "nothing; an index there on the child's columns helps");
    }
    if (!text.empty()) {
      warn(cat("of them, with columns of text: ", listed(text), "; rows are found by equal bytes, not by collation"),
           "write the values of both tables alike, in case and in spaces at their end");
    }
  }

  Connection& session_;
  const TableFilter& filter_;
  std::vector<Finding> findings_;
  std::string table_;  // that is looked at
  std::map<std::string, std::string> variables_;
  std::vector<std::string> grants_;
  std::vector<CatalogueTable> tables_;
  std::string account_;  // 'user'@'host'
  bool roles_ = false;
};

}  // namespace

std::vector<Finding> check_server(const Options& options, const TableFilter& filter) {
  const Result<Server> server = Server::find(options);
  if (!server) return {{Finding::Level::kError, server.error().message(), ""}};
  Result<Connection> session = server->open({});
  if (!session) return {{Finding::Level::kError, session.error().message(), ""}};
  TableFilter cased = filter;
  cased.ignore_case(server->facts().lower_case_names);
  std::vector<Finding> findings = Checker(*session, cased).run();
  findings.insert(findings.begin(),
                  {Finding::Level::kOk, cat(server->facts().version_text, " at ", session->address()), ""});
  return findings;
}

}  // namespace weft::mysql
