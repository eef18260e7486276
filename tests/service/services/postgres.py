# SPDX-License-Identifier: MIT
"""A PostgreSQL of a test's own: a cluster in a directory that the test removes, on a unix socket in it, no port."""

import os
import pwd
import shutil
import signal
import subprocess
import time
import urllib.parse

from .certificates import Authority
from .ports import free_port


class Postgres:
    """start(), stop(), kill(), pause(), resume(), and start() again: the data is what a crash leaves of it.

    With tls=True it is on a port of loopback too: `tls_url` is that of localhost, whose certificate `ca_file` signed.
    """

    def __init__(self, directory, tls=False):
        self.directory = os.path.abspath(directory)
        self.data = os.path.join(self.directory, "data")
        self.process = None
        self.ca_file = os.path.join(self.directory, "ca.pem")
        self.port = free_port() if tls else None
        # The server refuses to be root's; then it is the package's user's.
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    @staticmethod
    def programs():
        """Where the newest server's programs are, or None."""
        found = shutil.which("postgres")
        if found:
            return os.path.dirname(os.path.realpath(found))
        root = "/usr/lib/postgresql"
        for version in sorted(os.listdir(root) if os.path.isdir(root) else [], key=float, reverse=True):
            if os.access(f"{root}/{version}/bin/postgres", os.X_OK):
                return f"{root}/{version}/bin"
        return None

    @staticmethod
    def missing():
        """Why there can be none here, or None."""
        if not Postgres.programs():
            return "no PostgreSQL server is installed"
        if os.geteuid() == 0:
            try:
                pwd.getpwnam("postgres")
            except KeyError:
                return "there is no user postgres, and the server does not run as root"
        return None

    @property
    def url(self):
        return f"postgresql://{self._user}@/postgres?host={urllib.parse.quote(self.directory, safe='')}"

    @property
    def tls_url(self):
        return (f"postgresql://{self._user}@localhost:{self.port}/postgres"
                f"?sslmode=verify-full&sslrootcert={urllib.parse.quote(self.ca_file, safe='')}")

    def _use_tls(self):
        _, key = Authority(self.directory).issue("server")
        if os.geteuid() == 0:
            os.chown(key, pwd.getpwnam(self._user).pw_uid, 0)
        os.chmod(key, 0o600)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nssl = on\n"
                       f"ssl_cert_file = '{self.directory}/server.pem'\nssl_key_file = '{key}'\n")

    def start(self, seconds=60):
        if self.process:
            raise RuntimeError("it runs already")
        if not os.path.isdir(self.data):
            self._initialize()
        with open(os.path.join(self.directory, "postgres.log"), "ab") as log:
            # A session of its own: what is typed at the terminal is not for it. It ends with whoever started it.
            self.process = subprocess.Popen(
                self._as_user("--pdeathsig", "QUIT") + [os.path.join(self.programs(), "postgres"), "-D", self.data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.directory)
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("PostgreSQL does not start: " + self._log())
            time.sleep(0.05)
        return self

    def stop(self):
        """In an orderly way, without waiting for clients."""
        if not self.process:
            return
        self.resume()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
            self.process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """As a power cut would: nothing is written or said any more."""
        if not self.process:
            return
        self.pause()
        family = self._children() + [self.process.pid]
        self._signal(family, signal.SIGKILL)
        self.process.wait()
        self.process = None
        # Their shared memory must be nobody's before the next start.
        deadline = time.monotonic() + 30
        while any(self._state(pid) not in "ZX" for pid in family) and time.monotonic() < deadline:
            time.sleep(0.01)

    def pause(self):
        """It is there, takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        # Once it stands still there are no further children.
        while self.process.poll() is None and self._state(self.process.pid) != "T":
            time.sleep(0.001)
        self._signal(self._children(), signal.SIGSTOP)

    def resume(self):
        self._signal(self._children() + [self.process.pid], signal.SIGCONT)

    def _initialize(self):
        os.makedirs(self.directory, exist_ok=True)
        if os.geteuid() == 0:
            user = pwd.getpwnam(self._user)
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        subprocess.run(self._as_user() + [os.path.join(self.programs(), "initdb"), "-D", self.data, "-A", "trust",
                                          "-U", self._user, "-E", "UTF8", "--locale=C", "--no-sync"],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=self.directory)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.directory}'\nshared_buffers = 32MB\n"
                       "max_connections = 60\nlog_min_messages = warning\nrestart_after_crash = on\n")
        if self.port:
            self._use_tls()

    def _as_user(self, *options):
        if os.geteuid() == 0:
            user = pwd.getpwnam(self._user)
            options += ("--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups")
        return ["setpriv", *options] if options else []

    def _is_ready(self):
        return subprocess.run([os.path.join(self.programs(), "pg_isready"), "-q", "-h", self.directory,
                               "-p", str(self.port or 5432)],
                              stdin=subprocess.DEVNULL).returncode == 0

    def _children(self):
        pid = self.process.pid
        children = []
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    children += [int(word) for word in file.read().split()]
        except OSError:
            pass
        return children

    @staticmethod
    def _signal(pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    @staticmethod
    def _state(pid):
        """As in proc(5); X if there is no such process."""
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0]
        except OSError:
            return "X"

    def _log(self):
        try:
            with open(os.path.join(self.directory, "postgres.log"), errors="replace") as file:
                return file.read()[-2000:]
        except OSError:
            return ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.kill()
