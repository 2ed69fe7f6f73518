# SPDX-License-Identifier: Apache-2.0
"""Traces and metrics to a collector of OpenTelemetry: what comes there and what never does; and that nobody waits for it, whether it
refuses, stalls or is away."""
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess

import grpc
import pytest

from authority import Identity, Refused
from otlp_collector import OtlpCollector, attributes, every, metrics_of, number_of, only
from processes import children
from waiting import eventually

ALL = 1000000  # of a million
SOON = 30  # seconds, within which a batch comes that is sent every five
SENT = 'chancery_otlp_sent_total{signal="spans"}'
REFUSED = 'chancery_otlp_dropped_total{signal="spans",why="refused"}'
ENDED = 'chancery_otlp_dropped_total{signal="spans",why="ended"}'
PROTECT, ACQUIRE = "PublishingService/Protect", "LicensingService/AcquireLicense"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture
def collector():
    made = OtlpCollector()
    yield made
    made.stop()


def configure(world, telemetry):
    """Take it over by a reload: when the former worker has ended, it has sent what it had."""
    world.a.config["telemetry"] = telemetry
    world.a.write("chanceryd.yaml", json.dumps({name: value for name, value in world.a.config.items() if value}).encode())
    reloads = len(world.a.logged("supervisor.reload"))
    world.a.process.send_signal(signal.SIGHUP)
    world.a.wait_for_log("supervisor.reload", reloads)
    eventually(lambda: len(children(world.a.process.pid)) == 1, "the former worker has gone")
    world.reconnect()


@contextlib.contextmanager
def telemetry_to(world, collector, **more):
    """Send spans there. At the end all that there were have been sent."""
    configure(world, {"otlp_endpoint": collector.endpoint, "signals": "traces", **more})
    yield
    configure(world, None)


def traceparent(trace, sampled=True):
    return {"metadata": [("traceparent", f"00-{trace}-{'1' * 16}-0{int(sampled)}")]}


def new_trace():
    return secrets.token_hex(16)


def of_trace(spans, trace):
    return [span for span in spans if span.trace.hex() == trace]


def call_traced(world, trace, sampled=True):
    """A license for what Alice's gateway protects for Bob; only that is in the trace."""
    made = world.protect()
    world.a.call(ACQUIRE, world.license_request(made), token=world.bob, **traceparent(trace, sampled))
    return made


# --- traces --------------------------------------------------------------------------------------------------------


def test_a_known_callers_trace_goes_on(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector):
        call_traced(world, trace)
    spans = of_trace(collector.spans(), trace)
    assert len(collector.spans()) == len(spans)  # what nobody traces is not sent
    [server] = [span for span in spans if span.kind == 2]
    assert server.name == "chancery.v1.LicensingService/AcquireLicense"
    assert server.parent.hex() == "1" * 16 and len(server.id) == 8 and not server.error
    assert server.flags & 0x301 == 0x301
    told = dict(server.attributes)
    line = world.a.wait_for_log("call.done", method="/chancery.v1.LicensingService/AcquireLicense", trace=trace)
    assert told.pop("chancery.request_id") == line["request_id"]
    assert told == {"rpc.system": "grpc", "rpc.service": "chancery.v1.LicensingService", "rpc.method": "AcquireLicense",
                    "rpc.grpc.status_code": 0, "chancery.protocol": "grpc", "chancery.reason": "OK",
                    "chancery.tenant_id": world.fabrikam.id}
    assert server.start < server.end < server.start + 60 * 10**9


def test_steps_that_waited_are_within_the_call(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector):
        call_traced(world, trace)
    spans = of_trace(collector.spans(), trace)
    [server] = [span for span in spans if span.kind == 2]
    by_id = {span.id: span for span in spans}
    inner = [span for span in spans if span is not server]
    assert len(by_id) == len(spans) and "acquire_license.gate" in {span.name for span in inner}
    for span in inner:
        outer = by_id[span.parent]
        assert span.kind == 1 and re.fullmatch(r"[a-z_]+\.[a-z_ ]+", span.name)
        assert outer.start <= span.start < span.end <= outer.end


