#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/bench: what its scripts make of results, and what they say of bad input. Nothing is measured."""

import json
import math
import os
import pathlib
import runpy
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "bench"


def script(name, *args, **kwargs):
    return subprocess.run([FOLDER / name, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          **kwargs)


def three(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def contender(name, value, ratio, why_not=None):
    return {"name": name, "count": 9, "why_not": why_not, "missing": bool(why_not), "spread": 0.1,
            "median": three(value), "p99": three(value), "ratio": three(ratio, ratio and ratio * 0.9, ratio and ratio * 1.1)}


RESULTS = {
    "sentinel": "0.1.0", "host": {"kernel": "6.1", "processors": 2}, "interrupted": False, "goals": {},
    "scenarios": [{
        "name": "spawn", "title": "a program", "unit": "ns", "rounds": 9, "p99_rounds": 368,
        "contenders": [contender("posix_spawn", 6e5, 1), contender("new sandbox", 3e6, 5),
                       contender("nsjail", None, None, "nsjail: No such file or directory")],
        "goals": [{"contender": "new sandbox", "to": "posix_spawn", "at_most": 3, "state": "missed", **three(5, 4.5, 5.5)},
                  {"contender": "nsjail", "to": "new sandbox", "at_least": 2, "state": "not measured", **three(None)}]}],
}


class Plot(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.results = pathlib.Path(self.folder.name, "results.json")
        self.picture = pathlib.Path(self.folder.name, "results.svg")

    def plot(self, text, *args, **kwargs):
        self.results.write_text(text, encoding="utf-8")
        return script("plot", self.results, self.picture, *args, **kwargs)

    def test_a_picture(self):
        done = self.plot(json.dumps(RESULTS))
        if "needs matplotlib" in done.stderr:
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            if os.environ.get("SN_MUST_WORK") == "1" or os.environ.get("CI") == "true":
                self.fail(done.stderr)
            self.skipTest(done.stderr.strip())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        words = " ".join(xml.etree.ElementTree.parse(self.picture).getroot().itertext())
        for word in ("spawn: a program", "new sandbox", "nsjail: No such file", "goal: nsjail / new sandbox", "5.00"):
            self.assertIn(word, words)
        first = self.picture.read_bytes()
        self.plot(json.dumps(RESULTS))
        self.assertEqual(self.picture.read_bytes(), first)

    def test_bad_input(self):
        for text, args, says in (("no JSON", (), "not what sentinel bench --json prints"),
                                 ("{}", (), "not what sentinel bench --json prints"),
                                 (json.dumps(RESULTS), ("--only", "nothing"), "no scenario")):
            done = self.plot(text, *args)
            self.assertEqual((done.returncode, done.stdout), (2, ""), text)
            self.assertIn(says, done.stderr)
        self.assertIn("No such file", script("plot", "/nowhere.json", self.picture).stderr)

    def test_it_says_what_it_needs(self):
        pathlib.Path(self.folder.name, "matplotlib.py").write_text("raise ImportError\n", encoding="ascii")
        done = self.plot(json.dumps(RESULTS), env={**os.environ, "PYTHONPATH": self.folder.name})
        self.assertEqual(done.returncode, 2)
        self.assertIn("apt-get install python3-matplotlib", done.stderr)


class Compare(unittest.TestCase):
    def setUp(self):
        self.module = runpy.run_path(str(FOLDER / "compare"), run_name="compare")

    def test_intervals(self):
        interval = self.module["median_interval"]
        self.assertEqual(interval([1, 2, 3, 4, 5, 6]), (3.5, 1, 6))
        self.assertEqual(interval(range(1, 21)), (10.5, 6, 15))
        middle, low, high = interval([1, 2])
        self.assertEqual(middle, 1.5)
        self.assertTrue(math.isnan(low) and math.isnan(high))

    def test_judgements(self):
        judge = self.module["judge"]
        self.assertEqual([judge(0.8, 0.9, False), judge(0.8, 0.9, True)], ["faster", "slower"])
        self.assertEqual([judge(1.1, 1.2, False), judge(1.1, 1.2, True)], ["slower", "faster"])
        self.assertEqual([judge(0.9, 1.1, False), judge(float("nan"), float("nan"), True)], ["no difference seen"] * 2)

    def test_bad_input(self):
        done = script("compare", "no-such-revision")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no-such-revision", done.stderr)
        self.assertEqual(script("compare", "HEAD", "--blocks", "0").returncode, 2)


class Peers(unittest.TestCase):
    def test_what_is_missing_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            tools = pathlib.Path(folder, "tools")
            tools.mkdir()
            for name in ("bash", "mkdir", "env"):
                (tools / name).symlink_to(f"/usr/bin/{name}")
            done = script("peers", pathlib.Path(folder, "peers"), env={"PATH": str(tools)})
            self.assertEqual((done.returncode, done.stdout), (0, f"PATH={folder}/peers/bin:{tools}\n"))
            self.assertEqual(done.stderr, "missing: bwrap: apt-get install bubblewrap\n"
                                          "missing: nsjail: building it needs git (see --help for the packages)\n")

    def test_bad_input(self):
        self.assertEqual(script("peers").returncode, 2)
        self.assertEqual(script("peers", "--nope").returncode, 2)


if __name__ == "__main__":
    unittest.main()
