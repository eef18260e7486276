# SPDX-License-Identifier: MIT
"""What a stream tells, and the parser of server-sent events."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterator, Mapping, Union

from . import _results
from ._results import CaseResult, Job, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Positioned:
    position: str  #: opaque; stream(id, after=position) goes on right behind this event


@dataclass(frozen=True, slots=True, kw_only=True)
class State(_Positioned):
    """The submission got on."""

    status: Status
    attempt: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(_Positioned):
    """A piece of output, as it appeared; it may begin and end in the middle of a character."""

    name: str  #: stdout, stderr or compile_output
    data: bytes

    @property
    def text(self) -> str:
        """data as UTF-8; what is none, such as half a character, is replaced by U+FFFD."""
        return self.data.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(_Positioned):
    """A test case is over."""

    case: CaseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart(_Positioned):
    """What was told so far is void: whoever executed it died, and it is executed again."""

    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(_Positioned):
    """The end, and always the last event."""

    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The service did not take a message of a session, such as more input than the program reads."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(_Positioned):
    """An event of a newer service, as it came."""

    type: str
    document: Mapping[str, Any]


Event = Union[State, Output, Case, Restart, Finished, Refused, Other]


def event_of(document: Mapping[str, Any]) -> Event:
    kind = str(document.get("type", ""))
    position = str(document.get("position", ""))
    if kind in ("stdout", "stderr", "compile_output"):
        return Output(name=kind, data=_results.decode(document, "data"), position=position)
    if kind == "state":
        at = document.get("at")
        return State(
            status=Status(document["status"]),
            attempt=document.get("attempt", 0),
            at=datetime.fromisoformat(at) if at else None,
            position=position,
        )
    if kind == "case":
        return Case(case=_results.case_result(document), position=position)
    if kind == "restart":
        return Restart(attempt=document.get("attempt", 0), position=position)
    if kind == "result":
        return Finished(job=_results.job(document), position=position)
    if kind == "error":
        return Refused(code=str(document.get("code", "")), detail=str(document.get("detail", "")))
    return Other(type=kind, document=document, position=position)


class EventLines:
    """Takes the bytes of text/event-stream in any pieces; gives what is whole, as (event, id, data)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._fields: dict[bytes, bytes] = {}

    def _take_line(self, line: bytes) -> tuple[str, str, bytes] | None:
        if not line:
            fields, self._fields = self._fields, {}
            if b"data" not in fields:
                return None
            return fields.get(b"event", b"message").decode(), fields.get(b"id", b"").decode(), fields[b"data"]
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data" and name in self._fields:
            value = self._fields[name] + b"\n" + value
        if name:  # else it is a comment
            self._fields[name] = value
        return None

    def take(self, chunk: bytes) -> Iterator[tuple[str, str, bytes]]:
        looked_at = len(self._buffer)
        self._buffer += chunk
        begin = 0
        while (end := self._buffer.find(b"\n", max(begin, looked_at))) >= 0:
            whole = self._take_line(bytes(self._buffer[begin:end]).removesuffix(b"\r"))
            begin = end + 1
            if whole is not None:
                yield whole
        del self._buffer[:begin]


def parse(data: bytes | str) -> Mapping[str, Any]:
    document = json.loads(data)
    if not isinstance(document, dict):
        raise ValueError("the message is no object")
    return document
