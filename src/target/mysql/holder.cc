// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/holder.h"

#include "base/crc32c.h"
#include "base/text.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {

std::string session_lock(const std::string& pipeline, const std::string& database, size_t number) {
  return cat("weft ", crc32c(cat(database, "\n", pipeline)), " ", crc32c(cat(pipeline, "\n", database)), " ", number);
}

Result<std::string> SessionProbe::session(const std::string& pipeline) {
  TRY_ASSIGN(const Rows rows, session_->query("SELECT CONNECTION_ID(), DATABASE()"));
  const std::string lock = quote_literal(session_lock(pipeline, rows.text(0, 1), 0));
  // Held by another still: the lease's time alone will tell others whether we live.
  TRY_ASSIGN(const auto taken, session_->value(cat("SELECT GET_LOCK(", lock, ", 1)")));
  return taken.value_or("0") == "1" ? cat("session ", rows.text(0, 0)) : cat("unlocked session ", rows.text(0, 0));
}

Result<SessionProbe::Holder> SessionProbe::look(const std::string& pipeline, const std::string& session) {
  if (!session.starts_with("session ")) return Holder::kUnknown;
  TRY_ASSIGN(const Rows ours, session_->query("SELECT CONNECTION_ID(), DATABASE()"));
  const std::string lock = quote_literal(session_lock(pipeline, ours.text(0, 1), 0));
  TRY_ASSIGN(const auto holder, session_->value(cat("SELECT IS_USED_LOCK(", lock, ")")));
  // Ours already, if it was free when we came for it.
  return holder && *holder != ours.text(0, 0) ? Holder::kThere : Holder::kGone;
}

// A user may end its own sessions.
void SessionProbe::end(const std::string& pipeline, const std::string& /*session*/) {
  if (!end_zombies_) return;
  const auto ours = session_->query("SELECT CONNECTION_ID(), DATABASE()");
  if (!ours) return;
  for (size_t i = 0; i < kSessionLocks; ++i) {
    const std::string lock = quote_literal(session_lock(pipeline, ours->text(0, 1), i));
    const auto holder = session_->value(cat("SELECT IS_USED_LOCK(", lock, ")"));
    if (holder && *holder && **holder != ours->text(0, 0)) (void)session_->execute(cat("KILL ", **holder));
  }
}

void SessionProbe::released(const std::string& pipeline) {
  const auto database = session_->value("SELECT DATABASE()");
  if (!database) return;
  const std::string lock = quote_literal(session_lock(pipeline, database->value_or(""), 0));
  (void)session_->value(cat("SELECT RELEASE_LOCK(", lock, ")"));
}

}  // namespace weft::mysql
