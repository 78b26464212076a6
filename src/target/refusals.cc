// SPDX-License-Identifier: Apache-2.0
#include "target/refusals.h"

#include <algorithm>

#include "base/text.h"

namespace weft {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

Status errors_of(const std::vector<Finding>& findings) {
  std::string text;
  std::string table;
  for (const Finding& f : findings) {
    if (f.level != Finding::Level::kError) continue;
    table = text.empty() || table == f.table ? f.table : std::string();
    text += cat(text.empty() ? "" : "; ", f.what, f.mend.empty() ? "" : ": ", f.mend);
  }
  if (text.empty()) return ok();
  return Error(Blame::kConfig, std::move(text)).about(std::move(table));
}

Error progress_moved(const std::string& pipeline, const Progress& from, const std::optional<Progress>& now) {
  if (now && now->epoch > from.epoch) {
    return Error(
        Blame::kConfig,
        cat("pipeline ", pipeline, " was taken over by another process: epoch ", now->epoch, ", ours ", from.epoch),
        std::string(kEpochLost));
  }
  return Error(Blame::kTransient,
               cat("progress of pipeline ",
                   pipeline,
                   " is not where this process left it: expected version ",
                   from.version,
                   ", found ",
                   now ? cat(now->version) : "none",
                   "; reading it again"),
               std::string(kProgressMoved));
}

Status check_source(const std::optional<Progress>& now, const OpenRequest& request, std::string_view where) {
  if (!now || now->source_id.empty() || now->source_id == request.source_id || request.any_source) return ok();
  return Error(Blame::kConfig,
               cat("progress of pipeline ",
                   request.pipeline,
                   " at ",
                   where,
                   " belongs to source ",
                   now->source_id,
                   ", this one is ",
                   request.source_id,
                   "; choose another --name, or go back to that source"));
}

Result<Op> letter_op(std::string_view text, std::string_view box) {
  for (const Op op : {Op::kInsert, Op::kUpdate, Op::kDelete}) {
    if (text == to_string(op)) return op;
  }
  return Error(Blame::kConfig, cat(box, " holds an unknown operation '", text, "'"));
}

}  // namespace weft
