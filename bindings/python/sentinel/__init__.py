# SPDX-License-Identifier: MIT
"""Runs programs that nobody trusts: the Python binding of libsentinel.

    import sentinel

    result = sentinel.run("print(6 * 7)", language="python")
    assert result.ok and result.stdout == b"42\\n"

Times are nanoseconds or milliseconds and sizes bytes, as every name says. What a program did is a Result; a sandbox
that fails is a SentinelError. The package needs Python 3.11, nothing but the standard library, and libsentinel.so.0:
the file that $SENTINEL_LIBRARY names, else one in the package's own folder, else what the system's loader finds.
LibraryError (an ImportError) says what was tried, at the first use of anything here: sentinel.client, for Sentinel's HTTP
service, does without the library.
"""
from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from ._library import LibraryError

if TYPE_CHECKING:
    from ._errors import (
        BusyError,
        DiedError,
        HostError,
        InvalidError,
        LimitError,
        NoMemoryError,
        NotFoundError,
        ParseError,
        SentinelError,
        SystemCallError,
        ToolchainError,
    )
    from ._host import HostItem, host
    from ._language import Language, Program, arun, find_language, language_errors, languages, run
    from ._policy import Policy
    from ._pool import Pool, PoolStatus
    from ._running import Running
    from ._sandbox import Sandbox
    from ._types import (
        UNLIMITED,
        Arm,
        Denied,
        Event,
        EventType,
        FileInfo,
        HostStatus,
        Limit,
        Limits,
        Mount,
        Network,
        Result,
        Start,
        Verdict,
        layers,
    )
else:

    def __getattr__(name):
        """What is in __all__, from the module that has it; the first of them loads the library."""
        if name in __all__:
            for module in ("_errors", "_host", "_language", "_policy", "_pool", "_running", "_sandbox", "_types"):
                found = vars(_import_module(f"{__name__}.{module}"))
                if name in found:
                    return globals().setdefault(name, found[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})


__version__ = "0.1.0"


def library_version() -> str:
    """The version of the library in use: "0.1.0"."""
    from ._abi import lib

    return str(lib.sn_version_string().decode())


__all__ = [
    "Arm",
    "Start",
    "BusyError",
    "Denied",
    "DiedError",
    "Event",
    "EventType",
    "FileInfo",
    "HostError",
    "HostItem",
    "HostStatus",
    "InvalidError",
    "Language",
    "LibraryError",
    "Limit",
    "LimitError",
    "Limits",
    "Mount",
    "Network",
    "NoMemoryError",
    "NotFoundError",
    "ParseError",
    "Policy",
    "Pool",
    "PoolStatus",
    "Program",
    "Result",
    "Running",
    "Sandbox",
    "SentinelError",
    "SystemCallError",
    "ToolchainError",
    "UNLIMITED",
    "Verdict",
    "arun",
    "find_language",
    "host",
    "language_errors",
    "languages",
    "layers",
    "library_version",
    "run",
]
