# SPDX-License-Identifier: MIT
"""Values: limits, mounts, events and results."""
from __future__ import annotations

import ctypes
import enum
import os
import stat
from ctypes import c_char_p, c_size_t, pointer
from dataclasses import dataclass, fields
from typing import Any, Final, Iterable, Mapping, Sequence, TypeVar, Union

from ._abi import CONSTANTS, SnFile, SnLimits, SnMount, lib
from ._errors import NotFoundError, text

#: What a program reads or a file holds: bytes, or text that becomes UTF-8.
Data = Union[bytes, bytearray, memoryview, str]
#: A path or argument; text becomes bytes as the file system encodes names.
Argument = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

#: No limit: for wall_ms, cpu_ms, file_bytes and stack_bytes of Limits.
UNLIMITED: Final = 2**64 - 1


class Verdict(enum.Enum):
    """What became of a program. str() is the name."""

    OK = 0  #: exit status 0
    RUNTIME_ERROR = 1  #: non-zero exit status, or a signal that was no limit of ours
    TIME_LIMIT_EXCEEDED = 2  #: Result.limit is Limit.CPU or Limit.WALL
    MEMORY_LIMIT_EXCEEDED = 3
    OUTPUT_LIMIT_EXCEEDED = 4
    PROCESS_LIMIT_EXCEEDED = 5
    SECURITY_VIOLATION = 6  #: Result.denied says which system call
    COMPILATION_ERROR = 7  #: only of the compile step of a program
    CANCELLED = 8
    INTERNAL_ERROR = 9  #: ours, never the program's

    def __str__(self) -> str:
        return self.name


class Limit(enum.Enum):
    """The limit that decided a verdict. str() is the name, in small letters."""

    NONE = 0
    CPU = 1
    WALL = 2
    MEMORY = 3
    OUTPUT = 4
    PROCESSES = 5

    def __str__(self) -> str:
        return self.name.lower()


class Network(enum.Enum):
    """What network a sandbox has."""

    NONE = 0  #: not even loopback is up
    LOOPBACK = 1  #: its own 127.0.0.1 and ::1


class Arm(enum.Enum):
    """When a sandbox gets its next run ready before that is asked for."""

    AUTO = 0  #: once it has been used twice
    NEVER = 1  #: a sandbox at rest is to have one process only
    ALWAYS = 2  #: from its creation on


class Start(enum.Enum):
    """How the runs of a program begin, where its language has a template (docs/languages.md)."""

    AUTO = 0  #: as a fork of a warm interpreter once there are runs enough for it
    TEMPLATE = 1  #: so from the first run on
    EXEC = 2  #: never so


class EventType(enum.Enum):
    """What happened to a run that was started."""

    STDOUT = 1  #: Event.data
    STDERR = 2  #: Event.data
    STDIN = 3  #: what write() had to keep has been taken: there is room for more
    DONE = 4  #: the run is over and has a result


