# SPDX-License-Identifier: MIT
"""Languages and programs."""
from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import pytest

import sentinel
from sentinel import Limits, Program, Sandbox, Verdict

SLOW_TO_COMPILE = """
template <int A, int B> struct F { static const unsigned long v = F<A - 1, B>::v + F<A - 1, B + (1 << A)>::v; };
template <int B> struct F<0, B> { static const unsigned long v = B; };
int main() { return F<22, 0>::v != 0; }
"""


def test_languages() -> None:
    known = {language.name: language for language in sentinel.languages()}
    assert {"python", "c", "cpp", "java", "go", "javascript", "bash"} <= set(known)
    cpp = known["cpp"]
    assert (cpp.title, cpp.package) == ("C++", "g++") and "c++" in cpp.aliases and cpp.file_name.endswith(".cpp")
    assert cpp.policy and cpp.compile_policy and cpp.run_limits.cpu_ms
    assert cpp.compile_limits is not None and cpp.compile_limits.memory_bytes
    assert known["python"].compile_policy is None and known["python"].compile_limits is None
    del known
    gc.collect()
    assert cpp.name == "cpp"


def test_finding() -> None:
    assert sentinel.find_language("C++").name == "cpp"
    assert sentinel.find_language("a.py").name == "python"
    with pytest.raises(sentinel.NotFoundError, match="cobol.*python"):
        sentinel.find_language("cobol")


def test_manifests_of_one_s_own(can_sandbox: None, tmp_path: Path) -> None:
    manifest = tmp_path / "cat.yaml"
    text = "name: cat\nextensions: [txt]\nfile: main.txt\npackage: coreutils\nrun:\n  command: [/bin/cat, '{source}']\n"
    manifest.write_text(text)
    (language,) = sentinel.languages(tmp_path)
    assert sentinel.run("meow", language=language).stdout == b"meow"
    manifest.write_text(text + "nonsense: 1\n")
    with pytest.raises(sentinel.ParseError) as caught:
        sentinel.languages(tmp_path)
    assert caught.value.line == 7
    manifest.write_text(text.replace("/bin/cat", "/nonexistent/cat"))
    (language,) = sentinel.languages(tmp_path)
    with pytest.raises(sentinel.ToolchainError, match="coreutils"):
        language.probe()
    with pytest.raises(sentinel.ToolchainError):
        sentinel.run("", language=language)
    with pytest.raises(sentinel.NotFoundError):
        sentinel.languages(tmp_path / "nothing")


