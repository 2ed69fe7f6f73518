# SPDX-License-Identifier: Apache-2.0
"""One port, every client: each unary method as plain JSON and as protobuf over HTTP/1.1 and HTTP/2 by curl, with the
same answers and the same refusals as by gRPC."""
import gzip
import json

import pytest

from authority import MESSAGES, Refused
from http_calls import VERSIONS, as_json, fetch, from_json, post
from methods import BUILT, caller_of, request_of
from stock import Stock

LIMIT = 64 * 1024 * 4 // 3  # of JSON, for a method of 64 KiB
UNARY = [method for method in BUILT if not method.is_streaming]


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 4 * len(VERSIONS), dns)  # what is kept is taken from the other end


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("method", UNARY, ids=lambda method: method.path)
def test_every_method_by_curl(world, stock, method, version):
    request_type, response_type = MESSAGES.method(method.path)
    caller = caller_of(stock, method)
    got = post(world, version, method.path, as_json(request_type(**request_of(stock, method))), **caller)
    assert got.status == 200, got.body
    assert got.version == version.removeprefix("--http")
    assert got.headers["content-type"] == "application/json" and got.headers["cache-control"] == "no-store"
    assert int(got.headers["content-length"]) == len(got.body)
    from_json(got.body, response_type)
    packed = request_type(**request_of(stock, method)).SerializeToString()
    got = post(world, version, method.path, packed, content_type="application/proto", **caller)
    assert got.status == 200, got.body
    assert got.headers["content-type"] == "application/proto"
    response_type.FromString(got.body)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_answer_says_the_same_in_each_form(world, version):
    made = world.protect()
    request_type, response_type = MESSAGES.method("TrackingService/GetContent")
    request = request_type(content_id=made.content_id)
    by_grpc = world.call("TrackingService/GetContent", {"content_id": made.content_id}, token=world.alice)
    by_json = post(world, version, "TrackingService/GetContent", as_json(request), token=world.alice)
    by_proto = post(world, version, "TrackingService/GetContent", request.SerializeToString(),
                    content_type="application/proto", token=world.alice)
    assert from_json(by_json.body, response_type) == by_grpc == response_type.FromString(by_proto.body)


def test_a_license_by_json_opens(world):
    made = world.protect()
    request_type, response_type = MESSAGES.method("LicensingService/AcquireLicense")
    request = request_type(publishing_license=made.publishing_license, client_public_jwk=world.reader.public)
    got = post(world, "--http1.1", "LicensingService/AcquireLicense", as_json(request), token=world.bob)
    claims, key = world.a.verify(from_json(got.body, response_type).use_license, world.reader)
    assert claims["sub"] == "bob@fabrikam.com" and len(key) == 32
    assert world.a.wait_for_log("call.done", method="/chancery.v1.LicensingService/AcquireLicense",
                                protocol="connect", codec="json")


