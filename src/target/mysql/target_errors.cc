// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/target_errors.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "target/target.h"

namespace weft::mysql {
namespace {

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/
constexpr uint32_t kLockWait = 1205;
constexpr uint32_t kDeadlock = 1213;
constexpr uint32_t kNullKey = 1048;
constexpr uint32_t kOption = 1290;  // --read-only, --super-read-only and others

struct Meaning {
  uint32_t number;
  Blame blame;
  std::string_view code;
  std::string_view hint;
};

constexpr std::array kMeanings = {
    Meaning{1022, Blame::kData, kUniqueViolation, {}},
    Meaning{1030, Blame::kTransient, "1030", "the server's storage has trouble; its error log says more"},
    Meaning{kNullKey, Blame::kData, kNotNullViolation, {}},
    Meaning{1062, Blame::kData, kUniqueViolation, {}},
    Meaning{1114, Blame::kTransient, "1114", "make room on the server's disk"},
    Meaning{1216, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1217, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1451, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1452, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1557, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1586, Blame::kData, kUniqueViolation, {}},
    Meaning{1644, Blame::kData, "45000", "a trigger of the target refused it"},
    Meaning{1761, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1762, Blame::kConflict, kForeignKeyViolation, {}},
    Meaning{1792, Blame::kTransient, "1792", "the server is read-only"},
    Meaning{3819, Blame::kData, kCheckViolation, {}},
    Meaning{4025, Blame::kData, kCheckViolation, {}},
};

// The server's number that is the error's code; 0 for others. SQLSTATE has five digits.
uint32_t number_of(const Error& error) {
  const std::string& code = error.code();
  uint32_t number = 0;
  const auto [end, failed] = std::from_chars(code.data(), code.data() + code.size(), number);
  return code.size() == 4 && failed == std::errc() && end == code.data() + code.size() ? number : 0;
}

}  // namespace

Error target_error(const Error& error, bool waited) {
  const uint32_t number = number_of(error);
  const auto as = [&](Blame blame, std::string_view code, std::string_view hint) {
    return Error(blame, hint.empty() ? error.message() : cat(error.message(), "; ", hint), std::string(code))
        .about(error.table());
  };
  if (!waited && (number == kLockWait || number == kDeadlock)) return as(Blame::kConflict, cat(number), {});
  if (number == kOption && error.message().find("read-only") != std::string::npos) {
    return as(Blame::kTransient, "1290", "the server is read-only: name the writable one, or make it writable");
  }
  for (const Meaning& meaning : kMeanings) {
    if (meaning.number == number) return as(meaning.blame, meaning.code, meaning.hint);
  }
  return error;
}

// https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html. A wait for a lock takes only its statement back, unless
// innodb_rollback_on_timeout is set: taken for the worse of both.
bool ends_transaction(const Error& error) {
  const uint32_t number = number_of(error);
  return number == kDeadlock || number == kLockWait;
}

}  // namespace weft::mysql
