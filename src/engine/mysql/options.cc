// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/options.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/text.h"

namespace weft::mysql {
namespace {

Error bad(std::string message) {
  return Error(Blame::kConfig, std::move(message));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// `what` names the part in the message; its text, which may be a secret, is not shown.
Result<std::string> percent_decode(std::string_view text, std::string_view what) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return bad(cat(
          "the ", what, " in the MySQL URL has a '%' that two hexadecimal digits do not follow; write %25 for '%'"));
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<std::string> read_secret(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return bad(cat("cannot read the password file '", path, "': ", std::generic_category().message(errno)));
  char buffer[4096];
  const size_t got = std::fread(buffer, 1, sizeof buffer, file.get());
  std::string text(buffer, got);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<Host> parse_host(std::string_view text) {
  Host host;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("the MySQL URL has a '[' without ']' around an IPv6 address");
    host.name = std::string(text.substr(1, close - 1));
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return bad(cat("the MySQL URL has '", rest, "' behind an IPv6 address"));
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    const size_t colon = text.find(':');
    TRY_ASSIGN(host.name, percent_decode(text.substr(0, colon), "host"));
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (host.name.empty()) host.name = "localhost";
  if (port.empty()) return host;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), host.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || host.port == 0) {
    // Not shown: in an address without '@' a password stands there.
    return bad(cat("the MySQL URL has no port number (1..65535) behind the ':' of host '", host.name, "'"));
  }
  return host;
}

Status parse_hosts(std::string_view text, Options& options) {
  for (;;) {
    const size_t comma = text.find(',');
    TRY_ASSIGN(Host host, parse_host(text.substr(0, comma)));
    options.hosts.push_back(std::move(host));
    if (comma == std::string_view::npos) return ok();
    text.remove_prefix(comma + 1);
  }
}

std::string without_file_scheme(std::string path) {
  return path.starts_with("file:") ? path.substr(5) : path;
}

Status set_parameter(std::string_view name, std::string value, Options& options) {
  if (name == "tls") {
    if (value == "verify")
      options.tls = Tls::kVerify;
    else if (value == "require")
      options.tls = Tls::kRequire;
    else if (value == "off")
      options.tls = Tls::kOff;
    else
      return bad(cat("tls=", value, " in the MySQL URL: expected verify, require or off"));
  } else if (name == "ca") {
    options.ca = without_file_scheme(std::move(value));
  } else if (name == "cert") {
    options.cert = without_file_scheme(std::move(value));
  } else if (name == "key") {
    options.key = without_file_scheme(std::move(value));
  } else if (name == "socket") {
    options.socket = without_file_scheme(std::move(value));
  } else {
    return bad(cat("unknown parameter '", name, "' in the MySQL URL: known are tls, ca, cert, key, socket"));
  }
  return ok();
}

Status parse_query(std::string_view query, Options& options) {
  while (!query.empty()) {
    const size_t amp = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, amp);
    query.remove_prefix(std::min(amp + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    TRY_ASSIGN(std::string value,
               percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), "parameters"));
    TRY(set_parameter(name, std::move(value), options));
  }
  return ok();
}

Status parse_user(std::string_view text, Options& options) {
  const size_t colon = text.find(':');
  TRY_ASSIGN(options.user, percent_decode(text.substr(0, colon), "user name"));
  if (colon == std::string_view::npos) return ok();
  TRY_ASSIGN(options.password, percent_decode(text.substr(colon + 1), "password"));
  if (options.password.starts_with("file:")) {
    TRY_ASSIGN(options.password, read_secret(options.password.substr(5)));
  }
  return ok();
}

std::string_view without_scheme(std::string_view url) {
  for (const std::string_view scheme : {"mysql://", "mariadb://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return {};
}

}  // namespace

std::string Host::text() const {
  const bool ipv6 = name.find(':') != std::string::npos;
  return ipv6 ? cat("[", name, "]:", port) : cat(name, ":", port);
}

bool Host::loopback() const {
  return name == "localhost" || name.starts_with("127.") || name == "::1";
}

bool is_mysql_url(std::string_view url) {
  return url.starts_with("mysql://") || url.starts_with("mariadb://");
}

Result<Options> parse_url(std::string_view url) {
  if (!is_mysql_url(url)) return bad("a MySQL URL begins with mysql:// or mariadb://");
  std::string_view rest = without_scheme(url);
  Options options;
  // The password may be file:/path, so the user part ends at the last '@' before the parameters.
  const size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    TRY(parse_user(rest.substr(0, at), options));
    rest.remove_prefix(at + 1);
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  TRY(parse_hosts(rest.substr(0, slash), options));
  std::string_view path = rest.substr(std::min(slash + 1, rest.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.find('/') != std::string_view::npos) {
    return bad("the MySQL URL has more than a database behind the host: write %2F for a '/' in its name");
  }
  TRY_ASSIGN(options.database, percent_decode(path, "database"));
  TRY(parse_query(query, options));
  return options;
}

std::string redacted(const Options& options) {
  std::string out = cat("mysql://", options.user);
  if (!options.password.empty()) out += ":***";
  if (!options.user.empty() || !options.password.empty()) out += "@";
  for (size_t i = 0; i < options.hosts.size(); ++i) out += (i == 0 ? "" : ",") + options.hosts[i].text();
  out += "/" + options.database;
  if (!options.socket.empty()) out += "?socket=" + options.socket;
  return out;
}

}  // namespace weft::mysql
