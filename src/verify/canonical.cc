// SPDX-License-Identifier: Apache-2.0
#include "verify/canonical.h"

#include <arpa/inet.h>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "verify/json_form.h"
#include "verify/text_forms.h"

namespace weft::verify {
namespace {

// First byte of what is appended.
enum Tag : char {
  kTagNull = 0,
  kTagUnchanged = 1,
  kTagBytes = 2,
  kTagWhole = 3,   // int64
  kTagNumber = 4,  // text of number_form()
  kTagDouble = 5,
  kTagCivil = 6,
  kTagInstant = 7,
  kTagTime = 8,
  kTagUuid = 9,
  kTagInet = 10,
  kTagJson = 11,
};

void put_word(Tag tag, uint64_t word, std::string& out) {
  char raw[1 + sizeof word];
  raw[0] = tag;
  std::memcpy(raw + 1, &word, sizeof word);
  out.append(raw, sizeof raw);
}

void put_bytes(Tag tag, std::string_view bytes, std::string& out) {
  char raw[1 + sizeof(uint32_t)];
  const auto size = static_cast<uint32_t>(bytes.size());
  raw[0] = tag;
  std::memcpy(raw + 1, &size, sizeof size);
  out.append(raw, sizeof raw);
  out.append(bytes);
}

bool is_number(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDecimal ||
         kind == Kind::kBit;
}

bool is_floating(Kind kind) {
  return kind == Kind::kFloat || kind == Kind::kDouble;
}

bool is_civil(Kind kind) {
  return kind == Kind::kDate || kind == Kind::kDateTime || kind == Kind::kTimestamp;
}

bool is_inet(const Column& column) {
  return column.kind == Kind::kText &&
         (column.source_type.starts_with("inet") || column.source_type.starts_with("cidr"));
}

bool is_spatial_text(const Column& column) {
  return column.kind == Kind::kText &&
         (column.source_type.starts_with("geometry") || column.source_type.starts_with("geography"));
}

// json with a form of its own: the text that was written is not the text that is read.
bool reforms_json(const Column& column, bool own_form) {
  return column.source_type == "jsonb" || (own_form && column.source_type == "json");
}

// The printed form of a value that is no text, for comparing it with one.
std::string printed(const Value& value) {
  std::string text = describe(value, SIZE_MAX);
  if (value.kind() == Kind::kTimestamp && text.ends_with('Z')) text.pop_back();
  return text;
}

void put_as_bytes(const Value& value, std::string& out) {
  if (value.has_view()) return put_bytes(kTagBytes, value.view(), out);
  put_bytes(kTagBytes, printed(value), out);
}

void put_decimal(std::string_view text, std::string& out) {
  int64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, whole);
  if (parsed.ec == std::errc()) {
    const char* rest = parsed.ptr;
    if (rest != end && *rest == '.') ++rest;
    while (rest != end && *rest == '0') ++rest;
    if (rest == end) return put_word(kTagWhole, static_cast<uint64_t>(whole), out);
  }
  // An exponent, or more digits than an int64 has: its form tells whether it is whole after all.
  const std::optional<std::string> form = number_form(text);
  if (!form) return put_bytes(kTagBytes, text, out);
  if (form->find('e') != std::string::npos && form->find("e-") == std::string::npos) {
    const size_t e = form->find('e');
    int zeros = 0;
    std::from_chars(form->data() + e + 1, form->data() + form->size(), zeros);
    if (zeros < 20) {
      const std::string digits = form->substr(0, e) + std::string(static_cast<size_t>(zeros), '0');
      const auto again = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
      if (again.ec == std::errc()) return put_word(kTagWhole, static_cast<uint64_t>(whole), out);
    }
  }
  put_bytes(kTagNumber, *form, out);
}

// The shortest decimal digits that give the number back: what a decimal column is given of it.
void put_number_of_float(const Value& value, std::string& out) {
  const double number = value.as_double();
  if (std::isnan(number)) return put_bytes(kTagBytes, "NaN", out);
  if (std::isinf(number)) return put_bytes(kTagBytes, number < 0 ? "-Infinity" : "Infinity", out);
  char raw[64];
  const auto end = value.kind() == Kind::kFloat ? std::to_chars(raw, raw + sizeof raw, static_cast<float>(number)).ptr
                                                : std::to_chars(raw, raw + sizeof raw, number).ptr;
  put_decimal({raw, static_cast<size_t>(end - raw)}, out);
}

void put_number(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::kBool:
    case Kind::kInt:
      return put_word(kTagWhole, value.as_uint(), out);
    case Kind::kUint:
    case Kind::kBit:
      if (value.as_int() >= 0) return put_word(kTagWhole, value.as_uint(), out);
      return put_decimal(cat(value.as_uint()), out);
    case Kind::kFloat:
    case Kind::kDouble:
      return put_number_of_float(value, out);
    case Kind::kText:
      if (value.view() == "t" || value.view() == "true") return put_word(kTagWhole, 1, out);
      if (value.view() == "f" || value.view() == "false") return put_word(kTagWhole, 0, out);
      return put_decimal(value.view(), out);
    case Kind::kDecimal:
      return put_decimal(value.view(), out);
    default:
      return put_as_bytes(value, out);
  }
}

