// SPDX-License-Identifier: Apache-2.0
// The server against our client and against raw bytes.
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/http_client.h"
#include "io/http_server.h"

namespace weft {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);

std::unique_ptr<HttpServer> started(HttpServerOptions options, HttpHandler handler) {
  auto server = HttpServer::start(options, std::move(handler));
  return server ? std::move(server).value() : nullptr;
}

HttpResponse echo(const HttpRequest& request) {
  return {200,
          "text/plain",
          cat(request.method, " ", request.path, " ?", request.query, " ", request.header("x-one"), " ", request.body)};
}

// A raw connection to the server.
class RawClient {
 public:
  explicit RawClient(const HttpAddress& address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }

  ~RawClient() { ::close(fd_); }

  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  // Reads until `until` was seen or the server closed.
  std::string read(std::string_view until = "\xff") {
    std::string got;
    char buffer[4096];
    while (got.find(until) == std::string::npos) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n < 0) return errno == ECONNRESET ? got : got + "<timeout>";
      if (n == 0) return got;
      got.append(buffer, static_cast<size_t>(n));
    }
    return got;
  }

 private:
  int fd_;
  bool connected_ = false;
};

TEST(HttpAddressTest, AddressesAreParsedAndPrinted) {
  for (const char* text : {"127.0.0.1:0", "0.0.0.0:8420", "[::1]:65535"}) {
    EXPECT_EQ(parse_http_address(text)->text(), text);
  }
  EXPECT_EQ(parse_http_address("localhost:1")->text(), "127.0.0.1:1");
  for (const char* text :
       {"", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x", "db1:80", "::1:80"}) {
    EXPECT_FALSE(parse_http_address(text)) << text;
  }
  EXPECT_TRUE(parse_http_address("127.9.9.9:1")->loopback());
  EXPECT_TRUE(parse_http_address("[::1]:1")->loopback());
  EXPECT_FALSE(parse_http_address("0.0.0.0:1")->loopback());
}

TEST(HttpServerTest, AnswersWhatTheHandlerSays) {
  const auto server = started({}, echo);
  ASSERT_TRUE(server);
  EXPECT_NE(server->address().port, 0);
  const auto answer = http_get(server->address(), "/a/b?c=d", "", kSecond);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "GET /a/b ?c=d  ");
}

TEST(HttpServerTest, AConnectionCarriesSeveralRequests) {
  const auto server = started({}, echo);
  RawClient client(server->address());
  client.send("POST /x HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_NE(client.read("abc").find("\r\n\r\nPOST /x ? 1 abc"), std::string::npos);
  client.send("HEAD /y HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = client.read("\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: "), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  client.send("GET /z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read().ends_with("GET /z ?  "));
}

TEST(HttpServerTest, BadAndLargeRequestsAreRefused) {
  const auto server = started({.body_bytes_max = 10}, echo);
  RawClient garbage(server->address());
  garbage.send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_TRUE(garbage.read().starts_with("HTTP/1.1 400 "));
  RawClient body(server->address());
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345678901");
  EXPECT_TRUE(body.read().starts_with("HTTP/1.1 413 "));
  RawClient headers(server->address());
  headers.send(cat("GET / HTTP/1.1\r\nHost: h\r\nX-Big: ", std::string(20000, 'x'), "\r\n\r\n"));
  EXPECT_TRUE(headers.read().starts_with("HTTP/1.1 431 "));
}

TEST(HttpServerTest, ASilentConnectionIsClosed) {
  const auto server = started({.timeout = std::chrono::milliseconds(50)}, echo);
  RawClient client(server->address());
  EXPECT_EQ(client.read(), "");
}

TEST(HttpServerTest, TooManyConnectionsAreClosedAndOthersServed) {
  const auto server = started({.connections_max = 1}, echo);
  RawClient first(server->address());
  first.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(first.read("GET /1").find("200"), std::string::npos);
  RawClient second(server->address());
  EXPECT_EQ(second.read(), "");
  first.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(first.read("GET /2").find("200"), std::string::npos);
}

TEST(HttpServerTest, AThrowingHandlerIsAnInternalError) {
  const auto server = started({}, [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no"); });
  EXPECT_EQ(http_get(server->address(), "/", "", kSecond)->status, 500);
}

TEST(HttpServerTest, StopsWhileConnectionsAreOpen) {
  auto server = started({}, echo);
  RawClient client(server->address());
  client.send("GET / HTT");
  server.reset();
  EXPECT_EQ(client.read(), "");
}

TEST(HttpServerTest, ATakenPortIsAnErrorWithAdvice) {
  const auto server = started({}, echo);
  const auto again = HttpServer::start({.address = server->address()}, echo);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message(),
            cat("can't listen on ",
                server->address().text(),
                ": Address already in use; choose another address with --http, or --http off"));
}

TEST(HttpClientTest, NobodyThereIsTransient) {
  EXPECT_EQ(http_get({"127.0.0.1", 1}, "/", "", kSecond).error().blame(), Blame::kTransient);
}

}  // namespace
}  // namespace weft
