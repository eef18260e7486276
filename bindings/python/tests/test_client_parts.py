# SPDX-License-Identifier: MIT
"""The client against the contract (openapi.json), webhooks, and the parser of event streams; no server is needed."""
from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx")

from sentinel import client  # noqa: E402
from sentinel.client import (  # noqa: E402
    Output,
    SignatureError,
    Status,
    Submission,
    TestCase,
    verify_webhook,
)
from sentinel.client._events import EventLines, event_of  # noqa: E402

OPENAPI = Path(__file__).resolve().parents[3] / "sentinel-server" / "api" / "openapi.json"
SCHEMAS: dict[str, Any] = json.loads(OPENAPI.read_text())["components"]["schemas"]

# What is said by another name, or not at all.
RENAMED = {"source_code": "source"}
ELSEWHERE = {"job_id"}


def fields_of(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("Job", client.Job),
        ("JobLine", client.Summary),
        ("Receipt", client.Receipt),
        ("Cancelled", client.Cancelled),
        ("CompileStep", client.CompileStep),
        ("CaseResult", client.CaseResult),
        ("Limits", client.Limits),
        ("Enforced", client.Enforced),
        ("Timeline", client.Timeline),
        ("Language", client.Language),
        ("Load", client.Load),
        ("Statistics", client.Statistics),
        ("Ready", client.Readiness),
        ("Submission", client.Submission),
        ("TestCase", client.TestCase),
        ("Compare", client.Compare),
    ],
)
def test_whatever_the_contract_has_is_known(schema: str, kind: Any) -> None:
    properties = set(SCHEMAS[schema]["properties"])
    encoded = {name for name in properties if f"{name}_encoding" in properties}
    for name in properties - {f"{name}_encoding" for name in encoded} - ELSEWHERE:
        names = {name, f"{name}_bytes", RENAMED.get(name, name)}
        assert names & fields_of(kind), name


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Load.workers[]", client.Worker),
        ("Load.workers[].host", client.Host),
        ("Statistics.buckets[]", client.StatisticsBucket),
        ("Statistics.buckets[].run_ms", client.Percentiles),
        ("Statistics.latency_ms.run", client.Percentiles),
        ("Statistics.totals", client.StatisticsTotals),
        ("Statistics.totals.by_language{}", client.StatisticsLanguage),
    ],
)
def test_whatever_the_contract_has_within_is_known(path: str, kind: Any) -> None:
    name, *steps = path.replace("[]", ".[]").replace("{}", ".{}").split(".")
    schema = SCHEMAS[name]
    for step in steps:
        schema = {"[]": schema.get("items"), "{}": schema.get("additionalProperties")}.get(step) or schema["properties"][step]
    assert set(schema["properties"]) <= fields_of(kind)


def test_the_states_are_those_of_the_contract() -> None:
    assert [status.value for status in Status] == SCHEMAS["Status"]["enum"]
    assert [status for status in Status if not status.is_over] == ["QUEUED", "COMPILING", "RUNNING"]


def test_every_operation_has_a_method() -> None:
    methods = {
        "submit": "submit", "list": "list", "submitBatch": "submit_batch", "get": "get", "cancel": "cancel",
        "timeline": "timeline", "events": "stream", "languages": "languages", "load": "load",
        "statistics": "statistics",
        "deadLetters": "dead_letters", "retryDeadLetter": "retry_dead_letter", "healthV1": "health", "readyV1": "ready",
    }  # fmt: skip
    elsewhere = {"stream", "streamAlias", "health", "ready", "metrics", "openapi"}
    paths = json.loads(OPENAPI.read_text())["paths"].values()
    operations = {operation["operationId"] for path in paths for method, operation in path.items() if method != "parameters"}
    assert operations - elsewhere == set(methods)
    for kind in (client.Client, client.AsyncClient):
        assert all(callable(getattr(kind, name)) for name in methods.values())
    public = {name for name in vars(client.Client) if not name.startswith("_")} - {"close"}
    assert public <= set(vars(client.AsyncClient))


