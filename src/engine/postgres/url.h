// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL address as libpq understands it (URI or key=value, all its parameters, several hosts), with two additions:
// a password `file:/path` is read from that file, and what weft needs is set where the user left it open.
//
//   TRY_ASSIGN(const Address address, Address::parse("postgresql://app@db1,db2/shop"));
//   for (const Keywords& host : address.hosts()) ...      // one attempt each, in order
//
// text() never holds a secret. An immutable value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weft::postgres {

using Keywords = std::vector<std::pair<std::string, std::string>>;

class Address {
 public:
  [[nodiscard]] static Result<Address> parse(std::string_view url);

  [[nodiscard]] const std::vector<Keywords>& hosts() const { return hosts_; }

  // "postgresql://app@db1:5432,db2:5432/shop": for messages.
  [[nodiscard]] const std::string& text() const { return text_; }

  // The role, empty where the address leaves it to libpq.
  [[nodiscard]] std::string user() const;

 private:
  Address() = default;
  std::vector<Keywords> hosts_;
  std::string text_;
};

}  // namespace weft::postgres