def test_the_host_s_broken_manifests_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take nothing away but themselves, and whoever asks for one is told."""
    cat = "name: cat\nextensions: [txt]\nfile: main.txt\npackage: coreutils\nrun:\n  command: [/bin/cat, '{source}']\n"
    (tmp_path / "cat.yaml").write_text(cat)
    (tmp_path / "dog.yaml").write_text(cat + "nonsense: 1\n")
    monkeypatch.setenv("SENTINEL_LANGUAGE_PATH", str(tmp_path))
    assert {"cat", "python"} <= {language.name for language in sentinel.languages()}
    assert sentinel.find_language("cat").manifest == str(tmp_path / "cat.yaml")
    ((path, error),) = sentinel.language_errors().items()
    assert path == str(tmp_path / "dog.yaml") and isinstance(error, sentinel.ParseError) and error.line == 7
    assert error.message.startswith(f"{path}:7:1: ")
    with pytest.raises(sentinel.ParseError):
        sentinel.find_language("Dog")
    with pytest.raises(sentinel.NotFoundError, match="left out: .*dog.yaml:7:1"):
        sentinel.find_language("a.dog")
    monkeypatch.delenv("SENTINEL_LANGUAGE_PATH")
    assert sentinel.language_errors() == {}


def test_checking_a_manifest(tmp_path: Path) -> None:
    sentinel.find_language("cpp").check()
    manifest = tmp_path / "cat.yaml"
    manifest.write_text("name: cat\nfile: main.txt\npackage: coreutils\nrun:\n  command: [/bin/cat]\n  policy: none\n")
    (language,) = sentinel.languages(manifest)
    with pytest.raises(sentinel.NotFoundError, match='cat.yaml: the policy of its step run: there is no policy "none"'):
        language.check()


def test_probe(can_sandbox: None) -> None:
    assert sentinel.find_language("python").probe().startswith("3.")


def test_run_of_a_source(can_sandbox: None) -> None:
    source = "import sys, os\nprint(sys.argv[1:], input(), os.environ['X'])"
    result = sentinel.run(source, language="python", args=["a", "b"], stdin="in", env={"X": "1"})
    assert result.stdout == b"['a', 'b'] in 1\n"
    slow = sentinel.run("while True: pass", language="python", limits=Limits(cpu_ms=200))
    assert slow.limit is sentinel.Limit.CPU


def test_a_compiled_program_runs_again_and_again(can_sandbox: None) -> None:
    source = '#include "n.h"\n#include <stdio.h>\nint main(void) { int x; scanf("%d", &x); printf("%d", N * x); }'
    with Program(source, language="c", files={"n.h": "#define N 3"}, compile_args=["-O1"]) as program:
        assert program.runnable and program.compile_result is not None and program.compile_result.ok
        for number in range(4):
            assert program.run(stdin=str(number)).stdout == str(3 * number).encode()
        assert program.sandbox.get("n.h") == b"#define N 3"
        with program.start(feed=True) as running:
            running.write("5")
            running.close_stdin()
            assert running.wait().stdout == b"15"
        assert "C" in repr(program)
    with pytest.raises(ValueError, match="closed"):
        program.run()
    with pytest.raises(ValueError, match="closed"):
        program.sandbox.list()


def test_what_does_not_compile(can_sandbox: None) -> None:
    result = sentinel.run("int main( {", language="c")
    assert result.verdict is Verdict.COMPILATION_ERROR and b"error" in result.stderr
    with Program("int main( {", language="c") as program:
        assert not program.runnable and program.compile_result is not None
        with pytest.raises(sentinel.InvalidError, match="compile"):
            program.run()


def test_names_are_checked(can_sandbox: None) -> None:
    with pytest.raises(sentinel.InvalidError):
        Program("", language="python", file_name="-x.py")
    with pytest.raises(ValueError, match="NUL"):
        Program("", language="python", file_name="x\0.py")
    with pytest.raises(sentinel.NotFoundError):
        Program("", language="nothing")


def test_a_compiler_is_cancelled_by_descriptor(can_sandbox: None) -> None:
    fd, writer = os.pipe()
    os.write(writer, b"x")
    try:
        with Program("int main(void) { return 0; }", language="c", cancel_fd=fd) as program:
            assert program.compile_result is not None
            assert program.compile_result.verdict is Verdict.CANCELLED and not program.runnable
    finally:
        os.close(fd)
        os.close(writer)


def test_the_sandbox_outlives_a_forgotten_program(can_sandbox: None) -> None:
    sandbox = Program("print(1)", language="python").sandbox
    gc.collect()
    assert sandbox.get("main.py") == b"print(1)"
    sandbox.close()
    gc.collect()


def test_asyncio(can_sandbox: None) -> None:
    async def main() -> None:
        results = await asyncio.gather(
            sentinel.arun("print(1)", language="python"),
            sentinel.arun("int main(void) { return 2; }", language="c"),
            sentinel.arun("int main(", language="c"),
        )
        assert results[0].stdout == b"1\n" and results[1].exit_code == 2
        assert results[2].verdict is Verdict.COMPILATION_ERROR
        with pytest.raises(TypeError, match="cancel"):
            await Program.acreate("", language="python", cancel_fd=3)

    asyncio.run(asyncio.wait_for(main(), 120))


def test_asyncio_task_that_is_cancelled_ends_the_compiler(can_sandbox: None) -> None:
    async def main() -> None:
        begin = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            limits = Limits(cpu_ms=50_000, wall_ms=60_000, memory_bytes=1 << 30)
            await asyncio.wait_for(sentinel.arun(SLOW_TO_COMPILE, language="cpp", compile_limits=limits), 0.5)
        assert time.monotonic() - begin < 20

    asyncio.run(asyncio.wait_for(main(), 120))


def test_same_program_is_compiled_once(can_sandbox: None, tmp_path: Path) -> None:
    source = "int main(void) { return 7; }"
    cache = tmp_path / "cache"
    for expected in (False, True):
        with sentinel.Program(source, language="c", cached=True, cache_dir=cache, cache_bytes=2**20) as program:
            assert program.is_cached is expected
            assert program.compile_result is not None and program.compile_result.ok
            assert program.run().exit_code == 7
    with sentinel.Program(source, language="c") as program:
        assert not program.is_cached
    with pytest.raises(ValueError):
        sentinel.Program(source, language="c", cached=True, cache_dir=cache, cache_bytes=0)
    with pytest.raises(sentinel.InvalidError):
        sentinel.find_language("c").prepare(cache_dir=cache)
