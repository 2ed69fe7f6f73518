# SPDX-License-Identifier: Apache-2.0
"""/.well-known/*, /livez, /readyz and the tenants' keys were there over HTTP/2 only, so probes and the stock fetchers of
keys (PyJWT, jose, Nimbus, Go's jwx, requests) failed."""
import base64
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import grpc
import jwt
import pytest

from authority import MESSAGES, Authority
from raw_http2 import PREFACE
from waiting import eventually, let_pass


@pytest.fixture(scope="module")
def keys_path(world):
    made = world.protect()
    iss = json.loads(base64.urlsafe_b64decode(
        world.acquire(made, world.bob).use_license.split(".")[1] + "=="))["iss"]
    metadata, _ = world.a.issuer_pages(iss)
    return metadata["jwks_uri"].removeprefix("https://rms.example.org")


def tls(node, alpn=("http/1.1",)):
    context = ssl.create_default_context(cadata=node.server.certificate.decode())
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def curl(node, path, *options, scheme="https"):
    address = node.address if scheme == "https" else node.cleartext
    done = subprocess.run(["curl", "-sS", "-m", "10", "--cacert", f"{node.folder}/server.pem", "-D", "-", *options,
                           f"{scheme}://{address}{path}"], capture_output=True, text=True, check=True)
    head, _, body = done.stdout.partition("\n\n")
    status, *lines = head.splitlines()
    return int(status.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("version", ["--http1.1", "--http1.0", "--no-alpn", "--http2"])
def test_pages_by_curl(authority, scheme, version):
    for path in ("/livez", "/readyz", "/.well-known/chancery", "/livez?verbose", "/readyz?a=b&c", "/livez?"):
        status, _, body = curl(authority, path, version, scheme=scheme)
        assert status == 200 and body, path
    assert json.loads(curl(authority, "/.well-known/chancery?x=1", version, scheme=scheme)[2])["package"]
    assert curl(authority, "/nothing", version, scheme=scheme)[0] == 404
    assert curl(authority, "/livez/", version, scheme=scheme)[0] == 404


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_other_methods_on_pages(authority, keys_path, version):
    for path in ("/livez", "/readyz?x", "/.well-known/chancery", keys_path):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            status, head, _ = curl(authority, path, version, "-X", method)
            assert (status, head["allow"]) == (405, "GET, HEAD"), (path, method)
        status, head, _ = curl(authority, path, version, "-d", "x=y")
        assert status == 405
    status, head, _ = curl(authority, "/chancery.v1.LicensingService/AcquireLicense", version)
    assert (status, head["allow"]) == (405, "POST")
    assert curl(authority, "/chancery.v1.LicensingService/AcquireLicense", version, "-d", "x=y")[0] == 415


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_head(authority, keys_path, version):
    for path in ("/livez", "/.well-known/chancery", keys_path):
        status, head, body = curl(authority, path, version, "-I", "-o", "/dev/null")
        _, other, text = curl(authority, path, version)
        assert head.pop("date") and other.pop("date")
        assert status == 200 and body == "" and head == other, path
        assert int(head["content-length"]) == len(text)


def test_keys_may_be_kept(authority, keys_path):
    status, head, _ = curl(authority, keys_path, "--http1.1")
    assert (status, head["cache-control"]) == (200, "public, max-age=60")
    assert head["content-type"] == "application/jwk-set+json" and head["date"].endswith(" GMT")
    status, again, body = curl(authority, keys_path, "--http1.1", "-H", f"If-None-Match: {head['etag']}")
    assert (status, body, again["etag"]) == (304, "", head["etag"])
    assert curl(authority, "/readyz", "--http1.1")[1]["cache-control"] == "no-store"


def test_pyjwt_verifies_a_license(world, keys_path, monkeypatch):
    """PyJWT's own client fetches the keys, and its own code verifies the license with them."""
    license_ = world.acquire(world.protect(), world.bob).use_license
    monkeypatch.setenv("SSL_CERT_FILE", f"{world.a.folder}/server.pem")
    client = jwt.PyJWKClient(f"https://{world.a.address}{keys_path}")
    key = client.get_signing_key_from_jwt(license_)
    claims = jwt.decode(license_, key.key, algorithms=["ES256", "ES384"], options={"verify_aud": False})
    assert claims["iss"].startswith("https://rms.example.org/")


@pytest.mark.parametrize("alpn", [("http/1.1",), None, ("http/1.1", "h2")])
def test_urllib_with_and_without_alpn(authority, keys_path, alpn):
    if alpn and "h2" in alpn:
        with pytest.raises((http.client.HTTPException, OSError)):  # a client that offers what it can't speak
            urllib.request.urlopen(f"https://{authority.address}/livez", context=tls(authority, alpn), timeout=5)
        return
    for path in ("/livez", keys_path):
        with urllib.request.urlopen(f"https://{authority.address}{path}", context=tls(authority, alpn), timeout=10) as r:
            assert r.status == 200 and r.read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"https://{authority.address}/no", context=tls(authority, alpn), timeout=10)
    assert refused.value.code == 404


