// SPDX-License-Identifier: Apache-2.0
#include "support/binlog_server.h"

#include <random>
#include <stdexcept>

#include "support/server_log.h"
#include "support/template_cache.h"

namespace weft::support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kStartLimit = 60s;
constexpr auto kStopLimit = 60s;

// Polls until the server takes a connection; throws if it ends before or the deadline passes.
MysqlConnection connected(Process& process, const MysqlEndpoint& endpoint, const fs::path& log) {
  std::optional<MysqlConnection> session;
  std::string reason = "no answer";
  const bool ready = wait_until(deadline_in(kStartLimit), [&] {
    if (!process.running()) return true;
    try {
      session.emplace(endpoint);
    } catch (const SqlError& error) {
      reason = error.what();
    }
    return session.has_value();
  });
  if (session) return std::move(*session);
  throw std::runtime_error((ready ? "the server ended while starting" : reason) + "\n" + log_tail(log));
}

void stop_cleanly(Process& process, const fs::path& log) {
  process.kill(SIGTERM);
  const auto status = process.wait(deadline_in(kStopLimit));
  if (status && status->success()) return;
  throw std::runtime_error("the server did not stop cleanly: " + (status ? status->text() : "it still runs") + "\n" +
                           log_tail(log));
}

}  // namespace

BinlogServer::BinlogServer() : user_(binlog_server_user()), data_dir_(dir_.path() / "data") {
  dir_.make_dir("data", user_);
  dir_.make_dir("tmp", user_);
  fs::permissions(dir_.make_dir("run", user_), fs::perms(0755));
}

BinlogServer::~BinlogServer() {
  control_.reset();
  if (!process_) return;
  process_->kill(SIGKILL);
  [[maybe_unused]] const auto status = process_->wait(deadline_in(kStopLimit));
}

void BinlogServer::start() {
  if (running()) throw std::logic_error("the server runs already");
  if (!filled_) copy_tree(data_template(), data_dir_);
  filled_ = true;
  auto argv = command();
  for (const auto& argument : {"--datadir=" + data_dir_.string(),
                               "--socket=" + socket().string(),
                               "--pid-file=" + (dir_.path() / "run" / "pid").string(),
                               "--tmpdir=" + (dir_.path() / "tmp").string(),
                               "--port=" + port_.text(),
                               std::string("--bind-address=127.0.0.1")}) {
    argv.push_back(argument);
  }
  process_.emplace(ProcessOptions{.argv = argv, .output_file = log_file().string(), .user = user_});
  control_.emplace(connected(*process_, {.socket = socket().string()}, log_file()));
}

void BinlogServer::stop() {
  control_.reset();
  if (running()) stop_cleanly(*process_, log_file());
  process_.reset();
}

void BinlogServer::crash() {
  control_.reset();
  if (!process_) return;
  process_->kill(SIGKILL);
  if (!process_->wait(deadline_in(kStopLimit))) throw std::runtime_error("the server survives SIGKILL");
  process_.reset();
}

void BinlogServer::restart() {
  stop();
  start();
}

bool BinlogServer::running() {
  return process_ && process_->running();
}

std::string BinlogServer::url(const std::string& database, const std::string& user) const {
  const std::string login = user == "weft" ? "weft:secret" : user;
  return "mysql://" + login + "@127.0.0.1:" + port_.text() + "/" + database;
}

MysqlConnection BinlogServer::connect(const std::string& database, const std::string& user) const {
  return MysqlConnection(
      {.port = port(), .user = user, .password = user == "weft" ? "secret" : "", .database = database});
}

MysqlConnection& BinlogServer::control() {
  if (!control_) throw std::logic_error("the server is not started");
  return *control_;
}

void run_server_once(std::vector<std::string> command, const fs::path& data_dir, const std::string& sql) {
  const TempDir dir;
  const auto user = binlog_server_user();
  const fs::path run_dir = dir.make_dir("run", user);
  fs::permissions(run_dir, fs::perms(0755));
  const std::string socket = (run_dir / "s").string();
  command.push_back("--datadir=" + data_dir.string());
  command.push_back("--socket=" + socket);
  command.push_back("--pid-file=" + (run_dir / "pid").string());
  command.push_back("--skip-networking");
  const fs::path log = dir.path() / "log";
  Process process({.argv = std::move(command), .output_file = log.string(), .user = user});
  connected(process, {.socket = socket}, log).exec(sql);
  stop_cleanly(process, log);
}

std::optional<UserIds> binlog_server_user() {
  return unprivileged_user({"nobody", "mysql"});
}

std::uint32_t random_server_id() {
  std::random_device random;
  return std::uniform_int_distribution<std::uint32_t>(1000, 0x7fffffff)(random);
}

}  // namespace weft::support
