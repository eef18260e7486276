# SPDX-License-Identifier: MIT
"""Pointers that the library handed out, freed once and never while a call uses them."""
from __future__ import annotations

import os
import threading
from typing import Callable


class Handle:
    """An owned pointer. `with handle as pointer:` keeps it alive; close() frees it when the last such block has ended.

    A parent is kept alive for as long as the handle's pointer is. In a process that was forked off, nothing is freed:
    the sandbox belongs to the process that made it.
    """

    __slots__ = ("_pointer", "_free", "_what", "_parent", "_lock", "_users", "_closed", "_pid", "__weakref__")

    def __init__(
        self, pointer: int | None, free: Callable[[int], object] | None, what: str, parent: Handle | None = None
    ) -> None:
        assert pointer
        self._pointer: int = pointer
        self._free = free
        self._what = what
        self._parent = parent
        # A finalizer may run in a thread that holds the lock already.
        self._lock = threading.RLock()
        self._users = 0
        self._closed = False
        self._pid = os.getpid()
        if parent is not None:
            parent._enter(even_closed=True)

    def _enter(self, even_closed: bool = False) -> int:
        with self._lock:
            if self._closed and not (even_closed and self._users > 0):
                raise ValueError(f"this {self._what} is closed")
            self._users += 1
            return self._pointer

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            last = self._closed and self._users == 0
        if last:
            self._destroy()

    def __enter__(self) -> int:
        return self._enter()

    def __exit__(self, *_: object) -> None:
        self._leave()

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            last = self._users == 0
        if last:
            self._destroy()

    def _destroy(self) -> None:
        if self._free is not None and os.getpid() == self._pid:
            self._free(self._pointer)
        if self._parent is not None:
            self._parent._leave()
            self._parent = None

    def __del__(self) -> None:
        # Without references nobody is inside; only __init__ may have failed on the way.
        if hasattr(self, "_pid") and not self._closed:
            self.close()
