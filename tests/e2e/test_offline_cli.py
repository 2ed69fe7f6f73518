# SPDX-License-Identifier: Apache-2.0
"""`chancery publisher` and `chancery protect --offline`, and so libchancery: protected while the authority is stopped, and
opened when it is there again."""
import ctypes
import json
import os
import re
import subprocess

import pytest

from authority import BUILD
from build_kind import is_sanitized
from command import CHANCERY, SAMPLE, run, same, with_certificate, with_token
from shared_library import Failed, Library

WHO = ("--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com")


@pytest.fixture(scope="module")
def world(world):
    for name, identity in (("edge", world.gateway), ("contoso-admin", world.contoso.admin)):
        with_certificate(world, name, identity)
    with_token(world, "alice", world.alice)
    with_token(world, "bob", world.bob)
    return world


def path(world, name):
    return f"{world.a.folder}/{name}"


def tool(*arguments, expect=0):
    """Without a profile: nobody is asked."""
    done = subprocess.run([CHANCERY, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def offline(world, publisher, source, target, *more, expect=0):
    return tool("protect", "--offline", path(world, publisher), "--do-not-forward", *(more or WHO), source, target,
                expect=expect)


@pytest.fixture(scope="module")
def gateway(world):
    told = run(world, "publisher get", "edge", path(world, "edge.publisher")).stdout
    assert "owners       contoso.com" in told
    return "edge.publisher"


def test_it_is_protected_while_the_authority_is_away(world, gateway):
    mail, file = path(world, "away.eml"), path(world, "away.file")
    world.a.stop()
    try:
        made = [offline(world, gateway, SAMPLE, mail).stdout.strip(),
                offline(world, gateway, SAMPLE, file, "--file", *WHO).stdout.strip()]
        assert "certificate " in tool("publisher", "show", path(world, gateway)).stdout
    finally:
        world.a.log = []
        world.a.start()
        for name, identity in (("edge", world.gateway), ("contoso-admin", world.contoso.admin)):
            with_certificate(world, name, identity)  # it has another port
        with_token(world, "alice", world.alice)
        with_token(world, "bob", world.bob)
    with open(mail, encoding="utf-8") as wrapped:
        assert f"X-Chancery-Content: {made[0]}" in wrapped.read()
    for sealed in (mail, file):
        run(world, "open", "bob", sealed, path(world, "opened"))
        assert same(SAMPLE, path(world, "opened"))
    assert "bob@fabrikam.com" in run(world, "track", "alice", made[0]).stdout
    run(world, "revoke", "alice", made[1])
    assert "REVOKED" in run(world, "open", "bob", file, path(world, "opened"), expect=3).stderr


def test_files_of_publishers_are_secret(world, gateway):
    assert os.stat(path(world, gateway)).st_mode & 0o777 == 0o600
    with open(path(world, gateway), encoding="utf-8") as file:
        saved = json.load(file)
    os.chmod(path(world, gateway), 0o644)
    assert "chmod 600" in tool("publisher", "show", path(world, gateway), expect=1).stderr
    os.chmod(path(world, gateway), 0o600)
    for changed in ({"v": 2}, {"key": "x"}, {"certificate": saved["certificate"][:-9]}, {"exchange_public_jwk": json.dumps(
            {"kty": "EC", "crv": "P-256", "x": "u4ehgDKbvM-eWsq8LwIBtGZpWMOwAF0KNxci1mWsao0",
             "y": "oGisUkXjqPRj10pUVAGc2nOBJXc9nCOtlJ8g3-4t1bc"})}):
        world.a.write("changed.publisher", json.dumps({**saved, **changed}).encode())
        if "certificate" in changed:
            continue  # its signature is the authority's to verify; what it says is compared
        assert "INPUT_INVALID" in tool("publisher", "show", path(world, "changed.publisher"), expect=1).stderr, changed


def test_what_a_certificate_does_not_allow_is_refused_at_once(world, gateway):
    for more, reason in ((("--owner", "bob@fabrikam.com", "--recipient", "x@y.example"), "PUBLISHER_EXCEEDED"),
                         (("--recipient", "x@y.example"), "PUBLISHER_EXCEEDED"),
                         (("--owner", "alice@contoso.com"), "RECIPIENTS_MISSING"),
                         (("--owner", "alice@contoso.com", "--recipient", "nobody"), "INPUT_INVALID")):
        told = offline(world, gateway, SAMPLE, path(world, "never"), "--file", *more, expect=1)
        assert reason in told.stderr, told.stderr
        assert not os.path.exists(path(world, "never"))
    assert "not both" in tool("protect", "--offline", "x", "--profile", "y", "--encrypt-only", "z", expect=2).stderr


def test_users_publish_too(world):
    template = world.template({"principals": ["tenant:fabrikam"], "rights": [1]}).template_id
    told = run(world, "publisher get", "alice", "--template", template, path(world, "alice.publisher")).stdout
    assert "publisher    alice@contoso.com" in told
    tool("protect", "--offline", path(world, "alice.publisher"), "--template", template, SAMPLE, path(world, "by-alice"))
    run(world, "open", "bob", path(world, "by-alice"), path(world, "opened"))
    assert same(SAMPLE, path(world, "opened"))


def test_it_is_made_known_and_revoked(world, gateway):
    one, other, third = path(world, "one"), path(world, "other"), path(world, "third")
    made = offline(world, gateway, SAMPLE, one, "--file", *WHO).stdout.strip()
    offline(world, gateway, SAMPLE, other, "--file", *WHO)
    offline(world, gateway, SAMPLE, third, "--file", *WHO)
    for _ in range(2):
        assert run(world, "publisher register", "edge", one).stdout.strip() == made
    assert world.sql(f"SELECT operation, target FROM audit WHERE content = '{made}' LIMIT 1") == \
        "register_content|protected offline"
    assert "PROTECT_DENIED" in run(world, "publisher register", "alice", third, expect=3).stderr
    serial = re.search(r"certificate +(\S+)", tool("publisher", "show", path(world, gateway)).stdout)[1]
    run(world, "publisher revoke", "contoso-admin", "--yes", "--reason", "lost", serial)
    assert "PUBLISHER_REVOKED" in run(world, "open", "bob", other, path(world, "opened"), expect=3).stderr
    assert "PUBLISHER_REVOKED" in run(world, "publisher register", "edge", other, expect=3).stderr
    run(world, "open", "bob", one, path(world, "opened"))
    assert world.sql("SELECT target FROM audit WHERE operation = 'revoke_publisher'") == f"{serial}: lost"
    run(world, "publisher get", "edge", path(world, gateway))  # renewed


@pytest.mark.skipif(is_sanitized(), reason="a library with a sanitizer can't be loaded into Python; the command line of "
                    "this file stands on it")
def test_grants_of_ones_own_by_the_library(world, gateway):
    lib = Library(f"{BUILD}/library/libchancery.so.0")
    with open(path(world, gateway), "rb") as file:
        saved = file.read()
    publisher = lib.make("chancery_publisher_load", saved, ctypes.c_size_t(len(saved)))
    asked = lib.call("chancery_protection_new")
    for right in (b"VIEW", b"PRINT", b"SIGN"):
        lib.call("chancery_protection_grant", asked, b"user:bob@fabrikam.com", right)
    lib.call("chancery_protection_set_owner", asked, b"alice@contoso.com")
    lib.call("chancery_protection_set_expire_days", asked, ctypes.c_uint32(3))
    contents = [lib.make("chancery_protect_offline", publisher, asked) for _ in range(2)]
    licenses = [lib.bytes_of("chancery_content_license", content) for content in contents]
    got = world.acquire(licenses[0], world.bob)
    assert set(got.rights) == {1, 5} and list(got.custom_rights) == ["SIGN"]
    assert lib.text("chancery_content_id", contents[0]) == got.content_id != lib.text("chancery_content_id", contents[1])
    assert ctypes.c_int64(lib.call("chancery_content_expire_time", contents[0], result=ctypes.c_int64)).value > 0
    lib.call("chancery_protection_grant", asked, b"user:nobody", b"VIEW")
    with pytest.raises(Failed) as failed:
        lib.make("chancery_protect_offline", publisher, asked)
    assert failed.value.reason == "INPUT_INVALID" and "principal" in str(failed.value)
    for content in contents:
        lib.call("chancery_content_free", content)
    lib.call("chancery_protection_free", asked)
    lib.call("chancery_publisher_free", publisher)
