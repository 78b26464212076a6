// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <algorithm>

#include "base/text.h"

namespace weft {
namespace {

constexpr size_t kWordMax = 64;  // longer words are nobody's typing error

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// Optimal string alignment distance.
size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kWordMax) return {};
  const std::string wanted = lower(word);
  std::string best;
  size_t best_edits = kWordMax;
  for (const std::string& candidate : known) {
    if (candidate.size() > kWordMax) continue;
    const size_t n = edits(wanted, lower(candidate));
    if (n < best_edits && 2 * n <= std::max(wanted.size(), candidate.size())) {
      best = candidate;
      best_edits = n;
    }
  }
  return best;
}

std::string nearest_hint(std::string_view word, const std::vector<std::string>& known) {
  const std::string found = nearest_word(word, known);
  return found.empty() ? std::string() : cat(", nearest known word '", found, "'");
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace weft
