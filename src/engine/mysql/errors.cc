// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/errors.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace weft::mysql {
namespace {

struct Meaning {
  uint32_t number;
  Blame blame;
  std::string_view code;  // empty: the number
  std::string_view hint;
};

constexpr std::string_view kLogin = "check user, password and the account's host part in mysql.user";
constexpr std::string_view kGrant = "grant the missing privilege; `weft check` prints the statements";
constexpr std::string_view kNetwork = "the server is down, restarting, or something between closed the connection";
constexpr std::string_view kTlsHint = "check ca=, cert=, key= of the URL, or choose tls=require or tls=off";

// Sorted by number. What is not here is kConfig: a human must look, and retrying would hide it.
constexpr std::array kMeanings = {
    Meaning{1020, Blame::kTransient, "", ""},  // record has changed since last read
    Meaning{1021, Blame::kTransient, "", "the server's disk is full"},
    Meaning{1037, Blame::kTransient, "", "the server is out of memory"},
    Meaning{1040, Blame::kTransient, "", "raise max_connections or close other sessions"},
    Meaning{1041, Blame::kTransient, "", "the server is out of memory"},
    Meaning{1044, Blame::kConfig, "", kGrant},
    Meaning{1045, Blame::kConfig, "", kLogin},
    Meaning{1048, Blame::kData, "", ""},
    Meaning{1049, Blame::kConfig, "", "create the database or correct its name in the URL"},
    Meaning{1053, Blame::kTransient, "", kNetwork},
    Meaning{1054, Blame::kConfig, "", "the table has changed: its columns are not those that were read before"},
    Meaning{1062, Blame::kData, "", ""},
    Meaning{1080, Blame::kTransient, "", kNetwork},
    Meaning{1129, Blame::kConfig, "", "run FLUSH HOSTS at the server"},
    Meaning{1130, Blame::kConfig, "", "the server has no account for the host that weft connects from"},
    Meaning{1142, Blame::kConfig, "", kGrant},
    Meaning{1143, Blame::kConfig, "", kGrant},
    Meaning{1146, Blame::kConfig, "", "the table is not there"},
    Meaning{1152, Blame::kTransient, "", kNetwork},
    Meaning{1153, Blame::kData, "", "raise max_allowed_packet at the server"},
    Meaning{1158, Blame::kTransient, "", kNetwork},
    Meaning{1159, Blame::kTransient, "", kNetwork},
    Meaning{1160, Blame::kTransient, "", kNetwork},
    Meaning{1161, Blame::kTransient, "", kNetwork},
    Meaning{1184, Blame::kTransient, "", kNetwork},
    Meaning{1203, Blame::kTransient, "", "raise max_user_connections"},
    Meaning{1205, Blame::kTransient, "", "another session holds the lock"},
    Meaning{1206, Blame::kTransient, "", "raise innodb_buffer_pool_size: too many row locks"},
    Meaning{1213, Blame::kTransient, "", ""},
    Meaning{1216, Blame::kConflict, "", ""},
    Meaning{1217, Blame::kConflict, "", ""},
    Meaning{1226, Blame::kTransient, "", "the account's resource limit is reached"},
    Meaning{1227, Blame::kConfig, "", kGrant},
    Meaning{1264, Blame::kData, "", ""},
    Meaning{1265, Blame::kData, "", ""},
    Meaning{1292, Blame::kData, "", ""},
    Meaning{1317, Blame::kTransient, "", "someone killed the statement"},
    Meaning{1364, Blame::kData, "", ""},
    Meaning{1366, Blame::kData, "", ""},
    Meaning{1370, Blame::kConfig, "", kGrant},
    Meaning{1406, Blame::kData, "", ""},
    Meaning{1412, Blame::kTransient, kSchemaChangedCode, "the table was altered while it was read; it is read again"},
    Meaning{1451, Blame::kConflict, "", ""},
    Meaning{1452, Blame::kConflict, "", ""},
    Meaning{1461, Blame::kTransient, "", "raise max_prepared_stmt_count"},
    Meaning{1614, Blame::kTransient, "", ""},  // XA deadlock
    Meaning{1615, Blame::kTransient, kSchemaChangedCode, "the table was altered while it was read; it is read again"},
    Meaning{1690, Blame::kData, "", ""},
    Meaning{1836, Blame::kTransient, "", "the server is read-only"},
    Meaning{1927, Blame::kTransient, "", "someone killed the connection"},
    Meaning{1969, Blame::kTransient, "", "max_statement_time ended the statement"},
    Meaning{
        2002, Blame::kTransient, kUnreachableCode, "check that the server runs and that the socket's path is right"},
    Meaning{2003, Blame::kTransient, kUnreachableCode, "check that the server runs and that host and port are right"},
    Meaning{2005, Blame::kTransient, kUnreachableCode, "the host's name is not known here"},
    Meaning{2006, Blame::kTransient, "", kNetwork},
    Meaning{2008, Blame::kTransient, "", "this process is out of memory"},
    Meaning{2012, Blame::kTransient, "", kNetwork},
    Meaning{2013, Blame::kTransient, "", kNetwork},
    Meaning{2020, Blame::kData, "", "raise max_allowed_packet"},
    Meaning{2026, Blame::kConfig, "", kTlsHint},
    Meaning{2027, Blame::kTransient, "", kNetwork},
    Meaning{2055, Blame::kTransient, "", kNetwork},
    Meaning{2059, Blame::kConfig, "", "the account's authentication plugin is not installed with libmariadb3"},
    Meaning{2061, Blame::kConfig, "", "use TLS (tls=require), or give the account another authentication plugin"},
    Meaning{3024, Blame::kTransient, "", "max_execution_time ended the statement"},
    Meaning{3118, Blame::kConfig, "", "the account is locked"},
    Meaning{3140, Blame::kData, "", ""},  // invalid JSON text
    Meaning{3572, Blame::kTransient, "", "another session holds the lock"},
    Meaning{3819, Blame::kData, "", ""},  // check constraint
    Meaning{4025, Blame::kData, "", ""},  // check constraint, MariaDB
    Meaning{4031, Blame::kTransient, "", kNetwork},
};

static_assert(std::is_sorted(kMeanings.begin(), kMeanings.end(), [](const Meaning& a, const Meaning& b) {
  return a.number < b.number;
}));

Error make(uint32_t number,
           std::string_view sqlstate,
           std::string_view message,
           std::string_view doing,
           const Meaning& meaning) {
  std::string text =
      cat(doing, ": ", message, " (error ", number, sqlstate.empty() ? "" : ", SQLSTATE ", sqlstate, ")");
  if (!meaning.hint.empty()) text += cat("; ", meaning.hint);
  return Error(meaning.blame, std::move(text), meaning.code.empty() ? cat(number) : std::string(meaning.code));
}

bool says(std::string_view message, std::string_view words) {
  return message.find(words) != std::string_view::npos;
}

// Error 1236 by its words, as both servers have used them since MySQL 5.7 and MariaDB 10.2.
Meaning meaning_of_1236(std::string_view message) {
  if (says(message, "same server_uuid") || says(message, "same server_id") || says(message, "same server id")) {
    return {1236, Blame::kTransient, "", "another reader used our server id; a new one is drawn"};
  }
  if (says(message, "max_allowed_packet")) {
    return {1236, Blame::kConfig, "", "raise max_allowed_packet at the source, an event is larger"};
  }
  if (says(message, "bogus data") || says(message, "corrupt") || says(message, "CRC") || says(message, "checksum")) {
    return {1236, Blame::kConfig, "corrupt-event", "the source's log is damaged; check its disk"};
  }
  return {1236,
          Blame::kConfig,
          kPositionLostCode,
          "the source's log does not hold what follows our position: start again with --on-lost-position=resnapshot or "
          "repair, and keep logs longer (binlog_expire_logs_seconds)"};
}

// Under TLS the client library reports a connection that broke or stood still as 2026 too, with the system's words.
bool is_network_trouble(std::string_view message) {
  for (const char* words :
       {"timed out", "reset by peer", "Broken pipe", "refused", "unexpected eof", "closed", "(110)", "(104)", "(32)"}) {
    if (says(message, words)) return true;
  }
  return false;
}

}  // namespace

