# SPDX-License-Identifier: Apache-2.0
"""IssuerService.TestToken: every check can be the one that fails, and is named; nothing is granted, told to strangers,
remembered or logged."""
import base64
import json
import uuid

import pytest
from jwcrypto import jws

from calls import reason
from providers import COMMERCIAL, Entra, Google, Provider

CHECKS = ["form", "issuer", "algorithm", "type", "key", "signature", "time", "audience", "binding", "tenant", "address",
          "groups"]


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture(scope="module")
def world(world):
    w = world
    w.tid = {name: str(uuid.uuid4()) for name in ("contoso", "fabrikam", "nobody")}
    w.entra, w.google = Entra(COMMERCIAL), Google()
    w.own = Provider("https://own.example", "ES256")
    own = {**w.own.registration(1), "tenant": "contoso",
           "claims": {"aliases": ["upn"], "groups": "groups", "guest": "acct"}}
    create(w, own)
    w.entra_id = create(w, w.entra.registration(2, claims={"groups": "groups"})).issuer_id
    create(w, w.google.registration(3))
    for tenant in ("contoso", "fabrikam"):
        w.call("IssuerService/MapTenant", {"issuer_id": w.entra_id, "value": w.tid[tenant], "tenant": tenant},
               w.platform_admin)
    return w


def create(w, issuer):
    return w.call("IssuerService/CreateIssuer", {"issuer": issuer}, w.platform_admin).issuer


def check(w, token, who=None):
    return w.call("IssuerService/TestToken", {"token": token}, who or w.contoso.admin)


def good(w, **claims):
    return {"iss": w.own.iss, "email": "al@contoso.com", **claims}


def with_header(w, claims, **header):
    key = w.own.keys[0][0]
    body = json.loads(base64.urlsafe_b64decode(w.own.sign(claims).split(".")[1] + "=="))
    token = jws.JWS(json.dumps(body))
    token.add_signature(key, None, json.dumps({"alg": "ES256", "kid": key["kid"], **header}))
    return token.serialize(compact=True)


def test_a_good_token(world):
    reply = check(world, world.own.sign(good(
        world, upn=["al@contoso.com", "a.l@contoso.com", "al@fabrikam.com"], acct=1,
        groups=["legal@contoso.com", "legal@fabrikam.com", str(uuid.uuid4())])))
    assert [c.name for c in reply.checks] == CHECKS and all(c.passed and c.explanation for c in reply.checks)
    assert (reply.reason, reply.tenant, reply.boundary, reply.guest) == ("", "contoso", "commercial", True)
    assert list(reply.addresses) == ["al@contoso.com", "a.l@contoso.com"]
    assert list(reply.groups) == ["legal@contoso.com"]
    said = {c.name: c.explanation for c in reply.checks}
    assert "contoso" in said["tenant"] and "guest" in said["tenant"] and "1 of the token's own" in said["address"]
    assert "2 groups by address and 1 by id" in said["groups"] and "ES256" in said["algorithm"]


def test_a_consumers_token(world):
    reply = check(world, world.google.token("jane@gmail.com"), world.platform_admin)
    assert [c.name for c in reply.checks] == CHECKS and reply.reason == ""
    assert (list(reply.addresses), reply.tenant, reply.boundary) == (["jane@gmail.com"], "", "external")
    reply = check(world, world.google.token("al@contoso.com"), world.platform_admin)
    assert (reply.checks[-1].name, reply.reason) == ("address", "TOKEN_NO_ADDRESS")


def test_the_check_that_fails(world):
    claims, own = good(world), world.own
    signed = own.sign(claims)
    head, body, signature = signed.split(".")
    other = Provider(own.iss, "ES256")
    impostor = Provider(own.iss, "ES256")
    impostor.keys[0][0].update(kid=own.keys[0][0]["kid"])
    cases = (
        ("form", "TOKEN_MALFORMED", "not a token"),
        ("form", "TOKEN_MALFORMED", f"{head}.{body}"),
        ("form", "TOKEN_TOO_LARGE", own.sign({**claims, "x": "y" * 17000})),
        ("form", "TOKEN_CLAIM_INVALID", own.sign({**claims, "iss": 7})),
        ("issuer", "TOKEN_ISSUER_UNKNOWN", own.sign({**claims, "iss": "https://nobody.example"})),
        ("algorithm", "TOKEN_ALGORITHM", f"eyJhbGciOiJub25lIn0.{body}.{signature}"),
        ("algorithm", "TOKEN_ALGORITHM", world.google.sign(claims)),
        ("type", "TOKEN_TYPE", with_header(world, claims, typ="dpop+jwt")),
        ("key", "TOKEN_KEY_UNKNOWN", other.sign(claims)),
        ("signature", "TOKEN_SIGNATURE", impostor.sign(claims)),
        ("time", "TOKEN_EXPIRED", own.sign({**claims, "exp": 1})),
        ("time", "TOKEN_NOT_YET_VALID", own.sign({**claims, "nbf": 99999999999})),
        ("time", "TOKEN_CLAIM_INVALID", own.sign({**claims, "exp": "soon"})),
        ("audience", "TOKEN_AUDIENCE", own.sign({**claims, "aud": "other"})),
        ("tenant", "TOKEN_CLAIM_INVALID", world.entra.token(world.tid["contoso"], "al@contoso.com",
                                                             iss=f"{COMMERCIAL}/{world.tid['fabrikam']}/v2.0")),
        ("address", "TOKEN_NO_ADDRESS", own.sign({**claims, "email": "al@fabrikam.com"})),
        ("address", "TOKEN_NO_ADDRESS", own.sign({**claims, "email": "al"})),
        ("address", "TOKEN_CLAIM_INVALID", own.sign({**claims, "email": ["al@contoso.com"]})),
    )
    for name, expected, token in cases:
        reply = check(world, token)
        last = reply.checks[-1]
        assert (last.name, last.passed, reply.reason) == (name, False, expected)
        assert last.explanation and all(c.passed for c in reply.checks[:-1])
        made = [c.name for c in reply.checks]
        assert made == sorted(made, key=CHECKS.index) and not reply.addresses and not reply.tenant
    assert "ES256" in check(world, world.google.sign(claims)).checks[-1].explanation
    assert own.audience in check(world, own.sign({**claims, "aud": "other"})).checks[-1].explanation


