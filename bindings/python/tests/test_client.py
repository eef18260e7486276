# SPDX-License-Identifier: MIT
"""The client of the HTTP service against a real sentinel-server; nearly each test for Client and for AsyncClient."""
from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import random
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator

import pytest

pytest.importorskip("httpx")

from service_helpers import TOP, Blocking, Canned, Proxy, answer, eventually, running_service  # noqa: E402

import sentinel.client  # noqa: E402
from sentinel.client import (  # noqa: E402
    ApiError,
    Case,
    Checker,
    Client,
    Compare,
    Conflict,
    ConnectionFailed,
    Finished,
    Forbidden,
    InvalidRequest,
    Job,
    NotFound,
    Output,
    RateLimited,
    Receipt,
    Restart,
    State,
    Status,
    Submission,
    TestCase,
    TimedOut,
    Unauthorized,
    Unavailable,
)

NOBODY = "01990000-0000-7000-8000-000000000000"
TICKS = (
    "import sys, time\n"
    "for i in range(30):\n"
    "  print('tick', i, flush=True)\n"
    "  print('tock', i, file=sys.stderr, flush=True)\n"
    "  time.sleep(0.05)\n"
)
TICKED = {
    "stdout": "".join(f"tick {i}\n" for i in range(30)).encode(),
    "stderr": "".join(f"tock {i}\n" for i in range(30)).encode(),
}
SLEEP = "import time\nprint('here', flush=True)\ntime.sleep(30)"
RECEIPT = {"id": NOBODY, "job_id": NOBODY, "status": "QUEUED", "created_at": "2026-01-02T03:04:05.678901Z"}


@pytest.fixture(scope="module")
def service() -> Iterator[Any]:
    with running_service() as running:
        yield running


@pytest.fixture(scope="module")
def url(service: Any) -> str:
    return f"http://127.0.0.1:{service.port}"


KINDS = {"sync": Client, "async": Blocking}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]


@pytest.fixture
def client(kind: Any, url: str) -> Iterator[Any]:
    with contextlib.closing(kind(url)) as made:
        yield made


def output_of(events: list[Any], name: str) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Output) and event.name == name)


def check_ticks(events: list[Any]) -> None:
    assert isinstance(events[-1], Finished) and events[-1].job.ok
    assert sum(isinstance(event, Finished) for event in events) == 1
    for name, expected in TICKED.items():
        assert output_of(events, name) == expected
    states = [event.status for event in events if isinstance(event, State)]
    assert len(states) == len(set(states))


# ---- running


def test_a_program_is_run_and_its_result_is_typed(client: Any) -> None:
    job = client.run("python", "import sys\nprint(6 * 7)\nprint('no', file=sys.stderr)")
    assert isinstance(job, Job) and job.ok and job.is_over and job.status is Status.SUCCESS
    assert (job.stdout, job.stdout_bytes, job.stderr, job.exit_code, job.signal) == ("42\n", b"42\n", "no\n", 0, None)
    assert job.time_used_ms is not None and job.time_used_ms > 0 and job.memory_used_kb
    assert job.created_at is not None and job.finished_at is not None and job.created_at < job.finished_at
    assert job.created_at.utcoffset() is not None
    assert job.limits is not None and job.limits.time_limit_ms
    assert job.enforced is not None and "seccomp" in job.enforced.layers
    assert job.extra == {}
    assert client.get(job.id) == client.wait(job.id) == job
    assert pickle.loads(pickle.dumps(job)) == job


def test_what_is_submitted_is_told_again_if_asked_for(client: Any) -> None:
    job = client.run("python", "print(1)", user_id="somebody")
    assert job.request is None
    request = client.get(job.id, include_request=True).request
    assert (request["source_code"], request["user_id"]) == ("print(1)", "somebody")


