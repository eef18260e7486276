# SPDX-License-Identifier: MIT
"""Certificates of the server and of those it talks to, and what --check-config sees before anything is started."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.certificates import Authority, openssl  # noqa: E402
from services.service import FRONTEND_USER, TOP, Process, Service, free_port, wait_for  # noqa: E402

IS_ROOT = os.geteuid() == 0


def for_the_frontend(path):
    if IS_ROOT:
        os.chown(path, 0, int(FRONTEND_USER))
        os.chmod(path, 0o640)


class Certificates(unittest.TestCase):
    """A directory with an authority, and a certificate with its key in a directory of their own."""

    def setUp(self):
        reason = Service.missing(False) or (None if shutil.which("openssl") else "no openssl to make certificates with")
        if reason:
            self.skipTest(reason)
        self.directory = tempfile.mkdtemp(prefix="sentinel-tls-")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.authority = Authority(self.directory)
        self.place = os.path.join(self.directory, "in-use")
        os.mkdir(self.place)
        self.certificate = os.path.join(self.place, "cert.pem")
        self.key = os.path.join(self.place, "key.pem")
        self.put("first")

    def put(self, name, is_readable=True, **more):
        """As certbot does: new files, renamed over the former ones."""
        for source, target in zip(self.authority.issue(name, **more), (self.certificate, self.key)):
            shutil.copy(source, target + ".new")
            if is_readable:
                for_the_frontend(target + ".new")
            elif target == self.key:
                os.chmod(target + ".new", 0o600)
            os.rename(target + ".new", target)

    def settings(self, **more):
        return {"SENTINEL_TLS_CERTIFICATE": self.certificate, "SENTINEL_TLS_KEY": self.key, **more}


class ServerCertificate(Certificates):
    def start(self, **settings):
        service = Service(settings=self.settings(**settings))
        self.addCleanup(service.stop)
        service.await_ready = lambda: wait_for(lambda: "listens on https" in service.server.log() or
                                               not service.server.is_running, 60, "its start")
        self.service = service.start()
        self.assertTrue(service.server.is_running, service.server.log())
        wait_for(lambda: "the certificate is " in self.service.server.log(), 30)

    def context(self):
        return ssl.create_default_context(cafile=self.authority.path)

    def connect(self):
        connection = http.client.HTTPSConnection("localhost", self.service.port, timeout=60, context=self.context())
        connection.connect()
        return connection

    @staticmethod
    def ask(connection):
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        return response.status

    def serial(self):
        """Of the certificate that a new connection gets, verified by the authority."""
        connection = self.connect()
        try:
            self.assertEqual(self.ask(connection), 200)
            return connection.sock.getpeercert()["serialNumber"]
        finally:
            connection.close()

    def hang_up(self, expect):
        """SIGHUP to what was started; returns when the log has this word once more."""
        before = self.service.server.log().count(expect)
        # TSan delivers no signal while its program is in recv(), where the executor is: the frontend is told itself.
        is_tsan = "TSAN_OPTIONS" in self.service.server.environment
        for pid in self.service.server.others() if is_tsan else [self.service.server.process.pid]:
            os.kill(pid, signal.SIGHUP)
        wait_for(lambda: self.service.server.log().count(expect) > before, 30, expect)

    def test_a_renewed_certificate_is_for_new_connections_and_running_ones_go_on(self):
        self.start()
        first = self.serial()
        running = self.connect()
        self.addCleanup(running.close)
        self.assertEqual(self.ask(running), 200)
        # Accepted with the first certificate, and its handshake begins when that is gone.
        late = socket.create_connection(("localhost", self.service.port), 60)
        self.addCleanup(late.close)
        wait_for(lambda: self.figure("sentinel_http_connections", running) >= 2, 30)
        serials = {first}
        for name in ("second", "third"):
            self.put(name)
            self.hang_up("loaded anew, is valid until")
            wait_for(lambda: self.serial() not in serials, 30, "the new certificate")
            serials.add(self.serial())
            self.assertEqual(self.ask(running), 200)
        self.assertEqual(len(serials), 3)
        with self.context().wrap_socket(late, server_hostname="localhost") as tls:
            self.assertEqual(tls.getpeercert()["serialNumber"], first)

    def figure(self, name, connection):
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return max(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def test_what_cannot_be_used_leaves_the_former_certificate_and_is_told(self):
        self.start()
        first = self.serial()
        other_certificate, other_key = self.authority.issue("other")
        for spoil, word in ((lambda: shutil.copyfile(other_key, self.key), "is not that of the certificate in " + self.certificate),
                            (lambda: open(self.key, "w").close(), "there is no key (PEM) that could be used in " + self.key),
                            (lambda: os.unlink(self.key), "cannot read " + self.key),
                            (lambda: shutil.copyfile(other_key, self.certificate), "there is no certificate (PEM) in"),
                            (lambda: os.unlink(self.certificate), "cannot read " + self.certificate)):
            spoil()
            with self.subTest(word):
                self.hang_up("the former one stays")
                line = [line for line in self.service.server.log_lines() if "the former one stays" in line["message"]][-1]
                self.assertEqual(line["level"], "error")
                self.assertIn(word, line["message"])
                self.assertEqual(self.serial(), first)
        shutil.copy(other_certificate, self.certificate)
        shutil.copy(other_key, self.key)
        for_the_frontend(self.key)
        self.hang_up("loaded anew, is valid until")
        wait_for(lambda: self.serial() != first, 30)

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_roots_own_key_serves_from_the_start_and_a_reload_says_what_it_needs(self):
        self.put("secret", is_readable=False)
        self.start()
        first = self.serial()
        self.assertIn("a new certificate will need a restart", self.service.server.log())
        command = f"chgrp {FRONTEND_USER} {self.key} && chmod g+r {self.key}"
        self.assertIn(f"uid {FRONTEND_USER} may not read {self.key}: {command}", self.service.server.log())
        self.put("next", is_readable=False)
        self.hang_up("the former one stays: uid")
        self.assertEqual(self.serial(), first)
        subprocess.run(command, shell=True, check=True)
        self.hang_up("loaded anew, is valid until")
        wait_for(lambda: self.serial() != first, 30)

    def test_a_link_to_where_certificates_are_kept_is_followed_anew(self):
        """certbot: live/ has links, renewals are further files of archive/."""
        archive = os.path.join(self.directory, "archive")
        os.mkdir(archive)
        links = {"SENTINEL_TLS_CERTIFICATE": self.certificate, "SENTINEL_TLS_KEY": self.key}

        def renew(number):
            for source, link in zip(self.authority.issue(f"renewal{number}"), links.values()):
                target = os.path.join(archive, f"{number}-{os.path.basename(link)}")
                shutil.copy(source, target)
                for_the_frontend(target)
                os.symlink(os.path.relpath(target, self.place), link + ".new")
                os.rename(link + ".new", link)
        renew(1)
        self.start()
        first = self.serial()
        renew(2)
        self.hang_up("loaded anew, is valid until")
        wait_for(lambda: self.serial() != first, 30)

    def test_hanging_up_ends_nothing_where_there_is_no_certificate(self):
        with Service() as service:
            self.service = service
            self.hang_up("nothing to load anew")
            self.assertEqual(service.request("GET", "/health").status, 200)

    def test_what_expired_is_used_and_told(self):
        self.put("expired", days=-1)
        self.start()
        self.assertIn("the certificate is not valid any more", self.service.server.log())

    def test_a_pair_that_cannot_be_used_ends_the_start(self):
        other = self.authority.issue("other")[1]
        locked = os.path.join(self.directory, "locked.key")
        openssl("pkey", "-in", other, "-aes256", "-passout", "pass:secret", "-out", locked)
        for key, word in ((other, "is not that of the certificate"), (locked, "has a passphrase"),
                          (self.certificate, "there is no key (PEM) that could be used in"), (self.directory + "/none", "No such file")):
            with self.subTest(word):
                service = Service(settings=self.settings(SENTINEL_TLS_KEY=key))
                self.addCleanup(shutil.rmtree, service.directory)
                done = service.run("sentinel-server", check=False, SENTINEL_LISTEN="127.0.0.1:0")
                self.assertEqual(done.returncode, 1)
                self.assertIn(word, done.stderr)
                self.assertIn(key, done.stderr)


class CheckConfig(Certificates):
    def check(self, program="sentinel-server", status=2, **settings):
        service = Service()
        self.addCleanup(shutil.rmtree, service.directory)
        done = service.run(program, "--check-config", check=False, **settings)
        self.assertEqual(done.returncode, status, done.stderr)
        for line in done.stderr.splitlines():
            self.assertRegex(line, f"^{program}: (error|warning): ")
        self.assertIn("SENTINEL_STATE_DIR=", done.stdout)
        return done.stderr

    def path(self, name, content=""):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def test_nothing_wrong_is_no_finding_and_makes_nothing(self):
        self.path("web/index.html", "<!doctype html>")
        state = os.path.join(self.directory, "state/below")
        said = self.check(status=0, SENTINEL_STATE_DIR=state, SENTINEL_WEB_ROOT=os.path.join(self.directory, "web"),
                          SENTINEL_LANGUAGE_PATH=self.directory, SENTINEL_LISTEN=f"unix:{self.directory}/socket", **self.settings())
        self.assertEqual(said, "")
        self.assertFalse(os.path.exists(os.path.dirname(state)))
        self.assertFalse(os.path.exists(f"{self.directory}/socket"))

    def test_every_finding_has_its_line(self):
        said = self.check(SENTINEL_LISTEN="no-address.example:80", SENTINEL_WEB_ROOT=self.place,
                          SENTINEL_LANGUAGE_PATH=f"{self.directory}:/no/such:{self.directory}/none.conf",
                          SENTINEL_TLS_CERTIFICATE=self.certificate, SENTINEL_TLS_KEY=self.authority.issue("other")[1],
                          SENTINEL_STATE_DIR=self.path("file"))
        for words in ("SENTINEL_LISTEN: \"no-address.example:80\" has no numeric address", "SENTINEL_WEB_ROOT: cannot find " + self.place,
                      "SENTINEL_LANGUAGE_PATH: cannot read /no/such", "SENTINEL_LANGUAGE_PATH: cannot read " + self.directory,
                      "SENTINEL_TLS_CERTIFICATE, SENTINEL_TLS_KEY: the key in ", "SENTINEL_STATE_DIR: "):
            self.assertIn("error: " + words, said)
        self.assertEqual(len(said.splitlines()), 6)

    def test_a_certificate_is_looked_at_for_its_dates(self):
        self.put("expired", days=-1)
        self.assertIn(f"error: SENTINEL_TLS_CERTIFICATE: {self.certificate} expired on 20", self.check(**self.settings()))
        self.put("ending", days=3)
        self.assertIn(f"warning: SENTINEL_TLS_CERTIFICATE: {self.certificate} expires on 20",
                      self.check(status=0, **self.settings()))

    def test_what_a_start_warns_of_is_warned_of_before(self):
        plain, is_open = "warning: SENTINEL_LISTEN: 0.0.0.0:80 is served without TLS", "warning: SENTINEL_AUTH: open on 0.0.0.0:80"
        self.put("good")
        for settings, wanted in (({}, [plain]), ({"SENTINEL_AUTH": "open"}, [plain, is_open]),
                                 ({"SENTINEL_AUTH": "open", **self.settings()}, [is_open]), (self.settings(), [])):
            said = self.check(status=0, SENTINEL_LISTEN="0.0.0.0:80", **settings)
            for words in (plain, is_open):
                self.assertEqual(words in said, words in wanted, (settings, said))
        for listen in ("127.0.0.1:80", "[::1]:80", f"unix:{self.directory}/socket"):
            self.assertEqual(self.check(status=0, SENTINEL_LISTEN=listen, SENTINEL_AUTH="open"), "")

    def test_what_an_empty_value_comes_to_is_shown(self):
        data = os.path.join(self.directory, "data")
        shutil.copytree(os.path.join(TOP, "policies"), data)
        page = self.path("data/web/index.html", "<!doctype html>")
        service = Service(settings={"SENTINEL_DATA_DIR": data})
        self.addCleanup(shutil.rmtree, service.directory)
        shown = service.run("sentinel-server", "--check-config").stdout.splitlines()
        self.assertIn(f"SENTINEL_SLOTS={os.sysconf('SC_NPROCESSORS_ONLN')}", shown)
        self.assertIn(f"SENTINEL_WEB_ROOT={os.path.dirname(page)}", shown)
        self.assertIn("SENTINEL_SLOTS=3", service.run("sentinel-server", "--check-config", SENTINEL_SLOTS="3").stdout.splitlines())

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_what_the_frontend_may_not_read_is_told_with_the_command_that_mends_it(self):
        self.put("secret", is_readable=False)
        said = self.check(status=0, **self.settings())
        self.assertIn(f"warning: SENTINEL_TLS_KEY: a new one will need a restart, SIGHUP cannot load it: uid {FRONTEND_USER} "
                      f"may not read {self.key}", said)
        os.chmod(self.place, 0o700)
        command = f"chgrp {FRONTEND_USER} {self.place} && chmod g+x {self.place}"
        self.assertIn(f"may not enter {self.place}: {command}", self.check(status=0, **self.settings()))
        subprocess.run(command, shell=True, check=True)
        subprocess.run(f"chgrp {FRONTEND_USER} {self.key} && chmod g+r {self.key}", shell=True, check=True)
        self.assertEqual(self.check(status=0, **self.settings()), "")
        index = self.path("web/index.html")
        os.chmod(index, 0o600)
        self.assertIn(f"error: SENTINEL_WEB_ROOT: uid {FRONTEND_USER} may not read {index}: chgrp",
                      self.check(SENTINEL_WEB_ROOT=os.path.dirname(index)))
        state = os.path.join(self.directory, "state")
        os.mkdir(state)
        os.chown(state, int(FRONTEND_USER), 0)
        os.chmod(state, 0o500)
        self.assertIn(f"error: SENTINEL_STATE_DIR: uid {FRONTEND_USER} may not read and write {state}: chmod u+rwx {state}",
                      self.check(SENTINEL_STATE_DIR=state))
        os.chmod(state, 0o700)
        self.path("state/something")  # of somebody who keeps copies there
        for name in ("jobs.db", "jobs.db-wal", "queue.db"):
            with self.subTest(name):
                self.path(f"state/{name}")
                self.assertIn(f"error: SENTINEL_STATE_DIR: {state}/{name} belongs to uid 0, not to uid {FRONTEND_USER}: chown -R {FRONTEND_USER} {state}\n",
                              self.check(SENTINEL_STATE_DIR=state))
                os.chown(f"{state}/{name}", int(FRONTEND_USER), 0)
                os.chmod(f"{state}/{name}", 0o400)
                self.assertIn(f"chmod u+rw {state}/{name}\n", self.check(SENTINEL_STATE_DIR=state))
                os.chmod(f"{state}/{name}", 0o600)
                self.assertEqual(self.check(status=0, SENTINEL_STATE_DIR=state), "")
        os.chown(state, 0, 0)
        self.assertIn(f"error: SENTINEL_STATE_DIR: {state} belongs to uid 0", self.check(SENTINEL_STATE_DIR=state))
        self.assertIn("error: SENTINEL_USER: ", self.check(SENTINEL_USER="nobody-of-that-name"))

    def test_urls_are_looked_at_as_far_as_files_go(self):
        ca = self.authority.path
        fleet = {"DATABASE_URL": "postgresql://u:hunter2@db.example/d?sslmode=verify-full&sslrootcert=" + ca,
                 "RABBITMQ_URL": "amqps://u:hunter2@mq.example/?cacertfile=" + ca}
        for program in ("sentinel-server", "sentinel-worker"):
            self.assertEqual(self.check(program, status=0, **fleet), "")
            empty = self.path("empty.pem")
            for key, url, word in (
                    ("RABBITMQ_URL", "amqps://u:hunter2@mq.example/?cacertfile=/no/such", "RABBITMQ_URL: cacertfile: cannot read /no/such"),
                    ("RABBITMQ_URL", "amqps://u:hunter2@mq.example/?cacertfile=" + empty, "RABBITMQ_URL: there is no certificate (PEM) in"),
                    ("RABBITMQ_URL", "amqps://u:hunter2@mq.example/?verify=none", "RABBITMQ_URL: the only parameter"),
                    ("RABBITMQ_URL", "amqp://u:hunter2@mq.example/?cacertfile=" + ca, "RABBITMQ_URL: the only parameter"),
                    ("DATABASE_URL", "postgresql://u:hunter2@db.example/d?sslmode=verify-full", "DATABASE_URL: sslmode=verify-full needs sslrootcert"),
                    ("DATABASE_URL", "postgresql://u:hunter2@/d?sslrootcert=/no/such", "DATABASE_URL: sslrootcert: cannot read /no/such"),
                    ("DATABASE_URL", f"sqlite:{self.directory}/jobs.db", f"DATABASE_URL: {self.directory}/jobs.db is not below"),
                    ("DATABASE_URL", "postgresql://u:hunter2@/d?sslmode", "DATABASE_URL: the database's URL is not")):
                with self.subTest(program + " " + url):
                    said = self.check(program, **{**fleet, key: url})
                    self.assertIn("error: " + word, said)
                    self.assertNotIn("hunter2", said)
        for rest, is_risky in (("db.example/d", True), ("db.example/d?sslmode=require", True), ("/d?host=127.0.0.1,::1", False), ("/d?host=%2Frun", False),
                               ("db.example/d?sslmode=verify-ca&sslrootcert=" + ca, True)):
            said = self.check(status=0, **{**fleet, "DATABASE_URL": "postgresql://u:hunter2@" + rest})
            self.assertEqual("warning: DATABASE_URL: with sslmode=" in said, is_risky, rest)


class FleetOverTls(unittest.TestCase):
    """A database and a broker that are spoken to with TLS, started by a root whose home is closed to the frontend."""

    @classmethod
    def setUpClass(cls):
        reason = Service.missing(True) or (None if shutil.which("openssl") else "no openssl to make certificates with")
        if reason:
            raise unittest.SkipTest(reason)
        home = tempfile.mkdtemp(prefix="sentinel-home-")
        cls.addClassCleanup(shutil.rmtree, home)
        cls.service = Service(fleet=True, tls=True, settings={"HOME": home}).start()
        cls.addClassCleanup(cls.service.stop)

    def said(self, word, **settings):
        """Until a server of these settings says this in its log; then it ends in good order."""
        server = Process("sentinel-server", self.service.directory,
                         self.service.environment(SENTINEL_LISTEN=f"127.0.0.1:{free_port()}", **settings)).start()
        try:
            wait_for(lambda: word in server.log(), 60, word)
            self.assertNotIn(self.service.rabbitmq.url.split(":")[2].split("@")[0], server.log())
        finally:
            self.assertEqual(server.stop(), 0)

    def test_who_knows_the_authority_executes(self):
        answer = self.service.submit("python", "print('by TLS')")
        self.assertEqual((answer.status, answer.json["stdout"]), (200, "by TLS\n"), answer)
        self.assertEqual(self.service.run("sentinel-server", "--check-config").stderr, "")

    def test_another_authority_is_not_believed(self):
        url = self.service.rabbitmq.tls_url.split("?")[0]
        self.said("is not to be trusted by the authorities of " + self.service.postgres.ca_file,
                  RABBITMQ_URL=f"{url}?cacertfile={self.service.postgres.ca_file}")
        self.said("is not to be trusted by the authorities of this host", RABBITMQ_URL=url)
        done = self.service.run("sentinel-server", "keys", "list", check=False, DATABASE_URL=self.service.postgres.tls_url.replace(
            "postgres%2Fca.pem", "rabbitmq%2Fca.pem"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate verify failed", done.stderr)

    def test_another_host_name_is_not_believed(self):
        self.said("is another host's: it has no DNS name 127.0.0.1", RABBITMQ_URL=self.service.rabbitmq.tls_url.replace("localhost", "127.0.0.1"))
        done = self.service.run("sentinel-server", "keys", "list", check=False,
                                DATABASE_URL=self.service.postgres.tls_url.replace("localhost", "127.0.0.1"))
        self.assertIn("does not match host name", done.stderr)

    def test_authorities_that_are_not_there_end_the_start(self):
        url = self.service.rabbitmq.tls_url.split("?")[0]
        done = self.service.run("sentinel-server", check=False, SENTINEL_LISTEN="127.0.0.1:0", RABBITMQ_URL=url + "?cacertfile=/no/such")
        self.assertEqual(done.returncode, 1)
        self.assertIn("RABBITMQ_URL: cannot read /no/such", done.stderr)

    @unittest.skipUnless(IS_ROOT and shutil.which("unshare"), "needs root and unshare, to put an authority among the host's")
    def test_the_hosts_authorities_are_believed_where_the_url_names_none(self):
        trusted = os.path.join(self.service.directory, "trusted")
        os.makedirs(trusted)
        shutil.copy(self.service.rabbitmq.ca_file, trusted)
        openssl("rehash", trusted)
        server = Process("sentinel-server", self.service.directory, self.service.environment(
            SENTINEL_LISTEN=f"127.0.0.1:{free_port()}", RABBITMQ_URL=self.service.rabbitmq.tls_url.split("?")[0]))
        server.arguments = ("--mount", "sh", "-c", f"mount --bind {trusted} /etc/ssl/certs && exec {server.path}")
        server.path = shutil.which("unshare")
        server.start()
        try:
            wait_for(lambda: "listens on" in server.log(), 60)
            port = server.environment["SENTINEL_LISTEN"]

            def is_up():
                connection = http.client.HTTPConnection(port, timeout=60)
                connection.request("GET", "/health/ready")
                answer = connection.getresponse().read()
                connection.close()
                return b'"queue":{"status":"up"' in answer
            wait_for(is_up, 60, "the broker")
        finally:
            self.assertEqual(server.stop(), 0)

    def test_authorities_that_were_replaced_are_found_at_the_next_connection(self):
        """By a rename, which a rule for the file itself would not survive."""
        place = os.path.join(self.service.directory, "authorities")
        os.mkdir(place)
        path = os.path.join(place, "ca.pem")
        shutil.copy(self.service.postgres.ca_file, path)
        server = Process("sentinel-server", self.service.directory, self.service.environment(
            SENTINEL_LISTEN=f"127.0.0.1:{free_port()}",
            RABBITMQ_URL=f"{self.service.rabbitmq.tls_url.split('?')[0]}?cacertfile={path}")).start()
        try:
            wait_for(lambda: "is not to be trusted" in server.log(), 60)
            shutil.copy(self.service.rabbitmq.ca_file, path + ".new")
            os.rename(path + ".new", path)
            wait_for(lambda: "the broker is back" in server.log(), 60)
        finally:
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
