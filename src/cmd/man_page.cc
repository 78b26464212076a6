// SPDX-License-Identifier: Apache-2.0
// Man pages in the classic macros, which every man program reads.
#include "base/text.h"
#include "cmd/manual.h"

namespace weft {
namespace {

struct ExitCode {
  int code;
  std::string_view meaning;
};

constexpr ExitCode kExitCodes[] = {
    {kExitDone, "Done; also after SIGTERM or SIGINT with a clean drain."},
    {kExitFailed, "Failed after the first change had moved: the last line says where, why and what to do."},
    {kExitUsage, "Command line or configuration wrong: nothing was contacted."},
    {kExitBeforeStart,
     "Found before the first change moved: unreachable, credentials, grants, settings, missing table or column, lost "
     "position."},
    {kExitTaken, "Another process runs this pipeline."},
};

// Text as troff takes it: no escapes, no requests, hyphens that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

std::string head(std::string_view page, std::string_view what) {
  return cat(".TH ",
             upper(page),
             " 1 \"\" \"weft ",
             version_number(),
             "\" \"User Commands\"\n.SH NAME\n",
             roff(page),
             " \\- ",
             roff(what),
             "\n");
}

std::string example(std::string_view lines) {
  return cat(".SH EXAMPLES\n.nf\n", roff(lines), lines.ends_with('\n') ? "" : "\n", ".fi\n");
}

std::string exit_status() {
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitCode& exit : kExitCodes) out += cat(".TP\n.B ", exit.code, "\n", roff(exit.meaning), "\n");
  return out;
}

}  // namespace

std::string man_page(std::span<const Command> commands) {
  std::string out = head("weft", "keeps data in step between databases, with the effect of exactly once");
  out += ".SH SYNOPSIS\n.B weft\n.I COMMAND\n\\&...\n.SH COMMANDS\n";
  for (const Command& command : commands) {
    out += cat(".TP\n.BR weft\\-", roff(command.name), " (1)\n", roff(command.what), "\n");
  }
  out += exit_status();
  out +=
      cat(".SH FILES\n.TP\n.I $XDG_STATE_HOME/weft\n",
          roff("The state directory (~/.local/state/weft without that variable, /var/lib/weft without HOME), for its "
               "owner alone: running pipelines by name, and what is spilled."),
          "\n");
  return out + example("  weft run --from mysql://app:secret@10.0.0.5:3306/shop --to postgresql://app@10.0.0.9/shop\n");
}

std::string man_page(const Command& command) {
  const CommandSpec spec = command.spec();
  std::string out = head(cat("weft-", command.name), command.what);
  out += cat(".SH SYNOPSIS\n", roff(spec.usage), "\n.SH DESCRIPTION\n", roff(spec.what), "\n.SH OPTIONS\n");
  for (const FlagSpec& flag : spec.flags) {
    out += cat(".TP\n.B ", roff(flag.name), flag.value.empty() ? "" : cat(" \\fI", roff(flag.value), "\\fR"), "\n");
    out += cat(roff(flag.help), "\n");
  }
  out += cat(".TP\n.B ", roff("--help"), "\nWhat this page says, in short.\n");
  return out + exit_status() + example(spec.example) + ".SH SEE ALSO\n.BR weft (1)\n";
}

}  // namespace weft
