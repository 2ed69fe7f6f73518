# SPDX-License-Identifier: Apache-2.0
"""Addresses, and membership, that nobody had proven and that counted."""
import pytest

from calls import outcome, reason
from providers import Provider
from world import CONSUMER, MULTI_TENANT, VIEW, grant

VICTIM = "kay@mail.example"
TENANT = 1
NOES = [False, "false", 0, "0", None, "", [], {}, [True], 1.0, "no"]


@pytest.fixture(scope="module")
def world(world):
    world.letter = world.protect(recipients=[VICTIM, "bob@fabrikam.com", "lee@listed.example"])
    return world


def issuer_of(w, kind, who=None, **more):
    """An issuer of its own for a test; its id is `.id`."""
    domain = "example" if who is None else "fabrikam.com"  # a tenant's admin proves it
    provider = Provider(f"https://{w.unique('idp')}.{domain}", "ES256")
    provider.id = w.call("IssuerService/CreateIssuer", {"issuer": provider.registration(kind, **more)},
                         who or w.platform_admin).issuer.issuer_id
    return provider


def consumers(w, domains=(), **claims):
    return issuer_of(w, CONSUMER, domains=list(domains), claims=claims)


def mapped(w, tid, **claims):
    issuer = issuer_of(w, MULTI_TENANT, claims=claims)
    w.call("IssuerService/MapTenant", {"issuer_id": issuer.id, "value": tid, "tenant": "fabrikam"}, w.platform_admin)
    return issuer


def signed(issuer, email=..., **claims):
    """A token; without an address it has no claim `email`, and None stands in it as null."""
    return issuer.sign({"iss": issuer.iss, **({} if email is ... else {"email": email}), **claims})


def read(w, token):
    """As whoever the portal lets in."""
    return outcome(w.acquire, w.letter, who=w.portal, user_token=token)


def test_email_verified_vouched_for_a_typed_name(world):
    """Whatever claim was mapped as the address was taken for the one that `email_verified` speaks of: whoever typed a
    victim's address as their user name got the victim's mail."""
    typed = consumers(world, address="preferred_username")
    for email in ({"email": "mallory@mail.example"}, {"email": VICTIM}, {"email": None}, {},
                  {"email": ["mallory@mail.example"]}):
        token = signed(typed, preferred_username=VICTIM, email_verified=True, **email)
        assert read(world, token) == "TOKEN_NO_ADDRESS", email
    listed = consumers(world, ["listed.example"], address="preferred_username")
    assert read(world, signed(listed, preferred_username="lee@listed.example")) == "OK"
    assert read(world, signed(listed, preferred_username=VICTIM, email_verified=True)) == "TOKEN_NO_ADDRESS"


def test_alias_took_the_place_of_a_missing_address(world):
    """The first address that could be read was the primary one: an alias, where `email` was missing or none."""
    aliased = consumers(world, aliases=["preferred_username", "upn"])
    for claims in ({}, {"email": ""}, {"email": "no address"}, {"email": "\u212aay@mail.example"},
                   {"email": "ｋay@mail.example"}, {"email": "kay@"}):
        for name in ("preferred_username", "upn"):
            token = signed(aliased, email_verified=True, **{name: VICTIM}, **claims)
            assert read(world, token) == "TOKEN_NO_ADDRESS", (name, claims)
    assert read(world, signed(aliased, VICTIM, email_verified=True, upn="lee@listed.example")) == "OK"
    listed = consumers(world, ["listed.example"], aliases=["upn"])
    assert read(world, signed(listed, "no address", upn="lee@listed.example")) == "TOKEN_NO_ADDRESS"


@pytest.mark.parametrize("said", NOES, ids=repr)
def test_unverified_address_was_believed(world, said):
    """`email_verified` was asked of consumers in other domains only: a tenant's issuer, and consumers of a listed domain,
    were believed although the token itself said no."""
    tid = world.unique("t")
    listed, many = consumers(world, ["listed.example"]), mapped(world, tid)
    for token in (signed(listed, "lee@listed.example", email_verified=said),
                  world.google.token(VICTIM, email_verified=said), world.fabrikam.token("bob", email_verified=said),
                  signed(many, "bob@fabrikam.com", tid=tid, email_verified=said)):
        assert read(world, token) == "TOKEN_NO_ADDRESS"
    assert read(world, signed(listed, "lee@listed.example")) == "OK"
    assert read(world, signed(many, "bob@fabrikam.com", tid=tid)) == "OK"
    assert read(world, world.fabrikam.token("bob", email_verified=True)) == "OK"


