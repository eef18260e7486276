# SPDX-License-Identifier: MIT
"""What is away, what dies at a named place, what is given up, and what is handed back."""

import concurrent.futures
import http.client
import http.server
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.openapi import Document  # noqa: E402
from services.service import TOP, Service, wait_for  # noqa: E402

SUBMISSIONS = "/api/v1/submissions"
GOOD = {"language": "python", "source_code": "print('good')"}
SLOW = {"language": "python", "source_code": "import time\ntime.sleep(3)\nprint('slow')"}


class Faults(unittest.TestCase):
    def prints(self, service, word):
        answer = service.submit("python", f"print({word!r})")
        self.assertEqual((answer.status, answer.json.get("stdout")), (200, word + "\n"), answer)

    def start(self, fleet, **more):
        reason = Service.missing(fleet)
        if reason:
            self.skipTest(reason)
        service = Service(fleet=fleet, **more).start()
        self.addCleanup(service.stop)
        self.document = Document(service.request("GET", "/api/v1/openapi.json").json)
        return service

    def ask(self, service, method, target, document=None, **more):
        answer = service.request(method, target, document, **more)
        self.document.check(method, target, answer)
        return answer

    def refusal(self, service, code):
        """A submission is refused by 503 with this code, sooner or later; nothing of it is there."""
        user = str(uuid.uuid4())

        def is_refused():
            answer = self.ask(service, "POST", SUBMISSIONS, {**GOOD, "user_id": user})
            return answer if answer.status == 503 and answer.json["code"] == code else None
        answer = wait_for(is_refused, 30, code)
        self.assertTrue(int(answer.headers["Retry-After"]) > 0)

    def down(self, service):
        answer = self.ask(service, "GET", "/health/ready")
        return {name for name, check in answer.json["checks"].items() if check["status"] == "down"} if answer.status == 503 else set()