def test_a_refusal_is_told_with_its_reason(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector):
        made = world.protect()
        with pytest.raises(Refused):
            world.a.call(ACQUIRE, world.license_request(made), token=world.mallory, **traceparent(trace))
    [server] = [span for span in of_trace(collector.spans(), trace) if span.kind == 2]
    line = world.a.wait_for_log("call.done", trace=trace)
    assert server.attributes["chancery.reason"] == line["reason"] != "OK"
    assert server.attributes["rpc.grpc.status_code"] == grpc.StatusCode.PERMISSION_DENIED.value[0]
    assert not server.error  # it is the caller's


def test_nothing_personal_is_sent(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector, traces_per_million=ALL):
        made = call_traced(world, trace)
        with pytest.raises(Refused):
            world.acquire(made, world.mallory)
    sent = b"".join(collector.bodies("/v1/traces"))
    assert len(collector.servers()) >= 3
    for word in (b"alice", b"mallory", b"contoso", b"fabrikam", b"127.0.0.1", b"grpc-python", made.content_id.encode()):
        assert word not in sent.lower(), word
    texts = " ".join(f"{span.name} {span.attributes}" for span in collector.spans())  # ids are random bytes
    assert "@" not in texts and "bob" not in texts.lower()


def test_calls_are_drawn_and_the_rest_is_not(world, collector):
    with telemetry_to(world, collector, traces_per_million=ALL):
        for _ in range(5):
            world.protect()
    spans = collector.servers("Protect")
    assert len(spans) == 5 == len({span.trace for span in spans})
    assert not any(span.parent for span in spans)
    before = len(collector.spans())
    with telemetry_to(world, collector):
        world.protect()
    assert len(collector.spans()) == before


def test_a_caller_who_does_not_trace_is_not_traced(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector, traces_per_million=ALL):
        call_traced(world, trace, sampled=False)
    assert collector.servers("Protect") and not of_trace(collector.spans(), trace)


def test_a_stranger_has_nothing_sent(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector, traces_per_million=ALL):
        for token in (None, "not.a.token", world.bob + "x"):
            with pytest.raises(Refused):
                world.a.call(ACQUIRE, {}, token=token, **traceparent(trace))
        assert world.a.page("/readyz")[0] == 200
        known = new_trace()
        call_traced(world, known)
    spans = collector.spans()
    assert of_trace(spans, known) and not of_trace(spans, trace)
    assert {span.attributes["rpc.service"] for span in collector.servers()} <= {"chancery.v1.PublishingService",
                                                                               "chancery.v1.LicensingService"}


def test_a_batch_is_one_call(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector):
        made = [world.protect() for _ in range(2)]
        world.a.call("LicensingService/BatchAcquireLicense", {"requests": [world.license_request(one) for one in made]},
                     token=world.bob, **traceparent(trace))
    [server] = [span for span in of_trace(collector.spans(), trace) if span.kind == 2]
    assert server.name.endswith("BatchAcquireLicense")


def test_batches_come_without_an_end(world, collector):
    trace = new_trace()
    with telemetry_to(world, collector):
        call_traced(world, trace)
        eventually(lambda: of_trace(collector.spans(), trace), "the trace came", SOON)
        eventually(lambda: world.metric(SENT) > 0, "it was counted")


def test_who_sends_is_told(world, collector):
    with telemetry_to(world, collector, traces_per_million=ALL):
        world.protect()
    post = collector.posts[0]
    assert {name.lower(): value for name, value in post.headers.items()}["content-type"] == "application/x-protobuf"
    [resource] = every(post.body, 1, 1)
    told = attributes(resource, 1)
    assert told["service.name"] == "chanceryd" and re.fullmatch(r"\d+\.\d+\.\d+.*", told["service.version"])
    assert told["service.instance.id"].endswith(f":{world.a.process.pid}")


