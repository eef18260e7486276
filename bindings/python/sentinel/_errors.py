# SPDX-License-Identifier: MIT
"""Exceptions, one class for each code of <sentinel/error.h>."""
from __future__ import annotations

from ctypes import c_void_p
from typing import ClassVar

from ._abi import CONSTANTS, lib


class SentinelError(Exception):
    """The sandbox failed. What a *program* did is never an exception, but a Result.

    code is one of the negative SN_E... numbers and code_name its name; errno is that of the failed system call or 0;
    step says what was being done ("mount /usr", "parse policy"); message is a sentence to act on; line and column, from
    1, are a place in a parsed text, or 0.
    """

    CODE: ClassVar[int] = 0

    def __init__(
        self, message: str, *, code: int | None = None, errno: int = 0, step: str = "", line: int = 0, column: int = 0
    ) -> None:
        super().__init__(message)
        self.code = self.CODE if code is None else code
        self.errno = errno
        self.step = step
        self.message = message
        self.line = line
        self.column = column

    @property
    def code_name(self) -> str:
        """ "SN_EINVAL" and the like."""
        return str(lib.sn_code_name(self.code).decode())

    def __str__(self) -> str:
        return f"{self.step}: {self.message}" if self.step else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.message, self.code, self.errno, self.step, self.line, self.column)


def _again(
    kind: type[SentinelError], message: str, code: int, errno: int, step: str, line: int, column: int
) -> SentinelError:
    return kind(message, code=code, errno=errno, step=step, line=line, column=column)


class InvalidError(SentinelError, ValueError):
    """SN_EINVAL: an argument, option or combination of options is wrong."""

    CODE = CONSTANTS["SN_EINVAL"]


class NoMemoryError(SentinelError, MemoryError):
    """SN_ENOMEM: this process is out of memory."""

    CODE = CONSTANTS["SN_ENOMEM"]


class SystemCallError(SentinelError):
    """SN_ESYS: a system call failed; errno says how."""

    CODE = CONSTANTS["SN_ESYS"]


class HostError(SentinelError):
    """SN_EHOST: this host cannot give a layer or limit that was asked for; the message says how to get it."""

    CODE = CONSTANTS["SN_EHOST"]


class BusyError(SentinelError):
    """SN_EBUSY: the sandbox has a run or a file operation in progress."""

    CODE = CONSTANTS["SN_EBUSY"]


class NotFoundError(SentinelError):
    """SN_ENOENT: a file, program, language or policy does not exist."""

    CODE = CONSTANTS["SN_ENOENT"]


class ParseError(SentinelError):
    """SN_EPARSE: a policy, manifest or JSON document does not parse; see line and column."""

    CODE = CONSTANTS["SN_EPARSE"]


class LimitError(SentinelError):
    """SN_ELIMIT: an input or output is larger than the bound given for it."""

    CODE = CONSTANTS["SN_ELIMIT"]


class DiedError(SentinelError):
    """SN_EDIED: the sandbox's PID 1 is gone; close the sandbox and make another."""

    CODE = CONSTANTS["SN_EDIED"]


class ToolchainError(SentinelError):
    """SN_ETOOLCHAIN: the language is known, but its toolchain is not installed here."""

    CODE = CONSTANTS["SN_ETOOLCHAIN"]


_classes: dict[int, type[SentinelError]] = {
    kind.CODE: kind
    for kind in (
        InvalidError,
        NoMemoryError,
        SystemCallError,
        HostError,
        BusyError,
        NotFoundError,
        ParseError,
        LimitError,
        DiedError,
        ToolchainError,
    )
}


def text(data: bytes | None) -> str:
    """Text of the library; None is "". Bytes that are not UTF-8 (a file name in a message) stay recognisable."""
    return data.decode("utf-8", "backslashreplace") if data else ""


def make_error(code: int, error: c_void_p | int) -> SentinelError:
    """The exception that says what an sn_error says, which stays the caller's."""
    return _classes.get(code, SentinelError)(
        text(lib.sn_error_message(error)) or text(lib.sn_code_name(code)),
        code=code,
        errno=lib.sn_error_errno(error),
        step=text(lib.sn_error_step(error)),
        line=lib.sn_error_line(error),
        column=lib.sn_error_column(error),
    )


def take_error(code: int, error: c_void_p) -> SentinelError:
    """The exception for a failed call; frees the sn_error."""
    try:
        return make_error(code, error)
    finally:
        lib.sn_error_free(error)


def check(code: int, error: c_void_p) -> None:
    """Raises what `code` and `error` say, if they say anything."""
    if code < 0:
        raise take_error(code, error)
