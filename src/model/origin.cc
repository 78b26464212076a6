// SPDX-License-Identifier: Apache-2.0
#include "model/origin.h"

#include <algorithm>

namespace weft {

bool chain_has(std::string_view chain, std::string_view identity) {
  while (!chain.empty()) {
    const std::string_view line = chain.substr(0, chain.find('\n'));
    if (line == identity) return true;
    chain.remove_prefix(std::min(line.size() + 1, chain.size()));
  }
  return false;
}

std::string chain_through(std::string_view chain, std::string_view identity) {
  std::string out(chain);
  if (chain_has(chain, identity)) return out;
  if (!out.empty()) out.push_back('\n');
  return out.append(identity);
}

std::string_view chain_of_row(std::string_view text) {
  const size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

}  // namespace weft
