# SPDX-License-Identifier: Apache-2.0
"""What went wrong and left no trace for whoever runs the node, or a false one: handshakes that failed, answers with status
INTERNAL that were logged as information, a warning at every start, and READY=1 before the database was known."""
import contextlib
import datetime
import os
import socket
import ssl
import subprocess
import tempfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authority import Refused
from waiting import eventually, let_pass

LOGGED_PER_S = 10  # TLS_FAILURES_LOGGED_PER_S


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def host_port(node):
    host, port = node.address.split(":")
    return host, int(port)


def counted(node, cause):
    """Handshakes that failed for this cause, so far."""
    wanted = f'chancery_tls_failures_total{{cause="{cause}"}}'
    lines = [line for line in node.page("/metrics")[1].splitlines() if line.startswith(wanted)]
    return int(lines[0].split()[-1]) if lines else 0


def client(node, *options):
    """openssl s_client, which offers h2 unless the options say otherwise."""
    return subprocess.run(["openssl", "s_client", "-connect", node.address, *options], input=b"", capture_output=True,
                          timeout=20, check=False)


def expired(node):
    """A client certificate that was valid until yesterday, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
            .not_valid_before(now - datetime.timedelta(days=9)).not_valid_after(now - datetime.timedelta(days=1))
            .sign(key, hashes.SHA256()))
    node.write("old.pem", made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return f"{node.folder}/old.pem"


def speak_http(node):
    with socket.create_connection(host_port(node), timeout=20) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            sock.recv(100)


def speak_nonsense(node):
    with socket.create_connection(host_port(node), timeout=20) as sock:
        sock.sendall(bytes(range(1, 200)))
        with contextlib.suppress(ConnectionResetError):
            sock.recv(100)


def hang_up(node):
    with socket.create_connection(host_port(node), timeout=20):
        pass


def distrust(node):
    """A client that knows nothing of the server's certificate, and says so by an alert."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(host_port(node), timeout=20) as sock, contextlib.suppress(ssl.SSLError):
        context.wrap_socket(sock, server_hostname="127.0.0.1")


H2 = ["-alpn", "h2"]
WAYS = {
    "not_tls": (speak_http, "http request"),
    "not_tls ": (speak_nonsense, None),
    "closed": (hang_up, None),
    "refused_by_peer": (distrust, "unknown ca"),
    "version": (lambda node: client(node, *H2, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), None),
    "algorithms": (lambda node: client(node, *H2, "-tls1_2", "-cipher", "AES128-SHA"), "no shared cipher"),
    "no_alpn": (lambda node: client(node, "-alpn", "h3"), "no application protocol"),
    "client_certificate": (lambda node: client(node, *H2, "-cert", expired(node), "-key", expired(node)),
                           "certificate has expired"),
}


@pytest.mark.parametrize("cause", list(WAYS))
def test_handshakes_failed_in_silence(authority, cause):
    fail, reason = WAYS[cause]
    cause = cause.strip()
    let_pass(1.1)  # each second has some lines
    before, lines = counted(authority, cause), len(authority.logged("tls.failed", cause=cause))
    fail(authority)
    line = authority.wait_for_log("tls.failed", lines, cause=cause)
    assert counted(authority, cause) == before + 1
    assert line["peer"].startswith("127.0.0.1:") and line["level"] == "info"
    assert reason is None or reason in line["reason"]


def test_a_silent_client_left_no_trace(authority):
    before = counted(authority, "timeout")
    with socket.create_connection(host_port(authority), timeout=30) as sock:
        assert sock.recv(1) == b""  # after the handshake's 10 s
    assert counted(authority, "timeout") == before + 1 and authority.wait_for_log("tls.failed", cause="timeout")


def test_good_connections_are_no_failures(authority, world):
    before = authority.page("/metrics")[1].count("chancery_tls_failures_total{")
    failed = authority.logged("tls.failed")
    assert world.protect()
    for alpn in (H2, ("-alpn", "http/1.1"), ()):
        client(authority, *alpn)  # agrees on all and goes
    let_pass(0.3)
    assert authority.page("/metrics")[1].count("chancery_tls_failures_total{") == before
    assert authority.logged("tls.failed")[len(failed):] == []


def test_failures_do_not_flood_the_log(authority):
    let_pass(1.1)
    before, lines = counted(authority, "closed"), len(authority.logged("tls.failed"))
    for _ in range(300):
        hang_up(authority)
    eventually(lambda: counted(authority, "closed") == before + 300, "all are counted")
    assert len(authority.logged("tls.failed")) - lines < 300 / 4
    let_pass(1.1)
    hang_up(authority)
    eventually(lambda: sum(line["unlogged"] + 1 for line in authority.logged("tls.failed")[lines:]) == 301,
               "the lines say how many are missing")


# --- INTERNAL ----------------------------------------------------------------------------------------


def test_internal_errors_were_information(authority, world):
    """Only the reason INTERNAL itself was an error in the log; DATABASE_ERROR and CRYPTO_FAILED have the same status."""
    world.sql("ALTER TABLE exclusion RENAME TO exclusion_away")
    try:
        with pytest.raises(Refused) as caught:
            world.call("TenantService/ListExclusions", {}, world.contoso.admin)
    finally:
        world.sql("ALTER TABLE exclusion_away RENAME TO exclusion")
    assert caught.value.code == "INTERNAL"
    line = authority.wait_for_log("call.done", method="/chancery.v1.TenantService/ListExclusions")
    assert (line["level"], line["reason"]) == ("error", "DATABASE_ERROR")
    assert line["request_id"] == caught.value.metadata["request_id"]


# --- the start ---------------------------------------------------------------------------------------


def test_every_start_warned(authority):
    """It was not ready for the milliseconds in which it connected to the database."""
    node = authority.node(workers=2).start()
    try:
        told = [line for line in node.log if line.get("level") in ("warning", "error")]
        assert not [line for line in told if line["event"] != "worker.few_descriptors"]  # that one is this machine's
    finally:
        node.stop()


@pytest.fixture
def systemd():
    """A socket as systemd gives it, and what came there so far."""
    with tempfile.TemporaryDirectory(prefix="chancery-notify-") as folder:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(f"{folder}/notify")
            sock.setblocking(False)
            told = []

            def said():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        told.append(sock.recv(4096).decode())
                return told
            yield f"{folder}/notify", said


def test_ready_was_said_before_the_database_was_known(authority, systemd):
    path, said = systemd
    node = authority.node(env={"NOTIFY_SOCKET": path}, workers=2)
    authority.postgres.stop()
    try:
        node.start(ready=False)
        node.wait_for_log("worker.not_ready", 1)  # after two seconds, in which a start is no problem
        assert not [text for text in said() if "READY=1" in text.split("\n")]
    finally:
        authority.postgres.start()
    try:
        eventually(lambda: [text for text in said() if "READY=1" in text.split("\n")], "READY=1")
        assert len(node.logged("worker.ready")) == 2
    finally:
        node.stop()


def test_nothing_of_this_is_a_secret(authority):
    """What a stranger's handshake says is not in the log but by OpenSSL's own words."""
    assert os.environ["CHANCERY_BUILD"]
    for line in authority.logged("tls.failed"):
        assert set(line) <= {"time", "level", "event", "peer", "cause", "reason", "unlogged"}
