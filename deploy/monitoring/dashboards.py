#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes grafana/*.json, the dashboards: change them here, not there. --check: tells which of them this would change.

In expressions @ stands for the jobs and instances that were chosen above, and RATE for a rate's window. What is the same
wherever it is asked (the queue, the workers that are heard of) is taken once, by max; what each process counts is summed.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent / "grafana"
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # of Grafana's grid

GOOD, WARN, BAD, PLAIN = "green", "orange", "red", "text"
STATUS_COLOURS = {"SUCCESS": "green", "INTERNAL_ERROR": "red", "COMPILATION_ERROR": "yellow", "RUNTIME_ERROR": "orange",
                  "WRONG_ANSWER": "light-blue", "TIMEOUT": "purple", "CANCELLED": "gray"}
CLASS_COLOURS = {"2xx": "green", "3xx": "blue", "4xx": "yellow", "5xx": "red"}
UP = {0: ("away", BAD), 1: ("up", GOOD)}
PROCESS = "Of the process that answers HTTP or takes jobs, not of the executor beside it nor of the programs that it runs."

# Only servers have this one: what they tell of workers is fleet-wide, what a worker tells is of itself.
WORKERS_ACTIVE = "max(sentinel_workers_active{@} and on (job, instance) sentinel_http_connections{@})"
# A checker that came with the submission and fails is its submitter's to mend. Each is counted before its job has ended.
ERROR_RATE = """clamp_min(
  sum(rate(sentinel_executions_total{@,status="INTERNAL_ERROR"}[RATE])) - sum(rate(sentinel_checker_failures_total{@}[RATE]))
  or vector(0), 0
) / (sum(rate(sentinel_executions_total{@}[RATE])) > 0)"""


# ---- what panels are made of -------------------------------------------------------------------------------------------


def steps(*pairs):
    """Thresholds: the first colour from the bottom up, each other from its value on."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in pairs]}


def targets(queries):
    """queries: {legend: expression}."""
    return [{"refId": chr(ord("A") + i), "datasource": PROMETHEUS, "editorMode": "code", "range": True,
             "expr": expr.replace("@", 'job=~"$job",instance=~"$instance"').replace("RATE", "$__rate_interval"),
             "legendFormat": legend}
            for i, (legend, expr) in enumerate(queries.items())]


def colour_overrides(colours):
    return [{"matcher": {"id": "byName", "options": name},
             "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
            for name, colour in (colours or {}).items()]


def panel(kind, title, description, queries, width, height, defaults, options, overrides=()):
    return {"type": kind, "title": title, "description": description, "datasource": PROMETHEUS,
            "gridPos": {"w": width, "h": height}, "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
            "options": options, "targets": targets(queries)}


def stat(title, description, query, unit="none", thresholds=((PLAIN, None),), empty="no data", decimals=None):
    defaults = {"unit": unit, "noValue": empty, "color": {"mode": "thresholds"}, "thresholds": steps(*thresholds)}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, {title: query}, 4, 4, defaults,
                 {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                  "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": "value"})


def graph(title, description, queries, unit="none", width=12, height=8, is_stacked=False, limit=None, top=None,
          colours=None):
    """limit: where a red line is drawn; top: the axis' end."""
    defaults = {
        "unit": unit, "min": 0, "color": {"mode": "palette-classic"},
        "custom": {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "showPoints": "auto",
                   "fillOpacity": 40 if is_stacked else 10, "spanNulls": False, "axisPlacement": "auto",
                   "stacking": {"mode": "normal" if is_stacked else "none", "group": "A"},
                   "thresholdsStyle": {"mode": "off" if limit is None else "line"}},
        "thresholds": steps((GOOD, None)) if limit is None else steps((GOOD, None), (BAD, limit)),
    }
    if top is not None:
        defaults["max"] = top
    return panel("timeseries", title, description, queries, width, height, defaults,
                 {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
                  "tooltip": {"mode": "multi", "sort": "desc"}}, colour_overrides(colours))


