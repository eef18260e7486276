# SPDX-License-Identifier: MIT
"""What both clients have in common: each request as a value, and when one is sent again; without a socket.

Theory of operation. A Call is one request and how its answer is read. An Attempts counts how often it was sent: the client
sends, and either hands the answer in and gets the result, or hands in what went wrong and gets how long to wait before
it sends again; or the exception that ends it is raised.

What may be sent again: any request that nothing came of, which is one whose connection was refused, and one answered
429 or 503. One whose answer was lost may have had its effect, so only those are sent again that may be repeated: GET, and
submissions, which have an idempotency key for this. Cancelling is not: the answer to the second would be that it is over.
"""
from __future__ import annotations

import json
import os
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Final, Generic, Iterable, Mapping, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from . import _results
from ._errors import ApiError, ConnectionFailed, RateLimited, TimedOut, Unavailable, api_error
from ._results import Cancelled, DeadLetter, Job, Language, Load, Page, Readiness, Receipt, Statistics, Timeline
from ._submission import Submission

T = TypeVar("T")

DEFAULT_URL: Final = "http://127.0.0.1:8080"
CONNECT_SECONDS: Final = 10.0
_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 5.0

SUBMISSIONS: Final = "/api/v1/submissions"


# ---- where to, and as whom ----


@dataclass(frozen=True)
class Settings:
    """Of a client: where the service is, and how patient to be; times in seconds."""

    url: str
    key: str | None = field(repr=False)
    timeout: float
    retries: int
    patience: float

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        made = {"User-Agent": "sentinel-python"}
        if self.key:
            made["Authorization"] = f"Bearer {self.key}"
        return made


def settings_of(url: str | None, key: str | None, timeout: float, retries: int, patience: float) -> Settings:
    if url is None:
        url = os.environ.get("SENTINEL_URL") or DEFAULT_URL
    if key is None:
        key = os.environ.get("SENTINEL_API_KEY")
    parts = urlsplit(url)
    # What is wrong is not shown: a password may be in the one, and the other is a secret.
    if "@" in parts.netloc:
        raise ValueError("the URL must have no user and no password in it: give the key by itself")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"the URL must be like {DEFAULT_URL}, not {url!r}")
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("the key has characters that no key has: is there a line end in it?")
    if not timeout > 0 or patience < 0 or retries < 0:
        raise ValueError("timeout must be positive, and neither patience nor retries negative")
    return Settings(url.rstrip("/"), key or None, timeout, retries, patience)


def submission_path(id: str, below: str = "") -> str:
    if not isinstance(id, str):
        raise TypeError(f"an id must be a str, not {type(id).__name__}")
    if not id or id in (".", ".."):
        raise ValueError(f"{id!r} is no id")
    return f"{SUBMISSIONS}/{quote(id, safe='')}{below}"


# ---- requests ----


