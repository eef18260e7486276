# SPDX-License-Identifier: MIT
"""Languages, and programs given as source."""
from __future__ import annotations

import asyncio
import ctypes
import os
from ctypes import byref, c_char_p, c_void_p, pointer
from typing import Any, Iterable, Mapping

from ._abi import CONSTANTS, SnLimits, SnProgramOptions, lib
from ._errors import InvalidError, NotFoundError, SentinelError, check, make_error, text
from ._handle import Handle
from ._policy import PolicyLike, policy_of
from ._running import Running, start_with
from ._sandbox import (
    Sandbox,
    afinish,
    cancel_descriptor,
    cancel_pipe,
    finish,
    make_in_thread,
    run_options,
    sandbox_options,
)
from ._types import (
    Argument,
    Arm,
    Data,
    Limits,
    Mount,
    Network,
    Result,
    Start,
    choice_of,
    encode,
    files as file_vector,
    layer_mask,
    limits_pointer,
    make_result,
    payload,
    vector,
)


class Language:
    """A language: what its manifest says (docs/languages.md). Made by languages() and find_language(). Immutable."""

    def __init__(self, pointer: int, collection: Handle) -> None:
        self._pointer = pointer
        self._collection = collection  # keeps the pointer alive
        self.name = text(lib.sn_language_name(pointer))  #: "cpp"
        self.title = text(lib.sn_language_title(pointer))  #: "C++"
        aliases: list[str] = []
        while (alias := lib.sn_language_alias(pointer, len(aliases))) is not None:
            aliases.append(text(alias))
        self.aliases = tuple(aliases)
        self.file_name = text(lib.sn_language_file_name(pointer))  #: of the source when none is given: "main.cpp"
        self.package = text(lib.sn_language_package(pointer))  #: the Debian package of the toolchain
        example = lib.sn_language_example(pointer)
        #: a small program in it, to begin with; None if its manifest has none
        self.example = None if example is None else text(example)
        self.manifest = os.fsdecode(lib.sn_language_manifest(pointer))  #: the file that says all this
        self.policy = text(lib.sn_language_policy(pointer))  #: of the run step; with a network, "network" is used instead
        compile_policy = lib.sn_language_compile_policy(pointer)
        #: of the compile step; None if there is no such step
        self.compile_policy = None if compile_policy is None else text(compile_policy)
        self.run_limits = self._limits(lib.sn_language_run_limits)
        #: default limits of the compile step; None if there is no such step
        self.compile_limits = None if compile_policy is None else self._limits(lib.sn_language_compile_limits)

    def _limits(self, function: Any) -> Limits:
        struct = SnLimits(size=ctypes.sizeof(SnLimits))
        check(function(self._pointer, byref(struct)), c_void_p())
        return Limits._of(struct)

    def check(self) -> None:
        """Are the policies that its steps name there, and do they parse? Raises NotFoundError, ParseError if not."""
        error = c_void_p()
        check(lib.sn_language_check(self._pointer, byref(error)), error)

    def probe(self, *, relax: Iterable[str] | str = ()) -> str:
        """The version of the toolchain here, asked for in a sandbox (some milliseconds to a second).

        Raises ToolchainError, whose message names the package, and what Sandbox() raises.
        """
        version, error = c_void_p(), c_void_p()
        check(lib.sn_language_probe(self._pointer, layer_mask(relax), byref(version), byref(error)), error)
        assert version.value
        try:
            return text(ctypes.string_at(version.value))
        finally:
            lib.sn_free(version)

    def prepare(
        self,
        *,
        compile_args: Iterable[Argument] = (),
        relax: Iterable[str] | str = (),
        cache_dir: Argument | None = None,
    ) -> None:
        """Builds what programs made with prepared=True and these compile_args find prepared (seconds; nothing if it is
        there already). Raises InvalidError (nothing to prepare), BusyError (somebody else is building it), ToolchainError,
        HostError and SystemCallError (the cache), and what Sandbox() raises."""
        sandbox, loaded = sandbox_options(relax=relax)
        options = SnProgramOptions(size=ctypes.sizeof(SnProgramOptions))
        options.sandbox = pointer(sandbox)
        options.compile_args = vector(compile_args, "compile_args")
        if cache_dir is not None:
            options.cache_dir = encode(cache_dir, "cache_dir")
        error = c_void_p()
        check(lib.sn_language_prepare(self._pointer, byref(options), byref(error)), error)
        del loaded

    def __repr__(self) -> str:
        return f"<sentinel.Language {self.name!r}>"


def _load(directory: Argument | None) -> Handle:
    collection, error = c_void_p(), c_void_p()
    where = None if directory is None else encode(directory, "directory")
    check(lib.sn_languages_load(where, byref(collection), byref(error)), error)
    return Handle(collection.value, lib.sn_languages_free, "collection of languages")


