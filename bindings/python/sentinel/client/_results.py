# SPDX-License-Identifier: MIT
"""What the service answers, as immutable values. All of them can be pickled.

A newer service may tell more: what is not known here is left out (Job.extra keeps it), and what an older one does not tell
has its default.
"""
from __future__ import annotations

import base64
import dataclasses
import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Mapping

Document = Mapping[str, Any]


class Status(enum.StrEnum):
    """How far a submission is; it moves forward only. A status that is not known here is a Status too."""

    QUEUED = "QUEUED"
    COMPILING = "COMPILING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    WRONG_ANSWER = "WRONG_ANSWER"
    COMPILATION_ERROR = "COMPILATION_ERROR"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    TIMEOUT = "TIMEOUT"
    MEMORY_LIMIT_EXCEEDED = "MEMORY_LIMIT_EXCEEDED"
    OUTPUT_LIMIT_EXCEEDED = "OUTPUT_LIMIT_EXCEEDED"
    SECURITY_VIOLATION = "SECURITY_VIOLATION"
    CANCELLED = "CANCELLED"
    INTERNAL_ERROR = "INTERNAL_ERROR"  #: the service's fault, never the program's

    @classmethod
    def _missing_(cls, value: object) -> Status | None:
        if not isinstance(value, str):
            return None
        made = str.__new__(cls, value)
        made._name_ = made._value_ = value
        return made

    def __reduce_ex__(self, protocol: object) -> tuple[type[Status], tuple[str]]:
        return Status, (self.value,)  # not by name, which one that is not known has not

    @property
    def is_over(self) -> bool:
        """Known to be the end. False of a status that is not known here: see Job.is_over."""
        return self in _ENDS


_ENDS: Final = frozenset(list(Status)[3:])


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def decode(document: Document, name: str) -> bytes:
    """The bytes of a text that came as it is or as base64; none if it did not come."""
    value = str(document.get(name) or "")
    return base64.b64decode(value) if document.get(f"{name}_encoding") == "base64" else value.encode()


def _make(kind: Any, document: Document, **made: object) -> Any:
    """What the document has of the fields of a dataclass; `made` are those that are no plain values."""
    names = {entry.name for entry in dataclasses.fields(kind)} - made.keys()
    return kind(**made, **{name: document[name] for name in names & document.keys()})


