// SPDX-License-Identifier: Apache-2.0
#include "live/transfers.h"

#include <array>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

constexpr int kWriters = 2;
constexpr uint64_t kAccounts = 100;
constexpr int kBalance = 1000;
constexpr uint64_t kBulkRows = 30000;  // what a snapshot spends its time on
constexpr auto kPause = 3ms;           // after each transaction

constexpr const char* kTables =
    "CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL);"
    "CREATE TABLE ledger (writer int, no bigint, giver int, taker int, amount int, PRIMARY KEY (writer, no));"
    "CREATE TABLE notes (id bigint PRIMARY KEY, v text, body text);"
    "ALTER TABLE notes ALTER body SET STORAGE EXTERNAL;"
    "CREATE TABLE scraps (writer int, x bigint, y text); ALTER TABLE scraps REPLICA IDENTITY FULL;"
    "CREATE TABLE bulk (id int PRIMARY KEY, v text)";

// What a writer's transaction does beside its transfer; rows of one writer are touched by no other, but for those of bulk.
class Besides {
 public:
  Besides(Rng& rng, int writer, uint64_t no) : rng_(rng), writer_(writer), no_(no) {}

  std::string random() {
    static constexpr std::array kAll = {&Besides::note,
                                        &Besides::note,
                                        &Besides::rewrite,
                                        &Besides::move,
                                        &Besides::drop,
                                        &Besides::scrap,
                                        &Besides::drop_scrap,
                                        &Besides::change_scraps,
                                        &Besides::bulk,
                                        &Besides::savepoint};
    return (this->*kAll[rng_.below(kAll.size())])();
  }

 private:
  // The absolute value of a note's id is that of the transaction which wrote it.
  [[nodiscard]] uint64_t own_id() const { return no_ * 10 + static_cast<uint64_t>(writer_); }

  std::string some_note() {
    return cat("abs(id) = ", (1 + rng_.below(no_)) * 10 + static_cast<uint64_t>(writer_), "; ");
  }

  // Larger than a page: it is kept out of line.
  std::string note() {
    return cat("INSERT INTO notes SELECT ",
               own_id(),
               ", 'new', string_agg(md5(random()::text), '') FROM generate_series(1, 300); ");
  }

  std::string rewrite() { return cat("UPDATE notes SET v = 'by ", no_, "' WHERE ", some_note()); }

  std::string move() { return cat("UPDATE notes SET id = -id WHERE ", some_note()); }

  std::string drop() { return cat("DELETE FROM notes WHERE ", some_note()); }

  std::string scrap() {
    const std::string row = cat("(", writer_, ", ", rng_.below(50), ", NULL)");
    return cat("INSERT INTO scraps VALUES ", row, ", ", row, "; ");
  }

  std::string drop_scrap() {
    return cat("DELETE FROM scraps WHERE ctid = (SELECT ctid FROM scraps WHERE writer = ", writer_, " LIMIT 1); ");
  }

  std::string change_scraps() {
    return cat("UPDATE scraps SET y = '", no_, "' WHERE writer = ", writer_, " AND x = ", rng_.below(50), "; ");
  }

  std::string bulk() {
    const uint64_t from = rng_.below(kBulkRows);
    return cat("UPDATE bulk SET v = 'by ", no_, "' WHERE id BETWEEN ", from, " AND ", from + 20, "; ");
  }

  std::string savepoint() {
    return cat(note(), "SAVEPOINT s; DELETE FROM notes; UPDATE bulk SET v = 'never' WHERE id < 9; ROLLBACK TO s; ");
  }

  Rng& rng_;
  int writer_;
  uint64_t no_;
};

std::string transfer(Rng& rng, int writer, uint64_t no) {
  const uint64_t low = 1 + rng.below(kAccounts - 1);
  const uint64_t high = low + 1 + rng.below(kAccounts - low);
  const int64_t amount = static_cast<int64_t>(rng.below(200)) - 100;
  return cat("UPDATE accounts SET balance = balance - (",
             amount,
             ") WHERE id = ",
             low,
             "; UPDATE accounts SET balance = balance + (",
             amount,
             ") WHERE id = ",
             high,
             "; INSERT INTO ledger VALUES (",
             writer,
             ", ",
             no,
             ", ",
             low,
             ", ",
             high,
             ", ",
             amount,
             "); ");
}

// A session that ended, or was chosen to end a deadlock.
bool expected(const support::SqlError& error) {
  const std::string& code = error.code();
  return code.empty() || code == "40P01" || code.starts_with("08") || code.starts_with("57");
}

}  // namespace

Transfers::Transfers(const PostgresPair& pair, uint64_t seed) : url_(pair.from()), seed_(seed) {
  pair.on_both(kTables);
  pair.source_session().exec(cat("INSERT INTO accounts SELECT id, ",
                                 kBalance,
                                 " FROM generate_series(1, ",
                                 kAccounts,
                                 ") id; INSERT INTO bulk SELECT id, 'old' FROM generate_series(1, ",
                                 kBulkRows,
                                 ") id"));
}

void Transfers::start() {
  for (int writer = 1; writer <= kWriters; ++writer)
    writers_.emplace_back([this, writer](std::stop_token stop) { run_writer(writer, stop); });
}

void Transfers::run_writer(int writer, std::stop_token stop) {
  Rng rng(seed_ * 1000 + static_cast<uint64_t>(writer));
  while (!stop.stop_requested()) {
    try {
      support::PostgresConnection session(url_);
      // What became of a commit that got no answer, the server knows.
      uint64_t no = std::stoull(support::single_value(
          session.query(cat("SELECT coalesce(max(no), 0) + 1 FROM ledger WHERE writer = ", writer))));
      while (!stop.stop_requested()) {
        const bool kept = !rng.chance(1, 20);
        session.exec(
            cat("BEGIN; ", transfer(rng, writer, no), Besides(rng, writer, no).random(), kept ? "COMMIT" : "ROLLBACK"));
        no += kept ? 1 : 0;
        committed_ += kept ? 1 : 0;
        real_clock().sleep(kPause, stop);
      }
    } catch (const support::SqlError& error) {
      if (!expected(error)) trouble_.with([&](std::string& t) { t = error.what(); });
      real_clock().sleep(20ms, stop);
    }
  }
}

const std::string& Transfers::breaches_sql() {
  static const std::string sql =
      cat("SELECT 'the sum is ' || sum(balance) FROM accounts HAVING sum(balance) <> ",
          kAccounts * kBalance,
          " UNION ALL SELECT 'account ' || a.id || ' has ' || a.balance || ', its moves are ' || coalesce(s.moves, 0)"
          " FROM accounts a LEFT JOIN (SELECT id, sum(moves) AS moves FROM (SELECT giver AS id, -amount AS moves FROM"
          " ledger UNION ALL SELECT taker, amount FROM ledger) m GROUP BY id) s ON s.id = a.id"
          " WHERE a.balance <> ",
          kBalance,
          " + coalesce(s.moves, 0) UNION ALL SELECT 'writer ' || writer || ' has ' || count(*) || ' of ' || max(no)"
          " FROM ledger GROUP BY writer HAVING count(*) <> max(no)");
  return sql;
}

}  // namespace weft::live
