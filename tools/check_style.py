#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style rules that a program can check. Prints every breach as file:line: words; exit 1 if there is one.

  tools/check_style.py             check the sources, the texts and the commit messages
  tools/check_style.py --headers   compile each header of src/ alone and print the ten dearest (CPU seconds)

Long functions that are known are listed in tools/style_ratchet.txt; their numbers may only shrink.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cpp_text import blank_comments_and_strings, first_comment, functions  # noqa: E402  (after the path is set)

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
HEADER_SECONDS_MAX = 0.6
SOURCE_FOLDERS = ("src", "test", "fuzz", "bench", "demo", "tools")
SCRIPT_SUFFIXES = (".py", ".sh")
SPDX = "SPDX-License-Identifier: Apache-2.0"
RATCHET = "tools/style_ratchet.txt"


def is_test(path):
    return path.endswith("_test.cc") or path.startswith("test/")


# test/support starts real servers and waits for them: it has real time and threads of its own.
def in_support(path):
    return path.startswith("test/support/")


# (pattern over code without comments and strings, words, predicate on the path: where the rule holds)
BANNED = [
    (r"#\s*include\s*<iostream>|\bstd::c(out|err|in)\b", "<iostream> is not used; base/log.h or stdio",
     lambda p: not in_support(p)),
    (r"#\s*include\s*<regex>|\bstd::(basic_)?regex\b", "<regex> is not used", lambda p: True),
    (r"#\s*include\s*<ranges>|\b(std|ranges)::views\b", "views of <ranges> are not used (std::ranges::sort and its "
     "like, of <algorithm>, are)", lambda p: True),
    (r"#\s*include\s*<(cassert|assert\.h)>|(?<![\w])assert\s*\(", "assert vanishes in release; use CHECK",
     lambda p: True),
    (r"\bstd::(recursive_|shared_|timed_)*mutex\b", "a naked mutex; use Guarded<T> of base/guarded.h",
     lambda p: not p.startswith("src/base/") and not in_support(p)),
    (r"\b(steady|system|high_resolution)_clock::now\b", "time comes from a Clock (base/clock.h)",
     lambda p: not p.startswith("src/base/") and not in_support(p)),
    (r"\brandom_device\b", "randomness comes from an Rng (base/rng.h)",
     lambda p: not p.startswith("src/base/") and not in_support(p)),
    (r"\busing\s+namespace\b", "using namespace in a header", lambda p: p.endswith(".h")),
    (r"\bthis_thread::sleep_(for|until)\b|(?<![\w.>])u?sleep\s*\(\s*\d", "a test waits for a condition, not for a time (support/wait.h)",
     lambda p: is_test(p) and not in_support(p)),
    (r"\bgmock\b", "fakes, not mocks: gmock is not used", lambda p: True),
]
BANNED = [(re.compile(pattern), words, where) for pattern, words, where in BANNED]
BARE_TODO = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b(?!\([a-z0-9][a-z0-9-]*\))")

# Registries of packages, with spaces for dots so that this file names none.
REGISTRIES = ["registry npmjs org", "npmjs com", "yarnpkg com", "pypi org", "pythonhosted org", "crates io",
              "proxy golang org", "repo1 maven org", "repo maven apache org", "rubygems org", "packagist org",
              "nuget org", "docker io", "hub docker com", "ghcr io", "quay io", "gcr io", "deb debian org",
              "security debian org", "snapshot debian org", "archive ubuntu com"]
TEXT = [
    (r"(?<![\w.$}-])/" r"work/", "a path of one machine"),
    (r"(?<![\w)\]])\." r"library\b", "a path of one machine"),
    (r"\bissues?\s+#\d+", "an issue number; say what it was about"),
    (r"(?<![\w-])(" + "|".join(host.replace(" ", r"\.") for host in REGISTRIES) + r")\b", "a package registry's host"),
]
TEXT = [(re.compile(pattern, re.IGNORECASE), words) for pattern, words in TEXT]


def git(root, *arguments):
    """Lines of a git command, or None where there is no repository of this root."""
    if not (root / ".git").exists():
        return None
    run = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments], capture_output=True,
                         check=False)
    return run.stdout.decode(errors="replace") if run.returncode == 0 else None


def all_files(root):
    """Tracked and new files; without git everything but build/."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is not None:
        names = [name for name in listed.split("\0") if name]
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
        names = [name for name in names if name.split("/")[0] not in ("build", ".git")]
    return sorted(set(name for name in names if (root / name).is_file() and not (root / name).is_symlink()))


def check_head(path, lines, problems):
    """The SPDX line; in headers the comment after it and #pragma once."""
    if path.endswith((".h", ".cc")):
        if not lines or lines[0] != f"// {SPDX}":
            problems.append(f"{path}:1: the first line must be '// {SPDX}'")
    elif not any(line == f"# {SPDX}" for line in lines[:2]):
        problems.append(f"{path}:1: '# {SPDX}' must stand in the first two lines")
    if path.endswith(".h"):
        if not re.match(r"//\s*\w", lines[1] if len(lines) > 1 else ""):
            problems.append(f"{path}:2: a header opens with a comment that says what it is")
        if "#pragma once" not in lines:
            problems.append(f"{path}:1: #pragma once is missing")


