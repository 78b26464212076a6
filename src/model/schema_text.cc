// SPDX-License-Identifier: Apache-2.0
#include "model/schema_text.h"

#include <charconv>

#include "base/text.h"

namespace weft {
namespace {

constexpr std::string_view kHeader = "weft-schema\t1";
constexpr char kFixedLength = 'f';
constexpr char kNullable = 'n';
constexpr char kGenerated = 'g';
constexpr char kIdentity = 'i';
constexpr char kNamesSchema = 's';

void put(std::string& out, std::string_view field) {
  out.push_back('\t');
  for (const char c : field) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out.push_back(c);
    }
  }
}

void put_number(std::string& out, uint64_t number) {
  put(out, cat(number));
}

void put_ordinals(std::string& out, const std::vector<uint16_t>& ordinals) {
  std::string list;
  for (const uint16_t o : ordinals) list += cat(list.empty() ? "" : ",", o);
  put(out, list);
}

void put_column(std::string& out, const Column& c) {
  out += "\ncolumn";
  put(out, c.name);
  put(out, c.source_type);
  put_number(out, static_cast<uint8_t>(c.kind));
  put_number(out, c.length);
  put_number(out, c.precision);
  put_number(out, c.scale);
  put_number(out, c.int_bits);
  std::string flags;
  if (c.fixed_length) flags.push_back(kFixedLength);
  if (c.nullable) flags.push_back(kNullable);
  if (c.generated) flags.push_back(kGenerated);
  if (c.identity) flags.push_back(kIdentity);
  put(out, flags);
  put(out, c.charset);
  put(out, c.default_value);
  for (const std::string& label : c.labels) put(out, label);
}

// The fields of one line, unescaped.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      const char c = line[++i];
      fields.back().push_back(c == 't' ? '\t' : c == 'n' ? '\n' : c);
    } else {
      fields.back().push_back(line[i]);
    }
  }
  return fields;
}

Error damaged(std::string_view line) {
  return Error(Blame::kConfig, cat("a stored table schema can't be read: \"", line.substr(0, 80), "\""));
}

template <class T>
bool read_number(const std::string& field, T& out) {
  const char* end = field.data() + field.size();
  const auto read = std::from_chars(field.data(), end, out);
  return read.ec == std::errc() && read.ptr == end;
}

bool read_ordinals(const std::string& field, size_t columns, std::vector<uint16_t>& out) {
  const char* at = field.data();
  const char* end = at + field.size();
  while (at != end) {
    uint16_t ordinal = 0;
    const auto read = std::from_chars(at, end, ordinal);
    if (read.ec != std::errc() || ordinal >= columns) return false;
    out.push_back(ordinal);
    at = read.ptr;
    if (at != end && *at++ != ',') return false;
  }
  return true;
}

bool read_column(const std::vector<std::string>& f, Column& c) {
  if (f.size() < 11) return false;
  uint8_t kind = 0;
  if (!read_number(f[3], kind) || kind > static_cast<uint8_t>(Kind::kUuid)) return false;
  if (!read_number(f[4], c.length) || !read_number(f[5], c.precision) || !read_number(f[6], c.scale)) return false;
  if (!read_number(f[7], c.int_bits)) return false;
  c.name = f[1];
  c.source_type = f[2];
  c.kind = static_cast<Kind>(kind);
  c.fixed_length = f[8].find(kFixedLength) != std::string::npos;
  c.nullable = f[8].find(kNullable) != std::string::npos;
  c.generated = f[8].find(kGenerated) != std::string::npos;
  c.identity = f[8].find(kIdentity) != std::string::npos;
  c.charset = f[9];
  c.default_value = f[10];
  c.labels.assign(f.begin() + 11, f.end());
  return true;
}

bool read_foreign_key(const std::vector<std::string>& f, size_t columns, ForeignKey& key) {
  if (f.size() < 5 || !read_ordinals(f[2], columns, key.columns)) return false;
  key.name = f[1];
  key.parent = {f[3], f[4]};
  key.parent_columns.assign(f.begin() + 5, f.end());
  return true;
}

