# SPDX-License-Identifier: Apache-2.0
"""Pages of other origins: those that the configuration names, exactly, and no others."""
import copy

import pytest

from http_calls import VERSIONS, fetch, post

OURS = "https://app.example.org"
PATH = "/chancery.v1.LicensingService/AcquireLicense"
STRANGERS = ("https://evil.example", "null", "https://app.example.org.evil.example", "https://app.example.org:8443",
             "http://app.example.org", "HTTPS://app.example.org", "https://app.example.org/", "*", "")


@pytest.fixture(scope="module")
def authority_options():
    return {"config": {"cors_origins": [OURS, "http://localhost:3000"]}}


def ask_first(world, version, origin, method="POST", headers="authorization,content-type"):
    return fetch(world, version, PATH, f"origin: {origin}", f"access-control-request-method: {method}",
                 f"access-control-request-headers: {headers}", method="OPTIONS")


def names_of(value):
    return {name.strip() for name in value.split(",")}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_preflight_is_answered_without_a_credential(world, version):
    got = ask_first(world, version, OURS)
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-origin"] == OURS and got.headers["vary"] == "origin"
    assert "POST" in names_of(got.headers["access-control-allow-methods"])
    assert {"authorization", "dpop", "content-type", "connect-protocol-version", "connect-timeout-ms", "x-grpc-web",
            "grpc-timeout", "x-user-agent", "x-chancery-user-token"} <= names_of(
                got.headers["access-control-allow-headers"])
    assert int(got.headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in got.headers
    assert not world.a.logged("call.done", method=PATH)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("origin", STRANGERS)
def test_strange_origins_get_nothing(world, version, origin):
    header = f"origin: {origin}" if origin else "origin;"  # curl's way to send an empty one
    first = fetch(world, version, PATH, header, "access-control-request-method: POST", method="OPTIONS")
    call = post(world, version, "TenantService/ListTenants", b"{}", who=world.platform_admin, headers=[header])
    web = post(world, version, "TenantService/ListTenants", b"\0\0\0\0\0", content_type="application/grpc-web",
               who=world.platform_admin, headers=[header])
    for got in (first, call, web):
        assert got.status == 403 and got.headers["vary"] == "origin"
        assert not [name for name in got.headers if name.startswith("access-control-")]


def test_two_origins_are_none(world):
    got = post(world, "--http1.1", "TenantService/ListTenants", b"{}", who=world.platform_admin,
               headers=[f"origin: {OURS}", f"Origin: {OURS}"])
    assert got.status == 403


@pytest.mark.parametrize("version", VERSIONS)
def test_ours_may_read_what_is_answered(world, version):
    header = [f"origin: {OURS}"]
    good = post(world, version, "TenantService/ListTenants", b"{}", who=world.platform_admin, headers=header)
    refused = post(world, version, "TenantService/ListTenants", b"{}", headers=header)
    bad_type = post(world, version, "TenantService/ListTenants", b"{}", content_type="text/plain", headers=header)
    page = fetch(world, version, "/.well-known/chancery", *header)
    missing = fetch(world, version, "/nothing", *header)
    assert [got.status for got in (good, refused, bad_type, page, missing)] == [200, 401, 415, 200, 404]
    for got in (good, refused, bad_type, page, missing):
        assert got.headers["access-control-allow-origin"] == OURS and got.headers["vary"] == "origin"
        assert {"grpc-status", "grpc-message", "grpc-status-details-bin"} <= names_of(
            got.headers["access-control-expose-headers"])
        assert "access-control-allow-credentials" not in got.headers and "set-cookie" not in got.headers


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_no_page_is_not_asked(world, version):
    got = post(world, version, "TenantService/ListTenants", b"{}", who=world.platform_admin)
    assert got.status == 200 and got.headers["vary"] == "origin"
    assert "access-control-allow-origin" not in got.headers


def test_without_a_configuration_no_page_may_call(world):
    """Nor is anything of CORS said."""
    node = world.a.node(cors_origins=[])
    try:
        node.start()
        other = copy.copy(world)
        other.a = node
        assert ask_first(other, "--http1.1", OURS).status == 405
        got = post(other, "--http1.1", "TenantService/ListTenants", b"{}", who=world.platform_admin,
                   headers=[f"origin: {OURS}"])
        assert got.status == 403 and "vary" not in got.headers
        assert fetch(other, "--http1.1", "/.well-known/chancery", f"origin: {OURS}").status == 200
    finally:
        node.stop()