def test_bytes_that_are_no_text_go_there_and_back(client: Any) -> None:
    data = bytes(range(256))
    source = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\nsys.stderr.write(open('other').read())"
    job = client.run("python", source, stdin=data, files={"other": "é\0"})
    assert job.stdout_bytes == data and job.stderr == "é\0"
    assert job.stdout == data.decode(errors="replace")


def test_every_field_arrives(client: Any) -> None:
    source = "import os, sys\nprint(sys.argv[1:], os.environ['NAME'])"
    job = client.run("python", source, args=["a", "b"], env={"NAME": "value"}, file_name="x.py", time_limit_ms=7000)
    assert job.stdout == "['a', 'b'] value\n" and job.limits.time_limit_ms == 7000
    job = client.run(Submission("c", files={"a.h": "#define X 3\n", "m.c": '#include "a.h"\nint main() { return X; }'},
                                entry="m.c", compile_options=["-O1"]))
    assert (job.status, job.exit_code) == (Status.RUNTIME_ERROR, 3)


def test_a_program_that_does_not_compile_is_a_result(client: Any) -> None:
    job = client.run("cpp", "int main() { return nothing; }")
    assert job.status is Status.COMPILATION_ERROR and not job.ok
    assert "nothing" in job.compile_output and b"nothing" in job.compile_output_bytes
    assert job.compile is not None and job.compile.exit_code == 1 and "nothing" in job.compile.stderr
    assert (job.exit_code, job.time_used_ms, job.stdout) == (None, None, "")


def test_cases_have_a_result_each(client: Any) -> None:
    cases = [
        TestCase("1\n", "1\n", name="one"),
        TestCase("2\n", "3\n", hidden=True),
        TestCase("4\n", "4.0000001\n", time_limit_ms=9000),
    ]
    job = client.run("python", "print(input())", test_cases=cases, compare=Compare("float", tolerance=1e-3))
    assert [case.status for case in job.test_cases] == [Status.SUCCESS, Status.WRONG_ANSWER, Status.SUCCESS]
    assert [case.name for case in job.test_cases] == ["one", None, None]
    assert (job.test_cases[0].stdout, job.test_cases[1].hidden, job.status) == ("1\n", True, Status.WRONG_ANSWER)
    job = client.run("python", "print(input())", test_cases=cases[:1], compare="exact", stop_at_first_failure=True)
    assert job.ok


def test_a_checker_is_a_program(client: Any) -> None:
    checker = Checker("python", "import sys\nprint('because')\nsys.exit(1)")
    job = client.run("python", "print(1)", test_cases=[TestCase()], compare=Compare(checker=checker))
    assert job.test_cases[0].explanation == "because" and job.status is Status.WRONG_ANSWER


def test_run_waits_beyond_what_the_first_answer_waits_for(client: Any) -> None:
    for wait in (0, 0.05):
        assert client.run("python", "import time\ntime.sleep(0.5)\nprint(1)", wait=wait).stdout == "1\n"


@pytest.mark.parametrize("wait", [0, 25])
def test_a_timeout_of_run_says_which_submission_goes_on(client: Any, wait: float) -> None:
    with pytest.raises(TimedOut) as caught:
        client.run("python", SLEEP, wait=wait, timeout=1, time_limit_ms=30000)
    assert isinstance(caught.value, TimeoutError) and caught.value.id
    assert not client.get(caught.value.id).is_over
    client.cancel(caught.value.id)
    assert client.wait(caught.value.id, timeout=30).status is Status.CANCELLED


def test_output_does_not_prolong_a_timeout(client: Any) -> None:
    receipt = client.submit("python", "import time\nfor i in range(300):\n  print(i, flush=True)\n  time.sleep(0.1)",
                            time_limit_ms=30000)
    for follow in (client.wait, lambda id, timeout: list(client.stream(id, timeout=timeout))):
        began = time.monotonic()
        with pytest.raises(TimedOut):
            follow(receipt.id, timeout=1)
        assert time.monotonic() - began < 20
    client.cancel(receipt.id)


