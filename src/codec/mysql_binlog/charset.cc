// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/charset.h"

#include <algorithm>
#include <cstring>
#include <iconv.h>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/mysql_binlog/charset_tables.h"

namespace weft::mysql_binlog {
namespace {

struct CollationRange {
  uint16_t first;
  uint16_t last;
  std::string_view charset;
};

// information_schema.collations of MariaDB 10.11 and MySQL 9.7, as ranges sorted by id; they agree where both have an id.
constexpr CollationRange kCollations[] = {
    {1, 1, "big5"},        {2, 2, "latin2"},      {3, 3, "dec8"},          {4, 4, "cp850"},
    {5, 5, "latin1"},      {6, 6, "hp8"},         {7, 7, "koi8r"},         {8, 8, "latin1"},
    {9, 9, "latin2"},      {10, 10, "swe7"},      {11, 11, "ascii"},       {12, 12, "ujis"},
    {13, 13, "sjis"},      {14, 14, "cp1251"},    {15, 15, "latin1"},      {16, 16, "hebrew"},
    {18, 18, "tis620"},    {19, 19, "euckr"},     {20, 20, "latin7"},      {21, 21, "latin2"},
    {22, 22, "koi8u"},     {23, 23, "cp1251"},    {24, 24, "gb2312"},      {25, 25, "greek"},
    {26, 26, "cp1250"},    {27, 27, "latin2"},    {28, 28, "gbk"},         {29, 29, "cp1257"},
    {30, 30, "latin5"},    {31, 31, "latin1"},    {32, 32, "armscii8"},    {33, 33, "utf8mb3"},
    {34, 34, "cp1250"},    {35, 35, "ucs2"},      {36, 36, "cp866"},       {37, 37, "keybcs2"},
    {38, 38, "macce"},     {39, 39, "macroman"},  {40, 40, "cp852"},       {41, 42, "latin7"},
    {43, 43, "macce"},     {44, 44, "cp1250"},    {45, 46, "utf8mb4"},     {47, 49, "latin1"},
    {50, 52, "cp1251"},    {53, 53, "macroman"},  {54, 55, "utf16"},       {56, 56, "utf16le"},
    {57, 57, "cp1256"},    {58, 59, "cp1257"},    {60, 61, "utf32"},       {62, 62, "utf16le"},
    {63, 63, "binary"},    {64, 64, "armscii8"},  {65, 65, "ascii"},       {66, 66, "cp1250"},
    {67, 67, "cp1256"},    {68, 68, "cp866"},     {69, 69, "dec8"},        {70, 70, "greek"},
    {71, 71, "hebrew"},    {72, 72, "hp8"},       {73, 73, "keybcs2"},     {74, 74, "koi8r"},
    {75, 75, "koi8u"},     {76, 76, "utf8mb3"},   {77, 77, "latin2"},      {78, 78, "latin5"},
    {79, 79, "latin7"},    {80, 80, "cp850"},     {81, 81, "cp852"},       {82, 82, "swe7"},
    {83, 83, "utf8mb3"},   {84, 84, "big5"},      {85, 85, "euckr"},       {86, 86, "gb2312"},
    {87, 87, "gbk"},       {88, 88, "sjis"},      {89, 89, "tis620"},      {90, 90, "ucs2"},
    {91, 91, "ujis"},      {92, 93, "geostd8"},   {94, 94, "latin1"},      {95, 96, "cp932"},
    {97, 98, "eucjpms"},   {99, 99, "cp1250"},    {101, 124, "utf16"},     {128, 159, "ucs2"},
    {160, 183, "utf32"},   {192, 223, "utf8mb3"}, {224, 247, "utf8mb4"},   {248, 250, "gb18030"},
    {255, 323, "utf8mb4"}, {576, 578, "utf8mb3"}, {608, 610, "utf8mb4"},   {640, 642, "ucs2"},
    {672, 674, "utf16"},   {736, 738, "utf32"},   {2048, 2303, "utf8mb3"}, {2304, 2559, "utf8mb4"},
    {2560, 2815, "ucs2"},  {2816, 3071, "utf16"}, {3072, 3327, "utf32"},
};

// Sets that the C library converts, by its name for them. `unicode`: the servers read the wave dash and six others as
// Unicode's tables do, the C library as Windows does.
struct IconvSet {
  std::string_view charset;
  const char* name;
  bool unicode = false;
};

constexpr IconvSet kIconvSets[] = {
    {"big5", "BIG5-HKSCS"},
    {"cp932", "CP932"},
    {"eucjpms", "EUC-JP-MS"},
    {"euckr", "UHC"},
    {"gb18030", "GB18030"},
    {"gb2312", "EUC-CN"},
    {"gbk", "GBK"},
    {"sjis", "CP932", true},
    {"ujis", "EUC-JP-MS", true},
};

// What Windows reads, and what Unicode's tables read.
constexpr std::pair<std::string_view, std::string_view> kWindowsToUnicode[] = {
    {"\uff3c", "\\"},
    {"\uff5e", "\u301c"},
    {"\u2225", "\u2016"},
    {"\uff0d", "\u2212"},
    {"\uffe0", "\u00a2"},
    {"\uffe1", "\u00a3"},
    {"\uffe2", "\u00ac"},
};

// swe7 puts letters where ASCII has these.
constexpr std::string_view kSwe7Bytes = "@[\\]^`{|}~";
constexpr char16_t kSwe7Letters[] = {0xc9, 0xc4, 0xd6, 0xc5, 0xdc, 0xe9, 0xe4, 0xf6, 0xe5, 0xfc};
constexpr char32_t kReplacement = 0xfffd;

// Appends to bytes of the arena that the caller has made large enough.
class Utf8Sink {
 public:
  Utf8Sink(Arena& arena, size_t at_most) : arena_(arena), room_(arena.allocate(at_most)), capacity_(at_most) {}

