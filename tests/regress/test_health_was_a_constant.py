# SPDX-License-Identifier: Apache-2.0
"""grpc.health.v1 said SERVING whatever happened: without its database, and while the node was drained. Nobody who
watched heard anything, and one anonymous Watch kept a node that was told to end alive for the whole drain."""
import signal
import socket
import threading
import time

import grpc
import pytest

from authority import MESSAGES, Refused
from processes import children
from raw_http2 import PREFACE, SETTINGS, frame
from waiting import eventually

HEALTH = "/grpc.health.v1.Health/"
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
DRAIN_MS = 8000


@pytest.fixture
def node(authority):
    made = authority.node(workers=1, limits={"drain_ms": DRAIN_MS})
    made.start()
    yield made
    if made.process.poll() is None:
        made.stop()


def check(node, service=""):
    request, answer = MESSAGES("grpc.health.v1.HealthCheckRequest"), MESSAGES("grpc.health.v1.HealthCheckResponse")
    stub = node.channel().unary_unary(HEALTH + "Check", request.SerializeToString, answer.FromString)
    return stub(request(service=service), timeout=10).status


def list_all(node):
    request, answer = MESSAGES("grpc.health.v1.HealthListRequest"), MESSAGES("grpc.health.v1.HealthListResponse")
    stub = node.channel().unary_unary(HEALTH + "List", request.SerializeToString, answer.FromString)
    return {name: state.status for name, state in stub(request(), timeout=10).statuses.items()}


class Watch:
    """What a stock client hears, and when; `code` once it has ended."""

    def __init__(self, node, service=""):
        request, answer = MESSAGES("grpc.health.v1.HealthCheckRequest"), MESSAGES("grpc.health.v1.HealthCheckResponse")
        credentials = grpc.ssl_channel_credentials(node.server.certificate)
        self.channel = grpc.secure_channel(node.address, credentials, [("grpc.use_local_subchannel_pool", 1)])
        stub = self.channel.unary_stream(HEALTH + "Watch", request.SerializeToString, answer.FromString)
        self.heard, self.code, self.ended_at = [], None, None
        self.call = stub(request(service=service))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            for message in self.call:
                self.heard.append(message.status)
        except grpc.RpcError as error:
            refused = Refused(error)
            self.code = refused.code, refused.reason
        self.ended_at = time.monotonic()


def test_health_said_serving_without_a_database(authority, node):
    watch, other = Watch(node), Watch(node, "chancery.v1.LicensingService")
    unknown = Watch(node, "no.such.Service")
    eventually(lambda: watch.heard == other.heard == [SERVING] and unknown.heard == [SERVICE_UNKNOWN], "first states")
    assert check(node) == check(node, "chancery.v1.LicensingService") == SERVING
    states = list_all(node)
    assert set(states.values()) == {SERVING}
    assert {"", "chancery.v1.LicensingService", "grpc.health.v1.Health"} <= set(states)
    authority.postgres.stop()
    try:
        eventually(lambda: node.page("/readyz")[0] == 503, "not ready")
        assert check(node) == check(node, "chancery.v1.LicensingService") == NOT_SERVING
        assert set(list_all(node).values()) == {NOT_SERVING}
        eventually(lambda: watch.heard == other.heard == [SERVING, NOT_SERVING], "watchers hear of it")
    finally:
        authority.postgres.start()
    eventually(lambda: node.page("/readyz")[0] == 200, "ready again")
    assert check(node) == SERVING
    eventually(lambda: watch.heard == other.heard == [SERVING, NOT_SERVING, SERVING], "watchers hear of it")
    assert unknown.heard == [SERVICE_UNKNOWN]


def test_node_that_never_had_its_database_told_no_workers(authority):
    """chancery_workers_ready came with the first change only, so the alert for 0 of them was quiet."""
    other = authority.node(workers=1)
    authority.postgres.stop()
    try:
        other.start(ready=False)
        assert "chancery_workers_ready 0" in other.page("/metrics")[1].splitlines()
    finally:
        authority.postgres.start()
    eventually(lambda: "chancery_workers_ready 1" in other.page("/metrics")[1].splitlines(), "it is ready")
    other.stop()


def test_health_of_an_unknown_service(node):
    with pytest.raises(grpc.RpcError) as failed:
        check(node, "no.such.Service")
    assert failed.value.code() == grpc.StatusCode.NOT_FOUND


def reflect_for_ever(node):
    """A reflection stream whose client never says that it has no more questions."""
    request = MESSAGES("grpc.reflection.v1.ServerReflectionRequest")
    answer = MESSAGES("grpc.reflection.v1.ServerReflectionResponse")
    stop = threading.Event()

    def ask():
        yield request(list_services="")
        stop.wait(60)

    stub = node.channel().stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                        request.SerializeToString, answer.FromString)
    call = stub(ask())
    assert next(call).list_services_response.service
    return call, stop


