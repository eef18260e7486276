#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tracer against a collector that is a local HTTP server. SERVICE_TESTS as in probes.py."""

import json
import os
import re
import unittest

from probes import Probe, Server, free_port

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SPAN_KEYS = {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
             "status"}


class Tracer(unittest.TestCase):
    def setUp(self):
        self.replies = []  # (status, headers, body) for the first requests; then 200 {}
        self.server = Server(self.answer)
        self.addCleanup(self.server.close)

    def answer(self, handler, _request):
        with self.server.lock:
            reply = self.replies.pop(0) if self.replies else (200, (), b"{}")
        if reply == "hang":
            self.server.released.wait()
            return
        status, headers, body = reply
        handler.reply(status, [("Content-Type", "application/json"), *headers], body)

    def start(self, endpoint=None):
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        probe = Probe("tracer_probe", endpoint or self.server.url(""), environment=environment)
        self.addCleanup(probe.kill)
        return probe

    def say(self, probe, line):
        """The number of spans dropped so far."""
        probe.say(line)
        return int(probe.next())

    def run_probe(self, count, endpoint=None):
        probe = self.start(endpoint)
        self.say(probe, f"add {count}")
        self.assertEqual(probe.finish(), 0)
        self.assertEqual(probe.next(), "closed")

    def wait_for_requests(self, count):
        for _ in range(1200):
            with self.server.lock:
                if len(self.server.requests) >= count:
                    return
            self.server.released.wait(0.05)
        self.fail(f"there are not {count} requests")

    def spans(self, requests=None):
        found = []
        for request in self.server.requests if requests is None else requests:
            for resource in json.loads(request.body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += scope["spans"]
        return found

    def test_a_request_is_what_otlp_says(self):
        self.run_probe(6)
        request, = self.server.requests
        self.assertEqual((request.method, request.path), ("POST", "/v1/traces"))
        self.assertEqual(request.headers["Content-Type"], "application/json")
        document = json.loads(request.body.decode("utf-8"))
        self.assertEqual(set(document), {"resourceSpans"})
        resource, = document["resourceSpans"]
        self.assertEqual(set(resource), {"resource", "scopeSpans"})
        attributes = {a["key"]: a["value"] for a in resource["resource"]["attributes"]}
        self.assertEqual(attributes["service.name"], {"stringValue": "sentinel-probe"})
        self.assertRegex(attributes["service.instance.id"]["stringValue"], r"\A[0-9a-f-]{36}\Z")
        scope, = resource["scopeSpans"]
        self.assertEqual(set(scope), {"scope", "spans"})
        self.assertIn("name", scope["scope"])
        self.assertEqual([span["name"] for span in scope["spans"]], [f"span {i}" for i in range(6)])
        for number, span in enumerate(scope["spans"]):
            self.check_span(number, span)

    def check_span(self, number, span):
        self.assertLessEqual(set(span), SPAN_KEYS)
        self.assertRegex(span["traceId"], r"\A[0-9a-f]{32}\Z")
        self.assertRegex(span["spanId"], r"\A[0-9a-f]{16}\Z")
        self.assertEqual(span["kind"], 1)
        self.assertEqual(span["startTimeUnixNano"], "1764000000000001000")
        self.assertEqual(span["endTimeUnixNano"], "1764000000250002000")
        if number % 2:
            self.assertEqual((span["traceId"], span["parentSpanId"]), (TRACE, SPAN))
            self.assertNotEqual(span["spanId"], SPAN)
            self.assertEqual(span["status"], {"code": 2})
        else:
            self.assertNotEqual(span["traceId"], TRACE)
            self.assertNotIn("parentSpanId", span)
            self.assertEqual(span["status"], {"code": 0})
        wanted = [("job.language", "c"), ("odd", '"quoted" ä ?'), ("none", "")] if number % 3 else []
        self.assertEqual(span["attributes"],
                         [{"key": key, "value": {"stringValue": value}} for key, value in wanted])

    def test_spans_come_without_being_waited_for(self):
        probe = self.start()
        self.say(probe, "add 3")
        self.wait_for_requests(1)
        self.say(probe, "add 2")
        self.wait_for_requests(2)
        self.assertEqual(self.say(probe, "dropped"), 0)
        self.assertEqual(probe.finish(), 0)
        self.assertEqual(len(self.spans()), 5)

    def test_many_come_in_batches_each_once(self):
        self.run_probe(2000)
        self.assertGreater(len(self.server.requests), 2)
        for request in self.server.requests:
            self.assertLessEqual(len(self.spans([request])), 512)
        self.assertEqual([span["name"] for span in self.spans()], [f"span {i}" for i in range(2000)])

    def test_a_slash_at_the_end_of_the_endpoint_does_not_matter(self):
        self.run_probe(1, self.server.url("/otlp//"))
        self.assertEqual(self.server.requests[0].path, "/otlp/v1/traces")

    def test_a_collector_that_says_to_come_again_gets_the_same_again(self):
        self.replies = [(503, (), b""), (429, [("Retry-After", "1")], b"")]
        probe = self.start()
        self.say(probe, "add 3")
        self.wait_for_requests(3)
        self.assertEqual(self.say(probe, "dropped"), 0)
        self.assertEqual(probe.finish(), 0)
        bodies = {request.body for request in self.server.requests}
        self.assertEqual(len(bodies), 1)

    def test_what_the_collector_refuses_is_dropped_and_counted(self):
        self.replies = [(400, (), b"{}"), (200, (), b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}')]
        probe = self.start()
        self.say(probe, "add 3")
        self.wait_for_requests(1)
        self.say(probe, "add 4")
        self.wait_for_requests(2)
        while self.say(probe, "dropped") < 5:
            pass
        self.assertEqual(self.say(probe, "dropped"), 5)
        self.assertEqual(probe.finish(), 0)
        self.assertEqual(len(self.server.requests), 2)

    def test_a_huge_answer_does_no_harm(self):
        self.replies = [(200, (), b" " * 1000000), (500, (), b"x" * 1000000)]
        probe = self.start()
        self.say(probe, "add 1")
        self.wait_for_requests(1)
        self.say(probe, "add 1")
        self.wait_for_requests(2)
        while self.say(probe, "dropped") < 1:
            pass
        self.assertEqual(probe.finish(), 0)

    def test_a_redirect_is_not_followed(self):
        other = Server(self.answer)
        self.addCleanup(other.close)
        self.replies = [(307, [("Location", other.url("/v1/traces"))], b"")]
        self.run_probe(1)
        self.assertEqual(other.connections, 0)

    def test_the_end_does_not_wait_for_a_collector_that_does_not_answer(self):
        self.replies = ["hang"] * 10
        probe = self.start()
        self.say(probe, "add 4096")  # batches that one by one have more time together than finish() has patience
        self.wait_for_requests(1)
        self.assertEqual(probe.finish(), 0)  # while the request hangs until the test is over
        self.assertEqual(probe.next(), "closed")

    def test_without_a_collector_the_newest_are_dropped(self):
        probe = self.start(f"http://127.0.0.1:{free_port()}")
        self.assertEqual(self.say(probe, "add 4096"), 0)
        self.assertEqual(self.say(probe, "add 10"), 10)
        self.assertEqual(probe.finish(), 0)

    def test_an_endpoint_that_is_none_is_refused(self):
        probe = self.start("ftp://me:hunter2@127.0.0.1")
        self.assertEqual(probe.finish(), 1)


if __name__ == "__main__":
    unittest.main()
