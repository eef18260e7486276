# SPDX-License-Identifier: MIT
"""System call policies."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_size_t, c_void_p
from typing import Literal, Union

from ._abi import lib
from ._errors import check, text
from ._handle import Handle
from ._types import Argument, Data, encode, expect, payload


class Policy:
    """A system call policy: parsed, checked and immutable; any number of threads and sandboxes may use it.

    Made by load() or parse(), never by its constructor; freed with its last reference. docs/policies.md describes the two syntaxes.
    """

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    @classmethod
    def load(cls, name: Argument) -> Policy:
        """A policy file if `name` contains a slash or is a path object, else an installed policy ("default", "python").

        Raises NotFoundError, ParseError (with line and column), SystemCallError.
        """
        policy, error = c_void_p(), c_void_p()
        if isinstance(name, os.PathLike):  # pathlib takes the "./" off that would make it one for the library
            name = os.path.join(os.fsencode("."), os.fsencode(name))
        check(lib.sn_policy_load(encode(name, "name"), byref(policy), byref(error)), error)
        return cls(Handle(policy.value, lib.sn_policy_free, "policy"))

    @classmethod
    def parse(cls, source: Data, label: str = "policy") -> Policy:
        """The same from memory; `label` stands in messages where a file name would. Raises as load() does."""
        data = payload(source, "source")
        policy, error = c_void_p(), c_void_p()
        check(lib.sn_policy_parse(data, len(data), encode(label, "label"), byref(policy), byref(error)), error)
        return cls(Handle(policy.value, lib.sn_policy_free, "policy"))

    @property
    def name(self) -> str:
        """The name, path or label it was made with."""
        with self._handle as pointer:
            return text(lib.sn_policy_name(pointer))

    def print_(self, format: Literal["kafel", "json"] = "kafel") -> str:
        """The flattened policy as text, includes and defines resolved; it parses to the same policy."""
        if format not in ("kafel", "json"):
            raise ValueError(f"format must be 'kafel' or 'json', not {format!r}")
        printed, error = c_void_p(), c_void_p()
        with self._handle as pointer:
            check(lib.sn_policy_print(pointer, 0 if format == "kafel" else 1, byref(printed), byref(error)), error)
        assert printed.value
        try:
            return text(ctypes.string_at(printed.value))
        finally:
            lib.sn_free(printed)

    def compile(self) -> bytes:
        """The BPF program, an array of struct sock_filter for this machine. Sandboxes do this by themselves."""
        program, size, error = c_void_p(), c_size_t(), c_void_p()
        with self._handle as pointer:
            check(lib.sn_policy_compile(pointer, byref(program), byref(size), byref(error)), error)
        assert program.value
        try:
            return ctypes.string_at(program.value, size.value)
        finally:
            lib.sn_free(program)

    def __repr__(self) -> str:
        return f"<sentinel.Policy {self.name!r}>"


#: What `policy` may be: a policy, the name of an installed one or a path with a slash, or a path object.
PolicyLike = Union[Policy, str, "os.PathLike[str]"]


def policy_of(policy: PolicyLike | None) -> Policy | None:
    if isinstance(policy, (str, os.PathLike)):
        return Policy.load(policy)
    if policy is not None:
        expect(policy, Policy, "policy", "a sentinel.Policy, a name or a path")
    return policy


def policy_pointer(policy: Policy | None) -> int | None:
    """For a struct field. The caller keeps `policy` for as long as the struct is in use."""
    return None if policy is None else policy._handle._pointer