void put_floating(const Value& value, std::string& out) {
  if (!is_floating(value.kind())) return put_as_bytes(value, out);
  const double number = value.as_double();
  if (std::isnan(number)) return put_word(kTagDouble, 0x7ff8000000000000ULL, out);
  put_word(kTagDouble, std::bit_cast<uint64_t>(number), out);
}

void put_civil(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::kDate:
    case Kind::kDateTime:
      return put_word(kTagCivil, value.as_uint(), out);
    case Kind::kTimestamp:
      if (value.as_int() == kZeroTimestamp) return put_word(kTagCivil, 0, out);
      return put_word(kTagCivil, Civil::from_micros(value.as_int()).pack(), out);
    case Kind::kText:
      if (const auto civil = civil_of(value.view())) return put_word(kTagCivil, civil->as_uint(), out);
      return put_as_bytes(value, out);
    default:
      return put_as_bytes(value, out);
  }
}

void put_instant(const Value& value, std::string& out) {
  if (value.kind() == Kind::kTimestamp) return put_word(kTagInstant, value.as_uint(), out);
  put_as_bytes(value, out);
}

void put_time(const Value& value, std::string& out) {
  if (value.kind() == Kind::kTime) return put_word(kTagTime, value.as_uint(), out);
  if (value.kind() == Kind::kText) {
    if (const auto micros = interval_micros(value.view()))
      return put_word(kTagTime, static_cast<uint64_t>(*micros), out);
  }
  put_as_bytes(value, out);
}

void put_bits(const Value& value, std::string& out) {
  if (value.kind() == Kind::kText) {
    uint64_t bits = 0;
    const std::string_view text = value.view();
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), bits, 2);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return put_word(kTagWhole, bits, out);
  } else if (!value.has_view()) {
    return put_word(kTagWhole, value.as_uint(), out);
  }
  put_as_bytes(value, out);
}

void put_uuid(const Value& value, std::string& out) {
  if (value.kind() == Kind::kText) {
    const auto bytes = bytes_of_hex(value.view());
    if (bytes && bytes->size() == 16) return put_bytes(kTagUuid, *bytes, out);
  } else if (value.has_view() && value.view().size() == 16) {
    return put_bytes(kTagUuid, value.view(), out);
  }
  put_as_bytes(value, out);
}

void put_inet(const Value& value, std::string& out) {
  if (value.kind() != Kind::kText || value.view().size() > 64) return put_as_bytes(value, out);
  std::string text(value.view());
  const bool v6 = text.find(':') != std::string::npos;
  const size_t slash = text.find('/');
  const std::string prefix = slash == std::string::npos ? (v6 ? "128" : "32") : text.substr(slash + 1);
  text.resize(std::min(slash, text.size()));
  char address[16];
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), address) != 1) return put_as_bytes(value, out);
  put_bytes(kTagInet, cat(std::string_view(address, v6 ? 16 : 4), "/", prefix), out);
}

