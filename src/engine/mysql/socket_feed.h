// SPDX-License-Identifier: Apache-2.0
// SocketFeed: the bytes of a libmariadb session's socket, read by ourselves: from the socket, or through its TLS session.
// Reading through TLS makes the socket non-blocking; libmariadb, which waits for too short a time then, needs a call of
// for_library() before it is used again. The session outlives it; one thread.
#pragma once

#include "engine/mysql/packets.h"

struct st_mysql;

namespace weft::mysql {

class SocketFeed final : public ByteFeed {
 public:
  explicit SocketFeed(st_mysql* session);

  [[nodiscard]] Result<size_t> receive(char* to, size_t size) override;
  [[nodiscard]] Result<bool> wait(Duration timeout) override;

  // Sends all of it, waiting up to `timeout` each time the far side takes nothing. Between calls of the library only.
  [[nodiscard]] Status send(std::string_view bytes, Duration timeout);

  void for_library();
  // Detects a dead far side in half a minute, also while we only read.
  void keep_alive();

 private:
  [[nodiscard]] Result<size_t> receive_tls(char* to, size_t size);
  [[nodiscard]] Result<size_t> send_some(std::string_view bytes);
  [[nodiscard]] Result<size_t> send_tls(std::string_view bytes);

  int fd_;
  void* tls_;  // the OpenSSL session, or null
  bool non_blocking_ = false;

  void set_non_blocking(bool on);
};

}  // namespace weft::mysql
