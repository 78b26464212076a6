// SPDX-License-Identifier: Apache-2.0
// The two kinds of global transaction ids. MariaDB: a GtidState holds the last domain-server-sequence of each domain.
// MySQL: a GtidSet holds intervals of numbers per source (uuid and optional tag).
//
//   GtidSet set = *GtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7");
//   set.add(source, 6, 6);  set.includes(source, 6);  set.text();
//
// Values; no thread rules.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weft::mysql_binlog {

// One MariaDB transaction: "domain-server-sequence".
struct Gtid {
  uint32_t domain = 0;
  uint32_t server = 0;
  uint64_t sequence = 0;

  auto operator<=>(const Gtid&) const = default;
  [[nodiscard]] std::string text() const;
};

// MariaDB's position: the last transaction of each domain. Within a domain the sequence only grows.
class GtidState {
 public:
  // "0-1-100,1-1-5"; empty is the state before everything.
  [[nodiscard]] static Result<GtidState> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  [[nodiscard]] bool includes(const Gtid& gtid) const;
  [[nodiscard]] bool contains(const GtidState& other) const;
  // Makes `gtid` the last of its domain.
  void add(const Gtid& gtid);
  void add(const GtidState& other);
  // The domains in which `other` is not contained, with other's last transaction there.
  [[nodiscard]] GtidState missing(const GtidState& other) const;

  // Sorted by domain.
  [[nodiscard]] const std::vector<Gtid>& domains() const { return domains_; }

  [[nodiscard]] const Gtid* find(uint32_t domain) const;

  [[nodiscard]] bool empty() const { return domains_.empty(); }

  bool operator==(const GtidState&) const = default;

 private:
  std::vector<Gtid> domains_;
};

// Whether MySQL takes it as a tag: 1 to 32 letters, digits and underscores, in lower case, no digit first.
[[nodiscard]] bool is_tag(std::string_view text);

// Where MySQL transactions come from: a server's uuid, and since MySQL 8.3 a tag.
struct SourceId {
  std::array<uint8_t, 16> uuid{};
  std::string tag;

  auto operator<=>(const SourceId&) const = default;
  [[nodiscard]] std::string text() const;  // "uuid" or "uuid:tag"
};

// [first, last], both included.
struct Interval {
  uint64_t first = 0;
  uint64_t last = 0;

  bool operator==(const Interval&) const = default;
};

// MySQL's position: the set of executed transactions.
class GtidSet {
 public:
  // "uuid:1-5:7,uuid:tag:1-3", and the server's short form "uuid:1-5:tag:1-3"; white space is skipped.
  [[nodiscard]] static Result<GtidSet> parse(std::string_view text);
  // As in COM_BINLOG_DUMP_GTID and in Previous_gtids events, with and without tags.
  [[nodiscard]] static Result<GtidSet> decode(std::string_view bytes);
  // What COM_BINLOG_DUMP_GTID takes; the tagged form only if there is a tag.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] std::string text() const;

  [[nodiscard]] bool includes(const SourceId& source, uint64_t number) const;
  [[nodiscard]] bool contains(const GtidSet& other) const;
  void add(const SourceId& source, uint64_t first, uint64_t last);
  void add(const GtidSet& other);
  void subtract(const GtidSet& other);
  // What `other` has and this set has not.
  [[nodiscard]] GtidSet missing(const GtidSet& other) const;

  [[nodiscard]] uint64_t count() const;  // transactions

  [[nodiscard]] bool empty() const { return sources_.empty(); }

  [[nodiscard]] const std::map<SourceId, std::vector<Interval>>& sources() const { return sources_; }

  bool operator==(const GtidSet&) const = default;

 private:
  std::map<SourceId, std::vector<Interval>> sources_;  // intervals sorted, disjoint, not adjacent, never empty
};

}  // namespace weft::mysql_binlog
