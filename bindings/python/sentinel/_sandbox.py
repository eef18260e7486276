# SPDX-License-Identifier: MIT
"""Sandboxes: files in and out, runs."""
from __future__ import annotations

import asyncio
import ctypes
import os
import threading
import warnings
import weakref
from ctypes import byref, c_size_t, c_void_p
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Protocol, TypeVar

from ._abi import CONSTANTS, SnRunOptions, SnSandboxOptions, lib
from ._errors import check
from ._handle import Handle
from ._policy import Policy, PolicyLike, policy_of, policy_pointer
from ._running import Running, start_with
from ._types import (
    Argument,
    Arm,
    Data,
    FileInfo,
    Limits,
    Mount,
    Network,
    Result,
    choice_of,
    cpus_list,
    encode,
    environment,
    layer_mask,
    layer_names,
    limits_pointer,
    mounts as mount_vector,
    payload,
    vector,
)


def sandbox_options(
    *,
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
) -> tuple[SnSandboxOptions, Policy | None]:
    """The struct, and the policy that must live as long as the struct is in use."""
    loaded = policy_of(policy)
    options = SnSandboxOptions(size=ctypes.sizeof(SnSandboxOptions), relax=layer_mask(relax))
    options.policy = policy_pointer(loaded)
    options.network = choice_of(Network, network, "network").value
    options.arm = choice_of(Arm, arm, "arm").value
    if rootfs is not None:
        options.rootfs = encode(rootfs, "rootfs")
    if hostname is not None:
        options.hostname = encode(hostname, "hostname")
    if cgroup_parent is not None:
        options.cgroup_parent = encode(cgroup_parent, "cgroup_parent")
    if cpus is not None:
        options.cpus = encode(cpus_list(cpus), "cpus")
    if limits is not None:
        options.limits = limits_pointer(limits, "limits")
    entries = list(mounts)
    if entries:
        options.mounts = mount_vector(entries)
    sizes = {
        "work_bytes": work_bytes,
        "work_inodes": work_inodes,
        "tmp_bytes": tmp_bytes,
        "tmp_inodes": tmp_inodes,
        "shm_bytes": shm_bytes,
    }
    for name, size in sizes.items():
        if size is not None:
            if not 0 < size < 2**64:
                raise ValueError(f"{name} must be at least 1 and below 2**64, not {size}")
            setattr(options, name, size)
    return options, loaded


def run_options(
    argv: Iterable[Argument] | None,
    stdin: Data | None,
    env: Mapping[str, str] | None,
    cwd: Argument | None,
    limits: Limits | None,
    policy: Policy | None,
    feed: bool,
    capture: bool,
    cancel_fd: int | None,
) -> SnRunOptions:
    if feed and stdin is not None:
        raise ValueError("stdin= is all of standard input; feed=True is for write()")
    options = SnRunOptions(size=ctypes.sizeof(SnRunOptions), policy=policy_pointer(policy))
    if argv is not None:
        options.argv = vector(argv, "argv")
    if env is not None:
        options.envp = environment(env)
    if cwd is not None:
        options.cwd = encode(cwd, "cwd")
    if stdin is not None:
        data = payload(stdin, "stdin")
        options.stdin_data = data
        options.stdin_length = len(data)
    if limits is not None:
        options.limits = limits_pointer(limits, "limits")
    options.stdin_mode = CONSTANTS["SN_STDIN_FEED" if feed else "SN_STDIN_DATA"]
    options.output_mode = CONSTANTS["SN_OUTPUT_CAPTURE" if capture else "SN_OUTPUT_STREAM"]
    options.cancel_fd = cancel_descriptor(cancel_fd)
    return options


def cancel_descriptor(fd: int | None) -> int:
    """0 is "none" for the library, and descriptor 0 therefore cannot be given."""
    if fd is None:
        return 0
    if fd <= 0:
        raise ValueError(f"cancel_fd must be a descriptor above 0, not {fd}")
    return fd


def finish(running: Running) -> Result:
    """Waits for a run that nobody else knows. Only the main thread sees Ctrl-C, so only it has to come back for it."""
    with running:
        if threading.current_thread() is threading.main_thread():
            return running.wait()
        return running._wait_alone()


async def afinish(running: Running) -> Result:
    """The same for asyncio: a task that is cancelled kills its run."""
    try:
        return await running
    finally:
        await running.aclose()


def cancel_pipe() -> tuple[int, int]:
    """A pipe whose read end is not descriptor 0, which a process without stdin would get."""
    reader, writer = os.pipe()
    if reader > 0:
        return reader, writer
    try:
        return os.dup(reader), writer
    finally:
        os.close(reader)


