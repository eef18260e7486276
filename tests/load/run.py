#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Load on a service of its own: see README.md."""

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "service"))
from services.service import Service, free_port, wait_for  # noqa: E402

SUBMISSIONS = "/api/v1/submissions"
BASH = {"language": "bash", "source_code": "echo hello"}
PYTHON = {"language": "python", "source_code": "print('hello')"}
CPP = {"language": "cpp", "source_code": "#include <cstdio>\nint main() { puts(\"hello\"); }"}


class Client:
    """One connection that is kept."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def request(self, method, path, document=None):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        body = json.dumps(document).encode() if document is not None else b""
        self.writer.write((f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        return int(head[9:12]), json.loads(await self.reader.readexactly(length))

    def close(self):
        if self.writer:
            self.writer.close()


def figures_of(service):
    """Of both processes: resident memory, descriptors; and what lies about on the host."""
    pids = [service.server.process.pid, *service.server.others()]
    resident = 0
    descriptors = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            resident += int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
        descriptors += len(os.listdir(f"/proc/{pid}/fd"))
    with open("/proc/self/mountinfo") as file:
        mounts = len(file.readlines())
    groups = sum(len(directories) for _, directories, _ in os.walk("/sys/fs/cgroup") if directories)
    return {"resident_kb": resident, "descriptors": descriptors, "mounts": mounts, "cgroups": groups,
            "processes": len([name for name in os.listdir("/proc") if name.isdigit()])}


async def submit_all(port, documents, at_once, path=SUBMISSIONS + "?wait=true"):
    """Every document by one of so many connections; answers in order, with their times."""
    answers = [None] * len(documents)
    queue = iter(range(len(documents)))

    async def worker():
        client = Client(port)
        for index in queue:
            begun = time.monotonic()
            status, answer = await client.request("POST", path, documents[index])
            answers[index] = (status, answer, (time.monotonic() - begun) * 1000)
        client.close()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return answers


def wrk(url, connections, seconds, document=None):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if document is not None:
            script.write("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
                         f"wrk.body = {json.dumps(json.dumps(document))}\n")
        script.flush()
        text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30", "--latency", "-s", script.name, url],
                              capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", text)
    factor = {"us": 0.001, "ms": 1.0, "s": 1000.0}[median.group(2)]
    return {"rate": rate, "p50_ms": float(median.group(1)) * factor, "bad": "Non-2xx" in text or "Socket errors" in text}


def say(name, **figures):
    print(f"{name:12}" + "  ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items()),
          flush=True)


def throughput(service, options):
    url = f"http://127.0.0.1:{service.port}{SUBMISSIONS}?wait=true"
    for name, document in (("bash", BASH), ("python", PYTHON), ("c++", CPP)):
        wrk(url, 8, 3, document)  # caches and templates
        for connections in (1, 16, 64):
            figures = wrk(url, connections, options.seconds, document)
            say("throughput", program=name, connections=connections, a_second=figures["rate"], p50_ms=figures["p50_ms"], bad=figures["bad"])


def latency(service, options):
    for name, document in (("bash", BASH), ("python", PYTHON), ("c++", CPP)):
        asyncio.run(submit_all(service.port, [document] * 50, 2))
        answers = asyncio.run(submit_all(service.port, [document] * 300, 1))
        beyond = [took - answer["stages"]["end_us"] / 1000 for _, answer, took in answers]
        say("latency", program=name, whole_p50_ms=statistics.median(took for _, _, took in answers),
            executor_p50_ms=statistics.median(answer["stages"]["end_us"] / 1000 for _, answer, _ in answers),
            beyond_p50_ms=statistics.median(beyond), beyond_p99_ms=sorted(beyond)[int(len(beyond) * 0.99)])


def crowd(service, options):
    documents = [dict(language="python", source_code=f"print({i})") if i % 2 else
                 dict(language="cpp", source_code=f"#include <cstdio>\nint main() {{ puts(\"{i % 20}\"); }}") for i in range(1000)]
    before = figures_of(service)
    begun = time.monotonic()
    answers = asyncio.run(submit_all(service.port, documents, 1000, SUBMISSIONS))
    accepted = [answer["id"] for status, answer, _ in answers if status == 202]

    async def ends():
        client = Client(service.port)
        right = 0
        for index, job_id in enumerate(accepted):
            while True:
                _, job = await client.request("GET", f"{SUBMISSIONS}/{job_id}")
                if job["status"] not in ("QUEUED", "COMPILING", "RUNNING"):
                    break
                await asyncio.sleep(0.05)
            right += job["status"] == "SUCCESS" and job["stdout"] == f"{index if index % 2 else index % 20}\n"
        return right
    right = asyncio.run(ends())
    say("crowd", submitted=len(documents), accepted=len(accepted), right=right, seconds=time.monotonic() - begun,
        resident_before_kb=before["resident_kb"], resident_after_kb=figures_of(service)["resident_kb"])


def backlog(service, options):
    before = figures_of(service)
    begun = time.monotonic()

    async def fill():
        client = Client(service.port)
        for _ in range(options.jobs // 100):
            status, answer = await client.request("POST", SUBMISSIONS + "/batch", {"submissions": [BASH] * 100})
            assert status == 202, answer
    asyncio.run(fill())
    filled = time.monotonic()
    full = figures_of(service)
    wait_for(lambda: (lambda load: load["waiting"] + load["active"] == 0)(service.request("GET", "/api/v1/load").json), 1800, "the end")
    say("backlog", jobs=options.jobs, accepted_a_second=options.jobs / (filled - begun), executed_a_second=options.jobs / (time.monotonic() - filled),
        resident_before_kb=before["resident_kb"], resident_full_kb=full["resident_kb"], resident_after_kb=figures_of(service)["resident_kb"])


def idle(service, options):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10000, hard - 200)
    before = figures_of(service)

    async def hold():
        links = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(count)]
        loop = asyncio.get_running_loop()
        figures = await loop.run_in_executor(None, lambda: wrk(f"http://127.0.0.1:{service.port}/health", 4, 3))
        full = figures_of(service)
        for _, writer in links:
            writer.close()
        return figures, full
    figures, full = asyncio.run(hold())
    say("idle", connections=count, health_a_second=figures["rate"], kb_each=(full["resident_kb"] - before["resident_kb"]) / count)


def health(service, options):
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "nginx.conf")
        with open(config, "w") as file:
            file.write(f"daemon off; master_process off; pid {directory}/pid; error_log /dev/null;\n"
                       "events { worker_connections 1024; }\n"
                       f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{{\"status\":\"ok\"}}'; }} }} }}\n")
        process = subprocess.Popen([nginx, "-c", config, "-p", directory], stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            ratios = []
            for _ in range(options.rounds):
                ours = wrk(f"http://127.0.0.1:{service.port}/health", 16, 2)["rate"]
                ratios.append(wrk(f"http://127.0.0.1:{port}/", 16, 2)["rate"] / ours)
            say("health", nginx_to_ours=statistics.median(ratios), least=min(ratios), most=max(ratios), ours_a_second=ours)
        finally:
            process.terminate()
            process.wait()


def leaks(service, options):
    def some(count):
        documents = [(BASH, PYTHON, CPP, dict(PYTHON, test_cases=[{"stdin": "1", "expected_output": "hello"}]))[i % 4] for i in range(count)]
        answers = asyncio.run(submit_all(service.port, documents, 8))
        wrong = [answer for _, answer, _ in answers if answer.get("status") != "SUCCESS"]
        assert not wrong, wrong[0]
        wait_for(lambda: service.request("GET", "/api/v1/load").json["active"] == 0)
    some(options.jobs // 5)
    before = figures_of(service)
    slope = []
    for _ in range(4):
        some(options.jobs // 5)
        slope.append(figures_of(service)["resident_kb"])
    after = figures_of(service)
    say("leaks", jobs=options.jobs, **{name: f"{before[name]}->{after[name]}" for name in before}, resident_on_the_way=slope)


WHAT = {function.__name__: function for function in (throughput, latency, crowd, backlog, idle, health, leaks)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=list(WHAT), help=", ".join(WHAT))
    parser.add_argument("--fleet", action="store_true")
    parser.add_argument("--seconds", type=int, default=8, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=10000)
    parser.add_argument("--slots", type=int, default=0, help="of the executor; 0: one for each processor")
    options = parser.parse_args()
    with Service(fleet=options.fleet, settings={"SENTINEL_SLOTS": str(options.slots)}) as service:
        for name in options.what:
            WHAT[name](service, options)


if __name__ == "__main__":
    main()
