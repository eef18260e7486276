#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The layer apparmor, and `sentinel doctor --install-apparmor`.

Without AppArmor: the layer is not in force, and everybody who asks is told so. With it, and on a host where nothing is
worth anything (SN_DISPOSABLE_HOST=1, a virtual machine): profiles are installed, bind, vanish and are removed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

SENTINEL = os.path.realpath(os.environ.get("SENTINEL", "sentinel"))
PATIENCE = 60 * int(os.environ.get("SN_TEST_SLOW", "1"))
ETC = pathlib.Path("/etc/apparmor.d")
PROFILE = "sentinel-program"
USER = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"]


def is_enabled():
    try:
        return pathlib.Path("/sys/module/apparmor/parameters/enabled").read_text().startswith("Y")
    except OSError:
        return False


def loaded():
    """The names of the profiles that the kernel has."""
    try:
        lines = pathlib.Path("/sys/kernel/security/apparmor/profiles").read_text().splitlines()
    except OSError:
        return set()
    return {line.rsplit(" ", 1)[0] for line in lines}


def sentinel(*args, prefix=(), **kwargs):
    return subprocess.run([*prefix, SENTINEL, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=PATIENCE, **kwargs)


def document(done):
    return json.loads(done.stdout)


def executed(*args, prefix=()):
    """The run step of `sentinel exec --json`."""
    done = sentinel("exec", "--json", *args, prefix=prefix)
    if b'"run"' not in done.stdout:
        raise AssertionError(done.stdout + done.stderr)
    return document(done)["run"]


def doctor(prefix=()):
    items = document(sentinel("doctor", "--json", prefix=prefix))["items"]
    return {item["name"]: item for item in items}


ENABLED = is_enabled()
IN_FORCE = ENABLED and PROFILE in loaded()


class Anywhere(unittest.TestCase):
    """What is true on every host."""

    def test_results_say_whether_it_is_in_force(self):
        run = executed("--", "/bin/true")
        self.assertEqual(run["verdict"], "OK")
        self.assertEqual("apparmor" in run["layers"]["in_force"], IN_FORCE)
        # nobody relaxed it: a host without it is no choice of the caller's
        self.assertNotIn("apparmor", run["layers"]["relaxed"])
        notes = [note for note in run["notes"] if note.startswith("apparmor: ")]
        if IN_FORCE:
            self.assertEqual(notes, [])
        elif ENABLED:
            self.assertEqual(notes, [f"apparmor: the profile {PROFILE} is not loaded"])
        else:
            self.assertEqual(notes, ["apparmor: not enabled in this kernel"])

    def test_it_can_be_relaxed(self):
        run = executed("--relax", "apparmor", "--", "/bin/true")
        self.assertEqual(run["verdict"], "OK")
        self.assertEqual(run["layers"]["relaxed"], ["apparmor"])
        self.assertNotIn("apparmor", run["layers"]["in_force"])
        self.assertEqual([note for note in run["notes"] if note.startswith("apparmor: ")], [])

    def test_doctor_tells(self):
        item = doctor()["AppArmor"]
        if IN_FORCE:
            self.assertEqual((item["status"], item["fix"]), ("ok", None))
            self.assertIn(PROFILE, item["detail"])
        elif ENABLED:
            self.assertEqual(item["status"], "limited")
            self.assertEqual(item["fix"], "sentinel doctor --install-apparmor (as root)")
        else:
            self.assertEqual(item["status"], "ok")
            self.assertIn("not enabled in this kernel", item["detail"])

    def test_installing_needs_root(self):
        for option in ("--install-apparmor", "--remove-apparmor"):
            done = sentinel("doctor", option, prefix=USER)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"needs root: sudo sentinel doctor " + option.encode(), done.stderr)

    def test_installing_needs_a_kernel_with_it(self):
        if ENABLED:
            self.assertTrue(ENABLED)  # the classes below install
            return
        before = sorted(ETC.iterdir()) if ETC.exists() else None
        done = sentinel("doctor", "--install-apparmor")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"AppArmor is not enabled in this kernel", done.stderr)
        done = sentinel("doctor", "--install-apparmor", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(document(done)["error"]["step"], "find AppArmor")
        self.assertEqual(sorted(ETC.iterdir()) if ETC.exists() else None, before)

    def test_bad_input(self):
        with tempfile.TemporaryDirectory() as directory:
            odd = pathlib.Path(directory) / "a{b,c}"
            odd.write_text("#!/bin/sh\n")
            odd.chmod(0o755)
            for args, message in (
                (["--install-apparmor", "--remove-apparmor"], "contradict each other"),
                (["--install-apparmor", "--yaml"], "unknown option '--yaml'"),
                (["--install-apparmor", "/no/such/program"], "cannot find the program '/no/such/program'"),
                (["--install-apparmor", "/etc"], "'/etc' is no program"),
                (["--install-apparmor", odd], "has characters that mean something else"),
                (["--remove-apparmor", "/bin/sh"], "--remove-apparmor takes no argument"),
            ):
                with self.subTest(args=args):
                    done = sentinel("doctor", *args)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(message, done.stderr.decode())
                    self.assertEqual(done.stdout, b"")
        done = sentinel("doctor", "--install-apparmor", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))


