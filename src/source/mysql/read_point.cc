// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/read_point.h"

#include "base/text.h"

namespace weft::mysql {
namespace {

using mysql_binlog::at_or_after;
using mysql_binlog::FilePlace;
using mysql_binlog::Flavor;
using mysql_binlog::MySqlPosition;
using mysql_binlog::MySqlPositionLog;

const MySqlPositionLog* log_of(const Position& position) {
  return dynamic_cast<const MySqlPositionLog*>(position.log());
}

FilePlace place_of(const Batch& batch, const Transaction& tx) {
  const auto* log = dynamic_cast<const MySqlPositionLog*>(batch.positions());
  return log == nullptr ? FilePlace() : log->place(tx.position_index);
}

}  // namespace

Result<MySqlPosition> stored_position(const Position& position, Flavor flavor) {
  if (const MySqlPositionLog* log = log_of(position)) return log->position(position.index());
  return MySqlPosition::parse(position.text(), flavor);
}

FilePlace place_of(const Position& position, Flavor flavor) {
  if (const MySqlPositionLog* log = log_of(position)) {
    if (!log->entry(position.index()).open) return log->place(position.index());
    return log->position(position.index()).place;
  }
  const Result<MySqlPosition> parsed = MySqlPosition::parse(position.text(), flavor);
  return parsed ? parsed->place : FilePlace();
}

Covers PlacePoint::covers(const Batch& batch, const Transaction& tx) const {
  const FilePlace place = place_of(batch, tx);
  return place.known() && at_or_after(place_, place) ? Covers::kYes : Covers::kNo;
}

bool PlacePoint::contains(const Position& position) const {
  if (state_) {
    const Result<MySqlPosition> other = stored_position(position, flavor_);
    if (other && other->form == state_->form) return state_->contains(*other);
  }
  const FilePlace place = place_of(position, flavor_);
  return place.known() && at_or_after(place_, place);
}

bool PlacePoint::reached_by(const Position& position) const {
  const FilePlace place = place_of(position, flavor_);
  if (!state_) return place.known() && at_or_after(place, place_);
  // Out of the stream: the place is this server's.
  if (position.log() != nullptr && at_or_after(place, place_)) return true;
  const Result<MySqlPosition> other = stored_position(position, flavor_);
  return other && other->form == state_->form && other->contains(*state_);
}

std::string PlacePoint::text() const {
  return state_ ? cat(state_->text(), " at ", place_.text()) : place_.text();
}

Covers SetPoint::covers(const Batch& batch, const Transaction& tx) const {
  const auto* log = dynamic_cast<const MySqlPositionLog*>(batch.positions());
  if (log == nullptr) return Covers::kMaybe;
  const auto& entry = log->entry(tx.position_index);
  if (entry.sequence != 0 && low_.set.includes(log->source(tx.position_index), entry.sequence)) return Covers::kYes;
  const FilePlace place = log->place(tx.position_index);
  return place.known() && !at_or_after(high_, place) ? Covers::kNo : Covers::kMaybe;
}

bool SetPoint::contains(const Position& position) const {
  const Result<MySqlPosition> other = stored_position(position, Flavor::kMySql);
  return other && other->form == MySqlPosition::Form::kMySqlGtid && low_.set.contains(other->set);
}

bool SetPoint::reached_by(const Position& position) const {
  if (reached_.load(std::memory_order_relaxed)) return true;
  const Result<MySqlPosition> other = stored_position(position, Flavor::kMySql);
  const bool reached = other && other->form == MySqlPosition::Form::kMySqlGtid && other->set.contains(low_.set);
  if (reached) reached_.store(true, std::memory_order_relaxed);
  return reached;
}

bool SetPoint::passed_by(const Position& position) const {
  const FilePlace place = place_of(position, Flavor::kMySql);
  return place.known() && at_or_after(place, high_) && reached_by(position);
}

std::string SetPoint::text() const {
  return cat(low_.set.text(), " up to ", high_.text());
}

}  // namespace weft::mysql