def _status(document: Document) -> Status:
    return Status(document["status"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use."""

    time_limit_ms: int | None = None  #: elapsed, milliseconds
    cpu_time_limit_ms: int | None = None  #: CPU time of all its processes, milliseconds
    memory_limit_kb: int | None = None  #: of all its processes, KiB
    process_limit: int | None = None  #: processes and threads together
    output_limit_kb: int | None = None  #: of stdout and of stderr, each, KiB


def _limits(document: Document | None) -> Limits | None:
    return None if document is None else _make(Limits, document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforced:
    """What a run was held by."""

    layers: tuple[str, ...] = ()  #: of isolation, that were in force
    relaxed: tuple[str, ...] = ()  #: that the operator did without
    policy: str | None = None
    denied_syscall: str | None = None  #: the system call that the policy denied
    cpu_source: str | None = None  #: where the figure comes from
    memory_source: str | None = None
    notes: tuple[str, ...] = ()


def _enforced(document: Document | None) -> Enforced | None:
    if document is None:
        return None
    lists = {name: tuple(document.get(name, ())) for name in ("layers", "relaxed", "notes")}
    made: Enforced = _make(Enforced, document, **lists)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What CompileStep, CaseResult and Job have in common. Figures are None as long as there was no run."""

    verdict: str | None = None  #: the library's word for it
    limit: str | None = None  #: that decided it: cpu, wall, memory, output, processes
    exit_code: int | None = None
    signal: int | None = None
    time_used_ms: float | None = None  #: elapsed, milliseconds
    cpu_time_ms: float | None = None  #: of all its processes, milliseconds
    memory_used_kb: int | None = None  #: peak of all its processes, KiB
    stdout_bytes: bytes = b""
    stderr_bytes: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False

    @property
    def stdout(self) -> str:
        """stdout_bytes as UTF-8; what is none is replaced by U+FFFD."""
        return self.stdout_bytes.decode(errors="replace")

    @property
    def stderr(self) -> str:
        """stderr_bytes as UTF-8; what is none is replaced by U+FFFD."""
        return self.stderr_bytes.decode(errors="replace")


def _outputs(document: Document) -> dict[str, object]:
    return {f"{name}_bytes": decode(document, name) for name in ("stdout", "stderr")}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileStep(Run):
    """The compiler's run."""

    cached: bool = False  #: it was not run: the same had been compiled before, and the figures are of then
    limits: Limits | None = None
    enforced: Enforced | None = None


def _compile_step(document: Document | None) -> CompileStep | None:
    if document is None:
        return None
    made: CompileStep = _make(
        CompileStep,
        document,
        limits=_limits(document.get("limits")),
        enforced=_enforced(document.get("enforced")),
        **_outputs(document),
    )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult(Run):
    """One test case. Of a hidden one only administrators are shown what was printed."""

    index: int  #: from 0
    status: Status
    name: str | None = None
    hidden: bool = False
    explanation: str | None = None  #: the checker's first line
    denied_syscall: str | None = None


def case_result(document: Document) -> CaseResult:
    made: CaseResult = _make(CaseResult, document, status=_status(document), **_outputs(document))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A submission was accepted: it will be executed, whatever is killed, and ends once."""

    id: str
    status: Status
    created_at: datetime | None = None


def receipt(document: Document) -> Receipt:
    return Receipt(id=document["id"], status=_status(document), created_at=_time(document.get("created_at")))


def receipts(document: Document) -> tuple[Receipt, ...]:
    return tuple(map(receipt, document["submissions"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Run):
    """A submission and what became of it. Figures and outputs are there once it is over and had a run.

    The times are when each stage was reached, None as long as it was not.
    """

    id: str
    status: Status
    language: str | None = None
    user_id: str | None = None
    attempt: int = 0  #: how often it was taken for execution
    cancel_requested: bool = False
    created_at: datetime | None = None
    queued_at: datetime | None = None
    claimed_at: datetime | None = None
    compiling_at: datetime | None = None
    running_at: datetime | None = None
    finished_at: datetime | None = None
    worker: str | None = None
    reason: str | None = None  #: why it ended with INTERNAL_ERROR or CANCELLED
    compile_output_bytes: bytes = b""
    compile_output_truncated: bool = False
    limits: Limits | None = None
    enforced: Enforced | None = None
    compile: CompileStep | None = None  #: None if the language has no such step
    test_cases: tuple[CaseResult, ...] = ()
    stages: Mapping[str, int] | None = None  #: microseconds since the executor had it
    request: Mapping[str, Any] | None = None  #: the submission itself, if that was asked for
    extra: Mapping[str, Any] = field(default_factory=dict)  #: what came and is not known here

    @property
    def is_over(self) -> bool:
        return self.finished_at is not None or self.status.is_over

    @property
    def ok(self) -> bool:
        """Status.SUCCESS: it ended by itself with status 0, within its limits, with the right answers if it had cases."""
        return self.status == Status.SUCCESS

    @property
    def compile_output(self) -> str:
        """compile_output_bytes as UTF-8; what is none is replaced by U+FFFD."""
        return self.compile_output_bytes.decode(errors="replace")


_JOB_TIMES: Final = ("created_at", "queued_at", "claimed_at", "compiling_at", "running_at", "finished_at")
# position and type are of the event that brought it.
_JOB_ELSEWHERE: Final = frozenset(
    [f"{name}{end}" for name in ("stdout", "stderr", "compile_output") for end in ("", "_encoding")]
    + ["job_id", "type", "position"]
)


def job(document: Document) -> Job:
    known = {entry.name for entry in dataclasses.fields(Job)} | _JOB_ELSEWHERE
    times = {name: _time(document.get(name)) for name in _JOB_TIMES}
    made: Job = _make(
        Job,
        document,
        status=_status(document),
        compile_output_bytes=decode(document, "compile_output"),
        limits=_limits(document.get("limits")),
        enforced=_enforced(document.get("enforced")),
        compile=_compile_step(document.get("compile")),
        test_cases=tuple(map(case_result, document.get("test_cases", ()))),
        extra={name: value for name, value in document.items() if name not in known},
        **times,
        **_outputs(document),
    )
    return made


def job_or_receipt(document: Document) -> Job | Receipt:
    """Of a submission that was sent twice, the second answer is the receipt, whatever it waited for."""
    return job(document) if "attempt" in document else receipt(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A line of list(); get(id) has the whole."""

    id: str
    status: Status
    language: str | None = None
    user_id: str | None = None
    attempt: int = 0
    cancel_requested: bool = False
    created_at: datetime | None = None
    finished_at: datetime | None = None
    time_used_ms: float | None = None
    memory_used_kb: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of list(), newest first."""

    submissions: tuple[Summary, ...]
    next_cursor: str | None = None


def _summary(document: Document) -> Summary:
    times = {name: _time(document.get(name)) for name in ("created_at", "finished_at")}
    made: Summary = _make(Summary, document, status=_status(document), **times)
    return made


def page(document: Document) -> Page:
    return Page(submissions=tuple(map(_summary, document["submissions"])), next_cursor=document.get("next_cursor"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """status CANCELLED: it had not begun and will not. Any other: whoever executes it was told, and kills what runs."""

    id: str
    status: Status
    cancel_requested: bool = True


def cancelled(document: Document) -> Cancelled:
    made: Cancelled = _make(Cancelled, document, status=_status(document))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of a timeline; `stage` is publish, queue, start, compile or run."""

    stage: str
    begun_at: datetime
    ended_at: datetime
    ms: float  #: milliseconds
    what: str = ""  #: what happens in it, a phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Where the time of a submission went."""

    id: str
    status: Status
    total_ms: float
    attempt: int = 0
    stages: tuple[Stage, ...] = ()
    longest: str | None = None  #: the name of a stage
    trace_id: str | None = None


def _stage(document: Document) -> Stage:
    begun, ended = (datetime.fromisoformat(document[name]) for name in ("from", "to"))
    made: Stage = _make(Stage, document, begun_at=begun, ended_at=ended)
    return made


def timeline(document: Document) -> Timeline:
    stages = tuple(map(_stage, document.get("stages", ())))
    made: Timeline = _make(Timeline, document, status=_status(document), stages=stages)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language that the service knows; what it executes now is `available`."""

    name: str
    title: str = ""
    version: str | None = None
    aliases: tuple[str, ...] = ()
    available: bool = False
    compiled: bool = False
    file_name: str = ""
    package: str = ""
    example: str | None = None
    limits: Limits | None = None  #: the defaults of a run
    compile_limits: Limits | None = None


def _language(document: Document) -> Language:
    made: Language = _make(
        Language,
        document,
        aliases=tuple(document.get("aliases", ())),
        limits=_limits(document.get("limits")),
        compile_limits=_limits(document.get("compile_limits")),
    )
    return made


def languages(document: Document) -> tuple[Language, ...]:
    return tuple(map(_language, document["languages"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLoad:
    waiting: int = 0
    active: int = 0
    completed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The whole host that a worker is on, also from a container. None: unknown."""

    processors: int | None = None
    cpu_used: float | None = None  #: 0 to 1, of all processors together, in the last seconds
    memory_total_kb: int | None = None
    memory_available_kb: int | None = None  #: without swapping
    load_1m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker that was heard of in the last seconds."""

    name: str
    slots: int = 0
    active: int = 0
    last_seen_at: datetime | None = None
    started_at: datetime | None = None
    version: str | None = None
    host: Host | None = None
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  #: language to status to how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What waits and what is executed now."""

    waiting: int = 0
    active: int = 0
    languages: Mapping[str, LanguageLoad] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()


def _worker(document: Document) -> Worker:
    host = document.get("host")
    times = {name: _time(document.get(name)) for name in ("last_seen_at", "started_at")}
    made: Worker = _make(Worker, document, host=None if host is None else _make(Host, host), **times)
    return made


def load(document: Document) -> Load:
    by_language = {name: _make(LanguageLoad, entry) for name, entry in document.get("languages", {}).items()}
    workers = tuple(map(_worker, document.get("workers", ())))
    made: Load = _make(Load, document, languages=by_language, workers=workers)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Milliseconds; each is a value that occurred. None: not told here."""

    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None


def _percentiles(document: Document | None) -> Percentiles | None:
    return None if document is None else _make(Percentiles, document)


def _by_status(document: Document) -> Mapping[Status, int]:
    return {Status(name): count for name, count in document.get("by_status", {}).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsBucket:
    at: datetime  #: where it begins
    accepted: int = 0
    finished: int = 0
    by_status: Mapping[Status, int] = field(default_factory=dict)  #: of those that finished in it
    run_ms: Percentiles | None = None  #: None: nothing ran


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsLanguage:
    finished: int = 0
    by_status: Mapping[Status, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsTotals:
    accepted: int = 0
    finished: int = 0
    by_status: Mapping[Status, int] = field(default_factory=dict)
    by_language: Mapping[str, StatisticsLanguage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What was accepted and what ended lately, of the whole service."""

    now: datetime
    seconds: int
    bucket_seconds: float
    buckets: tuple[StatisticsBucket, ...] = ()  #: the oldest first, the empty ones too
    totals: StatisticsTotals = field(default_factory=StatisticsTotals)
    latency_ms: Mapping[str, Percentiles | None] = field(default_factory=dict)  #: queue, compile, run, total
    is_sampled: bool = False  #: there was more than is counted: the oldest buckets show too little


def _bucket(document: Document) -> StatisticsBucket:
    made: StatisticsBucket = _make(
        StatisticsBucket,
        document,
        at=datetime.fromisoformat(document["at"]),
        by_status=_by_status(document),
        run_ms=_percentiles(document.get("run_ms")),
    )
    return made


def _totals(document: Document) -> StatisticsTotals:
    languages = {
        name: _make(StatisticsLanguage, entry, by_status=_by_status(entry))
        for name, entry in document.get("by_language", {}).items()
    }
    made: StatisticsTotals = _make(
        StatisticsTotals, document, by_status=_by_status(document), by_language=languages
    )
    return made


def statistics(document: Document) -> Statistics:
    made: Statistics = _make(
        Statistics,
        document,
        now=datetime.fromisoformat(document["now"]),
        buckets=tuple(map(_bucket, document["buckets"])),
        totals=_totals(document.get("totals", {})),
        latency_ms={name: _percentiles(entry) for name, entry in document.get("latency_ms", {}).items()},
    )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    status: str  #: up or down
    reason: str | None = None

    @property
    def is_up(self) -> bool:
        return self.status == "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether all that the service needs is there; each part by name."""

    status: str  #: ready or degraded
    checks: Mapping[str, Check] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return self.status == "ready"


def readiness(document: Document) -> Readiness:
    checks = {name: _make(Check, entry) for name, entry in document.get("checks", {}).items()}
    return Readiness(status=document["status"], checks=checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that was given up: whoever executed it died of it, again and again."""

    id: str | None
    at: datetime | None = None
    reason: str = ""


def dead_letters(document: Document) -> tuple[DeadLetter, ...]:
    return tuple(_make(DeadLetter, entry, at=_time(entry.get("at"))) for entry in document["dead_letters"])
