// SPDX-License-Identifier: Apache-2.0
#include "control/http_api.h"

#include <utility>

#include "base/text.h"
#include "control/health.h"
#include "control/metrics.h"
#include "control/status_json.h"

namespace weft {
namespace {

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string front_page(const PipelineStatus& status, const std::string& version) {
  return cat("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>weft</title><h1>weft: ",
             html_text(status.name),
             "</h1><p>",
             to_string(status.state),
             status.reason.empty() ? "" : ": ",
             html_text(status.reason),
             "<ul><li><a href=\"status\">status</a><li><a href=\"healthz\">healthz</a><li><a "
             "href=\"metrics\">metrics</a></ul><p>",
             html_text(version),
             "\n");
}

// A page in a browser may be made to call us by another name (DNS rebinding); a loopback name or an address is ours.
bool local_name(std::string_view host) {
  const size_t colon = host.find_last_of(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) host = host.substr(0, colon);
  return host.empty() || host == "localhost" || host == "[::1]" ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

HttpApi::HttpApi(HttpApiOptions options, const Clock& clock, const StatusBoard& board)
    : options_(std::move(options)), clock_(clock), board_(board) {}

HttpResponse HttpApi::operator()(const HttpRequest& request) const {
  if (!admitted(request)) {
    if (options_.token.empty()) return {403, "text/plain; charset=utf-8", "call this server by its address\n"};
    return {401,
            "text/plain; charset=utf-8",
            "a token is needed: Authorization: Bearer TOKEN\n",
            {{"WWW-Authenticate", "Bearer"}}};
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return {405, "text/plain; charset=utf-8", "only GET\n", {{"Allow", "GET, HEAD"}}};
  }
  return route(request.path);
}

bool HttpApi::admitted(const HttpRequest& request) const {
  if (options_.token.empty()) return local_name(request.header("host"));
  return equal_in_constant_time(request.header("authorization"), "Bearer " + options_.token);
}

HttpResponse HttpApi::route(const std::string& path) const {
  const PipelineStatus status = board_.read();
  if (path == "/status") return {200, "application/json", status_json(status) + "\n"};
  if (path == "/metrics") {
    return {200,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics_text(status, clock_.now(), process_use(), options_.version)};
  }
  if (path == "/healthz") {
    const Health health = health_of(status, clock_.now());
    return {health.healthy ? 200 : 503, "text/plain; charset=utf-8", health.text + "\n"};
  }
  if (path == "/") return {200, "text/html; charset=utf-8", front_page(status, options_.version)};
  return {404, "text/plain; charset=utf-8", "not here; there are /status, /healthz and /metrics\n"};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

}  // namespace weft
