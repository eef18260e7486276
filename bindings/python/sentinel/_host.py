# SPDX-License-Identifier: MIT
"""What this host gives."""
from __future__ import annotations

from ctypes import byref, c_void_p
from dataclasses import dataclass

from ._abi import lib
from ._errors import check, text
from ._types import HostStatus


@dataclass(frozen=True, slots=True)
class HostItem:
    """One thing that was tried."""

    name: str  #: "user namespaces"
    status: HostStatus
    detail: str  #: what was found
    fix: str | None  #: the command, or the sentence, that changes it; None when nothing has to be done


def host() -> tuple[HostItem, ...]:
    """What this host gives to this process, each thing tried rather than guessed, as `sentinel doctor` prints it.

    Blocks for some milliseconds: it makes and removes namespaces and cgroups.
    """
    probed, error = c_void_p(), c_void_p()
    check(lib.sn_host_probe(byref(probed), byref(error)), error)
    try:
        items = []
        for index in range(lib.sn_host_count(probed)):
            item = lib.sn_host_entry(probed, index).contents
            fix = None if item.fix is None else text(item.fix)
            items.append(HostItem(text(item.name), HostStatus(item.status), text(item.detail), fix))
        return tuple(items)
    finally:
        lib.sn_host_free(probed)
