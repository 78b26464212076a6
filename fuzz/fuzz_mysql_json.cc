// SPDX-License-Identifier: Apache-2.0
// Binary JSON to text, and partial updates: the input is a length byte pair, a document and diffs.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/mysql_binlog/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::mysql_binlog;
  weft::ByteReader in(std::string_view(reinterpret_cast<const char*>(data), size));
  const size_t document_bytes = in.u16();
  if (!in.ok()) return 0;
  const std::string_view document = in.take(std::min(document_bytes, in.left()));
  const std::string_view diffs = in.rest();
  std::string text;
  const bool sound = json_text(document, text);
  std::string patched;
  if (json_patch(document, diffs, patched) && diffs.empty()) {
    // Printing and building a tree agree on what is malformed, and on the text.
    CHECK(sound && text == patched);
  }
  return 0;
}
