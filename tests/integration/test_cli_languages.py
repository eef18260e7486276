#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Manifests as users of the `sentinel` command meet them: their own, and broken ones. Environment as for test_cli.py."""

import json
import os
import shutil
import subprocess
import unittest

from test_cli import PATIENCE, ROOT, SENTINEL, CliTest, needs_sandbox, sentinel

CAT = ("name: cat\ntitle: Cat\nextensions: [cat]\nfile: main.cat\npackage: coreutils\n"
       "run:\n  command: [/bin/cat, \"{source}\"]\n")
BROKEN = CAT.replace("name: cat", "name: dog").replace("[cat]", "[dog]").replace("  command", "  komand")


class Languages(CliTest):
    def setUp(self):
        super().setUp()
        self.write("own/cat.yaml", CAT)
        self.write("own/dog.yaml", BROKEN)
        self.write("m.cat", "meow\n")
        self.write("m.dog", "wow\n")
        self.write("a.py", "print(6 * 7)\n")
        self.path = {**os.environ, "SENTINEL_LANGUAGE_PATH": str(self.dir / "own")}

    def sentinel(self, *args, **kwargs):
        return sentinel(*args, cwd=self.dir, env=self.path, **kwargs)

    def assert_points(self, done, before=""):
        """At the key that is wrong, as for a policy: place, line, caret."""
        first, source, caret = done.stderr.decode().splitlines()[:3]
        self.assertTrue(first.startswith(f"sentinel: {before}{self.dir}/own/dog.yaml:7:3: "), first)
        self.assertIn('run: the key "komand" is not known here', first)
        self.assertTrue(source[caret.index("^"):].startswith("komand"), done.stderr)


@needs_sandbox
class Own(Languages):
    def test_by_the_path_of_its_manifest(self):
        self.write("cat.yaml", CAT.replace("/bin/cat", "/bin/cat, -n"))
        for language, expected in (("./own/cat.yaml", b"meow\n"), (self.dir / "own" / "cat.yaml", b"meow\n"),
                                   ("cat.yaml", b"     1\tmeow\n")):
            done = sentinel("run", "--quiet", "--language", language, "m.cat", cwd=self.dir)
            self.assertEqual((done.stdout, done.stderr, done.returncode), (expected, b"", 0))

    def test_by_the_path_of_languages(self):
        done = self.sentinel("run", "m.cat")
        self.assertEqual((done.stdout, done.returncode), (b"meow\n", 0), done.stderr)
        self.assertEqual(self.sentinel("run", "a.py").stdout, b"42\n")

    def test_without_a_version(self):
        lines = self.sentinel("languages").stdout.decode().splitlines()
        self.assertIn("cat          installed, no version known", lines)

    def test_comes_before_the_installed_one(self):
        self.write("own/py.yaml", CAT.replace("name: cat", "name: python").replace("[cat]", "[py]"))
        for args in (["run", "a.py"], ["run", "--language", "python", "a.py"]):
            self.assertEqual(self.sentinel(*args).stdout, b"print(6 * 7)\n")
        entries = [entry for entry in json.loads(self.sentinel("languages", "--json").stdout) if entry["name"] == "python"]
        self.assertEqual([entry["manifest"] for entry in entries], [f"{self.dir}/own/py.yaml"])

    def test_a_broken_one_takes_nothing_else_away(self):
        listed = self.sentinel("languages")
        self.assertEqual(listed.returncode, 2)
        lines = listed.stdout.decode().splitlines()
        self.assertIn("dog.yaml     does not load, see below", lines)
        self.assertTrue(any(line.startswith("python ") for line in lines))
        self.assert_points(listed)
        document = self.sentinel("languages", "--json")
        self.assertEqual(document.returncode, 2)
        entries = json.loads(document.stdout)
        self.assertEqual(len({frozenset(entry) for entry in entries}), 1, "one shape")
        (broken,) = [entry for entry in entries if entry["name"] is None]
        self.assertEqual((broken["manifest"], broken["installed"]), (f"{self.dir}/own/dog.yaml", False))
        self.assertTrue(broken["error"].startswith(f"{self.dir}/own/dog.yaml:7:3: "))
        self.assertEqual(self.sentinel("run", "--quiet", "m.cat").stderr, b"")


