#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed: the systemd unit holds what docs/operation.md promises, and systemd has nothing to say against it.

  test/docs/packaging_test.py
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
UNIT = ROOT / "packaging/systemd/weft@.service.in"


class Unit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = UNIT.read_text()
        cls.settings = dict(re.findall(r"^(\w+)=(.*)$", cls.text, re.MULTILINE))

    def test_exit_codes_that_want_a_person_do_not_restart(self):
        header = (ROOT / "src/cmd/commands.h").read_text()
        codes = {name: code for name, code in re.findall(r"int kExit(\w+) = (\d+);", header)}
        wanted = {codes["Usage"], codes["BeforeStart"], codes["Taken"]}
        self.assertEqual(wanted, set(self.settings["RestartPreventExitStatus"].split()))
        self.assertEqual("on-failure", self.settings["Restart"])

    def test_state_and_secrets_are_for_its_user_alone(self):
        self.assertEqual("0700", self.settings["StateDirectoryMode"])
        self.assertEqual("0077", self.settings["UMask"])
        self.assertEqual("0", self.settings["LimitCORE"])
        self.assertIn("EnvironmentFile", self.settings)
        self.assertNotIn("://", self.settings["ExecStart"])

    def test_flags_of_the_command_exist(self):
        code = "".join(path.read_text() for path in (ROOT / "src/cmd").glob("*.cc"))
        flags = re.findall(r"--[a-z-]+", self.settings["ExecStart"])
        self.assertTrue(flags)
        self.assertEqual([], [flag for flag in flags if f'"{flag}"' not in code])

    def test_systemd_understands_every_line(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze")
        with tempfile.TemporaryDirectory() as folder:
            stub = Path(folder) / "bin" / "weft"
            stub.parent.mkdir()
            stub.write_text("#!/bin/sh\n")
            stub.chmod(0o755)
            unit = Path(folder) / "weft@shop.service"
            unit.write_text(self.text.replace("@CMAKE_INSTALL_FULL_BINDIR@", str(stub.parent)))
            said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
            complaints = [line for line in said.stderr.splitlines() if "weft@" in line or str(unit) in line]
            self.assertEqual([], complaints)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
