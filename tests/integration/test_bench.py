#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sentinel bench`: that it measures and says so. What the figures are is no matter of a test."""

import json
import os
import signal
import subprocess
import time
import unittest

SENTINEL = os.environ.get("SENTINEL", "sentinel")
PATIENCE = 300
OPTIONAL = {"bwrap --unshare-all", "nsjail"}


def bench(*args):
    return subprocess.run([SENTINEL, "bench", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE)


class Bench(unittest.TestCase):
    def test_every_figure_has_its_place(self):
        done = bench("--rounds", "8", "--only", "spawn", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        self.assertFalse(document["interrupted"])
        self.assertEqual(document["host"]["processors"], os.sysconf("SC_NPROCESSORS_ONLN"))
        (scenario,) = document["scenarios"]
        self.assertEqual((scenario["name"], scenario["unit"], scenario["rounds"]), ("spawn", "ns", 8))
        for contender in scenario["contenders"]:
            if contender["name"] in OPTIONAL and contender["why_not"]:
                continue
            self.assertEqual((contender["count"], contender["why_not"]), (8, None), contender["name"])
            self.assertFalse(contender["missing"])
            self.assertGreaterEqual(contender["spread"], 0)
            for figure in ("median", "ratio"):
                low, value, high = (contender[figure][key] for key in ("low", "value", "high"))
                self.assertTrue(0 < low <= value <= high, (contender["name"], figure))
            self.assertGreaterEqual(contender["p99"]["value"], contender["median"]["value"])
            self.assertIsNone(contender["p99"]["high"])
        self.assertGreater(scenario["p99_rounds"], 8)
        first = scenario["contenders"][0]
        self.assertEqual((first["ratio"]["low"], first["ratio"]["value"], first["ratio"]["high"]), (1, 1, 1))

    def test_goals_are_judged(self):
        document = json.loads(bench("--rounds", "6", "--only", "spawn", "--json").stdout)
        (scenario,) = document["scenarios"]
        counted = dict.fromkeys(("met", "missed", "undecided", "not measured"), 0)
        for goal in scenario["goals"]:
            counted[goal["state"]] += 1
            low, high = goal["low"], goal["high"]
            if goal["state"] == "not measured":
                self.assertIsNone(goal["value"])
            elif "at_most" in goal:
                limit = goal["at_most"]
                state = "met" if high <= limit else "missed" if low > limit else "undecided"
                self.assertEqual(goal["state"], state)
            else:
                limit = goal["at_least"]
                state = "met" if low >= limit else "missed" if high < limit else "undecided"
                self.assertEqual(goal["state"], state)
        self.assertEqual(document["goals"], counted)
        self.assertEqual(sum(counted.values()), 5)
        (ours,) = (goal for goal in scenario["goals"] if goal["contender"] == "live sandbox, next run")
        self.assertNotEqual(ours["state"], "not measured")

    def test_goals_name_what_there_is(self):
        """A contender that is renamed would leave its goal unmeasured in silence."""
        known = {"pooled sandbox", "pooled sandboxes"}
        some = [part for name in ("spawn", "python", "throughput-2") for part in ("--only", name)]
        document = json.loads(bench("--rounds", "1", *some, "--json").stdout)
        for scenario in document["scenarios"]:
            names = {contender["name"] for contender in scenario["contenders"]}
            for goal in scenario["goals"]:
                self.assertIn(goal["contender"], names | known)
                if goal["to"]:
                    self.assertIn(goal["to"], names | known)

    def test_what_is_missing_is_no_failure(self):
        environment = {**os.environ, "PATH": "/nowhere"}
        done = subprocess.run([SENTINEL, "bench", "--rounds", "1", "--only", "spawn"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^  nsjail +not tried: nsjail: No such file or directory$")

    def test_a_single_round_has_no_interval(self):
        document = json.loads(bench("--rounds", "1", "--only", "cpu-figure", "--json").stdout)
        median = document["scenarios"][0]["contenders"][0]["median"]
        self.assertGreater(median["value"], 0)
        self.assertEqual((median["low"], median["high"]), (None, None))

    def test_the_table_names_all(self):
        done = bench("--rounds", "1", "--only", "throughput-2")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^throughput-2: .* \(1 rounds?\)$")
        for name in ("posix_spawn", "live sandboxes, next run", "new sandboxes"):
            self.assertRegex(done.stdout, rf"(?m)^  {name} .* /s ")

    def test_the_list_runs_nothing(self):
        done = bench("--list")
        self.assertEqual(done.returncode, 0)
        names = [line.split()[0] for line in done.stdout.splitlines()]
        self.assertIn("spawn", names)
        self.assertIn("crowd", names)
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(bench("--list", "--only", "throughput-*").stdout.count("\n"), 5)

    def test_bad_input(self):
        for args, says in ((["--rounds"], "wants a value"), (["--rounds", "0"], "at least 1"),
                           (["--rounds", "many"], "whole number"), (["--only", "nothing"], "no scenario"),
                           (["--fast"], "no option of bench"), (["spawn"], "no option of bench")):
            done = bench(*args)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)
            self.assertIn(says, done.stderr)
        done = bench("--json", "--rounds", "-1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("error", json.loads(done.stdout))

    def test_a_signal_ends_it_with_what_there_is(self):
        with subprocess.Popen([SENTINEL, "bench", "--only", "spawn", "--rounds", "100000", "--json"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGINT)
        document = json.loads(out)
        self.assertTrue(document["interrupted"])
        self.assertGreater(document["scenarios"][0]["contenders"][0]["count"], 0)


if __name__ == "__main__":
    unittest.main()
