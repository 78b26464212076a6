// SPDX-License-Identifier: Apache-2.0
#include "shop.h"

#include <chrono>
#include <deque>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/rng.h"

namespace weft::demo {

namespace {

constexpr unsigned kCustomers = 2000;
constexpr unsigned kProducts = 500;
constexpr unsigned kOrders = 12000;
constexpr unsigned kAccounts = 200;

constexpr std::string_view kSchema = R"(
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE customers (id INT UNSIGNED PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(100) NOT NULL UNIQUE,
  city VARCHAR(40), since DATETIME NOT NULL);
CREATE TABLE products (id INT UNSIGNED PRIMARY KEY, name VARCHAR(60) NOT NULL, price DECIMAL(8,2) NOT NULL,
  stock INT NOT NULL, details TEXT);
CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, customer_id INT UNSIGNED NOT NULL, status VARCHAR(12) NOT NULL,
  total DECIMAL(10,2) NOT NULL, placed_at DATETIME NOT NULL, note VARCHAR(120), KEY (customer_id));
CREATE TABLE order_lines (order_id BIGINT UNSIGNED NOT NULL, line TINYINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED NOT NULL, quantity SMALLINT NOT NULL, price DECIMAL(8,2) NOT NULL, PRIMARY KEY (order_id, line));
CREATE TABLE accounts (id INT UNSIGNED PRIMARY KEY, owner VARCHAR(60) NOT NULL, balance DECIMAL(12,2) NOT NULL,
  moves INT UNSIGNED NOT NULL);
CREATE TABLE ledger (number BIGINT UNSIGNED NOT NULL, kind VARCHAR(12) NOT NULL, amount DECIMAL(10,2), at DATETIME NOT NULL);
CREATE TABLE pulse (id INT PRIMARY KEY, n BIGINT UNSIGNED NOT NULL);
INSERT INTO pulse VALUES (1, 0);
)";

void exec_rows(support::MysqlConnection& session) {
  session.exec(
      fmt::format("INSERT INTO customers SELECT seq, CONCAT('Customer ', seq), CONCAT('c', seq, '@example.org'), "
                  "ELT(1 + seq % 5, 'Zürich', 'Łódź', 'Århus', '東京', NULL), "
                  "'2024-01-01' + INTERVAL seq HOUR FROM seq_1_to_{}",
                  kCustomers));
  session.exec(
      fmt::format("INSERT INTO products SELECT seq, CONCAT('Product ', seq), seq * 1.37, 100000, "
                  "REPEAT(CONCAT('détail ', seq, '; '), seq % 9) FROM seq_1_to_{}",
                  kProducts));
  session.exec(
      fmt::format("INSERT INTO orders SELECT seq, 1 + seq * 7 % {}, 'open', seq % 400 + 0.5, "
                  "'2025-01-01' + INTERVAL seq MINUTE, IF(seq % 3, NULL, 'leave at the door ✓') "
                  "FROM seq_1_to_{}",
                  kCustomers,
                  kOrders));
  session.exec(
      fmt::format("INSERT INTO order_lines SELECT o.seq, l.seq, 1 + (o.seq + l.seq) % {}, l.seq, 9.99 "
                  "FROM seq_1_to_{} o JOIN seq_1_to_3 l",
                  kProducts,
                  kOrders));
  session.exec(
      fmt::format("INSERT INTO accounts SELECT seq, CONCAT('Owner ', seq), 1000, 0 FROM seq_1_to_{}", kAccounts));
}

// One person's way of using the shop: each call of transaction() is the text of one whole transaction.
class Shopper {
 public:
  Shopper(unsigned worker, unsigned workers) : rng_(0x5109 + worker), worker_(worker), workers_(workers) {
    next_order_ = kOrders + 1 + worker;
    next_customer_ = kCustomers + 1 + worker;
    for (uint64_t id = 1 + worker; id <= kOrders; id += workers) orders_.push_back(id);
  }

  std::string transaction(uint64_t number) {
    const uint64_t dice = rng_.below(100);
    std::string_view kind = "transfer";
    std::string body;
    amount_ = "NULL";
    if (dice < 35) {
      kind = "order";
      body = order();
    } else if (dice < 55) {
      kind = "status";
      body = status();
    } else if (dice < 65 && orders_.size() > 100) {
      kind = "cancel";
      body = cancel();
    } else if (dice < 72) {
      kind = "customer";
      body = customer();
    } else {
      body = transfer();
    }
    return fmt::format("START TRANSACTION; {} INSERT INTO ledger VALUES ({}, '{}', {}, NOW()); COMMIT",
                       body,
                       worker_ * 1'000'000'000'000ULL + number,
                       kind,
                       amount_);
  }