class FleetFaults(Faults):
    def test_what_is_away_is_named_and_comes_back_without_a_restart(self):
        service = self.start(True)
        # A quorum queue that was declared less than some seconds before its broker is killed has no leader afterwards:
        # RabbitMQ 3.10 writes the names of queues late.
        time.sleep(10)
        with self.subTest("the broker"):
            waiting = self.ask(service, "POST", SUBMISSIONS, SLOW).json["id"]
            wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{waiting}").json["status"] == "RUNNING", 30)
            service.rabbitmq.kill()
            self.refusal(service, "queue_unavailable")
            self.assertEqual(self.down(service), {"queue"})
            self.assertEqual(self.ask(service, "GET", "/health").status, 200)
            # What runs goes on, and its result is stored, though nothing can be acknowledged.
            self.assertEqual(service.await_over(waiting)["stdout"], "slow\n")
            service.rabbitmq.start()
            service.await_ready()
            self.prints(service, "1")
        with self.subTest("the database"):
            waiting = self.ask(service, "POST", SUBMISSIONS, SLOW).json["id"]
            wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{waiting}").json["status"] == "RUNNING", 30)
            service.postgres.kill()
            self.refusal(service, "dependency_unavailable")
            self.assertIn("store", self.down(service))
            self.assertEqual(self.ask(service, "GET", f"{SUBMISSIONS}/{waiting}").status, 503)
            time.sleep(3)  # the program ends while its result has nowhere to go
            service.postgres.start()
            service.await_ready()
            self.assertEqual(service.await_over(waiting)["stdout"], "slow\n")
        with self.subTest("a database that hangs"):
            # One request waits for it; the others are not kept, for they would take the threads of everybody else.
            service.postgres.pause()
            try:
                with concurrent.futures.ThreadPoolExecutor(8) as many:
                    answers = list(many.map(lambda _: self.ask(service, "GET", "/api/v1/statistics"), range(8)))
                    # Nobody who asks how it is waits for the database: at most two seconds, whose end is not that of this.
                    ready = list(many.map(lambda _: self.ask(service, "GET", "/health/ready", timeout=10), range(32)))
            finally:
                service.postgres.resume()
            self.assertEqual({answer.status for answer in answers}, {503})
            self.assertIn("overloaded", {answer.json["code"] for answer in answers})
            self.assertEqual({(answer.status, answer.json["checks"]["queue"]["status"]) for answer in ready}, {(503, "up")})
            # The second is what the question that hung comes to in the end.
            reasons = {answer.json["checks"]["store"]["reason"] for answer in ready}
            self.assertLessEqual(reasons, {"no answer within 2000 ms", "the database did not answer in 15000 ms"})
            service.await_ready()
            wait_for(lambda: self.ask(service, "GET", "/api/v1/statistics").status == 200, 60, "statistics")
        with self.subTest("Redis"):
            service.redis.kill()
            wait_for(lambda: self.down(service) == {"guard"}, 30, "a check that names the guard")
            self.prints(service, "2")
            service.redis.start()
            service.await_ready()
        with self.subTest("the workers"):
            service.workers[0].stop()
            wait_for(lambda: self.down(service) == {"workers"}, 30, "a check that names the workers")
            waiting = self.ask(service, "POST", SUBMISSIONS, GOOD).json["id"]
            service.workers[0].start()
            self.assertEqual(service.await_over(waiting)["status"], "SUCCESS")

    def test_a_server_killed_before_it_published_loses_nothing(self):
        service = self.start(True)
        service.server.stop()
        service.server.environment["SENTINEL_KILL_AT"] = "after_insert"
        service.server.start()
        service.await_ready()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        with self.assertRaises((OSError, http.client.HTTPException)):
            service.request("POST", SUBMISSIONS, GOOD, headers=key)
        wait_for(lambda: not service.server.is_running, 30, "its death")
        del service.server.environment["SENTINEL_KILL_AT"]
        service.server.start()
        service.await_ready()
        again = self.ask(service, "POST", SUBMISSIONS, GOOD, headers=key)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        job = service.await_over(again.json["id"])
        self.assertEqual((job["status"], job["attempt"]), ("SUCCESS", 1))

    def test_a_job_that_kills_its_workers_is_given_up_and_can_be_retried(self):
        service = self.start(True, workers=0, settings={"SENTINEL_ATTEMPTS_MAX": "2", "SENTINEL_LEASE_MS": "3000"})
        poisoned = self.ask(service, "POST", SUBMISSIONS, GOOD).json["id"]
        for _ in range(2):
            worker = service.add_worker(SENTINEL_KILL_AT="mid_run")
            wait_for(lambda: not worker.is_running, 60, "its death")
            service.workers.remove(worker)
        service.add_worker()
        job = service.await_over(poisoned)
        self.assertEqual((job["status"], job["attempt"]), ("INTERNAL_ERROR", 2))
        self.assertIn("2 times", job["reason"])
        letters = wait_for(lambda: self.ask(service, "GET", "/api/v1/dead-letters").json["dead_letters"], 30, "a dead letter")
        self.assertEqual(letters[0]["id"], poisoned)
        self.assertRegex(service.run("sentinel-server", "dlq", "list").stdout,
                         rf"(?m)^{poisoned}  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  given up: 2 times")
        self.assertEqual(self.ask(service, "POST", f"/api/v1/dead-letters/{poisoned}/retry").status, 202)
        self.assertEqual(service.await_over(poisoned)["status"], "SUCCESS")
        self.assertEqual(self.ask(service, "POST", f"/api/v1/dead-letters/{poisoned}/retry").status, 409)
        self.assertEqual(self.ask(service, "GET", "/api/v1/dead-letters").json["dead_letters"], [])
        self.assertIn("0 dead letters are gone", service.run("sentinel-server", "dlq", "purge").stdout)
        self.assertEqual(service.run("sentinel-server", "dlq", "retry", poisoned, check=False).returncode, 1)

    def test_a_worker_that_drains_lets_what_runs_end(self):
        service = self.start(True)
        job_id = self.ask(service, "POST", SUBMISSIONS, SLOW).json["id"]
        wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{job_id}").json["status"] == "RUNNING", 30)
        service.workers[0].stop()
        job = service.await_over(job_id, 1)
        self.assertEqual((job["status"], job["stdout"], job["attempt"]), ("SUCCESS", "slow\n", 1))
        service.workers.clear()

    def test_what_does_not_end_in_time_is_handed_back(self):
        for signals in (1, 2):
            with self.subTest(signals=signals):
                service = self.start(True, settings={"SENTINEL_DRAIN_MS": "500" if signals == 1 else "60000"})
                long = {"language": "python", "source_code": "import time\ntime.sleep(4)\nprint('long')"}
                job_id = self.ask(service, "POST", SUBMISSIONS, long).json["id"]
                wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{job_id}").json["status"] == "RUNNING", 30)
                first = service.workers.pop()
                other = service.add_worker()
                wait_for(lambda: "slots" in other.log(), 60, "the other worker")
                for _ in range(signals):
                    first.process.send_signal(signal.SIGTERM)
                    time.sleep(0.3)
                self.assertEqual(first.process.wait(timeout=20), 0)
                job = service.await_over(job_id)
                self.assertEqual((job["status"], job["stdout"]), ("SUCCESS", "long\n"))
                # The hand-back was no failed attempt.
                self.assertEqual(job["attempt"], 1)

    def test_a_worker_tells_how_it_is(self):
        service = self.start(True)
        address = service.workers[0].environment["SENTINEL_LISTEN"]
        for path, text in (("/health", b'"ok"'), ("/health/ready", b'"ready"'), ("/metrics", b"sentinel_workers_active 1\n")):
            with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as response:
                self.assertIn(text, response.read())

    def test_a_schema_that_is_not_this_program_s_is_refused(self):
        service = self.start(True)
        service.server.stop()
        service.workers[0].stop()
        service.workers.clear()
        service.run("sentinel-server", "migrate", "0", "--yes")
        self.assertEqual(service.run("sentinel-server", "migrate", "1", check=False).returncode, 2)
        done = service.run("sentinel-server", check=False, SENTINEL_LISTEN="127.0.0.1:1")
        self.assertNotEqual(done.returncode, 0)
        service.run("sentinel-server", "migrate")
        service.server.start()
        service.add_worker()
        service.await_ready()
        self.prints(service, "1")


    def test_the_command_s_retry_forgets_what_was_told_of_the_job(self):
        service = self.start(True, workers=0, settings={"SENTINEL_ATTEMPTS_MAX": "1", "SENTINEL_LEASE_MS": "3000"})
        poisoned = self.ask(service, "POST", SUBMISSIONS, GOOD).json["id"]
        worker = service.add_worker(SENTINEL_KILL_AT="mid_run")
        wait_for(lambda: not worker.is_running, 60, "its death")
        service.workers.remove(worker)
        worker = service.add_worker()
        self.assertEqual(service.await_over(poisoned)["status"], "INTERNAL_ERROR")
        wait_for(lambda: poisoned in service.run("sentinel-server", "dlq", "list").stdout, 30, "its letter")
        worker.stop()
        service.workers.remove(worker)

        def told():
            return int(subprocess.run(["psql", service.postgres.url, "-tAc", f"SELECT count(*) FROM events WHERE job = '{poisoned}'"],
                                      capture_output=True, text=True, timeout=60, check=True).stdout)
        wait_for(lambda: told() > 0, 30, "what was told of the job")
        self.assertIn(poisoned, service.run("sentinel-server", "dlq", "retry", poisoned).stdout)
        self.assertEqual(told(), 0)
        service.add_worker()
        self.assertEqual(service.await_over(poisoned)["status"], "SUCCESS")