def states(title, description, queries, words, width=12, height=8):
    """words: {value: (word, colour)}."""
    mapping = {str(value): {"text": word, "color": colour, "index": i} for i, (value, (word, colour)) in enumerate(words.items())}
    return panel("state-timeline", title, description, queries, width, height,
                 {"color": {"mode": "thresholds"}, "thresholds": steps((PLAIN, None)),
                  "custom": {"fillOpacity": 70, "lineWidth": 0}, "mappings": [{"type": "value", "options": mapping}]},
                 {"showValue": "never", "mergeValues": True, "rowHeight": 0.8, "alignValue": "left",
                  "tooltip": {"mode": "single", "sort": "none"},
                  "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}})


def quantile(q, histogram, labels, more=""):
    return f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket{{@{more}}}[RATE])))"


def percentiles(histogram, more=""):
    return {f"p{q * 100:.0f}": quantile(q, histogram, "le", more) for q in (0.5, 0.95, 0.99)}


def percentile_95(histogram, by):
    return {f"{{{{{by}}}}}": quantile(0.95, histogram, f"le, {by}")}


def average(histogram, by, more=""):
    return f"sum by ({by}) (rate({histogram}_sum{{@{more}}}[RATE])) / sum by ({by}) (rate({histogram}_count{{@{more}}}[RATE]))"


# ---- dashboards --------------------------------------------------------------------------------------------------------


