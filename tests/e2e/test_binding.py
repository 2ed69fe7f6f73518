# SPDX-License-Identifier: Apache-2.0
"""Tokens that are bound to a key: DPoP proofs (RFC 9449), client certificates (RFC 8705), and tenants that insist."""
import json
import time

import pytest
from jwcrypto import jwk

from authority import Authority, Identity
from calls import call_on, fresh_channel, outcome, outcome_of, reason, refused
from proofs import AUTHORITY, Prover, b64url, sign, thumbprint_of
from waiting import eventually

ACQUIRE = "LicensingService/AcquireLicense"


@pytest.fixture(scope="module")
def world(world):
    world.prover = Prover()
    world.bob = world.fabrikam.token("bob", cnf=world.prover.cnf)
    assert world.made
    return world


def license_request(w):
    return w.license_request(w.made)


def acquire(w, metadata=(), who=None, **more):
    return outcome(w.call, ACQUIRE, license_request(w), who, metadata=metadata, **more)


def proven(w, token=None, prover=None, scheme="DPoP", **changes):
    return (prover or w.prover).metadata(token or w.bob, ACQUIRE, scheme, **changes)


# --- DPoP ---


def test_a_proof_lets_a_bound_token_in(world):
    for _ in range(3):  # the token is remembered, its proof is asked for every time
        assert acquire(world, proven(world)) == "OK"
        assert acquire(world, [("authorization", f"DPoP {world.bob}")]) == "TOKEN_PROOF_MISSING"
    assert acquire(world, proven(world, scheme="dPoP")) == "OK"


@pytest.mark.parametrize("kind", [{"kty": "RSA", "size": 2048}, {"kty": "OKP", "crv": "Ed25519"}])
def test_every_kind_of_key_proves(world, kind):
    prover = Prover(**kind)
    token = world.fabrikam.token("bob@fabrikam.com", cnf=prover.cnf)
    assert acquire(world, proven(world, token, prover)) == "OK"


def test_bound_tokens_are_no_bearer_tokens(world):
    unbound = world.fabrikam.token("bob@fabrikam.com")
    assert acquire(world, token=world.bob) == "TOKEN_PROOF_MISSING"
    assert acquire(world, proven(world, scheme="Bearer")) == "TOKEN_PROOF_MISSING"
    assert acquire(world, [("authorization", f"DPoP {world.bob}")]) == "TOKEN_PROOF_MISSING"
    assert acquire(world, proven(world, unbound)) == "TOKEN_UNBOUND"
    assert acquire(world, token=unbound) == "OK"
    event = eventually(lambda: world.audit(reason="TOKEN_PROOF_MISSING"), "a summary in the log")[0]
    assert not event.granted and event.operation == "acquire_license"


HTU = f"{AUTHORITY}/chancery.v1.{ACQUIRE}"


@pytest.mark.parametrize("changes", [
    {"htu": HTU.replace("https://rms.example.org", "HTTPS://RMS.Example.ORG:443")}, {"iat": int(time.time()) - 20},
    {"jti": "x" * 128}, {"header": {"typ": "DPoP+JWT"}}], ids=str)
def test_what_a_proof_may_say(world, changes):
    if "iat" in changes:
        changes["iat"] = int(time.time()) - 20
    assert acquire(world, proven(world, **changes)) == "OK"


STRANGER = Prover()
BAD_CLAIMS = [{"htm": "GET"}, {"htm": "post"}, {"htm": None}, {"htm": 1}, {"htu": None}, {"htu": HTU + "/"},
              {"htu": HTU.replace("Acquire", "Inspect")}, {"htu": HTU.lower()}, {"htu": HTU + "?a=b"},
              {"htu": HTU + "#a"}, {"htu": HTU.replace("https", "http")}, {"htu": HTU.replace("rms", "evil")},
              {"htu": HTU.replace(".org", ".org:8443")}, {"htu": HTU.replace("//rms", "//x@rms")},
              {"htu": HTU.replace("/chancery", "/x/chancery")}, {"iat": None}, {"iat": "now"}, {"iat": 1.5},
              {"jti": None}, {"jti": ""}, {"jti": "x" * 129}, {"jti": 7}, {"ath": None}, {"ath": ""},
              {"ath": b64url(b"\0" * 32)}]
BAD_HEADERS = [{"typ": None}, {"typ": "JWT"}, {"jwk": None}, {"jwk": {}}, {"jwk": "x"},
               {"jwk": STRANGER.key.export_public(as_dict=True)}, {"jwk": {"kty": "oct", "k": "AAAA"}}]


@pytest.mark.parametrize("changes", BAD_CLAIMS, ids=str)
def test_a_proof_for_another_call_is_refused(world, changes):
    assert acquire(world, proven(world, **changes)) == "TOKEN_PROOF_INVALID"


@pytest.mark.parametrize("header", BAD_HEADERS, ids=str)
def test_a_proof_with_another_header_is_refused(world, header):
    assert acquire(world, proven(world, header=header)) == "TOKEN_PROOF_INVALID"