  void put(char32_t c) {
    if (c >= 0x110000 || (c >= 0xd800 && c < 0xe000)) c = kReplacement;
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
      byte(0xc0 | (c >> 6));
    } else {
      if (c < 0x10000) {
        byte(0xe0 | (c >> 12));
      } else {
        byte(0xf0 | (c >> 18));
        byte(0x80 | ((c >> 12) & 0x3f));
      }
      byte(0x80 | ((c >> 6) & 0x3f));
    }
    byte(0x80 | (c & 0x3f));
  }

  [[nodiscard]] std::string_view finish() {
    arena_.shrink(capacity_ - used_);
    return {reinterpret_cast<const char*>(room_), used_};
  }

 private:
  void byte(char32_t b) { room_[used_++] = static_cast<std::byte>(b); }

  Arena& arena_;
  std::byte* room_;
  size_t capacity_;
  size_t used_ = 0;
};

char32_t swe7(uint8_t byte) {
  const size_t at = kSwe7Bytes.find(static_cast<char>(byte));
  if (at != std::string_view::npos) return kSwe7Letters[at];
  return byte < 0x7f ? byte : kReplacement;
}

template <bool kBigEndian>
std::string_view from_utf16(std::string_view bytes, Arena& arena) {
  Utf8Sink out(arena, bytes.size() / 2 * 3 + 3);
  ByteReader in(bytes);
  const auto unit = [&in] { return static_cast<char32_t>(kBigEndian ? in.be(2) : in.le(2)); };
  while (in.left() >= 2) {
    char32_t c = unit();
    if (c >= 0xd800 && c < 0xdc00 && in.left() >= 2) {
      const char32_t low = unit();
      c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : kReplacement;
    }
    out.put(c);
  }
  if (!in.empty()) out.put(kReplacement);
  return out.finish();
}

std::string_view from_utf32(std::string_view bytes, Arena& arena) {
  Utf8Sink out(arena, bytes.size() / 4 * 4 + 3);
  ByteReader in(bytes);
  while (in.left() >= 4) out.put(static_cast<char32_t>(in.be(4)));
  if (!in.empty()) out.put(kReplacement);
  return out.finish();
}

}  // namespace

std::string_view charset_of_collation(uint16_t collation) {
  // MariaDB's NO PAD collations are those of the same set plus 1024.
  const uint16_t id = collation > 1024 && collation < 2048 ? static_cast<uint16_t>(collation - 1024) : collation;
  const auto* range = std::upper_bound(
      std::begin(kCollations), std::end(kCollations), id, [](uint16_t wanted, const CollationRange& r) {
        return wanted < r.first;
      });
  if (range == std::begin(kCollations)) return {};
  const CollationRange& found = *std::prev(range);
  return id <= found.last ? found.charset : std::string_view();
}

uint32_t bytes_per_character(std::string_view charset) {
  if (charset == "utf8mb4" || charset == "utf16" || charset == "utf16le" || charset == "utf32" || charset == "gb18030")
    return 4;
  if (charset == "utf8mb3" || charset == "utf8" || charset == "ujis" || charset == "eucjpms") return 3;
  if (charset == "ucs2" || charset == "big5" || charset == "gbk" || charset == "gb2312" || charset == "euckr" ||
      charset == "sjis" || charset == "cp932") {
    return 2;
  }
  return 1;
}

