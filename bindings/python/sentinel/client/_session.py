# SPDX-License-Identifier: MIT
"""A program that is talked to while it runs, by WebSocket."""
from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncIterator, Final
from urllib.parse import urlencode

from ._calls import CONNECT_SECONDS, Settings, submission_path
from ._errors import ClientError, Conflict, ConnectionFailed, RateLimited, TimedOut, Unavailable
from ._events import Event, Finished, Restart, State, parse
from ._follower import Follower
from ._results import Job, Status
from ._submission import Data, Submission, encode

if TYPE_CHECKING:
    from ._async import AsyncClient

#: Of input in one message, bytes: a message is at most 64 KiB, and JSON makes up to six characters of a byte.
_PIECE: Final = 8 << 10

# websockets writes the headers of its requests to its log at level DEBUG, and the key is one.
_silent: Final = logging.Logger("sentinel.client.session", logging.CRITICAL + 1)


def _connect(url: str, headers: dict[str, str], verify: bool | ssl.SSLContext) -> Any:
    try:
        import websockets
    except ImportError as error:
        raise ImportError("a session needs the package websockets: pip install websockets") from error
    connect: Any = getattr(websockets, "connect")  # imported when it is asked for, which mypy does not see
    options: dict[str, Any] = {}
    if url.startswith("wss:"):
        context = verify if isinstance(verify, ssl.SSLContext) else ssl.create_default_context()
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        options["ssl"] = context
    # As it has been called since version 14.
    has_new_name = "additional_headers" in inspect.signature(connect).parameters
    options["additional_headers" if has_new_name else "extra_headers"] = headers
    return connect(url, max_size=None, open_timeout=CONNECT_SECONDS, close_timeout=5, logger=_silent, **options)


class Session:
    """Made by AsyncClient.session(); a context manager. It belongs to the loop of its client.

    Events come by iterating, the last is Finished; result() is the job once it is over. Any task may send while another
    iterates. A lost connection is made again, and no event is missed and none comes twice. Input has no such promise: what was
    sent right before a connection was lost may not have arrived, and of a Restart everything is void, so that the new
    attempt has had no input yet.
    """

    def __init__(
        self, client: AsyncClient, settings: Settings, verify: bool | ssl.SSLContext, submission: Submission
    ) -> None:
        self._client = client
        self._settings = settings
        self._verify = verify
        self._submission = submission
        self._id: str | None = None
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._socket: Any = None
        self._is_running = False  # the program: before, nobody is there to take input
        self._can_send = asyncio.Event()  # or it is too late for it
        self._sending = asyncio.Lock()
        self._job: Job | None = None
        self._failure: BaseException | None = None

    @property
    def id(self) -> str:
        """Of the submission."""
        if self._id is None:
            raise ValueError("the session has not begun: async with")
        return self._id

    async def __aenter__(self) -> Session:
        if self._id is not None:
            raise ValueError("a session is used once")
        self._id = (await self._client.submit(self._submission)).id
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._job is None:
            # Nobody is told if this fails: the block ends for its own reasons, and the job by its limits.
            with contextlib.suppress(ClientError):
                await self.cancel()

    # ---- reading ----

    def _update(self) -> None:
        if self._is_done or self._socket is not None and self._is_running:
            self._can_send.set()
        else:
            self._can_send.clear()

    @property
    def _is_done(self) -> bool:
        return self._job is not None or self._failure is not None

    def _take(self, event: Event) -> None:
        if isinstance(event, State):
            self._is_running = event.status == Status.RUNNING
        elif isinstance(event, Restart):
            self._is_running = False
        elif isinstance(event, Finished):
            self._job = event.job
        self._update()
        # Unbounded, so that nobody has to iterate for input to get on; a job's output is bounded by its limits.
        self._events.put_nowait(event)

    async def _read_one(self, follower: Follower) -> float:
        """One connection to its end: how long to wait before the next."""
        from websockets.exceptions import InvalidHandshake, WebSocketException

        url = f"ws{self._settings.url.removeprefix('http')}{submission_path(self.id, '/stream')}"
        if follower.position is not None:
            url += "?" + urlencode(follower.query())
        try:
            async with _connect(url, self._settings.headers, self._verify) as connected:
                self._socket = connected
                self._update()
                async for text in connected:
                    self._take(follower.take_document(parse(text)))
                    if follower.is_over:
                        return 0
            return follower.lost(None)
        except InvalidHandshake as error:
            # HTTP says why, if it is for good.
            with contextlib.suppress(ConnectionFailed, RateLimited, TimedOut, Unavailable):
                await self._client.get(self.id)
            return follower.lost(error)
        except (OSError, EOFError, TimeoutError, WebSocketException) as error:
            return follower.lost(error)
        finally:
            self._socket = None
            self._update()

    async def _read(self) -> None:
        follower = Follower(self._settings, self.id, None, None)
        try:
            while True:
                delay = await self._read_one(follower)
                if follower.is_over:
                    return
                await asyncio.sleep(delay)
        except (ClientError, ImportError, ValueError) as error:
            self._failure = error
        finally:
            self._update()
            self._events.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            event = await self._events.get()
            if event is None:
                self._events.put_nowait(None)  # for all others who iterate, now or later
                if self._failure is not None:
                    raise self._failure
                return
            yield event

    async def result(self, timeout: float | None = None) -> Job:
        """The job once it is over; needs no iterating. TimedOut after so many seconds, None: never."""
        if self._task is None:
            raise ValueError("the session has not begun: async with")
        await asyncio.wait([self._task], timeout=timeout)
        if self._failure is not None:
            raise self._failure
        if self._job is None and self._task.done():
            raise ValueError("the session was left before the end")
        if self._job is None:
            raise TimedOut(f"{self.id} is not over in time", self.id)
        return self._job

    # ---- talking ----

    async def _send(self, message: dict[str, str]) -> None:
        await self._can_send.wait()
        if self._failure is not None:
            raise self._failure
        if self._job is not None or self._socket is None:
            raise BrokenPipeError("the program has ended")
        from websockets.exceptions import ConnectionClosed

        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed as error:
            raise ConnectionResetError("the connection was lost, and the input may be") from error

    async def send(self, data: Data) -> None:
        """Input for the program, which is waited for until it runs. Of what it has not read yet the service keeps about
        a megabyte, and drops what is more with a Refused event. BrokenPipeError: it has ended; ConnectionResetError: the
        connection was lost, and perhaps this input; the next send() waits for the next connection.
        """
        raw = data.encode() if isinstance(data, str) else bytes(data)
        async with self._sending:
            for begin in range(0, len(raw), _PIECE):
                await self._send({"type": "stdin", **encode("data", raw[begin : begin + _PIECE])})

    async def send_end(self) -> None:
        """The end of the input."""
        async with self._sending:
            with contextlib.suppress(BrokenPipeError):
                await self._send({"type": "stdin_end"})

    async def cancel(self) -> None:
        """Kills it; the end comes as Finished. Nothing happens if it is over."""
        with contextlib.suppress(Conflict):
            await self._client.cancel(self.id)
