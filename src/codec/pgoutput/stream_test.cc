// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/stream.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/pgoutput/made_messages.h"

namespace weft::pgoutput {
namespace {

using namespace made;

std::string shown(Row row) {
  std::string out;
  for (const Value& value : row) out += cat(out.empty() ? "" : ",", value.is_unchanged() ? "?" : describe(value));
  return out;
}

// "insert 1,x" and so on; transactions end with their LSN.
std::string shown(const Batch& batch, const std::vector<EndOfTransaction>& ends) {
  std::string out;
  for (const Transaction& tx : batch.transactions()) {
    for (const Change& change : tx.changes) {
      if (const auto* row = std::get_if<RowChange>(&change)) {
        out += cat(to_string(row->op), row->before.empty() ? "" : cat(" (", shown(row->before), ")"));
        out += cat(row->after.empty() ? "" : cat(" ", shown(row->after)), "; ");
      }
      if (std::holds_alternative<Truncate>(change)) out += "truncate; ";
      if (std::holds_alternative<SchemaChange>(change)) out += "shape; ";
      if (const auto* origin = std::get_if<Origin>(&change)) out += cat("from ", origin->chain, "; ");
    }
    const EndOfTransaction& end = ends[tx.position_index];
    out += cat(tx.last ? "end " : "piece ", end.lsn, " of ", end.xid, "\n");
  }
  return out;
}

std::string play(const std::vector<std::string>& messages, bool keyless = false, size_t fragment = 1u << 20) {
  OneTable catalogue(keyless);
  OutputStream stream(fragment, catalogue);
  for (const std::string& message : messages) {
    if (const Status fed = stream.feed(message); !fed) return fed.error().message();
  }
  const std::vector<EndOfTransaction> ends = stream.ends();
  return shown(stream.take(nullptr), ends);
}

TEST(OutputStream, TellsTransactionsWithTheirEnds) {
  EXPECT_EQ(play({begin(100, 5), items(), insert({"1", "x"}), insert({"2", std::nullopt}), commit(110)}),
            "insert 1,'x'; insert 2,NULL; end 110 of 5\n");
}

TEST(OutputStream, hard_case_19_AMessageOfWeftsTellsWhereTheTransactionComesFrom) {
  EXPECT_EQ(play({begin(100, 5), logical_message(true, "weft", "a"), items(), insert({"1", "x"}), commit(110)}),
            "from a; insert 1,'x'; end 110 of 5\n");
  EXPECT_EQ(play({begin(100, 5), items(), insert({"1", "x"}), logical_message(true, "weft", "a"), commit(110)}),
            "insert 1,'x'; end 110 of 5\n")
      << "behind a row it says nothing";
  EXPECT_EQ(
      play({logical_message(false, "weft", "a"), begin(100, 5), logical_message(true, "others", "a"), commit(110)}),
      "end 110 of 5\n");
}

TEST(OutputStream, ATransactionWithoutCapturedRowsIsAnEmptyOne) {
  const std::string other = relation(kItems, "others", 'd', {{"id", 20, true}, {"note", 25, false}});
  EXPECT_EQ(play({begin(100, 5), other, insert({"1", "x"}), commit(110)}), "end 110 of 5\n");
}

TEST(OutputStream, AnUpdateThatKeepsItsKeyTakesItFromTheNewRow) {
  EXPECT_EQ(play({begin(100, 5), items(), update(0, {}, {"1", "y"}), commit(110)}),
            "update (1,?) 1,'y'; end 110 of 5\n");
}

TEST(OutputStream, AKeyThatChangesComesWithTheOldOneAndNothingElse) {
  EXPECT_EQ(play({begin(100, 5), items(), update('K', {"1", std::nullopt}, {"2", "y"}), commit(110)}),
            "update (1,?) 2,'y'; end 110 of 5\n");
}

// A value in binary form.
std::string binary(std::string_view bytes) {
  return kBinaryMark + std::string(bytes);
}

std::string one() {
  return binary(std::string_view("\0\0\0\0\0\0\0\1", 8));
}

TEST(OutputStream, EachValueComesInTheFormThatTheMessageSays) {
  EXPECT_EQ(play({begin(100, 5), items(), insert({one(), "x"}), insert({"2", binary("y")}), commit(110)}),
            "insert 1,'x'; insert 2,'y'; end 110 of 5\n");
  EXPECT_EQ(play({begin(100, 5),
                  items('f'),
                  update('O', {one(), binary("long")}, {one(), kToast}),
                  remove('O', {one(), std::nullopt}),
                  commit(110)}),
            "update (1,'long') 1,'long'; delete (1,NULL); end 110 of 5\n");
  EXPECT_EQ(play({begin(100, 5), items(), update('K', {one(), std::nullopt}, {"2", "y"}), commit(110)}),
            "update (1,?) 2,'y'; end 110 of 5\n");
}

TEST(OutputStream, ABinaryFormThatIsNotKnownHasToComeAsText) {
  const std::string lists = relation(kItems, "items", 'd', {{"id", 20, true}, {"list", 1007, false}});
  const auto error_of = [&](const std::string& list) {
    OneTable catalogue;
    OutputStream stream(1u << 20, catalogue);
    EXPECT_TRUE(stream.feed(begin(100, 5)));
    EXPECT_TRUE(stream.feed(lists));
    const Status fed = stream.feed(insert({one(), list}));
    return fed ? Error(Blame::kBug, "none") : fed.error();
  };
  const Error error = error_of(binary("\1"));
  EXPECT_EQ(error.code(), kNeedsText);
  EXPECT_EQ(error.blame(), Blame::kTransient);
  EXPECT_NE(error.message().find("table public.items, column list"), std::string::npos) << error.message();
  EXPECT_EQ(error_of("{1}").message(), "none");
  EXPECT_EQ(play({begin(100, 5), items(), insert({binary("1"), "x"}), commit(110)}).find("table public.items"), 0u)
      << "a number of one byte";
}

TEST(OutputStream, AToastValueThatWasNotTouchedIsNotKnown) {
  EXPECT_EQ(play({begin(100, 5), items(), update('K', {"1", std::nullopt}, {"2", kToast}), commit(110)}),
            "update (1,?) 2,?; end 110 of 5\n");
}

TEST(OutputStream, WithAFullIdentityItIsTakenFromTheRowBefore) {
  EXPECT_EQ(play({begin(100, 5), items('f'), update('O', {"1", "long"}, {"1", kToast}), commit(110)}),
            "update (1,'long') 1,'long'; end 110 of 5\n");
}

TEST(OutputStream, DeletesSayTheKeyOrTheWholeRow) {
  EXPECT_EQ(play({begin(100, 5), items(), remove('K', {"1", std::nullopt}), commit(110)}),
            "delete (1,?); end 110 of 5\n");
  EXPECT_EQ(play({begin(100, 5), items('f'), remove('O', {"1", "x"}), commit(110)}, true),
            "delete (1,'x'); end 110 of 5\n");
}

TEST(OutputStream, AKeylessTableNeedsWholeRowsBefore) {
  const std::string told = play({begin(100, 5), items(), remove('K', {"1", std::nullopt}), commit(110)}, true);
  EXPECT_NE(told.find("ALTER TABLE public.items REPLICA IDENTITY FULL"), std::string::npos) << told;
}

TEST(OutputStream, ATruncateNamesItsTables) {
  EXPECT_EQ(play({begin(100, 5), items(), truncate({kItems}), commit(110)}), "truncate; end 110 of 5\n");
}

TEST(OutputStream, AnotherShapeIsToldBeforeItsFirstRow) {
  const std::string wider = relation(kItems, "items", 'd', {{"id", 20, true}, {"note", 25, false}, {"n", 23, false}});
  EXPECT_EQ(play({begin(100, 5),
                  items(),
                  insert({"1", "x"}),
                  commit(110),
                  begin(200, 6),
                  wider,
                  insert({"2", "y", "3"}),
                  commit(210)}),
            "insert 1,'x'; end 110 of 5\nshape; insert 2,'y',3; end 210 of 6\n");
}

TEST(OutputStream, ALargeTransactionComesInPiecesThatEndBeforeItsEnd) {
  const std::string told =
      play({begin(100, 5), items(), insert({"1", "xxxx"}), insert({"2", "yyyy"}), commit(110)}, false, 1);
  EXPECT_EQ(told, "insert 1,'xxxx'; piece 101 of 5\ninsert 2,'yyyy'; piece 101 of 5\nend 110 of 5\n");
}

TEST(OutputStream, MessagesInTheWrongPlaceAreRefused) {
  EXPECT_NE(play({insert({"1", "x"})}).find("outside of a transaction"), std::string::npos);
  EXPECT_NE(play({begin(1, 1), insert({"1", "x"})}).find("was not described"), std::string::npos);
  EXPECT_NE(play({begin(1, 1), begin(2, 2)}).find("inside of another"), std::string::npos);
  EXPECT_NE(play({commit(9)}).find("outside of a transaction"), std::string::npos);
  EXPECT_NE(play({begin(1, 1), items(), insert({"1"})}).find("relation's columns"), std::string::npos);
  EXPECT_NE(play({begin(1, 1), items(), insert({"one", "x"})}).find("public.items, column id"), std::string::npos);
}

TEST(OutputStream, ACommitTimeOfAnyBytesIsTaken) {
  ByteWriter out;
  out.le('B', 1);
  out.be(100, 8);
  out.be(static_cast<uint64_t>(INT64_MAX), 8);
  out.be(5, 4);
  EXPECT_EQ(play({out.str(), commit(110)}), "end 110 of 5\n");
}

TEST(OutputStream, EveryMessageCutAtEveryByteIsRefused) {
  const std::vector<std::string> all = {begin(100, 5),
                                        items(),
                                        insert({"1", "xyz"}),
                                        insert({one(), binary("xyz")}),
                                        update('K', {"1", std::nullopt}, {"2", "y"}),
                                        update('O', {"1", "a"}, {"2", kToast}),
                                        remove('K', {"1", std::nullopt}),
                                        truncate({kItems}),
                                        commit(110)};
  for (size_t at = 0; at < all.size(); ++at) {
    for (size_t size = 0; size < all[at].size(); ++size) {
      OneTable catalogue;
      OutputStream stream(1u << 20, catalogue);
      for (size_t i = 0; i < at; ++i) ASSERT_TRUE(stream.feed(all[i]));
      EXPECT_FALSE(stream.feed(std::string_view(all[at]).substr(0, size))) << at << " cut at " << size;
    }
  }
}

TEST(Frames, AreWalDataOrKeepalives) {
  ByteWriter wal;
  wal.le('w', 1);
  for (const uint64_t n : {16u, 32u, 0u}) wal.be(n, 8);
  wal.bytes("payload");
  const auto data = parse_frame(wal.str());
  ASSERT_TRUE(data);
  EXPECT_EQ(std::get<WalData>(*data).payload, "payload");
  EXPECT_EQ(std::get<WalData>(*data).end, 32u);
  ByteWriter alive;
  alive.le('k', 1);
  for (const uint64_t n : {48u, 0u}) alive.be(n, 8);
  alive.le(1, 1);
  const auto keepalive = parse_frame(alive.str());
  ASSERT_TRUE(keepalive);
  EXPECT_EQ(std::get<Keepalive>(*keepalive).end, 48u);
  EXPECT_TRUE(std::get<Keepalive>(*keepalive).reply);
  for (const std::string& whole : {wal.str().substr(0, 25), alive.str()}) {
    for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_frame(whole.substr(0, size))) << size;
  }
}

TEST(Frames, OurStatusTellsWhatIsFlushed) {
  const std::string status = standby_status(0x0102030405060708, 946684800000000 + 5, true);
  ASSERT_EQ(status.size(), 34u);
  EXPECT_EQ(status.substr(1, 8), "\1\2\3\4\5\6\7\10");
  EXPECT_EQ(status[32], 5);
  EXPECT_EQ(status[33], 1);
}

}  // namespace
}  // namespace weft::pgoutput