def test_denied_address_counted_under_another_name(world):
    """The token says of an address that it is not verified; under another claim it was believed."""
    own = issuer_of(world, TENANT, world.fabrikam.admin, tenant="fabrikam",
                    claims={"address": "mail", "aliases": ["upn", "email"]})
    denied = {"email": "Bob@Fabrikam.com", "email_verified": False}
    for claims in ({"mail": "bob@fabrikam.com"}, {"upn": "bob@fabrikam.com"}, {"mail": "BOB@fabrikam.com", "upn": "x"},
                   {"upn": ["bob@fabrikam.com"]}):
        assert outcome(world.acquire, world.letter, signed(own, **denied, **claims)) == "TOKEN_NO_ADDRESS", claims
    # Each claim for itself: of the others nothing was said.
    token = signed(own, mail="bob@fabrikam.com", email="bo@fabrikam.com", email_verified=False)
    assert outcome(world.acquire, world.letter, token) == "OK"
    listed = consumers(world, ["listed.example"], address="user")
    token = signed(listed, user="lee@listed.example", email="lee@listed.example", email_verified=False)
    assert read(world, token) == "TOKEN_NO_ADDRESS"


def test_what_vouches_could_not_be_named(world):
    """Entra has no `email_verified`; what it has instead vouches for the address claim alone, and denies as well."""
    entra = consumers(world, verified="xms_edov", aliases=["upn"])
    for yes in (True, 1, "1", "true"):
        assert read(world, signed(entra, VICTIM, xms_edov=yes)) == "OK"
        assert read(world, signed(entra, upn=VICTIM, xms_edov=yes)) == "TOKEN_NO_ADDRESS"
        assert read(world, signed(entra, VICTIM, xms_edov=yes, email_verified=False)) == "TOKEN_NO_ADDRESS"
    for no in NOES:
        assert read(world, signed(entra, VICTIM, xms_edov=no, email_verified=True)) == "TOKEN_NO_ADDRESS", no
    assert read(world, signed(entra, VICTIM, email_verified=True)) == "TOKEN_NO_ADDRESS"
    world.call("IssuerService/UpdateIssuer", {"issuer": {"issuer_id": entra.id, "claims": {}},
                                              "update_mask": {"paths": ["claims"]}}, world.platform_admin)
    assert read(world, signed(entra, VICTIM, email_verified=True)) == "OK"  # from the next call on, on every worker
    error = {"issuer": {"issuer_id": entra.id, "claims": {"verified": "x" * 129}}, "update_mask": {"paths": ["claims"]}}
    assert reason(world.call, "IssuerService/UpdateIssuer", error, world.platform_admin) == "FIELD_INVALID"


STRANGE = ["\u212aen", "\u212a\u0065n", "ｋen", "ke\u207f", "\U0001d424en", "\u24daen"]  # for ken


def test_kelvin_sign_was_a_k(world):
    """In lower case the Kelvin sign is a k, so its owner was Ken: and so with whatever stands for another letter."""
    made = world.protect(recipients=["ken@fabrikam.com", "\u00e5sa@fabrikam.com", "bo\u0073@fabrikam.com"])
    for local in [*STRANGE, "\u212bsa", "A\u030a\u017fa", "bo\u017f"]:
        assert outcome(world.acquire, made, world.fabrikam.token(f"{local}@fabrikam.com")) == "TOKEN_NO_ADDRESS", local
        assert reason(world.protect, recipients=[f"{local}@fabrikam.com"]) == "FIELD_INVALID", local
        assert reason(world.protect, owner=f"{local}@contoso.com") == "FIELD_INVALID", local
        assert reason(world.template, grant(f"user:{local}@fabrikam.com", VIEW)) == "FIELD_INVALID", local
        assert reason(world.template, grant(f"group:{local}@contoso.com", VIEW)) == "FIELD_INVALID", local
        put = {"user": {"address": f"{local}@contoso.com"}}
        assert reason(world.call, "DirectoryService/PutUser", put, world.contoso.admin) == "FIELD_INVALID", local
    assert outcome(world.acquire, made, world.fabrikam.token("KEN@fabrikam.com")) == "OK"
    assert outcome(world.acquire, made, world.fabrikam.token("\u00c5SA@fabrikam.com")) == "OK"
    assert outcome(world.acquire, made, world.fabrikam.token("A\u030asa@fabrikam.com")) == "OK"
    # Letters of their own, which look alike.
    for local in ("\u043aen", "k\u0435n", "\u0131en", "\u00dfen"):
        assert outcome(world.acquire, made, world.fabrikam.token(f"{local}@fabrikam.com")) == "NO_RIGHTS", local


@pytest.mark.parametrize("marker", ["true", "Guest", "guest", ["guest"], [], 2, -1, 1.5, {"guest": True}, {}, "", "yes",
                                    None, True, 1, "1"], ids=repr)
def test_guest_was_a_member(world, marker):
    """Only true, 1 and "1" made a guest: what a provider said in other words made a member."""
    own = issuer_of(world, TENANT, world.fabrikam.admin, tenant="fabrikam", claims={"guest": "kind"})
    made = world.protect(recipients=[], custom={"grants": [grant("tenant:fabrikam", VIEW)]})
    for plain_no in (False, 0, "0", "false", "FALSE", "Member", "member"):
        world.acquire(made, signed(own, "bob@fabrikam.com", kind=plain_no))
    world.acquire(made, signed(own, "bob@fabrikam.com"))
    assert reason(world.acquire, made, signed(own, "bob@fabrikam.com", kind=marker)) == "NO_RIGHTS"
