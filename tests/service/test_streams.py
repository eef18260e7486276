# SPDX-License-Identifier: MIT
"""Watching a job while it runs, by WebSocket and by server-sent events, and talking to it."""

import asyncio
import base64
import http.client
import json
import os
import random
import sys
import unittest
import urllib.parse

import websockets

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.service import Service, wait_for  # noqa: E402

SUBMISSIONS = "/api/v1/submissions"
TICKS = "import sys, time\nfor i in range(30):\n  print('tick', i, flush=True)\n  print('tock', i, file=sys.stderr, flush=True)\n  time.sleep(0.05)\n"
EXPECTED = {"stdout": "".join(f"tick {i}\n" for i in range(30)), "stderr": "".join(f"tock {i}\n" for i in range(30))}


def data_of(message):
    if message.get("data_encoding") == "base64":
        return base64.b64decode(message["data"])
    return message["data"].encode()


def output_of(messages, kind):
    return b"".join(data_of(message) for message in messages if message["type"] == kind).decode()


class StreamCases:
    fleet = False

    @classmethod
    def setUpClass(cls):
        reason = Service.missing(cls.fleet)
        if reason:
            raise unittest.SkipTest(reason)
        cls.service = Service(fleet=cls.fleet, settings={"SENTINEL_SLOTS": "4"}).start()

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def submit(self, language, source, **fields):
        answer = self.service.submit(language, source, wait=False, **fields)
        self.assertEqual(answer.status, 202, answer)
        return answer.json["id"]

    def socket_url(self, job_id, after=None, alias=False):
        path = f"/ws/submissions/{job_id}" if alias else f"{SUBMISSIONS}/{job_id}/stream"
        return f"ws://127.0.0.1:{self.service.port}{path}" + (f"?after={urllib.parse.quote(after)}" if after else "")

    def watch(self, job_id, after=None, most=None, alias=False, say=None):
        """Messages of a WebSocket until its end, or `most` of them; `say` answers a message with another."""
        async def collect():
            messages = []
            async with websockets.connect(self.socket_url(job_id, after, alias), max_size=None) as socket:
                try:
                    async for text in socket:
                        messages.append(json.loads(text))
                        for answer in say(messages[-1]) if say else ():
                            await socket.send(json.dumps(answer))
                        if most is not None and len(messages) == most:
                            break
                except websockets.ConnectionClosedError as error:
                    raise AssertionError(f"cut after {messages[-3:]}: {error}") from None
            return messages
        return asyncio.run(asyncio.wait_for(collect(), 60))

    def events(self, job_id, after=None, most=None):
        """The same of server-sent events."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        connection.request("GET", f"{SUBMISSIONS}/{job_id}/events", headers={"Last-Event-ID": after} if after else {})
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        messages, event = [], {}
        for line in response:
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
                continue
            if event:
                message = json.loads(event["data"])
                self.assertEqual((message["type"], message["position"]), (event["event"], event["id"]))
                messages.append(message)
                event = {}
            if most is not None and len(messages) == most:
                break
        connection.close()
        return messages

    def check_whole(self, messages):
        self.assertEqual(messages[-1]["type"], "result", messages[-1])
        self.assertEqual(messages[-1]["status"], "SUCCESS", messages[-1])
        for kind, expected in EXPECTED.items():
            self.assertEqual(output_of(messages, kind), expected)

    # ---- watching

    def test_states_and_output_come_as_they_happen_and_the_result_last(self):
        for watch in (self.watch, self.events, lambda job_id: self.watch(job_id, alias=True)):
            messages = watch(self.submit("python", TICKS))
            self.check_whole(messages)
            self.assertIn("RUNNING", [message["status"] for message in messages if message["type"] == "state"])
            # In pieces, not at the end.
            self.assertGreater(len([message for message in messages if message["type"] == "stdout"]), 5)

    def test_a_compiler_s_words_are_watched_too(self):
        messages = self.watch(self.submit("cpp", "int main() { return nothing; }"))
        self.assertIn("nothing", output_of(messages, "compile_output"))
        self.assertEqual(messages[-1]["status"], "COMPILATION_ERROR")

    def test_who_comes_late_gets_all_of_it(self):
        job_id = self.submit("python", TICKS)
        self.service.await_over(job_id)
        self.check_whole(self.watch(job_id))
        self.check_whole(self.events(job_id))

    def test_who_comes_back_misses_nothing_and_sees_nothing_twice(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                chance = random.Random(seed)
                job_id = self.submit("python", TICKS)
                messages, after = [], None
                while not messages or messages[-1]["type"] != "result":
                    part = chance.choice((self.watch, self.events))(job_id, after=after, most=chance.randint(1, 15))
                    messages += part
                    after = part[-1]["position"]
                self.check_whole(messages)
                # After the end there is the result once more, and no output.
                again = self.watch(job_id, after=after)
                self.assertEqual([message["type"] for message in again], ["result"])

    def test_a_large_output_comes_whole_to_who_comes_late(self):
        job_id = self.submit("python", "import sys\nsys.stdout.write('x' * 4000000)\nsys.stderr.write('y' * 3000000)", output_limit_kb=8000)
        self.service.await_over(job_id)
        for watch in (self.watch, self.events):
            messages = watch(job_id)
            self.assertEqual((len(output_of(messages, "stdout")), len(output_of(messages, "stderr"))), (4000000, 3000000))
            self.assertEqual(messages[-1]["type"], "result")

    def test_cases_are_told_one_by_one(self):
        cases = [{"stdin": str(i), "expected_output": "1", "hidden": i == 2} for i in range(3)]
        messages = self.watch(self.submit("python", "print(input())", test_cases=cases))
        told = [message for message in messages if message["type"] == "case"]
        self.assertEqual([case["status"] for case in told], ["WRONG_ANSWER", "SUCCESS", "WRONG_ANSWER"])
        self.assertNotIn("stdout", told[2])
        self.assertEqual(messages[-1]["status"], "WRONG_ANSWER")

    def test_a_wrong_position_is_refused(self):
        job_id = self.submit("python", "1")
        for after in ("x", "1.2", "-1.0.0", "ffffffffffffffff.0.0"):
            answer = self.service.request("GET", f"{SUBMISSIONS}/{job_id}/events?after={after}")
            self.assertEqual((answer.status, answer.json["field"]), (400, "after"), answer)

    def test_without_an_upgrade_the_answer_says_what_is_missing(self):
        job_id = self.submit("python", "1")
        answer = self.service.request("GET", f"{SUBMISSIONS}/{job_id}/stream")
        self.assertEqual((answer.status, answer.json["code"]), (426, "upgrade_required"))

    # ---- talking

    def test_input_reaches_the_program_while_it_runs(self):
        source = "import sys\nfor line in sys.stdin:\n  print('got', line.strip(), flush=True)\nprint('end')\n"
        job_id = self.submit("python", source, interactive=True)
        answers = iter([*({"type": "stdin", "data": line + "\n"} for line in ("one", "two", "three")), {"type": "stdin_end"}])

        def say(message):
            if message["type"] == "state" and message["status"] == "RUNNING" or message["type"] == "stdout":
                return [answer for answer in (next(answers, None),) if answer]
            return []
        messages = self.watch(job_id, say=say)
        self.assertEqual(output_of(messages, "stdout"), "got one\ngot two\ngot three\nend\n")

    def test_input_that_comes_early_waits_for_the_program(self):
        blockers = [self.submit("python", "import time; time.sleep(2)") for _ in range(4)]
        job_id = self.submit("python", "import sys; print(sys.stdin.read())", interactive=True)

        async def collect():
            messages = []
            async with websockets.connect(self.socket_url(job_id)) as socket:
                for piece in ("a", "b", "c"):
                    await socket.send(json.dumps({"type": "stdin", "data": piece}))
                await socket.send('{"type": "stdin_end"}')
                async for text in socket:
                    messages.append(json.loads(text))
            return messages
        messages = asyncio.run(asyncio.wait_for(collect(), 60))
        self.assertEqual(output_of(messages, "stdout"), "abc\n")
        for blocker in blockers:
            self.service.await_over(blocker)

    def test_cancelling_by_the_stream_kills(self):
        job_id = self.submit("python", "import time\nprint('here', flush=True)\ntime.sleep(30)", time_limit_ms=30000)
        messages = self.watch(job_id, say=lambda message: [{"type": "cancel"}] if message["type"] == "stdout" else [])
        self.assertEqual(messages[-1]["status"], "CANCELLED")
        self.assertEqual(messages[-1]["stdout"], "here\n")
        asked = [line for line in self.service.server.log_lines() if line.get("job_id") == job_id and line["message"] == "asked to cancel it"]
        self.assertEqual([(line["key_id"], line["address"]) for line in asked], [("none", "127.0.0.1")])

    def test_cancelling_by_the_stream_ends_what_waits(self):
        blockers = [self.submit("python", "import time; time.sleep(3)") for _ in range(4)]
        job_id = self.submit("python", "print('never')")

        async def cancel():
            async with websockets.connect(self.socket_url(job_id)) as socket:
                await socket.send('{"type": "cancel"}')
                return [json.loads(text) async for text in socket][-1]
        last = asyncio.run(asyncio.wait_for(cancel(), 60))
        self.assertEqual((last["status"], last["reason"]), ("CANCELLED", "cancelled before it was executed"))
        for blocker in blockers:
            self.service.await_over(blocker)

    def test_input_for_what_is_not_interactive_is_refused_and_does_no_harm(self):
        job_id = self.submit("python", TICKS)

        async def collect():
            messages = []
            async with websockets.connect(self.socket_url(job_id)) as socket:
                for text in ('{"type": "stdin", "data": "x"}', '{"type": "stdin_end"}'):
                    await socket.send(text)
                async for text in socket:
                    messages.append(json.loads(text))
            return messages
        messages = asyncio.run(asyncio.wait_for(collect(), 60))
        errors = [message for message in messages if message["type"] == "error"]
        self.assertEqual([error["code"] for error in errors], ["not_interactive"] * 2)
        self.assertTrue(all(error["detail"] for error in errors))
        self.check_whole([message for message in messages if message["type"] != "error"])

    def test_what_is_no_message_is_told_and_does_no_harm(self):
        job_id = self.submit("python", TICKS)
        wrong = iter(["{", "[]", '{"type": "dance"}', '{"type": "stdin", "data": 7}', '{"type": "stdin", "data": "!", "data_encoding": "base64"}'])

        async def collect():
            messages = []
            async with websockets.connect(self.socket_url(job_id)) as socket:
                for text in wrong:
                    await socket.send(text)
                async for text in socket:
                    messages.append(json.loads(text))
            return messages
        messages = asyncio.run(asyncio.wait_for(collect(), 60))
        self.assertEqual(len([message for message in messages if message["type"] == "error"]), 5)
        self.check_whole([message for message in messages if message["type"] != "error"])

    def test_many_watch_one_and_one_that_does_not_read_harms_nobody(self):
        source = "import sys\nfor i in range(400):\n  sys.stdout.write('x' * 16384)\n"
        job_id = self.submit("python", source, output_limit_kb=16000)

        async def deaf():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.service.port, limit=1024)
            writer.write((f"GET {SUBMISSIONS}/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
            return reader, writer

        async def attentive():
            total = 0
            async with websockets.connect(self.socket_url(job_id), max_size=None) as socket:
                async for text in socket:
                    message = json.loads(text)
                    total += len(message["data"]) if message["type"] == "stdout" else 0
            return total

        async def both():
            closed = [await deaf() for _ in range(10)]
            totals = await asyncio.gather(*(attentive() for _ in range(5)))
            for _, writer in closed:
                writer.close()
            return totals
        self.assertEqual(asyncio.run(asyncio.wait_for(both(), 60)), [400 * 16384] * 5)
        self.assertEqual(self.service.request("GET", "/health").status, 200)
        wait_for(lambda: b"sentinel_http_streams 0\n" in self.service.request("GET", "/metrics").body, 30, "the end of all streams")


class EmbeddedStreams(StreamCases, unittest.TestCase):
    fleet = False


class FleetStreams(StreamCases, unittest.TestCase):
    fleet = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
