// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected): what weft's own files carry. By the processor's instruction where
// it has one, by a table elsewhere. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft {

// `seed`: the result for the bytes before these.
[[nodiscard]] uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace weft
