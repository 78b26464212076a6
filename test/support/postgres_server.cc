// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_server.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/shm.h>
#include <unistd.h>
#include <utility>

#include "support/process_tree.h"
#include "support/server_log.h"
#include "support/template_cache.h"

namespace weft::support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// In the template's name: change it when the way templates are made changes.
constexpr const char* kRecipe = "1";
constexpr auto kStartLimit = 60s;
constexpr auto kStopLimit = 60s;

bool holds_server(const fs::path& dir) {
  return ::access((dir / "postgres").c_str(), X_OK) == 0 && ::access((dir / "initdb").c_str(), X_OK) == 0;
}

// Debian's directory of the highest version, else what pg_config names; empty if there is no server.
fs::path program_dir() {
  fs::path best;
  int best_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && holds_server(entry.path() / "bin")) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  if (!best.empty()) return best;
  try {
    std::string named = run_or_throw({.argv = {"pg_config", "--bindir"}}, deadline_in(10s));
    named.resize(named.find_last_not_of('\n') + 1);
    if (holds_server(named)) return named;
  } catch (const std::runtime_error&) {
    // no pg_config: no server
  }
  return {};
}

std::optional<UserIds> postgres_user() {
  return unprivileged_user({"postgres", "nobody"});
}

// "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)" -> 15.20
std::string version(const fs::path& programs) {
  std::istringstream words(run_or_throw({.argv = {(programs / "postgres").string(), "--version"}}, deadline_in(20s)));
  std::string word;
  words >> word >> word >> word;
  return word;
}

void initialise(const fs::path& programs, const fs::path& dir) {
  run_or_throw({.argv = {(programs / "initdb").string(),
                         "--pgdata=" + dir.string(),
                         "--username=postgres",
                         "--auth=trust",
                         "--encoding=UTF8",
                         "--locale=C.UTF-8",
                         "--no-sync"},
                .user = postgres_user(),
                .working_dir = "/"},
               deadline_in(120s));
}

// Copies of one template share its system identifier, by which servers are told apart. It is the first 8 bytes of
// global/pg_control; pg_resetwal then makes checksum and log agree with the new one.
void renew_system_identifier(const fs::path& programs, const fs::path& data_dir) {
  std::random_device random;
  const auto identifier = std::uniform_int_distribution<std::uint64_t>(1, 0x7fffffffffffffff)(random);
  {
    std::fstream file(data_dir / "global/pg_control", std::ios::in | std::ios::out | std::ios::binary);
    file.write(reinterpret_cast<const char*>(&identifier), sizeof identifier);
    if (!file.flush()) throw std::runtime_error("cannot write pg_control");
  }
  run_or_throw({.argv = {(programs / "pg_resetwal").string(), "--force", "--pgdata=" + data_dir.string()},
                .user = postgres_user(),
                .working_dir = "/"},
               deadline_in(60s));
}

// A killed postmaster leaves its System V segment (56 bytes) behind until the next start; if there is none, until
// reboot. Its id is in line 7 of postmaster.pid.
void remove_shared_memory(const fs::path& data_dir) {
  std::ifstream file(data_dir / "postmaster.pid");
  std::string line;
  for (int i = 0; i < 7; ++i) std::getline(file, line);
  unsigned long key = 0;
  int id = -1;
  if (!file || !(std::istringstream(line) >> key >> id)) return;

  struct shmid_ds info {};

  if (::shmctl(id, IPC_STAT, &info) == 0 && info.shm_nattch == 0) ::shmctl(id, IPC_RMID, nullptr);
}

}  // namespace

PostgresServer::PostgresServer(PostgresOptions options)
    : options_(std::move(options)), programs_(program_dir()), user_(postgres_user()), data_dir_(dir_.path() / "data") {
  if (programs_.empty()) throw std::runtime_error(*unavailable());
  dir_.make_dir("data", user_);
  fs::permissions(dir_.make_dir("run", user_), fs::perms(0755));
}

PostgresServer::~PostgresServer() {
  control_.reset();
  if (process_) {
    process_->kill(SIGQUIT);
    if (!process_->wait(deadline_in(10s))) process_->kill(SIGKILL);
  }
  process_.reset();
  remove_shared_memory(data_dir_);
}

std::optional<std::string> PostgresServer::unavailable() {
  if (program_dir().empty()) return "PostgreSQL is not installed (package postgresql)";
  return std::nullopt;
}

