// SPDX-License-Identifier: Apache-2.0
#include "support/ports.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::support {

namespace {

constexpr int kLowestPort = 15000;
constexpr int kAttemptsLimit = 2000;

// One past the highest port the kernel does not give to outgoing connections.
int ephemeral_begin() {
  int low = 32768;
  if (std::FILE* file = std::fopen("/proc/sys/net/ipv4/ip_local_port_range", "re")) {
    int read = 0;
    if (std::fscanf(file, "%d", &read) == 1) low = read;
    std::fclose(file);
  }
  // A machine that makes nearly all ports ephemeral: draw from everything then.
  return low >= kLowestPort + 1000 ? low : 65000;
}

// An abstract socket named after the port, or -1 if another process holds it.
int lock_port(int port) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "weft-test-port-" + std::to_string(port);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return fd;
  ::close(fd);
  return -1;
}

bool bindable(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

}  // namespace

Port::Port() {
  std::random_device random;
  std::uniform_int_distribution<int> draw(kLowestPort, ephemeral_begin() - 1);
  for (int attempt = 0; attempt < kAttemptsLimit; ++attempt) {
    const int candidate = draw(random);
    const int lock = lock_port(candidate);
    if (lock < 0) continue;
    if (bindable(candidate)) {
      lock_ = lock;
      number_ = static_cast<std::uint16_t>(candidate);
      return;
    }
    ::close(lock);
  }
  throw std::runtime_error("no free loopback port found");
}

Port::~Port() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace weft::support