def test_watcher_of_health_held_the_drain(node):
    """NOT_SERVING is the first act of a drain; then what would never end is ended."""
    watch, unknown = Watch(node), Watch(node, "no.such.Service")
    reflection, stop = reflect_for_ever(node)
    eventually(lambda: watch.heard == [SERVING] and unknown.heard == [SERVICE_UNKNOWN], "first states")
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    node.process.wait(timeout=20)
    assert time.monotonic() - began < DRAIN_MS / 2000, "the drain waited for streams that never end"
    eventually(lambda: watch.ended_at and unknown.ended_at, "the streams are ended")
    assert watch.heard == [SERVING, NOT_SERVING]
    assert watch.code == unknown.code == ("UNAVAILABLE", "SHUTTING_DOWN")
    with pytest.raises(grpc.RpcError) as failed:
        next(reflection)
    assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
    stop.set()


def workers(node):
    return children(node.process.pid)


def test_anonymous_watch_made_a_reload_an_outage(authority):
    """While an old worker waited for it, half of the new connections waited, too."""
    node = authority.node(workers=2, limits={"drain_ms": DRAIN_MS})
    node.start()
    try:
        before = workers(node)
        watches = [Watch(node) for _ in range(8)]
        eventually(lambda: all(watch.heard == [SERVING] for watch in watches), "first states")
        node.process.send_signal(signal.SIGHUP)
        node.wait_for_log("supervisor.reload")
        end = time.monotonic() + 3
        while time.monotonic() < end:
            began = time.monotonic()
            assert node.page("/readyz")[0] == 200
            assert time.monotonic() - began < 1.5
        eventually(lambda: not set(before) & set(workers(node)), "the old workers are gone", 5)
        eventually(lambda: all(watch.heard[:2] == [SERVING, NOT_SERVING] for watch in watches), "they were told")
    finally:
        node.stop()


class Told:
    """A socket like systemd's, and what came there. It is read all the time, as systemd does: the kernel holds ten
    datagrams, and what comes then is lost."""

    def __init__(self, folder):
        self.lines = []
        self.path = f"{folder}/notify"
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while line := self.sock.recv(4096):
            self.lines.append(line.decode())

    def hears(self, text, since=0):
        return any(text in line for line in self.lines[since:])

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.path)


def test_systemd_was_told_serving_without_a_database(authority, tmp_path):
    systemd = Told(tmp_path)
    node = authority.node(workers=1, env={"NOTIFY_SOCKET": systemd.path})
    node.start()
    try:
        eventually(lambda: systemd.hears("READY=1"), lambda: f"READY: {systemd.lines}")
        authority.postgres.stop()
        try:
            eventually(lambda: systemd.hears("STATUS=not ready: DATABASE_UNAVAILABLE"), lambda: f"STATUS: {systemd.lines}")
        finally:
            heard = len(systemd.lines)
            authority.postgres.start()
        eventually(lambda: systemd.hears("STATUS=serving", heard), lambda: f"STATUS again: {systemd.lines}")
    finally:
        node.stop()
        systemd.close()


def test_connections_hung_in_the_backlog_at_the_end(node):
    """The supervisor kept its copies of the sockets until the last worker had ended: the kernel took connections in
    that nobody would ever serve, and their clients waited instead of going elsewhere."""
    host, port = node.cleartext.split(":")
    held = socket.create_connection((host, int(port)), timeout=5)
    path = b"/grpc.health.v1.Health/Check"
    held.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(
        1, 4, 1, b"\x83\x86\x01\x04test\x04" + bytes([len(path)]) + path + b"\x0f\x10\x10application/grpc\x10\x02te"
        b"\x08trailers"))
    assert held.recv(1 << 16)  # a call in flight: the worker drains for as long as it may
    node.process.send_signal(signal.SIGTERM)
    node.wait_for_log("worker.draining")
    try:
        for _ in range(20):
            with pytest.raises(ConnectionError):
                socket.create_connection((host, int(port)), timeout=5).recv(1)
        assert node.process.poll() is None, "it drains still"
    finally:
        held.close()
    node.process.wait(timeout=DRAIN_MS / 1000 + 5)


def test_worker_that_never_listened_kept_its_sockets(authority):
    """Of a worker that waits for its database the sockets were nobody's when it was told to end."""
    with socket.socket() as silent:  # a database that takes connections and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        name = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x"
        node = authority.node(workers=1, database={"conninfo": name})
        node.start(ready=False)
        node.process.send_signal(signal.SIGTERM)
        node.process.wait(timeout=10)
        assert node.process.returncode == 0


def test_frozen_database_was_noticed_by_a_call_only(authority):
    """A node without calls asked its database once a minute, and said for as long that it could decide."""
    node = authority.node(workers=1, database={**authority.config["database"], "statement_timeout_ms": 1000})
    node.start()
    authority.postgres.freeze()
    try:
        eventually(lambda: check(node) == NOT_SERVING, "the node notices", 25)
        assert node.page("/readyz")[0] == 503
    finally:
        authority.postgres.thaw()
    eventually(lambda: check(node) == SERVING, "it serves again")
    node.stop()
