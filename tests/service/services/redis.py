# SPDX-License-Identifier: MIT
"""A Redis of a test's own: a private port on the loopback address and a socket in a directory that the test removes."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time

from .ports import free_port


class Redis:
    """start(), stop(), kill() and start() again, at the same addresses; nothing is kept over an end."""

    def __init__(self, directory, password=None):
        self.directory = os.path.abspath(directory)
        self.socket = os.path.join(self.directory, "redis.sock")
        self.password = secrets.token_hex(12) if password is None else password
        self.port = None
        self.process = None

    @staticmethod
    def missing():
        """Why there can be none here, or None."""
        return None if shutil.which("redis-server") else "redis-server is not installed"

    @property
    def url(self):
        return f"redis://{self._login()}127.0.0.1:{self.port}/3"

    @property
    def socket_url(self):
        return f"unix://{self._login()}{self.socket}?db=3"

    def start(self, seconds=30):
        if self.process:
            raise RuntimeError("it runs already")
        deadline = time.monotonic() + seconds
        while True:
            # The port may be taken by another between the look and the start: only a first start may change it.
            is_first = self.port is None
            if is_first:
                self.port = free_port()
            self._spawn()
            if self._await_ready(deadline):
                return self
            self.kill()
            if not is_first or time.monotonic() > deadline:
                raise RuntimeError("Redis does not start: " + self._log())
            self.port = None

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def pause(self):
        """It is there, takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def _login(self):
        return f":{self.password}@" if self.password else ""

    def _spawn(self):
        os.makedirs(self.directory, exist_ok=True)
        config = os.path.join(self.directory, "redis.conf")
        with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"bind 127.0.0.1\nport {self.port}\nunixsocket {self.socket}\nunixsocketperm 600\n"
                       f"dir {self.directory}\nsave \"\"\nappendonly no\ndaemonize no\n")
            if self.password:
                file.write(f"requirepass {self.password}\n")
        with open(os.path.join(self.directory, "redis.log"), "ab") as log:
            self.process = subprocess.Popen(["redis-server", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    def _await_ready(self, deadline):
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
                    link.sendall(b"PING\r\n")
                    # With a password it says -NOAUTH, which it does only once it serves.
                    if link.recv(64).startswith((b"+PONG", b"-NOAUTH")):
                        return self.process.poll() is None
            except OSError:
                pass
            time.sleep(0.02)
        return False

    def _log(self):
        try:
            with open(os.path.join(self.directory, "redis.log"), errors="replace") as file:
                return file.read()[-2000:]
        except OSError:
            return ""

    def _end(self, number):
        if not self.process:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.kill()
