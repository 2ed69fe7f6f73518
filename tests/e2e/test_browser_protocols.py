# SPDX-License-Identifier: Apache-2.0
"""Connect and gRPC-Web with stock clients: Connect-ES over each of its transports, `buf curl` over each of its protocols;
and their streams byte by byte, with what breaks them."""
import base64
import gzip
import json
import os
import subprocess

import pytest

from authority import BUILD, MESSAGES
from command import with_certificate
from http_calls import VERSIONS, Answer, envelope, envelopes, fetch, post, web_trailers

HERE = os.path.dirname(os.path.abspath(__file__))
BUF = f"{HERE}/js/node_modules/.bin/buf"
SERVING, SERVICE_UNKNOWN = 1, 3
WEB, WEB_TEXT = "application/grpc-web+proto", "application/grpc-web-text+proto"


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "gateway", world.gateway)
    with_certificate(world, "admin", world.platform_admin)
    return world


@pytest.fixture(scope="module")
def said(world):
    a = world.a
    a.write("jwk", world.reader.public.encode())
    a.write("token", world.fabrikam.token("bob@fabrikam.com").encode())
    a.write("other", world.fabrikam.token("eve@fabrikam.com").encode())
    env = dict(os.environ, ADDRESS=a.address, CA=f"{a.folder}/server.pem", KEY=f"{a.folder}/gateway.key",
               CERTIFICATE=f"{a.folder}/gateway.pem", JWK=f"{a.folder}/jwk", TOKEN=f"{a.folder}/token",
               OTHER_TOKEN=f"{a.folder}/other", DESCRIPTORS=f"{BUILD}/proto/gen/chancery.binpb")
    done = subprocess.run(["node", f"{HERE}/js/connect.mjs"], capture_output=True, text=True, env=env, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TRANSPORTS = ("connect json 1.1", "connect json 2", "connect proto 1.1", "connect proto 2", "grpc-web 1.1",
              "grpc-web 2", "grpc 2")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connect_es(world, said, transport):
    told = said[transport]
    claims, key = world.a.verify(told["license"], world.reader)
    assert claims["cid"] == told["content"] and len(key) == 32
    assert told["code"] == "PermissionDenied" and told["message"] == "You have no rights to this content."
    assert told["reason"] and told["serving"] == SERVING
    assert told["watched"][0] == SERVING
    assert told["unknown"] == SERVICE_UNKNOWN


def curl(world, protocol, *more):
    a = world.a
    return subprocess.run([BUF, "curl", "--protocol", protocol, "--cacert", f"{a.folder}/server.pem", "--servername",
                           "127.0.0.1", "--cert", f"{a.folder}/admin.pem", "--key", f"{a.folder}/admin.key", *more],
                          capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("schema", ("reflection", "file"))
@pytest.mark.parametrize("protocol", ("connect", "grpcweb", "grpc"))
def test_buf_curl(world, protocol, schema):
    known = ["--reflect"] if schema == "reflection" else ["--schema", f"{BUILD}/proto/gen/chancery.binpb"]
    url = f"https://{world.a.address}/chancery.v1.TenantService/GetTenant"
    got = curl(world, protocol, *known, "-d", '{"tenant": "contoso"}', url)
    assert got.returncode == 0, got.stderr
    assert json.loads(got.stdout)["tenant"]["boundary"] == "commercial"
    refused = curl(world, protocol, *known, "-d", '{"tenant": "nobody"}', url)
    error = json.loads(refused.stderr)
    assert refused.returncode != 0 and error["code"] == "not_found"
    assert any("ErrorInfo" in detail["type"] for detail in error["details"])


# --- gRPC-Web, byte by byte -----------------------------------------------------------------------

def web(world, version, path, message, text=False, **more):
    """A call of gRPC-Web: its messages and its trailers."""
    body = envelope(message.SerializeToString())
    body = base64.b64encode(body) if text else body
    got = post(world, version, path, body, content_type=WEB_TEXT if text else WEB, **more)
    assert got.status == 200 and got.headers["content-type"] == (WEB_TEXT if text else WEB)
    return parts_of(got, text)


def parts_of(got: Answer, text):
    body = got.body
    if text:  # padding stands wherever the server wrote out what it had
        body = b"".join(base64.b64decode(body[at:at + 4]) for at in range(0, len(body), 4))
    *messages, (flags, trailers) = envelopes(body)
    assert flags == 0x80 and all(flag == 0 for flag, _ in messages)
    return [data for _, data in messages], web_trailers(trailers)


@pytest.mark.parametrize("text", (False, True))
@pytest.mark.parametrize("version", VERSIONS)
def test_grpc_web(world, version, text):
    request_type, response_type = MESSAGES.method("TenantService/GetTenant")
    messages, trailers = web(world, version, "TenantService/GetTenant", request_type(tenant="contoso"), text,
                             who=world.platform_admin)
    assert response_type.FromString(messages[0]).tenant.tenant == "contoso" and len(messages) == 1
    assert trailers["grpc-status"] == "0"
    messages, trailers = web(world, version, "TenantService/GetTenant", request_type(tenant="nobody"), text,
                             who=world.platform_admin)
    assert not messages and trailers["grpc-status"] == "5" and "grpc-status-details-bin" in trailers
    messages, trailers = web(world, version, "TenantService/GetTenant", request_type(tenant="contoso"), text)
    assert not messages and trailers["grpc-status"] == "16"


@pytest.mark.parametrize("version", VERSIONS)
def test_grpc_web_compresses_messages_on_their_own(world, version):
    request_type, response_type = MESSAGES.method("TenantService/GetTenant")
    packed = gzip.compress(request_type(tenant="contoso").SerializeToString())
    got = post(world, version, "TenantService/GetTenant", envelope(packed, 1), content_type=WEB,
               headers=["grpc-encoding: gzip"], who=world.platform_admin)
    messages, trailers = parts_of(got, False)
    assert trailers["grpc-status"] == "0" and response_type.FromString(messages[0]).tenant.tenant == "contoso"


# --- Connect's streams, byte by byte -------------------------------------------------------------

def watch(world, version, kind, body, *headers):
    """Health/Watch until a second is over: what came, and how it ended (None: cut by the client)."""
    got = fetch(world, version, "/grpc.health.v1.Health/Watch", f"content-type: {kind}", *headers, body=body)
    assert got.status == 200 and got.headers["content-type"] == kind
    parts = envelopes(got.body)
    end = json.loads(parts.pop()[1]) if parts and parts[-1][0] == 2 else None
    return [data for _, data in parts], end


@pytest.mark.parametrize("version", VERSIONS)
def test_connect_streams(world, version):
    response_type = MESSAGES("grpc.health.v1.HealthCheckResponse")
    timeout = "connect-timeout-ms: 700"
    messages, end = watch(world, version, "application/connect+json", envelope(b"{}"), timeout)
    assert [json.loads(message) for message in messages] == [{"status": "SERVING"}]
    assert end["error"]["code"] == "deadline_exceeded"
    messages, end = watch(world, version, "application/connect+proto", envelope(b""), timeout)
    assert response_type.FromString(messages[0]).status == SERVING and end["error"]["code"] == "deadline_exceeded"
    messages, end = watch(world, version, "application/connect+json", envelope(b'{"service":"nobody"}'), timeout)
    assert json.loads(messages[0]) == {"status": "SERVICE_UNKNOWN"}


BROKEN = [
    (b"", "unimplemented", "MESSAGE_COUNT_WRONG"),
    (envelope(b"{}") + envelope(b"{}"), "unimplemented", "MESSAGE_COUNT_WRONG"),
    (envelope(b"{}")[:-1], "internal", "FRAMING_BROKEN"),
    (b"\0\0", "internal", "FRAMING_BROKEN"),
    (b"\0\xff\xff\xff\xff{}", "resource_exhausted", "MESSAGE_TOO_LARGE"),
    (envelope(b"{}", 2), "internal", "FRAMING_BROKEN"),
    (envelope(b"{}", 0x80), "internal", "FRAMING_BROKEN"),
    (envelope(b"{}", 1), "internal", "FRAMING_BROKEN"),
    (envelope(b"{"), "invalid_argument", "JSON_MALFORMED"),
    (envelope(b""), "invalid_argument", "JSON_MALFORMED"),
]


def reason_of(error):
    info = next(detail for detail in error["details"] if detail["type"] == "google.rpc.ErrorInfo")
    return MESSAGES(info["type"]).FromString(base64.b64decode(info["value"] + "==")).reason


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body, code, reason", BROKEN)
def test_broken_envelopes(world, version, body, code, reason):
    messages, end = watch(world, version, "application/connect+json", body)
    assert not messages
    assert (end["error"]["code"], reason_of(end["error"])) == (code, reason)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body", (b"AAAAAA", b"AAAA A==", b"AAAAA", b"A===", b"{}"))
def test_broken_base64(world, version, body):
    got = post(world, version, "TenantService/GetTenant", body, content_type=WEB_TEXT, who=world.platform_admin)
    messages, trailers = parts_of(got, True)
    assert not messages and trailers["grpc-status"] in ("12", "13")


def test_streams_are_for_streams(world):
    """Connect says by the content type whether a method streams; another one is refused before anything is read."""
    streamed = post(world, "--http2", "TenantService/GetTenant", envelope(b"{}"), who=world.platform_admin,
                    content_type="application/connect+json")
    unary = fetch(world, "--http2", "/grpc.health.v1.Health/Watch", "content-type: application/json", body=b"{}")
    assert streamed.status == unary.status == 415
