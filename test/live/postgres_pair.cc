// SPDX-License-Identifier: Apache-2.0
#include "live/postgres_pair.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;
using support::text_of;

bool says(support::PostgresConnection session,
          const std::string& sql,
          const std::string& value,
          support::Deadline deadline) {
  return support::wait_until(deadline, [&] { return text_of(session.query(sql)) == value; });
}

// The first row that only one side holds; both are in the order of their text.
std::string first_difference(const support::Rows& source, const support::Rows& target) {
  const auto [ours, theirs] = std::mismatch(source.begin(), source.end(), target.begin(), target.end());
  const auto shown = [](const support::Rows& rows, auto at) {
    constexpr size_t kShown = 300;
    return at == rows.end() ? std::string("no row") : (*at)[0].value_or("NULL").substr(0, kShown);
  };
  return cat(source.size(),
             " rows at the source, ",
             target.size(),
             " at the target; the first that differ:\n  source ",
             shown(source, ours),
             "\n  target ",
             shown(target, theirs));
}

}  // namespace

bool drop_slots(support::PostgresConnection& session) {
  const std::string free = "FROM pg_replication_slots WHERE database = current_database()";
  return support::wait_until(deadline_in(20s), [&] {
    try {
      (void)session.query(cat("SELECT pg_drop_replication_slot(slot_name) ", free, " AND NOT active"));
    } catch (const support::SqlError& error) {
      if (error.code() != "55006") throw;  // object_in_use: someone took it between
    }
    return support::single_value(session.query(cat("SELECT count(*) ", free))) == "0";
  });
}

PostgresPair::PostgresPair(PostgresPairOptions options)
    : source(std::move(options.source)), target(std::move(options.target)) {
  source.start();
  source.exec("CREATE DATABASE shop");
  target.start();
  target.exec("CREATE DATABASE shop");
}

std::vector<std::string> PostgresPair::run_arguments(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"run", "--from", from(), "--to", to()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

WeftResult PostgresPair::run(const std::vector<std::string>& more) const {
  return run_weft(run_arguments(more), deadline_in(120s), {"XDG_STATE_HOME=" + (dir.path() / "state").string()});
}

void PostgresPair::on_both(const std::string& sql) const {
  source_session().exec(sql);
  target_session().exec(sql);
}

bool PostgresPair::source_says(const std::string& sql, const std::string& value, support::Deadline deadline) const {
  return says(source_session(), sql, value, deadline);
}

bool PostgresPair::target_says(const std::string& sql, const std::string& value, support::Deadline deadline) const {
  return says(target_session(), sql, value, deadline);
}

bool PostgresPair::settled(support::Deadline deadline) const {
  const std::string mark =
      support::single_value(source_session().query("INSERT INTO marks DEFAULT VALUES RETURNING id"));
  return target_says(cat("SELECT count(*) FROM marks WHERE id = ", mark), "1", deadline);
}

::testing::AssertionResult PostgresPair::equal() const {
  auto ours = source_session();
  auto theirs = target_session();
  for (auto* session : {&ours, &theirs}) session->exec("SET timezone = 'UTC'");
  const auto tables = ours.query(
      "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
  for (const support::Row& table : tables) {
    const std::string sum =
        cat("SELECT count(*), md5(string_agg(whole::text, E'\\n' ORDER BY whole::text)) FROM ", *table[0], " AS whole");
    if (text_of(ours.query(sum)) == text_of(theirs.query(sum))) continue;
    const std::string rows = cat("SELECT whole::text FROM ", *table[0], " AS whole ORDER BY 1");
    return ::testing::AssertionFailure() << "table " << *table[0] << ": "
                                         << first_difference(ours.query(rows), theirs.query(rows));
  }
  return ::testing::AssertionSuccess();
}

}  // namespace weft::live
