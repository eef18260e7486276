#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does `sentinel doctor --attack` see what it has to see? Attacks made for this, that lie, fail and get through."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

SENTINEL = os.environ.get("SENTINEL", "sentinel")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60

GOOD = {"title": "a title", "source": ["a test"], "safe": "it is refused", "stopped_by": ["seccomp"]}
SCENE = ["--bind", "{scene}:{scene}:rw"]
SETTLED = {"control": {"none": "this is a test"}}


class Corpus:
    """A directory of attacks; each is a shell script with a manifest."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.scenes = self.folder / "scenes"
        self.scenes.mkdir()
        self.folder.chmod(0o755)
        (self.folder / "made").mkdir()
        (self.folder / "attack.py").write_bytes((ROOT / "tests" / "attacks" / "attack.py").read_bytes())

    def add(self, name, script, **manifest):
        self.add_text(name, json.dumps({**GOOD, **manifest}), script)

    def add_text(self, name, manifest, script="echo HELD: it\n"):
        (self.folder / "made" / f"{name}.json").write_text(manifest)
        if script is not None:
            (self.folder / "made" / f"{name}.sh").write_text(script)

    def environment(self, **more):
        return {"SENTINEL_DATA_DIR": str(ROOT / "policies"), **os.environ, "SENTINEL_ATTACK_DIR": str(self.folder),
                "SENTINEL_ATTACK_PROGRAMS": str(self.folder), "TMPDIR": str(self.scenes), **more}

    def run(self, *args, **more):
        return subprocess.run([SENTINEL, "doctor", "--attack", *args], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE, env=self.environment(**more))

    def report(self, *args, **more):
        done = self.run("--json", *args, **more)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no document: {done.stdout}{done.stderr}") from None
        return done.returncode, document, {entry["name"]: entry for entry in document["attacks"]}


class Attack(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(temporary.cleanup)
        self.corpus = Corpus(temporary.name)

    def tearDown(self):
        self.assertEqual(list(self.corpus.scenes.iterdir()), [], "a scene was left behind")

    def only(self, *args, **more):
        """The report of the only attack there is."""
        status, _document, attacks = self.corpus.report(*args, **more)
        (entry,) = attacks.values()
        return status, entry

    def test_held(self):
        self.corpus.add("a", "echo HELD: no such luck\n")
        status, entry = self.only()
        self.assertEqual((status, entry["outcome"], entry["by"], entry["detail"]), (0, "held", "seccomp", "no such luck"))
        self.assertFalse(entry["seen"])  # so the manifest says

    def test_what_a_program_says_of_itself(self):
        for script, outcome, status in (("echo BREACH: in; exit 42", "breached", 1), ("echo CANNOT: no; exit 77", "not tried", 0),
                                        ("echo VISIBLE: x; exit 43", "breached", 1), ("exit 0", "broken", 1),
                                        ("echo HELD: x; exit 3", "broken", 1), ("kill -9 $$", "broken", 1)):
            with self.subTest(script=script):
                self.corpus.add("a", script)
                self.assertEqual(self.only()[0], status)
                self.assertEqual(self.only()[1]["outcome"], outcome)

    def test_visible_is_accepted_with_a_reason(self):
        self.corpus.add("a", "echo VISIBLE: x; exit 43", visible="everybody sees it")
        status, entry = self.only()
        self.assertEqual((status, entry["outcome"]), (0, "visible"))

    def test_a_breach_does_not_depend_on_the_word_of_the_program(self):
        for what, script in (("marker", 'echo ha >"$SN_MARKER"'), ("drop", ': >"$SN_DROP/new"'),
                             ("token", 'cat "$SN_CANARY"'), ("token", 'cat "$SN_CANARY" >&2')):
            with self.subTest(what=what, script=script):
                self.corpus.add("a", f"{script}\necho HELD: honest\n", options=SCENE)
                status, entry = self.only()
                self.assertEqual((status, entry["outcome"]), (1, "breached"))
                self.assertIn(what, entry["detail"])

    def test_the_scene_is_as_before_for_the_next(self):
        self.corpus.add("a", 'echo ha >"$SN_MARKER"; : >"$SN_DROP/new"; echo HELD: x', options=SCENE)
        self.corpus.add("b", 'cat "$SN_MARKER"; ls -A "$SN_DROP"; echo HELD: x', options=SCENE)
        _status, _document, attacks = self.corpus.report()
        self.assertEqual(attacks["made/b"]["outcome"], "held")

    def test_sockets_tell_of_themselves(self):
        connect = ("import os, socket\ns = socket.socket({}, socket.{})\ns.connect({})\ns.send(b'x')\n"
                   "print('HELD: nothing here')\n")
        for name, code in (("TCP", connect.format("socket.AF_INET", "SOCK_STREAM", "('127.0.0.1', int(os.environ['SN_TCP_PORT']))")),
                           ("UDP", connect.format("socket.AF_INET", "SOCK_DGRAM", "('127.0.0.1', int(os.environ['SN_UDP_PORT']))")),
                           ("abstract", connect.format("socket.AF_UNIX", "SOCK_STREAM", "'\\0' + os.environ['SN_ABSTRACT']"))):
            with self.subTest(name=name):
                self.corpus.add_text("a", json.dumps({**GOOD, "stopped_by": ["seccomp", "landlock", "network-ns"]}), None)
                (self.corpus.folder / "made" / "a.py").write_text(code)
                status, _document, attacks = self.corpus.report("--", "--relax", "seccomp,landlock,network-ns")
                self.assertEqual((status, attacks["made/a"]["outcome"]), (1, "breached"), attacks)
                self.assertIn(name, attacks["made/a"]["detail"])

    def test_a_denied_call_has_to_be_in_the_list(self):
        script = "mount -t tmpfs none /tmp; echo HELD: x"
        self.corpus.add("a", script)
        entry = self.only()[1]
        self.assertEqual((entry["by"], entry["seen"]), ("seccomp", True))
        self.corpus.add("a", script, stopped_by=["caps"])
        self.assertEqual(self.only()[1]["outcome"], "broken")

    def test_what_is_done_to_the_victim_and_the_queue_is_seen(self):
        relaxed = ["--", "--relax", "seccomp,landlock,pid-ns,user-ns,uid,caps"]
        self.corpus.add("a", 'kill -9 "$SN_VICTIM_PID"; echo HELD: x\n')
        status, entry = self.only(*relaxed)
        self.assertEqual((status, entry["outcome"]), (1, "breached"), entry)
        self.assertIn("victim", entry["detail"])
        self.corpus.add("a", 'kill -STOP "$SN_VICTIM_PID"; echo HELD: x\n')
        self.assertIn("victim", self.only(*relaxed)[1]["detail"])
        receive = ("import ctypes, os\nlibrary = ctypes.CDLL('libc.so.6')\n"
                   "queue = library.mq_open(os.environ['SN_MQ_NAME'].encode(), os.O_RDWR)\n"
                   "library.mq_receive(queue, ctypes.create_string_buffer(8192), 8192, None)\nprint('HELD: x')\n")
        (self.corpus.folder / "made" / "a.sh").unlink()
        (self.corpus.folder / "made" / "a.py").write_text(receive)
        entry = self.only("--", "--relax", "ipc-ns,landlock,uid,user-ns")[1]
        self.assertEqual(entry["outcome"], "breached", entry)
        self.assertIn("queue", entry["detail"])

    def test_controls(self):
        # refused by seccomp, or by the missing capability; with neither it works
        script = 'chroot / true 2>/dev/null && { echo BREACH: in; exit 42; }; echo HELD: "no chroot"\n'
        self.corpus.add("a", script, stopped_by=["seccomp", "caps"])
        status, entry = self.only("--controls")
        self.assertEqual([(c["relaxed"], c["outcome"]) for c in entry["controls"]],
                         [("caps", "held"), ("seccomp", "held"), ("seccomp,caps", "breached")])
        self.assertEqual(status, 0)

    def test_each_layer_of_the_list_has_to_hold_alone(self):
        # no namespace of the network keeps anybody from chroot
        script = 'chroot / true 2>/dev/null && { echo BREACH: in; exit 42; }; echo HELD: "no chroot"\n'
        self.corpus.add("a", script, stopped_by=["seccomp", "network-ns", "caps"])
        status, document, attacks = self.corpus.report("--controls")
        controls = {control["relaxed"]: control["outcome"] for control in attacks["made/a"]["controls"]}
        self.assertEqual(controls["seccomp,caps"], "breached")
        self.assertEqual((status, document["summary"]["controls"]["wrong"]), (1, 1), controls)

    def test_a_layer_that_goes_with_another_is_not_tried_alone(self):
        self.corpus.add("a", "echo HELD: x\n", stopped_by=["pid-ns", "nested-ns", "proc"], **SETTLED)
        status, _document, attacks = self.corpus.report("--controls")
        outcomes = {control.get("relaxed"): control.get("outcome") for control in attacks["made/a"]["controls"]}
        self.assertEqual(outcomes["pid-ns,nested-ns"], "not tried")
        self.assertEqual(status, 0)

    def test_a_control_that_does_not_show_it_fails(self):
        self.corpus.add("a", "echo HELD: always\n", stopped_by=["seccomp"])
        status, document, attacks = self.corpus.report("--controls")
        self.assertEqual((status, attacks["made/a"]["outcome"], document["summary"]["controls"]["wrong"]), (1, "held", 1))
        self.assertFalse(document["held"])

    def test_a_dangerous_control_needs_a_disposable_host(self):
        self.corpus.add("a", "echo HELD: always\n", control={"where": "vm"})
        status, entry = self.only("--controls", SN_DISPOSABLE_HOST="")
        self.assertEqual((status, entry["controls"][0]["outcome"]), (0, "not tried"))
        status, entry = self.only("--controls", SN_DISPOSABLE_HOST="1")
        self.assertEqual((status, entry["controls"][0]["outcome"]), (1, "held"))

    def test_no_control_says_why(self):
        self.corpus.add("a", "echo HELD: x\n", stopped_by=["kernel"], **SETTLED)
        self.assertEqual(self.only("--controls")[1]["controls"], [{"none": "this is a test"}])

    def test_cheats(self):
        spend = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done\n"
        self.corpus.add("a", spend, verdict=["OK"], measured={"cpu_ms": [1, None]}, stopped_by=["accounting"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "held")
        self.corpus.add("a", spend, verdict=["OK"], measured={"cpu_ms": [0, 1]}, stopped_by=["accounting"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "breached")
        self.corpus.add("a", "exit 1\n", verdict=["OK"], stopped_by=["accounting"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "breached")

    def test_ended_by_a_limit(self):
        flood = "while :; do sleep 30 & done\n"
        options = ["--pids", "8", "--wall-ms", "1500"]
        self.corpus.add("a", flood, stopped_by=["cgroup"], options=options, ends_by=["processes", "wall"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "held")
        self.corpus.add("a", flood, stopped_by=["cgroup"], options=options, **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "broken")

    def test_two_runs_and_two_sandboxes(self):
        rerun = ('case $1 in plant) echo "$SN_SECRET" >/work/note ;; look) cat /work/note 2>/dev/null; '
                 'echo HELD: "${SN_SECRET-nothing}" ;; esac\n')
        self.corpus.add("a", rerun, stage="rerun", stopped_by=["tmpfs"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "breached")  # a session keeps its files
        self.corpus.add("a", '[ $1 = plant ] || echo HELD: "${SN_SECRET-nothing}"\n', stage="rerun",
                        stopped_by=["tmpfs"], **SETTLED)
        self.assertEqual(self.only()[1]["detail"], "nothing")
        beside = ('case $1 in plant) echo "$SN_SECRET" >/work/note; echo READY; sleep 30 ;; look) '
                  'cat /work/note 2>/dev/null; echo HELD: "${SN_SECRET-nothing}" ;; esac\n')
        self.corpus.add("a", beside, stage="neighbour", stopped_by=["tmpfs"], **SETTLED)
        status, entry = self.only()
        self.assertEqual((status, entry["outcome"], entry["detail"]), (0, "held", "nothing"))

    def test_file_operations(self):
        script = 'ln -s "$SN_CANARY" "$SN_BOX/out"; ln -s "$SN_MARKER" "$SN_BOX/in"; echo HELD: x\n'
        self.corpus.add("a", script, stage="after", after=[{"get": "out"}, {"put": "in"}], stopped_by=["files"],
                        control={"box": True})
        status, entry = self.only("--controls")
        self.assertEqual((status, entry["outcome"], entry["controls"][0]["outcome"]), (0, "held", "breached"))
        self.corpus.add("a", "sleep 0.2; echo HELD: x\n", stage="during", after=[{"get": "out"}], stopped_by=["files"],
                        **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "held")

    def test_a_terminal(self):
        self.corpus.add("a", "echo HELD: x\n", stage="terminal", stopped_by=["session"], **SETTLED)
        self.assertEqual(self.only()[1]["outcome"], "held")
        # there is no node of it inside, with any layer relaxed
        self.corpus.add("a", '(: <>/dev/tty) && { echo BREACH: "a terminal"; exit 42; }; echo HELD: x\n',
                        stage="terminal", stopped_by=["root", "session", "devices"], **SETTLED)
        status, entry = self.only("--controls")
        self.assertEqual([entry["outcome"]] + [control.get("outcome", "none") for control in entry["controls"]],
                         ["held", "held", "held", "held", "none"])

    def test_the_callers_configuration(self):
        self.corpus.add("a", "mount -t tmpfs none /tmp; echo HELD: x")
        self.assertEqual(self.only()[1]["by"], "seccomp")
        status, entry = self.only("--", "--relax", "seccomp")
        self.assertEqual((status, entry["detail"]), (0, "x"))
        self.assertIsNone(entry["by"])

    def test_options_that_do_not_go_with_the_callers(self):
        self.corpus.add("a", "echo HELD: x\n", options=["--relax", "network-ns"])
        status, entry = self.only("--", "--network", "loopback")
        self.assertEqual((status, entry["outcome"]), (0, "not tried"), entry)

    def test_without_a_sandbox_it_says_so_once(self):
        for name in "abc":
            self.corpus.add(name, "echo HELD: x\n")
        for configuration, status in ((["--rootfs", "/nope"], 1), (["--policy", "/nope.policy"], 2)):
            with self.subTest(configuration=configuration):
                done = self.corpus.run("--", *configuration)
                self.assertEqual((done.returncode, done.stdout), (status, ""))
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn("/nope", done.stderr)

    def test_a_missing_interpreter_is_no_fault(self):
        self.corpus.add("a", "echo HELD: x\n")
        with tempfile.TemporaryDirectory(dir="/var/tmp") as root:
            pathlib.Path(root).chmod(0o755)
            (pathlib.Path(root) / "bin").mkdir()
            (pathlib.Path(root) / "bin" / "other").touch(mode=0o755)
            status, entry = self.only("--", "--rootfs", root)
        self.assertEqual((status, entry["outcome"]), (0, "not tried"), entry)

    def test_manifests_that_are_wrong(self):
        for text, said in (("{", "a.json:1"), (json.dumps({**GOOD, "typo": 1}), "typo"),
                           (json.dumps({"title": "x"}), '"safe"'), (json.dumps({**GOOD, "stopped_by": ["secomp"]}), "secomp"),
                           (json.dumps({**GOOD, "stage": "x"}), "stage"), (json.dumps({**GOOD, "stopped_by": ["kernel"]}), "control"),
                           (json.dumps({**GOOD, "stopped_by": ["kernel", "caps"], **SETTLED}), "caps"),
                           (json.dumps({**GOOD, "ends_by": ["x"]}), "ends_by"), (json.dumps({**GOOD, "verdict": ["FINE"]}), "FINE"),
                           (json.dumps({**GOOD, "stage": "after"}), "after"), (json.dumps({**GOOD, "measured": {"cpu_ms": 1}}), "cpu_ms"),
                           (json.dumps({**GOOD, "stopped_by": []}), "empty"), (json.dumps({"title": "x", "safe": "y"}), "missing"),
                           (json.dumps({**GOOD, "stopped_by": ["rot"]}), "kill-all"), (json.dumps({**GOOD, "program": "../b/c"}), "class"),
                           (json.dumps({**GOOD, "measured": {"cpu_ms": [5, 1]}}), "between"),
                           (json.dumps({**GOOD, "control": {"where": "moon"}}), "where"), (json.dumps({**GOOD, "program": "no"}), "no.py")):
            with self.subTest(text=text):
                self.corpus.add_text("a", text)
                done = self.corpus.run()
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("a.json", done.stderr)
                self.assertIn(said, done.stderr)

    def test_bad_command_lines(self):
        self.corpus.add("a", "echo HELD: x\n")
        for args, said in ((["--only", "nothing/*"], "nothing/*"), (["--only", "made/a", "--only", "made/z"], "made/z"),
                           (["--only", "--", "--quiet"], "pattern"), (["--frob"], "--frob"), (["--", "--frob"], "--frob"),
                           (["--", "true"], "after --"), (["--only"], "--only"),
                           (["--", "--file", "/etc/hosts"], "after --")):
            with self.subTest(args=args):
                done = self.corpus.run(*args)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(said, done.stderr)
        self.assertEqual(self.corpus.run("--help").returncode, 0)
        done = self.corpus.run(SENTINEL_ATTACK_DIR="/nowhere")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere", done.stderr)

    def interrupted(self, *args):
        process = subprocess.Popen([SENTINEL, "doctor", "--attack", *args], env=self.corpus.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + PATIENCE
        while not list(self.corpus.scenes.glob("*/box")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        output, _errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        return output.decode()

    def test_a_signal_ends_it_and_cleans_up(self):
        self.corpus.add("a", "sleep 30; echo HELD: x\n")
        self.corpus.add("b", "echo HELD: x\n")
        self.assertIn("interrupted after 0 of 2", self.interrupted())
        document = json.loads(self.interrupted("--json"))
        self.assertEqual((document["held"], document["interrupted"], document["planned"]), (None, True, 2))


class Readme(unittest.TestCase):
    """tests/attacks/README.md, "One of your own"."""

    def test_its_attacks_are_held_and_shown(self):
        text = (ROOT / "tests" / "attacks" / "README.md").read_text(encoding="utf-8")
        section = text.split("## One of your own\n")[1].split("\n## ")[0]
        blocks = ["\n".join(line[4:] for line in block.split("\n"))
                  for block in re.findall(r"(?:(?<=\n\n)(?:    .*\n|\n(?=    ))+)", section)]
        shell, python, c = blocks
        script = shell.replace("$(pkg-config --variable=datadir sentinel)/attacks", str(ROOT / "tests" / "attacks"))
        script = script.replace("sudo ", "env ").replace(" sentinel doctor", f" {SENTINEL} doctor")
        for name, code in (("passwords.sh", None), ("passwords.py", python), ("passwords", c)):
            with self.subTest(name=name), tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                made = pathlib.Path(folder) / "mine" / "try"
                steps = script.rsplit("\n", 2)[0] if code else script
                if code:
                    subprocess.run(["sh", "-c", steps], cwd=folder, check=True, timeout=PATIENCE)
                    (made / "passwords.sh").unlink()
                    (made / (name if "." in name else "passwords.c")).write_text(code)
                    if code is c:
                        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-I", str(ROOT / "tests" / "attacks"),
                                        "passwords.c", "-o", "passwords"], cwd=made, check=True, timeout=PATIENCE)
                    steps = script.strip().rsplit("\n", 1)[1]
                pathlib.Path(folder).chmod(0o755)
                done = subprocess.run(["sh", "-c", steps], cwd=folder, capture_output=True, text=True, timeout=PATIENCE,
                                      env={"SENTINEL_DATA_DIR": str(ROOT / "policies"), **os.environ})
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("4 controls showed what they have to, 0 did not", done.stdout)


if __name__ == "__main__":
    unittest.main()
