# SPDX-License-Identifier: MIT
"""The HTTP server (sentinel-jobs/http) from outside, through http_probe. HTTP_PROBE names another build of it."""

import base64
import gzip
import hashlib
import os
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from http_client import PATIENCE, PROBE, Client, Probe, WebSocket, eventually


class OneProbe(unittest.TestCase):
    """All tests of a class share one, which must end well when they are done."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.probe = Probe(*cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.probe.stop()

    def client(self):
        client = self.probe.client()
        self.addCleanup(client.close)
        return client

    def raw(self, data):
        """The first answer to these bytes, and whether the connection is over after it."""
        client = self.client()
        client.send(data)
        return client.response(), client

    def assert_error(self, response, status):
        self.assertEqual(response.status, status)
        self.assertEqual(response.header("content-type"), "application/problem+json")
        self.assertIn(b'"status":%d' % status, response.body)


class Routes(OneProbe):
    options = ("--origin", "https://web.example", "--origin", "https://two.example")

    def test_a_handler_on_the_loop_and_one_on_the_pool_answer(self):
        for path in ("/health", "/pool"):
            response = self.probe.get(path)
            self.assertEqual((response.status, response.body), (200, b"ok"))

    def test_every_answer_has_the_common_headers(self):
        for path in ("/health", "/nope"):
            response = self.probe.get(path)
            self.assertEqual(response.header("server"), "sentinel")
            self.assertEqual(response.header("x-content-type-options"), "nosniff")
            self.assertEqual(response.header("cache-control"), "no-store")
            self.assertIn("frame-ancestors 'none'", response.header("content-security-policy"))
            self.assertRegex(response.header("date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
            self.assertRegex(response.header("x-request-id"), r"^[0-9a-f-]{36}$")

    def test_a_well_formed_request_id_is_kept_and_another_is_not(self):
        response = self.probe.get("/echo", "X-Request-Id: Abc-1.2_3")
        self.assertEqual(response.header("x-request-id"), "Abc-1.2_3")
        self.assertEqual(response.fields()["id"], "Abc-1.2_3")
        for bad in ("with space", "a;b", "x" * 129, ""):
            self.assertRegex(self.probe.get("/echo", "X-Request-Id: " + bad).header("x-request-id"), r"^[0-9a-f-]{36}$")

    def test_placeholders_are_given_in_order(self):
        fields = self.probe.get("/parts/one%20two/x/%C3%A9").fields()
        self.assertEqual((fields["part0"], fields["part1"]), ("one two", "\u00e9"))

    def test_a_literal_segment_wins_over_a_placeholder(self):
        self.assertEqual(self.probe.get("/parts/all/x/1").body, b"literal")

    def test_an_unknown_path_and_an_empty_placeholder_are_404(self):
        for path in ("/", "/nope", "/parts//x/1", "/health/", "/parts/1/x", "/" + "a/" * 40):
            self.assert_error(self.probe.get(path), 404)

    def test_another_method_is_405_with_allow(self):
        response = self.probe.get("/echo", method="DELETE")
        self.assert_error(response, 405)
        self.assertEqual(response.header("allow"), "GET, HEAD, POST, PUT, OPTIONS")
        self.assertEqual(self.probe.get("/parts/1", method="GET").header("allow"), "DELETE, OPTIONS")

    def test_head_is_get_without_a_body(self):
        with self.probe.client() as client:
            response = client.get("/big?size=1000", method="HEAD")
            self.assertEqual((response.status, response.header("content-length")), (200, "1000"))
            self.assertEqual(client.get("/health").body, b"ok")
            self.assertEqual(client.get("/nope", method="HEAD").status, 404)
            self.assertEqual(client.get("/sse", method="HEAD").header("content-type"), "text/event-stream")

    def test_a_handler_that_says_nothing_is_500(self):
        self.assert_error(self.probe.get("/nothing"), 500)

    def test_204_has_no_body_and_keeps_the_connection(self):
        with self.probe.client() as client:
            response = client.get("/status?status=204")
            self.assertEqual(response.status, 204)
            self.assertIsNone(response.header("content-length"))
            self.assertIsNone(response.header("transfer-encoding"))
            self.assertEqual(client.get("/health").status, 200)

    def test_parameters_are_decoded(self):
        for query, value in (
            ("q=a", "a"),
            ("a=1&q=x%20y+z", "x y z"),
            ("q=", ""),
            ("q", ""),
            ("%71=coded", "coded"),
            ("q=1&q=2", "1"),
            ("qq=1", "(none)"),
            ("q=%E2%82%AC", "\u20ac"),
            ("q=%FF", "(none)"),
            ("q=%00", "(none)"),
            ("q=%4", "(none)"),
            ("q=%zz", "(none)"),
            ("&&q=1", "1"),
        ):
            self.assertEqual(self.probe.get("/parameter?" + query).body.decode(), value, query)

    def test_paths_are_normalized_or_refused(self):
        for path, normal in (
            ("/x/../echo", "/echo"),
            ("/./echo", "/echo"),
            ("/%65cho", "/echo"),
            ("/../../echo", "/echo"),
            ("/a/%2e%2e/echo", "/echo"),
        ):
            self.assertEqual(self.probe.get(path).fields()["path"], normal)
        for path in ("/echo%00", "/echo%0a", "/%ff", "/%", "/%4", "/%zz", "/echo#x", "/\u00e9%80", "*", "echo"):
            self.assert_error(self.raw(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())[0], 404 if path == "*" else 400)

    def test_the_absolute_form_is_understood(self):
        response, _ = self.raw("GET http://other.example/echo?q HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual((response.fields()["path"], response.fields()["query"]), ("/echo", "q"))

    def test_headers_are_all_there_in_lower_case(self):
        response = self.probe.get("/echo", "X-Mixed-Case:   value with  spaces\t ", "Upgrade: h2c", "X-Empty:")
        self.assertIn(b"header:x-mixed-case=value with  spaces\n", response.body)
        self.assertIn(b"header:host=probe\n", response.body)
        self.assertIn(b"header:upgrade=h2c\n", response.body)
        self.assertIn(b"header:x-empty=\n", response.body)

    def test_a_handler_cannot_inject_headers(self):
        for query in ("value=a%0d%0ax-evil:%201", "value=a%0ab", "name=x%0d%0ay&value=1", "name=&value=1", "value=%7f",
                      "name=content-length&value=3", "name=Transfer-Encoding&value=chunked", "name=x%20y&value=1"):
            response = self.probe.get("/inject?" + query)
            self.assertEqual(response.body, b"-1", query)
            self.assertIsNone(response.header("x-evil"))
        response = self.probe.get("/inject?value=good%20value")
        self.assertEqual((response.body, response.header("x-test")), (b"0", "good value"))

    def test_options_tells_the_methods(self):
        response = self.probe.get("/echo", method="OPTIONS")
        self.assertEqual((response.status, response.header("allow")), (204, "GET, HEAD, POST, PUT, OPTIONS"))
        self.assertIsNone(response.header("access-control-allow-methods"))
        self.assertEqual(self.probe.get("/nope", method="OPTIONS").status, 404)
        self.assertEqual(self.raw("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")[0].status, 204)

    def test_cors_is_for_the_origins_that_are_named(self):
        preflight = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, x-a")
        response = self.probe.get("/echo", "Origin: https://two.example", *preflight, method="OPTIONS")
        self.assertEqual(response.header("access-control-allow-origin"), "https://two.example")
        self.assertEqual(response.header("access-control-allow-headers"), "authorization, x-a")
        self.assertIn("POST", response.header("access-control-allow-methods"))
        self.assertEqual(response.header("vary"), "Origin")
        response = self.probe.get("/echo", "Origin: https://web.example")
        self.assertEqual(response.header("access-control-allow-origin"), "https://web.example")
        for origin in ("https://evil.example", "https://web.example.evil", "null", "HTTPS://WEB.EXAMPLE", ""):
            response = self.probe.get("/echo", "Origin: " + origin, *preflight, method="OPTIONS")
            self.assertIsNone(response.header("access-control-allow-origin"))
            self.assertIsNone(response.header("access-control-allow-methods"))


class Messages(OneProbe):
    """Where a request begins and ends, and what is no request at all."""

    options = ("--body-max", "100000", "--threads", "4")

    def test_a_connection_is_kept_for_many_requests(self):
        with self.probe.client() as client:
            for i in range(100):
                self.assertEqual(client.get("/echo?%d" % i).fields()["query"], str(i))

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.client()
        paths = ["/slow?ms=50", "/health", "/echo?1", "/big?size=300000", "/health", "/echo?2", "/wait-at-once", "/echo?3"]
        client.send("".join("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths))
        bodies = [client.response().body for _ in paths]
        self.assertEqual(bodies[0], b"slow")
        self.assertEqual(bodies[1], b"ok")
        self.assertEqual(len(bodies[3]), 300000)
        self.assertEqual(bodies[6], b"finished")
        for i, body in ((2, bodies[2]), (5, bodies[5]), (7, bodies[7])):
            self.assertIn(b"path=/echo\n", body, i)

    def test_pipelined_bodies_do_not_run_into_each_other(self):
        client = self.client()
        one = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst"
        two = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n"
        client.send(one + two + one)
        self.assertEqual([client.response().fields()["body"] for _ in range(3)], ["first", "second", "first"])

    def test_http_1_0_is_answered_and_closed(self):
        response, client = self.raw("GET /echo HTTP/1.0\r\n\r\n")
        self.assertEqual(response.status, 200)
        self.assertTrue(client.is_closed())
        response, client = self.raw("GET /sse?count=1 HTTP/1.0\r\n\r\n")
        self.assertIsNone(response.header("transfer-encoding"))
        self.assertIn(b"tick 0", response.body)

    def test_connection_close_is_done(self):
        response, client = self.raw("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(response.header("connection"), "close")
        self.assertTrue(client.is_closed())

    def test_a_request_in_single_bytes_is_understood(self):
        client = self.client()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n":
            client.send(bytes([byte]))
        self.assertEqual(client.response().fields()["body"], "hello")

    def test_100_continue_is_sent(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(client.head().status, 100)
        client.send("ok")
        self.assertEqual(client.response().fields()["body"], "ok")

    def test_an_unknown_expectation_is_417(self):
        response, client = self.raw("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: magic\r\n\r\nok")
        self.assert_error(response, 417)
        self.assertTrue(client.is_closed())

    def test_a_body_of_the_largest_size_passes_and_one_more_byte_is_413(self):
        for chunked in (False, True):
            for size, status in ((100000, 200), (100001, 413), (100002, 413)):
                client = self.client()
                head = "POST /echo HTTP/1.1\r\nHost: x\r\n"
                if chunked:
                    client.send(head + "Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size + "x" * size + "\r\n0\r\n\r\n")
                else:
                    client.send(head + "Content-Length: %d\r\n\r\n" % size + "x" * size)
                response = client.response()
                self.assertEqual(response.status, status, (chunked, size))
                if status == 413:
                    self.assert_error(response, 413)

    def test_413_arrives_though_the_client_is_still_sending(self):
        for _ in range(20):
            client = self.client()
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
            try:
                client.send(b"x" * 3000000)
            except ConnectionError:
                pass
            self.assert_error(client.response(), 413)

    def test_413_is_said_before_the_body_is_sent(self):
        response, client = self.raw("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        self.assert_error(response, 413)
        self.assertTrue(client.is_closed())
        response, client = self.raw(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n")
        self.assert_error(response, 413)

    def test_what_proxies_could_read_in_two_ways_is_refused_and_closed(self):
        post = "POST /echo HTTP/1.1\r\nHost: x\r\n"
        smuggled = "GET /health HTTP/1.1\r\nHost: smuggled.example\r\n\r\n"
        for request in (
            post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + smuggled,
            post + "Content-Length: 40\r\nContent-Length: 0\r\n\r\n" + smuggled,
            post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok" + smuggled,
            post + "Content-Length: 2, 2\r\n\r\nok" + smuggled,
            post + "Content-Length: +2\r\n\r\nok" + smuggled,
            post + "Content-Length: -1\r\n\r\nok" + smuggled,
            post + "Content-Length: 0x2\r\n\r\nok" + smuggled,
            post + "Content-Length: \r\n\r\nok" + smuggled,
            post + "Content-Length: 99999999999999999999999\r\n\r\nok" + smuggled,
            post + "Content-Length : 2\r\n\r\nok" + smuggled,
            post + "Transfer-Encoding: identity\r\n\r\nok" + smuggled,
            post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + smuggled,
            "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
            post + "X: a\r\n folded\r\n\r\n" + smuggled,
            post + " Leading: space\r\n\r\n" + smuggled,
            "GET /echo HTTP/1.1\r\n\r\n" + smuggled,
            "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" + smuggled,
            "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled,
            "GET /echo HTTP/1.1\r\nHost: a/b\r\n\r\n" + smuggled,
            "GET /echo HTTP/1.1\nHost: a\n\n" + smuggled,
            "GET /echo HTTP/1.1\r\nHost: a\nX: y\r\n\r\n" + smuggled,
        ):
            response, client = self.raw(request)
            rest = client.everything()
            self.assertIn(response.status, (400, 413), request)
            self.assertNotIn(b"HTTP/1.1 200", rest, request)

    def test_broken_chunks_are_400_and_closed(self):
        for body in ("zz\r\n", "5\r\nhelloX", "-1\r\n", "fffffffffffffffff\r\n", "\r\n"):
            response, client = self.raw("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            self.assertIn(response.status, (400, 413), body)
            self.assertTrue(client.is_closed())

    def test_what_is_no_request_is_400_and_closed(self):
        for data in (
            b"hello\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /\r\n\r\n",
            b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
            b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x7fb\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX y: 1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n: 1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nnone\r\n\r\n",
            b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
            bytes(range(256)),
        ):
            response, client = self.raw(data)
            self.assertEqual(response.status, 400, data)
            self.assertTrue(client.is_closed())

    def test_a_head_that_is_too_large_is_refused(self):
        response, client = self.raw("GET /echo HTTP/1.1\r\nHost: x\r\nX: " + "y" * 40000 + "\r\n\r\n")
        self.assert_error(response, 431)
        self.assertTrue(client.is_closed())
        response, client = self.raw("GET /echo HTTP/1.1\r\nHost: x\r\n" + "X: y\r\n" * 101 + "\r\n")
        self.assertIn(response.status, (400, 431))
        self.assertTrue(client.is_closed())
        response, client = self.raw("GET /echo HTTP/1.1\r\nHost: x\r\nX: " + "y" * 30000 + "\r\n\r\n")
        self.assertEqual(response.status, 200)
        response, client = self.raw("GET /echo?" + "y" * 40000 + " HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assert_error(response, 431)

    def test_a_head_without_an_end_is_refused_before_it_is_large(self):
        client = self.client()
        client.send("GET /echo HTTP/1.1\r\nHost: x\r\nX: " + "y" * 40000)
        self.assert_error(client.response(), 431)
        client = self.client()
        try:
            client.send("GET /echo HTTP/1.1\r\nHost: x\r\nX: " + "y" * 5000000)
        except ConnectionError:
            pass
        answer = client.everything()
        self.assertTrue(answer == b"" or b"HTTP/1.1 4" in answer, answer[:100])

    def test_a_large_response_is_whole(self):
        body = self.probe.get("/big?size=5000000").body
        self.assertEqual(len(body), 5000000)
        self.assertEqual(body[:26] * 2, body[26 * 1000 : 26 * 1002])

    def test_clients_gone_before_the_answer_do_no_harm(self):
        before = self.probe.figures()
        for i in range(60):
            client = self.probe.client()
            path = ("/slow?ms=20", "/big?size=2000000", "/wait?key=gone&timeout=50", "/sse-quiet", "/sse-flood")[i % 5]
            client.send("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            if i % 2:
                client.reset()
            else:
                client.close()
        eventually(lambda: self.probe.figures()["connections"] == 1, "only our own connection is left")
        after = eventually(lambda: (lambda f: f if f["streams"] == 0 and f["waiting"] == 0 else None)(self.probe.figures()),
                           "all streams are closed")
        self.assertEqual(after["made"], after["closed"])
        self.assertGreater(after["done499"], before.get("done499", 0))

    def test_a_client_that_ends_its_side_first_is_answered(self):
        client = self.client()
        client.send("GET /slow?ms=50 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.response().body, b"slow")
        self.assertTrue(client.is_closed())

    def test_uploads_that_break_off_do_no_harm(self):
        for i in range(50):
            client = self.probe.client()
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + "x" * (i * 1700))
            client.reset()
        eventually(lambda: self.probe.figures()["connections"] == 1, "only our own connection is left")


class Bounds(OneProbe):
    """Time and number. The short times are options; the patience is for a busy machine."""

    options = ("--head-ms", "400", "--body-ms", "600", "--idle-ms", "1200", "--threads", "1", "--connections", "40")

    def test_a_slow_head_is_408(self):
        client = self.client()
        client.send("GET /health HTTP/1.1\r\nHost: ")
        self.assert_error(client.response(), 408)
        self.assertTrue(client.is_closed())

    def test_a_head_that_comes_in_drops_is_not_given_more_time(self):
        client = self.client()
        client.send("GET /health HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        end = time.monotonic() + PATIENCE
        client.socket.settimeout(0.05)
        while time.monotonic() < end and b"408" not in answer:
            try:
                client.send("X: y\r\n")
                answer += client.socket.recv(1000)
            except socket.timeout:
                pass
        self.assertIn(b"HTTP/1.1 408 ", answer)

    def test_a_slow_body_is_408(self):
        for head in ("Content-Length: 10", "Transfer-Encoding: chunked"):
            client = self.client()
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n5\r\n" % head)
            self.assert_error(client.response(), 408)
            self.assertTrue(client.is_closed())

    def test_an_idle_connection_is_closed_without_a_word(self):
        client = self.client()
        self.assertEqual(client.everything(), b"")
        client = self.client()
        self.assertEqual(client.get("/health").status, 200)
        self.assertEqual(client.everything(), b"")

    def test_a_slow_handler_is_not_bound_by_these_times(self):
        self.assertEqual(self.probe.get("/slow?ms=1500").body, b"slow")

    def test_a_response_that_is_not_read_is_cut(self):
        client = self.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send("GET /big?size=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: self.probe.figures()["connections"] == 1, "the connection is cut")
        self.assertLess(len(client.everything()), 30000000)

    def test_more_connections_than_allowed_wait_their_turn(self):
        clients = [self.client() for _ in range(60)]
        for client in clients:
            client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        first = [client.response() for client in clients[:40]]
        self.assertTrue(all(response.status == 200 for response in first))
        for client in clients[:40]:
            client.close()
        self.assertTrue(all(client.response().status == 200 for client in clients[40:]))


class FullPool(unittest.TestCase):
    def test_beyond_the_bound_requests_are_503_with_retry_after(self):
        with Probe("--threads", "1", "--connections", "6000") as probe:
            blocked = probe.client()
            blocked.send("GET /block HTTP/1.1\r\nHost: x\r\n\r\n")
            eventually(lambda: probe.figures()["handlers"] == 1, "the only thread is taken")
            clients = []
            try:
                for _ in range(4096):
                    client = probe.client()
                    client.send("GET /pool HTTP/1.1\r\nHost: x\r\n\r\n")
                    clients.append(client)
                eventually(lambda: probe.figures()["waiting"] == 4096, "the queue is full")
                response = probe.get("/pool")
                self.assertEqual((response.status, response.header("retry-after")), (503, "1"))
                self.assertEqual(probe.get("/health").status, 200)
                probe.get("/unblock")
                self.assertEqual(blocked.response().body, b"unblocked")
                self.assertTrue(all(client.response().status == 200 for client in clients))
            finally:
                for client in clients + [blocked]:
                    client.close()


class Idle(unittest.TestCase):
    def test_many_idle_connections_cost_little_and_harm_nobody(self):
        count = int(os.environ.get("HTTP_IDLE", "2000"))
        if count > 9000:
            import resource

            resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        with Probe("--connections", str(count + 100), "--idle-ms", "600000") as probe:
            before = probe.figures()["resident_kb"]
            clients = []
            try:
                for _ in range(count):
                    clients.append(probe.client())
                eventually(lambda: probe.figures()["connections"] == count + 1, "all are connected")
                for client in clients[::2]:
                    client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(all(client.response().status == 200 for client in clients[::2]))
                for _ in range(200):
                    self.assertEqual(probe.get("/echo").status, 200)
                grown = probe.figures()["resident_kb"] - before
                if "HTTP_SANITIZED" not in os.environ:
                    self.assertLess(grown, count * 16 + 20000)
            finally:
                for client in clients:
                    client.close()
            eventually(lambda: probe.figures()["connections"] == 1, "all are gone")


class Waiting(OneProbe):
    def wait(self, key, timeout=60000, more=""):
        client = self.client()
        client.send("GET /wait?key=%s&timeout=%d%s HTTP/1.1\r\nHost: x\r\n\r\n" % (key, timeout, more))
        return client

    def finish(self, key, count=1):
        eventually(lambda: self.probe.get("/finish?key=" + key, method="POST").body == b"%d" % count, "they wait")

    def test_a_wait_that_is_finished_is_answered_by_the_handler_given_then(self):
        client = self.wait("finished")
        self.finish("finished")
        response = client.response()
        self.assertEqual((response.status, response.body, response.header("x-finished")), (200, b"finished", "yes"))
        self.assertEqual(client.get("/health").body, b"ok")

    def test_a_wait_whose_time_is_over_is_answered_by_on_timeout(self):
        client = self.wait("late", 100)
        response = client.response()
        self.assertEqual((response.status, response.body), (202, b"timeout late /wait"))
        self.assertEqual(client.get("/health").body, b"ok")

    def test_a_wait_that_is_finished_before_its_handler_returned_is_answered(self):
        for _ in range(50):
            self.assertEqual(self.probe.get("/wait-at-once").body, b"finished")

    def test_a_race_of_finish_and_timeout_gives_one_answer(self):
        for i in range(30):
            client = self.wait("race%d" % i, 20)
            time.sleep(0.018)
            self.probe.get("/finish?key=race%d" % i, method="POST")
            self.assertIn(client.response().status, (200, 202))
            self.assertEqual(client.get("/health").body, b"ok")

    def test_hundreds_wait_while_few_threads_work(self):
        clients = [self.wait("many") for _ in range(300)]
        eventually(lambda: self.probe.figures()["streams"] >= 300, "all wait")
        self.assertEqual(self.probe.get("/pool").body, b"ok")
        self.finish("many", 300)
        self.assertTrue(all(client.response().body == b"finished" for client in clients))

    def test_a_client_that_hangs_up_is_noticed_while_it_waits(self):
        for how in ("close", "reset", "pipelined"):
            before = self.probe.figures()["closed"]
            client = self.wait("hung-up-" + how)
            eventually(lambda: self.probe.figures()["streams"] == 1, "it waits")
            if how == "pipelined":
                client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.05)
            getattr(client, "reset" if how == "reset" else "close")()
            eventually(lambda: self.probe.figures()["closed"] == before + 1, "it is noticed: " + how)

    def test_a_client_that_hangs_up_while_the_answer_is_made_does_no_harm(self):
        before = self.probe.figures()["closed"]
        for i in range(20):
            client = self.wait("answering%d" % i, more="&linger=50")
            self.finish("answering%d" % i)
            client.reset()
        eventually(lambda: self.probe.figures()["closed"] == before + 20, "all are closed")

    def test_clients_that_hang_up_just_when_they_are_answered_do_no_harm(self):
        before = self.probe.figures()["closed"]
        for i in range(150):
            client = self.wait("just-then", 10)
            time.sleep(0.01 + 0.0002 * (i % 50))
            client.reset() if i % 2 else client.close()
        eventually(lambda: self.probe.figures()["closed"] == before + 150, "all are closed")

    def test_a_request_behind_a_wait_waits_too(self):
        client = self.wait("front")
        client.send("GET /echo?behind HTTP/1.1\r\nHost: x\r\n\r\n")
        self.finish("front")
        self.assertEqual(client.response().body, b"finished")
        self.assertEqual(client.response().fields()["query"], "behind")


class Events(OneProbe):
    options = ("--comment-ms", "200")

    def test_events_come_and_the_body_ends_properly(self):
        client = self.client()
        response = client.get("/sse?count=5&interval=10")
        self.assertEqual(response.header("content-type"), "text/event-stream")
        events = [part for part in response.body.decode().split("\n\n") if part.startswith("id")]
        self.assertEqual(events, ["id: %d\ndata: tick %d" % (i, i) for i in range(5)])
        self.assertTrue(client.is_closed())

    def test_a_quiet_stream_has_comments(self):
        client = self.client()
        client.send("GET /sse-quiet?key=quiet HTTP/1.1\r\nHost: x\r\n\r\n")
        client.head()
        for _ in range(4):
            self.assertEqual(client.chunk(), b":\n\n")

    def test_an_event_is_sent_at_once(self):
        client = self.client()
        client.send("GET /sse-quiet?key=now HTTP/1.1\r\nHost: x\r\n\r\n")
        client.head()
        self.probe.get("/finish?key=now", method="POST", body=b"data: hello\n\n")
        while client.chunk() != b"data: hello\n\n":
            pass

    def test_a_client_that_does_not_read_is_dropped(self):
        before = self.probe.figures()["closed"]
        clients = []
        for _ in range(10):
            client = self.client()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send("GET /sse-flood HTTP/1.1\r\nHost: x\r\n\r\n")
            clients.append(client)
        eventually(lambda: self.probe.figures()["closed"] == before + 10, "they are dropped")
        for client in clients:
            self.assertFalse(client.everything().endswith(b"0\r\n\r\n"))

    def test_a_client_that_hangs_up_is_noticed(self):
        for reset in (False, True):
            before = self.probe.figures()["closed"]
            client = self.client()
            client.send("GET /sse-quiet HTTP/1.1\r\nHost: x\r\n\r\n")
            client.head()
            client.reset() if reset else client.close()
            eventually(lambda: self.probe.figures()["closed"] == before + 1, "it is noticed")

    def test_a_stream_ends_when_its_time_is_over(self):
        self.assertTrue(self.probe.get("/sse-quiet?timeout=300").body.startswith(b":\n\n"))


class WebSockets(OneProbe):
    options = ("--ping-ms", "300", "--origin", "https://web.example", "--body-ms", "2000")

    def open(self, path="/ws", *headers, **more):
        websocket = WebSocket(self.client(), path, *headers, **more)
        self.assertEqual(websocket.response.status, 101)
        return websocket

    def test_the_handshake_is_answered_with_the_key(self):
        websocket = self.open()
        digest = hashlib.sha1((websocket.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(websocket.response.header("sec-websocket-accept"), base64.b64encode(digest).decode())
        self.assertEqual(websocket.response.header("upgrade"), "websocket")
        self.assertEqual(websocket.response.header("connection"), "upgrade")

    def test_what_is_no_handshake_is_refused(self):
        good = WebSocket.request()
        for bad in (
            good.replace("Upgrade: websocket\r\n", ""),
            good.replace("Connection: Upgrade", "Connection: keep-alive"),
            good.replace("AAAAAAAAAAAAAAAAAAAAAA==", "AAAA"),
            good.replace("AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAA"),
            good.replace("AAAAAAAAAAAAAAAAAAAAAA==", "!!!!!!!!!!!!!!!!!!!!!!=="),
            good.replace("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", ""),
            good.replace("Version: 13", "Version: 8"),
            good.replace("Sec-WebSocket-Version: 13\r\n", ""),
            good.replace("\r\n\r\n", "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
            good.replace("HTTP/1.1", "HTTP/1.0"),
        ):
            response, _ = self.raw(bad)
            self.assertEqual(response.status, 400, bad)
        self.assertEqual(self.raw(good.replace("GET", "POST"))[0].status, 405)
        self.assertEqual(self.raw(good.replace("/ws", "/nope"))[0].status, 404)

    def test_only_pages_of_this_host_and_of_allowed_origins_may_connect(self):
        for origin, host, status in (
            ("https://web.example", "probe", 101),
            ("http://probe:8080", "probe:8080", 101),
            ("https://PROBE", "probe", 101),
            ("https://evil.example", "probe", 403),
            ("https://probe.evil.example", "probe", 403),
            ("http://probe:8081", "probe:8080", 403),
            ("null", "probe", 403),
            ("", "probe", 403),
        ):
            websocket = WebSocket(self.client(), "/ws", "Origin: " + origin, host=host)
            self.assertEqual(websocket.response.status, status, origin)
        websocket = WebSocket(self.client(), "/ws", "Origin: https://web.example", "Origin: https://evil.example")
        self.assertEqual(websocket.response.status, 403)

    def test_messages_come_back(self):
        websocket = self.open()
        for data in (b"", b"a", b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536, "gr\u00fc\u00df \u20ac \U0001f600".encode()):
            websocket.send(WebSocket.TEXT, data)
            self.assertEqual(websocket.message(), (WebSocket.TEXT, data))

    def test_a_message_sent_with_the_handshake_is_not_lost(self):
        client = self.client()
        client.send(WebSocket.request().encode() + WebSocket.frame(WebSocket.TEXT, b"early"))
        self.assertEqual(client.response().status, 101)
        websocket = WebSocket.__new__(WebSocket)
        websocket.client = client
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"early"))

    def test_fragments_make_one_message_with_control_frames_between(self):
        websocket = self.open()
        websocket.send(WebSocket.TEXT, b"one ", fin=False)
        websocket.send(WebSocket.PING, b"between")
        self.assertEqual(websocket.message(), (WebSocket.PONG, b"between"))
        websocket.send(0, b"two ", fin=False)
        websocket.send(0, b"", fin=False)
        websocket.send(0, b"three")
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"one two three"))
        for byte in "\u20ac".encode():
            websocket.send(WebSocket.TEXT if byte == 0xE2 else 0, bytes([byte]), fin=byte == 0xAC)
        self.assertEqual(websocket.message(), (WebSocket.TEXT, "\u20ac".encode()))

    def test_a_message_in_single_bytes_is_understood(self):
        websocket = self.open()
        for byte in WebSocket.frame(WebSocket.TEXT, b"slow"):
            websocket.client.send(bytes([byte]))
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"slow"))

    def test_each_broken_rule_has_its_code(self):
        frame = WebSocket.frame
        for data, code in (
            (frame(WebSocket.TEXT, b"x" * 65537), 1009),
            (frame(WebSocket.TEXT, b"x", announced=1 << 62), 1009),
            (frame(WebSocket.TEXT, b"x" * 40000, fin=False) + frame(0, b"x" * 40000), 1009),
            (frame(WebSocket.BINARY, b"x"), 1003),
            (frame(WebSocket.BINARY, b"x" * 60000, fin=False), 1003),
            (frame(WebSocket.TEXT, b"\xff"), 1007),
            (frame(WebSocket.TEXT, b"\xed\xa0\x80"), 1007),
            (frame(WebSocket.TEXT, b"\xc0\x80"), 1007),
            (frame(WebSocket.TEXT, b"\xe2\x82"), 1007),
            (frame(WebSocket.TEXT, b"\xe2\x82", fin=False) + frame(0, b"x"), 1007),
            (frame(WebSocket.TEXT, b"x", masked=False), 1002),
            (frame(WebSocket.TEXT, b"x", reserved=4), 1002),
            (frame(0, b"x"), 1002),
            (frame(3, b"x"), 1002),
            (frame(11, b"x"), 1002),
            (frame(WebSocket.TEXT, b"x", fin=False) + frame(WebSocket.TEXT, b"y"), 1002),
            (frame(WebSocket.PING, b"x" * 126), None),
            (frame(WebSocket.PING, b"x", fin=False), None),
            (frame(WebSocket.CLOSE, b"\x03\xec"), 1002),
            (frame(WebSocket.CLOSE, b"\x03\xe8\xff"), 1007),
        ):
            websocket = self.open()
            websocket.client.send(data)
            self.assertEqual(websocket.close_code(), code, data[:20])
            self.assertTrue(websocket.client.is_closed())

    def test_the_close_of_the_client_is_answered_with_its_code(self):
        websocket = self.open()
        websocket.send(WebSocket.CLOSE, b"\x0f\xa0bye")
        self.assertEqual(websocket.close_code(), 4000)
        self.assertTrue(websocket.client.is_closed())
        websocket = self.open()
        websocket.send(WebSocket.CLOSE)
        self.assertEqual(websocket.close_code(), None)

    def test_a_finished_stream_sends_what_there_is_and_closes_with_1000(self):
        websocket = self.open()
        websocket.client.send(WebSocket.frame(WebSocket.TEXT, b"last") + WebSocket.frame(WebSocket.TEXT, b"bye"))
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"last"))
        self.assertEqual(websocket.close_code(), 1000)
        websocket.send(WebSocket.CLOSE, b"\x03\xe8")
        self.assertTrue(websocket.client.is_closed())

    def test_who_does_not_answer_the_close_is_cut(self):
        websocket = self.open()
        websocket.send(WebSocket.TEXT, b"bye")
        self.assertEqual(websocket.close_code(), 1000)
        self.assertTrue(websocket.client.is_closed())

    def test_pings_come_and_who_answers_stays(self):
        websocket = self.open()
        for _ in range(5):
            opcode, data = websocket.receive()
            self.assertEqual(opcode, WebSocket.PING)
            websocket.send(WebSocket.PONG, data)
        websocket.send(WebSocket.TEXT, b"still here")
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"still here"))

    def test_who_does_not_answer_pings_is_cut(self):
        websocket = self.open()
        self.assertTrue(websocket.client.is_closed())

    def test_a_stream_without_on_message_refuses_messages(self):
        websocket = self.open("/ws-deaf")
        websocket.send(WebSocket.TEXT, b"hello")
        self.assertEqual(websocket.close_code(), 1008)

    def test_many_messages_come_back_in_order(self):
        websocket = self.open()
        messages = [b"%d " % i * (i + 1) for i in range(200)]
        websocket.client.send(b"".join(WebSocket.frame(WebSocket.TEXT, data) for data in messages))
        for data in messages:
            self.assertEqual(websocket.message(), (WebSocket.TEXT, data))

    def test_who_does_not_read_is_dropped_and_memory_is_bounded(self):
        before = self.probe.figures()
        clients = []
        for _ in range(20):
            client = self.client()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            clients.append(WebSocket(client, "/ws-flood?size=10000"))
        eventually(lambda: self.probe.figures()["closed"] >= before["closed"] + 20, "they are dropped")
        if "HTTP_SANITIZED" not in os.environ:
            self.assertLess(self.probe.figures()["resident_kb"], before["resident_kb"] + 100000)

    def test_who_sends_pings_and_does_not_read_costs_little(self):
        before = self.probe.figures()["resident_kb"]
        client = self.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        WebSocket(client)
        pings = WebSocket.frame(WebSocket.PING, b"x" * 100) * 1000
        client.socket.settimeout(1)
        try:
            for _ in range(200):
                client.send(pings)
        except OSError:
            pass
        if "HTTP_SANITIZED" not in os.environ:
            self.assertLess(self.probe.figures()["resident_kb"], before + 20000)

    def test_an_endless_row_of_tiny_fragments_costs_little(self):
        before = self.probe.figures()["resident_kb"]
        websocket = self.open()
        websocket.send(WebSocket.TEXT, b"x", fin=False)
        websocket.client.send(WebSocket.frame(0, b"", fin=False) * 20000 + WebSocket.frame(0, b"y", fin=False) * 20000)
        websocket.send(0, b"z")
        self.assertEqual(websocket.message(), (WebSocket.TEXT, b"x" + b"y" * 20000 + b"z"))
        if "HTTP_SANITIZED" not in os.environ:
            self.assertLess(self.probe.figures()["resident_kb"], before + 20000)

    def test_clients_that_hang_up_do_no_harm(self):
        before = self.probe.figures()["closed"]
        for i in range(40):
            websocket = self.open("/ws-flood" if i % 2 else "/ws")
            websocket.client.reset() if i % 4 < 2 else websocket.client.close()
        eventually(lambda: self.probe.figures()["closed"] >= before + 40, "all are closed")


class Nonsense(OneProbe):
    """Bytes that nobody planned. HTTP_NONSENSE sets how many times, HTTP_SEED where it begins."""

    options = ("--head-ms", "2000", "--body-ms", "2000", "--body-max", "20000")
    pieces = (
        b"GET ", b"POST ", b"HEAD ", b"OPTIONS ", b"/echo", b"/health", b"/ws", b"/wait?timeout=10", b"/sse", b"/../", b"/%2e%2e/",
        b"%00", b"?q=%", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"Host: x\r\n",
        b"Content-Length: 5\r\n", b"Content-Length: 99999\r\n", b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n",
        b"0\r\n\r\n", b"fffffffff\r\n", b"Connection: close\r\n", b"Connection: upgrade\r\n", b"Upgrade: websocket\r\n",
        b"Upgrade: h2c\r\n", b"HTTP2-Settings: AAMAAABk\r\n", b"Expect: 100-continue\r\n", b"Origin: null\r\n",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b"Sec-WebSocket-Version: 13\r\n", b"Via: 1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00", b"\xff\xfe", b"A" * 5000, b": ", b" ", b"\t",
        b"X-Forwarded-For: 1.2.3.4, ,,\r\n", b"X: \r\n y\r\n",
    )
    whole = (
        b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET /sse?count=2 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /wait?timeout=5 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /wait-at-once HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /big?size=300000 HTTP/1.1\r\nHost: x\r\n\r\n",
    )

    def request(self, chance):
        kind = chance.randrange(4)
        if kind == 0:
            return b"".join(chance.choice(self.pieces) for _ in range(chance.randrange(1, 30)))
        data = bytearray(b"".join(chance.choice(self.whole) for _ in range(chance.randrange(1, 6))))
        if kind == 1:
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        elif kind == 2:
            at = chance.randrange(len(data))
            data[at:at] = chance.choice(self.pieces)
        return bytes(data)

    def frames(self, chance):
        data = WebSocket.request(chance.choice(("/ws", "/ws-flood", "/ws-deaf"))).encode()
        for _ in range(chance.randrange(1, 20)):
            opcode = chance.choice((0, 1, 1, 1, 2, 3, 8, 9, 10, 15))
            data += WebSocket.frame(opcode, chance.randbytes(chance.choice((0, 1, 2, 125, 126, 1000))),
                                    fin=chance.random() < 0.8, masked=chance.random() < 0.95,
                                    reserved=chance.choice((0, 0, 0, 0, 0, 1, 4)))
        return data

    def test_random_bytes_do_no_harm(self):
        seed = int(os.environ.get("HTTP_SEED", "1"))
        for i in range(seed, seed + int(os.environ.get("HTTP_NONSENSE", "400"))):
            chance = random.Random(i)
            data = self.frames(chance) if chance.random() < 0.3 else self.request(chance)
            with self.probe.client() as client:
                client.socket.settimeout(0.05)
                try:
                    cut = chance.randrange(len(data) + 1)
                    client.send(data[:cut])
                    if chance.random() < 0.5:
                        client.socket.recv(chance.randrange(1, 100000))
                    client.send(data[cut:])
                    if chance.random() < 0.5:
                        client.socket.recv(chance.randrange(1, 100000))
                except OSError:
                    pass
                if chance.random() < 0.3:
                    client.reset()
            if i % 50 == 0:
                self.assertEqual(self.probe.get("/health").status, 200, "seed %d" % i)
        eventually(lambda: self.probe.figures()["connections"] == 1, "all are gone")


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp()
        root = os.path.join(cls.directory, "web")
        os.makedirs(os.path.join(root, "assets"))
        os.makedirs(os.path.join(root, "docs"))
        for name, text in (
            ("index.html", "<!doctype html>page"),
            ("assets/index-Bx3_d9Qz.js", "let a = 1;\n" * 100),
            ("assets/plain-name.css", "a {}"),
            ("favicon.ico", "icon"),
            (".hidden", "secret"),
            ("docs/page.html", "docs"),
        ):
            with open(os.path.join(root, name), "w") as file:
                file.write(text)
        with gzip.open(os.path.join(root, "assets/index-Bx3_d9Qz.js.gz"), "wb") as file:
            file.write(b"let a = 1;\n" * 100)
        with open(os.path.join(cls.directory, "outside.txt"), "w") as file:
            file.write("outside")
        os.symlink("/etc/passwd", os.path.join(root, "passwd.txt"))
        os.symlink("../outside.txt", os.path.join(root, "relative.txt"))
        os.symlink("/etc", os.path.join(root, "etc"))
        os.symlink("index.html", os.path.join(root, "inside.html"))
        os.mkfifo(os.path.join(root, "pipe.txt"))
        cls.probe = Probe("--static", root)

    @classmethod
    def tearDownClass(cls):
        cls.probe.stop()
        shutil.rmtree(cls.directory)

    def test_files_have_types_and_security_headers(self):
        for path, kind in (("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
                           ("/favicon.ico", "image/x-icon"), ("/assets/plain-name.css", "text/css; charset=utf-8"),
                           ("/docs/page.html", "text/html; charset=utf-8")):
            response = self.probe.get(path)
            self.assertEqual((response.status, response.header("content-type")), (200, kind))
            self.assertIn("default-src 'self'", response.header("content-security-policy"))
            self.assertEqual(response.header("x-frame-options"), "DENY")
            self.assertEqual(response.header("x-content-type-options"), "nosniff")
            self.assertEqual(response.header("referrer-policy"), "no-referrer")
            self.assertEqual(response.header("cache-control"), "no-cache")

    def test_hashed_assets_are_immutable_and_come_packed(self):
        for accept, packed in (("gzip", True), ("br, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False),
                               ("gzip; q=0.0", False), ("xgzip", False)):
            response = self.probe.get("/assets/index-Bx3_d9Qz.js", "Accept-Encoding: " + accept)
            self.assertEqual(response.header("cache-control"), "public, max-age=31536000, immutable")
            self.assertEqual(response.header("vary"), "Accept-Encoding")
            self.assertEqual(response.header("content-encoding"), "gzip" if packed else None, accept)
            body = gzip.decompress(response.body) if packed else response.body
            self.assertEqual(body, b"let a = 1;\n" * 100)

    def test_a_file_that_is_known_is_304(self):
        tag = self.probe.get("/favicon.ico").header("etag")
        with self.probe.client() as client:
            response = client.get("/favicon.ico", "If-None-Match: W/\"x\", " + tag)
            self.assertEqual((response.status, response.body), (304, b""))
            self.assertEqual(client.get("/favicon.ico", "If-None-Match: \"other\"").status, 200)

    def test_a_place_in_the_page_is_the_page(self):
        for path in ("/submissions/123", "/settings", "/docs", "/docs/"):
            response = self.probe.get(path)
            self.assertEqual((response.status, response.body), (200, b"<!doctype html>page"), path)

    def test_what_belongs_to_the_api_is_never_the_page(self):
        for path in ("/parts/nope/nope", "/echo/more", "/health/x"):
            self.assertEqual(self.probe.get(path).status, 404)

    def test_missing_files_are_404_and_other_methods_405(self):
        for path in ("/nope.js", "/assets/nope-12345678.js", "/assets/index-Bx3_d9Qz.js/x.js"):
            self.assertEqual(self.probe.get(path).status, 404)
        self.assertEqual(self.probe.get("/index.html", method="POST").status, 405)
        self.assertEqual(self.probe.get("/index.html", method="HEAD").header("content-length"), "19")

    def test_nothing_outside_or_hidden_is_served(self):
        for path in (
            "/passwd.txt", "/relative.txt", "/inside.html", "/pipe.txt", "/etc/hosts.txt", "/etc/ssl/openssl.cnf",
            "/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/%2e%2e%2foutside.txt",
            "/assets/../../outside.txt", "/assets/%2e%2e/%2e%2e/outside.txt", "/..%5coutside.txt", "/....//outside.txt",
            "//etc/passwd.txt", "///etc/hosts.x", "/.hidden", "/.hidden.txt", "/assets/.hidden.x", "/./.hidden",
            "/%00/outside.txt", "/index.html%00.js", "/assets//index.html", "/%2fetc%2fpasswd.x",
            "/proc/self/environ.x", "/%252e%252e/outside.txt",
        ):
            response = self.probe.get(path)
            self.assertIn(response.status, (400, 404), path)
            self.assertNotIn(b"root:", response.body)
            self.assertNotIn(b"outside", response.body)
        for path in ("/etc", "/etc/passwd", "/.hidden/x", "/../outside"):
            response = self.probe.get(path)
            self.assertTrue(response.status == 404 or response.body == b"<!doctype html>page", path)


@unittest.skipUnless(shutil.which("openssl"), "SKIP: no openssl to make a certificate with")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp()
        cls.certificate = os.path.join(cls.directory, "cert.pem")
        cls.key = os.path.join(cls.directory, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", cls.key, "-out",
             cls.certificate], check=True, capture_output=True)
        cls.probe = Probe("--certificate", cls.certificate, "--key", cls.key, "--idle-ms", "60000", "--head-ms", "3000")

    @classmethod
    def tearDownClass(cls):
        cls.probe.terminate()
        cls.probe.stop()
        shutil.rmtree(cls.directory)

    def context(self, *protocols):
        context = ssl.create_default_context(cafile=self.certificate)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def client(self, context=None):
        context = context or self.context()
        client = self.probe.client(lambda plain: context.wrap_socket(plain, server_hostname="localhost"))
        self.addCleanup(client.close)
        return client

    def test_tls_1_3_works_for_requests_large_and_small(self):
        client = self.client(self.context("http/1.1"))
        self.assertEqual(client.socket.version(), "TLSv1.3")
        self.assertEqual(client.socket.selected_alpn_protocol(), "http/1.1")
        self.assertEqual(client.get("/echo").fields()["tls"], "1")
        self.assertEqual(len(client.get("/big?size=3000000").body), 3000000)
        self.assertEqual(client.get("/echo", method="POST", body=b"x" * 500000).fields()["body_length"], "500000")
        self.assertEqual(client.get("/echo", method="POST", body=b"x" * 2000000).status, 413)

    def test_tls_1_2_is_refused(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.client(context)

    def test_http_2_is_not_negotiated(self):
        self.assertEqual(self.client(self.context("h2", "http/1.1")).socket.selected_alpn_protocol(), "http/1.1")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.client(self.context("h2")).get("/health")

    def test_streams_work_over_tls(self):
        self.assertIn(b"tick 2", self.client().get("/sse").body)
        websocket = WebSocket(self.client())
        for data in (b"hello", b"x" * 65536):
            websocket.send(WebSocket.TEXT, data)
            self.assertEqual(websocket.message(), (WebSocket.TEXT, data))
        websocket.send(WebSocket.TEXT, b"bye")
        self.assertEqual(websocket.close_code(), 1000)

    def test_clients_that_hang_up_are_noticed(self):
        def figures():
            return {key: int(value) for key, value in self.client().get("/figures").fields().items()}

        for path in ("/wait?key=x&timeout=60000", "/sse-quiet", "/ws"):
            before = figures()["closed"]
            client = self.client()
            client.send(WebSocket.request(path) if path == "/ws" else "GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            eventually(lambda: figures()["streams"] == 1, "it is there")
            client.close()
            eventually(lambda: figures()["closed"] == before + 1, "it is noticed: " + path)

    def test_what_is_no_tls_is_closed(self):
        with self.probe.client() as client:
            client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1", client.everything())

    def test_a_handshake_that_does_not_go_on_is_closed(self):
        with self.probe.client() as client:
            self.assertTrue(client.is_closed())

    def test_it_stops_in_the_middle_of_everything(self):
        probe = Probe("--certificate", self.certificate, "--key", self.key, "--drain-ms", "500")
        context = self.context()
        plain = [probe.client() for _ in range(3)]
        plain[1].send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        clients = [
            probe.client(lambda raw: context.wrap_socket(raw, server_hostname="localhost")) for _ in range(8)
        ]
        for client, path in zip(clients, ("/health", "/sse-quiet", "/sse-flood", "/slow?ms=900", "/big?size=9000000",
                                          "/wait?timeout=60000")):
            client.send("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        clients[6].send("GET /health HTTP/1.1\r\nHo")
        clients[7].send(WebSocket.request("/ws-flood"))
        time.sleep(0.3)
        probe.terminate()
        probe.stop()
        for client in plain + clients:
            client.close()

    def test_a_wrong_key_is_refused_at_the_start(self):
        other = os.path.join(self.directory, "other.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other], check=True)
        for certificate, key in ((self.certificate, other), ("/nonexistent", self.key), (self.certificate, "/nonexistent")):
            with self.assertRaises(RuntimeError):
                Probe("--certificate", certificate, "--key", key)


class Proxies(unittest.TestCase):
    def fields(self, probe, *headers):
        return probe.get("/echo", *headers).fields()

    def test_without_trusted_proxies_nobody_is_believed(self):
        with Probe() as probe:
            fields = self.fields(probe, "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https")
            self.assertEqual((fields["address"], fields["tls"]), ("127.0.0.1", "0"))
            self.assertEqual(fields["loopback"], "0")
            self.assertEqual(self.fields(probe)["loopback"], "1")

    def test_the_first_address_that_is_no_proxy_is_the_client(self):
        with Probe("--proxy", "127.0.0.0/8", "--proxy", "10.1.0.0/16", "--proxy", "2001:db8::/32") as probe:
            for value, address in (
                ("9.9.9.9", "9.9.9.9"),
                ("1.1.1.1, 9.9.9.9", "9.9.9.9"),
                ("1.1.1.1,9.9.9.9 , 10.1.2.3", "9.9.9.9"),
                ("9.9.9.9, 10.2.0.1", "10.2.0.1"),
                ("10.1.0.1, 10.1.0.2", "10.1.0.1"),
                ("9.9.9.9:1234", "9.9.9.9"),
                ("[2001:db9::1]:443", "2001:db9::1"),
                ("2001:db9::1, 2001:db8::5", "2001:db9::1"),
                ("::ffff:9.9.9.9", "9.9.9.9"),
                ("evil, 10.1.0.1", "10.1.0.1"),
                ("9.9.9.9, <script>", "127.0.0.1"),
                ("", "127.0.0.1"),
            ):
                self.assertEqual(self.fields(probe, "X-Forwarded-For: " + value)["address"], address, value)
            fields = self.fields(probe, "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https")
            self.assertEqual((fields["address"], fields["tls"], fields["loopback"]), ("9.9.9.9", "1", "0"))

    def test_nonsense_for_a_proxy_is_refused_at_the_start(self):
        for proxy in ("10.0.0.0/33", "10.0.0", "x", "::/129", "10.0.0.0/", "10.0.0.0/-1"):
            with self.assertRaises(RuntimeError):
                Probe("--proxy", proxy)


class Sockets(unittest.TestCase):
    def test_a_unix_socket_serves_and_is_gone_afterwards(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "socket")
        with Probe("--listen", "unix:" + path) as probe:
            fields = probe.get("/echo").fields()
            self.assertEqual((fields["address"], fields["loopback"]), ("unix", "1"))
            self.assertEqual(self.forwarded(probe), "unix")
            with self.assertRaises(RuntimeError):
                Probe("--listen", "unix:" + path)
        self.assertFalse(os.path.exists(path))
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        with Probe("--listen", "unix:" + path, "--proxy", "unix") as probe:
            self.assertEqual(self.forwarded(probe), "9.9.9.9")

    def forwarded(self, probe):
        return probe.get("/echo", "X-Forwarded-For: 9.9.9.9").fields()["address"]

    def test_a_file_in_the_place_of_a_unix_socket_is_left_alone(self):
        with tempfile.NamedTemporaryFile() as file:
            with self.assertRaises(RuntimeError):
                Probe("--listen", "unix:" + file.name)
            self.assertTrue(os.path.exists(file.name))

    def test_ipv6_serves(self):
        try:
            with socket.socket(socket.AF_INET6) as test:
                test.bind(("::1", 0))
        except OSError:
            self.skipTest("SKIP: no IPv6 here")
        with Probe("--listen", "[::1]:0") as probe:
            with socket.create_connection(("::1", probe.port)) as connection:
                connection.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
                connection.settimeout(PATIENCE)
                self.assertIn(b"HTTP/1.1 200", connection.recv(1000))

    def test_nonsense_for_an_address_is_refused(self):
        for listen in ("", "8080", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999",
                       "name.example:80", "::1:80", "unix:relative", "unix:" + "/x" * 100):
            with self.assertRaises(RuntimeError, msg=listen):
                Probe("--listen", listen)

    def test_a_port_that_is_taken_is_refused(self):
        with Probe() as probe:
            with self.assertRaises(RuntimeError):
                Probe("--listen", "127.0.0.1:%d" % probe.port)


class Stopping(unittest.TestCase):
    def test_what_is_going_on_is_finished_and_idle_connections_are_closed(self):
        probe = Probe()
        idle, slow, again = probe.client(), probe.client(), probe.client()
        self.assertEqual(again.get("/health").status, 200)
        slow.send("GET /slow?ms=700 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: probe.figures()["connections"] == 4, "all are there")
        probe.terminate()
        response = slow.response()
        self.assertEqual((response.body, response.header("connection")), (b"slow", "close"))
        for client in (idle, again, slow):
            self.assertEqual(client.everything(), b"")
            client.close()
        with self.assertRaises(OSError):
            probe.client()
        probe.stop()

    def test_streams_are_told_to_end(self):
        probe = Probe()
        wait, events, flood = probe.client(), probe.client(), probe.client()
        wait.send("GET /wait?key=x&timeout=600000 HTTP/1.1\r\nHost: x\r\n\r\n")
        events.send("GET /sse-quiet HTTP/1.1\r\nHost: x\r\n\r\n")
        websocket = WebSocket(probe.client())
        events.head()
        eventually(lambda: probe.figures()["streams"] == 3, "all are there")
        probe.terminate()
        self.assertEqual(wait.response().body, b"timeout x /wait")
        data = events.chunk()
        while data:
            data = events.chunk()
        self.assertEqual(websocket.close_code(), 1001)
        websocket.send(WebSocket.CLOSE, b"\x03\xe9")
        self.assertTrue(websocket.client.is_closed())
        for client in (wait, events, flood, websocket.client):
            client.close()
        probe.stop()

    def test_what_does_not_end_is_cut(self):
        probe = Probe("--drain-ms", "300", "--body-ms", "60000")
        clients = [probe.client() for _ in range(6)]
        clients[0].send("GET /slow?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n")
        clients[1].send("GET /health HTTP/1.1\r\nHost:")
        clients[2].send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
        clients[3].send("GET /big?size=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        clients[4].send("GET /sse-flood HTTP/1.1\r\nHost: x\r\n\r\n")
        websocket = WebSocket(clients[5])
        eventually(lambda: probe.figures()["connections"] >= 6, "all are there")
        probe.terminate()
        probe.stop()
        self.assertEqual(clients[0].everything(), b"")
        self.assertEqual(websocket.close_code(), 1001)
        for client in clients:
            client.close()

    def test_it_stops_under_load(self):
        probe = Probe("--drain-ms", "500")
        over = threading.Event()

        def work(path):
            while not over.is_set():
                try:
                    with probe.client() as client:
                        for _ in range(20):
                            client.get(path)
                except (OSError, EOFError, AssertionError):
                    pass

        paths = ("/health", "/pool", "/big?size=500000", "/sse", "/wait-at-once", "/slow?ms=5", "/wait?timeout=3")
        threads = [threading.Thread(target=work, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        probe.terminate()
        probe.stop()
        over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    if not os.path.exists(PROBE):
        raise SystemExit("%s is not built" % PROBE)
    unittest.main()
