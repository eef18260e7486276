# SPDX-License-Identifier: MIT
"""Files, runs, limits, policies, errors."""
from __future__ import annotations

import copy
import errno
import gc
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Callable, Iterable

import pytest

import sentinel
from sentinel import Limit, Limits, Mount, Network, Policy, Sandbox, Verdict

C_SOURCE = "int main(void) { return 3; }"


def test_files_come_back_as_they_went(sandbox: Sandbox) -> None:
    data = bytes(range(256)) * 1000
    sandbox.put("a/b/data", data)
    assert sandbox.get("a/b/data") == data
    sandbox.put("text", "größe")
    assert sandbox.get("text") == "größe".encode()
    sandbox.put("empty", b"")
    assert sandbox.get("empty") == b""
    sandbox.put(Path("view"), memoryview(b"abc"))
    assert sandbox.get(b"view") == b"abc"


def test_listing(sandbox: Sandbox) -> None:
    sandbox.mkdir("d/e")
    sandbox.mkdir("d/e")
    sandbox.put("d/tool", b"#!/bin/sh\n", 0o755)
    entries = sandbox.list("d")
    assert [entry.name for entry in entries] == ["e", "tool"]
    assert entries[0].is_dir and not entries[0].is_file
    assert entries[1].is_file and entries[1].bytes == 10 and entries[1].mode & 0o777 == 0o755
    assert [entry.name for entry in sandbox.list()] == ["d"]


def test_names_that_are_no_text(sandbox: Sandbox) -> None:
    assert sandbox.run(["sh", "-c", "printf x > \"$(printf 'a\\377')\""]).ok
    name = sandbox.list()[0].name
    assert os.fsencode(name) == b"a\xff"
    assert sandbox.get(name) == b"x"


def test_errors_of_files(sandbox: Sandbox) -> None:
    with pytest.raises(sentinel.NotFoundError) as caught:
        sandbox.get("nothing")
    assert caught.value.code_name == "SN_ENOENT" and caught.value.step and "nothing" in caught.value.message
    with pytest.raises(sentinel.InvalidError):
        sandbox.put("../escape", b"")
    with pytest.raises(ValueError, match="NUL"):
        sandbox.put("a\0b", b"")
    sandbox.put("big", b"12345")
    with pytest.raises(sentinel.LimitError):
        sandbox.get("big", max_bytes=4)
    with pytest.raises(sentinel.SentinelError) as full:
        sandbox.put("huge", bytes(65 << 20))
    assert full.value.errno == errno.ENOSPC


def test_what_was_read_is_given_back(sandbox: Sandbox) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    sandbox.put("big", bytes(1 << 20))
    sandbox.get("big")
    before = resident()
    for _ in range(200):
        assert len(sandbox.get("big")) == 1 << 20
    assert resident() - before < 50 << 20


def test_result_of_a_run(sandbox: Sandbox) -> None:
    result = sandbox.run(["sh", "-c", "cat; echo oops >&2; exit 3"], stdin="hello")
    assert (result.verdict, result.limit, result.exit_code, result.signal) == (
        Verdict.RUNTIME_ERROR,
        Limit.NONE,
        3,
        None,
    )
    assert (result.stdout, result.stderr, result.ok) == (b"hello", b"oops\n", False)
    assert not result.stdout_truncated and not result.stderr_truncated
    assert result.wall_ns > 0 and result.memory_bytes > 0 and result.cpu_source and result.memory_source
    assert result.denied is None and result.relaxed == () and "seccomp" in result.layers
    # AppArmor is in force where the kernel has it and the profile is loaded
    assert result.layers == sandbox.layers
    assert set(sentinel.layers()) - set(result.layers) <= {"apparmor"}
    assert str(result.verdict) == "RUNTIME_ERROR" and str(result.limit) == "none"
    with pytest.raises(AttributeError):
        result.stdout = b""  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(result)) == result == copy.deepcopy(result)


