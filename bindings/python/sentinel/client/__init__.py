# SPDX-License-Identifier: MIT
"""The client of Sentinel's HTTP service; needs httpx, and websockets for sessions, but no libsentinel.

    from sentinel.client import Client

    with Client("http://127.0.0.1:8080") as client:
        job = client.run("python", "print(6 * 7)")
        assert job.ok and job.stdout == "42\\n"

Units are the service's, as every name says: milliseconds and KiB. Timeouts of calls are seconds.
"""
from __future__ import annotations

from importlib.util import find_spec as _find_spec

if _find_spec("httpx") is None:
    raise ImportError("sentinel.client needs the package httpx: pip install httpx")

from ._async import AsyncClient
from ._errors import (
    ApiError,
    ClientError,
    Conflict,
    ConnectionFailed,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    SignatureError,
    TimedOut,
    Unauthorized,
    Unavailable,
)
from ._events import Case, Event, Finished, Other, Output, Refused, Restart, State
from ._results import (
    Cancelled,
    CaseResult,
    Check,
    CompileStep,
    DeadLetter,
    Enforced,
    Host,
    Job,
    Language,
    LanguageLoad,
    Limits,
    Load,
    Percentiles,
    Readiness,
    Receipt,
    Run,
    Stage,
    Statistics,
    StatisticsBucket,
    StatisticsLanguage,
    StatisticsTotals,
    Status,
    Summary,
    Timeline,
    Worker,
)
from ._session import Session
from ._submission import Checker, Compare, Data, Submission, TestCase
from ._sync import Client
from ._webhook import Webhook, verify_webhook

__all__ = [
    "ApiError",
    "AsyncClient",
    "Cancelled",
    "Case",
    "CaseResult",
    "Check",
    "Checker",
    "Client",
    "ClientError",
    "Compare",
    "CompileStep",
    "Conflict",
    "ConnectionFailed",
    "Data",
    "DeadLetter",
    "Enforced",
    "Event",
    "Finished",
    "Forbidden",
    "Host",
    "InvalidRequest",
    "Job",
    "Language",
    "LanguageLoad",
    "Limits",
    "Load",
    "NotFound",
    "Other",
    "Output",
    "Percentiles",
    "RateLimited",
    "Readiness",
    "Receipt",
    "Refused",
    "Restart",
    "Run",
    "Session",
    "SignatureError",
    "Stage",
    "Statistics",
    "StatisticsBucket",
    "StatisticsLanguage",
    "StatisticsTotals",
    "State",
    "Status",
    "Submission",
    "Summary",
    "TestCase",
    "TimedOut",
    "Timeline",
    "Unauthorized",
    "Unavailable",
    "Webhook",
    "Worker",
    "verify_webhook",
]
