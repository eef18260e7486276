# SPDX-License-Identifier: MIT
"""Every route and every status of the interface, of a server by itself and of a fleet, against the OpenAPI document."""

import concurrent.futures
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import unittest
import urllib.request
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.openapi import Document  # noqa: E402
from services.service import Service, wait_for  # noqa: E402

V1 = "/api/v1"
SUBMISSIONS = V1 + "/submissions"


def memory_total_kb():
    with open("/proc/meminfo") as file:
        return int(next(line.split()[1] for line in file if line.startswith("MemTotal:")))


class Receiver:
    """Who is called back."""

    def __init__(self):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ApiCases:
    fleet = False

    @classmethod
    def setUpClass(cls):
        reason = Service.missing(cls.fleet)
        if reason:
            raise unittest.SkipTest(reason)
        cls.service = Service(fleet=cls.fleet, settings={
            "SENTINEL_WEBHOOK_ALLOW": "127.0.0.1/32", "SENTINEL_WEBHOOK_SECRET": "a secret of 26 characters", "SENTINEL_SLOTS": "4",
            "SENTINEL_TIME_MAX_MS": "20000", "SENTINEL_WAIT_MAX_MS": "60000"}).start()
        cls.document = Document(cls.service.request("GET", V1 + "/openapi.json").json)

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def ask(self, method, target, document=None, expect=None, **more):
        answer = self.service.request(method, target, document, **more)
        self.document.check(method, target, answer)
        if expect is not None:
            self.assertEqual(answer.status, expect, answer)
        return answer

    def run_program(self, language, source, expect="SUCCESS", **fields):
        job = self.ask("POST", SUBMISSIONS + "?wait=true", {"language": language, "source_code": source, **fields},
                       expect=200).json
        self.assertEqual(job["status"], expect, job)
        return job

    def refused(self, status, code, document, field=None, **more):
        answer = self.ask("POST", SUBMISSIONS, document, expect=status, **more)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json["code"], code, answer)
        if field is not None:
            self.assertEqual(answer.json["field"], field, answer)
        self.assertTrue(answer.json["request_id"])
        self.assertEqual(answer.json["request_id"], answer.headers["X-Request-Id"])

    # ---- programs

    def test_a_program_is_executed_and_its_result_is_whole(self):
        job = self.run_program("python", "import sys\nprint(input())\nprint('no', file=sys.stderr)\nsys.exit(3)",
                               expect="RUNTIME_ERROR", stdin="hello\n", user_id="ada")
        self.assertEqual(job["stdout"], "hello\n")
        self.assertEqual(job["stderr"], "no\n")
        self.assertEqual(job["exit_code"], 3)
        self.assertIsNone(job["signal"])
        self.assertGreater(job["time_used_ms"], 0)
        self.assertGreater(job["memory_used_kb"], 0)
        self.assertIn("seccomp", job["enforced"]["layers"])
        self.assertEqual(job["user_id"], "ada")
        for stage in ("created_at", "claimed_at", "running_at", "finished_at"):
            self.assertTrue(job[stage], stage)

    def test_arguments_environment_files_and_options_reach_the_program(self):
        job = self.run_program("python", "import os, sys\nprint(sys.argv[1:], os.environ['COLOUR'], open('data.txt').read())",
                               args=["a b", "ü"], env={"COLOUR": "blue"},
                               files=[{"path": "data.txt", "content": "aGk=", "encoding": "base64"}])
        self.assertEqual(job["stdout"], "['a b', 'ü'] blue hi\n")
        job = self.run_program("c", "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", NUMBER); }",
                               compile_options=["-DNUMBER=42"])
        self.assertEqual(job["stdout"], "42\n")
        job = self.ask("POST", SUBMISSIONS + "?wait=true", {
            "language": "c", "entry": "main.c", "files": [
                {"path": "answer.h", "content": "#define ANSWER 7\n"},
                {"path": "main.c", "content": "#include \"answer.h\"\nint main(void) { return ANSWER; }"}]}, expect=200).json
        self.assertEqual((job["status"], job["exit_code"]), ("RUNTIME_ERROR", 7), job)

    def test_output_that_is_no_text_comes_as_base64(self):
        job = self.run_program("python", "import sys; sys.stdout.buffer.write(b'\\xff\\x00')")
        self.assertEqual((job["stdout"], job["stdout_encoding"]), ("/wA=", "base64"))

    def test_a_source_that_does_not_compile_says_why(self):
        job = self.run_program("cpp", "int main() { return x; }", expect="COMPILATION_ERROR")
        self.assertIn("x", job["compile_output"])
        self.assertNotIn("stdout", job)

    def test_every_limit_has_its_status(self):
        self.run_program("python", "while True: pass", expect="TIMEOUT", time_limit_ms=300)
        job = self.run_program("python", "import time; time.sleep(30)", expect="TIMEOUT", time_limit_ms=300)
        self.assertEqual(job["limit"], "wall")
        self.run_program("python", "x = bytearray(200 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1",
                         expect="MEMORY_LIMIT_EXCEEDED", memory_limit_kb=65536)
        self.run_program("python", "while True: print('x' * 1000)", expect="OUTPUT_LIMIT_EXCEEDED", output_limit_kb=16)
        job = self.run_program("python", "import socket; socket.socket()", expect="SECURITY_VIOLATION")
        self.assertIn("socket", job["enforced"]["denied_syscall"])

    def test_a_submission_is_accepted_with_its_place(self):
        answer = self.ask("POST", SUBMISSIONS, {"language": "python", "source_code": "print(1)"}, expect=202)
        receipt = answer.json
        self.assertEqual(receipt["id"], receipt["job_id"])
        self.assertEqual(uuid.UUID(receipt["id"]).version, 7)
        self.assertEqual(answer.headers["Location"], f"{SUBMISSIONS}/{receipt['id']}")
        self.assertEqual(self.service.await_over(receipt["id"])["status"], "SUCCESS")
        self.ask("GET", answer.headers["Location"], expect=200)

    def test_waiting_is_bounded(self):
        answer = self.ask("POST", SUBMISSIONS + "?wait=300",
                          {"language": "python", "source_code": "import time; time.sleep(3)"}, expect=202)
        self.assertIn(answer.json["status"], ("QUEUED", "RUNNING"))
        self.assertEqual(self.service.await_over(answer.json["id"])["status"], "SUCCESS")
        self.ask("POST", SUBMISSIONS + "?wait=soon", {"language": "python", "source_code": "1"}, expect=400)

    # ---- test cases

    def test_cases_are_compared_each_way(self):
        source = "print(sum(map(float, input().split())))"
        for compare, expected, status in (({"mode": "trailing"}, "3.0", "SUCCESS"), ({"mode": "exact"}, "3.0", "WRONG_ANSWER"),
                                          ({"mode": "tokens"}, "\n 3.0 \n", "SUCCESS"),
                                          ({"mode": "float", "tolerance": 0.01}, "3.001", "SUCCESS"),
                                          ({"mode": "float"}, "3.001", "WRONG_ANSWER")):
            with self.subTest(compare=compare):
                job = self.run_program("python", source, expect=status, compare=compare,
                                       test_cases=[{"stdin": "1 2", "expected_output": expected}])
                self.assertEqual(job["test_cases"][0]["status"], status)

    def test_a_checker_decides_in_a_sandbox_of_its_own(self):
        checker = ("import sys\ninput_file, expected, output = sys.argv[1:4]\n"
                   "n = int(open(input_file).read())\na, b = map(int, open(output).read().split())\n"
                   "print('the product is', a * b)\nsys.exit(a * b != n)")
        job = self.run_program("python", "n = int(input())\nprint(2, n // 2)", expect="WRONG_ANSWER",
                               compare={"mode": "checker", "checker": {"language": "python", "source_code": checker}},
                               test_cases=[{"stdin": "12", "expected_output": ""}, {"stdin": "13", "expected_output": ""}])
        self.assertEqual([case["status"] for case in job["test_cases"]], ["SUCCESS", "WRONG_ANSWER"])
        self.assertEqual(job["test_cases"][1]["explanation"], "the product is 12")

    def test_the_first_failure_can_end_it(self):
        cases = [{"stdin": str(i), "expected_output": "1"} for i in range(3)]
        job = self.run_program("python", "print(input())", expect="WRONG_ANSWER", test_cases=cases, stop_at_first_failure=True)
        self.assertEqual([case["status"] for case in job["test_cases"]], ["WRONG_ANSWER", "CANCELLED", "CANCELLED"])

    def test_what_is_hidden_stays_hidden_and_out_of_the_sandbox(self):
        source = ("import os, glob\nprint(input())\n"
                  "print([open(f).read() for f in glob.glob('/work/*') + glob.glob('/tmp/*') if 'expected' in open(f).read()])")
        job = self.run_program("python", source, expect="WRONG_ANSWER",
                               test_cases=[{"stdin": "a", "expected_output": "an expected secret", "hidden": True}])
        # Without keys, on loopback, everybody is an administrator: what was printed is there to be looked at.
        self.assertNotIn("secret", job["test_cases"][0].get("stdout", ""))

    # ---- reading

    def test_lists_are_pages_of_the_newest_first(self):
        user = f"user-{uuid.uuid4()}"
        made = [self.ask("POST", SUBMISSIONS, {"language": "python", "source_code": "1", "user_id": user}, expect=202).json["id"]
                for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = self.ask("GET", f"{SUBMISSIONS}?user_id={user}&limit=2{cursor and '&cursor=' + cursor}", expect=200).json
            self.assertLessEqual(len(page["submissions"]), 2)
            seen += [line["id"] for line in page["submissions"]]
            cursor = page["next_cursor"]
        self.assertEqual(seen, made[::-1])
        for job_id in made:
            self.service.await_over(job_id)
        page = self.ask("GET", f"{SUBMISSIONS}?user_id={user}&status=SUCCESS&language=py", expect=200).json
        self.assertEqual(len(page["submissions"]), 5)
        self.assertEqual(self.ask("GET", f"{SUBMISSIONS}?user_id={user}&status=TIMEOUT", expect=200).json["submissions"], [])
        for wrong in ("user=ada", "limit=0", "limit=1000", "limit=x", "status=DONE", "cursor=x"):
            self.ask("GET", f"{SUBMISSIONS}?{wrong}", expect=400)
        self.ask("GET", f"{SUBMISSIONS}?language=klingon", expect=422)

    def test_the_request_comes_back_when_asked_for(self):
        job = self.run_program("python", "print(1)")
        again = self.ask("GET", f"{SUBMISSIONS}/{job['id']}?include=request", expect=200).json
        self.assertEqual(again["request"]["source_code"], "print(1)")
        self.assertNotIn("request", self.ask("GET", f"{SUBMISSIONS}/{job['id']}", expect=200).json)
        self.ask("GET", f"{SUBMISSIONS}/{job['id']}?include=everything", expect=400)

    def test_the_timeline_says_where_the_time_went(self):
        job = self.run_program("python", "import time; time.sleep(0.5)")
        timeline = self.ask("GET", f"{SUBMISSIONS}/{job['id']}/timeline", expect=200).json
        stages = {stage["stage"]: stage["ms"] for stage in timeline["stages"]}
        self.assertGreaterEqual(stages["run"], 500)
        self.assertGreaterEqual(timeline["total_ms"], stages["run"])
        self.assertRegex(timeline["trace_id"], "^[0-9a-f]{32}$")

    def test_what_does_not_exist_is_not_found(self):
        for job_id in (str(uuid.uuid4()), "0190a000-0000-7000-8000-000000000000", "x"):
            self.ask("GET", f"{SUBMISSIONS}/{job_id}", expect=404)
            self.ask("DELETE", f"{SUBMISSIONS}/{job_id}", expect=404)
            self.ask("GET", f"{SUBMISSIONS}/{job_id}/timeline", expect=404)
            self.ask("GET", f"{SUBMISSIONS}/{job_id}/events", expect=404)
            self.ask("POST", f"{V1}/dead-letters/{job_id}/retry", expect=404)
        self.ask("GET", V1 + "/nothing", expect=404)
        answer = self.ask("PUT", SUBMISSIONS, {}, expect=405)
        self.assertIn("POST", answer.headers["Allow"])

    # ---- what is refused

    def test_wrong_fields_are_named(self):
        good = {"language": "python", "source_code": "1"}
        for change, field in (({"language": None}, "language"), ({"source_code": 7}, "source_code"),
                              ({"stdin": ["x"]}, "stdin"), ({"args": "x"}, "args"), ({"args": ["a\0b"]}, "args"),
                              ({"env": {"1X": "y"}}, "env"), ({"time_limit_ms": 0}, "time_limit_ms"),
                              ({"time_limit_ms": 1.5}, "time_limit_ms"), ({"time_limit_ms": 10**9}, "time_limit_ms"),
                              ({"memory_limit_kb": 1}, "memory_limit_kb"), ({"sorce": "x"}, "sorce"),
                              ({"files": [{"path": "../x", "content": ""}]}, "files[0].path"),
                              ({"files": [{"path": "/x", "content": ""}]}, "files[0].path"),
                              ({"files": [{"path": "a", "content": ""}, {"path": "a", "content": ""}]}, "files[1].path"),
                              ({"test_cases": [{"stdin": 1}]}, "test_cases[0].stdin"),
                              ({"test_cases": [{}], "interactive": True}, "interactive"),
                              ({"compare": {"mode": "magic"}}, "compare.mode"),
                              ({"compare": {"mode": "checker"}}, "checker"),
                              ({"callback_url": "ftp://example.com/"}, "callback_url"),
                              ({"callback_url": "http://10.0.0.1/"}, "callback_url"),
                              ({"user_id": "a\nb"}, "user_id"), ({"stdin": "!", "stdin_encoding": "base64"}, "stdin"),
                              ({"source_code_encoding": "rot13"}, "source_code_encoding")):
            with self.subTest(change=change):
                answer = self.ask("POST", SUBMISSIONS, {**good, **change}, expect=400)
                self.assertTrue(answer.json["field"].endswith(field), answer)
        self.refused(400, "invalid_field", {"language": "python"}, "source_code")
        self.refused(422, "unknown_language", {"language": "klingon", "source_code": "1"}, "language")

    def test_what_is_no_json_is_refused(self):
        headers = {"Content-Type": "application/json"}
        for body in (b"", b"{", b"[]", b"null", b'{"a": 1, "a": 2}', b'{"a": "\xff"}', b"[" * 100000, b'{"a":' * 40 + b"1" + b"}" * 40):
            with self.subTest(body=body[:20]):
                self.refused(400, "invalid_json", None, body=body, headers=headers)
        self.refused(415, "not_json", None, body=b"{}", headers={"Content-Type": "text/plain"})
        self.refused(415, "not_json", None, body=b"{}")

    def test_what_is_too_large_is_refused(self):
        self.refused(413, "source_too_large", {"language": "python", "source_code": "#" * (1 << 20) + "1"}, "source_code")
        answer = self.service.request("POST", SUBMISSIONS, body=b" " * (30 << 20), headers={"Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"))

    def test_a_repeated_request_is_answered_as_the_first(self):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        document = {"language": "python", "source_code": "print(1)"}
        first = self.ask("POST", SUBMISSIONS, document, expect=202, headers=key)
        again = self.ask("POST", SUBMISSIONS, document, expect=202, headers=key)
        self.assertEqual(first.json, again.json)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        waited = self.ask("POST", SUBMISSIONS + "?wait=true", document, expect=200, headers=key)
        self.assertEqual((waited.json["id"], waited.json["stdout"]), (first.json["id"], "1\n"))
        self.refused(409, "idempotency_conflict", {**document, "stdin": "x"}, headers=key)
        self.refused(400, "invalid_header", document, headers={"Idempotency-Key": "x" * 300})
        key = {"Idempotency-Key": str(uuid.uuid4())}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.ask("POST", SUBMISSIONS, document, expect=202, headers=key), range(8)))
        self.assertEqual(len({answer.json["id"] for answer in answers}), 1)

    def test_a_batch_is_taken_whole_or_not(self):
        good = {"language": "python", "source_code": "print(1)"}
        answer = self.ask("POST", SUBMISSIONS + "/batch", {"submissions": [good, good, good]}, expect=202)
        for receipt in answer.json["submissions"]:
            self.assertEqual(self.service.await_over(receipt["id"])["status"], "SUCCESS")
        user = str(uuid.uuid4())
        answer = self.ask("POST", SUBMISSIONS + "/batch", {"submissions": [{**good, "user_id": user}, {"language": "python"}]}, expect=400)
        self.assertEqual(answer.json["field"], "submissions[1].source_code")
        self.assertEqual(self.ask("GET", f"{SUBMISSIONS}?user_id={user}").json["submissions"], [])
        for wrong in ({}, {"submissions": []}, {"submissions": [1]}, {"submissions": [good] * 200}):
            self.ask("POST", SUBMISSIONS + "/batch", wrong, expect=400)

    # ---- cancelling

    def test_what_runs_is_really_killed(self):
        receipt = self.ask("POST", SUBMISSIONS, {"language": "python", "source_code": "import time; time.sleep(15)",
                                                 "time_limit_ms": 20000}, expect=202).json
        target = f"{SUBMISSIONS}/{receipt['id']}"
        wait_for(lambda: self.ask("GET", target).json["status"] == "RUNNING", what="RUNNING")
        self.assertEqual(self.ask("DELETE", target, expect=202).json["cancel_requested"], True)
        job = self.service.await_over(receipt["id"], 10)
        self.assertEqual(job["status"], "CANCELLED")
        self.assertLess(job["time_used_ms"], 14000)
        self.assertEqual(self.ask("DELETE", target, expect=409).json["code"], "already_over")

    def test_what_waits_is_cancelled_at_once(self):
        slow = {"language": "python", "source_code": "import time; time.sleep(3)"}
        blockers = [self.ask("POST", SUBMISSIONS, slow, expect=202).json["id"] for _ in range(4)]
        waiting = self.ask("POST", SUBMISSIONS, slow, expect=202).json["id"]
        self.assertEqual(self.ask("DELETE", f"{SUBMISSIONS}/{waiting}", expect=200).json["status"], "CANCELLED")
        job = self.ask("GET", f"{SUBMISSIONS}/{waiting}", expect=200).json
        self.assertEqual((job["status"], job["claimed_at"]), ("CANCELLED", None))
        for blocker in blockers:
            self.service.await_over(blocker)

    # ---- webhooks

    def test_a_callback_is_told_the_result(self):
        import hashlib
        import hmac
        receiver = Receiver()
        self.addCleanup(receiver.close)
        job = self.run_program("python", "print(6 * 7)", callback_url=receiver.url)
        headers, body = wait_for(lambda: receiver.received and receiver.received[0], 30, "the callback")
        told = json.loads(body)
        self.assertEqual(told["submission"]["id"], job["id"])
        self.assertEqual(told["submission"]["stdout"], "42\n")
        wanted = hmac.new(b"a secret of 26 characters", headers["Sentinel-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["Sentinel-Signature"], "v1=" + wanted)

    # ---- about the service

    def test_languages_are_probed(self):
        answer = self.ask("GET", V1 + "/languages", expect=200).json
        languages = {language["name"]: language for language in answer["languages"]}
        self.assertTrue(languages["python"]["available"])
        self.assertRegex(languages["python"]["version"], r"^3\.")
        self.assertTrue(languages["cpp"]["compiled"])
        self.assertGreater(languages["python"]["limits"]["memory_limit_kb"], 0)
        most = answer["limits_max"]
        self.assertEqual(most["time_limit_ms"], 20000)
        document = {"language": "python", "source_code": "1"}
        self.ask("POST", SUBMISSIONS, {**document, "time_limit_ms": most["time_limit_ms"]}, expect=202)
        for field in ("time_limit_ms", "memory_limit_kb", "output_limit_kb"):
            self.refused(400, "invalid_field", {**document, field: most[field] + 1}, field)

    def test_it_says_how_it_is(self):
        for prefix in ("", V1):
            self.assertEqual(self.ask("GET", prefix + "/health", expect=200).json, {"status": "ok"})
            ready = self.ask("GET", prefix + "/health/ready", expect=200).json
            self.assertEqual(set(ready["checks"]), {"store", "queue", "events", "guard", "workers"})
        self.run_program("python", "1")
        load = wait_for(lambda: (lambda load: load if load["languages"].get("python", {}).get("completed") else None)(
            self.ask("GET", V1 + "/load", expect=200).json), 30, "a count")
        self.assertEqual(len(load["workers"]), 1)

        # How much of the processors is used takes two looks.
        def measured():
            worker = self.ask("GET", V1 + "/load", expect=200).json["workers"][0]
            return worker if worker["host"]["cpu_used"] is not None else None
        worker = wait_for(measured, 30, "a second look at the host")
        host = worker["host"]
        self.assertEqual(host["processors"], os.sysconf("SC_NPROCESSORS_ONLN"))
        self.assertTrue(0 <= host["cpu_used"] <= 1, host)
        self.assertEqual(host["memory_total_kb"], memory_total_kb())
        self.assertTrue(0 < host["memory_available_kb"] <= host["memory_total_kb"], host)
        self.assertGreaterEqual(host["load_1m"], 0)
        self.assertLess(worker["started_at"], worker["last_seen_at"])
        self.assertRegex(worker["version"], r"^\d+\.\d+")
        self.ask("GET", V1 + "/dead-letters", expect=200)

    def statistics(self, query, is_enough=lambda statistics: True):
        """Once it has what is waited for: an answer may be a moment old."""
        def enough():
            statistics = self.ask("GET", f"{V1}/statistics{query}", expect=200).json
            return statistics if is_enough(statistics) else None
        return wait_for(enough, 60, "statistics that have it")

    def test_statistics_count_what_was_accepted_and_what_ended(self):
        begun = self.statistics("?seconds=7200&buckets=2")["totals"]
        self.run_program("python", "print(1)")
        self.run_program("python", "while True: pass", expect="TIMEOUT", time_limit_ms=200)
        self.run_program("cpp", "int main() { }")
        self.run_program("cpp", "int main() { return x; }", expect="COMPILATION_ERROR")

        def more(statistics, *path):
            counts = [statistics["totals"], begun]
            for name in path:
                counts = [count.get(name, {} if name != path[-1] else 0) for count in counts]
            return counts[0] - counts[1]

        told = self.statistics("?seconds=7200&buckets=2", lambda told: more(told, "by_status", "COMPILATION_ERROR") > 0)
        self.assertEqual([more(told, "by_status", status) for status in ("SUCCESS", "TIMEOUT", "COMPILATION_ERROR")], [2, 1, 1])
        self.assertEqual([more(told, name) for name in ("accepted", "finished")], [4, 4])
        self.assertEqual(more(told, "by_language", "cpp", "finished"), 2)
        self.assertEqual(more(told, "by_language", "python", "by_status", "TIMEOUT"), 1)
        self.assertEqual((told["seconds"], told["bucket_seconds"], len(told["buckets"])), (7200, 3600, 2))
        for name in ("accepted", "finished"):
            self.assertEqual(sum(bucket[name] for bucket in told["buckets"]), told["totals"][name])
        for stage in ("queue", "compile", "run", "total"):
            values = [told["latency_ms"][stage][name] for name in ("p50", "p90", "p95", "p99")]
            self.assertEqual(values, sorted(values), stage)
        self.assertGreaterEqual(told["latency_ms"]["total"]["p99"], told["latency_ms"]["run"]["p50"])
        self.assertGreaterEqual(told["latency_ms"]["run"]["p99"], 200)
        self.assertIs(told["is_sampled"], False)

    def test_statistics_come_in_the_buckets_that_were_asked_for(self):
        told = self.statistics("")
        self.assertEqual((told["seconds"], told["bucket_seconds"], len(told["buckets"])), (900, 15, 60))
        begins = [bucket["at"] for bucket in told["buckets"]]
        self.assertEqual(begins, sorted(set(begins)))
        self.assertLessEqual(begins[-1], told["now"])
        for query, buckets in (("?seconds=10", 60), ("?seconds=86400&buckets=240", 240), ("?buckets=1", 1)):
            self.assertEqual(len(self.statistics(query)["buckets"]), buckets)
        for query in ("seconds=9", "seconds=86401", "seconds=x", "seconds=", "buckets=0", "buckets=241", "buckets=-1", "bucket=3"):
            answer = self.ask("GET", f"{V1}/statistics?{query}", expect=400)
            self.assertEqual(answer.json["code"], "invalid_parameter", query)
        self.assertEqual(self.ask("GET", f"{V1}/statistics?seconds=9", expect=400).json["field"], "seconds")

    def test_statistics_of_a_moment_ago_are_told_again_and_older_ones_not(self):
        def now():
            return self.statistics("?seconds=600&buckets=3")["now"]
        told = wait_for(lambda: (lambda first: first if first == now() else None)(now()), 60, "two answers that are one")
        wait_for(lambda: now() != told, 60, "another answer")

    def test_the_document_is_served(self):
        self.assertEqual(self.ask("GET", V1 + "/openapi.json", expect=200).json["openapi"], "3.1.0")

    def test_metrics_are_there(self):
        text = self.ask("GET", "/metrics", expect=200).body.decode()
        for name in ("sentinel_http_requests_total", "sentinel_workers_active", "sentinel_queue_depth", "process_resident_memory_bytes"):
            self.assertIn(name, text)
        for name in ("cpu_used_ratio", "memory_total_bytes", "memory_available_bytes"):
            wait_for(lambda: f"\nsentinel_host_{name} " in self.ask("GET", "/metrics").body.decode(), 30, name)
        text = self.ask("GET", "/metrics", expect=200).body.decode()
        value = next(line.split()[1] for line in text.splitlines() if line.startswith("sentinel_host_memory_total_bytes "))
        self.assertEqual(float(value), memory_total_kb() * 1024)
        executing = text
        for worker in self.service.workers:
            with urllib.request.urlopen(f"http://{worker.environment['SENTINEL_LISTEN']}/metrics", timeout=30) as answer:
                executing = answer.read().decode()
                self.assertIn("\nsentinel_host_cpu_used_ratio ", executing)
        # The first failure of a process is an increase: its series does not begin with it.
        statuses = [status for status in self.document.document["components"]["schemas"]["Status"]["enum"]
                    if status not in ("QUEUED", "COMPILING", "RUNNING")]
        self.assertEqual(len(statuses), 10)
        for language in self.ask("GET", V1 + "/languages", expect=200).json["languages"]:
            for status in statuses:
                self.assertIn(f'\nsentinel_executions_total{{language="{language["name"]}",status="{status}"}} ', executing)
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    # ---- last: is everything that the document promises seen?

    def test_zz_every_answer_of_the_document_was_seen(self):
        # What needs a fault, a key or a stream is seen by test_keys, test_streams and test_faults.
        elsewhere = {401, 403, 413, 422, 426, 429, 500, 503, 101}
        missing = [operation for operation in self.document.operations()
                   if operation not in self.document.seen and operation[2] not in elsewhere
                   and not operation[1].endswith(("/events", "/stream")) and "/ws/" not in operation[1]
                   and operation[1:] != (V1 + "/dead-letters/{id}/retry", 202) and operation[1:] != (V1 + "/dead-letters/{id}/retry", 409)
                   and operation[1:] != (SUBMISSIONS + "/batch", 409) and operation[1:] != (SUBMISSIONS + "/batch", 415)]
        self.assertEqual(missing, [])


class EmbeddedApi(ApiCases, unittest.TestCase):
    fleet = False


class FleetApi(ApiCases, unittest.TestCase):
    fleet = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
