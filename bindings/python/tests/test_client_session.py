# SPDX-License-Identifier: MIT
"""Talking to a program while it runs, by AsyncClient.session()."""
from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Awaitable, Callable, Iterator

import pytest

pytest.importorskip("httpx")
pytest.importorskip("websockets")

from service_helpers import Proxy, running_service  # noqa: E402

from sentinel.client import (  # noqa: E402
    AsyncClient,
    ConnectionFailed,
    Finished,
    InvalidRequest,
    Output,
    Status,
    Submission,
    TimedOut,
)

ECHO = "import sys\nfor line in sys.stdin:\n  print('got', line.strip(), flush=True)\nprint('end')"


@pytest.fixture(scope="module")
def service() -> Iterator[Any]:
    with running_service() as running:
        yield running


def talk(port: int, conversation: Callable[[AsyncClient], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with AsyncClient(f"http://127.0.0.1:{port}", **options) as client:
            await asyncio.wait_for(conversation(client), 60)

    asyncio.run(whole())


def test_input_is_sent_when_the_answer_to_the_last_is_there(service: Any) -> None:
    async def conversation(client: AsyncClient) -> None:
        lines: Iterator[str | bytes] = iter(["two\n", b"three\n"])
        heard = b""
        async with client.session("python", ECHO) as session:
            await session.send("one\n")  # before it runs: it is kept until then
            async for event in session:
                if isinstance(event, Output) and event.name == "stdout":
                    heard += event.data
                    if event.data.startswith(b"got"):
                        line = next(lines, None)
                        await (session.send_end() if line is None else session.send(line))
            assert isinstance(event, Finished)
            assert heard == b"got one\ngot two\ngot three\nend\n"
            job = await session.result()
            assert job.ok and job == event.job == await client.get(session.id)
            with pytest.raises(BrokenPipeError):
                await session.send("four\n")
            await session.send_end()
            await session.cancel()
            assert [event async for event in session] == []

    talk(service.port, conversation)


def test_input_waits_for_its_program(service: Any) -> None:
    async def conversation(client: AsyncClient) -> None:
        busy = await client.submit_batch([Submission("python", "import time\ntime.sleep(1)")] * 4)  # all slots
        async with client.session("python", ECHO) as session:
            await session.send("early\n")
            await session.send_end()
            assert (await session.result(50)).stdout == "got early\nend\n"
        for receipt in busy:
            await client.wait(receipt.id)

    talk(service.port, conversation)


def test_bytes_of_any_kind_and_length_arrive(service: Any) -> None:
    data = bytes(range(256)) * 1500 + "é".encode() * 50000 + b"\1" * 100000

    async def conversation(client: AsyncClient) -> None:
        source = "import sys, hashlib\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
        async with client.session("python", source) as session:
            await session.send(data)
            await session.send_end()
            assert (await session.result()).stdout.strip() == hashlib.sha256(data).hexdigest()

    talk(service.port, conversation)


def test_leaving_the_block_cancels_what_still_runs(service: Any) -> None:
    async def conversation(client: AsyncClient) -> None:
        async with client.session("python", "input()", time_limit_ms=30000) as session:
            pass
        assert (await client.wait(session.id)).status is Status.CANCELLED
        with pytest.raises(RuntimeError, match="mine"):
            async with client.session("python", "input()", time_limit_ms=30000) as session:
                raise RuntimeError("mine")
        assert (await client.wait(session.id)).status is Status.CANCELLED
        with pytest.raises(TimedOut):
            async with client.session("python", "input()", time_limit_ms=30000) as session:
                await session.result(0.5)

    talk(service.port, conversation)


def test_a_session_is_cancelled_from_within(service: Any) -> None:
    async def conversation(client: AsyncClient) -> None:
        async with client.session("python", ECHO, time_limit_ms=30000) as session:
            await session.send("x\n")
            async for event in session:
                if isinstance(event, Output):
                    await session.cancel()
            job = await session.result()
            assert job.status is Status.CANCELLED and job.stdout == "got x\n"

    talk(service.port, conversation)


@pytest.mark.parametrize("limit", [0, 300, 700, 1200])
def test_a_session_outlives_its_connections(service: Any, limit: int) -> None:
    """Events: no gap, no repetition. Input: only sent where it is known to have arrived."""
    source = "import time\nfor i in range(20):\n  print('tick', i, flush=True)\n  time.sleep(0.05)\nprint(input())"

    async def conversation(client: AsyncClient) -> None:
        heard = b""
        async with client.session("python", source) as session:
            async for event in session:
                if isinstance(event, Output):
                    heard += event.data
                    if b"tick 19\n" in event.data:
                        proxy.default = None
                        asyncio.get_running_loop().create_task(insist(session))
            job = await session.result()
        assert job.ok and heard == job.stdout_bytes
        assert heard == b"".join(b"tick %d\n" % i for i in range(20)) + b"x\n"

    async def insist(session: Any) -> None:
        try:
            await session.send("x\n")
        except ConnectionResetError:
            await session.send("x\n")

    with Proxy(service.port, [None, limit, limit, limit]) as proxy:
        talk(proxy.port, conversation)
        assert len(proxy.requests) > 3


def test_a_session_that_cannot_be_is_an_exception(service: Any) -> None:
    async def refused(client: AsyncClient) -> None:
        with pytest.raises(InvalidRequest):
            async with client.session("python", "1", time_limit_ms=0):
                raise AssertionError

    talk(service.port, refused)

    async def cut_off(client: AsyncClient) -> None:
        with pytest.raises(ConnectionFailed):
            async with client.session("python", "input()") as session:
                assert proxy.limits == []
                async for _ in session:
                    pass

    with Proxy(service.port, [None], default=1) as proxy:
        talk(proxy.port, cut_off, patience=0.5, retries=0)
