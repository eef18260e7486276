#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The `sentinel` command as its users meet it. $SENTINEL is the binary, $SENTINEL_DATA_DIR the policies."""

import base64
import contextlib
import ctypes
import glob
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SENTINEL = os.environ.get("SENTINEL", "sentinel")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds after which something hangs
SLOWNESS = max(1, int(os.environ.get("SN_TEST_SLOW") or 1))  # an emulated machine says so
WALL = 0x40000000  # __WALL: children of any kind
PR_SET_CHILD_SUBREAPER = 36


def sentinel(*args, **kwargs):
    """Runs it to its end; stdin is empty unless `input` or `stdin` is given."""
    if "input" not in kwargs:
        kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([SENTINEL, *map(str, args)], stdout=kwargs.pop("stdout", subprocess.PIPE),
                          stderr=kwargs.pop("stderr", subprocess.PIPE), timeout=PATIENCE, **kwargs)


def start(*args, **kwargs):
    return subprocess.Popen([SENTINEL, *map(str, args)], stdin=kwargs.pop("stdin", subprocess.PIPE),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **kwargs)


def shell(script, *args):
    """A bash script in which "$0" is sentinel; its pipes fail as a user's would."""
    return subprocess.run(["bash", "-c", script, SENTINEL, *map(str, args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)


def why_no_sandbox():
    try:
        tried = sentinel("exec", "--", "/bin/true")
    except OSError as error:
        return f"{SENTINEL}: {error}"
    return None if tried.returncode == 0 else tried.stderr.decode(errors="replace").strip()


WHY_NOT = why_no_sandbox()
MUST_WORK = os.environ.get("SN_MUST_WORK") == "1"


def needs_sandbox(test):
    return test if MUST_WORK else unittest.skipIf(WHY_NOT, f"no sandbox here: {WHY_NOT}")(test)


class Leftovers:
    """
    What a sandbox could leave behind on this host: processes, mounts, groups. Others may be using sandboxes of their
    own meanwhile: processes are ours if they came to us as orphans, a group is forgotten if nobody is in it.
    """

    def __init__(self):
        self.mounts = pathlib.Path("/proc/self/mounts").read_text()
        self.groups = set(self.empty_groups())
        self.processes = set(self.children())

    @staticmethod
    def empty_groups():
        for group in glob.glob("/sys/fs/cgroup/**/sentinel/s*/", recursive=True):
            lists = glob.glob(group + "**/cgroup.procs", recursive=True)
            with contextlib.suppress(OSError):
                if not any(pathlib.Path(procs).read_text() for procs in lists):
                    # a group of the same name made anew is another one
                    yield group, os.stat(group).st_ino

    @staticmethod
    def children():
        for task in glob.glob("/proc/self/task/*/children"):
            yield from map(int, pathlib.Path(task).read_text().split())

    @staticmethod
    def reap():
        """Orphans that ended: they are no trouble. Nothing else of this process runs when this is called."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG | WALL)[0]:
                pass

    def compare(self, test):
        deadline = time.monotonic() + 5
        groups = None  # that were empty whenever we looked: those of others come and go
        while time.monotonic() < deadline:
            self.reap()
            now = Leftovers()
            new = now.groups - self.groups
            groups = new if groups is None else groups & new
            if now.processes <= self.processes and not groups and now.mounts == self.mounts:
                return
            time.sleep(0.05)
        test.assertEqual(now.processes - self.processes, set(), "processes")
        test.assertEqual(groups, set(), "cgroups")
        test.assertEqual(now.mounts, self.mounts, "mounts")


class CliTest(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sentinel-cli-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read_until(self, process, wanted):
        """Bytes of its stdout up to `wanted`, while it runs."""
        seen = b""
        deadline = time.monotonic() + PATIENCE
        while wanted not in seen:
            ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"only {seen!r} arrived")
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                self.fail(f"it ended after {seen!r}: {process.stderr.read()!r}")
            seen += data
        return seen

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail("it does not end")
        return out, err


@needs_sandbox
class Output(CliTest):
    def test_stdout_is_the_programs_alone(self):
        source = self.write("a.py", "import sys\nsys.stdout.write('out')\nsys.stderr.write('err')\n")
        done = sentinel("run", source)
        self.assertEqual(done.stdout, b"out")
        self.assertRegex(done.stderr, rb"\Aerr\nsentinel: OK  cpu [\d.]+ ms  wall [\d.]+ ms  memory [\d.]+ MiB\n\Z")
        self.assertEqual(done.returncode, 0)
        done = sentinel("run", "--quiet", source)
        self.assertEqual((done.stdout, done.stderr), (b"out", b"err"))

    def test_any_bytes_pass(self):
        source = self.write("a.py", "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 2000)\n")
        self.assertEqual(sentinel("run", source).stdout, bytes(range(256)) * 2000)

    def test_compiler_output_goes_to_stderr(self):
        source = self.write("a.c", "#include <stdio.h>\n#warning look here\nint main(void) { puts(\"hi\"); return 0; }\n")
        done = sentinel("run", source)
        self.assertEqual((done.stdout, done.returncode), (b"hi\n", 0), done.stderr)
        self.assertIn(b"look here", done.stderr)
        self.assertIn(b"compiled in", done.stderr)

    def test_compile_error(self):
        source = self.write("a.c", "int main(void) { return x; }\n")
        done = sentinel("run", source)
        self.assertEqual((done.stdout, done.returncode), (b"", 119))
        self.assertIn(b"a.c:1:", done.stderr)
        self.assertRegex(done.stderr, rb"sentinel: compile: COMPILATION_ERROR \(exit status 1\)")

    def test_output_arrives_while_it_runs(self):
        source = self.write("a.py", "print('first', flush=True)\nprint('got', input(), flush=True)\ninput()\n")
        with start("run", source) as process:
            self.read_until(process, b"first\n")
            process.stdin.write(b"one\n")
            self.read_until(process, b"got one\n")
            self.assertIsNone(process.poll())
            process.stdin.write(b"two\n")
            _, err = self.finish(process)
        self.assertIn(b"sentinel: OK", err)

    def test_stderr_arrives_while_it_runs(self):
        with start("exec", "--", "sh", "-c", "echo here >&2; read x") as process:
            self.assertEqual(process.stderr.read(5), b"here\n")
            self.assertIsNone(process.poll())
            self.finish(process)

    def test_a_reader_that_goes_away_ends_the_run(self):
        source = self.write("a.py", "while True: print('y')\n")
        before = Leftovers()
        done = shell('"$0" run --quiet "$1" | head -n 1; echo "${PIPESTATUS[0]}"', source)
        self.assertEqual(done.stdout, b"y\n141\n", done.stderr)
        self.assertEqual(done.stderr, b"")
        before.compare(self)

    def test_a_full_disk_is_told(self):
        done = shell('"$0" exec -- echo hello >/dev/full')
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"No space left on device", done.stderr)

    def test_a_slow_reader_does_not_stop_the_limits(self):
        source = self.write("a.py", "import sys\nsys.stdout.write('x' * 1000000)\nsys.stdout.flush()\nwhile True: pass\n")
        cpu_ms = 300 * SLOWNESS
        with start("run", "--cpu-ms", str(cpu_ms), "--wall-ms", "30000", source) as process:
            time.sleep(1.5 * SLOWNESS)  # nobody reads
            out, err = self.finish(process)
        self.assertEqual(len(out), 1000000)
        self.assertIn(b"TIME_LIMIT_EXCEEDED (more than %d ms of CPU time)" % cpu_ms, err)
        self.assertEqual(process.returncode, 120)

    def test_the_program_gets_default_signals(self):
        # an ignored SIGPIPE of ours must not reach it: SigIgn of a fresh process is empty
        done = sentinel("exec", "--", "sh", "-c", "grep -E 'SigIgn|SigBlk' /proc/self/status")
        self.assertRegex(done.stdout, rb"SigBlk:\t0{16}\nSigIgn:\t0{16}\n")


@needs_sandbox
class Input(CliTest):
    def test_big_stdin(self):
        data = os.urandom(1 << 20) * 24
        done = sentinel("exec", "--output-kb", "65536", "--", "cat", input=data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == data, f"{len(done.stdout)} of {len(data)} bytes came back")

    def test_regular_file_and_dev_null(self):
        data = self.write("data", b"x" * 300000)
        with open(data, "rb") as file:
            self.assertEqual(sentinel("exec", "--", "wc", "-c", stdin=file).stdout.strip(), b"300000")
        self.assertEqual(sentinel("exec", "--", "wc", "-c").stdout.strip(), b"0")

    def test_stdin_option(self):
        data = self.write("data", b"hello\n")
        self.assertEqual(sentinel("exec", "--stdin", data, "--", "cat").stdout, b"hello\n")
        done = shell('"$0" exec --stdin "$1" -- cat <&-', data)
        self.assertEqual((done.stdout, done.returncode), (b"hello\n", 0), done.stderr)

    def test_a_program_that_does_not_read(self):
        done = sentinel("exec", "--", "true", input=b"x" * (8 << 20))
        self.assertEqual(done.returncode, 0, done.stderr)
        done = sentinel("exec", "--", "sh", "-c", "exec <&-; sleep 0.2; echo done", input=b"x" * (8 << 20))
        self.assertEqual((done.stdout, done.returncode), (b"done\n", 0), done.stderr)

    def test_source_from_stdin(self):
        done = sentinel("run", "--language", "python", "-", input=b"import sys\nprint(6 * 7, repr(sys.stdin.read()))\n")
        self.assertEqual(done.stdout, b"42 ''\n", done.stderr)

    def test_closed_descriptors(self):
        source = self.write("a.py", "print('hi')\n")
        done = shell('"$0" run "$1" <&-', source)
        self.assertEqual((done.stdout, done.returncode), (b"", 2))
        self.assertIn(b"standard input is closed", done.stderr)
        done = shell('"$0" run "$1" >&-', source)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard output is closed", done.stderr)
        done = shell('"$0" run "$1" 2>&-', source)
        self.assertEqual((done.stdout, done.returncode), (b"hi\n", 0))
        done = shell('"$0" run "$1" 0<&- 1>&- 2>&-', source)
        self.assertEqual(done.returncode, 2)

    def test_a_directory_as_stdin(self):
        done = shell('"$0" exec -- cat </')
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"is a directory", done.stderr)

    def test_many_arguments(self):
        args = [f"argument {i} \N{SNOWMAN}" for i in range(2000)] + ["--json", "-x", "--", ""]
        source = self.write("a.py", "import sys\nsys.stdout.write('\\0'.join(sys.argv[1:]))\n")
        self.assertEqual(sentinel("run", source, "--", *args).stdout.decode().split("\0"), args)
        done = sentinel("exec", "--", "printf", "%s\\n", *args)
        self.assertEqual(done.stdout.decode().split("\n")[:-1], args)

    def test_options_after_the_file(self):
        source = self.write("a.py", "import sys\nprint(sys.argv[1:])\n")
        self.assertEqual(sentinel("run", source, "--quiet", "one", "--", "--two").stdout, b"['one', '--two']\n")
        env = dict(os.environ, POSIXLY_CORRECT="1")
        self.assertEqual(sentinel("run", source, "--quiet", "one", env=env).stderr, b"")

    def test_environment(self):
        done = sentinel("exec", "--env", "A=1", "--env", "HOME=/tmp", "--env", "B=", "--", "env",
                        env=dict(os.environ, SECRET="x"))
        self.assertEqual(sorted(done.stdout.decode().split("\n"))[1:],
                         ["A=1", "B=", "HOME=/tmp", "LANG=C.UTF-8",
                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])


@needs_sandbox
class Status(CliTest):
    def check(self, args, status, message, **kwargs):
        done = sentinel(*args, **kwargs)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, message)

    def test_the_programs_own(self):
        for status in (0, 1, 3, 139, 255):
            self.check(["exec", "--", "sh", "-c", f"exit {status}"], status,
                       rb"\Asentinel: OK" if status == 0 else b"RUNTIME_ERROR \\(exit status %d\\)" % status)

    def test_signals(self):
        self.check(["exec", "--", "sh", "-c", "kill -SEGV $$"], 139, rb"RUNTIME_ERROR \(signal 11, SIGSEGV\)")
        self.check(["exec", "--", "sh", "-c", "kill -KILL $$"], 137, rb"RUNTIME_ERROR \(signal 9, SIGKILL\)")

    def test_limits(self):
        burn = self.write("burn.py", "while True: pass\n")
        self.check(["run", "--cpu-ms", 200, burn], 120, rb"TIME_LIMIT_EXCEEDED \(more than 200 ms of CPU time\)")
        self.check(["exec", "--wall-ms", 200, "--", "sleep", "60"], 120, rb"TIME_LIMIT_EXCEEDED \(more than 200 ms of wall")
        memory = self.write("memory.py", "x = bytearray(100 << 20)\n")
        self.check(["run", "--memory-kb", 32768, memory], 121, rb"MEMORY_LIMIT_EXCEEDED \(limit 32 MiB\)")
        self.check(["exec", "--output-kb", 10, "--", "yes"], 122, rb"OUTPUT_LIMIT_EXCEEDED \(more than 10 KiB to stdout\)")
        fork = self.write("fork.py", "import os, time\nfor i in range(50):\n  if os.fork() == 0: time.sleep(60)\n")
        self.check(["exec", "--pids", 1, "--", "sh", "-c", "ls; ls"], 123, rb"PROCESS_LIMIT_EXCEEDED \(limit 1 process\)")
        self.check(["run", "--pids", 10, fork], 123, rb"PROCESS_LIMIT_EXCEEDED \(limit 10 processes\)")

    def test_violation_names_the_call(self):
        source = self.write("a.py", "import socket\nsocket.socket()\n")
        self.check(["run", source], 124, rb"SECURITY_VIOLATION: socket\(AF_INET, SOCK_STREAM[^)]*\)")

    def test_commands_that_do_not_start(self):
        self.check(["exec", "--", "no-such-command"], 127, b"no-such-command")
        self.check(["exec", "--", "/no/such/command"], 127, b"/no/such/command")
        self.check(["exec", "--", "/etc/passwd"], 126, b"/etc/passwd")
        self.check(["exec", "--", "/usr"], 126, b"/usr")

    def test_relaxed_layers_are_named(self):
        self.check(["exec", "--relax", "seccomp,landlock", "--", "true"], 0, rb"relaxed: seccomp, landlock")


@needs_sandbox
class Json(CliTest):
    STEP = {"verdict", "limit", "exit_code", "signal", "cpu_ns", "user_ns", "system_ns", "cpu_source", "wall_ns",
            "memory_bytes", "memory_source", "throttled_ns", "suspect", "stdout", "stdout_encoding", "stdout_truncated",
            "stderr", "stderr_encoding", "stderr_truncated", "denied", "layers", "notes", "limits"}

    def document(self, *args, **kwargs):
        done = sentinel(*args, **kwargs)
        document = json.loads(done.stdout)
        self.assertEqual(document["exit_status"], done.returncode)
        return document

    def test_shape(self):
        source = self.write("f.py", "print(int(input()) ** 2)\n")
        document = self.document("run", "--json", source, input=b"5\n")
        self.assertEqual(set(document), {"sentinel", "language", "verdict", "exit_status", "compile", "compile_cached",
                                         "run", "files"})
        self.assertEqual((document["language"], document["verdict"], document["compile"]), ("python", "OK", None))
        run = document["run"]
        self.assertEqual(set(run), self.STEP)
        self.assertEqual((run["stdout"], run["stdout_encoding"], run["exit_code"]), ("25\n", "utf-8", 0))
        self.assertGreater(run["cpu_ns"], 0)
        self.assertGreater(run["memory_bytes"], 0)
        self.assertIn("seccomp", run["layers"]["in_force"])
        self.assertEqual(run["layers"]["relaxed"], [])
        self.assertEqual(run["limits"]["wall_ms"], 10000)

    def test_limits_in_force(self):
        limits = self.document("exec", "--json", "--cpu-ms", 20000, "--memory-kb", 65536, "--fsize-kb", "unlimited", "--",
                               "true")["run"]["limits"]
        self.assertEqual((limits["cpu_ms"], limits["wall_ms"]), (20000, 40000))
        self.assertEqual((limits["memory_bytes"], limits["file_bytes"]), (64 << 20, "unlimited"))
        self.assertIsNone(limits["cpu_percent"])

    def test_compile_step(self):
        source = self.write("a.c", "int main(void) { return 3; }\n")
        document = self.document("run", "--json", source)
        self.assertEqual(set(document["compile"]), self.STEP)
        self.assertEqual((document["compile"]["verdict"], document["run"]["exit_code"]), ("OK", 3))
        self.write("a.c", "int main(void) { return x; }\n")
        document = self.document("run", "--json", source)
        self.assertEqual((document["verdict"], document["run"], document["exit_status"]), ("COMPILATION_ERROR", None, 119))
        self.assertIn("a.c:1:", document["compile"]["stderr"])

    def test_bytes_survive(self):
        run = self.document("exec", "--json", "--", "printf", r"a\377b\000c")["run"]
        self.assertEqual(run["stdout_encoding"], "base64")
        self.assertEqual(base64.b64decode(run["stdout"]), b"a\xffb\0c")
        for length in (254, 255, 256, 4096, 4097, 4098):
            run = self.document("exec", "--json", "--", "head", "-c", str(length), input=b"\xfe" * 5000)["run"]
            self.assertEqual(base64.b64decode(run["stdout"], validate=True), b"\xfe" * length)
        run = self.document("exec", "--json", "--", "printf", r"h\303\251\000")["run"]
        self.assertEqual((run["stdout"], run["stdout_encoding"]), ("h\u00e9\0", "utf-8"))

    def test_signal_and_denied(self):
        run = self.document("exec", "--json", "--", "sh", "-c", "kill -9 $$")["run"]
        self.assertEqual((run["signal"], run["exit_code"]), ({"number": 9, "name": "SIGKILL"}, None))
        source = self.write("a.py", "import socket\nsocket.socket()\n")
        denied = self.document("run", "--json", source)["run"]["denied"]
        self.assertEqual((denied["name"], denied["args"][0], len(denied["args"])), ("socket", "0x2", 6))
        self.assertRegex(denied["call"], r"^socket\(AF_INET, SOCK_STREAM")

    def test_notes_count(self):
        source = self.write("f.py", "import os, sys\nfor i in range(int(sys.argv[1])):\n"
                                    "  try: os.fork()\n  except OSError: pass\n")
        for forks, note in ((1, "processes: 1 fork or thread was refused"),
                            (2, "processes: 2 forks or threads were refused")):
            run = self.document("run", "--json", "--pids", 1, source, forks)["run"]
            self.assertIn(note, run["notes"])

    def test_truncated(self):
        run = self.document("exec", "--json", "--output-kb", 1, "--", "yes")["run"]
        self.assertEqual((run["verdict"], run["limit"], run["stdout_truncated"]), ("OUTPUT_LIMIT_EXCEEDED", "output", True))
        self.assertEqual(len(run["stdout"]), 1024)

    def test_errors(self):
        for args in (["run", "--json", "/no/such.py"], ["run", "--cpu-ms", "x", "--json", "a"], ["exec", "--json"],
                     ["policy", "check", "--json", "/no/such"]):
            done = sentinel(*args)
            error = json.loads(done.stdout)["error"]
            self.assertEqual(set(error), {"code", "errno", "step", "message", "line", "column"})
            self.assertIn(error["message"].encode(), done.stderr)
            self.assertEqual(done.returncode, 2)


@needs_sandbox
class Files(CliTest):
    def test_files_in(self):
        self.write("tree/a/b.txt", "deep")
        self.write("tree/run.sh", "#!/bin/sh\necho from script\n").chmod(0o755)
        self.write("odd:name", "colon")
        done = sentinel("exec", "--file", self.dir / "tree", "--put", self.dir / "odd:name", "--file",
                        f"{self.dir}/tree/a/b.txt:x/y", "--", "sh", "-c",
                        "cat tree/a/b.txt x/y odd:name; echo; ./tree/run.sh")
        self.assertEqual(done.stdout, b"deepdeepcolon\nfrom script\n", done.stderr)

    def test_files_out(self):
        done = sentinel("exec", "--get", f"r/out:{self.dir}/got", "--get", f"r/out:{self.dir}", "--", "sh", "-c",
                        "mkdir r; printf result > r/out; exit 3")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(((self.dir / "got").read_bytes(), (self.dir / "out").read_bytes()), (b"result", b"result"))

    def test_a_file_that_is_not_there(self):
        done = sentinel("exec", "--get", f"none:{self.dir}/none", "--", "true")
        self.assertEqual(done.returncode, 125)
        self.assertRegex(done.stderr, rb"--get none: ")
        self.assertFalse((self.dir / "none").exists())

    def test_only_regular_files_come_out(self):
        done = sentinel("exec", "--get", f"link:{self.dir}/link", "--", "ln", "-s", "/etc/passwd", "link")
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertFalse((self.dir / "link").exists())

    def test_nothing_is_replaced(self):
        existing = self.write("have", "mine")
        done = sentinel("exec", "--get", f"x:{existing}", "--", "sh", "-c", "echo ran; echo new > x")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(existing.read_bytes(), b"mine")

    def test_bind(self):
        self.write("shared/in", "given")
        (self.dir / "shared").chmod(0o777)
        done = sentinel("exec", "--bind", f"{self.dir}/shared:/shared", "--", "sh", "-c",
                        "cat /shared/in; echo x 2>/dev/null > /shared/out || echo read-only")
        self.assertEqual(done.stdout, b"givenread-only\n", done.stderr)

    def test_bind_forms(self):
        self.write("shared/in", "given")
        (self.dir / "shared").chmod(0o777)
        for bind, script in (("shared", f"cat {self.dir.resolve()}/shared/in"), ("shared:/s", "cat /s/in"),
                             (f"{self.dir}/shared:/s:ro,noexec", "cat /s/in"), ("none:/s:optional", "printf given"),
                             ("shared:/s:rw,noexec", "cat /s/in; echo new > /s/out")):
            done = sentinel("exec", "--bind", bind, "--", "sh", "-c", script, cwd=self.dir)
            self.assertEqual((done.stdout, done.returncode), (b"given", 0), (bind, done.stderr))
        self.assertEqual((self.dir / "shared" / "out").read_bytes(), b"new\n")

    def test_process_substitution(self):
        done = shell('"$0" exec --file <(sleep 0.2; echo late):x -- cat x')
        self.assertEqual((done.stdout, done.returncode), (b"late\n", 0), done.stderr)
        done = shell('"$0" run --language python <(sleep 0.2; echo "print(6 * 7)")')
        self.assertEqual((done.stdout, done.returncode), (b"42\n", 0), done.stderr)

    def test_shm_has_its_size(self):
        done = sentinel("exec", "--shm-kb", 128, "--", "df", "-k", "--output=size", "/dev/shm")
        self.assertEqual(done.stdout.split()[-1:], [b"128"], done.stderr)


@needs_sandbox
class Network(CliTest):
    SERVER = ("import http.client, http.server, threading\n"
              "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
              "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
              "client = http.client.HTTPConnection('127.0.0.1', server.server_port)\n"
              "client.request('GET', '/')\n"
              "print(client.getresponse().status, flush=True)\n")

    def test_loopback_brings_its_policy(self):
        source = self.write("a.py", self.SERVER)
        for args in (["run", "--network", "loopback", source],
                     ["exec", "--network", "loopback", "--file", source, "--", "python3", "a.py"]):
            # a file that happens to have the name of the policy is not it
            self.write("network", "nonsense")
            done = sentinel(*args, cwd=self.dir)
            self.assertEqual((done.stdout, done.returncode), (b"200\n", 0), done.stderr)

    def test_a_policy_that_is_given_stays(self):
        source = self.write("a.py", self.SERVER)
        done = sentinel("run", "--network", "loopback", "--policy", "python", source)
        self.assertEqual(done.returncode, 124, done.stderr)


@needs_sandbox
class Interrupts(CliTest):
    def interrupt(self, process, number):
        process.send_signal(number)
        out, err = self.finish(process)
        self.assertEqual(process.returncode, -number, err)
        return out, err

    def test_signals_end_it_and_leave_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = Leftovers()
            with start("exec", "--wall-ms", "60000", "--", "sh", "-c",
                       "trap '' INT TERM HUP; sleep 50 & echo up; sleep 50; sleep 50") as process:
                self.read_until(process, b"up\n")
                _, err = self.interrupt(process, number)
                self.assertIn(b"sentinel: CANCELLED  cpu", err)  # the signal that ended it was ours
            before.compare(self)

    def test_during_compile(self):
        before = Leftovers()
        source = self.write("a.cpp", "template<int N> struct F { static constexpr long v = F<N-1>::v + F<N-2>::v; };\n"
                                     "template<> struct F<0> { static constexpr long v = 0; };\n"
                                     "template<> struct F<1> { static constexpr long v = 1; };\n"
                                     "constexpr long f(int n) { return n < 2 ? n : f(n-1) + f(n-2); }\n"
                                     "static_assert(f(40) > 0); int main() {}\n")
        with start("run", "--compile-arg", "-fconstexpr-ops-limit=1000000000", "--compile-arg",
                   "-fconstexpr-loop-limit=1000000000", source) as process:
            time.sleep(1.0)
            self.assertIsNone(process.poll())
            began = time.monotonic()
            self.interrupt(process, signal.SIGINT)
            self.assertLess(time.monotonic() - began, 5)
        before.compare(self)

    def test_json_still_gets_its_document(self):
        with start("exec", "--json", "--wall-ms", "60000", "--", "sh", "-c", "echo up; sleep 50") as process:
            time.sleep(1.0)
            out, _ = self.interrupt(process, signal.SIGTERM)
        document = json.loads(out)
        self.assertEqual((document["verdict"], document["exit_status"]), ("CANCELLED", 128 + 15))

    def test_killed_outright(self):
        before = Leftovers()
        with start("exec", "--wall-ms", "60000", "--", "sh", "-c", "sleep 50 & echo up; sleep 50") as process:
            self.read_until(process, b"up\n")
            process.kill()
            process.wait()
        deadline = time.monotonic() + 5
        while set(Leftovers.children()) - before.processes and time.monotonic() < deadline:
            Leftovers.reap()
            time.sleep(0.02)
        sentinel("exec", "--", "true")  # finds the groups that the dead one left
        before.compare(self)


class BadInput(CliTest):
    def test_table(self):
        good = self.write("good.py", "print('ran')\n")
        odd = self.write("a.unknown", "")
        two = self.write("two/good.py", "")
        policy = self.write("bad.policy", "POLICY x {\n  ALLOW {\n    read, no_such_call\n  }\n}\nUSE x DEFAULT KILL\n")
        link = self.dir / "tree" / "link"
        self.write("tree/file", "x")
        link.symlink_to("/etc/passwd")
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        table = [
            (["run"], "needs a FILE"),
            (["run", "/no/such.py"], "/no/such.py: No such file or directory"),
            (["run", self.dir], f"{self.dir}: is a directory"),
            (["run", odd], "--language"),
            (["run", "--language", "cobol", good], '--language: "cobol" is unknown; the languages are .*python'),
            (["run", "-"], "needs --language"),
            (["run", "--cpu-ms", "-1", good], "--cpu-ms -1: negative"),
            (["run", "--cpu-ms", "0", good], "--cpu-ms 0: zero"),
            (["run", "--cpu-ms", "1e3", good], "--cpu-ms 1e3: not a whole number"),
            (["run", "--cpu-ms", "", good], "--cpu-ms : not a whole number"),
            (["run", "--cpu-ms", "99999999999999999999", good], "--cpu-ms 99999999999999999999: too large"),
            (["run", "--memory-kb", "18014398509481985", good], "--memory-kb 18014398509481985: too large"),
            (["run", "--memory-kb", "unlimited", good], "--memory-kb unlimited: not a whole number"),
            (["run", "--memory-kb", "1000", good], "--memory-kb 1000: too small; .* at least 1024"),
            (["run", "--pids", "none", good], "--pids none"),
            (["run", "--cpu-ms", "60000", "--wall-ms", "100", good], "--wall-ms 100 and --cpu-ms 60000 contradict"),
            (["exec", "--cpus", "0", "--relax", "cgroup", "--", "true"], "contradict"),
            (["exec", "--cpus", "1-0", "--", "true"], "no list of processors"),
            (["exec", "--cpus", "8191", "--", "true"], "not online"),
            (["run", "--cpu-ms", "200", "--wall-ms", "100", "--cpu-percent", "100", good], "contradict"),
            (["exec", "--network", "loopback", "--relax", "network-ns", "--", "true"], "contradict"),
            (["run", "--memroy-kb", "1", good], "'--memroy-kb'; did you mean '--memory-kb'"),
            (["run", "--bogus", good], "unknown option '--bogus'; \"sentinel run --help\""),
            (["run", "-x", good], "unknown option '-x'"),
            (["run", "--cpu-ms"], "'--cpu-ms' needs a value"),
            (["run", "--quiet=yes", good], "'--quiet' takes no value"),
            (["exec", "--language", "c", "--", "true"], "unknown option '--language'"),
            (["run", "--env", "NAME", good], "--env NAME: no '='"),
            (["run", "--env", "=x", good], "--env =x: no name"),
            (["exec", "--bind", "/no/such:/x", "--", "true"], "--bind /no/such:/x: /no/such: No such file"),
            (["exec", "--bind", "no-such:/x", "--", "true"], "--bind no-such:/x: no-such: No such file"),
            (["exec", "--bind", ":/x", "--", "true"], "--bind :/x: no source; give SRC"),
            (["exec", "--bind", "/etc:/a:rw:ro", "--", "true"], r"too many colons; give SRC\[:DST\[:FLAG\[,FLAG\]...\]\]"),
            (["exec", "--bind", "/etc:x", "--", "true"], "--bind /etc:x: the target must be an absolute path"),
            (["exec", "--bind", "/etc:rw", "--", "true"], r'not "rw"; give SRC\[:DST\[:FLAG\[,FLAG\]...\]\]'),
            (["exec", "--bind", "/etc:/x:rx", "--", "true"], '"rx" is not a mount flag'),
            (["exec", "--rootfs", "/no/such", "--", "true"], "/no/such"),
            (["exec", "--rootfs", good, "--", "true"], "good.py"),
            (["exec", "--relax", "sekkomp", "--", "true"], '"sekkomp" is not a layer; the layers are .*seccomp'),
            (["exec", "--relax", "", "--", "true"], "is not a layer"),
            (["exec", "--network", "host", "--", "true"], "--network host: .*none or loopback"),
            (["exec", "--cwd", "x", "--", "true"], "--cwd x: not an absolute path"),
            (["exec", "--shm-kb", "0", "--", "true"], "--shm-kb 0: zero"),
            (["exec", "--hostname", "", "--", "true"], "--hostname"),
            (["exec"], "needs a COMMAND"),
            (["exec", "--policy", "/no/such.policy", "--", "true"], "/no/such.policy"),
            (["exec", "--policy", policy, "--", "true"], "bad.policy:3:11: .*no_such_call"),
            (["exec", "--stdin", "/no/such", "--", "true"], "--stdin /no/such: No such file"),
            (["run", "--file", "/no/such", good], "--file /no/such: No such file"),
            (["run", "--file", f"{odd}:../x", good], "would leave the work directory"),
            (["run", "--file", f"{odd}:/x", good], "is absolute"),
            (["run", "--file", two, good], 'two files would be "good.py"'),
            (["run", "--file", odd, "--file", f"{odd}:a.unknown/b", good], "both a file and a directory"),
            (["run", "--file", self.dir / "tree", good], "tree/link: is not a regular file"),
            (["run", "--file", fifo, good], "fifo: is a FIFO"),
            (["run", "--language", "python", fifo], "fifo: is a FIFO"),
            (["run", "--file", "/dev/zero", good], "--file /dev/zero: is a device"),
            (["run", "--file", "/", good], "--file /: its name inside"),
            (["run", "--get", "../x", good], "would leave the work directory"),
            (["run", "--get", "x:/no/such/dir/x", good], "--get x: /no/such/dir: No such file"),
            (["frobnicate"], "unknown command 'frobnicate'"),
            (["exce"], "unknown command 'exce'; did you mean 'exec'?"),
            (["doctor", "now"], "doctor takes no argument"),
            (["doctor", "--yaml"], "unknown option '--yaml'"),
            (["languages", "--yaml"], "unknown option '--yaml'"),
            (["policy"], "policy needs"),
            (["policy", "chekc", "x"], 'unknown command "chekc"'),
            (["policy", "check"], "takes one argument, got 0"),
            (["policy", "show", "no-such-policy"], "no-such-policy"),
        ]
        before = Leftovers()
        for args, message in table:
            with self.subTest(args=[str(a) for a in args]):
                done = sentinel(*args)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stdout, b"")
                self.assertRegex(done.stderr.decode(), message)
                lines = done.stderr.decode().splitlines()
                self.assertEqual(len([line for line in lines if line.startswith("sentinel: ")]), 1, done.stderr)
        before.compare(self)

    @needs_sandbox
    def test_paths_inside_that_cannot_be(self):
        for args, message in ((["--cwd", "/nope"], b"/nope"), (["--bind", "/etc:/usr/no/such"], b"/usr/no/such"),
                              (["--bind", "/etc/passwd:/etc"], b"/etc")):
            done = sentinel("exec", *args, "--", "true")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(message, done.stderr)

    def test_names_do_not_steer_the_terminal(self):
        done = sentinel("run", "a\x1b[31m\n\x85é.py")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.decode(), "sentinel: a\\x1b[31m\\n\\xc2\\x85é.py: No such file or directory\n")

    def test_unreadable_source(self):
        if not shutil.which("setpriv"):
            self.skipTest("needs setpriv")
        source = self.write("a.py", "")
        source.chmod(0)
        self.dir.chmod(0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SENTINEL, "run", str(source)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{source}: Permission denied".encode(), done.stderr)

    def test_a_source_that_is_too_large(self):
        source = self.write("a.py", b"#" * (2 << 20))
        done = sentinel("run", "--work-kb", "1024", source)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"is larger than 1024 KiB", done.stderr)
        done = shell('yes | "$0" run --language python -')
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard input: is larger than", done.stderr)


class Policies(CliTest):
    def test_check(self):
        good = self.write("good.policy", "POLICY x {\n  ALLOW {\n    read, write, exit_group, execve\n  }\n}\nUSE x DEFAULT KILL\n")
        done = sentinel("policy", "check", good)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rb"\Aok: 4 rules, default kill, \d+ BPF instructions\n\Z")
        # a file in the current directory needs no "./"
        self.assertEqual(sentinel("policy", "check", "good.policy", cwd=self.dir).returncode, 0)

    def test_check_of_what_json_cannot_say(self):
        unnamed = self.write("unnamed.policy", "ALLOW { SYSCALL[900], execve, exit_group } DEFAULT KILL\n")
        done = sentinel("policy", "check", unnamed)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rb"\Aok: \d+ BPF instructions\n\Z")
        done = sentinel("policy", "check", "--json", unnamed)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertIs(told["ok"], True)
        self.assertIsNone(told["rules"])
        self.assertGreater(told["instructions"], 0)

    def test_an_installed_name_is_never_a_files(self):
        # what lies in the current directory may be a stranger's
        for name in ("python", "default"):
            real = sentinel("policy", "check", name)
            self.assertEqual(real.returncode, 0, real.stderr)
            self.write(name, "DEFAULT ALLOW\n")
            done = sentinel("policy", "check", name, cwd=self.dir)
            self.assertEqual((done.returncode, done.stdout), (0, real.stdout), done.stderr)
            self.assertNotEqual(sentinel("policy", "check", f"./{name}", cwd=self.dir).stdout, real.stdout)
        self.write("mine", "ALLOW { execve, exit_group } DEFAULT KILL\n")
        done = sentinel("policy", "check", "mine", cwd=self.dir)
        self.assertIn(b"ok: 2 rules", done.stdout, done.stderr)
        # one that is broken is named, one that is no file is not looked into
        self.write("broken", "nonsense\n")
        done = sentinel("policy", "check", "broken", cwd=self.dir)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"broken:1:1: ", done.stderr)
        (self.dir / "directory").mkdir()
        done = sentinel("policy", "check", "directory", cwd=self.dir)
        self.assertEqual(done.returncode, 2, done.stderr)

    @needs_sandbox
    def test_exec_takes_the_installed_policy(self):
        self.write("python", "DEFAULT ALLOW\n")
        self.write("mine", "DEFAULT ALLOW\n")
        script = "import socket; socket.socket(); print('made')"
        for policy, status in (("python", 124), ("./python", 0), ("mine", 0)):
            done = sentinel("exec", "--policy", policy, "--", "python3", "-c", script, cwd=self.dir)
            self.assertEqual(done.returncode, status, (policy, done.stderr))

    def test_errors_point_at_their_place(self):
        bad = self.write("bad.policy", "POLICY x {\n  ALLOW {\n    read, no_such_call\n  }\n}\nUSE x DEFAULT KILL\n")
        done = sentinel("policy", "check", bad)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        first, source, caret = done.stderr.decode().splitlines()[:3]
        self.assertIn(f"{bad}:3:11: ", first)
        self.assertEqual(source.strip(), "read, no_such_call")
        self.assertEqual(source[caret.index("^"):], "no_such_call")
        # an included file is named, once, and shown
        outer = self.write("outer.policy", '#include "bad.policy"\nUSE x DEFAULT KILL\n')
        for args in (["policy", "check", outer], ["exec", "--policy", outer, "--", "true"]):
            first, source = sentinel(*args).stderr.decode().splitlines()[:2]
            self.assertEqual(first.count(":3:11"), 1, first)
            self.assertEqual(first.count("bad.policy"), 1, first)
            self.assertEqual(source.strip(), "read, no_such_call")

    def test_show(self):
        shown = sentinel("policy", "show", "python")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        again = self.write("again.policy", shown.stdout)
        self.assertEqual(sentinel("policy", "show", again).stdout, shown.stdout)
        self.assertIn("defaultAction", json.loads(sentinel("policy", "show", "--json", "python").stdout))


class Others(CliTest):
    def test_help_and_version(self):
        for args in ([], ["run"], ["exec"], ["doctor"], ["languages"], ["policy"]):
            done = sentinel(*args, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertTrue(done.stdout.startswith(b"Usage: sentinel"))
            self.assertLessEqual(max(map(len, done.stdout.decode().splitlines())), 110)
        self.assertRegex(sentinel("--version").stdout, rb"\Asentinel \d+\.\d+\.\d+\n\Z")
        done = sentinel()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        # exec has one step, and does not compile
        shown = sentinel("exec", "--help").stdout.decode()
        self.assertNotIn("run step", shown)
        self.assertNotIn("119", shown)
        for command in ("run", "exec"):
            self.assertIn("SRC[:DST[:FLAG[,FLAG]...]]", sentinel(command, "--help").stdout.decode())

    def test_output_that_cannot_be_written(self):
        """The same everywhere: text and JSON, a little and much."""
        for command in ("--help", "--version", "run --help", "policy --help", "doctor", "doctor --json", "languages",
                        "languages --json", "policy show python", "policy show --json python", "policy check \"$1\"",
                        "policy check --json \"$1\""):
            with self.subTest(command=command):
                policy = ROOT / "policies" / "default.policy"
                full = shell(f'"$0" {command} >/dev/full', policy)
                self.assertEqual((full.returncode, full.stderr.decode().count("\n")), (125, 1), full.stderr)
                self.assertIn(b"sentinel: writing standard output: No space left on device\n", full.stderr)
                closed = shell(f'"$0" {command} >&-', policy)
                self.assertEqual(closed.returncode, 2)
                self.assertEqual(closed.stderr, b"sentinel: standard output is closed (or not open for writing); "
                                                b"discard the output with >/dev/null\n")
                gone = shell(f'{{ sleep 0.2; "$0" {command}; echo $? >&2; }} | true', policy)
                self.assertEqual(gone.stderr, b"141\n")

    def test_manual_pages_know_every_option(self):
        for command in ("run", "exec"):
            page = (ROOT / "docs" / "man" / f"sentinel-{command}.1").read_text().replace("\\-", "-")
            known = sentinel(command, "--help").stdout.decode()
            options = set(re.findall(r"^  (--[a-z-]+)", known, re.MULTILINE))
            described = set(re.findall(r"^\.BI? (--[a-z-]+)(?: \"| *$)", page, re.MULTILINE))
            self.assertEqual(options - described, set())
            self.assertLessEqual({o for o in described if o != "--"}, options)

    def test_manual_pages_are_clean(self):
        if not shutil.which("man"):
            self.skipTest("needs man")
        for page in sorted((ROOT / "docs" / "man").glob("*.1")):
            done = subprocess.run(["man", "-l", "--warnings", "-Tutf8", str(page)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8"))
            self.assertEqual((done.returncode, done.stderr), (0, b""), page.name)

    def test_a_build_tree_finds_its_policies(self):
        build = pathlib.Path(SENTINEL).resolve().parents[1]
        if not (build / "libsentinel" / "libsentinel.so").exists():
            self.skipTest("not run from a build tree")
        env = {name: value for name, value in os.environ.items() if name != "SENTINEL_DATA_DIR"}
        done = sentinel("policy", "show", "python", env=env, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        # the same binary elsewhere is an installed one
        elsewhere = self.dir / "sentinel-cli" / "sentinel"
        elsewhere.parent.mkdir()
        shutil.copy(SENTINEL, elsewhere)
        env["LD_LIBRARY_PATH"] = str(build / "libsentinel")
        done = subprocess.run([elsewhere, "policy", "show", "no-such"], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertNotIn(str(ROOT / "policies").encode(), done.stderr)


if __name__ == "__main__":
    # a background job of a shell ignores these two, and so would every sentinel of ours
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # what a dead sentinel leaves becomes a child of ours and can be counted
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if MUST_WORK and WHY_NOT:
        print(f"no sandbox here: {WHY_NOT}", file=sys.stderr)
    unittest.main()