class Broken(Languages):
    def test_whoever_asks_for_it_is_told(self):
        done = self.sentinel("run", "--language", "dog", "m.dog")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assert_points(done, "--language: ")
        done = self.sentinel("run", "m.dog")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assert_points(done)
        self.assertIn(b"m.dog: its extension belongs to no language", done.stderr)
        done = self.sentinel("run", "--language", "./own/dog.yaml", "m.dog")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"own/dog.yaml:7:3: ", done.stderr)
        error = json.loads(self.sentinel("run", "--json", "--language", "dog", "m.dog").stdout)["error"]
        self.assertEqual((error["code"], error["line"], error["column"]), ("SN_EPARSE", 7, 3))

    def test_places_that_are_none(self):
        for language, message in (("./own", b"--language ./own: a directory; name one manifest of it"),
                                  ("./none.yaml", b"there is no directory ./none.yaml"),
                                  ("none.yaml", b"nor a manifest of that name")):
            if language == "./own":
                self.write("own/dog.yaml", CAT.replace("cat", "dog"))
            done = self.sentinel("run", "--language", language, "m.cat")
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)
        self.path["SENTINEL_LANGUAGE_PATH"] = "/no/such"
        done = self.sentinel("run", "m.dog")
        self.assertIn(b"/no/such with language manifests, which SENTINEL_LANGUAGE_PATH names", done.stderr)
        self.assertEqual(done.returncode, 2)


class Check(Languages):
    def test_check(self):
        done = self.sentinel("languages", "check", "own/cat.yaml")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b"own/cat.yaml: ok: language cat, run under the policy default\n")
        done = self.sentinel("languages", "check", "own/cat.yaml", f"{self.dir}/own/dog.yaml")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"own/cat.yaml: ok", done.stdout)
        self.assert_points(done)
        rows = json.loads(self.sentinel("languages", "check", "--json", "own/cat.yaml", "own/dog.yaml").stdout)
        self.assertEqual([(row["ok"], row["name"], row["line"]) for row in rows], [(True, "cat", 0), (False, None, 7)])

    def test_policies_are_looked_for(self):
        for policy, message in (("none", b'the policy of its step compile: there is no policy "none"'),
                                (f"{self.dir}/bad.policy", b"no_such_call")):
            self.write("bad.policy", "ALLOW { no_such_call }\n")
            self.write("own/cat.yaml", CAT + f"compile:\n  command: [/bin/true]\n  policy: {policy}\n")
            done = self.sentinel("languages", "check", "own/cat.yaml")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(message, done.stderr)

    def test_the_shipped_ones(self):
        files = sorted(str(path) for path in (ROOT / "policies" / "languages").glob("*.yaml"))
        done = self.sentinel("languages", "check", *files)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(len(done.stdout.splitlines()), len(files))

    def test_bad_input(self):
        for args, message in ((["check"], b"languages check needs a FILE"), (["chekc"], b'unknown command "chekc"'),
                              (["check", "/no/such.yaml"], b"/no/such.yaml")):
            done = self.sentinel("languages", *args)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(message, done.stderr)


class Installed(CliTest):
    def test_languages_without_a_sandbox(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("needs root and setpriv")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SENTINEL, "languages"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        if done.returncode == 0:
            self.skipTest("nobody can make sandboxes here")
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn(b"installed, version not asked\n", done.stdout)
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), len(set(lines)))
        self.assertNotIn("relax the layer", done.stderr.decode())

    @needs_sandbox
    def test_languages(self):
        listed = json.loads(sentinel("languages", "--json").stdout)
        self.assertLessEqual({"python", "c", "cpp", "bash", "java", "go", "javascript"}, {l["name"] for l in listed})
        lines = dict(line.split(None, 1) for line in sentinel("languages").stdout.decode().splitlines())
        for language in listed:
            self.assertEqual(language["installed"], language["version"] is not None)
            self.assertIn(language["version"] or f"apt-get install {language['package']}", lines[language["name"]])

    @needs_sandbox
    def test_missing_toolchain_is_told(self):
        for language in json.loads(sentinel("languages", "--json").stdout):
            if not language["installed"]:
                done = sentinel("run", "--language", language["name"], "-", input=b"")
                self.assertEqual(done.returncode, 127)
                self.assertIn(language["package"].encode(), done.stderr)


if __name__ == "__main__":
    unittest.main()
