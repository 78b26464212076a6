// SPDX-License-Identifier: Apache-2.0
// Options: where a MySQL or MariaDB server is and how to log in, out of a URL.
//
//   TRY_ASSIGN(Options options, parse_url("mysql://app:secret@db1:3306,db2/shop?tls=verify&ca=/etc/ca.pem"));
//   log_info(cat("source is ", redacted(options)));     // mysql://app:***@db1:3306,db2:3306/shop
//
// `${NAME}` is expanded by the caller; a password of the form file:/path is read here. Errors are Blame::kConfig and never
// show a secret. Plain values; any thread.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weft::mysql {

struct Host {
  std::string name = "localhost";
  uint16_t port = 3306;

  [[nodiscard]] std::string text() const;
  // Whether bytes to this host never leave the machine.
  [[nodiscard]] bool loopback() const;
  bool operator==(const Host&) const = default;
};

// kDefault: verify, except on loopback addresses and sockets, where TLS is taken when offered, unverified.
enum class Tls : uint8_t { kDefault, kVerify, kRequire, kOff };

struct Options {
  std::vector<Host> hosts;  // never empty
  std::string user;
  std::string password;
  std::string database;  // empty: all databases that are not the server's own
  std::string socket;    // if given, used instead of hosts
  Tls tls = Tls::kDefault;
  std::string ca;  // paths of PEM files
  std::string cert;
  std::string key;

  // Whether any of several servers may answer.
  [[nodiscard]] bool several() const { return socket.empty() && hosts.size() > 1; }

  std::stop_token stop;  // not of the URL: ends every wait of the sessions opened with these options
};

[[nodiscard]] bool is_mysql_url(std::string_view url);
[[nodiscard]] Result<Options> parse_url(std::string_view url);
// The same as a URL with *** for the password.
[[nodiscard]] std::string redacted(const Options& options);

}  // namespace weft::mysql
