# SPDX-License-Identifier: MIT
"""Answers that go on: ?wait=true, Server-Sent Events, WebSockets."""

import base64
import hashlib
import os
import socket
import time
import unittest

from http_client import OneProbe, WebSocket, eventually


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

    def test_on_close_waits_for_the_handler_that_has_its_argument(self):
        before = self.probe.figures()["closed"]
        for _ in range(10):
            client = self.wait("argument", 10, "&linger=100")
            time.sleep(0.04)
            client.reset()
        eventually(lambda: self.probe.figures()["closed"] == before + 10, "all are closed")
        self.assertEqual(self.probe.figures()["violations"], 0)

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


class ProbeOfWebSockets(OneProbe):
    def open(self, path="/ws", *headers, **more):
        websocket = WebSocket(self.client(), path, *headers, **more)
        self.assertEqual(websocket.response.status, 101)
        return websocket


class Pings(ProbeOfWebSockets):
    options = ("--ping-ms", "300")

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


class WebSockets(ProbeOfWebSockets):
    # Seldom enough for a busy machine to answer, often enough to drop who does not.
    options = ("--ping-ms", "3000", "--origin", "https://web.example", "--body-ms", "2000", "--protocol", "probing")

    def test_the_handshake_is_answered_with_the_key(self):
        websocket = self.open()
        digest = hashlib.sha1((websocket.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(websocket.response.header("sec-websocket-accept"), base64.b64encode(digest).decode())
        self.assertEqual(websocket.response.header("upgrade"), "websocket")
        self.assertEqual(websocket.response.header("connection"), "upgrade")

    def test_our_protocol_is_chosen_where_it_is_offered(self):
        for offered, chosen in (("probing", "probing"), ("a, probing,b", "probing"), ("probing.x , probing", "probing"), (" ,,", None),
                                ("probing.x, prob", None), ("Probing", None)):
            websocket = self.open("/ws", "Sec-WebSocket-Protocol: " + offered)
            self.assertEqual(websocket.response.header("sec-websocket-protocol"), chosen, offered)
        self.assertIsNone(self.open().response.header("sec-websocket-protocol"))

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
        text = "gr\u00fc\u00df \u20ac \U0001f600".encode()
        for data in (b"", b"a", b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536, text):
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
        pings = WebSocket.frame(WebSocket.PING) * 10000
        for _ in range(20):
            client = self.client()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            WebSocket(client)
            client.socket.settimeout(0.1)
            try:
                for _ in range(200):
                    client.send(pings)
            except OSError:
                pass
        if "HTTP_SANITIZED" not in os.environ:
            self.assertLess(self.probe.figures()["resident_kb"], before + 30000)

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


if __name__ == "__main__":
    unittest.main()