def test_a_signal(sandbox: Sandbox) -> None:
    result = sandbox.run(["sh", "-c", "kill -SEGV $$"])
    assert (result.exit_code, result.signal) == (None, signal.SIGSEGV)


def test_environment_cwd_and_stdin(sandbox: Sandbox) -> None:
    assert sandbox.run(["env"], env={"A": "1", "B": "x y"}).stdout == b"A=1\nB=x y\n"
    assert b"HOME=/work" in sandbox.run(["env"]).stdout
    assert sandbox.run(["/usr/bin/env"], env={}).stdout == b""
    assert sandbox.run(["pwd"], cwd="/tmp").stdout == b"/tmp\n"
    assert sandbox.run(["cat"], stdin=b"a\0b").stdout == b"a\0b"
    assert sandbox.run(["cat"]).stdout == b""
    for bad in ({"": "x"}, {"A=B": "x"}):
        with pytest.raises(ValueError, match="environment"):
            sandbox.run(["env"], env=bad)
    with pytest.raises(ValueError, match="NUL"):
        sandbox.run(["echo", "a\0b"])
    with pytest.raises(TypeError, match="sequence"):
        sandbox.run("echo")
    with pytest.raises(sentinel.InvalidError):
        sandbox.run([])


def test_programs_that_cannot_be_started(sandbox: Sandbox) -> None:
    with pytest.raises(sentinel.NotFoundError, match="no-such-program"):
        sandbox.run(["no-such-program"])
    sandbox.put("text", b"no program", 0o644)
    with pytest.raises(sentinel.SystemCallError, match="executed"):
        sandbox.run(["/work/text"])
    assert sandbox.run(["true"]).ok


def test_verdicts(sandbox: Sandbox) -> None:
    spin = sandbox.run(["sh", "-c", "while :; do :; done"], limits=Limits(cpu_ms=200))
    assert (spin.verdict, spin.limit) == (Verdict.TIME_LIMIT_EXCEEDED, Limit.CPU)
    sleep = sandbox.run(["sleep", "30"], limits=Limits(wall_ms=200))
    assert (sleep.verdict, sleep.limit) == (Verdict.TIME_LIMIT_EXCEEDED, Limit.WALL)
    flood = sandbox.run(["yes"], limits=Limits(output_bytes=100_000))
    assert (flood.verdict, flood.limit) == (Verdict.OUTPUT_LIMIT_EXCEEDED, Limit.OUTPUT)
    assert flood.stdout_truncated and flood.stdout == (b"y\n" * 50_000)
    greedy = sandbox.run(["tail", "/dev/zero"], limits=Limits(memory_bytes=16 << 20))
    assert (greedy.verdict, greedy.limit) == (Verdict.MEMORY_LIMIT_EXCEEDED, Limit.MEMORY)


def test_limits_are_checked() -> None:
    for bad in (0, -1, 2**64):
        with pytest.raises(ValueError):
            Limits(cpu_ms=bad)
    for wrong in (1.5, "1", True):
        with pytest.raises(TypeError):
            Limits(cpu_ms=wrong)  # type: ignore[arg-type]
    Limits(wall_ms=sentinel.UNLIMITED)
    with pytest.raises(ValueError):
        Sandbox(work_bytes=0)


