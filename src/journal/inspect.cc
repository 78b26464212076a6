// SPDX-License-Identifier: Apache-2.0
#include "journal/inspect.h"

#include "base/text.h"
#include "journal/recovery.h"

namespace weft {

Result<std::vector<SegmentReport>> inspect_journal(Disk& disk, const std::string& directory) {
  TRY_ASSIGN(const std::vector<std::string> names, disk.list(directory));
  std::vector<SegmentReport> reports;
  SchemaPool pool;
  for (const std::string& name : names) {
    if (segment_number(name) == 0) continue;
    SegmentReport report;
    report.path = cat(directory, "/", name);
    TRY_ASSIGN(const std::shared_ptr<const DiskFile> file, disk.open(report.path, OpenMode::kRead));
    TRY_ASSIGN(report.bytes, file->size());
    Result<SegmentHead> head = read_head(*file, report.path);
    if (!head) {
      report.damage = head.error().message();
      reports.push_back(std::move(report));
      continue;
    }
    TRY_ASSIGN(SegmentScan scan, scan_segment(file, report.path, *head, pool));
    report.head = *std::move(head);
    report.transactions = scan.transactions;
    report.frames = scan.frames;
    report.last_sequence = scan.next.value() - 1;
    report.position = std::move(scan.end_text);
    report.torn = scan.torn;
    report.damage_at = scan.damage_at;
    if (scan.damage) report.damage = scan.damage->message();
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace weft