def test_threads_share_a_client(url: str) -> None:
    with Client(url) as client, ThreadPoolExecutor(4) as pool:
        jobs = pool.map(lambda number: client.run("python", f"print({number})"), range(12))
        assert [job.stdout for job in jobs] == [f"{number}\n" for number in range(12)]


# ---- many


def test_a_batch_is_accepted_as_a_whole_or_not_at_all(client: Any) -> None:
    receipts = client.submit_batch([Submission("python", f"print({number})") for number in range(3)])
    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    assert [client.wait(receipt.id).stdout for receipt in receipts] == ["0\n", "1\n", "2\n"]
    with pytest.raises(InvalidRequest) as caught:
        client.submit_batch([Submission("python", "1"), Submission("python", "1", time_limit_ms=0)])
    assert caught.value.field == "submissions[1].time_limit_ms"


def test_lists_are_fetched_page_by_page(kind: Any, service: Any, url: str) -> None:
    user = f"pager-{kind.__name__}"
    with contextlib.closing(kind(url)) as client:
        made = client.submit_batch([Submission("python", "1", user_id=user)] * 5)
        for receipt in made:
            client.wait(receipt.id)
    with Proxy(service.port, []) as proxy, contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}")) as client:
        lines = client.list(user_id=user, page_size=2)
        first = next(iter(lines))
        assert first.status is Status.SUCCESS and first.language == "python" and first.finished_at is not None
        assert sum(request.count(b"GET ") for request in proxy.requests) == 1
        assert {first.id, *(line.id for line in lines)} == {receipt.id for receipt in made}
        assert sum(request.count(b"GET ") for request in proxy.requests) == 3
        assert list(client.list(user_id=user, status=Status.CANCELLED)) == []
        assert len(list(client.list(user_id=user, status="SUCCESS", language="python"))) == 5


# ---- cancelling and watching


def test_what_runs_is_cancelled(client: Any) -> None:
    receipt = client.submit("python", SLEEP, time_limit_ms=30000)
    events = []
    for event in client.stream(receipt.id):
        events.append(event)
        if isinstance(event, Output):
            assert client.cancel(receipt.id).cancel_requested
    assert events[-1].job.status is Status.CANCELLED and events[-1].job.stdout == "here\n"
    with pytest.raises(Conflict) as caught:
        client.cancel(receipt.id)
    assert caught.value.code == "already_over"


def test_events_come_as_they_happen_and_the_result_last(client: Any) -> None:
    receipt = client.submit("python", TICKS)
    events = list(client.stream(receipt.id))
    check_ticks(events)
    assert Status.RUNNING in [event.status for event in events if isinstance(event, State)]
    assert sum(isinstance(event, Output) for event in events) > 5
    middle = len(events) // 2
    rest = list(client.stream(receipt.id, after=events[middle].position))
    check_ticks(events[: middle + 1] + rest)
    with pytest.raises(InvalidRequest) as caught:
        list(client.stream(receipt.id, after="nowhere"))
    assert caught.value.field == "after"


def test_cases_and_the_compiler_are_watched(client: Any) -> None:
    receipt = client.submit("python", "print(input())", test_cases=[TestCase("1", "1"), TestCase("1", "2")])
    told = [event.case for event in client.stream(receipt.id) if isinstance(event, Case)]
    assert [(case.index, case.status) for case in told] == [(0, "SUCCESS"), (1, "WRONG_ANSWER")]
    receipt = client.submit("cpp", "int main() { return nothing_; }")
    assert b"nothing_" in output_of(list(client.stream(receipt.id)), "compile_output")


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_that_is_cut_again_and_again_has_no_gap_and_no_repetition(
    kind: Any, service: Any, client: Any, seed: int
) -> None:
    chance = random.Random(seed)
    limits: list[int | None] = [chance.randint(1, 1200) for _ in range(6)]
    with Proxy(service.port, limits) as proxy, contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}")) as watcher:
        receipt = client.submit("python", TICKS)
        events = list(watcher.stream(receipt.id))
        check_ticks(events)
        positions = [event.position for event in events]
        assert len(positions) == len(set(positions))
        assert len(proxy.requests) > 3 and any(b"?after=" in request for request in proxy.requests)