def test_a_submission_is_what_the_contract_wants() -> None:
    document = Submission(
        "c",
        b"int main;",
        files={"a": b"\xff", "b": "text"},
        args=iter(["x"]),
        test_cases=[TestCase(b"a\0", "é", args=("y",))],
    ).document()
    assert document == {
        "language": "c",
        "source_code": "int main;",
        "files": [{"path": "a", "content": "/w==", "encoding": "base64"}, {"path": "b", "content": "text"}],
        "args": ["x"],
        "test_cases": [{"stdin": "YQA=", "stdin_encoding": "base64", "expected_output": "é", "args": ["y"]}],
    }


# ---- webhooks

SECRET = "a secret of the operator"
BODY = json.dumps(
    {"event": "submission.finished",
     "submission": {"id": "x", "status": "SUCCESS", "attempt": 1, "stdout": "é", "stdout_encoding": "utf-8"}}
).encode()  # fmt: skip


def signed(body: bytes = BODY, at: float = 0, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(time.time() + at))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"sentinel-timestamp": timestamp, "Sentinel-Signature": f"v1={digest}", "SENTINEL-DELIVERY": "d"}


def test_a_signed_webhook_is_believed() -> None:
    secrets: list[str | bytes] = [SECRET, SECRET.encode()]
    for secret in secrets:
        webhook = verify_webhook(secret, signed(), BODY)
        assert (webhook.event, webhook.delivery, webhook.job.stdout) == ("submission.finished", "d", "é")
        assert webhook.job.ok
    assert verify_webhook(SECRET, signed(at=-1000), BODY, tolerance=2000).job.id == "x"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BODY),
        (signed(), BODY + b" "),
        (signed(secret="another"), BODY),
        (signed(at=-1000), BODY),
        (signed(at=1000), BODY),
        ({**signed(), "sentinel-timestamp": str(int(time.time()) + 1)}, BODY),
        ({**signed(), "sentinel-timestamp": "1e9"}, BODY),
        ({**signed(), "sentinel-timestamp": "٣"}, BODY),
        ({**signed(), "sentinel-timestamp": "9" * 5000}, BODY),
        ({**signed(), "Sentinel-Signature": ""}, BODY),
        ({**signed(), "Sentinel-Signature": "v1="}, BODY),
        ({**signed(), "Sentinel-Signature": "v1=é"}, BODY),
        ({**signed(), "Sentinel-Signature": signed()["Sentinel-Signature"].removeprefix("v1=")}, BODY),
        (signed(b"no json"), b"no json"),
        (signed(b"[]"), b"[]"),
        (signed(b"{}"), b"{}"),
    ],
)
def test_any_other_is_not(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify_webhook(SECRET, headers, body)


def test_a_receiver_s_own_mistakes_are_no_bad_signatures() -> None:
    with pytest.raises(ValueError) as caught:
        verify_webhook("", signed(), BODY)
    assert not isinstance(caught.value, SignatureError)
    with pytest.raises(TypeError):
        verify_webhook(SECRET, signed(), BODY.decode())  # type: ignore[arg-type]


# ---- event streams


def test_events_are_read_in_whatever_pieces_they_come() -> None:
    text = (
        ':\n\nid: 1.0.0\nevent: stdout\ndata: {"x":\ndata: 1}\n\n:\n\n'
        "id:2\r\nevent:state\r\ndata:é\r\n\r\ndata: \n\nid: 9\n\nid: 7\n"
    ).encode()
    wanted = [("stdout", "1.0.0", b'{"x":\n1}'), ("state", "2", "é".encode()), ("message", "", b"")]
    for seed in range(50):
        chance = random.Random(seed)
        lines, got, rest = EventLines(), [], text
        while rest:
            size = chance.randint(1, chance.choice((2, 10, 100)))
            got += list(lines.take(rest[:size]))
            rest = rest[size:]
        assert got == wanted


def test_an_event_of_a_newer_service_comes_as_it_is() -> None:
    event = event_of({"type": "weather", "position": "1.0.0", "sun": True})
    assert isinstance(event, client.Other) and event.type == "weather" and event.document["sun"] is True
    piece = event_of({"type": "stdout", "data": "w6k=", "data_encoding": "base64", "position": "1.0.0"})
    assert isinstance(piece, Output) and (piece.data, piece.text) == ("é".encode(), "é")