def check_cpp(path, text, problems):
    """Rules over one C++ file; returns the lines of its longest function and that function's place."""
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX and not re.search(r"long file:\s*\S.{9}", first_comment(lines)):
        problems.append(f"{path}:1: {len(lines)} lines; over {FILE_LINES_MAX} the first comment gives the reason after "
                        "'long file:'")
    code = blank_comments_and_strings(text)
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, words, where in BANNED:
            if where(path) and pattern.search(line if "include" not in line else lines[number - 1]):
                problems.append(f"{path}:{number}: {words}")
    return max(functions(code), key=lambda found: found.lines, default=None)


def read_ratchet(text, problems):
    entries = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if len(words) == 2 and words[1].isdigit():
            entries[words[0]] = int(words[1])
        elif words:
            problems.append(f"{RATCHET}:{number}: expected 'path lines'")
    return entries


def check_functions(root, longest, problems):
    """Long functions against the ratchet, and the ratchet against what is committed."""
    file = root / RATCHET
    entries = read_ratchet(file.read_text(), problems) if file.is_file() else {}
    for path, found in longest.items():
        limit = entries.pop(path, FUNCTION_LINES_MAX)
        if found and found.lines > limit:
            problems.append(f"{path}:{found.line}: a function of {found.lines} lines, over {limit}")
        elif limit > FUNCTION_LINES_MAX and (found.lines if found else 0) < limit:
            fixed = f"write {found.lines}" if found and found.lines > FUNCTION_LINES_MAX else "remove the line"
            problems.append(f"{RATCHET}: {path} got shorter: {fixed}")
    for path in entries:
        problems.append(f"{RATCHET}: {path} is gone: remove the line")
    now = read_ratchet(file.read_text(), []) if file.is_file() else {}
    for commit in ("HEAD", "HEAD^"):
        before = git(root, "show", f"{commit}:{RATCHET}")
        if before is not None:
            old = read_ratchet(before, [])
            problems += [f"{RATCHET}: {path} grew to {lines}; the ratchet only shrinks"
                         for path, lines in now.items() if lines > old.get(path, 0)]
            break


def check_words(place, lines, problems):
    for number, line in enumerate(lines, 1):
        for pattern, words in TEXT:
            if pattern.search(line):
                problems.append(f"{place}:{number}: {words}")


def check_commits(root, problems):
    log = git(root, "log", "--format=%h%x00%B%x01")
    for entry in (log or "").split("\x01"):
        commit, _, message = entry.strip().partition("\0")
        check_words(f"commit {commit}", message.splitlines(), problems)


def check(root):
    problems, lengths, longest = [], [], {}
    for path in all_files(root):
        data = (root / path).read_bytes()
        if b"\0" in data[:8192]:
            continue
        text = data.decode(errors="replace")
        check_words(path, text.splitlines(), problems)
        in_sources = path.split("/")[0] in SOURCE_FOLDERS
        is_cpp = in_sources and path.endswith((".h", ".cc"))
        if is_cpp or path.endswith(SCRIPT_SUFFIXES) or path in ("dev", ".ci/run"):
            check_head(path, text.splitlines(), problems)
            problems += [f"{path}:{number}: a note without a kind; write TO" f"DO(kind)"
                         for number, line in enumerate(text.splitlines(), 1) if BARE_TODO.search(line)]
        if is_cpp:
            lengths.append(text.count("\n"))
            longest[path] = check_cpp(path, text, problems)
    check_functions(root, longest, problems)
    check_commits(root, problems)
    for problem in problems:
        print(problem)
    median = int(statistics.median(lengths)) if lengths else 0
    print(f"style rules: {len(lengths)} C++ files, median {median} lines, {len(problems)} problems")
    return 1 if problems else 0


def compile_alone(root, header, object_file):
    """(CPU seconds, compiler's words if it failed) of a file that holds one #include."""
    before = os.times()
    run = subprocess.run(["g++", "-std=c++20", "-O0", "-g1", f"-I{root / 'src'}", "-x", "c++", "-c", "-o", object_file,
                          "-"], input=f'#include "{header}"\n', text=True, capture_output=True, check=False)
    after = os.times()
    seconds = after.children_user - before.children_user + after.children_system - before.children_system
    return seconds, run.stderr if run.returncode else ""


def measure_headers(root):
    measured, broken = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((root / "src").rglob("*.h")):
            header = path.relative_to(root / "src").as_posix()
            seconds, words = compile_alone(root, header, f"{folder}/header.o")
            measured.append((seconds, header))
            if words:
                broken += 1
                print(f"src/{header}: does not compile alone\n{words}")
    for seconds, header in sorted(measured, reverse=True)[:10]:
        print(f"{seconds:5.2f} s  {header}{'  over the budget' if seconds > HEADER_SECONDS_MAX else ''}")
    print(f"headers: {len(measured)}, {broken} do not compile alone; budget {HEADER_SECONDS_MAX} s each")
    return 1 if broken else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--headers", action="store_true")
    options = parser.parse_args()
    root = options.root.resolve()
    return measure_headers(root) if options.headers else check(root)


if __name__ == "__main__":
    sys.exit(main())