Error server_error(uint32_t number, std::string_view sqlstate, std::string_view message, std::string_view doing) {
  if (number == 2026 && is_network_trouble(message)) {
    return make(number, sqlstate, message, doing, {2026, Blame::kTransient, "", kNetwork});
  }
  const auto found = std::lower_bound(
      kMeanings.begin(), kMeanings.end(), number, [](const Meaning& m, uint32_t n) { return m.number < n; });
  if (found != kMeanings.end() && found->number == number) return make(number, sqlstate, message, doing, *found);
  // 2000..2999 come from the client library: broken connections and the like, unless listed.
  const Blame blame = number >= 2000 && number < 3000 ? Blame::kTransient : Blame::kConfig;
  return make(number, sqlstate, message, doing, {number, blame, "", ""});
}

Error dump_error(uint32_t number, std::string_view sqlstate, std::string_view message, std::string_view doing) {
  // 1373: the log file is not in the index; 1789: GTIDs were purged; 1945, 1951, 1955: MariaDB does not find the GTID.
  const bool lost = number == 1373 || number == 1789 || number == 1945 || number == 1951 || number == 1955;
  if (number != 1236 && !lost) return server_error(number, sqlstate, message, doing);
  return make(number, sqlstate, message, doing, lost ? meaning_of_1236("") : meaning_of_1236(message));
}

}  // namespace weft::mysql
