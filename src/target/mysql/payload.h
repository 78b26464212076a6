// SPDX-License-Identifier: Apache-2.0
// Payload: the parameters of one execution as the protocol takes them behind the statement's number: of COM_STMT_EXECUTE (all
// values once, NULLs in a bit map) or of MariaDB's COM_STMT_BULK_EXECUTE (rows, an indicator in front of each value).
// https://mariadb.com/kb/en/com_stmt_execute/, https://mariadb.com/kb/en/com_stmt_bulk_execute/
//
//   payload.begin(types, rows);  for each value: append_value(payload.value(), ...) or payload.null();
//
// One thread; keeps its memory from one use to the next.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace weft::mysql {

class Payload {
 public:
  // `types`: enum_field_types of one row's values, 0x8000 for unsigned.
  void begin(std::span<const uint16_t> types, size_t rows);
  void begin_bulk(std::span<const uint16_t> types);

  // The next value is NULL.
  void null();
  // The next value is what is written there now.
  [[nodiscard]] ByteWriter& value();

  [[nodiscard]] std::string_view bytes() const { return out_.str(); }

  [[nodiscard]] size_t size() const { return out_.str().size(); }

  // Gives memory back that a large one took.
  void shrink_to(size_t bytes);

 private:
  ByteWriter out_;
  size_t nulls_ = 0;  // where the bit map begins
  size_t next_ = 0;
  bool bulk_ = false;
};

}  // namespace weft::mysql
