// SPDX-License-Identifier: Apache-2.0
// What Target::open, peek, start and visit read and write, all of it together.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "target/bookkeeping/lease.h"
#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

// After Lease::acquire. Prunes shapes that nothing asks for.
[[nodiscard]] Result<Opened> read_opened(SqlPort& port,
                                         const std::string& name,
                                         std::optional<Progress> progress,
                                         uint64_t epoch);
// Target::peek: from one snapshot, changes nothing. REQUIRES: no open transaction.
[[nodiscard]] Result<std::optional<Opened>> peek(SqlPort& port, const std::string& name, std::string_view where);
// Target::start, in a transaction of its own that must be made durable.
[[nodiscard]] Status write_start(SqlPort& port,
                                 const Lease& lease,
                                 const std::string& name,
                                 const Progress& initial,
                                 const std::vector<TableStateRow>& tables,
                                 const std::vector<SchemaRef>& schemas);
// Target::visit.
[[nodiscard]] Result<std::vector<SchemaRef>> visit(SqlPort& port, const std::string& name, std::string_view where);

}  // namespace weft::bookkeeping