def test_node_fetches_the_keys(authority, keys_path):
    done = subprocess.run(["node", "-e", f"""
        fetch("http://{authority.cleartext}{keys_path}").then(r => r.json()).then(j => console.log(j.keys.length))"""],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and int(done.stdout) >= 1, done.stderr


def test_openssl_speaks_it(authority):
    for options in ([], ["-alpn", "http/1.1"]):
        done = subprocess.run(["openssl", "s_client", "-connect", authority.address, "-quiet", "-ign_eof", *options],
                              input=b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", capture_output=True,
                              timeout=20, check=False)
        assert done.stdout.startswith(b"HTTP/1.1 200 OK\r\n") and done.stdout.endswith(b"\r\n\r\nok\n"), done


def test_unknown_alpn_is_refused(authority):
    with pytest.raises(ssl.SSLError):
        with socket.create_connection(authority.address.split(":"), timeout=5) as raw:
            tls(authority, ("spdy/3",)).wrap_socket(raw, server_hostname="127.0.0.1")


def test_keep_alive_and_pipelining(authority):
    host, port = authority.address.split(":")
    client = http.client.HTTPSConnection(host, int(port), context=tls(authority), timeout=10)
    for _ in range(50):
        client.request("GET", "/livez")
        answer = client.getresponse()
        assert answer.status == 200 and answer.read() == b"ok\n"
    used = client.sock
    client.request("POST", "/livez", body=b"x" * 1000)
    assert client.getresponse().read() and client.sock is used
    client.request("GET", "/livez")
    assert client.getresponse().read() == b"ok\n" and client.sock is used
    client.close()
    with socket.create_connection(authority.cleartext.split(":"), timeout=10) as sock:
        ask = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        sock.sendall(ask * 30 + ask.replace(b"Host", b"Connection: close\r\nHost"))
        assert read_all(sock).count(b"HTTP/1.1 200 OK") == 31


def read_all(sock):
    data = b""
    while True:
        try:
            more = sock.recv(1 << 16)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def test_client_that_says_no_more_and_listens(authority):
    """As `printf … | nc -N` does."""
    with socket.create_connection(authority.cleartext.split(":"), timeout=10) as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).endswith(b"\r\n\r\nok\n")