# --- a collector that does not take it -----------------------------------------------------------------------------


def test_a_busy_collector_is_asked_again_when_it_says(world, collector):
    answers = [(503, {"retry-after": "2"}, b""), (429, {}, b"")]
    collector.answer = lambda path: answers.pop(0) if answers else (200, {}, b"")
    with telemetry_to(world, collector, traces_per_million=ALL):
        sent, refused = world.metric(SENT), world.metric(REFUSED)
        world.protect()
        eventually(lambda: len(collector.posts) == 3, "it was asked again, twice", SOON)
        eventually(lambda: world.metric(SENT) > sent, "it was taken")
        assert world.metric(REFUSED) == refused
        first, second, third = collector.posts[:3]
        assert first.body == second.body == third.body
        assert second.at - first.at >= 2 and third.at - second.at >= 1
        world.a.wait_for_log("otlp.failing", status=503)
        world.a.wait_for_log("otlp.works")


@pytest.mark.parametrize("status", [400, 404, 302, 500])
def test_what_a_collector_refuses_is_dropped_and_counted(world, collector, status):
    collector.answer = lambda path: (status, {"location": collector.endpoint}, b"no")
    with telemetry_to(world, collector, traces_per_million=ALL):
        refused = world.metric(REFUSED)
        world.protect()
        eventually(lambda: world.metric(REFUSED) > refused, "it was counted", SOON)
        assert len(collector.posts) == 1
        world.a.wait_for_log("otlp.failing", status=status)


def test_what_a_collector_takes_in_part_is_counted(world, collector):
    collector.answer = lambda path: (200, {}, b"\x0a\x0f\x08\x01\x12\x0bno room for")
    with telemetry_to(world, collector, traces_per_million=ALL):
        sent, refused = world.metric(SENT), world.metric(REFUSED)
        world.protect()
        eventually(lambda: world.metric(REFUSED) == refused + 1, "one was refused", SOON)
        assert world.metric(SENT) == sent + len(collector.spans()) - 1
        assert world.a.wait_for_log("otlp.partly_refused")["detail"] == "no room for"


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 10 * 1024 * 1024])
def test_a_long_answer_is_an_answer(world, collector, size):
    """It was taken for none, and what the collector had got came again and again."""
    collector.answer = lambda path: (200, {}, b"\x22" * size)
    with telemetry_to(world, collector, traces_per_million=ALL):
        sent = world.metric(SENT)
        world.protect()
        eventually(lambda: world.metric(SENT) > sent, "it counts as sent", SOON)
        assert world.metric(SENT) - sent == len(collector.spans()) and len(collector.posts) == 1
    assert not [line for line in world.a.logged("otlp.failing") if line["status"] in (0, 200) and "body" in line["detail"]]


def test_what_a_worker_leaves_behind_is_counted(world, collector):
    """A collector that stalls doesn't hold its end up."""
    collector.may_answer.clear()
    told, sent, ended = len(world.a.logged("otlp.left_unsent")), world.metric(SENT), world.metric(ENDED)
    with telemetry_to(world, collector, traces_per_million=ALL, timeout_ms=60000):
        world.protect()
        eventually(lambda: collector.posts, "a request stands", SOON)
        for _ in range(5):
            world.protect()
    left = sum(line["items"] for line in world.a.logged("otlp.left_unsent", signal="spans")[told:])
    assert left == world.metric(ENDED) - ended >= len(collector.spans()) + 5
    assert world.metric(SENT) == sent


def test_nobody_waits_for_a_collector_that_stalls(world, collector):
    collector.may_answer.clear()
    with telemetry_to(world, collector, traces_per_million=ALL, timeout_ms=60000):
        world.protect()
        eventually(lambda: collector.posts, "a request stands", SOON)
        for _ in range(20):
            world.protect()
        assert len(collector.posts) == 1  # one at a time
        collector.may_answer.set()
        eventually(lambda: len(collector.servers("Protect")) == 21, "all came", SOON)


