// SPDX-License-Identifier: Apache-2.0
// Guards: one switch per decision that keeps an invariant, so that the simulator can take one out and prove that it would
// notice (test/sim/guards_test.cc). All are on; nothing outside of tests turns one off, and no configuration reaches them.
// Plain data; set before the Pipeline is built, read by every stage.
#pragma once

namespace weft {

struct Guards {
  // Snapshot (hard cases 1, 2, 3, 18).
  bool check_stale_chunk = true;     // a view that lacks something already delivered is opened again
  bool gate_at_read_point = true;    // a chunk is applied only once the stream has reached its read point
  bool replay_maybe_changes = true;  // a change that may be in the chunk is applied over it tolerantly
  bool hold_back_uncopied = true;    // changes of rows beyond the copied ranges are passed over
  bool key_sets_for_text = true;     // keys whose order weft can't know are never compared
  bool reread_missed_keys = true;    // a row that the stream can't build is read again by its key

  // Apply (hard cases 2, 8, 9).
  bool mask_merge = true;            // coalescing merges partial images column by column
  bool order_by_unique_keys = true;  // lanes are kept apart by every unique index and foreign-key parent, old and new
  bool commit_in_order = true;       // lanes commit in journal order
  bool count_affected = true;        // each batch's row count is compared with the expected one (I10)
  bool letters_first = true;         // changes of a row wait behind its dead letters (hard case 24)
  bool ladder = true;                // a coalesced group's error is retried more carefully before it is believed

  // Positions (hard cases 4, 5, 14).
  bool ack_only_flushed = true;      // the source hears of a position only after the target has flushed it (I1)
  bool ack_only_synced = true;       // ... or a journal on disk has synced it (I1)
  bool refuse_lost_position = true;  // a source that no longer has our position stops the pipeline (off: on from head)
  bool recopy_after_failover =
      true;                   // what a lost server's view showed ahead of the stream is copied anew (hard case 6)
  bool shapes_proven = true;  // a shape is kept only where no later change can have made it (hard case 13)
  bool table_state_with_progress = true;  // table states go with the progress that passes them (I11)
  bool key_actions = true;                // what foreign keys did below the log is done at the target (hard case 7)
  bool keep_prepared = true;  // what is prepared is at the target before the position has passed it (I8, hard case 14)

  // Limits (hard cases 21, 27).
  bool queue_limits = true;                 // queues refuse what is above their byte limit (I5, I9)
  bool fragments_share_transaction = true;  // fragments of one transaction stay in one target transaction
};

}  // namespace weft
