# SPDX-License-Identifier: MIT
"""Who may do what: keys, scopes, whose jobs are whose, rates, and a server that asks for no key."""

import asyncio
import concurrent.futures
import json
import os
import socket
import subprocess
import sys
import unittest

import websockets

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.openapi import Document  # noqa: E402
from services.service import Service, programs_directory, wait_for  # noqa: E402

SUBMISSIONS = "/api/v1/submissions"
GOOD = {"language": "python", "source_code": "print(1)"}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class KeyCases:
    fleet = False

    @classmethod
    def setUpClass(cls):
        reason = Service.missing(cls.fleet)
        if reason:
            raise unittest.SkipTest(reason)
        cls.service = Service(fleet=cls.fleet, settings={"SENTINEL_AUTH": "keys", "SENTINEL_TRUSTED_PROXIES": "127.0.0.1"}).start()
        cls.document = Document(cls.service.request("GET", "/api/v1/openapi.json").json)
        cls.admin = cls.make_key("--scopes", "admin")

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    @classmethod
    def make_key(cls, *options):
        return cls.service.run("sentinel-server", "keys", "create", *options).stdout.strip()

    def ask(self, method, target, document=None, expect=None, key=None, **more):
        answer = self.service.request(method, target, document, headers={**(bearer(key) if key else {}), **more})
        self.document.check(method, target, answer)
        if expect is not None:
            self.assertEqual(answer.status, expect, answer)
        return answer

    def test_without_a_key_nothing_is_told(self):
        job = self.ask("POST", SUBMISSIONS, GOOD, 202, self.admin).json
        for method, target, document in (("POST", SUBMISSIONS, GOOD), ("POST", SUBMISSIONS + "/batch", {"submissions": [GOOD]}),
                                         ("GET", SUBMISSIONS, None), ("GET", f"{SUBMISSIONS}/{job['id']}", None),
                                         ("DELETE", f"{SUBMISSIONS}/{job['id']}", None),
                                         ("GET", f"{SUBMISSIONS}/{job['id']}/timeline", None),
                                         ("GET", f"{SUBMISSIONS}/{job['id']}/events", None),
                                         ("GET", f"{SUBMISSIONS}/{job['id']}/stream", None),
                                         ("GET", "/api/v1/load", None), ("GET", "/api/v1/languages", None),
                                         ("GET", "/api/v1/statistics", None), ("GET", "/api/v1/dead-letters", None),
                                         ("POST", f"/api/v1/dead-letters/{job['id']}/retry", None)):
            with self.subTest(method=method, target=target):
                answer = self.ask(method, target, document, 401)
                self.assertEqual(answer.json["code"], "key_missing")
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
                self.assertEqual(self.ask(method, target, document, 401, "snt_wrong").json["code"], "key_invalid")
        self.ask("GET", "/health", expect=200)
        self.ask("GET", "/health/ready", expect=200)

    def test_a_key_comes_in_each_of_three_ways(self):
        key = self.make_key()
        self.ask("GET", SUBMISSIONS, expect=200, key=key)
        self.ask("GET", SUBMISSIONS, expect=200, **{"X-API-Key": key})
        job = self.ask("POST", SUBMISSIONS, GOOD, 202, key).json
        self.service.await_over(job["id"], headers=bearer(key))
        self.assertEqual(self.service.request("GET", f"{SUBMISSIONS}/{job['id']}/events?access_token={key}").status, 200)

    def test_a_browser_brings_it_among_the_protocols_of_its_websocket(self):
        key = self.make_key()
        job = self.ask("POST", SUBMISSIONS, GOOD, 202, key).json

        async def last(protocols):
            url = f"ws://127.0.0.1:{self.service.port}{SUBMISSIONS}/{job['id']}/stream"
            async with websockets.connect(url, subprotocols=protocols) as connection:
                self.assertEqual(connection.subprotocol, "sentinel")
                return [json.loads(text) async for text in connection][-1]
        for protocols in (["sentinel", f"sentinel.key.{key}"], [f"sentinel.key.{key}", "sentinel"]):
            with self.subTest(protocols=protocols):
                self.assertEqual(asyncio.run(last(protocols))["status"], "SUCCESS")
        for protocols in (["sentinel", "sentinel.key.snt_wrong"], ["sentinel", "sentinel.key."], ["sentinel"]):
            with self.subTest(protocols=protocols), self.assertRaises(websockets.InvalidStatusCode) as refused:
                asyncio.run(last(protocols))
            self.assertEqual(refused.exception.status_code, 401)

    def test_scopes_bound_what_a_key_may_do(self):
        reader, writer = self.make_key("--scopes", "read"), self.make_key("--scopes", "submit")
        self.assertEqual(self.ask("POST", SUBMISSIONS, GOOD, 403, reader).json["code"], "scope_missing")
        self.ask("GET", SUBMISSIONS, expect=200, key=reader)
        job = self.ask("POST", SUBMISSIONS, GOOD, 202, writer).json
        self.ask("GET", f"{SUBMISSIONS}/{job['id']}", expect=403, key=writer)
        for target in ("/api/v1/dead-letters", "/api/v1/statistics"):
            self.ask("GET", target, expect=403, key=reader)
            self.ask("GET", target, expect=200, key=self.admin)

    def test_a_key_sees_its_own_jobs_only(self):
        mine, other = self.make_key(), self.make_key()
        job = self.ask("POST", SUBMISSIONS, GOOD, 202, mine).json
        target = f"{SUBMISSIONS}/{job['id']}"
        self.service.await_over(job["id"], headers=bearer(mine))
        for method, suffix in (("GET", ""), ("DELETE", ""), ("GET", "/timeline"), ("GET", "/events")):
            self.ask(method, target + suffix, expect=404, key=other)
        self.assertEqual(self.ask("GET", SUBMISSIONS, expect=200, key=other).json["submissions"], [])
        self.assertEqual([line["id"] for line in self.ask("GET", SUBMISSIONS, expect=200, key=mine).json["submissions"]], [job["id"]])
        self.ask("GET", target, expect=200, key=self.admin)

    def test_what_is_hidden_is_for_administrators(self):
        key = self.make_key()
        secret = "the expected secret"
        job = self.ask("POST", SUBMISSIONS + "?wait=true", {
            "language": "python", "source_code": "print('printed', input())",
            "test_cases": [{"stdin": "the hidden input", "expected_output": secret, "hidden": True}]}, 200, key).json
        answer = self.ask("GET", f"{SUBMISSIONS}/{job['id']}?include=request", expect=200, key=key)
        for word in (secret, "the hidden input", "printed the"):
            self.assertNotIn(word.encode(), answer.body)
        self.assertEqual(answer.json["test_cases"][0]["status"], "WRONG_ANSWER")
        self.assertIn(secret.encode(), self.ask("GET", f"{SUBMISSIONS}/{job['id']}?include=request", expect=200, key=self.admin).body)

    def test_a_hidden_input_does_not_leave_by_a_denied_call(self):
        source = ("import ctypes, sys\nbytes_ = sys.stdin.buffer.read(16)\nlibc = ctypes.CDLL(None)\n"
                  "libc.syscall(155, ctypes.c_ulong(int.from_bytes(bytes_[:8], 'little')), ctypes.c_ulong(int.from_bytes(bytes_[8:], 'little')))")
        answer = self.ask("POST", SUBMISSIONS + "?wait=true", {"language": "python", "source_code": source,
                          "test_cases": [{"stdin": "HIDDEN-INPUT-OF-", "hidden": True}]}, 200, self.make_key())
        self.assertEqual(answer.json["status"], "SECURITY_VIOLATION")
        self.assertNotIn(b"pivot_root", answer.body)

    def test_who_may_only_submit_waits_for_no_result(self):
        self.ask("POST", SUBMISSIONS + "?wait=true", GOOD, 403, self.make_key("--scopes", "submit"))

    def test_guesses_are_bounded(self):
        for _ in range(70):
            answer = self.ask("GET", SUBMISSIONS, key="snt_guess", **{"X-Forwarded-For": "192.0.2.7"})
        self.assertEqual(answer.status, 429)

    def test_a_revoked_key_is_refused(self):
        key = self.make_key("--name", "to be revoked")
        self.ask("GET", SUBMISSIONS, expect=200, key=key)
        listed = [line.split() for line in self.service.run("sentinel-server", "keys", "list").stdout.splitlines() if "to be revoked" in line]
        self.service.run("sentinel-server", "keys", "revoke", listed[0][0])
        wait_for(lambda: self.ask("GET", SUBMISSIONS, key=key).status == 401, 10, "the end of the key")
        self.assertNotEqual(self.service.run("sentinel-server", "keys", "revoke", "key_none", check=False).returncode, 0)

    def test_the_log_says_whose_a_job_is(self):
        done = self.service.run("sentinel-server", "keys", "create")
        key = done.stdout.strip()
        key_id = json.loads(done.stderr.splitlines()[0])["key_id"]
        single = self.ask("POST", SUBMISSIONS, {**GOOD, "user_id": "somebody"}, 202, key, **{"X-Forwarded-For": "192.0.2.9"}).json["id"]
        receipts = self.ask("POST", SUBMISSIONS + "/batch", {"submissions": [GOOD] * 2}, 202, key, **{"X-Forwarded-For": "192.0.2.9"}).json
        for job_id in [single] + [receipt["id"] for receipt in receipts["submissions"]]:
            line = [line for line in self.service.server.log_lines() if line.get("job_id") == job_id and line["message"].startswith("accepted")][0]
            self.assertEqual((line["level"], line["key_id"], line["address"]), ("info", key_id, "192.0.2.9"))
            self.assertRegex(line["message"], r"^accepted: python, \d+ bytes$")
        self.assertNotIn("somebody", self.service.server.log())

    def test_the_log_says_who_cancelled(self):
        key = self.make_key()
        job = self.ask("POST", SUBMISSIONS, {"language": "python", "source_code": "import time; time.sleep(20)", "time_limit_ms": 30000}, 202, key).json
        target = f"{SUBMISSIONS}/{job['id']}"
        wait_for(lambda: self.ask("GET", target, key=key).json["status"] == "RUNNING", what="RUNNING")
        self.ask("DELETE", target, expect=202, key=self.admin, **{"X-Forwarded-For": "192.0.2.10"})
        lines = {line["message"]: line for line in self.service.server.log_lines() if line.get("job_id") == job["id"]}
        accepted = next(line for message, line in lines.items() if message.startswith("accepted"))
        asked = lines["asked to cancel it"]
        self.assertEqual(asked["address"], "192.0.2.10")
        self.assertNotEqual(asked["key_id"], accepted["key_id"])
        self.assertTrue(asked["request_id"])

    @unittest.skipUnless(os.geteuid() == 0, "SKIP: only root is several users")
    def test_what_is_done_to_keys_is_logged_with_its_user(self):
        # In a /dev of its own with a socket where the host's log listens.
        place = os.path.join(self.service.directory, "log-of-host")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as host:
            host.bind(place)
            os.chmod(place, 0o666)
            host.settimeout(10)
            script = ("d=$PLACE.dev; mkdir -p $d && mount -t tmpfs none $d && chmod 755 $d && cd $d && touch null zero random urandom &&"
                      " for f in *; do mount --bind /dev/$f $f; done && ln -s \"$PLACE\" log && mount --rbind $d /dev && exec \"$@\"")

            def keys(*arguments):
                done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh",
                                       os.path.join(programs_directory(), "sentinel-server", "sentinel-server"), "keys", *arguments],
                                      env=self.service.environment(PLACE=place, SUDO_USER="ada"), capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done)
                line = next(json.loads(line) for line in done.stderr.splitlines() if line.startswith("{"))
                self.assertEqual(line["level"], "info")
                self.assertIn("by root (uid 0), for whom sudo was asked by ada", line["message"])
                told = host.recv(1000).decode()
                self.assertIn(f"{line['key_id']}: {line['message']}", told)
                return line, done.stdout.strip()
            line, secret = keys("create", "--name", "to be logged", "--scopes", "read")
            self.assertIn('the key "to be logged" was created, with read,', line["message"])
            self.assertNotIn(secret, json.dumps(line))
            self.assertIn("the key was revoked", keys("revoke", line["key_id"])[0]["message"])

    def test_secrets_are_stored_nowhere(self):
        key = self.make_key()
        self.ask("GET", SUBMISSIONS, expect=200, key=key)
        for root, _, names in os.walk(self.service.directory):
            for name in names:
                path = os.path.join(root, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertNotIn(key.encode(), file.read(), path)

    def test_a_key_has_its_rate(self):
        key = self.make_key("--per-minute", "5")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.ask("POST", SUBMISSIONS, GOOD, key=key), range(12)))
        self.assertEqual(sorted(answer.status for answer in answers), [202] * 5 + [429] * 7)
        refused = [answer for answer in answers if answer.status == 429][0]
        self.assertEqual((refused.json["code"], refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]), ("rate_limited", "5", "0"))
        self.assertTrue(0 < int(refused.headers["Retry-After"]) <= 60)
        self.ask("POST", SUBMISSIONS + "/batch", {"submissions": [GOOD] * 6}, 413, key)
        self.ask("GET", SUBMISSIONS, expect=200, key=key)
        self.ask("POST", SUBMISSIONS, GOOD, 202, self.admin)

    def test_test_cases_count_by_tens(self):
        key = self.make_key("--per-minute", "30")

        def submission(cases):
            return {"language": "python", "source_code": "1", "test_cases": [{}] * cases} if cases else GOOD

        def left(expect, target, document):
            answer = self.ask("POST", target, document, expect, key)
            self.assertEqual(answer.headers.get_all("RateLimit-Limit"), ["30"])
            return int(answer.headers["RateLimit-Remaining"])
        self.assertEqual([left(202, SUBMISSIONS, submission(cases)) for cases in (0, 1, 10, 11, 20, 21)], [29, 28, 27, 25, 23, 20])
        self.assertEqual(left(202, SUBMISSIONS + "/batch", {"submissions": [submission(11), GOOD]}), 17)
        # All or none: what is refused counts nothing. What is no submission counts as one.
        self.assertEqual(left(429, SUBMISSIONS, submission(180)), 17)
        self.assertEqual(left(429, SUBMISSIONS + "/batch", {"submissions": [submission(90)] * 2}), 17)
        self.assertEqual(left(400, SUBMISSIONS, {"language": "python", "test_cases": 7}), 16)
        few = self.make_key("--per-minute", "25")
        answer = self.ask("POST", SUBMISSIONS, submission(256), 413, few)
        self.assertEqual(answer.json["code"], "batch_larger_than_rate")
        self.assertIn("counts as 26", answer.json["detail"])

    def test_what_is_no_json_counts_too(self):
        key = self.make_key("--per-minute", "3")

        def ask():
            return self.service.request("POST", SUBMISSIONS, body=b"{", headers={**bearer(key), "Content-Type": "application/json"}).status
        self.assertEqual([ask() for _ in range(5)], [400, 400, 400, 429, 429])

    def test_wrong_calls_of_the_command_are_refused(self):
        for arguments in (["keys"], ["keys", "make"], ["keys", "create", "--scopes", "root"], ["keys", "create", "x"],
                          ["keys", "create", "--per-minute", "0"], ["dlq"], ["dlq", "retry", "x"], ["migrate", "x"], ["dance"], ["--dance"]):
            with self.subTest(arguments=arguments):
                done = self.service.run("sentinel-server", *arguments, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr)