def test_data_is_bytes_or_text(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not what bytes() would make zeros or numbers of."""
    for wrong in (3, [1, 2], None, 1.5, {"a": 1}):
        with pytest.raises(TypeError, match="^data must be bytes or str, not "):
            sandbox.put("x", wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^stdin must be bytes or str, not int$"):
        sandbox.run(["cat"], stdin=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^source must be .* not int$"):
        sentinel.run(5, language="python")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^files\['n.h'\] must be .* not int$"):
        sentinel.run("", language="python", files={"n.h": 1})
    with pytest.raises(TypeError, match="^source must be "):
        Policy.parse(7)  # type: ignore[arg-type]
    with sandbox.start(["cat"], feed=True) as running, pytest.raises(TypeError, match="^data must be "):
        running.write(7)  # type: ignore[arg-type]
    (tmp_path / "in").write_text("x")
    with open(tmp_path / "in", "rb") as file, pytest.raises(TypeError, match=r"stdin.*read\(\)"):
        sandbox.run(["cat"], stdin=file)  # type: ignore[arg-type]
    assert sandbox.list() == []


def test_arguments_of_the_wrong_type_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="^limits must be a sentinel.Limits or None, not {'cpu_ms': 1}$"):
        Sandbox(limits={"cpu_ms": 1})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^compile_limits must be"):
        sentinel.Program("", language="c", compile_limits={"cpu_ms": 1})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^policy must be .*, not 3$"):
        Sandbox(policy=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^an entry of mounts must be a sentinel.Mount, not '/srv'$"):
        Sandbox(mounts=["/srv"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="^files must be a mapping"):
        sentinel.Program("", language="c", files=["n.h"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^network must be"):
        Sandbox(network=1)  # type: ignore[arg-type]


def test_a_policy_by_its_path(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path object is a path, also one that pathlib made shorter by its "./"."""
    (tmp_path / "my.policy").write_text('ERRNO(1) { sethostname }\n#include "default.policy"\n')
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "my.policy", Path("./my.policy")):
        assert Policy.load(path).name.endswith("my.policy")
        assert sandbox.run(["true"], policy=path).ok
    with pytest.raises(sentinel.NotFoundError):
        Policy.load("my.policy")


def test_limits_of_the_sandbox(can_sandbox: None) -> None:
    with Sandbox(limits=Limits(wall_ms=200)) as sandbox:
        assert sandbox.run(["sleep", "20"]).limit is Limit.WALL
        assert sandbox.run(["sleep", "0.4"], limits=Limits(wall_ms=5000)).ok


def test_a_denied_call_and_the_policy_that_allows_it(sandbox: Sandbox) -> None:
    program = ["python3", "-c", "import socket; print(socket.socket(socket.AF_INET).family)"]
    result = sandbox.run(program)
    assert result.verdict is Verdict.SECURITY_VIOLATION and result.denied is not None
    assert result.denied.name == "socket" and result.denied.call.startswith("socket(AF_INET")
    assert len(result.denied.args) == 6 and result.denied.args[0] == socket.AF_INET
    policy = Policy.parse('#include "default.policy"\nPOLICY more { ALLOW { socket } }\nUSE more DEFAULT KILL\n')
    # Which includes there are is the library's business: only the error's place is ours.
    assert policy.name == "policy"


def test_policies(can_sandbox: None) -> None:
    policy = Policy.load("default")
    assert policy.name == "default" and "default" in repr(policy)
    again = Policy.parse(policy.print_(), "printed")
    assert again.print_() == policy.print_()
    # an OCI profile says conditions in other words, the first time
    json = Policy.parse(policy.print_("json")).print_("json")
    assert Policy.parse(json).print_("json") == json
    assert len(policy.compile()) % 8 == 0
    with pytest.raises(ValueError, match="format"):
        policy.print_("yaml")  # type: ignore[arg-type]
    with pytest.raises(sentinel.NotFoundError):
        Policy.load("no-such-policy")
    with pytest.raises(sentinel.ParseError) as caught:
        Policy.parse("POLICY x {\n  ALLOW { no_such_call }\n}\nUSE x DEFAULT KILL", "mine")
    assert (caught.value.line, caught.value.column) == (2, 11) and "mine" in caught.value.message
    assert caught.value.code_name == "SN_EPARSE"
    with Sandbox(policy="default") as sandbox, Sandbox(policy=again) as other:
        del again
        gc.collect()
        assert sandbox.run(["true"], policy=policy).ok and other.run(["true"], policy="default").ok


