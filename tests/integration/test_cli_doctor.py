#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `sentinel doctor` says. Environment as for test_cli.py."""

import json
import os
import re
import shutil
import subprocess
import unittest

from test_cli import PATIENCE, ROOT, SENTINEL, WHY_NOT, CliTest, needs_sandbox, sentinel

LAYERS = re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|$",
                    (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").split("### Layers")[1], re.MULTILINE)


class Doctor(CliTest):
    def test_doctor(self):
        done = sentinel("doctor", "--json")
        document = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if document["works"] else 1)
        self.assertEqual(document["works"], WHY_NOT is None)
        self.assertTrue(document["items"])
        for item in document["items"]:
            self.assertEqual(set(item), {"name", "status", "detail", "fix"})
            self.assertIn(item["status"], ("ok", "limited", "missing"))
        text = sentinel("doctor").stdout.decode()
        for item in document["items"]:
            self.assertIn(item["name"], text)
        lines = text.splitlines()
        self.assertEqual([number for number, line in enumerate(lines) if not line], [len(lines) - 2], text)
        for line in lines[:-2]:
            self.assertRegex(line, r"^(ok|limited|missing|) +\S")
        self.assertNotRegex(text, r",\S+ /sys/fs/cgroup", "groups run together")
        for option in ("--only", "--only=x", "--controls"):
            done = sentinel("doctor", option)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"goes with --attack", done.stderr)

    @needs_sandbox
    def test_doctor_names_the_layers_that_are_not_there(self):
        trial = json.loads(sentinel("doctor", "--json").stdout)["trial"]
        missing = set(LAYERS) - set(trial["layers"]["in_force"])
        last = sentinel("doctor").stdout.decode().splitlines()[-1]
        self.assertRegex(last, r"^This host can run Sentinel: a sandbox with every layer.* ran /bin/true \(cpu .* ms, ")
        named = re.search(r"every layer(?: but (.*))? ran", last).group(1) or ""
        self.assertEqual(set(re.sub(r" \(.*?\)", "", named).split(", ")) - {""}, missing)
        self.assertLessEqual(missing, {"apparmor", "landlock"})
        for layer in missing:
            self.assertRegex(named, rf"\b{layer} \(.+\)", "and why")

    def test_doctor_says_a_thing_once(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("needs root and setpriv")
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SENTINEL, "doctor"]
        done = subprocess.run(user, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        if done.returncode == 0:
            self.skipTest("nobody can make sandboxes here")
        lines = done.stdout.decode().splitlines()
        fixes = [line.split("fix: ", 1)[1] for line in lines if " fix: " in line and "fix: see " not in line]
        for fix in fixes:
            self.assertEqual(sum(fix in line for line in lines), 1, fix)
        self.assertRegex(lines[-1], r'^This host cannot run Sentinel yet: ')


if __name__ == "__main__":
    unittest.main()
