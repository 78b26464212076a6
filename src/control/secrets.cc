// SPDX-License-Identifier: Apache-2.0
#include "control/secrets.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "base/text.h"
#include "io/file.h"

namespace weft {
namespace {

constexpr std::string_view kHidden = "***";

// Where the secrets of an address may stand: text[password_begin, password_end) and the query's values.
struct UrlParts {
  size_t authority = std::string_view::npos;       // first character after "://"
  size_t userinfo_end = std::string_view::npos;    // the '@'
  size_t password_begin = std::string_view::npos;  // after the first ':' of the user part
  size_t query = std::string_view::npos;           // after the '?'
};

// `last_at`: the user part ends at the very last '@', for hiding; else where RFC 3986 or a file:/path password ends it.
UrlParts find_parts(std::string_view url, bool last_at) {
  UrlParts parts;
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return parts;
  parts.authority = scheme_end + 3;
  const size_t path = url.find_first_of("/?#", parts.authority);
  const std::string_view authority = url.substr(0, path);
  const size_t file = url.find(":file:/", parts.authority);
  parts.userinfo_end = authority.find_last_of('@');
  if (last_at) {
    parts.userinfo_end = url.find_last_of('@');
  } else if (file != std::string_view::npos && file < path && url.find_first_of("@:", parts.authority) == file) {
    parts.userinfo_end = url.find('@', file);
  }
  if (parts.userinfo_end != std::string_view::npos && parts.userinfo_end < parts.authority) {
    parts.userinfo_end = std::string_view::npos;
  }
  if (parts.userinfo_end != std::string_view::npos) {
    const size_t colon = url.find(':', parts.authority);
    if (colon < parts.userinfo_end) parts.password_begin = colon + 1;
  }
  const size_t after_user = parts.userinfo_end == std::string_view::npos ? parts.authority : parts.userinfo_end;
  const size_t question = url.find('?', after_user);
  if (question != std::string_view::npos) parts.query = question + 1;
  return parts;
}

bool names_secret(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const char* word : {"pass", "secret", "token", "pwd"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

// Query parameters that hold no secret. All others are hidden where an address is shown: a password may stand behind a name
// that is misspelt.
constexpr std::string_view kHarmless[] = {"application_name",
                                          "ca",
                                          "cert",
                                          "channel_binding",
                                          "client_encoding",
                                          "connect_timeout",
                                          "dbname",
                                          "gssencmode",
                                          "host",
                                          "hostaddr",
                                          "key",
                                          "keepalives",
                                          "options",
                                          "port",
                                          "requiressl",
                                          "sslcert",
                                          "sslkey",
                                          "sslmode",
                                          "sslrootcert",
                                          "socket",
                                          "tls",
                                          "user",
                                          "tcp_user_timeout",
                                          "target_session_attrs"};

bool is_harmless(std::string_view name) {
  return std::ranges::find(kHarmless, name) != std::end(kHarmless);
}

// Query parameters that are paths of key files.
bool names_key(std::string_view name) {
  return name == "key" || name == "sslkey";
}

// Calls change(name, value) for each name=value of a query and joins what it gives.
std::string map_query(std::string_view query,
                      const std::function<std::string(std::string_view, std::string_view)>& change) {
  std::string out;
  while (true) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const size_t equals = pair.find('=');
    out += pair.substr(0, equals);
    if (equals != std::string_view::npos) out += "=" + change(pair.substr(0, equals), pair.substr(equals + 1));
    if (end == std::string_view::npos) return out;
    out += '&';
    query.remove_prefix(end + 1);
  }
}

// The address with its password and its query values changed.
std::string map_secrets(std::string_view url,
                        const UrlParts& parts,
                        const std::function<std::string(std::string_view)>& password,
                        const std::function<std::string(std::string_view, std::string_view)>& query) {
  std::string out;
  size_t at = 0;
  if (parts.password_begin != std::string_view::npos) {
    out += url.substr(0, parts.password_begin);
    out += password(url.substr(parts.password_begin, parts.userinfo_end - parts.password_begin));
    at = parts.userinfo_end;
  }
  if (parts.query == std::string_view::npos) return out += url.substr(at);
  out += url.substr(at, parts.query - at);
  return out += map_query(url.substr(parts.query), query);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!coded) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

bool is_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

std::string look_up(std::string_view name,
                    const Environment& environment,
                    const ConfigPlace& place,
                    Problems& problems) {
  if (!is_name(name)) {
    problems.add(place, "a '${' that no name and '}' follow, expected ${NAME} of an environment variable");
    return {};
  }
  const auto found = environment.find(std::string(name));
  if (found != environment.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, value] : environment) names.push_back(known);
  problems.add(
      place, cat("${", name, "} is not set, expected an environment variable of that name", nearest_hint(name, names)));
  return {};
}

// Replaces each ${NAME} with encode(its value).
std::string expand_with(std::string_view text,
                        const Environment& environment,
                        const ConfigPlace& place,
                        Problems& problems,
                        const std::function<std::string(std::string_view)>& encode) {
  std::string out;
  while (true) {
    const size_t begin = text.find("${");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const size_t end = text.find('}', begin);
    const bool closed = end != std::string_view::npos;
    out += encode(look_up(closed ? text.substr(begin + 2, end - begin - 2) : "", environment, place, problems));
    if (!closed) return out;
    text.remove_prefix(end + 1);
  }
}

// "app:secret@h/shop": an address whose scheme was forgotten.
std::string hide_user_part(std::string_view text) {
  const size_t at = text.find_last_of('@');
  const size_t colon = text.find(':');
  if (at == std::string_view::npos || colon >= at) return std::string(text);
  return cat(text.substr(0, colon + 1), kHidden, text.substr(at));
}

// "host=h password=x" and the like: what follows a word that speaks of a secret goes.
std::string hide_words(std::string_view text) {
  std::string out;
  while (true) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) return out += text;
    const size_t name = text.find_last_of(" ;&", equals);
    const std::string_view word = text.substr(name == std::string_view::npos ? 0 : name + 1,
                                              equals - (name == std::string_view::npos ? 0 : name + 1));
    const size_t end = std::min(text.size(), text.find_first_of(" ;&", equals));
    out += text.substr(0, equals + 1);
    out += names_secret(word) ? kHidden : text.substr(equals + 1, end - equals - 1);
    text.remove_prefix(end);
  }
}