class EmbeddedKeys(KeyCases, unittest.TestCase):
    fleet = False


class FleetKeys(KeyCases, unittest.TestCase):
    fleet = True


class OpenServer(unittest.TestCase):
    """A server that asks for no key: on this host only, and for this host's names only."""

    def setUp(self):
        reason = Service.missing(False)
        if reason:
            self.skipTest(reason)

    def test_a_page_with_a_name_of_its_own_does_not_get_in(self):
        with Service() as service:
            for host, status in (("localhost", 200), (f"127.0.0.1:{service.port}", 200), ("evil.example", 403), ("localhost.evil.example", 403)):
                self.assertEqual(service.request("GET", SUBMISSIONS, headers={"Host": host}).status, status, host)

    def test_metrics_know_a_page_with_a_name_of_its_own_too(self):
        for auth, status in (("auto", 403), ("keys", 401), ("open", 401)):
            with Service(settings={"SENTINEL_AUTH": auth}) as service:
                for host in ("localhost", f"127.0.0.1:{service.port}", f"[::1]:{service.port}"):
                    self.assertEqual(service.request("GET", "/metrics", headers={"Host": host}).status, 200, host)
                for host in ("evil.example", "localhost.evil.example"):
                    self.assertEqual(service.request("GET", "/metrics", headers={"Host": host}).status, status, (auth, host))

    def test_what_comes_through_a_proxy_is_not_from_this_host(self):
        with Service() as service:
            for target in ("/api/v1/dead-letters", "/api/v1/load", "/metrics"):
                answer = service.request("GET", target, headers={"X-Forwarded-For": "192.0.2.1"})
                self.assertEqual((answer.status, answer.json["code"]), (403, "forwarded_without_key"), target)

    def test_strangers_are_told_nothing_of_the_whole_service(self):
        with Service(settings={"SENTINEL_AUTH": "open", "SENTINEL_TRUSTED_PROXIES": "127.0.0.1"}) as service:
            document = Document(service.request("GET", "/api/v1/openapi.json").json)
            key = service.run("sentinel-server", "keys", "create", "--scopes", "read").stdout.strip()
            proxied = {"X-Forwarded-For": "192.0.2.1"}
            for target in ("/api/v1/load", "/metrics"):
                answer = service.request("GET", target, headers=proxied)
                document.check("GET", target, answer)
                self.assertEqual((answer.status, answer.json["code"]), (401, "key_missing"), target)
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
                # A proxy that nobody told the server of is no way around that.
                for header in ("X-Real-IP", "Forwarded", "Via"):
                    self.assertEqual(service.request("GET", target, headers={header: "x"}).status, 401, (target, header))
                self.assertEqual(service.request("GET", target, headers={**proxied, **bearer(key)}).status, 200, target)
                self.assertEqual(service.request("GET", target).status, 200, target)
            # What the playground asks for is theirs.
            job = service.request("POST", f"{SUBMISSIONS}?wait=true", GOOD, headers=proxied).json
            for target in ("/api/v1/languages", f"{SUBMISSIONS}/{job['id']}", f"{SUBMISSIONS}/{job['id']}/timeline",
                           f"{SUBMISSIONS}?user_id=me", "/health"):
                self.assertEqual(service.request("GET", target, headers=proxied).status, 200, target)

    def test_the_rate_is_by_address_where_there_are_no_keys(self):
        with Service(settings={"SENTINEL_RATE_LIMIT": "3", "SENTINEL_TRUSTED_PROXIES": "127.0.0.1", "SENTINEL_AUTH": "open"}) as service:
            def ask(address):
                return service.request("POST", SUBMISSIONS, GOOD, headers={"X-Forwarded-For": address}).status
            self.assertEqual([ask("192.0.2.1") for _ in range(5)], [202, 202, 202, 429, 429])
            self.assertEqual(ask("192.0.2.2"), 202)
            accepted = [line for line in service.server.log_lines() if line["message"].startswith("accepted")]
            self.assertEqual([(line["key_id"], line["address"]) for line in accepted], [("none", "192.0.2.1")] * 3 + [("none", "192.0.2.2")])

    def test_beyond_loopback_keys_are_asked_for(self):
        for auth, status in (("auto", 401), ("open", 200)):
            with Service(settings={"SENTINEL_AUTH": auth}) as service:
                service.server.stop()
                service.server.environment["SENTINEL_LISTEN"] = f"0.0.0.0:{service.port}"
                service.server.start()
                service.await_ready()
                self.assertEqual(service.request("GET", f"{SUBMISSIONS}?user_id=me").status, status)
                # Nobody is an administrator without a key there.
                self.assertIn(service.request("GET", "/api/v1/dead-letters").status, (401, 403))

    def test_strangers_see_what_they_know_the_name_of(self):
        with Service(settings={"SENTINEL_AUTH": "open"}) as service:
            mine = service.request("POST", f"{SUBMISSIONS}?wait=true", {**GOOD, "user_id": "web-me"}).json
            service.request("POST", f"{SUBMISSIONS}?wait=true", {**GOOD, "user_id": "web-other"})
            for path in (SUBMISSIONS, f"{SUBMISSIONS}?user_id=", f"{SUBMISSIONS}?status=SUCCESS"):
                answer = service.request("GET", path)
                self.assertEqual((answer.status, answer.json["field"]), (400, "user_id"), path)
            lines = service.request("GET", f"{SUBMISSIONS}?user_id=web-me").json["submissions"]
            self.assertEqual([line["id"] for line in lines], [mine["id"]])
            # Whoever was given a link does not learn by it whose list to ask for.
            shared = service.request("GET", f"{SUBMISSIONS}/{mine['id']}?include=request").json
            self.assertEqual((shared["status"], shared["user_id"], mine["user_id"]), ("SUCCESS", None, None))
            self.assertEqual(shared["request"]["source_code"], GOOD["source_code"])

    def test_beyond_loopback_without_tls_is_warned_of(self):
        with Service() as service:
            self.assertNotIn("without TLS", service.server.log())
            service.server.stop()
            service.server.environment["SENTINEL_LISTEN"] = f"0.0.0.0:{service.port}"
            service.server.start()
            service.await_ready()
            self.assertIn("without TLS", service.server.log())

    def test_two_servers_of_one_state_do_not_both_execute(self):
        with Service() as service:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            done = service.run("sentinel-server", check=False, SENTINEL_LISTEN=f"127.0.0.1:{port}")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("error", done.stderr)
            self.assertEqual(service.submit("python", "print(1)").json["status"], "SUCCESS")


if __name__ == "__main__":
    unittest.main(verbosity=2)
