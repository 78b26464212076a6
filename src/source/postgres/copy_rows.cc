// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/copy_rows.h"

#include "base/bytes.h"
#include "base/text.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr int32_t kNullField = -1;

}  // namespace

CopyRows::CopyRows(const CatalogueTable& table)
    : schema_(table.schema), usable_(!table.types.empty() && table.readable_in_binary()) {
  for (const CatalogueTable::Type& type : table.types) forms_.push_back(type.form);
}

Status CopyRows::begin(Connection& session, std::string_view select) {
  TRY(session.copy_out_begin(cat("COPY (", select, ") TO STDOUT (FORMAT binary)")));
  under_way_ = true;
  row_refused_ = false;
  first_ = true;
  return ok();
}

// The manual's page of COPY, "Binary Format": signature, flags and the length of an extension stand before the first row, whose
// message they share; a row is a number of fields, each with its length; -1 fields is the end.
Result<bool> CopyRows::next(Connection& session, Arena& arena, std::span<Value> values) {
  for (;;) {
    TRY_ASSIGN(const auto message, session.copy_out_next());
    if (!message) {
      under_way_ = false;
      return false;
    }
    std::string_view row = *message;
    if (first_) {
      ByteReader header(row);
      const bool known = header.take(kSignature.size()) == kSignature;
      (void)header.be(4);
      (void)header.take(header.be(4));
      if (!known || !header.ok()) return Error(Blame::kTransient, "COPY came in a form that weft does not know");
      row.remove_prefix(row.size() - header.left());
      first_ = false;
    }
    if (row.empty() || row == std::string_view("\377\377", 2)) continue;
    const Status read = read_row(row, arena, values);
    row_refused_ = !read;
    TRY(read);
    return true;
  }
}

Status CopyRows::skip(Connection& session) {
  while (under_way_) {
    TRY_ASSIGN(const auto message, session.copy_out_next());
    under_way_ = message.has_value();
  }
  return ok();
}

Status CopyRows::read_row(std::string_view message, Arena& arena, std::span<Value> values) const {
  ByteReader in(message);
  const uint64_t fields = in.be(2);
  if (fields != forms_.size() || values.size() != forms_.size()) {
    return Error(Blame::kTransient, cat("COPY gives ", fields, " columns, not ", forms_.size()));
  }
  for (size_t i = 0; i < forms_.size(); ++i) {
    const auto size = static_cast<int32_t>(in.be(4));
    if (size == kNullField) {
      values[i] = Value();
      continue;
    }
    const std::string_view bytes = in.take(static_cast<uint32_t>(size));
    if (!in.ok()) return Error(Blame::kTransient, "a row of COPY ends too early");
    TRY_ASSIGN(values[i], pgoutput::read_binary(schema_->columns[i], forms_[i], bytes, arena));
  }
  return in.ok() && in.empty() ? ok() : Status(Error(Blame::kTransient, "a row of COPY is too long"));
}

}  // namespace weft::postgres