 private:
  std::string order() {
    const uint64_t id = next_order_;
    next_order_ += workers_;
    const uint64_t lines = 1 + rng_.below(5);
    const uint64_t product = 1 + rng_.below(kProducts - lines);
    amount_ = fmt::format("{}.{:02}", 5 + rng_.below(500), rng_.below(100));
    std::string text =
        fmt::format("INSERT INTO orders VALUES ({}, {}, 'open', {}, NOW(), NULL); INSERT INTO order_lines VALUES ",
                    id,
                    1 + rng_.below(kCustomers),
                    amount_);
    for (uint64_t line = 0; line < lines; ++line) {
      text +=
          fmt::format("{}({}, {}, {}, {}, {}.50)", line ? ", " : "", id, line + 1, product + line, 1 + line, 3 + line);
    }
    text += fmt::format(
        "; UPDATE products SET stock = stock - 1 WHERE id BETWEEN {} AND {};", product, product + lines - 1);
    orders_.push_back(id);
    return text;
  }

  std::string status() {
    const uint64_t id = orders_[rng_.below(orders_.size())];
    static constexpr std::string_view kStates[] = {"paid", "packed", "sent", "returned"};
    return fmt::format("UPDATE orders SET status = '{}', note = CONCAT_WS(' ', status, '{} →') WHERE id = {};",
                       kStates[rng_.below(4)],
                       rng_.below(1000),
                       id);
  }

  std::string cancel() {
    const size_t at = rng_.below(orders_.size());
    const uint64_t id = orders_[at];
    orders_[at] = orders_.front();
    orders_.pop_front();
    return fmt::format("DELETE FROM order_lines WHERE order_id = {0}; DELETE FROM orders WHERE id = {0};", id);
  }

  std::string customer() {
    if (rng_.chance(1, 2)) {
      return fmt::format("UPDATE customers SET city = ELT({}, 'Lima', 'Quito', NULL), since = NOW() WHERE id = {};",
                         1 + rng_.below(3),
                         1 + rng_.below(kCustomers));
    }
    const uint64_t id = next_customer_;
    next_customer_ += workers_;
    return fmt::format("INSERT INTO customers VALUES ({0}, 'Customer {0}', 'c{0}@example.org', NULL, NOW());", id);
  }

  std::string transfer() {
    const uint64_t a = 1 + rng_.below(kAccounts - 1);
    const uint64_t b = a + 1 + rng_.below(kAccounts - a);
    amount_ = fmt::format("{}.{:02}", rng_.below(90), rng_.below(100));
    const char* sign = rng_.chance(1, 2) ? "-" : "";
    // In the order of their numbers, so that two workers cannot wait for each other.
    return fmt::format(
        "UPDATE accounts SET balance = balance - {0}{1}, moves = moves + 1 WHERE id = {2}; "
        "UPDATE accounts SET balance = balance + {0}{1}, moves = moves + 1 WHERE id = {3};",
        sign,
        amount_,
        a,
        b);
  }

  Rng rng_;
  uint64_t worker_;
  uint64_t workers_;
  uint64_t next_order_ = 0;
  uint64_t next_customer_ = 0;
  std::deque<uint64_t> orders_;
  std::string amount_;
};

// A lock that two workers wanted: the server gave one of them up, who tries again.
bool again(const support::SqlError& error) {
  return error.code() == "1213" || error.code() == "1205";
}

}  // namespace

const std::vector<ShopTable>& shop_tables() {
  static const std::vector<ShopTable> tables = {
      {"customers", "id, name, email, city, since"},
      {"products", "id, name, price, stock, details"},
      {"orders", "id, customer_id, status, total, placed_at, note"},
      {"order_lines", "order_id, line, product_id, quantity, price"},
      {"accounts", "id, owner, balance, moves"},
      {"ledger", "number, kind, amount, at"},
  };
  return tables;
}

std::string_view accounts_total() {
  return "200000.00";
}

void create_shop(support::MysqlConnection& session) {
  session.exec(std::string(kSchema));
  exec_rows(session);
}

Workload::Workload(const support::MariaDbServer& server, const WorkloadOptions& options)
    : server_(server), options_(options) {}

void Workload::start() {
  for (unsigned worker = 0; worker < options_.workers; ++worker) {
    threads_.emplace_back([this, worker](const std::stop_token& stop) {
      try {
        work(stop, worker);
      } catch (const std::exception& error) {
        trouble_.with([&](std::string& text) { text = error.what(); });
      }
    });
  }
}

void Workload::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Workload::work(const std::stop_token& stop, unsigned worker) {
  Clock& clock = real_clock();
  auto session = server_.connect("shop");
  session.exec("SET SESSION time_zone = '+00:00'");
  Shopper shopper(worker, options_.workers);
  const Duration pause(static_cast<int64_t>(1e9 * options_.workers / options_.rate));
  SteadyTime due = clock.now();
  for (uint64_t number = 1; !stop.stop_requested(); ++number) {
    const std::string sql = shopper.transaction(number);
    for (;;) {
      try {
        session.exec(sql);
        break;
      } catch (const support::SqlError& error) {
        if (!again(error)) throw;
        session.exec("ROLLBACK");
      }
    }
    ++committed_;
    due = due + pause;
    const SteadyTime now = clock.now();
    if (due > now) clock.sleep(due - now, stop);
    if (now - due > std::chrono::seconds(1)) due = now;  // the server is slower than we were asked to be: no debt
  }
}

}  // namespace weft::demo
