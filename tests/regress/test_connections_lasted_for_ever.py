# SPDX-License-Identifier: Apache-2.0
"""Connections had no age, so load never moved to new nodes; a client that had vanished was never asked for; TLS
tickets were each worker's own, so half of the resumptions failed; and none of it could be configured."""
import datetime
import hashlib
import json
import signal
import socket
import ssl
import subprocess
import time

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from authority import BUILD, MESSAGES, Identity
from raw_http2 import DEFAULT_WINDOW, GOAWAY, PING, PREFACE, SETTINGS, Raw, Stream, frame
from waiting import eventually, let_pass, wall_clock_passes

CHECK = "/grpc.health.v1.Health/Check"


class Recorder(Raw):
    """Notes when GOAWAY and PING came; answers pings unless told otherwise."""

    def __init__(self, address, answers=True):
        self.goaways, self.pings, self.answers = [], [], answers
        super().__init__(address)
        self.began = time.monotonic()

    def take(self, kind, flags, number, payload):
        if kind == GOAWAY:
            self.goaways.append((time.monotonic() - self.began, int.from_bytes(payload[:4], "big")))
        if kind == PING and not flags & 1:
            self.pings.append(time.monotonic() - self.began)
            if not self.answers:
                return
        super().take(kind, flags, number, payload)

    def watch(self):
        """A stream without an end."""
        path = b"/grpc.health.v1.Health/Watch"
        self.sock.sendall(headers_frame(path) + data_frame(b"\0\0\0\0\0"))

    def until_closed(self, seconds):
        end = time.monotonic() + seconds
        while not self.closed and time.monotonic() < end:
            self.read(0.05)
        return self.closed


def headers_frame(path):
    block = (b"\x83\x86\x01\x04test\x04" + bytes([len(path)]) + path + b"\x0f\x10\x10application/grpc\x10\x02te\x08trailers")
    return len(block).to_bytes(3, "big") + b"\x01\x04\0\0\0\x01" + block


def data_frame(data):
    return len(data).to_bytes(3, "big") + b"\0\x01\0\0\0\x01" + data


@pytest.fixture
def node_of(authority):
    nodes = []

    def make(workers=1, **connections):
        node = authority.node(workers=workers, connections=connections)
        nodes.append(node)
        return node.start()

    yield make
    for node in nodes:
        if node.process.poll() is None:
            node.stop()


def stub_of(channel):
    request, answer = MESSAGES("grpc.health.v1.HealthCheckRequest"), MESSAGES("grpc.health.v1.HealthCheckResponse")
    call = channel.unary_unary(CHECK, request.SerializeToString, answer.FromString)
    return lambda: call(request(), timeout=10).status


def ended(node, outcome):
    lines = [line for line in node.page("/metrics")[1].splitlines()
             if line.startswith(f'chancery_connections_total{{outcome="{outcome}"}}')]
    return int(lines[0].split()[-1]) if lines else 0


