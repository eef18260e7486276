# SPDX-License-Identifier: MIT
"""What the tests of the client need: the service itself, a proxy that fails on purpose, and a server with canned answers."""
from __future__ import annotations

import asyncio
import contextlib
import http.server
import importlib
import inspect
import json
import os
import socket
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterator

import pytest

from sentinel.client import AsyncClient

TOP = Path(__file__).resolve().parents[3]


def service_module() -> Any:
    """tests/service/services/service.py, which is no package of ours."""
    path = str(TOP / "tests" / "service")
    if path not in sys.path:
        sys.path.insert(0, path)
    return importlib.import_module("services.service")


@contextlib.contextmanager
def running_service(**settings: str) -> Iterator[Any]:
    """A sentinel-server of its own; skips, with the reason, where there is none."""
    module = service_module()
    reason = module.Service.missing(False)
    if reason:
        if os.environ.get("SN_MUST_WORK") == "1":
            raise RuntimeError(reason)
        pytest.skip(reason)
    with module.Service(settings={"SENTINEL_SLOTS": "4", **settings}) as service:
        yield service


class Blocking:
    """An AsyncClient with the methods of a Client: the same test holds both to the same."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            made = method(*arguments, **named)
            return self._iterate(made) if inspect.isasyncgen(made) else self._runner.run(made)

        return call

    def _iterate(self, generator: Any) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(generator, None)

        try:
            while (item := self._runner.run(following())) is not None:
                yield item
        finally:
            self._runner.run(generator.aclose())

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


class Proxy:
    """Passes TCP on to a port of this host. The n-th connection is cut after limits[n] bytes of answers, None: never.

    0: the whole request is passed on, and once its answer begins the connection is cut.
    """

    def __init__(self, port: int, limits: list[int | None], default: int | None = None) -> None:
        self.limits = list(limits)
        self.default = default
        self.requests: list[bytes] = []  # what clients sent, by connection
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Proxy:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for end in self._sockets:
            self._cut(end)
        for thread in self._threads[1:]:
            thread.join()
        for end in self._sockets:
            end.close()

    @staticmethod
    def _cut(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            limit = self.limits.pop(0) if self.limits else self.default
            self.requests.append(b"")
            for target in (self._pass_request, self._pass_answer):
                self._threads.append(
                    threading.Thread(target=target, args=(client, server, limit, len(self.requests) - 1))
                )
                self._threads[-1].start()

    def _pass_request(self, client: socket.socket, server: socket.socket, _: int | None, number: int) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.requests[number] += data
                server.sendall(data)
        self._cut(server)

    def _pass_answer(self, client: socket.socket, server: socket.socket, limit: int | None, _: int) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data if limit is None else data[:limit])
                if limit is not None:
                    limit -= len(data)
                    if limit <= 0:
                        break
        self._cut(client)
        self._cut(server)


Answer = tuple[int, dict[str, str], bytes]


class Canned:
    """A server that answers what it is told to, one request after the other, and the last for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        left = list(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in handler.headers.items()}
                self.seen.append((handler.command, handler.path, headers, body))
                status, more, content = left.pop(0) if len(left) > 1 else left[0]
                handler.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Canned:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answer(status: int, document: object, **headers: str) -> Answer:
    kind = "application/json" if status < 400 else "application/problem+json"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": kind, **more}, json.dumps(document).encode()


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    service_module().wait_for(condition, seconds)
