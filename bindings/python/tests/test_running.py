# SPDX-License-Identifier: MIT
"""Streaming, feeding, cancelling; threads and asyncio."""
from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Coroutine, TypeVar

import pytest

import sentinel
from sentinel import Event, EventType, Limits, Sandbox, Verdict

LONG = Limits(wall_ms=60_000)
T = TypeVar("T")


def collect(events: list[Event], kind: EventType) -> bytes:
    return b"".join(event.data for event in events if event.type is kind)


def test_events_come_as_they_happen(sandbox: Sandbox) -> None:
    with sandbox.start(["sh", "-c", "echo one; read line; echo $line >&2"], feed=True) as running:
        events = running.events()
        assert next(events) == Event(EventType.STDOUT, b"one\n")
        assert running.result is None
        running.write("two\n")
        rest = list(events)
        assert collect(rest, EventType.STDERR) == b"two\n"
        result = running.wait()
    assert (result.stdout, result.stderr) == (b"one\n", b"two\n")
    assert running.result is result and running.wait() is result and running.wait(0) is result
    assert running.next_event() == Event(EventType.DONE)


def test_streaming_without_capture(sandbox: Sandbox) -> None:
    with sandbox.start(["echo", "x"], capture=False) as running:
        assert collect(list(running), EventType.STDOUT) == b"x\n"
        assert running.wait().stdout == b""


def test_much_input_is_kept_until_it_fits(sandbox: Sandbox) -> None:
    data = os.urandom(5_000_000)
    with sandbox.start(["sh", "-c", "sleep 0.3; cat"], feed=True, limits=LONG) as running:
        for start in range(0, len(data), 700_000):
            running.write(data[start : start + 700_000])
        assert running.pending_input > 0
        running.close_stdin()
        with pytest.raises(ValueError, match="closed"):
            running.write(b"more")
        assert running.wait().stdout == data
        assert running.pending_input == 0


def test_nothing_is_written_behind_the_end_of_the_input(sandbox: Sandbox) -> None:
    """Whether the program has read the end already or not."""
    with sandbox.start(["cat"], feed=True) as running:
        running.write("x")
        running.close_stdin()
        for _ in range(2):
            with pytest.raises(ValueError, match="close_stdin"):
                running.write("y")
            assert running.wait().stdout == b"x"
        running.close_stdin()


def test_room_for_more_is_an_event(sandbox: Sandbox) -> None:
    with sandbox.start(["sh", "-c", "sleep 0.3; cat > /dev/null"], feed=True) as running:
        running.write(bytes(3_000_000))
        assert running.pending_input > 0
        for event in running:
            if event.type is EventType.STDIN:
                break
        assert running.pending_input == 0
        running.close_stdin()
        assert running.wait().ok


def test_input_that_nobody_wants(sandbox: Sandbox) -> None:
    with sandbox.start(["true"], feed=True) as running:
        running.write(bytes(3_000_000))
        assert running.wait().ok
        running.write(b"late")
        running.close_stdin()
    with sandbox.start(["true"]) as running:
        with pytest.raises(ValueError, match="feed=True"):
            running.write(b"x")
        with pytest.raises(ValueError, match="feed=True"):
            running.close_stdin()
        running.wait()
    with pytest.raises(ValueError, match="feed"):
        sandbox.start(["cat"], stdin=b"x", feed=True)


def test_cancel(sandbox: Sandbox) -> None:
    with sandbox.start(["sleep", "60"], limits=LONG) as running:
        running.cancel()
        running.cancel()
        assert running.wait().verdict is Verdict.CANCELLED
    running.cancel()
    assert sandbox.run(["true"]).ok


def test_cancel_from_another_thread(sandbox: Sandbox) -> None:
    with sandbox.start(["sleep", "60"], limits=LONG) as running:
        timer = threading.Timer(0.2, running.cancel)
        timer.start()
        assert running.wait().verdict is Verdict.CANCELLED
        timer.join()


def test_cancel_by_descriptor(sandbox: Sandbox) -> None:
    fd, writer = os.pipe()
    os.write(writer, b"x")
    try:
        assert sandbox.run(["sleep", "60"], limits=LONG, cancel_fd=fd).verdict is Verdict.CANCELLED
    finally:
        os.close(fd)
        os.close(writer)
    for bad in (0, -1):
        with pytest.raises(ValueError, match="cancel_fd"):
            sandbox.run(["true"], cancel_fd=bad)


def test_cancel_after_the_end_changes_nothing(sandbox: Sandbox) -> None:
    with sandbox.start(["true"]) as running:
        assert list(running) == []
        running.cancel()
        assert running.wait().verdict is Verdict.OK