def test_idle_connection_is_told_to_go(node_of):
    node = node_of(idle_ms=1000)
    with Recorder(node.cleartext) as raw:
        assert raw.until_closed(8)
        assert [last for _, last in raw.goaways] == [0x7fffffff, 0], raw.goaways  # the notice first, then the end
        assert raw.goaways[0][0] > 0.8
    with grpc.insecure_channel(node.cleartext, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        ask = stub_of(channel)
        for _ in range(3):
            assert ask() == 1
            let_pass(2.5)
    assert ended(node, "idle") >= 3


def test_old_connections_move_and_lose_no_call(node_of):
    node = node_of(age_ms=1500, age_grace_ms=3000)
    failed = []
    with grpc.insecure_channel(node.cleartext, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        ask, end = stub_of(channel), time.monotonic() + 8
        while time.monotonic() < end:
            try:
                assert ask() == 1
            except grpc.RpcError as error:
                failed.append(error.details())
    assert not failed
    assert ended(node, "age") >= 2


def test_old_connections_do_not_go_all_at_once(node_of):
    node = node_of(age_ms=4000)
    raws = [Recorder(node.cleartext) for _ in range(30)]
    try:
        end = time.monotonic() + 7
        while time.monotonic() < end and not all(raw.goaways for raw in raws):
            for raw in raws:
                raw.read(0.005)
        times = [raw.goaways[0][0] for raw in raws]
        assert 3.4 < min(times) and max(times) < 5.2 and max(times) - min(times) > 0.2, times
    finally:
        for raw in raws:
            raw.sock.close()


def test_stream_outlives_its_connection_by_the_grace_only(node_of):
    node = node_of(age_ms=1500, age_grace_ms=2500)
    with Recorder(node.cleartext) as raw:
        raw.watch()
        assert raw.until_closed(10)
        assert [last for _, last in raw.goaways][:2] == [0x7fffffff, 1]
        assert 3.5 < time.monotonic() - raw.began < 6.5


@pytest.mark.parametrize("answers", [True, False])
def test_silent_client_is_asked_whether_it_is_there(node_of, answers):
    node = node_of(keepalive_ms=1000, keepalive_timeout_ms=1500)
    with Recorder(node.cleartext, answers) as raw:
        raw.watch()
        assert raw.until_closed(5) != answers
        assert 0.8 < raw.pings[0] < 2.5
        assert len(raw.pings) >= 2 if answers else len(raw.pings) == 1
    if not answers:
        assert ended(node, "keepalive") == 1


def test_idle_client_is_not_pinged(node_of):
    node = node_of(keepalive_ms=500)
    with Recorder(node.cleartext) as raw:
        assert not raw.until_closed(2.5) and not raw.pings


# --- TLS sessions ----------------------------------------------------------------------------------


def handshake(node, session, version, address=None, who=None):
    """By openssl: keeps the session of the first handshake, and says whether it was resumed."""
    new = ["-sess_in", session] if session.exists() else []
    mine = ["-cert", f"{node.folder}/{who}.pem", "-key", f"{node.folder}/{who}.key"] if who else []
    done = subprocess.run(["openssl", "s_client", "-connect", address or node.address, version, "-sess_out", str(session),
                           *map(str, new), *mine, "-ign_eof"],
                          input=b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", capture_output=True,
                          timeout=20, check=False)
    assert b"200 OK" in done.stdout, done
    return b"Reused, TLS" in done.stdout


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_were_resumed_by_their_own_worker_only(node_of, tmp_path, version):
    node = node_of(workers=4)
    session = tmp_path / "session"
    assert not handshake(node, session, version)
    assert all(handshake(node, session, version) for _ in range(16))
    node.process.send_signal(signal.SIGHUP)
    node.wait_for_log("supervisor.reload")
    eventually(lambda: len(node.logged("worker.ended")) >= 4, "the old workers are gone")
    assert all(handshake(node, session, version) for _ in range(8))


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_keys_of_tickets_are_changed(node_of, tmp_path, version):
    node = node_of(workers=2, ticket_ms=2000)
    session = tmp_path / "session"
    assert not handshake(node, session, version)
    let_pass(6.5)
    assert not handshake(node, session, version)


def test_ticket_of_one_listener_is_no_pass_for_another(authority, tmp_path):
    """With shared keys, a session that was begun where any certificate will do must not be resumed where one of an
    authority is demanded."""
    ca = Identity("ca")
    authority.write("ca.pem", ca.certificate)
    stranger = Identity("stranger")
    authority.write("stranger.pem", stranger.certificate)
    authority.write("stranger.key", stranger.key)
    first = authority.config["listeners"][0]
    demanding = {"address": "127.0.0.1:0", "tls": {**first["tls"], "client_ca_file": f"{authority.folder}/ca.pem"}}
    node = authority.node(workers=1, listeners=[*authority.config["listeners"][:2], demanding])
    node.start()
    try:
        other = node.wait_for_log("listening", 2)["address"]
        for version in ("-tls1_2", "-tls1_3"):
            session = tmp_path / f"session{version}"
            assert not handshake(node, session, version, who="stranger")
            assert handshake(node, session, version, who="stranger")
            done = subprocess.run(["openssl", "s_client", "-connect", other, version, "-sess_in", str(session), "-cert",
                                   f"{node.folder}/stranger.pem", "-key", f"{node.folder}/stranger.key", "-ign_eof"],
                                  input=b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                                  capture_output=True, timeout=20, check=False)
            assert b"Reused" not in done.stdout and b"200 OK" not in done.stdout, done
    finally:
        node.stop()


class Secure(Raw):
    """The same over TLS 1.2, with a certificate, and a session if there is one."""

    def __init__(self, node, who):  # pylint: disable=super-init-not-called
        self.context = ssl.create_default_context(cadata=node.server.certificate.decode())
        self.context.set_alpn_protocols(["h2"])
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(f"{node.folder}/{who}.pem", f"{node.folder}/{who}.key")
        self.node = node
        self.ack, self.window, self.stream_window = True, DEFAULT_WINDOW, DEFAULT_WINDOW
        self.streams, self.settings_seen, self.closed, self.goaway = {}, False, False, False
        self.data, self.next_id = b"", 1

    def connect(self, session=None):
        plain = socket.create_connection(self.node.address.split(":"), timeout=20)
        self.sock = self.context.wrap_socket(plain, server_hostname="127.0.0.1", session=session)
        self.sock.sendall(PREFACE + frame(SETTINGS, 0, 0))
        return self

    def is_answered(self, path):
        """Whether a call without a message's content is answered by a message."""
        stream = Stream(1, DEFAULT_WINDOW)
        self.streams = {1: stream}
        self.sock.sendall(headers_frame(path) + data_frame(b"\0\0\0\0\0"))
        self.wait(lambda: stream.ended, what="an answer")
        return not stream.refused


def expiring(world, seconds):
    """A tenant's admin whose certificate ends soon."""
    made = Identity("ends-soon")
    now = datetime.datetime.utcnow()
    key = serialization.load_pem_private_key(made.key, None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ends-soon")])
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(seconds=seconds)).sign(key, hashes.SHA256()))
    world.a.write("ends-soon.pem", certificate.public_bytes(serialization.Encoding.PEM))
    world.a.write("ends-soon.key", made.key)
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    world.a.call("ComponentService/CreateComponent", {"component": {
        "name": "ends-soon", "role": 5, "tenant": "contoso", "certificate_sha256": [digest]}}, world.a.admin)
    return time.time() + seconds


def test_ticket_outlived_its_certificate(world):
    """A resumed session brings the client's certificate along, and nobody looked at its end again."""
    end = expiring(world, 8)
    path = b"/chancery.v1.TenantService/GetTenant"
    first = Secure(world.a, "ends-soon").connect()
    assert first.is_answered(path)
    second = Secure(world.a, "ends-soon")
    second.context = first.context
    second.connect(first.sock.session)
    assert second.sock.session_reused and second.is_answered(path)
    wall_clock_passes(end, 1.5)
    third = Secure(world.a, "ends-soon")
    third.context = first.context
    third.connect(first.sock.session)
    assert third.sock.session_reused and not third.is_answered(path)
    for connection in (first, second, third):
        connection.sock.close()


def test_bounds_are_checked(authority):
    config = {**authority.config, "connections": {"ticket_ms": 604800001}}
    authority.write("bad.yaml", json.dumps(config).encode())
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--check-config", "--config", f"{authority.folder}/bad.yaml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "connections.ticket_ms" in done.stdout + done.stderr


def test_python_resumes_its_session(authority):
    context = ssl.create_default_context(cadata=authority.server.certificate.decode())
    context.set_alpn_protocols(["http/1.1"])
    session = None
    for number in range(4):
        with context.wrap_socket(socket.create_connection(authority.address.split(":"), timeout=5),
                                 server_hostname="127.0.0.1", session=session) as sock:
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200 OK" in sock.recv(4096)
            assert sock.session_reused == (number > 0)
            session = sock.session