def languages(directory: Argument | None = None) -> tuple[Language, ...]:
    """The languages of a directory of manifests, or of a single manifest, by name. Raises NotFoundError, ParseError,
    SystemCallError.

    None: those that $SENTINEL_LANGUAGE_PATH names (directories and manifests, with colons between), then the installed
    ones. A manifest of these that does not load is left out: language_errors() has it. Whether a language's toolchain is
    here is asked for with Language.probe()."""
    collection = _load(directory)
    with collection as pointer:
        count = lib.sn_languages_count(pointer)
        return tuple(Language(lib.sn_languages_entry(pointer, index), collection) for index in range(count))


def _errors(collection: int) -> dict[str, SentinelError]:
    found: dict[str, SentinelError] = {}
    path = c_char_p()
    index = 0
    while error := lib.sn_languages_error(collection, index, byref(path)):
        index += 1
        found[os.fsdecode(path.value or b"")] = make_error(lib.sn_error_code(error), error)
    return found


def language_errors() -> dict[str, SentinelError]:
    """What languages() leaves out, by file: manifests of this host that do not load, and why."""
    with _load(None) as pointer:
        return _errors(pointer)


def find_language(name: str, directory: Argument | None = None) -> Language:
    """By name or alias in any case ("c++"), else by the extension of a file name ("a.py"). NotFoundError otherwise; the
    ParseError of its manifest if there is one of that file name that does not load."""
    collection = _load(directory)
    wanted = encode(name, "name")
    with collection as pointer:
        found = lib.sn_languages_find(pointer, wanted) or lib.sn_languages_find_by_file(pointer, wanted)
        if not found:
            entries = (lib.sn_languages_entry(pointer, index) for index in range(lib.sn_languages_count(pointer)))
            known = [text(lib.sn_language_name(entry)) for entry in entries]
            errors = _errors(pointer)
            for path, error in errors.items():
                if os.path.basename(path) == f"{name.lower()}.yaml":
                    raise error
            left_out = "".join(f"; left out: {error.message}" for error in errors.values())
            message = f"there is no language '{name}'; there are: {', '.join(known)}{left_out}"
            raise NotFoundError(message, step="find language")
        return Language(found, collection)