def test_leaving_a_stream_early_closes_its_connection(client: Any) -> None:
    receipt = client.submit("python", TICKS)
    with contextlib.closing(client.stream(receipt.id)) as events:
        next(events)
    assert client.wait(receipt.id).ok  # and the fixture looks for descriptors that are left


def test_patience_ends(kind: Any, service: Any, client: Any) -> None:
    receipt = client.submit("python", SLEEP, time_limit_ms=30000)
    with Proxy(service.port, [], default=1) as proxy, contextlib.closing(
        kind(f"http://127.0.0.1:{proxy.port}", patience=0.5)
    ) as watcher:
        with pytest.raises(ConnectionFailed):
            watcher.wait(receipt.id)
        assert len(proxy.requests) > 1
    client.cancel(receipt.id)


def test_a_service_that_goes_away_and_comes_back_is_waited_for(kind: Any) -> None:
    source = "import time\nprint('here', flush=True)\ntime.sleep(1.5)\nprint('there')"
    with running_service(SENTINEL_DRAIN_MS="100") as service, contextlib.closing(
        kind(f"http://127.0.0.1:{service.port}")
    ) as client:
        receipt = client.submit("python", source)
        events: list[Any] = []
        jobs: list[Job] = []
        # A client of its own: an asyncio loop belongs to one thread.
        other = kind(f"http://127.0.0.1:{service.port}")
        waiting = threading.Thread(target=lambda: jobs.append(other.wait(receipt.id)))
        waiting.start()
        for event in client.stream(receipt.id):
            events.append(event)
            if isinstance(event, Output) and len(events) < 4:
                service.server.stop()
                restarting = threading.Timer(1, service.server.start)
                restarting.start()
        waiting.join()
        restarting.join()
        other.close()
        assert jobs[0].ok and jobs[0].stdout == "here\nthere\n"
        assert events[-1].job == jobs[0]
        begins = max((index for index, event in enumerate(events) if isinstance(event, Restart)), default=0)
        assert begins > 0 and output_of(events[begins:], "stdout") == b"here\nthere\n"


# ---- sending again


def test_a_submission_whose_answer_is_lost_is_executed_once(kind: Any, service: Any) -> None:
    with Proxy(service.port, [0, 0]) as proxy, contextlib.closing(
        kind(f"http://127.0.0.1:{proxy.port}")
    ) as client:
        user = f"lost-{kind.__name__}"
        job = client.run("python", "print('once')", user_id=user)
        assert job.stdout == "once\n"
        posts = [request for request in proxy.requests if request.startswith(b"POST")]
        assert len(posts) == 3
        keys = {line for request in posts for line in request.split(b"\r\n") if line.lower().startswith(b"idempotency-key")}
        assert len(keys) == 1
        assert [line.id for line in client.list(user_id=user)] == [job.id]


def test_a_batch_whose_answer_is_lost_is_executed_once(kind: Any, service: Any) -> None:
    with Proxy(service.port, [0]) as proxy, contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}")) as client:
        user = f"lost-batch-{kind.__name__}"
        receipts = client.submit_batch([Submission("python", "1", user_id=user)] * 2)
        assert {line.id for line in client.list(user_id=user)} == {receipt.id for receipt in receipts}


def test_a_key_of_one_s_own_is_used(client: Any) -> None:
    key = f"key-{time.time_ns()}"
    first = client.submit("python", "print(1)", idempotency_key=key)
    assert client.submit("python", "print(1)", idempotency_key=key).id == first.id
    assert client.run("python", "print(1)", idempotency_key=key).id == first.id
    with pytest.raises(Conflict) as caught:
        client.submit("python", "print(2)", idempotency_key=key)
    assert caught.value.code == "idempotency_conflict"


