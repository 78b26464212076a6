// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/url.h"

#include <algorithm>
#include <memory>

#include <libpq-fe.h>

#include "base/text.h"
#include "engine/postgres/errors.h"
#include "io/file.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kFile = "file:";

// What a session of weft wants where the address doesn't say: a dead peer is noticed within half a minute.
constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
    {"fallback_application_name", "weft"},
    {"client_encoding", "UTF8"},
    {"keepalives", "1"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
};

const std::string* find(const Keywords& words, std::string_view key) {
  const auto at = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == key; });
  return at == words.end() ? nullptr : &at->second;
}

void set(Keywords& words, std::string_view key, std::string value) {
  std::erase_if(words, [&](const auto& w) { return w.first == key; });
  if (!value.empty()) words.emplace_back(key, std::move(value));
}

// libpq ends the user part of a URI at the first slash, so the slashes of "user:file:/path@" are encoded first.
std::string encode_file_password(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const size_t start = scheme + 3;
  const size_t colon = url.find(':', start);
  if (colon == std::string_view::npos || !url.substr(colon + 1).starts_with(kFile)) return std::string(url);
  const size_t at = url.find('@', colon);
  if (at == std::string_view::npos) return std::string(url);
  std::string out(url.substr(0, colon + 1));
  for (const char c : url.substr(colon + 1, at - colon - 1)) out += c == '/' ? std::string("%2F") : std::string(1, c);
  return out.append(url.substr(at));
}

// A password with a '/' or '@' of its own ends too early for libpq, which would then take the rest of it for a host or a
// database, and name it in messages.
bool password_is_torn(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3, url.find('?', scheme) - scheme - 3);
  const size_t last = rest.rfind('@');
  return last != std::string_view::npos && rest.find_first_of("/@") < last;
}

std::vector<std::string> split(const std::string* list) {
  std::vector<std::string> parts;
  if (list == nullptr || list->empty()) return parts;
  size_t from = 0;
  for (size_t comma; (comma = list->find(',', from)) != std::string::npos; from = comma + 1) {
    parts.push_back(list->substr(from, comma - from));
  }
  parts.push_back(list->substr(from));
  return parts;
}

std::string part_or_only(const std::vector<std::string>& parts, size_t i) {
  if (parts.empty()) return {};
  return parts.size() == 1 ? parts[0] : i < parts.size() ? parts[i] : std::string();
}

std::vector<Keywords> one_per_host(const Keywords& words) {
  const auto hosts = split(find(words, "host"));
  const auto addresses = split(find(words, "hostaddr"));
  const auto ports = split(find(words, "port"));
  const size_t count = std::max({hosts.size(), addresses.size(), size_t{1}});
  std::vector<Keywords> out;
  for (size_t i = 0; i < count; ++i) {
    Keywords host = words;
    set(host, "host", part_or_only(hosts, i));
    set(host, "hostaddr", part_or_only(addresses, i));
    set(host, "port", part_or_only(ports, i));
    out.push_back(std::move(host));
  }
  return out;
}

std::string describe_hosts(const std::vector<Keywords>& hosts) {
  std::string out;
  for (const Keywords& words : hosts) {
    if (!out.empty()) out += ",";
    const std::string* host = find(words, "host");
    if (host == nullptr) host = find(words, "hostaddr");
    const std::string* port = find(words, "port");
    if (host != nullptr) out += *host;
    if (port != nullptr) out += cat(":", *port);
  }
  return out;
}

std::string describe_address(const Keywords& words, const std::vector<Keywords>& hosts) {
  const std::string* user = find(words, "user");
  const std::string* database = find(words, "dbname");
  std::string out = "postgresql://";
  if (user != nullptr) out += *user + "@";
  out += describe_hosts(hosts);
  if (database != nullptr) out += "/" + *database;
  return out;
}

Status read_password(Keywords& words) {
  for (const std::string_view key : {"password", "sslpassword"}) {
    const std::string* value = find(words, key);
    if (value == nullptr || !value->starts_with(kFile)) continue;
    TRY_ASSIGN(std::string secret, read_file(value->substr(kFile.size()), 64u << 10));
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
    set(words, key, std::move(secret));
  }
  return ok();
}

}  // namespace

Result<Address> Address::parse(std::string_view url) {
  char* reason = nullptr;
  const std::string encoded = encode_file_password(url);
  PQconninfoOption* parsed = password_is_torn(encoded) ? nullptr : PQconninfoParse(encoded.c_str(), &reason);
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(parsed, PQconninfoFree);
  const std::unique_ptr<char, void (*)(char*)> why(reason, [](char* p) { PQfreemem(p); });
  // libpq's own words repeat the address, which may hold a password.
  if (!options) {
    return Error(Blame::kConfig,
                 "not an address that libpq understands: expected postgresql://user@host:port/database, "
                 "with reserved characters percent-encoded");
  }
  Keywords words;
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    if (o->val != nullptr && *o->val != '\0') words.emplace_back(o->keyword, o->val);
  }
  Address address;
  address.text_ = describe_address(words, one_per_host(words));
  TRY(read_password(words));
  for (const auto& [key, value] : kDefaults) {
    if (find(words, key) == nullptr) words.emplace_back(key, value);
  }
  address.hosts_ = one_per_host(words);
  return address;
}

std::string Address::user() const {
  const std::string* user = hosts_.empty() ? nullptr : find(hosts_[0], "user");
  return user == nullptr ? std::string() : *user;
}

}  // namespace weft::postgres