@dataclass(frozen=True)
class Call(Generic[T]):
    method: str
    path: str
    read: Callable[[Mapping[str, Any]], T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    key: str | None = None  #: idempotency key
    waits: float = 0  #: how long the service itself may wait before it answers, seconds
    may_be_unready: bool = False  #: 503 is an answer like 200, unless it is a problem

    @property
    def may_be_repeated(self) -> bool:
        return self.method == "GET" or self.key is not None

    @property
    def headers(self) -> dict[str, str]:
        made = {"Accept": "application/json"}
        if self.body is not None:
            made["Content-Type"] = "application/json"
        if self.key is not None:
            made["Idempotency-Key"] = self.key
        return made


def _post(path: str, read: Callable[[Mapping[str, Any]], T], document: object, key: str | None, **more: Any) -> Call[T]:
    # Printed once: each attempt sends the same bytes, as the idempotency key demands.
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Call("POST", path, read, body=body, key=key or str(uuid.uuid4()), **more)


def submit(submission: Submission, key: str | None) -> Call[Receipt]:
    return _post(SUBMISSIONS, _results.receipt, submission.document(), key)


def submit_and_wait(
    submission: Submission, key: str | None, seconds: float, timeout: float | None
) -> Call[Job | Receipt]:
    if timeout is not None:  # so that the answer, which has the id, comes before the timeout
        seconds = min(seconds, max(timeout - 1, timeout / 2))
    seconds = max(0.0, seconds)
    query = {"wait": str(max(1, int(seconds * 1000)))} if seconds else {}
    return _post(SUBMISSIONS, _results.job_or_receipt, submission.document(), key, query=query, waits=seconds)


def submit_batch(submissions: Iterable[Submission], key: str | None) -> Call[tuple[Receipt, ...]]:
    document = {"submissions": [submission.document() for submission in submissions]}
    return _post(f"{SUBMISSIONS}/batch", _results.receipts, document, key)


def get(id: str, include_request: bool) -> Call[Job]:
    return Call("GET", submission_path(id), _results.job, {"include": "request"} if include_request else {})


def page(
    user_id: str | None, status: str | None, language: str | None, page_size: int | None, cursor: str | None
) -> Call[Page]:
    given = {"user_id": user_id, "status": status, "language": language, "limit": page_size, "cursor": cursor}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return Call("GET", SUBMISSIONS, _results.page, query)


def cancel(id: str) -> Call[Cancelled]:
    return Call("DELETE", submission_path(id), _results.cancelled)


def timeline(id: str) -> Call[Timeline]:
    return Call("GET", submission_path(id, "/timeline"), _results.timeline)


def languages() -> Call[tuple[Language, ...]]:
    return Call("GET", "/api/v1/languages", _results.languages)


def load() -> Call[Load]:
    return Call("GET", "/api/v1/load", _results.load)


def statistics(seconds: int | None, buckets: int | None) -> Call[Statistics]:
    given = {"seconds": seconds, "buckets": buckets}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return Call("GET", "/api/v1/statistics", _results.statistics, query)


def health() -> Call[bool]:
    return Call("GET", "/api/v1/health", lambda document: document.get("status") == "ok")


def ready() -> Call[Readiness]:
    return Call("GET", "/api/v1/health/ready", _results.readiness, may_be_unready=True)


def dead_letters() -> Call[tuple[DeadLetter, ...]]:
    return Call("GET", "/api/v1/dead-letters", _results.dead_letters)


def retry_dead_letter(id: str) -> Call[Receipt]:
    submission_path(id)  # checks it
    return Call("POST", f"/api/v1/dead-letters/{quote(id, safe='')}/retry", _results.receipt)


# ---- attempts ----


def backoff(failures: int) -> float:
    """Seconds before the next attempt after so many that failed; not the same for all who were cut off at once."""
    return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(failures, 16)) * random.uniform(0.5, 1.0)


class Attempts(Generic[T]):
    """One call, and how often it was tried. `timeout` bounds all of it, seconds."""

    def __init__(self, settings: Settings, call: Call[T], timeout: float | None = None) -> None:
        self._call = call
        self._left = settings.retries
        self._failures = 0
        self._deadline = time.monotonic() + (settings.timeout + call.waits if timeout is None else timeout)

    def timeout(self) -> httpx.Timeout:
        """For the next attempt."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._timed_out()
        return httpx.Timeout(left, connect=min(left, CONNECT_SECONDS))

    def _timed_out(self) -> TimedOut:
        return TimedOut(f"{self._call.method} {self._call.path}: no answer in time", idempotency_key=self._call.key)

    def _pause(self, failure: Exception, least: float = 0) -> float:
        if self._left == 0:
            raise failure
        delay = max(least, backoff(self._failures))
        if delay >= self._deadline - time.monotonic():
            raise failure
        self._left -= 1
        self._failures += 1
        return delay

    def lost(self, error: httpx.TransportError) -> float:
        """There is no answer: how long to wait before the next attempt."""
        call = self._call
        if isinstance(error, httpx.UnsupportedProtocol):
            raise error
        if time.monotonic() >= self._deadline:
            raise self._timed_out() from error
        reason = str(error) or type(error).__name__
        failure = ConnectionFailed(f"{call.method} {call.path}: {reason}", call.key)
        failure.__cause__ = error
        was_sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        if was_sent and not call.may_be_repeated:
            raise failure
        return self._pause(failure)

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> T | float:
        """The result, or how long to wait before the next attempt (a float, which no result is)."""
        is_json = headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        if is_json and (200 <= status < 300 or status == 503 and self._call.may_be_unready):
            try:
                return self._call.read(json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ApiError(status, "unexpected_answer", f"the answer is not understood: {error!r}") from error
        failure = api_error(status, headers, body)
        # 502 and 504 are a proxy's word, which does not know what became of the request.
        is_refused = isinstance(failure, RateLimited) or status == 503
        if is_refused or isinstance(failure, Unavailable) and self._call.may_be_repeated:
            return self._pause(failure, failure.retry_after or 0)
        raise failure
