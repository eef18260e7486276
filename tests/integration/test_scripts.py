#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the scripts say to who calls them wrongly. Nothing is built or run."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def script(name, *args):
    return subprocess.run([ROOT / "scripts" / name, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)


class Arguments(unittest.TestCase):
    def refused(self, name, args, message):
        done = script(name, *args)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(message, done.stderr)

    def test_test(self):
        self.refused("test", ["--only", "nope"], 'there is no suite "nope"; --only wants one of: format')
        self.refused("test", ["--only"], "--only wants one of: format")
        self.refused("test", ["unit"], "for this suite alone: --only unit")
        self.refused("test", ["--nope"], "unknown option --nope; try --help")
        for value in ([], ["0"], ["two"]):
            self.refused("test", ["--lanes", *value], "--lanes wants a whole number from 1 on")

    def test_vm_test(self):
        for value in ("0", "-1", "two", "1.5"):
            self.refused("vm-test", ["--jobs", value], f'--jobs wants a whole number from 1 on, not "{value}"')
        self.refused("vm-test", ["--memory", "0"], "--memory wants")
        self.refused("vm-test", ["nope"], "there is no scenario nope")

    def test_vm_test_lists_what_there_is(self):
        listed = script("vm-test", "--list").stdout.splitlines()
        names = {path.stem for path in (ROOT / "tests" / "vm").glob("*.sh")}
        self.assertEqual({line.split()[0] for line in listed}, names)
        for line in listed:
            self.assertRegex(line, r"^\S+ +\S+ \S+", "with what it is")
        self.assertIn("No other file of this host is in the machine", script("vm-test", "--help").stdout)

    def test_every_suite_is_in_the_help(self):
        shown = script("test", "--help").stdout
        for path in (ROOT / "scripts" / "suites").glob("*.sh"):
            self.assertRegex(shown, rf"(?m)^  {re.escape(path.stem)} +\S")


if __name__ == "__main__":
    unittest.main()
