# SPDX-License-Identifier: Apache-2.0
"""One slow or broken thing that ended the whole daemon, or all of its workers at once."""
import json
import os
import signal
import socket
import subprocess
import threading

import pytest

from authority import BUILD, Identity
from processes import children
from raw_http2 import END_HEADERS, HEADERS, PREFACE, SETTINGS, frame
from waiting import eventually, let_pass


def workers(node):
    return children(node.process.pid)


def reload(node):
    node.process.send_signal(signal.SIGHUP)


def configure(node, **more):
    node.config = {**node.config, **more}
    node.write("chanceryd.yaml", json.dumps(node.config).encode())


def ends(node):
    """How workers have ended, and how many of them."""
    lines = node.page("/metrics")[1].splitlines()
    return {how: sum(float(line.split()[-1]) for line in lines if line.startswith(f'chancery_worker_ends_total{{how="{how}"}}'))
            for how in ("meant", "exit", "signal", "hung", "late")}


@pytest.fixture
def node(authority):
    """A daemon of its own, whose files a test may spoil."""
    made = authority.node(workers=2, listeners=[*authority.config["listeners"][:2]])
    made.config["limits"] = {"drain_ms": 1000}
    made.start()
    yield made
    for name, data in (("server.pem", made.server.certificate), ("server.key", made.server.key)):
        made.write(name, data)
    if made.process.poll() is None:
        made.stop()


def serves(node):
    """Asked anew each time, on a connection of its own."""
    return node.page("/readyz")[0] == 200


def spoil(node, what):
    if what == "half renewed":
        node.write("server.pem", Identity("renewed").certificate)  # and still the old key
    elif what == "missing":
        os.unlink(f"{node.folder}/server.pem")
    else:
        node.write("other.key", os.urandom(32))
        configure(node, root_key={"file": f"{node.folder}/other.key"})


@pytest.mark.parametrize("what", ["half renewed", "missing", "wrong root key"])
def test_reload_of_a_bad_file_ended_the_daemon(node, what):
    """SIGHUP let all workers go at once, and those that came could not start: exit code 78."""
    before, good = workers(node), dict(node.config)
    spoil(node, what)
    reload(node)
    node.wait_for_log("supervisor.reload_refused")
    assert serves(node) and sorted(workers(node)) == sorted(before)
    for name, data in (("server.pem", node.server.certificate), ("server.key", node.server.key)):
        node.write(name, data)
    configure(node, root_key=good["root_key"])
    reload(node)
    node.wait_for_log("supervisor.reload")
    eventually(lambda: not set(before) & set(workers(node)), "all workers are replaced")
    assert serves(node)


def test_worker_that_crashed_beside_a_half_renewed_file_ended_the_daemon(node):
    """What it can't read now it may read in a moment; the other worker serves meanwhile."""
    one, other = workers(node)
    node.write("server.pem", Identity("renewed").certificate)
    os.kill(one, signal.SIGKILL)
    node.wait_for_log("worker.ended", code=78)
    let_pass(0.5)
    assert node.process.poll() is None and other in workers(node) and serves(node)
    node.write("server.pem", node.server.certificate)
    node.wait_for_log("worker.ready", 2)


def hold_a_call(node):
    """An anonymous call that is never finished."""
    host, port = node.cleartext.split(":")
    sock = socket.create_connection((host, int(port)), timeout=20)
    path = b"/grpc.health.v1.Health/Check"
    sock.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(
        HEADERS, END_HEADERS, 1, b"\x83\x86\x01\x04test\x04" + bytes([len(path)]) + path +
        b"\x0f\x10\x10application/grpc\x10\x02te\x08trailers"))
    assert sock.recv(1 << 16)  # a worker has it
    return sock


def test_unfinished_call_made_a_reload_an_outage(node):
    """All workers drained before any was started again, so one call that a stranger left open was an outage of half a
    minute for everybody."""
    configure(node, limits={"drain_ms": 20000})
    reload(node)
    node.wait_for_log("supervisor.reload")
    eventually(lambda: len(workers(node)) == 2, "two workers")
    socks = [hold_a_call(node) for _ in range(8)]
    try:
        before = workers(node)
        reload(node)
        node.wait_for_log("supervisor.reload", 1)
        for _ in range(40):
            assert serves(node)
            let_pass(0.05)
        assert set(before) & set(workers(node))  # it drains still
    finally:
        for sock in socks:
            sock.close()