Result<Transcoder> Transcoder::open(std::string_view charset) {
  Transcoder made;
  if (charset.empty() || charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8" || charset == "ascii" ||
      charset == "binary") {
    return made;
  }
  made.table_ = upper_half(charset);
  if (!made.table_.empty()) {
    made.how_ = How::kTable;
  } else if (charset == "swe7") {
    made.how_ = How::kSwe7;
  } else if (charset == "ucs2" || charset == "utf16") {
    made.how_ = How::kUtf16Be;
  } else if (charset == "utf16le") {
    made.how_ = How::kUtf16Le;
  } else if (charset == "utf32") {
    made.how_ = How::kUtf32;
  } else {
    made.how_ = charset == "big5" ? How::kBig5 : How::kIconv;
    const auto* known = std::find_if(
        std::begin(kIconvSets), std::end(kIconvSets), [&](const IconvSet& set) { return set.charset == charset; });
    const auto none = reinterpret_cast<iconv_t>(-1);
    const iconv_t opened = known == std::end(kIconvSets) ? none : iconv_open("UTF-8", known->name);
    if (opened == none) {
      return Error(Blame::kConfig, cat("no conversion from character set ", charset, " to UTF-8 on this machine"));
    }
    made.unicode_ = known->unicode;
    made.iconv_ = opened;
  }
  return made;
}

Transcoder::Transcoder(Transcoder&& other) noexcept
    : how_(other.how_), unicode_(other.unicode_), table_(other.table_), iconv_(std::exchange(other.iconv_, nullptr)) {}

Transcoder& Transcoder::operator=(Transcoder&& other) noexcept {
  std::swap(how_, other.how_);
  std::swap(unicode_, other.unicode_);
  std::swap(table_, other.table_);
  std::swap(iconv_, other.iconv_);
  return *this;
}

Transcoder::~Transcoder() {
  if (iconv_ != nullptr) iconv_close(iconv_);
}

std::string_view Transcoder::operator()(std::string_view bytes, Arena& arena) {
  if (how_ == How::kView || bytes.empty()) return bytes;
  switch (how_) {
    case How::kUtf16Be:
      return from_utf16<true>(bytes, arena);
    case How::kUtf16Le:
      return from_utf16<false>(bytes, arena);
    case How::kUtf32:
      return from_utf32(bytes, arena);
    case How::kIconv:
      scratch_.clear();
      append_iconv(bytes);
      if (unicode_) replace_windows();
      return arena.copy(scratch_);
    case How::kBig5:
      return from_big5(bytes, arena);
    case How::kView:
    case How::kTable:
    case How::kSwe7:
      break;
  }
  Utf8Sink out(arena, bytes.size() * 3);
  for (const char raw : bytes) {
    const auto byte = static_cast<uint8_t>(raw);
    out.put(how_ == How::kSwe7 ? swe7(byte) : byte < 0x80 ? char32_t{byte} : char32_t{table_[byte - 0x80u]});
  }
  return out.finish();
}

// No set that iconv converts here grows by more than 3 bytes of UTF-8 (U+FFFD included) for each byte read, plus the
// state of a combining pair.
void Transcoder::append_iconv(std::string_view bytes) {
  static constexpr std::string_view kBad = "\uFFFD";
  iconv(iconv_, nullptr, nullptr, nullptr, nullptr);
  const size_t before = scratch_.size();
  scratch_.resize(before + bytes.size() * 3 + 8);
  // iconv takes a pointer to non-const for its input and does not write there.
  char* from = const_cast<char*>(bytes.data());
  size_t left = bytes.size();
  char* to = &scratch_[before];
  size_t room = scratch_.size() - before;
  while (left > 0 && iconv(iconv_, &from, &left, &to, &room) == static_cast<size_t>(-1)) {
    if (left == 0 || room < kBad.size()) break;
    // A lead byte takes the byte behind it along.
    const size_t skipped = static_cast<uint8_t>(*from) >= 0x80 && left > 1 ? 2 : 1;
    std::memcpy(to, kBad.data(), kBad.size());
    std::advance(to, kBad.size());
    room -= kBad.size();
    std::advance(from, skipped);
    left -= skipped;
  }
  iconv(iconv_, nullptr, nullptr, &to, &room);
  scratch_.resize(scratch_.size() - room);
}

void Transcoder::replace_windows() {
  for (const auto& [windows, unicode] : kWindowsToUnicode) {
    for (size_t at = scratch_.find(windows); at != std::string::npos;
         at = scratch_.find(windows, at + unicode.size())) {
      scratch_.replace(at, windows.size(), unicode);
    }
  }
}

// Runs that iconv converts, between characters that it reads differently.
std::string_view Transcoder::from_big5(std::string_view bytes, Arena& arena) {
  scratch_.clear();
  size_t run = 0;
  for (size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<uint8_t>(bytes[at]);
    const bool pair = lead >= 0x80 && at + 1 < bytes.size();
    const char16_t own = pair ? big5_extension(lead, static_cast<uint8_t>(bytes[at + 1])) : 0;
    if (own != 0) {
      if (at > run) append_iconv(bytes.substr(run, at - run));
      Utf8Sink character(arena, 3);
      character.put(own);
      scratch_ += character.finish();
      run = at + 2;
    }
    at += pair ? 2 : 1;
  }
  if (run < bytes.size()) append_iconv(bytes.substr(run));
  return arena.copy(scratch_);
}

}  // namespace weft::mysql_binlog