void put_json(const Value& value, std::string& out) {
  if (!value.has_view()) return put_as_bytes(value, out);
  const auto form = json_form(value.view());
  if (!form) return put_as_bytes(value, out);
  put_bytes(kTagJson, *form, out);
}

void put_hex(const Value& value, std::string& out) {
  if (value.kind() == Kind::kText) {
    if (const auto bytes = bytes_of_hex(value.view())) return put_bytes(kTagBytes, *bytes, out);
  }
  put_as_bytes(value, out);
}

void put_trimmed(const Form& form, const Value& value, std::string& out) {
  if (!value.has_view()) return put_as_bytes(value, out);
  std::string_view text = value.view();
  const char pad = form.trim_spaces ? ' ' : '\0';
  while (!text.empty() && text.back() == pad) text.remove_suffix(1);
  put_bytes(kTagBytes, text, out);
}

}  // namespace

Form form_of(const Column& source, const Column& target, JsonForms json) {
  const Kind a = source.kind;
  const Kind b = target.kind;
  const auto either = [&](auto is) { return is(a) || is(b); };
  const auto both = [&](auto is) { return is(a) && is(b); };
  const auto text_or = [](auto is) { return [is](Kind k) { return is(k) || k == Kind::kText; }; };
  if (both(is_floating)) return {Meaning::kFloating};
  if (a == Kind::kBit && b == Kind::kBit) return {Meaning::kBits};
  if ((a == Kind::kBit && b == Kind::kText) || (a == Kind::kText && b == Kind::kBit)) return {Meaning::kBits};
  const auto numeric = [](Kind k) { return is_number(k) || is_floating(k); };
  if (either(numeric) && both(text_or(numeric))) return {Meaning::kNumber};
  if (a == Kind::kTimestamp && b == Kind::kTimestamp) return {Meaning::kInstant};
  if (either(is_civil) && both(text_or(is_civil))) return {Meaning::kCivil};
  const auto is_time = [](Kind k) { return k == Kind::kTime; };
  if (either(is_time) && both(text_or(is_time))) return {Meaning::kTime};
  if (a == Kind::kUuid || b == Kind::kUuid) return {Meaning::kUuid};
  if (a == Kind::kJson && b == Kind::kJson) {
    const bool by_value = reforms_json(source, json.source) || reforms_json(target, json.target);
    return {by_value ? Meaning::kJson : Meaning::kBytes};
  }
  if (either([](Kind k) { return k == Kind::kJson; })) return {Meaning::kJson};
  if (is_inet(source) || is_inet(target)) return {Meaning::kInet};
  if (is_spatial_text(source) != is_spatial_text(target)) return {Meaning::kHex};
  const bool fixed = source.fixed_length || target.fixed_length;
  const bool bytes = a == Kind::kBytes || b == Kind::kBytes;
  return {Meaning::kBytes, fixed && !bytes, fixed && bytes};
}

void append_canonical(const Form& form, const Value& value, std::string& out) {
  if (value.is_null()) return out.push_back(kTagNull);
  if (value.is_unchanged()) return out.push_back(kTagUnchanged);
  switch (form.meaning) {
    case Meaning::kBytes:
      return form.trim_spaces || form.trim_zeros ? put_trimmed(form, value, out) : put_as_bytes(value, out);
    case Meaning::kNumber:
      return put_number(value, out);
    case Meaning::kFloating:
      return put_floating(value, out);
    case Meaning::kCivil:
      return put_civil(value, out);
    case Meaning::kInstant:
      return put_instant(value, out);
    case Meaning::kTime:
      return put_time(value, out);
    case Meaning::kBits:
      return put_bits(value, out);
    case Meaning::kUuid:
      return put_uuid(value, out);
    case Meaning::kInet:
      return put_inet(value, out);
    case Meaning::kJson:
      return put_json(value, out);
    case Meaning::kHex:
      return put_hex(value, out);
  }
}

}  // namespace weft::verify
