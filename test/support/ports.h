// SPDX-License-Identifier: Apache-2.0
// Port: a loopback TCP port that no other Port of this machine has, for as long as the object lives.
//   Port port; start_server("127.0.0.1", port.number());
// Three things could take a port between choosing and binding it, or while its server is down between a crash and a
// restart: another test (kept off by a lock that every Port holds), a listener outside (the port is tried by binding
// it), and the kernel, for an outgoing connection (numbers are drawn below its ephemeral range: bind(0) would give one
// from inside). The lock is an abstract Unix socket named after the port: unlike a lock file it is scoped like ports
// are (by network namespace), shared by all users, and gone with its process. One owner; number() from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace weft::support {

class Port {
 public:
  // Throws std::runtime_error if no port is free.
  Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  [[nodiscard]] std::uint16_t number() const { return number_; }

  [[nodiscard]] std::string text() const { return std::to_string(number_); }

 private:
  int lock_ = -1;
  std::uint16_t number_ = 0;
};

}  // namespace weft::support
