// SPDX-License-Identifier: Apache-2.0
// HttpServer: a small HTTP/1.1 server on one thread of its own.
//
//   TRY_ASSIGN(auto server, HttpServer::start({.address = {"127.0.0.1", 0}}, handler));
//   server->address().port                       // the real one
//
// The handler runs on the server's thread, one request at a time, and must not block: it reads snapshots. Requests,
// connections and waits are bounded (I5, I6). The destructor stops listening, drops open connections and joins.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "io/http.h"

namespace weft {

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpServerOptions {
  HttpAddress address{"127.0.0.1", 0};
  size_t header_bytes_max = 16u << 10;
  size_t body_bytes_max = 1u << 20;
  size_t connections_max = 64;                  // further ones are closed at once
  Duration timeout = std::chrono::seconds(10);  // of each read and write, and of an idle connection
};

class HttpServer {
 public:
  // kConfig error when the address can't be had.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpServerOptions& options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] const HttpAddress& address() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace weft