def test_a_tenant_that_is_not_mapped(world):
    reply = check(world, world.entra.token(world.tid["nobody"], "al@contoso.com"), world.platform_admin)
    assert (reply.checks[-1].name, reply.reason) == ("tenant", "TOKEN_NO_ADDRESS")
    assert "mapped to no tenant" in reply.checks[-1].explanation


def test_overage(world):
    reply = check(world, world.entra.token(world.tid["contoso"], "al@contoso.com", hasgroups=True))
    assert reply.reason == "" and not reply.groups
    assert "does not carry its groups" in reply.checks[-1].explanation


def test_the_directory_counts(world):
    """Its aliases, its groups by the provider's ids and by nesting, its guests: as in a real call."""
    group = str(uuid.uuid4())
    for method, request in (
            ("PutUser", {"user": {"address": "gil@contoso.com", "aliases": ["gilbert@contoso.com"]}}),
            ("PutUser", {"user": {"address": "gus@contoso.com", "guest": True}}),
            ("PutGroup", {"group": {"address": "legal@contoso.com", "external_id": group}}),
            ("PutGroup", {"group": {"address": "all@contoso.com"}}),
            ("AddMembers", {"group": "all@contoso.com", "members": ["legal@contoso.com"]})):
        world.call(f"DirectoryService/{method}", request, world.contoso.admin)
    reply = check(world,
                  world.own.sign(good(world, email="gil@contoso.com", groups=[group, "x"], upn="gil@fabrikam.com")))
    assert list(reply.addresses) == ["gil@contoso.com", "gilbert@contoso.com"] and not reply.guest
    assert list(reply.groups) == ["all@contoso.com", "legal@contoso.com"]
    said = {c.name: c.explanation for c in reply.checks}
    assert "1 of the token's own" in said["address"] and "2 groups count" in said["groups"]
    reply = check(world, world.own.sign(good(world, email="gus@contoso.com")))
    assert reply.guest and "guest" in reply.checks[CHECKS.index("tenant")].explanation


def test_strangers_learn_nothing(world):
    """All tokens of others look like one of nobody, to the letter."""
    unknown = check(world, world.own.sign(good(world, iss="https://nobody.example")))
    for token in (world.fabrikam.token("bob@fabrikam.com"), world.fabrikam.token("bob@fabrikam.com", exp=1),
                  world.google.token("jane@gmail.com"), world.google.token("bob@fabrikam.com"),
                  world.entra.token(world.tid["fabrikam"], "bob@fabrikam.com"),
                  world.entra.token(world.tid["nobody"], "bob@fabrikam.com"),
                  world.entra.token(world.tid["fabrikam"], "bob@fabrikam.com", tid=None)):
        reply = check(world, token)
        assert [c.name for c in reply.checks] == ["form", "issuer"] and reply.reason == "TOKEN_ISSUER_UNKNOWN"
        assert reply.checks[1] == unknown.checks[1]
        assert (reply.tenant, reply.boundary, list(reply.addresses)) == ("", "", [])
        assert len(check(world, token, world.platform_admin).checks) > 2
    own = world.entra.token(world.tid["contoso"], "al@contoso.com")
    assert check(world, own).reason == "" and check(world, own, world.fabrikam.admin).reason == "TOKEN_ISSUER_UNKNOWN"
    expired = check(world, world.entra.token(world.tid["contoso"], "al@contoso.com", exp=1))
    assert (expired.checks[-1].name, expired.reason) == ("time", "TOKEN_EXPIRED")


def test_nothing_is_left_behind(world):
    """A tested token is not remembered as verified, one that is remembered is verified anew, and none is written down."""
    token = world.own.sign(good(world, jti="tested"))
    verified, cached = 'chancery_tokens_total{outcome="verified"}', 'chancery_tokens_total{outcome="cached"}'
    before = world.metric(verified)
    check(world, token)
    check(world, token)
    assert world.metric(verified) == before + 2
    world.protect(token=token)
    assert world.metric(verified) == before + 3
    remembered = world.metric(cached)
    assert check(world, token).reason == "" and world.metric(cached) == remembered
    world.protect(token=token)
    assert world.metric(cached) == remembered + 1
    assert token.split(".")[2] not in json.dumps(world.a.log)
    assert "test_token" not in {event.operation for event in world.audit(tenant="contoso")}


def test_who_may_test(world):
    token = world.own.sign(good(world))
    assert reason(check, world, token, world.gateway) == "COMPONENT_ROLE"
    assert reason(check, world, "", world.contoso.admin) == "FIELD_INVALID"
