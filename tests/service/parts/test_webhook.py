#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The courier against receivers of every kind. SERVICE_TESTS as in probes.py. No address here but those of loopback: if the
judging of addresses is broken, nothing is sent elsewhere either; the others are test_webhook_address.c's.
"""

import collections
import hashlib
import hmac
import json
import os
import re
import tempfile
import time
import unittest
import urllib.parse

from probes import PATIENCE, Probe, Server, free_port, make_certificates

LOOPBACK = ("--allow", "127.0.0.1/32")
REFUSED = "address is none that callbacks may go to"


def answer(handler, request):
    """The receivers: what one does is in the path."""
    server = handler.server
    path, _, query = request.path.partition("?")
    kind, _, rest = path.strip("/").partition("/")
    if kind == "ok":
        handler.reply(200, body=b"thank you")
    elif kind == "status":
        handler.reply(int(rest))
    elif kind == "fails":
        with server.lock:
            count = sum(r.path == request.path for r in server.requests)
        handler.reply(503 if count <= int(rest) else 204)
    elif kind == "redirect":
        handler.reply(int(rest), [("Location", urllib.parse.unquote(query))])
    elif kind == "chain":
        handler.reply(200 if rest == "0" else 307, [("Location", f"/chain/{int(rest) - 1}")])
    elif kind == "loop":
        handler.reply(302, [("Location", request.path)])
    elif kind == "hang":
        server.released.wait(PATIENCE)
    elif kind == "hang-in-body":
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        server.released.wait(PATIENCE)
    elif kind == "hang-in-headers":
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-One: two\r\n")
        server.released.wait(PATIENCE)
    elif kind == "early":
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    elif kind == "early-hang":
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        server.released.wait(PATIENCE)
    elif kind == "large-headers":
        handler.reply(200, [("X-Filling", "y" * 1000)] * 100)
    elif kind in ("huge", "huge-headers"):
        handler.close_connection = True
        piece = b"x" * 4096 if kind == "huge" else b"X-Filling: " + b"y" * 1000 + b"\r\n"
        server.sent = 0
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 100000000\r\n\r\n" if kind == "huge" else b""))
        while server.sent < 100000000:
            handler.wfile.write(piece)
            server.sent += len(piece)
    elif kind == "garbage":
        handler.close_connection = True
        handler.wfile.write(b"\x00\xff garbage\r\n\r\n")
    elif kind == "close":
        handler.close_connection = True
    else:
        handler.reply(404)


class Webhook(unittest.TestCase):
    def setUp(self):
        self.server = Server(answer)
        self.addCleanup(self.server.close)
        # On the same port, so that only the address is another; and where every proxy variable leads.
        self.elsewhere = Server(answer, "127.0.0.2", self.server.port)
        self.addCleanup(self.elsewhere.close)

    def start(self, *args):
        proxy = self.elsewhere.url()
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")
        probe = Probe("courier_probe", *args, environment={**os.environ, **dict.fromkeys(names, proxy)})
        self.addCleanup(probe.kill)
        return probe

    def run_probe(self, *args):
        """Until every webhook is done; the events, by their kind."""
        probe = self.start(*args)
        found = collections.defaultdict(list)
        for event in probe.events():
            found[event["event"]].append(event)
        self.assertEqual(probe.finish(), 0)
        self.assertEqual(len(found["stopped"]), 1, "the probe did not end well")
        return found

    def assert_refused(self, found, count=1, why=REFUSED):
        """Given up at once, without a connection to where nobody may go."""
        self.assertEqual(len(found["take"]), count)
        self.assertEqual(len(found["done"]), count)
        for event in found["done"]:
            self.assertIn(why, event["error"] or "delivered")
        self.assertEqual([event["what"] for event in found["outcome"]], ["given_up"] * count)
        self.assertEqual(self.elsewhere.connections, 0)

    def assert_delivered(self, found, count=1):
        self.assertEqual([event["error"] for event in found["done"]], [None] * count)
        self.assertEqual(self.elsewhere.connections, 0)

    def assert_tried_again(self, found, why):
        """The first attempt failed for a reason that is none for ever; the second one is whatever the test made it."""
        self.assertRegex(found["later"][0]["error"], why)
        self.assertEqual(found["outcome"][0]["what"], "retried")


class Delivery(Webhook):
    def test_a_delivery_is_signed_and_says_what_it_is(self):
        found = self.run_probe(*LOOPBACK, "--secret", "s3cret ä", self.server.url("/ok/hook?x=y"))
        self.assert_delivered(found)
        self.assertEqual([event["what"] for event in found["outcome"]], ["delivered"])
        request, = self.server.requests
        self.assertEqual((request.method, request.path), ("POST", "/ok/hook?x=y"))
        headers = request.headers
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers["User-Agent"], "courier-probe")
        self.assertEqual(headers["Sentinel-Event"], "submission.finished")
        self.assertEqual(headers["Sentinel-Delivery"], "00000000-0000-0000-0000-000000000000")
        self.assertEqual(headers["Sentinel-Attempt"], "1")
        self.assertRegex(headers["Sentinel-Timestamp"], r"\A\d{10}\Z")
        self.assertLess(abs(int(headers["Sentinel-Timestamp"]) - time.time()), 600)
        signed = headers["Sentinel-Timestamp"].encode() + b"." + request.body
        wanted = hmac.new("s3cret ä".encode(), signed, hashlib.sha256).hexdigest()
        self.assertEqual(headers["Sentinel-Signature"], "v1=" + wanted)
        self.assertEqual(json.loads(request.body)["id"], "00000000-0000-0000-0000-000000000000")
        self.assertNotIn("Expect", headers)

    def test_without_a_secret_it_is_not_signed(self):
        for secret in ((), ("--secret", "")):
            self.assert_delivered(self.run_probe(*LOOPBACK, *secret, self.server.url("/ok")))
        for request in self.server.requests:
            self.assertNotIn("Sentinel-Signature", request.headers)

    def test_a_large_body_arrives_whole(self):
        self.assert_delivered(self.run_probe(*LOOPBACK, "--secret", "x", "--body-size", 3000000, self.server.url("/ok")))
        request, = self.server.requests
        self.assertGreater(len(request.body), 3000000)
        signed = request.headers["Sentinel-Timestamp"].encode() + b"." + request.body
        self.assertEqual(request.headers["Sentinel-Signature"],
                         "v1=" + hmac.new(b"x", signed, hashlib.sha256).hexdigest())

    def test_every_2xx_is_delivered(self):
        urls = [self.server.url(f"/status/{status}") for status in (200, 201, 202, 204, 299)]
        found = self.run_probe(*LOOPBACK, *urls)
        self.assert_delivered(found, len(urls))

    def test_a_receiver_that_fails_is_tried_again_in_its_time(self):
        found = self.run_probe(*LOOPBACK, "--scale", 2, self.server.url("/fails/2"))
        self.assert_delivered(found)
        self.assertEqual([event["attempt"] for event in found["take"]], [1, 2, 3])
        self.assertEqual([event["error"] for event in found["later"]], ["the receiver answered 503"] * 2)
        times = [request.at for request in self.server.requests]
        self.assertGreaterEqual(times[1] - times[0], 0.09)
        self.assertGreaterEqual(times[2] - times[1], 0.59)
        self.assertEqual([request.headers["Sentinel-Attempt"] for request in self.server.requests], ["1", "2", "3"])
        self.assertEqual(len({request.headers["Sentinel-Delivery"] for request in self.server.requests}), 1)

    def test_the_pauses_grow_and_then_it_is_given_up(self):
        found = self.run_probe(*LOOPBACK, "--hurry", self.server.url("/status/500"))
        wanted = [5, 30, 120, 600, 3600, 21600]
        self.assertEqual(len(found["later"]), len(wanted))
        for event, seconds in zip(found["later"], wanted):
            self.assertLessEqual(event["delay_ms"], seconds * 1000)
            self.assertGreater(event["delay_ms"], seconds * 200)
        done, = found["done"]
        self.assertEqual((done["attempt"], done["error"]), (7, "the receiver answered 500"))
        self.assertEqual(len(self.server.requests), 7)
        self.assertEqual([event["what"] for event in found["outcome"]], ["retried"] * 6 + ["given_up"])

    def test_410_is_given_up_at_once(self):
        found = self.run_probe(*LOOPBACK, self.server.url("/status/410"))
        self.assert_refused(found, why="the receiver answered 410")
        self.assertEqual(len(self.server.requests), 1)

    def test_without_a_body_it_is_tried_later_and_never_given_up(self):
        found = self.run_probe(*LOOPBACK, "--hurry", "--attempt", 6, "--no-body", 4, self.server.url("/ok"))
        self.assert_delivered(found)
        self.assertEqual([event["error"] for event in found["later"]], ["the result could not be read"] * 4)
        self.assertEqual(found["later"][-1]["attempt"], 9)
        self.assertEqual(len(self.server.requests), 1)

    def test_a_store_that_is_away_is_asked_again(self):
        self.assert_delivered(self.run_probe(*LOOPBACK, "--store-fails", 1, self.server.url("/ok")))

    def test_what_was_taken_is_leased_for_longer_than_a_delivery(self):
        found = self.run_probe(*LOOPBACK, "--timeout", 30000, self.server.url("/ok"))
        self.assertGreater(found["take"][0]["lease_ms"], 45000)

    def test_more_than_are_carried_at_once_are_delivered(self):
        found = self.run_probe(*LOOPBACK, *[self.server.url(f"/ok/{i}") for i in range(60)])
        self.assert_delivered(found, 60)
        self.assertEqual(len({request.path for request in self.server.requests}), 60)


class Receivers(Webhook):
    """That are slow, large, or do not speak HTTP."""

    def again(self, path, why, *args):
        """The first attempt at `path` fails so that it is tried again; the rest does not matter."""
        probe = self.start(*LOOPBACK, *args, self.server.url(path))
        for event in probe.events():
            self.assertNotEqual(event["event"], "done")
            if event["event"] == "later":
                self.assertRegex(event["error"], why)
                self.assertNotIn("127.0.0.1", event["error"])
                break
        self.assertEqual(probe.finish(), 0)

    def test_one_that_is_slow_holds_up_no_other(self):
        urls = [self.server.url("/hang")] * 5 + [self.server.url(f"/ok/{i}") for i in range(30)]
        probe = self.start(*LOOPBACK, "--timeout", PATIENCE * 1000, *urls)
        done = 0
        for event in probe.events():
            self.assertNotEqual(event["event"], "later")
            done += event["event"] == "done"
            if done == 30:
                break
        self.assertEqual(probe.finish(), 0)  # and it does not wait for those at its end
        ends = [event for event in probe.events() if event["event"] == "later"]
        self.assertEqual(len(ends), 5)
        for event in ends:
            self.assertEqual(event["error"], "the server stopped")
            self.assertLessEqual(event["delay_ms"], 0)

    def test_one_that_never_answers_is_given_its_time(self):
        self.again("/hang", "no answer: Timeout was reached", "--timeout", 300)

    def test_one_that_never_ends_its_headers_is_given_its_time(self):
        self.again("/hang-in-headers", "no answer: Timeout was reached", "--timeout", 300)

    def test_a_2xx_counts_although_the_rest_never_comes(self):
        found = self.run_probe(*LOOPBACK, "--timeout", 300, self.server.url("/hang-in-body"))
        self.assert_delivered(found)

    def test_an_interim_answer_is_none(self):
        self.again("/early", "the receiver answered 500")
        self.again("/early-hang", "no answer: Timeout was reached", "--timeout", 300)

    def test_a_huge_answer_is_cut_off(self):
        found = self.run_probe(*LOOPBACK, "--timeout", PATIENCE * 1000, self.server.url("/huge"))
        self.assert_delivered(found)
        self.assertLess(self.server.sent, 50000000)  # what the sockets buffer, too

    def test_headers_beyond_64_kib_are_no_answer(self):
        self.again("/large-headers", "no answer", "--timeout", PATIENCE * 1000)

    def test_endless_headers_are_cut_off(self):
        self.again("/huge-headers", "no answer", "--timeout", PATIENCE * 1000)
        self.assertLess(self.server.sent, 50000000)

    def test_what_is_no_http_is_no_answer(self):
        self.again("/garbage", "no answer")
        self.again("/close", "no answer")

    def test_nobody_there_is_no_answer(self):
        probe = self.start(*LOOPBACK, f"http://127.0.0.1:{free_port()}/ok")
        later = next(event for event in probe.events() if event["event"] == "later")
        self.assertRegex(later["error"], "^no answer: ")
        self.assertEqual(probe.finish(), 0)


class Redirects(Webhook):
    def redirect(self, status, to):
        return self.server.url(f"/redirect/{status}?" + urllib.parse.quote(to, safe=""))

    def test_a_redirect_is_followed_with_the_post(self):
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status):
                self.server.requests.clear()
                found = self.run_probe(*LOOPBACK, "--secret", "x", self.redirect(status, "/ok/there"))
                self.assert_delivered(found)
                first, second = self.server.requests
                self.assertEqual((second.method, second.path, second.body), ("POST", "/ok/there", first.body))
                self.assertEqual(second.headers["Sentinel-Signature"], first.headers["Sentinel-Signature"])

    def test_three_are_followed_and_no_more(self):
        self.assert_delivered(self.run_probe(*LOOPBACK, self.server.url("/chain/3")))
        self.server.requests.clear()
        found = self.run_probe(*LOOPBACK, "--attempt", 7, self.server.url("/chain/4"))
        self.assertIn("more than three", found["done"][0]["error"])
        self.assertEqual(len(self.server.requests), 4)

    def test_a_loop_ends(self):
        found = self.run_probe(*LOOPBACK, "--attempt", 7, self.server.url("/loop"))
        self.assertIn("more than three", found["done"][0]["error"])
        self.assertEqual(len(self.server.requests), 4)

    def test_one_to_an_address_that_is_refused_is_given_up(self):
        for to in (self.elsewhere.url("/ok"), f"http://0x7f.2:{self.server.port}/ok", f"//127.0.0.2:{self.server.port}/",
                   f"http://[::ffff:127.0.0.2]:{self.server.port}/"):
            with self.subTest(to):
                self.assert_refused(self.run_probe(*LOOPBACK, self.redirect(307, to)))

    def test_one_to_a_name_of_such_an_address_is_given_up(self):
        found = self.run_probe(*LOOPBACK, "--name", "inner.test=127.0.0.2",
                               self.redirect(302, f"http://inner.test:{self.server.port}/ok"))
        self.assertEqual(len(found["resolve"]), 1)
        self.assert_refused(found)

    def test_one_to_another_protocol_is_given_up(self):
        for to in ("file:///etc/passwd", f"gopher://127.0.0.1:{self.server.port}/x", "ftp://127.0.0.1/x"):
            with self.subTest(to):
                self.assert_refused(self.run_probe(*LOOPBACK, self.redirect(302, to)), why="neither http nor https")

    def test_one_with_a_password_is_given_up(self):
        to = f"http://me:hunter2@127.0.0.1:{self.server.port}/ok"
        found = self.run_probe(*LOOPBACK, self.redirect(302, to))
        self.assert_refused(found, why="user or password")
        self.assertNotIn("hunter2", json.dumps(found))

    def test_one_that_leads_nowhere_is_an_answer_like_any_other(self):
        found = self.run_probe(*LOOPBACK, "--attempt", 7, self.server.url("/status/302"))
        self.assertEqual(found["done"][0]["error"], "the receiver answered 302")


class Addresses(Webhook):
    def test_loopback_is_refused_unless_it_is_allowed(self):
        port = self.server.port
        urls = [f"http://{host}:{port}/ok" for host in (
            "127.0.0.1", "127.0.0.2", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0", "[::1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]")]
        self.assert_refused(self.run_probe(*urls), len(urls))
        self.assertEqual(self.server.connections, 0)

    def test_an_allowed_one_is_gone_to_in_every_form(self):
        port = self.server.port
        urls = [f"http://{host}:{port}/ok" for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1")]
        self.assert_delivered(self.run_probe(*LOOPBACK, *urls), len(urls))

    def test_a_name_of_an_address_that_is_refused_is_given_up(self):
        names = {"four.test": "127.0.0.2", "six.test": "::1", "mapped.test": "::ffff:127.0.0.2",
                 "both.test": "::1,127.0.0.2", "zero.test": "0.0.0.0"}
        args = [arg for name, address in names.items() for arg in ("--name", f"{name}={address}")]
        found = self.run_probe(*LOOPBACK, *args, *[f"http://{name}:{self.server.port}/ok" for name in names])
        self.assertEqual({event["name"] for event in found["resolve"]}, set(names))
        self.assert_refused(found, len(names))
        self.assertEqual(self.server.connections, 0)

    def test_of_several_addresses_only_those_allowed_are_gone_to(self):
        found = self.run_probe(*LOOPBACK, "--name", "mixed.test=127.0.0.2,127.0.0.1",
                               f"http://mixed.test:{self.server.port}/ok")
        self.assert_delivered(found)

    def test_one_that_is_allowed_but_away_is_none_to_give_up_for(self):
        probe = self.start(*LOOPBACK, "--name", "mixed.test=127.0.0.2,127.0.0.1", f"http://mixed.test:{free_port()}/ok")
        event = next(event for event in probe.events() if event["event"] in ("later", "done"))
        self.assertEqual(event["event"], "later")
        self.assertRegex(event["error"], "^no answer: ")
        self.assertEqual(probe.finish(), 0)

    def test_a_second_answer_of_the_dns_is_judged_too(self):
        found = self.run_probe(*LOOPBACK, "--hurry", "--name", "rebind.test=127.0.0.1;127.0.0.2",
                               f"http://rebind.test:{self.server.port}/status/503")
        self.assertEqual([event["answer"] for event in found["resolve"]], ["127.0.0.1", "127.0.0.2"])
        self.assertEqual(found["later"][0]["error"], "the receiver answered 503")
        self.assertIn(REFUSED, found["done"][0]["error"])
        self.assertEqual(found["done"][0]["attempt"], 2)
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.elsewhere.connections, 0)

    def test_a_second_answer_after_a_redirect_is_judged_too(self):
        to = f"http://rebind.test:{self.server.port}/ok"
        found = self.run_probe(*LOOPBACK, "--name", "rebind.test=127.0.0.1;127.0.0.2",
                               f"http://rebind.test:{self.server.port}/redirect/307?" + urllib.parse.quote(to, safe=""))
        self.assertEqual(len(found["resolve"]), 2)
        self.assert_refused(found)
        self.assertEqual(len(self.server.requests), 1)

    def test_a_name_that_is_none_is_tried_again(self):
        found = self.run_probe(*LOOPBACK, "--hurry", "--name", "none.test=none;127.0.0.1",
                               f"http://none.test:{self.server.port}/ok")
        self.assert_tried_again(found, "no answer: Couldn't resolve host name")
        self.assert_delivered(found)

    def test_a_look_up_that_never_ends_is_given_its_time(self):
        found = self.run_probe(*LOOPBACK, "--hurry", "--timeout", 2000, "--name", "slow.test=hang;127.0.0.1",
                               f"http://slow.test:{self.server.port}/ok")
        self.assert_tried_again(found, "no answer: ")
        self.assert_delivered(found)

    def test_a_url_that_is_none_is_given_up(self):
        for url in ("file:///etc/passwd", "http://127.0.0.1:0/", f"http://x:y@127.0.0.1:{self.server.port}/", "nonsense"):
            with self.subTest(url):
                self.assert_refused(self.run_probe(*LOOPBACK, url), why="the callback URL")

    def test_a_range_that_is_none_is_refused_at_the_start(self):
        probe = self.start("--allow", "127.0.0.1/33", self.server.url("/ok"))
        self.assertEqual(probe.finish(), 1)


class Tls(Webhook):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.ca, cls.context = make_certificates(cls.folder.name)

    def setUp(self):
        super().setUp()
        self.secure = Server(answer, context=self.context)
        self.addCleanup(self.secure.close)

    def test_a_certificate_of_a_known_ca_is_accepted(self):
        found = self.run_probe(*LOOPBACK, "--ca", self.ca, self.secure.url("/ok", "https"))
        self.assert_delivered(found)

    def test_one_of_an_unknown_ca_is_not(self):
        found = self.run_probe(*LOOPBACK, "--attempt", 7, self.secure.url("/ok", "https"))
        self.assertRegex(found["done"][0]["error"], "no answer: .*certificate")
        self.assertEqual(self.secure.requests, [])

    def test_one_for_another_name_is_not(self):
        found = self.run_probe(*LOOPBACK, "--attempt", 7, "--ca", self.ca, "--name", "other.test=127.0.0.1",
                               self.secure.url("/ok", "https", "other.test"))
        self.assertRegex(found["done"][0]["error"], "no answer: .*certificate")
        self.assertEqual(self.secure.requests, [])

    def test_a_redirect_from_http_to_https_is_followed(self):
        to = urllib.parse.quote(self.secure.url("/ok", "https"), safe="")
        found = self.run_probe(*LOOPBACK, "--ca", self.ca, self.server.url(f"/redirect/308?{to}"))
        self.assert_delivered(found)
        self.assertEqual(self.secure.requests[0].method, "POST")


if __name__ == "__main__":
    unittest.main()
