// SPDX-License-Identifier: Apache-2.0
// Params: the parameters of one statement about weft's own tables, encoded as they are added, in binary.
//   TRY(Params().text(name).number(7).send(pipeline, sql, tag));
// One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/postgres/pipeline.h"
#include "engine/postgres/types.h"
#include "engine/postgres/wire_buffer.h"

namespace weft::postgres {

class Params {
 public:
  Params& text(std::string_view value) { return raw(value, oid::kText); }

  Params& bytes(std::string_view value) { return raw(value, oid::kBytea); }

  Params& number(uint64_t value) {
    marks_.push_back({buffer_.size(), 8});
    buffer_.put64(value);
    types_.push_back(oid::kInt8);
    return *this;
  }

  Status send(Pipeline& pipeline, const std::string& sql, uint64_t tag) {
    Statement* statement = pipeline.find(sql);
    if (statement == nullptr) statement = &pipeline.add(sql, sql, types_);
    std::vector<Param> params;
    params.reserve(marks_.size());
    for (const auto& [at, size] : marks_) params.push_back({buffer_.data() + at, static_cast<int>(size)});
    return pipeline.send(*statement, params, tag);
  }

 private:
  Params& raw(std::string_view value, uint32_t type) {
    marks_.push_back({buffer_.size(), value.size()});
    buffer_.put(value);
    types_.push_back(type);
    return *this;
  }

  WireBuffer buffer_;
  std::vector<std::pair<size_t, size_t>> marks_;
  std::vector<uint32_t> types_;
};

}  // namespace weft::postgres
