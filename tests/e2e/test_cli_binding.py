# SPDX-License-Identifier: Apache-2.0
"""The command line with tokens that are bound to a key: it proves that it holds the key, at every call."""
import os
import secrets
import shutil
import subprocess
import tempfile

import pytest
from jwcrypto import jwk, jws

from command import CHANCERY, SAMPLE, profile, protect, run, same, with_certificate
from proofs import AUTHORITY, Prover

REFUSED = 3


def key_file(w, name, **kind):
    """A key to which a token can be bound, in a file of the profile's owner."""
    key = jwk.JWK.generate(**(kind or {"kty": "EC", "crv": "P-256"}))
    w.a.write(f"{name}.pem", key.export_to_pem(private_key=True, password=None))
    os.chmod(f"{w.f}/{name}.pem", 0o600)
    return key, f"{w.f}/{name}.pem"


def insist(w, users):
    w.update_tenant(w.fabrikam.admin, require_bound_user_tokens=users)


@pytest.fixture(scope="module")
def world(world):
    w, w.f = world, world.a.folder
    with_certificate(w, "edge", w.gateway)
    w.key, w.path = key_file(w, "bound")
    w.a.write("plain.token", w.bob.encode())
    w.a.write("bound.token", w.fabrikam.token("bob", cnf={"jkt": w.key.thumbprint()}).encode())
    profile(w, "plain", token_file=f"{w.f}/plain.token")
    profile(w, "bound", token_file=f"{w.f}/bound.token", dpop_key_file=w.path, authority_url=AUTHORITY)
    w.sealed, w.opened = f"{w.f}/sealed.eml", f"{w.f}/opened.eml"
    protect(w, SAMPLE, w.sealed)
    return w


def open_as(w, who, expect=0):
    if os.path.exists(w.opened):
        os.unlink(w.opened)
    done = run(w, "open", who, w.sealed, w.opened, expect=expect)
    assert os.path.exists(w.opened) == (expect == 0)
    return done.stderr


def test_where_bound_tokens_are_required(world):
    open_as(world, "plain")
    insist(world, True)
    try:
        told = open_as(world, "plain", REFUSED)
        assert "TOKEN_UNBOUND: The tenant accepts only tokens that are bound to a key of the caller" in told
        open_as(world, "bound")
        assert same(SAMPLE, world.opened)
    finally:
        insist(world, False)


def test_the_larger_curve_proves_too(world):
    key, path = key_file(world, "p384", kty="EC", crv="P-384")
    world.a.write("p384.token", world.fabrikam.token("bob@fabrikam.com", cnf={"jkt": key.thumbprint()}).encode())
    profile(world, "p384", token_file=f"{world.f}/p384.token", dpop_key_file=path, authority_url=f"{AUTHORITY}/")
    open_as(world, "p384")


def test_every_call_brings_a_proof_of_its_own(world):
    """The authority remembers each proof by its `jti`: as many calls, as many proofs, and none is refused as used."""
    count = lambda: int(world.sql("SELECT count(*) FROM token_proof"))  # noqa: E731
    before = count()
    for _ in range(4):
        open_as(world, "bound")
    assert count() == before + 4
    assert not world.audit(reason="TOKEN_PROOF_REPLAYED")


def test_what_does_not_prove_is_refused(world):
    _, other = key_file(world, "other")
    bound = {"token_file": f"{world.f}/bound.token", "authority_url": AUTHORITY}
    for name, fields, reason in (
            ("thief", bound, "TOKEN_PROOF_MISSING"),  # the token alone was stolen
            ("wrong-key", {**bound, "dpop_key_file": other}, "TOKEN_PROOF_INVALID"),
            ("wrong-address", {**bound, "dpop_key_file": world.path, "authority_url": ""}, "TOKEN_PROOF_INVALID"),
            ("unbound", {**bound, "dpop_key_file": world.path, "token_file": f"{world.f}/plain.token"},
             "TOKEN_UNBOUND")):
        profile(world, name, **fields)
        assert f"{reason}: " in open_as(world, name, REFUSED)


def test_profiles_that_can_t_prove(world):
    bound = {"token_file": f"{world.f}/bound.token", "authority_url": AUTHORITY}
    _, loose = key_file(world, "loose")
    os.chmod(loose, 0o644)
    rsa_key, rsa_path = key_file(world, "rsa", kty="RSA", size=2048)
    assert rsa_key.thumbprint()
    for name, fields, told in (
            ("loose", {**bound, "dpop_key_file": loose}, "chmod go="),
            ("rsa", {**bound, "dpop_key_file": rsa_path}, "P-256"),
            ("no-token", {"dpop_key_file": world.path, "authority_url": AUTHORITY}, "token"),
            ("component", {**bound, "dpop_key_file": world.path, "certificate_file": f"{world.f}/edge.pem",
                           "key_file": f"{world.f}/edge.key"}, "a component can't prove"),
            ("cleartext", {**bound, "dpop_key_file": world.path, "authority_url": "http://rms.example.org"},
             "authority_url")):
        profile(world, name, **fields)
        assert told in open_as(world, name, 1)


def test_dev_tokens_are_bound_on_demand():
    """The issuer's key file is all that `chancery token` needs of a dev authority."""
    folder = tempfile.mkdtemp(prefix="chancery-dev-")
    issuer, key = f"{folder}/issuers/fabrikam.com.key", f"{folder}/mine.pem"

    def token(*more, expect=0):
        done = subprocess.run([CHANCERY, "token", "--folder", folder, "bob@fabrikam.com", *more], capture_output=True,
                              text=True, check=False)
        assert done.returncode == expect, done.stderr
        return done.stdout.strip() if expect == 0 else done.stderr

    def claims(text):
        signed = jws.JWS()
        signed.deserialize(text, signing_key)
        return jwk.json_decode(signed.payload)

    try:
        os.mkdir(f"{folder}/issuers")
        signing_key = Prover().key
        with open(issuer, "wb") as file:
            file.write(signing_key.export_to_pem(private_key=True, password=None))
        os.chmod(issuer, 0o600)
        assert "cnf" not in claims(token())
        first = claims(token("--bind", key))["cnf"]
        assert oct(os.stat(key).st_mode & 0o777) == "0o600"
        with open(key, "rb") as file:
            made = file.read()
        assert first == {"jkt": jwk.JWK.from_pem(made).thumbprint()}
        assert claims(token("--bind", key))["cnf"] == first  # the key stays
        with open(key, "wb") as file:
            file.write(secrets.token_bytes(40))
        assert "P-256" in token("--bind", key, expect=1)
    finally:
        shutil.rmtree(folder)