REFUSALS = [
    ("TenantService/GetTenant", {"tenant": "nobody"}, "platform_admin", 404, "not_found"),
    ("TenantService/GetTenant", {"tenant": "contoso"}, None, 401, "unauthenticated"),
    ("TenantService/CreateTenant", {"tenant": {"tenant": "NO!", "boundary": ""}}, "platform_admin", 400,
     "invalid_argument"),
    ("TenantService/CreateTenant", {"tenant": {"tenant": "x", "boundary": "commercial"}}, "gateway", 403,
     "permission_denied"),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path, request_, who, status, code", REFUSALS)
def test_refusals_have_the_same_details_as_by_grpc(world, version, path, request_, who, status, code):
    who = who and getattr(world, who)
    request_type = MESSAGES.method(path)[0]
    with pytest.raises(Refused) as refused:
        world.call(path, request_, who)
    got = post(world, version, path, as_json(request_type(**request_)), who=who)
    assert (got.status, got.json()["code"]) == (status, code)
    assert got.headers["content-type"] == "application/json"
    details = got.details()
    info = details["google.rpc.ErrorInfo"]
    assert info.reason == refused.value.reason and info.domain == "org.chancery.authority"
    assert set(info.metadata) == set(refused.value.metadata)
    assert details["google.rpc.LocalizedMessage"].message == refused.value.sentence
    if refused.value.fields:
        assert got.fields() == refused.value.fields
    assert ("www-authenticate" in got.headers) == (status == 401)


@pytest.mark.parametrize("version", VERSIONS)
def test_compression_both_ways(world, version):
    path, body = "TenantService/ListTenants", b"{}"
    got = post(world, version, path, gzip.compress(body), who=world.platform_admin,
               headers=["content-encoding: gzip", "accept-encoding: gzip"])
    assert got.status == 200, got.body
    if got.headers.get("content-encoding") == "gzip":
        json.loads(gzip.decompress(got.body))
    else:
        assert len(got.body) < 1024  # too small to be worth it
    unknown = post(world, version, path, body, who=world.platform_admin, headers=["content-encoding: br"])
    assert (unknown.status, unknown.reason()) == (501, "COMPRESSION_UNSUPPORTED")
    assert unknown.headers["accept-encoding"] == "gzip, identity"
    broken = post(world, version, path, body, who=world.platform_admin, headers=["content-encoding: gzip"])
    assert (broken.status, broken.reason()) == (500, "COMPRESSION_INVALID")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bomb_stops_at_the_methods_limit(world, version):
    bomb = gzip.compress(b" " * (64 << 20))
    got = post(world, version, "TenantService/ListTenants", bomb, who=world.platform_admin,
               headers=["content-encoding: gzip"])
    assert (got.status, got.reason()) == (429, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize("chunked", (False, True))
@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies(world, version, chunked):
    """Beyond the first window, with a length that is told and without; to the limit and one beyond."""
    more = [*(["transfer-encoding: chunked"] if chunked and version == "--http1.1" else []),
            *(["content-length:"] if chunked else [])]
    text = json.dumps({"tenant": "contoso", "pageToken": ""}).encode()
    fits = post(world, version, "TemplateService/ListTemplates", text.ljust(LIMIT), who=world.contoso.admin,
                headers=more)
    assert fits.status == 200, fits.body
    beyond = post(world, version, "TemplateService/ListTemplates", text.ljust(LIMIT + 1), who=world.contoso.admin,
                  headers=more)
    assert (beyond.status, beyond.reason()) == (429, "MESSAGE_TOO_LARGE")
    packed = b"\x0a\x07contoso" + b"\x1a\x80\x80\x04" + b"x" * (64 * 1024)
    beyond = post(world, version, "TemplateService/ListTemplates", packed, content_type="application/proto",
                  who=world.contoso.admin, headers=more)
    assert (beyond.status, beyond.reason()) == (429, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_of_connect(world, version):
    def ask(*headers):
        return post(world, version, "TenantService/ListTenants", b"{}", who=world.platform_admin, headers=headers)

    assert ask("connect-protocol-version: 1", "connect-timeout-ms: 9999").status == 200
    for header in ("connect-protocol-version: 2", "connect-timeout-ms: soon", "connect-timeout-ms: 12345678901"):
        got = ask(header)
        assert (got.status, got.json()["code"], got.reason()) == (400, "invalid_argument", "PROTOCOL_HEADER_INVALID")


def test_the_deadline_is_the_callers(world):
    """The caller's time passes while the body is awaited."""
    got = post(world, "--http1.1", "TenantService/ListTenants", b"{}" + b" " * 60000, who=world.platform_admin,
               headers=["connect-timeout-ms: 300"], more=["--limit-rate", "10k"])
    assert (got.status, got.reason()) == (504, "DEADLINE_EXCEEDED")


BAD_JSON = [
    (b"", "JSON_MALFORMED"), (b"[]", "JSON_MALFORMED"), (b"{", "JSON_MALFORMED"), (b"{}{}", "JSON_MALFORMED"),
    (b'{"tenant":"\\ud800"}', "JSON_MALFORMED"), (b'{"tenant":"\xff"}', "FIELD_INVALID"),
    (b"[" * 60000, "JSON_MALFORMED"), (b'{"tenant":' * 6000, "FIELD_INVALID"),
    (b'{"tenant":"a","tenant":"b"}', "FIELD_INVALID"), (b'{"nobody":1}', "FIELD_INVALID"),
    (b'{"tenant":1}', "FIELD_INVALID"), (b'{"tenant":"a\\u0000b"}', "FIELD_INVALID"),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body, reason", BAD_JSON)
def test_bad_json_is_refused(world, version, body, reason):
    got = post(world, version, "TenantService/GetTenant", body, who=world.platform_admin)
    assert (got.status, got.json()["code"], got.reason()) == (400, "invalid_argument", reason)
    if reason == "FIELD_INVALID":
        assert got.fields() in (["tenant"], ["nobody"])


def test_who_asks_is_known_before_the_body_is_looked_at(world):
    """A stranger's body may be anything: it is never asked for."""
    got = post(world, "--http1.1", "TenantService/GetTenant", b"[" * 60000)
    assert (got.status, got.reason()) == (401, "CREDENTIAL_MISSING")


@pytest.mark.parametrize("version", VERSIONS)
def test_content_types_and_methods(world, version):
    path = "/chancery.v1.TenantService/ListTenants"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx",
                 "application/json; charset=latin1", "application/connect+json"):
        got = post(world, version, path, b"{}", content_type=kind, who=world.platform_admin)
        assert got.status == 415 and "application/json" in got.headers["accept-post"], kind
    two = post(world, version, path, b"{}", headers=["content-type: text/plain"], who=world.platform_admin)
    assert two.status == 415
    assert post(world, version, path, b"{}", content_type="application/json;charset=UTF-8",
                who=world.platform_admin).status == 200
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        got = fetch(world, version, path, "content-type: application/json", who=world.platform_admin,
                    **({"more": ["-I"]} if method == "HEAD" else {"method": method}))
        assert (got.status, got.headers["allow"]) == (405, "POST"), method
    unknown = post(world, version, "TenantService/Nothing", b"{}", who=world.platform_admin)
    assert (unknown.status, unknown.json()["code"], unknown.reason()) == (404, "unimplemented", "METHOD_UNKNOWN")
    assert post(world, version, "/livez", b"{}").status == 405


def test_grpc_needs_http2_still(world):
    got = post(world, "--http1.1", "TenantService/ListTenants", b"\0\0\0\0\0", content_type="application/grpc")
    assert got.status == 505


@pytest.mark.parametrize("version", VERSIONS)
def test_discovery_names_the_protocols(world, version):
    got = fetch(world, version, "/.well-known/chancery")
    assert got.json()["protocols"] == ["grpc", "grpc-web", "connect", "json"]
