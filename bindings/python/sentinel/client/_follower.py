# SPDX-License-Identifier: MIT
"""A stream that outlives its connections; without reading or writing a socket.

Theory of operation. Each event has a position, and who comes back with the latest goes on right behind it. So the client
connects with `query()`, hands what it reads to `take()`, which gives events and notes their positions, and when the
connection ends hands that to `lost()` (or, if there was none, to `refused()`), which says how long to wait before
connecting again. Half an event at the end of a connection is forgotten with it, and comes again. It is over with the
Finished event, or when the service was away for longer than the client's patience, or when the timeout is over.
"""
from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Any, Final, Iterator, Mapping

import httpx

from ._calls import CONNECT_SECONDS, Settings, backoff
from ._errors import ApiError, ConnectionFailed, RateLimited, TimedOut, Unavailable, api_error
from ._events import Event, EventLines, Finished, Refused, event_of, parse

#: The service sends a comment every 15 s; who hears nothing for three of them has lost the connection.
SILENCE_SECONDS: Final = 45.0
#: A connection that held for this long was none of those that are cut at once.
_LASTING_SECONDS: Final = 5.0


def cut(response: httpx.Response) -> None:
    """Ends the connection, from any thread. httpx bounds how long nothing comes, and not how long all of it takes.

    Not with asyncio.timeout(): what anyio 3 leaves behind in a task (it cancels, and does not take that back) makes a
    CancelledError of its TimeoutError. By another descriptor, because not every loop's socket knows shutdown().
    """
    stream = response.extensions.get("network_stream")
    connection = None if stream is None else stream.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)


class Follower:
    def __init__(
        self, settings: Settings, id: str, after: str | None, timeout: float | None, only_result: bool = False
    ) -> None:
        self.id = id
        self.position = after
        self.is_over = False
        self._patience = settings.patience
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._only_result = only_result
        self._lines = EventLines()
        self._connected_at = 0.0
        self._away_since: float | None = None
        self._failures = 0

    def query(self) -> dict[str, str]:
        return {} if self.position is None else {"after": self.position}

    # ---- time ----

    def left(self) -> float | None:
        """Seconds until the timeout, None if there is none; TimedOut when it is over."""
        if self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._timed_out()
        return left

    def _timed_out(self) -> TimedOut:
        return TimedOut(f"{self.id} is not over in time", self.id)

    def timeout(self) -> httpx.Timeout:
        left = self.left()
        return httpx.Timeout(
            SILENCE_SECONDS if left is None else min(left, SILENCE_SECONDS),
            connect=CONNECT_SECONDS if left is None else min(left, CONNECT_SECONDS),
        )

    # ---- what comes ----

    def connected(self) -> None:
        self._connected_at = time.monotonic()
        self._lines = EventLines()

    def _is_good(self) -> None:
        self._away_since = None
        self._failures = 0

    def take_document(self, document: Mapping[str, Any]) -> Event:
        try:
            event = event_of(document)
        except (ValueError, KeyError, TypeError) as error:
            raise ApiError(200, "unexpected_answer", f"an event is not understood: {error!r}") from error
        self._is_good()
        if not isinstance(event, Refused) and event.position:
            self.position = event.position
        self.is_over = isinstance(event, Finished)
        return event

    def take(self, chunk: bytes) -> Iterator[Event]:
        """Events of a piece of text/event-stream."""
        if time.monotonic() - self._connected_at > _LASTING_SECONDS:
            self._is_good()
        for kind, position, data in self._lines.take(chunk):
            if self._only_result and kind != "result":
                self.position = position or self.position
                self._is_good()
                continue
            yield self.take_document(parse(data))

    # ---- what ends ----

    def _pause(self, failure: Exception, least: float = 0) -> float:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
        delay = max(least, backoff(self._failures))
        if self._deadline is not None and now + delay >= self._deadline:
            delay = max(0.0, self._deadline - now)  # and then it is too late, which left() tells
        elif now + delay - self._away_since > self._patience:
            raise failure
        self._failures += 1
        return delay

    def lost(self, error: Exception | None) -> float:
        """The connection ended, or did not come about: how long to wait before the next."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise self._timed_out() from error
        if isinstance(error, httpx.UnsupportedProtocol):
            raise error
        reason = "the stream ended" if error is None else str(error) or type(error).__name__
        failure = ConnectionFailed(f"following {self.id}: {reason}")
        failure.__cause__ = error
        return self._pause(failure)

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> float:
        """The answer is no stream: how long to wait before asking again."""
        failure = api_error(status, headers, body)
        if isinstance(failure, (RateLimited, Unavailable)):
            return self._pause(failure, failure.retry_after or 0)
        raise failure