def place(sections):
    """Rows with their panels, left to right, as high as their highest."""
    panels = []
    y = 0
    for title, members in sections:
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        y += 1
        x = height = 0
        for member in members:
            size = member["gridPos"]
            if x + size["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            member["gridPos"] = {"x": x, "y": y, **size}
            x += size["w"]
            height = max(height, size["h"])
            panels.append(member)
        y += height
    for number, member in enumerate(panels, 1):
        member["id"] = number
    return panels


def choice(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": PROMETHEUS, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "options": [], "hide": 0, "skipUrlSync": False}


def dashboard(uid, title, description, known_by, sections):
    """known_by: the metric of the processes that can be chosen."""
    return {
        "uid": uid, "title": title, "description": description, "tags": ["sentinel"], "schemaVersion": 37, "version": 1,
        "id": None, "editable": True, "graphTooltip": 1, "fiscalYearStartMonth": 0, "liveNow": False, "weekStart": "",
        "timezone": "browser", "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timepicker": {},
        "links": [{"type": "dashboards", "title": "Sentinel", "tags": ["sentinel"], "asDropdown": False, "icon": "external link",
                   "includeVars": False, "keepTime": True, "targetBlank": False, "tooltip": "", "url": ""}],
        "annotations": {"list": [
            {"name": "Alerts", "datasource": PROMETHEUS, "enable": True, "hide": False, "iconColor": "red",
             "expr": 'ALERTS{alertname=~"Sentinel.+",alertstate="firing"}', "titleFormat": "{{alertname}}",
             "textFormat": "{{severity}} {{instance}}"}]},
        "templating": {"list": [
            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1, "regex": "",
             "multi": False, "includeAll": False, "current": {}, "options": [], "hide": 0, "skipUrlSync": False},
            choice("job", "Job", f"label_values({known_by}, job)"),
            choice("instance", "Instance", f'label_values({known_by}{{job=~"$job"}}, instance)')]},
        "panels": place(sections),
    }


def overview():
    return dashboard("sentinel-overview", "Sentinel: overview", "What comes in, what becomes of it, and how long it takes.",
                     "sentinel_workers_active", [
        ("Now", [
            stat("Workers",
                 "Workers that the servers have heard of in the last ten seconds. A server that executes by itself is one.",
                 WORKERS_ACTIVE, thresholds=((BAD, None), (GOOD, 1)), empty="nobody tells"),
            stat("Slots busy",
                 "Jobs that are executed, of those that can be at once. All of them for long, and the queue grows.",
                 "sum(sentinel_slots_busy{@}) / sum(sentinel_slots{@})", "percentunit", ((GOOD, None), (WARN, 0.9)), decimals=0),
            stat("Jobs that wait", "Ready in the queue. SentinelQueueBacklog fires above 1000.",
                 'max(sentinel_queue_depth{@,state="ready"})', thresholds=((GOOD, None), (WARN, 100), (BAD, 1000))),
            stat("Error rate",
                 "Of all jobs, those that ended with INTERNAL_ERROR by a fault of ours. SentinelHighErrorRate fires above 10 %.",
                 ERROR_RATE, "percentunit", ((GOOD, None), (WARN, 0.01), (BAD, 0.1)), empty="no jobs", decimals=1),
            stat("Submissions", "Accepted, per second.",
                 "sum(rate(sentinel_submissions_total{@}[RATE]))", "suffix: /s", decimals=2),
            stat("Dead letters",
                 "Jobs that were given up: whoever executed one died of it. `sentinel-server dlq list` names them.",
                 'max(sentinel_queue_depth{@,state="dead"})', thresholds=((GOOD, None), (WARN, 1))),
        ]),
        ("Jobs", [
            graph("Submissions by language", "Accepted, per second.",
                  {"{{language}}": "sum by (language) (rate(sentinel_submissions_total{@}[RATE]))"}, "suffix: /s", is_stacked=True),
            graph("Executions by status",
                  "Jobs that ended, per second, by how. All but INTERNAL_ERROR tell of programs, not of the service.",
                  {"{{status}}": "sum by (status) (rate(sentinel_executions_total{@}[RATE]))"}, "suffix: /s", is_stacked=True,
                  colours=STATUS_COLOURS),
            graph("Error rate", "Of all jobs, those that ended with INTERNAL_ERROR by a fault of ours. None is drawn while no job ends.",
                  {"ours": ERROR_RATE}, "percentunit", limit=0.1),
            graph("Queue", "ready: wait. unsettled: taken by a worker and not yet done. dead: given up.",
                  {"{{state}}": "max by (state) (sentinel_queue_depth{@})"}, limit=1000),
            graph("Executed now", "Jobs that are executed, and how many can be at once.",
                  {"busy": "sum(sentinel_slots_busy{@})", "slots": "sum(sentinel_slots{@})"}),
            graph("Executions by language", "Jobs that ended, per second.",
                  {"{{language}}": "sum by (language) (rate(sentinel_executions_total{@}[RATE]))"}, "suffix: /s", is_stacked=True),
        ]),
        ("Latency", [
            graph(f"Stage: {stage}", description, percentiles("sentinel_stage_seconds", f',stage="{stage}"'), "s", width=6)
            for stage, description in (
                ("queue", "From being accepted to being taken by a worker. Grows when there are too few slots."),
                ("compile", "Of languages that are compiled: the compiler, in its sandbox."),
                ("run", "The program, in its sandbox; of a submission with cases, all of them."),
                ("store", "Making the result durable: the database's time."))
        ] + [
            graph("Whole execution", "From taking a job to its stored result. Without its time in the queue.",
                  percentiles("sentinel_execution_duration_seconds"), "s"),
            graph("Whole execution by language, p95", "95 of 100 jobs took at most so long.",
                  percentile_95("sentinel_execution_duration_seconds", "language"), "s"),
        ]),
    ])


def workers():
    return dashboard("sentinel-workers", "Sentinel: workers", "Who executes, how much, how fast, and which of them fails.",
                     "sentinel_slots", [
        ("Now", [
            stat("Processes that execute", "Workers, and servers that execute by themselves, that Prometheus reaches.",
                 "count(sentinel_slots{@})", thresholds=((BAD, None), (GOOD, 1)), empty="none"),
            stat("Slots", "Jobs that can be executed at once.", "sum(sentinel_slots{@})"),
            stat("Busy", "Of those, the share that is in use.",
                 "sum(sentinel_slots_busy{@}) / sum(sentinel_slots{@})", "percentunit", ((GOOD, None), (WARN, 0.9)), decimals=0),
            stat("Executions", "Jobs that ended, per second.",
                 "sum(rate(sentinel_executions_total{@}[RATE]))", "suffix: /s", decimals=2),
            stat("Sandboxes that failed", "In the last 5 minutes. Always worth a look; SentinelSandboxFailures fires above 50.",
                 "sum(increase(sentinel_sandbox_failures_total{@}[5m]))", thresholds=((GOOD, None), (WARN, 1), (BAD, 50)),
                 decimals=0),
            stat("Youngest",
                 "How long ago the last one to start did. Small again and again: one of them dies and is started anew.",
                 f"time() - max(process_start_time_seconds{{@}}{of_those_with('sentinel_slots')})", "s", ((WARN, None), (GOOD, 600))),
        ]),
        ("Work", [
            graph("Slots busy by worker",
                  "Jobs that each executes. One that stays at none while others are full takes nothing: see its log.",
                  {"{{instance}}": "sum by (instance) (sentinel_slots_busy{@})"}, is_stacked=True),
            graph("Share of slots busy by worker", "1 for long: it has no slot left.",
                  {"{{instance}}": "sum by (instance) (sentinel_slots_busy{@}) / sum by (instance) (sentinel_slots{@})"},
                  "percentunit", top=1),
            graph("Executions by worker", "Jobs that ended, per second.",
                  {"{{instance}}": "sum by (instance) (rate(sentinel_executions_total{@}[RATE]))"}, "suffix: /s", is_stacked=True),
            graph("Executions by status", "Jobs that ended, per second, by how, on the workers that are chosen.",
                  {"{{status}}": "sum by (status) (rate(sentinel_executions_total{@}[RATE]))"}, "suffix: /s", is_stacked=True,
                  colours=STATUS_COLOURS),
        ]),
        ("Failures", [
            graph("Sandboxes that failed by worker",
                  "In 5 minutes. One host that is alone with it has a fault of its own: `sentinel doctor` there.",
                  {"{{instance}}": "sum by (instance) (increase(sentinel_sandbox_failures_total{@}[5m]))"}, width=8, limit=50),
            graph("Checkers that failed by worker",
                  "In 5 minutes. They came with submissions, whose owners are to mend them: nothing of the service's.",
                  {"{{instance}}": "sum by (instance) (increase(sentinel_checker_failures_total{@}[5m]))"}, width=8),
            graph("INTERNAL_ERROR by worker and language",
                  "Jobs per second, with those whose checker failed. One language alone: its toolchain on that host.",
                  {"{{instance}} {{language}}": "sum by (instance, language) ("
                   'rate(sentinel_executions_total{@,status="INTERNAL_ERROR"}[RATE]))'}, "suffix: /s", width=8),
        ]),
        ("Time, mean by worker", [
            graph(f"Stage: {stage}", description,
                  {"{{instance}}": average("sentinel_stage_seconds", "instance", f',stage="{stage}"')}, "s", width=6)
            for stage, description in (
                ("queue", "How long the jobs that it took had waited."),
                ("compile", "One host slower than the others at the same work: it is busy otherwise, or its disk is."),
                ("run", "Depends on what is submitted; differs between hosts if these do."),
                ("store", "Its way to the database."))
        ] + [
            graph("Whole execution by worker, p95", "From taking a job to its stored result: 95 of 100 took at most so long.",
                  percentile_95("sentinel_execution_duration_seconds", "instance"), "s", width=24),
        ]),
        ("Hosts", hosts("sentinel_slots")),
        ("Processes", processes("sentinel_slots")),
    ])


def of_those_with(metric):
    """An expression's end, by which only processes that have the metric too are left of it."""
    return f" and on (job, instance) {metric}{{@}}"


def hosts(metric):
    chosen = of_those_with(metric)
    return [
        graph("Processors of the host",
              "Used, of all together, by whomever. With all of them in use programs wait for each other: fewer slots.",
              {"{{instance}}": f"sentinel_host_cpu_used_ratio{{@}}{chosen}"}, "percentunit", top=1),
        graph("Memory of the host",
              "Used, so that without swapping it is not available. Each slot may take a submission's limit of memory.",
              {"{{instance}}": "1 - sentinel_host_memory_available_bytes{@} / sentinel_host_memory_total_bytes{@}" + chosen},
              "percentunit", top=1, limit=0.95),
    ]


def processes(metric):
    chosen = of_those_with(metric)
    return [
        graph("Processor", f"Seconds of processor time per second. {PROCESS}",
              {"{{instance}}": f"rate(process_cpu_seconds_total{{@}}[RATE]){chosen}"}, "suffix: processors", width=8),
        graph("Resident memory", PROCESS, {"{{instance}}": f"process_resident_memory_bytes{{@}}{chosen}"}, "bytes", width=8),
        graph("Descriptors", f"Open, of those that the process may have. At 1 connections are refused. {PROCESS}",
              {"{{instance}}": f"process_open_fds{{@}} / process_max_fds{{@}}{chosen}"}, "percentunit", width=8, limit=0.9),
    ]


def infrastructure():
    return dashboard("sentinel-infrastructure", "Sentinel: infrastructure", "What the service leans on, and how its HTTP does.",
                     "sentinel_workers_active", [
        ("Dependencies", [
            states("Dependencies", "As each server sees them: the store (PostgreSQL, or a file), the queue (RabbitMQ, or a file), "
                   "events (PostgreSQL, or memory), the guard (Redis, or memory).",
                   {"{{dependency}} of {{instance}}": "sentinel_dependency_up{@}"}, UP),
            states("Targets", "Whether Prometheus reaches each server and worker.",
                   {"{{job}} {{instance}}": "up{@}"}, UP),
        ]),
        ("HTTP", [
            graph("Requests by route", "Answered, per second.",
                  {"{{route}}": "sum by (route) (rate(sentinel_http_requests_total{@}[RATE]))"}, "reqps", is_stacked=True),
            graph("Requests by status",
                  "Answered, per second. 5xx: 503 is a dependency that is away, or an end; anything else is a fault.",
                  {"{{class}}xx": "sum by (class) (label_replace(rate(sentinel_http_requests_total{@}[RATE]), "
                   '"class", "$1", "status", "(.).."))'}, "reqps", is_stacked=True, colours=CLASS_COLOURS),
            graph("Latency",
                  "From the whole request to its answer, all routes. Who asks with ?wait is answered when the job is over.",
                  percentiles("sentinel_http_request_duration_seconds"), "s"),
            graph("Latency by route, p95", "95 of 100 requests took at most so long.",
                  percentile_95("sentinel_http_request_duration_seconds", "route"), "s"),
            graph("Connections and streams",
                  "Connections that are open, and requests among them that wait for a job or stream.",
                  {"connections": "sum(sentinel_http_connections{@})", "streams": "sum(sentinel_http_streams{@})"}, width=8),
            graph("Requests that wait for a thread", "More than a moment: the threads wait for a dependency.",
                  {"{{instance}}": "sum by (instance) (sentinel_http_requests_waiting{@})"}, width=8),
            graph("Rate limited", "Answered 429, per second.",
                  {"429": "sum(rate(sentinel_rate_limited_total{@}[RATE]))"}, "reqps", width=8),
        ]),
        ("Queue, webhooks, traces", [
            graph("Jobs published",
                  "Confirmed by the queue, per second. Submissions without it: they wait in the store until the queue is back.",
                  {"published": "sum(rate(sentinel_jobs_published_total{@}[RATE]))",
                   "submitted": "sum(rate(sentinel_submissions_total{@}[RATE]))"}, "suffix: /s", width=8),
            graph("Webhooks",
                  "Deliveries, per second, by what came of them. SentinelWebhooksGivenUp fires at the first that is given up.",
                  {"{{outcome}}": "sum by (outcome) (rate(sentinel_webhook_deliveries_total{@}[RATE]))"}, "suffix: /s", width=8,
                  colours={"delivered": "green", "retried": "orange", "given_up": "red"}),
            graph("Trace spans dropped", "Per second: the collector is away, or refuses them. Nothing else suffers.",
                  {"{{instance}}": "sum by (instance) (rate(sentinel_trace_spans_dropped_total{@}[RATE]))"}, "suffix: /s", width=8),
        ]),
        ("Hosts", hosts("sentinel_workers_active")),
        ("Processes", processes("sentinel_workers_active") + [
            graph("Threads", PROCESS, {"{{instance}}": "process_threads{@}"}),
            graph("Restarts", "In the last hour. One that ends again and again: its log says of what.",
                  {"{{instance}}": "changes(process_start_time_seconds{@}[1h])"}),
        ]),
    ])


def main(arguments):
    is_check = arguments == ["--check"]
    if arguments and not is_check:
        sys.exit("usage: dashboards.py [--check]")
    others = []
    for name, made in (("overview", overview()), ("workers", workers()), ("infrastructure", infrastructure())):
        path = HERE / f"{name}.json"
        text = json.dumps(made, indent=1) + "\n"
        if not is_check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            others.append(path.name)
    if others:
        sys.exit(f"not as dashboards.py writes them: {', '.join(others)}")


if __name__ == "__main__":
    main(sys.argv[1:])