def test_waiting_no_longer_than(sandbox: Sandbox) -> None:
    with sandbox.start(["sleep", "60"], limits=LONG) as running:
        with pytest.raises(TimeoutError):
            running.wait(0.1)
        with pytest.raises(TimeoutError):
            running.wait(0)
        assert "running" in repr(running)


def test_leaving_the_block_kills(sandbox: Sandbox) -> None:
    begin = time.monotonic()
    with sandbox.start(["sleep", "60"], limits=LONG) as running:
        pass
    assert time.monotonic() - begin < 30
    calls: list[Callable[[], object]] = [running.wait, running.next_event, running.fileno]
    for call in calls:
        with pytest.raises(ValueError, match="closed"):
            call()
    assert "closed" in repr(running)
    assert sandbox.run(["true"]).ok


def test_one_thing_at_a_time(sandbox: Sandbox) -> None:
    with sandbox.start(["sleep", "60"], limits=LONG):
        calls: list[Callable[[], object]] = [lambda: sandbox.run(["true"]), lambda: sandbox.get("x"), sandbox.list]
        for call in calls:
            with pytest.raises(sentinel.BusyError):
                call()
    assert sandbox.list() == []


def test_a_program_that_cannot_be_started(sandbox: Sandbox) -> None:
    with sandbox.start(["no-such-program"]) as running:
        for _ in range(2):
            with pytest.raises(sentinel.NotFoundError):
                list(running)
        with pytest.raises(sentinel.NotFoundError):
            running.wait()
    assert sandbox.run(["true"]).ok


def test_an_epoll_loop_of_many(can_sandbox: None) -> None:
    sandboxes = [Sandbox() for _ in range(6)]
    poll = select.epoll()
    running = {}
    for index, sandbox in enumerate(sandboxes):
        run = sandbox.start(["sh", "-c", f"sleep 0.{index}; echo {index}"])
        poll.register(run.fileno(), select.EPOLLIN)
        running[run.fileno()] = run
    outputs = []
    while running:
        for fd, _ in poll.poll():
            run = running[fd]
            while (event := run.next_event()) is not None and event.type is not EventType.DONE:
                outputs.append(event.data)
            if event is not None:
                poll.unregister(fd)
                del running[fd]
                assert run.wait().ok
                run.close()
    poll.close()
    for sandbox in sandboxes:
        sandbox.close()
    assert sorted(outputs) == [b"%d\n" % index for index in range(6)]


# ---- threads ----


def test_threads_with_sandboxes_of_their_own(can_sandbox: None) -> None:
    def job(number: int) -> None:
        for turn in range(3):
            with Sandbox() as sandbox:
                sandbox.put("n", str(number))
                result = sandbox.run(["sh", "-c", f"cat n; echo {turn}"])
                assert result.stdout == f"{number}{turn}\n".encode()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, range(16)))


def test_the_interpreter_goes_on_while_a_run_blocks(can_sandbox: None) -> None:
    """Four runs in four threads go on, and the main thread turns meanwhile."""
    sandboxes = [Sandbox() for _ in range(4)]
    done = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(sandbox.run, ["sleep", "0.5"]) for sandbox in sandboxes]
        turns = 0
        while not all(future.done() for future in futures):
            turns += 1
            done.wait(0.001)
        assert turns > 20
        assert all(future.result().ok for future in futures)
    for sandbox in sandboxes:
        sandbox.close()


def test_one_thread_writes_while_another_reads(sandbox: Sandbox) -> None:
    with sandbox.start(["cat"], feed=True, limits=LONG) as running:

        def feed() -> None:
            for number in range(200):
                running.write(f"{number}\n" * 500)
            running.close_stdin()

        thread = threading.Thread(target=feed)
        thread.start()
        output = collect(list(running), EventType.STDOUT)
        thread.join()
    assert output == "".join(f"{number}\n" * 500 for number in range(200)).encode()


def test_many_threads_wait_for_one_run(sandbox: Sandbox) -> None:
    with sandbox.start(["sleep", "0.3"]) as running, ThreadPoolExecutor(6) as pool:
        waits = [pool.submit(running.wait) for _ in range(3)]
        readers = [pool.submit(lambda: list(running)) for _ in range(3)]
        results = [wait.result(timeout=30) for wait in waits]
        assert results[0] is results[1] is results[2] is running.result
        assert [reader.result(timeout=30) for reader in readers] == [[], [], []]


@pytest.mark.parametrize("how", ["run", "start"])
def test_closing_the_sandbox_under_a_waiting_thread(can_sandbox: None, how: str) -> None:
    sandbox = Sandbox()
    with ThreadPoolExecutor(1) as pool:
        if how == "run":
            wait = pool.submit(sandbox.run, ["sleep", "60"], limits=LONG)
        else:
            wait = pool.submit(sandbox.start(["sleep", "60"], limits=LONG).wait)
        time.sleep(0.3)
        sandbox.close()
        assert wait.result(timeout=30).verdict is Verdict.CANCELLED
    with pytest.raises(ValueError, match="closed"):
        sandbox.run(["true"])


