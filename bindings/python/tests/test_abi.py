# SPDX-License-Identifier: MIT
"""Layouts and constants against the headers; finding the library."""
from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sentinel
from sentinel import _abi, _errors

PACKAGE = Path(sentinel.__file__).resolve().parent
TOP = PACKAGE.parent.parent.parent
INCLUDE = TOP / "libsentinel" / "include"
CC = shutil.which("cc")

needs_headers = pytest.mark.skipif(not INCLUDE.is_dir(), reason="the sources of the library are not here")
needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler")


def compile_c(source: str, *arguments: str) -> None:
    assert CC is not None
    command = [CC, "-x", "c", "-", f"-I{INCLUDE}", "-Wall", "-Werror", *arguments]
    subprocess.run(command, input=source, text=True, check=True)


@needs_headers
@needs_cc
def test_layouts_are_those_of_the_headers(tmp_path: Path) -> None:
    lines = ["#include <sentinel/sentinel.h>", "#include <stddef.h>", "#include <stdio.h>", "int main(void) {"]
    ours = []
    for name, struct in _abi.STRUCTS.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        ours.append(f"{name} {ctypes.sizeof(struct)}")
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            member = f"{name}, {field}"
            lines.append(f'printf("{name}.{field} %zu %zu\\n", offsetof({member}), sizeof((({name} *)0)->{field}));')
            ours.append(f"{name}.{field} {place.offset} {place.size}")
    for name, value in _abi.CONSTANTS.items():
        lines.append(f'printf("{name} %lld\\n", (long long)({name}));')
        ours.append(f"{name} {value}")
    for verdict in sentinel.Verdict:
        lines.append(f'printf("SN_VERDICT_{verdict.name} %d\\n", SN_VERDICT_{verdict.name});')
        ours.append(f"SN_VERDICT_{verdict.name} {verdict.value}")
    for limit in sentinel.Limit:
        lines.append(f'printf("SN_LIMIT_{limit.name} %d\\n", SN_LIMIT_{limit.name});')
        ours.append(f"SN_LIMIT_{limit.name} {limit.value}")
    lines += ["return 0; }"]
    program = tmp_path / "layout"
    compile_c("\n".join(lines), "-o", str(program))
    theirs = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert theirs == ours


@needs_headers
def test_no_struct_or_field_of_the_headers_is_missing() -> None:
    headers = "\n".join(path.read_text() for path in sorted((INCLUDE / "sentinel").glob("*.h")))
    headers = re.sub(r"/\*.*?\*/", "", headers, flags=re.S)
    found = {}
    for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", headers, flags=re.S):
        found[name] = [re.findall(r"\w+", member)[-1] for member in body.split(";") if member.strip()]
    ours = {name: [field for field, *_ in struct._fields_] for name, struct in _abi.STRUCTS.items()}
    assert found == ours


@needs_headers
def test_every_enum_constant_is_known() -> None:
    headers = "\n".join(path.read_text() for path in sorted((INCLUDE / "sentinel").glob("*.h")))
    headers = re.sub(r"/\*.*?\*/", "", headers, flags=re.S)
    known = set(_abi.CONSTANTS)
    known |= {f"SN_VERDICT_{verdict.name}" for verdict in sentinel.Verdict}
    known |= {f"SN_LIMIT_{limit.name}" for limit in sentinel.Limit}
    declared = set(re.findall(r"^\s+(SN_[A-Z_]+) = -?\d+", headers, flags=re.M))
    assert len(declared) > 30
    flags = ("SN_MOUNT_", "SN_SUSPECT_", "SN_PROGRAM_")
    assert declared == {name for name in known if not name.startswith(flags)}


@needs_headers
def test_every_function_is_declared_or_left_out_on_purpose() -> None:
    listed = set(re.findall(r"^\s+(sn_\w+);", (TOP / "libsentinel" / "libsentinel.sym").read_text(), flags=re.M))
    # Initialisers write as many bytes as the library's struct has; sn_run() and its like could not be interrupted; Python's
    # references do what sn_policy_ref() does; the layers in force come with the result; steps are for who tunes the library.
    left_out = {name for name in listed if name.endswith(("_init_sized", "_steps"))}
    left_out |= {"sn_run", "sn_program_run", "sn_pool_run", "sn_policy_ref"}
    assert listed - left_out == set(_abi.FUNCTIONS)


def test_every_code_has_its_exception() -> None:
    codes = {name: code for name, code in _abi.CONSTANTS.items() if re.fullmatch(r"SN_E[A-Z]+", name)}
    assert set(_errors._classes) == set(codes.values())
    for name, code in codes.items():
        assert _errors._classes[code].CODE == code
        assert _errors._classes[code]("x").code_name == name


def import_with(library: str | None, package: Path = PACKAGE.parent) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key != "SENTINEL_LIBRARY"}
    env["PYTHONPATH"] = str(package)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    if library is not None:
        env["SENTINEL_LIBRARY"] = library
    code = "import sentinel; print(sentinel.library_version(), sentinel._abi.lib._name)"
    # Not here: with -c, Python looks for modules in the current directory first.
    return subprocess.run([sys.executable, "-c", code], env=env, cwd="/", capture_output=True, text=True)


def test_a_named_library_that_is_missing_is_named() -> None:
    done = import_with("/nonexistent/libsentinel.so.0")
    assert done.returncode == 1
    assert "LibraryError" in done.stderr and "/nonexistent/libsentinel.so.0" in done.stderr
    assert "SENTINEL_LIBRARY names it: correct it" in done.stderr


def test_another_library_is_refused() -> None:
    done = import_with("libc.so.6")
    assert "libc.so.6 is not libsentinel" in done.stderr


@needs_cc
@pytest.mark.parametrize(("version", "accepted"), [("1, 0", False), ("0, 0", False), ("0, 7", True)])
def test_versions(tmp_path: Path, version: str, accepted: bool) -> None:
    library = tmp_path / "libother.so"
    compile_c(
        f"void sn_version(unsigned *a, unsigned *b, unsigned *c) {{ unsigned v[] = {{{version}}}; *a = v[0]; *b = v[1]; "
        "*c = 0; }",
        "-shared",
        "-fPIC",
        "-o",
        str(library),
    )
    done = import_with(str(library))
    expected = "it is older than this package" if accepted else f"is libsentinel {version.replace(', ', '.')}.0"
    assert expected in done.stderr


def test_the_package_s_own_folder_comes_before_the_system(tmp_path: Path) -> None:
    copy = tmp_path / "sentinel"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    used = Path(_abi.lib._name)
    if not used.is_absolute():
        pytest.skip("the library comes from the system's loader")
    shutil.copy(used.resolve(), copy / "libsentinel.so.0")
    done = import_with(None, tmp_path)
    assert done.stdout.split() == [sentinel.library_version(), str(copy / "libsentinel.so.0")]
    assert import_with(str(used), tmp_path).stdout.split()[1] == str(used)


def test_versions_agree() -> None:
    assert sentinel.__version__ == sentinel.library_version()
    if (PACKAGE.parent / "pyproject.toml").exists():
        import tomllib

        with open(PACKAGE.parent / "pyproject.toml", "rb") as file:
            assert tomllib.load(file)["project"]["version"] == sentinel.__version__


def test_everything_public_is_there_and_described() -> None:
    for name in sentinel.__all__:
        value = getattr(sentinel, name)
        if callable(value):
            assert value.__doc__, name
            for method, function in vars(value).items() if isinstance(value, type) else ():
                if not method.startswith("_") and (callable(function) or isinstance(function, (property, classmethod))):
                    assert function.__doc__, f"{name}.{method}"
