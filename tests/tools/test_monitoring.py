# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard: they name metrics that there are, and each alert was tried."""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FOLDER = f"{ROOT}/deploy/monitoring"


def read(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as file:
        return file.read()


def rules():
    return yaml.safe_load(read("deploy/monitoring/chancery.rules.yml"))["groups"][0]["rules"]


def metrics():
    """Name, labels and type of each."""
    return {name: (set(labels.split(",")) - {""}, kind) for kind, name, labels in
            re.findall(r'^METRIC\(\w+, (\w+), "([^"]+)", "([^"]*)"', read("server/obs/metrics.def"), re.M)}


def named(expression):
    """The metrics in an expression with the labels by which they are chosen."""
    for name, labels in re.findall(r"(chancery_[a-z_]+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!=|=|!~)", labels))


def check(expression, where):
    known = metrics()
    for name, labels in named(expression):
        base = name if name in known else re.sub(r"_(bucket|sum|count)$", "", name)
        assert base in known, f"{where}: {name}"
        assert base == name or known[base][1] == "HISTOGRAM", f"{where}: {name}"
        assert known[base][1] != "HISTOGRAM" or base != name, f"{where}: {name} is a histogram"
        assert labels <= known[base][0] | {"job", "instance", "le"}, f"{where}: {name} {labels}"


def test_rules_name_metrics_that_there_are():
    for rule in rules():
        check(rule["expr"], rule["alert"])


def test_the_dashboard_names_metrics_that_there_are():
    dashboard = json.loads(read("deploy/monitoring/grafana-dashboard.json"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 30
    for expression in expressions:
        check(expression, expression)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def test_each_alert_says_what_to_do_and_was_tried():
    tests = [test["name"] for test in yaml.safe_load(read("deploy/monitoring/chancery.rules.test.yml"))["tests"]]
    runbook = read("docs/runbook.md")
    for rule in rules():
        anchor = rule["annotations"]["runbook"].removeprefix("docs/runbook.md#")
        heading = next((line for line in runbook.splitlines() if line.startswith("### ") and line[4:].lower() == anchor), None)
        assert heading and rule["alert"].startswith(heading[4:]), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {f"{rule['alert']} fires", f"{rule['alert']} is quiet"} <= set(tests), rule["alert"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: scripts/install-deps monitoring")
@pytest.mark.parametrize("command", [("check", "rules", "--lint-fatal", "chancery.rules.yml"),
                                     ("test", "rules", "chancery.rules.test.yml")])
def test_prometheus_agrees(command):
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
