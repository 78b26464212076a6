// SPDX-License-Identifier: Apache-2.0
#include "engine/sqlite/url.h"

#include <optional>

#include "base/text.h"

namespace weft::sqlite {
namespace {

constexpr std::string_view kScheme = "sqlite:";

std::optional<int> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Error wrong(const std::string& why) {
  return Error(Blame::kConfig, cat(why, "; expected sqlite:///absolute/path.db or sqlite:relative/path.db"));
}

Result<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto high = i + 2 < text.size() ? digit(text[i + 1]) : std::nullopt;
    const auto low = high ? digit(text[i + 2]) : std::nullopt;
    if (!low) return wrong("the percent-encoding of the path is broken");
    out.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  if (out.find('\0') != std::string::npos) return wrong("a path can't hold a zero byte");
  return out;
}

}  // namespace

Result<std::string> path_of_url(const std::string& url) {
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) return wrong("this is no address of an SQLite database");
  rest.remove_prefix(kScheme.size());
  if (const size_t at = rest.find_first_of("?#"); at != std::string_view::npos) {
    return wrong(cat("'", rest.substr(at), "': an SQLite address takes no parameters (write ? as %3F, # as %23)"));
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (!rest.starts_with("/")) return wrong(cat("'", rest.substr(0, rest.find('/')), "': SQLite has no servers"));
  }
  TRY_ASSIGN(std::string path, decode(rest));
  if (path.empty() || path == "/") return wrong("the path of the database is missing");
  if (path == ":memory:") return wrong("a database in memory can't be shared");
  return path;
}

}  // namespace weft::sqlite
