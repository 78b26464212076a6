// SPDX-License-Identifier: Apache-2.0
#include "io/http.h"

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>

#include "base/text.h"

namespace weft {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool HttpAddress::loopback() const {
  return host.starts_with("127.") || host == "::1";
}

std::string HttpAddress::text() const {
  return host.find(':') == std::string::npos ? cat(host, ":", port) : cat("[", host, "]:", port);
}

Result<HttpAddress> parse_http_address(std::string_view text) {
  const Error bad(Blame::kConfig, cat("'", text, "' is not an address, expected IP:PORT such as 127.0.0.1:8420"));
  const size_t colon = text.find_last_of(':');
  if (colon == std::string_view::npos) return bad;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  HttpAddress address{std::string(host), 0};
  in_addr v4{};
  in6_addr v6{};
  const bool is_v4 = !bracketed && ::inet_pton(AF_INET, address.host.c_str(), &v4) == 1;
  const bool is_v6 = bracketed && ::inet_pton(AF_INET6, address.host.c_str(), &v6) == 1;
  if (!is_v4 && !is_v6) return bad;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) return bad;
  return address;
}

}  // namespace weft
