// SPDX-License-Identifier: Apache-2.0
#include "live/replicas.h"

#include "base/text.h"

namespace weft::live {

std::unique_ptr<support::BinlogServer> make_replica(Engine engine, SourceOptions options) {
  options.extra.push_back(engine == Engine::kMariaDb ? "--log-slave-updates" : "--log-replica-updates");
  auto replica = make_source(engine, options);
  replica->start();
  return replica;
}

void follow(Engine engine, support::BinlogServer& replica, const support::BinlogServer& primary) {
  if (engine == Engine::kMariaDb) {
    replica.exec(
        cat("SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos; CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ",
            primary.port(),
            ", MASTER_USER = 'weft', MASTER_PASSWORD = 'secret', MASTER_CONNECT_RETRY = 1, "
            "MASTER_USE_GTID = slave_pos; SET GLOBAL read_only = 1; START SLAVE"));
    return;
  }
  replica.exec(
      cat("GRANT LOCK TABLES ON *.* TO weft@'%'; RESET BINARY LOGS AND GTIDS;"
          "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ",
          primary.port(),
          ", SOURCE_USER = 'weft', SOURCE_PASSWORD = 'secret', SOURCE_CONNECT_RETRY = 1, GET_SOURCE_PUBLIC_KEY = 1, "
          "SOURCE_AUTO_POSITION = 1; SET GLOBAL read_only = 1; START REPLICA"));
}

void cut_off(Engine engine, support::BinlogServer& replica) {
  replica.exec(engine == Engine::kMariaDb ? "STOP SLAVE" : "STOP REPLICA");
}

void promote(Engine engine, support::BinlogServer& replica) {
  cut_off(engine, replica);
  replica.exec(engine == Engine::kMariaDb ? "RESET SLAVE ALL" : "RESET REPLICA ALL");
  replica.exec("SET GLOBAL read_only = 0");
}

std::string url_of_both(const Rig& rig, const support::BinlogServer& replica) {
  std::string both = rig.from();
  const std::string port = cat(":", rig.source->port(), "/");
  both.replace(both.find(port), port.size(), cat(":", rig.source->port(), ",127.0.0.1:", replica.port(), "/"));
  return both;
}

}  // namespace weft::live
