# SPDX-License-Identifier: MIT
"""A run that was started: events, input, cancelling, waiting; by threads or by asyncio."""
from __future__ import annotations

import asyncio
import ctypes
import os
import select
import threading
import time
from collections import deque
from ctypes import byref, c_size_t, c_void_p
from typing import AsyncIterator, Generator, Iterator

from ._abi import CONSTANTS, SnEvent, lib
from ._errors import SentinelError, check, take_error
from ._handle import Handle
from ._types import Data, Event, EventType, Result, make_result, payload

_CHUNK = 1 << 20  # the library keeps no more than this
_FAIR = 16  # events in a row before other asyncio tasks get their turn


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


class Running:
    """A run in progress, made by Sandbox.start() or Program.start(). A context manager: leaving it kills the run.

        with sandbox.start(["cat"], feed=True) as running:
            running.write(b"hello")
            running.close_stdin()
            for event in running:
                print(event.type, event.data)
            print(running.wait().verdict)

    Any thread may call any method at any time; each event goes to one of those that ask for it. Whoever waits does so
    without the GIL. A program that cannot be started raises NotFoundError or SystemCallError from the first event or from wait().
    """

    def __init__(self, handle: Handle, feed: bool) -> None:
        self._handle = handle
        self._feed = feed
        self._lock = threading.Lock()  # the C handle belongs to one thread at a time
        self._pending: deque[memoryview] = deque()
        self._pending_bytes = 0
        self._stdin_closed = False
        self._close_when_fed = False
        self._result: Result | None = None
        self._failure: SentinelError | None = None

    # ---- one step, never blocking ----

    def _is_over(self) -> bool:
        return self._result is not None or self._failure is not None

    def _write_pending(self, pointer: int) -> bool:
        """Gives the library what it takes of what waits; True when nothing is left. Under the lock."""
        taken, error = c_size_t(), c_void_p()
        while self._pending:
            data = bytes(self._pending[0][:_CHUNK])
            check(lib.sn_run_write(pointer, data, len(data), byref(taken), byref(error)), error)
            self._pending_bytes -= taken.value
            self._pending[0] = self._pending[0][taken.value :]
            if taken.value < len(data):
                return False
            if not self._pending[0]:
                self._pending.popleft()
        if self._close_when_fed:
            self._close_when_fed = False
            check(lib.sn_run_close_stdin(pointer, byref(error)), error)
        return True

    def _finish(self, pointer: int) -> None:
        result, error = c_void_p(), c_void_p()
        check(lib.sn_run_wait(pointer, byref(result), byref(error)), error)
        assert result.value
        try:
            self._result = make_result(result.value)
        finally:
            lib.sn_result_free(result)

    def _step(self, pointer: int) -> Event | None:
        """The next event, None if there is none now; the failure of the run as an exception."""
        with self._lock:
            while not self._is_over():
                event, error = SnEvent(size=ctypes.sizeof(SnEvent)), c_void_p()
                code = lib.sn_run_next(pointer, byref(event), byref(error))
                try:
                    check(code, error)
                    if event.type == CONSTANTS["SN_EVENT_NONE"]:
                        return None
                    if event.type == CONSTANTS["SN_EVENT_STDIN"]:
                        if self._write_pending(pointer):
                            return Event(EventType.STDIN)
                        continue
                    if event.type != CONSTANTS["SN_EVENT_DONE"]:
                        return Event(EventType(event.type), ctypes.string_at(event.data, event.length))
                    self._finish(pointer)
                except SentinelError as failure:
                    self._failure = failure
                # It is over, so this decides nothing; it leaves the descriptor readable for all others who wait.
                lib.sn_run_cancel(pointer)
            if self._failure is not None:
                raise self._failure
            return Event(EventType.DONE)

    def next_event(self) -> Event | None:
        """One event, or None if there is none now; never blocks. DONE again and again once the run is over.

        For event loops: wait for fileno() to become readable, then call this until it returns None or DONE.
        """
        if self._result is not None:
            return Event(EventType.DONE)
        with self._handle as pointer:
            return self._step(pointer)

    def fileno(self) -> int:
        """One descriptor for select, poll, epoll or an event loop: readable when next_event() has something to do.

        Do not read it; it is closed by close().
        """
        with self._handle as pointer:
            return int(lib.sn_run_fd(pointer))

    def _advance(self, pointer: int) -> Result | None:
        """Drops what events there are; the result if it is over."""
        while self._step(pointer) is not None:
            if self._result is not None:
                break
        return self._result

    # ---- blocking ----

    def _wait_readable(self, pointer: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(lib.sn_run_fd(pointer), select.POLLIN)
        if deadline is None:
            poll.poll()
        elif not poll.poll(max(0.0, deadline - time.monotonic()) * 1000) and time.monotonic() >= deadline:
            raise TimeoutError("the run is not over yet")

    def events(self) -> Iterator[Event]:
        """Events as they come, blocking between them, until the run is over (DONE itself is not among them)."""
        while True:
            event = self.next_event()
            if event is None:
                with self._handle as pointer:
                    self._wait_readable(pointer, None)
            elif event.type is EventType.DONE:
                return
            else:
                yield event

    def __iter__(self) -> Iterator[Event]:
        return self.events()

    def wait(self, timeout: float | None = None) -> Result:
        """Waits for the end and returns the result, again and again if asked; events not fetched are dropped.

        Captured output is in the result. TimeoutError after `timeout` seconds; the run goes on then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._result is not None:
            return self._result
        with self._handle as pointer:  # all the time: close() by another thread takes nothing away from us
            while (result := self._advance(pointer)) is None:
                self._wait_readable(pointer, deadline)
        return result

    def _wait_alone(self) -> Result:
        """wait() in one call of C, for a run that only this thread knows (but for close())."""
        with self._handle as pointer, self._lock:
            self._finish(pointer)
        assert self._result is not None
        return self._result

    @property
    def result(self) -> Result | None:
        """The result once the run is over, else None; stays after close()."""
        return self._result

    # ---- input ----

    def write(self, data: Data) -> None:
        """Feeds standard input; never blocks. For runs that were started with feed=True.

        What does not fit now is kept (see pending_input) and fed while events are fetched or wait() waits; when some
        was kept, a STDIN event says that all of it is taken. Whoever has much to write waits for that.
        What a program does not want (it closed its end or is over) is dropped. ValueError after close_stdin().
        """
        self._need_feed()
        # A copy, and slices of it without copies.
        view = memoryview(payload(data, "data"))
        with self._handle as pointer, self._lock:
            if self._stdin_closed:
                raise ValueError("standard input was closed by close_stdin()")
            if self._is_over():
                return
            if len(view):
                self._pending.append(view)
                self._pending_bytes += len(view)
                if len(self._pending) == 1:
                    self._write_pending(pointer)

    def close_stdin(self) -> None:
        """End of file on standard input, after what was written; once is enough."""
        self._need_feed()
        with self._handle as pointer, self._lock:
            if not self._is_over() and not self._stdin_closed:
                self._close_when_fed = True
                if not self._pending:
                    self._write_pending(pointer)
            self._stdin_closed = True

    @property
    def pending_input(self) -> int:
        """Bytes given to write() that the library has not taken yet."""
        return self._pending_bytes

    def _need_feed(self) -> None:
        if not self._feed:
            raise ValueError("this run has its standard input already: start it with feed=True")

    # ---- the end ----

    def cancel(self) -> None:
        """Asks for the end: the verdict is then CANCELLED, unless the program was over first. Returns at once."""
        try:
            with self._handle as pointer:
                lib.sn_run_cancel(pointer)
        except ValueError:
            pass  # closed: there is nothing left to cancel

    def close(self) -> None:
        """Kills the run if it is in progress, and frees it. Threads that wait in it get its result, CANCELLED."""
        self.cancel()
        self._handle.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- asyncio ----

    async def _readable(self, pointer: int) -> None:
        loop = asyncio.get_running_loop()
        # One of its own, because a loop has one reader for each descriptor and several tasks may wait.
        fd = os.dup(lib.sn_run_fd(pointer))
        woken: asyncio.Future[None] = loop.create_future()
        try:
            loop.add_reader(fd, _wake, woken)
            try:
                await woken
            finally:
                loop.remove_reader(fd)
        finally:
            os.close(fd)

    async def _aevents(self) -> AsyncIterator[Event]:
        in_a_row = 0
        while True:
            event = self.next_event()
            if event is None:
                in_a_row = 0
                with self._handle as pointer:
                    await self._readable(pointer)
            elif event.type is EventType.DONE:
                return
            else:
                yield event
                in_a_row += 1
                if in_a_row % _FAIR == 0:
                    await asyncio.sleep(0)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._aevents()

    async def _await(self) -> Result:
        if self._result is not None:
            return self._result
        with self._handle as pointer:
            while True:
                for _ in range(_FAIR):
                    event = self._step(pointer)
                    if self._result is not None:
                        return self._result
                    if event is None:
                        await self._readable(pointer)
                await asyncio.sleep(0)

    def __await__(self) -> Generator[object, None, Result]:
        """`await running` is wait() for asyncio. Cancelling the task does not cancel the run: see cancel()."""
        return self._await().__await__()

    async def aclose(self) -> None:
        """close() for asyncio: the loop goes on while the run is being killed."""
        if self._is_over():
            self.close()
            return
        self.cancel()
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.close))

    async def __aenter__(self) -> Running:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = str(self._result.verdict) if self._result else "closed" if self._handle.closed else "running"
        return f"<sentinel.Running: {state if not self._failure else 'failed'}>"


def start_with(function: object, owner: int, options: object, sandbox: Handle, feed: bool) -> Running:
    """sn_run_start() or sn_program_run_start() of `owner`; the run keeps the sandbox alive."""
    running, error = c_void_p(), c_void_p()
    assert callable(function)
    code = function(owner, byref(options), byref(running), byref(error))  # type: ignore[arg-type]
    if code < 0:
        raise take_error(code, error)
    return Running(Handle(running.value, lib.sn_running_free, "run", sandbox), feed)
