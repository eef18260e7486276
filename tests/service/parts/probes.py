# SPDX-License-Identifier: MIT
"""Local HTTP servers, and the probes that talk to them. SERVICE_TESTS: the folder with the built tests."""

import json
import os
import pathlib
import queue
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from services.ports import free_port  # noqa: E402, F401  # for those who import this

ROOT = pathlib.Path(__file__).resolve().parents[3]
TESTS = pathlib.Path(os.environ.get("SENTINEL_BUILD", ROOT / "build-test")) / "tests" / "service" / "parts"
PATIENCE = 60  # seconds that anything may take on a busy machine; never waited for when all is well


class Request:
    def __init__(self, handler, body):
        self.method = handler.command
        self.path = handler.path
        self.headers = handler.headers
        self.body = body
        self.at = time.monotonic()


class Server(ThreadingHTTPServer):
    """Every request is kept; what it is answered is the path's method of `answers`, a function(handler, request)."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer, address="127.0.0.1", port=0, context=None):
        self.answer = answer
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.released = threading.Event()  # ends those that hang
        super().__init__((address, port), Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path="/", scheme="http", host=None):
        return f"{scheme}://{host or self.server_address[0]}:{self.port}{path}"

    def handle_error(self, request, client_address):
        pass  # clients that go away are what is tested

    def get_request(self):
        self.connections += 1
        return super().get_request()

    def close(self):
        self.released.set()
        self.shutdown()
        self.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self, body)
        with self.server.lock:
            self.server.requests.append(request)
        self.server.answer(self, request)

    do_GET = do_PUT = do_CONNECT = do_HEAD = do_POST

    def reply(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Probe:
    """A running probe; its lines of standard output come by next()."""

    def __init__(self, name, *args, environment=None):
        self.process = subprocess.Popen([str(TESTS / name), *map(str, args)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1, env=environment)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next(self):
        """The next line; None at the end."""
        return self.lines.get(timeout=PATIENCE)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def events(self):
        """JSON lines until the end."""
        for line in iter(self.next, None):
            yield json.loads(line)

    def finish(self):
        """Ends its input, waits for its end and returns its exit status."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            return self.process.wait(timeout=PATIENCE)
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()


def make_certificates(folder):
    """A CA and a certificate of it for 127.0.0.1: (ca.pem, a server's SSLContext)."""
    ca, key, cert = (os.path.join(folder, name) for name in ("ca.pem", "key.pem", "cert.pem"))
    ca_key, request, extensions = (os.path.join(folder, name) for name in ("ca-key.pem", "request.pem", "ext"))
    with open(extensions, "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for command in (
            ["req", "-x509", *new, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=test CA"],
            ["req", *new, "-keyout", key, "-out", request, "-subj", "/CN=receiver"],
            ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-out", cert,
             "-extfile", extensions]):
        subprocess.run(["openssl", *command], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return ca, context
