# SPDX-License-Identifier: Apache-2.0
"""`chancery doctor --cbom`: the cryptography of an installation as a CycloneDX 1.6 bill of materials, by the official schema, with
each key version that there is, and no key."""
import base64
import json
import os
import subprocess

import pytest

from command import CHANCERY
from openid import JS

STATES = {1: "active", 2: "deactivated", 3: "suspended", 4: "destroyed"}
PURPOSES = {1: "sealing", 2: "exchange", 3: "signing"}


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def ask(world, *args, expect=0, **settings):
    world.a.write("cbom.yaml", json.dumps({**world.a.config, **settings}).encode())
    done = subprocess.run([CHANCERY, "doctor", "--cbom", "--config", f"{world.a.folder}/cbom.yaml", *args], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == expect, (done.stdout, done.stderr)
    return done


@pytest.fixture(name="lived", scope="module")
def fixture_lived(world):
    """A tenant that has a version in each state."""
    tenant = world.tenant()
    for purpose in (1, 1, 1, 2, 3):
        world.call("KeyService/RotateKey", {"purpose": purpose}, tenant.admin)
    world.call("KeyService/RevokeKey", {"purpose": 1, "version": 1}, tenant.admin)
    world.call("KeyService/DestroyKey", {"purpose": 1, "version": 2, "reason": "over"}, tenant.admin)
    world.call("KeyService/GetImportKey", {}, tenant.admin)
    world.call("KeyService/DestroyKey", {"purpose": 2, "version": 1, "reason": "over"}, tenant.admin)
    world.sql(f"UPDATE tenant_key SET destroy_at = now() WHERE tenant = '{tenant.id}' AND purpose = 2 AND version = 1")
    world.sql(f"UPDATE tenant_key SET state = 4, wrapped = '' WHERE tenant = '{tenant.id}' AND purpose = 2 AND version = 1")
    return tenant


@pytest.fixture(name="bom", scope="module")
def fixture_bom(world, lived):
    assert lived
    return json.loads(ask(world).stdout)


def by_ref(bom):
    found = {component["bom-ref"]: component for component in bom["components"]}
    assert len(found) == len(bom["components"])
    return found


def material(component):
    return component["cryptoProperties"]["relatedCryptoMaterialProperties"]


def needs(bom):
    found = {entry["ref"]: entry["dependsOn"] for entry in bom["dependencies"]}
    assert len(found) == len(bom["dependencies"])
    return found


def test_it_is_what_the_official_schema_says(bom):
    if not os.path.isdir(f"{JS}/node_modules/@cyclonedx"):
        pytest.skip("npm packages of tests/e2e/js are not installed")
    done = subprocess.run(["node", "cyclonedx.mjs"], cwd=JS, input=json.dumps(bom), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)


def test_every_key_version_is_there(world, bom):
    rows = world.sql("SELECT t.name, k.purpose, k.version, k.state, k.public_jwk FROM tenant_key k JOIN tenant t USING (tenant)")
    listed = [line.split("|", 4) for line in rows.splitlines()]
    assert len(listed) > 10
    found = by_ref(bom)
    keys = {ref for ref in found if ref.startswith("key/tenant/")}
    assert keys == {f"key/tenant/{tenant}/{PURPOSES[int(purpose)]}/{version}" for tenant, purpose, version, _, _ in listed}
    for tenant, purpose, version, state, jwk in listed:
        key = material(found[f"key/tenant/{tenant}/{PURPOSES[int(purpose)]}/{version}"])
        assert key["state"] == STATES[int(state)]
        assert key["type"] == ("secret-key" if purpose == "1" else "private-key")
        curve = json.loads(jwk)["crv"] if jwk else None
        assert key["size"] == {None: 256, "P-256": 256, "P-384": 384}[curve]
        assert key["algorithmRef"] == ("algorithm/AES-256-GCM" if curve is None else
                                       f"algorithm/{'ECDH' if purpose == '2' else 'ECDSA'}-{curve}")
        if curve:
            assert key["id"] == json.loads(jwk)["kid"]


def test_states_and_dates(bom, lived):
    keys = {ref.removeprefix(f"key/tenant/{lived.name}/"): (material(component), {
        entry["name"]: entry["value"] for entry in component["properties"]})
        for ref, component in by_ref(bom).items() if ref.startswith(f"key/tenant/{lived.name}/")}
    assert {name: more["chancery:state"] for name, (_, more) in keys.items()} == {
        "sealing/1": "revoked", "sealing/2": "destroying", "sealing/3": "archived", "sealing/4": "active",
        "exchange/1": "destroyed", "exchange/2": "active", "signing/1": "archived", "signing/2": "active"}
    assert {name for name, (key, _) in keys.items() if "expirationDate" in key} == {"sealing/2", "exchange/1"}
    assert all(key["creationDate"] and key["updateDate"] for key, _ in keys.values())
    assert {name for name, (key, _) in keys.items() if "securedBy" not in key} == {"exchange/1"}  # nothing of it is left


def test_what_depends_on_what(bom, lived):
    """Each reference leads somewhere, all is needed by the whole, and content by its keys by the root key."""
    found, graph = by_ref(bom), needs(bom)
    assert set(graph) == {*found, bom["metadata"]["component"]["bom-ref"]}
    reached, todo = set(), [bom["metadata"]["component"]["bom-ref"]]
    while todo:
        ref = todo.pop()
        if ref not in reached:
            reached.add(ref)
            todo += graph[ref]
    assert reached == set(graph)
    of_content = graph[f"content/{lived.name}"]
    assert of_content == [f"key/tenant/{lived.name}/{name}" for name in ("sealing/1", "sealing/2", "sealing/3", "sealing/4", "exchange/2")]
    assert all("key/root/1" in graph[ref] for ref in of_content)
    assert material(found["key/root/1"]) == {"type": "secret-key", "id": "root-1", "state": "active", "size": 256,
                                             "algorithmRef": "algorithm/AES-256-GCM"}
    for component in found.values():
        said = component.get("cryptoProperties", {}).get("relatedCryptoMaterialProperties", {})
        assert said.get("algorithmRef", "algorithm/SHA-256") in found


def test_issuers_imports_and_certificates(world, bom):
    found, graph = by_ref(bom), needs(bom)
    issuers = world.sql("SELECT issuer, jwks_url, jwks_json FROM issuer").splitlines()
    assert {ref for ref in found if ref.startswith("issuer/")} == {f"issuer/{line.split('|')[0]}" for line in issuers}
    for line in issuers:
        issuer, url, jwks = line.split("|", 2)
        keys = [ref for ref in graph[f"issuer/{issuer}"] if ref.startswith("key/")]
        assert len(keys) == (0 if url else len(json.loads(jwks)["keys"]))
    imports = [material(component) for ref, component in found.items() if ref.startswith("key/import/")]
    assert [(key["type"], key["size"], key["securedBy"]["algorithmRef"]) for key in imports] == [
        ("private-key", 3072, "algorithm/AES-256-GCM")]
    assert all("key/root/1" in graph[ref] for ref in found if ref.startswith("key/import/"))
    text = subprocess.run(["openssl", "x509", "-in", f"{world.a.folder}/server.pem", "-noout", "-fingerprint", "-sha256"],
                          capture_output=True, text=True, check=True).stdout
    ref = "certificate/" + text.split("=")[1].strip().replace(":", "").lower()
    certificate = found[ref]["cryptoProperties"]["certificateProperties"]
    assert certificate["notValidAfter"].endswith("Z") and certificate["subjectPublicKeyRef"] in graph[ref]
    assert material(found[certificate["subjectPublicKeyRef"]])["size"] in (256, 384, 2048)
    protocols = {component["name"]: component["cryptoProperties"]["protocolProperties"] for component in found.values()
                 if component.get("cryptoProperties", {}).get("assetType") == "protocol"}
    assert set(protocols) == {"TLS 1.2", "TLS 1.3"}
    assert {"name": "TLS_AES_256_GCM_SHA384"} in protocols["TLS 1.3"]["cipherSuites"]


def test_what_wraps_what_opens_and_what_waits(world):
    world.sql("INSERT INTO root_key_check (root_version, wrapped, begun_at) VALUES (8, 'x', '2020-01-01'), (9, 'x', NULL)")
    try:
        found = by_ref(json.loads(ask(world).stdout))
    finally:
        world.sql("DELETE FROM root_key_check WHERE root_version > 1")
    roots = {ref: (material(component)["state"], {entry["name"]: entry["value"] for entry in component["properties"]}["chancery:state"])
             for ref, component in found.items() if ref.startswith("key/root/")}
    assert roots == {"key/root/1": ("active", "wraps"), "key/root/8": ("deactivated", "opens"), "key/root/9": ("pre-activation", "waits")}


def test_no_key_is_in_it(world):
    shown = ask(world).stdout
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = file.read()
    secrets = [root, *(bytes.fromhex(line) for line in world.sql(
        "SELECT encode(wrapped, 'hex') FROM tenant_key WHERE wrapped <> ''").splitlines())]
    for secret in secrets:
        for form in (secret.hex(), base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).rstrip(b"=").decode()):
            assert form[:32] not in shown
    assert "PRIVATE KEY" not in shown


def test_what_can_not_be_read_is_told(world):
    """On standard error, and there is no document that looks whole."""
    broken = {"listeners": [{**listener, **({"tls": {**listener["tls"], "certificate_file": "/no/such.pem"}} if "tls" in listener else {})}
                            for listener in world.a.config["listeners"]]}
    for settings, words in (({"database": {"conninfo": "host=/nowhere dbname=x user=y"}}, "DATABASE_"),
                            ({"root_key": {}}, "CONFIG_INVALID"), (broken, "/no/such.pem")):
        done = ask(world, expect=1, **settings)
        assert done.stdout == "" and words in done.stderr, (settings, done.stderr)
    for more in (["--profile", "x"], ["-o", "json"]):
        assert "--cbom goes with --config alone" in ask(world, *more, expect=2).stderr
    done = subprocess.run([CHANCERY, "doctor", "--cbom"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "is required" in done.stderr
