# SPDX-License-Identifier: Apache-2.0
"""The transport with a client that never saw our code: python3-grpcio against the echo server."""
import os
import socket
import ssl
import subprocess
import threading
import time

import grpc
import pytest

from echo import Echo, certificate, plain, secure_channel, tls, unary  # noqa: F401 (fixtures)
from raw_http2 import PREFACE, frame
from waiting import let_pass


@pytest.mark.parametrize("size", [0, 1, 100, 16379, 16384, 100_000, 1_000_000, 1 << 20])
def test_messages_of_all_sizes_come_back(plain, size):
    message = os.urandom(size)
    with grpc.insecure_channel(plain.address,
                               options=[("grpc.max_receive_message_length", -1)]) as channel:
        assert unary(channel)(message, timeout=10) == message


def test_over_tls(tls, certificate):
    with secure_channel(tls, certificate) as channel:
        for size in (0, 10, 70_000):
            message = os.urandom(size)
            assert unary(channel)(message, timeout=10) == message


def test_many_calls_at_once_on_one_connection(tls, certificate):
    with secure_channel(tls, certificate) as channel:
        futures = [unary(channel).future(b"%d" % i * 50, timeout=20) for i in range(1000)]
        assert [f.result() for f in futures] == [b"%d" % i * 50 for i in range(1000)]


def test_gzip_both_ways(plain):
    with grpc.insecure_channel(plain.address, compression=grpc.Compression.Gzip) as channel:
        message = b"abc" * 100_000
        assert unary(channel)(message, timeout=10) == message


def test_a_refusal_is_trailers_only_with_text_and_details(plain):
    with grpc.insecure_channel(plain.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            unary(channel, "Fail")(b"x", timeout=10)
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert caught.value.details() == "100% refused: é"
    assert ("grpc-status-details-bin", b"details") in [tuple(m) for m in
                                                       caught.value.trailing_metadata()]


def test_too_large_is_refused_before_it_is_read(plain):
    with grpc.insecure_channel(plain.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            unary(channel)(b"x" * ((1 << 20) + 1), timeout=10)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert unary(channel)(b"after", timeout=10) == b"after"


def test_a_gzip_bomb_stops_at_the_limit(plain):
    with grpc.insecure_channel(plain.address, compression=grpc.Compression.Gzip) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            unary(channel)(b"\0" * (64 << 20), timeout=20)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_cancel_and_disconnect_in_the_middle(plain):
    for _ in range(20):
        channel = grpc.insecure_channel(plain.address)
        calls = [unary(channel, "Hang").future(b"x") for _ in range(20)]
        let_pass(0.01)
        calls[0].cancel()
        channel.close()
    with grpc.insecure_channel(plain.address) as channel:
        assert unary(channel)(b"alive", timeout=10) == b"alive"


def test_drain_lets_calls_end_and_stops(certificate):
    server = Echo("127.0.0.1:0", *certificate)
    with secure_channel(server, certificate) as channel:
        assert unary(channel)(b"x", timeout=10) == b"x"
        started = time.time()
        server.stop()
        assert time.time() - started < 4


def test_without_alpn_there_is_no_connection(tls):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host, port = tls.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        with context.wrap_socket(raw) as sock:
            sock.settimeout(5)
            try:
                sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert sock.recv(100) == b""
            except (ssl.SSLError, ConnectionError):
                pass
    context.set_alpn_protocols(["http/1.1"])
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(raw).recv(1)


def test_old_tls_is_refused(tls):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_alpn_protocols(["h2"])
    host, port = tls.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(raw)


def connect(server):
    host, port = server.address.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def read_to_end(sock):
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" + b"\0" * 100,
                                  PREFACE + frame(0, 0, 0, b"data on stream 0"),
                                  PREFACE + frame(4, 0, 1), PREFACE + frame(4, 0, 0) + frame(9, 4, 1),
                                  PREFACE + frame(4, 0, 0) + frame(1, 4, 2, b"\x82")])
def test_what_is_not_http2_is_cut(plain, junk):
    with connect(plain) as sock:
        sock.sendall(junk)
        sock.shutdown(socket.SHUT_WR)
        read_to_end(sock)
    with grpc.insecure_channel(plain.address) as channel:
        assert unary(channel)(b"alive", timeout=10) == b"alive"


def test_a_flood_of_resets_ends_the_connection(plain):
    # HPACK: POST, http, a literal path, content-type application/grpc: never indexed, no Huffman.
    block = (b"\x83\x86" + b"\x04\x0f/echo.Echo/Hang" + b"\x0f\x10\x10application/grpc")
    with connect(plain) as sock:
        sock.sendall(PREFACE + frame(4, 0, 0))
        try:
            for i in range(5000):
                stream = 2 * i + 1
                sock.sendall(frame(1, 4, stream, block) + frame(3, 0, stream, b"\0\0\0\x08"))
        except ConnectionError:
            pass
        data = read_to_end(sock)
    assert data == b"" or b"\x07" in data  # GOAWAY, unless the reset of the socket overtook it
    with grpc.insecure_channel(plain.address) as channel:
        assert unary(channel)(b"alive", timeout=10) == b"alive"


def test_a_slow_reader_does_not_stop_the_others(plain):
    slow = connect(plain)
    slow.sendall(PREFACE + frame(4, 0, 0))
    errors = []

    def others():
        with grpc.insecure_channel(plain.address) as channel:
            for i in range(200):
                if unary(channel)(b"%d" % i, timeout=5) != b"%d" % i:
                    errors.append(i)

    threads = [threading.Thread(target=others) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    slow.close()
    assert not errors


def test_plain_http_get(plain):
    out = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", f"http://{plain.address}/livez"],
                         capture_output=True, text=True, check=True)
    assert out.stdout == "ok\n"


def test_an_unknown_compression_is_refused(plain, tmp_path):
    """COMPRESSION_UNSUPPORTED: UNIMPLEMENTED, by the gRPC protocol's own word (doc/compression.md)."""
    body = tmp_path / "body"
    body.write_bytes(b"\1\0\0\0\1x")
    done = subprocess.run(
        ["curl", "-s", "-i", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers",
         "-H", "grpc-encoding: snappy", "--data-binary", f"@{body}", f"http://{plain.address}/echo.Echo/Unary"],
        capture_output=True, text=True, timeout=20, check=False)
    assert "grpc-status: 12" in done.stdout and "compressed with an algorithm" in done.stdout, done
