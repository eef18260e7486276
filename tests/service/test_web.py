# SPDX-License-Identifier: MIT
"""What GET / answers: the web interface that was found, or that there is none."""

import os
import shutil
import tempfile
import unittest
from unittest import mock

from services.service import TOP, Service, programs_directory, wait_for

PAGE = b"<!doctype html><title>ours</title>"


@unittest.skipIf(Service.missing(False), f"SKIP: {Service.missing(False)}")
class Found(unittest.TestCase):
    """A source tree with the program in its build directory, in a place that the frontend has no way to."""

    def setUp(self):
        self.tree = tempfile.mkdtemp(prefix="sentinel-web-")
        self.addCleanup(shutil.rmtree, self.tree)
        build = os.path.join(self.tree, "build")
        os.makedirs(os.path.join(build, "sentinel-server"))
        shutil.copy(os.path.join(programs_directory(), "sentinel-server", "sentinel-server"),
                    os.path.join(build, "sentinel-server"))
        os.makedirs(os.path.join(self.tree, "policies"))
        os.symlink(os.path.join(TOP, "policies", "languages"), os.path.join(self.tree, "policies", "languages"))
        library = os.path.join(os.path.abspath(programs_directory()), "libsentinel")
        self.service = Service(settings={"LD_LIBRARY_PATH": library})
        self.build = build

    def start(self, **settings):
        self.service.settings.update(settings)
        with mock.patch.dict(os.environ, SENTINEL_BUILD=self.build):
            self.service.start()
        self.addCleanup(self.service.stop)
        return self.service

    def make_web(self, where, mode=0o644):
        directory = os.path.join(self.tree, where)
        os.makedirs(directory)
        os.chmod(directory, 0o755)
        with open(os.path.join(directory, "index.html"), "wb") as file:
            file.write(PAGE)
            os.fchmod(file.fileno(), mode)
        return directory

    def assert_is_missing(self, service):
        answer = service.request("GET", "/")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        for said in (b"The web interface was not built", b"npm ci", b"npm run build", b"scripts/quickstart",
                     b'href="/api/v1/openapi.json"', b'href="/health"'):
            self.assertIn(said, answer.body)
        self.assertNotIn(b"<script", answer.body)
        self.assertNotIn(b"://", answer.body)
        policy = answer.headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'; style-src 'sha256-"), policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_without_one_the_page_says_how_to_build_it(self):
        service = self.start()
        self.assert_is_missing(service)
        head = service.request("HEAD", "/")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(int(head.headers["Content-Length"]), len(service.request("GET", "/").body))
        answer = service.request("POST", "/", document={})
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))
        for path in ("/index.html", "/dashboard", "/s/1", "/assets/x.js", "/favicon.svg"):
            answer = service.request("GET", path)
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (404, "application/problem+json"), path)
        self.assertEqual(service.request("GET", "/health").status, 200)
        self.assertEqual(service.request("GET", "/api/v1/openapi.json").status, 200)

    def test_one_that_was_built_in_the_source_tree_is_found(self):
        self.make_web("web/dist")
        service = self.start()
        for path in ("/", "/dashboard", "/s/0199c2a5-0000-7000-8000-000000000000"):
            answer = service.request("GET", path)
            self.assertEqual((answer.status, answer.body), (200, PAGE), path)
            self.assertEqual(answer.headers["Cache-Control"], "no-cache")
        self.assertEqual(service.request("GET", "/health").json["status"], "ok")
        self.assertEqual(service.request("GET", "/api/nothing").status, 404)

    def test_its_files_are_counted_as_what_they_are(self):
        self.make_web("web/dist")
        service = self.start()
        for method, path in (("GET", "/"), ("GET", "/dashboard"), ("HEAD", "/"), ("GET", "/assets/none.js"), ("POST", "/")):
            service.request(method, path)
        service.request("GET", "/api/nothing")

        def are_counted():
            text = service.request("GET", "/metrics").body.decode()
            return all(f"\nsentinel_http_requests_total{{{labels}}} {count}\n" in text for labels, count in (
                ('method="GET",route="static",status="200"', 2), ('method="HEAD",route="static",status="200"', 1),
                ('method="GET",route="static",status="404"', 1), ('method="other",route="none",status="405"', 1),
                ('method="other",route="none",status="404"', 1)))
        wait_for(are_counted, 10, "the counts")  # a request is counted when all of its answer is on its way

    def test_one_beside_the_policies_comes_first(self):
        self.make_web("web/dist")
        data = os.path.join(self.tree, "data")
        shutil.copytree(os.path.join(TOP, "policies"), data)
        with open(os.path.join(self.make_web("data/web"), "index.html"), "wb") as file:
            file.write(b"beside")
        service = self.start(SENTINEL_DATA_DIR=data)
        self.assertEqual(service.request("GET", "/").body, b"beside")

    def test_the_one_that_is_configured_comes_before_all(self):
        self.make_web("web/dist")
        given = self.make_web("given")
        with open(os.path.join(given, "index.html"), "wb") as file:
            file.write(b"given")
        service = self.start(SENTINEL_WEB_ROOT=given)
        self.assertEqual(service.request("GET", "/").body, b"given")

    @unittest.skipUnless(os.geteuid() == 0, "SKIP: the frontend is another user only if root starts it")
    def test_one_that_the_frontend_cannot_read_is_as_good_as_none(self):
        self.make_web("web/dist", mode=0o600)
        service = self.start()
        self.assert_is_missing(service)
        self.assertIn("cannot read the web interface", service.server.log())

    @unittest.skipUnless(os.geteuid() == 0, "SKIP: the frontend is another user only if root starts it")
    def test_a_configured_one_that_cannot_be_read_ends_the_server(self):
        given = self.make_web("given", mode=0o600)
        with self.assertRaisesRegex(AssertionError, "cannot read the web interface"):
            self.start(SENTINEL_WEB_ROOT=given)

    def test_a_configured_one_that_is_not_there_ends_the_server(self):
        with self.assertRaisesRegex(AssertionError, "cannot open the web interface's directory"):
            self.start(SENTINEL_WEB_ROOT=os.path.join(self.tree, "nowhere"))


if __name__ == "__main__":
    unittest.main()
