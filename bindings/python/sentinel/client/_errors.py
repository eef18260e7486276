# SPDX-License-Identifier: MIT
"""What goes wrong between a client and the service. What a *program* does is never an exception, but a Job."""
from __future__ import annotations

import json
from typing import Any, Mapping


class ClientError(Exception):
    """All exceptions of sentinel.client, but for ValueError and TypeError where an argument is wrong."""


class ConnectionFailed(ClientError, ConnectionError):
    """No answer, as often as it was tried; __cause__ is what happened last.

    A submission may have arrived all the same: submitting again with the same idempotency_key is safe.
    """

    def __init__(self, message: str, idempotency_key: str | None = None) -> None:
        super().__init__(message, idempotency_key)
        self.message = message
        self.idempotency_key = idempotency_key  #: of a submission: the one that it was sent with

    def __str__(self) -> str:
        return self.message


class TimedOut(ClientError, TimeoutError):
    """The timeout of the call is over. The submission `id`, if there is one, goes on: wait(id) waits again."""

    def __init__(self, message: str, id: str | None = None, idempotency_key: str | None = None) -> None:
        super().__init__(message, id, idempotency_key)
        self.message = message
        self.id = id
        self.idempotency_key = idempotency_key  #: of a submission: the one that it was sent with

    def __str__(self) -> str:
        return self.message


class SignatureError(ClientError, ValueError):
    """A webhook that is not signed as it should be, or too long ago. Answer it with 400, and believe nothing of it."""


class ApiError(ClientError):
    """The service answered, and refused. The subclasses are the common reasons; any other status is an ApiError itself.

    status is the HTTP status; code is for programs and does not change (docs/api.md has them all), "unexpected_answer"
    if the answer is none of the service's; detail is a sentence for people; field says which part of the request is
    wrong, or is None; request_id is in the service's log; retry_after is the Retry-After header in seconds, or None.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        field: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, detail, field, request_id, retry_after)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"


class InvalidRequest(ApiError, ValueError):
    """400, 413, 415, 422: the request is wrong, too large, or names a language that is not there; `field` says where."""


class Unauthorized(ApiError):
    """401: the key is missing, unknown or revoked."""


class Forbidden(ApiError):
    """403: the key has not the scope for this, or the server answers to localhost only."""


class NotFound(ApiError, LookupError):
    """404: there is no such submission, or it is another key's."""


class Conflict(ApiError):
    """409: it is not in the state for this (already_over, not_failed), or its idempotency key came with another body."""


class RateLimited(ApiError):
    """429: too many requests in a minute; retry_after says when to come again."""


class Unavailable(ApiError):
    """502, 503, 504: a part of the service is away, or too much waits; nothing was accepted."""


_CLASSES: dict[int, type[ApiError]] = {
    **dict.fromkeys((400, 413, 415, 422), InvalidRequest),
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    **dict.fromkeys((502, 503, 504), Unavailable),
}


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds; a date, which the service never sends but a proxy may, is as good as nothing."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The exception for an answer (RFC 9457), also for one that something in between made."""
    problem: Any = None
    try:
        problem = json.loads(body)
    except ValueError:
        pass
    if not isinstance(problem, dict):
        problem = {}
    return _CLASSES.get(status, ApiError)(
        status,
        str(problem.get("code", "unexpected_answer")),
        str(problem.get("detail", "the answer is none of the service's: is this its URL?")),
        problem.get("field"),
        problem.get("request_id") or headers.get("x-request-id"),
        retry_after_of(headers),
    )
