# SPDX-License-Identifier: Apache-2.0
"""/metrics tells what all workers of a node have counted, on a listener of its own, and no counter ever goes down."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import grpc
import pytest

from authority import MESSAGES
from processes import children
from waiting import eventually

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.realpath(f"{HERE}/../../deploy/monitoring/chancery.rules.yml")
WORKERS = 3


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": WORKERS, "listeners": [{"address": "127.0.0.1:0", "metrics_only": True}]}


def watch_address(world):
    return world.a.wait_for_log("listening", 2)["address"]


def get(world, path, *more):
    done = subprocess.run(["curl", "-sS", "-m", "20", "-o", "-", "-w", "\n%{http_code}", *more,
                           f"http://{watch_address(world)}{path}"], capture_output=True, text=True, check=True)
    body, _, code = done.stdout.rpartition("\n")
    return int(code), body


def series(world):
    """Every sample by its name and labels."""
    samples = {}
    for line in get(world, "/metrics")[1].splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name not in samples, f"twice: {name}"
            samples[name] = float(value)
    return samples


def value(world, name):
    return series(world).get(name, 0)


def is_counter(name):
    return re.match(r"chancery_\w+(_total|_count|_sum|_bucket)(\{|$)", name)


LICENSES = 'chancery_calls_total{flow="acquire_license",reason="OK"}'


def test_whichever_worker_answers_all_are_told(world):
    """Each connection comes to any of the workers; each answer has all licenses."""
    before = value(world, LICENSES)
    for count in range(1, 13):
        world.reconnect()
        world.acquire(world.made, world.bob)
        assert value(world, LICENSES) == before + count
    assert len({tuple(sorted(name for name in series(world) if LICENSES in name)) for _ in range(10)}) == 1


def test_gauges_are_of_the_node(world):
    def told():
        now = series(world)
        return (now.get("chancery_workers_ready") == WORKERS and
                now.get('chancery_workers{state="serving"}') == WORKERS and
                now.get("chancery_process_cpu_seconds_total", 0) > 0 and
                now.get("chancery_process_resident_memory_bytes", 0) > WORKERS * 2**20)

    eventually(told, "workers and what they take are told")
    now = series(world)
    assert now["chancery_connections_max"] >= WORKERS * 100
    assert abs(now["chancery_start_time_seconds"] - time.time()) < 3600
    ends = now[f'chancery_certificate_expiry_time_seconds{{file="{world.a.folder}/server.pem"}}']
    assert 3600 < ends - time.time() < 2 * 3600 + 1
    assert any(name.startswith('chancery_build_info{version="') for name in now)
    assert now["chancery_db_clock_offset_seconds"] < 1
    assert now['chancery_db_waiting{class="gate"}'] == 0 and now["chancery_gate_waiting"] == 0


def test_counters_are_there_before_what_they_count(world):
    """An alert by what a counter grew misses the first event of one that comes into being with it."""
    now = series(world)
    wanted = [f'chancery_worker_ends_total{{how="{how}"}}' for how in ("meant", "exit", "signal", "hung", "late")]
    wanted += ['chancery_reloads_total{outcome="ok"}', 'chancery_reloads_total{outcome="refused"}',
               'chancery_db_history_changes_total{what="lost"}', 'chancery_db_history_changes_total{what="timeline"}',
               "chancery_accept_failures_total", "chancery_log_lost_total", 'chancery_passcode_mails_total{outcome="refused"}',
               'chancery_passcode_mails_total{outcome="expired"}']
    assert {name: now.get(name) for name in wanted} == dict.fromkeys(wanted, 0)


def test_a_killed_worker_takes_nothing_with_it(world):
    for _ in range(5):
        world.reconnect()
        world.acquire(world.made, world.bob)
    before = series(world)
    killed = children(world.a.process.pid)[0]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: value(world, 'chancery_worker_ends_total{how="signal"}') ==
               before.get('chancery_worker_ends_total{how="signal"}', 0) + 1, "its end is counted")
    eventually(lambda: value(world, "chancery_workers_ready") == WORKERS, "another one serves")
    after = series(world)
    fallen = {name: (was, after.get(name)) for name, was in before.items() if is_counter(name) and after.get(name, 0) < was}
    assert not fallen
    assert after[LICENSES] >= before[LICENSES] > 0
    # Gauges are those of who is there: each worker keeps as many connections to the database as before.
    eventually(lambda: value(world, 'chancery_db_connections{state="ready"}') ==
               before['chancery_db_connections{state="ready"}'], "its connections don't count any more")


def test_counters_stay_over_a_reload(world):
    before = series(world)
    world.a.process.send_signal(signal.SIGHUP)
    eventually(lambda: value(world, 'chancery_reloads_total{outcome="ok"}') == 1, "it is counted")
    eventually(lambda: value(world, 'chancery_workers{state="leaving"}') == 0 and
               value(world, "chancery_workers_ready") == WORKERS, "the former ones have gone", 40)
    after = series(world)
    assert not [name for name, was in before.items() if is_counter(name) and after.get(name, 0) < was]


def test_its_listener_has_nothing_else(world):
    assert get(world, "/livez") == (200, "ok\n") and get(world, "/readyz") == (200, "ok\n")
    for path in ("/.well-known/chancery", f"/tenants/{world.contoso.id}/jwks.json", "/", "/metrics/x"):
        code, body = get(world, path)
        assert (code, body) == (404, "not found; this listener serves metrics only\n"), path
    assert get(world, "/metrics", "-X", "POST")[0] == 405
    assert get(world, "/chancery.v1.LicensingService/AcquireLicense", "-H", "content-type: application/json", "-d",
               "{}")[0] == 404
    request_type, response_type = MESSAGES.method("CallerService/GetCaller")
    with grpc.insecure_channel(watch_address(world)) as channel:
        call = channel.unary_unary("/chancery.v1.CallerService/GetCaller", request_type.SerializeToString,
                                   response_type.FromString)
        with pytest.raises(grpc.RpcError) as refused:
            call(request_type(), timeout=20, metadata=(("authorization", f"Bearer {world.bob}"),))
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_it_is_not_where_it_is_not_said(world):
    done = subprocess.run(["curl", "-sSk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}",
                           f"https://{world.a.address}/metrics"], capture_output=True, text=True, check=True)
    assert done.stdout == "404"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: scripts/install-deps monitoring")
def test_prometheus_takes_the_page(world):
    page = get(world, "/metrics")[1]
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def prometheus(world):
    """A real one with the rules that we give away, which asks every half a second."""
    folder = tempfile.mkdtemp(prefix="chancery-prometheus-")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = {"global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
              "rule_files": [RULES],
              "scrape_configs": [{"job_name": "chancery", "static_configs": [{"targets": [watch_address(world)]}]}]}
    with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
        json.dump(config, file)
    with open(f"{folder}/log", "wb") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml",
                                    f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"],
                                   stdout=log, stderr=log)
    yield address
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def ask_prometheus(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}/api/v1/{path}", timeout=20) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def firing(address):
    told = ask_prometheus(address, "alerts")
    return {alert["labels"]["alertname"] for alert in (told or {"alerts": []})["alerts"] if alert["state"] == "firing"}


@pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed: scripts/install-deps monitoring")
def test_alerts_fire(world, prometheus):  # pylint: disable=redefined-outer-name
    def is_scraped():
        told = ask_prometheus(prometheus, "query?query=chancery_workers_ready")
        return told and told["result"] and float(told["result"][0]["value"][1]) == WORKERS

    eventually(is_scraped, "the node is scraped", 60)
    assert not firing(prometheus) - {"ChanceryCertificateEnds", "ChanceryCertificateEndsNow"}
    eventually(lambda: {"ChanceryCertificateEnds", "ChanceryCertificateEndsNow"} <= firing(prometheus),
               "a certificate of two hours is told", 60)
    good = json.dumps(world.a.config).encode()
    world.a.write("chanceryd.yaml", b"nonsense: 1\n")
    world.a.process.send_signal(signal.SIGHUP)
    world.a.wait_for_log("supervisor.reload_refused")
    world.a.write("chanceryd.yaml", good)
    eventually(lambda: "ChanceryReloadRefused" in firing(prometheus), "a refused reload is told", 60)
    world.a.write("chanceryd.yaml", good)
