// SPDX-License-Identifier: Apache-2.0
// The cache of initialised data directories: made once per server version, then copied for each server (0.1 s instead
// of seconds).
//   auto ready = cached_template("mariadb-10.11.19", user, [&](const fs::path& dir) { initialise(dir); });
//   copy_tree(ready, data_dir);
// Lives in cache_dir(); safe for parallel processes (a lock file per template, finished ones appear by rename).
// Deleting the directory at any time is safe while no test starts.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "support/process.h"

namespace weft::support {

// $WEFT_CACHE; else ~/.cache/weft; for root, whose home servers running as other users cannot traverse,
// /var/tmp/weft-cache; without HOME /var/tmp/weft-cache-UID. Created. The same rule as in tools/mysql_root.sh.
[[nodiscard]] std::filesystem::path cache_dir();

// The template called `name`; if there is none, `make` fills an empty directory owned by `user`, once.
[[nodiscard]] std::filesystem::path cached_template(const std::string& name,
                                                    std::optional<UserIds> user,
                                                    const std::function<void(const std::filesystem::path&)>& make);

// Copies a directory's contents with owners and modes into `to`, which exists.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace weft::support