def test_cancelling_is_not_repeated_when_its_answer_is_lost(kind: Any, service: Any) -> None:
    with Proxy(service.port, [None, 0]) as proxy:
        with contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}")) as client:
            receipt = client.submit("python", SLEEP, time_limit_ms=30000)
        with contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}")) as client:
            with pytest.raises(ConnectionFailed):
                client.cancel(receipt.id)
            assert client.wait(receipt.id).status is Status.CANCELLED
        assert sum(request.startswith(b"DELETE") for request in proxy.requests) == 1


def test_nobody_there_is_an_exception_after_some_attempts(kind: Any) -> None:
    with Proxy(9, []) as proxy:  # accepts, reaches nobody, and closes
        with contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}", retries=1)) as client:
            with pytest.raises(ConnectionFailed) as caught:
                client.submit("python", "1")
            assert isinstance(caught.value, ConnectionError) and caught.value.idempotency_key
    with contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}", retries=0)) as client:
        with pytest.raises(ConnectionFailed):
            client.health()


def test_what_is_refused_for_now_comes_again_when_it_is_told_to(kind: Any) -> None:
    full = answer(503, {"code": "queue_full", "detail": "x", "status": 503}, Retry_After="1")
    with Canned(full, full, answer(202, RECEIPT)) as server, contextlib.closing(kind(server.url)) as client:
        began = time.monotonic()
        assert client.submit("python", "1").id == NOBODY
        assert time.monotonic() - began >= 2
        assert len({headers["idempotency-key"] for _, _, headers, _ in server.seen}) == 1
        assert len({body for *_, body in server.seen}) == 1
    with Canned(full) as server:
        with contextlib.closing(kind(server.url, retries=1)) as client, pytest.raises(Unavailable) as caught:
            client.submit("python", "1")
        assert (caught.value.code, caught.value.retry_after, len(server.seen)) == ("queue_full", 1.0, 2)
        with contextlib.closing(kind(server.url, timeout=0.5)) as client, pytest.raises(Unavailable):
            client.load()
        assert len(server.seen) == 3  # waiting would have taken longer than the timeout


def test_an_answer_that_does_not_come_times_out(kind: Any) -> None:
    class Deaf(Proxy):
        def _pass_request(self, *_: Any) -> None:
            pass

    with Canned(answer(200, {})) as server, Deaf(int(server.url.rpartition(":")[2]), []) as proxy:
        with contextlib.closing(kind(f"http://127.0.0.1:{proxy.port}", timeout=0.5)) as client:
            with pytest.raises(TimedOut):
                client.load()
            with pytest.raises(TimedOut) as caught:
                client.submit("python", "1", idempotency_key="mine")
            assert caught.value.idempotency_key == "mine"


# ---- refusals


def test_each_refusal_has_its_class(client: Any) -> None:
    for call in (client.get, client.wait, client.cancel, client.timeline, client.retry_dead_letter,
                 lambda id: list(client.stream(id))):
        with pytest.raises(NotFound) as missing:
            call(NOBODY)
        assert (missing.value.status, missing.value.code) == (404, "no_such_submission")
        assert missing.value.request_id and missing.value.detail
    with pytest.raises(InvalidRequest) as invalid:
        client.submit("python", "1", args=["a\0b"] * 2, time_limit_ms=-1)
    assert invalid.value.status == 400 and invalid.value.field and isinstance(invalid.value, ValueError)
    with pytest.raises(InvalidRequest) as unknown:
        client.run("klingon", "1")
    assert unknown.value.code == "unknown_language"
    job = client.run("python", "1")
    with pytest.raises(Conflict) as conflict:
        client.retry_dead_letter(job.id)
    assert conflict.value.code == "not_failed"
    again = pickle.loads(pickle.dumps(conflict.value))
    assert type(again) is Conflict and str(again) == str(conflict.value) and again.status == 409