def test_a_collector_that_is_away_costs_what_it_misses(world, collector):
    collector.stop()
    ended = world.metric(ENDED)
    with telemetry_to(world, collector, traces_per_million=ALL):
        for _ in range(3):
            world.protect()
        world.a.wait_for_log("otlp.failing", status=0, timeout=SOON)
        world.protect()
    assert world.metric(ENDED) >= ended + 4
    world.a.wait_for_log("otlp.left_unsent", signal="spans")


def test_what_waits_is_bounded(world, collector):
    """Until the first answer, what more comes than the queue holds is dropped."""
    full = 'chancery_otlp_dropped_total{signal="spans",why="queue_full"}'
    collector.may_answer.clear()
    with telemetry_to(world, collector, traces_per_million=ALL, timeout_ms=60000):
        made = world.protect()
        requests = {"requests": [world.license_request(made)]}

        def drops():
            for _ in range(50):
                world.a.call("LicensingService/BatchAcquireLicense", requests, token=world.bob)
            return world.metric(full)

        eventually(drops, "something was dropped", 300, 0)
        collector.may_answer.set()
        eventually(lambda: world.metric(SENT) >= 2048, "the rest came", SOON)


# --- by TLS, with headers ------------------------------------------------------------------------------------------


def test_the_collector_is_known_by_its_certificate_and_knows_us_by_a_header(world):
    identity, secret = Identity("collector"), secrets.token_hex(16)
    collector = OtlpCollector(identity, world.a.folder)
    world.a.write("otlp.headers", f"authorization: Bearer {secret}\r\nx-tenant: one\n".encode())
    more = {"otlp_headers_file": f"{world.a.folder}/otlp.headers", "traces_per_million": ALL}
    with telemetry_to(world, collector, **more):
        world.protect()
        assert world.a.wait_for_log("otlp.failing", status=0, timeout=SOON)["detail"]
    assert not collector.posts  # the certificate is nobody's whom the system trusts
    world.a.write("collector-ca.pem", identity.certificate)
    with telemetry_to(world, collector, otlp_ca_file=f"{world.a.folder}/collector-ca.pem", **more):
        world.protect()
        for pid in [world.a.process.pid, *children(world.a.process.pid)]:
            for file in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{file}", "rb") as words:
                    assert secret.encode() not in words.read()
    headers = {name.lower(): value for name, value in collector.posts[0].headers.items()}
    assert headers["authorization"] == f"Bearer {secret}" and headers["x-tenant"] == "one"
    assert collector.servers("Protect")
    assert not any(secret in json.dumps(line) for line in world.a.log)
    collector.stop()


# --- metrics -------------------------------------------------------------------------------------------------------


def test_metrics_are_those_of_the_page(world, collector):
    configure(world, {"otlp_endpoint": collector.endpoint, "signals": "metrics"})
    world.protect()
    page = world.a.page("/metrics")[1]
    configure(world, None)
    assert not collector.bodies("/v1/traces")
    sent = metrics_of(collector.bodies("/v1/metrics")[-1])
    assert {name for name in re.findall(r"^# TYPE (\S+)", page, re.M) if re.search(rf"^{name}[ {{_]", page, re.M)} <= set(sent) | {
        "chancery_workers_ready", "chancery_otlp_sent_total", "chancery_otlp_dropped_total"}  # gauges of a worker that has gone
    unit, kind, data, points = sent["chancery_calls_total"]
    point = points[(("flow", "protect"), ("reason", "OK"))]
    assert (unit, kind, only(data, 2), only(data, 3)) == ("1", 7, 2, 1)
    assert number_of(point) == world.metric('chancery_calls_total{flow="protect",reason="OK"}')
    started = world.metric("chancery_start_time_seconds")
    assert abs(only(point, 2) / 1e9 - started) < 1 and only(point, 3) > only(point, 2)
    unit, kind, data, points = sent["chancery_call_seconds"]
    assert (unit, kind, only(data, 2)) == ("s", 9, 2)
    point = points[(("flow", "protect"),)]
    assert only(point, 4) == world.metric('chancery_call_seconds_count{flow="protect"}')
    [counts], [bounds] = every(point, 6), every(point, 7)
    assert len(counts) == 21 * 8 and len(bounds) == 20 * 8
    assert sent["chancery_db_connections"][1] == 5


