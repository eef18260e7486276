#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a result says of figures that something else disturbed: $SENTINEL is the command.

No figure is held against the clock: those of one run are compared with each other.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SENTINEL = os.environ.get("SENTINEL", "sentinel")
MUST_WORK = os.environ.get("SN_MUST_WORK") == "1" or os.environ.get("CI") == "true"

BURN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


def skip(test, why):
    if MUST_WORK:
        test.fail(f"skipped, and must work: {why}")
    test.skipTest(why)


def run(test, *options, seconds=0.3):
    command = [SENTINEL, "exec", "--json", *options, "--", "/usr/bin/python3", "-I", "-S", "-c", BURN.format(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    document = json.loads(done.stdout)
    if "error" in document:
        if document["error"]["code"] == "SN_EHOST":
            skip(test, document["error"]["message"])
        test.fail(document["error"]["message"])
    return document["run"] if "run" in document else document


class Suspect(unittest.TestCase):
    def assert_says(self, result, reason, words):
        self.assertIn(reason, result["suspect"]["reasons"])
        self.assertTrue(any(words in note for note in result["notes"]), result["notes"])

    def test_a_neighbour_on_the_same_processor(self):
        with open("/proc/self/schedstat", encoding="ascii") as file:
            if file.read().split()[0] == "0":
                skip(self, "this kernel does not count how long a process waits for a processor")
        cpu = max(os.sched_getaffinity(0))
        alone = run(self, "--cpus", str(cpu))["cpu_ns"]
        neighbour = subprocess.Popen(
            [sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"]
        )
        try:
            result = run(self, "--cpus", str(cpu))
        finally:
            neighbour.kill()
            neighbour.wait()
        self.assert_says(result, "waited", "waited for a processor")
        waited, wall, burnt = result["suspect"]["waited_ns"], result["wall_ns"], result["cpu_ns"]
        self.assertGreaterEqual(waited, wall // 20)
        self.assertLessEqual(waited, wall)
        # The wall figure has the neighbour in it, the CPU figure has not.
        self.assertLess(burnt, wall)
        self.assertLess(burnt, 2 * alone)
        self.assertGreater(burnt + waited + result["suspect"]["stolen_ns"], wall // 2)

    def test_a_short_run_is_not_looked_at(self):
        result = run(self, seconds=0)
        if result["wall_ns"] >= 50_000_000:
            self.skipTest("it took long all the same")
        self.assertEqual(result["suspect"], {"reasons": [], "waited_ns": 0, "stolen_ns": 0, "throttled_above_ns": 0})

    def test_what_its_own_limit_holds_back_is_no_disturbance(self):
        result = run(self, "--cpu-percent", "30")
        self.assertGreater(result["throttled_ns"], 0)
        self.assertNotIn("throttled_above", result["suspect"]["reasons"])
        self.assertEqual(result["suspect"]["throttled_above_ns"], 0)

    def test_a_group_above_that_is_throttled(self):
        """v1: our own group there is above the sandbox's; v2: one that is named as the parent."""
        if os.geteuid() != 0:
            skip(self, "needs root, to make a group")
        options = []
        memberships = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        v1 = [m[1] for m in mounts if m[2] == "cgroup" and "cpu" in m[3].split(",")]
        v2 = [m[1] for m in mounts if m[2] == "cgroup2"]
        if v1:
            path = Path(v1[0] + memberships[next(name for name in memberships if "cpu" in name.split(","))])
        elif v2:
            path = Path(v2[0])
        else:
            skip(self, "no cgroups")
        group = Path(tempfile.mkdtemp(prefix="sentinel-test-", dir=path))
        try:
            if v1:
                (group / "cpu.cfs_quota_us").write_text("30000")
                join = f"echo $$ >{group}/cgroup.procs; exec \"$@\""
            else:
                (group / "cpu.max").write_text("30000 100000")
                options = ["--cgroup-parent", str(group)]
                join = 'exec "$@"'
            command = [SENTINEL, "exec", "--json", *options, "--", "/usr/bin/python3", "-I", "-S", "-c", BURN.format(0.3)]
            done = subprocess.run(["/bin/sh", "-c", join, "sh", *command], stdout=subprocess.PIPE, check=False)
            result = json.loads(done.stdout)
        finally:
            for directory in (group / "sentinel", group):
                if directory.exists():
                    directory.rmdir()
        self.assertNotIn("error", result)
        result = result.get("run", result)
        self.assert_says(result, "throttled_above", "was throttled")
        self.assertGreater(result["suspect"]["throttled_above_ns"], result["wall_ns"] // 20)


if __name__ == "__main__":
    unittest.main()
