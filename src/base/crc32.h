// SPDX-License-Identifier: Apache-2.0
// CRC-32 (polynomial 0x04C11DB7 reflected, as zlib and the MySQL binary log use it), folded with PCLMULQDQ where the
// processor has it and by zlib elsewhere. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft {

[[nodiscard]] uint32_t crc32(std::string_view bytes, uint32_t seed = 0);

}  // namespace weft
