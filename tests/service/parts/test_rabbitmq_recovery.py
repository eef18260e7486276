#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a queue in RabbitMQ does when the broker dies, hangs, or is short of memory. QUEUE_DRIVER names the program."""
import os
import selectors
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from services.certificates import Authority  # noqa: E402
from services.rabbitmq import RabbitMQ, is_installed  # noqa: E402

DRIVER = os.path.join(os.environ.get("SENTINEL_BUILD", os.path.join(HERE, "../../../build-test")),
                      "tests/service/parts/queue_driver")
PATIENCE_S = 90


class Driver:
    """The program under test: a command gets one line of answer, without its first word."""

    def __init__(self, url):
        self.process = subprocess.Popen([DRIVER], env=dict(os.environ, TEST_QUEUE_URL=url), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        if not self.selector.select(PATIENCE_S):
            raise AssertionError(f"no answer to {command}")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the driver ended at {command}")
        return line.split(None, 1)[1].rstrip("\n")

    def code(self, command):
        return int(self.ask(command).split()[0])

    def wait_for_confirmed(self, more):
        """Until so many more jobs were confirmed, and as many done, than now."""
        confirmed, _, done = map(int, self.ask("status").split())
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            now = list(map(int, self.ask("status").split()))
            if now[0] >= confirmed + more and now[2] >= done + more:
                return
            time.sleep(0.05)
        raise AssertionError("publishing did not go on")

    def end(self):
        self.selector.close()
        self.process.stdin.close()
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status


@unittest.skipUnless(is_installed(), "there is no RabbitMQ here")
class Recovery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="sentinel-rabbitmq-")
        cls.broker = RabbitMQ(cls.directory.name, tls=True)
        cls.broker.start()
        # A quorum queue is forgotten by a broker that is killed within the first second of that queue's life: who it is
        # is written down late. No broker of ours can be asked whether it did, so this waits.
        driver = Driver(cls.broker.url)
        driver.ask("open 1")
        driver.ask("publish")
        time.sleep(5)
        driver.ask("close")
        driver.end()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()
        cls.directory.cleanup()

    def setUp(self):
        self.driver = Driver(self.broker.url)

    def tearDown(self):
        self.assertEqual(self.driver.end(), 0)

    def drain(self):
        while self.driver.code("take 300") == 1:
            self.driver.code("settle done")

    def until(self, command, code):
        until = time.monotonic() + PATIENCE_S
        while self.driver.code(command) != code:
            self.assertLess(time.monotonic(), until, command)
            time.sleep(0.1)

    def test_every_confirmed_job_survives_a_killed_broker(self):
        self.driver.ask("open 8")
        self.driver.ask("load")
        for _ in range(2):
            self.driver.wait_for_confirmed(500)
            self.broker.kill()
            self.broker.start()
        self.driver.wait_for_confirmed(500)
        self.assertEqual(self.driver.ask("finish").split(), ["0"])
        self.driver.ask("close")

    def test_a_delivery_of_a_lost_connection_cannot_be_settled_and_comes_again(self):
        self.driver.ask("open 1")
        self.drain()
        self.assertEqual(self.driver.code("publish"), 0)
        self.assertEqual(self.driver.code("take 30000"), 1)
        self.broker.kill()
        self.assertEqual(self.driver.code("publish"), -4)
        self.assertEqual(self.driver.code("ping"), -4)
        self.assertEqual(self.driver.code("depth"), -4)
        self.assertEqual(self.driver.code("take 100"), 0)
        self.broker.start()
        self.until("ping", 0)
        # What was taken still counts against the prefetch of one.
        self.assertEqual(self.driver.code("take 500"), 0)
        self.assertEqual(self.driver.code("settle done"), -3)
        self.assertEqual(self.driver.code("take 30000"), 1)
        self.assertEqual(self.driver.code("settle done"), 0)
        self.assertEqual(self.driver.code("take 300"), 0)
        self.driver.ask("close")

    def test_a_broker_that_hangs_holds_nobody_up(self):
        self.driver.ask("open 1")
        self.until("ping", 0)
        self.assertEqual(self.driver.code("publish"), 0)
        self.assertEqual(self.driver.code("take 30000"), 1)
        self.broker.pause()
        try:
            self.assertEqual(self.driver.code("publish"), -4)
            self.assertEqual(self.driver.code("ping"), -4)
            self.driver.ask("settle done")
            self.driver.ask("close")
        finally:
            self.broker.resume()

    def test_who_opens_while_the_broker_is_away_gets_it_later(self):
        self.broker.kill()
        self.driver.ask("open 1")
        answer = self.driver.ask("publish")
        self.assertIn("refused", answer)
        self.assertNotIn(self.broker.url.split(":")[2].split("@")[0], answer)
        self.broker.start()
        self.until("publish", 0)
        self.assertEqual(self.driver.code("take 30000"), 1)
        self.assertEqual(self.driver.code("settle done"), 0)
        self.drain()
        self.driver.ask("close")

    def test_tls_serves_who_knows_the_authority_and_nobody_else(self):
        knowing = Driver(self.broker.tls_url)
        try:
            self.assertEqual(knowing.code("open 1"), 0)
            self.assertEqual(knowing.code("ping"), 0)
            while knowing.code("take 300") == 1:
                knowing.code("settle done")
            self.assertEqual(knowing.code("publish"), 0)
            self.assertEqual(knowing.code("take 30000"), 1)
            self.assertEqual(knowing.code("settle done"), 0)
            self.assertEqual(knowing.code("close"), 0)
        finally:
            self.assertEqual(knowing.end(), 0)
        url = self.broker.tls_url.split("?")[0]
        other = Authority(self.directory.name, "other").path
        for wrong, word in ((url, "is not to be trusted by the authorities of this host"),
                            (f"{url}?cacertfile={other}", "is not to be trusted by the authorities of " + other),
                            (f"{url}?cacertfile=/no/such", "cannot read the broker's authorities in /no/such"),
                            (f"{url}?cacertfile={__file__}", "there is no certificate (PEM) in " + __file__),
                            (self.broker.tls_url.replace("localhost", "127.0.0.1"), "it has no DNS name 127.0.0.1")):
            with self.subTest(word):
                stranger = Driver(wrong)
                try:
                    self.assertEqual(stranger.code("open 0"), 0)
                    self.assertEqual(stranger.code("publish"), -4)
                    self.assertIn(word, stranger.ask("ping"))
                    self.assertEqual(stranger.code("close"), 0)
                finally:
                    self.assertEqual(stranger.end(), 0)

    def test_a_broker_short_of_memory_takes_nothing_but_can_be_looked_at(self):
        self.driver.ask("open 1")
        self.drain()
        self.assertEqual(self.driver.code("publish"), 0)
        self.broker.control("set_vm_memory_high_watermark", "0.00001")
        try:
            self.assertEqual(self.driver.code("publish"), -4)
            self.assertIn("short of memory", self.driver.ask("publish"))
            self.assertEqual(self.driver.code("ping"), -4)
            self.assertEqual(self.driver.code("depth"), 0)
            self.assertEqual(self.driver.code("take 30000"), 1)
            self.assertEqual(self.driver.code("settle done"), 0)
        finally:
            self.broker.control("set_vm_memory_high_watermark", "0.4")
        self.until("publish", 0)
        self.drain()
        self.driver.ask("close")


if __name__ == "__main__":
    unittest.main(verbosity=2)
