# SPDX-License-Identifier: MIT
"""The tests run against the sources of the package and the library that $SENTINEL_LIBRARY names."""
from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Iterator

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import sentinel  # noqa: E402


@pytest.fixture(scope="session")
def can_sandbox() -> None:
    """Skips, with the reason, where this host gives no sandbox at all."""
    try:
        sentinel.Sandbox().close()
    except sentinel.HostError as error:
        if os.environ.get("SN_MUST_WORK") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture
def sandbox(can_sandbox: None) -> Iterator[sentinel.Sandbox]:
    with sentinel.Sandbox() as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Every test leaves descriptors, children and threads as they were (but those of the loop's executor)."""

    def descriptors() -> dict[str, str]:
        found = {}
        for fd in os.listdir("/proc/self/fd"):
            try:
                found[fd] = os.readlink(f"/proc/self/fd/{fd}")
            except FileNotFoundError:
                pass
        return found

    def children() -> set[str]:
        pids: set[str] = set()
        for task in Path("/proc/self/task").iterdir():
            try:
                pids.update((task / "children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                pass
        return pids

    before, children_before = descriptors(), children()
    yield
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)
    assert set(descriptors().items()) - set(before.items()) == set()
    assert children() - children_before == set()
