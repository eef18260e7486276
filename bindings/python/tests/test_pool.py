# SPDX-License-Identifier: MIT
"""Pools: one sandbox a job, from any thread, closed in any order."""
from __future__ import annotations

import asyncio
import threading
import time

import pytest

import sentinel
from sentinel import Pool


def test_each_run_has_a_sandbox_of_its_own(can_sandbox: None) -> None:
    with Pool(ready=2) as pool:
        for _ in range(5):
            result = pool.run(["sh", "-c", "ls /work; echo x > /work/x; cat"], stdin="in")
            assert result.stdout == b"in"
        assert pool.status.taken == 5
        assert pool.status.failed == 0


def test_a_taken_sandbox_is_a_session(can_sandbox: None) -> None:
    with Pool(ready=1, limits=sentinel.Limits(open_files=40)) as pool:
        with pool.take() as sandbox:
            sandbox.put("in", "text")
            assert sandbox.run(["sh", "-c", "cat in > out; ulimit -n"]).stdout == b"40\n"
            assert sandbox.run(["cat", "out"]).stdout == b"text"
        with pytest.raises(ValueError, match="closed"):
            sandbox.run(["true"])
        other = pool.take()
    assert other.run(["true"]).ok  # it keeps the pool
    other.close()


def test_it_fills_again(can_sandbox: None) -> None:
    with Pool(ready=3, threads=2, max_age_ms=60000) as pool:
        pool.run(["true"])
        until = time.monotonic() + 20
        while pool.status.ready < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert pool.status.ready == 3


def test_many_threads(can_sandbox: None) -> None:
    wrong: list[object] = []

    def use(number: int) -> None:
        for _ in range(4):
            result = pool.run(["sh", "-c", f"cat mine; echo {number} > mine; cat mine"])
            if result.stdout != f"{number}\n".encode():
                wrong.append(result)

    with Pool(ready=2) as pool:
        threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_asyncio(can_sandbox: None) -> None:
    async def main() -> list[bytes]:
        async with await Pool.acreate(ready=2) as pool:
            results = await asyncio.gather(*(pool.arun(["echo", str(i)]) for i in range(4)))
            return [result.stdout for result in results]

    assert asyncio.run(main()) == [b"0\n", b"1\n", b"2\n", b"3\n"]


def test_wrong_arguments(can_sandbox: None) -> None:
    with pytest.raises(ValueError, match="ready must be between 1 and 1024"):
        Pool(ready=0)
    with pytest.raises(sentinel.NotFoundError):
        Pool(rootfs="/no/such/directory")
    with pytest.raises(TypeError):
        Pool(unknown=1)
    with Pool(ready=1) as pool:
        pass
    with pytest.raises(ValueError, match="this pool is closed"):
        pool.take()
    with pytest.raises(ValueError, match="arm must be one of auto, never, always, not 'now'"):
        sentinel.Sandbox(arm="now")