def test_threads_that_close_and_start(can_sandbox: None) -> None:
    """Whatever the order, nothing crashes and nothing is left (the fixture looks)."""
    for turn in range(15):
        sandbox = Sandbox()

        def use() -> None:
            try:
                for _ in range(10):
                    sandbox.run(["true"])
                    sandbox.put("x", b"y")
            except (ValueError, sentinel.BusyError):
                pass

        threads = [threading.Thread(target=use) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.001 * turn)
        sandbox.close()
        for thread in threads:
            thread.join()


# ---- asyncio ----


def finish(main: Coroutine[object, object, T]) -> T:
    """asyncio.run(), but what never ends fails instead of hanging."""
    return asyncio.run(asyncio.wait_for(main, 120))


def test_asyncio_runs_at_the_same_time(can_sandbox: None) -> None:
    async def job(number: int) -> bytes:
        async with await Sandbox.acreate() as sandbox:
            return (await sandbox.arun(["sh", "-c", f"sleep 0.2; echo {number}"])).stdout

    async def main() -> list[bytes]:
        return await asyncio.gather(*(job(number) for number in range(6)))

    assert finish(main()) == [b"%d\n" % number for number in range(6)]


def test_asyncio_events_and_input(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.start(["sh", "-c", "while read line; do echo got $line; done"], feed=True) as running:
            running.write("a\n")
            lines = []
            async for event in running:
                if event.type is EventType.STDOUT:
                    lines.append(event.data)
                    if len(lines) == 3:
                        running.close_stdin()
                    elif len(lines) < 3:
                        running.write("b\n")
            assert lines == [b"got a\n", b"got b\n", b"got b\n"]
            assert (await running).ok

    finish(main())


def test_asyncio_task_that_is_cancelled_kills_its_run(sandbox: Sandbox) -> None:
    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(sandbox.arun(["sleep", "60"], limits=LONG), 0.2)
        assert (await sandbox.arun(["true"])).ok
        async with sandbox.start(["sleep", "60"], limits=LONG) as running:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(running, 0.1)
            assert running.result is None
            running.cancel()
            assert (await running).verdict is Verdict.CANCELLED

    finish(main())


def test_asyncio_run_is_dead_when_its_cancellation_goes_on(sandbox: Sandbox) -> None:
    async def main() -> None:
        for command in "sleep 60", "sleep 60 & sleep 60":
            task = asyncio.create_task(sandbox.arun(["sh", "-c", command], limits=LONG))
            await asyncio.sleep(0.1)
            task.cancel()
            try:
                await task
                raise AssertionError("it was cancelled")
            except asyncio.CancelledError:
                assert sandbox.list() == []  # not busy

    finish(main())


def test_asyncio_loop_turns_while_output_floods(sandbox: Sandbox) -> None:
    async def main() -> None:
        turns = 0

        async def tick() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        ticker = asyncio.create_task(tick())
        result = await sandbox.arun(["head", "-c", "8000000", "/dev/zero"])
        ticker.cancel()
        assert len(result.stdout) == 8_000_000 and turns > 10

    finish(main())


def test_asyncio_several_tasks_on_one_run(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.start(["sleep", "0.3"]) as running:

            async def wait() -> sentinel.Result:
                return await running

            results = await asyncio.wait_for(asyncio.gather(wait(), wait(), wait()), 30)
            assert results[0] is results[1] is results[2]

    finish(main())


def test_asyncio_closing_under_a_waiting_task(can_sandbox: None) -> None:
    async def main() -> None:
        sandbox = await Sandbox.acreate()
        running = sandbox.start(["sleep", "60"], limits=LONG)

        async def wait() -> sentinel.Result:
            return await running

        async def read() -> None:
            async for _ in running:
                pass

        waiting, reading = asyncio.create_task(wait()), asyncio.create_task(read())
        await asyncio.sleep(0.2)
        await sandbox.aclose()
        assert (await asyncio.wait_for(waiting, 30)).verdict is Verdict.CANCELLED
        await asyncio.wait_for(asyncio.wait([reading]), 30)
        assert reading.exception() is None or isinstance(reading.exception(), ValueError)

    finish(main())


def test_asyncio_errors(sandbox: Sandbox) -> None:
    async def main() -> None:
        with pytest.raises(sentinel.NotFoundError):
            await sandbox.arun(["no-such-program"])
        with pytest.raises(sentinel.NotFoundError):
            await Sandbox.acreate(policy="no-such-policy")

    finish(main())
