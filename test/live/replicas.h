// SPDX-License-Identifier: Apache-2.0
// Replicas of a source: servers that follow another one and may take its place, for tests of failovers.
//
//   auto replica = make_replica(engine); follow(engine, *replica, *rig.source);
//   WeftProcess weft(rig.log(), {"run", "--from", url_of_both(rig, *replica), "--to", rig.to(), "--name", "both"});
//   rig.source->crash(); promote(engine, *replica);
//
// Owns nothing; the servers are the caller's. One thread.
#pragma once

#include <memory>
#include <string>

#include "live/rig.h"

namespace weft::live {

// Started; it logs what it will replicate.
[[nodiscard]] std::unique_ptr<support::BinlogServer> make_replica(Engine engine, SourceOptions options = {});

// Read-only from here on. A MariaDB server follows from the end of its own log, so one that led before may come back; a MySQL
// server forgets its log. REQUIRES: the replica has nothing that the primary lacks.
void follow(Engine engine, support::BinlogServer& replica, const support::BinlogServer& primary);

// It gets nothing more, and stays as it is.
void cut_off(Engine engine, support::BinlogServer& replica);

// It follows nobody any more and takes writes.
void promote(Engine engine, support::BinlogServer& replica);

// The rig's own address with the replica as the second host.
[[nodiscard]] std::string url_of_both(const Rig& rig, const support::BinlogServer& replica);

}  // namespace weft::live