def test_mounts_network_and_hostname(can_sandbox: None, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("from the host")
    mounts = [Mount(tmp_path, "/data"), Mount("/nonexistent", "/x", optional=True)]
    with Sandbox(mounts=mounts, hostname="box", network=Network.LOOPBACK) as sandbox:
        assert sandbox.run(["cat", "/data/file"]).stdout == b"from the host"
        assert not sandbox.run(["sh", "-c", "echo x > /data/file"]).ok
        assert sandbox.run(["cat", "/proc/sys/kernel/hostname"]).stdout in (b"box\n", b"")
        assert sandbox.run(["uname", "-n"]).stdout == b"box\n"
    with pytest.raises(sentinel.NotFoundError, match="/nonexistent"):
        Sandbox(mounts=[Mount("/nonexistent")])
    with Sandbox(network="loopback"):
        pass
    with pytest.raises(ValueError, match="network must be one of none, loopback, not 'all'"):
        Sandbox(network="all")


def test_cpus(can_sandbox: None) -> None:
    last = max(os.sched_getaffinity(0))
    show = ["/bin/sh", "-c", "grep Cpus_allowed_list /proc/self/status"]
    given: list[Iterable[int] | str] = [{last}, str(last), [last, last]]
    for cpus in given:
        try:
            sandbox = Sandbox(cpus=cpus)
        except sentinel.HostError as error:
            pytest.skip(f"no cpuset: {error}")
        with sandbox:
            assert sandbox.run(show).stdout.split()[-1] == str(last).encode()
    refused: list[Iterable[int] | str] = ["", "x", [], [8191]]
    for bad in refused:
        with pytest.raises(sentinel.InvalidError, match="cpus|processor"):
            Sandbox(cpus=bad)
    with pytest.raises(TypeError, match="^cpus must be"):
        Sandbox(cpus=["0"])  # type: ignore[list-item]
    with pytest.raises(sentinel.InvalidError, match="cpus needs the layer cgroup"):
        Sandbox(cpus="0", relax="cgroup")


def test_a_network_brings_its_policy(can_sandbox: None) -> None:
    """Unless a policy is given: that one stays."""
    program = ["python3", "-c", "import socket; print(socket.socket(socket.AF_INET).family)"]
    with Sandbox(network=Network.LOOPBACK) as sandbox:
        assert sandbox.run(program).ok
        assert sandbox.run(program, policy="python").verdict is Verdict.SECURITY_VIOLATION
    with Sandbox(network=Network.LOOPBACK, policy="default") as sandbox:
        assert sandbox.run(program).verdict is Verdict.SECURITY_VIOLATION
    assert sentinel.run(program[2], language="python", network="loopback").ok
    assert sentinel.run(program[2], language="python").verdict is Verdict.SECURITY_VIOLATION


def test_sizes(can_sandbox: None) -> None:
    with Sandbox(work_bytes=1 << 20, work_inodes=64, tmp_bytes=1 << 20, tmp_inodes=64, shm_bytes=1 << 20) as sandbox:
        with pytest.raises(sentinel.SentinelError) as full:
            sandbox.put("x", bytes(2 << 20))
        assert full.value.errno == errno.ENOSPC


def test_relaxing(can_sandbox: None) -> None:
    with Sandbox(relax=["landlock"]) as sandbox:
        result = sandbox.run(["true"])
        assert result.relaxed == ("landlock",) and "landlock" not in result.layers
    with pytest.raises(sentinel.NotFoundError, match="no layer 'seccompp'.*seccomp"):
        Sandbox(relax="seccompp")
    with pytest.raises(sentinel.InvalidError):
        Sandbox(relax=["mount-ns"])


def test_closing(can_sandbox: None) -> None:
    sandbox = Sandbox()
    assert "closed" not in repr(sandbox)
    sandbox.close()
    sandbox.close()
    assert "closed" in repr(sandbox)
    calls: list[Callable[[], object]] = [lambda: sandbox.run(["true"]), lambda: sandbox.get("x"), lambda: sandbox.layers]
    for call in calls:
        with pytest.raises(ValueError, match="closed"):
            call()


def test_a_sandbox_whose_init_was_killed(can_sandbox: None) -> None:
    def held() -> set[int]:
        pids: set[int] = set()
        for entry in Path("/proc/self/fdinfo").iterdir():
            try:
                pids.update(int(line[4:]) for line in entry.read_text().splitlines() if line.startswith("Pid:"))
            except FileNotFoundError:
                pass
        return pids

    before = held()
    with Sandbox() as sandbox:
        (pid,) = held() - before - {os.getpid()}  # one of this process is kept, too
        running = sandbox.start(["sleep", "60"])
        os.kill(pid, signal.SIGKILL)
        with running, pytest.raises(sentinel.DiedError):
            running.wait()
        with pytest.raises(sentinel.DiedError, match="destroy"):
            sandbox.run(["true"])


def test_the_examples_of_the_manual(can_sandbox: None) -> None:
    manual = Path(sentinel.__file__).resolve().parents[3] / "docs" / "python.md"
    if not manual.exists():
        pytest.skip("docs/python.md is not here")
    binding, _, _ = manual.read_text().partition("\n## The service\n")  # whose are in test_client.py
    blocks = re.findall(r"^```python\n(.*?)^```", binding, flags=re.S | re.M)
    assert len(blocks) == 6
    for number, block in enumerate(blocks):
        # What the reader's host may not have.
        code = block.replace('"/srv/data"', '"/usr/share"').replace('"game.py"', '"-c", "print(input(), input())"')
        scope: dict[str, object] = {"sentinel": sentinel}
        if number == 2:
            scope |= {"source": "int main() {}", "cases": [""]}
        if number == 4:
            scope["sandbox"] = opened = Sandbox()
        if "async with" in code:
            code = "async def main():\n" + "".join(f"    {line}\n" for line in code.splitlines())
            code += "import asyncio\nasyncio.run(asyncio.wait_for(main(), 120))\n"
        exec(compile(code, f"{manual}, block {number}", "exec"), scope)
        if number == 4:
            opened.close()


def test_forgetting_to_close_warns_and_cleans(can_sandbox: None) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        sandbox = Sandbox()
        running = sandbox.start(["sleep", "60"])
        del sandbox
        gc.collect()
        assert running.next_event() is None  # it keeps its sandbox
        del running
        gc.collect()
    assert [warning.category for warning in seen] == [ResourceWarning]


def test_a_forked_child_leaves_the_sandbox_alone(sandbox: Sandbox) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            sandbox.close()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert sandbox.run(["true"]).ok


def test_ctrl_c_kills_the_run(can_sandbox: None) -> None:
    word = f"60.{os.getpid()}"
    code = f"""if True:
        import os, sentinel, time
        begin = time.monotonic()
        with sentinel.Sandbox() as sandbox:
            try:
                sandbox.run(["sleep", "{word}"], limits=sentinel.Limits(wall_ms=60000))
            except KeyboardInterrupt:
                print("interrupted", time.monotonic() - begin < 50, sandbox.run(["echo", "free"]).stdout)
    """

    def runs_and_is_waited_for(child: int) -> bool:
        """The program was started, and whoever did it sleeps."""
        found = False
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found = found or command.read_bytes() == f"sleep\0{word}\0".encode()
            except OSError:
                pass
        return found and "\nState:\tS" in Path(f"/proc/{child}/status").read_text()

    package = str(Path(sentinel.__file__).resolve().parent.parent)
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": package}
    )
    assert child.stdout is not None
    with child:
        while not runs_and_is_waited_for(child.pid) and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted True b'free\\n'\n"


def test_errors_travel(sandbox: Sandbox) -> None:
    with pytest.raises(sentinel.SentinelError) as caught:
        sandbox.get("nothing")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is sentinel.NotFoundError and str(again) == str(caught.value)
    assert (again.code, again.errno, again.step) == (caught.value.code, caught.value.errno, caught.value.step)
    assert issubclass(sentinel.InvalidError, ValueError) and issubclass(sentinel.NoMemoryError, MemoryError)


def test_host() -> None:
    items = sentinel.host()
    assert {"kernel", "cgroups"} <= {item.name for item in items}
    assert all(isinstance(item.status, sentinel.HostStatus) and item.detail for item in items)