def test_wrong_arguments_are_told_before_anything_is_sent(kind: Any) -> None:
    with Canned(answer(202, RECEIPT)) as server, contextlib.closing(kind(server.url)) as client:
        with pytest.raises(TypeError):
            client.submit("python", "1", tiem_limit_ms=3)
        with pytest.raises(TypeError, match="sequence"):
            client.submit("python", "1", args="abc")
        with pytest.raises(TypeError, match="stdin"):
            client.submit("python", "1", stdin=3)
        with pytest.raises(TypeError):
            client.submit(Submission("python", "1"), "2")
        with pytest.raises(ValueError):
            client.get("")
        assert client.submit(Submission("python", "1"), user_id="x").status is Status.QUEUED
        assert len(server.seen) == 1
    for wrong in ("ftp://x", "127.0.0.1:8080", "http://", "http://x?y", "http://user:secret@x"):
        with pytest.raises(ValueError) as caught:
            Client(wrong)
        assert "secret" not in str(caught.value)
    with pytest.raises(ValueError) as caught:
        Client("http://x", key="snt_secret\n")
    assert "secret" not in str(caught.value)


def test_rates_are_told(kind: Any) -> None:
    with running_service(SENTINEL_RATE_LIMIT="3") as service, contextlib.closing(
        kind(f"http://127.0.0.1:{service.port}", timeout=2)
    ) as client:
        for _ in range(3):
            client.submit("python", "1")
        with pytest.raises(RateLimited) as caught:
            client.submit("python", "1")
        assert caught.value.code == "rate_limited" and 0 < (caught.value.retry_after or 0) <= 60
        with pytest.raises(InvalidRequest) as larger:
            client.submit_batch([Submission("python", "1")] * 4)
        assert larger.value.code == "batch_larger_than_rate"


