// SPDX-License-Identifier: Apache-2.0
#include "support/mariadb_server.h"

#include <stdexcept>
#include <unistd.h>
#include <utility>

#include "support/template_cache.h"

namespace weft::support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// In the template's name: change it when the way templates are made changes.
constexpr const char* kRecipe = "1";

// sbin is not in every user's PATH.
std::string found(const std::string& program) {
  for (const char* dir : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/", "/usr/libexec/"}) {
    if (::access((dir + program).c_str(), X_OK) == 0) return dir + program;
  }
  return "";
}

std::string server_program() {
  return found("mariadbd");
}

// "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for ..." -> 10.11.19-MariaDB-0+deb12u1
std::string version() {
  static const std::string known = [] {
    const std::string text = run_or_throw({.argv = {server_program(), "--no-defaults", "--version"}}, deadline_in(20s));
    const auto begin = text.find("Ver ");
    if (begin == std::string::npos) throw std::runtime_error("unexpected version of mariadbd: " + text);
    return text.substr(begin + 4, text.find(' ', begin + 4) - begin - 4);
  }();
  return known;
}

std::vector<std::string> base_command() {
  return {server_program(),
          "--no-defaults",
          "--skip-name-resolve",
          "--character-set-server=utf8mb4",
          "--aria-pagecache-buffer-size=8M",
          "--key-buffer-size=8M",
          "--innodb-log-buffer-size=8M",
          "--innodb-log-file-size=32M"};
}

void initialise(const fs::path& dir) {
  run_or_throw({.argv = {found("mariadb-install-db"),
                         "--no-defaults",
                         "--datadir=" + dir.string(),
                         "--auth-root-authentication-method=normal",
                         "--skip-test-db",
                         "--skip-name-resolve",
                         "--innodb-log-file-size=32M"},
                .user = binlog_server_user(),
                .working_dir = "/"},
               deadline_in(120s));
  run_server_once(base_command(),
                  dir,
                  "CREATE USER weft@'%' IDENTIFIED BY 'secret';"
                  "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO weft@'%'");
}

std::string on_off(bool value) {
  return value ? "ON" : "OFF";
}

}  // namespace

MariaDbServer::MariaDbServer(MariaDbOptions options) : options_(std::move(options)) {}

std::optional<std::string> MariaDbServer::unavailable() {
  if (found("mariadb-install-db").empty() || server_program().empty()) {
    return "MariaDB is not installed (package mariadb-server-core)";
  }
  return std::nullopt;
}

std::vector<std::string> MariaDbServer::command() const {
  auto argv = base_command();
  const auto add = [&argv](const std::string& argument) { argv.push_back(argument); };
  add("--server-id=" + std::to_string(options_.server_id));
  add("--gtid-domain-id=" + std::to_string(options_.gtid_domain_id));
  add("--gtid-strict-mode=" + on_off(options_.gtid_strict));
  add("--innodb-buffer-pool-size=" + std::to_string(options_.buffer_pool_mb) + "M");
  add("--innodb-log-file-size=" + std::to_string(options_.redo_log_mb) + "M");
  add("--innodb-flush-log-at-trx-commit=" + std::to_string(options_.innodb_flush_log_at_trx_commit));
  if (options_.binlog) {
    add("--log-bin=bin");
    add("--binlog-format=" + options_.binlog_format);
    add("--binlog-row-image=" + options_.row_image);
    add("--binlog-row-metadata=" + options_.row_metadata);
    add("--log-bin-compress=" + on_off(options_.log_bin_compress));
    add("--sync-binlog=" + std::to_string(options_.sync_binlog));
  }
  argv.insert(argv.end(), options_.extra_args.begin(), options_.extra_args.end());
  return argv;
}

fs::path MariaDbServer::data_template() const {
  return cached_template("mariadb-" + version() + "-" + kRecipe, binlog_server_user(), initialise);
}

}  // namespace weft::support
