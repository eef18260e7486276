# SPDX-License-Identifier: MIT
"""The HTTP server (sentinel-jobs/http) from outside: requests and answers, and what is none. HTTP_PROBE names
another build of http_probe."""

import os
import random
import socket
import time
import unittest

from http_client import OneProbe, PATIENCE, Probe, WebSocket, eventually


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
            response, _ = self.raw(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())
            self.assert_error(response, 404 if path == "*" else 400)

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
        big = "/big?size=300000"
        paths = ["/slow?ms=50", "/health", "/echo?1", big, "/health", "/echo?2", "/wait-at-once", "/echo?3"]
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
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for byte in head + b"5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n":
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
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1500000\r\n\r\n")
            client.send(b"x" * 1500000)
            self.assert_error(client.response(), 413)
            self.assertEqual(client.socket.recv(1), b"")

    def test_413_arrives_though_the_client_sends_slowly(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1500000\r\n\r\n")
        for _ in range(15):
            client.send(b"x" * 100000)
            time.sleep(0.3)
        self.assert_error(client.response(), 413)

    def test_who_sends_nothing_more_after_413_is_not_waited_for(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1500000\r\n\r\n")
        self.assert_error(client.response(), 413)
        time.sleep(4)
        with self.assertRaises(ConnectionError):
            for _ in range(100):
                client.send(b"x" * 1000)
                time.sleep(0.05)

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
        eventually(lambda: self.probe.figures()["streams"] == 0, "all streams are closed")
        after = self.probe.figures()
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


class Nonsense(OneProbe):
    """Bytes that nobody planned. HTTP_NONSENSE sets how many times, HTTP_SEED where it begins."""

    options = ("--head-ms", "2000", "--body-ms", "2000", "--body-max", "20000")
    pieces = (
        b"GET ", b"POST ", b"HEAD ", b"OPTIONS ", b"/echo", b"/health", b"/ws", b"/wait?timeout=10", b"/sse", b"/../",
        b"/%2e%2e/",
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


if __name__ == "__main__":
    unittest.main()
