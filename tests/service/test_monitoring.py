# SPDX-License-Identifier: MIT
"""deploy/monitoring is true: a real Prometheus that watches a real fleet answers every expression of rules and dashboards."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services.service import TOP, Service, free_port, wait_for  # noqa: E402

MONITORING = os.path.join(TOP, "deploy", "monitoring")
DASHBOARDS = ("overview", "workers", "infrastructure")

# Selectors that a fleet without a fault has no series of, each with its reason.
WITHOUT_SERIES = {
    'ALERTS{alertname=~"Sentinel.+",alertstate="firing"}': "nothing is wrong with this fleet",
}
# Ours, and what a process tells of itself.
METRIC = re.compile(r"\b(?:sentinel|process)_[a-z_]+\b")
SELECTOR = re.compile(r"\b(?:up|ALERTS|(?:sentinel|process)_[a-z_]+)(?:\{[^}]*\})?(?![a-z_])")


def read(*path):
    with open(os.path.join(MONITORING, *path)) as file:
        return file.read()


def alert_names():
    return re.findall(r"^ *- alert: (\w+)$", read("alerts.yml"), re.MULTILINE)


def panels():
    """(where, panel), without rows."""
    for name in DASHBOARDS:
        for panel in json.loads(read("grafana", name + ".json"))["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def with_chosen(expression):
    """As Grafana asks it, with everything chosen. The window is a short one, for so is the test."""
    for variable, value in (("$job", ".*"), ("$instance", ".*"), ("$__rate_interval", "1m")):
        expression = expression.replace(variable, value)
    return expression


class Files(unittest.TestCase):
    def setUp(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed: Debian's package prometheus")

    def promtool(self, *arguments):
        done = subprocess.run(["promtool", *arguments], cwd=MONITORING, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_takes_them(self):
        self.promtool("check", "config", "--lint-fatal", "prometheus.yml")
        self.promtool("check", "rules", "--lint-fatal", "alerts.yml")

    def test_alerts_fire_when_they_should(self):
        self.promtool("test", "rules", "alerts.test.yml")
        for name in alert_names():
            self.assertIn(f"alertname='{name}'", read("alerts.test.yml"))

    def test_each_alert_says_what_it_means_and_where_that_is_written(self):
        with open(os.path.join(TOP, "docs", "operations.md")) as file:
            page = file.read()
        anchors = {"#" + heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
        rules = read("alerts.yml").split("- alert: ")[1:]
        self.assertEqual(len(rules), len(alert_names()))
        for rule in rules:
            name = rule.split()[0]
            self.assertRegex(rule, r"severity: (critical|warning)\n", name)
            for annotation in ("summary", "description"):
                self.assertIn(f" {annotation}: ", rule, name)
            place = re.search(r"runbook_url: docs/operations\.md(#\S+)\n", rule)
            self.assertIn(place and place.group(1), anchors, name)
            self.assertIn(f"`{name}`", page)


class Dashboards(unittest.TestCase):
    def test_they_are_as_they_are_written(self):
        done = subprocess.run([sys.executable, os.path.join(MONITORING, "dashboards.py"), "--check"], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_can_be_told_from_the_others_and_be_aimed(self):
        uids = set()
        for name in DASHBOARDS:
            document = json.loads(read("grafana", name + ".json"))
            uids.add(document["uid"])
            self.assertEqual([variable["name"] for variable in document["templating"]["list"]], ["datasource", "job", "instance"])
        self.assertEqual(len(uids), len(DASHBOARDS))

    def test_each_panel_explains_itself_and_asks_the_chosen_prometheus(self):
        for where, panel in panels():
            with self.subTest(where):
                self.assertTrue(panel["description"].endswith("."))
                self.assertTrue(panel["targets"])
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"], panel["datasource"])
                    self.assertTrue(target["legendFormat"])
                    # A selector that leaves out the choice would mix in another fleet.
                    for selector in SELECTOR.findall(target["expr"]):
                        self.assertIn('job=~"$job",instance=~"$instance"', selector)
                    self.assertLessEqual(set(re.findall(r"\$\w+", target["expr"])), {"$job", "$instance", "$__rate_interval", "$1"})

    def test_no_panel_lies_on_another(self):
        for name in DASHBOARDS:
            taken = set()
            ids = set()
            for panel in json.loads(read("grafana", name + ".json"))["panels"]:
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                self.assertNotIn(panel["id"], ids)
                taken |= cells
                ids.add(panel["id"])


class Prometheus:
    """Debian's, with deploy/monitoring's own configuration; only addresses and intervals are the test's."""

    def __init__(self, targets):
        """targets: {default address: address}."""
        self.directory = tempfile.mkdtemp(prefix="sentinel-prometheus-")
        self.port = free_port()
        self.process = None
        config = read("prometheus.yml")
        replaced = {f'targets: ["{default}"]\n': f'targets: ["{address}"]\n' for default, address in targets.items()}
        for old, new in {**replaced, "scrape_interval: 15s\n": "scrape_interval: 1s\n",
                         "evaluation_interval: 15s\n": "evaluation_interval: 1s\n"}.items():
            if config.count(old) != 1:
                raise AssertionError(f"prometheus.yml has not one {old!r}")
            config = config.replace(old, new)
        with open(os.path.join(self.directory, "prometheus.yml"), "w") as file:
            file.write(config)
        shutil.copy(os.path.join(MONITORING, "alerts.yml"), self.directory)

    def start(self):
        with open(os.path.join(self.directory, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def ask(self, path, **query):
        if self.process.poll() is not None:
            with open(os.path.join(self.directory, "log")) as file:
                raise AssertionError("prometheus ended: " + file.read()[-3000:])
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query, doseq=True)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from None
        except urllib.error.URLError:
            return None  # it does not listen yet

    def numbers(self, expression):
        """What it answers now, each series that is a number (0/0 is none)."""
        data = self.ask("query", query=expression)
        if data is None:
            return []
        values = [data["result"]] if data["resultType"] == "scalar" else [series["value"] for series in data["result"]]
        return [float(value) for _, value in values if not math.isnan(float(value))]

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Watched(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = Service.missing(True) or (None if shutil.which("prometheus") else "prometheus is not installed")
        if reason:
            raise unittest.SkipTest(reason)
        cls.service = Service(fleet=True, settings={"SENTINEL_SLOTS": "2"}).start()
        try:
            cls.worker = cls.service.workers[0].environment["SENTINEL_LISTEN"]
            cls.prometheus = Prometheus({"127.0.0.1:8080": f"127.0.0.1:{cls.service.port}", "127.0.0.1:9090": cls.worker})
            cls.prometheus.start()
            cls.execute()
            # A rate begins with a series' second sample: the same once more, when Prometheus has seen them.
            wait_for(lambda: cls.prometheus.numbers('sentinel_executions_total{status="INTERNAL_ERROR"} > 0'), 60, "the first samples")
            cls.execute()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "prometheus"):
            cls.prometheus.stop()
        cls.service.stop()

    @classmethod
    def execute(cls):
        """A job for each way to end that a dashboard has a word for."""
        for expected, language, source, more in (
                ("SUCCESS", "c", "int main(void) { return 0; }", {}),
                ("RUNTIME_ERROR", "python", "raise SystemExit(3)", {}),
                ("COMPILATION_ERROR", "c", "int main(void) { return x; }", {}),
                ("TIMEOUT", "python", "while True: pass", {"time_limit_ms": 200}),
                # The checker fails, not the program.
                ("INTERNAL_ERROR", "python", "print(1)", {
                    "test_cases": [{"stdin": "", "expected_output": "1\n"}],
                    "compare": {"mode": "checker", "checker": {"language": "python", "source_code": "raise SystemExit(9)"}}})):
            answer = cls.service.submit(language, source, **more)
            if answer.status != 200 or answer.json["status"] != expected:
                raise AssertionError(f"{expected} was expected: {answer}")

    def expressions(self):
        """(where, expression) of rules, panels, annotations. A rule's is what it compares: an alert that is silent has no series."""
        for group in self.prometheus.ask("rules")["groups"]:
            for rule in group["rules"]:
                compared = re.fullmatch(r"(.+) (?:>|<|==) [\d.]+", rule["query"], re.DOTALL)
                self.assertTrue(compared, rule["query"])
                yield f"alert {rule['name']}", compared.group(1)
        for where, panel in panels():
            for target in panel["targets"]:
                yield where, with_chosen(target["expr"])
        for name in DASHBOARDS:
            for annotation in json.loads(read("grafana", name + ".json"))["annotations"]["list"]:
                yield f"{name}: {annotation['name']}", annotation["expr"]

    def test_every_expression_is_answered(self):
        expressions = list(self.expressions())
        self.assertGreater(len(expressions), 60)
        waiting = {}
        for where, expression in expressions:
            # Of each selector too: `or vector(0)` and the like answer for one that is wrong.
            for part in [expression, *SELECTOR.findall(expression)]:
                waiting.setdefault(part, where)
        for silent in WITHOUT_SERIES:
            waiting.pop(silent)  # it is among them, or this list has too much
            self.assertEqual(self.prometheus.numbers(silent), [])

        def are_answered():
            for part in list(waiting):
                if self.prometheus.numbers(part):
                    del waiting[part]
            return not waiting
        try:
            wait_for(are_answered, 60)
        except AssertionError:
            self.fail(f"no answer to {waiting}")

    def test_every_metric_is_one_that_a_process_tells(self):
        told = set()
        for address in (f"127.0.0.1:{self.service.port}", self.worker):
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as response:
                for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", response.read().decode(), re.MULTILINE):
                    told |= {name + suffix for suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))}
        for where, expression in self.expressions():
            self.assertLessEqual(set(METRIC.findall(expression)), told, where)

    def test_variables_find_jobs_and_instances(self):
        for name in DASHBOARDS:
            for variable in json.loads(read("grafana", name + ".json"))["templating"]["list"][1:]:
                metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()
                with self.subTest(name, variable=variable["name"]):
                    series = wait_for(lambda metric=metric: self.prometheus.ask("series", **{"match[]": with_chosen(metric)}), 30, metric)
                    self.assertTrue(all(label in one for one in series))

    def test_nothing_fires_of_a_fleet_that_is_well(self):
        wait_for(lambda: self.prometheus.numbers("min(up)") == [1], 30, "every target")
        for group in self.prometheus.ask("rules")["groups"]:
            for rule in group["rules"]:
                self.assertNotIn("firing", [alert["state"] for alert in rule["alerts"]], rule["name"])
                self.assertEqual((rule["health"], rule.get("lastError")), ("ok", None), rule["name"])

    def test_servers_and_workers_are_told_apart(self):
        self.assertEqual(self.prometheus.numbers('up{job="sentinel-server"} and on (instance) sentinel_http_connections'), [1])
        self.assertEqual(self.prometheus.numbers('up{job="sentinel-worker"} unless on (instance) sentinel_http_connections'), [1])


if __name__ == "__main__":
    unittest.main()