char letter_of(KeyAction action) {
  return action == KeyAction::kCascade ? 'c' : action == KeyAction::kSetNull ? 'n' : '-';
}

bool read_action(const std::string& field, KeyAction& out) {
  if (field.size() != 1) return false;
  out = field[0] == 'c' ? KeyAction::kCascade : field[0] == 'n' ? KeyAction::kSetNull : KeyAction::kNone;
  return field[0] == letter_of(out);
}

bool read_actions(const std::vector<std::string>& f, TableSchema& out) {
  if (f.size() != 3 || out.foreign_keys.empty()) return false;
  ForeignKey& key = out.foreign_keys.back();
  return read_action(f[1], key.on_delete) && read_action(f[2], key.on_update);
}

// The source's own form is a text inside of the text.
bool read_steps(const std::vector<std::string>& f, TableSchema& out) {
  if (f.size() != 5 || f[2].size() > 1) return false;
  auto source = decode_schema(f[4]);
  if (!source || source->taken) return false;
  auto taken = std::make_shared<StepsTaken>();
  taken->steps = f[1];
  taken->names_schema = f[2] == std::string(1, kNamesSchema);
  taken->unfit = f[3];
  taken->source = std::make_shared<const TableSchema>(*std::move(source));
  out.taken = std::move(taken);
  return true;
}

bool read_line(const std::vector<std::string>& f, TableSchema& out) {
  if (f[0] == "table" && f.size() == 4) {
    out.name = {f[1], f[2]};
    return read_number(f[3], out.version);
  }
  if (f[0] == "column") return read_column(f, out.columns.emplace_back());
  if (f[0] == "key" && f.size() == 2) return read_ordinals(f[1], out.columns.size(), out.key);
  if (f[0] == "unique" && f.size() == 2) return read_ordinals(f[1], out.columns.size(), out.unique_keys.emplace_back());
  if (f[0] == "actions") return read_actions(f, out);
  if (f[0] == "steps") return read_steps(f, out);
  if (f[0] == "foreign-key") return read_foreign_key(f, out.columns.size(), out.foreign_keys.emplace_back());
  return false;
}

}  // namespace

std::string encode_column(const Column& column) {
  std::string out;
  put_column(out, column);
  return out.substr(1) + "\n";
}

std::string encode_schema(const TableSchema& schema) {
  std::string out(kHeader);
  out += "\ntable";
  put(out, schema.name.schema);
  put(out, schema.name.table);
  put_number(out, schema.version);
  for (const Column& c : schema.columns) put_column(out, c);
  out += "\nkey";
  put_ordinals(out, schema.key);
  for (const auto& key : schema.unique_keys) {
    out += "\nunique";
    put_ordinals(out, key);
  }
  for (const ForeignKey& key : schema.foreign_keys) {
    out += "\nforeign-key";
    put(out, key.name);
    put_ordinals(out, key.columns);
    put(out, key.parent.schema);
    put(out, key.parent.table);
    for (const std::string& column : key.parent_columns) put(out, column);
    if (key.on_delete == KeyAction::kUnknown) continue;
    out += "\nactions";
    put(out, std::string(1, letter_of(key.on_delete)));
    put(out, std::string(1, letter_of(key.on_update)));
  }
  if (schema.taken) {
    out += "\nsteps";
    put(out, schema.taken->steps);
    put(out, schema.taken->names_schema ? std::string(1, kNamesSchema) : std::string());
    put(out, schema.taken->unfit);
    put(out, encode_schema(*schema.taken->source));
  }
  out.push_back('\n');
  return out;
}

Result<TableSchema> decode_schema(std::string_view text) {
  TableSchema out;
  bool first = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (first && line != kHeader) return damaged(line);
    if (!first && !read_line(fields_of(line), out)) return damaged(line);
    first = false;
  }
  if (out.name.table.empty()) return damaged("");
  return out;
}

}  // namespace weft