class HostStatus(enum.Enum):
    """How much of a thing this host gives."""

    OK = 0
    LIMITED = 1  #: works, with less than the best: see the detail
    MISSING = 2  #: not there: a sandbox needs its layer relaxed


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a run; data is b"" but for STDOUT and STDERR."""

    type: EventType
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use. None is the default that the comment names (or that of the sandbox or the language).

    UNLIMITED is accepted for cpu_ms, wall_ms, file_bytes and stack_bytes. Zero is refused: it is nobody's limit.
    """

    cpu_ms: int | None = None  #: CPU time of all processes together, milliseconds; 5000
    wall_ms: int | None = None  #: elapsed time, milliseconds; 10000
    memory_bytes: int | None = None  #: of all processes together, with page cache and tmpfs; 256 MiB; at least 1 MiB
    processes: int | None = None  #: processes and threads together; 64
    output_bytes: int | None = None  #: of stdout and of stderr, each; 16 MiB
    file_bytes: int | None = None  #: largest file that may be written; 256 MiB
    open_files: int | None = None  #: 256
    stack_bytes: int | None = None  #: of the main thread; 64 MiB
    cpu_percent: int | None = None  #: CPU bandwidth, 100 is one core; no bound

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{field.name} must be an int or None, not {value!r}")
            if not 0 < value <= UNLIMITED:
                raise ValueError(f"{field.name} must be at least 1 and below 2**64, not {value}")

    def _struct(self) -> SnLimits:
        given = {field.name: getattr(self, field.name) or 0 for field in fields(self)}
        return SnLimits(size=ctypes.sizeof(SnLimits), **given)

    @classmethod
    def _of(cls, struct: SnLimits) -> Limits:
        return cls(**{field.name: getattr(struct, field.name) or None for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Mount:
    """A host file or directory that a sandbox sees, read-only unless it is `writable`."""

    source: Argument  #: absolute host path
    target: Argument | None = None  #: absolute path inside; None: the same
    writable: bool = False
    optional: bool = False  #: skip it if the source does not exist
    noexec: bool = False

    def _struct(self) -> SnMount:
        flags = (
            CONSTANTS["SN_MOUNT_WRITABLE"] * self.writable
            | CONSTANTS["SN_MOUNT_OPTIONAL"] * self.optional
            | CONSTANTS["SN_MOUNT_NOEXEC"] * self.noexec
        )
        return SnMount(
            size=ctypes.sizeof(SnMount),
            source=encode(self.source, "source"),
            target=None if self.target is None else encode(self.target, "target"),
            flags=flags,
        )


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One entry of Sandbox.list()."""

    name: str  #: as os.fsdecode() makes it of what may be any bytes but "/" and NUL
    bytes: int
    mode: int  #: st_mode: type and permission bits

    @property
    def is_dir(self) -> bool:
        """A directory: what list() takes."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """A regular file: what get() reads."""
        return stat.S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class Denied:
    """The system call that a policy denied."""

    call: str  #: "socket(AF_INET, SOCK_STREAM, 0)"
    name: str  #: "socket"
    args: tuple[int, ...]  #: the six raw arguments


@dataclass(frozen=True, slots=True)
class Result:
    """What one run did. Immutable, a copy of its own: it outlives the sandbox."""

    verdict: Verdict
    limit: Limit  #: the limit that decided the verdict, or NONE
    exit_code: int | None  #: of the first process, 0 to 255; None if a signal ended it
    signal: int | None  #: that ended the first process
    cpu_ns: int  #: of all processes together, nanoseconds; may differ from user + system by the kernel's rounding
    user_ns: int
    system_ns: int
    cpu_source: str  #: where the figures came from: "cgroup v1 cpuacct.usage"
    wall_ns: int  #: from the first process's start to its end, nanoseconds
    throttled_ns: int  #: time it was held back by cpu_percent, nanoseconds
    memory_bytes: int  #: peak of all processes together
    memory_source: str
    stdout: bytes
    stderr: bytes
    stdout_truncated: bool  #: more than output_bytes was written
    stderr_truncated: bool
    denied: Denied | None  #: for SECURITY_VIOLATION
    layers: tuple[str, ...]  #: in force during the run
    relaxed: tuple[str, ...]  #: not in force because the caller relaxed them
    notes: tuple[str, ...]  #: sentences worth knowing beyond the layers
    #: Why the wall figure may not be the program's own: "waited", "stolen", "throttled_above", each for at least a
    #: twentieth of it. The times below are 0 for runs shorter than 50 ms
    suspect: tuple[str, ...]
    waited_ns: int  #: its first thread was ready to run and had no processor, nanoseconds
    stolen_ns: int  #: a hypervisor had its processors, nanoseconds
    throttled_above_ns: int  #: a cgroup above its own was held back, nanoseconds

    @property
    def ok(self) -> bool:
        """Verdict.OK: it ended by itself with status 0 and within its limits."""
        return self.verdict is Verdict.OK


def encode(value: Argument, what: str) -> bytes:
    """Bytes for a C string. NUL would cut it short in silence, so it is refused."""
    data = os.fsencode(value)
    if b"\0" in data:
        raise ValueError(f"{what} must not contain NUL: {value!r}")
    return data


def payload(value: Data, what: str) -> bytes:
    """Bytes; text becomes UTF-8. Nothing else: bytes() makes three NULs of 3, and the bytes 1, 2 of [1, 2]."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    hint = ": pass what its read() returns" if hasattr(value, "read") else ""
    raise TypeError(f"{what} must be bytes or str, not {type(value).__name__}{hint}")


def expect(value: object, kind: type | tuple[type, ...], what: str, wanted: str) -> None:
    """TypeError unless it is one of these; a mistake is told by the argument's name and not by an attribute of ours."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be {wanted}, not {value!r}")


def vector(values: Iterable[Argument], what: str) -> Any:
    """A NULL-terminated char ** that owns its strings."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{what} must be a sequence of arguments, not one: [{values!r}]")
    entries = [encode(value, what) for value in values]
    return (c_char_p * (len(entries) + 1))(*entries, None)


def environment(env: Mapping[str, str]) -> Any:
    for name in env:
        if not name or "=" in name:
            raise ValueError(f"{name!r} cannot be the name of an environment variable")
    return vector([f"{name}={value}" for name, value in env.items()], "env")


Choice = TypeVar("Choice", bound=enum.Enum)


def choice_of(kind: type[Choice], value: Choice | str, what: str) -> Choice:
    """A member of an enumeration, or its name."""
    if isinstance(value, str):
        names = [known.name.lower() for known in kind]
        if value.lower() not in names:
            raise ValueError(f"{what} must be one of {', '.join(names)}, not {value!r}")
        return kind[value.upper()]
    expect(value, kind, what, f"a sentinel.{kind.__name__} or its name")
    return value


def cpus_list(cpus: Iterable[int] | str) -> str:
    """The list as the library takes it, which checks it."""
    if isinstance(cpus, str):
        return cpus
    numbers = list(cpus)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"cpus must be numbers of processors, or a text such as '0-3,8', not {number!r}")
    return ",".join(map(str, numbers))


