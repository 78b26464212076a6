// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/socket_feed.h"

#include <fcntl.h>

#include <mysql.h>

using uchar = unsigned char;  // ma_pvio.h and ma_tls.h need it before they define it
#define HAVE_TLS 1
#include <algorithm>
#include <cerrno>
#include <climits>
#include <ma_pvio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/text.h"

namespace weft::mysql {
namespace {

Error ended(std::string_view how) {
  return Error(Blame::kTransient, cat("the connection to the server has ended: ", how), "2013");
}

Error ended_by_errno() {
  return ended(std::generic_category().message(errno));
}

}  // namespace

SocketFeed::SocketFeed(st_mysql* session)
    : fd_(static_cast<int>(mysql_get_socket(session))),
      tls_(session->net.pvio->ctls != nullptr ? session->net.pvio->ctls->ssl : nullptr) {}

void SocketFeed::for_library() {
  if (non_blocking_) set_non_blocking(false);
}

void SocketFeed::set_non_blocking(bool on) {
  const int flags = ::fcntl(fd_, F_GETFL);
  if (flags >= 0) ::fcntl(fd_, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
  non_blocking_ = on;
}

Result<size_t> SocketFeed::receive(char* to, size_t size) {
  if (tls_ != nullptr) return receive_tls(to, size);
  for (;;) {
    const ssize_t got = ::recv(fd_, to, size, MSG_DONTWAIT);
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) return ended("closed by the server");
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return size_t{0};
    return ended_by_errno();
  }
}

Result<size_t> SocketFeed::receive_tls(char* to, size_t size) {
  auto* const tls = static_cast<SSL*>(tls_);
  if (!non_blocking_) set_non_blocking(true);
  ERR_clear_error();
  const int got = SSL_read(tls, to, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (got > 0) return static_cast<size_t>(got);
  switch (SSL_get_error(tls, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      return ended("closed by the server");
    case SSL_ERROR_SYSCALL:
      return errno != 0 ? ended_by_errno() : ended("closed by the server");
    default:
      return ended("TLS error");
  }
}

// Bytes that the far side has room for now.
Result<size_t> SocketFeed::send_some(std::string_view bytes) {
  if (tls_ != nullptr) return send_tls(bytes);
  for (;;) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return size_t{0};
    return ended_by_errno();
  }
}

Result<size_t> SocketFeed::send_tls(std::string_view bytes) {
  auto* const tls = static_cast<SSL*>(tls_);
  if (!non_blocking_) set_non_blocking(true);
  ERR_clear_error();
  const int sent = SSL_write(tls, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
  if (sent > 0) return static_cast<size_t>(sent);
  switch (SSL_get_error(tls, sent)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return size_t{0};
    case SSL_ERROR_SYSCALL:
      return errno != 0 ? ended_by_errno() : ended("closed by the server");
    default:
      return ended("TLS error");
  }
}

Status SocketFeed::send(std::string_view bytes, Duration timeout) {
  while (!bytes.empty()) {
    TRY_ASSIGN(const size_t sent, send_some(bytes));
    bytes.remove_prefix(sent);
    if (sent > 0) continue;
    // A TLS session that renegotiates may wait for bytes of the far side: those wake us, too.
    const short events = tls_ != nullptr ? POLLOUT | POLLIN : POLLOUT;
    pollfd one{.fd = fd_, .events = events, .revents = 0};
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
    const int ready = ::poll(&one, 1, static_cast<int>(limit));
    if (ready < 0 && errno != EINTR) return ended_by_errno();
    if (ready == 0) return ended("the server takes nothing");
  }
  return ok();
}

Result<bool> SocketFeed::wait(Duration timeout) {
  if (tls_ != nullptr && SSL_pending(static_cast<SSL*>(tls_)) > 0) return true;
  pollfd one{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
  const int ready = ::ppoll(&one, 1, &limit, nullptr);
  if (ready < 0 && errno != EINTR) return ended_by_errno();
  return ready > 0;
}

void SocketFeed::keep_alive() {
  const auto set = [this](int level, int name, int value) { ::setsockopt(fd_, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
}

}  // namespace weft::mysql
