#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Python program finds the same, and does the same, as a fork of a template as after an exec: each program in
template/ is run both ways. Environment as for test_cli.py."""

import json
import pathlib
import re
import unittest

from test_cli import CliTest, needs_sandbox, sentinel

PROGRAMS = pathlib.Path(__file__).with_name("template")
FORKED = "start: by exec"
# addresses, numbers of processes and threads, and how long something took are nobody's to compare
VOLATILE = re.compile(r"0x[0-9a-f]{6,}|\b1[34]\d{13}\b|started \d{12,}|in \d+\.\d{3}s|thread \d+")


@needs_sandbox
class Template(CliTest):
    def result(self, program, start):
        self.write("main.py", program.read_text(encoding="utf-8"))  # not by a name that one of them imports
        done = sentinel("run", "--json", "--start", start, "--cpu-ms", 1500, "--memory-kb", 131072, "--pids", 20,
                        "--output-kb", 1024, "--env", "X=y", "main.py", "--", "one", "t w o",
                        input=b"line one\nline two\n", cwd=self.dir)
        return json.loads(done.stdout)["run"]

    def test_is_the_same(self):
        for program in sorted(PROGRAMS.glob("*.py")):
            with self.subTest(program.stem):
                by_exec, forked = (self.result(program, start) for start in ("exec", "template"))
                if any(note.startswith(FORKED) for note in forked["notes"]):
                    self.skipTest("no template can be used here")
                for key in ("verdict", "limit", "exit_code", "signal", "stdout_truncated"):
                    self.assertEqual(by_exec[key], forked[key], key)
                for key in ("stdout", "stderr"):
                    self.assertEqual(VOLATILE.sub("", by_exec[key]), VOLATILE.sub("", forked[key]))
                self.assertEqual(bool(by_exec["denied"]), bool(forked["denied"]))


if __name__ == "__main__":
    unittest.main()