void PostgresServer::start() {
  if (running()) throw std::logic_error("the server runs already");
  if (!filled_) fill_data_dir();
  filled_ = true;
  write_config();
  process_.emplace(ProcessOptions{.argv = {(programs_ / "postgres").string(),
                                           "-D",
                                           data_dir_.string(),
                                           "-c",
                                           "config_file=" + (dir_.path() / "server.conf").string()},
                                  .output_file = log_file().string(),
                                  .user = user_,
                                  .working_dir = "/",
                                  .parent_death_signal = SIGQUIT});  // ends the backends too, unlike SIGKILL
  std::string reason = "no answer";
  const bool ended_wait = wait_until(deadline_in(kStartLimit), [&] {
    if (!process_->running()) return true;
    try {
      control_.emplace(url());
    } catch (const SqlError& error) {
      reason = error.what();
    }
    return control_.has_value();
  });
  if (control_) return;
  throw std::runtime_error((ended_wait ? "the server ended while starting" : reason) + "\n" + log_tail(log_file()));
}

void PostgresServer::follow(const PostgresServer& primary) {
  if (filled_) throw std::logic_error("the server has data of its own");
  run_or_throw({.argv = {(programs_ / "pg_basebackup").string(),
                         "--pgdata=" + data_dir_.string(),
                         "--dbname=" + primary.url(),
                         "--checkpoint=fast",
                         "--write-recovery-conf",
                         "--no-sync"},
                .user = user_,
                .working_dir = "/"},
               deadline_in(60s));
  filled_ = true;
}

void PostgresServer::promote() {
  exec("SELECT pg_promote()");
}

void PostgresServer::stop() {
  if (running()) end(SIGINT);
  process_.reset();
}

void PostgresServer::crash_immediate() {
  if (running()) end(SIGQUIT);
  process_.reset();
}

void PostgresServer::crash() {
  control_.reset();
  if (!running()) return;
  const auto backends = children_of(process_->pid());
  process_->kill(SIGKILL);
  if (!process_->wait(deadline_in(kStopLimit))) throw std::runtime_error("the postmaster survives SIGKILL");
  process_.reset();
  // They notice its end by themselves; one that is busy is helped along.
  const auto gone = [&] { return none_alive(backends); };
  if (wait_until(deadline_in(2s), gone, 2ms)) return;
  kill_all(backends, SIGKILL);
  if (!wait_until(deadline_in(kStopLimit), gone, 2ms)) throw std::runtime_error("a backend survives SIGKILL");
}

void PostgresServer::restart() {
  stop();
  start();
}

bool PostgresServer::running() {
  return process_ && process_->running();
}

std::string PostgresServer::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + port_.text() + "/" + database;
}

PostgresConnection PostgresServer::connect(const std::string& database, const std::string& user) const {
  return PostgresConnection(url(database, user));
}

PostgresConnection& PostgresServer::control() {
  if (!control_) throw std::logic_error("the server is not started");
  return *control_;
}

void PostgresServer::fill_data_dir() {
  const auto ready = cached_template("postgres-" + version(programs_) + "-" + kRecipe,
                                     user_,
                                     [this](const fs::path& dir) { initialise(programs_, dir); });
  copy_tree(ready, data_dir_);
  renew_system_identifier(programs_, data_dir_);
}

// A file and not arguments, so that ALTER SYSTEM still wins over it.
void PostgresServer::write_config() const {
  std::ofstream file(dir_.path() / "server.conf");
  file << "include '" << (data_dir_ / "postgresql.conf").string() << "'\n"
       << "hba_file = '" << (data_dir_ / "pg_hba.conf").string() << "'\n"
       << "ident_file = '" << (data_dir_ / "pg_ident.conf").string() << "'\n"
       << "listen_addresses = '127.0.0.1'\n"
       << "port = " << port_.text() << "\n"
       << "unix_socket_directories = '" << socket_dir().string() << "'\n"
       << "dynamic_shared_memory_type = mmap\n"  // in the data directory: a kill leaves nothing outside
       << "synchronous_commit = " << options_.synchronous_commit << "\n"
       << "fsync = " << (options_.fsync ? "on" : "off") << "\n"
       << "wal_level = " << options_.wal_level << "\n"
       << "shared_buffers = " << options_.shared_buffers_mb << "MB\n";
  for (const auto& line : options_.settings) file << line << "\n";
  if (!file.flush()) throw std::runtime_error("cannot write the server's configuration");
}

void PostgresServer::end(int signal) {
  control_.reset();
  process_->kill(signal);
  const auto status = process_->wait(deadline_in(kStopLimit));
  if (!status) throw std::runtime_error("the server does not stop\n" + log_tail(log_file()));
  if (signal == SIGINT && !status->success()) {
    throw std::runtime_error("the server did not stop cleanly: " + status->text() + "\n" + log_tail(log_file()));
  }
}

}  // namespace weft::support
