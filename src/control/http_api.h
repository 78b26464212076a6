// SPDX-License-Identifier: Apache-2.0
// HttpApi: what a running pipeline answers over HTTP: / (links), /status, /healthz, /metrics. Reads snapshots, changes
// nothing. Plain function object; the server's thread calls it (io/http_server.h).
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "io/http.h"
#include "pipeline/status.h"

namespace weft {

struct HttpApiOptions {
  std::string token;    // needed as a bearer token when not empty
  std::string version;  // of this binary
};

class HttpApi {
 public:
  // `clock` and `board` must outlive it.
  HttpApi(HttpApiOptions options, const Clock& clock, const StatusBoard& board);

  [[nodiscard]] HttpResponse operator()(const HttpRequest& request) const;

 private:
  [[nodiscard]] HttpResponse route(const std::string& path) const;
  [[nodiscard]] bool admitted(const HttpRequest& request) const;

  HttpApiOptions options_;
  const Clock& clock_;
  const StatusBoard& board_;
};

// Takes as long for equal texts as for others of that length.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace weft
