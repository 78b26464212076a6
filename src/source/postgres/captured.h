// SPDX-License-Identifier: Apache-2.0
// Captured: the stream's catalogue: which tables are captured, and the shapes that rows come in. A relation message says the
// columns of the rows behind it, as they were when these were written; what it does not say (types by name, keys, labels) is
// asked of the catalogue as it is now, column by column. One thread, the stream's.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "codec/pgoutput/stream.h"
#include "source/postgres/catalogue.h"

namespace weft::postgres {

// The table as weft follows it: without columns that the server computes and does not send, and with the replica identity's
// columns for its key where that is an index of its own.
[[nodiscard]] CatalogueTable followed(CatalogueTable table);

class Captured final : public pgoutput::Catalogue {
 public:
  // A table as the catalogue has it now, followed(); empty if it is gone.
  using Ask = std::function<Result<std::vector<CatalogueTable>>(const TableName&)>;

  explicit Captured(Ask ask) : ask_(std::move(ask)) {}

  void use(const std::vector<SchemaRef>& schemas);

  [[nodiscard]] Result<Table> relation(const pgoutput::Relation& relation) override;

 private:
  Ask ask_;
  std::map<TableName, SchemaRef> known_;
};

}  // namespace weft::postgres
