// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"

namespace weft {
namespace {

constexpr size_t kResponseBytesMax = 64u << 20;

Error client_error(const HttpAddress& address, std::string_view what) {
  return Error(Blame::kTransient, cat("http://", address.text(), ": ", what));
}

Result<int> connected_socket(const HttpAddress& address, Duration timeout) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) {
    return client_error(address, "not an address");
  }
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(timeout.count() / 1'000'000'000);
  limit.tv_usec = static_cast<suseconds_t>(timeout.count() / 1'000 % 1'000'000);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int rc = fd < 0 ? -1 : ::connect(fd, found->ai_addr, found->ai_addrlen);
  const int reason = errno;
  ::freeaddrinfo(found);
  if (rc == 0) return fd;
  if (fd >= 0) ::close(fd);
  return client_error(address, std::strerror(reason));
}

// Sends the request and reads until the server closes.
Result<std::string> exchange(int fd, const HttpAddress& address, std::string_view request) {
  while (!request.empty()) {
    const ssize_t n = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (n <= 0) return client_error(address, std::strerror(errno));
    request.remove_prefix(static_cast<size_t>(n));
  }
  std::string answer;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n == 0) return answer;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return client_error(address, errno == EAGAIN ? "no answer in time" : std::strerror(errno));
    answer.append(buffer, static_cast<size_t>(n));
    if (answer.size() > kResponseBytesMax) return client_error(address, "the answer is too large");
  }
}

}  // namespace

Result<HttpResponse> http_get(const HttpAddress& address,
                              const std::string& path,
                              const std::string& token,
                              Duration timeout) {
  TRY_ASSIGN(const int fd, connected_socket(address, timeout));
  std::string request = cat("GET ", path, " HTTP/1.0\r\nHost: ", address.text(), "\r\n");
  if (!token.empty()) request += cat("Authorization: Bearer ", token, "\r\n");
  request += "\r\n";
  Result<std::string> answer = exchange(fd, address, request);
  ::close(fd);
  if (!answer) return std::move(answer).error();
  const size_t head_end = answer->find("\r\n\r\n");
  HttpResponse response;
  const std::string_view line(answer->data(), std::min<size_t>(answer->size(), 12));  // "HTTP/1.0 200"
  if (head_end == std::string::npos || line.size() < 12 || !line.starts_with("HTTP/1.") ||
      std::from_chars(line.data() + 9, line.data() + 12, response.status).ec != std::errc()) {
    return client_error(address, "the answer is not HTTP");
  }
  response.body = answer->substr(head_end + 4);
  return response;
}

}  // namespace weft
