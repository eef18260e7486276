# SPDX-License-Identifier: MIT
"""The probe as a process, and clients that say exactly the bytes they are told to. Standard library only."""

import base64
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time
import unittest

PROBE = os.path.join(
    os.environ.get("SENTINEL_BUILD", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../build-test")),
    "tests/service/parts/http_probe",
)
PATIENCE = 30.0
SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lsan.supp")


def eventually(condition, what):
    """Waits for what must come true sooner or later."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("not within %d s: %s" % (PATIENCE, what))


class Response:
    def __init__(self, status, headers, body, version):
        self.status = status
        self.headers = headers
        self.body = body
        self.version = version

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        return values[0] if values else None

    def fields(self):
        """The lines of /echo and /figures."""
        fields = {}
        for line in self.body.decode("utf-8").split("\n"):
            if "=" in line:
                key, value = line.split("=", 1)
                fields[key] = value
        return fields


class Client:
    """A connection. What was read too much is kept for the next."""

    def __init__(self, where, wrap=None):
        if isinstance(where, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket(socket.AF_INET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(where)
        if wrap:
            self.socket = wrap(self.socket)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Gone without a word."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(self.rest)
        self.rest += data

    def until(self, mark):
        while mark not in self.rest:
            self.more()
        data, self.rest = self.rest.split(mark, 1)
        return data

    def exactly(self, length):
        while len(self.rest) < length:
            self.more()
        data, self.rest = self.rest[:length], self.rest[length:]
        return data

    def head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.([01]) (\d{3}) (.*)", lines[0])
        assert match, lines[0]
        headers = []
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            headers.append((name.lower(), value))
        return Response(int(match.group(2)), headers, b"", match.group(1))

    def chunk(self):
        length = int(self.until(b"\r\n"), 16)
        data = self.exactly(length)
        assert self.exactly(2) == b"\r\n"
        return data

    def response(self, is_head=False):
        response = self.head()
        if is_head or response.status in (101, 204, 304):
            return response
        if response.header("transfer-encoding") == "chunked":
            while True:
                data = self.chunk()
                if not data:
                    return response
                response.body += data
        length = response.header("content-length")
        response.body = self.exactly(int(length)) if length is not None else self.everything()
        return response

    def everything(self):
        """Until the server closes."""
        try:
            while True:
                self.more()
        except (EOFError, ConnectionError):
            pass
        data, self.rest = self.rest, b""
        return data

    def is_closed(self):
        """Waits for the end; what comes before it does not matter."""
        self.everything()
        return True

    def get(self, path, *headers, method="GET", body=b"", host="probe"):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + host] + list(headers)
        if body:
            lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)
        return self.response(is_head=method == "HEAD")


class Probe:
    def __init__(self, *options):
        self.process = subprocess.Popen(
            [PROBE] + list(options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict({"LSAN_OPTIONS": "print_suppressions=0:suppressions=" + SUPPRESSIONS}, **os.environ),
        )
        self.port = None
        line = self.process.stdout.readline().decode()
        if line.startswith("port "):
            self.port = int(line.split()[1])
            line = self.process.stdout.readline().decode()
        if line != "ready\n":
            error = self.process.communicate()[1].decode()
            raise RuntimeError("the probe did not start: %s%s" % (line, error))
        os.set_blocking(self.process.stderr.fileno(), False)
        self.address = ("127.0.0.1", self.port)
        for option, value in zip(options[::2], options[1::2]):
            if option == "--listen" and value.startswith("unix:"):
                self.address = value[5:]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.process.kill()
            self.process.communicate()
        else:
            self.stop()

    def client(self, wrap=None):
        return Client(self.address, wrap)

    def get(self, path, *headers, **more):
        with self.client() as client:
            return client.get(path, *headers, **more)

    def figures(self):
        return {key: int(value) for key, value in self.get("/figures").fields().items()}

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Ends it and checks that it ended well: no leak, no report of a sanitizer, every stream closed once."""
        self.terminate()
        out = error = b""
        end = time.monotonic() + 2 * PATIENCE
        while self.process.poll() is None:
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError("the probe does not stop")
            readable = select.select([self.process.stderr], [], [], 0.05)[0]
            if readable:
                error += self.process.stderr.read() or b""
        out += self.process.stdout.read()
        error += self.process.stderr.read() or b""
        self.process.stdout.close()
        self.process.stderr.close()
        error = error.decode("utf-8", "replace")
        assert self.process.returncode == 0, (self.process.returncode, error)
        for mark in ("Sanitizer", "runtime error", "could not be ended"):
            assert mark not in error, error
        match = re.search(r"stopped made (\d+) closed (\d+)", out.decode())
        assert match, (out, error)
        assert match.group(1) == match.group(2), "made and closed: " + match.group(0)
        return error


class WebSocket:
    """A client of RFC 6455 that can also break every rule of it."""

    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, client, path="/ws", *headers, host="probe"):
        self.client = client
        self.key = base64.b64encode(os.urandom(16)).decode()
        client.send(self.request(path, *headers, host=host, key=self.key))
        self.response = client.response()

    @staticmethod
    def request(path="/ws", *headers, host="probe", key="AAAAAAAAAAAAAAAAAAAAAA==", version="13"):
        lines = [
            "GET %s HTTP/1.1" % path,
            "Host: " + host,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: " + key,
            "Sec-WebSocket-Version: " + version,
        ]
        return "\r\n".join(lines + list(headers)) + "\r\n\r\n"

    @staticmethod
    def frame(opcode, data=b"", fin=True, masked=True, reserved=0, announced=None):
        length = len(data) if announced is None else announced
        head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
        mark = 0x80 if masked else 0
        if length < 126:
            head += bytes([mark | length])
        elif length < 65536:
            head += bytes([mark | 126]) + struct.pack(">H", length)
        else:
            head += bytes([mark | 127]) + struct.pack(">Q", length)
        if not masked:
            return head + data
        mask = os.urandom(4)
        stream = mask * (len(data) // 4 + 1)
        masked_data = int.from_bytes(data, "big") ^ int.from_bytes(stream[: len(data)], "big")
        return head + mask + masked_data.to_bytes(len(data), "big")

    def send(self, opcode, data=b"", **more):
        self.client.send(self.frame(opcode, data, **more))

    def receive(self):
        """The next frame: opcode and data. Servers do not mask, and this one does not fragment."""
        first, second = self.client.exactly(2)
        assert first & 0x80 and not first & 0x70 and not second & 0x80
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.client.exactly(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.client.exactly(8))[0]
        return first & 0x0F, self.client.exactly(length)

    def message(self):
        """The next that is no ping."""
        while True:
            opcode, data = self.receive()
            if opcode != self.PING:
                return opcode, data

    def close_code(self):
        """Reads until the Close, and returns its code."""
        while True:
            opcode, data = self.receive()
            if opcode == self.CLOSE:
                return struct.unpack(">H", data[:2])[0] if data else None


class OneProbe(unittest.TestCase):
    """All tests of a class share one, which must end well when they are done."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.probe = Probe(*cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.probe.stop()

    def client(self):
        client = self.probe.client()
        self.addCleanup(client.close)
        return client

    def raw(self, data):
        """The first answer to these bytes, and whether the connection is over after it."""
        client = self.client()
        client.send(data)
        return client.response(), client

    def assert_error(self, response, status):
        self.assertEqual(response.status, status)
        self.assertEqual(response.header("content-type"), "application/problem+json")
        self.assertIn(b'"status":%d' % status, response.body)