def test_keys_are_asked_for_and_never_shown(
    kind: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with running_service(SENTINEL_AUTH="keys") as service:
        url = f"http://127.0.0.1:{service.port}"

        def key_of(scopes: str) -> str:
            return str(service.run("sentinel-server", "keys", "create", "--scopes", scopes).stdout.strip())

        admin, reader = key_of("admin"), key_of("read")
        monkeypatch.delenv("SENTINEL_API_KEY", raising=False)
        with contextlib.closing(kind(url)) as client, pytest.raises(Unauthorized) as missing:
            client.languages()
        assert missing.value.code == "key_missing"
        with contextlib.closing(kind(url, key="snt_wrong")) as client, pytest.raises(Unauthorized) as wrong:
            client.run("python", "1")
        assert wrong.value.code == "key_invalid"
        with contextlib.closing(kind(url, key=reader)) as client:
            assert list(client.list()) == []
            for refused in (lambda: client.submit("python", "1"), client.dead_letters):
                with pytest.raises(Forbidden) as scope:
                    refused()
                assert scope.value.code == "scope_missing"
        monkeypatch.setenv("SENTINEL_API_KEY", admin)
        monkeypatch.setenv("SENTINEL_URL", url + "/")
        with contextlib.closing(kind()) as client:
            job = client.run("python", "print(1)")
            assert job.ok and client.dead_letters() == () and check_talk(client, job)
        shown = caplog.text + repr(client) + repr(getattr(client, "_settings", ""))
        assert admin not in shown and reader not in shown and "snt_wrong" not in shown


def check_talk(client: Any, job: Job) -> bool:
    """A session too, where there is one: its library has a log of its own."""
    if not isinstance(client, Blocking):
        return job.ok

    async def talk() -> Job:
        async with client._client.session("python", "print(input())") as session:
            await session.send("x\n")
            made: Job = await session.result(60)
            return made

    return bool(client._runner.run(talk()).stdout == "x\n")


# ---- the service


def test_the_service_tells_of_itself(client: Any) -> None:
    job = client.run("python", "print(1)")
    python = next(language for language in client.languages() if language.name == "python")
    assert python.available and python.limits is not None and python.limits.time_limit_ms and python.file_name
    load = client.load()
    worker = load.workers[0]
    assert worker.slots == 4 and load.waiting >= 0
    assert worker.started_at is not None and worker.started_at <= worker.last_seen_at and worker.version
    assert worker.host is not None and worker.host.processors and worker.host.load_1m is not None
    assert 0 < worker.host.memory_available_kb <= worker.host.memory_total_kb
    timeline = client.timeline(job.id)
    assert timeline.status is Status.SUCCESS and timeline.total_ms > 0
    assert "run" in [stage.stage for stage in timeline.stages]
    assert all(stage.begun_at <= stage.ended_at and stage.what for stage in timeline.stages)
    ready = client.ready()
    assert client.health() is True and ready.is_ready and all(check.is_up for check in ready.checks.values())
    assert client.dead_letters() == ()


def test_statistics_are_typed(client: Any) -> None:
    client.run("python", "print(1)")
    eventually(lambda: bool(client.statistics(seconds=3600, buckets=2).totals.finished))
    told = client.statistics(seconds=3600, buckets=2)
    assert (told.seconds, told.bucket_seconds, len(told.buckets)) == (3600, 1800, 2)
    assert told.buckets[0].at < told.buckets[1].at <= told.now and told.now.utcoffset() is not None
    assert told.totals.finished == sum(bucket.finished for bucket in told.buckets) == sum(told.totals.by_status.values())
    assert told.totals.by_status[Status.SUCCESS] > 0
    python = told.totals.by_language["python"]
    assert python.finished > 0 and python.by_status[Status.SUCCESS] > 0
    assert told.latency_ms["run"] is not None and told.latency_ms["run"].p50 <= told.latency_ms["run"].p99
    run_ms = [bucket.run_ms for bucket in told.buckets if bucket.run_ms]
    assert run_ms and run_ms[0].p95 is not None and run_ms[0].p99 is None
    assert not told.is_sampled
    assert len(client.statistics().buckets) == 60
    with pytest.raises(InvalidRequest) as caught:
        client.statistics(seconds=1)
    assert caught.value.field == "seconds"


def test_a_service_that_is_not_ready_says_what_is_away(kind: Any) -> None:
    degraded = {"status": "degraded", "checks": {"queue": {"status": "down", "reason": "gone"}}}
    told = (503, {"Content-Type": "application/json"}, b"")
    with Canned((*told[:2], answer(503, degraded)[2])) as server, contextlib.closing(kind(server.url)) as client:
        ready = client.ready()
        assert not ready.is_ready and not ready.checks["queue"].is_up and ready.checks["queue"].reason == "gone"
        assert len(server.seen) == 1


def test_dead_letters_are_listed_and_retried(kind: Any) -> None:
    letters = {"dead_letters": [{"id": NOBODY, "at": RECEIPT["created_at"], "reason": "x", "new": 1},
                                {"id": None, "at": None, "reason": "y"}]}
    with Canned(answer(200, letters), answer(202, {"id": NOBODY, "status": "QUEUED"})) as server, contextlib.closing(
        kind(server.url)
    ) as client:
        first, second = client.dead_letters()
        assert (first.id, first.reason, second.id, second.at) == (NOBODY, "x", None, None) and first.at is not None
        assert client.retry_dead_letter(NOBODY).status is Status.QUEUED
        assert server.seen[1][:2] == ("POST", f"/api/v1/dead-letters/{NOBODY}/retry")


def test_an_older_service_is_understood(kind: Any) -> None:
    load = {"waiting": 0, "active": 0, "languages": {}, "workers": [{"name": "old", "slots": 1}, {"name": "x", "host": None}]}
    with Canned(answer(200, load)) as server, contextlib.closing(kind(server.url)) as client:
        assert [(worker.host, worker.started_at) for worker in client.load().workers] == [(None, None)] * 2


def test_a_newer_service_is_understood(kind: Any) -> None:
    job = {**RECEIPT, "status": "PAUSED", "attempt": 1, "colour": "red", "stdout": "x", "stdout_encoding": "utf-8",
           "limits": {"time_limit_ms": 1, "gpu_limit": 2}, "test_cases": [{"index": 0, "status": "SUCCESS", "new": 1}]}
    with Canned(answer(200, job)) as server, contextlib.closing(kind(server.url)) as client:
        got = client.get(NOBODY)
        assert got.status == "PAUSED" and not got.is_over and not got.ok and got.extra == {"colour": "red"}
        assert got.limits is not None and got.limits.time_limit_ms == 1 and got.test_cases[0].status is Status.SUCCESS
        assert pickle.loads(pickle.dumps(got)) == got


@pytest.mark.parametrize("told", [(200, {"Content-Type": "text/html"}, b"<html>"), answer(200, {}), answer(200, []),
                                  (404, {}, b"nothing"), (302, {"Location": "http://elsewhere.invalid/"}, b"")])
def test_who_is_no_sentinel_is_told_so(kind: Any, told: Any) -> None:
    with Canned(told) as server, contextlib.closing(kind(server.url, key="snt_secret")) as client:
        with pytest.raises(ApiError) as caught:
            client.get(NOBODY)
        assert caught.value.code == "unexpected_answer" and "snt_secret" not in repr(caught.value)


def test_the_examples_of_the_manual(
    service: Any, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manual = TOP / "docs" / "python.md"
    if not manual.exists():
        pytest.skip("docs/python.md is not here")
    monkeypatch.setenv("SENTINEL_URL", url)
    monkeypatch.delenv("SENTINEL_API_KEY", raising=False)
    _, _, part = manual.read_text().partition("\n## The service\n")
    blocks = re.findall(r"^```python\n(.*?)^```", part, flags=re.S | re.M)
    assert len(blocks) == 4
    scope: dict[str, Any] = {**vars(sentinel.client), "asyncio": asyncio, "source": "int main() {}"}
    with Client() as watching:
        scope["receipt"] = watching.submit("python", "print('watched')")
        for number, block in enumerate(blocks[:3]):
            code = block.replace("http://127.0.0.1:8080", url)
            if number == 1:
                scope["client"] = watching
            if "async with" in code:
                code = "async def main():\n" + "".join(f"    {line}\n" for line in code.splitlines())
                code += "asyncio.run(asyncio.wait_for(main(), 120))\n"
            exec(compile(code, f"{manual}, block {number + 4}", "exec"), scope)
            shown = capsys.readouterr().out
            assert ("SUCCESS 42\n", "SUCCESS\n", "HELLO\n")[number] in shown
    # The last is a webhook's, of which test_client_parts.py knows more.
    compile(blocks[3], str(manual), "exec")


# ---- without the library


def test_the_client_needs_no_libsentinel() -> None:
    code = (
        "from sentinel.client import Client, AsyncClient, verify_webhook\n"
        "import sentinel, sys\n"
        "Client('http://127.0.0.1:1').close()\n"
        "assert 'ctypes' not in sys.modules or 'sentinel._abi' not in sys.modules\n"
        "assert 'websockets' not in sys.modules\n"
        "try:\n"
        "  sentinel.run('1', language='python')\n"
        "except sentinel.LibraryError as error:\n"
        "  print(error)\n"
    )
    env = {**os.environ, "SENTINEL_LIBRARY": "/nonexistent", "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "/nonexistent" in done.stdout


def test_cleaning_up_after_many_clients(url: str) -> None:
    for _ in range(3):
        with Client(url) as client:
            assert client.health()
    eventually(lambda: threading.active_count() == 1)