@pytest.mark.parametrize("seconds", [-75, 75])
def test_a_proof_of_another_time_is_refused(world, seconds):
    assert acquire(world, proven(world, iat=int(time.time()) + seconds)) == "TOKEN_PROOF_INVALID"


def test_a_proof_that_is_none_is_refused(world):
    def with_proof(*proofs):
        return acquire(world, [("authorization", f"DPoP {world.bob}"), *(("dpop", proof) for proof in proofs)])

    good = world.prover.proof
    private = {"jwk": world.prover.key.export(as_dict=True)}
    claims = world.prover.claims(world.bob, ACQUIRE)
    secret = jwk.JWK.generate(kty="oct", size=256)
    header = b64url(json.dumps({"typ": "dpop+jwt", "alg": "none", "jwk": world.prover.header()["jwk"]}).encode())
    for bad in ("x", "a.b.c", "", world.bob, good(world.bob, ACQUIRE)[:-4],
                good(world.bob, ACQUIRE, header=private),  # the client gives its private key away
                f"{header}.{b64url(json.dumps(claims).encode())}.",
                sign(world.prover.header(alg="HS256"), claims, secret),
                good(world.bob, ACQUIRE, key=STRANGER.key),  # says whose key it is, signed by another
                STRANGER.proof(world.bob, ACQUIRE),  # sound, but not of the key to which the token is bound
                good(world.fabrikam.token("bob@fabrikam.com", cnf=world.prover.cnf), ACQUIRE),  # of another token
                "x" * 9000):
        assert with_proof(bad) == "TOKEN_PROOF_INVALID", bad
    assert with_proof(good(world.bob, ACQUIRE), good(world.bob, ACQUIRE)) == "TOKEN_PROOF_INVALID"
    assert with_proof(good(world.bob, ACQUIRE)) == "OK"


def test_a_proof_counts_once_on_all_workers(world):
    channels = [fresh_channel(world.a) for _ in range(12)]
    metadata = proven(world)
    assert call_on(channels[0], ACQUIRE, license_request(world), metadata) == "OK"
    for channel in channels:
        assert call_on(channel, ACQUIRE, license_request(world), metadata) == "TOKEN_PROOF_REPLAYED"
    for _ in range(5):  # and when all come at once
        metadata = proven(world)
        futures = [call_on(channel, ACQUIRE, license_request(world), metadata, wait=False) for channel in channels]
        assert sorted(outcome_of(future) for future in futures) == ["OK"] + ["TOKEN_PROOF_REPLAYED"] * 11
    # The same jti by another key is another proof.
    other = Prover()
    token = world.fabrikam.token("bob@fabrikam.com", cnf=other.cnf)
    jti = "the-same-for-both"
    assert acquire(world, proven(world, jti=jti)) == "OK"
    assert acquire(world, proven(world, token, other, jti=jti)) == "OK"
    assert eventually(lambda: world.audit(reason="TOKEN_PROOF_REPLAYED"), "a summary in the log")
    for channel in channels:
        channel.close()


def test_flows_that_read_afresh_ask_for_proofs_too(world):
    alice = world.contoso.token("alice@contoso.com", cnf=world.prover.cnf)
    method, request = "TrackingService/ListAccess", {"content_id": world.made.content_id}
    metadata = world.prover.metadata(alice, method)
    world.call(method, request, metadata=metadata)
    error = refused(world.call, method, request, metadata=metadata)
    assert (error.code, error.reason) == ("UNAUTHENTICATED", "TOKEN_PROOF_REPLAYED")
    assert reason(world.call, method, request, metadata=proven(world, alice)) == "TOKEN_PROOF_INVALID"


@pytest.mark.parametrize("cnf", [{}, "x", {"jkt": "x"}, {"jkt": 7}, {"kid": "x"}, {"jkt": "A" * 42}, {"jkt": "A" * 44},
                                 {"jkt": "A" * 43, "x5t#S256": "A" * 43}, {"x5t": "A" * 43}], ids=str)
def test_a_confirmation_that_we_don_t_understand_is_refused(world, cnf):
    token = world.fabrikam.token("bob@fabrikam.com", cnf=cnf)
    assert acquire(world, token=token) == "TOKEN_TYPE"
    assert acquire(world, proven(world, token)) == "TOKEN_TYPE"


def test_the_address_may_be_that_of_a_boundary(world):
    """A node answers under its own address and those of the boundaries that it serves."""
    htu = f"https://gcc.example.org:8443/chancery.v1.{ACQUIRE}"
    assert acquire(world, proven(world, htu=htu)) == "TOKEN_PROOF_INVALID"
    world.sql("UPDATE boundary SET authority_url = 'https://gcc.example.org:8443' WHERE name = 'gcc'; "
                         "SELECT epoch_raise('00000000-0000-0000-0000-000000000000')")
    assert acquire(world, proven(world, htu=htu)) == "OK"
    assert acquire(world, proven(world)) == "OK"


