# SPDX-License-Identifier: MIT
"""The service as its users run it: sentinel-server, alone or with workers, PostgreSQL, RabbitMQ and Redis."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from .ports import free_port
from .postgres import Postgres
from .rabbitmq import RabbitMQ
from .redis import Redis

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# A user that nobody is: the frontend becomes it when this is run as root.
FRONTEND_USER = "61987"


def programs_directory():
    return os.environ.get("SENTINEL_BUILD", os.path.join(TOP, "build-test"))


def wait_for(condition, seconds=60, what="it"):
    """The condition's value once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about in {seconds} s")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Process:
    """One of ours: its environment, its log, and how it ends."""

    def __init__(self, name, directory, environment, arguments=()):
        self.name = name
        self.path = os.path.join(programs_directory(), name, name)
        self.log_path = os.path.join(directory, f"{name}-{free_port()}.log")
        self.environment = environment
        self.arguments = arguments
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.path, *self.arguments], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def others(self):
        """The frontend: a child of the process that was started."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []

    def kill(self):
        """SIGKILL of what was started; its frontend sees the end of the socket and ends by itself."""
        others = self.others()
        if self.is_running:
            self.process.kill()
        self.process.wait()
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") and is_alive(pid) for pid in others), 30,
                 f"the end of the frontend of {self.name}")

    def stop(self, seconds=60):
        if self.process is None:
            return None
        if self.is_running:
            # TSan delivers no signal while its program is in recv(), where the executor is: the frontend is told itself.
            others = self.others() if "TSAN_OPTIONS" in self.environment else []
            for pid in others or [self.process.pid]:
                os.kill(pid, signal.SIGTERM)
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end by SIGTERM in {seconds} s: {self.log()[-2000:]}") from None

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Service:
    """embedded: one sentinel-server. fleet: servers, workers, and what they need. settings: of the environment.

    tls: the fleet's database and broker are spoken to with TLS.
    """

    def __init__(self, fleet=False, workers=1, settings=None, worker_settings=None, tls=False):
        self.fleet = fleet
        self.tls = tls
        self.directory = tempfile.mkdtemp(prefix="sentinel-service-")
        os.chmod(self.directory, 0o755)
        self.settings = dict(settings or {})
        self.worker_settings = dict(worker_settings or {})
        self.postgres = self.rabbitmq = self.redis = None
        self.port = free_port()
        self.server = None
        self.workers = []
        self._worker_count = workers

    @staticmethod
    def missing(fleet):
        """Why it cannot be run here, or None."""
        if not os.access(os.path.join(programs_directory(), "sentinel-server", "sentinel-server"), os.X_OK):
            return "sentinel-server is not built"
        if fleet:
            return Postgres.missing() or RabbitMQ.missing() or Redis.missing()
        return None

    def environment(self, **more):
        variables = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "SENTINEL_DATA_DIR": os.path.join(TOP, "policies"),
            "SENTINEL_CACHE_DIR": os.path.join(self.directory, "cache"),
            "SENTINEL_STATE_DIR": os.path.join(self.directory, "state"),
            "SENTINEL_RATE_LIMIT": "0",
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
        }
        if os.geteuid() == 0:
            variables["SENTINEL_USER"] = FRONTEND_USER
        if self.fleet:
            variables["DATABASE_URL"] = self.postgres.tls_url if self.tls else self.postgres.url
            variables["RABBITMQ_URL"] = self.rabbitmq.tls_url if self.tls else self.rabbitmq.url
            variables["REDIS_URL"] = self.redis.url
        variables.update(self.settings)
        variables.update(more)
        return variables

    def start(self):
        try:
            if self.fleet:
                self._start_dependencies()
            self.server = Process("sentinel-server", self.directory,
                                  self.environment(SENTINEL_LISTEN=f"127.0.0.1:{self.port}")).start()
            for _ in range(self._worker_count if self.fleet else 0):
                self.add_worker()
            self.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _start_dependencies(self):
        self.rabbitmq = RabbitMQ(os.path.join(self.directory, "rabbitmq"), tls=self.tls)
        self.postgres = Postgres(os.path.join(self.directory, "postgres"), tls=self.tls)
        self.redis = Redis(os.path.join(self.directory, "redis"))
        self.postgres.start()
        self.redis.start()
        self.rabbitmq.start()
        self.run("sentinel-server", "migrate")

    def add_worker(self, **more):
        worker = Process("sentinel-worker", self.directory,
                         self.environment(SENTINEL_LISTEN=f"127.0.0.1:{free_port()}",
                                          SENTINEL_STATE_DIR=os.path.join(self.directory, f"worker-{free_port()}"),
                                          **{**self.worker_settings, **more})).start()
        self.workers.append(worker)
        return worker

    def run(self, name, *arguments, check=True, **more):
        """A command of ours to its end."""
        done = subprocess.run([os.path.join(programs_directory(), name, name), *arguments],
                              env=self.environment(**more), capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{name} {arguments}: {done.returncode} {done.stderr}")
        return done

    def await_ready(self, seconds=90):
        def is_ready():
            if not self.server.is_running:
                raise AssertionError("sentinel-server ended: " + self.server.log()[-3000:])
            for worker in self.workers:
                if not worker.is_running:
                    raise AssertionError("sentinel-worker ended: " + worker.log()[-3000:])
            try:
                answer = self.request("GET", "/health/ready")
            except OSError:
                return False
            down = [name for name, check in answer.json["checks"].items() if check["status"] == "down"]
            return not down or (self.fleet and not self.workers and down == ["workers"])
        wait_for(is_ready, seconds, "readiness")

    def request(self, method, path, document=None, headers=None, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = dict(headers or {})
        if document is not None:
            body = json.dumps(document).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def submit(self, language, source, wait=True, headers=None, **fields):
        return self.request("POST", "/api/v1/submissions" + ("?wait=true" if wait else ""),
                            {"language": language, "source_code": source, **fields}, headers)

    def await_over(self, job_id, seconds=120, headers=None):
        def over():
            answer = self.request("GET", f"/api/v1/submissions/{job_id}", headers=headers)
            if answer.status == 200 and answer.json["status"] not in ("QUEUED", "COMPILING", "RUNNING"):
                return answer.json
            return None
        return wait_for(over, seconds, f"the end of {job_id}")

    def stop(self):
        problems = []
        for process in [self.server, *self.workers]:
            try:
                if process is not None and process.stop() != 0:
                    problems.append(f"{process.name} ended with {process.process.returncode}: {process.log()[-3000:]}")
            except AssertionError as problem:
                problems.append(str(problem))
        problems += self._sanitizers_said()
        for dependency in (self.rabbitmq, self.redis, self.postgres):
            if dependency is not None:
                dependency.stop()
        if os.environ.get("SENTINEL_KEEP_LOGS"):
            shutil.copytree(self.directory, os.environ["SENTINEL_KEEP_LOGS"], dirs_exist_ok=True,
                            ignore=lambda directory, names: [name for name in names if not name.endswith(".log")
                                                             and not os.path.isdir(os.path.join(directory, name))])
        shutil.rmtree(self.directory, ignore_errors=True)
        if problems:
            raise AssertionError("; ".join(problems))

    def _sanitizers_said(self):
        said = []
        for name in os.listdir(self.directory):
            if name.endswith(".log"):
                with open(os.path.join(self.directory, name), errors="replace") as file:
                    text = file.read()
                place = text.find("Sanitizer")
                if place >= 0:
                    said.append(text[max(0, place - 200):place + 4000])
        return said[:1]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
