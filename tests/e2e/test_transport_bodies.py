# SPDX-License-Identifier: Apache-2.0
"""What bodies cost on their way, and that honest ones arrive: hand-made frames and grpcio against the echo server."""
import gzip
import os
import re
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from build_kind import is_sanitized
from echo import certificate, plain, secure_channel, tls, unary  # noqa: F401 (fixtures)
from raw_http2 import DEFAULT_WINDOW, Raw, message
from waiting import eventually

KIB, MIB = 1024, 1 << 20
FIRST_WINDOW = 16 * KIB
STREAMS = 256
LARGE = 4 * MIB
PREFIX = 5
BEGUN = message(LARGE)[:2 * FIRST_WINDOW]  # the beginning of a large message, more than its first window
# net/body.h: loose bytes and reservations have a half of 64 MiB each.
LOOSE_MAX = RESERVED_MAX = 32 * MIB
TURNS = 2  # large messages of one connection at once


def metric(server, name):
    text = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", f"http://{server.address}/metrics"],
                          capture_output=True, text=True, check=True).stdout
    found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M)
    return sum(int(value) for value in found)


def held(server):
    return metric(server, "chancery_net_body_bytes")


def wait_until_held(server, count):
    eventually(lambda: held(server) == count, lambda: f"{held(server)} bytes are held, and not {count}")


def evicted(server):
    return metric(server, "chancery_net_bodies_evicted_total")