def test_reloads_began_the_drain_anew(node):
    """Each further SIGHUP drained the workers that had just come."""
    for _ in range(5):
        reload(node)
        let_pass(0.02)
    node.wait_for_log("supervisor.reload", 1)
    eventually(lambda: len(workers(node)) == 2, "two workers", 10)
    let_pass(1)
    assert len(node.logged("supervisor.reload")) == 2  # the first, and one for all that came meanwhile
    assert serves(node)


def test_reload_forgot_level_and_address(node):
    """A changed log level or address was ignored in silence, and so was the number of workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    added = [*node.config["listeners"], {"address": f"127.0.0.1:{port}"}]
    configure(node, listeners=added, workers=3, log={"level": "debug"})
    reload(node)
    node.wait_for_log("listening", 2)
    eventually(lambda: len(workers(node)) == 3, "three workers")
    eventually(lambda: len(node.logged("worker.ready")) == 5, "all of them ready")
    node.cleartext = f"127.0.0.1:{port}"
    assert serves(node)
    configure(node, workers=1)
    reload(node)
    eventually(lambda: len(workers(node)) == 1, "one worker")
    for _ in range(20):
        assert serves(node)


def test_hung_worker_was_never_noticed(node):
    """A worker whose loop stands still kept its share of the connections for ever."""
    one, _ = workers(node)
    os.kill(one, signal.SIGSTOP)
    node.wait_for_log("worker.hung", timeout=40)
    eventually(lambda: one not in workers(node) and len(workers(node)) == 2, "another in its place")
    node.wait_for_log("worker.ready", 2)
    assert ends(node) == {"hung": 1, "meant": 0, "signal": 0, "exit": 0, "late": 0}


def test_killed_late_was_counted_as_meant(node):
    """A worker that is told to end and does not is killed, which nobody wants."""
    one, _ = workers(node)
    configure(node, workers=1, limits={"drain_ms": 1000})
    os.kill(one, signal.SIGSTOP)
    reload(node)
    node.wait_for_log("worker.killed", timeout=40)
    eventually(lambda: ends(node) == {"hung": 0, "meant": 1, "signal": 0, "exit": 0, "late": 1}, lambda: str(ends(node)))


def test_worker_that_did_not_end_was_never_killed(node):
    """After the drain's end what is left is killed."""
    one, _ = workers(node)
    os.kill(one, signal.SIGSTOP)
    node.process.send_signal(signal.SIGTERM)
    node.process.wait(timeout=20)
    assert node.process.returncode == 0


def test_log_that_nobody_read_stopped_the_node(world):
    """Standard error was a pipe whose reader stood still: after 208 licenses each worker waited in write(2), and SIGTERM
    ended nothing."""
    other = world.a.node(workers=1)
    other.write("chanceryd.yaml", json.dumps({**other.config, "log": {"level": "debug"}}).encode())
    other.process = subprocess.Popen([f"{BUILD}/server/daemon/chanceryd", "--config", f"{other.folder}/chanceryd.yaml"],
                                     stderr=subprocess.PIPE, text=True, env=other.env)
    addresses = []
    for line in other.process.stderr:
        told = json.loads(line)
        if told["event"] == "listening":
            addresses.append(told["address"])
        if told["event"] == "worker.ready":
            break
    other.address, other.cleartext = addresses
    made = world.protect()
    for _ in range(400):  # and nobody reads the log
        assert world.rights(made, world.fabrikam.token("bob"), on=other)
    assert other.page("/metrics")[1].count("chancery_log_lost_total")
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(other.process.stderr), daemon=True)
    reader.start()
    world.rights(made, world.fabrikam.token("bob"), on=other)
    for channel in other.channels.values():
        channel.close()
    other.channels = {}
    other.process.send_signal(signal.SIGTERM)
    other.process.wait(timeout=20)
    reader.join(timeout=20)
    assert any(json.loads(line)["event"] == "log.lost" for line in lines)
    assert other.process.returncode == 0
