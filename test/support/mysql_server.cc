// SPDX-License-Identifier: Apache-2.0
#include "support/mysql_server.h"

#include <cstdlib>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "support/template_cache.h"

namespace weft::support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// In the template's name: change it when the way templates are made changes.
constexpr const char* kRecipe = "1";

bool holds_mysqld(const fs::path& root) {
  return ::access((root / "usr/sbin/mysqld").c_str(), X_OK) == 0;
}

// Programs in the shared directory are run only if nobody but root could have put them there.
bool belongs_to_root(const fs::path& path) {
  struct stat info {};

  return ::stat(path.c_str(), &info) == 0 && info.st_uid == 0;
}

// The root's own dynamic loader and its library directory, by architecture.
struct Loader {
  fs::path program;
  fs::path libraries;
};

Loader loader(const fs::path& root) {
  const Loader known[] = {{root / "usr/lib64/ld-linux-x86-64.so.2", root / "usr/lib/x86_64-linux-gnu"},
                          {root / "usr/lib/ld-linux-aarch64.so.1", root / "usr/lib/aarch64-linux-gnu"}};
  for (const auto& candidate : known) {
    if (::access(candidate.program.c_str(), X_OK) == 0) return candidate;
  }
  throw std::runtime_error("no dynamic loader in " + root.string());
}

std::vector<std::string> base_command(const fs::path& root) {
  const auto [program, libraries] = loader(root);
  const std::string mysqld = (root / "usr/sbin/mysqld").string();
  return {program.string(),
          "--library-path",
          libraries.string() + ":" + (root / "usr/lib").string(),
          "--argv0",
          mysqld,
          mysqld,
          "--no-defaults",
          "--basedir=" + (root / "usr").string(),
          "--lc-messages-dir=" + (root / "usr/share/mysql").string(),
          "--character-sets-dir=" + (root / "usr/share/mysql/charsets").string(),
          "--plugin-dir=" + (root / "usr/lib/mysql/plugin").string(),
          "--secure-file-priv=NULL",
          "--mysqlx=OFF",
          "--skip-name-resolve",
          "--innodb-redo-log-capacity=32M"};
}

// ".../mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))" -> 9.7.4-2
std::string version(const fs::path& root) {
  auto argv = base_command(root);
  argv.emplace_back("--version");
  const std::string text = run_or_throw({.argv = std::move(argv)}, deadline_in(20s));
  const auto begin = text.find("Ver ");
  if (begin == std::string::npos) throw std::runtime_error("unexpected version of mysqld: " + text);
  return text.substr(begin + 4, text.find(' ', begin + 4) - begin - 4);
}

void initialise(const fs::path& root, const fs::path& dir) {
  auto argv = base_command(root);
  argv.emplace_back("--initialize-insecure");
  argv.push_back("--datadir=" + dir.string());
  run_or_throw({.argv = std::move(argv), .user = binlog_server_user(), .working_dir = "/"}, deadline_in(180s));
  auto server = base_command(root);
  server.emplace_back("--disable-log-bin");
  run_server_once(std::move(server),
                  dir,
                  "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;"
                  "GRANT PROXY ON ''@'' TO root@'127.0.0.1' WITH GRANT OPTION;"
                  "CREATE USER weft@'%' IDENTIFIED WITH caching_sha2_password BY 'secret';"
                  "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO weft@'%'");
  fs::remove(dir / "auto.cnf");  // holds server_uuid: each copy makes its own
}

std::string on_off(bool value) {
  return value ? "ON" : "OFF";
}

}  // namespace

std::optional<fs::path> find_mysql_root() {
  if (const char* named = std::getenv("WEFT_MYSQL_ROOT"); named != nullptr && *named != '\0') {
    for (const auto& root : {fs::path(named), fs::path(named) / "root"}) {
      if (holds_mysqld(root)) return fs::absolute(root);
    }
  }
  if (const auto root = cache_dir() / "mysql/root"; holds_mysqld(root)) return root;
  const fs::path shared = "/var/tmp/weft-cache";
  if (belongs_to_root(shared) && holds_mysqld(shared / "mysql/root")) return shared / "mysql/root";
  return std::nullopt;
}

MySqlServer::MySqlServer(MySqlOptions options) : options_(std::move(options)) {
  const auto root = find_mysql_root();
  if (!root) throw std::runtime_error(*unavailable());
  root_ = *root;
}

std::optional<std::string> MySqlServer::unavailable() {
  if (find_mysql_root()) return std::nullopt;
  return "MySQL is not there (tools/mysql_root.sh fetches it; or set WEFT_MYSQL_ROOT)";
}

std::vector<std::string> MySqlServer::command() const {
  auto argv = base_command(root_);
  const auto add = [&argv](const std::string& argument) { argv.push_back(argument); };
  add("--server-id=" + std::to_string(options_.server_id));
  add("--performance-schema=" + on_off(options_.performance_schema));
  add("--innodb-buffer-pool-size=" + std::to_string(options_.buffer_pool_mb) + "M");
  add("--innodb-redo-log-capacity=" + std::to_string(options_.redo_log_mb) + "M");
  add("--innodb-flush-log-at-trx-commit=" + std::to_string(options_.innodb_flush_log_at_trx_commit));
  add("--gtid-mode=" + on_off(options_.gtid_mode));
  add("--enforce-gtid-consistency=" + on_off(options_.gtid_mode));
  if (options_.binlog) {
    add("--log-bin=bin");
    add("--binlog-row-image=" + options_.row_image);
    add("--binlog-row-metadata=" + options_.row_metadata);
    add("--binlog-transaction-compression=" + on_off(options_.transaction_compression));
    if (options_.partial_json) add("--binlog-row-value-options=PARTIAL_JSON");
    add("--sync-binlog=" + std::to_string(options_.sync_binlog));
  } else {
    add("--disable-log-bin");
  }
  argv.insert(argv.end(), options_.extra_args.begin(), options_.extra_args.end());
  return argv;
}

fs::path MySqlServer::data_template() const {
  return cached_template("mysql-" + version(root_) + "-" + kRecipe, binlog_server_user(), [this](const fs::path& dir) {
    initialise(root_, dir);
  });
}

}  // namespace weft::support