# Only AppArmor refuses these once the layers named in CONTROL are relaxed.
CONTROL = "caps,seccomp,nested-ns,landlock"
REFUSED = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def t(name, call):
    try:
        call()
        print(name, "done")
    except OSError as error:
        print(name, error.errno)
t("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
t("packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
t("change of profile", lambda: open("/proc/self/attr/apparmor/current", "w"))
t("socket pair", lambda: socket.socketpair())
t("file", lambda: open("/work/file", "w"))
t("child", lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0))
t("signal", lambda: os.kill(os.getpid(), 0))
"""


class Installed(unittest.TestCase):
    """Where AppArmor is enabled and the host may be changed."""

    @classmethod
    def setUpClass(cls):
        done = sentinel("doctor", "--install-apparmor")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        sentinel("doctor", "--remove-apparmor")

    def tearDown(self):
        sentinel("doctor", "--install-apparmor")

    def test_installing_twice_changes_nothing(self):
        text = (ETC / PROFILE).read_bytes()
        done = sentinel("doctor", "--install-apparmor", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        states = {entry["profile"]: entry["state"] for entry in document(done)["profiles"]}
        self.assertEqual(states[PROFILE], "unchanged")
        self.assertEqual((ETC / PROFILE).read_bytes(), text)
        self.assertIn(PROFILE, loaded())
        self.assertEqual(list(ETC.glob(".sentinel*")), [])

    def test_doctor_finds_it(self):
        for prefix in ((), USER):
            self.assertEqual(doctor(prefix)["AppArmor"]["status"], "ok")

    def test_programs_run_under_it_and_results_name_it(self):
        run = executed("--", "cat", "/proc/self/attr/apparmor/current")
        self.assertEqual(run["stdout"], f"{PROFILE} (enforce)\n")
        self.assertIn("apparmor", run["layers"]["in_force"])
        self.assertEqual(run["layers"]["relaxed"], [])
        run = executed("--relax", "apparmor", "--", "cat", "/proc/self/attr/apparmor/current")
        self.assertEqual(run["stdout"], "unconfined\n")

    def test_an_ordinary_user_has_it(self):
        run = executed("--relax", "cgroup", "--", "cat", "/proc/self/attr/apparmor/current", prefix=USER)
        self.assertEqual(run["stdout"], f"{PROFILE} (enforce)\n")
        self.assertIn("apparmor", run["layers"]["in_force"])

    def test_it_is_in_force_whatever_else_is_relaxed(self):
        for layer in ("user-ns", "pid-ns", "network-ns", "ipc-ns", "uts-ns", "cgroup-ns", "root", "proc", "uid", "caps",
                      "seccomp", "landlock", "cgroup", "session", "nested-ns", "no-new-privs,seccomp,landlock"):
            with self.subTest(layer=layer):
                run = executed("--relax", layer, "--", "sh", "-c", "echo runs")
                self.assertEqual((run["verdict"], run["stdout"]), ("OK", "runs\n"))
                self.assertIn("apparmor", run["layers"]["in_force"])
                if layer not in ("proc", "pid-ns"):
                    run = executed("--relax", layer, "--", "cat", "/proc/self/attr/apparmor/current")
                    self.assertEqual(run["stdout"], f"{PROFILE} (enforce)\n")

    def test_without_proc_it_binds_all_the_same(self):
        for layers in ("proc", "pid-ns"):
            run = executed("--relax", f"{layers},{CONTROL}", "--", "python3", "-c", REFUSED)
            self.assertIn("raw socket 13\n", run["stdout"])
            run = executed("--relax", f"{layers},{CONTROL},apparmor", "--", "python3", "-c", REFUSED)
            self.assertIn("raw socket done\n", run["stdout"])

    def test_what_only_apparmor_refuses(self):
        run = executed("--relax", CONTROL, "--", "python3", "-c", REFUSED)
        self.assertEqual(run["stdout"],
                         "raw socket 13\npacket socket 13\nchange of profile 13\n"
                         "socket pair done\nfile done\nchild done\nsignal done\n", run["stderr"])
        run = executed("--relax", CONTROL + ",apparmor", "--", "python3", "-c", REFUSED)
        self.assertEqual(run["stdout"],
                         "raw socket done\npacket socket done\nchange of profile done\n"
                         "socket pair done\nfile done\nchild done\nsignal done\n", run["stderr"])

    def test_programs_in_memory_can_be_executed(self):
        program = textwrap.dedent("""
            import os
            fd = os.memfd_create("program")
            os.write(fd, open("/bin/echo", "rb").read())
            os.execve(fd, ["echo", "from memory"], {})
        """)
        run = executed("--relax", "seccomp", "--", "python3", "-c", program)
        self.assertEqual(run["stdout"], "from memory\n", run["stderr"])

    def test_user_namespaces_where_they_are_mediated(self):
        knows = (pathlib.Path("/sys/kernel/security/apparmor/features/namespaces/mask").exists() and
                 (ETC / "abi" / "4.0").exists())
        program = "import ctypes\nprint(ctypes.CDLL(None).unshare(0x10000000))"
        run = executed("--relax", CONTROL, "--", "python3", "-c", program)
        self.assertEqual(run["stdout"], "-1\n" if knows else "0\n")
        run = executed("--relax", CONTROL + ",apparmor", "--", "python3", "-c", program)
        self.assertEqual(run["stdout"], "0\n")

    def test_every_installed_language_runs(self):
        programs = {
            "python": ("py", "import json, os, subprocess, tempfile\n"
                             "tempfile.TemporaryFile().write(b'x')\n"
                             "print(subprocess.check_output(['echo', 'hello'], text=True))\n"),
            "c": ("c", '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'),
            "cpp": ("cpp", '#include <iostream>\nint main() { std::cout << "hello\\n"; }\n'),
            "bash": ("sh", "echo hello | cat\n"),
            "javascript": ("js", "console.log('hello')\n"),
            "go": ("go", 'package main\nfunc main() { println("hello") }\n'),
            "java": ("java", 'public class Main { public static void main(String[] a) '
                             '{ System.out.println("hello"); } }\n'),
        }
        ran = []
        for entry in document(sentinel("languages", "--json")):
            if not entry.get("installed") or entry["name"] not in programs:
                continue
            ending, text = programs[entry["name"]]
            with self.subTest(language=entry["name"]), tempfile.TemporaryDirectory() as directory:
                source = pathlib.Path(directory) / f"Main.{ending}"
                source.write_text(text)
                slow = [] if ending in ("py", "sh") else ["--compile-cpu-ms", "300000", "--compile-wall-ms", "300000"]
                done = sentinel("run", "--json", "--cpu-ms", "60000", *slow, source)
                result = document(done)
                self.assertEqual(result["verdict"], "OK", result)
                self.assertIn("hello", result["run"]["stdout"] + result["run"]["stderr"])
                for step in (result["compile"], result["run"]):
                    self.assertIn("apparmor", (step or result["run"])["layers"]["in_force"])
                ran.append(entry["name"])
        print("ran under the profile:", *ran, file=sys.stderr)
        self.assertGreaterEqual(len(ran), 2)

    def test_a_profile_that_vanishes_is_an_error_not_a_run(self):
        program = textwrap.dedent("""
            import subprocess, sys
            from sentinel import HostError, Sandbox
            with Sandbox() as sandbox:
                assert "apparmor" in sandbox.layers, sandbox.layers
                assert sandbox.run(["/bin/true"]).verdict.name == "OK"
                subprocess.run([sys.argv[1], "doctor", "--remove-apparmor"], check=True)
                try:
                    print("ran", sandbox.run(["/bin/true"]))
                except HostError as error:
                    print("refused:", error)
                subprocess.run([sys.argv[1], "doctor", "--install-apparmor"], check=True)
                result = sandbox.run(["cat", "/proc/self/attr/apparmor/current"])
                print(result.stdout)
        """)
        done = subprocess.run([sys.executable, "-c", program, SENTINEL], stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("refused: ", done.stdout)
        self.assertIn(f"the AppArmor profile {PROFILE} was unloaded", done.stdout)
        self.assertIn(f"{PROFILE} (enforce)", done.stdout)

    def test_removing_and_what_is_told_then(self):
        done = sentinel("doctor", "--remove-apparmor", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(document(done)["profiles"][0]["state"], "removed")
        self.assertFalse((ETC / PROFILE).exists())
        self.assertNotIn(PROFILE, loaded())
        for prefix, more in ((), ()), (USER, ("--relax", "cgroup")):
            run = executed(*more, "--", "cat", "/proc/self/attr/apparmor/current", prefix=prefix)
            self.assertEqual(run["stdout"], "unconfined\n")
            self.assertNotIn("apparmor", run["layers"]["in_force"] + run["layers"]["relaxed"])
            self.assertIn(f"apparmor: the profile {PROFILE} is not loaded", run["notes"])
            item = doctor(prefix)["AppArmor"]
            self.assertEqual(item["status"], "limited")
            self.assertIn("sentinel doctor --install-apparmor", item["fix"])
        done = sentinel("doctor", "--remove-apparmor", "--json")
        self.assertEqual(document(done)["profiles"][0]["state"], "absent")

    def test_a_file_of_somebody_elses_is_left_alone(self):
        sentinel("doctor", "--remove-apparmor")
        (ETC / PROFILE).write_text("# mine\n")
        try:
            for option in ("--install-apparmor", "--remove-apparmor"):
                done = sentinel("doctor", option)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"was not written by this command", done.stderr)
                self.assertEqual((ETC / PROFILE).read_text(), "# mine\n")
        finally:
            (ETC / PROFILE).unlink()

    def test_without_the_parser_its_package_is_named(self):
        # a root of its own for the search: the parser is looked for in /usr/sbin, too
        script = 'mount -t tmpfs none /usr/sbin && exec "$0" doctor --install-apparmor'
        done = subprocess.run(["unshare", "--mount", "/bin/sh", "-c", script, SENTINEL], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PATIENCE, env={**os.environ, "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"apt-get install apparmor", done.stderr)


class Confined(unittest.TestCase):
    """The caller is under a profile of its own: the denials of Ubuntu's rule, by other means."""

    @classmethod
    def setUpClass(cls):
        sentinel("doctor", "--install-apparmor")

    @classmethod
    def tearDownClass(cls):
        sentinel("doctor", "--remove-apparmor")

    def profile(self, rules, abi="3.0"):
        text = (f"abi <abi/{abi}>,\n#include <tunables/global>\n"
                f"profile sn-test flags=(attach_disconnected) {{\n{rules}}}\n")
        done = subprocess.run(["apparmor_parser", "--replace", "--skip-cache"], input=text.encode(),
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.addCleanup(subprocess.run, ["apparmor_parser", "--remove"], input=text.encode(), capture_output=True)
        enter = ("import os, sys\nopen('/proc/self/attr/apparmor/exec', 'w').write('exec sn-test')\n"
                 "os.execvp(sys.argv[1], sys.argv[1:])")
        return [*USER, sys.executable, "-c", enter]

    ALL_BUT = "  file,\n  network, unix, signal, ptrace, mount, umount, pivot_root, change_profile,\n"

    def test_capabilities_that_do_not_work_are_explained(self):
        prefix = self.profile(self.ALL_BUT)
        for layers in ("cgroup", "cgroup,uid"):
            done = sentinel("exec", "--json", "--relax", layers, "--", "/bin/true", prefix=prefix)
            self.assertEqual(done.returncode, 125, done.stderr)
            error = document(done)["error"]
            self.assertEqual(error["code"], "SN_EHOST")
            self.assertIn("the AppArmor profile 'sn-test (enforce)'", error["message"])
        item = doctor(prefix)["user namespaces"]
        self.assertEqual(item["status"], "missing")
        self.assertIn("AppArmor profile 'sn-test (enforce)'", item["detail"])
        self.assertIn("userns", item["fix"])

    def test_refused_user_namespaces_are_explained(self):
        """The same by userns_create, where kernel and parser know it."""
        if (not pathlib.Path("/sys/kernel/security/apparmor/features/namespaces/mask").exists() or
                not (ETC / "abi" / "4.0").exists()):
            return
        prefix = self.profile(self.ALL_BUT + "  capability,\n", abi="4.0")
        done = sentinel("exec", "--json", "--relax", "cgroup", "--", "/bin/true", prefix=prefix)
        error = document(done)["error"]
        self.assertEqual((error["code"], error["step"]), ("SN_EHOST", "clone namespaces"))
        self.assertIn("the AppArmor profile 'sn-test (enforce)'", error["message"])
        self.assertIn("(Permission denied)", error["message"])

    def test_a_caller_with_a_profile_of_its_own_keeps_it(self):
        prefix = self.profile(self.ALL_BUT + "  capability,\n")
        run = executed("--relax", "cgroup", "--", "cat", "/proc/self/attr/apparmor/current", prefix=prefix)
        self.assertEqual(run["stdout"], "sn-test (enforce)\n")
        self.assertNotIn("apparmor", run["layers"]["in_force"])
        self.assertTrue([note for note in run["notes"] if note.startswith("apparmor: this process is under a profile")])
        self.assertEqual(doctor(prefix)["AppArmor"]["status"], "limited")


def load_tests(loader, _tests, _pattern):
    classes = [Anywhere]
    if ENABLED and os.environ.get("SN_DISPOSABLE_HOST") == "1":
        classes += [Installed, Confined]
    else:
        print(f"AppArmor is {'' if ENABLED else 'not '}enabled; profiles are installed in a virtual machine only "
              "(scripts/vm-test apparmor)", file=sys.stderr)
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, classes))


if __name__ == "__main__":
    unittest.main()
