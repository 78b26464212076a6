// SPDX-License-Identifier: Apache-2.0
// Whether a target column keeps less than its source column may send: a warning of `check`. Pure; any thread.
#pragma once

#include <string>

#include "target/mysql/storage.h"

namespace weft::mysql {

// Why some of the source's values may not fit; empty when all do.
[[nodiscard]] std::string narrower(const Storage& storage, const Column& source);

}  // namespace weft::mysql
