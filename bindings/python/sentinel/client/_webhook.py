# SPDX-License-Identifier: MIT
"""The receiving end of callback_url."""
from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Mapping

from . import _results
from ._errors import SignatureError
from ._events import parse
from ._results import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What was delivered. The same delivery may come more than once, with the same `delivery`."""

    event: str  #: submission.finished
    delivery: str
    job: Job


def verify_webhook(secret: str | bytes, headers: Mapping[str, str], body: bytes, tolerance: float = 300) -> Webhook:
    """What a webhook says, once its signature was checked; SignatureError if it is not the operator's.

    secret is SENTINEL_WEBHOOK_SECRET; headers those of the request, whatever their case; body its bytes as they came,
    not parsed and printed again. A timestamp further from now than `tolerance` seconds is refused, as it may be a
    repetition by somebody who listened; the clocks must agree within this. Signatures are compared in constant time.
    """
    if not secret:
        raise ValueError("without a secret nothing is verified")
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError(f"body must be the bytes of the request, not {type(body).__name__}")
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("sentinel-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise SignatureError("there is no Sentinel-Timestamp")
    key = secret.encode() if isinstance(secret, str) else secret
    wanted = "v1=" + hmac.new(key, timestamp.encode() + b"." + bytes(body), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.get("sentinel-signature", "").strip().encode()):
        raise SignatureError("the signature is wrong, or there is none")
    if abs(time.time() - int(timestamp)) > tolerance:
        raise SignatureError(f"it was signed more than {tolerance:g} s from now")
    try:
        document = parse(bytes(body))
        job = _results.job(document["submission"])
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureError(f"it is signed, and not understood: {error!r}") from error
    return Webhook(event=str(document.get("event", "")), delivery=given.get("sentinel-delivery", ""), job=job)
