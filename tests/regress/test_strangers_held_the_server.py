# SPDX-License-Identifier: Apache-2.0
"""What anybody could hold or use up, without a credential, at the expense of everybody else."""
import resource
import socket
import struct
import subprocess

import pytest

from authority import BUILD, Refused
from raw_http2 import END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, PREFACE, SETTINGS, frame
from waiting import eventually, let_pass

CONNECTIONS_MAX, DESCRIPTORS = 24, 320
GET_METRICS = b"\x82\x86\x01\x04test\x04\x08/metrics"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1, "config": {"limits": {"max_connections": CONNECTIONS_MAX}}}


def connect(world, settings=b""):
    host, port = world.a.cleartext.split(":")
    sock = socket.create_connection((host, int(port)), timeout=20)
    sock.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
    return sock


def is_closed(sock):
    """Whether the server has closed it, whatever it said before."""
    sock.setblocking(False)
    try:
        while sock.recv(1 << 16):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_unread_pages_held_50_mb_for_ever(world):
    """A client that gives no window asked for /metrics on 250 streams: each page was kept for it, in full."""
    with connect(world, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0)) as sock:
        for number in range(250):
            sock.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, GET_METRICS))
        eventually(lambda: world.metric("chancery_net_queued_bytes ") > 2 << 20, "pages that wait")
        let_pass(0.5)
        assert world.metric("chancery_net_queued_bytes ") < 6 << 20
    eventually(lambda: world.metric("chancery_net_queued_bytes ") < 1 << 16, "room again")


def test_half_headers_held_a_connection_for_ever(world):
    """HEADERS without END_HEADERS: there was a stream, so the connection was not idle, and no call, so it had no
    deadline."""
    with connect(world) as sock:
        sock.sendall(frame(HEADERS, 0, 1, GET_METRICS))
        assert not is_closed(sock)
        eventually(lambda: is_closed(sock), "the end of the connection", 15)


def test_strangers_took_every_place(world):
    """As many connections as there may be, without a word on any: everybody else was shut out."""
    made = world.protect()
    socks = [connect(world) for _ in range(3 * CONNECTIONS_MAX)]
    try:
        world.reconnect()
        assert world.rights(made, world.fabrikam.token("bob"))
        assert world.a.page("/readyz")[0] == 200
        assert sum(not is_closed(sock) for sock in socks) <= CONNECTIONS_MAX
    finally:
        for sock in socks:
            sock.close()


def test_no_time_at_all_meant_for_ever(world):
    """`grpc-timeout: 0S` was read as 0, which stood for "not said"."""
    world.a.write("watch", b"\0\0\0\0\0")
    done = subprocess.run(
        ["curl", "-sS", "-i", "-m", "5", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H",
         "te: trailers", "-H", "grpc-timeout: 0S", "--data-binary", f"@{world.a.folder}/watch",
         f"http://{world.a.cleartext}/grpc.health.v1.Health/Watch"],
        capture_output=True, text=True, check=False)
    assert "grpc-status: 4" in done.stdout, (done.stdout, done.stderr)


def test_worker_without_descriptors_span_in_silence(world):
    """Out of descriptors, accept4 failed 18,000 times a second, and nothing was said."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    pid = int(subprocess.run(["pgrep", "-P", str(world.a.process.pid)], capture_output=True, text=True,
                             check=True).stdout.split()[0])
    used = len(subprocess.run(["ls", f"/proc/{pid}/fd"], capture_output=True, text=True,
                              check=True).stdout.split())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, hard))
    socks = [connect(world) for _ in range(16)]
    try:
        world.a.wait_for_log("net.accept_failed", error="EMFILE")
        began = cpu_seconds(pid)
        let_pass(1)
        assert cpu_seconds(pid) - began < 0.3
        assert len(world.a.logged("net.accept_failed")) < 60
        assert world.a.page("/readyz")[0] == 200  # somebody goes for it
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
        for sock in socks:
            sock.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_worker_kept_the_soft_limit_of_descriptors(world):
    """A shell's 1,024 descriptors were all there was, however many connections the configuration allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert world.a.logged("worker.few_descriptors") == [] or hard < CONNECTIONS_MAX + DESCRIPTORS
    other = world.a.node(listeners=[{"address": "127.0.0.1:0"}, {"address": "127.0.0.1:0", "metrics": True}])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, DESCRIPTORS), hard))
    try:
        other.start()
        assert other.logged("worker.few_descriptors") == []
        pid = subprocess.run(["pgrep", "-P", str(other.process.pid)], capture_output=True, text=True,
                             check=True).stdout.split()[0]
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            limit = next(line for line in file if line.startswith("Max open files")).split()
        assert limit[3] == limit[4]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        other.stop()


def test_metrics_were_shown_to_strangers(world):
    """/metrics answered on every port that clients reach."""
    done = subprocess.run(["curl", "-sSk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}",
                           f"https://{world.a.address}/metrics"], capture_output=True, text=True, check=True)
    assert done.stdout == "404"
    assert world.a.page("/metrics")[0] == 200  # where the configuration says so


def test_second_server_shared_the_port(world):
    """SO_REUSEPORT let a daemon that was started by mistake take half of the connections."""
    other = world.a.node(listeners=[{"address": world.a.cleartext}])
    other.write("second.yaml", str(other.config).replace("'", '"').replace("True", "true").encode())
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", f"{other.folder}/second.yaml"],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0 and "EADDRINUSE" in done.stderr, done.stderr
    with pytest.raises(Refused):
        world.call("TenantService/GetTenant", {"tenant": "contoso"})
