#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents say is there: commands of ./dev and of weft, linked files, named tests, names of code.

  test/docs/docs_test.py
"""
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE_FOLDERS = ("src", "test", "bench", "demo", "fuzz")


def documents():
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def sources():
    for folder in SOURCE_FOLDERS:
        for suffix in ("*.h", "*.cc", "*.py"):
            yield from (ROOT / folder).rglob(suffix)


def place(path):
    return path.relative_to(ROOT).as_posix()


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.code = "\n".join(path.read_text(errors="replace") for path in sources())
        cls.dev = (ROOT / "dev").read_text()

    def missing(self, problems):
        self.assertEqual([], problems)

    def test_verbs_of_dev_that_documents_use_exist(self):
        listed = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
        verbs = set(re.findall(r"^  ([a-z]+)\b", listed, re.MULTILINE))
        used = [(path, verb) for path in documents() for verb in re.findall(r"\./dev ([a-z]+)", path.read_text())]
        self.assertTrue(used)
        self.missing([f"{place(path)}: ./dev {verb}" for path, verb in used if verb not in verbs])

    def test_flags_of_dev_that_documents_use_exist(self):
        used = [(path, flag) for path in documents()
                for flag in re.findall(r"\./dev [a-z]+[^`\n#;)]*?(--[a-z]+)", path.read_text())]
        self.missing([f"{place(path)}: {flag}" for path, flag in used if flag not in self.dev])

    def test_commands_of_weft_in_the_readme_exist(self):
        table = (ROOT / "src/cmd/command_table.cc").read_text()
        commands = set(re.findall(r'^    \{"([a-z-]+)",\s+weft::', table, re.MULTILINE))
        self.assertTrue(commands)
        table = re.findall(r"^\| `weft ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
        self.assertEqual(sorted(commands), sorted(table))

    def test_linked_files_exist(self):
        problems = []
        for path in documents():
            for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text()):
                if not (path.parent / link).exists():
                    problems.append(f"{place(path)}: {link}")
        self.missing(problems)

    def test_named_tests_exist(self):
        tests = set(re.findall(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)", self.code))
        suites = {suite for suite, _ in tests}
        problems = []
        for path in sorted((ROOT / "docs" / "types").glob("*.md")):
            for suite, test in re.findall(r"`(?:\w+/)?(\w+)\.(\w+)(?:/\w+)?`", path.read_text()):
                if suite in suites and test not in {name for of, name in tests if of == suite}:
                    problems.append(f"{place(path)}: {suite}.{test}")
        self.missing(problems)

    def test_each_kind_of_bad_input_has_its_test(self):
        tests = set(re.findall(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)", self.code))
        rows = [line for line in (ROOT / "docs/bad-input.md").read_text().splitlines()
                if line.startswith("| ") and not line.startswith("| what ")]
        self.assertGreater(len(rows), 40)
        problems = []
        for row in rows:
            what, _, code, _, named = [cell.strip() for cell in row.strip("|").split("|")]
            proofs = re.findall(r"`(\w+)\.(\w+)`", named)
            problems += [f"{what}: {suite}.{test}" for suite, test in proofs if (suite, test) not in tests]
            if not proofs or not re.fullmatch(r"-|[0-5](, [0-5])*", code):
                problems.append(f"{what}: no test, or no exit code")
        self.missing(problems)

    def test_code_named_in_the_architecture_exists(self):
        text = (ROOT / "ARCHITECTURE.md").read_text()
        names = re.findall(r"`([A-Za-z_]+(?:::[A-Za-z_]+)+)`", text) + re.findall(r"`(i\d+_\w+)`", text)
        self.assertTrue(names)
        self.missing([name for name in names if name.rsplit("::", 1)[-1] not in self.code])

    def test_paths_named_in_documents_exist(self):
        problems = []
        for path in documents():
            for name in re.findall(r"`((?:src|test|tools|cmake|docs|bench|demo|fuzz)/[\w./]+\.(?:h|cc|py|sh|txt|md))`", path.read_text()):
                if not (ROOT / name).exists() and "<" not in name:
                    problems.append(f"{place(path)}: {name}")
        self.missing(problems)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
