# SPDX-License-Identifier: Apache-2.0
"""chancery device: a person registers a key with a bound token, an admin sees and removes it."""
import json
import os

import pytest
from jwcrypto import jwk

from command import profile, rows, run, with_certificate
from proofs import AUTHORITY

REFUSED, USAGE, FAILED = 3, 2, 1


@pytest.fixture(scope="module")
def world(world):
    w, w.f = world, world.a.folder
    bound = key_file(w, "bound")
    w.a.write("bound.token", w.fabrikam.token("bob", cnf={"jkt": bound.thumbprint()}).encode() + b"\n")
    w.a.write("plain.token", w.bob.encode())
    profile(w, "bob", token_file=f"{w.f}/bound.token", dpop_key_file=f"{w.f}/bound.pem", authority_url=AUTHORITY)
    profile(w, "plain", token_file=f"{w.f}/plain.token", authority_url=AUTHORITY)
    with_certificate(w, "admin", w.fabrikam.admin)
    return w


def key_file(w, name):
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    w.a.write(f"{name}.pem", key.export_to_pem(private_key=True, password=None))
    os.chmod(f"{w.f}/{name}.pem", 0o600)
    return key


def test_a_device_from_registering_to_deleting(world):
    key = key_file(world, "phone")
    thumbprint = key.thumbprint()
    shown = run(world, "device register", "bob", "--key", f"{world.f}/phone.pem", "--name", "my phone", "--days", "7").stdout
    (line,) = rows(shown)
    assert line.startswith(f"{thumbprint}  device  2") and line.endswith("  bob@fabrikam.com  my phone")
    assert run(world, "device list", "bob").stdout == shown
    assert run(world, "device list", "admin", "--address", "BOB@fabrikam.com").stdout == shown
    found = json.loads(run(world, "device list", "admin", "-o", "json").stdout)["devices"]
    assert [device["thumbprint"] for device in found] == [thumbprint] and found[0]["kind"] == "DEVICE_KIND_DEVICE"
    run(world, "device delete", "admin", "--address", "bob@fabrikam.com", "--", thumbprint)
    assert run(world, "device list", "bob").stdout == ""
    told = run(world, "device delete", "bob", "--", thumbprint, expect=REFUSED).stderr
    assert "NOT_FOUND" in told


def test_what_is_wrong_is_told(world):
    key_file(world, "other")
    path = f"{world.f}/other.pem"
    assert "name the device's --key" in run(world, "device register", "bob", expect=USAGE).stderr
    assert "--days" in run(world, "device register", "bob", "--key", path, "--days", "91", expect=USAGE).stderr
    assert "DEVICE_DENIED" in run(world, "device register", "plain", "--key", path, expect=REFUSED).stderr
    os.chmod(path, 0o644)
    assert "chmod go=" in run(world, "device register", "bob", "--key", path, expect=FAILED).stderr
    os.chmod(path, 0o600)
    assert "PROFILE_INVALID" in run(world, "device register", "admin", "--key", path, expect=FAILED).stderr
