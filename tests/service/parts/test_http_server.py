# SPDX-License-Identifier: MIT
"""Around the requests: files, TLS, proxies, sockets, stopping."""

import gzip
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from http_client import PATIENCE, Probe, WebSocket, eventually


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

    def test_a_certificate_is_replaced_under_connections_of_every_kind(self):
        certificate, key = os.path.join(self.directory, "used.pem"), os.path.join(self.directory, "used.key")

        def put():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                 "-out", certificate], check=True, capture_output=True)
            with open(certificate) as file:
                return ssl.PEM_cert_to_DER_cert(file.read())

        def wrap(plain):
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context.wrap_socket(plain)

        def has(probe, wanted):
            with probe.client(wrap) as client:
                return client.socket.getpeercert(True) == wanted

        first = put()
        with Probe("--certificate", certificate, "--key", key) as probe:
            going = probe.client(wrap)
            silent = [probe.client() for _ in range(3)]
            begun = probe.client()
            begun.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            eventually(lambda: going.get("/figures").fields()["connections"] == "5", "all are accepted")
            for _ in range(3):
                wanted = put()
                probe.process.send_signal(signal.SIGHUP)
                eventually(lambda: has(probe, wanted), "the new certificate")
                self.assertEqual(going.get("/health").status, 200)
            for client in silent[:2]:
                client.socket = wrap(client.socket)
                self.assertEqual(client.socket.getpeercert(True), first)
                self.assertEqual(client.get("/health").status, 200)
            for client in (going, *silent, begun):
                client.close()

    def test_a_wrong_key_is_refused_at_the_start(self):
        other = os.path.join(self.directory, "other.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other], check=True)
        missing = "/nonexistent"
        for certificate, key in ((self.certificate, other), (missing, self.key), (self.certificate, missing)):
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
            fields = self.fields(
                probe, "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https")
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
    unittest.main()