class Program:
    """A source that was laid into a sandbox of its own and compiled, to be run any number of times.

        with sentinel.Program(source, language="cpp") as program:
            if program.runnable:
                print(program.run(stdin="1 2").stdout)
            else:
                print(program.compile_result.stderr)

    language        a Language, its name or alias, or a file name
    file_name       name of the source inside; the language's by default
    files           more files for /work, by path
    compile_args    appended to the compile command
    compile_limits  stand for those of the language, limit by limit
    start           Start.AUTO, Start.TEMPLATE or Start.EXEC, or their names: how its runs begin
    cancel_fd       cancels the compile step when it becomes readable
    cached          use what the compiler made of the same input before, and keep what it makes
    prepared        use headers and the like that were compiled beforehand, or have them built
    cache_dir       where both are; $SENTINEL_CACHE_DIR, else /var/cache/sentinel or the user's cache, by default
    cache_bytes     how much of what compilers made is kept; 1 GiB by default
    All others as for Sandbox: they are those of the sandbox, and limits and policy those of the runs.

    Blocks, without the GIL, while the compiler runs. A source that does not compile is no exception. Raises
    ToolchainError, NotFoundError (no such language), InvalidError, and what Sandbox() raises.
    """

    def __init__(
        self,
        source: Data,
        *,
        language: Language | str,
        file_name: Argument | None = None,
        files: Mapping[str, Data] | None = None,
        compile_args: Iterable[Argument] = (),
        compile_limits: Limits | None = None,
        cancel_fd: int | None = None,
        cached: bool = False,
        prepared: bool = False,
        cache_dir: Argument | None = None,
        cache_bytes: int | None = None,
        mounts: Iterable[Mount] = (),
        rootfs: Argument | None = None,
        relax: Iterable[str] | str = (),
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        network: Network | str = Network.NONE,
        hostname: str | None = None,
        work_bytes: int | None = None,
        work_inodes: int | None = None,
        tmp_bytes: int | None = None,
        tmp_inodes: int | None = None,
        shm_bytes: int | None = None,
        cgroup_parent: Argument | None = None,
        arm: Arm | str = Arm.AUTO,
        cpus: Iterable[int] | str | None = None,
        start: Start | str = Start.AUTO,
    ) -> None:
        self.language = language if isinstance(language, Language) else find_language(language)
        sandbox, loaded = sandbox_options(
            mounts=mounts,
            rootfs=rootfs,
            relax=relax,
            limits=limits,
            policy=policy,
            network=network,
            hostname=hostname,
            work_bytes=work_bytes,
            work_inodes=work_inodes,
            tmp_bytes=tmp_bytes,
            tmp_inodes=tmp_inodes,
            shm_bytes=shm_bytes,
            cgroup_parent=cgroup_parent,
            arm=arm,
            cpus=cpus,
        )
        data = payload(source, "source")
        options = SnProgramOptions(size=ctypes.sizeof(SnProgramOptions), source=data, source_length=len(data))
        options.sandbox = pointer(sandbox)
        options.cancel_fd = cancel_descriptor(cancel_fd)
        options.start = choice_of(Start, start, "start").value
        if file_name is not None:
            options.file_name = encode(file_name, "file_name")
        if files:
            options.files = file_vector(files)
        options.compile_args = vector(compile_args, "compile_args")
        if compile_limits is not None:
            options.compile_limits = limits_pointer(compile_limits, "compile_limits")
        options.flags = (CONSTANTS["SN_PROGRAM_CACHED"] if cached else 0) | (
            CONSTANTS["SN_PROGRAM_PREPARED"] if prepared else 0
        )
        if cache_dir is not None:
            options.cache_dir = encode(cache_dir, "cache_dir")
        if cache_bytes is not None:
            if not 0 < cache_bytes < 2**64:
                raise ValueError(f"cache_bytes must be at least 1 and below 2**64, not {cache_bytes}")
            options.cache_bytes = cache_bytes
        program, error = c_void_p(), c_void_p()
        check(lib.sn_program_create(self.language._pointer, byref(options), byref(program), byref(error)), error)
        del loaded  # the sandbox has a reference of its own
        self._handle = Handle(program.value, lib.sn_program_destroy, "program")
        compiled = lib.sn_program_compile_result(program)
        #: the result of the compile step; None for a language without one
        self.compile_result: Result | None = make_result(compiled) if compiled else None
        #: whether that result is of an earlier compile of the same input (cached=True)
        self.is_cached = bool(lib.sn_program_is_cached(program))
        #: whether there is something to run
        self.runnable = bool(lib.sn_program_is_runnable(program))
        #: its sandbox, for files in and out; closed with the program
        self.sandbox = Sandbox._borrowed(lib.sn_program_sandbox(program), self._handle)

    @classmethod
    async def acreate(cls, source: Data, *, language: Language | str, **options: Any) -> Program:
        """Program(...) for asyncio: compiled in a thread of the loop's executor; cancelling the task ends the compiler.
        Takes no cancel_fd."""
        if "cancel_fd" in options:
            raise TypeError("acreate() has a cancel_fd of its own: cancel the task")
        reader, writer = cancel_pipe()

        def cleanup() -> None:
            os.close(reader)
            os.close(writer)

        return await make_in_thread(
            lambda: cls(source, language=language, cancel_fd=reader, **options),
            cancel=lambda: os.write(writer, b"x"),
            cleanup=cleanup,
        )

    def run(
        self,
        args: Iterable[Argument] = (),
        *,
        stdin: Data | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        cancel_fd: int | None = None,
    ) -> Result:
        """Runs it and waits. args are the program's arguments only; env is added to the language's; else as
        Sandbox.run(). Raises InvalidError if there is nothing to run."""
        return finish(
            self.start(args, stdin=stdin, env=env, cwd=cwd, limits=limits, policy=policy, cancel_fd=cancel_fd)
        )

    async def arun(
        self,
        args: Iterable[Argument] = (),
        *,
        stdin: Data | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        cancel_fd: int | None = None,
    ) -> Result:
        """run() for asyncio. Cancelling the task kills the run."""
        return await afinish(
            self.start(args, stdin=stdin, env=env, cwd=cwd, limits=limits, policy=policy, cancel_fd=cancel_fd)
        )

    def start(
        self,
        args: Iterable[Argument] = (),
        *,
        stdin: Data | None = None,
        feed: bool = False,
        capture: bool = True,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        cancel_fd: int | None = None,
    ) -> Running:
        """run() without waiting, as Sandbox.start()."""
        loaded = policy_of(policy)
        options = run_options(args, stdin, env, cwd, limits, loaded, feed, capture, cancel_fd)
        with self.sandbox._handle, self._handle as program:
            running = start_with(lib.sn_program_run_start, program, options, self.sandbox._handle, feed)
        return self.sandbox._adopt(running)

    def close(self) -> None:
        """Kills what runs in it and removes its sandbox. Blocks until done."""
        self.sandbox.close()
        self._handle.close()

    async def aclose(self) -> None:
        """close() for asyncio."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.close))

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Program:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<sentinel.Program in {self.language.title}{' (closed)' if self._handle.closed else ''}>"


def run(
    source: Data,
    *,
    language: Language | str,
    args: Iterable[Argument] = (),
    stdin: Data | None = None,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    policy: PolicyLike | None = None,
    **options: Any,
) -> Result:
    """Compiles if needed and runs a source once, in a sandbox of its own that is gone when this returns.

    options are those of Program. The result is that of the step that decided: of the compiler if it does not compile.
    """
    with Program(source, language=language, limits=limits, policy=policy, **options) as program:
        if not program.runnable and program.compile_result is not None:
            return program.compile_result
        return program.run(args, stdin=stdin, env=env)


async def arun(
    source: Data,
    *,
    language: Language | str,
    args: Iterable[Argument] = (),
    stdin: Data | None = None,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    policy: PolicyLike | None = None,
    **options: Any,
) -> Result:
    """run() for asyncio. Cancelling the task ends the compiler or the program."""
    program = await Program.acreate(source, language=language, limits=limits, policy=policy, **options)
    async with program:
        if not program.runnable and program.compile_result is not None:
            return program.compile_result
        return await program.arun(args, stdin=stdin, env=env)
