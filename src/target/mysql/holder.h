// SPDX-License-Identifier: Apache-2.0
// SessionProbe: whether the process that holds a pipeline still has its session, by a lock of the server's that ends with it
// (GET_LOCK). Each session of a process holds one: those of a process that is taken over are ended by them.
// One thread; uses the control session, which it is told of each time that it is opened anew.
#pragma once

#include "engine/mysql/connection.h"
#include "target/bookkeeping/lease.h"

namespace weft::mysql {

class SessionProbe final : public bookkeeping::HolderProbe {
 public:
  // `end_zombies`: sessions of a process that is taken over are ended.
  explicit SessionProbe(bool end_zombies) : end_zombies_(end_zombies) {}

  void use(Connection* session) { session_ = session; }

  [[nodiscard]] Result<std::string> session(const std::string& pipeline) override;
  [[nodiscard]] Result<Holder> look(const std::string& pipeline, const std::string& session) override;
  void end(const std::string& pipeline, const std::string& session) override;
  void released(const std::string& pipeline) override;

 private:
  Connection* session_ = nullptr;
  bool end_zombies_;
};

// The name of the lock that a process's session holds: 0 is the control session's, lanes count from 1. Of up to 64 characters.
[[nodiscard]] std::string session_lock(const std::string& pipeline, const std::string& database, size_t number);

inline constexpr size_t kSessionLocks = 17;

}  // namespace weft::mysql
