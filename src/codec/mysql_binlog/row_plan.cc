// SPDX-License-Identifier: Apache-2.0
// RowDecoder::build: from column types to reading steps.
#include "base/text.h"
#include "codec/mysql_binlog/column_fit.h"
#include "codec/mysql_binlog/row_decoder.h"

namespace weft::mysql_binlog {
namespace {

bool is_temporal(WireType type) {
  switch (type) {
    case WireType::kDate:
    case WireType::kNewDate:
    case WireType::kTime:
    case WireType::kTime2:
    case WireType::kDateTime:
    case WireType::kDateTime2:
    case WireType::kTimestamp:
    case WireType::kTimestamp2:
      return true;
    default:
      return false;
  }
}

bool is_unsigned(const Column& column) {
  return column.kind == Kind::kUint;
}

Error no_plan(const WireColumn& wire, const Column& column) {
  return Error(Blame::kConfig,
               cat("column ", column.name, " (", column.source_type, ") can't be read from ", describe_wire(wire)),
               std::string(kSchemaUnknown));
}

}  // namespace

Result<RowDecoder> RowDecoder::build(const TableMap& map, const TableSchema& schema) {
  RowDecoder decoder;
  decoder.columns_ = schema.columns.size();
  decoder.plans_.reserve(map.columns.size());
  // The first transcoder leaves bytes as they are.
  TRY_ASSIGN(Transcoder as_is, Transcoder::open("utf8mb4"));
  decoder.transcoders_.push_back(std::move(as_is));
  size_t ordinal = 0;
  for (const WireColumn& wire : map.columns) {
    Plan made;
    if (is_hidden(map, wire)) {
      Column hidden;
      hidden.kind = Kind::kInt;
      TRY(decoder.plan(wire, hidden, made));
      made.ordinal = kHidden;
    } else {
      if (ordinal >= schema.columns.size()) return no_plan(wire, Column());
      made.column = &schema.columns[ordinal];
      made.ordinal = static_cast<uint16_t>(ordinal);
      TRY(decoder.plan(wire, schema.columns[ordinal], made));
      ++ordinal;
    }
    decoder.json_columns_ += made.step == Step::kJson ? 1 : 0;
    decoder.plans_.push_back(made);
  }
  if (ordinal != schema.columns.size()) {
    return Error(
        Blame::kConfig,
        cat("the event has ", ordinal, " columns, the shape of ", schema.name.text(), " has ", schema.columns.size()),
        std::string(kSchemaUnknown));
  }
  return decoder;
}

Status RowDecoder::plan(const WireColumn& wire, const Column& column, Plan& plan) {
  const auto integer = [&](Step with_sign, Step without) { plan.step = is_unsigned(column) ? without : with_sign; };
  plan.kind = column.kind;
  switch (wire.type) {
    case WireType::kTiny:
      integer(column.kind == Kind::kBool ? Step::kBool : Step::kInt8, Step::kUint8);
      return ok();
    case WireType::kShort:
      integer(Step::kInt16, Step::kUint16);
      return ok();
    case WireType::kInt24:
      integer(Step::kInt24, Step::kUint24);
      return ok();
    case WireType::kLong:
      integer(Step::kInt32, Step::kUint32);
      return ok();
    case WireType::kLongLong:
      integer(Step::kInt64, Step::kUint64);
      return ok();
    case WireType::kYear:
      plan.step = Step::kYear;
      return ok();
    case WireType::kFloat:
      plan.step = Step::kFloat;
      return ok();
    case WireType::kDouble:
      plan.step = Step::kDouble;
      return ok();
    case WireType::kNewDecimal:
      plan.step = Step::kDecimal;
      plan.precision = static_cast<uint8_t>(wire.meta & 0xff);
      plan.scale = static_cast<uint8_t>(wire.meta >> 8);
      return ok();
    case WireType::kBit:
      plan.step = Step::kBit;
      plan.size = (wire.meta & 0xffu) + 8u * (wire.meta >> 8);
      plan.width = static_cast<uint8_t>((plan.size + 7) / 8);
      return ok();
    case WireType::kNull:
      plan.step = Step::kNull;
      return ok();
    case WireType::kDecimal:
      return no_plan(wire, column);
    default:
      break;
  }
  return wire.type == WireType::kEnum || wire.type == WireType::kSet ? plan_labels(wire, column, plan)
         : is_temporal(wire.type)                                    ? plan_temporal(wire, column, plan)
                                                                     : plan_string(wire, column, plan);
}

Status RowDecoder::plan_temporal(const WireColumn& wire, const Column& column, Plan& plan) {
  plan.scale = needs_catalogue(wire) ? column.scale : static_cast<uint8_t>(wire.meta);
  if (plan.scale > 6) return no_plan(wire, column);
  switch (wire.type) {
    case WireType::kDate:
    case WireType::kNewDate:
      plan.step = Step::kDate;
      break;
    case WireType::kTime:
      plan.step = Step::kOldTime;
      break;
    case WireType::kDateTime:
      plan.step = Step::kOldDateTime;
      break;
    case WireType::kTimestamp:
      plan.step = Step::kOldTimestamp;
      break;
    case WireType::kTime2:
      plan.step = Step::kTime;
      break;
    case WireType::kDateTime2:
      plan.step = Step::kDateTime;
      break;
    default:
      plan.step = Step::kTimestamp;
      break;
  }
  return ok();
}

Status RowDecoder::plan_labels(const WireColumn& wire, const Column& column, Plan& plan) {
  plan.step = wire.type == WireType::kEnum ? Step::kEnum : Step::kSet;
  plan.width = static_cast<uint8_t>(wire.meta);
  if (!column.labels.empty()) return ok();
  return Error(Blame::kConfig,
               cat("the labels of column ",
                   column.name,
                   " (",
                   to_string(wire.type),
                   ") are not known; needs binlog_row_metadata=FULL or a resnapshot"),
               std::string(kSchemaUnknown));
}

Status RowDecoder::plan_string(const WireColumn& wire, const Column& column, Plan& plan) {
  const auto blob_width = static_cast<uint8_t>(wire.meta);
  switch (wire.type) {
    case WireType::kGeometry:
      plan.step = Step::kGeometry;
      plan.width = blob_width;
      return ok();
    case WireType::kJson:
      plan.step = Step::kJson;
      plan.width = blob_width;
      return ok();
    case WireType::kVector:
      plan.step = Step::kView;
      plan.width = blob_width;
      return ok();
    case WireType::kString:
    case WireType::kVarchar:
    case WireType::kVarString:
    case WireType::kVarcharCompressed:
      plan.width = wire.max_bytes > 255 ? 2 : 1;
      break;
    default:
      plan.width = blob_width;
      break;
  }
  const bool compressed = wire.type == WireType::kVarcharCompressed || wire.type == WireType::kBlobCompressed;
  if (column.kind == Kind::kUuid) {
    plan.step = Step::kUuid;
  } else if (column.source_type == "inet4") {
    plan.step = Step::kInet4;
  } else if (column.source_type == "inet6") {
    plan.step = Step::kInet6;
  } else if (column.kind == Kind::kText || column.kind == Kind::kJson) {
    return plan_text(wire, column, plan);
  } else if (wire.type == WireType::kString) {
    plan.step = Step::kBinary;
    plan.size = wire.max_bytes;
  } else {
    plan.step = compressed ? Step::kCompressed : Step::kView;
  }
  return ok();
}

Status RowDecoder::plan_text(const WireColumn& wire, const Column& column, Plan& plan) {
  const std::string_view told = charset_of_collation(wire.collation);
  TRY_ASSIGN(Transcoder transcoder, Transcoder::open(told.empty() ? std::string_view(column.charset) : told));
  const bool fixed = wire.type == WireType::kString;
  plan.size = fixed ? 1 : 0;
  if (!transcoder.is_view()) {
    plan.transcoder = static_cast<uint16_t>(transcoders_.size());
    transcoders_.push_back(std::move(transcoder));
  }
  if (wire.type == WireType::kVarcharCompressed || wire.type == WireType::kBlobCompressed) {
    plan.step = Step::kCompressed;
  } else if (plan.transcoder != 0) {
    plan.step = Step::kText;
  } else {
    plan.step = fixed ? Step::kChar : Step::kView;
  }
  return ok();
}

}  // namespace weft::mysql_binlog
