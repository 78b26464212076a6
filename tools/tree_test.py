#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checkers themselves, on small made-up trees: a rule that is broken must be noticed.

  tools/tree_test.py [TEST...]
"""
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS))
import cpp_text  # noqa: E402  (after the path is set)

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "// Thing: a thing.\n#pragma once\n"
MODULES = """\
# comment
base | - | fmt | leaf tools
model | base | - | values
engine/x | model base | mysql mariadb | a connection
cmd | * | CLI | main
"""
GOOD = {
    "cmake/modules.txt": MODULES,
    "src/base/thing.h": HEADER + "#include <string>\n#include <sys/types.h>\n",
    "src/base/thing.cc": SPDX + '#include "base/thing.h"\n#include <fmt/core.h>\n#include <unistd.h>\n',
    "src/base/thing_test.cc": SPDX + '#include <gtest/gtest.h>\n#include "base/thing.h"\n#include "sim/clock.h"\n',
    "src/model/value.h": HEADER + '#include "base/thing.h"\n',
    "src/engine/x/connection.cc": SPDX + '#include <mysql.h>\n#include "model/value.h"\n',
    "src/cmd/main.cc": SPDX + '#include "engine/x/connection.h"\n#include "base/thing.h"\n#include <CLI/CLI.hpp>\n',
    "test/sim/clock.h": HEADER,
}


class Tree(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = Path(self._folder.name)

    def write(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run_tool(self, tool, *arguments):
        run = subprocess.run([sys.executable, str(TOOLS / tool), "--root", str(self.root), *arguments],
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.stderr, "")
        return run.returncode, run.stdout

    def assert_passes(self, tool):
        code, words = self.run_tool(tool)
        self.assertEqual(code, 0, words)

    def assert_fails(self, tool, expected):
        code, words = self.run_tool(tool)
        self.assertEqual(code, 1, words)
        self.assertIn(expected, words)

    def git(self, *arguments):
        subprocess.run(["git", "-C", str(self.root), "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments],
                       check=True, capture_output=True, env=dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null"))


class IncludeRules(Tree):
    def setUp(self):
        super().setUp()
        self.write(GOOD)
        _, table = self.run_tool("check_includes.py", "--print-table")
        self.write({"ARCHITECTURE.md": f"# Architecture\n\n{table}\nwords\n"})

    def assert_breaks(self, name, text, expected):
        self.write({name: text})
        self.assert_fails("check_includes.py", expected)

    def test_a_good_tree_passes(self):
        self.assert_passes("check_includes.py")

    def test_an_include_that_is_not_allowed(self):
        self.assert_breaks("src/base/thing.cc", SPDX + '#include "model/value.h"\n', "base may not include model")

    def test_an_include_with_spaces_is_seen(self):
        self.assert_breaks("src/base/thing.cc", SPDX + ' #  include "model/value.h"\n', "base may not include model")

    def test_an_include_beside_the_file_is_not_from_the_root(self):
        self.assert_breaks("src/base/thing.cc", SPDX + '#include "thing.h"\n', "is in no module")

    def test_a_third_party_header_in_a_header(self):
        self.assert_breaks("src/base/thing.h", HEADER + "#include <fmt/core.h>\n", "in a header of ours")

    def test_a_third_party_header_away_from_home(self):
        self.assert_breaks("src/model/value.cc", SPDX + "#include <mysql/mysql.h>\n", "model may not use mysql")

    def test_an_unknown_header(self):
        self.assert_breaks("src/base/thing.cc", SPDX + "#include <nlohmann/json.hpp>\n", "is unknown")

    def test_a_test_library_outside_of_tests(self):
        self.assert_breaks("src/base/thing.cc", SPDX + '#include "sim/clock.h"\n', "is in no module")
        self.assert_breaks("src/base/thing.cc", SPDX + "#include <gtest/gtest.h>\n", "belongs in *_test.cc")

    def test_a_folder_that_is_not_listed(self):
        self.assert_breaks("src/util/x.cc", SPDX, "its folder is not in cmake/modules.txt")

    def test_a_sub_folder_that_is_not_listed(self):
        self.assert_breaks("src/engine/y/x.cc", SPDX, "its folder is not in cmake/modules.txt")

    def test_a_listed_module_without_a_folder(self):
        self.assert_breaks("cmake/modules.txt", MODULES + "ghost | base | - | nothing\n", "ghost has no sources")

    def test_a_module_that_includes_no_module(self):
        self.assert_breaks("cmake/modules.txt", MODULES.replace("model | base", "model | base gone"), "is no module")

    def test_a_malformed_line(self):
        self.assert_breaks("cmake/modules.txt", MODULES + "half | base\n", "expected 'module |")

    def test_a_cycle(self):
        self.assert_breaks("cmake/modules.txt", MODULES.replace("base | -", "base | model"), "cycle base -> model")

    def test_a_stale_page(self):
        self.assert_breaks("cmake/modules.txt", MODULES.replace("values", "rows"), "ARCHITECTURE.md: the folder table")
        self.assertEqual(self.run_tool("check_includes.py", "--write-table")[0], 0)
        self.assert_passes("check_includes.py")
        self.assertTrue((self.root / "ARCHITECTURE.md").read_text().endswith("\nwords\n"))

    def test_a_page_without_the_table(self):
        self.assert_breaks("ARCHITECTURE.md", "# Architecture\n", "has no folder table")

    def test_a_wrong_include_beside_src(self):
        self.assert_breaks("fuzz/fuzz_x.cc", SPDX + '#include "nowhere/x.h"\n', "is in no module and not in fuzz/")


class StyleRules(Tree):
    def breaks(self, name, text, expected):
        self.write({name: text})
        self.assert_fails("check_style.py", expected)
        (self.root / name).unlink()

    def passes(self, name, text):
        self.write({name: text})
        self.assert_passes("check_style.py")
        (self.root / name).unlink()

    def test_a_good_tree_passes_and_tells_the_median(self):
        self.write(GOOD)
        code, words = self.run_tool("check_style.py")
        self.assertEqual(code, 0, words)
        self.assertIn("7 C++ files, median 4 lines", words)

    def test_long_files_give_a_reason(self):
        body = "int x;\n" * 400
        self.breaks("src/base/a.cc", SPDX + body, "401 lines")
        self.breaks("src/base/a.cc", SPDX + "// long file:\n" + body, "402 lines")
        self.passes("src/base/a.cc", SPDX + "// Tables. long file: generated from the standard.\n" + body)

    def test_long_functions(self):
        def function(lines):
            return SPDX + "namespace weft {\nint f(int a) {\n" + "  ++a;\n" * (lines - 1) + "}\n}\n"
        self.breaks("src/base/a.cc", function(71), "src/base/a.cc:3: a function of 71 lines")
        self.passes("src/base/a.cc", function(70))

    def test_the_ratchet_only_shrinks(self):
        self.write({"src/base/a.cc": SPDX + "void f() {\n" + "  g();\n" * 89 + "}\n",
                    "tools/style_ratchet.txt": "src/base/a.cc 90\n"})
        self.assert_passes("check_style.py")
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "base: begin")
        self.assert_passes("check_style.py")
        self.write({"tools/style_ratchet.txt": "src/base/a.cc 95\n"})
        self.assert_fails("check_style.py", "a.cc grew to 95")
        self.assert_fails("check_style.py", "a.cc got shorter: write 90")
        self.write({"tools/style_ratchet.txt": "src/base/a.cc 80\n"})
        self.assert_fails("check_style.py", "a function of 90 lines, over 80")
        self.write({"tools/style_ratchet.txt": "src/base/a.cc 90\nsrc/base/gone.cc 90\n"})
        self.assert_fails("check_style.py", "gone.cc is gone")
        self.write({"src/base/a.cc": SPDX, "tools/style_ratchet.txt": "src/base/a.cc 90\n"})
        self.assert_fails("check_style.py", "got shorter: remove the line")

    def test_banned_words(self):
        for line, words in [
                ("#include <iostream>", "<iostream>"), ("void f() { std::cout << 1; }", "<iostream>"),
                ("#include <regex>", "<regex>"), ("#include <ranges>", "views"), ("auto a = std::views::all(b);", "views"),
                ("#include <cassert>", "CHECK"), ("void f() { assert(true); }", "CHECK"),
                ("std::mutex m;", "naked mutex"), ("std::shared_mutex m;", "naked mutex"),
                ("auto t = std::chrono::steady_clock::now();", "Clock"), ("auto t = system_clock::now();", "Clock"),
                ("std::random_device d;", "Rng"), ("#include <gmock/gmock.h>", "gmock")]:
            with self.subTest(line):
                self.breaks("src/model/a.cc", SPDX + line + "\n", words)

    def test_what_looks_like_a_banned_word_passes(self):
        self.passes("src/model/a.cc", SPDX + "static_assert(true);\n// std::cout, assert(x)\nauto a = \"std::mutex\";\n"
                    "auto b = R\"(assert(1))\";\nint c = 1'000'000;\nchar d = '\"';\n")

    def test_homes_of_banned_words(self):
        self.passes("src/base/a.cc", SPDX + "std::mutex m;\nauto t = steady_clock::now();\nstd::random_device d;\n")
        self.passes("test/support/a.cc", SPDX + "auto t = steady_clock::now();\nvoid f() { this_thread::sleep_for(1); }\n")

    def test_sleep_in_tests(self):
        line = "void f() { std::this_thread::sleep_for(1s); }\n"
        self.breaks("src/base/a_test.cc", SPDX + line, "waits for a condition")
        self.breaks("test/live/a.cc", SPDX + line, "waits for a condition")
        self.passes("src/base/a.cc", SPDX + line)

    def test_headers(self):
        self.breaks("src/base/a.h", SPDX + "// A.\n", "#pragma once is missing")
        self.breaks("src/base/a.h", SPDX + "#pragma once\n", "opens with a comment")
        self.breaks("src/base/a.h", HEADER + "using namespace std;\n", "using namespace in a header")
        self.passes("src/base/a.cc", SPDX + "using namespace std::chrono_literals;\n")

    def test_spdx(self):
        self.breaks("src/base/a.cc", "// A.\n", "the first line must be")
        self.breaks("fuzz/a.cc", "\n" + SPDX, "the first line must be")
        self.breaks("tools/a.py", "#!/usr/bin/env python3\n", "must stand in the first two lines")
        self.passes("tools/a.sh", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")

    def test_notes_carry_a_kind(self):
        for word in ("TO" "DO", "FIX" "ME"):
            self.breaks("src/base/a.cc", SPDX + f"// {word}: later\n", "without a kind")
            self.passes("src/base/a.cc", SPDX + f"// {word}(perf): later\n")

    def test_texts(self):
        for line, words in [("see /" "work/x", "path of one machine"), ("in ." "library/x", "path of one machine"),
                            ("fixes issue #" "12", "issue number"), ("from pypi." "org", "registry"),
                            ("https://registry." "npmjs.org/x", "registry"), ("`ghcr." "io/x`", "registry")]:
            with self.subTest(line):
                self.breaks("docs/a.md", line + "\n", words)
        self.passes("docs/a.md", "the network/work/x folder, a.library, std::library, issue 12 of the list\n")

    def test_commit_messages(self):
        self.write({"README.md": "x\n"})
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "docs: begin", "-m", "Closes issue #" "7.")
        self.assert_fails("check_style.py", "an issue number")

    def test_untracked_files_count_and_ignored_ones_do_not(self):
        self.write({"a.cc": "", ".gitignore": "/build/\n", "build/a.md": "issue #" "1\n"})
        self.git("init", "-q")
        self.assert_passes("check_style.py")
        self.write({"src/base/a.cc": "int a;\n"})
        self.assert_fails("check_style.py", "src/base/a.cc:1: the first line")

    def test_measures_headers(self):
        self.write({"src/base/a.h": HEADER + "int a();\n"})
        code, words = self.run_tool("check_style.py", "--headers")
        self.assertEqual(code, 0, words)
        self.assertIn("base/a.h", words)
        self.write({"src/base/b.h": HEADER + "std::string b();\n"})
        code, words = self.run_tool("check_style.py", "--headers")
        self.assertEqual(code, 1, words)
        self.assertIn("src/base/b.h: does not compile alone", words)


class Functions(unittest.TestCase):
    """What counts as a function, and from where to where."""

    def found(self, text):
        return [tuple(one) for one in cpp_text.functions(cpp_text.blank_comments_and_strings(textwrap.dedent(text)))]

    def test_functions_of_every_shape(self):
        for text in ["int f() {\n  a;\n}\n", "TEST(A, B) {\n  a;\n}\n", "auto f(int a = 3) -> int {\n  a;\n}\n",
                     "bool operator==(A a, B b) {\n  a;\n}\n", "struct stat read(const char* name) {\n  a;\n}\n",
                     "template <class T> requires(sizeof(T) > 1)\nT f() {\n  a;\n}\n".replace("\nT", " T"),
                     "std::map<int, std::function<void(int)>> f() {\n  a;\n}\n", "A::A() : b_(1), c_{2} {\n  a;\n}\n",
                     "A::~A() {\n  a;\n}\n", "Status A::f(Span<int> x) const noexcept {\n  a;\n}\n",
                     "const auto kF = [](int a) {\n  a;\n};\n", "A::operator bool() const {\n  a;\n}\n"]:
            with self.subTest(text):
                self.assertEqual(self.found(text), [(1, 2)])

    def test_what_is_no_function(self):
        for text in ["namespace weft {\nint a;\n}\n", "class A final : public B<int(int)> {\n  int a;\n};\n",
                     "enum class A : uint8_t {\n  kA\n};\n", "struct alignas(64) A {\n  int a;\n};\n",
                     "const std::array<int, 2> kA = {\n  1,\n};\n", "const Row kRows[] = {\n  {1, f(2)},\n};\n",
                     "extern \"C\" {\nint f();\n}\n", "constexpr std::pair<A, B> kA[]{\n  {1, 2},\n};\n",
                     "class [[nodiscard]] A {\n  int a;\n};\n", "namespace {\nint a;\n}\n",
                     "#define F(x) {\\\n x \\\n", "struct A::B : C {\n  int a;\n};\n"]:
            with self.subTest(text):
                self.assertEqual(self.found(text), [])

    def test_methods_inside_classes_and_braces_inside_functions(self):
        self.assertEqual(self.found("""\
            namespace weft {
            class A {
             public:
              A() = default;
              void f() {
                if (a) { b({1, 2}); }
                auto g = [] { return '}'; };  // }
              }
              int h() const { return 1; }
            };
            void i() {
              "}";
            }
            }  // namespace weft
            """), [(5, 3), (9, 0), (11, 2)])


if __name__ == "__main__":
    unittest.main()
