// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL source for the source contract: one server with logical decoding for the program, a database and a
// replication slot per harness. Part of the contract program only.
//
//   INSTANTIATE_TEST_SUITE_P(Postgres, SourceContract, ::testing::Values(&make_postgres_source_harness));
#pragma once

#include <memory>

#include "contract/source_contract.h"

namespace weft::contract {

[[nodiscard]] std::unique_ptr<SourceHarness> make_postgres_source_harness();

}  // namespace weft::contract
