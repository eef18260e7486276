# SPDX-License-Identifier: MIT
"""The client for asyncio."""
from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from types import TracebackType
from typing import Any, AsyncGenerator, Iterable, Iterator, TypeVar

import httpx

from . import _calls
from ._calls import Attempts, Call, settings_of, submission_path
from ._events import Event, Finished
from ._follower import Follower, cut
from ._results import Cancelled, DeadLetter, Job, Language, Load, Readiness, Receipt, Statistics, Summary, Timeline
from ._session import Session
from ._submission import Data, Submission, submission_of

T = TypeVar("T")


@contextlib.contextmanager
def _cut_after(response: httpx.Response, seconds: float | None) -> Iterator[None]:
    timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, cut, response)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


class AsyncClient:
    """Client for asyncio: the same arguments and methods, to be awaited, and session(). It belongs to one loop.

        async with AsyncClient() as client:
            job = await client.run("python", "print(6 * 7)")

    Any number of tasks may use one client. Cancelling a task that waits leaves what it waits for alone.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        patience: float = 60.0,
        verify: bool | ssl.SSLContext = True,
    ) -> None:
        self._settings = settings_of(url, key, timeout, retries, patience)
        self._verify = verify
        self._http = httpx.AsyncClient(
            headers=self._settings.headers,
            verify=verify,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    async def aclose(self) -> None:
        """Closes the connections. Using the client afterwards raises RuntimeError."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, call: Call[T], timeout: float | None = None) -> T:
        attempts = Attempts(self._settings, call, timeout)
        while True:
            try:
                response = await self._http.request(
                    call.method,
                    self._settings.url + call.path,
                    params=call.query,
                    content=call.body,
                    headers=call.headers,
                    timeout=attempts.timeout(),
                )
            except httpx.TransportError as error:
                delay = attempts.lost(error)
            else:
                result = attempts.answered(response.status_code, response.headers, response.content)
                if not isinstance(result, float):
                    return result
                delay = result
            await asyncio.sleep(delay)

    async def _follow(self, follower: Follower) -> AsyncGenerator[Event, None]:
        url = self._settings.url + submission_path(follower.id, "/events")
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        while True:
            try:
                async with self._http.stream(
                    "GET", url, params=follower.query(), headers=headers, timeout=follower.timeout()
                ) as response:
                    if response.status_code != 200:
                        delay = follower.refused(response.status_code, response.headers, await response.aread())
                    else:
                        follower.connected()
                        with _cut_after(response, follower.left()):
                            async for chunk in response.aiter_bytes():
                                for event in follower.take(chunk):
                                    yield event
                                if follower.is_over:
                                    return
                        delay = follower.lost(None)
            except httpx.TransportError as error:
                delay = follower.lost(error)
            await asyncio.sleep(delay)

    # ---- submitting ----

    async def submit(
        self,
        language: str | Submission,
        source: Data | None = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Receipt:
        """As Client.submit()."""
        return await self._ask(_calls.submit(submission_of(language, source, fields), idempotency_key))

    async def submit_batch(
        self, submissions: Iterable[Submission], *, idempotency_key: str | None = None
    ) -> tuple[Receipt, ...]:
        """As Client.submit_batch()."""
        return await self._ask(_calls.submit_batch(submissions, idempotency_key))

    async def run(
        self,
        language: str | Submission,
        source: Data | None = None,
        *,
        wait: float = 25.0,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """As Client.run()."""
        began = time.monotonic()
        submission = submission_of(language, source, fields)
        got = await self._ask(_calls.submit_and_wait(submission, idempotency_key, wait, timeout), timeout)
        if isinstance(got, Job) and got.is_over:
            return got
        return await self.wait(got.id, None if timeout is None else timeout - (time.monotonic() - began))

    async def cancel(self, id: str) -> Cancelled:
        """As Client.cancel()."""
        return await self._ask(_calls.cancel(id))

    # ---- reading ----

    async def get(self, id: str, include_request: bool = False) -> Job:
        """As Client.get()."""
        return await self._ask(_calls.get(id, include_request))

    async def wait(self, id: str, timeout: float | None = None) -> Job:
        """As Client.wait()."""
        async with contextlib.aclosing(
            self._follow(Follower(self._settings, id, None, timeout, only_result=True))
        ) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.job
        raise AssertionError("a stream ends with its result")

    def stream(
        self, id: str, *, after: str | None = None, timeout: float | None = None
    ) -> AsyncGenerator[Event, None]:
        """As Client.stream(), by `async for`. Who leaves the loop early closes it: contextlib.aclosing()."""
        submission_path(id)
        return self._follow(Follower(self._settings, id, after, timeout))

    async def list(
        self,
        *,
        user_id: str | None = None,
        status: str | None = None,
        language: str | None = None,
        page_size: int | None = None,
    ) -> AsyncGenerator[Summary, None]:
        """As Client.list(), by `async for`."""
        cursor: str | None = None
        while True:
            page = await self._ask(_calls.page(user_id, status, language, page_size, cursor))
            for summary in page.submissions:
                yield summary
            cursor = page.next_cursor
            if cursor is None:
                return

    async def timeline(self, id: str) -> Timeline:
        """As Client.timeline()."""
        return await self._ask(_calls.timeline(id))

    # ---- talking ----

    def session(self, language: str | Submission, source: Data | None = None, **fields: Any) -> Session:
        """Has a program executed that is talked to while it runs:

            async with client.session("python", "print(input()[::-1])") as session:
                await session.send("abc\\n")
                async for event in session:
                    print(event)

        Needs the package websockets. Leaving the block cancels what still runs.
        """
        submission = submission_of(language, source, {"interactive": True, **fields})
        return Session(self, self._settings, self._verify, submission)

    # ---- the service ----

    async def languages(self) -> tuple[Language, ...]:
        """As Client.languages()."""
        return await self._ask(_calls.languages())

    async def load(self) -> Load:
        """As Client.load()."""
        return await self._ask(_calls.load())

    async def statistics(self, seconds: int | None = None, buckets: int | None = None) -> Statistics:
        """As Client.statistics()."""
        return await self._ask(_calls.statistics(seconds, buckets))

    async def health(self) -> bool:
        """As Client.health()."""
        return await self._ask(_calls.health())

    async def ready(self) -> Readiness:
        """As Client.ready()."""
        return await self._ask(_calls.ready())

    async def dead_letters(self) -> tuple[DeadLetter, ...]:
        """As Client.dead_letters()."""
        return await self._ask(_calls.dead_letters())

    async def retry_dead_letter(self, id: str) -> Receipt:
        """As Client.retry_dead_letter()."""
        return await self._ask(_calls.retry_dead_letter(id))