def test_used_proofs_are_forgotten_when_they_are_old():
    authority = Authority()
    rows = "SELECT count(*) FILTER (WHERE expires_at < now()), count(*) FROM token_proof"
    try:
        authority.migrate()
        authority.postgres.sql("INSERT INTO token_proof SELECT sha256(n::text::bytea), now() + CASE WHEN n < 3 THEN 1 ELSE "
                               "-1 END * interval '1 hour' FROM generate_series(1, 12000) AS n")
        authority.start()
        eventually(lambda: authority.postgres.sql(rows) == "0|2", lambda: authority.postgres.sql(rows))
    finally:
        authority.close()


# --- certificates ---


def test_a_token_bound_to_a_certificate_comes_with_it(world):
    own, other = Identity("own"), Identity("other")  # neither is registered
    token = world.fabrikam.token("bob@fabrikam.com", cnf=thumbprint_of(own))
    assert acquire(world, who=own, token=token) == "OK"
    assert acquire(world, who=other, token=token) == "TOKEN_PROOF_INVALID"  # stolen
    assert acquire(world, token=token) == "TOKEN_PROOF_MISSING"
    assert acquire(world, who=own, metadata=proven(world, token)) == "TOKEN_UNBOUND"  # a proof proves no certificate
    # A certificate that nobody registered is worth nothing beside a token that is not bound to it.
    assert acquire(world, who=own, token=world.fabrikam.token("bob@fabrikam.com")) == "COMPONENT_UNKNOWN"
    assert acquire(world, who=own, metadata=proven(world)) == "COMPONENT_UNKNOWN"
    assert acquire(world, who=own) == "COMPONENT_UNKNOWN"


def test_behind_a_component(world):
    """A user's key can't be proven by a component; its own certificate can."""
    call = world.call
    eve = {"x-chancery-user-token": world.fabrikam.token("bob@fabrikam.com", cnf=world.prover.cnf)}
    assert acquire(world, list(eve.items()), world.portal) == "TOKEN_TYPE"
    assert acquire(world, proven(world), world.gateway) == "TOKEN_TYPE"
    bound = world.fabrikam.token("bob@fabrikam.com", cnf=thumbprint_of(world.gateway))
    request = {"publishing_license": world.made.publishing_license}
    assert call("LicensingService/InspectContent", request, world.portal, user_token=world.fabrikam.token(
        "bob@fabrikam.com", cnf=thumbprint_of(world.portal))).rights
    assert acquire(world, who=world.portal, user_token=bound) == "TOKEN_PROOF_INVALID"


# --- tenants that insist ---


def insist(w, users):
    w.update_tenant(w.fabrikam.admin, require_bound_user_tokens=users)


def test_a_tenant_may_insist_on_bound_users(world):
    unbound = world.fabrikam.token("bob@fabrikam.com")
    own = Identity("bobs")
    by_certificate = world.fabrikam.token("bob@fabrikam.com", cnf=thumbprint_of(own))
    channels = [fresh_channel(world.a) for _ in range(6)]
    bearer = [("authorization", f"Bearer {unbound}")]
    try:
        for insists, expected in ((True, "TOKEN_UNBOUND"), (False, "OK"), (True, "TOKEN_UNBOUND")):
            insist(world, insists)
            for channel in channels:  # at the next call, on every worker
                assert call_on(channel, ACQUIRE, license_request(world), bearer) == expected
        assert world.call("TenantService/GetTenant", {}, world.fabrikam.admin).tenant.require_bound_user_tokens
        assert acquire(world, proven(world)) == "OK"
        assert acquire(world, who=own, token=by_certificate) == "OK"
        own_client = world.fabrikam.component("client")
        assert acquire(world, who=own_client, user_token=unbound) == "OK"  # whose certificate is bound
        assert acquire(world, who=world.portal, user_token=unbound) == "TOKEN_UNBOUND"  # bound, and not Fabrikam's
        assert acquire(world, who=world.portal, user_token=world.fabrikam.token(
            "bob@fabrikam.com", cnf=thumbprint_of(world.portal))) == "OK"
        listing = {"content_id": world.made.content_id}
        assert reason(world.call, "TrackingService/ListAccess", listing, token=unbound) == "TOKEN_UNBOUND"
        event = world.audit(reason="TOKEN_UNBOUND", tenant="fabrikam", who=world.fabrikam.admin)[0]
        assert event.user == "bob@fabrikam.com" and not event.granted
        # It is the user's own tenant that insists: Contoso's do as they did.
        assert acquire(world, token=world.contoso.token("alice@contoso.com")) == "OK"
    finally:
        insist(world, False)
    assert acquire(world, token=unbound) == "OK"


def test_a_tenant_may_begin_by_insisting(world):
    made = world.call("TenantService/CreateTenant", {"tenant": {
        "tenant": "strict", "boundary": "commercial", "require_bound_user_tokens": True,
        "require_bound_component_tokens": True}}, world.platform_admin).tenant
    assert made.require_bound_user_tokens and made.require_bound_component_tokens
    got = world.call("TenantService/GetTenant", {"tenant": "strict"}, world.platform_admin).tenant
    assert got.require_bound_user_tokens and got.require_bound_component_tokens
