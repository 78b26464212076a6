// SPDX-License-Identifier: Apache-2.0
// Secrets: how ${NAME} and file:/path get into a configuration, and how they stay out of everything else.
//
//   SecretUrl url = resolve_url("mysql://app:${SHOP_PASSWORD}@db1/shop", "FROM_PASSWORD", environment, place, problems);
//   url.value     for the engine's client only: never printed, logged, or shown
//   url.shown     mysql://app:***@db1/shop: for messages, /status, logs
//   url.written   mysql://app:${SHOP_PASSWORD}@db1/shop: for --print-config
//
// Pure but for resolve_url, which may read a file. Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "control/config_node.h"

namespace weft {

using Environment = std::map<std::string, std::string>;

[[nodiscard]] Environment process_environment();

struct SecretUrl {
  std::string value;
  std::string shown;
  std::string written;
  std::string exposed_file =
      {};  // one that a secret came from and that every user of this machine can read; empty: none

  [[nodiscard]] bool empty() const { return value.empty(); }

  [[nodiscard]] std::string scheme() const;  // "mysql", in lower case
  bool operator==(const SecretUrl&) const = default;
};

// An address with its secrets hidden. It hides too much rather than too little: everything between the user's name and the
// last '@', and each query value whose name is not known to be harmless. Text that is no address comes back as it is.
[[nodiscard]] std::string redact_url(std::string_view url);

// Replaces each ${NAME}; an unset one is a problem.
[[nodiscard]] std::string expand(std::string_view text,
                                 const Environment& environment,
                                 const ConfigPlace& place,
                                 Problems& problems);

// A ${NAME} in the user part or in a query value is taken literally, whatever characters it has; elsewhere it is text of
// the address. A password (or a query value that is one) of the form file:/path is the first line of that file.
// `placeholder`: the variable that stands in `written` for a password that was written out.
[[nodiscard]] SecretUrl resolve_url(std::string_view written,
                                    std::string_view placeholder,
                                    const Environment& environment,
                                    const ConfigPlace& place,
                                    Problems& problems);

// Overwrites secrets of addresses in argv, where every user of the machine can read them. REQUIRES: argv was copied.
void scrub_arguments(int argc, char** argv);

}  // namespace weft