def limits_pointer(limits: Limits, what: str) -> Any:
    expect(limits, Limits, what, "a sentinel.Limits or None")
    return pointer(limits._struct())


def mounts(entries: Iterable[Mount]) -> Any:
    structs = []
    for entry in entries:
        expect(entry, Mount, "an entry of mounts", "a sentinel.Mount")
        structs.append(pointer(entry._struct()))
    return (ctypes.POINTER(SnMount) * (len(structs) + 1))(*structs)


def files(entries: Mapping[str, Data]) -> Any:
    expect(entries, Mapping, "files", "a mapping of paths to data")
    structs = []
    for path, value in entries.items():
        data = payload(value, f"files[{path!r}]")
        size = ctypes.sizeof(SnFile)
        structs.append(pointer(SnFile(size=size, path=encode(path, "path"), data=data, length=len(data))))
    return (ctypes.POINTER(SnFile) * (len(structs) + 1))(*structs)


def suspect_names(bits: int) -> tuple[str, ...]:
    prefix = "SN_SUSPECT_"
    names = {"WAITED": "waited", "STOLEN": "stolen", "THROTTLED": "throttled_above"}
    return tuple(name for constant, name in names.items() if bits & CONSTANTS[prefix + constant])


def layer_mask(names: Iterable[str] | str) -> int:
    """The bits of layers given by name ("seccomp"); NotFoundError names an unknown one."""
    mask = 0
    for name in [names] if isinstance(names, str) else names:
        bit = int(lib.sn_layer_by_name(encode(name, "layer")))
        if not bit:
            raise NotFoundError(f"there is no layer '{name}'; there are: {', '.join(layers())}", step="relax")
        mask |= bit
    return mask


def layer_names(mask: int) -> tuple[str, ...]:
    names = []
    for bit in range(64):
        if mask >> bit & 1:
            name = lib.sn_layer_name(1 << bit)
            names.append(text(name) or f"layer-{bit}")
    return tuple(names)


def layers() -> tuple[str, ...]:
    """The names of all layers of isolation, as `relax` takes them and Result.layers reports them."""
    return tuple(text(name) for name in (lib.sn_layer_name(1 << bit) for bit in range(64)) if name)


def make_result(result: int) -> Result:
    """Copies an sn_result, which stays the caller's."""

    def output(function: Any) -> bytes:
        length = c_size_t()
        data = function(result, ctypes.byref(length))
        return ctypes.string_at(data, length.value) if data and length.value else b""

    call = lib.sn_result_denied(result)
    denied = None
    if call is not None:
        args: Sequence[int] = lib.sn_result_denied_args(result)[:6]
        denied = Denied(text(call), text(lib.sn_result_denied_name(result)), tuple(args))
    exit_code: int = lib.sn_result_exit_code(result)
    return Result(
        verdict=Verdict(lib.sn_result_verdict(result)),
        limit=Limit(lib.sn_result_limit(result)),
        exit_code=None if exit_code < 0 else exit_code,
        signal=lib.sn_result_signal(result) or None,
        cpu_ns=lib.sn_result_cpu_ns(result),
        user_ns=lib.sn_result_user_ns(result),
        system_ns=lib.sn_result_system_ns(result),
        cpu_source=text(lib.sn_result_cpu_source(result)),
        wall_ns=lib.sn_result_wall_ns(result),
        throttled_ns=lib.sn_result_throttled_ns(result),
        memory_bytes=lib.sn_result_memory_bytes(result),
        memory_source=text(lib.sn_result_memory_source(result)),
        stdout=output(lib.sn_result_stdout),
        stderr=output(lib.sn_result_stderr),
        stdout_truncated=bool(lib.sn_result_stdout_truncated(result)),
        stderr_truncated=bool(lib.sn_result_stderr_truncated(result)),
        denied=denied,
        layers=layer_names(lib.sn_result_layers(result)),
        relaxed=layer_names(lib.sn_result_relaxed(result)),
        notes=tuple(text(lib.sn_result_notes(result)).splitlines()),
        suspect=suspect_names(lib.sn_result_suspect(result)),
        waited_ns=lib.sn_result_waited_ns(result),
        stolen_ns=lib.sn_result_stolen_ns(result),
        throttled_above_ns=lib.sn_result_throttled_above_ns(result),
    )
