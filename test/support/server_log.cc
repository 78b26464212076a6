// SPDX-License-Identifier: Apache-2.0
#include "support/server_log.h"

#include <fstream>
#include <iterator>

namespace weft::support {

std::string log_tail(const std::filesystem::path& file) {
  constexpr std::size_t kBytesLimit = 3000;
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > kBytesLimit) text.erase(0, text.size() - kBytesLimit);
  return "end of " + file.string() + ":\n" + text;
}

}  // namespace weft::support
