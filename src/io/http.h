// SPDX-License-Identifier: Apache-2.0
// HttpRequest, HttpResponse, HttpAddress: what io/http_server.h and io/http_client.h exchange. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weft {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  // names in lower case

struct HttpRequest {
  std::string method;
  std::string path;   // without the query, as sent
  std::string query;  // without the '?'
  HttpHeaders headers;
  std::string body;

  [[nodiscard]] std::string_view header(std::string_view name) const;  // empty if missing
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  HttpHeaders headers = {};
};

// "127.0.0.1:8420", "[::1]:0", "localhost:80": where a server listens or a client connects. No name service is asked.
struct HttpAddress {
  std::string host;  // an IP address
  uint16_t port = 0;

  [[nodiscard]] bool loopback() const;
  [[nodiscard]] std::string text() const;  // with brackets around IPv6
};

[[nodiscard]] Result<HttpAddress> parse_http_address(std::string_view text);

}  // namespace weft
