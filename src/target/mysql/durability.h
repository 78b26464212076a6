// SPDX-License-Identifier: Apache-2.0
// Durability: which committed versions of progress a crash of the server's machine can't take back. With
// innodb_flush_log_at_trx_commit = 1 (and, with a binary log, sync_binlog = 1) all are; else InnoDB flushes its log about once a
// second, and tells how far it is: a version is safe once the log has been flushed up to where it stood after the commit.
// One thread.
#pragma once

#include <cstdint>
#include <deque>

#include "engine/mysql/connection.h"

namespace weft::mysql {

class Durability {
 public:
  // `committed`: the newest version whose commit was answered, read before. Asks the server.
  [[nodiscard]] Result<uint64_t> flushed(Connection& session, uint64_t committed);

 private:
  struct Mark {
    uint64_t version = 0;
    uint64_t lsn = 0;
  };

  std::deque<Mark> marks_;
  uint64_t flushed_ = 0;
};

}  // namespace weft::mysql
