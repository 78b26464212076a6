// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace weft {

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::kTransient:
      return "transient";
    case Blame::kConflict:
      return "conflict";
    case Blame::kData:
      return "data";
    case Blame::kConfig:
      return "config";
    case Blame::kCancelled:
      return "cancelled";
    case Blame::kBug:
      return "bug";
  }
  return "unknown";
}

}  // namespace weft
