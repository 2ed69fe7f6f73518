# SPDX-License-Identifier: Apache-2.0
"""chancery directory token: an admin makes a token, an identity provider uses it, and the admin revokes it."""
import json
import os
import stat

import pytest

from command import profile, rows, run, with_certificate
from scim import Provider, refused

REFUSED, USAGE, FAILED = 3, 2, 1


@pytest.fixture(scope="module")
def world(world):
    world.f = world.a.folder
    with_certificate(world, "admin", world.contoso.admin)
    profile(world, "alice", token_file=f"{world.f}/alice.token")
    world.a.write("alice.token", world.alice.encode())
    os.chmod(f"{world.f}/alice.token", 0o600)
    return world


def token(world, *args, who="admin", **more):
    return run(world, "directory token", who, *args, **more)


def test_a_token_from_its_making_to_its_end(world):
    path = f"{world.f}/entra.token"
    token_id = token(world, "create", "entra", "--days", "30", "--token-file", path).stdout.strip()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as file:
        secret = file.read()
    assert secret.startswith("chancery_scim_") and secret.endswith("\n")
    idp = Provider(world, secret.strip())
    user = idp.make("Users", userName="cli@contoso.com", active=False)
    (line,) = [row for row in rows(run(world, "directory list", "admin", "users").stdout) if row.startswith("cli@")]
    assert line.endswith("(deactivated)")
    (line,) = rows(token(world, "list").stdout)
    assert line.split()[:2] == [token_id, "entra"]
    (listed,) = json.loads(token(world, "list", "-o", "json").stdout)["tokens"]
    assert listed["tokenId"] == token_id and "secret" not in listed
    assert token(world, "revoke", token_id, "--yes").stdout == "revoked\n"
    refused(idp.get(f"/Users/{user['id']}"), 401)


def test_a_token_goes_to_standard_output(world):
    secret = token(world, "create", "okta").stdout
    assert Provider(world, secret.strip()).get("/Users", count=0).status == 200
    assert json.loads(token(world, "create", "other", "-o", "json").stdout)["token"]["name"] == "other"


def test_what_goes_wrong(world):
    token(world, "create", "x", "--token-file", f"{world.f}/none/there", expect=FAILED)
    assert "x" not in token(world, "list").stdout.split()  # it was not made before the file could be
    for args in (("create",), ("list", "x"), ("revoke",), ("burn",), ("create", "y", "--days", "731"), ("create", "y", "--days", "0")):
        token(world, *args, expect=USAGE)
    token(world, "create", "z", who="alice", expect=REFUSED)
