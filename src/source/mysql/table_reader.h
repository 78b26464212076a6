// SPDX-License-Identifier: Apache-2.0
// MySqlTableReader: rows that are there already, by key ranges under a read view, over a session of its own. Rows come by the
// binary protocol straight into slabs. See source/source.h for the contract and snapshot_view.h for what a view's place is.
//
// One thread. The shared state of its source outlives it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/mysql/catalogue.h"
#include "engine/mysql/packets.h"
#include "engine/mysql/statement.h"
#include "source/mysql/binary_rows.h"
#include "source/mysql/snapshot_view.h"
#include "source/source.h"

namespace weft::mysql {

// What a source tells its readers.
struct ReaderShare {
  std::atomic<bool> gtids = true;           // the stream's positions are GTIDs
  std::atomic<bool> places_trusted = true;  // the places in its positions are this server's
  std::atomic<bool> hides_key_actions = false;
  std::atomic<bool> only_reads = false;  // views need no place
};

class MySqlTableReader final : public TableReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<MySqlTableReader>> open(const Server& server,
                                                                      std::shared_ptr<const ReaderShare> share);

  [[nodiscard]] Result<TableEstimate> estimate(const TableSchema& schema) override;
  [[nodiscard]] Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) override;
  [[nodiscard]] bool chunkable(const TableSchema& schema) const override;
  [[nodiscard]] Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override;
  [[nodiscard]] Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) override;
  [[nodiscard]] Result<Chunk> read_keys(std::span<const OwnedRow> keys) override;
  void end() override;

 private:
  // A session with what belongs to it, in the order of destruction.
  struct Session {
    explicit Session(Connection opened) : connection(std::move(opened)), packets(connection.feed(), {}) {}

    Connection connection;
    PacketReader packets;
    std::map<std::string, Statement> statements;  // by text; of the table being read
  };

  MySqlTableReader(const Server& server, std::shared_ptr<const ReaderShare> share)
      : server_(server), share_(std::move(share)), view_(server_) {}

  [[nodiscard]] Status connect();
  void drop_session();
  [[nodiscard]] Status check_shape(const SchemaRef& schema);
  [[nodiscard]] Result<std::shared_ptr<const ReadPoint>> begin_view(const SchemaRef& schema);
  [[nodiscard]] Result<Statement*> start(const std::string& sql, Row parameters);
  [[nodiscard]] Status add_row(std::string_view packet, Chunk& chunk, SlabRef& last_slab);
  // Rows until the result's end (true) or the limits (false).
  [[nodiscard]] Result<bool> take_rows(Statement& statement, const ChunkLimit& limit, Chunk& chunk);
  [[nodiscard]] Result<Chunk> read_range(const ChunkLimit& limit);
  [[nodiscard]] Result<Chunk> read_whole(const ChunkLimit& limit);
  [[nodiscard]] size_t rows_for(const ChunkLimit& limit) const;
  [[nodiscard]] Chunk finish(Chunk chunk);
  // An error as the pipeline wants it: a table that is not what it was is kSchemaChanged.
  [[nodiscard]] Error classify(Error error) const;

  Server server_;
  std::shared_ptr<const ReaderShare> share_;
  SnapshotView view_;
  std::unique_ptr<Session> session_;
  Arena arena_{256u << 10};

  SchemaRef schema_;  // of the open view
  SchemaRef known_;   // the schema that was last found equal to the catalogue
  bool known_read_views_ = true;
  std::vector<ResultColumn> known_shape_;  // how the server described the table then
  std::vector<uint16_t> ordinals_;         // 0, 1, 2 ...
  std::optional<BinaryRows> rows_;
  KeyRange range_;
  bool range_fixed_ = false;
  bool streaming_ = false;  // a whole read is in the middle of its result
  Statement* whole_ = nullptr;
  size_t row_bytes_ = 64;  // largest recent average, for sizing chunks
};

}  // namespace weft::mysql
