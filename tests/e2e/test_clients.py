# SPDX-License-Identifier: Apache-2.0
"""Clients that never saw our code: @grpc/grpc-js over the .proto files, and `buf curl` over server reflection."""
import json
import os
import subprocess

import pytest

from command import with_certificate

HERE = os.path.dirname(os.path.abspath(__file__))
BUF = f"{HERE}/js/node_modules/.bin/buf"


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "gateway", world.gateway)
    with_certificate(world, "admin", world.platform_admin)
    return world


def test_grpc_js(world):
    a = world.a
    a.write("jwk", world.reader.public.encode())
    a.write("token", world.fabrikam.token("bob@fabrikam.com").encode())
    a.write("other", world.fabrikam.token("eve@fabrikam.com").encode())
    env = dict(os.environ, ADDRESS=a.address, CA=f"{a.folder}/server.pem", KEY=f"{a.folder}/gateway.key",
               CERTIFICATE=f"{a.folder}/gateway.pem", JWK=f"{a.folder}/jwk", TOKEN=f"{a.folder}/token",
               OTHER_TOKEN=f"{a.folder}/other")
    done = subprocess.run(["node", f"{HERE}/js/client.js"], capture_output=True, text=True, env=env, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["health"] == "SERVING" and "RIGHT_VIEW" in said["rights"]
    assert said["code"] == 7 and said["details"] == "You have no rights to this content." and said["has_details"] == 1
    claims, key = a.verify(said["license"], world.reader)
    assert claims["cid"] == said["content"] and len(key) == 32


def curl(world, *more, who="admin"):
    a = world.a
    return subprocess.run([BUF, "curl", "--protocol", "grpc", "--reflect", "--cacert", f"{a.folder}/server.pem",
                           "--servername", "127.0.0.1", "--cert", f"{a.folder}/{who}.pem", "--key",
                           f"{a.folder}/{who}.key", *more], capture_output=True, text=True, timeout=60, check=False)


def test_buf_curl_discovers_and_calls_by_reflection(world):
    base = f"https://{world.a.address}"
    listed = curl(world, "--list-methods", base)
    assert listed.returncode == 0, listed.stderr
    assert "chancery.v1.LicensingService/AcquireLicense" in listed.stdout
    got = curl(world, "-d", '{"tenant": "contoso"}', f"{base}/chancery.v1.TenantService/GetTenant")
    assert got.returncode == 0, got.stderr
    tenant = json.loads(got.stdout)["tenant"]
    assert tenant["boundary"] == "commercial"
    assert [(domain["name"], domain["verified"]) for domain in tenant["domains"]] == [("contoso.com", True)]
    refused = curl(world, "-d", '{"tenant": "nobody"}', f"{base}/chancery.v1.TenantService/GetTenant")
    error = json.loads(refused.stderr)
    assert refused.returncode != 0 and error["code"] == "not_found"
    assert any("ErrorInfo" in detail["type"] for detail in error["details"])


def test_buf_curl_protects_and_gets_a_license(world):
    """Nothing but the server's own word about its services, and JSON."""
    base = f"https://{world.a.address}/chancery.v1."
    jwk = world.reader.public
    request = {"doNotForward": {}, "owner": "alice@contoso.com", "recipients": ["bob@fabrikam.com"],
               "clientPublicJwk": jwk}
    made = curl(world, "-d", json.dumps(request), f"{base}PublishingService/Protect", who="gateway")
    assert made.returncode == 0, made.stderr
    license_ = json.loads(made.stdout)["publishingLicense"]
    world.a.write("header", b"authorization: Bearer " + world.fabrikam.token("bob@fabrikam.com").encode())
    got = subprocess.run([BUF, "curl", "--protocol", "grpc", "--reflect", "--cacert", f"{world.a.folder}/server.pem",
                          "--servername", "127.0.0.1", "-H", f"@{world.a.folder}/header", "-d",
                          json.dumps({"publishingLicense": license_, "clientPublicJwk": jwk}),
                          f"{base}LicensingService/AcquireLicense"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert got.returncode == 0, got.stderr
    said = json.loads(got.stdout)
    claims, key = world.a.verify(said["useLicense"], world.reader)
    assert claims["sub"] == "bob@fabrikam.com" and key == world.reader.unwrap(json.loads(made.stdout)["wrappedContentKey"])
