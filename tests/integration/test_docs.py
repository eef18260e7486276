#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What documents show must work, and what they list and count must be so. $SENTINEL is the binary, $SENTINEL_DATA_DIR the policies."""

import os
import pathlib
import re
import shutil
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


def read(*names):
    return ROOT.joinpath(*names).read_text(encoding="utf-8")


class Install(unittest.TestCase):
    def test_the_packages_are_those_that_the_scripts_install(self):
        wanted = re.search(r"^build_packages=\((.*?)\)", read("scripts", "common.sh"), re.DOTALL | re.MULTILINE)
        shown = re.search(r"^    sudo apt-get install --no-install-recommends ((?:.*\\\n)*.*)$",
                          read("docs", "install.md"), re.MULTILINE)
        self.assertEqual(shown.group(1).replace("\\\n", " ").split(), wanted.group(1).split())

    def test_the_versions_are_those_that_the_build_asks_for(self):
        page = re.sub(r"\s+", " ", read("docs", "install.md"))
        build = read("meson.build")
        for name, library in (("Meson", None), ("libseccomp", "libseccomp"), ("jansson", "jansson"),
                              ("libcyaml", "libcyaml")):
            pattern = rf"dependency\('{library}', version: '>=([\d.]+)'\)" if library else r"meson_version: '>=([\d.]+)'"
            self.assertIn(f"{name} {re.search(pattern, build).group(1)}", page)


class Links(unittest.TestCase):
    def test_every_link_between_documents_leads_somewhere(self):
        pages = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        self.assertGreater(len(pages), 8)
        for page in pages:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                self.assertTrue((page.parent / target).exists(), f"{page}: {target}")

    def test_files_that_commands_take_from_here_are_here(self):
        taken = re.findall(r"(?:\$PWD/|seccomp=|-f )([\w.-]+/[\w./-]+)", read("docs", "containers.md"))
        self.assertLessEqual({"examples/programs/hello.py", "containers/seccomp.json"}, set(taken))
        for name in taken:
            self.assertTrue((ROOT / name).exists(), name)


class Services(unittest.TestCase):
    """systemd takes $ for a variable of its own, and $$ for one of ours."""

    def test_no_unit_in_the_documents_loses_a_dollar(self):
        seen = 0
        for page in sorted((ROOT / "docs").glob("*.md")):
            for line in re.findall(r"^ *Exec\w+=.*$", page.read_text(encoding="utf-8"), re.MULTILINE):
                seen += 1
                for dollars in re.findall(r"\$+", line):
                    self.assertEqual(len(dollars) % 2, 0, f"{page.name}: {line}")
                # the shell's own number is two for the shell
                if "cgroup.procs" in line:
                    self.assertIn("echo $$ ", line.replace("$$", "$"), page.name)
        self.assertGreaterEqual(seen, 2)


class Sizes(unittest.TestCase):
    def test_init_is_as_small_as_it_is_said_to_be(self):
        binary = pathlib.Path(SENTINEL).resolve().parents[1] / "libsentinel" / "sentinel-init"
        if not binary.exists() or not shutil.which("size"):
            self.skipTest("needs a build tree and binutils")
        told = re.search(r"a static binary of some (\d+) KiB", read("docs", "architecture.md"))
        measured = int(subprocess.run(["size", str(binary)], capture_output=True, text=True, check=True).stdout.split()[6])
        self.assertLess(abs(measured - int(told.group(1)) * 1024), 1536, f"{measured} bytes")


class Security(unittest.TestCase):
    def test_the_table_of_layers_is_made_from_the_manifests(self):
        table = subprocess.run([sys.executable, str(ROOT / "tests" / "attacks" / "by-layer")], capture_output=True,
                               text=True, timeout=60, check=True).stdout
        page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        self.assertTrue(table in page, "docs/security.md has an old one: tests/attacks/by-layer --write renews it")


if __name__ == "__main__":
    unittest.main()
