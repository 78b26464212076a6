// SPDX-License-Identifier: Apache-2.0
// Character sets: which set a collation id means, and text of any set to UTF-8.
//
//   Transcoder to_utf8("latin1");
//   if (to_utf8.is_view()) use bytes as they are; else std::string_view text = to_utf8(bytes, arena);
//
// A Transcoder has one owner and is used by one thread; its result lives in the arena.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"

namespace weft::mysql_binlog {

// "utf8mb4" for 45; empty for an id that neither server has.
[[nodiscard]] std::string_view charset_of_collation(uint16_t collation);

// Bytes that the longest character of the set takes, 1 for an unknown one.
[[nodiscard]] uint32_t bytes_per_character(std::string_view charset);

class Transcoder {
 public:
  // `charset` is a server's name. kConfig if this machine knows no way to convert it.
  [[nodiscard]] static Result<Transcoder> open(std::string_view charset);
  Transcoder(Transcoder&&) noexcept;
  Transcoder& operator=(Transcoder&&) noexcept;
  ~Transcoder();

  // Whether the set's bytes are UTF-8 already.
  [[nodiscard]] bool is_view() const { return how_ == How::kView; }

  // Bytes that the set has no character for become U+FFFD, as they become '?' when the server converts them.
  [[nodiscard]] std::string_view operator()(std::string_view bytes, Arena& arena);

 private:
  enum class How : uint8_t { kView, kTable, kSwe7, kUtf16Be, kUtf16Le, kUtf32, kIconv, kBig5 };

  Transcoder() = default;
  void append_iconv(std::string_view bytes);
  void replace_windows();
  [[nodiscard]] std::string_view from_big5(std::string_view bytes, Arena& arena);

  How how_ = How::kView;
  bool unicode_ = false;
  std::span<const char16_t> table_;
  std::string scratch_;
  void* iconv_ = nullptr;
};

}  // namespace weft::mysql_binlog
