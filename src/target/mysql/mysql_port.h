// SPDX-License-Identifier: Apache-2.0
// MySqlPort: the bookkeeping's way to a MySQL session. Statements with parameters are prepared once and kept; those that give rows
// go as text. The session's thread; nothing may be queued in `queue` by others while it is used.
#pragma once

#include "engine/mysql/command_queue.h"
#include "target/bookkeeping/port.h"
#include "target/mysql/payload.h"

namespace weft::mysql {

class MySqlPort final : public bookkeeping::SqlPort {
 public:
  // `impatient`: a lock that another session holds is kConflict.
  explicit MySqlPort(CommandQueue& queue, bool impatient = false) : queue_(queue), impatient_(impatient) {}

  [[nodiscard]] bookkeeping::Dialect dialect() const override { return bookkeeping::Dialect::kMySql; }

  [[nodiscard]] Result<uint64_t> run(std::string_view sql, std::span<const bookkeeping::Parameter> parameters) override;
  [[nodiscard]] Result<std::vector<bookkeeping::Record>> rows(
      std::string_view sql, std::span<const bookkeeping::Parameter> parameters) override;
  // Queues it instead of waiting for its answer.
  [[nodiscard]] Status queue(const std::string& sql, std::span<const bookkeeping::Parameter> parameters, uint64_t tag);

 private:
  CommandQueue& queue_;
  Payload payload_;
  bool impatient_;
};

}  // namespace weft::mysql
