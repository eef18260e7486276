# SPDX-License-Identifier: MIT
"""
Everything is killed at random while submissions come in: each one that was accepted ends once, with the right result.

SENTINEL_LONG=1: many more kills. SENTINEL_CHAOS_SEED repeats a row of kills; it is printed.
"""

import collections
import os
import random
import sys
import threading
import time
import unittest
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.service import Service, wait_for  # noqa: E402

IS_LONG = os.environ.get("SENTINEL_LONG", "0") not in ("", "0")
SUBMISSIONS = "/api/v1/submissions"
SETTINGS = {"SENTINEL_ATTEMPTS_MAX": "100", "SENTINEL_LEASE_MS": "5000", "SENTINEL_SLOTS": "2"}
KILL_POINTS = ("before_claim", "after_claim", "mid_run", "after_commit")


class Load(threading.Thread):
    """Submits, again with the same key where no answer came, and remembers what was accepted."""

    def __init__(self, service, number):
        super().__init__(daemon=True)
        self.service = service
        self.number = number
        self.accepted = {}
        self.refused = collections.Counter()
        self.is_over = threading.Event()

    def run(self):
        count = 0
        while not self.is_over.is_set():
            count += 1
            self.submit(f"{self.number}.{count}")
            time.sleep(0.1)

    def submit(self, word):
        document = {"language": "python", "source_code": f"import time\ntime.sleep(0.05)\nprint('{word}')"}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        while not self.is_over.is_set():
            try:
                answer = self.service.request("POST", SUBMISSIONS, document, headers=key, timeout=20)
            except OSError:
                self.refused["no answer"] += 1
                time.sleep(0.1)
                continue
            except Exception as error:  # an answer that was cut in the middle
                self.refused[type(error).__name__] += 1
                continue
            if answer.status == 202:
                self.accepted[answer.json["id"]] = word + "\n"
                return
            self.refused[answer.status] += 1
            if answer.status != 503:
                raise AssertionError(f"submitting was answered {answer}")
            time.sleep(0.2)


class ChaosCases:
    fleet = False
    kills = 12

    def setUp(self):
        reason = Service.missing(self.fleet)
        if reason:
            self.skipTest(reason)
        self.chance = random.Random(int(os.environ.get("SENTINEL_CHAOS_SEED") or random.randrange(1 << 30)))
        self.seed = self.chance.randrange(1 << 30)
        self.chance.seed(self.seed)
        self.killed = collections.Counter()
        self.service = Service(fleet=self.fleet, workers=2, settings=SETTINGS).start()
        self.addCleanup(self.service.stop)

    def kill_server(self):
        self.service.server.kill()
        self.service.server.start()

    def kill_frontend(self):
        """The frontend alone: the executor sees the end of the socket."""
        for pid in wait_for(self.service.server.others, 30, "the frontend"):
            os.kill(pid, 9)
        wait_for(lambda: not self.service.server.is_running, 30, "the end of the executor")
        self.service.server.start()

    def kill_worker(self):
        worker = self.chance.choice(self.service.workers)
        worker.kill()
        worker.start()

    def kill_worker_at_a_point(self):
        """One that dies where it is told, with the first job that it gets."""
        worker = self.service.add_worker(SENTINEL_KILL_AT=self.chance.choice(KILL_POINTS))
        wait_for(lambda: not worker.is_running, 60, "the death of a worker")
        self.service.workers.remove(worker)

    def kill_dependency(self, name):
        dependency = getattr(self.service, name)
        dependency.kill()
        time.sleep(self.chance.random())
        dependency.start()

    def actions(self):
        return [self.kill_server, self.kill_frontend]

    def revive(self):
        """Whoever a kill took along is there again."""
        for process in (self.service.server, *self.service.workers):
            if not process.is_running:
                process.process.wait()
                process.start()

    def test_what_was_accepted_ends_once_with_the_right_result(self):
        loads = [Load(self.service, number) for number in range(3)]
        for load in loads:
            load.start()
        actions = self.actions()
        kills = self.kills * (10 if IS_LONG else 1)
        for number in range(kills):
            # Each kind at least once, then whichever.
            action = actions[number] if number < len(actions) else self.chance.choice(actions)
            time.sleep(self.chance.random() * 1.5)
            action()
            self.killed[action.__name__ if hasattr(action, "__name__") else str(action)] += 1
            self.revive()
        for load in loads:
            load.is_over.set()
            load.join()
        self.revive()
        self.service.await_ready(120)
        accepted = {job_id: word for load in loads for job_id, word in load.accepted.items()}
        print(f"seed {self.seed}: {dict(self.killed)}; {len(accepted)} accepted, "
              f"{dict(sum((load.refused for load in loads), collections.Counter()))} refused", file=sys.stderr)
        self.assertGreater(len(accepted), kills)
        for job_id, word in accepted.items():
            job = self.service.await_over(job_id, 180)
            self.assertEqual((job["status"], job.get("stdout")), ("SUCCESS", word), f"seed {self.seed}: {job}")
        self.check_ends(accepted)

    def check_ends(self, accepted):
        """Who stored a result says so; nobody says it of a job that another ended."""
        ends = collections.Counter()
        for name in os.listdir(self.service.directory):
            if name.endswith(".log"):
                with open(os.path.join(self.service.directory, name), errors="replace") as file:
                    for line in file:
                        if "SUCCESS in attempt" in line:
                            ends[line.partition('"job_id":"')[2][:36]] += 1
        self.assertEqual([job_id for job_id in accepted if ends[job_id] > 1], [])


class EmbeddedChaos(ChaosCases, unittest.TestCase):
    fleet = False
    kills = 8


class FleetChaos(ChaosCases, unittest.TestCase):
    fleet = True
    kills = 16

    def actions(self):
        def of(name):
            def action():
                self.kill_dependency(name)
            action.__name__ = "kill_" + name
            return action
        return [self.kill_worker, self.kill_worker_at_a_point, of("postgres"), of("rabbitmq"), of("redis"), self.kill_server,
                self.kill_worker_at_a_point, self.kill_worker, self.kill_worker_at_a_point]


if __name__ == "__main__":
    unittest.main(verbosity=2)
