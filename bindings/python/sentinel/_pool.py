# SPDX-License-Identifier: MIT
"""Sandboxes that are ready before they are asked for."""
from __future__ import annotations

import asyncio
import ctypes
from ctypes import byref, c_void_p, pointer
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Iterable

from ._abi import SnPoolOptions, SnPoolStatus, lib
from ._errors import check
from ._handle import Handle
from ._sandbox import Sandbox, make_in_thread, sandbox_options
from ._types import Argument, Result


@dataclass(frozen=True)
class PoolStatus:
    """How a pool is doing."""

    taken: int  #: since its creation
    missed: int  #: of those, the times that none was ready
    replaced: int  #: that were too old, or had been killed from outside
    failed: int  #: that could not be made in the background
    ready: int  #: now
    retired: int  #: waiting to be destroyed now


class Pool:
    """Keeps sandboxes of one configuration ready; each is given to one job and then destroyed.

        with sentinel.Pool(ready=8, limits=sentinel.Limits(cpu_ms=1000)) as pool:
            result = pool.run(["python3", "-c", code])

            with pool.take() as sandbox:  # a job of several steps
                sandbox.put("main.py", code)
                result = sandbox.run(["python3", "main.py"])

    ready       how many are kept ready, at most 1024; two for each CPU
    threads     of the library, that make and destroy them, at most 64: one
    max_age_ms  one that has waited for longer is replaced: 10 minutes
    options     as for Sandbox; runs with these limits, this policy and this cwd start as fast as they can

    The first sandbox is made before this returns, and raises what Sandbox() raises. Any number of threads may use a pool.
    A process that was forked off must not use the pools of its parent.
    """

    def __init__(
        self, *, ready: int | None = None, threads: int | None = None, max_age_ms: int | None = None, **options: Any
    ) -> None:
        sandbox, loaded = sandbox_options(**options)
        struct = SnPoolOptions(size=ctypes.sizeof(SnPoolOptions), sandbox=pointer(sandbox))
        for name, value, most in (
            ("ready", ready, 1024),
            ("threads", threads, 64),
            ("max_age_ms", max_age_ms, 2**53),
        ):
            if value is not None and not 1 <= value <= most:
                raise ValueError(f"{name} must be between 1 and {most}, not {value}")
            setattr(struct, name, value or 0)
        pool, error = c_void_p(), c_void_p()
        check(lib.sn_pool_create(byref(struct), byref(pool), byref(error)), error)
        del loaded  # the pool has a reference of its own
        self._handle = Handle(pool.value, lib.sn_pool_destroy, "pool")

    @classmethod
    async def acreate(cls, **options: Any) -> Pool:
        """Pool(**options) for asyncio: made in a thread of the loop's executor."""
        return await make_in_thread(lambda: cls(**options))

    def take(self) -> Sandbox:
        """The sandbox that has waited longest, or a new one if none is ready. close() destroys it in the background.

        It keeps the pool alive. Raises what Sandbox() raises.
        """
        sandbox, error = c_void_p(), c_void_p()
        with self._handle as pool:
            check(lib.sn_pool_take(pool, byref(sandbox), byref(error)), error)
            return Sandbox._taken(
                Handle(sandbox.value, lambda taken: lib.sn_pool_retire(pool, taken), "sandbox", self._handle)
            )

    async def atake(self) -> Sandbox:
        """take() for asyncio: in a thread of the loop's executor, because it may have to make one."""
        return await make_in_thread(self.take)

    def run(self, argv: Iterable[Argument], **options: Any) -> Result:
        """One run in a sandbox of its own: as Sandbox.run()."""
        with self.take() as sandbox:
            return sandbox.run(argv, **options)

    async def arun(self, argv: Iterable[Argument], **options: Any) -> Result:
        """run() for asyncio. Cancelling the task kills the run before the cancellation goes on."""
        async with await self.atake() as sandbox:
            return await sandbox.arun(argv, **options)

    @property
    def status(self) -> PoolStatus:
        """What became of its sandboxes so far."""
        status, error = SnPoolStatus(size=ctypes.sizeof(SnPoolStatus)), c_void_p()
        with self._handle as pool:
            check(lib.sn_pool_status_get(pool, byref(status), byref(error)), error)
        return PoolStatus(
            status.taken, status.missed, status.replaced, status.failed, status.ready, status.retired
        )

    def close(self) -> None:
        """Destroys what is ready, and blocks for that. While sandboxes of it are taken it returns at once, and the end of
        the last of them does it. Closing it again does nothing."""
        self._handle.close()

    async def aclose(self) -> None:
        """close() for asyncio, in a thread of the loop's executor."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.close))

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
