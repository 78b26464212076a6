// SPDX-License-Identifier: Apache-2.0
// ProcessProbe: whether the process that holds a pipeline still lives, for a database that only processes of this machine open:
// by its number and the time of its start, within one boot and one namespace of processes. Any thread.
#pragma once

#include "target/bookkeeping/lease.h"

namespace weft::sqlite {

class ProcessProbe final : public bookkeeping::HolderProbe {
 public:
  [[nodiscard]] Result<std::string> session(const std::string& pipeline) override;
  [[nodiscard]] Result<Holder> look(const std::string& pipeline, const std::string& session) override;
};

}  // namespace weft::sqlite
