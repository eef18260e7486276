# SPDX-License-Identifier: MIT
"""A RabbitMQ broker of one's own, on a port of loopback, in a directory: for tests."""
import os
import secrets
import signal
import socket
import subprocess
import time

from .certificates import Authority
from .ports import free_port

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
PATIENCE_S = 90

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
loopback_users = none
default_user = tester
default_pass = {password}
log.file.level = warning
"""

TLS_CONFIGURATION = """\
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {directory}/ca.pem
ssl_options.certfile = {directory}/server.pem
ssl_options.keyfile = {directory}/server.key
ssl_options.verify = verify_none
"""


def is_installed():
    return os.access(SERVER, os.X_OK)


def _processes():
    """(pid, command line, environment) of what may be looked into."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                command = file.read().split(b"\0")
            with open(f"/proc/{entry}/environ", "rb") as file:
                environment = file.read().split(b"\0")
        except OSError:
            continue
        yield int(entry), command, environment


class RabbitMQ:
    """start(), stop(), kill() and start() again; `url` once it was started. Also a context manager.

    With tls=True there is a `tls_url` too, whose certificate was signed by `ca_file`.
    """

    def __init__(self, directory, tls=False):
        self.directory = os.path.realpath(directory)
        self.port = None
        self.url = None
        self._password = secrets.token_hex(12)
        self.tls_url = None
        self.ca_file = self._path("ca.pem")
        self._tls = tls
        self._process = None

    @staticmethod
    def missing():
        """Why there can be none here, or None."""
        return None if is_installed() else "rabbitmq-server is not installed"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _prepare(self):
        if self.port is not None:
            return
        os.makedirs(self.directory, exist_ok=True)
        # Of AMQP, of Erlang's distribution, of epmd, and of AMQP with TLS.
        self.port = free_port(4)
        self.url = f"amqp://tester:{self._password}@127.0.0.1:{self.port}/"
        configuration = CONFIGURATION.format(port=self.port, password=self._password)
        if self._tls:
            # The address is in vain: librabbitmq compares names only.
            Authority(self.directory).issue("server", addresses=["127.0.0.1"])
            self.tls_url = f"amqps://tester:{self._password}@localhost:{self.port + 3}/?cacertfile={self.ca_file}"
            configuration += TLS_CONFIGURATION.format(port=self.port + 3, directory=self.directory)
        with open(self._path("rabbitmq.conf"), "w", encoding="ascii") as file:
            file.write(configuration)
        with open(self._path("enabled_plugins"), "w", encoding="ascii") as file:
            file.write("[].\n")
        cookie = os.open(self._path(".erlang.cookie"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
        os.write(cookie, secrets.token_hex(16).encode())
        os.close(cookie)

    def environment(self):
        """What rabbitmqctl and the server are told."""
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": self.directory,
            "RABBITMQ_NODENAME": f"t{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": self._path("mnesia"),
            "RABBITMQ_LOG_BASE": self._path("log"),
            "RABBITMQ_CONFIG_FILE": self._path("rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": self._path("enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_PID_FILE": self._path("pid"),
            "RABBITMQ_DIST_PORT": str(self.port + 1),
            "ERL_EPMD_PORT": str(self.port + 2),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_MAX_PORTS": "1024",
            # Nothing but loopback, the distribution's port included.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def start(self):
        """Returns when the broker answers."""
        self._prepare()
        with open(self._path("output"), "ab") as output:
            self._process = subprocess.Popen(
                [SERVER], env=self.environment(), cwd=self.directory, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)
        until = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                with open(self._path("output"), encoding="utf-8", errors="replace") as output:
                    said = output.read()[-3000:]
                self.stop()
                raise RuntimeError("RabbitMQ did not start:\n" + said)
            time.sleep(0.1)

    def _answers(self):
        """The listener opens last, and greets with connection.start."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                connection.sendall(b"AMQP\0\0\x09\x01")
                connection.settimeout(5)
                if connection.recv(1) != b"\x01":
                    return False
            if self._tls:
                socket.create_connection(("127.0.0.1", self.port + 3), 2).close()
            return True
        except OSError:
            return False

    def beam_pid(self):
        """The Erlang machine: the server is a shell that runs it, or became it."""
        wanted = f"RABBITMQ_MNESIA_BASE={self._path('mnesia')}".encode()
        for pid, command, environment in _processes():
            if b"beam" in os.path.basename(command[0]) and wanted in environment:
                return pid
        return None

    def _epmd_pid(self):
        wanted = f"ERL_EPMD_PORT={self.port + 2}".encode()
        for pid, command, environment in _processes():
            if os.path.basename(command[0]) == b"epmd" and wanted in environment:
                return pid
        return None

    def control(self, *arguments):
        """rabbitmqctl: takes some seconds."""
        return subprocess.run([CONTROL, *arguments], env=self.environment(), check=True, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S).stdout

    def pause(self):
        """SIGSTOP: a broker that hangs, with its connections open."""
        os.kill(self.beam_pid(), signal.SIGSTOP)

    def resume(self):
        os.kill(self.beam_pid(), signal.SIGCONT)

    def kill(self):
        """SIGKILL; it may be started again, and has what it had confirmed."""
        pid = self.beam_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        self._wait()

    def stop(self):
        """In good order if it does that in time. Afterwards nothing of it runs."""
        pid = self.beam_pid() if self.port is not None else None
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGTERM)
        self._wait()
        if self.port is not None:
            epmd = self._epmd_pid()
            if epmd is not None:
                os.kill(epmd, signal.SIGKILL)

    def _wait(self):
        if self._process is None:
            return
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            pid = self.beam_pid()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._process = None
