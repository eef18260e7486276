#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What docs/policies.md shows must work, and what docs/security.md counts must be so. $SENTINEL is the binary, $SENTINEL_DATA_DIR the policies."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SENTINEL = os.environ.get("SENTINEL", "sentinel")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "policies.md"


def code_blocks(text):
    """(line, code) of each indented block after an empty line; a list's continuation lines are indented by less."""
    blocks, lines = [], text.split("\n")
    start = None
    for number, line in enumerate(lines + ["end"]):
        if start is None:
            if line.startswith("    ") and (number == 0 or not lines[number - 1].strip()):
                start = number
        elif line.strip() and not line.startswith("    "):
            blocks.append((start + 1, "\n".join(entry[4:] for entry in lines[start:number]).rstrip() + "\n"))
            start = None
    return blocks


class Policies(unittest.TestCase):
    def test_every_code_block_is_a_policy(self):
        text = PAGE.read_text(encoding="utf-8")
        blocks = code_blocks(text)
        self.assertGreaterEqual(len(blocks), 4, "are the blocks still indented by four spaces?")
        self.assertNotIn("```", text, "a fenced block would not be looked at")
        environment = {"SENTINEL_DATA_DIR": str(ROOT / "policies"), **os.environ}
        for line, code in blocks:
            with self.subTest(line=line), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "shown.policy"
                path.write_text(code, encoding="utf-8")
                done = subprocess.run([SENTINEL, "policy", "check", str(path)], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=60, env=environment)
                self.assertEqual(done.returncode, 0, f"{PAGE.name}:{line}: {done.stderr}\n{code}")
                self.assertRegex(done.stdout, r"^ok: ")

    def test_named_policies_exist(self):
        """`base.policy` and the list behind it."""
        text = PAGE.read_text(encoding="utf-8")
        listed = re.search(r"`base\.policy` is the shared list; (.*?) use it\.\s+`(\w+)`", text, re.DOTALL)
        self.assertIsNotNone(listed)
        named = set(re.findall(r"`(\w+)`", listed.group(1))) | {listed.group(2), "base"}
        self.assertEqual(named, {path.stem for path in (ROOT / "policies").glob("*.policy")})


class Security(unittest.TestCase):
    def test_the_table_of_layers_is_made_from_the_manifests(self):
        table = subprocess.run([sys.executable, str(ROOT / "tests" / "attacks" / "by-layer")], capture_output=True,
                               text=True, timeout=60, check=True).stdout
        page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        self.assertTrue(table in page, "docs/security.md has an old one: tests/attacks/by-layer --write renews it")


if __name__ == "__main__":
    unittest.main()