def test_requests_before_the_end_were_dropped(authority, keys_path):
    """A client that had said all it had to say got an answer to the first of its requests only."""
    ask = f"GET {keys_path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    for data, count in ((ask * 5, 5), (ask * 2 + b"\r\n", 2), (ask * 2 + ask[:-3], 2), (b"GET /livez", 0)):
        with socket.create_connection(authority.cleartext.split(":"), timeout=5) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock).count(b"HTTP/1.1 200 OK") == count, data


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_query_changed_the_answer(authority, version):
    """Over HTTP/1.1 a query string as browsers, Node and curl send it was refused: they leave what is no part of a URI
    as it is (WHATWG URL, query state)."""
    for query in ("a=b|c", "f={x}", "a^b", "a`b", "a\\b", 'a="b"', "x=<y>", "u=\u00e4", "?/"):
        assert curl(authority, f"/livez?{query}", version, "-g", scheme="http")[0] == 200, query


def test_node_asks_with_a_query(authority):
    done = subprocess.run(["node", "-e", f"""
        fetch("http://{authority.cleartext}/livez?filter={{x}}|y^z").then(r => console.log(r.status))"""],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "200\n", done.stderr


@pytest.mark.parametrize("target", [b"/livez?a#b", b"/livez?a\x7f", b"/livez?a\x01", b"/li|vez", b"/livez?a b"])
def test_bad_target(authority, target):
    with socket.create_connection(authority.cleartext.split(":"), timeout=10) as sock:
        sock.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_all(sock).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("more", [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"X: y\n\r\n",
    b" folded: x\r\n\r\n", b"Host: b\r\n\r\n"])
def test_smuggled_request(authority, more):
    """One refusal, and whatever comes behind it is never taken for a request."""
    with socket.create_connection(authority.cleartext.split(":"), timeout=10) as sock:
        sock.sendall(b"POST /livez HTTP/1.1\r\nHost: a\r\n" + more + b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        said = read_all(sock)
    assert said.count(b"HTTP/1.1 ") == 1 and said.split()[1] in (b"400", b"501"), said
    assert b"connection: close\r\n" in said


def test_call_over_http1_is_told_why_not(authority):
    status, _, body = curl(authority, "/grpc.health.v1.Health/Check", "--http1.1", "-H", "content-type: application/grpc",
                           "-d", "x")
    assert (status, body) == (505, "gRPC needs HTTP/2\n")


def test_calls_go_on_beside_it(authority):
    """HTTP/2 by prior knowledge is told apart by its preface, however that is cut."""
    with socket.create_connection(authority.cleartext.split(":"), timeout=10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in PREFACE:
            sock.sendall(bytes([byte]))
            let_pass(0.002)
        assert sock.recv(9)[3] == 4  # SETTINGS
    request, answer = MESSAGES("grpc.health.v1.HealthCheckRequest"), MESSAGES("grpc.health.v1.HealthCheckResponse")
    with grpc.insecure_channel(authority.cleartext) as channel:
        stub = channel.unary_unary("/grpc.health.v1.Health/Check", request.SerializeToString, answer.FromString)
        assert stub(request(), timeout=10).status == 1


def test_slow_and_silent_clients_hold_nothing(authority):
    """A head that does not come to its end, and a connection that says nothing at all."""
    def held(first):
        with socket.create_connection(authority.cleartext.split(":"), timeout=30) as sock:
            sock.sendall(first)
            began = time.monotonic()
            read_all(sock)
            return time.monotonic() - began

    times = {}
    threads = [threading.Thread(target=lambda first=first: times.update({first: held(first)}))
               for first in (b"", b"P", b"GET /livez HTTP/1.1\r\nHost: a\r\n")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(8 < seconds < 14 for seconds in times.values()), times


def test_drain_ends_kept_connections(authority):
    node = authority.node(workers=1, limits={"drain_ms": 8000})
    assert isinstance(node, Authority)
    node.start()
    socks = [socket.create_connection(node.cleartext.split(":"), timeout=10) for _ in range(3)]
    socks[0].sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200 OK" in socks[0].recv(4096)
    socks[1].sendall(b"PRI * HTTP")
    began = time.monotonic()
    node.stop()
    assert time.monotonic() - began < 4
    eventually(lambda: all(read_all(sock) == b"" for sock in socks), "closed")