def resident(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def assert_grown_less(server, before, most):
    """A sanitizer keeps what is freed, to tell who uses it: what memory is held counts in builds without."""
    assert is_sanitized() or resident(server) - before < most


def is_alive(server):
    with grpc.insecure_channel(server.address) as channel:
        return unary(channel)(b"alive", timeout=10) == b"alive"


# --- before the caller is known ---


def test_an_unread_body_gets_a_small_window_and_no_more(plain):
    with Raw(plain.address).settle() as raw:
        stream = raw.open("Unread")
        rest = raw.send(stream, message(MIB))
        assert len(rest) == PREFIX + MIB - FIRST_WINDOW
        raw.read(0.5)
        assert stream.granted == 0 and not stream.ended
        wait_until_held(plain, FIRST_WINDOW)


def test_a_body_is_taken_in_when_it_is_asked_for(plain):
    with Raw(plain.address).settle() as raw:
        stream = raw.open("Late")
        rest = raw.send(stream, message(MIB), end=True)
        assert len(rest) == PREFIX + MIB - FIRST_WINDOW
        raw.send_all(stream, rest)
        assert raw.answer(stream) == str(MIB)
        # The window was opened for this message and what may follow it, not for the method's largest.
        assert MIB + PREFIX - FIRST_WINDOW <= stream.granted <= MIB + PREFIX
    assert held(plain) == 0


def test_nothing_is_inflated_before_it_is_asked_for(plain):
    packed = gzip.compress(b"\0" * (4 * MIB))
    assert len(packed) < FIRST_WINDOW
    with Raw(plain.address).settle() as raw:
        for _ in range(50):
            raw.send_all(raw.open("Unread"), struct.pack(">BI", 1, len(packed)) + packed)
        wait_until_held(plain, 50 * (PREFIX + len(packed)))


def test_half_sent_bodies_of_one_connection(plain):
    before = resident(plain)
    with Raw(plain.address).settle() as raw:
        for _ in range(STREAMS):
            raw.send(raw.open("Unread"), BEGUN)
        wait_until_held(plain, STREAMS * FIRST_WINDOW)
        assert_grown_less(plain, before, 3 * STREAMS * FIRST_WINDOW)
        assert evicted(plain) == 0
        assert is_alive(plain)
    wait_until_held(plain, 0)


def test_a_client_that_ignores_the_settings(plain):
    """It believes in windows of 65,535 bytes, which are the connection's 256 times over."""
    with Raw(plain.address, ack=False).settle() as raw:
        for _ in range(STREAMS):
            stream = raw.open("Unread")
            assert stream.window == DEFAULT_WINDOW
            raw.send(stream, message(LARGE)[:DEFAULT_WINDOW])
            raw.read()
        eventually(lambda: evicted(plain) > 0, "a body evicted")
        assert held(plain) <= STREAMS * FIRST_WINDOW
        raw.wait(lambda: any(s.refused for s in raw.streams.values()))
        assert is_alive(plain)


def test_half_sent_bodies_of_many_connections(plain):
    before = resident(plain)
    channel = grpc.insecure_channel(plain.address)
    oldest = unary(channel, "Unread").future(b"x" * KIB)
    wait_until_held(plain, KIB + PREFIX)
    connections = [Raw(plain.address).settle() for _ in range(12)]
    try:
        for raw in connections:
            for _ in range(STREAMS):
                raw.send(raw.open("Unread"), BEGUN)
        eventually(lambda: evicted(plain) >= 12 * STREAMS - LOOSE_MAX // FIRST_WINDOW, "the others evicted")
        assert held(plain) <= LOOSE_MAX
        assert_grown_less(plain, before, 2 * LOOSE_MAX)
        assert oldest.code() == grpc.StatusCode.UNAVAILABLE
        # The oldest went, and who goes on is not among them.
        first, last = connections[0], connections[-1]
        first.wait(lambda: all(s.refused for s in first.streams.values()))
        last.read()
        assert not any(s.ended for s in last.streams.values())
        assert is_alive(plain)
        with grpc.insecure_channel(plain.address) as channel:
            assert unary(channel, "Count")(b"x" * LARGE, timeout=20) == str(LARGE).encode()
    finally:
        oldest.cancel()
        for raw in connections:
            raw.sock.close()
    wait_until_held(plain, 0)


# --- when the caller is known ---


def test_half_sent_messages_of_known_callers(plain):
    """40 of 4 MiB on as many connections: who got room may finish; who does not go on gives it to others."""
    before = resident(plain)
    half = message(LARGE)[:LARGE // 2]
    rest = {Raw(plain.address).settle(): half for _ in range(40)}
    fit = RESERVED_MAX // (LARGE + PREFIX)

    def send_halves():
        for raw, data in rest.items():
            raw.read()
            stream = raw.streams.get(1) or raw.open("Count")
            rest[raw] = raw.send(stream, data)
        return held(plain) == fit * len(half) + (40 - fit) * FIRST_WINDOW

    try:
        eventually(send_halves, "as many halves as there is room for")
        assert metric(plain, "chancery_net_body_reserved_bytes") == fit * (LARGE + PREFIX)
        assert_grown_less(plain, before, RESERVED_MAX + LOOSE_MAX)
        assert is_alive(plain)
        lucky, stalled, *_ = [raw for raw, data in rest.items() if not data]
        lucky.send_all(lucky.streams[1], half + b"x" * PREFIX)
        assert lucky.answer(lucky.streams[1]) == str(LARGE)
        for raw in [raw for raw, data in rest.items() if data][3:]:
            raw.sock.close()  # or each round of stalled ones takes 5 s until it is the next one's turn
        with grpc.insecure_channel(plain.address) as channel:
            assert unary(channel, "Count")(b"x" * LARGE, timeout=120) == str(LARGE).encode()
        assert stalled.answer(stalled.streams[1]) == "" and stalled.streams[1].refused
    finally:
        for raw in rest:
            raw.sock.close()
    wait_until_held(plain, 0)
    assert metric(plain, "chancery_net_body_reserved_bytes") == 0


def test_an_upload_is_stopped_when_it_is_refused(plain):
    with Raw(plain.address).settle() as raw:
        stream = raw.open("Count")
        raw.send(stream, message(LARGE + 1)[:PREFIX])
        raw.wait(lambda: stream.reset is not None)
        assert stream.reset == 0 and stream.refused  # NO_ERROR, behind the answer


def test_large_messages_of_one_connection_take_turns(plain):
    with Raw(plain.address).settle() as raw:
        streams = [raw.open("Count") for _ in range(10)]
        rest = {s: raw.send(s, message(LARGE), end=True) for s in streams}
        at_once = []

        def send_more():
            raw.read()
            at_once.append(sum(1 for s, data in rest.items() if s.granted and data))
            rest.update({s: raw.send(s, data, end=True) for s, data in rest.items() if data})
            return not any(rest.values())

        eventually(send_more, "everything sent", seconds=60)
        assert [raw.answer(s) for s in streams] == [str(LARGE)] * 10
        assert max(at_once) == TURNS


def test_unread_bodies_do_not_starve_a_large_message_beside_them(plain):
    with Raw(plain.address).settle() as raw:
        for _ in range(STREAMS - 1):
            raw.send(raw.open("Unread"), BEGUN)
        stream = raw.open("Count")
        for _ in range(3):  # more than the connection's window in all
            raw.send_all(stream, message(LARGE), end=False)
        raw.wait(lambda: stream.body.count(str(LARGE).encode()) == 3)


@pytest.mark.parametrize("length", [FIRST_WINDOW - PREFIX, DEFAULT_WINDOW, 3 * MIB])
def test_a_client_that_begins_before_it_knows_the_settings(plain, length):
    with Raw(plain.address) as raw:
        stream = raw.open("Count")
        rest = raw.send(stream, message(length), end=True)
        raw.settle()
        raw.send_all(stream, rest)
        assert raw.answer(stream) == str(length)


@pytest.mark.parametrize("length", [1, FIRST_WINDOW - PREFIX, 100 * KIB])
def test_padding_does_not_eat_the_window(plain, length):
    with Raw(plain.address).settle() as raw:
        for _ in range(3):
            stream = raw.open("Count")
            raw.send_all(stream, message(length), padding=255)
            assert raw.answer(stream) == str(length)


def test_a_stream_of_messages_keeps_its_window(plain):
    with Raw(plain.address).settle() as raw:
        stream = raw.open("Count")
        for i in range(100):
            raw.send_all(stream, message(10 * KIB + i), end=False)
        raw.wait(lambda: stream.body.count(b"\0\0\0\0\5") == 100)
        assert held(plain) == 0


def test_a_gateway_with_many_calls_at_once(tls, certificate):
    sizes = [10, 20 * KIB, 300 * KIB, 2 * MIB]
    with secure_channel(tls, certificate) as channel:
        calls = [unary(channel, "Count").future(b"x" * sizes[i % 4 if i < 40 else i % 3], timeout=60)
                 for i in range(200)]
        answers = [call.result() for call in calls]
    assert answers == [str(sizes[i % 4 if i < 40 else i % 3]).encode() for i in range(200)]


def test_compressed_messages_of_many_callers(plain):
    body = os.urandom(MIB) + b"\0" * (3 * MIB)

    def call(_):
        with grpc.insecure_channel(plain.address, compression=grpc.Compression.Gzip) as channel:
            return unary(channel, "Count")(body, timeout=60)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(16))) == {str(len(body)).encode()}
    assert held(plain) == 0 and metric(plain, "chancery_net_body_reserved_bytes") == 0