class Closable(Protocol):
    def close(self) -> None:
        ...


C = TypeVar("C", bound=Closable)


async def make_in_thread(
    make: Callable[[], C], cancel: Callable[[], object] | None = None, cleanup: Callable[[], object] | None = None
) -> C:
    """make() in a thread of the loop's executor. A task that is cancelled calls cancel(), and what was made is closed."""
    made = asyncio.get_running_loop().run_in_executor(None, make)
    if cleanup is not None:
        made.add_done_callback(lambda _: cleanup and cleanup())
    try:
        return await asyncio.shield(made)
    except asyncio.CancelledError:
        made.add_done_callback(lambda done: done.cancelled() or done.exception() or done.result().close())
        if cancel is not None and not made.done():
            cancel()
        await asyncio.wait([made])
        raise


class Sandbox:
    """A sandbox: a session whose files in /work and /tmp stay between its runs, and nothing else does.

        with sentinel.Sandbox(limits=sentinel.Limits(cpu_ms=1000)) as sandbox:
            sandbox.put("data.txt", "1 2 3")
            result = sandbox.run(["wc", "-w", "data.txt"])

    mounts         what it sees of the host besides /usr and the like
    rootfs         an unpacked root file system instead of the host's /usr, read-only
    relax          names of layers that the caller does without (see layers()); all others are in force or HostError is raised
    limits         default limits of its runs
    policy         default system call policy of its runs: a Policy, or the name or path of one; None is "default", or
                   "network" with Network.LOOPBACK
    network        Network.NONE or Network.LOOPBACK, or their names
    hostname       "sandbox"
    work_bytes     size of /work, a tmpfs: 64 MiB; tmp_bytes of /tmp and shm_bytes of /dev/shm are the same
    work_inodes    files in /work: 8192; tmp_inodes in /tmp the same
    cgroup_parent  cgroup v2 directory to make groups in; found automatically
    arm            Arm.AUTO, Arm.NEVER or Arm.ALWAYS, or their names: when the next run is got ready ahead
    cpus           the processors that it is confined to, as {0, 2} or "0-3,8"; those of the caller. HostError where the
                   cgroup controller cpuset cannot be had

    Creation blocks for some milliseconds. It raises InvalidError, NotFoundError (a mount's source, the rootfs, a policy),
    ParseError, HostError, SystemCallError, NoMemoryError; nothing is left then.

    Any number of sandboxes may be used by any number of threads. One sandbox does one thing at a time: a run or a file
    operation while a run is in progress raises BusyError. Independent jobs must not share a sandbox.

    Closing it kills what runs in it and removes every trace; that is put off until calls of other threads have returned.
    A process that was forked off must not use the sandboxes of its parent.
    """

    def __init__(
        self,
        *,
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
    ) -> None:
        options, loaded = sandbox_options(
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
        sandbox, error = c_void_p(), c_void_p()
        check(lib.sn_sandbox_create(byref(options), byref(sandbox), byref(error)), error)
        del loaded  # the sandbox has a reference of its own
        self._setup(Handle(sandbox.value, lib.sn_sandbox_destroy, "sandbox"), owned=True)

    def _setup(self, handle: Handle, owned: bool) -> None:
        self._handle = handle
        self._owned = owned
        self._runs: weakref.WeakSet[Running] = weakref.WeakSet()
        self._runs_lock = threading.RLock()

    @classmethod
    def _borrowed(cls, sandbox: int, program: Handle) -> Sandbox:
        self = cls.__new__(cls)
        self._setup(Handle(sandbox, None, "sandbox", program), owned=False)
        return self

    @classmethod
    def _taken(cls, handle: Handle) -> Sandbox:
        self = cls.__new__(cls)
        self._setup(handle, owned=True)
        return self

    @classmethod
    async def acreate(cls, **options: Any) -> Sandbox:
        """Sandbox(**options) for asyncio: made in a thread of the loop's executor."""
        return await make_in_thread(lambda: cls(**options))

    # ---- files, beneath /work ----

    def put(self, path: Argument, data: Data, mode: int = 0o644) -> None:
        """Writes a file, replacing a regular file of that name; makes missing directories.

        `path` is relative to /work and must stay beneath it; symbolic links are not followed. Raises InvalidError,
        SystemCallError (ENOSPC when /work is full), BusyError, DiedError.
        """
        content, error = payload(data, "data"), c_void_p()
        name = encode(path, "path")
        with self._handle as sandbox:
            check(lib.sn_sandbox_put(sandbox, name, content, len(content), mode, byref(error)), error)

    def get(self, path: Argument, max_bytes: int = 64 << 20) -> bytes:
        """Reads a regular file of at most max_bytes (LimitError if it is larger). Raises NotFoundError, and as put()."""
        if not 0 <= max_bytes < 2**64:
            raise ValueError(f"max_bytes must be at least 0 and below 2**64, not {max_bytes}")
        data, length, error = c_void_p(), c_size_t(), c_void_p()
        name = encode(path, "path")
        with self._handle as sandbox:
            check(lib.sn_sandbox_get(sandbox, name, max_bytes, byref(data), byref(length), byref(error)), error)
        assert data.value
        try:
            return ctypes.string_at(data.value, length.value)
        finally:
            lib.sn_free(data)

    def list(self, path: Argument = "") -> list[FileInfo]:
        """The entries of one directory, by name; at most 65536 (LimitError). Raises NotFoundError, and as put()."""
        entries, error = c_void_p(), c_void_p()
        name = encode(path, "path")
        with self._handle as sandbox:
            check(lib.sn_sandbox_list(sandbox, name, byref(entries), byref(error)), error)
        try:
            infos = []
            for index in range(lib.sn_file_list_count(entries)):
                entry = lib.sn_file_list_entry(entries, index).contents
                infos.append(FileInfo(entry.name.decode("utf-8", "surrogateescape"), entry.bytes, entry.mode))
        finally:
            lib.sn_file_list_free(entries)
        return sorted(infos, key=lambda info: info.name)

    def mkdir(self, path: Argument) -> None:
        """Makes a directory and its missing parents; one that exists is success. Raises as put()."""
        error = c_void_p()
        name = encode(path, "path")
        with self._handle as sandbox:
            check(lib.sn_sandbox_mkdir(sandbox, name, byref(error)), error)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of isolation in force."""
        with self._handle as sandbox:
            return layer_names(lib.sn_sandbox_layers(sandbox))

    # ---- runs ----

    def run(
        self,
        argv: Iterable[Argument],
        *,
        stdin: Data | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        cancel_fd: int | None = None,
    ) -> Result:
        """Runs one program and waits for its end; everything that it started is dead when this returns.

        argv[0] without a slash is searched in PATH inside. stdin None is an empty input. env None is PATH, HOME=/work
        and LANG=C.UTF-8, else exactly what is given. cwd is an absolute path inside, /work by default. limits and
        policy stand for those of the sandbox, limit by limit. cancel_fd cancels the run when it becomes readable.

        Blocks without the GIL. Ctrl-C in the main thread kills the run. Raises NotFoundError or SystemCallError for a
        program that cannot be started, InvalidError, BusyError, DiedError; what a started program does is a Result.
        """
        return finish(
            self.start(argv, stdin=stdin, env=env, cwd=cwd, limits=limits, policy=policy, cancel_fd=cancel_fd)
        )

    async def arun(
        self,
        argv: Iterable[Argument],
        *,
        stdin: Data | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        limits: Limits | None = None,
        policy: PolicyLike | None = None,
        cancel_fd: int | None = None,
    ) -> Result:
        """run() for asyncio. Cancelling the task kills the run before the cancellation goes on."""
        return await afinish(
            self.start(argv, stdin=stdin, env=env, cwd=cwd, limits=limits, policy=policy, cancel_fd=cancel_fd)
        )

    def start(
        self,
        argv: Iterable[Argument],
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
        """The same without waiting. feed: standard input comes by Running.write(). capture=False: output is in the
        events only and not in the result. The run keeps the sandbox alive; close() of the sandbox kills it."""
        loaded = policy_of(policy)
        options = run_options(argv, stdin, env, cwd, limits, loaded, feed, capture, cancel_fd)
        with self._handle as sandbox:
            running = start_with(lib.sn_run_start, sandbox, options, self._handle, feed)
        return self._adopt(running)

    def _adopt(self, running: Running) -> Running:
        with self._runs_lock:
            self._runs.add(running)
            closed = self._handle.closed
        if closed:  # meanwhile, by another thread
            running.close()
        return running

    # ---- the end ----

    def close(self) -> None:
        """Kills what runs in it and removes every trace. Blocks until done. Closing it again does nothing."""
        with self._runs_lock:
            runs = [*self._runs]
        for running in runs:
            running.close()
        self._handle.close()
        with self._runs_lock:  # started meanwhile, by another thread
            runs = [*self._runs]
        for running in runs:
            running.close()

    async def aclose(self) -> None:
        """close() for asyncio, in a thread of the loop's executor."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.close))

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_owned", False) and not self._handle.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        return f"<sentinel.Sandbox at {id(self):#x}{' (closed)' if self._handle.closed else ''}>"
