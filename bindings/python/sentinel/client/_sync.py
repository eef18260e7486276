# SPDX-License-Identifier: MIT
"""The client without asyncio."""
from __future__ import annotations

import contextlib
import ssl
import threading
import time
from types import TracebackType
from typing import Any, Generator, Iterable, Iterator, TypeVar

import httpx

from . import _calls
from ._calls import Attempts, Call, settings_of, submission_path
from ._events import Event, Finished
from ._follower import Follower, cut
from ._results import Cancelled, DeadLetter, Job, Language, Load, Readiness, Receipt, Statistics, Summary, Timeline
from ._submission import Data, Submission, submission_of

T = TypeVar("T")


@contextlib.contextmanager
def _cut_after(response: httpx.Response, seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, cut, [response])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


class Client:
    """The service at a URL. Any number of threads may use one client at a time; after os.fork() a child makes its own.

        with Client("http://127.0.0.1:8080") as client:
            job = client.run("python", "print(6 * 7)")
            print(job.status, job.stdout)

    url: of the service, $SENTINEL_URL if it is None, else http://127.0.0.1:8080.
    key: an API key, $SENTINEL_API_KEY if it is None. It is sent as a header to this URL, and is in no log and no message.
    timeout: how long a call may take with all its repetitions, seconds; not of run(), wait() and stream(), which have
        their own.
    retries: how often a request is sent again, when the service cannot be reached, and when it answers 429 or 503, after
        the time that it names. What may have had an effect is only repeated where that is safe: submissions have an
        idempotency key, given or made, and are executed once.
    patience: how long run(), wait() and stream() go on while the service cannot be reached, seconds.
    verify: False accepts any certificate; an ssl.SSLContext brings authorities of its own.

    Methods raise ApiError (what the service refused), ConnectionFailed, TimedOut; all are ClientError. What a program does
    is no exception: see Job.status.
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
        self._http = httpx.Client(
            headers=self._settings.headers,
            verify=verify,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    def close(self) -> None:
        """Closes the connections. Using the client afterwards raises RuntimeError."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, call: Call[T], timeout: float | None = None) -> T:
        attempts = Attempts(self._settings, call, timeout)
        while True:
            try:
                response = self._http.request(
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
            time.sleep(delay)

    def _follow(self, follower: Follower) -> Generator[Event, None, None]:
        url = self._settings.url + submission_path(follower.id, "/events")
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        while True:
            try:
                with self._http.stream(
                    "GET", url, params=follower.query(), headers=headers, timeout=follower.timeout()
                ) as response:
                    if response.status_code != 200:
                        delay = follower.refused(response.status_code, response.headers, response.read())
                    else:
                        follower.connected()
                        with _cut_after(response, follower.left()):
                            for chunk in response.iter_bytes():
                                yield from follower.take(chunk)
                                if follower.is_over:
                                    return
                        delay = follower.lost(None)
            except httpx.TransportError as error:
                delay = follower.lost(error)
            time.sleep(delay)

    # ---- submitting ----

    def submit(
        self,
        language: str | Submission,
        source: Data | None = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Receipt:
        """Has a program executed, and does not wait for it. fields are those of Submission, which may be given itself.

        The same idempotency_key with the same submission is executed once, however often it is submitted; without one,
        one is made for this call. TypeError: there is no such field. InvalidRequest: the service does not accept it.
        """
        return self._ask(_calls.submit(submission_of(language, source, fields), idempotency_key))

    def submit_batch(
        self, submissions: Iterable[Submission], *, idempotency_key: str | None = None
    ) -> tuple[Receipt, ...]:
        """Several at once: all are accepted, or none. The receipts are in the same order."""
        return self._ask(_calls.submit_batch(submissions, idempotency_key))

    def run(
        self,
        language: str | Submission,
        source: Data | None = None,
        *,
        wait: float = 25.0,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Has a program executed, and waits until it is over. fields are those of Submission, which may be given itself.

        The answer to the submission itself is waited for `wait` seconds (0: not at all; the service has a bound of its
        own); then as by wait(). TimedOut after `timeout` seconds, None: never; the program goes on, and if it was accepted
        its id is in the exception.
        """
        began = time.monotonic()
        submission = submission_of(language, source, fields)
        got = self._ask(_calls.submit_and_wait(submission, idempotency_key, wait, timeout), timeout)
        if isinstance(got, Job) and got.is_over:
            return got
        return self.wait(got.id, None if timeout is None else timeout - (time.monotonic() - began))

    def cancel(self, id: str) -> Cancelled:
        """Cancels it, killing what runs. Conflict: it was over. The end itself is what wait() tells."""
        return self._ask(_calls.cancel(id))

    # ---- reading ----

    def get(self, id: str, include_request: bool = False) -> Job:
        """What there is of it, with the submission itself (Job.request) if that is asked for. NotFound."""
        return self._ask(_calls.get(id, include_request))

    def wait(self, id: str, timeout: float | None = None) -> Job:
        """The whole of it once it is over. TimedOut after so many seconds, None: never. NotFound.

        It is told by the service, not asked for again and again, and survives restarts of the service.
        """
        for event in self._follow(Follower(self._settings, id, None, timeout, only_result=True)):
            if isinstance(event, Finished):
                return event.job
        raise AssertionError("a stream ends with its result")

    def stream(
        self, id: str, *, after: str | None = None, timeout: float | None = None
    ) -> Generator[Event, None, None]:
        """What happens to it, as it happens, from its beginning or right behind the position `after` of an event.

        Connects again by itself with the latest position: nothing is missed, and nothing comes twice. The last event is
        Finished. TimedOut after so many seconds, None: never. Leaving the loop early closes the connection once the iterator
        is closed or collected.
        """
        submission_path(id)
        return self._follow(Follower(self._settings, id, after, timeout))

    def list(
        self,
        *,
        user_id: str | None = None,
        status: str | None = None,
        language: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Summary]:
        """Submissions, newest first, page by page as they are iterated; new ones that come meanwhile do not disturb it.

        page_size is how many are fetched at once, up to 200; 50 if it is None.
        """
        cursor: str | None = None
        while True:
            page = self._ask(_calls.page(user_id, status, language, page_size, cursor))
            yield from page.submissions
            cursor = page.next_cursor
            if cursor is None:
                return

    def timeline(self, id: str) -> Timeline:
        """Where its time went, stage by stage. NotFound."""
        return self._ask(_calls.timeline(id))

    # ---- the service ----

    def languages(self) -> tuple[Language, ...]:
        """The languages that the service knows, with their default limits."""
        return self._ask(_calls.languages())

    def load(self) -> Load:
        """What waits and what is executed, by language and worker."""
        return self._ask(_calls.load())

    def statistics(self, seconds: int | None = None, buckets: int | None = None) -> Statistics:
        """What was accepted and what ended in the last seconds (10 to 86400; the service's default: 900), in so many
        buckets (1 to 240; 60). Needs the scope admin.
        """
        return self._ask(_calls.statistics(seconds, buckets))

    def health(self) -> bool:
        """True: the service answers. It is an exception otherwise."""
        return self._ask(_calls.health())

    def ready(self) -> Readiness:
        """Whether all that the service needs is there; also when it is not."""
        return self._ask(_calls.ready())

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Jobs that were given up; needs the scope admin."""
        return self._ask(_calls.dead_letters())

    def retry_dead_letter(self, id: str) -> Receipt:
        """Has one of them executed after all; needs the scope admin. Conflict: only what ended with INTERNAL_ERROR is."""
        return self._ask(_calls.retry_dead_letter(id))
