# SPDX-License-Identifier: MIT
"""What is submitted. Its values are checked by the service, which says what is wrong with which field."""
from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Union

#: What is compiled, read or expected: text, or bytes of any kind.
Data = Union[str, bytes]


def encode(name: str, value: Data) -> dict[str, str]:
    """As text where that is possible, else as base64 with the field that says so."""
    data = value.encode() if isinstance(value, str) else bytes(value)
    if b"\0" not in data:
        try:
            return {name: data.decode()}
        except UnicodeDecodeError:
            pass
    return {name: base64.b64encode(data).decode(), f"{name}_encoding": "base64"}


def _document(thing: Any) -> dict[str, Any]:
    """The fields that were given; those of Data are encoded."""
    made: dict[str, Any] = {}
    for entry in dataclasses.fields(thing):
        value = getattr(thing, entry.name)
        if value is None:
            continue
        name = entry.metadata.get("name", entry.name)
        if entry.metadata.get("is_data"):
            if not isinstance(value, (str, bytes)):
                raise TypeError(f"{entry.name} must be str or bytes, not {type(value).__name__}")
            made.update(encode(name, value))
        else:
            made[name] = value
    return made


def _data(name: str | None = None, default: Any = None) -> Any:
    metadata: dict[str, Any] = {"is_data": True}
    if name is not None:
        metadata["name"] = name
    return field(default=default, metadata=metadata)


def _strings(name: str, values: Iterable[str]) -> list[str]:
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name} must be a sequence of strings, not one: [{values!r}]")
    return list(values)


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test case: a fresh run of the program. Limits that are not given are the submission's."""

    __test__ = False  # it is no test of ours, whatever pytest thinks of the name

    stdin: Data | None = _data()
    expected_output: Data | None = _data()
    name: str | None = field(default=None, kw_only=True)
    args: Iterable[str] | None = field(default=None, kw_only=True)
    hidden: bool | None = field(default=None, kw_only=True)  #: what it is made of is shown to administrators only
    time_limit_ms: int | None = field(default=None, kw_only=True)  #: elapsed, and CPU time unless the next says otherwise
    cpu_time_limit_ms: int | None = field(default=None, kw_only=True)
    memory_limit_kb: int | None = field(default=None, kw_only=True)
    process_limit: int | None = field(default=None, kw_only=True)
    output_limit_kb: int | None = field(default=None, kw_only=True)

    def _document(self) -> dict[str, Any]:
        made = _document(self)
        if self.args is not None:
            made["args"] = _strings("args", self.args)
        return made


@dataclass(frozen=True, slots=True)
class Checker:
    """A program that says whether an output is right: docs/api.md, "Test cases"."""

    language: str
    source: Data = _data("source_code", dataclasses.MISSING)


@dataclass(frozen=True, slots=True)
class Compare:
    """How outputs are compared: trailing (the default), exact, tokens, float, checker."""

    mode: str | None = None
    tolerance: float | None = None  #: of float; 1e-6
    checker: Checker | None = None

    def _document(self) -> dict[str, Any]:
        made = _document(self)
        if self.checker is not None:
            made["checker"] = _document(self.checker)
            made.setdefault("mode", "checker")
        return made


@dataclass(frozen=True, slots=True)
class Submission:
    """A program to be executed; None is the service's or the language's default.

    files are laid beside the source, by relative path; without a source one of them is it: `entry`, or the first.
    """

    language: str  #: a name or alias of languages()
    source: Data | None = _data("source_code")
    _: dataclasses.KW_ONLY
    files: Mapping[str, Data] | None = None
    entry: str | None = None
    file_name: str | None = None  #: what the source is called
    stdin: Data | None = _data()
    args: Iterable[str] | None = None
    env: Mapping[str, str] | None = None
    compile_options: Iterable[str] | None = None
    user_id: str | None = None  #: whose it is, in your words
    callback_url: str | None = None  #: is told the result: verify_webhook()
    test_cases: Iterable[TestCase] | None = None
    compare: Compare | str | None = None  #: a mode, or more
    stop_at_first_failure: bool | None = None
    interactive: bool | None = None  #: input comes while it runs: AsyncClient.session() sets it
    time_limit_ms: int | None = None  #: elapsed, and CPU time unless the next says otherwise
    cpu_time_limit_ms: int | None = None
    memory_limit_kb: int | None = None
    process_limit: int | None = None
    output_limit_kb: int | None = None

    def document(self) -> dict[str, Any]:
        """What is sent."""
        made = _document(self)
        if self.files is not None:
            made["files"] = [
                {"path": path, **{key.replace("content_", ""): text for key, text in encode("content", data).items()}}
                for path, data in self.files.items()
            ]
        for name in ("args", "compile_options"):
            if name in made:
                made[name] = _strings(name, made[name])
        if self.env is not None:
            made["env"] = dict(self.env)
        if self.test_cases is not None:
            made["test_cases"] = [case._document() for case in self.test_cases]
        if self.compare is not None:
            compare = Compare(self.compare) if isinstance(self.compare, str) else self.compare
            made["compare"] = compare._document()
        return made


def submission_of(language: str | Submission, source: Data | None, fields: Mapping[str, Any]) -> Submission:
    """The arguments of submit() and run() as one."""
    if not isinstance(language, Submission):
        return Submission(language, source, **fields)
    if source is not None:
        raise TypeError("a Submission has its source already")
    return dataclasses.replace(language, **fields) if fields else language
