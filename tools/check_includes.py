#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom. The rules are data: cmake/modules.txt (module | allowed includes | third parties | what).

  tools/check_includes.py                  check src/, test/, fuzz/, bench/ and the table of ARCHITECTURE.md
  tools/check_includes.py --print-table    print that table
  tools/check_includes.py --write-table    put it into ARCHITECTURE.md

A module is one folder of src/; its sub-folders are modules of their own. Includes are written from the root of src/.
Third-party headers occur only in .cc files of a module that lists them; headers of ours name none.
"""
import argparse
import re
import sys
from pathlib import Path

# Name in cmake/modules.txt -> how its headers begin.
THIRD_PARTY = {
    "boost": ["boost/"],
    "fmt": ["fmt/"],
    "spdlog": ["spdlog/"],
    "CLI": ["CLI/"],
    "yaml-cpp": ["yaml-cpp/"],
    "prometheus": ["prometheus/"],
    "libpq": ["libpq-fe.h", "libpq/", "postgresql/", "pg_config"],
    "mysql": ["mysql.h", "mysql/", "mysqld_error.h", "errmsg.h", "mariadb_rpl.h", "ma_"],
    "mariadb": ["mariadb/"],
    "sqlite": ["sqlite3.h"],
    "zlib": ["zlib.h"],
    "zstd": ["zstd.h", "zstd_errors.h", "zdict.h"],
    "openssl": ["openssl/"],
    "gtest": ["gtest/"],
    "benchmark": ["benchmark/"],
}
TEST_ONLY = {"gtest", "benchmark"}
# Folders of test/ that every *_test.cc may include, beside what its module may.
TEST_LIBRARIES = {"sim", "support"}
# C and POSIX headers; C++ standard headers are those without a dot or slash.
SYSTEM = re.compile(
    r"^([a-z_0-9]+|(sys|netinet|arpa|net|linux)/[a-z_0-9]+\.h|"
    r"(aio|assert|cpuid|ctype|dirent|dlfcn|endian|errno|execinfo|fcntl|fenv|float|getopt|glob|grp|iconv|immintrin|inttypes|"
    r"langinfo|limits|locale|malloc|math|netdb|nmmintrin|poll|pthread|pty|pwd|regex|sched|semaphore|setjmp|signal|spawn|"
    r"stdarg|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|time|unistd|utime|wchar|wmmintrin|x86intrin)\.h|"
    r"sanitizer/[a-z_]+\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
TABLE_HEAD = "| folder | may include | third party | what it is |"


class Rules:
    """cmake/modules.txt, parsed."""

    def __init__(self, root, problems):
        self.modules = {}  # name -> (allowed set, third-party set, description), in the file's order
        path = root / "cmake/modules.txt"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            fields = [field.strip() for field in line.split("|")]
            where = f"cmake/modules.txt:{number}"
            if len(fields) != 4 or not all(fields):
                problems.append(f"{where}: expected 'module | includes | third parties | description'")
                continue
            name, allowed, third, text = fields
            if name in self.modules:
                problems.append(f"{where}: module {name} is listed twice")
            self.modules[name] = (set(allowed.split()) - {"-"}, set(third.split()) - {"-"}, text)
        self._check(problems)

    def _check(self, problems):
        for name, (allowed, third, _) in self.modules.items():
            for other in sorted(allowed - {"*"} - set(self.modules)):
                problems.append(f"cmake/modules.txt: {name} may include {other}, which is no module")
            for other in sorted(third - set(THIRD_PARTY)):
                problems.append(f"cmake/modules.txt: {name} lists unknown third party {other}")
        finished, path = set(), []

        def visit(name):
            if name in path:
                problems.append("cmake/modules.txt: cycle " + " -> ".join(path[path.index(name):] + [name]))
            elif name not in finished:
                path.append(name)
                for other in sorted(self.allowed(name) - {name}):
                    visit(other)
                path.pop()
                finished.add(name)

        for name in self.modules:
            visit(name)

    def allowed(self, name):
        allowed = self.modules[name][0]
        others = set(self.modules) - {name} if "*" in allowed else allowed & set(self.modules)
        return others | {name}

    def third_parties(self, name):
        return self.modules[name][1]

    def module_of(self, path):
        """The module of 'folder/sub/x.h', or None."""
        folder = path.rpartition("/")[0]
        return folder if folder in self.modules else None

    def table(self):
        lines = [TABLE_HEAD, "|---|---|---|---|"]
        for name, (allowed, third, text) in self.modules.items():
            uses = "all" if "*" in allowed else " ".join(sorted(allowed)) or "-"
            lines.append(f"| `{name}/` | {uses} | {' '.join(sorted(third)) or '-'} | {text} |")
        return "\n".join(lines)


def includes(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def third_party_of(header):
    for name, prefixes in THIRD_PARTY.items():
        if any(header.startswith(prefix) for prefix in prefixes):
            return name
    return None


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cc") and path.is_file())


def check_quoted(rules, module, header, is_test):
    """What is wrong with #include "header" in a file of `module`, or None."""
    if is_test and header.split("/")[0] in TEST_LIBRARIES:
        return None
    if third_party_of(header):
        return f'third-party header "{header}" is written with <>'
    other = rules.module_of(header)
    if other is None:
        return f'"{header}" is in no module; write includes from the root of src'
    if other not in rules.allowed(module):
        return f'{module} may not include {other} ("{header}")'
    return None


