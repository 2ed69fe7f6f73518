# SPDX-License-Identifier: Apache-2.0
"""What the headers of one request of HTTP/2 did to others, of which the sender of the others knew nothing."""
import socket
import struct
import subprocess

import pytest

from raw_http2 import DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame
from waiting import eventually, let_pass

CONTINUATION, ENHANCE_YOUR_CALM = 9, 11
LONG, REFERENCES = 3900, 16000  # bytes of a header in the table; references to it in one frame


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def fields(path, more=b""):
    return (b"\x83\x86\x01\x04test\x04" + bytes([len(path)]) + path + b"\x0f\x10\x10application/grpc\x10\x02te\x08trailers"
            + more)


def connect(world):
    host, port = world.a.cleartext.split(":")
    sock = socket.create_connection((host, int(port)), timeout=20)
    sock.sendall(PREFACE + frame(SETTINGS, 0, 0))
    return sock


def frames_until(sock, wanted):
    """The frames that come, up to the first one of a kind on a stream, or to the connection's end."""
    data, found = b"", []
    while True:
        more = sock.recv(1 << 16)
        if not more:
            return found
        data += more
        while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            end = 9 + int.from_bytes(data[:3], "big")
            found.append((data[3], int.from_bytes(data[5:9], "big"), data[9:end]))
            data = data[end:]
            if found[-1][:2] == wanted:
                return found


def put_into_table(byte=b"a"):
    """A header of 3,900 bytes that one byte (0xbe) names from now on: a literal that is indexed (RFC 7541 §6.2.1)."""
    rest = LONG - 127
    return b"\x40\x01x\x7f" + bytes([rest % 128 + 128, rest // 128]) + byte * LONG


def block_of(number, first, frames):
    """A header block in several frames, all of references."""
    parts = [first + b"\xbe" * REFERENCES] + [b"\xbe" * REFERENCES] * (frames - 1)
    last = len(parts) - 1
    return b"".join(frame(CONTINUATION if at else HEADERS, (0 if at else END_STREAM) | (END_HEADERS if at == last else 0),
                          number, part) for at, part in enumerate(parts))


def cpu_seconds(world):
    pid = subprocess.run(["pgrep", "-P", str(world.a.process.pid)], capture_output=True, text=True,
                         check=True).stdout.split()[0]
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        times = file.read().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / 100


@pytest.mark.parametrize("where", ["headers", "trailers"])
def test_header_of_one_byte_cost_as_much_as_a_long_one(world, where):
    """A block of 128 KiB said 500 MB, and each byte of them was looked at while all others waited: a third of a second
    of the worker for 128 KiB."""
    path = b"/grpc.health.v1.Health/Check"
    began = cpu_seconds(world)
    with connect(world) as sock:
        sock.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(path, put_into_table())))
        frames_until(sock, (HEADERS, 1))
        for number in range(3, 23, 2):
            if where == "trailers":
                sock.sendall(frame(HEADERS, END_HEADERS, number, fields(path)))
            sock.sendall(block_of(number, fields(path) if where == "headers" else b"", 8))
            kind, _, code = frames_until(sock, (RST_STREAM, number))[-1]
            assert (kind, code) == (RST_STREAM, struct.pack(">I", ENHANCE_YOUR_CALM))
        sock.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 23, fields(b"/livez")))  # and it goes on
        assert frames_until(sock, (HEADERS, 23))[-1][:2] == (HEADERS, 23)
    assert cpu_seconds(world) - began < 1


def test_malformed_headers_ended_the_connection(world):
    """A stream that was reset for its headers left a clock running that was meant for headers without an end: 10 s later
    the connection was closed, with all calls on it."""
    with connect(world) as sock:
        sock.sendall(frame(HEADERS, END_HEADERS, 1, fields(b"/grpc.health.v1.Health/Watch")) +
                     frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"))
        frames_until(sock, (DATA, 1))
        sock.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 3,
                           fields(b"/grpc.health.v1.Health/Check", b"\x10\x01X\x01y")))  # a name in upper case
        assert frames_until(sock, (RST_STREAM, 3))[-1][:2] == (RST_STREAM, 3)
        let_pass(12)
        sock.sendall(frame(PING, 0, 0, b"are you?"))
        found = frames_until(sock, (PING, 0))
        assert found and found[-1][0] == PING and not [one for one in found if one[0] == GOAWAY], found


def test_headers_without_an_end_still_end_the_connection(world):
    """Also behind a stream whose headers were malformed."""
    with connect(world) as sock:
        sock.sendall(frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(b"/livez", b"\x10\x01X\x01y")))
        frames_until(sock, (RST_STREAM, 1))
        sock.sendall(frame(HEADERS, 0, 3, fields(b"/livez")))
        eventually(lambda: not frames_until(sock, (PING, 0)) or True, "the end", 15)