# --- what is configured wrongly ------------------------------------------------------------------------------------


def check(world, telemetry):
    """The exit code of --check-config, and its words."""
    world.a.write("check.yaml", json.dumps({**{name: value for name, value in world.a.config.items() if value},
                                           "telemetry": telemetry}).encode())
    done = subprocess.run([world.a.program, "--config", f"{world.a.folder}/check.yaml", "--check-config"], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("endpoint", ["", "collector:4318", "http://collector.example:4318", "http://10.0.0.1:4318",
                                      "https://user:word@collector.example:4318", "https://collector.example/",
                                      "https://collector.example?key=1", "https://collector.example/a b", "ftp://127.0.0.1",
                                      "https://collector.example/" + "a" * 600, "https://", "http://127.0.0.1.evil.example:1"])
def test_an_endpoint_that_is_none_is_refused(world, endpoint):
    code, words = check(world, {"otlp_endpoint": endpoint})
    assert code != 0 and "telemetry.otlp_endpoint" in words


@pytest.mark.parametrize("more, word", [({"traces_per_million": 1000001}, "traces_per_million"), ({"timeout_ms": 60001}, "timeout_ms"),
                                        ({"signals": "logs"}, "signals"), ({"sample": 1}, "Telemetry has a field that is not known")])
def test_an_option_that_is_none_is_refused(world, more, word):
    code, words = check(world, {"otlp_endpoint": "https://collector.example:4318/v1-prefix", **more})
    assert code != 0 and word in words


def test_files_that_are_wrong_are_told(world):
    path = f"{world.a.folder}/open.headers"
    world.a.write("open.headers", b"authorization: x\n")
    endpoint = {"otlp_endpoint": "https://collector.example:4318"}
    assert path not in check(world, {**endpoint, "otlp_headers_file": path})[1]
    os.chmod(path, 0o644)
    for file, why in ((path, "has mode 644"), (path + ".not", "No such file")):
        code, words = check(world, {**endpoint, "otlp_headers_file": file})
        assert code != 0 and "OTLP_HEADERS" in words and why in words
    assert "CA_INVALID" in check(world, {**endpoint, "otlp_ca_file": path})[1]


BAD_HEADERS = [b"no colon\n", b": value\n", b"a name: value\n", b"name:\n", b"name: \x01\n", b"name: v\n" * 17, b"name: " + b"v" * 8192]


@pytest.mark.parametrize("headers", BAD_HEADERS)
def test_headers_that_are_none_are_not_taken_over(world, collector, headers):
    """They are told beforehand, and a reload that names them is refused before any worker starts."""
    path = f"{world.a.folder}/bad.headers"
    world.a.write("bad.headers", headers)
    telemetry = {"otlp_endpoint": collector.endpoint, "otlp_headers_file": path}
    code, words = check(world, telemetry)
    assert code != 0 and "OTLP_HEADERS" in words and path in words
    world.a.config["telemetry"] = telemetry
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    refused, failed = len(world.a.logged("supervisor.reload_refused")), len(world.a.logged("worker.start_failed"))
    world.a.process.send_signal(signal.SIGHUP)
    line = world.a.wait_for_log("supervisor.reload_refused", refused)
    assert line["reason"] == "OTLP_HEADERS" and path in line["detail"]
    assert len(world.a.logged("worker.start_failed")) == failed
    world.protect()  # by the former configuration
    configure(world, None)