def check_angled(rules, module, path, header, is_test):
    name = third_party_of(header)
    if name is None:
        return None if SYSTEM.match(header) else f"<{header}> is unknown; list it in tools/check_includes.py"
    if name in TEST_ONLY:
        return None if is_test else f"<{header}> belongs in *_test.cc"
    if path.suffix == ".h":
        return f"third-party header <{header}> in a header of ours"
    if name not in rules.third_parties(module) and not (name == "mysql" and "mariadb" in rules.third_parties(module)):
        return f"{module} may not use {name} (<{header}>)"
    return None


def check_source(root, rules, problems):
    used = set()
    for path in sources(root / "src"):
        place = path.relative_to(root)
        module = rules.module_of(path.relative_to(root / "src").as_posix())
        if module is None:
            problems.append(f"{place}: its folder is not in cmake/modules.txt")
            continue
        used.add(module)
        is_test = path.name.endswith("_test.cc")
        for number, quoted, angled in includes(path):
            problem = (check_quoted(rules, module, quoted, is_test) if quoted else
                       check_angled(rules, module, path, angled, is_test))
            if problem:
                problems.append(f"{place}:{number}: {problem}")
    for name in rules.modules:
        if name not in used:
            problems.append(f"cmake/modules.txt: module {name} has no sources in src/{name}")


def check_beside(root, rules, problems):
    """Programs beside src/ may include every module, by its real name."""
    for top in ("test", "fuzz", "bench"):
        for path in sources(root / top) if (root / top).is_dir() else []:
            for number, quoted, angled in includes(path):
                place = f"{path.relative_to(root)}:{number}"
                if quoted and rules.module_of(quoted) is None and not (
                        any((base / quoted).is_file() for base in (root / "test", root / top, path.parent))):
                    problems.append(f'{place}: "{quoted}" is in no module and not in {top}/')
                if angled and third_party_of(angled) is None and not SYSTEM.match(angled):
                    problems.append(f"{place}: <{angled}> is unknown; list it in tools/check_includes.py")


def page_table(text):
    """(first, last + 1) line of the folder table in ARCHITECTURE.md, or None."""
    lines = text.splitlines()
    if TABLE_HEAD not in lines:
        return None
    first = last = lines.index(TABLE_HEAD)
    while last < len(lines) and lines[last].startswith("|"):
        last += 1
    return first, last


def check_page(root, rules, problems, write):
    page = root / "ARCHITECTURE.md"
    text = page.read_text() if page.is_file() else ""
    found = page_table(text)
    if found is None:
        problems.append(f"ARCHITECTURE.md: has no folder table that begins with '{TABLE_HEAD}'")
        return
    lines = text.splitlines()
    if "\n".join(lines[found[0]:found[1]]) == rules.table():
        return
    if write:
        lines[found[0]:found[1]] = rules.table().splitlines()
        page.write_text("\n".join(lines) + "\n")
    else:
        problems.append("ARCHITECTURE.md: the folder table is not that of cmake/modules.txt; "
                        "tools/check_includes.py --write-table mends it")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--print-table", action="store_true")
    parser.add_argument("--write-table", action="store_true")
    options = parser.parse_args()
    problems = []
    rules = Rules(options.root, problems)
    if options.print_table:
        print(rules.table())
    else:
        check_source(options.root, rules, problems)
        check_beside(options.root, rules, problems)
        check_page(options.root, rules, problems, options.write_table)
    for problem in problems:
        print(problem)
    if not options.print_table:
        print(f"include rules: {len(rules.modules)} modules, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