// The secret that a file holds: its first line. `exposed` becomes its path where everybody can read it.
std::string secret_of_file(const std::string& path,
                           const ConfigPlace& place,
                           Problems& problems,
                           std::string& exposed) {
  if (const Result<FileRights> rights = file_rights(path); rights) {
    if (rights->all_read) exposed = path;
    if (rights->all_write) {
      problems.add(place,
                   cat("file:", path, " can be written by every user, expected one that is yours: chmod 600 ", path));
    }
  }
  const Result<std::string> text = read_file(path, 64u << 10);
  if (!text) {
    problems.add(place, cat("file:", path, ": ", text.error().message(), ", expected a file that holds the secret"));
    return {};
  }
  std::string line = text->substr(0, text->find_first_of("\r\n"));
  if (line.empty()) problems.add(place, cat("file:", path, " is empty, expected a secret in its first line"));
  return line;
}

}  // namespace

Environment process_environment() {
  Environment result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::string SecretUrl::scheme() const {
  std::string name = value.substr(0, value.find(':'));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name;
}

std::string redact_url(std::string_view url) {
  if (url.find("://") == std::string_view::npos) return hide_words(hide_user_part(url));
  return map_secrets(
      url,
      find_parts(url, true),
      [](std::string_view password) { return std::string(password.empty() ? password : kHidden); },
      [](std::string_view name, std::string_view value) {
        return std::string(is_harmless(name) || value.empty() ? value : kHidden);
      });
}

std::string expand(std::string_view text,
                   const Environment& environment,
                   const ConfigPlace& place,
                   Problems& problems) {
  return expand_with(text, environment, place, problems, [](std::string_view value) { return std::string(value); });
}

namespace {

// Makes SecretUrl::value out of what was written.
class Resolver {
 public:
  Resolver(const Environment& environment, const ConfigPlace& place, Problems& problems)
      : environment_(environment), place_(place), problems_(problems) {}

  [[nodiscard]] const std::string& exposed() const { return exposed_; }

  [[nodiscard]] std::string resolve(std::string_view written) {
    UrlParts parts = find_parts(written, false);
    if (parts.authority == std::string_view::npos) {  // sqlite:path, or ${URL} as a whole
      const std::string whole = expand(written, environment_, place_, problems_);
      return map_secrets(
          whole,
          find_parts(whole, false),
          [&](std::string_view text) { return of_file(text); },
          [&](std::string_view name, std::string_view text) {
            return names_secret(name) ? of_file(text) : std::string(text);
          });
    }
    std::string value(written.substr(0, parts.authority));
    size_t at = parts.authority;
    if (parts.userinfo_end != std::string_view::npos) {
      const size_t user_end = std::min(parts.password_begin, parts.userinfo_end);
      value += literal(written.substr(at, user_end - at));
      if (parts.password_begin != std::string_view::npos)
        value += secret(written.substr(user_end, parts.userinfo_end - user_end));
      at = parts.userinfo_end;
    }
    const size_t query = std::min(written.size(), parts.query);
    value += expand(written.substr(at, query - at), environment_, place_, problems_);
    if (query == written.size()) return value;
    return value += map_query(written.substr(query), [&](std::string_view name, std::string_view text) {
             return names_secret(name) ? secret(text) : names_key(name) ? path_of(text) : literal(text);
           });
  }

 private:
  std::string literal(std::string_view text) {
    return expand_with(text, environment_, place_, problems_, percent_encoded);
  }

  std::string of_file(std::string_view text) {
    const std::string plain = percent_decoded(text);
    if (!plain.starts_with("file:/")) return std::string(text);
    return percent_encoded(secret_of_file(plain.substr(5), place_, problems_, exposed_));
  }

  std::string secret(std::string_view text) {
    return percent_decoded(text).starts_with("file:/") ? of_file(text) : literal(text);
  }

  // A key is a path already: file:/path is the same path.
  std::string path_of(std::string_view text) {
    const std::string plain = percent_decoded(text);
    return plain.starts_with("file:/") ? percent_encoded(plain.substr(5)) : literal(text);
  }

  const Environment& environment_;
  const ConfigPlace& place_;
  Problems& problems_;
  std::string exposed_;
};

}  // namespace

SecretUrl resolve_url(std::string_view written,
                      std::string_view placeholder,
                      const Environment& environment,
                      const ConfigPlace& place,
                      Problems& problems) {
  const auto keep = [&](std::string_view text) {
    const bool reference =
        text.empty() || text.find("${") != std::string_view::npos || percent_decoded(text).starts_with("file:/");
    return reference ? std::string(text) : cat("${", placeholder, "}");
  };
  SecretUrl url;
  Resolver resolver(environment, place, problems);
  url.value = resolver.resolve(written);
  url.exposed_file = resolver.exposed();
  url.shown = redact_url(url.value);
  url.written =
      map_secrets(written, find_parts(written, false), keep, [&](std::string_view name, std::string_view text) {
        return names_secret(name) ? keep(text) : std::string(text);
      });
  return url;
}

void scrub_arguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const size_t length = std::strlen(argv[i]);
    const std::string shown = redact_url({argv[i], length});
    std::memset(argv[i], 0, length);
    std::memcpy(argv[i], shown.data(), std::min(shown.size(), length));
  }
}

}  // namespace weft