class EmbeddedFaults(Faults):
    def dead_letter(self, service):
        """A job that killed whoever executed it, and was given up."""
        service.server.stop()
        service.server.environment["SENTINEL_KILL_AT"] = "mid_run"
        service.server.start()
        service.await_ready()
        # The answer may not come any more.
        key = {"Idempotency-Key": str(uuid.uuid4())}
        try:
            service.request("POST", SUBMISSIONS, GOOD, headers=key)
        except (OSError, http.client.HTTPException):
            pass
        wait_for(lambda: not service.server.is_running, 30, "its death")
        del service.server.environment["SENTINEL_KILL_AT"]
        service.server.start()
        service.await_ready()
        poisoned = self.ask(service, "POST", SUBMISSIONS, GOOD, headers=key).json["id"]
        job = service.await_over(poisoned)
        self.assertEqual((job["status"], job["attempt"]), ("INTERNAL_ERROR", 1))
        wait_for(lambda: self.ask(service, "GET", "/api/v1/dead-letters").json["dead_letters"], 30, "its letter")
        return poisoned

    def test_dead_letters_are_the_server_s_while_it_runs(self):
        service = self.start(False, settings={"SENTINEL_ATTEMPTS_MAX": "1"})
        poisoned = self.dead_letter(service)
        for arguments in (["list"], ["retry", poisoned], ["retry", "--all"], ["purge"]):
            with self.subTest(arguments=arguments):
                done = service.run("sentinel-server", "dlq", *arguments, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("stop the server first", done.stderr)
        self.assertEqual(self.ask(service, "POST", f"/api/v1/dead-letters/{poisoned}/retry").status, 202)
        self.assertEqual(service.await_over(poisoned)["status"], "SUCCESS")

    def test_a_retry_that_is_killed_loses_nothing(self):
        service = self.start(False, settings={"SENTINEL_ATTEMPTS_MAX": "1"})
        poisoned = self.dead_letter(service)
        service.server.stop()
        for arguments in (["retry", "--all"], ["retry", poisoned]):
            with self.subTest(arguments=arguments):
                done = service.run("sentinel-server", "dlq", *arguments, check=False, SENTINEL_KILL_AT="after_revive")
                # The second finds a job that waits.
                self.assertEqual(done.returncode, -signal.SIGKILL if arguments[1] == "--all" else 1)
                self.assertIn(poisoned, service.run("sentinel-server", "dlq", "list").stdout)
        self.assertIn("0 jobs", service.run("sentinel-server", "dlq", "retry", "--all").stdout)
        self.assertIn("0 dead letters", service.run("sentinel-server", "dlq", "list").stderr)
        service.server.start()
        service.await_ready()
        job = service.await_over(poisoned)
        self.assertEqual((job["status"], job["attempt"]), ("SUCCESS", 1))

    def test_a_full_queue_refuses_and_loses_nothing(self):
        service = self.start(False, settings={"SENTINEL_QUEUE_MAX": "5", "SENTINEL_SLOTS": "1"})
        accepted = []
        for _ in range(200):
            answer = self.ask(service, "POST", SUBMISSIONS, {"language": "python", "source_code": "import time; time.sleep(0.3)"})
            if answer.status == 503:
                self.assertEqual(answer.json["code"], "queue_full")
                break
            accepted.append(answer.json["id"])
        self.assertEqual(answer.status, 503)
        for job_id in accepted:
            self.assertEqual(service.await_over(job_id)["status"], "SUCCESS")
        self.assertEqual(self.ask(service, "POST", SUBMISSIONS, GOOD).status, 202)

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away, and mount")
    def test_a_state_directory_that_cannot_be_written_ends_the_start_with_the_reason(self):
        disk = tempfile.mkdtemp(prefix="sentinel-disk-")
        self.addCleanup(os.rmdir, disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        state = os.path.join(disk, "state")
        service = self.start(False, settings={"SENTINEL_STATE_DIR": state})
        self.prints(service, "kept")
        service.server.stop()

        def said(*arguments, status=1):
            done = service.run("sentinel-server", *arguments, check=False, SENTINEL_LISTEN="127.0.0.1:0")
            self.assertEqual(done.returncode, status, done.stderr)
            return done.stderr
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for refusal in (said(), said("--check-config", status=2), said("keys", "list")):
            self.assertIn(f"cannot write to {state}: Read-only file system", refusal)
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        database = os.path.join(state, "jobs.db")
        owner = os.stat(database).st_uid
        os.chown(database, 0, 0)
        for refusal in (said(), said("--check-config", status=2), said("keys", "list")):
            self.assertIn(f"{database} belongs to uid 0, not to uid {owner}: chown -R {owner} {state}", refusal)
        # What is said is done, and enough.
        subprocess.run(["chown", "-R", str(owner), state], check=True)
        service.server.start()
        service.await_ready()
        self.prints(service, "again")
        service.server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount a disk that is small enough to be full")
    def test_a_full_disk_is_named_and_results_wait_for_room(self):
        disk = tempfile.mkdtemp(prefix="sentinel-disk-")
        self.addCleanup(os.rmdir, disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        service = self.start(False, settings={"SENTINEL_STATE_DIR": os.path.join(disk, "state")})
        waiting = self.ask(service, "POST", SUBMISSIONS, SLOW).json["id"]
        wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{waiting}").json["status"] == "RUNNING", 30)
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as file:
            with self.assertRaises(OSError):
                while True:
                    file.write(bytes(4096))

        def is_up():
            text = service.request("GET", "/metrics").body.decode()
            return float(text.partition('sentinel_dependency_up{dependency="store"} ')[2].split()[0])

        def lines(word):
            return [line["message"] for line in service.server.log_lines() if line.get("job_id") == waiting and word in line["message"]]
        self.refusal(service, "dependency_unavailable")
        wait_for(lambda: is_up() == 0, 30, "a metric that tells of it")
        self.assertIn("full", self.ask(service, "GET", "/health/ready").json["checks"]["store"]["reason"])
        wait_for(lambda: lines("cannot be stored yet"), 30, "a result without room")
        time.sleep(2)
        os.unlink(filler)
        wait_for(lambda: is_up() == 1, 30, "a metric that tells that it is over")
        self.assertEqual(service.await_over(waiting)["stdout"], "slow\n")
        self.assertEqual((len(lines("cannot be stored yet")), len(lines("is stored now"))), (1, 1))
        self.prints(service, "room")
        service.server.stop()

    def test_a_server_killed_while_it_executes_executes_again(self):
        service = self.start(False)
        job_id = self.ask(service, "POST", SUBMISSIONS, SLOW).json["id"]
        wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{job_id}").json["status"] == "RUNNING", 30)
        service.server.kill()
        service.server.start()
        service.await_ready()
        job = service.await_over(job_id)
        self.assertEqual((job["status"], job["stdout"], job["attempt"]), ("SUCCESS", "slow\n", 2))

    def test_restarts_are_no_failed_attempts_and_execute_nothing_twice_at_once(self):
        service = self.start(False, settings={"SENTINEL_SLOTS": "2", "SENTINEL_DRAIN_MS": "300"})
        job_id = self.ask(service, "POST", SUBMISSIONS, {"language": "python", "source_code": "import time\ntime.sleep(6)\nprint('end')"}).json["id"]
        for _ in range(3):
            wait_for(lambda: self.ask(service, "GET", f"{SUBMISSIONS}/{job_id}").json["running_at"], 30)
            time.sleep(1)
            service.server.stop()
            service.server.start()
            service.await_ready()
        job = service.await_over(job_id)
        self.assertEqual((job["status"], job["stdout"], job["attempt"]), ("SUCCESS", "end\n", 1))

    def test_a_checker_that_fails_is_counted_and_logged_as_its_submitter_s(self):
        service = self.start(False)
        for checker in ("import sys; sys.exit(2)", "import ctypes; ctypes.string_at(0)"):
            answer = service.submit("python", "print(1)", test_cases=[{"stdin": ""}],
                                    compare={"mode": "checker", "checker": {"language": "python", "source_code": checker}})
            self.assertEqual(answer.json["status"], "INTERNAL_ERROR", answer)
            self.assertIn("the checker failed", answer.json["reason"])
            lines = [line for line in service.server.log_lines() if line.get("job_id") == answer.json["id"]]
            self.assertEqual({line["process"] for line in lines if "the checker failed" in line["message"]}, {"server", "executor"})
            self.assertEqual({line["level"] for line in lines}, {"info"})
        metrics = service.request("GET", "/metrics").body.decode()
        self.assertIn("\nsentinel_checker_failures_total 2\n", metrics)
        self.assertNotRegex(metrics, r"(?m)^sentinel_sandbox_failures_total [1-9]")

    def test_spans_that_the_collector_refuses_are_counted(self):
        class Refusal(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass
        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
        self.addCleanup(collector.server_close)
        self.addCleanup(collector.shutdown)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        service = self.start(False, settings={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}"})

        def dropped():
            text = service.request("GET", "/metrics").body.decode()
            return float(text.partition("\nsentinel_trace_spans_dropped_total ")[2].split()[0])
        self.prints(service, "traced")
        wait_for(lambda: dropped() > 0, 60, "a dropped span")

    def test_a_key_can_be_made_before_the_first_start(self):
        service = self.start(False, settings={"SENTINEL_AUTH": "keys"})
        service.server.stop()
        state = os.path.join(service.directory, "another")
        service.run("sentinel-server", "keys", "create", SENTINEL_STATE_DIR=state)
        self.assertEqual({os.stat(os.path.join(state, name)).st_uid for name in os.listdir(state)}, {os.stat(state).st_uid})
        service.server.environment["SENTINEL_STATE_DIR"] = state
        service.server.start()
        service.await_ready()

    def test_a_language_of_ones_own_is_named_by_the_file(self):
        service = self.start(False)
        self.assertEqual(service.submit("awk", "BEGIN { print 1 }").status, 422)
        path = os.path.join(service.directory, "sentinel.env")
        with open(path, "w") as file:
            file.write(f"SENTINEL_LANGUAGE_PATH={os.path.join(TOP, 'examples', 'languages')}\n")
        os.chmod(path, 0o600)
        service.server.stop()
        service.server.arguments = ("--config", path)
        service.server.start()
        service.await_ready()
        answer = service.submit("awk", "BEGIN { print 6 * 7 }")
        self.assertEqual((answer.status, answer.json.get("stdout")), (200, "42\n"), answer)

    def test_wrong_configurations_are_refused_with_the_reason(self):
        service = self.start(False)
        for settings, word in (({"SENTINEL_LISTEN": "x"}, "SENTINEL_LISTEN"), ({"SENTINEL_SLOT": "1"}, "SENTINEL_SLOTS"),
                               ({"RABBITMQ_URL": "amqp://127.0.0.1/"}, "DATABASE_URL"), ({"SENTINEL_AUTH": "maybe"}, "SENTINEL_AUTH"),
                               ({"SENTINEL_RELAX": "everything"}, "SENTINEL_RELAX"), ({"SENTINEL_USER": "nobody-of-that-name"}, "useradd")):
            with self.subTest(settings=settings):
                done = service.run("sentinel-server", *([] if "USER" in str(settings) else ["--check-config"]), check=False, **{"SENTINEL_LISTEN": "127.0.0.1:0", **settings})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
